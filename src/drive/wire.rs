//! What an engine and its screens tell each other: a line of JSON each, over the socket in the run's folder. An empty line of the
//! engine says that it is there, though it has nothing to tell.
//!
//! A screen says hello first. An engine of another protocol turns it away in words that every version understands.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::renewal::Keys;
use super::signing::{SigningKey, ToSign};
use crate::engine::{Event, Facilitate, Fact, Intent};
use crate::kernel::{AttemptId, Stamp};
use crate::ui::{Holder, LogHealth, Msg, Progress};

/// The version of these messages. It changes with every change of them, and of what facts and wishes look like.
pub const PROTOCOL: u32 = 11;

/// The longest line, in bytes; a longer one ends the connection.
pub const LONGEST: u64 = 4 * 1024 * 1024;

/// The socket's name in the run's folder.
pub const SOCKET: &str = "engine.sock";

/// Says hello: the first line of a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`] of the screen.
    pub protocol: u32,
    /// The screen's lifeboat.
    pub version: String,
    /// Who looks.
    #[serde(default)]
    pub by: String,
    /// What they want.
    #[serde(default)]
    pub wants: Wants,
}

/// Says what a screen wants of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wants {
    /// To look on.
    #[default]
    Watch,
    /// To look on, and to tell the team of a drill what its facilitator has to tell.
    Facilitate,
    /// To hold control, if nobody does.
    Control,
    /// To hold control, though another screen does; why.
    TakeOver(String),
}

/// Answers a hello: the first line of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// [`PROTOCOL`] of the engine.
    pub protocol: u32,
    /// The engine's lifeboat.
    pub version: String,
    /// The engine's process.
    pub pid: u32,
}

/// Is what an engine tells a screen after that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToScreen {
    /// A fact was recorded.
    Fact {
        /// As in [`Fact`].
        seq: u64,
        /// As in [`Stamp`].
        utc: DateTime<Utc>,
        /// As in [`Stamp`].
        mono: u64,
        /// As in [`Fact`].
        event: Event,
    },
    /// Output of an attempt; lossy.
    Progress {
        /// As in [`Progress`].
        attempt: AttemptId,
        /// As in [`Progress`].
        text: String,
        /// As in [`Progress`].
        total: u64,
        /// As in [`Stamp`].
        utc: DateTime<Utc>,
        /// As in [`Stamp`].
        mono: u64,
    },
    /// The log wants a signature, of whoever holds control.
    Sign(ToSign),
    /// AWS credentials are wanted, of whoever holds control.
    Credentials,
    /// The screen may sit down at the terminal of this attempt.
    Terminal(AttemptId),
    /// How the log is.
    Log(Health),
    /// A wish was refused.
    Refused(String),
    /// Something worth a line.
    Said(String),
    /// The screen holds control.
    Control,
    /// The screen looks on; who holds control, if somebody does.
    Watching(Option<String>),
    /// The summary.
    Summary(Vec<String>),
    /// The run is over, and so is the engine.
    Over(Over),
}

/// Says how the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Durable and vouched for.
    Sound,
    /// Durable.
    Unsigned,
    /// Durable, in another place than it began.
    Elsewhere,
    /// It can be written nowhere: nothing is recorded, and nothing is started.
    Halted,
    /// It is kept in memory, as the operator chose.
    InMemory,
    /// It can't be written, and the run ends here.
    Lost,
}

/// Says how the command that shows the run ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// The exit code.
    pub code: u8,
    /// What to print, if there is more to say than the summary says.
    pub message: String,
    /// What to do next.
    pub hints: Vec<String>,
}

impl ToScreen {
    /// Makes the message of a fact.
    pub fn fact(fact: &Fact) -> Self {
        Self::Fact { seq: fact.seq, utc: fact.at.utc, mono: fact.at.mono, event: fact.event.clone() }
    }

    /// Makes the message of a piece of output.
    pub fn progress(progress: Progress) -> Self {
        let Progress { attempt, text, total, at } = progress;
        Self::Progress { attempt, text, total, utc: at.utc, mono: at.mono }
    }

    /// Returns what it means for a screen; the end is none of its messages.
    ///
    /// # Errors
    /// The end.
    pub fn into_msg(self) -> Result<Msg, Over> {
        let age = std::time::Duration::ZERO;
        Ok(match self {
            Self::Fact { seq, utc, mono, event } => Msg::Fact(Arc::new(Fact { seq, at: Stamp { utc, mono }, event })),
            Self::Progress { attempt, text, total, utc, mono } => {
                Msg::Progress(Progress { attempt, text, total, at: Stamp { utc, mono } })
            }
            Self::Log(Health::Sound) => Msg::Log(LogHealth::Sound { age }),
            Self::Log(Health::Unsigned) => Msg::Log(LogHealth::Unsigned { age }),
            Self::Log(Health::Elsewhere) => Msg::Log(LogHealth::Elsewhere { age }),
            Self::Log(Health::Halted) => Msg::Log(LogHealth::Halted),
            Self::Log(Health::InMemory) => Msg::Log(LogHealth::InMemory),
            Self::Log(Health::Lost) => Msg::Log(LogHealth::Lost),
            Self::Sign(ToSign { what, .. }) => {
                Msg::Meanwhile(format!("Your key is asked to {}; touch it, if it wants that.", what.words()))
            }
            Self::Credentials => Msg::Say("The AWS credentials are over; this screen's own are tried.".to_owned()),
            Self::Terminal(attempt) => Msg::Terminal(attempt),
            Self::Refused(why) => Msg::Refused(why),
            Self::Said(what) => Msg::Say(what),
            Self::Control => Msg::Held(Holder::You),
            Self::Watching(Some(by)) => Msg::Held(Holder::Other(by)),
            Self::Watching(None) => Msg::Held(Holder::Nobody),
            Self::Summary(lines) => Msg::Summary(lines),
            Self::Over(over) => return Err(over),
        })
    }
}

/// Writes a message as its line, the LF included; what can't be one is nothing.
pub fn line(message: &impl Serialize) -> String {
    let mut text = serde_json::to_string(message).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns the lifeboat that this is.
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Is what a screen tells its engine after its hello.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromScreen {
    /// A wish.
    Wish(Intent),
    /// A facilitator's wish.
    Facilitate(Facilitate),
    /// With which key it can sign for the log, or why with none.
    Signs(Result<SigningKey, String>),
    /// What came of [`ToScreen::Sign`].
    Signed {
        /// As in [`ToSign`].
        id: u64,
        /// The armour, or why there is none.
        sig: Result<String, String>,
    },
    /// What came of [`ToScreen::Credentials`].
    Credentials(Result<Keys, String>),
    /// Another screen shall hold control.
    HandOver,
    /// The person wants to sit down at the terminal of this attempt.
    Terminal(AttemptId),
}

/// Reads what a screen tells.
pub fn said(line: &[u8]) -> Option<FromScreen> {
    serde_json::from_slice(line).ok()
}
