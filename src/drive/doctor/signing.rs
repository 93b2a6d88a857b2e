//! Which key would sign, and whether anybody would believe it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;

use super::Wish;
use crate::drive::start::Options;
use crate::engine::Mode;
use crate::journal::Standing;
use crate::report::{Finding, Part};
use crate::settings::config::Profile;
use crate::store::{self, KeyWish};

/// How long an agent may take to list its keys.
const WAIT: Duration = Duration::from_secs(3);

pub(super) async fn look(wish: &Wish) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for options in &wish.profiles {
        let (options, state) = (options.clone(), wish.state.clone());
        let looked = tokio::task::spawn_blocking(move || of_profile(&options, &state)).await;
        for finding in looked.unwrap_or_default() {
            // Profiles often share their key: said once.
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    found
}

fn of_profile(options: &Options, state: &Path) -> Vec<Finding> {
    let agent = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
    let key = KeyWish {
        principal: &options.by,
        key: options.key.as_deref(),
        agent: agent.as_deref(),
        mode: Mode::Real,
        state,
        wait: WAIT,
    };
    let operator = match store::operator(&key) {
        Ok(operator) => operator,
        Err(why) => {
            let next = "load a key into the agent (`ssh-add`), or name one under `key` in the configuration";
            let says = format!("a real run would be UNSIGNED: {why}");
            return vec![Finding::fail(Part::Signing, "key", says, next)];
        }
    };
    let says = format!("{} would sign as {}", operator.fingerprint(), options.by);
    let mut found = vec![Finding::ok(Part::Signing, "key", says)];
    let named = |file: fn(&Profile) -> Option<&String>| options.profile.as_ref().and_then(file).map(PathBuf::from);
    let revoked = named(|profile| profile.revoked_keys.as_ref());
    let Some(signers) = named(|profile| profile.allowed_signers.as_ref()) else {
        let says = "no file says who may sign, so a verifier would call the log UNTRUSTED";
        let next = "name a file under `allowed_signers` in the configuration; `ssh-keygen(1)` has its form";
        found.push(Finding::warn(Part::Signing, "allowed signers", says, next));
        return found;
    };
    let line = format!("{} {}", options.by, operator.public_text());
    found.push(match store::load_trust(&[signers], revoked.as_deref(), None, Utc::now()) {
        Err(why) => {
            Finding::fail(Part::Signing, "allowed signers", why.to_string(), "put the file there, or its path right")
        }
        Ok(trust) if trust.revoked.iter().any(|key| operator.holds(key.key_data())) => {
            Finding::fail(Part::Signing, "allowed signers", "the key is revoked", "use another key")
        }
        Ok(trust) => match operator.standing(&trust.signers, Utc::now()) {
            Standing::Allowed => {
                Finding::ok(Part::Signing, "allowed signers", format!("the key is listed for {}", options.by))
            }
            Standing::Unknown => {
                let says = format!("the key is not listed for {}", options.by);
                Finding::fail(Part::Signing, "allowed signers", says, format!("add this line to them: {line}"))
            }
            Standing::Namespace => {
                let says = "the key is listed, and may not sign seals: its namespaces leave `seal@lifeboat` out";
                Finding::fail(
                    Part::Signing,
                    "allowed signers",
                    says,
                    "add the namespace to its line, or take `namespaces` out",
                )
            }
            Standing::Expired => {
                let next = "renew its line, or use another key";
                Finding::fail(Part::Signing, "allowed signers", "the key is listed, and not valid at this time", next)
            }
        },
    });
    found
}
