//! Values before a run: which are known, and where the others will come from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Known;
use crate::engine::event::{InputSource, Mode};
use crate::engine::prepare::sets;
use crate::runbook::{BUILT_IN, Foreach, InputDecl, Plan, Secrecy, words};

/// Stands around the name of a value that is not known: nothing that a shell would quote.
const MARK: &str = "@@";

/// Is an input, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// The input.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its value, where it is known and may be shown.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Says where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Origin {
    /// It is known: from there.
    Given {
        /// `--set`, the profile …
        source: InputSource,
    },
    /// It is secret: from the environment, shown nowhere.
    Secret,
    /// A step asks for it.
    Asked {
        /// The step's number.
        step: u32,
    },
    /// It is worked out when it is first needed.
    WorkedOut {
        /// From these.
        of: Vec<String>,
    },
    /// An action's output gives it.
    Captured {
        /// The step's number.
        step: u32,
        /// The action.
        action: String,
    },
    /// What an action leaves: outcome, exit code, output.
    Left {
        /// The step's number.
        step: u32,
        /// The action.
        action: String,
    },
    /// lifeboat sets it when the run begins.
    BuiltIn,
    /// Nothing gives it: the run would not begin.
    Missing,
}

/// Is a value that comes only in the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// Its name.
    pub name: String,
    /// Where it will come from.
    pub origin: Origin,
}

/// Holds what is known and what is not.
#[derive(Clone, Debug)]
pub(super) struct Table {
    known: BTreeMap<String, String>,
    sources: BTreeMap<String, InputSource>,
    unknown: BTreeSet<String>,
}

impl Table {
    pub(super) fn of(plan: &Plan, given: &Known) -> Self {
        let mode = match given.mode {
            Mode::Real => "real",
            Mode::Drill => "drill",
        };
        let mut known: BTreeMap<String, String> =
            given.values.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect();
        known.insert("LIFEBOAT_MODE".to_owned(), mode.to_owned());
        known.insert("LIFEBOAT_OPERATOR".to_owned(), given.by.clone());
        let mut sources: BTreeMap<String, InputSource> =
            given.values.iter().map(|(name, _, source)| (name.clone(), *source)).collect();
        // Each pass works out at least one more, or it was the last.
        for _ in &plan.meta.inputs {
            let before = known.len();
            for input in plan.meta.inputs.iter().filter(|input| !plan.asks(&input.name)) {
                let Some(value) = input.value.as_ref().filter(|_| !known.contains_key(&input.name)) else { continue };
                if let Ok(worth) = value.work_out(&known).and_then(|worth| input.accept_in(&worth, &known)) {
                    known.insert(input.name.clone(), worth);
                    sources.insert(input.name.clone(), InputSource::Derived);
                }
            }
            if known.len() == before {
                break;
            }
        }
        let mut unknown: BTreeSet<String> = BUILT_IN.iter().map(|name| (*name).to_owned()).collect();
        unknown.extend(plan.meta.inputs.iter().map(|input| input.name.clone()));
        let actions = || plan.steps.iter().flat_map(|step| &step.actions);
        unknown.extend(actions().flat_map(|action| &action.capture).map(|capture| capture.name.clone()));
        for action in actions().map(|action| &action.name) {
            unknown.extend(["outcome", "stdout", "exit"].map(|part| format!("{action}.{part}")));
        }
        unknown.retain(|name| !known.contains_key(name));
        Self { known, sources, unknown }
    }

    pub(super) fn known(&self) -> &BTreeMap<String, String> {
        &self.known
    }

    /// Returns all values, with a mark in place of each that is not known, and of the items of a list.
    pub(super) fn shown(&self, items: Option<&Foreach>) -> BTreeMap<String, String> {
        let own = items.into_iter().flat_map(|items| {
            let name = &items.name;
            [name.clone(), format!("{name}.index"), format!("{name}_index")]
        });
        let marked = self.unknown.iter().cloned().chain(own).map(|name| (name.clone(), format!("{MARK}{name}{MARK}")));
        self.known.clone().into_iter().chain(marked).collect()
    }

    /// Picks the known values among these.
    pub(super) fn used(&self, names: &[String]) -> BTreeMap<String, String> {
        let of = |name: &String| self.known.get(name).map(|value| (name.clone(), value.clone()));
        names.iter().filter_map(of).collect()
    }

    /// Picks those that are not known, with where they will come from.
    pub(super) fn pending(&self, plan: &Plan, names: &[String]) -> Vec<Pending> {
        let mut pending: Vec<Pending> = Vec::new();
        for name in names.iter().filter(|name| !self.known.contains_key(*name)) {
            let is_ours = BUILT_IN.contains(&name.as_str()) || sets(plan, name) || words::recalled(name).is_some();
            if is_ours && pending.iter().all(|other| other.name != *name) {
                pending.push(Pending { name: name.clone(), origin: self.origin(plan, name) });
            }
        }
        pending
    }

    pub(super) fn inputs(&self, plan: &Plan) -> Vec<Value> {
        let of = |input: &InputDecl| Value {
            name: input.name.clone(),
            description: input.description.clone(),
            value: self.known.get(&input.name).filter(|_| input.secrecy == Secrecy::Open).cloned(),
            origin: self.origin(plan, &input.name),
        };
        plan.meta.inputs.iter().map(of).collect()
    }

    fn origin(&self, plan: &Plan, name: &str) -> Origin {
        if let Some(source) = self.sources.get(name) {
            return Origin::Given { source: *source };
        }
        if let Some(input) = plan.meta.inputs.iter().find(|input| input.name == name) {
            let asks = plan.steps.iter().find(|step| step.ask.iter().any(|asked| asked == name));
            return match (input.secrecy, asks, &input.value) {
                (Secrecy::Secret, _, _) => Origin::Secret,
                (Secrecy::Open, Some(step), _) => Origin::Asked { step: step.number },
                (Secrecy::Open, None, Some(value)) => Origin::WorkedOut { of: value.variables() },
                (Secrecy::Open, None, None) => Origin::Missing,
            };
        }
        if BUILT_IN.contains(&name) {
            return Origin::BuiltIn;
        }
        for step in &plan.steps {
            for action in &step.actions {
                if action.capture.iter().any(|capture| capture.name == name) {
                    return Origin::Captured { step: step.number, action: action.name.as_str().to_owned() };
                }
                if words::recalled(name).is_some_and(|(left, _)| left == action.name.as_str()) {
                    return Origin::Left { step: step.number, action: action.name.as_str().to_owned() };
                }
            }
        }
        Origin::Missing
    }
}

/// Writes a text as runbooks do: `${NAME}` where a value is not known.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        plain.push_str(before);
        let name = after.split_once(MARK).filter(|(name, _)| {
            let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            !name.is_empty() && name.chars().all(named)
        });
        rest = if let Some((name, behind)) = name {
            plain.extend(["${", name, "}"]);
            behind
        } else {
            plain.push_str(MARK);
            after
        };
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_names_and_nothing_else_does() {
        for (text, shown) in [
            ("--id @@CANDIDATE@@-@@t.index@@", "--id ${CANDIDATE}-${t.index}"),
            ("a@@b", "a@@b"),
            ("@@not a name@@ @@A@@", "@@not a name@@ ${A}"),
            ("@@@@", "@@@@"),
        ] {
            assert_eq!(plain(text), shown, "{text}");
        }
    }
}
