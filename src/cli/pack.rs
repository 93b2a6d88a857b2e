//! `lifeboat runs export`: a run in one file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sha2::{Digest as _, Sha256};

use super::args::PackArgs;
use super::failure::{Failure, Kind};
use super::{log, places, say};
use crate::drive::facilitate::to_hand_on;
use crate::kernel::Sha256Hex;
use crate::store::{self, LogPlace, PackError};

/// Takes the digest of what is written.
struct Digested<W>(W, Sha256);

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.0.write(bytes)?;
        self.1.update(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Packs a run.
pub(super) fn export(wanted: &PackArgs) -> Result<ExitCode, Failure> {
    let place = log::find_folder(&wanted.run, wanted.runs.clone())?;
    let Some(folder) = place.folder.clone() else {
        return Err(Failure::new(
            Kind::Usage,
            format!("{} is not in a run's folder, and only folders are packed", place.log.display()),
        )
        .hint("name a run (`lifeboat runs` lists them) or the folder of one"));
    };
    let (opened, began) = store::header(&place.log).map_err(log::unreadable)?;
    // A forged name leads nowhere.
    let plain = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && name.len() < 64;
    let run = Some(opened.run.as_str()).filter(plain).filter(|name| !name.is_empty()).unwrap_or("run");
    let seconds = u64::try_from(began.utc.timestamp()).unwrap_or(0);
    let path = wanted.out.clone().unwrap_or_else(|| PathBuf::from(format!("{run}.tar")));
    let own = to_hand_on(&places::state()?, &place, &log::trust(None)?);
    let both = (&place, own.as_ref().ok());
    if path == Path::new("-") {
        return written(both, run, seconds, &mut io::stdout().lock()).map(|_| ExitCode::SUCCESS);
    }
    let failed = |error: io::Error| Failure::new(Kind::Usage, format!("{} can't be written: {error}", path.display()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|error| {
        let failure = failed(error);
        if path.exists() { failure.hint("name another file with --out FILE, or remove that one") } else { failure }
    })?;
    let mut out = Digested(io::BufWriter::new(file), Sha256::new());
    let packed = written(both, run, seconds, &mut out).and_then(|packed| {
        out.0.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all()).map_err(failed)?;
        Ok(packed)
    });
    let packed = packed.inspect_err(|_| drop(fs::remove_file(&path)))?;
    say::line(format_args!(
        "packed {} files of {} into {}, {} bytes",
        packed.files,
        folder.display(),
        path.display(),
        packed.bytes
    ));
    say::line(format_args!("sha256 {}", Sha256Hex::from_digest(&out.1.finalize())));
    match &own {
        Ok(_) => say::line("its facilitator's log is in it: `lifeboat report PACK --hot-wash` has both"),
        Err(Some(why)) => say::aside(format_args!("note: its facilitator's log is not in it: {why}")),
        Err(None) => {}
    }
    if packed.left_out > 0 {
        say::aside(format_args!("note: {} files and folders that are no evidence were left out", packed.left_out));
    }
    if store::is_being_written(&place.log) {
        say::aside("note: the run is being worked: the pack ends where its log ended by now");
    }
    Ok(ExitCode::SUCCESS)
}

fn written(
    both: (&LogPlace, Option<&LogPlace>),
    run: &str,
    seconds: u64,
    out: &mut dyn Write,
) -> Result<store::Packed, Failure> {
    store::pack(both, run, seconds, out).map_err(|error| match error {
        // Whoever reads (`| head`) has seen enough.
        PackError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Failure::new(Kind::Usage, ""),
        error => Failure::new(Kind::Usage, error.to_string()),
    })
}
