//! Screens without a terminal: key scripts in, frames and wishes out.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(clippy::indexing_slicing, reason = "a test that reads past the end has failed")]

mod approvals;
mod blind;
mod calls;
mod compare;
mod decisions;
mod exercises;
mod failures;
mod frames;
mod keys;
mod outputs;
mod own_ways;
mod picker;
mod reading;
mod replay;
mod side_by_side;
mod support;
mod themes;
#[cfg(test)]
mod values;
mod words;
