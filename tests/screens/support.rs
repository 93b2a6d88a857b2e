//! A small language for screen tests: a size, facts, keys, and what is seen, text and style runs both.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use lifeboat::engine::{
    Ask, Began, Event, Fact, Intent, Mode, Opened, Outcome, Run, StepState, Streams, Target, Verdict,
};
use lifeboat::kernel::{AttemptId, RunId, Stamp, StepId, sha256_hex};
use lifeboat::runbook::{
    Action, CheckItem, Evidence, Impact, Kind, LossKind, Meta, Moment, Objectives, Phase, Plan, Regions, Rpo, Section,
    Shell, Step,
};
use lifeboat::settings::theme::{Glyphs, Theme, built_in};
use lifeboat::ui::{LogHealth, Model, Msg, Output, Progress, update, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Style;

/// Drives a model as the terminal would: a tick before each message, a frame after it.
pub(crate) struct Screen {
    pub(crate) model: Model,
    pub(crate) outputs: Vec<Output>,
    /// What it was told, in order.
    pub(crate) facts: Vec<Fact>,
    terminal: Terminal<TestBackend>,
    seq: u64,
    began: DateTime<Utc>,
    mono: u64,
}

fn start() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-22T10:20:00Z").unwrap().with_timezone(&Utc)
}

/// Returns the theme that tests are drawn in.
pub(crate) fn theme() -> Theme {
    built_in("default").unwrap()
}

/// Opens a drill of a small plan, onset two minutes before.
pub(crate) fn screen(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows, &theme()).opened(Mode::Drill).onset();
    screen.outputs.clear();
    screen
}

/// A drill of the same plan, changed so, as [`screen`] shows it.
pub(crate) fn screen_of(plan: Plan, columns: u16, rows: u16) -> Screen {
    let now = Stamp { utc: start(), mono: 0 };
    let model = Model::run(Arc::new(plan), "/var/lib/lifeboat/runs/20261122T102000Z-7f3k", &theme(), now);
    Screen::of(model, columns, rows).opened(Mode::Drill).onset()
}

pub(crate) fn plan_with(change: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan = plan();
    change(&mut plan);
    plan
}

impl Screen {
    pub(crate) fn new(columns: u16, rows: u16, theme: &Theme) -> Self {
        let now = Stamp { utc: start(), mono: 0 };
        let model = Model::run(Arc::new(plan()), "/var/lib/lifeboat/runs/20261122T102000Z-7f3k", theme, now);
        Self::of(model, columns, rows)
    }

    pub(crate) fn of(model: Model, columns: u16, rows: u16) -> Self {
        Self::at(model, columns, rows, start())
    }

    /// Shows a model at this time.
    pub(crate) fn at(model: Model, columns: u16, rows: u16, began: DateTime<Utc>) -> Self {
        let terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut screen = Self { model, outputs: Vec::new(), facts: Vec::new(), terminal, seq: 0, began, mono: 0 };
        screen.msg(Msg::Resize { columns, rows });
        screen
    }

    pub(crate) fn ascii(columns: u16, rows: u16) -> Self {
        let theme = built_in("mono").unwrap().with_glyphs(Glyphs::Ascii);
        Self::new(columns, rows, &theme).opened(Mode::Drill).onset()
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { utc: self.began + TimeDelta::microseconds(i64::try_from(self.mono).unwrap()), mono: self.mono }
    }

    pub(crate) fn run(&self) -> &Run {
        &self.model.run_screen().unwrap().run
    }

    pub(crate) fn msg(&mut self, msg: Msg) {
        let tick = Msg::Tick(self.stamp());
        self.outputs.extend(update(&mut self.model, tick));
        self.outputs.extend(update(&mut self.model, msg));
        self.terminal.draw(|frame| view(&self.model, frame)).unwrap();
        self.outputs.extend(update(&mut self.model, Msg::Drawn));
    }

    pub(crate) fn resized(mut self, columns: u16, rows: u16) -> Self {
        self.terminal.backend_mut().resize(columns, rows);
        self.msg(Msg::Resize { columns, rows });
        self
    }

    pub(crate) fn wait(mut self, seconds: u64) -> Self {
        self.mono += seconds * 1_000_000;
        let now = self.stamp();
        self.msg(Msg::Tick(now));
        self
    }

    pub(crate) fn said(mut self, msg: Msg) -> Self {
        self.msg(msg);
        self
    }

    pub(crate) fn fact(mut self, event: Event) -> Self {
        let fact = Fact { seq: self.seq, at: self.stamp(), event };
        self.seq += 1;
        self.facts.push(fact.clone());
        self.msg(Msg::Fact(Arc::new(fact)));
        self
    }

    pub(crate) fn opened(self, mode: Mode) -> Self {
        self.opened_in("000000000000", "us-west-2", mode)
    }

    pub(crate) fn opened_in(self, account: &str, region: &str, mode: Mode) -> Self {
        let (account, by) = (account.to_owned(), "alice@example.com".to_owned());
        let opened = Opened {
            v: "lifeboat-log/1".to_owned(),
            run: RunId::new("20261122T102000Z-7f3k"),
            mode,
            by,
            session: String::new(),
            host: "bastion".to_owned(),
            boot: "b".to_owned(),
            pid: 1,
            tool: "lifeboat".to_owned(),
            runbook: "region-failure.md".to_owned(),
            runbook_sha256: sha256_hex(b""),
            account,
            arn: String::new(),
            region: region.to_owned(),
            rto_s: 1800,
            rpo_s: 300,
            seed: Some(1),
            speed: 1,
            clock: lifeboat::kernel::ClockSync::Unknown,
            prev_run: None,
            prev_sha512: None,
            began: Began::default(),
        };
        self.fact(Event::Open(Box::new(opened))).said(Msg::Log(LogHealth::Sound { age: Duration::from_secs(2) }))
    }

    pub(crate) fn onset(self) -> Self {
        self.fact(Event::MomentFixed {
            moment: Moment::Onset,
            occurred_at: start() - TimeDelta::minutes(2),
            by: "lifeboat".to_owned(),
            evidence: "estate".to_owned(),
        })
    }

    /// Presses keys: single characters, or names such as `enter`, `esc`, `tab`, `^c`; half a second apart.
    pub(crate) fn keys(mut self, script: &str) -> Self {
        for word in script.split(' ') {
            self.mono += 500_000;
            self = self.press(word);
        }
        self
    }

    /// Presses one key without waiting.
    pub(crate) fn press(mut self, word: &str) -> Self {
        let (code, modifiers) = match word {
            "enter" => (KeyCode::Enter, KeyModifiers::NONE),
            "esc" => (KeyCode::Esc, KeyModifiers::NONE),
            "tab" => (KeyCode::Tab, KeyModifiers::NONE),
            "up" => (KeyCode::Up, KeyModifiers::NONE),
            "down" => (KeyCode::Down, KeyModifiers::NONE),
            "pgup" => (KeyCode::PageUp, KeyModifiers::NONE),
            "pgdn" => (KeyCode::PageDown, KeyModifiers::NONE),
            "space" => (KeyCode::Char(' '), KeyModifiers::NONE),
            word => match word.strip_prefix('^').and_then(|rest| rest.chars().next()) {
                Some(c) => (KeyCode::Char(c), KeyModifiers::CONTROL),
                None => (KeyCode::Char(word.chars().next().unwrap()), KeyModifiers::NONE),
            },
        };
        self.msg(Msg::Key(KeyEvent::new(code, modifiers)));
        self
    }

    pub(crate) fn typed(mut self, text: &str) -> Self {
        self.mono += 500_000;
        for c in text.chars() {
            self.msg(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
        self
    }

    /// Returns the wishes sent so far and forgets them.
    pub(crate) fn intents(&mut self) -> Vec<Intent> {
        let outputs = std::mem::take(&mut self.outputs);
        outputs.into_iter().filter_map(|o| if let Output::Intent(intent) = o { Some(intent) } else { None }).collect()
    }

    pub(crate) fn buffer(&self) -> &ratatui::buffer::Buffer {
        self.terminal.backend().buffer()
    }

    pub(crate) fn text(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let row: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            writeln!(text, "{}", row.trim_end()).unwrap();
        }
        text
    }

    /// Shows the frame: each row, then the runs of it that are not plain text, by role.
    pub(crate) fn show(&self) -> String {
        let buffer = self.buffer();
        let palette = self.model.palette();
        let mut shown = String::new();
        for (y, row) in self.text().lines().enumerate() {
            writeln!(shown, "|{row}").unwrap();
            let mut runs: Vec<(u16, u16, String)> = Vec::new();
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y as u16)];
                let mut style = Style::new().add_modifier(cell.modifier);
                if cell.fg != ratatui::style::Color::Reset {
                    style = style.fg(cell.fg);
                }
                if cell.bg != ratatui::style::Color::Reset {
                    style = style.bg(cell.bg);
                }
                // Colours of other people's output are no role's.
                let foreign = || format!("{:?}/{:?}", cell.fg, cell.bg).to_lowercase();
                let role = palette.role(style).map_or_else(foreign, |role| role.word().to_owned());
                match runs.last_mut() {
                    Some((_, end, last)) if *last == role && *end == x => *end += 1,
                    _ => runs.push((x, x + 1, role)),
                }
            }
            runs.retain(|(_, _, role)| !matches!(role.as_str(), "text" | "border"));
            if !runs.is_empty() {
                let runs: Vec<String> =
                    runs.iter().map(|(from, to, role)| format!("{role} {from}-{}", to - 1)).collect();
                writeln!(shown, "      ~ {}", runs.join(", ")).unwrap();
            }
        }
        shown
    }

    /// Starts a step if it is only offered, and settles it.
    pub(crate) fn settle(mut self, step: &str) -> Self {
        let at = self.run().plan.step_index(&step.into()).unwrap();
        if *self.run().steps.get(at).unwrap() == StepState::Offered {
            self = self.fact(Event::StepStarted { step: step.into() });
        }
        let how = if *self.run().steps.get(at).unwrap() == StepState::ByHand { "by-hand" } else { "ran" };
        self.fact(Event::StepDone { step: step.into(), how: how.to_owned(), note: None, by: "alice".to_owned() })
    }

    pub(crate) fn started(self, attempt: &str, step: &str, action: &str) -> Self {
        self.fact(Event::AttemptStarted {
            attempt: AttemptId::new(attempt),
            step: Some(step.into()),
            action: Some(action.into()),
            impact: Impact::Observe,
            command: "aws rds describe-db-instances --db-instance-identifier shop-db-west".to_owned(),
            target: target(),
        })
    }

    /// The first step is settled after two minutes, and the second one's look runs.
    pub(crate) fn checking(self) -> Self {
        self.fact(Event::StepStarted { step: "declare".into() })
            .wait(131)
            .settle("declare")
            .fact(Event::StepStarted { step: "check".into() })
            .started("2.1", "check", "check-replica")
    }

    pub(crate) fn output(mut self, attempt: &str, text: &str) -> Self {
        let progress = Progress {
            attempt: AttemptId::new(attempt),
            text: text.to_owned(),
            total: text.len() as u64,
            at: self.stamp(),
        };
        self.msg(Msg::Progress(progress));
        self
    }

    pub(crate) fn failed(self, attempt: &str, step: &str, why: &str) -> Self {
        let outcome = Outcome::AwsRefused {
            code: "InvalidDBInstanceState".to_owned(),
            message: "Instance shop-db-west is not in available state".to_owned(),
        };
        self.failed_by(outcome, attempt, step, why)
    }

    pub(crate) fn failed_by(self, outcome: Outcome, attempt: &str, step: &str, why: &str) -> Self {
        self.fact(finished(attempt, outcome, Verdict::Failed { why: why.to_owned() })).fact(Event::StepFailed {
            step: step.into(),
            attempt: Some(AttemptId::new(attempt)),
            why: why.to_owned(),
        })
    }

    /// Goes to the promotion and asks for its confirmation.
    pub(crate) fn promotion(self) -> Self {
        self.first_steps().fact(Event::StepStarted { step: "promote".into() }).fact(Event::ConfirmationAsked {
            prompt: 1,
            step: Some("promote".into()),
            action: Some("promote-replica".into()),
            impact: Impact::Irreversible,
            command: "aws rds promote-read-replica --db-instance-identifier shop-db-west --backup-retention-period 14"
                .to_owned(),
            target: target(),
            ask: Ask::Type { phrase: "shop-db-west".to_owned() },
            also: Vec::new(),
            approval: None,
        })
    }

    pub(crate) fn first_steps(self) -> Self {
        self.fact(Event::StepStarted { step: "declare".into() })
            .wait(131)
            .settle("declare")
            .fact(Event::StepStarted { step: "check".into() })
            .started("2.1", "check", "check-replica")
            .output("2.1", "10:24:11 status available\n")
            .wait(4)
            .fact(finished("2.1", Outcome::Answered { status: Some(200) }, Verdict::Passed))
            .fact(Event::LossMeasured {
                attempt: AttemptId::new("2.1"),
                of: LossKind::Replication,
                low_ms: 42_000,
                high_ms: 70_000,
                orders: None,
                last_commit: None,
                method: "heartbeat".to_owned(),
            })
            .settle("check")
    }
}

pub(crate) fn target() -> Target {
    Target { account: "000000000000".to_owned(), region: "us-west-2".to_owned(), resource: "shop-db-west".to_owned() }
}

fn action(name: &str, section: Section, kind: Kind, impact: Impact, code: &str) -> Action {
    let expected = Some(Duration::from_secs(120));
    Action { section, expected, ..Action::plain(name.into(), kind, impact, code, 1) }
}

fn step(number: u32, id: &str, title: &str, phase: usize, body: &str) -> Step {
    Step { number, phase, body: body.to_owned(), ..Step::plain(StepId::from(id), title, 1) }
}

pub(crate) fn plan() -> Plan {
    let mut declare = step(
        1,
        "declare",
        "Declare the incident",
        0,
        "Open the bridge and say who leads.\n\n- [ ] Bridge\n  is open\n- [ ] Somebody leads\n",
    );
    declare.manual = Some(Evidence::Welcome);
    declare.checklist =
        ["Bridge is open", "Somebody leads"].map(|text| CheckItem { text: text.to_owned(), line: 1 }).to_vec();
    let mut check = step(2, "check", "Check the replica", 1, "Is the replica there, and how far behind?\n");
    check.actions =
        vec![action("check-replica", Section::Main, Kind::Aws, Impact::Observe, "aws rds describe-db-instances")];
    let body = "Promotion makes **shop-db-west** the primary. It cannot be undone; going back means building a new \
                replica and failing back.\n\n```aws name=promote-replica\naws rds promote-read-replica \
                --db-instance-identifier ${DB}\n```\n\n#### Verify\n\n```sh\npsql -c 'select pg_is_in_recovery()'\n```\n";
    let mut promote = step(3, "promote", "Promote the replica", 1, body);
    promote.actions = vec![
        action("promote-replica", Section::Main, Kind::Aws, Impact::Irreversible, "aws rds promote-read-replica"),
        action("prove-writable", Section::Verify, Kind::Shell(Shell::Sh), Impact::Observe, "psql"),
    ];
    promote.cautions = vec!["Writers must be stopped first.".to_owned()];
    promote.budget = Some(Duration::from_secs(360));
    let mut traffic = step(4, "traffic", "Move the traffic", 2, "Open the latch.\n");
    traffic.actions = vec![action("latch", Section::Main, Kind::Aws, Impact::Change, "aws s3api put-object")];
    let phase = |title: &str, minutes: u64, steps| Phase {
        title: title.to_owned(),
        anchor: title.to_lowercase(),
        budget: Some(Duration::from_secs(minutes * 60)),
        steps,
        body: String::new(),
        line: 1,
    };
    Plan {
        title: "Region failure".to_owned(),
        meta: Meta {
            scenario: "region-failure".to_owned(),
            service: "shop".to_owned(),
            regions: Some(Regions { lost: "us-east-1".to_owned(), recovery: "us-west-2".to_owned() }),
            objectives: Objectives {
                rto: Some(Duration::from_secs(1800)),
                rpo: Some(Rpo { max: Duration::from_secs(300), of: LossKind::Replication }),
            },
            ..Meta::default()
        },
        phases: vec![phase("Decide", 3, 0..1), phase("Measure and promote", 8, 1..3), phase("Traffic", 4, 3..4)],
        steps: vec![declare, check, promote, traffic],
        ..Plan::default()
    }
}

/// An attempt that ended after four seconds and printed nothing.
pub(crate) fn finished(attempt: &str, outcome: Outcome, verdict: Verdict) -> Event {
    Event::AttemptFinished {
        attempt: AttemptId::new(attempt),
        outcome,
        verdict,
        polls: 1,
        took_ms: 4_000,
        streams: Streams::default(),
        aws: None,
    }
}
