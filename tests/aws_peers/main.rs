//! The AWS adapter against emulators that are not ours, moto and ministack, and against the practice estate: what it
//! prints is what the AWS CLI prints for the same calls, byte for byte where the order of members allows.
//!
//! `tests/peer.sh` installs the emulators, starts them and sets `LIFEBOAT_MOTO`, `LIFEBOAT_MINISTACK` (`host:port`)
//! and `LIFEBOAT_AWSCLI` (a Python that has version 1 of the AWS CLI). Without them the tests say that they are
//! skipped.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod anchors;
mod applications;
mod databases;
mod estate;
mod ministack;
mod names;
mod objects;
mod peer;
