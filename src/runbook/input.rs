//! Inputs as a runbook declares them.

use serde::{Deserialize, Serialize};

use super::{Derivation, Meta};

/// Declares an input.
#[derive(Clone, Debug, PartialEq)]
pub struct InputDecl {
    /// A shell identifier.
    pub name: String,
    /// What kind of value.
    pub kind: InputType,
    /// What it is for, in a sentence.
    pub description: String,
    /// Used when nothing sets it; may use other inputs as `${NAME}`.
    pub default: Option<String>,
    /// How it is worked out when it is first needed; what is given goes before it.
    pub value: Option<Derivation>,
    /// A regular expression that the whole value has to match (`^…$` is implied).
    pub pattern: Option<String>,
    /// May it come from the process environment (`from: env`)?
    pub from_env: bool,
    /// May its value be written anywhere?
    pub secrecy: Secrecy,
    /// How many people have to read the value.
    pub readers: Readers,
    /// The line of the file that declares it, from 1.
    pub line: usize,
}

impl InputDecl {
    /// Declares an input with a type and nothing else.
    pub fn plain(name: impl Into<String>, kind: InputType) -> Self {
        Self {
            name: name.into(),
            kind,
            description: String::new(),
            default: None,
            pattern: None,
            from_env: false,
            secrecy: Secrecy::Open,
            readers: Readers::One,
            value: None,
            line: 1,
        }
    }
}

/// Lists the kinds of input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputType {
    /// Any text on one line.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A time with zone, kept in UTC.
    Time,
    /// A duration.
    Duration,
    /// One of these.
    Choice(Vec<String>),
    /// One of the items of a list that is known only in the run, written with `${NAME}`.
    ChoiceOf(String),
    /// Several values, kept as one a line.
    List(Box<InputType>),
}

/// Says whether a value, or what a fence prints, may be written anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secrecy {
    /// It is recorded and shown.
    Open,
    /// It is neither: its name stands in its place.
    Secret,
}

/// Says how many people have to read a value that is entered in a real run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// The operator.
    One,
    /// The operator, and somebody else who enters the same value.
    Two,
}

impl Meta {
    /// Tells whether an input is secret.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.inputs.iter().any(|input| input.name == name && input.secrecy == Secrecy::Secret)
    }
}
