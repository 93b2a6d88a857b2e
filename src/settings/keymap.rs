//! The keymap: one table that feeds keys, help, hints and `docs/keys.md`.
//!
//! Lower case is harmless or guarded by a question of its own; upper case ends or leaves something. Enter runs nothing.

use std::fmt;

pub use super::chord::Chord;
pub use super::command::Command;

/// Groups commands for help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// While a run is open.
    Run,
    /// While output is read at full height.
    Output,
    /// In a question.
    Question,
    /// In a replay.
    Replay,
    /// In a comparison of two runs.
    Compare,
    /// On the facilitator's screen.
    Facilitator,
    /// In the list of runbooks.
    Picker,
    /// On every screen.
    Everywhere,
}

impl Group {
    /// Lists all groups in the order of help.
    pub const ALL: [Self; 8] = [
        Self::Run,
        Self::Output,
        Self::Question,
        Self::Replay,
        Self::Compare,
        Self::Facilitator,
        Self::Picker,
        Self::Everywhere,
    ];

    /// Returns the heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Run => "In a run",
            Self::Output => "In the output at full height",
            Self::Question => "In a question",
            Self::Replay => "In a replay",
            Self::Compare => "In a comparison",
            Self::Facilitator => "On a facilitator's screen",
            Self::Picker => "In the list of runbooks",
            Self::Everywhere => "On every screen",
        }
    }
}

/// Binds chords to a command, with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The command.
    pub command: Command,
    /// Where it belongs.
    pub group: Group,
    /// Its keys, the one for hints first.
    pub chords: Vec<Chord>,
    /// A word or two for the hint line; `…` where a question follows.
    pub hint: &'static str,
    /// A sentence for help.
    pub help: &'static str,
}

/// Holds the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        use Chord::{BackTab, Char, Ctrl, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};
        use Command as C;
        use Group::{Compare, Everywhere, Facilitator, Output, Picker, Question, Replay, Run};
        let bind = |group, command, chords: &[Chord], hint, help| Binding {
            command,
            group,
            chords: chords.to_vec(),
            hint,
            help,
        };
        let bindings = vec![
            bind(Run, C::Run, &[Char('r')], "run", "Run the step whose turn it is. What changes something asks first."),
            bind(Run, C::Retry, &[Char('r')], "retry", "After a failure: run the failed action again."),
            bind(
                Run,
                C::Edit,
                &[Char('e')],
                "edit…",
                "After a failure: edit the failed command and run that instead. It is asked and recorded.",
            ),
            bind(
                Run,
                C::Look,
                &[Char('h')],
                "look again",
                "After a failure: look whether it happened, by calls that only read.",
            ),
            bind(Run, C::Skip, &[Char('s')], "skip…", "Leave the step out. Asks for a reason."),
            bind(
                Run,
                C::MarkDone,
                &[Char('m')],
                "mark done…",
                "After a failure: it was done by other means. Asks for evidence.",
            ),
            bind(
                Run,
                C::Improvise,
                &[Char('x')],
                "own command…",
                "Run a command of your own in the run's shell. It is confirmed and recorded.",
            ),
            bind(Run, C::Tick, &[Char(' ')], "tick", "Tick the next item of the step's checklist."),
            bind(
                Run,
                C::Done,
                &[Char('d'), Char('c')],
                "done…",
                "A step done by hand is done. Asks for a note or for evidence.",
            ),
            bind(
                Run,
                C::Sent,
                &[Char('M')],
                "message sent",
                "The message was sent: it goes into the log with its time.",
            ),
            bind(
                Run,
                C::RollBack,
                &[Char('u')],
                "undo…",
                "After a failure: take back what was done, newest first. Each way back is asked before it runs.",
            ),
            bind(
                Run,
                C::SeeAlarm,
                &[Char('a')],
                "seen…",
                "Acknowledge an alarm: a watched condition that fails, with a word about it, or a breach of the RTO or RPO, what a facilitator told.",
            ),
            bind(
                Run,
                C::EndPause,
                &[Char('P')],
                "go on after the pause",
                "In a drill: go on after a pause that its facilitator announced. The log holds who did.",
            ),
            bind(Run, C::Owe, &[Char('l')], "leave owed…", "Leave the step to its owner, to be done after the run."),
            bind(Run, C::Choose, &[Char('b')], "choose…", "Decide: choose one of the step's ways to go on."),
            bind(
                Run,
                C::Enter,
                &[Char('e')],
                "enter value…",
                "Enter the value that the step asks for, or read it a second time.",
            ),
            bind(
                Run,
                C::Waive,
                &[Char('w')],
                "waive…",
                "Go on without a second reader. Asks for a reason, which leads the report.",
            ),
            bind(
                Run,
                C::Interrupt,
                &[Char('i')],
                "interrupt",
                "Interrupt what runs. Pressed again, it is ended at once.",
            ),
            bind(
                Run,
                C::Terminal,
                &[Char('T')],
                "its terminal",
                "Sit down at the terminal of the step that runs: every key goes there. Ctrl-] comes back, and it runs on.",
            ),
            bind(Run, C::Note, &[Char('n')], "note…", "Write a note into the log."),
            bind(Run, C::Auto, &[Char('p')], "auto", "Switch automatic progress through steps that only observe."),
            bind(
                Run,
                C::Onset,
                &[Char('o')],
                "onset…",
                "Say, or correct, when customers began to fail, or when another moment was.",
            ),
            bind(
                Run,
                C::Tag,
                &[Char('t')],
                "time tag",
                "Write a time tag into the log at once; a note can say later what it was.",
            ),
            bind(
                Run,
                C::Zoom,
                &[Char('z')],
                "output",
                "Read all of the output at full height, however long it is; and back.",
            ),
            bind(
                Run,
                C::Timeline,
                &[Char('v')],
                "timeline",
                "View everything that was recorded, and where the time went; and back.",
            ),
            bind(Run, C::Copy, &[Char('y')], "copy", "Copy the command on the screen, if the terminal allows."),
            bind(
                Run,
                C::Jump,
                &[Char('J')],
                "jump…",
                "Go on at another step, forwards or back. Asks which one, and why.",
            ),
            bind(Run, C::Stop, &[Char('S')], "stop…", "Stop the run for good. Asks for a reason."),
            bind(
                Run,
                C::HandOver,
                &[Char('H')],
                "hand over",
                "Hand control over to the screen that waits for it; this one looks on then.",
            ),
            bind(Run, C::Detach, &[Char('D')], "leave", "Leave the screen; the run goes on."),
            bind(Output, C::NextMatch, &[Char('n')], "next", "After a search: the next place further down."),
            bind(Output, C::PreviousMatch, &[Char('N')], "previous", "After a search: the next place further up."),
            bind(Output, C::Wrap, &[Char('w')], "wrap", "Let long lines go on on the next row, or cut them."),
            bind(
                Output,
                C::Save,
                &[Char('s')],
                "save…",
                "Copy the whole output to a file of your own; it is read on meanwhile.",
            ),
            bind(
                Run,
                C::Unrecorded,
                &[Char('U')],
                "unrecorded…",
                "Where the log can't be written: go on without. Asks for a phrase.",
            ),
            bind(
                Question,
                C::Yes,
                &[Char('y')],
                "yes",
                "Confirm, where a key is enough. Graver things ask for a phrase.",
            ),
            bind(Question, C::No, &[Esc, Char('n')], "no", "Go back; nothing is run."),
            bind(
                Question,
                C::CopyRequest,
                &[Ctrl('y')],
                "copy request",
                "Copy the request that others have to sign, if the terminal allows.",
            ),
            bind(Replay, C::Play, &[Char(' ')], "play or pause", "Play the recording, or pause."),
            bind(Replay, C::Forward, &[Right, Char('l')], "10 s on", "Go ten seconds on."),
            bind(Replay, C::Backward, &[Left, Char('h')], "10 s back", "Go ten seconds back."),
            bind(Replay, C::NextEvent, &[Char('.')], "fact on", "Go one fact on."),
            bind(Replay, C::PreviousEvent, &[Char(',')], "fact back", "Go one fact back."),
            bind(Replay, C::Faster, &[Char(']')], "faster", "Play twice as fast, up to 64 times."),
            bind(Replay, C::Slower, &[Char('[')], "slower", "Play half as fast, down to as fast as it was."),
            bind(
                Replay,
                C::GoTo,
                &[Char('t')],
                "go to…",
                "Go to a time since the beginning (`12:30`), since onset (`+12:30`), of the day (`10:31:07Z`), to a part (`50%`) or a line of the log (`#126`).",
            ),
            bind(Replay, C::NextStep, &[Char('}')], "next step", "Go to where the next step began."),
            bind(Replay, C::PreviousStep, &[Char('{')], "step before", "Go to where the step before began."),
            bind(Replay, C::NextFailure, &[Char('x')], "next failure", "Go to the next failure."),
            bind(Replay, C::PreviousFailure, &[Char('X')], "failure before", "Go to the failure before."),
            bind(
                Replay,
                C::NextDecision,
                &[Char('d')],
                "next decision",
                "Go to the next decision: what a person confirmed, chose, skipped, retried, waived or stopped.",
            ),
            bind(Replay, C::PreviousDecision, &[Char('D')], "decision before", "Go to the decision before."),
            bind(Replay, C::NextBreach, &[Char('b')], "next breach", "Go to the next breach of an objective."),
            bind(Replay, C::PreviousBreach, &[Char('B')], "breach before", "Go to the breach before."),
            bind(Replay, C::NextNote, &[Char('m')], "next note", "Go to the next note."),
            bind(Replay, C::PreviousNote, &[Char('M')], "note before", "Go to the note before."),
            bind(
                Replay,
                C::ShortenIdle,
                &[Char('i')],
                "idle time",
                "Shorten time in which nothing happened to two seconds, or let it take as long as it took.",
            ),
            bind(
                Replay,
                C::CompareWith,
                &[Char('c')],
                "compare with…",
                "Compare the recording with another run of its runbook. Asks which one; esc there comes back.",
            ),
            bind(Replay, C::Beginning, &[Char('0')], "to the start", "Go to where the recording begins."),
            bind(Replay, C::Ending, &[Char('$')], "to the end", "Go to where the recording ends."),
            bind(Compare, C::Order, &[Char('o')], "order", "Order the steps by how much differs, or as planned."),
            bind(
                Compare,
                C::Whole,
                &[Enter, Char('z')],
                "full height",
                "Read what both did at the selected step at full height; and back.",
            ),
            bind(Compare, C::NextDifference, &[Char('d')], "next difference", "Go to the next step that differs."),
            bind(
                Compare,
                C::PreviousDifference,
                &[Char('D')],
                "difference before",
                "Go to the step before that differs.",
            ),
            bind(
                Compare,
                C::WatchA,
                &[Char('a')],
                "watch A",
                "Watch run A where it began the selected step; esc comes back.",
            ),
            bind(
                Compare,
                C::WatchB,
                &[Char('b')],
                "watch B",
                "Watch run B where it began the selected step; esc comes back.",
            ),
            bind(
                Facilitator,
                C::Fire,
                &[Char('i')],
                "inject now…",
                "Let the selected inject come now. Asks first; none comes twice.",
            ),
            bind(
                Facilitator,
                C::Met,
                &[Char('m')],
                "met…",
                "What was expected was done. Asks what is to be said about it.",
            ),
            bind(Facilitator, C::Late, &[Char('l')], "late…", "What was expected was done too late."),
            bind(Facilitator, C::Missed, &[Char('x')], "missed…", "What was expected was not done."),
            bind(Facilitator, C::Jot, &[Char('n')], "note…", "Write a note into the facilitator's own log."),
            bind(
                Facilitator,
                C::Tell,
                &[Char('t')],
                "tell…",
                "Tell the team something: it is on their screen and in their log.",
            ),
            bind(
                Facilitator,
                C::PauseExercise,
                &[Char('p')],
                "pause…",
                "Pause the exercise: nothing is begun, what runs goes on, and so does the RTO clock. Asks why.",
            ),
            bind(Facilitator, C::GoOn, &[Char('c')], "go on", "Go on after a pause."),
            bind(Facilitator, C::Score, &[Char('s')], "score…", "Give points for an area: 1 to 5, and why."),
            bind(
                Facilitator,
                C::EndExercise,
                &[Char('E')],
                "end…",
                "End the exercise: nothing more comes, and the team is told. Asks first.",
            ),
            bind(
                Question,
                C::Editor,
                &[Ctrl('o')],
                "editor",
                "Write the command in the editor that VISUAL or EDITOR names.",
            ),
            bind(
                Picker,
                C::Drill,
                &[Char('d')],
                "drill",
                "Start a drill of the selected runbook in the practice estate.",
            ),
            bind(
                Picker,
                C::DryRun,
                &[Char('n')],
                "dry run",
                "Show what a real run of the selected runbook would do, with values, confirmations and times. Nothing runs.",
            ),
            bind(
                Picker,
                C::Show,
                &[Enter],
                "show",
                "Show the selected runbook, watch a run that is over, or go on with one that is not. Enter runs nothing, here or elsewhere.",
            ),
            bind(Picker, C::Report, &[Char('r')], "report", "Read the report of the selected run, which is over."),
            bind(
                Picker,
                C::Compare,
                &[Char('c')],
                "compare…",
                "Compare two runs that are over: press it on the one, then on the other.",
            ),
            bind(Everywhere, C::Up, &[Up, Char('k')], "up", "Move or scroll up."),
            bind(Everywhere, C::Down, &[Down, Char('j')], "down", "Move or scroll down."),
            bind(Everywhere, C::PageUp, &[PageUp, Ctrl('u')], "page up", "Scroll a page up."),
            bind(Everywhere, C::PageDown, &[PageDown, Ctrl('d')], "page down", "Scroll a page down."),
            bind(Everywhere, C::Top, &[Home, Char('g')], "start", "Go to the beginning."),
            bind(Everywhere, C::Bottom, &[End, Char('G'), Char('f')], "end", "Go to the end and follow what comes."),
            bind(Everywhere, C::NextPane, &[Tab], "pane", "Go to the next pane."),
            bind(Everywhere, C::PreviousPane, &[BackTab], "pane back", "Go to the pane before."),
            bind(
                Everywhere,
                C::Search,
                &[Char('/')],
                "search…",
                "Search the output, filter the timeline, find in the list of runbooks; in a replay, search what was printed at any time.",
            ),
            bind(
                Everywhere,
                C::Palette,
                &[Char(':'), Ctrl('p')],
                "palette…",
                "Find any action, step or runbook by a few letters, and why one can't be had now.",
            ),
            bind(Everywhere, C::Help, &[Char('?')], "help", "Show this help."),
            bind(Everywhere, C::Back, &[Esc], "back", "Go back one level. Always safe."),
            bind(
                Everywhere,
                C::Quit,
                &[Char('q')],
                "quit",
                "Quit. An open run says how to stop it or leave it instead. What was opened from another screen leads back to that.",
            ),
            bind(
                Everywhere,
                C::Break,
                &[Ctrl('c')],
                "break",
                "Ask what now: interrupt, stop, leave, go on. Pressed twice, leave the screen.",
            ),
            bind(Everywhere, C::Suspend, &[Ctrl('z')], "suspend", "Suspend the screen; the clock goes on."),
            bind(Everywhere, C::Repaint, &[Ctrl('l')], "repaint", "Paint the screen again."),
        ];
        Self { bindings }
    }
}

impl Keymap {
    /// Returns all bindings in the order of help.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Returns the binding of `command`.
    pub fn binding(&self, command: Command) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.command == command)
    }

    /// Returns all commands that `chord` may mean; which one is meant depends on what is offered.
    pub fn commands(&self, chord: Chord) -> impl Iterator<Item = Command> + '_ {
        self.bindings.iter().filter(move |binding| binding.chords.contains(&chord)).map(|binding| binding.command)
    }

    /// Gives a command other keys; whether they are free is for the caller to see.
    pub(super) fn set(&mut self, command: Command, chords: Vec<Chord>) {
        if let Some(binding) = self.bindings.iter_mut().find(|binding| binding.command == command) {
            binding.chords = chords;
        }
    }

    /// Writes the table as Markdown.
    pub fn markdown(&self) -> String {
        use fmt::Write as _;
        let mut text = String::from(
            "# Keys\n\nLower case is harmless or guarded by a question of its own; upper case ends or leaves something.\n\
             Enter runs nothing. What cannot be undone asks for a phrase to be typed; in a real run it cannot be pasted.\n\
             In a question the arrows, page keys and everything else that is not listed do nothing.\n",
        );
        for group in Group::ALL {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n## {}\n\n| key | what it does |\n|---|---|\n", group.title());
            for binding in self.bindings.iter().filter(|binding| binding.group == group) {
                let keys: Vec<String> = binding.chords.iter().map(|chord| format!("`{chord}`")).collect();
                let _ = writeln!(text, "| {} | {} |", keys.join(" "), binding.help);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_bound_once_and_explained() {
        let keymap = Keymap::default();
        for binding in keymap.bindings() {
            assert!(!binding.chords.is_empty() && binding.help.ends_with('.'), "{binding:?}");
            assert_eq!(keymap.bindings().iter().filter(|other| other.command == binding.command).count(), 1);
        }
    }

    #[test]
    fn a_chord_means_one_thing_in_a_group_but_for_what_is_never_offered_together() {
        let keymap = Keymap::default();
        for group in Group::ALL {
            for binding in keymap.bindings().iter().filter(|binding| binding.group == group) {
                let rivals = keymap
                    .bindings()
                    .iter()
                    .filter(|other| other.group == group && other.command != binding.command)
                    .filter(|other| other.chords.iter().any(|chord| binding.chords.contains(chord)))
                    .filter(|other| !matches!(other.command, Command::Run | Command::Retry))
                    .filter(|other| !matches!(other.command, Command::Enter | Command::Edit));
                assert_eq!(rivals.count(), 0, "{binding:?}");
            }
        }
    }

    #[test]
    fn the_page_of_keys_is_this_table() {
        let page = include_str!("../../docs/keys.md");
        assert_eq!(page, Keymap::default().markdown(), "write `docs/keys.md` anew from `Keymap::markdown`");
    }
}
