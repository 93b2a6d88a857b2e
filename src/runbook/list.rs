//! Lists: what `foreach` runs for, and what captures become that ran for several items. A value that is a list has one
//! member a line.

use std::collections::BTreeMap;

use super::words::{self, Unset};

/// Lists what a `foreach` runs for: the members of each `${NAME}` that stands by itself, and each other word as it is.
///
/// # Errors
/// [`Unset`] if a variable has no value.
pub fn items(template: &str, vars: &BTreeMap<String, String>) -> Result<Vec<String>, Unset> {
    let mut items = Vec::new();
    for word in template.split_whitespace() {
        let value = words::fill(word, vars)?;
        let alone = words::variables(word).first().is_some_and(|(_, at)| *at == (0..word.len()));
        if alone { items.extend(members(&value)) } else { items.push(value) }
    }
    Ok(items)
}

/// Reads the members of a value: of a JSON array, else one a line.
pub fn members(value: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<serde_json::Value>>(value.trim()) {
        Ok(values) => {
            values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
        }
        Err(_) => value.lines().map(str::trim).filter(|member| !member.is_empty()).map(str::to_owned).collect(),
    }
}

/// Writes a list, one member a line.
pub fn written(members: &[String]) -> String {
    let lines: Vec<String> = members.iter().map(|member| member.replace(['\n', '\r'], " ")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_template_and_members_of_values() {
        let vars: BTreeMap<String, String> =
            [("L", "a b\n\n c, d \n"), ("J", r#"["x y", 7]"#), ("ONE", "a b"), ("NONE", " ")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        for (template, list) in [
            ("one  two", vec!["one", "two"]),
            ("${L}", vec!["a b", "c, d"]),
            ("${J} z", vec!["x y", "7", "z"]),
            ("${ONE}", vec!["a b"]),
            ("db-${ONE}", vec!["db-a b"]),
            ("${NONE}", vec![]),
        ] {
            assert_eq!(items(template, &vars).unwrap(), list, "{template}");
        }
        assert!(items("${NO}", &vars).is_err());
        assert_eq!(members(&written(&["a\nb".to_owned(), "c".to_owned()])), ["a b", "c"]);
    }
}
