//! A folder of files that can be made anew at any time: the newest of them are kept.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::runs::random_tail;

/// So many are kept, and so many bytes of them, the newest.
const MOST: usize = 32;
const MOST_BYTES: u64 = 1 << 30;
/// What was begun and not finished for so long is nobody's any more, in seconds.
const STALE: u64 = 24 * 3600;
/// What files end with that are whole, and that are being made.
const WHOLE: &str = "index";
const MADE: &str = "part";

/// Is the folder. That it can't be used is no failure: what would lie there is made anew.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// Is a file that is being made: it goes again unless it is kept.
#[derive(Debug)]
pub struct Making {
    file: File,
    path: PathBuf,
    name: PathBuf,
}

impl Cache {
    /// Takes a folder, which need not exist.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Finds a file that was kept, and makes it the newest.
    pub fn find(&self, name: &str) -> Option<File> {
        let file = File::open(self.path(name)).ok()?;
        // Of a folder that can only be read nothing goes either.
        file.set_modified(SystemTime::now()).ok();
        Some(file)
    }

    /// Begins a file, and removes the oldest beyond what is kept.
    pub fn begin(&self, name: &str) -> Option<Making> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).ok()?;
        self.tidy();
        let path = self.folder.join(format!("{name}-{}-{}.{MADE}", std::process::id(), random_tail().ok()?));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path).ok()?;
        Some(Making { file, path, name: self.path(name) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{WHOLE}"))
    }

    fn tidy(&self) {
        let mut all: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let Ok(data) = entry.metadata() else { continue };
            let (path, changed) = (entry.path(), data.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            let ends = |with: &str| path.extension().is_some_and(|end| end == with);
            if ends(MADE) && changed.elapsed().is_ok_and(|age| age.as_secs() > STALE) {
                fs::remove_file(&path).ok();
            } else if ends(WHOLE) {
                all.push((changed, data.len(), path));
            }
        }
        all.sort_by_key(|(changed, ..)| std::cmp::Reverse(*changed));
        let mut bytes = 0;
        for (number, (_, length, path)) in all.iter().enumerate() {
            bytes += length;
            if number + 1 >= MOST || bytes > MOST_BYTES {
                fs::remove_file(path).ok();
            }
        }
    }
}

impl Making {
    /// Writes at a place.
    ///
    /// # Errors
    /// If that can't be done.
    pub fn write(&mut self, bytes: &[u8], at: u64) -> std::io::Result<()> {
        self.file.write_all_at(bytes, at)
    }

    /// Returns the file, to be read.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Keeps it under its name.
    ///
    /// # Errors
    /// If that can't be done: it is as before.
    pub fn keep(&self) -> std::io::Result<File> {
        let file = self.file.try_clone()?;
        fs::rename(&self.path, &self.name)?;
        Ok(file)
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        // One that is kept has another name by now.
        fs::remove_file(&self.path).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_the_newest_are_kept_and_what_nobody_finished_goes() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, age: u64| {
            let path = folder.path().join(name);
            fs::write(&path, "x").unwrap();
            let changed = SystemTime::now() - Duration::from_secs(age);
            File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
        };
        (0..40).for_each(|n| put(&format!("{n}.index"), 1_000 + n));
        put("old-1-x.part", STALE + 60);
        put("new-1-x.part", 60);
        let cache = Cache::at(folder.path());
        assert!(cache.find("31").is_some() && cache.find("nothing").is_none(), "it is the newest by that");
        let mut making = cache.begin("mine").unwrap();
        making.write(b"whole", 0).unwrap();
        making.keep().unwrap();
        drop(making);
        drop(cache.begin("half").unwrap());
        let of = |end: &str| -> Vec<String> {
            let paths = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            let these = paths.filter(|path| path.extension().is_some_and(|known| known == end));
            these.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
        };
        let whole = of(WHOLE);
        assert_eq!(whole.len(), MOST - 1, "{whole:?}");
        assert!(whole.contains(&"mine".to_owned()) && whole.contains(&"31".to_owned()), "{whole:?}");
        assert_eq!(of(MADE), ["new-1-x"]);
        assert_eq!(fs::read_to_string(folder.path().join("mine.index")).unwrap(), "whole");
        assert!(Cache::at(&folder.path().join("mine.index")).begin("x").is_none());
    }
}
