//! One line a fact, for `--unattended`, `log show` and the timeline.

use std::time::Duration;

use super::exercise;
use crate::engine::{Approval, Ask, Event, Mode, Resumed, Seen, Verdict};
use crate::kernel::{ClockSync, SafeText, clock, counted, range, say_duration};
use crate::runbook::LossKind;

/// Says how many have to agree, and who may.
pub(super) fn approvals(wanted: &Approval) -> String {
    let of = if wanted.role.is_empty() { String::new() } else { format!(" of the role {}", wanted.role) };
    counted(wanted.count as usize, "approval") + &of
}

/// Says what a fact means, on one harmless line.
pub fn narrate(event: &Event) -> String {
    SafeText::line(words(event).trim_end()).into_string()
}

/// Says that no time server keeps the clock by which a run is measured, where the machine says so.
fn unkept(clock: ClockSync) -> &'static str {
    match clock {
        ClockSync::Unsynced => "; NO TIME SERVER KEEPS THIS MACHINE'S CLOCK",
        ClockSync::Synced | ClockSync::Unknown => "",
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Open(opened) => {
            let mode = match opened.mode {
                Mode::Real => "REAL",
                Mode::Drill => "DRILL",
            };
            let clock = unkept(opened.clock);
            format!("{mode} run {} of {} opened by {}{clock}", opened.run, opened.runbook, opened.by)
        }
        Event::InputSet { name, value, by: Some(by), .. } => {
            format!("{name} is `{}` (entered by {by})", one_line(value))
        }
        Event::InputSet { name, value, source, by: None } => {
            format!("{name} is `{}` ({})", one_line(value), lower(*source))
        }
        Event::FirstRead { name, value, by } => {
            format!("{name} was read as `{}` by {by}; a second person is to read it", one_line(value))
        }
        Event::SecondRead { name, by } => format!("{name} was read the same by {by}"),
        Event::SecondReaderWaived { name, reason, by } => format!("second reader of {name} WAIVED by {by}: {reason}"),
        Event::NotApplicable { step, action: Some(action), why } => {
            format!("{action} of {step} is not for this case: {why}")
        }
        Event::Decided { step, label, target, ruled_out, again, note, by, .. } => {
            let list = |steps: &[crate::kernel::StepId]| {
                steps.iter().map(crate::kernel::StepId::as_str).collect::<Vec<_>>().join(", ")
            };
            let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            let out =
                if ruled_out.is_empty() { String::new() } else { format!("; not for this case: {}", list(ruled_out)) };
            let again = if again.is_empty() { String::new() } else { format!("; a new pass over {}", list(again)) };
            format!("step {step} decided by {by}: {label} (to {target}){note}{out}{again}")
        }
        Event::StepOwed { step, owner, due, note, by } => {
            let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!("step {step} left to {owner} until {} (by {by}){note}", due.format("%Y-%m-%d %H:%MZ"))
        }
        Event::DeadlinePassed { step } => format!("step {step} waits for longer than its deadline"),
        Event::MessageSent { message, to, text, by, .. } => {
            format!("message {message} to {to} sent by {by}: {}", one_line(text))
        }
        Event::Jumped { step, to, why, ruled_out } => {
            let out = ruled_out.iter().map(crate::kernel::StepId::as_str).collect::<Vec<_>>().join(", ");
            let out = if out.is_empty() { out } else { format!("; not for this case: {out}") };
            format!("step {step} FAILED, and the run goes on at {to}: {why}{out}")
        }
        Event::RollbackChosen { step, undo, expired, reason, by } => {
            let of = undo.iter().map(|undo| undo.of.as_str()).collect::<Vec<_>>().join(", ");
            let names = expired.iter().map(crate::kernel::ActionName::as_str).collect::<Vec<_>>().join(", ");
            let expired = if names.is_empty() { names } else { format!("; can be undone no more: {names}") };
            format!("step {step}: {by} takes back what was done by {of}: {reason}{expired}")
        }
        Event::WatchFailed { action, why } => format!("ALARM: {action} does not hold any more: {why}"),
        Event::WatchHeld { action } => format!("{action} holds again"),
        Event::AlarmSeen { action, note, by } => {
            let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!("the alarm of {action} was seen by {by}{note}")
        }
        Event::MessageDue { message } => format!("message {message} is due again"),
        Event::NotApplicable { step, action: None, why } => format!("step {step} is not for this case: {why}"),
        Event::MomentFixed { moment, occurred_at, by, evidence } => {
            format!("{} at {} (by {by}: {evidence})", moment.word(), occurred_at.format("%H:%M:%S%.3fZ"))
        }
        Event::AutoSwitched { on, by } => {
            format!("automatic progress {} by {by}", if *on { "switched on" } else { "switched off" })
        }
        Event::StepStarted { step } => format!("step {step} began"),
        Event::ItemsBegun { step, items } => {
            format!("step {step} runs for {}: {}", counted(items.len(), "item"), items.join(", "))
        }
        Event::ItemsPassed { step } => format!("step {step} goes on behind its items"),
        Event::ConfirmationAsked { impact, command, target, ask, also, approval, .. } => {
            let ask = match ask {
                Ask::Key => "a key".to_owned(),
                Ask::Type { phrase } => format!("typing `{phrase}`"),
            };
            let approval = match approval {
                Some(wanted) => format!(" (needs {})", approvals(wanted)),
                None => String::new(),
            };
            let also = if also.is_empty() { String::new() } else { format!(" (and the same for {} more)", also.len()) };
            format!("asks for {ask} before [{}{}] {command}{also}{approval}", impact.word(), place(target))
        }
        Event::Approved { approver, key, by, .. } => {
            format!("approved by {approver}, signed with {key} (handed in by {by})")
        }
        Event::ApprovalStated { approver, command, by, .. } => {
            format!("approved by {approver} (stated by {by}, not signed): {command}")
        }
        Event::ApprovalWaived { missing, waited_s, reason, by, .. } => {
            let waited = clock(Duration::from_secs(*waited_s));
            format!("{} WAIVED by {by} after {waited}: {reason}", counted(*missing as usize, "approval"))
        }
        Event::Confirmed { how, by, .. } => format!("confirmed by {by} ({how})"),
        Event::Declined { by, .. } => format!("declined by {by}"),
        Event::AttemptStarted { attempt, action, impact, command, target, .. } => {
            let name = action.as_ref().map_or("improvised", |name| name.as_str());
            format!("{attempt} {name} started [{}{}] {command}", impact.word(), place(target))
        }
        Event::AttemptFinished { attempt, outcome, verdict, polls, took_ms, .. } => {
            let took = say_duration(Duration::from_millis(*took_ms));
            let polls = if *polls > 1 { format!(", {polls} looks") } else { String::new() };
            match verdict {
                Verdict::Passed => format!("{attempt} passed: {} after {took}{polls}", outcome.words()),
                Verdict::Failed { why } => format!("{attempt} FAILED: {why} (after {took}{polls})"),
            }
        }
        Event::Captured { name, value, attempt } => format!("{name} is `{}` (from {attempt})", one_line(value)),
        Event::LossMeasured { of, low_ms, high_ms, orders, method, .. } => {
            let kind = match of {
                LossKind::Replication => "replication",
                LossKind::RecoveryPoint => "recovery point",
                LossKind::Discarded => "discarded",
            };
            let orders = orders.map(|n| format!(", {n} orders")).unwrap_or_default();
            format!("loss ({kind}) between {} and {}{orders}: {method}", exact(*low_ms), exact(*high_ms))
        }
        Event::ItemTicked { step, item, by } => format!("{step}: item {} ticked by {by}", item + 1),
        Event::StepDone { step, how, note, by } => {
            let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!("step {step} done ({how} by {by}){note}")
        }
        Event::StepFailed { step, why, .. } => format!("step {step} FAILED: {why}"),
        Event::StepSkipped { step, reason, by } => format!("step {step} SKIPPED by {by}: {reason}"),
        Event::CommandEdited { step, action, before, after, by } => {
            let (before, after) = (one_line(before), one_line(after));
            format!("step {step} is tried again by {by} with {action} EDITED: `{before}` became `{after}`")
        }
        Event::JumpChosen { step, to, reason, ruled_out, again, by } => {
            let list = |steps: &[crate::kernel::StepId]| {
                steps.iter().map(crate::kernel::StepId::as_str).collect::<Vec<_>>().join(", ")
            };
            let out =
                if ruled_out.is_empty() { String::new() } else { format!("; not for this case: {}", list(ruled_out)) };
            let again = if again.is_empty() { String::new() } else { format!("; to be done again: {}", list(again)) };
            format!("step {step} LEFT by {by}, and the run goes on at {to}: {reason}{out}{again}")
        }
        Event::LookAsked { step, attempt, by } => {
            format!("step {step}: {by} looks whether attempt {attempt} happened")
        }
        Event::Looked { attempt, seen, what } => {
            let seen = match seen {
                Seen::Happened => "attempt HAPPENED",
                Seen::NotHappened => "attempt did not happen",
                Seen::Unclear => "can't be told whether attempt happened",
            };
            format!("{}: {what}", seen.replacen("attempt", &format!("attempt {attempt}"), 1))
        }
        Event::RetryChosen { step, evidence, by } => match evidence {
            Some(evidence) => {
                format!("step {step} is tried again by {by}, on their word that it did not happen: {evidence}")
            }
            None => format!("step {step} is tried again by {by}"),
        },
        Event::FailurePassed { step, action, why } => format!("{action} of {step} failed and was passed over: {why}"),
        Event::InterruptAsked { attempt, force, by } => {
            format!("{attempt} interrupted by {by}{}", if *force { " (KILL)" } else { "" })
        }
        Event::NoteAdded { text, by, .. } => format!("note by {by}: {text}"),
        Event::RecoverySeen { since, .. } => {
            format!("service answers since {}; holding", since.format("%H:%M:%S%.3fZ"))
        }
        Event::RecoveryLost { why } => format!("service did NOT hold: {why}"),
        Event::Recovered { since, held_s, rto_ms } => {
            format!("RECOVERED since {} (held {held_s} s): RTO {}", since.format("%H:%M:%S%.3fZ"), exact(*rto_ms))
        }
        Event::Breached { objective, limit_ms, actual_ms } => format!(
            "{} BREACHED: {} of {}",
            objective.to_uppercase(),
            exact(*actual_ms),
            clock(Duration::from_millis(*limit_ms))
        ),
        Event::Exercise(what) => exercise::exercised(what),
        Event::Facilitation(what) => exercise::facilitated(what),
        Event::Noticed { what } => what.clone(),
        Event::StopAsked { how, reason, by } => {
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{by} asked for the end ({how}){reason}; it comes when what runs has ended")
        }
        Event::Ended { how, reason, by, .. } => {
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("run ended by {by}: {how}{reason}")
        }
        Event::Resumed(resumed) => {
            let torn = resumed.torn.as_ref().map(|torn| {
                format!("; {} bytes at the end of the log were not whole and are kept in {}", torn.bytes, torn.file)
            });
            let Resumed { by, host, pid, clock, .. } = resumed.as_ref();
            let clock = unkept(*clock);
            format!("TAKEN UP AGAIN by {by} (process {pid} on {host}){clock}{}", torn.unwrap_or_default())
        }
        Event::Continues(continues) => {
            let (part, since) = (continues.part, continues.since.format("%H:%M:%S"));
            format!("THE LOG GOES ON IN ANOTHER PLACE, part {part}: {}; written until {since}Z", continues.why)
        }
        Event::WentUnrecorded { by, .. } => {
            format!("{by} went on WITHOUT A RECORD: from here on facts are in memory only")
        }
        Event::RecordedAgain { since, facts } => {
            format!("RECORDED AGAIN: {facts} facts since {}Z were in memory only", since.format("%H:%M:%S"))
        }
    }
}

/// Shows a list with commas between its items, and not all of a long text: the log has it.
fn one_line(value: &str) -> String {
    const MOST: usize = 200;
    let line = value.trim().replace('\n', ", ");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// Shows a measured figure: with tenths below a minute, where they matter, as a clock above.
pub fn exact(ms: u64) -> String {
    if ms < 60_000 { format!("{}.{} s", ms / 1000, ms % 1000 / 100) } else { clock(Duration::from_millis(ms)) }
}

/// Shows a measured range, its ends as [`exact`] does.
pub(super) fn exact_range(low_ms: u64, high_ms: u64) -> String {
    range(&exact(low_ms), &exact(high_ms))
}

fn place(target: &crate::engine::Target) -> String {
    let parts: Vec<&str> =
        [target.region.as_str(), target.resource.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { format!(" → {}", parts.join(" ")) }
}

fn lower(source: crate::engine::InputSource) -> &'static str {
    use crate::engine::InputSource as S;
    match source {
        S::Set => "--set",
        S::Profile => "profile",
        S::Env => "environment",
        S::Default => "runbook default",
        S::Operator => "operator",
        S::Estate => "practice estate",
        S::Derived => "worked out",
    }
}
