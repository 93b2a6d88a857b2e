//! The laws over generated plans and generated inputs. Most of them stand in [`super::rig`], at every input.

use std::collections::BTreeSet;
use std::time::Duration;

use lifeboat::engine::*;
use lifeboat::runbook::*;
use proptest::prelude::*;

use super::rig::{Rig, action, input, item, opened, plan, step, time};

#[derive(Clone, Debug)]
enum Op {
    Run(usize),
    Confirm,
    ConfirmWith(Option<String>),
    ByScript,
    Decline(u64),
    Tick(u32),
    Done(bool),
    Retry,
    RetryOnWord(bool),
    LookAgain,
    Told(Seen),
    Edit(bool),
    Jump(usize, bool),
    Skip,
    MarkDone,
    Improvise,
    Interrupt(usize, bool),
    Note,
    Fix(Moment, i64),
    Set(String, String),
    ReadAgain(String),
    WaiveReader,
    Choose(u32),
    Owe,
    SeeAlarm,
    RollBack,
    Sent(bool),
    Nag(bool, u64),
    Approve(String),
    Waive(bool),
    Auto(bool),
    Stop,
    GiveUp,
    ScreenLost,
    Finish(usize, Outcome, String),
    Look(Result<(), String>),
    Rto,
    RetryTimer(u64),
    Facilitate(bool),
    Pause(bool),
}

fn impact() -> impl Strategy<Value = Impact> {
    prop_oneof![
        3 => Just(Impact::Observe),
        1 => Just(Impact::Change),
        1 => Just(Impact::Disrupt),
        1 => Just(Impact::Irreversible)
    ]
}

fn kind() -> impl Strategy<Value = (Kind, &'static str)> {
    prop_oneof![
        4 => Just((Kind::Shell(Shell::Bash), "echo hello")),
        1 => Just((Kind::Shell(Shell::Sh), "echo $REPLICA")),
        2 => Just((Kind::Aws, "aws rds promote-read-replica --db-instance-identifier \"${REPLICA}\"")),
        1 => Just((Kind::Aws, "aws sts get-caller-identity")),
        1 => Just((Kind::Http, "GET https://shop.example.com/${LIFEBOAT_RUN}?now=${LIFEBOAT_NOW}")),
        1 => Just((Kind::Dns, "shop.example.com A @${FOUND}")),
        1 => Just((Kind::Http, "GET https://shop.example.com/${ABOVE}/${0-0.outcome}")),
        1 => Just((Kind::Sql, "SELECT count(*) FROM orders WHERE replica = ${REPLICA}")),
    ]
}

fn formula() -> impl Strategy<Value = Formula> {
    let texts =
        vec!["${ABOVE} > 3", "0-0.outcome == ok", "${REPLICA} == west", "0-0.stdout != ready", "any(${FOUND} == a)"];
    prop::sample::select(texts).prop_map(|text| Formula::parse(text).unwrap())
}

/// Ways to anywhere, ahead, back or nowhere, and what may belong to them.
fn decision() -> impl Strategy<Value = Decision> {
    let way = prop_oneof![6 => (0_usize..5).prop_map(Way::Step), 1 => Just(Way::Runbook("other.md".into()))];
    let branch = (way, prop::option::of(formula()), 0_usize..3).prop_map(|(way, when, length)| {
        let steps = match way {
            Way::Step(at) => at..at + length,
            Way::Runbook(_) => 0..0,
        };
        Branch { label: "so".into(), criterion: String::new(), way, when, steps }
    });
    prop::collection::vec(branch, 1..4).prop_map(|branches| Decision { question: "?".into(), branches, default: None })
}

fn an_action() -> impl Strategy<Value = Action> {
    let head = (impact(), kind(), 0_u32..3, any::<bool>());
    let traits = (
        prop::option::weighted(0.3, prop_oneof![Just(Confirm::Key), Just(Confirm::Phrase("do ${REPLICA}".into()))]),
        prop::option::weighted(0.2, prop::sample::select(Moment::ALL.to_vec())),
        prop::option::weighted(0.2, Just(Measure::Rpo)),
        prop::option::weighted(0.2, Just(Expect::Equals("ready".into()))),
    );
    let ways = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), prop::option::weighted(0.1, formula()));
    (head, traits, ways).prop_map(|((impact, (kind, code), retry, repeatable), traits, ways)| {
        let (confirm, marks, measures, until) = traits;
        Action {
            kind,
            code: code.to_owned(),
            confirm,
            retry,
            repeatable,
            marks,
            measures,
            until,
            when: ways.4,
            capture: if ways.0 { vec!["FOUND".into()] } else { Vec::new() },
            foreach: None,
            approvals: ways.3.then(|| Approvals {
                rules: vec![
                    ApprovalRule { count: 1, when: None },
                    ApprovalRule { count: 2, when: Some(Formula::parse("${ABOVE} > 300").unwrap()) },
                ],
                role: "approver".into(),
                within: Duration::from_secs(300),
            }),
            on_failure: match (ways.1, ways.2, ways.3) {
                (true, true, _) => OnFailure::Continue,
                (false, true, true) => OnFailure::Jump(3),
                _ => OnFailure::Stop,
            },
            optional: if ways.2 && ways.3 { Necessity::Optional } else { Necessity::Required },
            ..action("a", impact)
        }
    })
}

fn a_foreach() -> impl Strategy<Value = Foreach> {
    let items = prop::sample::select(vec!["a", "a b c", "${FOUND}", "${LIFEBOAT_MODE} x"]);
    (items, 1_usize..4, 0_usize..3, any::<bool>()).prop_map(|(items, concurrency, max_errors, any)| Foreach {
        name: "t".into(),
        items: items.into(),
        concurrency,
        max_errors,
        until: if any { Until::Any } else { Until::All },
    })
}

fn a_plan() -> impl Strategy<Value = Plan> {
    let a_step = (
        prop::collection::vec(an_action(), 0..4),
        0_usize..3,
        prop::option::weighted(0.3, prop_oneof![Just(Evidence::Welcome), Just(Evidence::Required)]),
        (any::<bool>(), prop::bool::weighted(0.4), prop::option::weighted(0.3, a_foreach()), any::<bool>()),
        (
            prop::option::weighted(0.2, formula()),
            prop::bool::weighted(0.2),
            prop::option::weighted(0.2, decision()),
            prop::bool::weighted(0.2),
        ),
    );
    let steps = prop::collection::vec(a_step, 0..5);
    (steps, prop::option::weighted(0.8, 0_usize..8), 0_u64..20, any::<bool>()).prop_map(
        |(parts, recovered, sustain, rollback)| {
            let mut steps = Vec::new();
            let mut names = Vec::new();
            for (at, (mut actions, items, manual, ways, (when, asks, decision, told))) in parts.into_iter().enumerate()
            {
                let (optional, parallel, foreach, whole) = ways;
                for (nth, action) in actions.iter_mut().enumerate() {
                    action.name = format!("{at}-{nth}").as_str().into();
                    names.push(action.name.clone());
                }
                if rollback && let Some(last) = actions.last_mut() {
                    last.section = Section::Rollback;
                }
                if asks && let Some(first) = actions.first_mut() {
                    first.watch = Watching::UntilTheEnd;
                }
                if let Some(last) = actions.last_mut().filter(|_| whole) {
                    last.require = vec!["0-0".into()];
                }
                let necessity = if optional { Necessity::Optional } else { Necessity::Required };
                let checklist = (0..items).map(|_| item("look")).collect();
                let ask = if asks { vec!["LEVEL".into()] } else { Vec::new() };
                let needs = if whole && at > 0 { vec!["step-0".into()] } else { Vec::new() };
                let mut step = Step {
                    checklist,
                    manual,
                    optional: necessity,
                    when,
                    ask,
                    parallel,
                    needs,
                    decision,
                    ..step(&format!("step-{at}"), actions)
                };
                if told {
                    let owed = Some(Duration::from_secs(60));
                    step.duty = Duty { deadline: owed, owed, owner: Some("dba".into()), ..Duty::default() };
                    step.messages.push(Message {
                        name: format!("say-{at}").as_str().into(),
                        to: "bridge".into(),
                        every: Some(Duration::from_secs(9)),
                        text: "at ${REPLICA}, ${ABOVE}".into(),
                        line: 1,
                    });
                }
                match step.actions.first_mut() {
                    Some(_) if whole => step.foreach = foreach,
                    Some(first) => first.foreach = foreach,
                    None => {}
                }
                steps.push(step);
            }
            let mut plan = plan(steps);
            let level = InputDecl { readers: Readers::Two, ..InputDecl::plain("LEVEL", InputType::Integer) };
            let value = Some(Derivation::parse(&InputType::Integer, "${LEVEL} + 1").unwrap());
            let above = InputDecl { value, ..InputDecl::plain("ABOVE", InputType::Integer) };
            plan.meta.inputs = vec![input("REPLICA"), level, above];
            plan.recalled = names.iter().take(1).cloned().collect();
            plan.meta.sustain = Duration::from_secs(sustain);
            plan.meta.recovered_when = recovered.and_then(|at| names.get(at).cloned());
            plan
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        5 => Just(Outcome::Exited { code: 0 }),
        4 => Just(Outcome::Answered { status: Some(200) }),
        1 => Just(Outcome::Exited { code: 7 }),
        1 => Just(Outcome::Interrupted),
        1 => Just(Outcome::Unreachable { error: "refused".into() }),
        1 => Just(Outcome::InDoubt { evidence: "who knows".into() }),
        1 => Just(Outcome::SpawnFailed { error: "no sh".into() }),
    ]
}

fn stdout() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "42",
        "",
        "ready",
        r#"{"last_commit": "2027-01-15T07:59:00Z", "orders": 3}"#,
        r#"{"low": 1, "high": 900}"#,
        "2027-01-15T08:00:30Z",
        "2999-01-01T00:00:00Z",
        "\u{1b}[2J\nx",
    ])
    .prop_map(str::to_owned)
}

fn op() -> impl Strategy<Value = Op> {
    let moments = prop::sample::select(Moment::ALL.to_vec());
    let set = prop::sample::select(vec![
        ("REPLICA", "west-1"),
        ("REPLICA", "No Good"),
        ("FOUND", "10.0.0.1"),
        ("X", ""),
        ("LEVEL", "3"),
        ("LEVEL", "x"),
    ]);
    prop_oneof![
        10 => Just(Op::Run(usize::MAX)),
        1 => (0_usize..6).prop_map(Op::Run),
        10 => Just(Op::Confirm),
        1 => prop::option::of(Just("yes".to_owned())).prop_map(Op::ConfirmWith),
        2 => Just(Op::ByScript),
        2 => (0_u64..9).prop_map(Op::Decline),
        4 => (0_u32..3).prop_map(Op::Tick),
        4 => any::<bool>().prop_map(Op::Done),
        3 => Just(Op::Retry),
        1 => any::<bool>().prop_map(Op::RetryOnWord),
        1 => Just(Op::LookAgain),
        3 => prop::sample::select(vec![Seen::Happened, Seen::NotHappened, Seen::Unclear]).prop_map(Op::Told),
        2 => any::<bool>().prop_map(Op::Edit),
        2 => (0_usize..6, any::<bool>()).prop_map(|(to, said)| Op::Jump(to, said)),
        2 => Just(Op::Skip),
        1 => Just(Op::MarkDone),
        2 => Just(Op::Improvise),
        1 => (0_usize..4, any::<bool>()).prop_map(|(at, force)| Op::Interrupt(at, force)),
        1 => Just(Op::Note),
        2 => (moments, -4000_i64..60).prop_map(|(moment, at)| Op::Fix(moment, at)),
        3 => set.prop_map(|(name, value)| Op::Set(name.into(), value.into())),
        1 => prop::sample::select(vec!["bob", "alice", ""]).prop_map(|reader| Op::ReadAgain(reader.into())),
        1 => Just(Op::WaiveReader),
        4 => (0_u32..4).prop_map(Op::Choose),
        1 => Just(Op::Owe),
        1 => Just(Op::SeeAlarm),
        4 => Just(Op::RollBack),
        2 => any::<bool>().prop_map(Op::Sent),
        2 => (any::<bool>(), 0_u64..4).prop_map(|(message, number)| Op::Nag(message, number)),
        4 => prop::sample::select(vec!["bob", "carol", "Alice ", ""]).prop_map(|name| Op::Approve(name.into())),
        1 => any::<bool>().prop_map(Op::Waive),
        2 => any::<bool>().prop_map(Op::Auto),
        1 => prop::bool::weighted(0.2).prop_map(|stop| if stop { Op::Stop } else { Op::Note }),
        1 => prop::bool::weighted(0.1).prop_map(|lost| if lost { Op::ScreenLost } else { Op::GiveUp }),
        14 => (0_usize..4, outcome(), stdout()).prop_map(|(at, how, out)| Op::Finish(at, how, out)),
        6 => prop_oneof![3 => Just(Ok(())), 1 => Just(Err("500".to_owned()))].prop_map(Op::Look),
        1 => Just(Op::Rto),
        3 => (0_u64..4).prop_map(Op::RetryTimer),
        2 => any::<bool>().prop_map(Op::Facilitate),
        2 => prop::bool::weighted(0.4).prop_map(Op::Pause),
    ]
}

fn perform(rig: &mut Rig, op: Op) -> Result<Vec<Event>, Refusal> {
    let steps = &rig.run.plan.steps;
    let focus = rig.run.focus().and_then(|strand| rig.run.strand_id(strand));
    let current = focus.unwrap_or_else(|| "none".into());
    let prompt = rig.run.prompt.clone();
    let open = prompt.as_ref().map_or(1, |prompt| prompt.number);
    let running = |at: usize| rig.run.running.iter().nth(at).cloned().unwrap_or_else(|| "1.1".into());
    let intent = match op {
        Op::Run(usize::MAX) => Intent::Run { step: current },
        Op::Run(at) => Intent::Run { step: steps.get(at).map_or("none".into(), |step| step.id.clone()) },
        Op::Confirm => match prompt.map(|prompt| prompt.ask) {
            Some(Ask::Type { phrase }) => Intent::Confirm { prompt: open, typed: Some(phrase) },
            Some(Ask::Key) | None => Intent::Confirm { prompt: open, typed: None },
        },
        Op::ConfirmWith(typed) => Intent::Confirm { prompt: open, typed },
        Op::ByScript => Intent::ConfirmByScript { prompt: open },
        Op::Decline(0) => Intent::Decline { prompt: open },
        Op::Decline(prompt) => Intent::Decline { prompt },
        Op::Tick(item) => Intent::Tick { step: current, item },
        Op::Done(noted) => Intent::Done { step: current, note: if noted { "seen".into() } else { " ".into() } },
        Op::Retry => Intent::Retry { step: current },
        Op::RetryOnWord(said) => {
            Intent::RetryOnWord { step: current, evidence: if said { "it is gone" } else { " " }.into() }
        }
        Op::LookAgain => Intent::Look { step: current },
        Op::Told(seen) => {
            let asked = rig.run.sights.iter().find(|(_, sight)| **sight == Sight::Asked);
            let attempt = asked.map_or("1.1".into(), |(attempt, _)| attempt.clone());
            return rig.feed(&Input::Report(Report::Looked { attempt, seen, what: "so it is".into() }));
        }
        Op::Edit(said) => Intent::Edit { step: current, command: if said { "echo edited" } else { " " }.into() },
        Op::Jump(to, said) => Intent::Jump {
            to: steps.get(to).map_or("none".into(), |step| step.id.clone()),
            step: current,
            reason: if said { "it is needed first" } else { " " }.into(),
        },
        Op::Skip => Intent::Skip { step: current, reason: "not needed".into() },
        Op::MarkDone => Intent::MarkDone { step: current, evidence: "ticket 7".into() },
        Op::Improvise => Intent::Improvise { command: "uptime".into() },
        Op::Interrupt(at, force) => Intent::Interrupt { attempt: running(at), force },
        Op::Note => Intent::Note { text: "hm".into(), occurred_at: None },
        Op::Fix(moment, at) => Intent::FixMoment { moment, occurred_at: time(at), evidence: "graph".into() },
        Op::Set(name, value) => Intent::SetInput { name, value },
        Op::ReadAgain(reader) => Intent::ReadAgain { name: "LEVEL".into(), value: "3".into(), reader },
        Op::Owe => Intent::Owe { step: current, note: String::new() },
        Op::RollBack => Intent::RollBack { step: current, reason: "it made it worse".into() },
        Op::SeeAlarm => {
            let action = rig.run.alarm().cloned().unwrap_or_else(|| "0-0".into());
            Intent::SeeAlarm { action, note: String::new() }
        }
        Op::Sent(first) => Intent::Sent { message: if first { "say-0" } else { "say-1" }.into() },
        Op::Nag(true, number) => return rig.feed(&Input::Clock(TimerId::Message(number))),
        Op::Nag(false, number) => return rig.feed(&Input::Clock(TimerId::Deadline(number))),
        Op::Choose(branch) => Intent::Choose { step: current, branch, note: "so".into() },
        Op::Approve(approver) if prompt.is_some() => return rig.approve(&approver),
        Op::Approve(approver) => Intent::Approve { prompt: open, approver },
        Op::Waive(said) => Intent::Waive { prompt: open, reason: if said { "alone".into() } else { " ".into() } },
        Op::WaiveReader => Intent::WaiveReader { name: "LEVEL".into(), reason: "alone".into() },
        Op::Auto(on) => Intent::Auto { on },
        Op::Stop => Intent::Stop { reason: "enough".into() },
        Op::GiveUp => Intent::GiveUpWaiting,
        Op::ScreenLost => return rig.feed(&Input::Host(Notice::ScreenLost)),
        Op::Finish(at, outcome, stdout) => {
            let attempt = running(at);
            return rig.finish(attempt.as_str(), outcome, &stdout);
        }
        Op::Look(seen) => {
            let watches: Vec<_> = rig.run.all_watches().cloned().collect();
            let nth = usize::from(rig.now.mono.is_multiple_of(2)).min(watches.len().saturating_sub(1));
            let watch = watches.get(nth).cloned().unwrap_or_else(|| "w.1".into());
            return rig.look(watch.as_str(), seen);
        }
        Op::Facilitate(tells) => {
            let commitment = Disclosure { inject: 1, salt: "s".into(), text: "t".into() }.commitment();
            let begin = Exercise::Committed { injects: vec![commitment] };
            let tell = Facilitate::Announce { inject: Some(1), text: "the CEO calls".into() };
            if tells {
                return rig.feed(&Input::Facilitator { by: "eve".into(), wish: tell });
            }
            return rig.feed(&Input::Host(Notice::Exercise(begin)));
        }
        Op::Pause(true) => {
            let wish = Facilitate::Pause { why: "smoke in the building".into() };
            return rig.feed(&Input::Facilitator { by: "eve".into(), wish });
        }
        Op::Pause(false) => Intent::EndPause,
        Op::Rto => return rig.feed(&Input::Clock(TimerId::Rto)),
        Op::RetryTimer(0) => {
            let number = rig.run.retries_pending().first().map_or(0, |(_, retry)| retry.number);
            return rig.feed(&Input::Clock(TimerId::Retry(number)));
        }
        Op::RetryTimer(number) => return rig.feed(&Input::Clock(TimerId::Retry(number))),
    };
    rig.wish(intent)
}

/// Law 2: wherever a log breaks off, taking the run up again starts no attempt of a step, finished or in doubt; it only
/// looks on again where a watch ran.
fn taken_up_again_starts_nothing(rig: &Rig) {
    let mut run = Run::new(rig.run.plan.clone());
    for fact in &rig.facts {
        evolve(&mut run, fact).unwrap();
        let mut again = run.clone();
        let resumed = Fact { seq: fact.seq + 1, at: fact.at, event: resumed() };
        evolve(&mut again, &resumed).unwrap();
        again.last_seq = run.last_seq;
        assert_eq!(again, run, "to be taken up changes nothing");
        let mut unsettled: BTreeSet<_> = run.running.iter().filter(|id| !run.is_watch(id)).collect();
        for effect in react(&run, &resumed) {
            match effect {
                Effect::Seal => assert!(matches!(run.stage, Stage::Ended(_))),
                Effect::Watch(job) => assert!(run.is_watch(&job.attempt)),
                Effect::Wake { .. } => {}
                Effect::Settle(doubt) => assert!(unsettled.remove(&doubt.job.attempt)),
                Effect::Look(doubt) => assert_eq!(run.sights.get(&doubt.job.attempt), Some(&Sight::Asked)),
                other => panic!("{other:?} in a run that was taken up again"),
            }
        }
        let over = matches!(run.stage, Stage::Ended(_));
        assert!(over || unsettled.is_empty(), "nobody asks how {unsettled:?} ended");
    }
}

pub(crate) fn resumed() -> Event {
    let text = |text: &str| text.to_owned();
    Event::Resumed(Box::new(Resumed {
        by: text("bob"),
        session: text(""),
        host: text("bastion"),
        boot: text("c"),
        pid: 2,
        tool: text("lifeboat 0.1.0"),
        clock: lifeboat::kernel::ClockSync::Unknown,
        torn: None,
    }))
}

proptest! {
    #[test]
    fn laws_hold_for_any_plan_and_any_inputs(
        plan in a_plan(),
        mode in prop_oneof![Just(Mode::Real), Just(Mode::Drill)],
        speed in 1_u32..4,
        onset in prop::option::of(-4000_i64..1),
        replica in any::<bool>(),
        ops in prop::collection::vec((op(), 0_u64..40_000), 0..80),
    ) {
        let mut rig = Rig::new(plan);
        prop_assert_eq!(perform(&mut rig, Op::Note), Err(Refusal::NotBegun));
        let opened = Opened { speed, ..opened(mode) };
        let inputs = if replica { vec![("REPLICA".into(), "west".into(), InputSource::Default)] } else { Vec::new() };
        let onset = onset.map(|onset| (time(onset), "graph".to_owned()));
        let open = Input::Open { opened: Box::new(opened), inputs, onset };
        rig.feed(&open).unwrap();
        for (op, millis) in ops {
            rig.pass(Duration::from_millis(millis));
            let before = rig.run.current;
            let over = rig.ended().is_some();
            let got = perform(&mut rig, op);
            prop_assert!(!over || got == Err(Refusal::Over));
            let decided = got.iter().flatten().any(|event| matches!(event, Event::Decided { .. } | Event::JumpChosen { .. }));
            prop_assert!(decided || rig.run.current >= before, "a step came back and nobody decided so");
            prop_assert!(rig.run.steps.get(rig.run.current).is_none_or(|state| !state.is_settled()), "a settled step's turn");
            if let Err(refusal) = got {
                prop_assert!(refusal.to_string().ends_with(['.', '?', ')']), "{}", refusal);
            }
            // Every question that a screen asks has an answer in every state.
            prop_assert!(!rig.run.sentence().is_empty());
            rig.run.undoable();
            drop(rig.run.advice(rig.run.current, rig.now.utc));
            rig.run.forecast(rig.now);
            if let Some(strand) = rig.run.focus() {
                rig.run.again(strand);
                rig.run.forecast_if(&Intent::Skip { step: "step-0".into(), reason: "?".into() }, rig.now);
            }
            rig.run.phase_time(0, rig.now);
        }
        rig.refold();
        taken_up_again_starts_nothing(&rig);
        let again = if rig.ended().is_some() { Err(Refusal::Over) } else { Err(Refusal::BegunAlready) };
        prop_assert_eq!(rig.feed(&open), again);
    }

    /// A log that somebody cut, doubled or shuffled is refused or folds to a state; it never panics, and what is
    /// refused changes nothing.
    #[test]
    fn a_mangled_log_is_refused_or_folds(
        plan in a_plan(),
        ops in prop::collection::vec((op(), 0_u64..9_000), 0..60),
        mangle in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
    ) {
        let mut rig = Rig::open(plan, Mode::Drill);
        for (op, millis) in ops {
            rig.pass(Duration::from_millis(millis));
            drop(perform(&mut rig, op));
        }
        let mut run = Run::new(rig.run.plan.clone());
        for (seq, index) in (0..).zip(mangle) {
            let fact = Fact { seq, ..index.get(&rig.facts).clone() };
            let before = run.clone();
            if evolve(&mut run, &fact).is_err() {
                prop_assert_eq!(&run, &before);
            }
        }
    }
}
