//! The commands of `docs/incident-log.md`, word for word, with nothing but sh and ssh-keygen.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::fixture::{sealed, signers_of};

/// Takes the `sh` fences out of the page.
fn blocks() -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/incident-log.md")).unwrap();
    page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn run(block: &str, folder: &Path) -> Output {
    Command::new("sh").arg("-ec").arg(block).current_dir(folder).output().unwrap()
}

#[test]
fn the_page_s_commands_accept_a_log_and_refuse_a_changed_one() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let folder = drill.folder.path();
    fs::copy(signers_of(&drill), folder.join("allowed_signers")).unwrap();
    let blocks = blocks();
    assert_eq!(blocks.len(), 4, "the page has another number of commands");
    for block in &blocks {
        let output = run(block, folder);
        assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let log = drill.folder.log();
    let text = fs::read_to_string(&log).unwrap();
    // Each block with a change that it has to notice.
    let changes: [(&str, &str); 4] = [
        ("declared", "declareD"),
        ("session delegation", "session delegatiom"),
        ("\"out_sha256\":\"", "\"out_sha256\":\"0"),
        ("declared", "declareD"),
    ];
    for (block, (from, to)) in blocks.iter().zip(changes) {
        fs::write(&log, text.replacen(from, to, 1)).unwrap();
        assert!(!run(block, folder).status.success(), "{block}");
    }
}
