//! `lifeboat keys`: which keys could sign here, what each would sign, and for whom it counts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::Utc;

use super::failure::{Failure, Kind};
use super::{places, say, work};
use crate::drive::start::Options;
use crate::engine::Mode;
use crate::journal::{
    ADDENDUM_NAMESPACE, APPROVE_NAMESPACE, SEAL_NAMESPACE, SESSION_NAMESPACE, Standing, Trust, WITNESS_NAMESPACE,
};
use crate::kernel::SafeText;
use crate::store::{self, Found, KeyWish, Operator};

/// How long an agent may take to list its keys.
const WAIT: Duration = Duration::from_secs(3);

/// What may be signed, and what people call it.
const NAMESPACES: [(&str, &str); 5] = [
    (SESSION_NAMESPACE, "sessions"),
    (SEAL_NAMESPACE, "seals"),
    (APPROVE_NAMESPACE, "approvals"),
    (ADDENDUM_NAMESPACE, "additions"),
    (WITNESS_NAMESPACE, "countersignatures"),
];

/// Lists the keys at hand.
pub(super) fn keys(profile: Option<&str>) -> Result<ExitCode, Failure> {
    let config = places::read_config().config;
    let of = match profile {
        Some(name) => config.profile(name).map_err(|why| Failure::new(Kind::Usage, why))?,
        None => config.without_profile(),
    };
    let options = work::of_profile(Some(of), profile.map(str::to_owned));
    let state = places::state()?;
    let agent = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
    let wish = |mode| KeyWish {
        principal: &options.by,
        key: options.key.as_deref(),
        agent: agent.as_deref(),
        mode,
        state: &state,
        wait: WAIT,
    };
    let trust = trusted(&options, &state)?;
    let (found, missed) = store::at_hand(&wish(Mode::Real));
    let signs = store::operator(&wish(Mode::Real)).ok();
    for (place, key) in &found {
        say::line(headline(*place, key));
        let real = signs.as_ref().is_some_and(|real| real.holds(key.key_data()));
        for line in duties(*place, real, &options).into_iter().chain(counts(key, &options.by, &trust)) {
            say::line(format_args!("  {line}"));
        }
    }
    if signs.is_none() {
        say::line("No key would sign a real run: it would be UNSIGNED, and can be sealed later.");
    }
    for why in missed {
        say::line(format_args!("  {why}"));
    }
    for skipped in trust.signers.skipped() {
        say::line(format_args!("{skipped}: it is passed over"));
    }
    if options.approvers.signers.is_empty() {
        say::line("No file says who may sign: name one under `allowed_signers` in the configuration.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes from the configuration, and from drills on this machine, who counts.
fn trusted(options: &Options, state: &Path) -> Result<Trust, Failure> {
    let revoked = options.approvers.revoked.as_deref();
    store::load_trust(&options.approvers.signers, revoked, Some(state), Utc::now())
        .map_err(|why| Failure::new(Kind::Usage, why.to_string()))
}

fn headline(place: Found, key: &Operator) -> String {
    let public = key.public_text();
    let mut words = public.splitn(3, ' ');
    let kind = words.next().unwrap_or_default().to_owned();
    let comment = words.nth(1).map(|comment| format!(" ({})", SafeText::line(comment))).unwrap_or_default();
    let place = match place {
        Found::Configured => "in the configuration",
        Found::Agent => "in the agent",
        Found::Practice => "made by a drill on this machine",
    };
    format!("{} {kind} {place}{comment}", key.fingerprint())
}

fn duties(place: Found, real: bool, options: &Options) -> Option<String> {
    let by = SafeText::line(&options.by);
    match place {
        Found::Practice if options.key.is_none() => Some("signs drills".to_owned()),
        Found::Practice => Some("signs nothing: the configured key signs drills, too".to_owned()),
        Found::Configured => Some(format!("signs real runs and drills as {by}")),
        Found::Agent => real.then(|| format!("signs real runs as {by}")),
    }
}

/// Says for whom a key counts, and what to add where it counts for nobody.
fn counts(key: &Operator, by: &str, trust: &Trust) -> Vec<String> {
    if trust.revoked.iter().any(|revoked| key.holds(revoked.key_data())) {
        return vec!["is REVOKED: what it signs does not count; use another key".to_owned()];
    }
    let names: Vec<&str> = trust.signers.names(key.key_data()).collect();
    if names.is_empty() {
        let line = SafeText::line(&format!("{by} {}", key.public_text()));
        return vec![format!("counts for nobody; so that it does, add this to the allowed signers: {line}")];
    }
    names.into_iter().map(|name| as_name(key, name, trust)).collect()
}

fn as_name(key: &Operator, name: &str, trust: &Trust) -> String {
    let standing = |namespace| trust.signers.standing(name, key.key_data(), namespace, trust.at);
    let may: Vec<&str> = NAMESPACES
        .iter()
        .filter(|(namespace, _)| standing(namespace) == Standing::Allowed)
        .map(|(_, word)| *word)
        .collect();
    let name = SafeText::line(name);
    if may.is_empty() {
        let expired = NAMESPACES.iter().any(|(namespace, _)| standing(namespace) == Standing::Expired);
        let why = if expired { "it is not valid at this time" } else { "its namespaces leave lifeboat's out" };
        return format!("is listed for {name} and counts for nothing: {why}");
    }
    format!("counts as {name} for {}", may.join(", "))
}
