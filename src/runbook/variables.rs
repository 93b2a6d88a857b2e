//! Which variable is set before it is used.

use std::collections::BTreeSet;
use std::ops::Range;

use super::attributes::Attribute;
use super::build::{ActionPlace, Built};
use super::front::Front;
use super::sink::{Dress, Sink, nearest};
use super::{
    Action, Derivation, Foreach, Formula, InputDecl, InputType, Kind, Secrecy, Step, secret, shell, sql, words,
};
use crate::kernel::ActionName;

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

/// Reports variables that nothing sets, in the order in which the steps run; returns the actions whose results are used.
///
/// What an input that has an error of its own would have set is no second error.
pub(super) fn check(front: &Front, built: &Built<'_>, sink: &mut Sink<'_>) -> BTreeSet<ActionName> {
    let mut walk = Walk::new(front, built);
    for input in &front.meta.inputs {
        walk.input(input, sink);
    }
    let mut places = built.places.iter();
    for (step, place) in built.steps.iter().zip(&built.step_places) {
        walk.asked(step, place, sink);
        for attribute in place.iter().filter(|attribute| attribute.key != "ask") {
            let names = step.when.iter().filter(|_| attribute.key == "when").flat_map(Formula::variables);
            walk.uses(names, &attribute.value_at, sink);
            if attribute.key == "foreach" {
                let list = words::variables(attribute.value.as_deref().unwrap_or(""));
                walk.uses(list.into_iter().map(|(name, _)| name), &attribute.value_at, sink);
            }
        }
        for (action, place) in step.actions.iter().zip(places.by_ref()) {
            let foreach = action.foreach.as_ref().or(step.foreach.as_ref());
            let names = |foreach: &Foreach| ["", ".index", "_index"].map(|end| format!("{}{end}", foreach.name));
            walk.items = foreach.into_iter().flat_map(names).collect();
            walk.action(action, place, sink);
        }
        walk.items.clear();
        for message in &step.messages {
            let at = sink.source.line_span(message.line);
            walk.uses(words::variables(&message.text).into_iter().map(|(name, _)| name), &at, sink);
        }
        for branch in step.decision.iter().flat_map(|decision| &decision.branches) {
            let at = sink.source.line_span(step.line);
            walk.uses(branch.when.iter().flat_map(Formula::variables), &at, sink);
        }
    }
    walk.recalled
}

/// Goes through the file in the order in which it is worked.
struct Walk<'f> {
    front: &'f Front,
    /// Actions of the file, and variables that they capture.
    actions: BTreeSet<&'f str>,
    captured: BTreeSet<&'f str>,
    /// Fences whose output is secret, and what they capture.
    private: BTreeSet<&'f str>,
    secrets: BTreeSet<&'f str>,
    /// Inputs that a step asks for.
    asked: BTreeSet<&'f str>,
    /// What has a value by now.
    set: BTreeSet<String>,
    done: BTreeSet<&'f str>,
    in_shell: BTreeSet<String>,
    recalled: BTreeSet<ActionName>,
    /// What only the current action sees: its item.
    items: Vec<String>,
}

impl<'f> Walk<'f> {
    fn new(front: &'f Front, built: &'f Built<'_>) -> Self {
        let actions = || built.steps.iter().flat_map(|step| &step.actions);
        let private = || actions().filter(|action| action.secrecy == Secrecy::Secret);
        Self {
            front,
            actions: actions().map(|action| action.name.as_str()).collect(),
            captured: actions().flat_map(|action| &action.capture).map(|capture| capture.name.as_str()).collect(),
            private: private().map(|action| action.name.as_str()).collect(),
            secrets: private().flat_map(|action| &action.capture).map(|capture| capture.name.as_str()).collect(),
            asked: built.steps.iter().flat_map(|step| &step.ask).map(String::as_str).collect(),
            set: BUILT_IN.map(str::to_owned).into_iter().collect(),
            done: BTreeSet::new(),
            in_shell: BTreeSet::new(),
            recalled: BTreeSet::new(),
            items: Vec::new(),
        }
    }

    /// A default is needed when the run begins, a `value` when it is first used.
    fn input(&mut self, input: &'f InputDecl, sink: &mut Sink<'_>) {
        let at = sink.source.line_span(input.line);
        let is_asked = self.asked.contains(input.name.as_str());
        for (name, _) in words::variables(input.default.as_deref().unwrap_or("")) {
            let is_late = self.captured.contains(name.as_str()) || self.asked.contains(name.as_str());
            let is_derived = self.front.meta.inputs.iter().any(|other| other.name == name && other.value.is_some());
            if !is_asked && (is_late || is_derived || BUILT_IN.contains(&name.as_str())) {
                sink.error(
                    "unset-variable",
                    at.clone(),
                    format!("the default of `{}` uses `{name}`, which has no value when the run begins", input.name),
                    "write `value` instead of `default`: it is worked out when it is first needed",
                );
            } else if !is_late {
                self.uses([name], &at, sink);
            }
        }
        let choices = match &input.kind {
            InputType::ChoiceOf(list) => words::variables(list).into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        for name in input.value.iter().flat_map(Derivation::variables).chain(choices) {
            let is_late = self.captured.contains(name.as_str()) || self.asked.contains(name.as_str());
            if !is_late && words::recalled(&name).is_none() {
                self.uses([name], &at, sink);
            } else if let Some((action, _)) = words::recalled(&name).filter(|(action, _)| self.actions.contains(action))
            {
                self.recalled.insert(ActionName::new(action));
            }
        }
        if !is_asked {
            self.set.insert(input.name.clone());
        }
    }

    fn asked(&mut self, step: &'f Step, place: &[Attribute], sink: &mut Sink<'_>) {
        let at = place.iter().find(|attribute| attribute.key == "ask").map_or(0..0, |ask| ask.value_at.clone());
        for name in &step.ask {
            if self.front.meta.is_secret(name) {
                let message = format!("`ask` names `{name}`, which is secret and comes from the environment");
                sink.error("secret", at.clone(), message, "let it come from the environment alone");
            } else if let Some(input) = self.front.meta.inputs.iter().find(|input| input.name == *name) {
                if let InputType::ChoiceOf(list) = &input.kind {
                    self.uses(words::variables(list).into_iter().map(|(name, _)| name), &at, sink);
                }
            } else if !self.front.is_broken(name) {
                let known = self.front.meta.inputs.iter().map(|input| input.name.as_str());
                let help = nearest(name, known).map_or_else(
                    || format!("declare it in the front matter: `inputs: {{ {name}: {{ type: text }} }}`"),
                    |near| format!("did you mean `{near}`?"),
                );
                sink.error("attribute", at.clone(), format!("`ask` names `{name}`, and no input has that name"), help);
            }
            self.set.insert(name.clone());
        }
    }

    fn action(&mut self, action: &'f Action, place: &ActionPlace<'_>, sink: &mut Sink<'_>) {
        for (name, at) in in_text(action, place) {
            // A secret is put in where the call is made; what is asked of name servers everybody sees.
            if action.kind != Kind::Dns && self.is_secret(&name) {
                self.needs(name, &at, sink);
            } else {
                self.uses([name], &at, sink);
            }
        }
        for (name, at) in in_attributes(action, place) {
            self.uses([name], &at, sink);
        }
        let connection = (action.kind == Kind::Sql).then(|| self.front.meta.connection(action.db.as_deref())).flatten();
        // A secret is a password as a whole, or none: it is put in where the connection is made.
        let password = connection.and_then(|connection| connection.password.as_deref());
        let password = password.filter(|text| secret::whole(text).is_some_and(|name| self.is_secret(name)));
        for template in connection.into_iter().flat_map(super::Connection::templates) {
            if password.is_some_and(|password| std::ptr::eq(template, password)) {
                let name = secret::whole(template).unwrap_or_default().to_owned();
                self.needs(name, &place.fence, sink);
                continue;
            }
            self.uses(words::variables(template).into_iter().map(|(name, _)| name), &place.fence, sink);
        }
        if let Kind::Shell(_) = action.kind {
            self.shell(action, place, sink);
        }
        self.set.extend(action.capture.iter().map(|capture| capture.name.clone()));
        self.done.insert(action.name.as_str());
    }

    fn shell(&mut self, action: &Action, place: &ActionPlace<'_>, sink: &mut Sink<'_>) {
        let look = shell::look(&action.code);
        self.in_shell.extend(look.sets);
        for (name, at) in look.reads {
            let is_known = self.set.contains(&name)
                || self.items.contains(&name)
                || self.front.is_broken(&name)
                || self.in_shell.contains(&name)
                || SHELL.contains(&name.as_str());
            let is_foreign = name.starts_with("AWS_") || name.starts_with("LC_") || name.starts_with("BASH_");
            let at = place.node.place(at..at + 1 + name.len());
            if self.asked.contains(name.as_str()) && !is_known {
                self.uses([name], &at, sink);
            } else if !is_known && !is_foreign && sink.dress == Dress::Annotated {
                // Once is enough for each name.
                self.in_shell.insert(name.clone());
                sink.warn(
                    "unset-variable",
                    at,
                    format!("nothing in this runbook sets `{name}`"),
                    format!("declare it under `inputs` (with `from: env` if the environment has it), or write `${{{name}:-}}`"),
                );
            }
        }
    }

    /// Reports what has no value yet where it is used, and what is secret where it is shown.
    fn uses(&mut self, names: impl IntoIterator<Item = String>, at: &Range<usize>, sink: &mut Sink<'_>) {
        for name in names {
            if self.items.contains(&name) {
                continue;
            }
            if self.is_secret(&name) {
                sink.error(
                    "secret",
                    at.clone(),
                    format!("`{name}` is secret, and what stands here is shown and recorded"),
                    format!(
                        "use it in the text of a shell block (`${name}`), of an `aws`, `http` or `sql` fence \
                         (`${{{name}}}`), or as the `password` of a connection"
                    ),
                );
                continue;
            }
            self.needs(name, at, sink);
        }
    }

    fn is_secret(&self, name: &str) -> bool {
        self.front.meta.is_secret(name) || self.secrets.contains(name)
    }

    /// Reports what has no value yet where it is used.
    fn needs(&mut self, name: String, at: &Range<usize>, sink: &mut Sink<'_>) {
        if let Some((action, part)) = words::recalled(&name) {
            self.recalls(action, part, at, sink);
            return;
        }
        let derived = self.front.meta.inputs.iter().find(|input| input.name == name).and_then(|i| i.value.as_ref());
        let missing = match derived {
            Some(value) => value.variables().into_iter().find(|name| {
                let is_late = self.captured.contains(name.as_str()) || self.asked.contains(name.as_str());
                is_late && !self.set.contains(name)
            }),
            None => Some(name.clone()).filter(|name| !self.set.contains(name) && !self.front.is_broken(name)),
        };
        let Some(missing) = missing else { return };
        if self.captured.contains(missing.as_str()) {
            sink.error(
                "unset-variable",
                at.clone(),
                format!("`{missing}` is captured only later"),
                "move the action that captures it to an earlier step",
            );
        } else if self.asked.contains(missing.as_str()) {
            sink.error(
                "unset-variable",
                at.clone(),
                format!("`{missing}` is asked for only later"),
                format!("let this step, or an earlier one, have `ask={missing}`"),
            );
        } else {
            unset(&missing, at.clone(), sink);
        }
    }

    fn recalls(&mut self, action: &str, part: &str, at: &Range<usize>, sink: &mut Sink<'_>) {
        if part == "stdout" && self.private.contains(action) {
            let help = "capture what is needed of it, under a name of its own";
            sink.error("secret", at.clone(), format!("what `{action}` prints is secret"), help);
        } else if self.done.contains(action) {
            self.recalled.insert(ActionName::new(action));
        } else if self.actions.contains(action) {
            sink.error(
                "unset-variable",
                at.clone(),
                format!("`{action}` runs only later, so it has no {part} yet"),
                "move it to an earlier step",
            );
        } else {
            let help = nearest(action, self.actions.iter().copied()).map_or_else(
                || format!("give the fence that is meant the name `{action}`"),
                |near| format!("did you mean `{near}.{part}`?"),
            );
            sink.error("unset-variable", at.clone(), format!("no fence has the name `{action}`"), help);
        }
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
            "only `${NAME}` is supported, and `${ACTION.outcome}`, `.stdout`, `.exit`; write `$${` for a literal `${`",
        );
    }
}

/// Lists the variables that lifeboat itself puts into the text of a fence, with their places.
fn in_text(action: &Action, place: &ActionPlace<'_>) -> Vec<(String, Range<usize>)> {
    let placed = |(name, at): (String, Range<usize>)| (name, place.node.place(at));
    match action.kind {
        Kind::Aws => {
            let calls = words::calls(&action.code).unwrap_or_default();
            let named = |word: &words::Word| {
                let at = place.node.place(word.span());
                word.variables().map(|name| (name.to_owned(), at.clone())).collect::<Vec<_>>()
            };
            calls.iter().flatten().flat_map(named).collect()
        }
        Kind::Http | Kind::Dns => words::variables(&action.code).into_iter().map(placed).collect(),
        Kind::Sql => sql::variables(&action.code).into_iter().map(placed).collect(),
        Kind::Shell(_) => Vec::new(),
    }
}

/// Lists the variables that it puts into a fence's attributes, likewise.
fn in_attributes(action: &Action, place: &ActionPlace<'_>) -> Vec<(String, Range<usize>)> {
    let mut used = Vec::new();
    for attribute in &place.attributes {
        let names: Vec<String> = if attribute.key == "when" {
            action.when.iter().flat_map(Formula::variables).collect()
        } else {
            let value = attribute.value.as_deref().unwrap_or("");
            words::variables(value).into_iter().map(|(name, _)| name).collect()
        };
        used.extend(names.into_iter().map(|name| (name, attribute.value_at.clone())));
    }
    used
}
