//! `undo` and `undo-until`: what reverses an action, and how long it can.

use super::build::Built;
use super::foreach::place;
use super::sink::{Sink, nearest};
use super::{Action, Moment, Section, Step};

/// Says when what an action did can be undone no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoUntil {
    /// Once this moment is fixed.
    Moment(Moment),
    /// Once the step of this id, or the action of this name, is done.
    Done(String),
}

impl UndoUntil {
    /// Reads what `undo-until` says.
    pub(super) fn read(text: &str) -> Self {
        let moment = Moment::ALL.into_iter().find(|moment| moment.word() == text);
        moment.map_or_else(|| Self::Done(text.to_owned()), Self::Moment)
    }

    /// Returns the word of it.
    pub fn word(&self) -> &str {
        match self {
            Self::Moment(moment) => moment.word(),
            Self::Done(name) => name,
        }
    }
}

impl Step {
    /// Returns what its `Rollback` section says besides its fences, in one line; `None` where it says nothing.
    pub fn rollback_words(&self) -> Option<String> {
        let (mut inside, mut fence) = (false, None);
        let mut words: Vec<&str> = Vec::new();
        for row in self.body.lines().map(str::trim) {
            let mark = row.get(..3).filter(|mark| matches!(*mark, "```" | "~~~"));
            match (fence, mark) {
                (None, Some(mark)) => fence = Some(mark),
                (Some(open), Some(mark)) if open == mark => fence = None,
                (None, None) if row.starts_with('#') => {
                    inside = row.trim_matches('#').trim().eq_ignore_ascii_case("rollback");
                }
                (None, None) if inside => words.extend(row.split_whitespace()),
                (Some(_), _) | (None, None) => {}
            }
        }
        (!words.is_empty()).then(|| words.join(" ").replace('*', ""))
    }
}

/// Checks `undo` and `undo-until`.
pub(super) fn check(built: &Built<'_>, sink: &mut Sink<'_>) {
    let actions: Vec<&Action> = built.steps.iter().flat_map(|step| &step.actions).collect();
    for (action, at) in actions.iter().zip(&built.places) {
        if let Some(undo) = &action.undo {
            let found = actions.iter().find(|other| other.name == *undo);
            let message = match found {
                Some(other) if other.section == Section::Rollback => None,
                Some(_) => Some(format!("`{undo}` stands in no `Rollback` section: it runs in its turn")),
                None => Some(format!("no fence has the name `{undo}`")),
            };
            if let Some(message) = message {
                let ways = actions.iter().filter(|other| other.section == Section::Rollback);
                let near = nearest(undo.as_str(), ways.map(|other| other.name.as_str()));
                let help = near.map_or_else(
                    || "write the fence that undoes it under `#### Rollback` in its step, with a `name`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                sink.error("attribute", place(&at.attributes, "undo", &at.fence), message, help);
            }
        }
        let Some(until) = &action.undo_until else { continue };
        let own = built
            .steps
            .get(at.step)
            .is_some_and(|step| step.actions.iter().any(|action| action.section == Section::Rollback));
        let place = place(&at.attributes, "undo-until", &at.fence);
        if action.undo.is_none() && !own {
            let help = "add `undo=NAME`, or a `#### Rollback` section to the step";
            sink.error("attribute", place.clone(), "`undo-until` means nothing where nothing undoes it", help);
        }
        if let UndoUntil::Done(name) = until {
            let steps = built.steps.iter().map(|step| step.id.as_str());
            let known: Vec<&str> = steps
                .chain(actions.iter().map(|other| other.name.as_str()))
                .chain(Moment::ALL.iter().map(|moment| moment.word()))
                .collect();
            if !known.contains(&name.as_str()) {
                let help = nearest(name, known.iter().copied()).map_or_else(
                    || "name a moment, the id of a step, or a fence".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("`{name}` is no moment, no step and no fence");
                sink.error("attribute", place, message, help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_in_words_is_read_and_its_fences_are_not() {
        let step = |body: &str| Step { body: body.to_owned(), ..Step::plain("a".into(), "a", 1) };
        for (body, words) in [
            (
                "Text.\n\n#### Rollback\n\nAnother failover,\nin a quiet hour.\n",
                Some("Another failover, in a quiet hour."),
            ),
            (
                "#### rollback\nBefore:\n```sh\n# no heading\nundo\n```\nAfter.\n#### Verify\nMore.",
                Some("Before: After."),
            ),
            ("#### Rollback\n```sh\nundo\n```\n", None),
            ("```text\n#### Rollback\nno\n```\n", None),
            ("Rollback is easy.", None),
        ] {
            assert_eq!(step(body).rollback_words().as_deref(), words, "{body}");
        }
    }
}
