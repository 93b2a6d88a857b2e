//! What a text is worth in a formula: a number, a duration, a time, true or false, or just a text; and arithmetic.

use std::cmp::Ordering;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::read::Sign;
use crate::kernel::parse_duration;

/// Is a text with what it is worth.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Worth {
    pub(super) text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Number(f64),
    Span(TimeDelta),
    Time(DateTime<Utc>),
    Truth(bool),
}

impl Worth {
    /// Takes a text for what it looks like.
    pub(super) fn of(text: &str) -> Self {
        let trimmed = text.trim();
        let numeric = trimmed.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
        let number = || trimmed.parse::<f64>().ok().filter(|number| number.is_finite());
        let span = || parse_duration(trimmed).ok().and_then(|span| TimeDelta::from_std(span).ok());
        let time = || DateTime::parse_from_rfc3339(trimmed).ok().map(|time| time.with_timezone(&Utc));
        let kind = match trimmed {
            "true" => Kind::Truth(true),
            "false" => Kind::Truth(false),
            _ if !numeric => Kind::Text,
            _ => number()
                .map(Kind::Number)
                .or_else(|| span().map(Kind::Span))
                .or_else(|| time().map(Kind::Time))
                .unwrap_or(Kind::Text),
        };
        let text = if kind == Kind::Text { text } else { trimmed };
        Self { text: text.to_owned(), kind }
    }

    /// Takes a text as text, whatever it looks like.
    pub(super) fn text(text: String) -> Self {
        Self { text, kind: Kind::Text }
    }

    pub(super) fn truth(truth: bool) -> Self {
        Self { text: truth.to_string(), kind: Kind::Truth(truth) }
    }

    fn number(number: f64) -> Result<Self, String> {
        if !number.is_finite() {
            return Err("the result is no number".to_owned());
        }
        let whole = number.fract() == 0.0 && number.abs() < 1e15;
        let text = if whole { format!("{number:.0}") } else { number.to_string() };
        Ok(Self { text, kind: Kind::Number(number) })
    }

    fn span(span: TimeDelta) -> Self {
        Self { text: written(span), kind: Kind::Span(span) }
    }

    fn time(time: DateTime<Utc>) -> Self {
        Self { text: time.to_rfc3339_opts(SecondsFormat::AutoSi, true), kind: Kind::Time(time) }
    }

    /// Says whether it holds.
    pub(super) fn holds(&self) -> Result<bool, String> {
        match self.kind {
            Kind::Truth(truth) => Ok(truth),
            _ => Err(format!("{} is neither true nor false", self.shown())),
        }
    }

    /// Compares; `None` where the two are of kinds that have no order between them.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self.kind, other.kind) {
            (Kind::Number(a), Kind::Number(b)) => a.partial_cmp(&b),
            (Kind::Span(a), Kind::Span(b)) => Some(a.cmp(&b)),
            (Kind::Time(a), Kind::Time(b)) => Some(a.cmp(&b)),
            (Kind::Truth(a), Kind::Truth(b)) => (a == b).then_some(Ordering::Equal),
            (Kind::Text, Kind::Text) => Some(self.text.trim().cmp(other.text.trim())),
            _ => None,
        }
    }

    /// Are the two the same? Of unlike kinds as texts, so that `3` is also `"3"`.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.order(other).map_or_else(|| self.text.trim() == other.text.trim(), Ordering::is_eq)
    }

    /// Says what it is, for a message.
    pub(super) fn shown(&self) -> String {
        let what = match self.kind {
            Kind::Text => "the text",
            Kind::Number(_) => "the number",
            Kind::Span(_) => "the duration",
            Kind::Time(_) => "the time",
            Kind::Truth(_) => "the word",
        };
        format!("{what} `{}`", self.text.chars().take(80).collect::<String>())
    }

    /// Calculates.
    pub(super) fn with(&self, sign: Sign, other: &Self) -> Result<Self, String> {
        let wrong = || format!("`{}` makes no sense between {} and {}", sign.word(), self.shown(), other.shown());
        let far = || format!("{} {} {} lies beyond what can be written", self.text, sign.word(), other.text);
        match (self.kind, sign, other.kind) {
            (Kind::Number(a), _, Kind::Number(b)) => match sign {
                Sign::Plus => Self::number(a + b),
                Sign::Minus => Self::number(a - b),
                Sign::Times => Self::number(a * b),
                Sign::By => Self::number(a / b),
            },
            (Kind::Time(a), Sign::Plus, Kind::Span(b)) | (Kind::Span(b), Sign::Plus, Kind::Time(a)) => {
                a.checked_add_signed(b).map(Self::time).ok_or_else(far)
            }
            (Kind::Time(a), Sign::Minus, Kind::Span(b)) => a.checked_sub_signed(b).map(Self::time).ok_or_else(far),
            (Kind::Time(a), Sign::Minus, Kind::Time(b)) => Ok(Self::span(a.signed_duration_since(b))),
            (Kind::Span(a), Sign::Plus, Kind::Span(b)) => a.checked_add(&b).map(Self::span).ok_or_else(far),
            (Kind::Span(a), Sign::Minus, Kind::Span(b)) => a.checked_sub(&b).map(Self::span).ok_or_else(far),
            (Kind::Span(a), Sign::Times, Kind::Number(b)) | (Kind::Number(b), Sign::Times, Kind::Span(a)) => {
                scaled(a, b).map(Self::span).ok_or_else(far)
            }
            (Kind::Span(a), Sign::By, Kind::Number(b)) => scaled(a, 1.0 / b).map(Self::span).ok_or_else(far),
            (Kind::Span(a), Sign::By, Kind::Span(b)) => {
                Self::number(a.num_milliseconds() as f64 / b.num_milliseconds() as f64)
            }
            _ => Err(wrong()),
        }
    }
}

fn scaled(span: TimeDelta, by: f64) -> Option<TimeDelta> {
    let millis = span.num_milliseconds() as f64 * by;
    (millis.abs() < 1e15).then(|| TimeDelta::try_milliseconds(millis.round() as i64)).flatten()
}

/// Writes a duration as runbooks do: `1h30m`, `90s` as `1m30s`, with `-` before one that goes back.
fn written(span: TimeDelta) -> String {
    let millis = span.num_milliseconds().unsigned_abs();
    let parts = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let mut rest = millis;
    let mut text = if span < TimeDelta::zero() { "-".to_owned() } else { String::new() };
    for (size, unit) in parts {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{count}{unit}");
        }
    }
    if millis == 0 { "0s".to_owned() } else { text }
}
