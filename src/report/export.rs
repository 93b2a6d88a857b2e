//! A run's record for other programs: all facts, a trace of the attempts, results as a test run. Pure.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::narrate;
use super::summary::{RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict};
use crate::engine::{AttemptState, Event, Fact, Run, Stage, StepState, Verdict};
use crate::kernel::SafeText;
use crate::runbook::Step;

/// Writes every fact with its number, time and kind, as the log has it.
pub fn json_of(run: &Run, facts: &[Fact], verdict: &str) -> Value {
    let lines = facts.iter().map(|fact| {
        let mut line = json!({ "seq": fact.seq, "t": fact.at.utc, "mono": fact.at.mono, "says": narrate(&fact.event) });
        if let (Some(line), Ok(Value::Object(event))) = (line.as_object_mut(), serde_json::to_value(&fact.event)) {
            line.extend(event);
        }
        line
    });
    let run_id = run.opened.as_ref().map(|opened| opened.run.as_str());
    json!({ "run": run_id, "title": run.plan.title, "log": verdict, "facts": lines.collect::<Vec<_>>() })
}

/// Writes the attempts as a trace that Perfetto and Chrome open: one track a step, moments and decisions as marks. Times are
/// microseconds since the run began, as a trace wants them.
pub fn trace(run: &Run, facts: &[Fact]) -> Value {
    let mut events = vec![json!({
        "ph": "M", "pid": 1, "name": "process_name", "args": { "name": format!("{} (lifeboat)", run.plan.title) }
    })];
    for step in &run.plan.steps {
        let name = format!("{} {}", step.number, step.title);
        events
            .push(json!({ "ph": "M", "pid": 1, "tid": step.number, "name": "thread_name", "args": { "name": name } }));
        events.push(json!({
            "ph": "M", "pid": 1, "tid": step.number, "name": "thread_sort_index", "args": { "sort_index": step.number }
        }));
    }
    let track = |id: Option<&crate::kernel::StepId>| id.and_then(|id| run.plan.step(id)).map_or(0, |step| step.number);
    let last = facts.last().map_or(0, |fact| fact.at.mono);
    for fact in facts {
        match &fact.event {
            Event::AttemptStarted { attempt, step, action, impact, command, target } => {
                let (end, result) = match run.attempts.get(attempt).map(|attempt| &attempt.state) {
                    Some(AttemptState::Finished { at, outcome, verdict: Verdict::Passed, .. }) => {
                        (at.mono, outcome.words())
                    }
                    Some(AttemptState::Finished { at, verdict: Verdict::Failed { why }, .. }) => {
                        (at.mono, format!("FAILED: {why}"))
                    }
                    Some(AttemptState::Running) | None => (last, "no end is recorded".to_owned()),
                };
                let name = action.as_ref().map_or("improvised", |name| name.as_str());
                events.push(json!({
                    "ph": "X", "pid": 1, "tid": track(step.as_ref()), "cat": impact.word(),
                    "name": format!("{attempt} {name}"), "ts": fact.at.mono,
                    "dur": end.saturating_sub(fact.at.mono),
                    "args": {
                        "seq": fact.seq, "command": command, "account": target.account, "region": target.region,
                        "resource": target.resource, "result": result,
                    },
                }));
            }
            Event::MomentFixed { .. }
            | Event::Decided { .. }
            | Event::Breached { .. }
            | Event::Recovered { .. }
            | Event::WatchFailed { .. }
            | Event::NoteAdded { .. }
            | Event::StepFailed { .. } => {
                events.push(json!({
                    "ph": "i", "pid": 1, "tid": 0, "s": "g", "cat": super::after::kind(&fact.event),
                    "name": narrate(&fact.event), "ts": fact.at.mono, "args": { "seq": fact.seq },
                }));
            }
            _ => {}
        }
    }
    json!({ "displayTimeUnit": "ms", "traceEvents": events })
}

/// Writes steps and objectives as JUnit's XML, a suite a phase.
pub fn junit(run: &Run) -> String {
    let mut suites = Vec::new();
    for phase in &run.plan.phases {
        let steps = phase.steps.clone().filter_map(|at| Some((at, run.plan.steps.get(at)?)));
        let cases: Vec<Case> = steps.map(|(at, step)| case(run, at, step)).collect();
        suites.push((phase.title.clone(), cases));
    }
    suites.push(("Objectives".to_owned(), objectives(run)));
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(xml, "<testsuites name=\"{}\" {}>", escaped(&run.plan.title), counted(all()));
    for (name, cases) in &suites {
        let _ = writeln!(xml, "  <testsuite name=\"{}\" {}>", escaped(name), counted(cases.iter()));
        for Case { name, seconds, result } in cases {
            let head = format!("    <testcase name=\"{}\" time=\"{seconds:.3}\"", escaped(name));
            let _ = match result {
                CaseResult::Passed => writeln!(xml, "{head}/>"),
                CaseResult::Failed(why) => writeln!(xml, "{head}><failure message=\"{}\"/></testcase>", escaped(why)),
                CaseResult::Skipped(why) => writeln!(xml, "{head}><skipped message=\"{}\"/></testcase>", escaped(why)),
            };
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

struct Case {
    name: String,
    seconds: f64,
    result: CaseResult,
}

enum CaseResult {
    Passed,
    Failed(String),
    Skipped(String),
}

fn case(run: &Run, at: usize, step: &Step) -> Case {
    let (from, to) = run.step_times.get(at).copied().unwrap_or_default();
    let took = from.zip(to).map(|(from, to)| to.since(&from)).unwrap_or_default();
    let ended = matches!(run.stage, Stage::Ended(_));
    let result = match run.steps.get(at) {
        Some(StepState::Done { how, note }) if how == "marked" => {
            CaseResult::Skipped(format!("marked done, unverified: {}", note.as_deref().unwrap_or("no evidence")))
        }
        Some(StepState::Done { .. }) => CaseResult::Passed,
        Some(StepState::Failed { why, .. }) => CaseResult::Failed(why.clone()),
        Some(StepState::Skipped { reason }) => CaseResult::Skipped(reason.clone()),
        Some(StepState::NotApplicable { why }) => CaseResult::Skipped(format!("not for this case: {why}")),
        Some(StepState::Owed { owner, .. }) => CaseResult::Skipped(format!("left to {owner}")),
        _ if ended => CaseResult::Failed("not exercised: the run ended before".to_owned()),
        _ => CaseResult::Skipped("the run is not over".to_owned()),
    };
    Case { name: format!("{} {}", step.number, step.title), seconds: took.as_secs_f64(), result }
}

fn objectives(run: &Run) -> Vec<Case> {
    let case = |name: &str, result| Case { name: name.to_owned(), seconds: 0.0, result };
    let rto = match rto_verdict(run) {
        RtoVerdict::NoObjective => CaseResult::Skipped("no objective, or no onset".to_owned()),
        RtoVerdict::Met(_) => CaseResult::Passed,
        RtoVerdict::Missed(took) => CaseResult::Failed(format!("missed: {} s", took.as_secs())),
        RtoVerdict::NotRestored => CaseResult::Failed("the service was not seen to be restored".to_owned()),
    };
    let rpo = match rpo_verdict(run) {
        RpoVerdict::NoObjective => CaseResult::Skipped("no objective".to_owned()),
        RpoVerdict::NotMeasured => CaseResult::Failed("not measured".to_owned()),
        RpoVerdict::Met => CaseResult::Passed,
        RpoVerdict::NotShown => CaseResult::Failed("only the low end of the loss is within it".to_owned()),
        RpoVerdict::Missed => CaseResult::Failed("missed".to_owned()),
    };
    vec![case("RTO", rto), case("RPO", rpo)]
}

fn counted<'c>(cases: impl Iterator<Item = &'c Case>) -> String {
    let (mut tests, mut failures, mut skipped, mut time) = (0, 0, 0, 0.0);
    for case in cases {
        tests += 1;
        failures += usize::from(matches!(case.result, CaseResult::Failed(_)));
        skipped += usize::from(matches!(case.result, CaseResult::Skipped(_)));
        time += case.seconds;
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\" time=\"{time:.3}\"")
}

/// Makes a text harmless, and one that XML takes.
fn escaped(text: &str) -> String {
    let safe = SafeText::line(text).into_string();
    safe.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::evolve;
    use crate::journal::read_log;
    use crate::runbook::parse;

    fn recorded() -> (Run, Vec<Fact>) {
        let facts = read_log(include_bytes!("../../tests/fixtures/recording/incident.jsonl")).into_facts();
        let parsed = parse("runbook.md", include_bytes!("../../tests/fixtures/recording/runbook.md"));
        let mut run = Run::new(Arc::new(parsed.plan.unwrap()));
        for fact in &facts {
            evolve(&mut run, fact).unwrap();
        }
        (run, facts)
    }

    #[test]
    fn json_has_every_fact_with_its_kind_and_its_sentence() {
        let (run, facts) = recorded();
        let json = json_of(&run, &facts, "SEALED");
        let lines = json["facts"].as_array().unwrap();
        assert_eq!(lines.len(), facts.len());
        for (line, fact) in lines.iter().zip(&facts) {
            assert_eq!(
                (line["seq"].as_u64(), line["k"].as_str()),
                (Some(fact.seq), Some(&*super::super::kind(&fact.event)))
            );
            assert!(!line["says"].as_str().unwrap().is_empty());
        }
    }

    #[test]
    fn a_trace_has_every_attempt_on_the_track_of_its_step_for_as_long_as_it_took() {
        let (run, facts) = recorded();
        let trace = trace(&run, &facts);
        let slices: Vec<&Value> =
            trace["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X").collect();
        assert_eq!(slices.len(), run.order.len());
        for (id, slice) in run.order.iter().zip(slices) {
            let attempt = &run.attempts[id];
            let AttemptState::Finished { at, .. } = &attempt.state else { panic!("{id} did not end") };
            assert_eq!(slice["dur"].as_u64(), Some(at.mono - attempt.started.mono));
            let number = attempt.step.as_ref().and_then(|step| run.plan.step(step)).map_or(0, |step| step.number);
            assert_eq!(slice["tid"].as_u64(), Some(u64::from(number)));
        }
    }

    #[test]
    fn junit_has_a_case_a_step_and_the_objectives() {
        let (run, _) = recorded();
        let xml = junit(&run);
        let mut reader = quick_xml::Reader::from_str(&xml);
        let (mut cases, mut skipped, mut failures) = (0, 0, 0);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                    match tag.name().as_ref() {
                        "testcase" => cases += 1,
                        "skipped" => skipped += 1,
                        "failure" => failures += 1,
                        _ => {}
                    }
                }
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(cases, run.plan.steps.len() + 2);
        let counted = format!("tests=\"{cases}\" failures=\"{failures}\" skipped=\"{skipped}\"");
        assert!(xml.contains(&counted), "{counted}\n{xml}");
        assert_eq!(escaped("a<b>&\"\u{1b}"), "a&lt;b&gt;&amp;&quot;\u{241b}");
    }
}
