//! A small drill on disk, written by the real writer with a practice key.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use lifeboat::engine::{Began, Event, Mode, Opened, Outcome, Streams, Target, Verdict};
use lifeboat::journal::Trust;
use lifeboat::kernel::{AttemptId, RunId, Stamp, sha256_hex};
use lifeboat::runbook::Impact;
use lifeboat::store::{
    Begun, Clock, LogPlace, LogWriter, Operator, RunFolder, Runs, SignError, load_trust, practice_operator,
    practice_signers,
};

pub(crate) const RUNBOOK: &str = "# Region failure\n";
pub(crate) const WAIT: Duration = Duration::from_secs(20);

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-22T09:26:30.114203Z").unwrap().with_timezone(&Utc)
}

pub(crate) fn run_clock() -> Clock {
    let begun = Instant::now();
    Box::new(move || {
        let elapsed = begun.elapsed();
        Stamp { utc: now() + elapsed, mono: u64::try_from(elapsed.as_micros()).unwrap() }
    })
}

pub(crate) fn opened(mode: Mode) -> Opened {
    Opened {
        v: "lifeboat-log/1".to_owned(),
        run: RunId::new(""),
        mode,
        by: "alice@example.com".to_owned(),
        session: String::new(),
        host: "bastion".to_owned(),
        boot: "b0075".to_owned(),
        pid: 48001,
        tool: "lifeboat 0.1.0".to_owned(),
        runbook: "region-failure.md".to_owned(),
        runbook_sha256: sha256_hex(RUNBOOK.as_bytes()),
        account: "123456789012".to_owned(),
        arn: String::new(),
        region: "us-west-2".to_owned(),
        rto_s: 1800,
        rpo_s: 300,
        seed: Some(7),
        speed: 1,
        clock: lifeboat::kernel::ClockSync::Unknown,
        prev_run: None,
        prev_sha512: None,
        began: Began::default(),
    }
}

pub(crate) fn note(text: &str) -> Event {
    Event::NoteAdded { text: text.to_owned(), occurred_at: None, by: "alice@example.com".to_owned() }
}

pub(crate) struct Drill {
    pub(crate) state: PathBuf,
    pub(crate) runs: Runs,
    pub(crate) folder: RunFolder,
    pub(crate) begun: Begun,
}

impl Drill {
    /// Begins a log below `root`.
    pub(crate) fn begin(root: &Path, mode: Mode, operator: Result<&Operator, SignError>) -> Self {
        Self::begin_at(root, mode, operator, run_clock())
    }

    /// Begins one by another clock.
    pub(crate) fn begin_at(root: &Path, mode: Mode, operator: Result<&Operator, SignError>, clock: Clock) -> Self {
        Self::begin_as(root, opened(mode), operator, clock)
    }

    /// Begins one with a header of its own.
    pub(crate) fn begin_as(root: &Path, opened: Opened, operator: Result<&Operator, SignError>, clock: Clock) -> Self {
        let state = root.join("state");
        let runs = Runs::at(state.join("runs")).with_spares(vec![state.join("spare")]);
        let folder = runs.create(now()).unwrap();
        folder.write_runbook(RUNBOOK.as_bytes()).unwrap();
        let begun = LogWriter::begin(&folder, opened, operator, clock).unwrap();
        Self { state, runs, folder, begun }
    }

    /// Records some notes and an attempt with output.
    pub(crate) fn play(&self) {
        let writer = &self.begun.writer;
        writer.append_blocking(vec![note("declared"), note("zweiter Blick: \u{1F6A8} \u{1b}[2J")]).unwrap();
        let attempt = AttemptId::new("9.1");
        writer
            .append_blocking(vec![Event::AttemptStarted {
                attempt: attempt.clone(),
                step: None,
                action: None,
                impact: Impact::Irreversible,
                command: "aws rds promote-read-replica".to_owned(),
                target: Target::default(),
            }])
            .unwrap();
        let out = b"{\"DBInstance\":{}}\n";
        std::fs::write(self.folder.output().join("9.1.out"), out).unwrap();
        let streams = Streams {
            out_bytes: out.len() as u64,
            out_sha256: Some(sha256_hex(out)),
            err_bytes: 0,
            err_sha256: Some(sha256_hex(b"")),
        };
        writer
            .append_blocking(vec![Event::AttemptFinished {
                attempt,
                outcome: Outcome::Exited { code: 0 },
                verdict: Verdict::Passed,
                polls: 1,
                took_ms: 1200,
                streams,
                aws: None,
            }])
            .unwrap();
        for n in 0..4 {
            writer.append_blocking(vec![note(&format!("line {n}"))]).unwrap();
        }
    }

    pub(crate) fn place(&self) -> LogPlace {
        self.folder.place()
    }
}

pub(crate) fn practice(root: &Path) -> Operator {
    practice_operator(&root.join("state"), WAIT).unwrap()
}

pub(crate) fn practice_trust(state: &Path) -> Trust {
    load_trust(&[], None, Some(state), now()).unwrap()
}

/// A whole drill, sealed.
pub(crate) fn sealed(root: &Path) -> Drill {
    let operator = practice(root);
    let drill = Drill::begin(root, Mode::Drill, Ok(&operator));
    drill.play();
    drill.begun.writer.seal_blocking(operator).unwrap();
    drill
}

/// Runs the second verifier; returns its exit code and its first line.
pub(crate) fn second_opinion(signers: &Path, run: &Path) -> (i32, String) {
    let (code, text) = second_report(&[signers, run]);
    (code, text.lines().next().unwrap_or_default().to_owned())
}

/// Waits until nobody holds a log: a process that another test starts holds what it inherits until it is another program.
pub(crate) fn released(place: &LogPlace) {
    let deadline = Instant::now() + WAIT;
    while place.parts().iter().any(|part| lifeboat::store::is_being_written(part)) {
        assert!(Instant::now() < deadline, "{} is held", place.log.display());
        std::thread::yield_now();
    }
}

/// Is a verdict, as an exit code, and the first line that was damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) code: i32,
    pub(crate) damage: Option<u64>,
}

/// Asks the second verifier about many logs, in one process.
pub(crate) fn second_opinions(signers: &Path, runs: &[PathBuf]) -> Vec<Opinion> {
    let cases: String = runs.iter().map(|run| serde_json::json!([signers, run]).to_string() + "\n").collect();
    let file = signers.with_extension("cases");
    std::fs::write(&file, cases).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_log.py");
    let input = std::fs::File::open(&file).unwrap();
    let output = Command::new("python3").arg(script).arg("--many").stdin(input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let opinions = String::from_utf8(output.stdout).unwrap();
    let read = |line: &str| {
        let (code, said): (i32, String) = serde_json::from_str(line).unwrap();
        let line = |text: &str| text.trim().strip_prefix("line ")?.split_once(':')?.0.parse().ok();
        Opinion { code, damage: said.lines().nth(1).filter(|_| code == 1).and_then(line) }
    };
    let opinions: Vec<_> = opinions.lines().map(read).collect();
    assert_eq!(opinions.len(), runs.len());
    opinions
}

/// Runs the second verifier; returns its exit code and all that it says.
pub(crate) fn second_report(arguments: &[&Path]) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_log.py");
    let output = Command::new("python3").arg(script).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty() || output.status.code() == Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

pub(crate) fn signers_of(drill: &Drill) -> PathBuf {
    practice_signers(&drill.state)
}
