//! What a run's clocks say: RTO, RPO, phases, whom it waits for. Questions only; nothing here changes state.
//!
//! The definitions are in `docs/objectives.md`.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::again::Again;
use super::state::{Condition, Fixed, Loss, Progress, Recovery, Run, Spent, Stage, StepState, Strand, Who};
use crate::kernel::{AttemptId, SafeText, Stamp, counted};
use crate::runbook::{Action, InputDecl, Keyboard, LossKind, Moment, Secrecy, Section, Step, words};

impl Run {
    /// Returns a moment as it was last fixed.
    pub fn moment(&self, moment: Moment) -> Option<&Fixed> {
        self.moments.get(&moment)?.last()
    }

    /// Returns when customers began to fail, as last fixed; `None` while nobody said.
    pub fn onset(&self) -> Option<DateTime<Utc>> {
        self.moment(Moment::Onset).map(|fixed| fixed.occurred_at)
    }

    /// Returns the RTO, if there is one.
    pub fn rto(&self) -> Option<Duration> {
        self.opened.as_ref().map(|opened| Duration::from_secs(opened.rto_s)).filter(|limit| !limit.is_zero())
    }

    /// Returns the RPO, if there is one.
    pub fn rpo(&self) -> Option<Duration> {
        self.opened.as_ref().map(|opened| Duration::from_secs(opened.rpo_s)).filter(|limit| !limit.is_zero())
    }

    /// Returns which loss the RPO bounds.
    pub fn rpo_of(&self) -> LossKind {
        self.plan.meta.objectives.rpo.as_ref().map_or(LossKind::Replication, |rpo| rpo.of)
    }

    /// Returns the time since onset, which stops at the start of the stretch that held; `None` while no onset is known.
    pub fn elapsed(&self, now: DateTime<Utc>) -> Option<Duration> {
        let end = match &self.recovery {
            Recovery::Restored { since, .. } => *since,
            Recovery::NotYet | Recovery::Holding(_) => now,
        };
        Some(between(self.onset()?, end))
    }

    /// Returns what the RTO verdict is about: like [`Run::elapsed`], but a stretch that may still hold counts from its start.
    pub fn rto_figure(&self, now: DateTime<Utc>) -> Option<Duration> {
        match &self.recovery {
            Recovery::Holding(candidate) => Some(between(self.onset()?, candidate.since)),
            Recovery::NotYet | Recovery::Restored { .. } => self.elapsed(now),
        }
    }

    /// Returns the time left of the RTO; `Err` holds by how much it is over. `None` without RTO or onset.
    pub fn rto_left(&self, now: DateTime<Utc>) -> Option<Result<Duration, Duration>> {
        let (limit, elapsed) = (self.rto()?, self.elapsed(now)?);
        Some(limit.checked_sub(elapsed).ok_or_else(|| elapsed.saturating_sub(limit)))
    }

    /// Returns the loss that was measured last of the kind that the RPO bounds, else of any kind.
    pub fn latest_loss(&self) -> Option<&Loss> {
        let of = self.rpo_of();
        self.losses.iter().rev().find(|loss| loss.of == of).or_else(|| self.losses.last())
    }

    /// Says whom the run waits for.
    pub fn who(&self) -> Who {
        match self.stage {
            Stage::New | Stage::Ended(_) => return Who::Nobody,
            Stage::Open => {}
        }
        if self.working() || self.retries_pending().iter().any(|(strand, _)| !self.is_background(*strand)) {
            return if self.at_keyboard().is_some() { Who::Person } else { Who::Machine };
        }
        if self.prompt.is_some() || self.current < self.steps.len() {
            return Who::Person;
        }
        match &self.recovery {
            Recovery::NotYet if self.plan.meta.recovered_when.is_some() => Who::Person,
            Recovery::NotYet | Recovery::Holding(_) | Recovery::Restored { .. } => Who::Nobody,
        }
    }

    /// Returns the attempt that runs at a terminal, where a person sits or is waited for.
    pub fn at_keyboard(&self) -> Option<&AttemptId> {
        let action = |id: &AttemptId| self.action_of(self.attempts.get(id)?);
        let sits = |id: &&AttemptId| action(id).is_some_and(|action| action.keyboard == Keyboard::Operator);
        self.running.iter().find(sits)
    }

    /// Does an attempt run that what follows waits for?
    pub fn working(&self) -> bool {
        self.running.iter().any(|attempt| !self.runs_in_background(attempt))
    }

    /// Returns where the time went up to `now`.
    pub fn spent_at(&self, now: Stamp) -> Spent {
        let mut spent = self.spent;
        let Some(last) = &self.last else { return spent };
        let passed = now.since(last);
        match self.who() {
            Who::Machine => spent.machine = spent.machine.saturating_add(passed),
            Who::Person => spent.people = spent.people.saturating_add(passed),
            Who::Nobody => spent.idle = spent.idle.saturating_add(passed),
        }
        spent
    }

    /// Returns how long a phase has taken: from the start of its first step until all its steps were settled, or until
    /// now. `None` before it began.
    pub fn phase_time(&self, phase: usize, now: Stamp) -> Option<Duration> {
        let range = self.plan.phases.get(phase)?.steps.clone();
        let times = self.step_times.range(range.clone());
        let first = times.clone().find_map(|(started, settled)| started.or(*settled))?;
        let end = if self.steps.range(range).all(StepState::is_settled) {
            times.filter_map(|(_, settled)| *settled).max_by_key(|stamp| stamp.mono).unwrap_or(now)
        } else {
            now
        };
        Some(end.since(&first))
    }

    /// Returns by how much a drill's durations are divided.
    pub fn speed(&self) -> u32 {
        self.opened.as_ref().map_or(1, |opened| opened.speed.max(1))
    }

    /// Says what is asked of the operator now; an alarm that nobody has seen comes before it.
    pub fn sentence(&self) -> String {
        let told = self.told();
        let Some((name, alarm)) = self.alarm().and_then(|name| self.alarms.get_key_value(name)) else { return told };
        if self.stage != Stage::Open {
            return told;
        }
        let how = match alarm.condition {
            Condition::Fails => "does not hold",
            Condition::Holds => "did not hold, and holds again",
        };
        format!("ALARM: {name} {how} ({}). {told}", SafeText::line(&alarm.why).as_str())
    }

    /// Says what is asked of the operator now, alarms apart.
    pub fn told(&self) -> String {
        match &self.stage {
            Stage::New => return "The run has not begun.".to_owned(),
            Stage::Ended(ending) => return format!("The run has ended: {}.", ending.how),
            Stage::Open => {}
        }
        if self.stopping.is_some() {
            return "Stopping. It ends when what runs has ended; stop again to end it at once.".to_owned();
        }
        if self.prompt.as_ref().is_some_and(|prompt| prompt.step.is_none()) {
            return "NEXT: your own command. It waits for you to confirm.".to_owned();
        }
        if self.prompt.is_none() && self.improvised_runs() {
            return "Running your own command. Nothing needed from you.".to_owned();
        }
        if self.current < self.steps.len() {
            let focus = self.focus().unwrap_or(Strand::whole(self.current));
            return format!("{}{}{}", self.strand_sentence(focus), self.reminder(focus), self.beside(focus));
        }
        let background = self.running.iter().any(|id| !self.is_watch(id) && self.runs_in_background(id));
        match (&self.recovery, &self.plan.meta.recovered_when) {
            (Recovery::Restored { .. }, _) | (Recovery::NotYet, None) if background => {
                "All steps are settled. What still runs in the background is being ended.".to_owned()
            }
            (Recovery::Restored { .. }, _) | (Recovery::NotYet, None) => {
                "All steps are settled. Nothing needed from you.".to_owned()
            }
            (Recovery::Holding(_), _) => {
                "All steps are settled. Watching whether the recovery holds. Nothing needed from you.".to_owned()
            }
            (Recovery::NotYet, Some(_)) if self.watch.is_some() => {
                "NEXT: all steps are settled, and service is not restored. Find out why; run a command of your own, or stop."
                    .to_owned()
            }
            (Recovery::NotYet, Some(action)) => format!(
                "NEXT: all steps are settled, and nothing has proved that service is restored. Run {} again, or stop.",
                self.plan
                    .action(action)
                    .and_then(|(at, _)| self.plan.steps.get(at))
                    .map_or_else(|| SafeText::line(action.as_str()).into_string(), label)
            ),
        }
    }

    /// Says in one sentence where a step is, in the words of [`Run::sentence`].
    pub fn step_sentence(&self, index: usize) -> String {
        self.strand_sentence(Strand::whole(index))
    }

    fn strand_sentence(&self, strand: Strand) -> String {
        let index = strand.step;
        let (Some(step), Some(state)) = (self.plan.steps.get(index), self.state(strand)) else {
            return String::new();
        };
        let name = self.label(strand);
        let retried = self.turn(strand).is_some_and(|turn| turn.retry.is_some());
        let asked = if strand.item.is_none() { self.asked_sentence(index) } else { String::new() };
        let words = match state {
            StepState::Waiting => format!("{name}. Its turn has not come."),
            StepState::Offered if runnable(step).is_empty() => format!("NEXT: {name}. {}", self.by_hand(index, step)),
            StepState::Offered | StepState::Ready { .. } | StepState::Paused { .. } if !asked.is_empty() => {
                format!("NEXT: {name}. {asked}")
            }
            StepState::Offered => format!("NEXT: {name}. It waits for you to run it."),
            StepState::Confirming { .. } if self.lacks() > 0 => {
                format!("NEXT: {name}. It needs {} before you confirm.", counted(self.lacks(), "approval"))
            }
            StepState::Confirming { .. } => match self.prompt.as_ref().map_or(0, |prompt| prompt.also.len()) {
                0 => format!("NEXT: {name}. It waits for you to confirm."),
                more => format!("NEXT: {name} and {more} more. They wait for you to confirm."),
            },
            StepState::Running { .. } if retried => {
                format!("{name} failed and is tried again. Nothing needed from you.")
            }
            StepState::Running { .. } if self.sits_at(strand) => {
                format!("NEXT: {name} has a terminal, and may wait for you at it.")
            }
            StepState::Running { .. } => format!("Running {name}. Nothing needed from you.{}", self.then(index)),
            StepState::Spread { .. } => {
                format!("Running {name} for {}. Nothing needed from you.{}", self.items(index), self.then(index))
            }
            StepState::Ready { .. } => format!("{name} goes on by itself."),
            StepState::Paused { .. } if self.failed_before(strand).is_some() => {
                format!("NEXT: {name} failed, and nothing was run since. Choose what to do.")
            }
            StepState::Paused { .. } => format!("NEXT: {name}. Nothing was run. Run it after all, or skip it."),
            StepState::ByHand => format!("NEXT: {name}. {}", self.by_hand(index, step)),
            // What a look told is newer than what the call ended with.
            StepState::Failed { why, .. } => match self.again(strand) {
                Again::Looking => {
                    format!("NEXT: {name} failed. It is being looked at whether it happened.")
                }
                Again::Happened(_) => {
                    format!("NEXT: {name} failed, and happened all the same. Mark it done, or look again.")
                }
                Again::NotHappened(_) => format!("NEXT: {name} failed, and did not happen. Choose what to do."),
                Again::Free | Again::Untold(_) => {
                    format!("NEXT: {name} failed ({}). Choose what to do.", SafeText::line(why).as_str())
                }
            },
            StepState::Done { .. } => format!("{name} is done."),
            StepState::Skipped { .. } => format!("{name} was skipped."),
            StepState::Owed { owner, .. } => format!("{name} is left to {}.", SafeText::line(owner).as_str()),
            StepState::NotApplicable { .. } => format!("{name} is not for this case."),
        };
        // A heading may be a question.
        words.replace("?. ", "? ")
    }

    /// How many approvals does the open question still want?
    fn lacks(&self) -> usize {
        self.prompt.as_ref().map_or(0, |prompt| prompt.lacks() as usize)
    }

    /// Is the strand what runs at a terminal?
    fn sits_at(&self, strand: Strand) -> bool {
        let step = self.at_keyboard().and_then(|id| self.attempts.get(id)?.step.as_ref());
        step.and_then(|step| self.strand(step)) == Some(strand)
    }

    /// Lists the inputs that the current step asks for and that have no value from it yet.
    pub fn asked(&self) -> Vec<&InputDecl> {
        self.focus().map(|strand| self.asked_by(strand.step)).unwrap_or_default()
    }

    /// Lists the inputs that a step asks for and that nobody has entered yet, and the secrets that it uses and that nobody
    /// holds: they went with an engine which is gone, or were never captured.
    pub fn asked_by(&self, step: usize) -> Vec<&InputDecl> {
        let Some(step) = self.plan.steps.get(step) else { return Vec::new() };
        let open = step.ask.iter().filter(|name| !self.entered.contains(*name));
        let mut asked: Vec<&InputDecl> = open.filter_map(|name| self.plan.input(name)).collect();
        if !self.lost.is_empty() {
            let uses = |name: &String| {
                let mut own = step.actions.iter().filter(|action| action.secrecy == Secrecy::Open);
                own.any(|action| super::prepare::may_use(&self.plan, action, name))
            };
            asked.extend(self.lost.iter().filter(|name| uses(name)).filter_map(|name| self.plan.input(name)));
        }
        asked
    }

    /// Proposes a value for an input that is asked for: the runbook's `value` or `default`, worked out as far as it can be.
    pub fn proposal(&self, input: &InputDecl, now: DateTime<Utc>) -> Option<Result<String, String>> {
        let known = super::prepare::vars(self, self.focus().unwrap_or(Strand::whole(self.current)), now);
        let worth = match (&input.value, &input.default) {
            (Some(value), _) => value.work_out(&known),
            (None, Some(default)) => words::fill(default, &known).map_err(|unset| unset.to_string()),
            (None, None) => return None,
        };
        Some(worth.and_then(|worth| input.accept_in(&worth, &known)))
    }

    /// Says what is late.
    fn reminder(&self, focus: Strand) -> String {
        let overdue = if self.overdue.contains(&focus.step) { self.escalation(focus.step) } else { String::new() };
        let due = self.due.first().map(|message| format!(" The message {message} is due again."));
        overdue + &due.unwrap_or_default()
    }

    /// Says where to look once a step is overdue.
    fn escalation(&self, step: usize) -> String {
        let duty = self.plan.steps.get(step).map(|step| &step.duty);
        let Some(anchor) = duty.and_then(|duty| duty.escalate.as_ref()) else { return " OVERDUE.".to_owned() };
        let to = self.plan.steps.iter().find(|step| step.anchor == *anchor);
        format!(" OVERDUE. See {}.", to.map_or_else(|| format!("#{anchor}"), label))
    }

    fn asked_sentence(&self, step: usize) -> String {
        match self.asked_by(step).as_slice() {
            [] => String::new(),
            [first, ..] if self.readings.contains_key(&first.name) => {
                format!("{} waits for a second reader.", first.name)
            }
            [first] => format!("It asks for {}.", first.name),
            [first, rest @ ..] => format!("It asks for {} and {} more.", first.name, rest.len()),
        }
    }

    /// Says how far the items of a step are.
    fn items(&self, index: usize) -> String {
        let (mut all, mut done, mut failed) = (0, 0, 0);
        for (_, lane) in self.lanes_of(index).filter(|(_, lane)| lane.undoes.is_none()) {
            all += 1;
            done += usize::from(matches!(lane.state, StepState::Done { .. }));
            failed += usize::from(matches!(lane.state, StepState::Failed { .. }));
        }
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        format!("{all} items, {done} done{failed}")
    }

    /// Says what runs or waits beside the strand that the sentence is about.
    fn beside(&self, focus: Strand) -> String {
        let spread = |strand: Strand| matches!(self.state(strand), Some(StepState::Spread { .. }));
        let open = self.open_strands().into_iter().filter(|other| *other != focus && !spread(*other));
        let others: Vec<Strand> = open.collect();
        let asks = others.iter().filter(|strand| self.awaits_person(**strand)).count();
        let runs = others.iter().filter(|strand| matches!(self.state(**strand), Some(StepState::Running { .. })));
        let runs = if spread(focus) { 0 } else { runs.count() };
        let say = |count: usize, one: &str, more: &str| match count {
            0 => String::new(),
            1 => format!(" 1 more {one}."),
            count => format!(" {count} more {more}."),
        };
        say(runs, "runs beside it", "run beside it") + &say(asks, "waits for you", "wait for you")
    }

    /// Names a strand for people: the step's number and title, and the item.
    pub fn label(&self, strand: Strand) -> String {
        let Some(step) = self.plan.steps.get(strand.step) else { return String::new() };
        match self.lanes.get(&strand) {
            Some(lane) => format!("{} [{}]", label(step), SafeText::line(&lane.item).as_str()),
            None => label(step),
        }
    }

    fn by_hand(&self, index: usize, step: &Step) -> String {
        if !self.asked_by(index).is_empty() {
            return self.asked_sentence(index);
        }
        let open = self.ticks.get(index).map_or(0, |ticks| ticks.iter().filter(|ticked| !**ticked).count());
        if let Some(message) = self.unsent(step) {
            return format!("Send the message to {}, and say so.", SafeText::line(&message.to).as_str());
        }
        if open == 0 && step.decision.is_some() {
            return "It waits for your decision.".to_owned();
        }
        match (open, step.manual) {
            (0, Some(crate::runbook::Evidence::Required)) => "It waits for your evidence that it is done.".to_owned(),
            (0, _) => "It waits for you to say that it is done.".to_owned(),
            (1, _) => "One item is to be ticked.".to_owned(),
            (open, _) => format!("{open} items are to be ticked."),
        }
    }

    fn then(&self, index: usize) -> String {
        // What is parallel may be over, or on already; what a decision ruled out does not come.
        let waits = |at: &usize| self.steps.get(*at) == Some(&StepState::Waiting);
        let next = (index.saturating_add(1)..self.steps.len()).find(waits);
        let Some(next) = next.and_then(|at| self.plan.steps.get(at)) else { return String::new() };
        let goes_on = match self.progress {
            Progress::Automatic => "",
            Progress::Manual => " will wait for you",
        };
        format!(" Then {}{goes_on}.", label(next))
    }
}

impl StepState {
    /// Returns the index of the action that is next or running; 0 where there is none.
    pub fn cursor(&self) -> usize {
        match self {
            Self::Confirming { cursor, .. }
            | Self::Running { cursor, .. }
            | Self::Ready { cursor }
            | Self::Spread { cursor }
            | Self::Paused { cursor }
            | Self::Failed { cursor, .. } => *cursor,
            Self::Waiting
            | Self::Offered
            | Self::ByHand
            | Self::Done { .. }
            | Self::Skipped { .. }
            | Self::Owed { .. }
            | Self::NotApplicable { .. } => 0,
        }
    }
}

/// Returns the actions of a step that run in order: `Before`, `Main`, `Verify`.
pub(super) fn runnable(step: &Step) -> &[Action] {
    let count = step.actions.iter().take_while(|action| action.section <= Section::Verify).count();
    step.actions.get(..count).unwrap_or_default()
}

fn label(step: &Step) -> String {
    format!("{} {}", step.number, SafeText::line(&step.title).as_str())
}

/// Returns `later - earlier`, zero if it is not later.
pub(super) fn between(earlier: DateTime<Utc>, later: DateTime<Utc>) -> Duration {
    later.signed_duration_since(earlier).to_std().unwrap_or_default()
}
