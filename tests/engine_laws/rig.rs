//! A driver of the three functions with a clock of its own, which checks the laws at every input.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lifeboat::engine::*;
use lifeboat::kernel::*;
use lifeboat::runbook::*;

pub(crate) struct Rig {
    pub(crate) run: Run,
    pub(crate) now: Stamp,
    pub(crate) facts: Vec<Fact>,
    /// What the last input led to.
    pub(crate) effects: Vec<Effect>,
    folded: Run,
    started: BTreeSet<AttemptId>,
    asked: BTreeMap<u64, Event>,
    confirmed: BTreeSet<(Option<ActionName>, String)>,
    approvals: BTreeMap<u64, u32>,
}

pub(crate) fn time(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

pub(crate) fn opened(mode: Mode) -> Opened {
    Opened {
        v: "lifeboat-log/1".into(),
        run: RunId::new("20261122T092630Z-7f3k"),
        mode,
        by: "alice".into(),
        session: String::new(),
        host: "bastion".into(),
        boot: "b".into(),
        pid: 1,
        tool: "lifeboat 0.1.0".into(),
        runbook: "region.md".into(),
        runbook_sha256: sha256_hex(b""),
        account: "000000000000".into(),
        arn: String::new(),
        region: "us-west-2".into(),
        rto_s: 1800,
        rpo_s: 300,
        seed: None,
        speed: 1,
        clock: lifeboat::kernel::ClockSync::Unknown,
        prev_run: None,
        prev_sha512: None,
        began: Began::default(),
    }
}

impl Rig {
    pub(crate) fn new(plan: Plan) -> Self {
        let plan = Arc::new(plan);
        Self {
            run: Run::new(plan.clone()),
            folded: Run::new(plan),
            now: Stamp { utc: time(0), mono: 0 },
            facts: Vec::new(),
            effects: Vec::new(),
            started: BTreeSet::new(),
            asked: BTreeMap::new(),
            confirmed: BTreeSet::new(),
            approvals: BTreeMap::new(),
        }
    }

    /// A run of one step that was opened just now.
    pub(crate) fn open(plan: Plan, mode: Mode) -> Self {
        Self::open_with(plan, opened(mode), Some(-60))
    }

    pub(crate) fn open_with(plan: Plan, opened: Opened, onset: Option<i64>) -> Self {
        let mut rig = Self::new(plan);
        let onset = onset.map(|onset| (time(onset), "first failed order".to_owned()));
        rig.feed(&Input::Open { opened: Box::new(opened), inputs: Vec::new(), onset }).unwrap();
        rig
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.utc += time;
        self.now.mono += u64::try_from(time.as_micros()).unwrap();
    }

    /// Feeds one input and holds the laws.
    pub(crate) fn feed(&mut self, input: &Input) -> Result<Vec<Event>, Refusal> {
        let was_over = matches!(self.run.stage, Stage::Ended(_));
        self.effects.clear();
        let events = match decide(&self.run, input, self.now) {
            Ok(events) => events,
            Err(Refusal::Illegal(why)) => panic!("decide emitted what evolve rejects: {why} for {input:?}"),
            Err(refusal) => return Err(refusal),
        };
        assert!(!was_over, "something followed the end: {events:?}");
        for event in &events {
            let json = serde_json::to_string(event).unwrap();
            let back: Event = serde_json::from_str(&json).unwrap();
            assert_eq!(&back, event, "{json}");
            let seq = self.facts.last().map_or(0, |fact| fact.seq + 1 + fact.seq % 2);
            let fact = Fact { seq, at: self.now, event: back };
            self.confirmations(&fact.event);
            self.nothing_twice(&fact.event);
            evolve(&mut self.run, &fact).unwrap();
            evolve(&mut self.folded, &fact).unwrap();
            let effects = react(&self.run, &fact);
            self.acts_only_on_the_record(&fact.event, &effects);
            self.effects.extend(effects);
            self.facts.push(fact);
        }
        assert_eq!(self.run, self.folded);
        let spent = self.run.spent;
        let begun = self.facts.first().map_or(self.now, |fact| fact.at);
        let last = self.run.last.unwrap_or(begun);
        assert_eq!(spent.machine + spent.people + spent.idle, last.since(&begun), "the time does not add up");
        let ended = events.iter().position(|event| matches!(event, Event::Ended { .. }));
        assert!(ended.is_none_or(|at| at + 1 == events.len()), "the end is not the last fact");
        Ok(events)
    }

    /// Every start has its fact, just before it, and only one.
    fn acts_only_on_the_record(&mut self, event: &Event, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Start(job) | Effect::Watch(job) = effect {
                let Event::AttemptStarted { attempt, command, .. } = event else {
                    panic!("{event:?} started something")
                };
                assert_eq!(attempt, &job.attempt);
                assert!(self.started.insert(attempt.clone()), "{attempt} started twice");
                match &job.what {
                    What::Shell { script, .. } | What::Sql { script, .. } => assert_eq!(script, command),
                    What::Http { request } => assert_eq!(request, command),
                    What::Dns { query } => assert_eq!(query, command),
                    What::Aws { calls } => assert_eq!(calls.len(), command.matches("aws ").count()),
                }
            }
        }
        if let Event::AttemptStarted { attempt, .. } = event {
            assert!(self.started.contains(attempt), "{attempt} is on the record and was not started");
        }
    }

    /// What must not run twice is tried again only once it is known not to have happened, or on a person's word.
    fn nothing_twice(&self, event: &Event) {
        let Event::RetryChosen { step, evidence, .. } = event else { return };
        let failed = self.run.strand(step).and_then(|strand| self.run.state(strand));
        let Some(StepState::Failed { attempt: Some(id), .. }) = failed else { return };
        let attempt = &self.run.attempts[id];
        let AttemptState::Finished { outcome, .. } = &attempt.state else { panic!("{id} still runs") };
        let name = attempt.action.as_ref().unwrap();
        let repeatable = self.run.plan.action(name).is_some_and(|(_, action)| action.repeatable);
        if attempt.impact == Impact::Observe || repeatable || evidence.is_some() {
            return;
        }
        match self.run.sights.get(id) {
            Some(Sight::Told { seen, .. }) => assert_eq!(*seen, Seen::NotHappened, "{id} runs twice"),
            Some(Sight::Asked) => panic!("{id} is being looked at"),
            None => assert!(!matches!(outcome, Outcome::InDoubt { .. }), "{id} may run twice"),
        }
    }

    /// What does more than observe was confirmed, in the words that were asked for, as it runs.
    fn confirmations(&mut self, event: &Event) {
        match event {
            Event::ConfirmationAsked { prompt, .. } => {
                self.asked.insert(*prompt, event.clone());
            }
            Event::Approved { prompt, .. } | Event::ApprovalStated { prompt, .. } => {
                *self.approvals.entry(*prompt).or_default() += 1;
            }
            Event::ApprovalWaived { prompt, missing, .. } => *self.approvals.entry(*prompt).or_default() += missing,
            Event::Confirmed { prompt, how, typed, .. } => {
                if let Some(Event::ConfirmationAsked { approval: Some(wanted), .. }) = self.asked.get(prompt) {
                    let got = self.approvals.get(prompt).copied().unwrap_or_default();
                    assert_eq!(got, wanted.count, "confirmed without approvals");
                }
                let Some(Event::ConfirmationAsked { action, command, ask, also, impact, .. }) = self.asked.get(prompt)
                else {
                    panic!("prompt {prompt} was never asked")
                };
                let mode = self.run.opened.as_ref().unwrap().mode;
                match (how.as_str(), ask) {
                    ("drill-script", _) => assert_eq!(mode, Mode::Drill, "a script confirmed in a real run"),
                    ("key", Ask::Key) => {}
                    ("typed", Ask::Type { phrase }) => assert_eq!(typed.as_ref(), Some(phrase)),
                    other => panic!("{other:?} confirmed"),
                }
                assert!(also.is_empty() || *impact < Impact::Irreversible, "several at once that cannot be undone");
                let commands = std::iter::once(command).chain(also.iter().map(|also| &also.command));
                self.confirmed.extend(commands.map(|command| (action.clone(), command.clone())));
            }
            Event::AttemptStarted { impact, action, command, .. } if *impact > Impact::Observe => {
                let what = (action.clone(), command.clone());
                assert!(self.confirmed.contains(&what), "{what:?} ran and nobody confirmed it");
            }
            _ => {}
        }
    }

    /// Law 1 for the whole log: the state is the fold of the facts.
    pub(crate) fn refold(&self) {
        let mut again = Run::new(self.run.plan.clone());
        for fact in &self.facts {
            evolve(&mut again, fact).unwrap();
        }
        assert_eq!(again, self.run);
    }

    /// Takes a run up from its facts, as an engine does whose predecessor is gone.
    pub(crate) fn take_over(&mut self, facts: &[Fact], resumed: Fact) {
        for fact in facts.iter().chain([&resumed]) {
            evolve(&mut self.run, fact).unwrap();
            evolve(&mut self.folded, fact).unwrap();
            self.facts.push(fact.clone());
        }
    }

    pub(crate) fn wish(&mut self, intent: Intent) -> Result<Vec<Event>, Refusal> {
        self.feed(&Input::Operator { by: "alice".into(), intent })
    }

    pub(crate) fn run_step(&mut self) -> Result<Vec<Event>, Refusal> {
        let step = self.run.focus().and_then(|strand| self.run.strand_id(strand)).unwrap_or_else(|| "none".into());
        self.wish(Intent::Run { step })
    }

    /// Somebody agrees to the open prompt: by signature, as whoever verified it says, or in a drill by word of mouth.
    pub(crate) fn approve(&mut self, approver: &str) -> Result<Vec<Event>, Refusal> {
        let open = self.run.prompt.clone().unwrap();
        let opened = self.run.opened.clone().unwrap();
        if opened.mode == Mode::Drill {
            return self.wish(Intent::Approve { prompt: open.number, approver: approver.into() });
        }
        let request = open.request(&opened).unwrap_or_default();
        let key = format!("SHA256:{}", approver.to_lowercase());
        let signed = SignedApproval { prompt: open.number, approver: approver.into(), key, request, sig: "sig".into() };
        self.feed(&Input::Approval { by: "alice".into(), signed })
    }

    /// Answers the open prompt as asked.
    pub(crate) fn confirm(&mut self) -> Result<Vec<Event>, Refusal> {
        for approver in ["bob", "carol", "dora"] {
            if self.run.prompt.as_ref().is_some_and(|open| open.lacks() > 0) {
                self.approve(approver)?;
            }
        }
        let prompt = self.run.prompt.clone().unwrap();
        let typed = match prompt.ask {
            Ask::Key => None,
            Ask::Type { phrase } => Some(phrase),
        };
        self.wish(Intent::Confirm { prompt: prompt.number, typed })
    }

    pub(crate) fn finish(&mut self, attempt: &str, outcome: Outcome, stdout: &str) -> Result<Vec<Event>, Refusal> {
        let result = Ended {
            outcome,
            stdout: stdout.into(),
            truncated: false,
            polls: 1,
            looked_at: self.now.utc,
            poll_failure: None,
            took_ms: 5,
            streams: Streams::default(),
            aws: None,
        };
        self.feed(&Input::Report(Report::Finished { attempt: attempt.into(), result: Box::new(result) }))
    }

    pub(crate) fn ok(&mut self, attempt: &str, stdout: &str) -> Vec<Event> {
        self.finish(attempt, Outcome::Exited { code: 0 }, stdout).unwrap()
    }

    pub(crate) fn look(&mut self, attempt: &str, seen: Result<(), String>) -> Result<Vec<Event>, Refusal> {
        let looked_at = self.now.utc;
        self.feed(&Input::Report(Report::Watched { attempt: attempt.into(), looked_at, seen }))
    }

    pub(crate) fn ended(&self) -> Option<&str> {
        match &self.run.stage {
            Stage::Ended(ending) => Some(&ending.how),
            Stage::New | Stage::Open => None,
        }
    }
}

/// Names the kinds of facts, for short.
pub(crate) fn kinds(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            let json = serde_json::to_value(event).unwrap();
            json["k"].as_str().unwrap().to_owned()
        })
        .collect()
}

pub(crate) fn action(name: &str, impact: Impact) -> Action {
    Action::plain(name.into(), Kind::Shell(Shell::Sh), impact, format!("do {name}\n"), 1)
}

pub(crate) fn step(id: &str, actions: Vec<Action>) -> Step {
    Step { actions, ..Step::plain(id.into(), format!("The {id}"), 1) }
}

pub(crate) fn item(text: &str) -> CheckItem {
    CheckItem { text: text.into(), line: 1 }
}

pub(crate) fn plan(mut steps: Vec<Step>) -> Plan {
    for (number, step) in (1..).zip(&mut steps) {
        step.number = number;
    }
    let phase = Phase {
        title: "Recover".into(),
        anchor: "recover".into(),
        budget: None,
        steps: 0..steps.len(),
        body: String::new(),
        line: 1,
    };
    Plan { title: "Region failure".into(), phases: vec![phase], steps, ..Plan::default() }
}

pub(crate) fn input(name: &str) -> InputDecl {
    InputDecl { pattern: Some("[a-z0-9-]+".into()), ..InputDecl::plain(name, InputType::Text) }
}

/// The connection to a database of the practice estate.
pub(crate) fn east() -> Connection {
    Connection {
        name: "east".into(),
        host: "127.0.0.1".into(),
        port: "5432".into(),
        dbname: "shop".into(),
        user: "dr".into(),
        password: None,
        sslmode: SslMode::Prefer,
        sslrootcert: None,
        line: 1,
    }
}
