//! Who holds a log: an engine that was killed holds it until the last of its threads is gone.

use std::path::Path;
use std::time::{Duration, Instant};

use super::runs::LogPlace;
use super::view::is_being_written;

/// How long an engine that was killed is waited for: a thread of it may wait for the disk.
pub const DYING: Duration = Duration::from_secs(10);
/// How often it is looked at; the system tells nobody when a lock is free.
const LOOK: Duration = Duration::from_millis(10);

/// Waits, for `patience` at most, while the engine that holds a log is dying. One that lives is not waited for.
pub fn outlive_the_dying(place: &LogPlace, patience: Duration) {
    let until = Instant::now() + patience;
    let held = || place.parts().iter().any(|part| is_being_written(part) && is_dying(part));
    while held() && Instant::now() < until {
        std::thread::park_timeout(LOOK);
    }
}

#[cfg(target_os = "linux")]
fn is_dying(log: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(inode) = std::fs::metadata(log).map(|data| data.ino()) else { return false };
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    holder(&locks, inode).is_some_and(|pid| {
        // One that is gone by now has let go of it.
        std::fs::read_to_string(format!("/proc/{pid}/status")).map_or(true, |status| was_killed(&status))
    })
}

#[cfg(not(target_os = "linux"))]
fn is_dying(_log: &Path) -> bool {
    false
}

/// Finds the process that holds a lock of a file: `1: FLOCK  ADVISORY  WRITE 4711 fe:01:131074 0 EOF`.
#[cfg(target_os = "linux")]
fn holder(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let kind = words.next()?;
        let (pid, place) = (words.nth(2)?, words.next()?);
        let found: u64 = place.rsplit(':').next()?.parse().ok()?;
        (kind == "FLOCK" && found == inode).then(|| pid.parse().ok())?
    })
}

/// Is it dead but for some of its threads, or was it sent a signal that ends it in any case?
#[cfg(target_os = "linux")]
fn was_killed(status: &str) -> bool {
    const KILL: u64 = 1 << 8;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let pending = |name: &str| field(name).and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(0);
    field("State:").is_some_and(|state| state.starts_with(['Z', 'X']))
        || (pending("SigPnd:") | pending("ShdPnd:")) & KILL != 0
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_holder_that_lives_is_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let folder = crate::store::Runs::at(root.path()).create(chrono::DateTime::UNIX_EPOCH).unwrap();
        let file = std::fs::File::create(folder.log()).unwrap();
        file.try_lock().unwrap();
        let begun = Instant::now();
        outlive_the_dying(&folder.place(), Duration::from_secs(60));
        assert!(is_being_written(&folder.log()) && begun.elapsed() < Duration::from_secs(30));
        drop(file);
        assert!(!is_being_written(&folder.log()));
    }

    #[test]
    fn the_tables_of_the_system_are_read() {
        let locks =
            "1: POSIX  ADVISORY  WRITE 11 fe:01:131074 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 fe:01:131074 0 EOF\n";
        assert_eq!((holder(locks, 131_074), holder(locks, 7)), (Some(4711), None));
        let status =
            |state: &str, pending: &str| format!("Name:\tx\nState:\t{state}\nSigPnd:\t{pending}\nShdPnd:\t0\n");
        assert!(was_killed(&status("Z (zombie)", "0")) && was_killed(&status("D (disk sleep)", "0000000000000100")));
        assert!(!was_killed(&status("S (sleeping)", "0000000000004000")));
    }
}
