//! Tests of packed runs: what comes out is what went in, and nothing hostile leaves its folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::check::verify_run;
use super::fixture::copy;
use super::pack::{PackError, leave_packs, open_pack, pack, packed_facilitator};
use super::runs::Runs;
use super::tar;
use crate::journal::{Trust, Verdict};

/// What is open belongs to the process: one test at a time.
static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/az-failure")
}

fn packed(folder: &Path) -> Vec<u8> {
    let place = Runs::at("/nowhere").find(folder.to_str().unwrap()).unwrap();
    let mut bytes = Vec::new();
    let said = pack((&place, None), "20261128T000000Z-test", 1_795_000_000, &mut bytes).unwrap();
    assert_eq!(said.bytes, bytes.len() as u64);
    bytes
}

fn open(root: &Path, bytes: &[u8]) -> Result<super::LogPlace, PackError> {
    let file = root.join("pack.tar");
    fs::write(&file, bytes).unwrap();
    open_pack(&file, &root.join("opened"))
}

/// Everything below a folder, with its content.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            all.extend(everything(&entry.path()));
        } else {
            all.push((entry.path(), fs::read(entry.path()).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn a_facilitators_log_goes_along_and_is_found_again() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let runs = Runs::at("/nowhere");
    let place = runs.find(sample().to_str().unwrap()).unwrap();
    // Any log in a folder of its own will do.
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/region-failure");
    let theirs = runs.find(other.to_str().unwrap()).unwrap();
    let mut bytes = Vec::new();
    pack((&place, Some(&theirs)), "20261128T000000Z-test", 0, &mut bytes).unwrap();
    let opened = open(root.path(), &bytes).unwrap();
    let folder = opened.folder.as_deref().unwrap();
    let found = packed_facilitator(folder).unwrap();
    assert_eq!(fs::read(&found.log).unwrap(), fs::read(&theirs.log).unwrap());
    assert_eq!(fs::read(&opened.log).unwrap(), fs::read(&place.log).unwrap(), "the run's own is where it was");
    assert_eq!(
        verify_run(&opened, &Trust::default()).unwrap().verdict,
        verify_run(&place, &Trust::default()).unwrap().verdict
    );
    assert!(packed_facilitator(&sample()).is_none());
    leave_packs();
}

/// A pack of these entries, whatever they are.
fn made(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, content) in entries {
        let mut header = tar::header("x", content.len() as u64, 0).unwrap();
        for (at, byte) in header.iter_mut().take(100).enumerate() {
            *byte = name.as_bytes().get(at).copied().unwrap_or(0);
        }
        header[156] = *kind;
        signed(&mut header);
        bytes.extend(header);
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// Makes the checksum anew.
fn signed(header: &mut [u8; 512]) {
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn a_packed_run_verifies_as_its_folder_does_and_packs_to_the_same_bytes() {
    let (_alone, root) = (alone(), tempfile::tempdir().unwrap());
    let folder = root.path().join("run");
    copy(&sample(), &folder);
    fs::create_dir(folder.join("state")).unwrap();
    fs::write(folder.join("state/carried.sh"), "export PASSWORD=x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("output/9.9.out")).unwrap();
    let bytes = packed(&folder);
    assert_eq!(bytes, packed(&sample()), "neither what a shell left nor a link is packed");
    let place = open(root.path(), &bytes).unwrap();
    let trust = Trust::default();
    let (was, is) = (
        super::verify_run(&Runs::at("/").find(sample().to_str().unwrap()).unwrap(), &trust),
        super::verify_run(&place, &trust),
    );
    let (was, is) = (was.unwrap(), is.unwrap());
    assert_eq!((was.verdict, was.log_sha512, was.findings), (is.verdict, is.log_sha512, is.findings));
    assert_ne!(is.verdict, Verdict::Tampered);
    let unpacked = place.folder.clone().unwrap();
    assert_eq!(bytes, packed(&unpacked));
    let inside = unpacked.parent().unwrap().to_owned();
    leave_packs();
    assert!(!inside.exists());
    // What a process left that is gone goes when the next pack is opened.
    fs::create_dir_all(root.path().join("opened/1-gone/run")).unwrap();
    fs::write(root.path().join("opened/1-gone/.in-use"), "").unwrap();
    open(root.path(), &bytes).unwrap();
    assert!(!root.path().join("opened/1-gone").exists());
    leave_packs();
}

#[test]
fn what_tar_itself_packs_is_opened_too() {
    let (_alone, root) = (alone(), tempfile::tempdir().unwrap());
    for words in [
        vec!["-C", sample().parent().unwrap().to_str().unwrap(), "az-failure"],
        vec!["-C", sample().to_str().unwrap(), "."],
    ] {
        let file = root.path().join("theirs.tar");
        let mut tar = std::process::Command::new("tar");
        tar.args(["--format=ustar", "-cf"]).arg(&file).args(&words);
        assert!(tar.status().unwrap().success());
        let place = open_pack(&file, &root.path().join("opened")).unwrap();
        assert_eq!(fs::read(place.log).unwrap(), fs::read(sample().join("incident.jsonl")).unwrap(), "{words:?}");
    }
    leave_packs();
}

#[test]
fn hostile_packs_are_refused_in_words_and_leave_nothing() {
    let (_alone, root) = (alone(), tempfile::tempdir().unwrap());
    let log: (&str, u8, &[u8]) = ("run/incident.jsonl", b'0', b"{}\n");
    let long = "run/".to_owned() + &"o/".repeat(20) + "x";
    for (what, entries) in [
        ("leads elsewhere", vec![log, ("../evil", b'0', b"x".as_slice())]),
        ("leads elsewhere", vec![log, ("run/../../evil", b'0', b"x")]),
        ("leads elsewhere", vec![("/tmp/evil", b'0', b"x")]),
        ("leads elsewhere", vec![log, ("run/output/..", b'0', b"x")]),
        ("leads elsewhere", vec![log, ("run/.bashrc", b'0', b"x")]),
        ("leads elsewhere", vec![log, ("run/a\x1b[2Jb", b'0', b"x")]),
        ("leads elsewhere", vec![log, (&long, b'0', b"x")]),
        ("a link", vec![log, ("run/output", b'2', b"")]),
        ("a link", vec![log, ("run/hard", b'1', b"")]),
        ("a device", vec![log, ("run/sda", b'4', b"")]),
        ("a pipe", vec![log, ("run/pipe", b'6', b"")]),
        ("extended header", vec![("PaxHeaders/x", b'x', b"30 path=../../evil\n"), log]),
        ("of a kind that is not known", vec![log, ("run/sparse", b'S', b"")]),
        ("twice", vec![log, ("run/runbook.md", b'0', b"1"), ("run/runbook.md", b'0', b"2")]),
        ("twice", vec![log, ("run/output", b'0', b"1"), ("run/output", b'0', b"2")]),
        ("a folder with content", vec![log, ("run/output/", b'5', b"x")]),
        ("more than one run", vec![log, ("other/incident.jsonl", b'0', b"{}\n")]),
        ("no incident.jsonl", vec![("run/runbook.md", b'0', b"#")]),
        ("no incident.jsonl", vec![]),
    ] {
        let said = open(root.path(), &made(&entries)).unwrap_err().to_string();
        assert!(said.contains(what) && said.contains("pack.tar"), "{what}: {said}");
        assert!(!said.contains('\x1b'), "{said}");
    }
    // Where a file stands, no folder can be made.
    assert!(open(root.path(), &made(&[log, ("run/output", b'0', b"1"), ("run/output/1.1.out", b'0', b"2")])).is_err());
    let remains: Vec<_> = everything(root.path()).into_iter().map(|(path, _)| path).collect();
    assert_eq!(remains, [root.path().join("pack.tar")], "nothing outside, nothing left");
}

#[test]
fn sizes_that_lie_and_packs_that_were_cut_are_refused() {
    let (_alone, root) = (alone(), tempfile::tempdir().unwrap());
    let whole = packed(&sample());
    for size in [u64::MAX, u64::MAX - 511, 1 << 40, whole.len() as u64] {
        let mut lies = whole.clone();
        let mut header = tar::header("run/incident.jsonl", size, 0).unwrap();
        signed(&mut header);
        lies[..512].copy_from_slice(&header);
        let said = open(root.path(), &lies).unwrap_err().to_string();
        assert!(said.contains("larger than what is there"), "{size}: {said}");
    }
    for length in (0..whole.len()).step_by(4_096).chain([whole.len() - 1024, whole.len() - 513]) {
        let cut = open(root.path(), &whole[..length]);
        assert!(matches!(cut, Err(PackError::Refused { .. })), "{length}: {cut:?}");
    }
    // Every byte of a header counts.
    let mut flipped = whole.clone();
    flipped[124] ^= 1;
    assert!(open(root.path(), &flipped).unwrap_err().to_string().contains("checksum"));
    assert!(!root.path().join("opened").read_dir().unwrap().flatten().any(|entry| entry.path().is_dir()));
}
