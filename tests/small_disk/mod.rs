//! A disk that is soon full.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Is a file system in memory, until it is dropped.
pub(crate) struct Small(PathBuf);

impl Small {
    /// Mounts one of this size. Where that can't be done it is said, and nothing is tested.
    pub(crate) fn mounted(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at).output();
        if !mounted.is_ok_and(|mounted| mounted.status.success()) {
            eprintln!("NOT RUN: a file system in memory can't be mounted here (that takes root), so no disk was full");
            return None;
        }
        Some(Self(at.to_owned()))
    }

    /// Lets nobody write to it any more; it can't be done while somebody does.
    #[allow(dead_code, reason = "not every test binary does this")]
    pub(crate) fn shut(&self) -> bool {
        let shut = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).output();
        shut.is_ok_and(|shut| shut.status.success())
    }

    /// Returns where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // What still uses it keeps it until it is closed.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
