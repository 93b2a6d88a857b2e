//! The supervisor: one small process a run that spawns the shell attempts and outlives the engine.
//!
//! ```text
//! engine                                            supervisor (`lifeboat __supervise RUN_DIR`, a session of its own)
//! `start`, the spec                     --------->  journal, then sh in a group of its own, output straight to files
//! `secrets`, values by name             --------->  replaced from here on in whatever is written
//! `interrupt A gentle|force`            --------->  TERM to the group, KILL after the grace
//! outcome, streams                      <---------  journal, then the record
//! ```
//!
//! The two talk over an inherited socket and a pipe. When the engine is gone, running attempts go on to their end and
//! their outcomes are journalled; the supervisor leaves after the last one. An engine that comes back finds them by
//! [`adopt`].

mod engine_side;
mod journal;
mod orphan;
mod pipes;
mod process;
mod record;
mod serve;
mod spares;
mod standby;
mod terminal;

pub use engine_side::{Revived, Supervisor, SupervisorError};
pub use journal::known;
pub use orphan::{Found, Orphan, adopt};
pub use record::{Force, Record, ShellEnd, ShellSpec, StateRule};
pub use serve::{ServeError, serve};
pub use terminal::{lead, sit_down};
