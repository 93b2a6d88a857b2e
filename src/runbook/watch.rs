//! Checks over what goes on being looked at: `watch` looks only, and `require` names what is watched.

use super::action::WATCH;
use super::build::Built;
use super::foreach::place;
use super::front::Front;
use super::sink::{Sink, nearest};
use super::{Action, Impact, Section, Step, Watching};

/// Checks `watch` and `require`.
pub(super) fn check(front: &Front, built: &Built<'_>, sink: &mut Sink<'_>) {
    let actions: Vec<&Action> = built.steps.iter().flat_map(|step| &step.actions).collect();
    for (action, at) in actions.iter().zip(&built.places) {
        let Some(step) = built.steps.get(at.step) else { continue };
        if action.watch == Watching::UntilTheEnd
            && let Some((message, help)) = unfit(front, step, action)
        {
            sink.error("attribute", place(&at.attributes, "watch", &at.fence), message, help);
        }
        for name in &action.require {
            let of = |watching| move |other: &&&Action| other.watch == watching;
            let watched = actions.iter().filter(of(Watching::UntilTheEnd));
            if watched.clone().any(|other| other.name == *name) {
                continue;
            }
            let message = match actions.iter().filter(of(Watching::No)).find(|other| other.name == *name) {
                Some(_) => format!("`{name}` runs once and is not watched"),
                None => format!("no fence has the name `{name}`"),
            };
            let near = nearest(name.as_str(), watched.map(|other| other.name.as_str()));
            let help = near.map_or_else(|| WATCH.to_owned(), |near| format!("did you mean `{near}`?"));
            sink.error("attribute", place(&at.attributes, "require", &at.fence), message, help);
        }
    }
}

/// Says why an action cannot be looked at again and again.
fn unfit(front: &Front, step: &Step, action: &Action) -> Option<(String, &'static str)> {
    if action.impact > Impact::Observe {
        let message = format!("`{}` says that it does more than observe", action.name);
        return Some((message, "only what has `impact=observe` is looked at again and again"));
    }
    if action.foreach.is_some() || step.foreach.is_some() {
        let message = "what runs once for each item is not watched".to_owned();
        return Some((message, "write a fence of its own for what is to be watched"));
    }
    if action.section > Section::Verify {
        let message = "what runs only when it is asked for is not watched".to_owned();
        return Some((message, "put it where the step's other fences stand"));
    }
    if front.meta.recovered_when.as_ref() == Some(&action.name) {
        let message = format!("`{}` is `recovered_when` and is looked at again and again as it is", action.name);
        return Some((message, "take `watch` out"));
    }
    None
}
