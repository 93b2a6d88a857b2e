//! One runnable fence with its attributes to one [`Action`].

use std::ops::Range;
use std::time::Duration;

use super::attributes::Attribute;
use super::scan::FenceNode;
use super::sink::{Sink, nearest};
use super::{
    Action, Capture, Confirm, Expect, Formula, Impact, Keyboard, Kind, Measure, Moment, Necessity, OnFailure, Secrecy,
    UndoUntil, Watching, approvals, expect, foreach, words,
};
use crate::kernel::{ActionName, parse_duration};

const KNOWN: &[&str] = &[
    "approval-timeout",
    "approvals",
    "approvers",
    "budget",
    "capture",
    "concurrency",
    "confirm",
    "cwd",
    "db",
    "error",
    "every",
    "exit",
    "expect",
    "expected",
    "fail-if",
    "foreach",
    "hold",
    "impact",
    "interactive",
    "marks",
    "max-errors",
    "measures",
    "name",
    "on-failure",
    "optional",
    "repeatable",
    "require",
    "retry",
    "secret",
    "status",
    "timeout",
    "undo",
    "undo-until",
    "until",
    "until-any",
    "watch",
    "when",
    "x-",
];

const NOT_YET: &[&str] = &[
    "ask",
    "background",
    "by",
    "category",
    "deadline",
    "env",
    "escalate",
    "evidence",
    "excludeFromRunAll",
    "ignore",
    "interpreter",
    "mimeType",
    "needs",
    "owed",
    "owner",
    "parallel",
    "promptEnv",
    "tag",
    "to",
];

/// How to write `watch` and `require`.
pub(super) const WATCH: &str = "mark the fence that looks with `name=… watch`, and name it in `require=…`";

/// How to write `when`.
pub(super) const WHEN: &str =
    "write for example `when=\"${N} > 3\"`, `when=\"probe.outcome == ok && ${CLASS} != none\"`";

/// Says which name the fence asks for, without reporting anything.
pub(super) fn name(attributes: &[Attribute]) -> Option<&str> {
    attributes.iter().find(|attribute| attribute.key == "name")?.value.as_deref()
}

/// Says whether `name` can name an action or a step.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 80 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// Makes an action with nothing but defaults.
pub(super) fn plain(kind: Kind, fence: &FenceNode, line: usize) -> Action {
    Action::plain(ActionName::new(""), kind, implied(kind, &fence.code), fence.code.clone(), line)
}

/// A query reads; a shell block may do anything; for `aws` the operations say more.
fn implied(kind: Kind, code: &str) -> Impact {
    match kind {
        Kind::Aws | Kind::Dns => Impact::Observe,
        Kind::Shell(_) => Impact::Change,
        Kind::Sql => super::sql::implied(code),
        Kind::Http => {
            let method = code.split_whitespace().next().unwrap_or("");
            if matches!(method, "GET" | "HEAD" | "OPTIONS") { Impact::Observe } else { Impact::Change }
        }
    }
}

/// Puts the attributes into the action, and reports what is wrong with them.
pub(super) fn apply(action: &mut Action, attributes: &[Attribute], fence: &Range<usize>, sink: &mut Sink<'_>) {
    for attribute in attributes {
        Setter { attribute, sink }.set(action);
    }
    action.foreach = foreach::read(attributes, sink);
    action.approvals = approvals::read(attributes, sink);
    let at = |key: &str| {
        attributes.iter().find(|attribute| attribute.key == key).map_or_else(|| fence.clone(), |a| a.key_at.clone())
    };
    if action.until.is_none() {
        for (key, is_set) in [("fail-if", action.fail_if.is_some()), ("hold", action.hold.is_some())] {
            if is_set {
                sink.error(
                    "attribute",
                    at(key),
                    format!("`{key}` means nothing without `until`"),
                    "add `until=…`, or take it out",
                );
            }
        }
    } else {
        if action.timeout.is_none() && attributes.iter().all(|attribute| attribute.key != "timeout") {
            sink.error(
                "attribute",
                at("until"),
                "`until` needs a `timeout`: without one it would wait for ever",
                "add for example `timeout=10m`",
            );
        }
        if action.expect.is_some() {
            sink.error(
                "attribute",
                at("expect"),
                "`expect` and `until` exclude each other",
                "`until` alone decides a polled action",
            );
        }
    }
    for (key, fits, what) in [
        ("status", matches!(action.kind, Kind::Http), "`http` fences"),
        ("exit", matches!(action.kind, Kind::Shell(_)), "shell fences"),
        ("cwd", matches!(action.kind, Kind::Shell(_)), "shell fences"),
        ("interactive", matches!(action.kind, Kind::Shell(_)), "shell fences"),
        ("error", matches!(action.kind, Kind::Aws | Kind::Sql), "`aws` and `sql` fences"),
        ("db", matches!(action.kind, Kind::Sql), "`sql` fences"),
    ] {
        if !fits && attributes.iter().any(|attribute| attribute.key == key) {
            sink.error("attribute", at(key), format!("`{key}` is only for {what}"), "take it out, or use `expect`");
        }
    }
}

struct Setter<'a, 's, 'p> {
    attribute: &'a Attribute,
    sink: &'s mut Sink<'p>,
}

impl Setter<'_, '_, '_> {
    fn set(&mut self, action: &mut Action) {
        match self.attribute.key.as_str() {
            "name" => self.name(),
            "impact" => {
                if let Some(impact) = self.one_of(&[
                    ("observe", Impact::Observe),
                    ("change", Impact::Change),
                    ("disrupt", Impact::Disrupt),
                    ("irreversible", Impact::Irreversible),
                ]) {
                    action.impact = Self::not_less(action.kind, action.impact, impact);
                }
            }
            "confirm" => {
                action.confirm =
                    self.text().map(|text| if text == "yes" { Confirm::Key } else { Confirm::Phrase(text) });
            }
            "timeout" => action.timeout = self.duration(),
            "every" => action.every = self.duration().unwrap_or(Action::EVERY),
            "hold" => action.hold = self.duration(),
            "expected" => action.expected = self.duration(),
            "budget" => action.budget = self.duration(),
            "retry" => action.retry = self.number("a number of retries, at most 100", 100).unwrap_or(0),
            "expect" => action.expect = self.condition(),
            "until" => action.until = self.poll_condition(),
            "fail-if" => action.fail_if = self.poll_condition(),
            "exit" => action.exit = self.numbers::<i32>("exit codes from 0 to 255, such as `0,2`", 0..=255),
            "status" => {
                action.status = self.numbers::<u16>("HTTP statuses from 100 to 599, such as `200,404`", 100..=599);
            }
            "error" => action.error = self.text(),
            "capture" => action.capture = self.capture(),
            "marks" => action.marks = self.one_of(&Moment::ALL.map(|moment| (moment.word(), moment))),
            "measures" => action.measures = self.one_of(&[("rpo", Measure::Rpo)]),
            "on-failure" => self.on_failure(action),
            "optional" => {
                if let Some(Flag::Set) = self.flag() {
                    action.optional = Necessity::Optional;
                }
            }
            "repeatable" => action.repeatable = matches!(self.flag(), Some(Flag::Set)),
            "undo" => action.undo = self.text().map(|name| ActionName::new(name.trim())),
            "undo-until" => action.undo_until = self.text().map(|text| UndoUntil::read(text.trim())),
            "watch" => {
                if let Some(Flag::Set) = self.flag() {
                    action.watch = Watching::UntilTheEnd;
                }
            }
            "require" => {
                let names = self.text().unwrap_or_default();
                let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                action.require = names.map(ActionName::new).collect();
            }
            "secret" => {
                if let Some(Flag::Set) = self.flag() {
                    action.secrecy = Secrecy::Secret;
                }
            }
            "interactive" => {
                if let Some(Flag::Set) = self.flag() {
                    action.keyboard = Keyboard::Operator;
                }
            }
            "cwd" => action.cwd = self.text(),
            "when" => action.when = self.formula(),
            "db" => action.db = self.text(),
            key if key.starts_with("x-") || foreach::KEYS.contains(&key) || approvals::KEYS.contains(&key) => {}
            key => self.unknown(key),
        }
    }

    fn at(&self) -> Range<usize> {
        self.attribute.value_at.clone()
    }

    fn unknown(&mut self, key: &str) {
        let at = self.attribute.key_at.clone();
        if NOT_YET.contains(&key) {
            self.sink.not_yet(
                at,
                &format!("the attribute `{key}`"),
                "take it out, and say in the text what it was for",
            );
            return;
        }
        let known = KNOWN.iter().copied().filter(|known| *known != "x-");
        let help = nearest(key, known.chain(NOT_YET.iter().copied())).map_or_else(
            || {
                format!(
                    "the attributes are {}; one that begins with `x-` is left to others",
                    KNOWN[..].join(", ").replace(", x-", "")
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        self.sink.error("unknown-attribute", at, format!("there is no attribute `{key}`"), help);
    }

    fn name(&mut self) {
        let Some(name) = self.text() else { return };
        if !is_name(&name) {
            let at = self.at();
            self.sink.error("attribute", at, format!("`{name}` cannot be a name"), "use letters, digits, `-` and `_`");
        }
    }

    /// Returns the value, and reports where there is none.
    fn text(&mut self) -> Option<String> {
        let value = self.attribute.value.clone().filter(|value| !value.trim().is_empty());
        if value.is_none() {
            let key = &self.attribute.key;
            self.sink.error("attribute", self.at(), format!("`{key}` needs a value"), format!("write `{key}=…`"));
        }
        value
    }

    fn flag(&mut self) -> Option<Flag> {
        match self.attribute.value.as_deref() {
            None | Some("true" | "yes") => Some(Flag::Set),
            Some("false" | "no") => Some(Flag::Unset),
            Some(other) => {
                let key = &self.attribute.key;
                let message = format!("`{key}` is yes or no, not `{other}`");
                self.sink.error("attribute", self.at(), message, format!("write `{key}` alone, or leave it out"));
                None
            }
        }
    }

    fn duration(&mut self) -> Option<Duration> {
        let text = self.text()?;
        match parse_duration(&text) {
            Ok(duration) if duration.is_zero() => {
                let key = &self.attribute.key;
                self.sink.error(
                    "bad-duration",
                    self.at(),
                    format!("`{key}` cannot be zero"),
                    "write for example `15s`, or take it out",
                );
                None
            }
            Ok(duration) => Some(duration),
            Err(why) => {
                self.sink.error("bad-duration", self.at(), why, "use d, h, m, s or ms after each number");
                None
            }
        }
    }

    fn number(&mut self, what: &str, most: u32) -> Option<u32> {
        let text = self.text()?;
        let number = text.parse().ok().filter(|number| *number <= most);
        if number.is_none() {
            let message = format!("`{}` takes {what}; `{text}` is not", self.attribute.key);
            self.sink.error("attribute", self.at(), message, "write a number");
        }
        number
    }

    fn numbers<N: std::str::FromStr + PartialOrd>(&mut self, what: &str, range: std::ops::RangeInclusive<N>) -> Vec<N> {
        let Some(text) = self.text() else { return Vec::new() };
        let numbers = text.split(',').map(|part| part.trim().parse().ok().filter(|number| range.contains(number)));
        numbers.collect::<Option<Vec<_>>>().unwrap_or_else(|| {
            let message = format!("`{}` takes {what}; `{text}` is not", self.attribute.key);
            self.sink.error("attribute", self.at(), message, "write numbers with commas between them");
            Vec::new()
        })
    }

    fn one_of<T: Copy>(&mut self, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let list = choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let help = nearest(&text, choices.iter().map(|(word, _)| *word))
            .map_or_else(|| format!("use one of {list}"), |near| format!("did you mean `{near}`? It can be {list}"));
        let message = format!("`{}` cannot be `{text}`", self.attribute.key);
        self.sink.error("attribute", self.at(), message, help);
        None
    }

    fn condition(&mut self) -> Option<Expect> {
        let text = self.text()?;
        match expect::parse(&text) {
            Ok(expect) => Some(expect),
            Err((message, help)) => {
                let code = if message.contains("regular expression") { "bad-regex" } else { "attribute" };
                self.sink.error(code, self.at(), message, help);
                None
            }
        }
    }

    fn formula(&mut self) -> Option<Formula> {
        let text = self.text()?;
        Formula::parse(&text).map_err(|why| self.sink.error("attribute", self.at(), why, WHEN)).ok()
    }

    fn poll_condition(&mut self) -> Option<Expect> {
        let condition = self.condition()?;
        if condition == Expect::Fails {
            let message = format!("`{}` looks at the output, so `fails` can never hold", self.attribute.key);
            self.sink.error("attribute", self.at(), message, "use `expect=fails`, or a condition on the output");
            return None;
        }
        Some(condition)
    }

    fn capture(&mut self) -> Vec<Capture> {
        let Some(text) = self.text() else { return Vec::new() };
        let captures: Vec<Capture> = text.split(',').map(|name| Capture::from(name.trim())).collect();
        for Capture { name, .. } in &captures {
            if !words::is_identifier(name) || name.starts_with("LIFEBOAT_") {
                let message = format!("`{name}` cannot be the name of a variable");
                let help = "use letters, digits and `_`, not beginning with a digit; names with LIFEBOAT_ are built in";
                self.sink.error("attribute", self.at(), message, help);
            }
        }
        captures
    }

    fn on_failure(&mut self, action: &mut Action) {
        let Some(text) = self.text() else { return };
        match text.as_str() {
            "stop" => action.on_failure = OnFailure::Stop,
            "continue" => action.on_failure = OnFailure::Continue,
            jump if jump.starts_with('#') => {
                let at = self.at();
                // Where it leads is known once all steps are.
                if !self.sink.anchors.contains(jump.trim_start_matches('#')) {
                    super::advice::no_such_anchor(jump.trim_start_matches('#'), at, "jump", self.sink);
                }
            }
            other => {
                let message = format!("`on-failure` cannot be `{other}`");
                self.sink.error("attribute", self.at(), message, "use `stop` or `continue`");
            }
        }
    }

    /// For what is not a shell block the language knows better than a lighter word of the author.
    fn not_less(kind: Kind, implied: Impact, said: Impact) -> Impact {
        match kind {
            Kind::Shell(_) => said,
            Kind::Http | Kind::Dns | Kind::Aws | Kind::Sql => implied.max(said),
        }
    }
}

enum Flag {
    Set,
    Unset,
}
