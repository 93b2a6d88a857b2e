//! Diagnostics for those who look for a defect of lifeboat: a rolling file in the state folder. Never evidence.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::EnvFilter;

/// Keeps the writer of diagnostics alive; dropping it writes what is left.
#[derive(Debug)]
pub struct Diagnostics {
    _guard: WorkerGuard,
}

/// Sends diagnostics to `STATE/diagnostics/lifeboat.DATE.log`, a file a day, a week of them, for the user alone. `LIFEBOAT_LOG`
/// filters.
///
/// A folder that can't be written leaves lifeboat without diagnostics: they never hold anything up.
pub fn begin(state: &Path) -> Option<Diagnostics> {
    let folder = state.join("diagnostics");
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
    let file = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("lifeboat")
        .filename_suffix("log")
        .max_log_files(7)
        .build(folder)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let filter = EnvFilter::try_from_env("LIFEBOAT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).try_init().ok()?;
    Some(Diagnostics { _guard: guard })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn diagnostics_are_the_user_s_alone() {
        let state = tempfile::tempdir().unwrap();
        drop(begin(state.path()));
        let folder = std::fs::metadata(state.path().join("diagnostics")).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    }
}
