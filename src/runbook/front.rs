//! The front matter: YAML between two lines of `---`.

mod inputs;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use chrono::NaiveDate;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::connection::RawConnection;
use super::sink::{Sink, nearest};
use super::{Approved, LossKind, Meta, Objectives, Regions, Rpo, words};
use crate::kernel::{ActionName, Source, parse_duration};
use inputs::RawInput;

/// Every key that is understood, besides `title`.
const KEYS: [&str; 12] = [
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
    "connections",
];
const SCENARIOS: [&str; 8] = [
    "instance-failure",
    "az-failure",
    "region-failure",
    "region-failback",
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
    yaml.lines().filter_map(|line| line.split_once(':')).any(|(key, _)| KEYS.contains(&key))
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
    if let Some(near) = nearest(name, KEYS) {
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
pub(super) struct Reader<'a> {
    place: &'a Place,
    source: &'a Source,
}

impl Reader<'_> {
    pub(super) fn at<T>(&self, value: &Spanned<T>) -> Range<usize> {
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

pub(super) type Text = Spanned<String>;

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
    #[serde(default)]
    connections: Pairs<RawConnection>,
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
        let connections =
            self.connections.0.into_iter().filter_map(|(name, raw)| raw.clean(&name, reader, sink)).collect();
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
            connections,
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
