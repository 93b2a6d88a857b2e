//! What the tests of this floor share: a clock that stands, the first fact of a drill, a copy of a run's folder.

use std::fs;
use std::path::Path;

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

/// Copies a folder with all that is in it.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
