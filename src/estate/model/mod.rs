//! The estate as a pure machine: virtual time and draws are arguments; no I/O, no clock, no threads.
//!
//! [`World`] composes the parts and moves them through time in steps of [`time::TICK`]; every other file is one part
//! that knows nothing of the rest.

pub mod bucket;
pub mod customers;
pub mod draw;
pub mod health;
pub mod instance;
pub mod ledger;
pub mod place;
pub mod rds;
pub mod shop;
mod stock;
pub mod time;
pub mod truth;
pub mod world;
pub mod zone;

pub use draw::Seed;
pub use place::Region;
pub use stock::CheckIds;
pub use time::{Moment, Timeline};
pub use world::{Fault, World};
