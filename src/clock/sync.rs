//! Whether a time server keeps the machine's clock. The kernel knows, and without `unsafe` it is not asked directly, but
//! through what asks it: `timedatectl`, then `chronyc`; last by the file that systemd's time server touches.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::kernel::ClockSync;

/// How long each program may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a watch looks: as often as a silent log beats.
const EVERY: Duration = Duration::from_secs(60);
/// Is touched whenever systemd's time server was heard.
const TOUCHED: &str = "/run/systemd/timesync/synchronized";
/// It is heard every 2048 s at least; three misses are no news any more.
const RECENT: Duration = Duration::from_secs(3 * 2048);

/// Asks the machine. It takes some milliseconds, and two seconds at most.
pub async fn sync() -> ClockSync {
    let systemd = said("timedatectl", &["show", "--property=NTPSynchronized", "--value"]).await;
    if let Some(known) = systemd.as_deref().and_then(of_timedatectl) {
        return known;
    }
    let chrony = said("chronyc", &["-c", "tracking"]).await;
    if let Some(known) = chrony.as_deref().and_then(of_chronyc) {
        return known;
    }
    let touched = Path::new(TOUCHED).metadata().and_then(|data| data.modified());
    let age = touched.ok().map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
    // One that was not heard for long may be gone, or the machine may have slept.
    if age.is_some_and(|age| age <= RECENT) { ClockSync::Synced } else { ClockSync::Unknown }
}

/// Returns what a program printed, if it ended well in time.
async fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn of_timedatectl(printed: &str) -> Option<ClockSync> {
    match printed.trim() {
        "yes" => Some(ClockSync::Synced),
        "no" => Some(ClockSync::Unsynced),
        _ => None,
    }
}

/// The last of fourteen fields is the leap status, which says whether there is a server at all.
fn of_chronyc(printed: &str) -> Option<ClockSync> {
    let fields: Vec<&str> = printed.trim().split(',').collect();
    match fields.as_slice() {
        [.., "Not synchronised"] if fields.len() >= 14 => Some(ClockSync::Unsynced),
        [.., "Normal" | "Insert second" | "Delete second"] if fields.len() >= 14 => Some(ClockSync::Synced),
        _ => None,
    }
}

/// Knows what the machine said last, and asks it again from time to time.
#[derive(Clone, Debug)]
pub struct SyncWatch(Arc<Mutex<ClockSync>>);

impl SyncWatch {
    /// Asks for the first time, and goes on as long as somebody holds a clone.
    pub async fn begin() -> Self {
        let seen = Arc::new(Mutex::new(sync().await));
        let weak = Arc::downgrade(&seen);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                if weak.strong_count() == 0 {
                    return;
                }
                let now = sync().await;
                let Some(seen) = weak.upgrade() else { return };
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
            }
        });
        Self(seen)
    }

    /// Returns what the machine said last.
    pub fn seen(&self) -> ClockSync {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_programs_print_is_understood_and_nothing_else_is() {
        assert_eq!(of_timedatectl("yes\n"), Some(ClockSync::Synced));
        assert_eq!(of_timedatectl("no\n"), Some(ClockSync::Unsynced));
        assert_eq!(of_timedatectl(""), None);
        let chrony = |leap: &str| {
            format!(
                "C0248F97,192.36.143.151,2,1795855623.1,-0.0001,0.0001,0.0002,-13.3,0.002,0.04,0.009,0.0004,64.7,{leap}\n"
            )
        };
        assert_eq!(of_chronyc(&chrony("Normal")), Some(ClockSync::Synced));
        assert_eq!(of_chronyc(&chrony("Insert second")), Some(ClockSync::Synced));
        assert_eq!(of_chronyc(&chrony("Not synchronised")), Some(ClockSync::Unsynced));
        assert_eq!(of_chronyc("506 Cannot talk to daemon\n"), None);
        assert_eq!(of_chronyc("Normal\n"), None);
    }
}
