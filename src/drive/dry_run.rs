//! From a runbook and a command line to a dry run: nothing is asked of anybody, nothing is written.

use std::sync::Arc;

use super::inputs;
use super::stage::{Stage, region, sources};
use super::start::Options;
use crate::engine::{DryRun, Known, Mode, dry_run as work_out};
use crate::runbook::Plan;

/// Works out what a run would do, and what stands against it: values that are missing or wrong.
pub fn dry_run(plan: &Arc<Plan>, mode: Mode, options: &Options) -> (DryRun, Vec<String>) {
    let (values, problems) = inputs::look(plan, &sources(plan, &Stage::Real, options));
    let known = Known {
        mode,
        account: options.profile.as_ref().and_then(|profile| profile.account.clone()),
        region: region(plan, &Stage::Real, options),
        by: options.by.clone(),
        values,
    };
    (work_out(plan, &known), problems)
}
