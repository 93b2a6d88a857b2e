//! What stands beside `interactive`: a terminal shows what people type, too, and there is one operator to sit at it.

use super::build::Built;
use super::foreach::place;
use super::sink::Sink;
use super::{Keyboard, Secrecy, Watching};

/// Checks that nothing looks at what an interactive fence prints, and that nothing starts it without a person.
pub(super) fn check(built: &Built<'_>, sink: &mut Sink<'_>) {
    let fences = built.steps.iter().flat_map(|step| &step.actions).zip(&built.places);
    for (action, at) in fences.filter(|(action, _)| action.keyboard == Keyboard::Operator) {
        let spread = built.steps.get(at.step).is_some_and(|step| step.foreach.is_some());
        for (key, stands, help) in [
            ("capture", !action.capture.is_empty(), LOOKED_AT),
            ("expect", action.expect.is_some(), LOOKED_AT),
            ("measures", action.measures.is_some(), LOOKED_AT),
            ("secret", action.secrecy == Secrecy::Secret, "what a terminal shows is recorded as other output is"),
            ("until", action.until.is_some(), ONCE),
            ("watch", action.watch == Watching::UntilTheEnd, ONCE),
            ("retry", action.retry > 0, ONCE),
            ("foreach", action.foreach.is_some() || spread, "there is one operator: write a fence for each"),
        ] {
            if stands {
                let message = format!("`{key}` and `interactive` exclude each other");
                sink.error("attribute", place(&at.attributes, key, &at.fence), message, help);
            }
        }
    }
}

const LOOKED_AT: &str = "a terminal mixes what is typed with what is printed: look with another fence; the exit code says \
                         whether this one succeeded";
const ONCE: &str = "somebody has to sit at it each time: let another fence look again and again";
