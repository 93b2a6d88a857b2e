//! What happens to the record itself: it goes on in another file, or for a while only in memory.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Mode;
use crate::kernel::RunId;

/// Is what the operator types to go on although nothing can be recorded.
pub const UNRECORDED_PHRASE: &str = "go on unrecorded";

/// Holds what the first line of a further part of the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continues {
    /// The run.
    pub run: RunId,
    /// Real, or a drill.
    pub mode: Mode,
    /// The number of this part; the first one is 1.
    pub part: u32,
    /// The parts before, in order. Bytes of theirs beyond these never counted.
    pub parts: Vec<PartBefore>,
    /// The public key of the session that writes, as the part before has it.
    pub session: String,
    /// When the last line was written that is known to be on the disk.
    pub since: DateTime<Utc>,
    /// Why the part before could not be written any more.
    pub why: String,
}

/// Describes a part of the log that another one follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartBefore {
    /// How many lines of it count.
    pub lines: u64,
    /// How many bytes.
    pub bytes: u64,
    /// SHA-512 of these bytes, hex.
    pub sha512: String,
}
