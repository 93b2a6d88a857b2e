//! Floor 1: Markdown to a [`Plan`]. Pure: text in, plan and problems out.
//!
//! It knows nothing of runs, terminals or AWS.

pub mod aws;
mod plan;

pub use plan::{
    Action, Approved, CheckItem, Confirm, Evidence, Expect, Fence, FenceUse, Impact, InputDecl, InputType, Kind,
    LossKind, Measure, Meta, Moment, Necessity, Objectives, OnFailure, Phase, Plan, Regions, Rpo, Section, Shell, Step,
};
