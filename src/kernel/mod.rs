//! Floor 0: the words every other module speaks in: ids, time, digests, safe text.
//!
//! It imports nothing of lifeboat, does no I/O and reads no clock.

mod chance;
mod digest;
mod id;
mod problem;
mod redact;
mod size;
mod spoken;
mod text;
mod time;
mod words;

pub use chance::{Dice, scramble};
pub use digest::{Sha256Hex, sha256_hex};
pub use id::{ActionName, AttemptId, RunId, StepId};
pub use problem::{Problem, Severity, Source, nearest};
pub use redact::{Passage, Redactor, marker};
pub use size::{parse_size, say_size};
pub use spoken::spoken;
pub use text::{SafeText, Secret, counted, range};
pub use time::{ClockSync, Stamp, clock, parse_duration, parse_when, say_ago, say_duration};
pub use words::{Word, Words};
