//! Who AWS says that we are, in each region of a profile.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::drive::identity;
use crate::drive::stage::{Stage, aws_context};
use crate::drive::start::Options;
use crate::exec::aws::{Aws, AwsContext};
use crate::report::{Finding, Part};

/// How long all of a profile may take, its credentials' own ways included.
const WAIT: Duration = Duration::from_secs(6);

pub(super) async fn look(options: &Options) -> Vec<Finding> {
    let name = options.profile_name.clone();
    let shown = name.as_ref().map_or_else(|| "without a profile".to_owned(), |name| format!("profile {name}"));
    let profile = options.profile.clone().unwrap_or_default();
    if let Some(role) = &profile.role {
        let next = "name an `aws_profile` whose AWS configuration has `role_arn`";
        return vec![Finding::fail(Part::Aws, shown, format!("`role` ({role}) is not supported yet"), next)];
    }
    let regions = profile.regions.as_ref();
    let lost = regions.map(|regions| regions.lost.clone());
    let mut wanted: Vec<String> = profile.region.iter().cloned().collect();
    wanted.extend(regions.map(|regions| regions.recovery.clone()));
    wanted.extend(lost.clone());
    wanted.dedup();
    if wanted.is_empty() {
        // The environment's, if it has one.
        wanted.push(String::new());
    }
    let mut asking = JoinSet::new();
    for (at, region) in wanted.iter().cloned().enumerate() {
        let context = AwsContext { call_timeout: WAIT, ..aws_context(&Stage::Real, options) };
        asking.spawn(async move {
            let asked = async { identity::resolve(&Aws::new(context), &region).await };
            let answer = tokio::time::timeout(WAIT, asked).await;
            (at, answer.unwrap_or_else(|_| Err(format!("no answer within {} s", WAIT.as_secs()))))
        });
    }
    let mut answers: Vec<(usize, Result<identity::Identity, String>)> = asking.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    let mut found = Vec::new();
    for (at, answer) in answers {
        let region = wanted.get(at).map_or("", String::as_str);
        let place = if region.is_empty() { shown.clone() } else { format!("{shown}, {region}") };
        found.push(match (answer, &profile.account) {
            (Ok(identity), Some(pinned)) if identity.account != *pinned => {
                let says =
                    format!("the credentials lead to account {}, and the profile pins {pinned}", identity.account);
                Finding::fail(Part::Aws, place, says, "log in to the pinned account: a run would be refused")
            }
            (Ok(identity), pinned) => {
                let pinned = if pinned.is_some() { ", as pinned" } else { ", not pinned by a profile" };
                Finding::ok(Part::Aws, place, format!("account {}{pinned}, as {}", identity.account, identity.arn))
            }
            (Err(why), _) if Some(region) == lost.as_deref() => {
                let next = "nothing, if that region is lost";
                Finding::warn(Part::Aws, place, format!("no identity: {why}"), next)
            }
            (Err(why), _) if name.is_none() => {
                let next = "drills need none; for real runs write a profile (docs/config.md) and log in";
                Finding::warn(Part::Aws, place, format!("no identity: {why}"), next)
            }
            (Err(why), _) => {
                let next = "renew the credentials (`aws sso login`), and see whether the endpoint can be reached";
                Finding::fail(Part::Aws, place, format!("no identity: {why}"), next)
            }
        });
    }
    found
}
