//! The text that an approver signs: what would be done, by whom, where, and how the log stood when it was asked.
//!
//! It is made anew from the log wherever it is needed, byte for byte: a signature fits this command and this past alone.

use std::fmt::Write as _;

use super::event::{Also, Approval, Mode, Opened, Target};
use super::state::Prompt;
use crate::kernel::{StepId, sha256_hex};
use crate::runbook::Impact;

/// Is the first line of every request.
pub const REQUEST_TITLE: &str = "lifeboat approval request";

/// Holds what a request is about.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The step.
    pub step: Option<&'a StepId>,
    /// How grave.
    pub impact: Impact,
    /// Exactly what will run.
    pub command: &'a str,
    /// Where.
    pub target: &'a Target,
    /// The same action for other items.
    pub also: &'a [Also],
    /// Whose agreement is wanted.
    pub approval: &'a Approval,
}

impl Asking<'_> {
    /// Writes the request; `None` where the confirmation was recorded without one.
    pub fn text(&self, opened: &Opened) -> Option<String> {
        let requested = self.approval.request.as_ref()?;
        let mode = match opened.mode {
            Mode::Real => "real",
            Mode::Drill => "drill",
        };
        let mut text = String::new();
        for (name, value) in [
            (REQUEST_TITLE, "1"),
            ("run", opened.run.as_str()),
            ("mode", mode),
            ("runbook", &opened.runbook),
            ("operator", &opened.by),
            ("attempt", requested.attempt.as_str()),
            ("impact", self.impact.word()),
            ("role", &self.approval.role),
            ("lines", &requested.lines.to_string()),
            ("head", &requested.head),
        ] {
            entry(&mut text, name, value);
        }
        let own = (self.step.map_or("", |step| step.as_str()), self.command, self.target);
        let others = self.also.iter().map(|also| (also.step.as_str(), also.command.as_str(), &also.target));
        for (step, command, target) in std::iter::once(own).chain(others) {
            for (name, value) in [
                ("step", step),
                ("account", &target.account),
                ("region", &target.region),
                ("resource", &target.resource),
                ("command-sha256", sha256_hex(command.as_bytes()).as_str()),
            ] {
                entry(&mut text, name, value);
            }
            for line in command.split('\n') {
                entry(&mut text, "|", line);
            }
        }
        Some(text)
    }
}

impl Prompt {
    /// Writes the request that those who are to agree sign; `None` where none is wanted.
    pub fn request(&self, opened: &Opened) -> Option<String> {
        let approval = self.approval.as_ref()?;
        let Self { step, impact, command, target, also, .. } = self;
        Asking { step: step.as_ref(), impact: *impact, command, target, also, approval }.text(opened)
    }
}

fn entry(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    if !value.is_empty() {
        // Blanks at the end of a line get lost on the way.
        text.push(' ');
        text.push_str(&plain(value));
    }
    text.push('\n');
}

/// The names with which a request's lines begin, behind the first one.
const NAMES: [&str; 15] = [
    "run",
    "mode",
    "runbook",
    "operator",
    "attempt",
    "impact",
    "role",
    "lines",
    "head",
    "step",
    "account",
    "region",
    "resource",
    "command-sha256",
    "|",
];

/// Finds a request in a text that was carried through mail or chat, and returns it as it was written: without what
/// stands around it, quotation marks before its lines, and blanks and other line ends behind them.
pub fn find_request(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let (mark, first) = lines.find_map(|line| {
        let at = line.find(REQUEST_TITLE)?;
        let (mark, first) = line.split_at_checked(at)?;
        mark.chars().all(|c| c == '>' || c.is_whitespace()).then_some((mark, first))
    })?;
    let rest = lines.map_while(|line| {
        let line = line.strip_prefix(mark).or_else(|| line.strip_prefix(mark.trim_end()))?.trim_end();
        let name = line.split(' ').next().unwrap_or_default();
        NAMES.contains(&name).then_some(line)
    });
    Some(std::iter::once(first.trim_end()).chain(rest).fold(String::new(), |whole, line| whole + line + "\n"))
}

/// Returns what a request says under a name; the first time that it says it.
pub fn requested<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
}

/// Tells whether the commands that a request shows are those whose digests it holds.
pub fn is_whole(request: &str) -> bool {
    let mut digests = 0;
    let mut shown: Option<(&str, Vec<&str>)> = None;
    let mut fits = true;
    for line in request.lines().chain(["step"]) {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        match (name, &mut shown) {
            ("command-sha256", _) => {
                digests += 1;
                shown = Some((value, Vec::new()));
            }
            ("|", Some((_, lines))) => lines.push(value),
            (_, Some(_)) => {
                let Some((digest, lines)) = shown.take() else { continue };
                let command = lines.join("\n");
                let is = |command: &str| sha256_hex(command.as_bytes()).as_str() == digest;
                fits &= is(&command) || is(&unplain(&command));
            }
            _ => {}
        }
    }
    fits && digests > 0
}

/// Takes `\u{…}` back.
fn unplain(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let c = part
            .split_once('}')
            .and_then(|(hex, rest)| Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, rest)));
        match c {
            Some((c, rest)) => {
                whole.push(c);
                whole.push_str(rest);
            }
            None => whole.push_str(&["\\u{", part].concat()),
        }
    }
    whole
}

/// Writes what is not plain ASCII as `\u{…}`: so the text means the same on every screen, and survives
/// whatever carries it. What it hides, the digest of the command tells.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if (' '..='~').contains(&c) {
            plain.push(c);
        } else {
            let _ = write!(plain, "\\u{{{:x}}}", u32::from(c));
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Requested;
    use crate::kernel::AttemptId;

    fn opened() -> Opened {
        serde_json::from_value(serde_json::json!({
            "v": "lifeboat-log/1", "run": "20261122T092630Z-7f3k", "mode": "real", "by": "alice@example.com", "session": "",
            "host": "h", "boot": "b", "pid": 1, "tool": "t", "runbook": "region.md", "runbook_sha256": "", "account": "1",
            "arn": "", "region": "", "rto_s": 0, "rpo_s": 0, "seed": null, "speed": 1, "prev_run": null, "prev_sha512": null
        }))
        .unwrap()
    }

    #[test]
    fn a_request_is_plain_text_and_holds_all_that_is_agreed_to() {
        let request = Requested { attempt: AttemptId::new("9.1"), lines: 42, head: "5ab0".to_owned() };
        let approval = Approval { count: 1, role: "approver".to_owned(), within_s: 300, request: Some(request) };
        let target = Target { account: "1".into(), region: "us-west-2".into(), resource: "db\nrun x".into() };
        let also =
            [Also { step: "promote[1]".into(), command: "echo \u{1b}[2J".to_owned(), target: Target::default() }];
        let asking = Asking {
            step: Some(&"promote[0]".into()),
            impact: Impact::Disrupt,
            command: "echo 'ä'\n\nexit",
            target: &target,
            also: &also,
            approval: &approval,
        };
        let text = asking.text(&opened()).unwrap();
        let digest = sha256_hex("echo 'ä'\n\nexit".as_bytes());
        let other = sha256_hex(b"echo \x1b[2J");
        let expected = format!(
            "lifeboat approval request 1\nrun 20261122T092630Z-7f3k\nmode real\nrunbook region.md\noperator alice@example.com\n\
             attempt 9.1\nimpact disrupt\nrole approver\nlines 42\nhead 5ab0\nstep promote[0]\naccount 1\nregion us-west-2\n\
             resource db\\u{{a}}run x\ncommand-sha256 {digest}\n| echo '\\u{{e4}}'\n|\n| exit\nstep promote[1]\naccount\n\
             region\nresource\ncommand-sha256 {other}\n| echo \\u{{1b}}[2J\n"
        );
        assert_eq!(text, expected);
        assert!(is_whole(&text));
        let carried = format!("Can you?\r\n> {}\r\n>\r\nthanks", text.trim_end().replace('\n', "\r\n> "));
        assert_eq!(find_request(&carried).as_ref(), Some(&text));
        assert_eq!(requested(&text, "operator"), Some("alice@example.com"));
        assert!(!is_whole(&text.replace("| exit", "| exit 1")));
        assert!(!is_whole("lifeboat approval request 1\n"));
        assert_eq!(find_request("approve this: lifeboat approval request 1\nrun x\n"), None);
        let bare = Approval { request: None, ..approval.clone() };
        assert_eq!(Asking { approval: &bare, ..asking }.text(&opened()), None);
    }
}
