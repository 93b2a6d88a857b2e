//! Questions that take one line of text: reasons, evidence, notes, commands, times.

use chrono::{DateTime, Utc};

use super::field::Field;
use crate::engine::{Intent, UNRECORDED_PHRASE};
use crate::kernel::{ActionName, StepId, parse_when};
use crate::runbook::{Evidence, Moment};

/// Names a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormKind {
    /// What is the value of this input?
    Value(String),
    /// Who reads it a second time?
    Reader(String),
    /// What does the second person read?
    SecondValue {
        /// The input.
        name: String,
        /// Who reads it.
        reader: String,
    },
    /// Which command runs instead of the one that failed?
    Edit(StepId),
    /// At which step does the run go on, and why?
    Jump(StepId),
    /// What is to be said about a step that is left to its owner?
    Owe(StepId),
    /// Why is taken back what was done?
    RollBack(StepId),
    /// What is to be said about the alarm of this watch?
    SeeAlarm(ActionName),
    /// Which way does the run go on?
    Choose(StepId),
    /// Why does nobody else read it?
    Waive(String),
    /// Why is the step left out?
    Skip(StepId),
    /// How is it known that what is tried again did not happen?
    Retry(StepId),
    /// What shows that the step was done by other means?
    MarkDone(StepId),
    /// What was done by hand?
    Done(StepId, Evidence),
    /// Which command?
    Improvise,
    /// What is to be noted?
    Note,
    /// Why does the run stop?
    Stop,
    /// Leaving the runbook of a drill that goes on with another one.
    Leave,
    /// When did customers begin to fail?
    Onset(Opener),
    /// Does the run go on although nothing can be recorded?
    Unrecorded,
}

/// Says who opened a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// The screen, since something is missing.
    Screen,
    /// The operator, with a key.
    Operator,
}

/// Holds a question and what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The question.
    pub kind: FormKind,
    /// What was typed.
    pub field: Field,
    /// Why it was not taken.
    pub problem: Option<String>,
}

impl Form {
    /// Opens a question.
    pub fn new(kind: FormKind) -> Self {
        Self { kind, field: Field::default(), problem: None }
    }

    /// Returns the heading.
    pub fn title(&self) -> &str {
        match &self.kind {
            FormKind::Value(name) => name,
            FormKind::Reader(_) | FormKind::SecondValue { .. } => "Second reader",
            FormKind::Owe(_) => "Leave it to its owner",
            FormKind::SeeAlarm(_) => "Alarm seen",
            FormKind::Edit(_) => "Edit and retry",
            FormKind::Jump(_) => "Go on at another step",
            FormKind::RollBack(_) => "Take back what was done",
            FormKind::Choose(_) => "Decide",
            FormKind::Waive(_) => "Go on without a second reader",
            FormKind::Skip(_) => "Skip the step",
            FormKind::Retry(_) => "Retry on your word",
            FormKind::MarkDone(_) => "Mark the step done",
            FormKind::Done(..) => "Done by hand",
            FormKind::Improvise => "A command of your own",
            FormKind::Note => "Note",
            FormKind::Unrecorded => "Go on without a record",
            FormKind::Stop => "Stop the run for good",
            FormKind::Leave => "Leave this runbook",
            FormKind::Onset(_) => "When did customers begin to fail?",
        }
    }

    /// Returns the question in a sentence; what a value is asked as depends on the run.
    pub fn question(&self) -> &'static str {
        match &self.kind {
            FormKind::Value(_) | FormKind::SecondValue { .. } => "Which value?",
            FormKind::Reader(_) => "Who reads it?",
            FormKind::RollBack(_) => "Why? Newest first; each way back is shown and asked before it runs.",
            FormKind::Edit(_) => {
                "It runs instead of the command that failed. You are asked before it runs; the difference is recorded. \
                 ^O opens your editor."
            }
            FormKind::Jump(_) => {
                "Write the number of the step, and behind it, why. What lies between is passed over; from a step further \
                 back on everything is done again."
            }
            FormKind::SeeAlarm(_) => "It goes on being looked at. What is to be said about it? Enter alone is enough.",
            FormKind::Owe(_) => "It is open when the run ends, and the summary says who owes it. What is to be said?",
            FormKind::Choose(_) => "Write the number of the way, and behind it, why.",
            FormKind::Waive(_) => "Why? The reason leads the report.",
            FormKind::Skip(_) => "Why is it left out? The reason goes into the log.",
            FormKind::Retry(_) => {
                "Nothing tells whether it happened. How do you know that it did not? That goes into the log."
            }
            FormKind::MarkDone(_) => "What shows that it was done? The evidence goes into the log.",
            FormKind::Done(_, Evidence::Required) => "What shows that it is done? This step asks for evidence.",
            FormKind::Done(_, Evidence::Welcome) => "What was done? A note is welcome, Enter alone is enough.",
            FormKind::Improvise => "It runs in the run's own shell state. You are asked once more before it runs.",
            FormKind::Note => "It goes into the log with the time now.",
            FormKind::Stop => "Why? Steps that are not done stay undone; the log is sealed.",
            FormKind::Leave => {
                "Why? Its log is sealed. The drill goes on, and so does the RTO clock: alarms and runbooks come back."
            }
            FormKind::Unrecorded => {
                "Nothing can be recorded. Type `go on unrecorded` to go on: what happens is in memory only, and lost if \
                 lifeboat is killed. Esc waits until the log can be written."
            }
            FormKind::Onset(Opener::Operator) => {
                "The clock counts from there. Write `-12m` or a time with zone: 2026-11-22T03:14:00Z. `fenced -3m` says \
                 when another moment was: detected, declared, frozen, fenced, db-writable, traffic, validated, protected."
            }
            FormKind::Onset(Opener::Screen) => {
                "The clock counts from there. Write `-12m` or a time with zone: 2026-11-22T03:14:00Z."
            }
        }
    }

    /// Makes a wish of what was typed, or says why it is none.
    pub(super) fn submit(&self, now: DateTime<Utc>) -> Result<Intent, String> {
        let text = self.field.text().trim().to_owned();
        let wanted = |what: &str| if text.is_empty() { Err(what.to_owned()) } else { Ok(text.clone()) };
        Ok(match &self.kind {
            FormKind::Value(name) | FormKind::Reader(name) | FormKind::SecondValue { name, .. } => {
                Intent::SetInput { name: name.clone(), value: text }
            }
            FormKind::RollBack(step) => {
                Intent::RollBack { step: step.clone(), reason: wanted("A reason is needed; Esc goes back.")? }
            }
            FormKind::Edit(step) => {
                Intent::Edit { step: step.clone(), command: wanted("A command is needed; Esc goes back.")? }
            }
            // Which step has a number depends on the run.
            FormKind::Jump(_) => return Err("The number of a step is needed; Esc goes back.".to_owned()),
            FormKind::SeeAlarm(action) => Intent::SeeAlarm { action: action.clone(), note: text },
            FormKind::Owe(step) => Intent::Owe { step: step.clone(), note: text },
            FormKind::Choose(step) => {
                let (number, note) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
                let number = number.trim_end_matches([':', '.', ',']).parse::<u32>().ok();
                let branch = number.and_then(|number| number.checked_sub(1));
                let branch = branch.ok_or("The number of a way is needed; Esc goes back.")?;
                Intent::Choose { step: step.clone(), branch, note: note.trim().to_owned() }
            }
            FormKind::Waive(name) => {
                Intent::WaiveReader { name: name.clone(), reason: wanted("A reason is needed; Esc goes back.")? }
            }
            FormKind::Skip(step) => {
                Intent::Skip { step: step.clone(), reason: wanted("A reason is needed; Esc goes back.")? }
            }
            FormKind::Retry(step) => {
                Intent::RetryOnWord { step: step.clone(), evidence: wanted("Evidence is needed; Esc goes back.")? }
            }
            FormKind::MarkDone(step) => {
                Intent::MarkDone { step: step.clone(), evidence: wanted("Evidence is needed; Esc goes back.")? }
            }
            FormKind::Done(step, Evidence::Required) => {
                Intent::Done { step: step.clone(), note: wanted("Evidence is needed; Esc goes back.")? }
            }
            FormKind::Done(step, Evidence::Welcome) => Intent::Done { step: step.clone(), note: text },
            FormKind::Improvise => Intent::Improvise { command: wanted("A command is needed; Esc goes back.")? },
            FormKind::Note => {
                Intent::Note { text: wanted("There is nothing to note; Esc goes back.")?, occurred_at: None }
            }
            FormKind::Unrecorded if text != UNRECORDED_PHRASE => {
                return Err(format!("That is not `{UNRECORDED_PHRASE}`; nothing goes on."));
            }
            FormKind::Unrecorded => Intent::GoOnUnrecorded { typed: text },
            FormKind::Stop | FormKind::Leave => Intent::Stop { reason: wanted("A reason is needed; Esc goes back.")? },
            FormKind::Onset(_) => {
                let wanted = wanted("A time is needed; Esc leaves the clock without onset.")?;
                let (word, rest) = wanted.split_once(char::is_whitespace).unwrap_or((&wanted, ""));
                let named = Moment::ALL.into_iter().find(|moment| moment.word() == word.trim_end_matches(':'));
                let (moment, when) = named.map_or((Moment::Onset, wanted.as_str()), |moment| (moment, rest.trim()));
                if when.is_empty() {
                    return Err(format!("When was that? Write `{} -3m`, or a time with zone.", moment.word()));
                }
                let occurred_at = parse_when(when, now)?;
                if occurred_at > now {
                    return Err("That lies in the future; write when it was.".to_owned());
                }
                Intent::FixMoment { moment, occurred_at, evidence: format!("the operator typed `{text}`") }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(kind: FormKind, text: &str) -> Result<Intent, String> {
        let mut form = Form::new(kind);
        form.field.insert(text);
        form.submit(DateTime::from_timestamp(1_000_000, 0).unwrap())
    }

    #[test]
    fn empty_reasons_are_refused_in_place() {
        let step = StepId::from("a");
        for kind in [
            FormKind::Skip(step.clone()),
            FormKind::Retry(step.clone()),
            FormKind::MarkDone(step.clone()),
            FormKind::Done(step.clone(), Evidence::Required),
            FormKind::Improvise,
            FormKind::Note,
            FormKind::Stop,
            FormKind::Leave,
            FormKind::Onset(Opener::Operator),
        ] {
            assert!(submit(kind.clone(), "  ").is_err(), "{kind:?}");
        }
        let done = submit(FormKind::Done(step.clone(), Evidence::Welcome), "");
        assert_eq!(done, Ok(Intent::Done { step, note: String::new() }));
    }

    #[test]
    fn an_onset_is_a_time_that_was() {
        let Ok(Intent::FixMoment { occurred_at, .. }) = submit(FormKind::Onset(Opener::Operator), "-12m") else {
            panic!("refused")
        };
        assert_eq!(occurred_at.timestamp(), 1_000_000 - 720);
        assert!(submit(FormKind::Onset(Opener::Operator), "2026-11-22T03:14:00Z").unwrap_err().contains("future"));
        assert!(submit(FormKind::Onset(Opener::Operator), "ten past three").is_err());
    }

    #[test]
    fn another_moment_is_named_before_its_time() {
        let of = |text: &str| submit(FormKind::Onset(Opener::Operator), text);
        let Ok(Intent::FixMoment { moment, occurred_at, evidence }) = of("db-writable -3m") else { panic!("refused") };
        assert_eq!((moment, occurred_at.timestamp()), (Moment::DbWritable, 1_000_000 - 180));
        assert_eq!(evidence, "the operator typed `db-writable -3m`");
        assert_eq!(of("fenced").unwrap_err(), "When was that? Write `fenced -3m`, or a time with zone.");
        assert!(of("fenced tomorrow").is_err());
    }
}
