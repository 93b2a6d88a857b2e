//! The folder `anchors` beside a log: statements that were or are to be anchored, and what came back for them.
//!
//! ```text
//! 00000041.txt    the statement, byte for byte
//! 00000041.s3     where it was put, as S3 answered
//! 00000041.tsr    the time stamp over it (RFC 3161)
//! ```

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha512};

use super::error::StoreError;
use super::runs::{self, LogPlace};
use super::view::is_being_written;
use crate::journal::{Anchor, Body, MAX_LINE, Vouched, Voucher, read_entry, read_stamp};
use crate::kernel::{SafeText, sha256_hex};

/// The folder's name.
pub(super) const FOLDER: &str = "anchors";

/// Says what comes back for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Where S3 keeps it.
    Object,
    /// A time stamp.
    Stamp,
}

impl Receipt {
    fn ending(self) -> &'static str {
        match self {
            Self::Object => "s3",
            Self::Stamp => "tsr",
        }
    }
}

/// Is a statement on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it says.
    pub anchor: Anchor,
    /// Its file.
    pub path: PathBuf,
}

impl Statement {
    /// Has this come back for it?
    pub fn has(&self, receipt: Receipt) -> bool {
        self.path.with_extension(receipt.ending()).exists()
    }

    /// Keeps what came back.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn keep(&self, receipt: Receipt, bytes: &[u8]) -> Result<(), StoreError> {
        write(&self.path.with_extension(receipt.ending()), bytes)
    }
}

/// Says where a log stands that is known to be on the disk; nothing while there is nothing to say.
///
/// # Errors
/// If it can't be read.
pub fn stands(place: &LogPlace, run: &str) -> Result<Option<Anchor>, StoreError> {
    let path = place.last_part();
    let failed = || StoreError::io("read the log", &path);
    let mut file = File::open(&path).map_err(failed())?;
    let length = file.seek(SeekFrom::End(0)).map_err(failed())?;
    let from = length.saturating_sub(2 * MAX_LINE as u64 + 2);
    file.seek(SeekFrom::Start(from)).map_err(failed())?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed())?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lines = bytes.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let signs = |body: &Body| matches!(body, Body::Checkpoint | Body::Seal);
    let read = lines.rev().filter_map(|line| Some((read_entry(line).ok()?, line)));
    let mut signed = read.filter(|(entry, _)| signs(&entry.body));
    let mut found = signed.next();
    // The last batch of a log that is being written may not be on the disk yet; whatever stands before it is.
    if found.as_ref().is_some_and(|(entry, _)| entry.body != Body::Seal) && is_being_written(&place.log) {
        found = signed.next();
    }
    Ok(found.map(|(entry, line)| Anchor {
        run: run.to_owned(),
        lines: entry.seq + 1,
        head: sha256_hex(line).as_str().to_owned(),
    }))
}

/// Puts a statement into the folder, from where it is anchored; one that is there already is the same.
///
/// # Errors
/// If it can't be written, or another one is there.
pub fn state(folder: &Path, anchor: Anchor) -> Result<Statement, StoreError> {
    let place = folder.join(FOLDER);
    fs::create_dir_all(&place).map_err(StoreError::beside("create the folder", &place))?;
    let path = place.join(format!("{:08}.txt", anchor.lines));
    match fs::read_to_string(&path) {
        Ok(text) if text == anchor.text() => {}
        Ok(_) => {
            let another = io::Error::other("it says something else of this line: the log was replaced");
            return Err(StoreError::io("anchor as", &path)(another));
        }
        Err(_) => write(&path, anchor.text().as_bytes())?,
    }
    Ok(Statement { anchor, path })
}

/// Lists the statements of a folder, by their lines.
pub fn statements(folder: &Path) -> Vec<Statement> {
    let entries = fs::read_dir(folder.join(FOLDER)).into_iter().flatten().flatten();
    let texts = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "txt"));
    let mut all: Vec<_> = texts
        .filter_map(|path| Some(Statement { anchor: Anchor::parse(&fs::read_to_string(&path).ok()?)?, path }))
        .collect();
    all.sort_by_key(|statement| statement.anchor.lines);
    all
}

/// Reads what lies beside a log, and says who vouches for it: a time stamp does if it is one of an authority that one of
/// the certificates in `authorities` leads to. What does not count is said, a sentence each.
pub(super) fn beside(folder: &Path, authorities: Option<&Path>) -> (Vec<Vouched>, Vec<String>) {
    let mut wrong = Vec::new();
    let vouched = statements(folder).into_iter().map(|statement| {
        let name = name(&statement.path);
        let by = match authorities.filter(|_| statement.has(Receipt::Stamp)) {
            None => Voucher::Nobody,
            Some(authorities) => stamped(&statement, authorities).unwrap_or_else(|why| {
                wrong.push(format!("the time stamp of {name} does not count: {why}"));
                Voucher::Nobody
            }),
        };
        Vouched { anchor: statement.anchor, name, by }
    });
    (vouched.collect(), wrong)
}

/// Reads a statement that whoever verifies got from where its author can't change it.
///
/// # Errors
/// If it is none.
pub fn given(path: &Path) -> Result<Vouched, StoreError> {
    let text = fs::read_to_string(path).map_err(StoreError::io("read the anchor", path))?;
    let none = || io::Error::other("it is no statement that lifeboat anchors");
    let anchor = Anchor::parse(&text).ok_or_else(none).map_err(StoreError::io("understand the anchor", path))?;
    Ok(Vouched { anchor, name: path.display().to_string(), by: Voucher::Reader })
}

/// Asks openssl whether the stamp is one over this statement, of an authority that is trusted.
fn stamped(statement: &Statement, authorities: &Path) -> Result<Voucher, String> {
    let path = statement.path.with_extension(Receipt::Stamp.ending());
    let answer = fs::read(&path).map_err(|error| error.to_string())?;
    let stamp = read_stamp(&answer).map_err(|why| format!("the authority {why}"))?;
    if stamp.digest != Sha512::digest(statement.anchor.text().as_bytes()).as_slice() {
        return Err("it is one over something else".to_owned());
    }
    let mut openssl = Command::new("openssl");
    openssl.args(["ts", "-verify", "-data"]).arg(&statement.path).arg("-in").arg(&path).arg("-CAfile").arg(authorities);
    let said = openssl.stdin(Stdio::null()).output().map_err(|error| format!("openssl can't be asked: {error}"))?;
    if said.status.success() {
        return Ok(Voucher::Stamped(stamp.at));
    }
    let text = String::from_utf8_lossy(&said.stderr);
    let why = text.lines().find(|line| line.contains("error:")).unwrap_or("openssl refuses it");
    Err(SafeText::line(why.trim()).into_string())
}

fn name(path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{FOLDER}/{file}")
}

/// Writes a file as a whole, or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let part = path.with_extension("part");
    drop(fs::remove_file(&part));
    let mut file = runs::create(&part)?;
    let failed = |what| StoreError::beside(what, path);
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write"))?;
    fs::rename(&part, path).map_err(failed("write"))?;
    path.parent().map_or(Ok(()), runs::sync_folder)
}
