//! Who does a step and until when, and what people are told.

use std::time::Duration;

use crate::kernel::ActionName;

/// Says who does a step, until when, and whether it may be left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duty {
    /// The role that does it.
    pub by: Option<String>,
    /// How long it may wait before somebody is reminded. Nothing is chosen by that.
    pub deadline: Option<Duration>,
    /// The anchor of what to do then.
    pub escalate: Option<String>,
    /// It may be open when the run ends, and is due so long after it was left.
    pub owed: Option<Duration>,
    /// Who owes it then.
    pub owner: Option<String>,
}

/// Is a text for people, which somebody sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Unique in the file, among actions too.
    pub name: ActionName,
    /// Whom it is for: `bridge`, `status-page`.
    pub to: String,
    /// How often it is due again, until the service is restored.
    pub every: Option<Duration>,
    /// The text, with `${NAME}` for values.
    pub text: String,
    /// The line of the opening fence, from 1.
    pub line: usize,
}
