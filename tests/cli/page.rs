//! The report as a page, in a real browser: it shows the verdict, says nothing on its console, and asks nobody for anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Home, Said, said};

/// Finds a Chromium without a window.
fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium-headless-shell", "chromium", "google-chrome"];
    std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file())
}

#[test]
fn a_browser_shows_the_page_and_asks_nobody_for_anything() {
    let home = Home::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (sample, signers) = (root.join("recordings/region-failure"), root.join("recordings/allowed_signers"));
    let report =
        ["report", sample.to_str().unwrap(), "--allowed-signers", signers.to_str().unwrap(), "--format", "html"];
    let made = home.run(&report);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.out.contains("<strong>MET</strong>") && made.out.contains("<details id=\"o0\""));
    assert_eq!(made.out, home.run(&report).out, "the same record, another page");
    let Some(chromium) = chromium() else {
        eprintln!(
            "NOT RUN: no Chromium on this machine, so no browser has opened the page; apt-get install chromium-headless-shell"
        );
        return;
    };
    // What the browser would tell of a page that does otherwise.
    let control = "<!DOCTYPE html><img src=\"http://example.invalid/a.png\"><script>console.log('said')</script>";
    let (seen, asked) = opened(&home, &chromium, control);
    assert!(seen.err.contains("CONSOLE") && asked.contains(ASKED), "the browser tells nothing: {seen:?}");

    let (seen, asked) = opened(&home, &chromium, &made.out);
    for text in ["<dt>RTO</dt><dd><strong>MET</strong>", "id=\"f0\"", "</html>"] {
        assert!(seen.out.contains(text), "{text} is not in what the browser made of the page");
    }
    assert!(!seen.err.contains("CONSOLE"), "{}", seen.err);
    assert!(!asked.contains(ASKED), "something was asked for: {asked}");
}

/// How a browser's log of the network begins to name what was asked for over one.
const ASKED: &str = "\"url\":\"http";

/// Opens a page in a browser without a network; returns what it made of it and its log of the network.
fn opened(home: &Home, chromium: &Path, page: &str) -> (Said, String) {
    let page = home.write("page.html", page);
    let net = home.path("net.json");
    let mut browser = Command::new(chromium);
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]);
    browser.args(["--enable-logging=stderr", "--v=0", "--host-resolver-rules=MAP * ~NOTFOUND"]);
    browser.arg(format!("--user-data-dir={}", home.path("profile").display()));
    browser.arg(format!("--log-net-log={}", net.display())).arg("--dump-dom").arg(format!("file://{}", page.display()));
    let seen = said(&mut browser);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    (seen, std::fs::read_to_string(&net).unwrap())
}
