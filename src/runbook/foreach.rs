//! `foreach` and what belongs to it, as fences and step comments write them.

use std::ops::Range;

use super::attributes::Attribute;
use super::sink::Sink;
use super::words;

/// Says for which items something runs, and how many at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreach {
    /// The variable that holds the item.
    pub name: String,
    /// The list: words, of which each `${NAME}` stands for the members of its value.
    pub items: String,
    /// How many run at a time at most.
    pub concurrency: usize,
    /// How many may fail.
    pub max_errors: usize,
    /// When what follows may begin.
    pub until: Until,
}

impl Foreach {
    /// How many items run at a time where the author says nothing.
    pub const CONCURRENCY: usize = 16;
    /// How many items there may be.
    pub const MOST: usize = 200;
}

/// Says when what follows a `foreach` may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When all items are done.
    All,
    /// When one is done; the others go on beside what follows.
    Any,
}

/// The attributes that this module reads.
pub(super) const KEYS: [&str; 4] = ["foreach", "concurrency", "max-errors", "until-any"];

/// Reads `foreach="t in ${TIMES}"` and its company; reports what is wrong with them.
pub(super) fn read(attributes: &[Attribute], sink: &mut Sink<'_>) -> Option<Foreach> {
    let find = |key: &str| attributes.iter().find(|attribute| attribute.key == key);
    let Some(attribute) = find("foreach") else {
        for stray in KEYS.iter().filter_map(|key| find(key)) {
            sink.error(
                "attribute",
                stray.key_at.clone(),
                format!("`{}` means nothing without `foreach`", stray.key),
                "add `foreach=\"NAME in ${LIST}\"`, or take it out",
            );
        }
        return None;
    };
    let written = attribute.value.as_deref().unwrap_or("");
    let parts = written.trim().split_once(char::is_whitespace).and_then(|(name, rest)| {
        let items = rest.trim_start().strip_prefix("in")?;
        let apart = items.starts_with(char::is_whitespace) && !items.trim().is_empty();
        (words::is_identifier(name) && apart).then(|| (name.to_owned(), items.trim().to_owned()))
    });
    let Some((name, items)) = parts else {
        sink.error(
            "attribute",
            attribute.value_at.clone(),
            format!("`{written}` does not say for which items"),
            "write a name, `in` and a list: `foreach=\"t in ${TIMES}\"`",
        );
        return None;
    };
    if name.starts_with("LIFEBOAT_") {
        sink.error(
            "attribute",
            attribute.value_at.clone(),
            format!("`{name}` cannot be the name of an item"),
            "names with LIFEBOAT_ are built in; take another, such as `t`",
        );
    }
    let concurrency = find("concurrency").and_then(|attribute| number(attribute, 1..=100, sink));
    let max_errors = find("max-errors").and_then(|attribute| number(attribute, 0..=Foreach::MOST, sink));
    let until = find("until-any").map_or(Until::All, |attribute| match attribute.value.as_deref() {
        None | Some("true" | "yes") => Until::Any,
        Some("false" | "no") => Until::All,
        Some(other) => {
            let message = format!("`until-any` is yes or no, not `{other}`");
            sink.error("attribute", attribute.value_at.clone(), message, "write `until-any` alone, or leave it out");
            Until::Any
        }
    });
    if let (Until::Any, Some(_), Some(attribute)) = (until, max_errors, find("max-errors")) {
        sink.error(
            "attribute",
            attribute.key_at.clone(),
            "`max-errors` and `until-any` exclude each other",
            "with `until-any` all items but one may fail; take `max-errors` out",
        );
    }
    Some(Foreach {
        name,
        items,
        concurrency: concurrency.unwrap_or(Foreach::CONCURRENCY),
        max_errors: max_errors.unwrap_or(0),
        until,
    })
}

fn number(attribute: &Attribute, range: std::ops::RangeInclusive<usize>, sink: &mut Sink<'_>) -> Option<usize> {
    let text = attribute.value.as_deref().unwrap_or("");
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let (least, most) = (range.start(), range.end());
        let message = format!("`{}` takes a number from {least} to {most}, not `{text}`", attribute.key);
        sink.error("attribute", attribute.value_at.clone(), message, "write a number");
    }
    number
}

/// Finds where an attribute stands, else `whole`.
pub(super) fn place(attributes: &[Attribute], key: &str, whole: &Range<usize>) -> Range<usize> {
    attributes.iter().find(|attribute| attribute.key == key).map_or_else(|| whole.clone(), |a| a.value_at.clone())
}
