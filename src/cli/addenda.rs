//! `lifeboat log add` and `countersign`: what is said about a sealed log afterwards, signed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::args::{Add, Sealed};
use super::failure::{Failure, Kind};
use super::{log, places, say};
use crate::drive::identity;

use crate::engine::Mode;
use crate::journal::{Addition, Trust};
use crate::kernel::Stamp;
use crate::store::{self, KeyWish, LogPlace, Operator, SignError};

/// How long a signature may take: somebody may have to find a key and touch it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Adds to a sealed log.
pub(super) fn add(to: Sealed, what: Add) -> Result<ExitCode, Failure> {
    let what = match what {
        Add::Note { text } => Addition::Note { text },
        Add::Correction { seq, text } => Addition::Correction { of: seq, text },
        // The number is given where the file is locked.
        Add::Issue { text, owner, due } => Addition::Issue { number: 0, text, owner, due: due.to_string() },
        Add::Closed { what, text } => Addition::Closed { what, text },
    };
    let Ready { place, trust, operator } = ready(to)?;
    let number = store::add(&place, what, &operator, &trust, now()).map_err(refused)?;
    let name = number.map_or_else(String::new, |number| format!(" as issue {number}"));
    say::line(format_args!("added{name}, signed by {} ({})", operator.principal(), operator.fingerprint()));
    Ok(ExitCode::SUCCESS)
}

/// Countersigns a sealed log.
pub(super) fn countersign(to: Sealed) -> Result<ExitCode, Failure> {
    let Ready { place, trust, operator } = ready(to)?;
    store::countersign(&place, &operator, &trust, now()).map_err(refused)?;
    say::line(format_args!("countersigned by {} ({})", operator.principal(), operator.fingerprint()));
    Ok(ExitCode::SUCCESS)
}

struct Ready {
    place: LogPlace,
    trust: Trust,
    operator: Operator,
}

/// Finds the log and the key.
fn ready(to: Sealed) -> Result<Ready, Failure> {
    let place = log::find_folder(&to.run, to.runs)?;
    let trust = log::trust(to.allowed_signers)?;
    // The practice key is there for who adds to a drill's log and has named no key.
    let verified = store::verify_log(&place, &trust);
    let mode = verified.map_err(log::unreadable)?.mode;
    let (operator, _) = signer(to.profile.as_deref(), to.by, to.key, mode)?;
    let operator = operator.map_err(no_key)?;
    Ok(Ready { place, trust, operator })
}

/// Says that there is nothing to sign with.
pub(super) fn no_key(why: SignError) -> Failure {
    Failure::new(Kind::Usage, format!("there is no key to sign with: {why}")).hint("name one with --key FILE")
}

/// Finds the key that signs in somebody's name, and the name.
pub(super) fn signer(
    profile: Option<&str>,
    by: Option<String>,
    key: Option<PathBuf>,
    mode: Mode,
) -> Result<(Result<Operator, SignError>, String), Failure> {
    let config = places::config()?;
    let profile = match profile {
        Some(name) => Some(places::profile(&config, name)?),
        // Drills take nothing of the configuration.
        None => (mode == Mode::Real).then(|| config.without_profile()),
    };
    let configured = profile.as_ref().and_then(|profile| profile.operator.clone());
    let principal = by.or(configured).unwrap_or_else(identity::user);
    let key = key.or_else(|| profile.and_then(|profile| profile.key).map(PathBuf::from));
    let agent = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
    let state = places::state()?;
    let wish = KeyWish {
        principal: &principal,
        key: key.as_deref(),
        agent: agent.as_deref(),
        mode,
        state: &state,
        wait: PATIENCE,
    };
    Ok((store::operator(&wish), principal))
}

/// The run's own clock has ended.
pub(super) fn now() -> Stamp {
    Stamp { utc: chrono::Utc::now(), mono: 0 }
}

fn refused(error: store::AddError) -> Failure {
    Failure::new(Kind::Usage, error.to_string())
}
