//! The operator's own editor: it gets the terminal and a file that nobody else can read, and gives back a text.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No command is longer, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Stopping the editor alone would leave nobody at the terminal, so that it cannot be stopped.
const RUN: &str = r#"trap "" TSTP; exec ${VISUAL:-${EDITOR:-vi}} "$1""#;

/// Has `text` edited. The terminal is the editor's until this returns.
///
/// # Errors
/// Why there is no other text, in a sentence.
pub(super) fn edit(text: &str) -> Result<String, String> {
    let path = file(text).map_err(|error| format!("no file could be made for the editor: {error}"))?;
    let edited = run(&path);
    // A text that stays behind is readable by its owner alone.
    fs::remove_file(&path).ok();
    edited
}

fn run(path: &Path) -> Result<String, String> {
    let status = Command::new("sh").args(["-c", RUN, "lifeboat"]).arg(path).status();
    match status {
        Err(error) => Err(format!("the editor could not be started: {error}; set EDITOR")),
        Ok(status) if !status.success() => Err(format!("the editor ended with {status}; nothing was edited")),
        Ok(_) => {
            let mut text = String::new();
            let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
            match read {
                Err(error) => Err(format!("what the editor wrote can't be read: {error}")),
                Ok(_) if text.len() as u64 > LONGEST => Err("what the editor wrote is longer than 64 KiB".to_owned()),
                Ok(_) => Ok(text.trim_end().to_owned()),
            }
        }
    }
}

/// Makes a new file with this text, for its owner alone.
fn file(text: &str) -> io::Result<PathBuf> {
    let folder = std::env::temp_dir();
    for number in 0..100 {
        let path = folder.join(format!("lifeboat-{}-{number}.sh", std::process::id()));
        match File::options().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => return file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("there are a hundred of them"))
}
