//! The front matter: YAML between two lines of `---`.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use chrono::NaiveDate;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::sink::{Sink, nearest};
use super::{Approved, InputDecl, InputType, LossKind, Meta, Objectives, Regions, Rpo, words};
use crate::kernel::{ActionName, Source, parse_duration};

/// Every key that is understood, besides `title`.
const KEYS: [&str; 11] = [
    "scenario",
    "service",
    "regions",
    "objectives",
    "onset_means",
    "recovered_when",
    "sustain",
    "roles",
    "inputs",
    "owners",
    "last_reviewed_on",
];
const NOT_YET: [&str; 1] = ["connections"];
const SCENARIOS: [&str; 7] = [
    "instance-failure",
    "az-failure",
    "region-failure",
    "data-corruption",
    "accidental-deletion",
    "restore-drill",
    "other",
];

impl Front {
    /// May an input of this name stand in the file that could not be read?
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.declared.may_hold(name) && !self.meta.inputs.iter().any(|input| input.name == name)
    }
}

/// Says which inputs a front matter declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// These; some of them may have errors of their own.
    These(BTreeSet<String>),
    /// It could not be read, so nobody knows.
    Unknown,
}

impl Default for Declared {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Declared {
    /// May the file declare an input of this name?
    pub(super) fn may_hold(&self, name: &str) -> bool {
        match self {
            Self::These(names) => names.contains(name),
            Self::Unknown => true,
        }
    }
}

/// Says where the front matter stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The YAML.
    pub yaml: Range<usize>,
    /// Where the Markdown begins.
    pub end: usize,
}

/// Holds what came of the front matter.
#[derive(Debug, Default)]
pub(super) struct Front {
    pub title: Option<String>,
    pub meta: Meta,
    /// Where `recovered_when` and `last_reviewed_on` stand.
    pub recovered_at: Range<usize>,
    /// Which inputs the file means to declare, sound or not.
    pub declared: Declared,
}

/// Finds the front matter; `None` if the file has none.
pub(super) fn find(text: &str) -> Option<Place> {
    let start = text.strip_prefix('\u{feff}').map_or(0, |_| 3);
    let rest = text.get(start..)?;
    let first = rest.lines().next()?;
    if first.trim_end() != "---" {
        return None;
    }
    let from = start + rest.find('\n')? + 1;
    let mut at = from;
    for line in text.get(from..)?.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some(Place { yaml: from..at, end: at + line.len() });
        }
        at += line.len();
    }
    None
}

/// Says whether the front matter has a key of lifeboat's.
pub(super) fn is_ours(yaml: &str) -> bool {
    yaml.lines().filter_map(|line| line.split_once(':')).any(|(key, _)| KEYS.contains(&key) || NOT_YET.contains(&key))
}

/// Reports front matter in a form that this version does not read.
pub(super) fn other_forms(text: &str, sink: &mut Sink<'_>) -> Front {
    let first = text.lines().next().unwrap_or("").trim_end();
    if first == "+++" {
        sink.not_yet(0..3, "TOML front matter", "write it as YAML between two lines of `---`");
    } else if first.starts_with('{') && (first == "{" || first.contains('"')) {
        sink.not_yet(0..1, "JSON front matter", "write it as YAML between two lines of `---`");
    } else if first == "---"
        && text
            .lines()
            .nth(1)
            .is_some_and(|line| line.split_once(':').is_some_and(|(key, _)| words::is_identifier(key)))
    {
        sink.error("front-matter", 0..3, "the front matter is never closed", "put a line of `---` after its last key");
    } else {
        return Front::default();
    }
    unread()
}

/// Reads the front matter.
pub(super) fn read(place: &Place, sink: &mut Sink<'_>) -> Front {
    let yaml = sink.source.slice(place.yaml.clone());
    let Some(keys) = decode::<Pairs<IgnoredAny>>(yaml, place, sink) else { return unread() };
    for (key, _) in &keys.0 {
        unknown_key(key, place, sink);
    }
    let Some(raw) = decode::<Raw>(yaml, place, sink) else { return unread() };
    let reader = Reader { place, source: sink.source };
    raw.clean(&reader, sink)
}

fn unread() -> Front {
    Front { declared: Declared::Unknown, ..Front::default() }
}

fn unknown_key(key: &Spanned<String>, place: &Place, sink: &mut Sink<'_>) {
    let name = key.value.as_str();
    if name == "title" || name == "approved" || KEYS.contains(&name) || name.starts_with("x-") {
        return;
    }
    let at = Reader { place, source: sink.source }.at(key);
    if NOT_YET.contains(&name) {
        sink.not_yet(at, &format!("`{name}`"), "take it out; reach the database from an `sh` fence");
    } else if let Some(near) = nearest(name, KEYS) {
        sink.error("unknown-key", at, format!("there is no key `{name}`"), format!("did you mean `{near}`?"));
    } else {
        sink.warn(
            "unknown-key",
            at,
            format!("`{name}` means nothing to lifeboat"),
            "take it out, or leave it if another program reads it",
        );
    }
}

/// Reads YAML into a type; a failure becomes a problem with its place.
fn decode<'y, T: Deserialize<'y>>(yaml: &'y str, place: &Place, sink: &mut Sink<'_>) -> Option<T> {
    match serde_saphyr::from_str(yaml) {
        Ok(value) => Some(value),
        Err(error) => {
            let whole = error.without_snippet().to_string();
            let message = whole.lines().next().unwrap_or("").trim_start_matches("error: ").to_owned();
            let message = message.split(" at line ").next().unwrap_or("");
            let message = match message.strip_prefix("duplicate mapping key: ") {
                Some(rest) => format!("`{}` stands there twice", rest.split(',').next().unwrap_or("")),
                None => message.to_owned(),
            };
            let line = error.location().map_or(1, |location| location.line() as usize);
            let column = error.location().map_or(1, |location| location.column() as usize);
            let line_span = sink.source.line_span(sink.source.line_of(place.yaml.start) + line.max(1) - 1);
            let text = sink.source.slice(line_span.clone());
            let offset = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
            let rest = text.get(offset..).unwrap_or("");
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
            let start = line_span.start + offset;
            sink.error(
                "front-matter",
                start..start + length,
                format!("the front matter cannot be read: {message}"),
                "docs/runbook-format.md lists every key; indent with spaces, and put quotes around a value with `: ` or `#`",
            );
            None
        }
    }
}

/// Turns places of the YAML into places of the file.
struct Reader<'a> {
    place: &'a Place,
    source: &'a Source,
}

impl Reader<'_> {
    fn at<T>(&self, value: &Spanned<T>) -> Range<usize> {
        let line = self.source.line_of(self.place.yaml.start) + value.referenced.line().max(1) as usize - 1;
        let span = self.source.line_span(line);
        let text = self.source.slice(span.clone());
        let column = value.referenced.column().max(1) as usize - 1;
        let from = text.char_indices().nth(column).map_or(text.len(), |(at, _)| at);
        let rest = text.get(from..).unwrap_or("");
        let length = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                rest.get(1..).and_then(|inner| inner.find(quote)).map_or(rest.len(), |end| end + 2)
            }
            _ => rest.find([',', '}', ']', ':', '#']).unwrap_or(rest.len()),
        };
        let length = rest.get(..length).unwrap_or(rest).trim_end().len();
        span.start + from..span.start + from + length
    }
}

/// Keeps a mapping in the author's order.
struct Pairs<T>(Vec<(Spanned<String>, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reads<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("keys with values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Pairs::default())
            }
        }
        deserializer.deserialize_map(Reads(std::marker::PhantomData))
    }
}

type Text = Spanned<String>;

#[derive(serde::Deserialize)]
struct Raw {
    title: Option<String>,
    scenario: Option<Text>,
    service: Option<String>,
    regions: Option<RawRegions>,
    objectives: Option<RawObjectives>,
    onset_means: Option<String>,
    recovered_when: Option<Text>,
    sustain: Option<Text>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    inputs: Pairs<RawInput>,
    #[serde(default)]
    owners: Vec<String>,
    last_reviewed_on: Option<Text>,
    approved: Option<RawApproved>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegions {
    lost: String,
    recovery: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawObjectives {
    rto: Option<Text>,
    rpo: Option<RawRpo>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRpo {
    max: Text,
    of: Text,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApproved {
    by: String,
    on: Text,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInput {
    #[serde(rename = "type")]
    kind: Option<Text>,
    #[serde(default)]
    description: String,
    default: Option<Text>,
    pattern: Option<Text>,
    choices: Option<Spanned<RawChoices>>,
    from: Option<Text>,
    value: Option<Spanned<IgnoredAny>>,
    secret: Option<Spanned<IgnoredAny>>,
    second_reader: Option<Spanned<IgnoredAny>>,
}

/// Choices are a list; a text would name a variable that has them.
struct RawChoices(Option<Vec<String>>);

impl<'de> Deserialize<'de> for RawChoices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = RawChoices;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices")
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(RawChoices(None))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut choices = Vec::new();
                while let Some(choice) = items.next_element()? {
                    choices.push(choice);
                }
                Ok(RawChoices(Some(choices)))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

impl Raw {
    fn clean(self, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Front {
        let recovered_at = self.recovered_when.as_ref().map_or(0..0, |name| reader.at(name));
        if let Some(scenario) = &self.scenario
            && !SCENARIOS.contains(&scenario.value.as_str())
        {
            sink.error(
                "scenario",
                reader.at(scenario),
                format!("there is no scenario `{}`", scenario.value),
                format!("use one of {}", SCENARIOS.join(", ")),
            );
        }
        let objectives = self.objectives.map_or_else(Objectives::default, |raw| Objectives {
            rto: raw.rto.and_then(|rto| duration(&rto, reader, sink)),
            rpo: raw.rpo.and_then(|rpo| rpo.clean(reader, sink)),
        });
        let declared = Declared::These(self.inputs.0.iter().map(|(name, _)| name.value.clone()).collect());
        let inputs = self.inputs.0.into_iter().filter_map(|(name, raw)| raw.clean(&name, reader, sink)).collect();
        let meta = Meta {
            scenario: self.scenario.map(|scenario| scenario.value).unwrap_or_default(),
            service: self.service.unwrap_or_default(),
            regions: self.regions.map(|raw| Regions { lost: raw.lost, recovery: raw.recovery }),
            objectives,
            onset_means: self.onset_means.unwrap_or_default(),
            recovered_when: self.recovered_when.map(|name| ActionName::new(name.value)),
            sustain: self.sustain.and_then(|text| duration(&text, reader, sink)).unwrap_or_default(),
            roles: self.roles,
            inputs,
            owners: self.owners,
            last_reviewed_on: self.last_reviewed_on.and_then(|text| date(&text, reader, sink)),
            approved: self.approved.and_then(|raw| date(&raw.on, reader, sink).map(|on| Approved { by: raw.by, on })),
        };
        Front { title: self.title, meta, recovered_at, declared }
    }
}

impl RawRpo {
    fn clean(self, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<Rpo> {
        let max = duration(&self.max, reader, sink);
        let of = match self.of.value.as_str() {
            "replication" => LossKind::Replication,
            "recovery-point" => LossKind::RecoveryPoint,
            "discarded" => LossKind::Discarded,
            other => {
                sink.error(
                    "objective",
                    reader.at(&self.of),
                    format!("there is no kind of loss `{other}`"),
                    "use replication, recovery-point or discarded; docs/objectives.md says what each means",
                );
                return None;
            }
        };
        max.map(|max| Rpo { max, of })
    }
}

impl RawInput {
    fn clean(self, name: &Text, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<InputDecl> {
        let at = reader.at(name);
        if !words::is_identifier(&name.value) || name.value.starts_with("LIFEBOAT_") {
            sink.error(
                "input",
                at,
                format!("`{}` cannot be the name of an input", name.value),
                "use letters, digits and `_`, not beginning with a digit; names with LIFEBOAT_ are built in",
            );
            return None;
        }
        for (value, what) in [(&self.value, "value"), (&self.secret, "secret"), (&self.second_reader, "second_reader")]
        {
            if let Some(value) = value {
                sink.not_yet(
                    reader.at(value),
                    &format!("`{what}` of an input"),
                    "take it out, or let an action capture the value",
                );
            }
        }
        let kind = self.kind(&at, reader, sink)?;
        let from_env = match &self.from {
            Some(from) if from.value == "env" => true,
            Some(from) => {
                sink.error(
                    "input",
                    reader.at(from),
                    format!("an input cannot come from `{}`", from.value),
                    "write `from: env`, or leave it out",
                );
                false
            }
            None => false,
        };
        if let Some(pattern) = &self.pattern
            && regex::RegexBuilder::new(&format!("^(?:{})$", pattern.value)).size_limit(1 << 20).build().is_err()
        {
            sink.error(
                "bad-regex",
                reader.at(pattern),
                format!("`{}` is not a regular expression", pattern.value),
                "check its brackets, and write it in single quotes so that backslashes stay",
            );
            return None;
        }
        let line = sink.source.line_of(at.start);
        let decl = InputDecl {
            name: name.value.clone(),
            kind,
            description: self.description,
            default: self.default.as_ref().map(|default| default.value.clone()),
            pattern: self.pattern.map(|pattern| pattern.value),
            from_env,
            line,
        };
        if let Some(default) = &self.default
            && words::variables(&default.value).is_empty()
            && let Err(why) = decl.accept(&default.value)
        {
            sink.error(
                "input",
                reader.at(default),
                format!("the default is not accepted: {why}"),
                "correct the default, the type or the pattern",
            );
        }
        Some(decl)
    }

    fn kind(&self, at: &Range<usize>, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<InputType> {
        let choices = match &self.choices {
            Some(Spanned { value: RawChoices(Some(choices)), .. }) if !choices.is_empty() => Some(choices.clone()),
            Some(choices) => {
                sink.not_yet(reader.at(choices), "a choice from a variable", "list the choices: `choices: [a, b]`");
                return None;
            }
            None => None,
        };
        let word = self.kind.as_ref().map_or("", |kind| kind.value.as_str());
        let kind = match (word, choices) {
            ("" | "choice", Some(choices)) => InputType::Choice(choices),
            ("choice", None) => {
                sink.error("input", at.clone(), "an input of type choice needs `choices`", "add `choices: [a, b]`");
                return None;
            }
            (_, Some(_)) => {
                sink.error(
                    "input",
                    at.clone(),
                    format!("an input of type {word} has no `choices`"),
                    "take one of the two out",
                );
                return None;
            }
            ("" | "text", None) => InputType::Text,
            ("integer", None) => InputType::Integer,
            ("number", None) => InputType::Number,
            ("boolean", None) => InputType::Boolean,
            ("time", None) => InputType::Time,
            ("duration", None) => InputType::Duration,
            (other, None) => {
                let place = self.kind.as_ref().map_or(at.clone(), |kind| reader.at(kind));
                if other == "list" {
                    sink.not_yet(place, "the type `list`", "use text");
                } else {
                    sink.error(
                        "input",
                        place,
                        format!("there is no type `{other}`"),
                        "use text, integer, number, boolean, time, duration or choice",
                    );
                }
                return None;
            }
        };
        Some(kind)
    }
}

fn duration(text: &Text, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<Duration> {
    match parse_duration(&text.value) {
        Ok(duration) => Some(duration),
        Err(why) => {
            sink.error("bad-duration", reader.at(text), why, "use d, h, m, s or ms after each number");
            None
        }
    }
}

fn date(text: &Text, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<NaiveDate> {
    if let Ok(date) = text.value.parse() {
        Some(date)
    } else {
        sink.error("bad-date", reader.at(text), format!("`{}` is not a date", text.value), "write it as `2026-10-01`");
        None
    }
}
