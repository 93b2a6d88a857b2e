//! Who holds a file: taken by one, and looked at by many, who each hold it for an instant to see whether they could.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long those are waited for who only look.
const LOOKS: Duration = Duration::from_millis(500);
/// How often it is tried meanwhile.
const TRY: Duration = Duration::from_millis(2);

/// Holds a file that nobody else holds, as long as it is open.
///
/// # Errors
/// If another process holds it, and for longer than a look takes; if it can't be locked.
pub fn hold(file: &File) -> Result<(), TryLockError> {
    hold_after(file, || std::thread::park_timeout(TRY))
}

fn hold_after(file: &File, mut pause: impl FnMut()) -> Result<(), TryLockError> {
    let until = Instant::now() + LOOKS;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < until => pause(),
            ended => return ended,
        }
    }
}

/// Tells whether somebody holds a file. What is not there is held by nobody.
pub fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_looks_keeps_nobody_from_holding() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("held");
        let looker = File::create(&path).unwrap();
        looker.try_lock_shared().unwrap();
        let mut looks = Some(looker);
        let file = File::open(&path).unwrap();
        assert!(hold_after(&file, || drop(looks.take())).is_ok());
        assert!(looks.is_none());
        drop(file);
        let holder = File::open(&path).unwrap();
        hold(&holder).unwrap();
        assert!(is_held(&path) && matches!(hold(&File::open(&path).unwrap()), Err(TryLockError::WouldBlock)));
        drop(holder);
        assert!(!is_held(&path) && !is_held(&folder.path().join("none")));
    }
}
