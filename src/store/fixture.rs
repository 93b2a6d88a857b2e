//! What the tests of this floor share: a clock that stands, and the first fact of a drill.

use super::Clock;
use crate::engine::Opened;
use crate::kernel::Stamp;

/// Always tells the epoch.
pub(super) fn stopped() -> Clock {
    Box::new(|| Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 })
}

/// Opens a drill without objectives.
pub(super) fn opened() -> Opened {
    serde_json::from_value(serde_json::json!({
        "v": "lifeboat-log/1", "run": "", "mode": "drill", "by": "a", "session": "", "host": "h", "boot": "b", "pid": 1,
        "tool": "t", "runbook": "r.md", "runbook_sha256": "", "account": "none", "arn": "", "region": "", "rto_s": 0,
        "rpo_s": 0, "seed": null, "speed": 1, "prev_run": null, "prev_sha512": null
    }))
    .unwrap()
}
