//! What runs side by side and what waits for what: checks over the whole runbook.

use super::attributes::Attribute;
use super::build::{ActionPlace, Built};
use super::foreach::place;
use super::front::Front;
use super::sink::{Sink, nearest};
use super::{Action, Foreach, Section, Step};

/// Checks `foreach`, `parallel` and `needs`.
pub(super) fn check(front: &Front, built: &Built<'_>, sink: &mut Sink<'_>) {
    let actions = built.steps.iter().flat_map(|step| &step.actions);
    for (action, place) in actions.zip(&built.places) {
        if let Some(step) = built.steps.get(place.step) {
            one((front, built), step, action, place, sink);
        }
    }
    for (index, (step, attributes)) in built.steps.iter().zip(&built.step_places).enumerate() {
        if let Some(foreach) = &step.foreach {
            let at = place(attributes, "foreach", &(0..0));
            shadows(front, built, foreach, at.clone(), sink);
            if !step.actions.iter().any(|action| action.section <= Section::Verify) {
                sink.error(
                    "attribute",
                    at,
                    "this step has no fence that could run for each item",
                    "add one, or take `foreach` out",
                );
            }
        }
        parallel(built, index, attributes, sink);
        needs(built, index, attributes, sink);
    }
}

fn one((front, built): (&Front, &Built<'_>), step: &Step, action: &Action, at: &ActionPlace<'_>, sink: &mut Sink<'_>) {
    let own = place(&at.attributes, "foreach", &at.fence);
    if let Some(foreach) = &action.foreach {
        shadows(front, built, foreach, own.clone(), sink);
    }
    if action.foreach.is_some() && step.foreach.is_some() {
        sink.error(
            "attribute",
            own.clone(),
            "the whole step runs for each of its items already",
            "keep `foreach` on the step or on the fence",
        );
    }
    if action.foreach.is_some() && action.section > Section::Verify {
        sink.error(
            "attribute",
            own.clone(),
            "what runs only when it is asked for cannot run for several items",
            "write one fence for each item, or a shell block with a loop",
        );
    }
    let role = action.approvals.as_ref().map_or("", |approvals| approvals.role.as_str());
    if !role.is_empty() && !front.meta.roles.is_empty() && !front.meta.roles.iter().any(|known| known == role) {
        let near = nearest(role, front.meta.roles.iter().map(String::as_str));
        sink.error(
            "attribute",
            place(&at.attributes, "approvers", &at.fence),
            format!("the front matter has no role `{role}`"),
            near.map_or_else(
                || "add it to `roles` in the front matter, or name one of those".to_owned(),
                |near| format!("did you mean `{near}`?"),
            ),
        );
    }
    let runs = action.section <= Section::Verify;
    if action.foreach.is_none() && (step.foreach.is_none() || !runs) {
        return;
    }
    if action.measures.is_some() {
        sink.error(
            "attribute",
            place(&at.attributes, "measures", &at.fence),
            "a loss is measured once, not for each item",
            "put the measurement into a step of its own",
        );
    }
    if front.meta.recovered_when.as_ref() == Some(&action.name) {
        sink.error(
            "recovered-when",
            front.recovered_at.clone(),
            format!(
                "`{}` runs once for each item, and one action alone says that the service is restored",
                action.name
            ),
            "put it into a step of its own, without `foreach`",
        );
    }
}

/// Reports an item whose name means something else already.
fn shadows(front: &Front, built: &Built<'_>, foreach: &Foreach, at: std::ops::Range<usize>, sink: &mut Sink<'_>) {
    let mut captured = built.steps.iter().flat_map(|step| &step.actions).flat_map(|action| &action.capture);
    let what = if front.meta.inputs.iter().any(|input| input.name == foreach.name) {
        "an input"
    } else if captured.any(|capture| capture.name == foreach.name) {
        "a capture"
    } else {
        return;
    };
    sink.error("attribute", at, format!("`{}` is {what} already", foreach.name), "give the item another name");
}

fn parallel(built: &Built<'_>, index: usize, attributes: &[Attribute], sink: &mut Sink<'_>) {
    let is = |at: Option<usize>| at.and_then(|at| built.steps.get(at)).is_some_and(|step| step.parallel);
    if is(Some(index)) && !is(index.checked_sub(1)) && !is(index.checked_add(1)) {
        let at = attributes.iter().find(|attribute| attribute.key == "parallel").map_or(0..0, |a| a.key_at.clone());
        sink.warn(
            "alone",
            at,
            "this step is parallel, and neither the step before it nor the one after it is",
            "mark all steps that may run side by side, and keep them together",
        );
    }
}

fn needs(built: &Built<'_>, index: usize, attributes: &[Attribute], sink: &mut Sink<'_>) {
    let Some(step) = built.steps.get(index) else { return };
    let at = place(attributes, "needs", &(0..0));
    for need in &step.needs {
        match built.steps.iter().position(|other| other.id == *need) {
            Some(before) if before < index => {}
            Some(_) => sink.error(
                "needs",
                at.clone(),
                format!("`{}` needs `{need}`, which stands no earlier", step.id),
                "move it up, or take the need out",
            ),
            None => {
                let near = nearest(need.as_str(), built.steps.iter().map(|step| step.id.as_str()));
                sink.error(
                    "needs",
                    at.clone(),
                    format!("no step has the id `{need}`"),
                    near.map_or_else(
                        || "give that step `<!-- step: id=… -->`".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    ),
                );
            }
        }
    }
}
