//! The checks behind `lifeboat log verify`: the log, and the files beside it that the log vouches for.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use ssh_key::PublicKey;

use super::beside::Beside;
use super::error::StoreError;
use super::practice::practice_signers;
use super::runs::LogPlace;
use crate::journal::{
    Addition, AllowedSigners, Approvals, OutputClaim, Severity, Signed, Trust, Verdict, Verification, time_text,
    verify_with,
};
use crate::kernel::{SafeText, Sha256Hex, spoken};

/// Gathers whom to trust: the given `allowed_signers` files, the practice key of the state folder if there is one, and
/// a list of revoked public keys, one a line.
///
/// # Errors
/// If a file that was named cannot be read.
pub fn load_trust(
    signers: &[PathBuf],
    revoked: Option<&Path>,
    state: Option<&Path>,
    at: DateTime<Utc>,
) -> Result<Trust, StoreError> {
    let mut trust = Trust { at, ..Trust::default() };
    for path in signers {
        let text = fs::read_to_string(path).map_err(StoreError::io("read the allowed signers", path))?;
        trust.signers.extend(AllowedSigners::parse(&text));
    }
    if let Some(text) = state.and_then(|state| fs::read_to_string(practice_signers(state)).ok()) {
        trust.signers.extend(AllowedSigners::parse(&text));
    }
    if let Some(path) = revoked {
        let text = fs::read_to_string(path).map_err(StoreError::io("read the revoked keys", path))?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let key = PublicKey::from_openssh(line).map_err(|e| {
                StoreError::io("understand the revoked keys", path)(io::Error::other(format!(
                    "`{}` is no public key ({e})",
                    SafeText::line(line)
                )))
            })?;
            trust.revoked.push(key);
        }
    }
    Ok(trust)
}

/// Verifies a log, and nothing that lies beside it.
///
/// # Errors
/// If the log cannot be read or holds nothing.
pub fn verify_log(place: &LogPlace, trust: &Trust) -> Result<Verification, StoreError> {
    read(place, trust, &mut |_| {})
}

fn read(place: &LogPlace, trust: &Trust, outputs: &mut dyn FnMut(OutputClaim)) -> Result<Verification, StoreError> {
    let open = |path: PathBuf| File::open(&path).map_err(StoreError::io("open the log", &path));
    let mut parts = place.parts().into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    verify_with(&mut Beside::default(), &mut parts, trust, outputs)
        .map_err(|source| StoreError::Verify { path: place.log.clone(), source })
}

/// Verifies a log and, where it lies in a run's folder, the outputs and the runbook beside it.
///
/// # Errors
/// If the log cannot be read or holds nothing.
pub fn verify_run(place: &LogPlace, trust: &Trust) -> Result<Verification, StoreError> {
    let folder = place.folder.as_ref().filter(|folder| folder.join("output").is_dir());
    let mut wrong = Vec::new();
    let mut checked = |claim: OutputClaim| {
        if let Some(folder) = folder {
            outputs(folder, &claim, &mut wrong);
        }
    };
    let (beside, uncounted) = match &place.folder {
        Some(folder) => super::anchors::beside(folder, trust.authorities.as_deref()),
        None => (Vec::new(), Vec::new()),
    };
    let mut anchors = trust.anchors.clone();
    anchors.extend(beside);
    let trust = &Trust { anchors, ..trust.clone() };
    let mut result = read(place, trust, &mut checked)?;
    if let Some(at) = result.stamped().filter(|_| result.verdict == Verdict::Untrusted) {
        // Whatever became of a key since: it was valid when the log was stamped as it is, or it was not.
        let then = read(place, &Trust { at, ..trust.clone() }, &mut |_| {})?;
        if then.verdict < result.verdict {
            result = then;
            let text = format!("keys count as of {}, when the log was stamped", time_text(at));
            result.add(None, Severity::Note, text);
        }
    }
    for text in uncounted {
        result.add(None, Severity::Warning, text);
    }
    for (line, text) in wrong {
        result.add(Some(line), Severity::Damage, text);
    }
    match (folder, &result.runbook_sha256) {
        (Some(folder), Some(digest)) => {
            let claim =
                Claim { file: folder.join("runbook.md"), name: "runbook.md", bytes: None, sha256: Some(digest) };
            if let Err(why) = claim.holds() {
                result.add(Some(1), Severity::Damage, why);
            }
        }
        (None, _) => {
            result.add(
                None,
                Severity::Note,
                "outputs and runbook were not checked: there is no folder `output` beside the log",
            );
        }
        (Some(_), None) => {}
    }
    if let Some(folder) = &place.folder {
        let addenda = super::addenda::read(folder, &result, trust)?;
        for (line, severity, text) in &addenda.findings {
            result.add(None, *severity, format!("{} line {line} {text}", super::addenda::FILE));
        }
        let witnesses = addenda.counting().filter(|(entry, _)| matches!(entry.what, Addition::Countersigned { .. }));
        result.countersigned_by = witnesses.map(|(_, by)| by.clone()).collect();
    }
    Ok(result)
}

fn outputs(folder: &Path, claim: &OutputClaim, wrong: &mut Vec<(u64, String)>) {
    let attempt = claim.attempt.as_str();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if attempt.is_empty() || attempt.starts_with('.') || !attempt.chars().all(plain) {
        wrong.push((claim.line, format!("`{}` is no name of an attempt", SafeText::line(attempt))));
        return;
    }
    let streams = &claim.streams;
    for (ending, bytes, sha256) in
        [("out", streams.out_bytes, &streams.out_sha256), ("err", streams.err_bytes, &streams.err_sha256)]
    {
        let name = format!("output/{attempt}.{ending}");
        let file = folder.join(&name);
        if let Err(why) = (Claim { file, name: &name, bytes: Some(bytes), sha256: sha256.as_ref() }).holds() {
            wrong.push((claim.line, why));
        }
    }
}

struct Claim<'c> {
    file: PathBuf,
    name: &'c str,
    bytes: Option<u64>,
    sha256: Option<&'c Sha256Hex>,
}

impl Claim<'_> {
    fn holds(&self) -> Result<(), String> {
        let (name, Some(sha256)) = (self.name, self.sha256) else { return Ok(()) };
        let size = match fs::symlink_metadata(&self.file) {
            Ok(meta) if meta.is_file() => meta.len(),
            Ok(_) => return Err(format!("{name} is no plain file")),
            Err(e) if e.kind() == io::ErrorKind::NotFound && self.bytes == Some(0) => return Ok(()),
            Err(e) => return Err(format!("{name}, which this line vouches for, cannot be read: {e}")),
        };
        if let Some(bytes) = self.bytes.filter(|&bytes| bytes != size) {
            return Err(format!("{name} has {size} bytes, and had {bytes} when it was recorded"));
        }
        let actual = sha256_of(&self.file).map_err(|e| format!("{name} cannot be read: {e}"))?;
        if actual == *sha256 { Ok(()) } else { Err(format!("{name} was changed after it was recorded")) }
    }
}

fn sha256_of(path: &Path) -> io::Result<Sha256Hex> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Sha256Hex::from_digest(&hash.finalize())),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

/// Writes the answer of `lifeboat log verify`: the verdict in the first words, then who and what.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_verification(result: &Verification, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", result.words())?;
    if let Some(run) = &result.run {
        writeln!(out, "  run        {}", SafeText::line(run.as_str()))?;
    }
    let signed = |signed: &Signed| format!("{} ({})", signed.by, signed.fingerprint);
    if let Some(by) = &result.sealed_by {
        writeln!(out, "  sealed by  {}", signed(by))?;
    }
    if let Some(by) = &result.delegated_by {
        writeln!(out, "  signed by  {}", signed(by))?;
    }
    for by in &result.countersigned_by {
        writeln!(out, "  witness    {}", signed(by))?;
    }
    for anchored in &result.anchored {
        writeln!(out, "  anchored   up to line {} by {}", anchored.lines, anchored.by)?;
    }
    if result.approvals.confirmed > 0 {
        let Approvals { confirmed, signed } = result.approvals;
        writeln!(out, "  approvals  {signed} of {confirmed} confirmations that wanted approvals have them signed")?;
    }
    writeln!(out, "  words      {}", spoken(&result.log_sha512))?;
    if result.parts > 1 {
        writeln!(out, "  parts      {}, the log went on in another place", result.parts)?;
    }
    let coverage = result.coverage;
    writeln!(
        out,
        "  lines      {}, {} of them under a signature, {} checkpoints",
        coverage.lines,
        coverage.lines - coverage.uncovered,
        coverage.checkpoints
    )?;
    for finding in &result.findings {
        let mark = match finding.severity {
            Severity::Damage => "damage",
            Severity::Distrust => "trust",
            Severity::Anchor => "anchor",
            Severity::Open => "open",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        match finding.line {
            Some(line) => writeln!(out, "  {mark:<9}  line {line}: {}", finding.text)?,
            None => writeln!(out, "  {mark:<9}  {}", finding.text)?,
        }
    }
    let binds = match (result.countersigned_by.is_empty(), result.is_anchored()) {
        (_, true) => "an anchor binds the holder, too.",
        (false, false) => "a witness binds the holder, too.",
        (true, false) => "it does not bind the holder.",
    };
    writeln!(out, "  A signature proves that nobody but the holder of the key changed the log; {binds}")
}
