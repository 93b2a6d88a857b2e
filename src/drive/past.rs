//! What earlier runs on this machine say: which are not over and what they wait for, and how a runbook was last drilled.
//! It only reads, and verifies nothing.

use std::path::Path;
use std::sync::Arc;

use super::library::Source;
use super::{record, start};
use crate::engine::{Fact, Mode, Run, evolve};
use crate::kernel::clock;
use crate::report::{RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict, runbook_name};
use crate::runbook::Plan;
use crate::store::{self, End, LogPlace, Runs, Standing};
use crate::ui::{LastDrill, PastRun};

/// Lists the runs of all these folders, newest first, each once: those that are not over, then the others.
pub fn runs(folders: &[Runs]) -> (Vec<Standing>, Vec<Standing>) {
    let mut all: Vec<Standing> = folders.iter().flat_map(store::standings).collect();
    all.sort_by_key(|standing| std::cmp::Reverse(standing.last.utc));
    let mut known = std::collections::BTreeSet::new();
    all.retain(|standing| known.insert(standing.run.clone()));
    all.into_iter().partition(|standing| !matches!(standing.end, End::Sealed(_)))
}

/// Describes a run for a list, with what it waits for where it is not over.
pub fn described(standing: &Standing) -> PastRun {
    let opened = &standing.opened;
    let open = matches!(standing.end, End::Open | End::Worked);
    let run = if open { folded(&standing.folder) } else { None };
    let onset = run.as_ref().and_then(Run::onset);
    PastRun {
        run: standing.run.to_string(),
        folder: standing.folder.display().to_string(),
        runbook: runbook_of(standing),
        mode: opened.mode,
        by: format!("{} on {}", opened.by, opened.host),
        last: standing.last.utc,
        standing: match &standing.end {
            End::Worked => format!("worked now by process {}", opened.pid),
            End::Open => "not over; its engine is gone".to_owned(),
            End::Unsealed(how) => format!("{how}, not sealed"),
            End::Sealed(how) => how.clone().unwrap_or_else(|| "ended".to_owned()),
        },
        waits: run.as_ref().map(|run| waits(run, &standing.end)).unwrap_or_default(),
        clock: onset.filter(|_| opened.rto_s > 0).map(|onset| (onset, opened.rto_s)),
    }
}

/// Describes the recordings in a folder, by the names of their folders. They are only watched.
pub fn recordings(folder: &Path) -> Vec<PastRun> {
    let of = |standing: &Standing| PastRun { run: standing.opened.run.to_string(), ..described(standing) };
    store::standings(&Runs::at(folder)).iter().map(of).collect()
}

/// Lists the runs in these folders that are over and are of the runbook of the run in `folder`, newest first, but that one.
pub fn beside(folder: &Path, roots: &[Runs]) -> Vec<PastRun> {
    let Ok((opened, _)) = store::header(&folder.join("incident.jsonl")) else { return Vec::new() };
    let runbook = runbook_name(&opened.runbook);
    let (unfinished, ended) = runs(roots);
    let unsealed = unfinished.into_iter().filter(|standing| matches!(standing.end, End::Unsealed(_)));
    let mut all: Vec<Standing> = ended.into_iter().chain(unsealed).collect();
    all.retain(|standing| runbook_of(standing) == runbook && standing.opened.run != opened.run);
    all.sort_by_key(|standing| std::cmp::Reverse(standing.last.utc));
    all.iter().map(described).collect()
}

/// Says what is asked of whoever goes on with a run. What was running when its engine went is in doubt.
fn waits(run: &Run, end: &End) -> String {
    let doubtful = run.running.iter().filter(|attempt| !run.is_watch(attempt));
    let names: Vec<String> = doubtful
        .map(|attempt| run.strand_of(attempt).map_or_else(|| attempt.to_string(), |at| run.label(at)))
        .collect();
    match (end, names.len()) {
        (End::Open, 1..) => {
            format!("In doubt: {} ran when the engine went. It is looked for when the run goes on.", names.join(", "))
        }
        _ => run.sentence(),
    }
}

/// Says how a runbook's last drill went, of all runs that are over.
pub fn last_drill(ended: &[Standing], runbook: &str) -> LastDrill {
    let last = ended.iter().find(|standing| standing.opened.mode == Mode::Drill && runbook_of(standing) == runbook);
    let Some(last) = last else { return LastDrill::Never };
    let day = last.last.utc.format("%Y-%m-%d");
    let Some(run) = folded(&last.folder) else { return LastDrill::NotMet(format!("{day}, its log can't be read")) };
    let limit = run.rto().map(clock).unwrap_or_default();
    let (rto, met) = match rto_verdict(&run) {
        RtoVerdict::Met(rto) => (format!("RTO MET {} of {limit}", clock(rto)), true),
        RtoVerdict::Missed(rto) => (format!("RTO MISSED {} of {limit}", clock(rto)), false),
        RtoVerdict::NotRestored => ("NOT RESTORED".to_owned(), false),
        RtoVerdict::NoObjective => ("no RTO".to_owned(), true),
    };
    let (rpo, held) = match rpo_verdict(&run) {
        RpoVerdict::Met => (", RPO MET", true),
        RpoVerdict::Missed => (", RPO MISSED", false),
        RpoVerdict::NotShown => (", RPO NOT SHOWN", false),
        RpoVerdict::NotMeasured => (", loss not measured", false),
        RpoVerdict::NoObjective => ("", true),
    };
    let how = match &last.end {
        End::Sealed(Some(how)) if how != "recovered" && how != "finished" => format!(", {how}"),
        _ => String::new(),
    };
    let text = format!("{day}{how}, {rto}{rpo}");
    if met && held && how.is_empty() { LastDrill::Met(text) } else { LastDrill::NotMet(text) }
}

/// Returns the name of the runbook of a run, harmless.
pub fn runbook_of(standing: &Standing) -> String {
    runbook_name(&standing.opened.runbook)
}

/// Folds what a run recorded, as far as it makes sense.
pub(super) fn folded(folder: &Path) -> Option<Run> {
    let (plan, facts) = recorded(folder)?;
    let mut run = Run::new(plan);
    for fact in facts {
        if evolve(&mut run, &fact).is_err() {
            break;
        }
    }
    Some(run)
}

/// Reads the plan of the runbook that ran.
pub(super) fn plan_of(folder: &Path) -> Option<Arc<Plan>> {
    let path = folder.join("runbook.md");
    let bytes = std::fs::read(&path).ok()?;
    start::plan(&Source { path: path.display().to_string(), bytes }).ok()
}

/// Reads the runbook that ran and the facts of a run, as far as they can be read.
pub fn recorded(folder: &Path) -> Option<(Arc<Plan>, Vec<Fact>)> {
    let plan = plan_of(folder)?;
    let place = LogPlace { log: folder.join("incident.jsonl"), folder: Some(folder.to_owned()), spares: Vec::new() };
    Some((plan, record::facts(&place).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts the recorded drill of the tests into a folder of runs, without its last lines if they are left out.
    fn put(root: &Path, name: &str, left_out: usize) {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let recording = Path::new("tests/fixtures/recording");
        std::fs::copy(recording.join("runbook.md"), folder.join("runbook.md")).unwrap();
        let log = std::fs::read_to_string(recording.join("incident.jsonl")).unwrap();
        let lines: Vec<&str> = log.split_inclusive('\n').collect();
        std::fs::write(folder.join("incident.jsonl"), lines[..lines.len() - left_out].concat()).unwrap();
    }

    #[test]
    fn a_run_that_was_left_says_what_it_waits_for_and_one_that_is_over_how_it_went() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "a-whole", 0);
        let (unfinished, ended) = runs(&[Runs::at(root.path())]);
        assert_eq!((unfinished.len(), ended.len()), (0, 1));
        let name = runbook_of(&ended[0]);
        assert!(matches!(last_drill(&ended, &name), LastDrill::Met(text) if text.contains("RTO MET")));
        assert_eq!(last_drill(&ended, "another"), LastDrill::Never);
        assert_eq!(described(&ended[0]).waits, "");

        put(root.path(), "b-left", 40);
        let (unfinished, _) = runs(&[Runs::at(root.path()), Runs::at(root.path())]);
        assert_eq!(unfinished.len(), 1, "a folder that is named twice is listed once");
        let left = described(&unfinished[0]);
        assert_eq!(left.standing, "not over; its engine is gone");
        assert!(!left.waits.is_empty() && left.clock.is_some(), "{left:?}");
    }
}
