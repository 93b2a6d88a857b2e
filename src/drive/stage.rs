//! The stage on which a run plays, and what the run reaches from there: a real account, or the practice estate alone.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use super::inputs::Sources;
use super::perform::World;
use super::practice::Practice;
use super::start::{Options, StartError};
use super::vault::Vault;
use crate::exec::Reach;
use crate::exec::aws::{Aws, AwsContext, Credentials};
use crate::exec::dns::DnsContext;
use crate::exec::http::HttpContext;
use crate::exec::supervisor::Supervisor;
use crate::kernel::Secret;
use crate::runbook::{Kind, Plan};
use crate::settings::config::Profile;
use crate::store::RunFolder;

/// Is the stage on which a run plays.
#[derive(Debug)]
pub enum Stage {
    /// A real account.
    Real,
    /// The practice estate, standing and broken, with the seed and speed it was raised with.
    Drill(Arc<Practice>),
}

/// Holds what is secret of a plan, as far as it is in the environment of shell blocks.
pub(super) fn vault(plan: &Plan, stage: &Stage, options: &Options) -> Result<Vault, StartError> {
    let given = shell_environment(stage, options);
    let find = |name: &str| {
        let given = given.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        given.or_else(|| std::env::var(name).ok())
    };
    Vault::of(plan, find).map_err(StartError::Inputs)
}

pub(super) fn sources(plan: &Plan, stage: &Stage, options: &Options) -> Sources {
    let env = plan
        .meta
        .inputs
        .iter()
        .filter(|input| input.from_env)
        .filter_map(|input| Some((input.name.clone(), std::env::var(&input.name).ok()?)))
        .collect();
    Sources {
        set: options.set.clone(),
        estate: practice(stage).map(|practice| practice.record().inputs.clone()).unwrap_or_default(),
        profile: options.profile.as_ref().map(|profile| profile.inputs.clone()).unwrap_or_default(),
        env,
    }
}

pub(super) fn practice(stage: &Stage) -> Option<&Practice> {
    match stage {
        Stage::Real => None,
        Stage::Drill(practice) => Some(practice),
    }
}

pub(super) fn needs_aws(plan: &Plan) -> bool {
    plan.steps.iter().flat_map(|step| &step.actions).any(|action| action.kind == Kind::Aws)
}

fn default_region(profile: &Profile) -> Option<String> {
    let recovery = profile.regions.as_ref().map(|regions| regions.recovery.clone());
    profile.region.clone().or(recovery)
}

/// The region of calls without `--region`: never the lost one.
pub(super) fn region(plan: &Plan, stage: &Stage, options: &Options) -> String {
    let from_env = || std::env::var("AWS_REGION").or_else(|_| std::env::var("AWS_DEFAULT_REGION")).ok();
    let profile = options.profile.as_ref().and_then(default_region);
    let runbook = plan.meta.regions.as_ref().map(|regions| regions.recovery.clone());
    match stage {
        Stage::Drill(practice) => practice.record().env.get("AWS_REGION").cloned().unwrap_or_default(),
        Stage::Real => profile.or(runbook).or_else(from_env).unwrap_or_default(),
    }
}

pub(super) fn aws_context(stage: &Stage, options: &Options) -> AwsContext {
    match stage {
        Stage::Real => AwsContext {
            region: options.profile.as_ref().and_then(default_region),
            profile: options.profile.as_ref().and_then(|profile| profile.aws_profile.clone()),
            ..AwsContext::default()
        },
        Stage::Drill(practice) => {
            let env = |name: &str| practice.record().env.get(name).cloned().unwrap_or_default();
            AwsContext {
                endpoint_url: Some(practice.record().aws_endpoint.clone()),
                region: Some(env("AWS_REGION")),
                credentials: Some(Credentials {
                    id: env("AWS_ACCESS_KEY_ID"),
                    secret: Secret::new(env("AWS_SECRET_ACCESS_KEY")),
                    token: None,
                }),
                poll: Duration::from_secs(30) / practice.record().speed.max(1),
                reach: Reach::LoopbackOnly,
                ..AwsContext::default()
            }
        }
    }
}

/// What shell blocks get besides inputs and captures: they must reach the account that native calls reach.
fn shell_environment(stage: &Stage, options: &Options) -> Vec<(String, String)> {
    match (stage, &options.profile) {
        (Stage::Drill(practice), _) => estate_environment(practice),
        (Stage::Real, None) => Vec::new(),
        (Stage::Real, Some(profile)) => {
            let region = default_region(profile);
            let named = [
                ("AWS_PROFILE", profile.aws_profile.clone()),
                ("AWS_REGION", region.clone()),
                ("AWS_DEFAULT_REGION", region),
            ];
            named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        }
    }
}

pub(super) fn world(
    stage: &Stage,
    options: &Options,
    folder: &RunFolder,
    supervisor: Supervisor,
    (aws, vault): (Aws, Vault),
) -> World {
    let resolver = practice(stage).and_then(|practice| practice.record().dns.parse().ok());
    let reach = match stage {
        Stage::Real => Reach::Anywhere,
        Stage::Drill(_) => Reach::LoopbackOnly,
    };
    let timeout = Duration::from_secs(20);
    World {
        folder: folder.path().to_owned(),
        supervisor,
        aws,
        http: HttpContext { timeout, resolver, reach },
        dns: DnsContext { timeout, resolver, reach },
        env: shell_environment(stage, options),
        vault,
    }
}

/// What a drill's shell blocks get: the estate's endpoint and keys, and no file that could name others.
fn estate_environment(practice: &Practice) -> Vec<(String, String)> {
    let nowhere = |name: &str| (name.to_owned(), "/dev/null".to_owned());
    let mut env: Vec<_> = practice.record().env.clone().into_iter().collect();
    env.extend([nowhere("AWS_CONFIG_FILE"), nowhere("AWS_SHARED_CREDENTIALS_FILE")]);
    env
}

/// What a drill's shell blocks don't get: real credentials, profiles, endpoints.
pub(super) fn aws_environment() -> Vec<OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.as_encoded_bytes().starts_with(b"AWS_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::config::ProfileRegions;

    #[test]
    fn shell_blocks_reach_the_account_that_native_calls_reach() {
        let options = |profile| Options { profile, by: "a".into(), ..Options::default() };
        let of = |profile| shell_environment(&Stage::Real, &options(profile));
        let recovery = ProfileRegions { lost: "eu-1".into(), recovery: "eu-2".into() };
        let profile = Profile { aws_profile: Some("dr".into()), regions: Some(recovery), ..Profile::default() };
        let expected = [("AWS_PROFILE", "dr"), ("AWS_REGION", "eu-2"), ("AWS_DEFAULT_REGION", "eu-2")];
        assert_eq!(of(Some(profile)), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(of(Some(Profile::default())), [], "what is not said stays as the environment has it");
        assert_eq!(of(None), []);
    }
}
