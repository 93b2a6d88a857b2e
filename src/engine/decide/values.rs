//! Values: what holds, what is worked out when it is first needed, what people enter and read a second time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::advance::ask_anew;
use super::draft::Draft;
use super::operator::{said, take_in_hand};
use crate::engine::event::{Event, InputSource, Mode};
use crate::engine::objectives::runnable;
use crate::engine::prepare::{sets, vars};
use crate::engine::refusal::Refusal;
use crate::engine::state::{Run, Second, StepState, Strand};
use crate::kernel::marker;
use crate::runbook::{Evidence, Formula, Readers, Step};

/// How long a chain of values may be that are worked out from each other.
const LONGEST: usize = 64;

/// Says why a condition does not hold; `None` if it does, or if there is none. Working it out may set values.
///
/// The outer result is the engine's, the inner one the condition's: `Err` says why nobody can tell.
pub(super) fn unless(
    draft: &mut Draft,
    strand: Strand,
    when: Option<&Formula>,
) -> Result<Result<Option<String>, String>, Refusal> {
    let Some(when) = when else { return Ok(Ok(None)) };
    if let Err(why) = derive(draft, &when.variables())? {
        return Ok(Err(why));
    }
    let holds = when.holds(&vars(&draft.run, strand, draft.now.utc));
    Ok(holds.map(|holds| (!holds).then(|| format!("`{when}` does not hold"))))
}

/// Works out the values that are needed now and are not known yet.
///
/// The outer result is the engine's, the inner one says which value cannot be worked out, and why.
pub(super) fn derive(draft: &mut Draft, names: &[String]) -> Result<Result<(), String>, Refusal> {
    let mut known = all(draft);
    let mut found = Vec::new();
    for name in names {
        if let Err(why) = work_out(&draft.run, name, &mut known, &mut found, 0) {
            return Ok(Err(why));
        }
    }
    add(draft, found)?;
    Ok(Ok(()))
}

/// Returns what is known outside of any item.
fn all(draft: &Draft) -> BTreeMap<String, String> {
    known(&draft.run, draft.now.utc)
}

fn known(run: &Run, now: DateTime<Utc>) -> BTreeMap<String, String> {
    vars(run, Strand::whole(run.current), now)
}

/// Returns all values as of `now`, with those of `names` that can be worked out.
pub(super) fn known_to(run: &Run, names: &[String], now: DateTime<Utc>) -> Result<BTreeMap<String, String>, String> {
    let mut known = known(run, now);
    for name in names {
        work_out(run, name, &mut known, &mut Vec::new(), 0)?;
    }
    Ok(known)
}

type Values = Vec<(String, String)>;

fn work_out(
    run: &Run,
    name: &str,
    known: &mut BTreeMap<String, String>,
    found: &mut Values,
    depth: usize,
) -> Result<(), String> {
    let Some(input) = run.plan.input(name).filter(|input| !known.contains_key(&input.name)) else { return Ok(()) };
    let Some(value) = input.value.as_ref().filter(|_| !run.plan.asks(name)) else { return Ok(()) };
    if depth > LONGEST {
        return Err(format!("{name} is worked out from itself, or from more than {LONGEST} others"));
    }
    for needed in value.variables() {
        work_out(run, &needed, known, found, depth + 1)?;
    }
    let worth = value.work_out(known).and_then(|worth| input.accept_in(&worth, known));
    let worth = worth.map_err(|why| format!("{name} cannot be worked out: {why}"))?;
    known.insert(name.to_owned(), worth.clone());
    found.push((name.to_owned(), worth));
    Ok(())
}

fn add(draft: &mut Draft, found: Values) -> Result<(), Refusal> {
    for (name, value) in found {
        draft.add(Event::InputSet { name, value, source: InputSource::Derived, by: None })?;
    }
    Ok(())
}

/// Works out anew what was worked out from a value that changed: nothing stale is ever used.
pub(super) fn derive_again(draft: &mut Draft) -> Result<Result<(), String>, Refusal> {
    let derived = |(name, source): (&String, &InputSource)| (*source == InputSource::Derived).then(|| name.clone());
    let names: Vec<String> = draft.run.sources.iter().filter_map(derived).collect();
    if names.is_empty() {
        return Ok(Ok(()));
    }
    let mut known = all(draft);
    known.retain(|name, _| !names.contains(name));
    let mut found = Vec::new();
    for name in &names {
        if let Err(why) = work_out(&draft.run, name, &mut known, &mut found, 0) {
            return Ok(Err(why));
        }
    }
    found.retain(|(name, value)| draft.run.vars.get(name) != Some(value));
    add(draft, found)?;
    Ok(Ok(()))
}

/// Takes a value from a person, or from a drill's script.
pub(super) fn set_input(draft: &mut Draft, name: &str, value: &str, by: &str) -> Result<(), Refusal> {
    let plan = draft.run.plan.clone();
    if plan.is_secret(name) && !(draft.run.lost.contains(name) && value == marker(name)) {
        let why = format!("{name} is secret: nobody enters it but where lifeboat asks for it");
        return Err(Refusal::BadValue(why));
    }
    let value = match plan.input(name) {
        Some(input) => {
            let value = input.accept_in(value, &all(draft)).map_err(Refusal::BadValue)?;
            if input.readers == Readers::Two && is_real(&draft.run) {
                begin(draft, name)?;
                return draft.add(Event::FirstRead { name: name.to_owned(), value, by: by.to_owned() });
            }
            value
        }
        // What a skipped step was to capture, a person may know.
        None if sets(&plan, name) => value.to_owned(),
        None => return Err(Refusal::NoSuchInput(name.to_owned())),
    };
    if draft.run.vars.get(name) == Some(&value) && draft.run.entered.contains(name) {
        return Ok(());
    }
    enter(draft, name, value, by)
}

/// Takes the second reading of a value.
pub(super) fn read_again(draft: &mut Draft, name: &str, value: &str, reader: &str) -> Result<(), Refusal> {
    let plan = draft.run.plan.clone();
    let input = plan.input(name).ok_or_else(|| Refusal::NoSuchInput(name.to_owned()))?;
    let Some(first) = draft.run.readings.get(name).cloned() else { return Err(Refusal::NotRead(name.to_owned())) };
    let reader = said(reader).ok_or(Refusal::ReaderMissing)?;
    if same_person(&reader, &first.by) {
        return Err(Refusal::SameReader(reader));
    }
    let second = input.accept_in(value, &all(draft)).map_err(Refusal::BadValue)?;
    if second != first.value {
        return Err(Refusal::ReadDifferently { name: name.to_owned(), first: first.value, second });
    }
    draft.add(Event::SecondRead { name: name.to_owned(), by: reader })?;
    enter(draft, name, first.value, &first.by)
}

/// Lets a value stand that nobody else could read.
pub(super) fn waive_reader(draft: &mut Draft, name: &str, reason: &str, by: &str) -> Result<(), Refusal> {
    let Some(first) = draft.run.readings.get(name).cloned() else { return Err(Refusal::NotRead(name.to_owned())) };
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    draft.add(Event::SecondReaderWaived { name: name.to_owned(), reason, by: by.to_owned() })?;
    enter(draft, name, first.value, &first.by)
}

fn enter(draft: &mut Draft, name: &str, value: String, by: &str) -> Result<(), Refusal> {
    begin(draft, name)?;
    let source = InputSource::Operator;
    draft.add(Event::InputSet { name: name.to_owned(), value, source, by: Some(by.to_owned()) })?;
    derive_again(draft)?.map_err(Refusal::BadValue)?;
    // A shell block takes values from its environment, so its text alone does not show that they changed.
    ask_anew(draft)?;
    let Some((strand, step, state)) = asking(draft, name) else { return Ok(()) };
    let by_hand = state == StepState::ByHand && step.manual == Some(Evidence::Welcome);
    let nothing_else = step.checklist.is_empty()
        && step.decision.is_none()
        && draft.run.unsent(&step).is_none()
        && runnable(&step).is_empty();
    if !by_hand || !nothing_else || !draft.run.asked_by(strand.step).is_empty() || draft.run.stopping.is_some() {
        return Ok(());
    }
    let (how, note, by) = ("by-hand".to_owned(), None, by.to_owned());
    draft.add(Event::StepDone { step: step.id, how, note, by })
}

/// Whoever enters what a manual step asks for has plainly begun it.
fn begin(draft: &mut Draft, name: &str) -> Result<(), Refusal> {
    match asking(draft, name) {
        Some((strand, _, _)) => take_in_hand(draft, strand),
        None => Ok(()),
    }
}

/// Returns the open step that asks for an input.
fn asking(draft: &Draft, name: &str) -> Option<(Strand, Step, StepState)> {
    let open = draft.run.open_strands().into_iter().filter(|strand| strand.item.is_none());
    let of = |strand| draft.at(strand).map(|(step, state)| (strand, step, state));
    open.filter_map(of).find(|(_, step, _)| step.ask.iter().any(|asked| asked == name))
}

fn is_real(run: &Run) -> bool {
    run.opened.as_ref().is_none_or(|opened| opened.mode == Mode::Real)
}

/// Compares names as people write them.
pub(in crate::engine) fn same_person(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// Says whether a value that two people have to read may be set: the second one read it, or was waived.
pub(in crate::engine) fn is_read(run: &Run, name: &str, value: &str, source: InputSource) -> bool {
    let two = run.plan.input(name).is_some_and(|input| input.readers == Readers::Two);
    if !two || source != InputSource::Operator || !is_real(run) {
        return true;
    }
    run.readings.get(name).is_some_and(|first| first.value == value && first.second != Second::Missing)
}
