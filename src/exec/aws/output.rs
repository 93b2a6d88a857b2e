//! What a call prints: `--query`, then `--output json` or `text` by the AWS CLI's rules.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::query;

/// Says how a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// Indented JSON.
    #[default]
    Json,
    /// Values with tabs between.
    Text,
}

/// Applies `query` and prints the result.
///
/// # Errors
/// One sentence, if the expression does not fit the value.
pub(super) fn print(value: &Value, query: Option<&str>, format: Format) -> Result<Vec<u8>, String> {
    let value = match query {
        // A call without an answer to print prints nothing, as with the AWS CLI.
        None if value.as_object().is_some_and(Map::is_empty) => return Ok(Vec::new()),
        None => Cow::Borrowed(value),
        Some(query) => Cow::Owned(query::apply(query, value)?),
    };
    Ok(match format {
        Format::Json => json(&value),
        Format::Text => {
            let mut out = String::new();
            text(&mut out, &value, None, None);
            out.into_bytes()
        }
    })
}

fn json(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let four = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    // Writing a value into memory has no way to fail.
    if value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, four)).is_ok() {
        out.push(b'\n');
    }
    out
}

/// Prints `value`; `label` is the member it stands in, `columns` those that all elements of its list print.
fn text(out: &mut String, value: &Value, label: Option<&str>, columns: Option<&[&str]>) {
    match value {
        Value::Object(members) => object(out, members, label, columns),
        Value::Array(items) => list(out, items, label),
        scalar => line(out, &[word(scalar)]),
    }
}

fn object(out: &mut String, members: &Map<String, Value>, label: Option<&str>, columns: Option<&[&str]>) {
    let mut sorted: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    let mut cells: Vec<String> = match columns {
        Some(columns) => columns.iter().map(|name| members.get(*name).map(word).unwrap_or_default()).collect(),
        None => sorted.iter().filter(|(_, value)| is_scalar(value)).map(|(_, value)| word(value)).collect(),
    };
    if !cells.is_empty() {
        if let Some(label) = label {
            cells.insert(0, label.to_uppercase());
        }
        line(out, &cells);
    }
    for (name, value) in sorted {
        let printed = columns.map_or(is_scalar(value), |columns| columns.contains(&name));
        if !printed {
            text(out, value, Some(name), None);
        }
    }
}

fn list(out: &mut String, items: &[Value], label: Option<&str>) {
    if items.iter().any(Value::is_object) {
        let mut columns: Vec<&str> = items
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|members| members.iter().filter(|(_, value)| is_scalar(value)).map(|(name, _)| name.as_str()))
            .collect();
        columns.sort_unstable();
        columns.dedup();
        for item in items {
            text(out, item, label, Some(&columns));
        }
        return;
    }
    let (scalars, lists): (Vec<_>, Vec<_>) = items.iter().partition(|item| is_scalar(item));
    let words: Vec<_> = scalars.into_iter().map(word).collect();
    match label {
        Some(label) => words.into_iter().for_each(|word| line(out, &[label.to_uppercase(), word])),
        None if words.is_empty() => {}
        None => line(out, &words),
    }
    for item in lists {
        text(out, item, label, None);
    }
}

fn line(out: &mut String, cells: &[String]) {
    out.push_str(&cells.join("\t"));
    out.push('\n');
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(value: Value, query: Option<&str>, format: Format) -> String {
        String::from_utf8(print(&value, query, format).unwrap()).unwrap()
    }

    #[test]
    fn text_follows_the_clis_rules() {
        for (value, query, expected) in [
            (json!({"A": "x"}), Some("A"), "x\n"),
            (json!({"A": "x"}), Some("B"), "None\n"),
            (json!({"A": true, "B": false}), Some("[A,B]"), "True\tFalse\n"),
            (json!({"A": []}), Some("A"), ""),
            (json!({"A": ["x", "y"]}), Some("A"), "x\ty\n"),
            (json!({"A": ["x", "y"]}), None, "A\tx\nA\ty\n"),
            (json!({"Z": 1, "A": null, "L": [{"b": 1}, {"a": true}]}), None, "None\t1\nL\t\t1\nL\tTrue\t\n"),
            (json!({"L": [["a", "b"], ["c"]]}), Some("L"), "a\tb\nc\n"),
            (json!({"S": {"k": "v"}}), None, "S\tv\n"),
            (json!({}), None, ""),
        ] {
            assert_eq!(printed(value.clone(), query, Format::Text), expected, "{value} {query:?}");
        }
    }

    #[test]
    fn json_is_indented_by_four() {
        assert_eq!(
            printed(json!({"b": [1], "a": {}}), None, Format::Json),
            "{\n    \"b\": [\n        1\n    ],\n    \"a\": {}\n}\n"
        );
        assert_eq!(printed(json!({"a": 1}), Some("b"), Format::Json), "null\n");
        assert_eq!(printed(json!({}), None, Format::Json), "");
        assert_eq!(printed(json!({"a": "ü"}), Some("a"), Format::Json), "\"ü\"\n");
    }
}
