//! A Chromium without a window, told what to do over pipes (its DevTools protocol), so that a page is used as people use it.

#![expect(clippy::indexing_slicing, reason = "what a browser does not answer is null")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::Home;

/// Finds a Chromium without a window.
pub(crate) fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium-headless-shell", "chromium", "google-chrome"];
    std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file())
}

/// Is a page in a browser.
pub(crate) struct Browser {
    child: Child,
    told: ChildStdin,
    says: BufReader<ChildStdout>,
    session: Option<String>,
    number: u64,
    /// What was asked for over a network or a disk.
    pub(crate) requests: Vec<String>,
    /// What a page wrote on its console, errors and what its policy refused among it.
    pub(crate) console: Vec<String>,
}

impl Browser {
    /// Opens a page, and waits until it is loaded.
    pub(crate) fn open(home: &Home, chromium: &Path, page: &Path) -> Self {
        // It reads from its file 3 and writes to its file 4, each message with a zero behind it.
        let script = "exec 3<&0 4>&1 0</dev/null 1>&2; exec \"$@\"";
        let mut child = Command::new("sh")
            // What hangs is ended, so that it fails instead.
            .args(["-c", script, "sh", "timeout", "100"])
            .arg(chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", home.path("profile").display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (told, says) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut browser =
            Self { child, told, says, session: None, number: 0, requests: Vec::new(), console: Vec::new() };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let session = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Network", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.call("Page.navigate", json!({ "url": format!("file://{}", page.display()) }));
        while browser.message()["method"] != "Page.loadEventFired" {}
        browser
    }

    /// Tells it something, and returns the answer.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        write!(self.told, "{message}\0").unwrap();
        self.told.flush().unwrap();
        loop {
            let answer = self.message();
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Works something out in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let of = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", of);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    fn message(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.says.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser is gone");
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(message["params"]["request"]["url"].as_str().unwrap().to_owned());
            }
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded") => {
                self.console.push(message["params"].to_string());
            }
            _ => {}
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        write!(self.told, "{}\0", json!({ "id": 0, "method": "Browser.close" })).ok();
        self.told.flush().ok();
        self.child.wait().ok();
    }
}
