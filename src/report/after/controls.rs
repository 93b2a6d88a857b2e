//! Where to look for what regimes ask for, and what the record does not show. It is no opinion about compliance.

use super::{Record, Row, Section};
use crate::engine::{Event, Mode};
use crate::runbook::Moment;

/// Control, what it asks for, and the sections that speak of it.
const CONTROLS: [(&str, &str, &[&str]); 20] = [
    ("SOC 2 A1.3", "recovery procedures are tested", &["identity", "steps", "objectives", "verification"]),
    ("SOC 2 CC7.4, CC7.5", "response and recovery from incidents", &["timeline", "steps", "issues"]),
    ("ISO 27001 A.5.30", "ICT readiness is tested against continuity objectives", &["objectives", "identity"]),
    ("ISO 27001 A.5.28", "evidence is collected and preserved", &["steps", "integrity"]),
    ("ISO 27001 A.8.13", "backups are tested", &["recovery-point", "verification"]),
    ("PCI DSS 10.2.2", "user, event, time, outcome, origin, affected resource of each entry", &["steps", "identity"]),
    ("PCI DSS 10.3.4", "changes of logs are found", &["integrity"]),
    ("PCI DSS 12.10.2", "the plan is tested", &["identity", "steps", "issues"]),
    ("HIPAA 164.308(a)(7)(ii)(B)", "lost data are restored", &["recovery-point", "verification"]),
    ("HIPAA 164.308(a)(7)(ii)(D)", "testing and revision", &["steps", "issues"]),
    ("FedRAMP CP-4", "the plan is tested, results reviewed, corrected", &["authorisation", "steps", "issues"]),
    ("FedRAMP CP-10", "recovery to a known state", &["steps", "verification"]),
    ("FedRAMP AU-3", "content of records", &["steps", "timeline"]),
    ("FedRAMP AU-9(3), AU-10", "records are protected by signatures", &["integrity"]),
    ("DORA 11(6)", "switchovers are tested", &["steps", "objectives"]),
    ("DORA 11(8)", "activities before and during disruption are recorded", &["timeline", "steps"]),
    ("DORA 12(6)", "recovery objectives for each function", &["objectives"]),
    ("DORA 12(7)", "data integrity is checked on recovery", &["verification", "recovery-point"]),
    ("NIST SP 800-34", "phases, validation, declaration, documentation", &["timeline", "verification", "protection"]),
    (
        "NIST CSF 2.0 RC.RP-05, -06",
        "restored assets are verified, the end is declared",
        &["verification", "objectives"],
    ),
];

pub(super) fn controls(sections: &[Section]) -> Section {
    let find = |key: &str| sections.iter().find(|section| section.key == key);
    let rows = CONTROLS.iter().map(|(control, asks, keys)| {
        let (there, empty): (Vec<&str>, Vec<&str>) =
            keys.iter().copied().partition(|key: &&str| find(key).is_some_and(|section| !section.rows.is_empty()));
        let titles = |keys: &[&str]| {
            keys.iter().filter_map(|key| find(key)).map(|section| section.title).collect::<Vec<_>>().join(", ")
        };
        let lacks = if empty.is_empty() { String::new() } else { format!("nothing in: {}", titles(&empty)) };
        Row::new([(*control).to_owned(), (*asks).to_owned(), titles(&there), lacks], None)
    });
    let columns = ["control", "asks for", "see", "not evidenced"];
    Section::new("controls", "Where to look for what controls ask for", &columns, rows.collect())
}

pub(super) fn not_evidenced(record: &Record<'_>) -> Section {
    let run = record.run;
    let has = |is: &dyn Fn(&Event) -> bool| record.facts.iter().any(|fact| is(&fact.event));
    let no_moment = |moment: Moment| run.moment(moment).is_none();
    let real = run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Real);
    let mut missing: Vec<(&str, &str)> = Vec::new();
    let mut unless = |shown: bool, what: &'static str, why: &'static str| {
        if !shown {
            missing.push((what, why));
        }
    };
    unless(!no_moment(Moment::Onset), "onset", "nobody fixed it: the RTO has no beginning");
    unless(!no_moment(Moment::Detected), "detection", "when and by what the failure was detected is not recorded");
    unless(!no_moment(Moment::Fenced), "fencing", "that the old primary took no more writes was never proven");
    unless(!no_moment(Moment::Validated), "validation", "no check fixed the moment `validated`");
    unless(!no_moment(Moment::Protected), "protection", "no moment `protected` was fixed");
    unless(!run.losses.is_empty(), "recovery point", "no loss was measured");
    unless(run.plan.meta.approved.is_some(), "approval of the runbook", "its front matter names nobody");
    unless(has(&|event| matches!(event, Event::MessageSent { .. })), "notifications", "no message was marked as sent");
    unless(record.integrity.sealed_by.is_some(), "seal", "the log is not sealed: lines could be missing at its end");
    unless(
        !record.integrity.countersigned_by.is_empty(),
        "a second person",
        "nobody but the operator vouches for the log",
    );
    let receipts = has(
        &|event| matches!(event, Event::AttemptFinished { aws: Some(receipt), .. } if receipt.date.is_some() && real),
    );
    unless(receipts, "independent time", "no clock but this machine's speaks for the times");
    let dates = record.additions.iter().any(|word| matches!(word.what, super::Added::Issue { .. }));
    unless(dates, "corrective actions", "no issue with owner and date was added to the log");
    let stated = has(&|event| matches!(event, Event::ApprovalStated { .. }));
    unless(!stated, "approvals as signatures", "approvals were stated by the operator, not signed by those who agreed");
    for (what, why) in [
        ("reconciliation", "that the missing rows were compared with the old primary's is not recorded here"),
        ("backups before use", "no integrity check of a backup before its use is recorded as such"),
        ("sign-in", "whether the identity signed in with a second factor is not recorded"),
        ("runbook in version control", "its digest is recorded, its commit is not"),
        ("amount of the loss", "orders may be counted, their amount is not recorded"),
        ("cost", "what the recovery cost is not recorded"),
        ("roster", "who else took part, and who deputises, is not recorded"),
    ] {
        missing.push((what, why));
    }
    let rows = missing.into_iter().map(|(what, why)| Row::new([what, why], None)).collect();
    Section::list("not-evidenced", "What is not evidenced", rows)
}
