//! The inputs of a front matter: types, choices, defaults, values that are worked out.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_saphyr::Spanned;

use super::{Reader, Text};
use crate::runbook::sink::Sink;
use crate::runbook::{Derivation, InputDecl, InputType, Readers, Secrecy, words};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInput {
    #[serde(rename = "type")]
    kind: Option<Text>,
    #[serde(default)]
    description: String,
    default: Option<Text>,
    pattern: Option<Text>,
    choices: Option<Spanned<OneOrMore>>,
    from: Option<Text>,
    of: Option<Text>,
    value: Option<Spanned<OneOrMore>>,
    secret: Option<Spanned<bool>>,
    second_reader: Option<bool>,
}

/// Is one text, or a list of them.
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrMore::One(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(OneOrMore::One(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(OneOrMore::One(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(OneOrMore::One(number.to_string()))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(OneOrMore::One(truth.to_string()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut choices = Vec::new();
                while let Some(choice) = items.next_element()? {
                    choices.push(choice);
                }
                Ok(OneOrMore::More(choices))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

impl RawInput {
    pub(super) fn clean(self, name: &Text, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<InputDecl> {
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
        let secrecy = self.secrecy(reader, sink);
        let kind = self.kind(&at, reader, sink)?;
        let value = self.derivation(&kind, reader, sink);
        if let (Some(value), Some(_)) = (&self.value, &self.default) {
            sink.error(
                "input",
                reader.at(value),
                "an input has a `value` or a `default`, not both",
                "`value` is worked out when it is first needed, `default` when the run begins; keep one of them",
            );
        }
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
            value,
            readers: if self.second_reader == Some(true) { Readers::Two } else { Readers::One },
            pattern: self.pattern.map(|pattern| pattern.value),
            from_env,
            secrecy,
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

    /// A secret comes from the environment alone: whatever else gives a value writes it down.
    fn secrecy(&self, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Secrecy {
        let Some(secret) = self.secret.as_ref().filter(|secret| secret.value) else { return Secrecy::Open };
        let from_env = self.from.as_ref().is_some_and(|from| from.value == "env");
        let more = self.default.is_some()
            || self.value.is_some()
            || self.choices.is_some()
            || self.pattern.is_some()
            || self.second_reader == Some(true);
        if !from_env || more {
            let help = "write `{ secret: true, from: env }`, with a description if it helps";
            sink.error("input", reader.at(secret), "a secret comes from the environment alone", help);
        }
        Secrecy::Secret
    }

    fn derivation(&self, kind: &InputType, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<Derivation> {
        let value = self.value.as_ref()?;
        let read = match (&value.value, kind) {
            (OneOrMore::One(text), _) => Derivation::parse(kind, text),
            (OneOrMore::More(items), InputType::List(_)) => {
                items.iter().map(|item| Derivation::parse(kind, item)).collect::<Result<_, _>>().map(Derivation::List)
            }
            (OneOrMore::More(_), _) => Err("only an input of type list has a list of values".to_owned()),
        };
        read.map_err(|why| {
            let help =
                "write for example `value: \"${T_BAD} - 1s\"`, or a text with `${NAME}` for an input of type text";
            sink.error("input", reader.at(value), format!("the value makes no sense: {why}"), help);
        })
        .ok()
    }

    fn kind(&self, at: &Range<usize>, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<InputType> {
        let choices = match &self.choices {
            Some(Spanned { value: OneOrMore::More(choices), .. }) if !choices.is_empty() => {
                Some(InputType::Choice(choices.clone()))
            }
            Some(Spanned { value: OneOrMore::One(list), .. }) if !words::variables(list).is_empty() => {
                Some(InputType::ChoiceOf(list.clone()))
            }
            Some(choices) => {
                let help = "list the choices, `choices: [a, b]`, or name a list, `choices: \"${CANDIDATES}\"`";
                sink.error("input", reader.at(choices), "there is nothing to choose from", help);
                return None;
            }
            None => None,
        };
        let word = self.kind.as_ref().map_or("", |kind| kind.value.as_str());
        if let (Some(of), true) = (&self.of, word != "list") {
            let help = "write `type: list`, or take `of` out";
            sink.error("input", reader.at(of), "only an input of type list has `of`", help);
            return None;
        }
        let kind = match (word, choices) {
            ("" | "choice", Some(choices)) => choices,
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
            ("list", None) => {
                InputType::List(Box::new(match self.of.as_ref().map_or("text", |of| of.value.as_str()) {
                    "text" => InputType::Text,
                    "integer" => InputType::Integer,
                    "number" => InputType::Number,
                    "time" => InputType::Time,
                    "duration" => InputType::Duration,
                    other => {
                        let place = self.of.as_ref().map_or(at.clone(), |of| reader.at(of));
                        let help = "use text, integer, number, time or duration";
                        sink.error("input", place, format!("a list cannot hold items of type `{other}`"), help);
                        return None;
                    }
                }))
            }
            (other, None) => {
                let place = self.kind.as_ref().map_or(at.clone(), |kind| reader.at(kind));
                sink.error(
                    "input",
                    place,
                    format!("there is no type `{other}`"),
                    "use text, integer, number, boolean, time, duration, choice or list",
                );
                return None;
            }
        };
        Some(kind)
    }
}
