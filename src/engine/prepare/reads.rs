//! Which variables an action reads, and whether it can be given them.

use std::collections::BTreeMap;

use super::vars::fits_environment;
use crate::engine::state::Run;
use crate::runbook::words;
use crate::runbook::{Action, Confirm, Connection, Expect, Formula, Kind, Plan, shell_may_read, shell_reads, sql};

/// Lists the variables that an action uses, in its text or its attributes.
pub(in crate::engine) fn uses(plan: &Plan, action: &Action) -> Vec<String> {
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
pub(in crate::engine) fn may_use(plan: &Plan, action: &Action, name: &String) -> bool {
    let in_shell = matches!(action.kind, Kind::Shell(_)) && shell_may_read(&action.code, name);
    in_shell || uses(plan, action).contains(name)
}

/// Finds a variable that the runbook was to set, that the script reads, and that has no value.
///
/// What else a script reads (`$HOME`, its own loop variables) is the shell's business, and so is what it sets itself.
pub(super) fn unset_in_shell(run: &Run, vars: &BTreeMap<String, String>, script: &str) -> Option<String> {
    shell_reads(script)
        .into_iter()
        .find(|name| !vars.contains_key(*name) && !script.contains(&format!("{name}=")) && sets(&run.plan, name))
        .map(str::to_owned)
}

/// Says whether the runbook itself gives this variable its value: an input, or an action's capture.
pub(in crate::engine) fn sets(plan: &Plan, name: &str) -> bool {
    plan.meta.inputs.iter().any(|input| input.name == name)
        || plan
            .steps
            .iter()
            .flat_map(|step| &step.actions)
            .flat_map(|action| &action.capture)
            .any(|capture| capture.name == name)
}

/// Names a variable that a script reads and that no shell can be given.
pub(super) fn too_long_for_shell(vars: &BTreeMap<String, String>, script: &str) -> Option<String> {
    let reads = shell_reads(script);
    let found = reads.into_iter().find_map(|name| {
        let value = vars.get(name)?;
        (!fits_environment(name, value)).then(|| format!("`{name}` holds {} KiB", value.len() / 1024))
    })?;
    Some(format!(
        "{found}, and a shell block can be given 127 KiB of one variable at most; capture less, or use it in another kind of fence"
    ))
}
