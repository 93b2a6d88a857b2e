//! Floor 1: Markdown to a [`Plan`]. Pure: text in, plan and problems out.
//!
//! It knows nothing of runs, terminals or AWS.

pub mod aws;
mod parse;
mod plan;
mod value;
pub mod words;

pub use crate::kernel::{Problem, Severity, Source};
pub use parse::{LARGEST, Parsed, check, parse};
pub use plan::{
    Action, Approved, CheckItem, Confirm, Evidence, Expect, Fence, FenceUse, Impact, InputDecl, InputType, Kind,
    LossKind, Measure, Meta, Moment, Necessity, Objectives, OnFailure, Phase, Plan, Regions, Rpo, Section, Shell, Step,
};
