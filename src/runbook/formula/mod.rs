//! Formulas: conditions, and arithmetic with numbers, times and durations, as `when` and `value` write them.
//!
//! `${NAME}` is a variable, `NAME.outcome`, `NAME.stdout` and `NAME.exit` are what an action left, anything else is a
//! value. A text counts as what it looks like: number, duration, time, true or false; in quotes it stays a text.

mod read;
mod worth;

use std::collections::BTreeMap;
use std::fmt;

use super::words::{self, Unset};
use read::{Node, Quantity, Relation};
use worth::Worth;

/// Is a formula, read and ready to be worked out.
#[derive(Clone, PartialEq)]
pub struct Formula {
    text: String,
    tree: Node,
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Formula({:?})", self.text)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match read::read(text) {
            Ok(tree) => Ok(Self { text: text.trim().to_owned(), tree }),
            Err(why) => Err(format!("`{text}` cannot be read: {why}")),
        }
    }

    /// Lists the variables that it uses, `NAME.outcome` and its like among them.
    pub fn variables(&self) -> Vec<String> {
        let mut found = Vec::new();
        read::names(&self.tree, &mut found);
        found
    }

    /// Says whether it holds.
    ///
    /// # Errors
    /// A sentence: a variable has no value, or two values cannot be compared.
    pub fn holds(&self, vars: &BTreeMap<String, String>) -> Result<bool, String> {
        holds(&self.tree, vars).map_err(|why| format!("`{}`: {why}", self.text))
    }

    /// Works it out: a number, a duration such as `1h30m`, a time in UTC, `true` or `false`, or a text.
    ///
    /// # Errors
    /// A sentence: a variable has no value, or two values cannot be calculated with.
    pub fn value(&self, vars: &BTreeMap<String, String>) -> Result<String, String> {
        worth(&self.tree, vars).map(|worth| worth.text).map_err(|why| format!("`{}`: {why}", self.text))
    }
}

fn named<'v>(name: &str, vars: &'v BTreeMap<String, String>) -> Result<&'v str, String> {
    vars.get(name).map(String::as_str).ok_or_else(|| Unset { name: name.to_owned() }.to_string())
}

fn worth(node: &Node, vars: &BTreeMap<String, String>) -> Result<Worth, String> {
    match node {
        Node::Word(text) => Ok(Worth::of(text)),
        Node::Quoted(text) => words::fill(text, vars).map(Worth::text).map_err(|unset| unset.to_string()),
        Node::Name(name) => named(name, vars).map(Worth::of),
        Node::Calculate(left, sign, right) => worth(left, vars)?.with(*sign, &worth(right, vars)?),
        Node::Not(_) | Node::And(..) | Node::Or(..) | Node::Compare(..) | Node::Each(..) => {
            holds(node, vars).map(Worth::truth)
        }
    }
}

fn holds(node: &Node, vars: &BTreeMap<String, String>) -> Result<bool, String> {
    match node {
        Node::Not(part) => Ok(!holds(part, vars)?),
        Node::And(left, right) => Ok(holds(left, vars)? && holds(right, vars)?),
        Node::Or(left, right) => Ok(holds(left, vars)? || holds(right, vars)?),
        Node::Compare(left, relation, right) => compare(&worth(left, vars)?, *relation, &worth(right, vars)?),
        Node::Each(quantity, parts) => each(*quantity, parts, vars),
        Node::Word(_) | Node::Quoted(_) | Node::Name(_) | Node::Calculate(..) => worth(node, vars)?.holds(),
    }
}

/// Looks at each part, and where a list is compared at each of its items.
fn each(quantity: Quantity, parts: &[Node], vars: &BTreeMap<String, String>) -> Result<bool, String> {
    let stops = quantity == Quantity::Any;
    for part in parts {
        match part {
            Node::Compare(left, relation, right) if matches!(**left, Node::Name(_)) => {
                let Node::Name(name) = &**left else { continue };
                let right = worth(right, vars)?;
                for item in words::items(named(name, vars)?) {
                    if compare(&Worth::of(item), *relation, &right)? == stops {
                        return Ok(stops);
                    }
                }
            }
            part => {
                if holds(part, vars)? == stops {
                    return Ok(stops);
                }
            }
        }
    }
    Ok(!stops)
}

fn compare(left: &Worth, relation: Relation, right: &Worth) -> Result<bool, String> {
    let order = || {
        left.order(right).ok_or_else(|| {
            format!("{} and {} cannot be compared by `{}`", left.shown(), right.shown(), relation.word())
        })
    };
    Ok(match relation {
        Relation::Equal => left.same(right),
        Relation::Unequal => !left.same(right),
        Relation::Less => order()?.is_lt(),
        Relation::AtMost => order()?.is_le(),
        Relation::More => order()?.is_gt(),
        Relation::AtLeast => order()?.is_ge(),
        Relation::Matches => pattern(&right.text)?.is_match(&left.text),
        Relation::MatchesNot => !pattern(&right.text)?.is_match(&left.text),
    })
}

fn pattern(text: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(text)
        .multi_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| format!("`{text}` is not a regular expression"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_place_of_an_item_is_a_value() {
        let first = Formula::parse("${t.index} == 0").unwrap();
        for (index, holds) in [("0", true), ("1", false)] {
            assert_eq!(first.holds(&BTreeMap::from([("t.index".to_owned(), index.to_owned())])), Ok(holds));
        }
    }

    fn vars() -> BTreeMap<String, String> {
        [
            ("N", "42"),
            ("T", "2026-11-22T03:14:00Z"),
            ("D", "90s"),
            ("WORD", "available"),
            ("EMPTY", ""),
            ("LIST", "ok\nok\nfailed"),
            ("ONE", "ok"),
            ("probe.outcome", "failed"),
            ("east-probe.exit", "7"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn conditions_that_hold_and_that_do_not() {
        for (text, wanted) in [
            ("${N} > 41.5", true),
            ("${N} <= 41", false),
            ("${N} == 42.0", true),
            ("${D} < 2m", true),
            ("${D} == 1m30s", true),
            ("${T} > 2026-11-22T04:13:59+01:00", true),
            ("${T} == 2026-11-22T04:14:00+01:00", true),
            ("${WORD} == available && !(${N} < 3)", true),
            ("${WORD} == \"avail${ONE}\" || ${N} == '42'", true),
            ("${WORD} =~ '^avail'", true),
            ("${WORD} !~ \"^(failed|deleting)$\"", true),
            ("${EMPTY} == \"\"", true),
            ("${EMPTY} != \"\"", false),
            ("probe.outcome == failed", true),
            ("${probe.outcome} != ok && east-probe.exit == 7", true),
            ("all(${LIST} == ok)", false),
            ("any(${LIST} == failed)", true),
            ("all(${ONE} == ok, ${N} > 1)", true),
            ("any(${EMPTY} == ok)", false),
            ("all(${EMPTY} == ok)", true),
            ("${T} - 1s < ${T}", true),
            ("true", true),
            ("!true || false", false),
        ] {
            let formula = Formula::parse(text).unwrap();
            assert_eq!(formula.holds(&vars()), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn values_are_worked_out_in_their_kind() {
        for (text, wanted) in [
            ("${T} - 1s", "2026-11-22T03:13:59Z"),
            ("${T}-5m", "2026-11-22T03:09:00Z"),
            ("${T} + 250ms", "2026-11-22T03:14:00.250Z"),
            ("1h + ${T}", "2026-11-22T04:14:00Z"),
            ("${T} - 2026-11-22T03:00:00Z", "14m"),
            ("2026-11-22T03:00:00Z - ${T}", "-14m"),
            ("${D} * 3", "4m30s"),
            ("${D} / 2 - 45s", "0s"),
            ("2h / 30m", "4"),
            ("(${N} + 8) * 2 / 4", "25"),
            ("1 / 4", "0.25"),
            ("${WORD}", "available"),
            ("\"${WORD}-${N}\"", "available-42"),
            ("${N} > 3", "true"),
        ] {
            assert_eq!(Formula::parse(text).unwrap().value(&vars()).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_says_why() {
        for (text, part) in [
            ("", "empty"),
            ("${N} >", "value is missing"),
            ("${N", "not closed"),
            ("${N:-1}", "not a variable"),
            ("(${N} > 1", "`)` is missing"),
            ("${N} > 1)", "`)` stands"),
            ("1 < 2 < 3", "another comparison"),
            ("${N} available", "operator"),
            ("some(${N})", "no `some(…)`"),
            ("${N} =~ \"(\"", "regular expression"),
            ("\"x", "closing quote"),
            ("a = b", "`=` means nothing"),
        ] {
            let why = Formula::parse(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
        assert!(Formula::parse(&"(".repeat(100_000)).unwrap_err().contains("parts"));
        assert!(Formula::parse(&"!".repeat(100)).unwrap_err().contains("nested"));
        for (text, part) in [
            ("${N} > soon", "cannot be compared"),
            ("${N} > ${D}", "cannot be compared"),
            ("${T} + ${T}", "makes no sense"),
            ("${WORD} * 2", "makes no sense"),
            ("${N} / 0 > 1", "no number"),
            ("${T} + 99999999d > ${T}", "beyond"),
            ("${NOBODY} == 1", "has no value"),
            ("${N}", "neither true nor false"),
        ] {
            let why = Formula::parse(text).unwrap().holds(&vars()).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn variables_are_found_wherever_they_stand() {
        let formula = Formula::parse("any(${A} == 1, !(b.exit > 0)) && \"${C}x\" == ${D.stdout}").unwrap();
        assert_eq!(formula.variables(), ["A", "b.exit", "C", "D.stdout"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            if let Ok(formula) = Formula::parse(&text) {
                drop(formula.value(&vars()));
                drop(formula.holds(&vars()));
            }
        }

        #[test]
        fn what_looks_like_a_formula_never_panics(
            parts in prop::collection::vec(prop::sample::select(vec![
                "${N}", "${T}", "${D}", "${LIST}", "probe.outcome", "1", "5m", "\"x\"", "&&", "||", "!", "(", ")", "==",
                "<", "=~", "+", "-", "*", "/", "any(", "all(", ",",
            ]), 0..12)
        ) {
            if let Ok(formula) = Formula::parse(&parts.join(" ")) {
                drop(formula.value(&vars()));
                drop(formula.holds(&vars()));
            }
        }
    }
}
