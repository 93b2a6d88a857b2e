//! Reports and exports of a run that was just worked.

use serde_json::Value;

use crate::support::{Home, log};

const RUNBOOK: &str = "---\nobjectives: { rto: 30m }\nrecovered_when: served\n---\n# Small\n\n### Look\n\n```sh {name=served \
                       impact=observe}\nprintf 'a|b <c>\\n'\n```\n";

#[test]
fn a_run_is_reported_and_exported() {
    let home = Home::new();
    home.write("small.md", RUNBOOK);
    let ran = home.run(&["run", "small.md", "--unattended", "--onset", "-1m"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let run = home.the_run();
    let name = run.file_name().unwrap().to_str().unwrap();
    let md = home.run(&["report", name]);
    assert_eq!(md.code, Some(0), "{md:?}");
    for text in ["# After-action report: Small", "## 1 For the people who pay", "What is not evidenced", "a\\|b &lt;c>"]
    {
        assert!(md.out.contains(text), "{text}\n{}", md.out);
    }
    let json: Value = serde_json::from_str(&home.run(&["report", name, "--format", "json"]).out).unwrap();
    let facts = log(&run);
    let rows = json["sections"].as_array().unwrap().iter().flat_map(|section| section["rows"].as_array().unwrap());
    let mut cited = 0;
    for cite in rows.flat_map(|row| row["cites"].as_array().unwrap()) {
        let seq = usize::try_from(cite["seq"].as_u64().unwrap()).unwrap();
        assert_eq!(facts[seq]["k"], cite["kind"], "{cite}");
        cited += 1;
    }
    assert!(cited > 20, "{cited}");
    let trace: Value = serde_json::from_str(&home.run(&["export", name, "--format", "perfetto"]).out).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().iter().any(|event| event["ph"] == "X"));
    let all: Value = serde_json::from_str(&home.run(&["export", name, "--format", "json"]).out).unwrap();
    assert_eq!(all["run"], name);
    assert!(home.run(&["export", name, "--format", "junit"]).out.contains("<testcase name=\"1 Look\""));
}

#[test]
fn what_is_no_run_is_refused_with_the_next_step() {
    let home = Home::new();
    home.write("alone.jsonl", "{}\n");
    for arguments in [["report", "nothing"], ["report", "alone.jsonl"]] {
        let said = home.run(&arguments);
        assert_eq!(said.code, Some(2), "{said:?}");
    }
}
