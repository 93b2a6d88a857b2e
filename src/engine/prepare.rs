//! Turns an action of the runbook into exactly what will run: values put in, target named, care decided.
//!
//! What is recorded is what runs: a job is made from the recorded command, never from the runbook's text a second time.

mod database;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use self::database::{access, bound, database, database_command, secret_password};
use super::effect::{Job, Judge, Output, Poll, What};
use super::event::{Approval, Ask, Mode, Target};
use super::objectives::between;
use super::state::{Run, Strand};
use crate::kernel::{AttemptId, StepId, marker};
use crate::runbook::aws::{self, operation, option};
use crate::runbook::words::{self, Unset, is_identifier};
use crate::runbook::{
    Action, ApprovalRule, Confirm, Connection, Expect, Formula, Impact, Keyboard, Kind, Moment, Plan, Secrecy, Shell,
    Step, shell_may_read, shell_reads, sql,
};

/// How long one look, request, query or AWS call may take where the author says nothing.
const LOOK: Duration = Duration::from_secs(20);
/// How long an AWS waiter waits where the author says nothing.
const WAITER: Duration = Duration::from_secs(30 * 60);
/// What a drill's speed leaves of a limit on one performance: processes and requests do not run faster in a drill.
const LEAST: Duration = Duration::from_secs(5);

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

/// Says whose agreement is wanted. Where nobody can tell whether a condition holds it counts as if it did.
fn approval(run: &Run, action: &Action, vars: &BTreeMap<String, String>) -> Option<Approval> {
    let wanted = action.approvals.as_ref()?;
    let holds = |rule: &&ApprovalRule| rule.when.as_ref().is_none_or(|when| when.holds(vars).unwrap_or(true));
    let count = wanted.rules.iter().filter(holds).map(|rule| rule.count).max().filter(|count| *count > 0)?;
    let within_s = divided(wanted.within, run.speed()).as_secs();
    Some(Approval { count, role: wanted.role.clone(), within_s, request: None })
}

/// Lists the variables that an action uses, in its text or its attributes.
pub(super) fn uses(plan: &Plan, action: &Action) -> Vec<String> {
    let mut names: Vec<String> = match action.kind {
        Kind::Shell(_) => shell_reads(&action.code).into_iter().map(str::to_owned).collect(),
        Kind::Aws => {
            let calls = words::calls(&action.code).unwrap_or_default();
            calls.iter().flatten().flat_map(words::Word::variables).map(str::to_owned).collect()
        }
        Kind::Http | Kind::Dns => words::variables(&action.code).into_iter().map(|(name, _)| name).collect(),
        Kind::Sql => {
            let reaching = plan.meta.connection(action.db.as_deref()).into_iter().flat_map(Connection::templates);
            let reaching = reaching.flat_map(words::variables);
            sql::variables(&action.code).into_iter().chain(reaching).map(|(name, _)| name).collect()
        }
    };
    let phrase = match &action.confirm {
        Some(Confirm::Phrase(phrase)) => Some(phrase),
        Some(Confirm::Key) | None => None,
    };
    let conditions = [&action.expect, &action.until, &action.fail_if].into_iter().flatten().filter_map(Expect::text);
    let templates = [&action.cwd, &action.error].into_iter().flatten().chain(phrase).map(String::as_str);
    for template in templates.chain(conditions) {
        names.extend(words::variables(template).into_iter().map(|(name, _)| name));
    }
    let rules = action.approvals.iter().flat_map(|approvals| &approvals.rules);
    names.extend(rules.filter_map(|rule| rule.when.as_ref()).flat_map(Formula::variables));
    names
}

/// May the action use this variable, in whatever way?
pub(super) fn may_use(plan: &Plan, action: &Action, name: &String) -> bool {
    let in_shell = matches!(action.kind, Kind::Shell(_)) && shell_may_read(&action.code, name);
    in_shell || uses(plan, action).contains(name)
}

/// Does the action only observe, as far as can be told before its values are known? Unknown counts as no.
pub(super) fn observes(action: &Action) -> bool {
    let own = match action.kind {
        Kind::Shell(_) | Kind::Http | Kind::Dns | Kind::Sql => Impact::Observe,
        Kind::Aws => words::calls(&action.code).map_or(Impact::Irreversible, |calls| {
            let heads =
                calls.iter().map(|call| call.iter().take(3).map_while(words::Word::literal).collect::<Vec<_>>());
            heads.map(|head| own_impact(&head)).fold(Impact::Observe, Ord::max)
        }),
    };
    action.impact.max(own) == Impact::Observe
}

/// What an AWS operation does by itself. One that nobody knows asks at least for a key.
fn own_impact(call: &[String]) -> Impact {
    operation(call).map_or(Impact::Change, |operation| operation.impact)
}

/// Decides what is asked before an action runs. The author can ask for more than the engine, never for less.
fn ask(
    run: &Run,
    step: &Step,
    action: &Action,
    impact: Impact,
    target: &Target,
    vars: &BTreeMap<String, String>,
) -> Result<Option<Ask>, String> {
    let mode = run.opened.as_ref().map_or(Mode::Real, |opened| opened.mode);
    let phrase = match &action.confirm {
        Some(Confirm::Phrase(phrase)) => Some(words::fill(phrase, vars).map_err(|unset| unset.to_string())?),
        Some(Confirm::Key) | None => None,
    };
    let typed = matches!(action.confirm, Some(Confirm::Phrase(_)))
        || match mode {
            Mode::Real => impact > Impact::Observe,
            Mode::Drill => impact == Impact::Irreversible,
        };
    if typed {
        // Values can hold what no keyboard types; then the step's id is asked for.
        let typeable = |phrase: &String| !phrase.trim().is_empty() && !phrase.trim().contains(char::is_control);
        let resource = || Some(target.resource.clone()).filter(typeable);
        let phrase = phrase.filter(typeable).or_else(resource).unwrap_or_else(|| step.id.as_str().to_owned());
        return Ok(Some(Ask::Type { phrase: phrase.trim().to_owned() }));
    }
    let fails = action.require.iter().any(|watch| run.failing(watch).is_some());
    let asks = impact > Impact::Observe || action.confirm.is_some() || action.approvals.is_some() || fails;
    Ok(asks.then_some(Ask::Key))
}

/// Says what is asked before an improvised command runs.
pub(super) fn ask_improvised(run: &Run) -> Ask {
    match run.opened.as_ref().map_or(Mode::Real, |opened| opened.mode) {
        Mode::Real => Ask::Type { phrase: "run".to_owned() },
        Mode::Drill => Ask::Key,
    }
}

/// Returns what a shell command acts on.
pub(super) fn shell_target(run: &Run) -> Target {
    let (account, region) =
        run.opened.as_ref().map_or(("", ""), |opened| (opened.account.as_str(), opened.region.as_str()));
    let account = if account.is_empty() || account == "none" { "local" } else { account };
    Target { account: account.to_owned(), region: region.to_owned(), resource: String::new() }
}

fn target(run: &Run, action: &Action, calls: &[Vec<String>], command: &str, vars: &BTreeMap<String, String>) -> Target {
    let local =
        |resource: &str| Target { account: "local".to_owned(), region: String::new(), resource: resource.to_owned() };
    match action.kind {
        Kind::Shell(_) => shell_target(run),
        Kind::Http => local(host_of(command)),
        Kind::Dns => local(command.split_whitespace().next().unwrap_or_default()),
        Kind::Sql => database(&run.plan, action, vars).map_or_else(
            |_| local(""),
            |at| Target {
                account: format!("{}:{}", at.host, at.port),
                region: String::new(),
                resource: if at.name.is_empty() { at.dbname } else { at.name },
            },
        ),
        Kind::Aws => {
            let mut target = shell_target(run);
            // The gravest call is the one to read before confirming; of several, the first.
            let gravest = calls.iter().rev().max_by_key(|call| own_impact(call));
            if let Some(call) = gravest {
                if let Some(region) = option(call, "--region") {
                    region.clone_into(&mut target.region);
                }
                let named = operation(call).map(aws::Operation::resource).filter(|name| !name.is_empty());
                if let Some(resource) = named.and_then(|name| option(call, name)) {
                    resource.clone_into(&mut target.resource);
                }
            }
            target
        }
    }
}

/// Finds the host in the request line of an HTTP request.
fn host_of(request: &str) -> &str {
    let line = request.trim_start().lines().next().unwrap_or_default();
    let after = line.split_once("://").map_or("", |(_, after)| after);
    after.split(|c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace()).next().unwrap_or_default()
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

/// Finds a variable that the runbook was to set, that the script reads, and that has no value.
///
/// What else a script reads (`$HOME`, its own loop variables) is the shell's business, and so is what it sets itself.
fn unset_in_shell(run: &Run, vars: &BTreeMap<String, String>, script: &str) -> Option<String> {
    shell_reads(script)
        .into_iter()
        .find(|name| !vars.contains_key(*name) && !script.contains(&format!("{name}=")) && sets(&run.plan, name))
        .map(str::to_owned)
}

/// Says whether the runbook itself gives this variable its value: an input, or an action's capture.
pub(super) fn sets(plan: &Plan, name: &str) -> bool {
    plan.meta.inputs.iter().any(|input| input.name == name)
        || plan
            .steps
            .iter()
            .flat_map(|step| &step.actions)
            .flat_map(|action| &action.capture)
            .any(|capture| capture.name == name)
}

/// The same in the whole run, so that what is named with it is found again by a retry.
const STAMP: &str = "LIFEBOAT_STAMP";

fn stamp(declared: DateTime<Utc>) -> String {
    declared.format("%Y%m%d-%H%M%S").to_string()
}

impl Run {
    /// Returns the value of a built-in that stays the same in the whole run: `LIFEBOAT_RUN`, `LIFEBOAT_MODE`,
    /// `LIFEBOAT_OPERATOR`, and once it is declared `LIFEBOAT_STAMP`.
    pub fn lasting(&self, name: &str) -> Option<String> {
        let opened = self.opened.as_ref()?;
        match name {
            "LIFEBOAT_RUN" => Some(opened.run.as_str().to_owned()),
            "LIFEBOAT_MODE" => Some(match opened.mode {
                Mode::Real => "real".to_owned(),
                Mode::Drill => "drill".to_owned(),
            }),
            "LIFEBOAT_OPERATOR" => Some(opened.by.clone()),
            STAMP => self.moment(Moment::Declared).map(|fixed| stamp(fixed.occurred_at)),
            _ => None,
        }
    }
}

/// Returns all variables and the `LIFEBOAT_*` built-ins as of `at`, as a strand sees them: for an item that is also the
/// item itself, its place in the list, and what was captured for it.
pub(super) fn vars(run: &Run, strand: Strand, at: DateTime<Utc>) -> BTreeMap<String, String> {
    // Of a secret only its name is ever here; whoever performs something puts the value in.
    let secrets = run.plan.secret_inputs().map(|input| (input.name.clone(), marker(&input.name)));
    let mut vars: BTreeMap<String, String> = secrets.chain(run.vars.clone()).collect();
    // What undoes something sees what it saw.
    let own = run.lanes.get(&strand).filter(|lane| lane.undoes.is_some());
    let strand = own.and_then(|lane| lane.undoes.as_ref()).map_or(strand, |undoes| undoes.of);
    if let (Some(lane), Some((foreach, _))) = (run.lanes.get(&strand), run.spread_of(strand)) {
        let index = strand.item.unwrap_or_default().saturating_sub(lane.first).to_string();
        vars.extend(lane.vars.clone());
        vars.insert(foreach.name.clone(), lane.item.clone());
        // A shell has no names with points.
        vars.insert(format!("{}_index", foreach.name), index.clone());
        vars.insert(format!("{}.index", foreach.name), index);
    }
    vars.extend(own.into_iter().flat_map(|lane| lane.vars.clone()));
    if run.opened.is_none() {
        return vars;
    }
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let declared = run.moment(Moment::Declared).map_or(at, |fixed| fixed.occurred_at);
    let mut set = |name: &str, value: String| vars.insert(name.to_owned(), value);
    for name in ["LIFEBOAT_RUN", "LIFEBOAT_MODE", "LIFEBOAT_OPERATOR", STAMP] {
        if let Some(value) = run.lasting(name) {
            set(name, value);
        }
    }
    set("LIFEBOAT_NOW", time(at));
    if run.moment(Moment::Declared).is_none() {
        set(STAMP, stamp(at));
    }
    set("LIFEBOAT_ELAPSED_S", between(run.onset().unwrap_or(declared), at).as_secs().to_string());
    if let Some(onset) = run.onset() {
        set("LIFEBOAT_ONSET", time(onset));
    }
    vars
}

/// Makes the job of a recorded attempt.
pub(super) fn job(run: &Run, attempt: &AttemptId, step: Option<&StepId>, action: &Action, command: &str) -> Job {
    let at = run.attempts.get(attempt).map_or_else(DateTime::default, |attempt| attempt.started.utc);
    let strand = step.and_then(|step| run.strand(step)).unwrap_or(Strand::whole(run.current));
    let confirmed_at = run.turn(strand).and_then(|turn| turn.confirmed_at);
    let vars = vars(run, strand, confirmed_at.map_or(at, |stamp| stamp.utc));
    let speed = run.speed();
    let filled = |expect: &Expect| fill_expect(expect, &vars).unwrap_or_else(|_| expect.clone());
    let mut waits = false;
    let what = match action.kind {
        Kind::Shell(shell) => What::Shell {
            shell,
            script: command.to_owned(),
            cwd: action.cwd.as_ref().and_then(|cwd| words::fill(cwd, &vars).ok()),
            keyboard: action.keyboard,
        },
        Kind::Aws => {
            let calls = read_calls(command);
            waits = calls.iter().any(|call| call.get(1).is_some_and(|word| word == "wait"));
            What::Aws { calls }
        }
        Kind::Http => What::Http { request: command.to_owned() },
        Kind::Dns => What::Dns { query: command.to_owned() },
        Kind::Sql => What::Sql {
            script: command.to_owned(),
            line: action.line,
            access: access(action.impact),
            values: bound(command, &vars),
            database: database(&run.plan, action, &vars).map(Box::new),
            password_from: secret_password(&run.plan, action),
        },
    };
    let poll = action.until.as_ref().map(|until| Poll {
        every: divided(action.every, speed),
        limit: action.timeout.map(|limit| divided(limit, speed)),
        until: Some(filled(until)),
        hold: action.hold.map_or(Duration::ZERO, |hold| divided(hold, speed)),
        fail_if: action.fail_if.as_ref().map(filled),
    });
    let judge = judge_of(action, &vars);
    let timeout = match (action.kind, action.timeout, &poll) {
        (Kind::Shell(_), _, Some(poll)) => poll.limit,
        (_, limit, None) if waits => Some(divided(limit.unwrap_or(WAITER), speed).max(LEAST)),
        (_, Some(limit), None) => Some(divided(limit, speed).max(limit.min(LEAST))),
        (Kind::Shell(_), None, None) => None,
        (Kind::Aws | Kind::Http | Kind::Dns | Kind::Sql, None, None) | (_, _, Some(_)) => Some(LOOK),
    };
    let output = match action.secrecy {
        Secrecy::Open => Output::Kept,
        Secrecy::Secret => Output::Secret { captures: action.capture.clone() },
    };
    Job { attempt: attempt.clone(), step: step.cloned(), what, timeout, poll, judge, output, vars: environment(vars) }
}

/// The longest value that goes into an environment, with its name: what Linux takes of one, and with it no program starts.
const LONGEST_VARIABLE: usize = 128 * 1024 - 2;

/// Leaves out what is no name of a shell's, which is what actions left, and what is too long for an environment.
fn environment(mut vars: BTreeMap<String, String>) -> BTreeMap<String, String> {
    vars.retain(|name, value| is_identifier(name) && fits_environment(name, value));
    vars
}

fn fits_environment(name: &str, value: &str) -> bool {
    name.len() + value.len() < LONGEST_VARIABLE
}

/// Names a variable that a script reads and that no shell can be given.
fn too_long_for_shell(vars: &BTreeMap<String, String>, script: &str) -> Option<String> {
    let reads = shell_reads(script);
    let found = reads.into_iter().find_map(|name| {
        let value = vars.get(name)?;
        (!fits_environment(name, value)).then(|| format!("`{name}` holds {} KiB", value.len() / 1024))
    })?;
    Some(format!(
        "{found}, and a shell block can be given 127 KiB of one variable at most; capture less, or use it in another kind of fence"
    ))
}

/// Makes the job of an improvised command.
pub(super) fn improvised_job(run: &Run, attempt: &AttemptId, command: &str, at: DateTime<Utc>) -> Job {
    Job {
        attempt: attempt.clone(),
        step: None,
        what: What::Shell { shell: Shell::Sh, script: command.to_owned(), cwd: None, keyboard: Keyboard::None },
        vars: environment(vars(run, Strand::whole(run.current), at)),
        timeout: None,
        poll: None,
        judge: Judge::default(),
        output: Output::Kept,
    }
}

/// Returns what counts as success of one performance, values put in.
pub(super) fn judge_of(action: &Action, vars: &BTreeMap<String, String>) -> Judge {
    Judge {
        expect: action.expect.as_ref().map(|expect| fill_expect(expect, vars).unwrap_or_else(|_| expect.clone())),
        exit: action.exit.clone(),
        error: action.error.as_ref().map(|error| words::fill(error, vars).unwrap_or_else(|_| error.clone())),
        status: action.status.clone(),
    }
}

/// Divides a delay by the speed of a drill; it never becomes nothing.
pub(super) fn divided(delay: Duration, speed: u32) -> Duration {
    if delay.is_zero() { delay } else { (delay / speed.max(1)).max(Duration::from_millis(1)) }
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

/// Writes a call so that it can be pasted into a shell, and read back word for word.
fn line_of(call: &[String]) -> String {
    let mut line = "aws".to_owned();
    for word in call {
        line.push(' ');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            line.push_str(word);
        } else {
            line.push('\'');
            line.push_str(&word.replace('\'', r"'\''"));
            line.push('\'');
        }
    }
    line
}

/// Reads recorded calls back.
pub(super) fn read_calls(command: &str) -> Vec<Vec<String>> {
    let literal = |call: &Vec<words::Word>| call.iter().filter_map(words::Word::literal).collect();
    words::calls(command).map_or_else(|_| Vec::new(), |calls| calls.iter().map(literal).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_recorded_call_is_read_back_word_for_word(
            calls in prop::collection::vec(prop::collection::vec(any::<String>(), 1..5), 1..4)
        ) {
            let lines: Vec<_> = calls.iter().map(|call| line_of(call)).collect();
            prop_assert_eq!(read_calls(&lines.join("\n")), calls);
        }
    }

    #[test]
    fn a_value_cannot_add_a_header() {
        let vars: BTreeMap<_, _> = [("X".to_owned(), "a\r\nEvil: 1".to_owned())].into();
        assert!(fill_request("GET http://h/ HTTP/1.1\nA: ${X}\n", &vars).is_err());
        assert!(fill_request("POST http://h/\n\n${X}", &vars).is_ok());
        assert_eq!(host_of("GET https://shop.example.com:8443/health?x=1 HTTP/1.1"), "shop.example.com:8443");
    }

    #[test]
    fn a_drill_divides_delays_but_never_to_nothing() {
        assert_eq!(divided(Duration::from_secs(60), 60), Duration::from_secs(1));
        assert_eq!(divided(Duration::from_millis(1), 1000), Duration::from_millis(1));
        assert_eq!(divided(Duration::ZERO, 10), Duration::ZERO);
    }
}
