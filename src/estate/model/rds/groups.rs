//! Parameter groups: who names none gets the engine's own, and that one nobody can change.

use std::collections::BTreeMap;

use super::super::place::{DEFAULT_PARAMETER_GROUP, EAST_PARAMETER_GROUP, Region, WEST_PARAMETER_GROUP};
use super::{Rds, Refusal};

/// What the engine gives a parameter that nobody set: name, value, whether a change needs a restart.
const ENGINE: [(&str, &str, bool); 7] = [
    ("max_connections", "LEAST({DBInstanceClassMemory/9531392},5000)", true),
    ("shared_buffers", "{DBInstanceClassMemory/32768}", true),
    ("rds.logical_replication", "0", true),
    ("track_commit_timestamp", "0", true),
    ("log_min_duration_statement", "-1", false),
    ("statement_timeout", "0", false),
    ("default_transaction_read_only", "0", false),
];

/// Is one parameter as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// `user` where somebody set it, else `engine-default`.
    pub source: &'static str,
    /// Whether a change needs a restart.
    pub is_static: bool,
}

/// Is one parameter group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Where.
    pub region: Region,
    /// What it is for.
    pub description: String,
    values: BTreeMap<String, String>,
}

impl Group {
    /// Lists the parameters as they count.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all: Vec<Parameter> = ENGINE
            .iter()
            .map(|(name, value, is_static)| Parameter {
                name: (*name).to_owned(),
                value: self.values.get(*name).cloned().unwrap_or_else(|| (*value).to_owned()),
                source: if self.values.contains_key(*name) { "user" } else { "engine-default" },
                is_static: *is_static,
            })
            .collect();
        let others = self.values.iter().filter(|(name, _)| !ENGINE.iter().any(|(known, ..)| known == name));
        all.extend(others.map(|(name, value)| Parameter {
            name: name.clone(),
            value: value.clone(),
            source: "user",
            is_static: false,
        }));
        all
    }
}

/// Makes the parameter groups of the reference stack.
pub(super) fn stock() -> Vec<Group> {
    let ours = [("max_connections", "800"), ("track_commit_timestamp", "1"), ("statement_timeout", "30000")];
    let group = |name: &str, region, description: &str, values: &[(&str, &str)]| Group {
        name: name.to_owned(),
        region,
        description: description.to_owned(),
        values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let engine = "Default parameter group for postgres16";
    vec![
        group(EAST_PARAMETER_GROUP, Region::East, "The shop's, in us-east-1", &ours),
        group(WEST_PARAMETER_GROUP, Region::West, "The shop's, in us-west-2", &ours),
        group(DEFAULT_PARAMETER_GROUP, Region::East, engine, &[]),
        group(DEFAULT_PARAMETER_GROUP, Region::West, engine, &[]),
    ]
}

impl Rds {
    /// Finds a parameter group.
    pub fn parameter_group(&self, region: Region, name: &str) -> Result<&Group, Refusal> {
        let found = self.groups.iter().find(|group| group.region == region && group.name == name);
        found.ok_or_else(|| Refusal::NoParameterGroup(name.to_owned()))
    }

    /// Makes a parameter group.
    pub fn make_parameter_group(&mut self, region: Region, name: &str, description: &str) -> Result<(), Refusal> {
        if self.parameter_group(region, name).is_ok() {
            return Err(Refusal::ParameterGroupExists(name.to_owned()));
        }
        if self.groups.len() >= 50 {
            return Err(Refusal::Value("There are too many parameter groups.".to_owned()));
        }
        let (name, description) = (name.to_owned(), description.to_owned());
        self.groups.push(Group { name, region, description, values: BTreeMap::new() });
        Ok(())
    }

    /// Sets parameters of a group; `None` gives one back to the engine. What is static waits for a restart.
    pub fn set_parameters(
        &mut self,
        region: Region,
        name: &str,
        values: &[(String, Option<String>)],
    ) -> Result<(), Refusal> {
        if name.starts_with("default.") {
            return Err(Refusal::Value(format!("The parameter group {name} is a default one and cannot be changed.")));
        }
        self.parameter_group(region, name)?;
        let restarts = values.iter().any(|(name, _)| ENGINE.iter().any(|(known, _, fixed)| known == name && *fixed));
        for group in self.groups.iter_mut().filter(|group| group.region == region && group.name == name) {
            for (parameter, value) in values {
                match value {
                    Some(value) => drop(group.values.insert(parameter.clone(), value.clone())),
                    None => drop(group.values.remove(parameter)),
                }
            }
        }
        if restarts {
            let using = |group: &str| group == name;
            for instance in self.instances.iter_mut().filter(|instance| instance.region == region) {
                instance.parameters_pending |= using(&instance.settings.parameter_group);
            }
        }
        Ok(())
    }
}
