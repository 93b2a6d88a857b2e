//! The program as people meet it: drills, real runs, bad input, signals, exit codes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects")]

mod anchors;
mod approvals;
mod bad_input;
mod blind;
mod browser;
mod calibration;
mod campaign;
mod config;
mod doctor;
mod drill;
mod estate;
mod exercises;
mod forecast;
mod guards;
mod history;
mod keys;
mod list;
mod lossy;
mod lost_answers;
mod lost_log;
mod page;
mod plain;
mod plan;
mod real_run;
mod replay;
mod report;
mod resume;
mod samples;
mod screens;
mod secrets;
mod shells;
mod signals;
#[path = "../small_disk/mod.rs"]
mod small_disk;
mod support;
mod talk;
mod terminals;
mod terraform;
