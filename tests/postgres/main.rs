//! Real PostgreSQL: the estate's servers, SQL fences, fingerprints. Where its programs are absent it fails and says so.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod estate;
mod fences;
mod prints;
mod servers;
mod support;
