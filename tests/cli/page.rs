//! The report as a page, in a real browser: it shows the verdict, says nothing on its console, and asks nobody for anything;
//! and the page on which a run is watched again, used as its reader would.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::browser::{Browser, chromium};
use crate::support::{Home, Said, said};

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

/// Asks whether an element is seen.
const SEEN: &str = "checkVisibility()";

#[test]
fn on_a_page_a_run_is_watched_again_up_to_any_moment() {
    let home = Home::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (sample, signers) = (root.join("recordings/region-failure"), root.join("recordings/allowed_signers"));
    let export =
        ["export", sample.to_str().unwrap(), "--allowed-signers", signers.to_str().unwrap(), "--format", "html"];
    let made = home.run(&export);
    assert!(made.code == Some(0) && made.out.contains("script-src 'sha256-"), "{made:?}");
    let Some(chromium) = chromium() else {
        eprintln!("NOT RUN: no Chromium on this machine; apt-get install chromium-headless-shell");
        return;
    };
    let page = home.write("watched.html", &made.out);
    let mut browser = Browser::open(&home, &chromium, &page);
    let clock = "document.getElementById('r-clock').textContent";
    let later = "document.querySelectorAll('tr.later').length";
    let state = "document.querySelectorAll('#r-steps li')[8].querySelector('.state').textContent";
    let said = |browser: &mut Browser, what: &str| browser.eval(what).as_str().unwrap().to_owned();
    assert!(said(&mut browser, clock).starts_with("restored "), "it begins with all of it");
    assert_eq!((browser.eval(later), browser.eval(state)), (json!(0), json!("done")));

    // The slider, moved as a reader moves it.
    let moved = "(() => { const at = document.getElementById('r-at'); at.focus(); at.value = Math.round(at.max / 5); \
                 at.dispatchEvent(new Event('input')); return at.value; })()";
    let fifth = said(&mut browser, moved);
    let then = said(&mut browser, clock);
    assert!(then.starts_with("RTO ") && then.ends_with(" left"), "{then}");
    assert!(browser.eval(later).as_u64().unwrap() > 50);
    assert_eq!(browser.eval(state), "waiting");
    assert_eq!(browser.eval(&format!("document.querySelector('tr.later').{SEEN}")), false);
    for kind in ["rawKeyDown", "keyUp"] {
        let key = json!({ "type": kind, "key": "Home", "code": "Home", "windowsVirtualKeyCode": 36 });
        browser.call("Input.dispatchKeyEvent", key);
    }
    assert!(said(&mut browser, clock) != then && browser.eval("document.getElementById('r-at').value") == "0");
    browser.eval("document.getElementById('r-on').click()");
    assert!(said(&mut browser, "document.getElementById('r-at').value") != fifth);

    // It plays, and what is printed appears.
    browser.eval(&moved.replace("/ 5", "/ 2"));
    assert!(browser.eval("document.getElementById('r-printed').textContent.length").as_u64().unwrap() > 0);
    let plays = "new Promise((done) => { const clock = document.getElementById('r-time'), was = clock.textContent; \
                 document.getElementById('r-speed').value = '64'; document.getElementById('r-play').click(); \
                 const look = () => clock.textContent === was ? setTimeout(look, 5) : done('played'); look(); })";
    assert_eq!(browser.eval(plays), "played");
    browser.eval(&moved.replace("/ 5", "/ 3"));

    // Light and dark, and all of it on paper.
    let ground = "getComputedStyle(document.body).backgroundColor";
    let prefers = |scheme: &str| json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    browser.call("Emulation.setEmulatedMedia", prefers("light"));
    let light = said(&mut browser, ground);
    browser.call("Emulation.setEmulatedMedia", prefers("dark"));
    let dark = said(&mut browser, ground);
    assert_eq!((light.as_str(), dark.as_str()), ("rgb(251, 250, 247)", "rgb(20, 24, 28)"));
    browser.eval("document.querySelectorAll('details').forEach((node) => { node.open = false; })");
    let closed = format!("document.querySelector('details:not(.later) pre').{SEEN}");
    assert_eq!(browser.eval(&closed), false, "it is closed");
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    assert_eq!(browser.eval(&closed), true, "on paper it is open");
    assert_eq!(browser.eval(&format!("document.querySelector('tr.later').{SEEN}")), true);

    let others: Vec<&String> = browser.requests.iter().filter(|url| !url.starts_with("file://")).collect();
    assert_eq!((browser.requests.len(), others), (1, Vec::new()), "{:?}", browser.requests);
    assert_eq!(browser.console, Vec::<String>::new());
}
