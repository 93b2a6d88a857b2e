//! What a blind drill breaks: what was named, or one of those that somebody is alarmed of, by the seed.

use std::path::Path;

use crate::drive::facilitate;
use crate::drive::library::Library;
use crate::drive::practice::ALARMING;
use crate::drive::start::{self, StartError};
use crate::engine::Broken;
use crate::kernel::scramble;

/// Says why nothing can be hidden.
#[derive(Debug, thiserror::Error)]
pub enum HideError {
    /// The runbook, its scenario or its injects.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Nobody is alarmed of it.
    #[error("a blind drill begins with alarms, and nobody is alarmed of {0}")]
    Silent(String),
    /// The list of injects is for none of them.
    #[error("none of the scenarios that a blind drill chooses from has a list of injects that fits: {0}")]
    NoInjects(String),
}

/// Says what is to be hidden.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'w> {
    /// The runbook of what breaks; without one the seed chooses.
    pub scenario: Option<&'w str>,
    /// What the seed is.
    pub seed: u64,
    /// What else is broken.
    pub faults: &'w [String],
    /// The list of injects, in a drill that is facilitated; empty for the usual one.
    pub injects: Option<&'w str>,
}

/// Finds what is to be broken, and the runbook for it, by path or name.
///
/// # Errors
/// [`HideError`].
pub fn hide(wish: Wish<'_>, library: &Library) -> Result<(Broken, String), HideError> {
    let Some(named) = wish.scenario else { return chosen(wish, library) };
    let scenario = fits(named, wish, library)?;
    if !ALARMING.contains(&scenario.as_str()) {
        return Err(HideError::Silent(scenario));
    }
    Ok((Broken { scenario, faults: wish.faults.to_vec() }, named.to_owned()))
}

/// Lets the seed choose, among those that can be facilitated where that is wanted.
fn chosen(wish: Wish<'_>, library: &Library) -> Result<(Broken, String), HideError> {
    let mut why = String::new();
    let fitting: Vec<&str> = ALARMING
        .into_iter()
        .filter(|name| match fits(name, wish, library) {
            Ok(_) => true,
            Err(error) => {
                why = error.to_string();
                false
            }
        })
        .collect();
    let name = drawn(&fitting, wish.seed).ok_or(HideError::NoInjects(why))?;
    Ok((Broken { scenario: name.to_owned(), faults: wish.faults.to_vec() }, name.to_owned()))
}

fn drawn<'n>(names: &[&'n str], seed: u64) -> Option<&'n str> {
    let count = u64::try_from(names.len()).unwrap_or(1).max(1);
    names.get(usize::try_from(scramble(seed) % count).unwrap_or(0)).copied()
}

/// Returns the scenario of a runbook that the estate can play, and whose injects can be had if they are wanted.
fn fits(name: &str, wish: Wish<'_>, library: &Library) -> Result<String, StartError> {
    let source = library.find(name)?;
    let plan = start::plan(&source)?;
    let scenario = start::scenario(&source, &plan)?;
    if let Some(named) = wish.injects {
        facilitate::find(Some(Path::new(named)).filter(|_| !named.is_empty()), &source, &plan)?;
    }
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn wish(seed: u64) -> Wish<'static> {
        Wish { scenario: None, seed, faults: &[], injects: None }
    }

    fn hidden(wish: Wish<'_>) -> Result<String, HideError> {
        hide(wish, &Library::new(None)).map(|(broken, _)| broken.scenario)
    }

    #[test]
    fn a_seed_chooses_the_same_and_seeds_choose_every_one() {
        let of: Vec<&str> = (0..64).map(|seed| drawn(&ALARMING, seed).unwrap()).collect();
        assert_eq!(of.iter().copied().collect::<BTreeSet<_>>(), ALARMING.into_iter().collect());
        assert_eq!(of.get(7).copied(), Some(hidden(wish(7)).unwrap().as_str()));
        assert_eq!(drawn(&[], 1), None);
    }

    #[test]
    fn with_injects_only_what_has_some_is_chosen() {
        for seed in 0..3 {
            let scenario = hidden(Wish { injects: Some(""), ..wish(seed) }).unwrap();
            assert!(["data-corruption", "region-failure"].contains(&scenario.as_str()), "{scenario}");
        }
        let said = hidden(Wish { injects: Some("none.toml"), ..wish(1) }).unwrap_err().to_string();
        assert!(said.contains("none.toml can't be read"), "{said}");
    }

    #[test]
    fn what_nobody_is_alarmed_of_is_refused() {
        let named = |scenario| Wish { scenario: Some(scenario), ..wish(1) };
        assert_eq!(hidden(named("az-failure")).unwrap(), "az-failure");
        for silent in ["restore-drill", "region-failback"] {
            assert!(matches!(hidden(named(silent)), Err(HideError::Silent(_))), "{silent}");
        }
        assert!(matches!(hidden(named("nothing")), Err(HideError::Start(_))));
    }
}
