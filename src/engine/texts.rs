//! The texts of an input: what people type and what attempts leave behind. Whoever takes inputs in replaces the secrets in
//! them, so that a run and its facts never hold one.

use super::input::{Ended, Facilitate, Input, Intent, Notice, Report};
use super::outcome::Outcome;

impl Input {
    /// Lists every text that may hold anything. What an approver signed is left out: it is bound to its bytes.
    pub fn texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::Open { inputs, onset, .. } => {
                let values = inputs.iter_mut().map(|(_, value, _)| value);
                values.chain(onset.iter_mut().map(|(_, evidence)| evidence)).collect()
            }
            Self::Operator { intent, .. } => intent.texts(),
            Self::Report(Report::Finished { result, .. }) => result.texts(),
            Self::Report(Report::Watched { seen, .. }) => seen.as_mut().err().into_iter().collect(),
            Self::Report(Report::Looked { what: text, .. })
            | Self::Host(Notice::Remark(text))
            | Self::Facilitator { wish: Facilitate::Announce { text, .. } | Facilitate::Pause { why: text }, .. } => {
                vec![text]
            }
            Self::Approval { .. }
            | Self::Facilitator { wish: Facilitate::GoOn, .. }
            | Self::Clock(_)
            | Self::Host(Notice::ScreenLost | Notice::Exercise(_)) => Vec::new(),
        }
    }
}

impl Intent {
    fn texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::Confirm { typed, .. } => typed.iter_mut().collect(),
            Self::Waive { reason: text, .. }
            | Self::Done { note: text, .. }
            | Self::Skip { reason: text, .. }
            | Self::MarkDone { evidence: text, .. }
            | Self::RetryOnWord { evidence: text, .. }
            | Self::Improvise { command: text }
            | Self::Edit { command: text, .. }
            | Self::Jump { reason: text, .. }
            | Self::Note { text, .. }
            | Self::FixMoment { evidence: text, .. }
            | Self::SetInput { value: text, .. }
            | Self::ReadAgain { value: text, .. }
            | Self::WaiveReader { reason: text, .. }
            | Self::Choose { note: text, .. }
            | Self::Owe { note: text, .. }
            | Self::RollBack { reason: text, .. }
            | Self::SeeAlarm { note: text, .. }
            | Self::Stop { reason: text } => vec![text],
            Self::Run { .. }
            | Self::ConfirmByScript { .. }
            | Self::HandIn { .. }
            | Self::Approve { .. }
            | Self::Decline { .. }
            | Self::Tick { .. }
            | Self::Retry { .. }
            | Self::Look { .. }
            | Self::Interrupt { .. }
            | Self::Sent { .. }
            | Self::Auto { .. }
            | Self::EndPause
            | Self::GiveUpWaiting
            | Self::GoOnUnrecorded { .. } => Vec::new(),
        }
    }
}

impl Ended {
    fn texts(&mut self) -> Vec<&mut String> {
        let mut texts = self.outcome.texts();
        texts.push(&mut self.stdout);
        texts.extend(&mut self.poll_failure);
        texts
    }
}

impl Outcome {
    /// Lists what it says in somebody's words.
    pub fn texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::SpawnFailed { error } | Self::Unreachable { error } | Self::Unusable { error } => vec![error],
            Self::AwsRefused { message, .. } | Self::SqlRefused { message, .. } | Self::Throttled { message, .. } => {
                vec![message]
            }
            Self::NotCarriedOut { evidence } | Self::InDoubt { evidence } => vec![evidence],
            Self::Exited { .. }
            | Self::Signalled { .. }
            | Self::TimedOut { .. }
            | Self::Interrupted
            | Self::Answered { .. } => Vec::new(),
        }
    }
}
