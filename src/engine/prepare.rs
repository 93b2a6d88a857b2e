//! Turns an action of the runbook into exactly what will run: values put in, target named, care decided.
//!
//! What is recorded is what runs: a job is made from the recorded command, never from the runbook's text a second time.

mod calls;
mod care;
mod database;
mod job;
mod reads;
mod target;
mod vars;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::event::{Approval, Ask, Target};
use super::state::{Run, Strand};
use crate::runbook::words::{self, Unset};
use crate::runbook::{Action, Confirm, Expect, Impact, Kind, Step};
use calls::line_of;
use care::{approval, ask, own_impact};
use database::{access, database, database_command};
use reads::{too_long_for_shell, unset_in_shell};
use target::target;

pub(super) use calls::read_calls;
pub(super) use care::{ask_improvised, observes};
pub(super) use job::{divided, improvised_job, job, judge_of};
pub(super) use reads::{may_use, sets, uses};
pub(super) use target::shell_target;
pub(super) use vars::vars;

/// Holds an action with its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prepared {
    pub(super) impact: Impact,
    pub(super) command: String,
    pub(super) target: Target,
    pub(super) ask: Option<Ask>,
    pub(super) approval: Option<Approval>,
}

/// Puts the values of `at` into an action; `Err` says in words why it cannot run.
pub(super) fn prepare(
    run: &Run,
    strand: Strand,
    step: &Step,
    action: &Action,
    at: DateTime<Utc>,
) -> Result<Prepared, String> {
    let edited = edited(run, strand, action);
    with(run, step, edited.as_ref().unwrap_or(action), &vars(run, strand, at))
}

/// Returns the action with the command that the operator wrote for it, if there is one. It is always asked before that
/// runs, and what a shell or a request does that nobody checked counts as a change at least.
fn edited(run: &Run, strand: Strand, action: &Action) -> Option<Action> {
    let (_, command) = run.turn(strand)?.edited.as_ref().filter(|(name, _)| *name == action.name)?;
    let impact = match action.kind {
        Kind::Shell(_) | Kind::Http => action.impact.max(Impact::Change),
        Kind::Aws | Kind::Dns | Kind::Sql => action.impact,
    };
    let confirm = action.confirm.clone().or(Some(Confirm::Key));
    Some(Action { code: command.clone(), impact, confirm, ..action.clone() })
}

/// Puts these values into an action; `Err` says in words why it cannot run.
pub(super) fn with(
    run: &Run,
    step: &Step,
    action: &Action,
    vars: &BTreeMap<String, String>,
) -> Result<Prepared, String> {
    let unset = |unset: Unset| unset.to_string();
    for expect in [&action.expect, &action.until, &action.fail_if].into_iter().flatten() {
        fill_expect(expect, vars).map_err(unset)?;
    }
    for template in [&action.cwd, &action.error].into_iter().flatten() {
        words::fill(template, vars).map_err(unset)?;
    }
    let (mut impact, mut calls) = (action.impact, Vec::new());
    let command = match action.kind {
        Kind::Shell(_) => {
            if let Some(name) = unset_in_shell(run, vars, &action.code) {
                return Err(Unset { name }.to_string());
            }
            if let Some(why) = too_long_for_shell(vars, &action.code) {
                return Err(why);
            }
            action.code.clone()
        }
        Kind::Aws => {
            for call in words::calls(&action.code).map_err(|bad| bad.to_string())? {
                calls.push(words::fill_call(&call, vars).map_err(unset)?);
            }
            if calls.is_empty() {
                return Err("the `aws` fence calls nothing; write `aws SERVICE OPERATION …`".to_owned());
            }
            impact = calls.iter().map(|call| own_impact(call)).fold(impact, Ord::max);
            calls.iter().map(|call| line_of(call)).collect::<Vec<_>>().join("\n")
        }
        Kind::Http => fill_request(&action.code, vars)?,
        Kind::Dns => {
            let query = words::fill(action.code.trim(), vars).map_err(unset)?;
            if query.chars().any(char::is_control) {
                return Err("the `dns` fence holds more than one line once its values are put in".to_owned());
            }
            query
        }
        Kind::Sql => database_command(&action.code, &database(&run.plan, action, vars)?, access(impact), vars)?,
    };
    let target = target(run, action, &calls, &command, vars);
    let ask = ask(run, step, action, impact, &target, vars)?;
    let approval = approval(run, action, vars);
    Ok(Prepared { impact, command, target, ask, approval })
}

/// Puts values into a request; one that would add lines to its head is refused, since it could add headers.
fn fill_request(code: &str, vars: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::with_capacity(code.len());
    let mut head = true;
    for line in code.split_inclusive('\n') {
        head = head && (filled.trim().is_empty() || !line.trim().is_empty());
        if head {
            for (name, _) in words::variables(line) {
                if vars.get(&name).is_some_and(|value| value.contains(['\n', '\r'])) {
                    return Err(format!("`{name}` has more than one line and stands in the head of a request"));
                }
            }
        }
        filled.push_str(&words::fill(line, vars).map_err(|unset| unset.to_string())?);
    }
    Ok(filled)
}

fn fill_expect(expect: &Expect, vars: &BTreeMap<String, String>) -> Result<Expect, Unset> {
    let fill = |text: &String| words::fill(text, vars);
    Ok(match expect {
        Expect::Equals(text) => Expect::Equals(fill(text)?),
        Expect::Differs(text) => Expect::Differs(fill(text)?),
        Expect::Matches(text) => Expect::Matches(fill(text)?),
        Expect::MatchesNot(text) => Expect::MatchesNot(fill(text)?),
        Expect::Less(text) => Expect::Less(fill(text)?),
        Expect::AtMost(text) => Expect::AtMost(fill(text)?),
        Expect::More(text) => Expect::More(fill(text)?),
        Expect::AtLeast(text) => Expect::AtLeast(fill(text)?),
        Expect::NotEmpty => Expect::NotEmpty,
        Expect::Empty => Expect::Empty,
        Expect::Fails => Expect::Fails,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_add_a_header() {
        let vars: BTreeMap<_, _> = [("X".to_owned(), "a\r\nEvil: 1".to_owned())].into();
        assert!(fill_request("GET http://h/ HTTP/1.1\nA: ${X}\n", &vars).is_err());
        assert!(fill_request("POST http://h/\n\n${X}", &vars).is_ok());
    }
}
