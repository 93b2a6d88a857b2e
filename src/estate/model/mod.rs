//! The estate as a pure machine: virtual time and draws are arguments; no I/O, no clock, no threads.
//!
//! [`World`] composes the parts and moves them through time in steps of [`time::TICK`]; every other file is one part
//! that knows nothing of the rest.

pub mod alarm;
pub mod aurora;
mod breakage;
pub mod bucket;
pub mod contents;
pub mod customers;
pub mod data;
pub mod draw;
pub mod effect;
mod failover;
pub mod fault;
pub mod fleet;
pub mod health;
pub mod instance;
pub mod key;
pub mod ledger;
pub mod lifecycle;
pub mod metric;
mod motion;
pub mod numbers;
pub mod place;
pub mod rds;
pub mod replication;
pub mod secret;
mod settings;
pub mod shop;
mod status;
pub mod stock;
pub mod time;
pub mod trail;
pub mod truth;
pub mod upload;
mod work;
pub mod world;
pub mod zone;

pub use breakage::InjectError;
pub use draw::Seed;
pub use fault::Fault;
pub use place::Region;
pub use stock::CheckIds;
pub use time::{Moment, Timeline};
pub use world::World;
