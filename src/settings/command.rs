//! What a key asks for, by name.

/// Names what a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Run the offered step.
    Run,
    /// Run a failed step again.
    Retry,
    /// Look whether a failed action happened.
    Look,
    /// Run a failed action again with an edited command.
    Edit,
    /// Go on at another step.
    Jump,
    /// Edit in the editor of one's own.
    Editor,
    /// Leave a step out.
    Skip,
    /// A failed step was done by other means.
    MarkDone,
    /// Run a command of one's own.
    Improvise,
    /// Stop the run.
    Stop,
    /// Tick the next checklist item.
    Tick,
    /// A manual step is done.
    Done,
    /// The message was sent.
    Sent,
    /// Take back what was done.
    RollBack,
    /// An alarm was seen.
    SeeAlarm,
    /// Go on after a pause of the exercise.
    EndPause,
    /// Leave the step to its owner.
    Owe,
    /// Choose one way of a decision.
    Choose,
    /// Enter the value that the step asks for.
    Enter,
    /// Go on without a second reader.
    Waive,
    /// Interrupt what runs.
    Interrupt,
    /// Sit down at the terminal of what runs.
    Terminal,
    /// Make a note.
    Note,
    /// Switch automatic progress.
    Auto,
    /// Say when customers began to fail.
    Onset,
    /// Go on although nothing can be recorded.
    Unrecorded,
    /// Answer yes.
    Yes,
    /// Answer no.
    No,
    /// Copy the request that others have to sign.
    CopyRequest,
    /// Start the selected drill.
    Drill,
    /// Show what a run of the selected runbook would do.
    DryRun,
    /// Show the selected runbook, or watch the selected run.
    Show,
    /// Read the report of the selected run.
    Report,
    /// Compare the selected run with another.
    Compare,
    /// Compare the recording with another run of its runbook.
    CompareWith,
    /// Order by how much is different, or as planned.
    Order,
    /// Read the selected step at full height.
    Whole,
    /// To the next difference.
    NextDifference,
    /// To the difference before.
    PreviousDifference,
    /// Watch the first of two runs.
    WatchA,
    /// Watch the second.
    WatchB,
    /// Move up.
    Up,
    /// Move down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    Top,
    /// To the end.
    Bottom,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// Give the pane the whole screen.
    Zoom,
    /// Copy the command.
    Copy,
    /// Everything that was recorded.
    Timeline,
    /// A time tag.
    Tag,
    /// Search.
    Search,
    /// The next place that was searched for.
    NextMatch,
    /// The one before.
    PreviousMatch,
    /// Wrap long lines, or cut them.
    Wrap,
    /// Save the output.
    Save,
    /// Let an inject come.
    Fire,
    /// What was expected was done.
    Met,
    /// It was done too late.
    Late,
    /// It was not done.
    Missed,
    /// A note of the facilitator's own.
    Jot,
    /// Tell the team something.
    Tell,
    /// Pause the exercise.
    PauseExercise,
    /// Go on with it.
    GoOn,
    /// Give points.
    Score,
    /// End the exercise.
    EndExercise,
    /// Play the recording, or pause.
    Play,
    /// Play twice as fast.
    Faster,
    /// Play half as fast.
    Slower,
    /// Shorten idle time, or don't.
    ShortenIdle,
    /// Some seconds on.
    Forward,
    /// Some seconds back.
    Backward,
    /// One fact on.
    NextEvent,
    /// One fact back.
    PreviousEvent,
    /// To the next step.
    NextStep,
    /// To the step before.
    PreviousStep,
    /// To the next failure.
    NextFailure,
    /// To the failure before.
    PreviousFailure,
    /// To the next decision.
    NextDecision,
    /// To the decision before.
    PreviousDecision,
    /// To the next breach.
    NextBreach,
    /// To the breach before.
    PreviousBreach,
    /// To the next note.
    NextNote,
    /// To the note before.
    PreviousNote,
    /// To a time, a line or a part.
    GoTo,
    /// Where the recording begins.
    Beginning,
    /// Where the recording ends.
    Ending,
    /// Find an action by a few letters.
    Palette,
    /// Help.
    Help,
    /// Back.
    Back,
    /// Hand control over to another screen.
    HandOver,
    /// Leave the screen while the run goes on.
    Detach,
    /// Quit.
    Quit,
    /// What Ctrl-C means: a question first.
    Break,
    /// Suspend the screen.
    Suspend,
    /// Paint again.
    Repaint,
}

impl Command {
    /// Returns its name in a file of keys: `mark-done`.
    pub fn name(self) -> String {
        let mut name = String::new();
        for c in format!("{self:?}").chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }

    /// Does it move about in what is shown?
    pub fn moves(self) -> bool {
        matches!(self, Self::Up | Self::Down | Self::PageUp | Self::PageDown | Self::Top | Self::Bottom)
    }
}
