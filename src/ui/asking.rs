//! Values that a step asks for: what the question says, what a typed value is taken for, who reads it a second time.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};

use super::effects::effect_of;
use super::form::{Form, FormKind};
use super::model::RunScreen;
use crate::engine::{Intent, Mode, Run, StepState};
use crate::kernel::{SafeText, Stamp, StepId, parse_when};
use crate::runbook::{Branch, InputDecl, InputType, Secrecy, Step, Way};

/// Says what came of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answered {
    /// A wish.
    Wish(Intent),
    /// Another question follows.
    Next(Form),
}

/// Opens the question for the next value that the current step asks for.
pub(super) fn open(run: &Run, now: DateTime<Utc>) -> Option<Form> {
    let input = *run.asked().first()?;
    if run.readings.contains_key(&input.name) {
        return Some(Form::new(FormKind::Reader(input.name.clone())));
    }
    let mut form = Form::new(FormKind::Value(input.name.clone()));
    if let Some(Ok(proposed)) = run.proposal(input, now) {
        form.field.insert(&proposed.replace('\n', ", "));
    }
    Some(form)
}

/// Makes a wish, or the next question, of an answer.
pub(super) fn answer(run: &Run, form: &Form, now: DateTime<Utc>) -> Result<Answered, String> {
    let text = form.field.text();
    match &form.kind {
        FormKind::Value(name) => {
            let value = taken(run, name, &text, now)?;
            Ok(Answered::Wish(Intent::SetInput { name: name.clone(), value }))
        }
        FormKind::Reader(name) => {
            let reader = text.trim().to_owned();
            if reader.is_empty() {
                return Err("A name is needed; Esc goes back.".to_owned());
            }
            if run.readings.get(name).is_some_and(|first| first.by.trim().eq_ignore_ascii_case(&reader)) {
                // Whoever entered it may have been the one who was wrong.
                return Ok(Answered::Next(Form::new(FormKind::Value(name.clone()))));
            }
            Ok(Answered::Next(Form::new(FormKind::SecondValue { name: name.clone(), reader })))
        }
        FormKind::SecondValue { name, reader } => {
            let value = taken(run, name, &text, now)?;
            Ok(Answered::Wish(Intent::ReadAgain { name: name.clone(), value, reader: reader.clone() }))
        }
        FormKind::Choose(step) => match form.submit(now)? {
            Intent::Choose { branch, .. } if ways(run, step).len() <= branch as usize => {
                Err(format!("There is no way {}.", u64::from(branch) + 1))
            }
            intent => Ok(Answered::Wish(intent)),
        },
        FormKind::Jump(step) => {
            let (to, reason) = leads_to(run, &text)?;
            if reason.is_empty() {
                return Err("A reason is needed behind the number; Esc goes back.".to_owned());
            }
            Ok(Answered::Wish(Intent::Jump { step: step.clone(), to: to.id.clone(), reason: reason.to_owned() }))
        }
        _ => form.submit(now).map(Answered::Wish),
    }
}

/// Lists the ways of a step's decision as people read them, the one that the conditions speak for marked.
pub(super) fn ways(run: &Run, step: &StepId) -> Vec<String> {
    let Some((index, decision)) =
        run.plan.step_index(step).and_then(|at| Some((at, run.plan.steps.get(at)?.decision.as_ref()?)))
    else {
        return Vec::new();
    };
    let advised = run.last.and_then(|last| run.advice(index, last.utc).ok().flatten());
    let way = |(at, branch): (usize, &Branch)| {
        let number = |step: usize| run.plan.steps.get(step).map_or(0, |step| step.number);
        let leads = match &branch.way {
            Way::Step(to) if *to <= index => format!("back to step {}, a new pass", number(*to)),
            Way::Step(to) => format!("step {}", number(*to)),
            Way::Runbook(path) => format!("hands over to {}, this run ends", SafeText::line(path)),
        };
        let criterion = if branch.criterion.is_empty() { String::new() } else { format!(": {}", branch.criterion) };
        let speaks = match (&branch.when, advised == Some(at)) {
            (_, false) => "",
            (None, true) => " [the default]",
            (Some(_), true) if decision.default == Some(at) => " [its condition holds, or it is the default]",
            (Some(_), true) => " [its condition holds]",
        };
        let words = SafeText::line(&format!("{}{criterion}", branch.label)).into_string();
        format!("{} {words} ({leads}){speaks}", at + 1)
    };
    decision.branches.iter().enumerate().map(way).collect()
}

/// Lists what a rollback takes back, in that order, and what it leaves.
pub(super) fn undone(run: &Run) -> Vec<String> {
    let (undo, late) = run.undoable();
    let label = |step: &StepId| run.strand(step).map_or_else(|| step.to_string(), |strand| run.label(strand));
    let undo = undo.iter().map(|undo| format!("{} is taken back", SafeText::line(&label(&undo.of))));
    let late = late.iter().map(|name| format!("{}: too late to take it back", SafeText::line(name.as_str())));
    undo.chain(late).collect()
}

/// Reads the number of a step and what stands behind it.
fn leads_to<'r, 't>(run: &'r Run, text: &'t str) -> Result<(&'r Step, &'t str), String> {
    let text = text.trim();
    let (number, reason) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let number: u32 = number
        .trim_end_matches([':', '.', ','])
        .parse()
        .map_err(|_| "The number of a step is needed; Esc goes back.".to_owned())?;
    let to = run.plan.steps.iter().find(|step| step.number == number);
    Ok((to.ok_or_else(|| format!("There is no step {number}."))?, reason.trim()))
}

/// Lists the steps that a jump may lead to.
pub(super) fn steps(run: &Run) -> Vec<String> {
    let words = |at: usize| match run.steps.get(at) {
        Some(StepState::Done { .. }) => ", done: it and what follows is done again",
        Some(StepState::Skipped { .. }) => ", skipped",
        Some(StepState::NotApplicable { .. }) => ", not for this case",
        _ => "",
    };
    let steps = run.plan.steps.iter().enumerate().filter(|(at, _)| *at != run.current);
    steps.map(|(at, step)| format!("{} {}{}", step.number, SafeText::line(&step.title), words(at))).collect()
}

/// Reads what was typed as the input takes it.
fn taken(run: &Run, name: &str, text: &str, now: DateTime<Utc>) -> Result<String, String> {
    let Some(input) = run.plan.input(name) else { return Err(format!("This runbook has no input {name}.")) };
    if text.trim().is_empty() && !matches!(input.kind, InputType::Text | InputType::List(_)) {
        return Err("A value is needed; Esc goes back.".to_owned());
    }
    let text = match (&input.kind, input.choices(&run.vars)) {
        (InputType::Time, _) if text.trim().starts_with('-') => {
            parse_when(text, now)?.to_rfc3339_opts(SecondsFormat::Secs, true)
        }
        (InputType::List(_), _) => text.split(',').map(str::trim).collect::<Vec<_>>().join("\n"),
        (_, Some(choices)) if !choices.iter().any(|choice| choice == text.trim()) => {
            let number = text.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            number.and_then(|at| choices.get(at).cloned()).unwrap_or_else(|| text.to_owned())
        }
        _ => text.to_owned(),
    };
    input.accept_in(&text, &run.vars)
}

/// Says what a question about a value asks.
pub(super) fn question(run: &Run, kind: &FormKind) -> Option<String> {
    let of = |name: &str| run.plan.input(name);
    Some(match kind {
        FormKind::Value(name) => {
            let input = of(name)?;
            let what = SafeText::line(input.description.trim_end_matches('.')).into_string();
            let what = if what.is_empty() { name.clone() } else { what };
            format!("{what}. {}{}", takes(run, input), second(run, input))
        }
        FormKind::Reader(name) => {
            let first = run.readings.get(name).map(|first| SafeText::line(&first.by).into_string()).unwrap_or_default();
            format!(
                "{name} needs a second reader. Who reads it? Their name goes into the log. ({first} enters it anew.)"
            )
        }
        FormKind::SecondValue { name, reader } => {
            let reader = SafeText::line(reader).into_string();
            format!("{reader}: what do you read for {name}? Look for yourself, not at what was typed.")
        }
        FormKind::Choose(step) => {
            let decision = run.plan.steps.iter().find(|known| known.id == *step)?.decision.as_ref()?;
            let question = SafeText::line(&decision.question).into_string();
            format!("{question} Write the number of the way, and behind it, why.").trim_start().to_owned()
        }
        FormKind::Waive(name) => {
            format!("Why can nobody else read {name}? The reason leads the report.")
        }
        _ => return None,
    })
}

/// Tells whether what is typed for a question must not be read.
pub(super) fn hides(run: &Run, kind: &FormKind) -> bool {
    matches!(kind, FormKind::Value(name) if run.plan.is_secret(name))
}

fn takes(run: &Run, input: &InputDecl) -> String {
    if input.secrecy == Secrecy::Secret {
        return "It is secret, and is not recorded.".to_owned();
    }
    if let Some(choices) = input.choices(&run.vars) {
        let choices = choices.iter().enumerate().map(|(at, choice)| format!("{} {}", at + 1, SafeText::line(choice)));
        return format!("One of {}.", choices.collect::<Vec<_>>().join(", "));
    }
    match &input.kind {
        InputType::Text | InputType::Choice(_) | InputType::ChoiceOf(_) => "A text.".to_owned(),
        InputType::Integer => "A whole number.".to_owned(),
        InputType::Number => "A number.".to_owned(),
        InputType::Boolean => "true or false.".to_owned(),
        InputType::Time => "A time with its zone: 2026-11-22T03:14:00Z, or +01:00 at its end; or -12m.".to_owned(),
        InputType::Duration => "A duration: 90s, 10m, 1h30m.".to_owned(),
        InputType::List(_) => "Several, with commas between them.".to_owned(),
    }
}

fn second(run: &Run, input: &InputDecl) -> &'static str {
    let real = run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Real);
    match input.readers {
        crate::runbook::Readers::Two if real => " Another person reads it after you.",
        crate::runbook::Readers::Two | crate::runbook::Readers::One => "",
    }
}

/// Says what the typed text is taken for; `Err` says why it is not taken. `None` while nothing is typed.
pub(super) fn echo(
    screen: &RunScreen,
    form: &Form,
    now: Stamp,
    local: Option<FixedOffset>,
) -> Option<Result<String, String>> {
    let run = &screen.run;
    let text = form.field.text();
    if text.trim().is_empty() {
        return None;
    }
    if let FormKind::Jump(step) = &form.kind {
        return Some(leads_to(run, &text).map(|(to, _)| {
            let words = SafeText::line(&format!("step {} {}", to.number, to.title)).into_string();
            let wish = Intent::Jump { step: step.clone(), to: to.id.clone(), reason: "?".to_owned() };
            match effect_of(screen, &wish, now) {
                Some((effect, _)) => format!("{words}; service back at {effect} by the runbook"),
                None => words,
            }
        }));
    }
    let (FormKind::Value(name) | FormKind::SecondValue { name, .. }) = &form.kind else { return None };
    if hides(run, &form.kind) {
        return None;
    }
    let input = run.plan.input(name)?;
    Some(taken(run, name, &text, now.utc).map(|value| shown(&input.kind, &value, local)))
}

/// Shows a value: a time in UTC and in local time, a list with commas.
pub(super) fn shown(kind: &InputType, value: &str, local: Option<FixedOffset>) -> String {
    let safe = |text: &str| SafeText::line(text).into_string();
    match kind {
        InputType::Time => {
            let time = DateTime::parse_from_rfc3339(value).ok();
            let here = local
                .zip(time)
                .map(|(local, time)| format!("; here {}", time.with_timezone(&local).format("%Y-%m-%d %H:%M:%S %:z")));
            format!("{} UTC{}", safe(value), here.unwrap_or_default())
        }
        InputType::List(of) => value.lines().map(|item| shown(of, item, None)).collect::<Vec<_>>().join(", "),
        _ => safe(value),
    }
}
