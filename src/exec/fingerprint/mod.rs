//! The fingerprint of a PostgreSQL database: what is in it, without its data, so that a copy can be proved to be one.
//!
//! Everything is read in one snapshot. Rows are counted and hashed inside the server, so a table may be larger than any
//! memory, and nothing but figures crosses the network.

mod compare;
mod manifest;
mod schema;
mod take;

pub use compare::{Comparison, Difference, Extent, compare};
pub use manifest::{BadManifest, Extension, Manifest, Schema, Sequence, Table, Watermark};
pub use take::{AppendOnly, FingerprintError, Snapshot, Wish, take};
