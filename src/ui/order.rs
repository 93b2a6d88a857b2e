//! What a facilitator wants, and the words in which it is typed.

use crate::engine::Mark;
use crate::kernel::nearest;

/// Is something that a facilitator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// An inject is to come now.
    Fire(u32),
    /// Something expected was done, or not.
    Mark {
        /// The inject.
        inject: u32,
        /// Its expectation, from 1.
        expectation: u32,
        /// Was it?
        mark: Mark,
        /// What is to be said about it.
        note: Option<String>,
    },
    /// Something is to be remembered.
    Note(String),
    /// The team is to be told something.
    Tell(String),
    /// The exercise is to pause; why.
    Pause(String),
    /// It is to go on.
    GoOn,
    /// Points are given.
    Score {
        /// For what.
        area: String,
        /// 1 to 5.
        points: u8,
        /// Why.
        note: Option<String>,
    },
    /// The exercise is to end.
    Close,
    /// The facilitator leaves; the exercise goes on without them.
    Leave,
}

/// What can be typed, a line each.
pub(super) const TYPED: [&str; 10] = [
    "list                      every inject, what is expected, and what became of it",
    "fire N                    let inject N come now",
    "met N.K [NOTE]            expectation K of inject N was met; also: late, missed, unseen",
    "note TEXT                 remember something for the hot wash",
    "tell TEXT                 tell the team something",
    "pause WHY                 pause the exercise: nothing is begun; the RTO clock goes on",
    "go                        go on after a pause",
    "score AREA 1-5 [NOTE]     give points; AREA is one word",
    "end                       end the exercise: nothing more comes",
    "leave                     leave; `lifeboat facilitate` comes back",
];

const WORDS: [&str; 14] =
    ["list", "fire", "met", "late", "missed", "unseen", "note", "tell", "pause", "go", "score", "end", "leave", "help"];

/// Reads what was typed; `None` asks for the list.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub(super) fn parse(line: &str) -> Result<Option<Order>, String> {
    let (word, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let rest = rest.trim();
    let said = || match rest {
        "" => Err(format!("`{word}` needs a few words behind it")),
        rest => Ok(rest.to_owned()),
    };
    Ok(Some(match word {
        "" | "list" | "?" | "help" => return Ok(None),
        "fire" => Order::Fire(rest.parse().map_err(|_| "write `fire 2` for the second inject".to_owned())?),
        "met" => mark(Mark::Met, rest)?,
        "late" => mark(Mark::Late, rest)?,
        "missed" => mark(Mark::Missed, rest)?,
        "unseen" => mark(Mark::NotSeen, rest)?,
        "note" => Order::Note(said()?),
        "tell" => Order::Tell(said()?),
        "pause" => Order::Pause(said()?),
        "go" => Order::GoOn,
        "score" => score(rest)?,
        "end" => Order::Close,
        "leave" => Order::Leave,
        other => {
            let near = nearest(other, WORDS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(format!("there is no `{other}` here{near}"));
        }
    }))
}

fn mark(mark: Mark, rest: &str) -> Result<Order, String> {
    let (name, note) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (inject, expectation) = name.split_once('.').unwrap_or((name, "1"));
    let number =
        |text: &str| text.parse::<u32>().map_err(|_| format!("`{name}` names no expectation; write `met 2.1`"));
    Ok(Order::Mark { inject: number(inject)?, expectation: number(expectation)?, mark, note: noted(note) })
}

/// Reads `AREA 1-5 [NOTE]`.
pub(super) fn score(rest: &str) -> Result<Order, String> {
    let wrong =
        || "write an area in one word, 1 to 5 points, and why: `communication 4 roles were said aloud`".to_owned();
    let mut words = rest.splitn(3, char::is_whitespace);
    let (area, points) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let points = points.parse::<u8>().ok().filter(|points| (1..=5).contains(points)).ok_or_else(wrong)?;
    Ok(Order::Score { area: area.to_owned(), points, note: noted(words.next().unwrap_or_default()) })
}

/// Takes a note, if it says anything.
pub(super) fn noted(note: &str) -> Option<String> {
    Some(note.trim().to_owned()).filter(|note| !note.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_as_they_are_typed() {
        let mark = |inject, expectation, mark, note: Option<&str>| Order::Mark {
            inject,
            expectation,
            mark,
            note: note.map(str::to_owned),
        };
        for (line, expected) in [
            ("fire 2", Order::Fire(2)),
            ("met 2.1", mark(2, 1, Mark::Met, None)),
            ("late 3 after the second call ", mark(3, 1, Mark::Late, Some("after the second call"))),
            ("unseen 1.2", mark(1, 2, Mark::NotSeen, None)),
            ("note  they argue", Order::Note("they argue".into())),
            ("pause wrong account", Order::Pause("wrong account".into())),
            ("go", Order::GoOn),
            ("score roles 4", Order::Score { area: "roles".into(), points: 4, note: None }),
            ("end", Order::Close),
            ("leave", Order::Leave),
        ] {
            assert_eq!(parse(line), Ok(Some(expected)), "{line}");
        }
        for line in ["", "list", " ? "] {
            assert_eq!(parse(line), Ok(None));
        }
        for line in
            ["fire", "fire x", "met", "met a.1", "note", "tell ", "pause", "score roles", "score roles 6", "boo"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("paus x").unwrap_err().contains("`pause`"));
    }

    #[test]
    fn what_can_be_typed_is_what_is_told() {
        for line in TYPED {
            let word = line.split_whitespace().next().unwrap();
            assert!(WORDS.contains(&word), "{word}");
        }
    }
}
