//! Markdown runbooks that run, under the clock, on the record.
//!
//! The folders are floors; a module imports only from floors below its own. ARCHITECTURE.md has the picture,
//! `tests/architecture.rs` holds the rule.

pub mod cli;
pub mod clock;
pub mod drive;
pub mod engine;
pub mod estate;
pub mod exec;
pub mod journal;
pub mod kernel;
pub mod replay;
pub mod report;
pub mod runbook;
pub mod settings;
pub mod store;
pub mod term;
pub mod ui;
