//! Floor 6: where the adapters meet: live runs, unattended runs, drills.

pub mod approvals;
pub mod attach;
pub mod changed;
pub mod diagnostics;
pub mod doctor;
pub mod dry_run;
pub mod host;
pub mod hub;
pub mod identity;
pub mod inputs;
pub mod library;
pub mod live;
pub mod look;
pub mod perform;
pub mod plain;
pub mod practice;
pub mod probe;
pub mod record;
pub mod renewal;
pub mod resume;
pub mod script;
pub mod show;
pub mod signing;
pub mod start;
pub mod unattended;
pub mod wire;
