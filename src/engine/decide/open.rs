//! The first input: header, inputs, moments.

use chrono::{DateTime, Utc};

use super::draft::Draft;
use crate::engine::event::{Event, InputSource, Opened};
use crate::engine::refusal::Refusal;
use crate::engine::state::Stage;
use crate::runbook::Moment;

pub(super) fn open(
    draft: &mut Draft,
    opened: &Opened,
    inputs: &[(String, String, InputSource)],
    onset: Option<&(DateTime<Utc>, String)>,
) -> Result<(), Refusal> {
    if draft.run.stage != Stage::New {
        return Err(Refusal::BegunAlready);
    }
    if onset.is_some_and(|(onset, _)| *onset > draft.now.utc) {
        return Err(Refusal::InTheFuture(Moment::Onset));
    }
    draft.add(Event::Open(Box::new(opened.clone())))?;
    for (name, value, source) in inputs {
        draft.add(Event::InputSet { name: name.clone(), value: value.clone(), source: *source, by: None })?;
    }
    draft.add(Event::MomentFixed {
        moment: Moment::Declared,
        occurred_at: draft.now.utc,
        by: opened.by.clone(),
        evidence: "the run began".to_owned(),
    })?;
    if let Some((occurred_at, evidence)) = onset {
        draft.add(Event::MomentFixed {
            moment: Moment::Onset,
            occurred_at: *occurred_at,
            by: opened.by.clone(),
            evidence: evidence.clone(),
        })?;
    }
    Ok(())
}
