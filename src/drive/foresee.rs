//! The live forecast, on a thread of its own: what earlier runs teach, the facts as they come, a simulation now and then.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::history::{Kind, gather};
use crate::clock::Clock;
use crate::engine::{Fact, Followed, History, LIVE_ROUNDS, Opened, StepState};
use crate::kernel::Stamp;
use crate::runbook::Plan;
use crate::store::Runs;
use crate::ui::{Effects, Msg, choices};

/// How often it is worked out again while nothing happens: what goes on takes longer all the while.
const AGAIN: Duration = Duration::from_secs(2);

/// At most one forecast in this time.
const PAUSE: Duration = Duration::from_millis(500);

/// It takes at most this part of a processor.
const PART: u32 = 10;

/// Follows a run and tells its forecast, until no more facts come. `folder` is the run's; the runs beside it teach.
pub(super) fn follow(
    (plan, opened): (Arc<Plan>, &Opened),
    folder: &Path,
    clock: Clock,
    facts: &mpsc::Receiver<Arc<Fact>>,
    tell: &impl Fn(Msg),
) {
    let Some(root) = folder.parent() else { return };
    let gathered = gather(&Runs::at(root), &Kind::of(opened), &opened.runbook_sha256, Some(&opened.run));
    if gathered.history.is_empty() {
        return;
    }
    tell(Msg::Usual(Arc::new(gathered.history.usual(&plan))));
    let mut followed = Followed::new(plan);
    let mut told = None;
    let mut told_of_choices = None;
    loop {
        match facts.recv_timeout(AGAIN) {
            Ok(fact) => {
                for fact in std::iter::once(fact).chain(facts.try_iter()) {
                    if followed.learn(&fact).is_err() {
                        return;
                    }
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
        let began = Instant::now();
        let outlook = followed.outlook(&gathered.history, clock.now(), LIVE_ROUNDS);
        if told.as_ref() != Some(&outlook) {
            told = Some(outlook.clone());
            tell(Msg::Outlook(outlook));
        }
        let effects = effects(&followed, &gathered.history, clock.now());
        if effects != told_of_choices {
            told_of_choices.clone_from(&effects);
            tell(Msg::Effects(effects));
        }
        // Facts wait meanwhile, and nobody waits for them.
        std::thread::sleep(PAUSE.max(began.elapsed() * PART));
    }
}

/// Forecasts what each choice after a failure would lead to, where one is to be made.
fn effects(followed: &Followed, history: &History, now: Stamp) -> Option<Effects> {
    let run = followed.run();
    let strand = run.focus()?;
    let StepState::Failed { .. } = run.state(strand)? else { return None };
    let of = choices(run, strand).into_iter();
    let of = of.map(|(command, intent)| (command, followed.outlook_if(&intent, history, now, LIVE_ROUNDS)));
    Some(Effects { step: run.strand_id(strand)?, of: of.collect() })
}
