//! Which variable is set before it is used.

use std::collections::BTreeSet;
use std::ops::Range;

use super::build::ActionPlace;
use super::front::Front;
use super::sink::{Dress, Sink};
use super::{Action, Kind, Step, shell, words};

/// What lifeboat sets itself.
pub const BUILT_IN: [&str; 7] = [
    "LIFEBOAT_RUN",
    "LIFEBOAT_MODE",
    "LIFEBOAT_ONSET",
    "LIFEBOAT_NOW",
    "LIFEBOAT_STAMP",
    "LIFEBOAT_OPERATOR",
    "LIFEBOAT_ELAPSED_S",
];

/// What a login shell has.
const SHELL: [&str; 26] = [
    "BASH_VERSION",
    "EDITOR",
    "EUID",
    "HOME",
    "HOSTNAME",
    "IFS",
    "KUBECONFIG",
    "LANG",
    "LINENO",
    "LOGNAME",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "PATH",
    "PIPESTATUS",
    "PPID",
    "PWD",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "UID",
    "USER",
];

/// Reports variables that nothing sets, in the order in which the steps run.
///
/// What an input that has an error of its own would have set is no second error.
pub(super) fn check(front: &Front, steps: &[Step], places: &[ActionPlace<'_>], sink: &mut Sink<'_>) {
    let mut set: BTreeSet<String> = BUILT_IN.map(str::to_owned).into_iter().collect();
    for input in &front.meta.inputs {
        if let Some(default) = &input.default {
            for (name, _) in words::variables(default) {
                if !set.contains(&name) && !front.is_broken(&name) {
                    let at = sink.source.line_span(input.line);
                    unset(&name, at, sink);
                }
            }
        }
        set.insert(input.name.clone());
    }
    let captured: BTreeSet<&str> =
        steps.iter().flat_map(|step| &step.actions).flat_map(|action| &action.capture).map(String::as_str).collect();
    let mut in_shell: BTreeSet<String> = BTreeSet::new();
    let actions = steps.iter().flat_map(|step| &step.actions);
    for (action, place) in actions.zip(places) {
        for (name, at) in used(action, place) {
            if set.contains(&name) || front.is_broken(&name) {
                continue;
            }
            if captured.contains(name.as_str()) {
                sink.error(
                    "unset-variable",
                    at,
                    format!("`{name}` is captured only later"),
                    "move the action that captures it to an earlier step",
                );
            } else {
                unset(&name, at, sink);
            }
        }
        if let Kind::Shell(_) = action.kind {
            let look = shell::look(&action.code);
            in_shell.extend(look.sets);
            for (name, at) in look.reads {
                let is_known = set.contains(&name)
                    || front.is_broken(&name)
                    || in_shell.contains(&name)
                    || SHELL.contains(&name.as_str());
                let is_foreign = name.starts_with("AWS_") || name.starts_with("LC_") || name.starts_with("BASH_");
                if !is_known && !is_foreign && sink.dress == Dress::Annotated {
                    // Once is enough for each name.
                    in_shell.insert(name.clone());
                    let at = place.node.place(at..at + 1 + name.len());
                    sink.warn(
                        "unset-variable",
                        at,
                        format!("nothing in this runbook sets `{name}`"),
                        format!("declare it under `inputs` (with `from: env` if the environment has it), or write `${{{name}:-}}`"),
                    );
                }
            }
        }
        set.extend(action.capture.iter().cloned());
    }
}

fn unset(name: &str, at: Range<usize>, sink: &mut Sink<'_>) {
    if words::is_identifier(name) {
        sink.error(
            "unset-variable",
            at,
            format!("nothing sets `{name}`"),
            format!("declare `{name}` under `inputs`, or let an earlier action have `capture={name}`"),
        );
    } else {
        sink.error(
            "unset-variable",
            at,
            format!("`${{{name}}}` is not a variable"),
            "only `${NAME}` is supported; write `$${` for a literal `${`",
        );
    }
}

/// Lists the variables that lifeboat itself puts in, with their places.
fn used(action: &Action, place: &ActionPlace<'_>) -> Vec<(String, Range<usize>)> {
    let mut used = Vec::new();
    match action.kind {
        Kind::Aws => {
            for word in words::calls(&action.code).unwrap_or_default().iter().flatten() {
                used.extend(word.variables().map(|name| (name.to_owned(), place.node.place(word.span()))));
            }
        }
        Kind::Http | Kind::Dns => {
            used.extend(words::variables(&action.code).into_iter().map(|(name, at)| (name, place.node.place(at))));
        }
        Kind::Shell(_) => {}
    }
    for attribute in &place.attributes {
        for (name, _) in words::variables(attribute.value.as_deref().unwrap_or("")) {
            used.push((name, attribute.value_at.clone()));
        }
    }
    used
}
