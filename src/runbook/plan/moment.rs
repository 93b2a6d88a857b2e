//! What actions fix and measure.

use serde::{Deserialize, Serialize};

/// Names the moments of a recovery (see `docs/objectives.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Customers began to fail.
    Onset,
    /// Somebody noticed.
    Detected,
    /// The incident was declared.
    Declared,
    /// Writers were stopped.
    Frozen,
    /// The old primary was proven unable to write.
    Fenced,
    /// The database takes writes.
    DbWritable,
    /// Customers are served.
    Traffic,
    /// The result was checked.
    Validated,
    /// Protection is restored.
    Protected,
}

impl Moment {
    /// Lists all moments in the order of a recovery.
    pub const ALL: [Self; 9] = [
        Self::Onset,
        Self::Detected,
        Self::Declared,
        Self::Frozen,
        Self::Fenced,
        Self::DbWritable,
        Self::Traffic,
        Self::Validated,
        Self::Protected,
    ];

    /// Returns the word that runbooks, log and screens use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Onset => "onset",
            Self::Detected => "detected",
            Self::Declared => "declared",
            Self::Frozen => "frozen",
            Self::Fenced => "fenced",
            Self::DbWritable => "db-writable",
            Self::Traffic => "traffic",
            Self::Validated => "validated",
            Self::Protected => "protected",
        }
    }
}

/// Names what an action measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Loss in seconds: one number, or JSON `{"last_commit": "<time>"}`, or JSON `{"low": s, "high": s}`, each optionally with `"orders"`.
    Rpo,
}
