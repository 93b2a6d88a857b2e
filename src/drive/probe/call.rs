//! A call that is in doubt, with what it asked for: its options read as they were sent, by AWS's names.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::Told;
use crate::exec::aws::asked_for;

/// Is a call of which nobody knows whether it was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    service: String,
    name: String,
    input: Map<String, Value>,
}

impl Call {
    /// Reads the words after `aws`; nothing where they do not say what was sent: a file may hold something else by now.
    pub(super) fn of(words: &[String]) -> Option<Self> {
        if words.iter().any(|word| word.contains("file://")) {
            return None;
        }
        let (service, name) = (words.first()?.clone(), words.get(1)?.clone());
        Some(Self { service, name, input: asked_for(words)? })
    }

    /// Returns service and operation.
    pub(super) fn names(&self) -> (&str, &str) {
        (&self.service, &self.name)
    }

    pub(super) fn get(&self, member: &str) -> Option<&Value> {
        self.input.get(member)
    }

    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.get(member)?.as_str()
    }

    /// Lists the items of a member, or none.
    pub(super) fn items(&self, member: &str) -> &[Value] {
        self.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn texts(&self, member: &str) -> Vec<&str> {
        self.items(member).iter().filter_map(Value::as_str).collect()
    }

    /// Lists what was asked for, besides these.
    pub(super) fn besides(&self, members: &[&str]) -> Vec<(&str, &Value)> {
        let asked = self.input.iter().filter(|(name, _)| !members.contains(&name.as_str()));
        asked.map(|(name, value)| (name.as_str(), value)).collect()
    }
}

/// Makes the words of a look.
pub(super) fn look(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

/// Returns the list at a place of an answer; nothing where the answer has none.
pub(super) fn list<'v>(answer: &'v Value, place: &str) -> Option<&'v [Value]> {
    answer.pointer(place)?.as_array().map(Vec::as_slice)
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

/// Does `found` show what was wanted? It may show more: services add what was left to them.
pub(super) fn holds(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|found| holds(value, found)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().all(|one| found.iter().any(|found| holds(one, found)))
        }
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => false,
        (one, other) => plain(one) == plain(other) || same_second(one, other),
    }
}

/// Are both times, and less than a second apart? Some services drop what is less.
fn same_second(one: &Value, other: &Value) -> bool {
    let (Some(one), Some(other)) = (time(one), time(other)) else { return false };
    one.signed_duration_since(other).num_milliseconds().abs() < 1_000
}

/// Gives a value as text, of a list its items.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(value.as_str()?).ok()?.to_utc())
}

/// Is it a moment?
pub(super) fn is_time(value: &Value) -> bool {
    time(value).is_some()
}

/// Was this moment at `made`, or after it? Services tell whole seconds, or come close to them.
pub(super) fn since(value: Option<&Value>, made: DateTime<Utc>) -> bool {
    value.and_then(time).is_some_and(|at| at.signed_duration_since(made).num_milliseconds() >= -1_000)
}

/// Judges by how many of several things are as the call would have them.
pub(super) fn judge(what: &str, done: usize, all: usize) -> Told {
    match done {
        _ if all == 0 => Told::Unclear(format!("the answer shows no {what}")),
        0 => Told::NotHappened(format!("none of {all} {what} is as the call would have it")),
        done if done == all => Told::Happened(format!("{what} are as the call would have them ({all})")),
        done => Told::Unclear(format!("{done} of {all} {what} are as the call would have them")),
    }
}
