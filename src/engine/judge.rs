//! Did it do what was expected? The pure judgement of one performance.

use std::cmp::Ordering;

use super::effect::Judge;
use super::measure::read_time;
use super::outcome::Outcome;
use crate::kernel::SafeText;
use crate::runbook::Expect;

/// Judges one performance; `Err` says why it failed, with what was expected and what came.
pub(super) fn judge(judge: &Judge, outcome: &Outcome, stdout: &str) -> Result<(), String> {
    let ended = ended_well(judge, outcome);
    match &judge.expect {
        Some(Expect::Fails) => match ended {
            Ok(()) => Err("it succeeded, and its failure was the proof".to_owned()),
            Err(_) if proves_nothing(outcome) => Err(format!("{}, which proves nothing", outcome.words())),
            Err(_) => Ok(()),
        },
        expect => {
            ended?;
            expect.as_ref().map_or(Ok(()), |expect| holds(expect, stdout))
        }
    }
}

/// Does `expect` hold for the trimmed `stdout`? `Err` says what was expected and what came.
pub fn holds(expect: &Expect, stdout: &str) -> Result<(), String> {
    let got = stdout.trim();
    let (held, wanted) = match expect {
        Expect::Equals(want) => (got == want, format!("`{want}`")),
        Expect::Differs(want) => (got != want, format!("anything but `{want}`")),
        Expect::Matches(pattern) => (matches(pattern, got)?, format!("a match of `{pattern}`")),
        Expect::MatchesNot(pattern) => (!matches(pattern, got)?, format!("no match of `{pattern}`")),
        Expect::Less(limit) => (compare(got, limit)?.is_lt(), format!("less than {limit}")),
        Expect::AtMost(limit) => (compare(got, limit)?.is_le(), format!("at most {limit}")),
        Expect::More(limit) => (compare(got, limit)?.is_gt(), format!("more than {limit}")),
        Expect::AtLeast(limit) => (compare(got, limit)?.is_ge(), format!("at least {limit}")),
        Expect::NotEmpty => (!got.is_empty(), "some output".to_owned()),
        Expect::Empty => (got.is_empty(), "no output".to_owned()),
        Expect::Fails => (false, "a failure".to_owned()),
    };
    if held { Ok(()) } else { Err(format!("expected {wanted}, got {}", shown(got))) }
}

fn ended_well(judge: &Judge, outcome: &Outcome) -> Result<(), String> {
    let good = match outcome {
        Outcome::Exited { code } => {
            judge.error.is_none() && (judge.exit.contains(code) || (judge.exit.is_empty() && *code == 0))
        }
        Outcome::Answered { status } => {
            judge.error.is_none()
                && status.is_none_or(|status| {
                    judge.status.contains(&status) || (judge.status.is_empty() && (200..300).contains(&status))
                })
        }
        Outcome::AwsRefused { code, .. } | Outcome::SqlRefused { code, .. } => judge.error.as_ref() == Some(code),
        _ => false,
    };
    match (good, &judge.error) {
        (true, _) => Ok(()),
        (false, Some(wanted)) => Err(format!("expected the error {wanted}, got: {}", outcome.words())),
        (false, None) => Err(outcome.words()),
    }
}

/// A call that could not even be made is no proof of anything, not even where failure is expected.
fn proves_nothing(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::SpawnFailed { .. }
            | Outcome::Unusable { .. }
            | Outcome::Interrupted
            | Outcome::InDoubt { .. }
            | Outcome::NotCarriedOut { .. }
    )
}

fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    regex::RegexBuilder::new(pattern)
        .multi_line(true)
        .size_limit(1 << 20)
        .build()
        .map(|regex| regex.is_match(text))
        .map_err(|_| format!("`{pattern}` is not a regular expression"))
}

/// Compares times with a time, and numbers with anything else.
fn compare(got: &str, limit: &str) -> Result<Ordering, String> {
    if let Some(limit) = read_time(limit) {
        return read_time(got).map(|got| got.cmp(&limit)).ok_or_else(|| format!("{} is not a time", shown(got)));
    }
    let (got, limit) = (number(got)?, number(limit)?);
    got.partial_cmp(&limit).ok_or_else(|| format!("{got} cannot be compared with {limit}"))
}

fn number(text: &str) -> Result<f64, String> {
    text.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(|| format!("{} is not a number", shown(text)))
}

/// Shows the beginning of an output in a sentence: one line, whatever it was; the whole is in the output file.
pub fn shown(text: &str) -> String {
    const MOST: usize = 120;
    if text.trim().is_empty() {
        return "nothing".to_owned();
    }
    // What is cut off anyway needs no laying out.
    let words: Vec<&str> = text.split_whitespace().take(MOST).collect();
    let line = SafeText::line(&words.join(" ")).into_string();
    if line.chars().count() <= MOST {
        return format!("`{line}`");
    }
    let head: String = line.chars().take(MOST).collect();
    format!("`{head}…`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(expect: Option<Expect>, outcome: &Outcome, stdout: &str) -> Result<(), String> {
        judge(&Judge { expect, ..Judge::default() }, outcome, stdout)
    }

    #[test]
    fn conditions_on_output() {
        let ok = Outcome::Exited { code: 0 };
        let table = [
            (Expect::Equals("available".into()), " available\n", true),
            (Expect::Equals("available".into()), "modifying", false),
            (Expect::Matches("^b$".into()), "a\nb\nc", true),
            (Expect::MatchesNot("error".into()), "fine", true),
            (Expect::Less("300".into()), "42.5", true),
            (Expect::Less("300".into()), "forty", false),
            (Expect::AtLeast("1".into()), "0", false),
            (Expect::AtLeast("2026-11-22T03:14:00Z".into()), "2026-11-22T03:14:00.5+00:00", true),
            (Expect::AtLeast("2026-11-22T03:14:00Z".into()), "2026-11-22T04:13:59+01:00", false),
            (Expect::AtLeast("2026-11-22T03:14:00Z".into()), "None", false),
            (Expect::NotEmpty, " \n", false),
            (Expect::Empty, "", true),
        ];
        for (expect, stdout, good) in table {
            assert_eq!(verdict(Some(expect.clone()), &ok, stdout).is_ok(), good, "{expect:?} on {stdout:?}");
        }
    }

    #[test]
    fn a_failure_can_be_the_proof_but_not_a_call_that_was_never_made() {
        let fails = || Some(Expect::Fails);
        assert!(verdict(fails(), &Outcome::Exited { code: 7 }, "").is_ok());
        assert!(verdict(fails(), &Outcome::Unreachable { error: "refused".into() }, "").is_ok());
        assert!(verdict(fails(), &Outcome::Exited { code: 0 }, "").is_err());
        assert!(verdict(fails(), &Outcome::SpawnFailed { error: "no sh".into() }, "").is_err());
    }

    #[test]
    fn an_expected_error_is_a_success_and_its_absence_is_not() {
        let judge = Judge { error: Some("DBInstanceNotFound".into()), ..Judge::default() };
        let refused = Outcome::AwsRefused { code: "DBInstanceNotFound".into(), message: String::new() };
        assert!(judge.judge(&refused, "").is_ok());
        assert!(judge.judge(&Outcome::Answered { status: Some(200) }, "").is_err());
    }

    #[test]
    fn hostile_output_is_shown_harmless_and_short() {
        let said = verdict(Some(Expect::Empty), &Outcome::Exited { code: 0 }, &"\u{1b}[2J".repeat(200)).unwrap_err();
        assert!(!said.contains('\u{1b}') && said.chars().count() < 200, "{said}");
    }
}
