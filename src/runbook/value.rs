//! What an input accepts.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

use super::{InputDecl, InputType, words};
use crate::kernel::parse_duration;

impl InputDecl {
    /// Checks a value against type and pattern, and returns it as it is kept: a time in UTC, anything but text without
    /// the blanks around it.
    ///
    /// # Errors
    /// A sentence that says what was expected; it repeats the value.
    pub fn accept(&self, value: &str) -> Result<String, String> {
        let kept = match &self.kind {
            InputType::List(of) => {
                let items = words::items(value).map(|item| self.accept_as(of, item));
                items.collect::<Result<Vec<_>, _>>()?.join("\n")
            }
            kind => self.accept_as(kind, value)?,
        };
        match &self.pattern {
            Some(pattern) if !whole_match(pattern, &kept)? => {
                Err(format!("{} has to match `{pattern}`, and `{kept}` does not", self.name))
            }
            _ => Ok(kept),
        }
    }

    /// Checks a value like [`InputDecl::accept`], and against choices that only the run knows.
    ///
    /// # Errors
    /// A sentence that says what was expected; it repeats the value.
    pub fn accept_in(&self, value: &str, vars: &BTreeMap<String, String>) -> Result<String, String> {
        let kept = self.accept(value)?;
        match self.choices(vars) {
            Some(choices) if !choices.contains(&kept) => {
                Err(format!("{} is one of {}; `{kept}` is not", self.name, list(&choices)))
            }
            _ => Ok(kept),
        }
    }

    /// Lists what can be chosen; `None` where anything of its type can, or the choices are not known yet.
    pub fn choices(&self, vars: &BTreeMap<String, String>) -> Option<Vec<String>> {
        match &self.kind {
            InputType::Choice(choices) => Some(choices.clone()),
            InputType::ChoiceOf(template) => {
                Some(words::items(&words::fill(template, vars).ok()?).map(str::to_owned).collect())
            }
            _ => None,
        }
    }

    fn accept_as(&self, kind: &InputType, value: &str) -> Result<String, String> {
        let name = &self.name;
        let trimmed = value.trim();
        Ok(match kind {
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
                         `2026-11-22T04:14:00+01:00`; `{value}` {}",
                        if is_zoneless(trimmed) { "has no zone, and a wrong one loses hours" } else { "is none" }
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
            InputType::ChoiceOf(_) if trimmed.contains(['\n', '\r', '\0']) => {
                return Err(format!("{name} is one choice, and this has more than one line"));
            }
            InputType::ChoiceOf(_) => trimmed.to_owned(),
            InputType::List(_) => return Err(format!("{name}: a list cannot hold lists")),
        })
    }
}

/// Is it a date and a time, and only the zone is missing?
fn is_zoneless(text: &str) -> bool {
    let text = text.replacen(' ', "T", 1);
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"].iter().any(|form| NaiveDateTime::parse_from_str(&text, form).is_ok())
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
        InputDecl { pattern: pattern.map(str::to_owned), ..InputDecl::plain("X", kind) }
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
    fn a_time_without_zone_is_told_so() {
        let time = input(InputType::Time, None);
        for text in ["2026-11-22 03:14", "2026-11-22T03:14:00", "2026-11-22T03:14:00.5"] {
            assert!(time.accept(text).unwrap_err().contains("no zone"), "{text}");
        }
        assert!(!time.accept("ten past three").unwrap_err().contains("no zone"));
    }

    #[test]
    fn lists_and_choices_that_the_run_knows() {
        let times = input(InputType::List(Box::new(InputType::Time)), None);
        let kept = times.accept(" 2026-11-22T03:14:00+01:00 \n\n2026-11-22T03:15:00Z\n");
        assert_eq!(kept.as_deref(), Ok("2026-11-22T02:14:00Z\n2026-11-22T03:15:00Z"));
        assert!(times.accept("2026-11-22T03:14:00Z\nsoon").is_err());
        let one = input(InputType::ChoiceOf("${ALL}".to_owned()), None);
        let vars = [("ALL".to_owned(), "a\nb".to_owned())].into();
        assert_eq!(one.accept_in(" b ", &vars).as_deref(), Ok("b"));
        assert!(one.accept_in("c", &vars).unwrap_err().contains("one of `a`, `b`"));
        assert!(one.accept("c").is_ok(), "what nobody knows yet is not checked");
    }

    #[test]
    fn a_pattern_is_for_the_whole_value() {
        let decl = input(InputType::Text, Some("[a-z]+|[0-9]"));
        assert!(decl.accept("abc").is_ok() && decl.accept("7").is_ok());
        assert!(decl.accept("abc; rm").is_err() && decl.accept("77").is_err() && decl.accept("abc\n").is_err());
    }
}
