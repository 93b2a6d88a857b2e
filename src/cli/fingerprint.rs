//! `lifeboat fingerprint`: what is in a database, to prove a copy of it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::args::Fingerprint;
use super::failure::{Failure, Kind};
use super::say;
use crate::exec::Reach;
use crate::exec::fingerprint::{
    AppendOnly, Comparison, Extent, FingerprintError, Manifest, Snapshot, Wish, compare, take as take_fingerprint,
};
use crate::exec::sql::{SqlContext, parse_url};
use crate::kernel::counted;

/// How long the server may take to let anybody in. What follows takes as long as it takes.
const LOG_IN: Duration = Duration::from_secs(20);

/// What names the resolver that is asked instead of the system's: a drill's shell blocks have it.
const RESOLVER: &str = "LIFEBOAT_RESOLVER";

/// Takes a fingerprint; writes it, or compares it with a manifest.
pub(super) fn fingerprint(wanted: &Fingerprint) -> Result<ExitCode, Failure> {
    let usage = |why: String| Failure::new(Kind::Usage, why);
    let password = std::env::var("PGPASSWORD").ok();
    let database = parse_url(&wanted.url, password.as_deref()).map_err(|bad| usage(format!("the address: {bad}")))?;
    let before = wanted.against.as_deref().map(read).transpose()?;
    let append_only = wanted.append_only.iter().map(|text| append_only(text)).collect::<Result<Vec<_>, _>>()?;
    let (wish, extent) = match &before {
        Some(manifest) if wanted.up_to_watermark => {
            if manifest.tables.iter().all(|table| table.watermark.is_none()) {
                return Err(usage(
                    "the manifest names no watermark, so nothing of it can be compared up to one".to_owned(),
                )
                .hint("take it with --append-only TABLE:COLUMN for each table that only grows"));
            }
            (Wish::UpTo(manifest), Extent::UpToWatermark)
        }
        _ => (Wish::Whole(&append_only), Extent::Whole),
    };
    let resolver = match std::env::var(RESOLVER) {
        Ok(text) => {
            let address = text.parse();
            Some(address.map_err(|_| usage(format!("{RESOLVER}: `{text}` is no address; write `127.0.0.1:5300`")))?)
        }
        Err(_) => None,
    };
    let cx = SqlContext { timeout: LOG_IN, resolver, reach: Reach::Anywhere };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Kind::Internal, format!("the runtime did not start: {error}")))?;
    let found = runtime.block_on(async {
        let mut said = |doing: &str| say::aside(format_args!("{doing}"));
        take_fingerprint(&cx, &database, (wish, Snapshot::Own), &mut said, interrupted()).await
    });
    let found = found.map_err(|error| {
        let kind = if matches!(error, FingerprintError::Interrupted) { Kind::Stopped } else { Kind::Usage };
        Failure::new(kind, error.to_string())
    })?;
    if let Some(out) = &wanted.out {
        write(out, &found.write())?;
        say::aside(format_args!("{}, written to {}", counted(found.tables.len(), "table"), out.display()));
    }
    if let Some(before) = &before {
        let comparison = compare(before, &found, extent);
        report(before, &comparison, extent);
        let same = comparison.differences.is_empty();
        return Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(Kind::Problems as u8) });
    }
    if wanted.out.is_none() {
        say::line(format_args!("{}", found.write().trim_end()));
    }
    Ok(ExitCode::SUCCESS)
}

fn report(before: &Manifest, comparison: &Comparison, extent: Extent) {
    for difference in &comparison.differences {
        say::line(format_args!("{difference}"));
    }
    for table in &comparison.not_compared {
        say::line(format_args!("table {table}: not compared"));
    }
    let tables = counted(comparison.compared, "table");
    let bound = match extent {
        Extent::Whole => "",
        Extent::UpToWatermark => " up to their watermarks",
    };
    let (taken, name) = (&before.taken_at, &before.database);
    match comparison.differences.len() {
        0 => say::line(format_args!("SAME as {name} at {taken}: {tables} compared{bound}, no difference")),
        many => {
            let many = counted(many, "difference");
            say::line(format_args!("DIFFERENT from {name} at {taken}: {many}, {tables} compared{bound}"));
        }
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without signals nobody can interrupt.
        std::future::pending::<()>().await;
    }
}

fn append_only(text: &str) -> Result<AppendOnly, Failure> {
    let split = text.rsplit_once(':').filter(|(table, column)| table.contains('.') && !column.is_empty());
    let (table, column) = split.ok_or_else(|| {
        Failure::new(Kind::Usage, format!("`{text}` names no append-only table"))
            .hint("write the table with its schema and the column by which it grows: `public.orders:id`")
    })?;
    Ok(AppendOnly { table: table.to_owned(), column: column.to_owned() })
}

fn read(path: &Path) -> Result<Manifest, Failure> {
    let failed = |why: String| Failure::new(Kind::Usage, format!("{}: {why}", path.display()));
    let bytes = fs::read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    Manifest::read(&bytes).map_err(|bad| failed(bad.to_string()))
}

/// Writes a new file, all of it or nothing. A manifest that is there is evidence, and stays.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(Kind::Usage, format!("{} cannot be written: {error}", path.display()));
    if path.exists() {
        return Err(Failure::new(Kind::Usage, format!("{} is there already", path.display()))
            .hint("choose another name; a manifest is evidence and is not overwritten"));
    }
    let partial = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
    let written = fs::File::create_new(&partial)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        drop(fs::remove_file(&partial));
        failed(error)
    })
}
