//! A second person's approval: it counts if an allowed signer signed this request, and both verifiers see that again later.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lifeboat::engine::{
    Approval, Ask, Asking, Event, Mode, Opened, Requested, SignedApproval, Target, find_request, is_whole,
};
use lifeboat::journal::{AllowedSigners, Answer, ApprovalError, Approvals, Severity, Trust, Verdict};
use lifeboat::kernel::AttemptId;
use lifeboat::runbook::Impact;
use lifeboat::store::{Operator, open_request, verify_run};

use crate::addenda::person;
use crate::fixture::{Drill, note, now, second_report};

pub(crate) const PROMOTE: &str = "aws rds promote-read-replica \\\n  --db-instance-identifier 'größe'";
pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";

/// A real run of Alice, and those who may sign.
pub(crate) struct Stage {
    root: tempfile::TempDir,
    pub(crate) alice: Operator,
    lines: Vec<String>,
    pub(crate) drill: Drill,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (alice, line) = person(root.path(), "alice");
        let (_, bob) = person(root.path(), "bob");
        let (_, carol) = person(root.path(), "carol");
        let drill = Drill::begin(root.path(), Mode::Real, Ok(&alice));
        Self { root, alice, lines: vec![line, bob, carol], drill }
    }

    fn signers(&self) -> PathBuf {
        let path = self.root.path().join("allowed_signers");
        fs::write(&path, self.lines.concat()).unwrap();
        path
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust { signers: AllowedSigners::parse(&self.lines.concat()), at: now(), ..Trust::default() }
    }

    pub(crate) fn opened(&self) -> Opened {
        let Event::Open(opened) = &self.drill.begun.open.event else { panic!() };
        (**opened).clone()
    }

    /// Asks for approvals, and returns the request as the log has it.
    pub(crate) fn ask(&self, prompt: u64, command: &str) -> String {
        let writer = &self.drill.begun.writer;
        let facts = writer.append_blocking(vec![note("before"), asked(prompt, command)]).unwrap();
        request_of(&self.opened(), &facts[1].event)
    }

    /// Signs with stock tools.
    pub(crate) fn sign(&self, who: &str, request: &str) -> String {
        sign(&self.root.path().join(who), "approve@lifeboat", request)
    }

    pub(crate) fn judge(&self, trust: &Trust, request: &str, answer: &str) -> Result<SignedApproval, ApprovalError> {
        let run = self.opened().run;
        let own = |key: &_| self.alice.holds(key);
        Answer::read(answer)?.judge((1, run.as_str(), request), trust, Mode::Real, &[ALICE], &own)
    }

    pub(crate) fn record(&self, events: Vec<Event>) {
        self.drill.begun.writer.append_blocking(events).unwrap();
    }

    pub(crate) fn seal(&self) {
        self.drill.begun.writer.seal_blocking(self.alice.clone()).unwrap();
    }

    /// Asks both verifiers, who have to agree; returns the verdict and what ours counted.
    pub(crate) fn both(&self, trust: &Trust, revoked: Option<&Path>) -> (Verdict, Approvals) {
        let found = verify_run(&self.drill.place(), trust).unwrap();
        let (signers, run) = (self.signers(), self.drill.folder.path());
        let (code, said) = second_report(&[&[&*signers, run], revoked.as_slice()].concat());
        assert_eq!(code, i32::from(found.verdict.exit_code()), "{said} {:#?}", found.findings);
        let Approvals { confirmed, signed } = found.approvals;
        let counted = format!("{signed} of {confirmed} confirmations that wanted approvals have them signed");
        assert!(confirmed == 0 || said.contains(&counted), "{counted}: {said}");
        (found.verdict, found.approvals)
    }
}

fn asked(prompt: u64, command: &str) -> Event {
    let request = Requested { attempt: AttemptId::new("9.1"), lines: 0, head: String::new() };
    Event::ConfirmationAsked {
        prompt,
        step: Some("promote".into()),
        action: Some("promote".into()),
        impact: Impact::Irreversible,
        command: command.to_owned(),
        target: Target::default(),
        ask: Ask::Key,
        also: Vec::new(),
        approval: Some(Approval { count: 1, role: "approver".to_owned(), within_s: 300, request: Some(request) }),
    }
}

pub(crate) fn request_of(opened: &Opened, event: &Event) -> String {
    let Event::ConfirmationAsked { step, impact, command, target, also, approval, .. } = event else { panic!() };
    let approval = approval.as_ref().unwrap();
    Asking { step: step.as_ref(), impact: *impact, command, target, also, approval }.text(opened).unwrap()
}

fn sign(key: &Path, namespace: &str, request: &str) -> String {
    let file = key.with_extension("request");
    fs::write(&file, request).unwrap();
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "sign", "-q", "-n", namespace, "-f"]).arg(key).arg(&file);
    let sig = PathBuf::from(format!("{}.sig", file.display()));
    drop(fs::remove_file(&sig));
    assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    fs::read_to_string(sig).unwrap()
}

pub(crate) fn approved(signed: SignedApproval) -> Event {
    let SignedApproval { prompt, approver, key, request, sig } = signed;
    Event::Approved { prompt, approver, key, request, sig, by: ALICE.to_owned() }
}

pub(crate) fn confirmed() -> Event {
    Event::Confirmed {
        prompt: 1,
        step: Some("promote".into()),
        how: "key".to_owned(),
        typed: None,
        by: ALICE.to_owned(),
    }
}

pub(crate) fn started(command: &str) -> Event {
    Event::AttemptStarted {
        attempt: AttemptId::new("9.1"),
        step: Some("promote".into()),
        action: Some("promote".into()),
        impact: Impact::Irreversible,
        command: command.to_owned(),
        target: Target::default(),
    }
}

#[test]
fn what_stock_tools_sign_counts_and_both_verifiers_see_it_again() {
    let mut stage = Stage::new();
    let request = stage.ask(1, PROMOTE);
    assert!(is_whole(&request), "{request}");
    // Two lines opened the log, a checkpoint and a note followed; the question is the fifth.
    assert!(request.contains("\nlines 4\nhead ") && request.is_ascii(), "{request}");
    assert_eq!(open_request(&stage.drill.place()).unwrap().as_ref(), Some(&request));
    // What chat does to text does no harm, to the request or to the answer.
    let carried = format!("hi\r\n> {}\r\n", request.trim_end().replace('\n', "\r\n> "));
    let answer = stage.sign("bob", &find_request(&carried).unwrap());
    let carried = answer.replace('\n', " \r\n  ");
    let signed = stage.judge(&stage.trust(), &request, &carried).unwrap();
    assert_eq!((signed.approver.as_str(), &signed.request), (BOB, &request));
    stage.record(vec![approved(signed), confirmed(), started(PROMOTE)]);
    assert_eq!(open_request(&stage.drill.place()).unwrap(), None);
    stage.seal();
    let all = Approvals { confirmed: 1, signed: 1 };
    assert_eq!(stage.both(&stage.trust(), None), (Verdict::Sealed, all));

    // What it is worth is seen anew each time: Bob's key was stolen, or he is no approver any more.
    let none = Approvals { confirmed: 1, signed: 0 };
    let bob = fs::read_to_string(stage.root.path().join("bob.pub")).unwrap();
    let revoked = stage.root.path().join("revoked");
    fs::write(&revoked, &bob).unwrap();
    let mut trust = stage.trust();
    trust.revoked.push(ssh_key::PublicKey::from_openssh(&bob).unwrap());
    assert_eq!(stage.both(&trust, Some(&revoked)), (Verdict::Sealed, none));
    let mut found = verify_run(&stage.drill.place(), &trust).unwrap();
    let warning = found.findings.iter().find(|finding| finding.severity == Severity::Warning).unwrap();
    assert!(warning.text.contains("the key was revoked: it does not count"), "{}", warning.text);
    found.require_approvals();
    assert_eq!(found.verdict, Verdict::Untrusted);
    stage.lines.remove(1);
    assert_eq!(stage.both(&stage.trust(), None), (Verdict::Sealed, none));
}

#[test]
fn every_approval_that_does_not_count_is_refused_by_name() {
    let stage = Stage::new();
    let request = stage.ask(1, PROMOTE);
    let (bob, trust) = (stage.sign("bob", &request), stage.trust());
    let refused = |trust: &Trust, request: &str, answer: &str| stage.judge(trust, request, answer).unwrap_err();

    let edited = request.replace("promote-read-replica", "delete-db-instance");
    assert_eq!(refused(&trust, &edited, &bob), ApprovalError::OtherRequest, "replayed on an edited command");
    let again = stage.ask(1, PROMOTE);
    assert_ne!(again, request, "the log went on");
    assert_eq!(refused(&trust, &again, &bob), ApprovalError::OtherRequest, "replayed on another state of the log");

    let other = Stage::new();
    let theirs = other.ask(1, PROMOTE);
    assert_eq!(refused(&trust, &request, &stage.sign("bob", &theirs)), ApprovalError::OtherRequest, "another run's");
    let named = format!("lifeboat approval\nrun {}\napprover {BOB}\n{bob}", other.opened().run);
    assert!(matches!(refused(&trust, &request, &named), ApprovalError::OtherRun { .. }), "another run's, and says so");

    let operator = ApprovalError::Operator(ALICE.to_owned());
    let alice = stage.sign("alice", &request);
    assert_eq!(refused(&trust, &request, &alice), operator, "the operator themself");
    let disguised = format!("approver {BOB}\n{alice}");
    assert_eq!(refused(&trust, &request, &disguised), operator, "the operator under another name");
    let unlisted = Trust { signers: AllowedSigners::parse(&stage.lines[1]), ..trust.clone() };
    assert!(matches!(refused(&unlisted, &request, &alice), ApprovalError::Operator(_)), "the operator's key, unlisted");

    let why = |trust: &Trust, answer: &str| match refused(trust, &request, answer) {
        ApprovalError::DoesNotCount { why, .. } => why,
        other => panic!("{other:?}"),
    };
    let public = fs::read_to_string(stage.root.path().join("bob.pub")).unwrap();
    let key = ssh_key::PublicKey::from_openssh(&public).unwrap();
    assert_eq!(why(&Trust { revoked: vec![key], ..trust.clone() }, &bob), "the key was revoked");
    let with = |option: &str| Trust {
        signers: AllowedSigners::parse(&stage.lines[1].replacen(' ', &format!(" {option} "), 1)),
        ..trust.clone()
    };
    assert!(why(&with("valid-before=\"20250101Z\""), &bob).contains("is not valid at"), "expired");
    assert!(why(&with("namespaces=\"git\""), &bob).contains("do not let the key sign for approve@lifeboat"));
    let (_, mallory) = person(stage.root.path(), "mallory");
    assert!(!mallory.is_empty());
    let mallory = stage.sign("mallory", &request);
    assert!(why(&trust, &mallory).contains("no allowed signer"), "nobody's key");
    assert!(why(&trust, &format!("approver {BOB}\n{mallory}")).contains("no allowed signer"), "under Bob's name");
    let pattern =
        Trust { signers: AllowedSigners::parse(&stage.lines[1].replace(BOB, "*@example.com")), ..trust.clone() };
    assert!(matches!(refused(&pattern, &request, &bob), ApprovalError::Nameless(_)));
    assert_eq!(stage.judge(&pattern, &request, &format!("approver {BOB}\n{bob}")).unwrap().approver, BOB);

    let elsewhere = sign(&stage.root.path().join("bob"), "seal@lifeboat", &request);
    let said = refused(&trust, &request, &elsewhere).to_string();
    assert!(said.contains("is for seal@lifeboat, not for approve@lifeboat"), "{said}");
    assert_eq!(refused(&trust, &request, "bob agrees"), ApprovalError::NoSignature);
    assert_eq!(refused(&trust, &request, bob.split_once("-----END").unwrap().0), ApprovalError::NoSignature);
    let damaged = refused(&trust, &request, &bob.replacen("U1NIU0lH", "U1NIU0lI", 1));
    assert!(matches!(damaged, ApprovalError::Unreadable(_)), "{damaged:?}");
}

#[test]
fn going_on_alone_is_no_approval_and_what_starts_is_what_was_approved() {
    let stage = Stage::new();
    let request = stage.ask(1, PROMOTE);
    let waived = Event::ApprovalWaived {
        prompt: 1,
        missing: 1,
        waited_s: 7,
        reason: "nobody answers".to_owned(),
        by: ALICE.to_owned(),
    };
    stage.record(vec![waived, confirmed(), started(PROMOTE)]);
    let alone = Approvals { confirmed: 1, signed: 0 };
    assert_eq!(stage.both(&stage.trust(), None), (Verdict::Open, alone));
    assert_ne!(stage.ask(1, PROMOTE), request);
    let signed = stage.ask(1, PROMOTE);
    let signed = stage.judge(&stage.trust(), &signed, &stage.sign("carol", &signed)).unwrap();
    stage.record(vec![approved(signed), confirmed(), started("aws rds delete-db-instance")]);
    let (verdict, found) = stage.both(&stage.trust(), None);
    assert_eq!((verdict, found), (Verdict::Tampered, Approvals { confirmed: 2, signed: 1 }));
}
