//! What reaches the screen, and what it asks for.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;

use super::effects::Effects;
use super::facilitator::Unwritten;
use super::order::Order;
use super::picker::Learnt;
use super::replay::{Moment, Played, Rivals, Transport};
use crate::engine::{Fact, Intent, Outlook, Usual};
use crate::kernel::{AttemptId, Stamp};
use crate::report::Board;

/// Is anything that reaches the screen.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted: one event, never read as keys.
    Paste(String),
    /// The terminal has this size now.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// A fact was recorded. Facts come in order, each once.
    Fact(Arc<Fact>),
    /// Output of a running attempt; lossy.
    Progress(Progress),
    /// The time now.
    Tick(Stamp),
    /// A stretch of an output file that was asked for.
    Leaf(Leaf),
    /// A recording: the run as it was at another moment.
    Moment(Box<Moment>),
    /// A recording: how it is played.
    Played(Box<Played>),
    /// A recording: what it can be compared with.
    Rivals(Rivals),
    /// A facilitator's own log, as it is now.
    Board(Box<Board>),
    /// Whether a facilitator's own log can't be written.
    Unwritten(Option<Unwritten>),
    /// The person may sit down at the terminal of this attempt.
    Terminal(AttemptId),
    /// How the log is.
    Log(LogHealth),
    /// A wish was refused, in a sentence.
    Refused(String),
    /// Something worth a line, in a sentence.
    Say(String),
    /// Something that is so until something else is said, in a sentence.
    Meanwhile(String),
    /// Who holds control of the run.
    Held(Holder),
    /// The engine hears nothing from here any more; why, and what to do, in a sentence.
    Parted(String),
    /// The summary of the run, line by line, once it ended.
    Summary(Vec<String>),
    /// When service will probably be restored by what earlier runs took; `None` where nothing can be said.
    Outlook(Option<Outlook>),
    /// What steps and their items usually take, by earlier runs.
    Usual(Arc<Usual>),
    /// What each choice after a failure leads to by earlier runs; `None` where none is to be made.
    Effects(Option<Effects>),
    /// What the customers themselves saw, line by line, where somebody kept a record.
    Truth(Vec<String>),
    /// What came out of the editor, or why nothing did.
    Edited(Result<String, String>),
    /// The list of runbooks and runs learnt something.
    Learnt(Learnt),
    /// A frame with everything up to here was shown. Dialogs count their dead time from this.
    Drawn,
    /// The exercise is over, or its facilitator leaves: the screen ends.
    Closed,
    /// The terminal is gone.
    Hangup,
}

/// Says who holds control of a run, as a screen sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Holder {
    /// Whoever sits at this screen.
    #[default]
    You,
    /// Somebody at another screen.
    Other(String),
    /// Nobody; this screen looks on.
    Nobody,
}

/// Carries a piece of an attempt's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The attempt.
    pub attempt: AttemptId,
    /// The newest bytes, lossily decoded, escape sequences and all.
    pub text: String,
    /// How many bytes the attempt has printed so far; tells where pieces are missing.
    pub total: u64,
    /// When.
    pub at: Stamp,
}

/// Names the two files of an attempt's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Stream {
    /// Returns the ending of its file's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Err => "err",
        }
    }

    /// Returns the name that people have for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Out => "stdout",
            Self::Err => "stderr",
        }
    }
}

/// Asks for a stretch of an output file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seek {
    /// Whose output.
    pub attempt: AttemptId,
    /// Which of its two files.
    pub stream: Stream,
    /// Around which place.
    pub want: Want,
    /// So many lines before the place are wanted, and twice as many from there on.
    pub lines: usize,
}

/// Names a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Its end.
    End,
    /// The line that begins at this byte.
    At(u64),
    /// The line with this text in it.
    Find {
        /// The text. Without a capital letter in it capitals make no difference.
        text: String,
        /// From which byte on, or before which.
        from: u64,
        /// In which direction.
        way: Way,
    },
}

/// Names the directions of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Towards the end.
    Down,
    /// Towards the beginning.
    Up,
}

/// Holds a stretch of an output file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Whose output.
    pub attempt: AttemptId,
    /// Which of its two files.
    pub stream: Stream,
    /// What was asked for.
    pub want: Want,
    /// How many bytes the file has.
    pub size: u64,
    /// The lines. One that is too long goes on as another.
    pub lines: Vec<LeafLine>,
    /// The byte behind the last of them.
    pub next: u64,
    /// Where the line begins that was searched for, if it was found.
    pub hit: Option<u64>,
}

/// Is a line of an output file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafLine {
    /// The byte at which it begins.
    pub at: u64,
    /// What it says, lossily decoded, escape sequences and all.
    pub text: String,
}

/// Says how the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogHealth {
    /// Written and durable; the last line is this old.
    Sound {
        /// The age of the last durable line.
        age: Duration,
    },
    /// The same, but no person's key vouches for it.
    Unsigned {
        /// The age of the last durable line.
        age: Duration,
    },
    /// Written and durable, in another place than it began.
    Elsewhere {
        /// The age of the last durable line.
        age: Duration,
    },
    /// It can be written nowhere: nothing is recorded, and nothing is started.
    Halted,
    /// It is kept in memory, as the operator chose.
    InMemory,
    /// It cannot be written, and the run ends here.
    Lost,
}

/// Names a recording, and where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Its folder.
    pub folder: String,
    /// The line of the log at which it stands at first; `None`: it plays from its beginning.
    pub seq: Option<u64>,
}

/// Is something the screen asks of those who drive it.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Hand this wish to the engine.
    Intent(Intent),
    /// Read this file, and hand in what it holds as an approval.
    HandIn {
        /// The prompt.
        prompt: u64,
        /// The file, as it was typed.
        file: String,
    },
    /// Hand control over to another screen.
    HandOver,
    /// Ask whether the person may sit down at the terminal of this attempt: a [`Msg::Terminal`] answers.
    Terminal(AttemptId),
    /// Give the screen's own terminal to that of this attempt, until it ends or the person comes back.
    SitDown(AttemptId),
    /// Throw away keys that were pressed before now: a question opened.
    DropTypeahead,
    /// Put this on the clipboard of the terminal.
    Copy(String),
    /// Read a stretch of an output file: a [`Msg::Leaf`] answers.
    Seek(Seek),
    /// Copy an output file.
    Save {
        /// Whose output.
        attempt: AttemptId,
        /// Which of its two files.
        stream: Stream,
        /// Where to, as it was typed; nothing is written over.
        path: String,
    },
    /// Do this with the exercise.
    Order(Order),
    /// Do this with the recording.
    Replay(Transport),
    /// Open the editor with this text: a [`Msg::Edited`] answers.
    Edit(String),
    /// Stop the screen as Ctrl-Z does.
    Suspend,
    /// Paint everything again.
    Repaint,
    /// Start a drill of the runbook of this name.
    Drill(String),
    /// Go on with the run in this folder.
    Resume(String),
    /// Watch a recording.
    Watch(Watch),
    /// Compare the runs in these folders, A and B.
    Compare(String, String),
    /// Go back to the screen from which this one was opened.
    Back,
    /// Make the report of the run in this folder: a [`Learnt::Report`] answers.
    Report(String),
    /// Leave the screen; the run, if there is one, ended.
    Quit,
    /// Leave the screen while the run is open: it goes on.
    Detach,
    /// Leave at once, writing nothing: the terminal is gone.
    Gone,
}
