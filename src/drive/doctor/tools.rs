//! Which programs the runbooks call, and whether they are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::report::{Finding, Part};
use crate::runbook::{Kind, Plan, programs};

pub(super) fn look(runbooks: &[(String, Arc<Plan>)]) -> Vec<Finding> {
    let mut called: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (name, plan) in runbooks {
        for action in plan.steps.iter().flat_map(|step| &step.actions) {
            if !matches!(action.kind, Kind::Shell(_)) {
                continue;
            }
            for program in programs(&action.code) {
                called.entry(program).or_default().insert(name);
            }
        }
    }
    // It stands last in the path of every shell block.
    called.remove("lifeboat");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let (there, missing): (Vec<_>, Vec<_>) = called
        .into_iter()
        .partition(|(program, _)| std::env::split_paths(&path).any(|folder| is_program(&folder.join(program))));
    let mut found = Vec::new();
    if !there.is_empty() {
        let names: Vec<&str> = there.iter().map(|(program, _)| program.as_str()).collect();
        found.push(Finding::ok(Part::Tools, "on the path", names.join(", ")));
    }
    for (program, by) in missing {
        let by: Vec<&str> = by.into_iter().collect();
        let next = format!("install it, or put its folder into PATH, before {} is needed", by.join(", "));
        found.push(Finding::warn(Part::Tools, program, format!("not on the path; called by {}", by.join(", ")), next));
    }
    if found.is_empty() {
        found.push(Finding::ok(Part::Tools, "programs", "the runbooks call none"));
    }
    found
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
