//! Tables of whole files: what they become, and what is said about them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::aws::{Operation, catalogue};
use super::parse::parse_with;
use super::{Parsed, Plan};

/// A catalogue of its own, so that these tests speak of the parser alone.
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let rds = "
DescribeDBInstances observe
    DBInstanceIdentifier@
PromoteReadReplica irreversible
    DBInstanceIdentifier@* BackupRetentionPeriod:int PreferredBackupWindow
ModifyDBInstance change
    DBInstanceIdentifier@* ApplyImmediately:flag VpcSecurityGroupIds[]
wait db-instance-available = DescribeDBInstances
";
    let route53 = "
ChangeResourceRecordSets change
    HostedZoneId@* ChangeBatch*
";
    [("rds", rds), ("route53", route53)].into_iter().flat_map(|(service, rows)| catalogue(service, rows)).collect()
});

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn parsed(file: &Path) -> Parsed {
    parse_with(file.file_name().unwrap().to_str().unwrap(), &std::fs::read(file).unwrap(), &OPERATIONS)
}

/// Shows a plan in a form that a person can check against the file.
fn shown(plan: &Plan) -> String {
    let mut text = format!("title: {}\n{:#?}\npreface: {:?}\n", plan.title, plan.meta, plan.preface);
    for phase in &plan.phases {
        let _ = writeln!(text, "\n## {} #{} budget {:?} line {}", phase.title, phase.anchor, phase.budget, phase.line);
        let _ = writeln!(text, "body: {:?}", phase.body);
        for step in &plan.steps[phase.steps.clone()] {
            let _ = writeln!(text, "\n### {}. {} ({}) line {}", step.number, step.title, step.id, step.line);
            let _ = writeln!(text, "when {:?} ask {:?} decision {:#?}", step.when, step.ask, step.decision);
            let _ = writeln!(text, "{:?} {:?}", step.duty, step.messages);
            let _ = writeln!(text, "{:?} {:?} {:?} {:?}", step.manual, step.optional, step.budget, step.cautions);
            let _ = writeln!(text, "{:?}\nbody: {:?}", step.checklist, step.body);
            for action in &step.actions {
                let _ = writeln!(text, "{action:#?}");
            }
        }
    }
    let _ = writeln!(text, "\n{:#?}", plan.fences);
    text
}

#[test]
fn good_files_become_plans() {
    for file in files("runbooks_ok") {
        let parsed = parsed(&file);
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let plan = parsed.plan.as_ref().unwrap_or_else(|| panic!("{name}:\n{}", parsed.render()));
        insta::assert_snapshot!(format!("ok_{name}"), format!("{}\n{}", parsed.render(), shown(plan)));
    }
}

#[test]
fn bad_files_are_explained() {
    for file in files("runbooks_bad") {
        let parsed = parsed(&file);
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(!parsed.problems.is_empty(), "{name} has no problem");
        insta::assert_snapshot!(format!("bad_{name}"), parsed.render());
    }
}

mod law {
    use proptest::prelude::*;

    use super::super::scan;
    use super::*;

    /// Counts fences by the Markdown parser alone, in what follows the front matter.
    fn counted(parsed: &Parsed) -> usize {
        let text = parsed.source.text();
        let from = super::super::front::find(text).map_or(0, |place| place.end);
        scan::fences(text.get(from..).unwrap())
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("# Title".to_owned()),
            Just("## Phase".to_owned()),
            Just("### Step".to_owned()),
            Just("#### Rollback".to_owned()),
            Just("#### Verify".to_owned()),
            Just("---".to_owned()),
            Just("inputs: { A: { default: b } }".to_owned()),
            Just("recovered_when: x".to_owned()),
            Just("<!-- step: id=a evidence=required".to_owned()),
            Just("-->".to_owned()),
            Just("<!-- phase: budget=8m -->".to_owned()),
            Just("> [!CAUTION]".to_owned()),
            Just(":::warning".to_owned()),
            Just("{{% notice %}}".to_owned()),
            Just("1. ```sh".to_owned()),
            Just("- [ ] tick".to_owned()),
            Just("> ```aws { name=x capture=Y }".to_owned()),
            Just("```sh { until=a timeout=3s }".to_owned()),
            Just("   ~~~http {\"name\":\"x\"}".to_owned()),
            Just("````".to_owned()),
            Just("```".to_owned()),
            Just("aws rds wait db-instance-available --region $R".to_owned()),
            Just("Which? [a](#b)".to_owned()),
            Just("- [yes](#yes) because".to_owned()),
            Just(String::new()),
            "\\PC{0,20}",
            "[`{}\"'=$\\\\ a|]{0,12}",
        ]
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let parsed = parse_with("any.md", &bytes, &OPERATIONS);
            drop(parsed.render());
        }

        #[test]
        fn every_fence_is_accounted_for(
            lines in proptest::collection::vec(line(), 0..40),
            end in prop_oneof![Just("\n"), Just("\r\n")],
        ) {
            let text = lines.join(end);
            let parsed = parse_with("any.md", text.as_bytes(), &OPERATIONS);
            prop_assert_eq!(parsed.fences.len(), counted(&parsed), "{}", text);
            let mut at: Vec<usize> = parsed.fences.iter().map(|fence| fence.line).collect();
            at.dedup();
            prop_assert_eq!(at.len(), parsed.fences.len());
            for problem in &parsed.problems {
                prop_assert!(parsed.source.text().get(problem.span.clone()).is_some(), "{:?} in {}", problem, text);
            }
            if let Some(plan) = &parsed.plan {
                let actions = plan.steps.iter().map(|step| step.actions.len()).sum::<usize>();
                let used = plan.fences.iter().filter(|fence| matches!(fence.used, super::super::FenceUse::Action(_))).count();
                prop_assert_eq!(actions, used);
                let last = plan.phases.iter().fold(0, |at, phase| { assert_eq!(phase.steps.start, at); phase.steps.end });
                prop_assert_eq!(last, plan.steps.len());
            }
            drop(parsed.render());
        }
    }

    #[test]
    fn what_is_too_large_or_nothing_is_refused_at_once() {
        let huge = vec![b'#'; 100 * 1024 * 1024];
        for (bytes, code) in [(&huge[..], "too-large"), (b"", "empty"), (b" \n\n", "empty"), (b"# a\n\xff", "not-utf8")]
        {
            let parsed = parse_with("x.md", bytes, &OPERATIONS);
            assert_eq!(parsed.problems[0].code, code);
            assert!(parsed.plan.is_none());
        }
    }

    #[test]
    fn deep_nesting_is_no_way_to_bring_it_down() {
        for text in [
            ">".repeat(20_000),
            "- ".repeat(20_000),
            format!("---\na: {}\n---\n", "[".repeat(50_000)),
            "[".repeat(50_000),
        ] {
            drop(parse_with("deep.md", text.as_bytes(), &OPERATIONS));
        }
    }

    #[test]
    fn a_review_ages() {
        let text = "---\nlast_reviewed_on: 2026-01-01\n---\n# T\n";
        let parsed = parse_with("x.md", text.as_bytes(), &OPERATIONS);
        let old = |day: &str| super::super::check(&parsed, day.parse().unwrap()).iter().any(|p| p.code == "old-review");
        assert!(!old("2026-06-30") && old("2026-07-01"));
    }
}
