//! Values of inputs: `--set`, the estate or the profile, the environment, the default; checked before anything runs.

use std::collections::BTreeMap;

use crate::engine::InputSource;
use crate::runbook::{InputDecl, Plan, Secrecy, words};

/// Where values may come from, gravest word first.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--set NAME=VALUE`, in order; a later one wins.
    pub set: Vec<(String, String)>,
    /// The practice estate's, in a drill.
    pub estate: BTreeMap<String, String>,
    /// The profile's.
    pub profile: BTreeMap<String, String>,
    /// The process environment, for inputs that say `from: env`.
    pub env: BTreeMap<String, String>,
}

/// Splits `NAME=VALUE`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if words::is_identifier(name) => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`--set {text}`: write NAME=VALUE, NAME being a shell identifier")),
    }
}

/// Says what is wrong with how a secret is given: its value stays in the environment, and nothing here keeps it.
fn unfit(input: &InputDecl, sources: &Sources) -> Option<String> {
    let name = &input.name;
    let elsewhere = sources.set.iter().any(|(set, _)| set == name) || sources.profile.contains_key(name);
    match (elsewhere, sources.env.contains_key(name)) {
        (true, _) => Some(format!("{name} is secret: export it; `--set` and the profile would write it down")),
        (false, true) => None,
        (false, false) => Some(format!("{name} is secret and is not in the environment; export it")),
    }
}

/// Gives every input of the plan its value, in the runbook's order.
///
/// # Errors
/// One sentence for each input that has no value or a wrong one, and for each `--set` that names no input.
pub fn resolve(plan: &Plan, sources: &Sources) -> Result<Vec<(String, String, InputSource)>, Vec<String>> {
    let (resolved, problems) = look(plan, sources);
    if problems.is_empty() { Ok(resolved) } else { Err(problems) }
}

/// Returns the values that there are and are right, in the runbook's order, and what stands against a run.
pub fn look(plan: &Plan, sources: &Sources) -> (Vec<(String, String, InputSource)>, Vec<String>) {
    let mut problems = Vec::new();
    for (name, _) in &sources.set {
        if !plan.meta.inputs.iter().any(|input| &input.name == name) {
            let known: Vec<&str> = plan.meta.inputs.iter().map(|input| input.name.as_str()).collect();
            problems.push(format!("`--set {name}=…`: the runbook has no such input; it has {}", known.join(", ")));
        }
    }
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let mut resolved = Vec::new();
    for input in &plan.meta.inputs {
        if input.secrecy == Secrecy::Secret {
            problems.extend(unfit(input, sources));
            continue;
        }
        let is_asked = plan.asks(&input.name);
        let from_set = sources.set.iter().rev().find(|(name, _)| *name == input.name);
        let found = from_set
            .map(|(_, value)| (value.clone(), InputSource::Set))
            // What a step asks for the operator finds out; a drill's script gets the estate's answer then.
            .or_else(|| {
                sources.estate.get(&input.name).filter(|_| !is_asked).map(|value| (value.clone(), InputSource::Estate))
            })
            .or_else(|| sources.profile.get(&input.name).map(|value| (value.clone(), InputSource::Profile)))
            .or_else(|| {
                let value = input.from_env.then(|| sources.env.get(&input.name)).flatten()?;
                Some((value.clone(), InputSource::Env))
            });
        let found = match (found, &input.default) {
            (Some(found), _) => Ok(found),
            (None, _) if is_asked || input.value.is_some() => continue,
            (None, Some(default)) => words::fill(default, &values)
                .map(|value| (value, InputSource::Default))
                .map_err(|unset| format!("{}: its default uses {}, which has no value", input.name, unset.name)),
            (None, None) => Err(format!(
                "{} has no value ({}); give it with `--set {}=VALUE` or in the profile",
                input.name, input.description, input.name
            )),
        };
        match found.and_then(|(value, source)| input.accept(&value).map(|value| (value, source))) {
            Ok((value, source)) => {
                values.insert(input.name.clone(), value.clone());
                resolved.push((input.name.clone(), value, source));
            }
            Err(problem) => problems.push(problem),
        }
    }
    (resolved, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::InputType;

    fn plan(inputs: &[(&str, Option<&str>)]) -> Plan {
        let mut plan = Plan::default();
        plan.meta.inputs = inputs
            .iter()
            .map(|(name, default)| InputDecl {
                description: "what it is for".to_owned(),
                default: default.map(str::to_owned),
                ..InputDecl::plain(*name, InputType::Text)
            })
            .collect();
        plan
    }

    #[test]
    fn the_command_line_wins_over_estate_profile_and_default() {
        let plan = plan(&[("A", Some("default")), ("B", Some("x${A}"))]);
        let one = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let mut sources = Sources { profile: one("A", "profile"), ..Sources::default() };
        let value = |sources: &Sources| resolve(&plan, sources).unwrap();
        assert_eq!(value(&Sources::default())[1].1, "xdefault");
        assert_eq!(value(&sources)[0], ("A".into(), "profile".into(), InputSource::Profile));
        sources.estate = one("A", "estate");
        assert_eq!(value(&sources)[0].2, InputSource::Estate);
        sources.set = vec![("A".into(), "first".into()), ("A".into(), "last".into())];
        assert_eq!(value(&sources)[0], ("A".into(), "last".into(), InputSource::Set));
    }

    #[test]
    fn a_secret_comes_from_the_environment_and_is_kept_nowhere() {
        let mut plan = plan(&[("A", None)]);
        plan.meta.inputs[0].secrecy = Secrecy::Secret;
        let one = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let exported = Sources { env: one("A", "hush"), ..Sources::default() };
        assert_eq!(resolve(&plan, &exported), Ok(Vec::new()));
        for (sources, why) in [
            (Sources::default(), "is not in the environment"),
            (Sources { profile: one("A", "x"), ..exported.clone() }, "would write it down"),
            (Sources { set: vec![("A".into(), "x".into())], ..exported.clone() }, "would write it down"),
        ] {
            let problems = resolve(&plan, &sources).unwrap_err();
            assert!(problems[0].contains(why), "{problems:?}");
        }
    }

    #[test]
    fn all_problems_come_at_once_and_say_what_to_do() {
        let plan = plan(&[("A", None), ("B", None)]);
        let sources = Sources { set: vec![("C".into(), "1".into())], ..Sources::default() };
        let problems = resolve(&plan, &sources).unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[1].contains("--set A=VALUE"), "{problems:?}");
    }
}
