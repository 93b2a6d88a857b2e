//! What a run waits for a person's signature for, read from its log.

use super::error::StoreError;
use super::lines::Lines;
use super::runs::LogPlace;
use super::standing::header;
use crate::engine::{Asking, Event, Opened};
use crate::journal::{Body, read_entry, wanted_statement};

/// Returns the request that the log's last open question wants signed; `None` if nobody is waited for.
///
/// # Errors
/// If the log cannot be read.
pub fn open_request(place: &LogPlace) -> Result<Option<String>, StoreError> {
    let mut lines = Lines::open(place)?;
    let mut opened: Option<Opened> = None;
    let mut open = None;
    while let Some(line) = lines.next(place)? {
        let Ok(entry) = read_entry(&line) else { break };
        let Body::Event(event) = entry.body else { continue };
        match *event {
            Event::Open(header) => opened = Some(*header),
            Event::ConfirmationAsked { step, impact, command, target, also, approval, .. } => {
                let request = |opened: &Opened| {
                    let (step, approval) = (step.as_ref(), approval.as_ref()?);
                    let asking = Asking { step, impact, command: &command, target: &target, also: &also, approval };
                    asking.text(opened)
                };
                open = opened.as_ref().and_then(request);
            }
            Event::ApprovalWaived { .. } | Event::Confirmed { .. } | Event::Declined { .. } | Event::Ended { .. } => {
                open = None;
            }
            _ => {}
        }
    }
    Ok(open)
}

/// Returns the delegation that the log's last session wants signed; `None` if the log begins no run.
///
/// # Errors
/// If the log cannot be read.
pub fn open_session(place: &LogPlace) -> Result<Option<String>, StoreError> {
    let (opened, _) = header(&place.log)?;
    let mut lines = Lines::open(place)?;
    let mut wanted = None;
    while let Some(line) = lines.next(place)? {
        wanted = wanted_statement(opened.run.as_str(), &line).or(wanted);
    }
    Ok(wanted)
}
