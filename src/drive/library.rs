//! Where runbooks come from: a path, `./runbooks`, the config folder, and those embedded in the binary, in this order.

use std::path::{Path, PathBuf};

/// The runbooks that come with the binary, so that an installed lifeboat needs no checkout.
const EMBEDDED: &[(&str, &str)] = &[
    ("accidental-deletion", include_str!("../../runbooks/accidental-deletion.md")),
    ("az-failure", include_str!("../../runbooks/az-failure.md")),
    ("data-corruption", include_str!("../../runbooks/data-corruption.md")),
    ("instance-failure", include_str!("../../runbooks/instance-failure.md")),
    ("region-failback", include_str!("../../runbooks/region-failback.md")),
    ("region-failure", include_str!("../../runbooks/region-failure.md")),
    ("restore-drill", include_str!("../../runbooks/restore-drill.md")),
];

/// The largest runbook that is read, in bytes; more is no runbook.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Is a runbook's text and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path, or `embedded:NAME`.
    pub path: String,
    /// The bytes, as read.
    pub bytes: Vec<u8>,
}

/// Says why a runbook could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// No such runbook.
    #[error("there is no runbook `{name}`")]
    Missing {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// It could not be read.
    #[error("{path} could not be read: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is too large.
    #[error("{path} has {bytes} bytes; a runbook has at most {MOST_BYTES}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
    },
}

impl LibraryError {
    /// Says what to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { known, .. } => {
                format!("give the path of a Markdown file, or one of: {}", known.join(", "))
            }
            Self::Unreadable { .. } => "check the path and its permissions".to_owned(),
            Self::TooLarge { .. } => "is this the file that you meant?".to_owned(),
        }
    }
}

/// Looks runbooks up.
#[derive(Clone, Debug)]
pub struct Library {
    folders: Vec<PathBuf>,
}

impl Library {
    /// Looks in `./runbooks` first, then in the config folder's `runbooks`, then in the binary.
    pub fn new(config_folder: Option<&Path>) -> Self {
        let mut folders = vec![PathBuf::from("runbooks")];
        folders.extend(config_folder.map(|folder| folder.join("runbooks")));
        Self { folders }
    }

    /// Reads a runbook by path or by name.
    ///
    /// # Errors
    /// [`LibraryError`], with a hint.
    pub fn find(&self, name: &str) -> Result<Source, LibraryError> {
        let as_path = Path::new(name);
        if as_path.is_file() || name.contains('/') || has_markdown_ending(as_path) {
            if !as_path.exists() {
                return Err(LibraryError::Missing { name: name.to_owned(), known: self.names() });
            }
            return read(as_path);
        }
        for folder in &self.folders {
            let path = folder.join(format!("{name}.md"));
            if path.is_file() {
                return read(&path);
            }
        }
        EMBEDDED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(known, text)| Source { path: format!("embedded:{known}"), bytes: text.as_bytes().to_vec() })
            .ok_or_else(|| LibraryError::Missing { name: name.to_owned(), known: self.names() })
    }

    /// Lists the names of all runbooks, each once, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = EMBEDDED.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in &self.folders {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            names.extend(
                entries
                    .flatten()
                    .map(|entry| entry.path())
                    .filter(|path| has_markdown_ending(path))
                    .filter_map(|path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned)),
            );
        }
        names.sort();
        names.dedup();
        names
    }
}

fn has_markdown_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown"))
}

fn read(path: &Path) -> Result<Source, LibraryError> {
    use std::io::Read as _;
    let shown = path.display().to_string();
    let unreadable = |error| LibraryError::Unreadable { path: shown.clone(), error };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes > MOST_BYTES {
        return Err(LibraryError::TooLarge { path: shown, bytes });
    }
    // A pipe or a device reports no size: the cap holds for what is read, too.
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(LibraryError::TooLarge { path: shown, bytes: text.len() as u64 });
    }
    Ok(Source { path: shown, bytes: text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runbook_of_the_folder_is_in_the_binary() {
        let mut files: Vec<String> = std::fs::read_dir("runbooks")
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut embedded: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(files, embedded);
    }

    #[test]
    fn a_missing_runbook_names_those_there_are() {
        let error = Library::new(None).find("regoin-failure").unwrap_err();
        assert_eq!(error.to_string(), "there is no runbook `regoin-failure`");
        assert!(error.hint().contains("region-failure"), "{}", error.hint());
    }

    #[test]
    fn the_folder_comes_before_the_binary() {
        let config = tempfile::tempdir().unwrap();
        std::fs::create_dir(config.path().join("runbooks")).unwrap();
        std::fs::write(config.path().join("runbooks/other.md"), "# Other").unwrap();
        let library = Library::new(Some(config.path()));
        assert_eq!(library.find("other").unwrap().bytes, b"# Other");
        assert!(library.names().contains(&"other".to_owned()));
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_by_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.md");
        std::fs::File::create(&path).unwrap().set_len(100 * 1024 * 1024).unwrap();
        let error = Library::new(None).find(path.to_str().unwrap()).unwrap_err();
        assert!(matches!(error, LibraryError::TooLarge { bytes: 104_857_600, .. }), "{error}");
    }
}
