//! A dry run: the whole plan before anything of it runs, with values as far as they are known. Nothing acts, nothing is
//! recorded.

mod course;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::event::{Ask, Began, InputSource, Mode, Opened, Target};
use super::objectives::runnable;
use super::prepare;
use super::state::Run;
use crate::kernel::{ActionName, RunId, Sha256Hex, StepId};
use crate::runbook::{
    Action, Expect, Foreach, Formula, Impact, Keyboard, Measure, Moment, Necessity, Plan, Section, Step, Until,
};
use crate::runbook::{Watching, Way, list, words};
pub use course::{Choice, Course};
pub use values::{Origin, Pending, Value};

/// Is what is known before a run begins.
#[derive(Clone, Debug)]
pub struct Known {
    /// Whether it would be real.
    pub mode: Mode,
    /// The account that is pinned; nobody looked which one the credentials lead to.
    pub account: Option<String>,
    /// The default region, or empty.
    pub region: String,
    /// The operator.
    pub by: String,
    /// Values of inputs, checked.
    pub values: Vec<(String, String, InputSource)>,
}

/// Holds the whole plan, as far as it can be told before it runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DryRun {
    /// The title.
    pub title: String,
    /// `region-failure` …, or empty.
    pub scenario: String,
    /// Whether it would be real: what is confirmed how depends on it.
    pub mode: Mode,
    /// The account that is pinned.
    pub account: Option<String>,
    /// The default region, or empty.
    pub region: String,
    /// The recovery time objective, in seconds.
    pub rto_s: Option<u64>,
    /// The recovery point objective, in seconds.
    pub rpo_s: Option<u64>,
    /// The action whose success means "service restored".
    pub recovered_when: Option<ActionName>,
    /// For how long it has to hold, in seconds.
    pub sustain_s: u64,
    /// Inputs, in the runbook's order.
    pub inputs: Vec<Value>,
    /// Phases, with their steps.
    pub phases: Vec<PhaseAhead>,
    /// One course for each combination of decisions, in the runbook's order.
    pub courses: Vec<Course>,
    /// How many courses more there are, that were not worked out.
    pub courses_left_out: usize,
}

/// Is a phase ahead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseAhead {
    /// The heading.
    pub title: String,
    /// How long it may take, in seconds.
    pub budget_s: Option<u64>,
    /// Its steps.
    pub steps: Vec<StepAhead>,
}

/// Is a step ahead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepAhead {
    /// Its id.
    pub id: StepId,
    /// Its number, from 1.
    pub number: u32,
    /// The heading.
    pub title: String,
    /// The heading's line, from 1.
    pub line: usize,
    /// For which case it is.
    pub when: Option<When>,
    /// Inputs that it asks for.
    pub asks: Vec<String>,
    /// It runs beside the steps next to it that are parallel too.
    pub parallel: bool,
    /// Steps that have to be settled before.
    pub needs: Vec<StepId>,
    /// For which items the whole step runs.
    pub foreach: Option<Items>,
    /// What runs, in order; what runs only when it is asked for stands last.
    pub actions: Vec<ActionAhead>,
    /// What is ticked.
    pub checklist: Vec<String>,
    /// Whom messages are for.
    pub messages: Vec<String>,
    /// A person does it, with a note or with evidence.
    pub by_hand: Option<ByHand>,
    /// What a person decides.
    pub decision: Option<DecisionAhead>,
    /// Its failure does not fail the run.
    pub optional: bool,
    /// The role that does it.
    pub by: Option<String>,
    /// How long it may wait before somebody is reminded, in seconds.
    pub deadline_s: Option<u64>,
    /// It may be left to its owner, for so many seconds.
    pub owed_s: Option<u64>,
    /// How long it may take, in seconds.
    pub budget_s: Option<u64>,
    /// How long its actions usually take, in seconds, as far as they say.
    pub expected_s: Option<u64>,
    /// Cautions that belong to no action.
    pub cautions: Vec<String>,
}

/// Says what a step by hand asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByHand {
    /// A note is welcome.
    Note,
    /// Evidence is a must.
    Evidence,
}

/// Is a condition, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// As it is written.
    pub text: String,
    /// Whether it holds.
    pub holds: Holds,
}

/// Says whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That turns out in the run.
    InTheRun,
}

/// Is the list that something runs for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Items {
    /// The variable that holds the item.
    pub name: String,
    /// The items, where they are known.
    pub items: Option<Vec<String>>,
    /// The list as it is written.
    pub text: String,
    /// How many run at a time at most.
    pub concurrency: usize,
    /// The run goes on when one of them is done.
    pub until_any: bool,
}

/// Is an action ahead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActionAhead {
    /// Its name.
    pub name: ActionName,
    /// The part of the step.
    pub section: Section,
    /// The line of its fence, from 1.
    pub line: usize,
    /// For which case it is.
    pub when: Option<When>,
    /// How grave it is.
    pub impact: Impact,
    /// What will run; `${NAME}` stands where a value is not known yet.
    pub command: String,
    /// Where.
    pub target: Target,
    /// What is asked before it runs; `None`: nothing, once its step was started.
    pub confirm: Option<Ask>,
    /// Who has to agree besides.
    pub approvals: Option<Agreement>,
    /// What undoes it; empty: nothing.
    pub undo: Vec<ActionName>,
    /// After what it can be undone no more.
    pub undo_until: Option<String>,
    /// For which items it runs.
    pub foreach: Option<Items>,
    /// Until what it is looked at again and again.
    pub until: Option<String>,
    /// How long it waits between looks and retries, in seconds.
    pub every_s: u64,
    /// When it is given up, in seconds.
    pub timeout_s: Option<u64>,
    /// How often a failure is tried again by itself.
    pub retry: u32,
    /// It has a terminal, at which somebody sits down.
    pub interactive: bool,
    /// It looks on until the run ends.
    pub watch: bool,
    /// Watches that have to hold.
    pub require: Vec<ActionName>,
    /// Its failure does not fail the step.
    pub optional: bool,
    /// Values that it sets.
    pub captures: Vec<String>,
    /// The moment that it fixes.
    pub marks: Option<Moment>,
    /// It measures the loss.
    pub measures_loss: bool,
    /// How long it may take, in seconds.
    pub budget_s: Option<u64>,
    /// How long it usually takes, in seconds.
    pub expected_s: Option<u64>,
    /// Known values that it uses.
    pub values: BTreeMap<String, String>,
    /// Values that it uses and that come only in the run.
    pub pending: Vec<Pending>,
    /// Why what will run cannot be told in full, where that is so for another reason.
    pub unclear: Option<String>,
    /// Cautions that are shown before it runs.
    pub cautions: Vec<String>,
}

/// Says whose agreement is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// How many people, and when.
    pub rules: Vec<AgreementRule>,
    /// Their role; empty if anybody may.
    pub role: String,
    /// How long to wait for them, in seconds.
    pub within_s: u64,
}

/// Is one count of people with its condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgreementRule {
    /// How many.
    pub count: u32,
    /// When; `None`: always.
    pub when: Option<When>,
}

/// Is a decision ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionAhead {
    /// What is asked.
    pub question: String,
    /// What can be chosen.
    pub ways: Vec<WayAhead>,
}

/// Is a way ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WayAhead {
    /// Its words.
    pub label: String,
    /// When it is the one.
    pub criterion: String,
    /// The step, or the runbook, where it leads.
    pub to: String,
    /// Steps that are not for this case then, by their numbers.
    pub rules_out: Vec<u32>,
    /// It leads back: a new pass.
    pub back: bool,
    /// What speaks for it.
    pub when: Option<When>,
}

/// Works the whole plan out, as far as it can be told now.
pub fn dry_run(plan: &Arc<Plan>, known: &Known) -> DryRun {
    let table = values::Table::of(plan, known);
    let mut run = Run::new(Arc::clone(plan));
    run.opened = Some(opened(known));
    let ahead = Ahead { plan, run, table };
    let phases = plan.phases.iter().map(|phase| PhaseAhead {
        title: phase.title.clone(),
        budget_s: seconds(phase.budget),
        steps: phase.steps.clone().filter_map(|at| Some(ahead.step(at, plan.steps.get(at)?))).collect(),
    });
    let phases = phases.collect();
    let out = |at: usize| plan.steps.get(at).is_some_and(|step| ahead.holds(step.when.as_ref()) == Holds::No);
    let never = (0..plan.steps.len()).filter(|at| out(*at)).collect();
    let (courses, courses_left_out) =
        course::courses(&ahead.run, &never, &|action| ahead.holds(action.when.as_ref()) == Holds::No);
    DryRun {
        title: plan.title.clone(),
        scenario: plan.meta.scenario.clone(),
        mode: known.mode,
        account: known.account.clone(),
        region: known.region.clone(),
        rto_s: seconds(plan.meta.objectives.rto),
        rpo_s: plan.meta.objectives.rpo.as_ref().map(|rpo| rpo.max.as_secs()),
        recovered_when: plan.meta.recovered_when.clone(),
        sustain_s: plan.meta.sustain.as_secs(),
        inputs: ahead.table.inputs(plan),
        phases,
        courses,
        courses_left_out,
    }
}

/// Makes a header for what only looks: no such run exists.
fn opened(known: &Known) -> Opened {
    Opened {
        v: "lifeboat-log/1".to_owned(),
        run: RunId::new(""),
        mode: known.mode,
        by: known.by.clone(),
        session: String::new(),
        host: String::new(),
        boot: String::new(),
        pid: 0,
        tool: String::new(),
        runbook: String::new(),
        runbook_sha256: Sha256Hex::from_digest(&[]),
        account: known.account.clone().unwrap_or_else(|| "account not looked up".to_owned()),
        arn: String::new(),
        region: known.region.clone(),
        rto_s: 0,
        rpo_s: 0,
        seed: None,
        speed: 1,
        clock: crate::kernel::ClockSync::Unknown,
        prev_run: None,
        prev_sha512: None,
        began: Began::default(),
    }
}

fn seconds(duration: Option<Duration>) -> Option<u64> {
    duration.map(|duration| duration.as_secs())
}

struct Ahead<'p> {
    plan: &'p Plan,
    run: Run,
    table: values::Table,
}

impl Ahead<'_> {
    fn holds(&self, when: Option<&Formula>) -> Holds {
        match when.map(|when| when.holds(self.table.known())) {
            None | Some(Ok(true)) => Holds::Yes,
            Some(Ok(false)) => Holds::No,
            Some(Err(_)) => Holds::InTheRun,
        }
    }

    fn condition(&self, when: Option<&Formula>) -> Option<When> {
        when.map(|when| When { text: when.to_string(), holds: self.holds(Some(when)) })
    }

    fn items(&self, foreach: Option<&Foreach>) -> Option<Items> {
        foreach.map(|foreach| Items {
            name: foreach.name.clone(),
            items: list::items(&foreach.items, self.table.known()).ok(),
            text: foreach.items.clone(),
            concurrency: foreach.concurrency,
            until_any: foreach.until == Until::Any,
        })
    }

    fn step(&self, index: usize, step: &Step) -> StepAhead {
        let expected: Duration = runnable(step).iter().filter_map(|action| action.expected).sum();
        StepAhead {
            id: step.id.clone(),
            number: step.number,
            title: step.title.clone(),
            line: step.line,
            when: self.condition(step.when.as_ref()),
            asks: step.ask.clone(),
            parallel: step.parallel,
            needs: step.needs.clone(),
            foreach: self.items(step.foreach.as_ref()),
            actions: step.actions.iter().map(|action| self.action(step, action)).collect(),
            checklist: step.checklist.iter().map(|item| self.text(&item.text)).collect(),
            messages: step.messages.iter().map(|message| message.to.clone()).collect(),
            by_hand: step.manual.map(|evidence| match evidence {
                crate::runbook::Evidence::Welcome => ByHand::Note,
                crate::runbook::Evidence::Required => ByHand::Evidence,
            }),
            decision: self.decision(index, step),
            optional: step.optional == Necessity::Optional,
            by: step.duty.by.clone(),
            deadline_s: seconds(step.duty.deadline),
            owed_s: seconds(step.duty.owed),
            budget_s: seconds(step.budget),
            expected_s: Some(expected.as_secs()).filter(|_| !expected.is_zero()),
            cautions: step.cautions.iter().map(|caution| self.text(caution)).collect(),
        }
    }

    fn decision(&self, index: usize, step: &Step) -> Option<DecisionAhead> {
        let decision = step.decision.as_ref()?;
        let number = |at: &usize| self.plan.steps.get(*at).map(|step| step.number);
        let ways = decision.branches.iter().map(|branch| WayAhead {
            label: branch.label.clone(),
            criterion: branch.criterion.clone(),
            to: match &branch.way {
                Way::Step(at) => self.plan.steps.get(*at).map(|step| step.id.as_str().to_owned()).unwrap_or_default(),
                Way::Runbook(path) => path.clone(),
            },
            rules_out: super::decide::ruled_out(&self.run, index, branch).iter().filter_map(number).collect(),
            back: matches!(branch.way, Way::Step(at) if at <= index),
            when: self.condition(branch.when.as_ref()),
        });
        Some(DecisionAhead { question: decision.question.clone(), ways: ways.collect() })
    }

    fn action(&self, step: &Step, action: &Action) -> ActionAhead {
        let items = action.foreach.as_ref().or(step.foreach.as_ref().filter(|_| action.section <= Section::Verify));
        let shown = self.table.shown(items);
        let prepared = prepare::with(&self.run, step, action, &shown);
        let (impact, command, target, confirm, unclear) = match prepared {
            Ok(prepared) => {
                let target = Target { resource: values::plain(&prepared.target.resource), ..prepared.target };
                let ask = prepared.ask.map(|ask| match ask {
                    Ask::Key => Ask::Key,
                    Ask::Type { phrase } => Ask::Type { phrase: values::plain(&phrase) },
                });
                (prepared.impact, values::plain(&prepared.command), target, ask, None)
            }
            // What cannot be told asks for as much as it may come to.
            Err(why) => {
                let impact =
                    if prepare::observes(action) { Impact::Observe } else { action.impact.max(Impact::Change) };
                let ask = (impact > Impact::Observe).then(|| Ask::Type { phrase: step.id.as_str().to_owned() });
                (impact, action.code.clone(), Target::default(), ask, Some(values::plain(&why)))
            }
        };
        let used = prepare::uses(self.plan, action);
        ActionAhead {
            name: action.name.clone(),
            section: action.section,
            line: action.line,
            when: self.condition(action.when.as_ref()),
            impact,
            command,
            target,
            confirm,
            approvals: action.approvals.as_ref().map(|wanted| Agreement {
                rules: wanted
                    .rules
                    .iter()
                    .map(|rule| AgreementRule { count: rule.count, when: self.condition(rule.when.as_ref()) })
                    .collect(),
                role: wanted.role.clone(),
                within_s: wanted.within.as_secs(),
            }),
            undo: if action.section <= Section::Verify && impact > Impact::Observe {
                self.run.ways_back(step, action)
            } else {
                Vec::new()
            },
            undo_until: action.undo_until.as_ref().map(|until| until.word().to_owned()),
            foreach: self.items(action.foreach.as_ref()),
            until: action.until.as_ref().map(|until| self.expected(until)),
            every_s: action.every.as_secs(),
            timeout_s: seconds(action.timeout),
            retry: action.retry,
            interactive: action.keyboard == Keyboard::Operator,
            watch: action.watch == Watching::UntilTheEnd,
            require: action.require.clone(),
            optional: action.optional == Necessity::Optional,
            captures: action.capture.iter().map(|capture| capture.name.clone()).collect(),
            marks: action.marks,
            measures_loss: matches!(action.measures, Some(Measure::Rpo)),
            budget_s: seconds(action.budget),
            expected_s: seconds(action.expected),
            values: self.table.used(&used),
            pending: self.table.pending(self.plan, &used),
            unclear,
            cautions: action.cautions.iter().map(|caution| self.text(caution)).collect(),
        }
    }

    /// Puts the known values into a text for people.
    fn text(&self, text: &str) -> String {
        words::fill(text, &self.table.shown(None)).map_or_else(|_| text.to_owned(), |text| values::plain(&text))
    }

    /// Writes a condition on the output as runbooks do.
    fn expected(&self, expect: &Expect) -> String {
        let fill = |text: &String| self.text(text);
        match expect {
            Expect::Equals(text) => fill(text),
            Expect::Differs(text) => format!("!={}", fill(text)),
            Expect::Matches(text) => format!("~{}", fill(text)),
            Expect::MatchesNot(text) => format!("!~{}", fill(text)),
            Expect::Less(text) => format!("<{}", fill(text)),
            Expect::AtMost(text) => format!("<={}", fill(text)),
            Expect::More(text) => format!(">{}", fill(text)),
            Expect::AtLeast(text) => format!(">={}", fill(text)),
            Expect::NotEmpty => "!empty".to_owned(),
            Expect::Empty => "empty".to_owned(),
            Expect::Fails => "fails".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
