//! Attributes as authors write them: `{ key=value key="quoted value" flag }`, or JSON.
//!
//! They are read from the source bytes of the line: Markdown resolves backslashes and entities in info strings, which
//! would change a regular expression.

use std::ops::Range;

use serde::de::{Deserializer as _, MapAccess, Visitor};

/// Is one attribute with its places, in bytes of the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub key: String,
    /// `None` for a flag.
    pub value: Option<String>,
    pub key_at: Range<usize>,
    pub value_at: Range<usize>,
}

/// Says why attributes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub message: String,
    pub help: &'static str,
    pub at: Range<usize>,
}

/// Holds an info string, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Info<'i> {
    /// The first word; empty if there is none.
    pub language: &'i str,
    /// What stands between the braces, and where it begins.
    pub braces: Option<(&'i str, usize)>,
    /// What stands outside both, and where.
    pub stray: Option<(&'i str, Range<usize>)>,
}

/// Takes an info string apart.
pub(super) fn info(info: &str) -> Info<'_> {
    let end = info.find(|c: char| c.is_whitespace() || c == '{').unwrap_or(info.len());
    let (language, rest) = info.split_at_checked(end).unwrap_or((info, ""));
    let mut taken = Info { language, braces: None, stray: None };
    let Some(open) = rest.find('{') else {
        taken.stray = outside(rest, end);
        return taken;
    };
    let (before, braced) = rest.split_at_checked(open).unwrap_or((rest, ""));
    taken.stray = outside(before, end);
    let inner = braced.get(1..).unwrap_or("");
    // A value may hold `${NAME}`: the last brace of the line is the one that closes.
    let close = inner.rfind('}').unwrap_or(inner.len());
    let (inner, after) = inner.split_at_checked(close).unwrap_or((inner, ""));
    let from = end + open + 1;
    taken.braces = Some((inner, from));
    if let Some(after) = after.strip_prefix('}')
        && taken.stray.is_none()
    {
        taken.stray = outside(after, from + close + 1);
    }
    taken
}

fn outside(text: &str, from: usize) -> Option<(&str, Range<usize>)> {
    let trimmed = text.trim();
    let lead = text.len() - text.trim_start().len();
    (!trimmed.is_empty()).then_some((trimmed, from + lead..from + lead + trimmed.len()))
}

/// Says whether braces hold line numbers for highlighting (`{1,3-5}`), as other tools write them.
pub(super) fn is_highlight(braces: &str) -> bool {
    !braces.trim().is_empty() && braces.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '-' | ' '))
}

/// Reads what stands between the braces, or in a comment; `from` is added to all places.
pub(super) fn attributes(text: &str, from: usize) -> Result<Vec<Attribute>, Broken> {
    let found = if text.trim_start().starts_with('"') { json(text, from)? } else { pairs(text, from)? };
    for (index, attribute) in found.iter().enumerate() {
        if found.iter().take(index).any(|earlier| earlier.key == attribute.key) {
            return Err(Broken {
                message: format!("`{}` is set twice", attribute.key),
                help: "keep one of them",
                at: attribute.key_at.clone(),
            });
        }
    }
    Ok(found)
}

fn pairs(text: &str, from: usize) -> Result<Vec<Attribute>, Broken> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or("");
        at += rest.len() - rest.trim_start().len();
        let rest = text.get(at..).unwrap_or("");
        if rest.is_empty() {
            return Ok(found);
        }
        let key_len = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (key, tail) = rest.split_at_checked(key_len).unwrap_or((rest, ""));
        let key_at = from + at..from + at + key_len;
        if key.is_empty() || key.contains(['"', '\'', '{', '}', ',']) {
            return Err(Broken {
                message: if key.is_empty() {
                    "a name is missing before `=`".to_owned()
                } else {
                    format!("`{key}` is not a name")
                },
                help: "write `{ key=value key=\"quoted value\" flag }`",
                at: from + at..from + at + key_len.max(1),
            });
        }
        at += key_len;
        let Some(raw) = tail.strip_prefix('=') else {
            found.push(Attribute { key: key.to_owned(), value: None, value_at: key_at.clone(), key_at });
            continue;
        };
        at += 1;
        let (value, length) = if let Some(quote @ ('"' | '\'')) = raw.chars().next() {
            quoted(raw, quote).ok_or_else(|| Broken {
                message: format!("the value of `{key}` has no closing quote"),
                help: "close it before the end of the line; inside double quotes write `\\\"` for a quote",
                at: from + at..from + text.trim_end().len(),
            })?
        } else {
            let length = raw.find(char::is_whitespace).unwrap_or(raw.len());
            (raw.get(..length).unwrap_or("").to_owned(), length)
        };
        let value_at = from + at..from + at + length;
        at += length;
        if text.get(at..).is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace())) {
            return Err(Broken {
                message: format!("something follows the quoted value of `{key}`"),
                help: "put a space between two attributes, and the whole value into the quotes",
                at: value_at,
            });
        }
        found.push(Attribute { key: key.to_owned(), value: Some(value), key_at, value_at });
    }
}

/// Reads a quoted value; returns it and its length with the quotes.
fn quoted(raw: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = raw.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((value, at + 1)),
            '\\' if quote == '"' => match chars.next() {
                // Only what needs it is an escape, so that `~^\d+$` stays what it is.
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                Some((_, c)) => {
                    value.push('\\');
                    value.push(c);
                }
                None => return None,
            },
            c => value.push(c),
        }
    }
    None
}

fn json(text: &str, from: usize) -> Result<Vec<Attribute>, Broken> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, serde_json::Value)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("attributes")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    let whole = format!("{{{text}}}");
    let mut reader = serde_json::Deserializer::from_str(&whole);
    let members = reader.deserialize_map(Members).and_then(|members| reader.end().map(|()| members));
    let members = members.map_err(|error| {
        // The text has one line, so the column is the place; the brace that was added counts for one.
        let at = error.column().saturating_sub(2).min(text.len().saturating_sub(1));
        let mut end = at + 1;
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Broken {
            message: "these attributes begin like JSON and are none".to_owned(),
            help: "write `{\"key\":\"value\",\"flag\":true}`, or `{ key=value flag }`",
            at: from + at..from + end,
        }
    })?;
    let mut searched = 0;
    members
        .into_iter()
        .map(|(key, value)| {
            let needle = format!("\"{key}\"");
            let found = text.get(searched..).and_then(|rest| rest.find(&needle)).map_or(searched, |at| searched + at);
            let key_at = from + found..from + (found + needle.len()).min(text.len());
            searched = (found + needle.len()).min(text.len());
            let value = match value {
                serde_json::Value::Bool(true) => None,
                serde_json::Value::Bool(false) => Some("false".to_owned()),
                serde_json::Value::String(text) => Some(text),
                serde_json::Value::Number(number) => Some(number.to_string()),
                serde_json::Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_number()) => {
                    let items = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                    Some(items.collect::<Vec<_>>().join(","))
                }
                _ => {
                    return Err(Broken {
                        message: format!("`{key}` needs a text, a number, `true` or a list of those"),
                        help: "write it without null and without objects",
                        at: key_at,
                    });
                }
            };
            Ok(Attribute { key, value, value_at: key_at.clone(), key_at })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Vec<(String, Option<String>)> {
        let (braces, from) = info(line).braces.unwrap();
        let found = attributes(braces, from).unwrap();
        for attribute in &found {
            assert!(line.get(attribute.key_at.clone()).unwrap().contains(&attribute.key), "{line}");
        }
        found.into_iter().map(|attribute| (attribute.key, attribute.value)).collect()
    }

    #[test]
    fn both_forms_say_the_same() {
        let wanted = [("name", Some("x")), ("retry", Some("3")), ("optional", None), ("confirm", Some("a \"b\" ${C}"))];
        let wanted = wanted.map(|(key, value)| (key.to_owned(), value.map(str::to_owned)));
        assert_eq!(read(r#"sh { name=x retry=3 optional confirm="a \"b\" ${C}" }"#), wanted);
        assert_eq!(read(r#"sh {name=x retry=3   optional confirm='a "b" ${C}'}"#), wanted);
        assert_eq!(read(r#"sh {"name":"x","retry":3,"optional":true,"confirm":"a \"b\" ${C}"}"#), wanted);
    }

    #[test]
    fn backslashes_stay_what_the_author_wrote() {
        assert_eq!(
            read(r#"sh { expect="~^\d+\.\d &amp; x$" }"#),
            [("expect".into(), Some(r"~^\d+\.\d &amp; x$".into()))]
        );
        assert_eq!(read(r"sh { confirm=${ID} }"), [("confirm".into(), Some("${ID}".into()))]);
    }

    #[test]
    fn parts_of_an_info_string() {
        assert_eq!(info("sh"), Info { language: "sh", ..Info::default() });
        assert_eq!(info("sh{a}").braces, Some(("a", 3)));
        assert_eq!(info("sh title=x").stray, Some(("title=x", 3..10)));
        assert_eq!(info("sh {a} b").stray, Some(("b", 7..8)));
        assert!(is_highlight("1,3-5") && !is_highlight("") && !is_highlight("a"));
    }

    #[test]
    fn broken_attributes_are_refused_where_they_break() {
        for (braces, at, part) in [
            ("name=\"x", 5, "no closing quote"),
            ("=x", 0, "missing before"),
            ("name=x name=y", 7, "set twice"),
            ("\"name\":x", 7, "begin like JSON"),
            ("\"name\":{}", 0, "needs a text"),
            ("\"a\":1,\"a\":2", 6, "set twice"),
            ("name=\"x\"y", 5, "something follows"),
        ] {
            let broken = attributes(braces, 0).unwrap_err();
            assert!(broken.message.contains(part), "{braces}: {}", broken.message);
            assert_eq!(broken.at.start, at, "{braces}");
        }
    }

    proptest! {
        #[test]
        fn any_info_string_is_read_or_refused(line in "\\PC*") {
            let taken = info(&line);
            if let Some((braces, from)) = taken.braces {
                drop(attributes(braces, from));
            }
        }

        #[test]
        fn json_like_is_read_or_refused(line in "\"[\\PC]*") {
            drop(attributes(&line, 0));
        }
    }
}
