//! Floor 1: Markdown to a [`Plan`]. Pure: text in, plan and problems out.
//!
//! It knows nothing of runs, terminals or AWS.

mod action;
mod advice;
mod anchor;
mod approvals;
mod attributes;
pub mod aws;
mod build;
mod calls;
mod capture;
mod caution;
mod connection;
mod decision;
mod derive;
mod duty;
mod expect;
mod flow;
mod foreach;
mod formula;
mod front;
pub mod injects;
mod input;
mod interactive;
mod language;
pub mod list;
mod outline;
mod parse;
mod plan;
mod programs;
mod scan;
mod secret;
mod shell;
mod sink;
pub mod sql;
mod undo;
mod value;
mod variables;
mod watch;
pub mod words;

pub use crate::kernel::{Problem, Severity, Source};
pub use approvals::{ApprovalRule, Approvals};
pub use capture::{Capture, Shape};
pub use connection::{Connection, SslMode};
pub use decision::{Branch, Decision, Way};
pub use derive::Derivation;
pub use duty::{Duty, Message};
pub use foreach::{Foreach, Until};
pub use formula::Formula;
pub use input::{InputDecl, InputType, Readers, Secrecy};
pub use parse::{LARGEST, Parsed, check, parse};
pub use plan::{
    Action, Approved, CheckItem, Confirm, Evidence, Expect, Fence, FenceUse, Impact, Keyboard, Kind, LossKind, Measure,
    Meta, Moment, Necessity, Objectives, OnFailure, Phase, Plan, Regions, Rpo, Section, Shell, Step, Watching,
};
pub use programs::programs;
pub use shell::{shell_may_read, shell_reads};
pub use undo::UndoUntil;
pub use variables::BUILT_IN;

#[cfg(test)]
mod tests;
