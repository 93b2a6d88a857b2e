//! Conditions on output as authors write them: `available`, `~regex`, `<300`, `!empty`.

use super::{Expect, words};

/// Reads a condition.
///
/// # Errors
/// What is wrong, and what to write.
pub(super) fn parse(text: &str) -> Result<Expect, (String, &'static str)> {
    let text = text.trim();
    let number = |right: &str| {
        let right = right.trim();
        if right.parse::<f64>().is_ok_and(f64::is_finite) || !words::variables(right).is_empty() {
            Ok(right.to_owned())
        } else {
            Err((format!("`{right}` is not a number"), "write for example `<300`, `>=1` or `<${LIMIT}`"))
        }
    };
    let pattern = |right: &str| {
        let is_good = !words::variables(right).is_empty()
            || regex::RegexBuilder::new(right).multi_line(true).size_limit(1 << 20).build().is_ok();
        if right.is_empty() || !is_good {
            return Err((
                format!("`{right}` is not a regular expression"),
                "check its brackets, and put a backslash before a character that is meant as it is",
            ));
        }
        Ok(right.to_owned())
    };
    Ok(match text {
        "" => return Err(("the condition is empty".to_owned(), "write `empty` if no output is expected")),
        "empty" => Expect::Empty,
        "!empty" => Expect::NotEmpty,
        "fails" => Expect::Fails,
        _ => {
            if let Some(right) = text.strip_prefix("!~") {
                Expect::MatchesNot(pattern(right)?)
            } else if let Some(right) = text.strip_prefix('~') {
                Expect::Matches(pattern(right)?)
            } else if let Some(right) = text.strip_prefix("!=") {
                Expect::Differs(unquoted(right))
            } else if let Some(right) = text.strip_prefix("<=") {
                Expect::AtMost(number(right)?)
            } else if let Some(right) = text.strip_prefix('<') {
                Expect::Less(number(right)?)
            } else if let Some(right) = text.strip_prefix(">=") {
                Expect::AtLeast(number(right)?)
            } else if let Some(right) = text.strip_prefix('>') {
                Expect::More(number(right)?)
            } else if let Some(right) = text.strip_prefix("==") {
                Expect::Equals(unquoted(right))
            } else if text.starts_with('!') {
                return Err((format!("`{text}` is not a condition"), "write `!=text`, `!~regex` or `!empty`"));
            } else {
                Expect::Equals(unquoted(text))
            }
        }
    })
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling() {
        let text = str::to_owned;
        for (condition, expect) in [
            ("available", Expect::Equals(text("available"))),
            ("\"in sync\"", Expect::Equals(text("in sync"))),
            ("==~x", Expect::Equals(text("~x"))),
            ("!=available", Expect::Differs(text("available"))),
            ("~^a|b$", Expect::Matches(text("^a|b$"))),
            ("!~error", Expect::MatchesNot(text("error"))),
            ("<300", Expect::Less(text("300"))),
            ("<= 300", Expect::AtMost(text("300"))),
            (">${N}", Expect::More(text("${N}"))),
            (">=1.5", Expect::AtLeast(text("1.5"))),
            ("!empty", Expect::NotEmpty),
            ("empty", Expect::Empty),
            ("fails", Expect::Fails),
        ] {
            assert_eq!(parse(condition), Ok(expect), "{condition}");
        }
        for condition in ["", "~(", "!~[", "<many", ">=", "!x", "~"] {
            assert!(parse(condition).is_err(), "{condition}");
        }
    }
}
