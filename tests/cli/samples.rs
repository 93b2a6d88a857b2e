//! The recordings that come with lifeboat: of every scenario one, sealed, whole, and told to its last frame.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::Home;

/// How large one may be, in bytes: whoever clones takes them all.
const MOST_BYTES: u64 = 512 * 1024;

fn bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| if entry.path().is_dir() { bytes(&entry.path()) } else { entry.metadata().unwrap().len() })
        .sum()
}

#[test]
fn every_scenario_has_a_sealed_recording_that_plays_to_its_end() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let signers = root.join("recordings/allowed_signers");
    let signers = signers.to_str().unwrap();
    let runbooks = std::fs::read_dir(root.join("runbooks")).unwrap().map(|entry| entry.unwrap().path());
    let scenarios: Vec<PathBuf> = runbooks.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    assert!(scenarios.len() >= 7, "{scenarios:?}");
    let home = Home::new();
    for scenario in scenarios {
        let sample = root.join("recordings").join(scenario.file_stem().unwrap());
        let (size, sample) = (bytes(&sample), sample.to_str().unwrap());
        assert!(size <= MOST_BYTES, "{sample} has {size} bytes");
        let verified = home.run(&["log", "verify", sample, "--allowed-signers", signers, "--require", "sealed"]);
        assert_eq!(verified.code, Some(0), "{sample}: {verified:?}");
        let export = ["export", sample, "--allowed-signers", signers, "--format", "svg", "--size", "120x40"];
        let frame = home.run(&export);
        assert_eq!(frame.code, Some(0), "{sample}: {}", frame.err);
        for word in ["REPLAY", "log SEALED", "Summary", "RTO   MET", "RPO   MET"] {
            assert!(frame.out.contains(word), "{sample}: no `{word}` in the last frame");
        }
        let report = home.run(&["report", sample, "--allowed-signers", signers]);
        assert_eq!(report.code, Some(0), "{sample}: {report:?}");
    }
}

#[test]
fn a_verdict_is_heard_by_its_exit_code_where_nobody_reads_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sample = root.join("recordings/az-failure");
    let signers = root.join("recordings/allowed_signers");
    let home = Home::new();
    let words = ["log", "verify", sample.to_str().unwrap(), "--allowed-signers", signers.to_str().unwrap()];
    let mut verify = home.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(verify.stdout.take());
    let ended = verify.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}
