//! What an input accepts.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{InputDecl, InputType};
use crate::kernel::parse_duration;

impl InputDecl {
    /// Checks a value against type and pattern, and returns it as it is kept: a time in UTC, anything but text without
    /// the blanks around it.
    ///
    /// # Errors
    /// A sentence that says what was expected; it repeats the value.
    pub fn accept(&self, value: &str) -> Result<String, String> {
        let name = &self.name;
        let trimmed = value.trim();
        let kept = match &self.kind {
            InputType::Text => {
                if value.contains(['\n', '\r', '\0']) {
                    return Err(format!("{name} takes text on one line, and this has more than one"));
                }
                value.to_owned()
            }
            InputType::Integer => trimmed
                .parse::<i64>()
                .map(|number| number.to_string())
                .map_err(|_| format!("{name} takes a whole number, and `{value}` is none"))?,
            InputType::Number => {
                let number = trimmed.parse::<f64>().ok().filter(|number| number.is_finite());
                number.ok_or_else(|| format!("{name} takes a number, and `{value}` is none"))?;
                trimmed.to_owned()
            }
            InputType::Boolean => match trimmed {
                "true" | "false" => trimmed.to_owned(),
                _ => return Err(format!("{name} takes `true` or `false`, not `{value}`")),
            },
            InputType::Time => DateTime::parse_from_rfc3339(trimmed)
                .map(|time| time.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::AutoSi, true))
                .map_err(|_| {
                    format!(
                        "{name} takes a time with its zone, such as `2026-11-22T03:14:00Z` or \
                         `2026-11-22T04:14:00+01:00`; `{value}` is none"
                    )
                })?,
            InputType::Duration => {
                parse_duration(trimmed).map_err(|why| format!("{name}: {why}"))?;
                trimmed.to_owned()
            }
            InputType::Choice(choices) => {
                let found = choices.iter().find(|choice| *choice == trimmed);
                found.cloned().ok_or_else(|| format!("{name} is one of {}; `{value}` is not", list(choices)))?
            }
        };
        match &self.pattern {
            Some(pattern) if !whole_match(pattern, &kept)? => {
                Err(format!("{name} has to match `{pattern}`, and `{kept}` does not"))
            }
            _ => Ok(kept),
        }
    }
}

fn list(choices: &[String]) -> String {
    choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ")
}

fn whole_match(pattern: &str, value: &str) -> Result<bool, String> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
        .map(|regex| regex.is_match(value))
        .map_err(|_| format!("the pattern `{pattern}` is not a regular expression"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: InputType, pattern: Option<&str>) -> InputDecl {
        InputDecl {
            name: "X".to_owned(),
            kind,
            description: String::new(),
            default: None,
            pattern: pattern.map(str::to_owned),
            from_env: false,
            line: 1,
        }
    }

    #[test]
    fn each_type_keeps_what_it_understands() {
        let choice = || InputType::Choice(vec!["a".to_owned(), "b c".to_owned()]);
        for (kind, value, kept) in [
            (InputType::Text, " as it is ", Some(" as it is ")),
            (InputType::Text, "two\nlines", None),
            (InputType::Integer, " 42 ", Some("42")),
            (InputType::Integer, "4.2", None),
            (InputType::Number, "4.20", Some("4.20")),
            (InputType::Number, "NaN", None),
            (InputType::Boolean, "true", Some("true")),
            (InputType::Boolean, "yes", None),
            (InputType::Time, "2026-11-22T04:14:00+01:00", Some("2026-11-22T03:14:00Z")),
            (InputType::Time, "2026-11-22T03:14:00.250Z", Some("2026-11-22T03:14:00.250Z")),
            (InputType::Time, "2026-11-22 03:14", None),
            (InputType::Duration, "1h30m", Some("1h30m")),
            (InputType::Duration, "soon", None),
            (choice(), "b c", Some("b c")),
            (choice(), "c", None),
        ] {
            let got = input(kind.clone(), None).accept(value);
            assert_eq!(got.as_deref().ok(), kept, "{kind:?} {value:?}: {got:?}");
        }
    }

    #[test]
    fn a_pattern_is_for_the_whole_value() {
        let decl = input(InputType::Text, Some("[a-z]+|[0-9]"));
        assert!(decl.accept("abc").is_ok() && decl.accept("7").is_ok());
        assert!(decl.accept("abc; rm").is_err() && decl.accept("77").is_err() && decl.accept("abc\n").is_err());
    }
}
