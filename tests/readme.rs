//! Holds the documents to what they say: commands parse, links lead somewhere, the log verifies as the README shows it.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the documents fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lifeboat::settings::config::Config;
use regex::Regex;

const LIFEBOAT: &str = env!("CARGO_BIN_EXE_lifeboat");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Takes the fences of one language out of a page.
fn fences(page: &str, language: &str) -> Vec<String> {
    let begin = format!("\n```{language}\n");
    page.split(&begin).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// Every Markdown page of the project, runbooks and fixtures apart.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for folder in [root().to_owned(), root().join("docs")] {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    }
    pages
}

#[test]
fn every_command_parses() {
    let mut seen = 0;
    for line in fences(&read("README.md"), "sh").iter().flat_map(|fence| fence.lines()) {
        let words = shlex::split(line).unwrap();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (["cargo", "run", "--", arguments @ ..] | ["lifeboat", arguments @ ..]) = words.as_slice() else {
            continue;
        };
        // Arguments are read in order: what is wrong before `--help` is refused before help is given.
        let asked = Command::new(LIFEBOAT).args(arguments).arg("--help").output().unwrap();
        assert!(asked.status.success(), "{line}\n{}", String::from_utf8_lossy(&asked.stderr));
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} commands of lifeboat stand in the README");
}

#[test]
fn one_command_tests_everything() {
    assert!(fences(&read("README.md"), "sh").iter().any(|fence| fence == "tests/all.sh"));
    let all = fs::metadata(root().join("tests/all.sh")).unwrap();
    assert_ne!(all.permissions().mode() & 0o111, 0, "tests/all.sh can't be executed");
    assert!(read(".ci/run").contains("exec \"$(dirname \"$0\")/../tests/all.sh\""), "CI runs something else");
}

#[test]
fn every_configuration_shown_is_one() {
    for page in ["README.md", "docs/config.md"] {
        let shown = fences(&read(page), "toml");
        assert!(!shown.is_empty(), "{page}");
        for text in shown {
            let config = Config::parse(page, &text).unwrap_or_else(|error| panic!("{error}"));
            assert!(config.profiles().any(|name| name == "prod"), "{page}");
        }
    }
}

#[test]
fn every_environment_variable_is_described() {
    let page = read("docs/config.md");
    let read_here = Regex::new(r#"\b(?:var|var_os|try_from_env|absolute)\("([A-Z_]+)"\)"#).unwrap();
    let mut folders = vec![root().join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for found in read_here.captures_iter(&text) {
                let name = &found[1];
                assert!(page.contains(&format!("`{name}`")), "{}: docs/config.md lacks {name}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "found {seen} only");
}

/// The anchor that a heading gets on a code-hosting site.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>().replace(' ', "-")
}

/// Leaves out what stands in fences: the links of an example lead nowhere.
fn prose(text: &str) -> String {
    let mut open: Option<usize> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let marks = line.chars().take_while(|c| *c == '`').count();
        match open {
            None if marks >= 3 => open = Some(marks),
            None => lines.push(line),
            Some(first) if marks >= first => open = None,
            Some(_) => {}
        }
    }
    lines.join("\n")
}

#[test]
fn every_link_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mention = Regex::new(r"`((?:src|tests|docs|runbooks|themes|benches)/[\w./-]*\w/?)`").unwrap();
    let mut nowhere = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for found in link.captures_iter(&prose(&text)).map(|found| found[1].to_owned()) {
            if found.contains("://") {
                continue;
            }
            let (path, heading) = found.split_once('#').unwrap_or((&found, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let there = target.exists()
                && (heading.is_empty()
                    || fs::read_to_string(&target)
                        .unwrap()
                        .lines()
                        .any(|l| l.starts_with('#') && anchor(l) == heading));
            if !there {
                nowhere.push(format!("{}: {found}", page.display()));
            }
        }
        let mentioned = mention.captures_iter(&text).map(|found| found[1].to_owned());
        nowhere.extend(
            mentioned
                .filter(|path| !root().join(path).exists())
                .map(|path| format!("{}: `{path}` is not there", page.display())),
        );
    }
    assert!(nowhere.is_empty(), "{}", nowhere.join("\n"));
}

#[test]
fn every_page_of_docs_is_in_its_index() {
    let index = read("docs/README.md");
    for page in pages().iter().filter(|page| page.parent() == Some(&root().join("docs"))) {
        let name = page.file_name().unwrap().to_string_lossy();
        assert!(name == "README.md" || index.contains(&format!("]({name})")), "docs/README.md lacks {name}");
    }
}

fn verify(state: &Path, run: &Path) -> Output {
    let mut command = Command::new(LIFEBOAT);
    command.env("XDG_STATE_HOME", state).env("XDG_CONFIG_HOME", state).env_remove("LIFEBOAT_CONFIG");
    command.args(["log", "verify"]).arg(run).output().unwrap()
}

fn by_the_readme(run: &Path) -> Output {
    let readme = read("README.md");
    let blocks = fences(&readme, "sh");
    let block = blocks.iter().find(|block| block.contains("ssh-keygen")).unwrap();
    Command::new("sh").arg("-ec").arg(block).current_dir(run).output().unwrap()
}

#[test]
fn the_log_of_a_drill_verifies_as_the_readme_shows_it() {
    let state = tempfile::tempdir().unwrap();
    let drill = Command::new(LIFEBOAT)
        .args(["drill", "region-failure", "--unattended", "--speed", "240"])
        .env("XDG_STATE_HOME", state.path())
        .env("XDG_CONFIG_HOME", state.path())
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&drill.stdout);
    assert!(drill.status.success(), "{said}\n{}", String::from_utf8_lossy(&drill.stderr));
    for line in ["RTO   MET: ", "RPO   MET: ", "SEEN  customers failed from ", "log   SEALED by practice@lifeboat "] {
        assert!(said.lines().any(|said| said.starts_with(line)), "no `{line}` in\n{said}");
        assert!(read("README.md").contains(&format!("\n{line}")), "the README's summary lacks `{line}`");
    }
    let verified = said.lines().find_map(|line| line.strip_prefix("verify: lifeboat log verify ")).unwrap();
    let run = PathBuf::from(verified);
    assert!(verify(state.path(), &run).status.success());
    let stock = by_the_readme(&run);
    assert!(stock.status.success(), "{}", String::from_utf8_lossy(&stock.stderr));

    // One byte, and both refuse.
    let log = run.join("incident.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen("\"decide\"", "\"decidf\"", 1)).unwrap();
    assert_eq!(verify(state.path(), &run).status.code(), Some(1));
    assert!(!by_the_readme(&run).status.success());
}
