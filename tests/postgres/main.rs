//! Real PostgreSQL: the estate's servers, SQL fences, fingerprints. Where its programs are absent it fails and says so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod fences;
mod prints;
mod servers;
mod support;
