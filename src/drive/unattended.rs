//! A run with nobody at the keyboard: lines instead of screens, a script instead of a person.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use chrono::DateTime;
use tokio::sync::mpsc;

use super::host::Heard;
use super::script;
use crate::engine::{Event, Input, Intent, Mode, Run, Stage, evolve};
use crate::kernel::{SafeText, clock};
use crate::report::narrate;
use crate::store::LogNews;

/// The name under which a drill's script acts.
const SCRIPT: &str = "drill-script";

/// The name under which a real run goes on through what only observes.
const NOBODY: &str = "unattended";

/// How long nothing may happen before the script gives the run up.
const PATIENCE: Duration = Duration::from_mins(30);

/// Prints what happens, line by line, and does what the script does, until the run ended or its log is lost.
///
/// Where nobody reads the lines any more the run goes on without them: the record is the log.
pub async fn attend(
    mut run: Run,
    mut heard: mpsc::UnboundedReceiver<Heard>,
    inbox: &mpsc::UnboundedSender<Input>,
    answers: &BTreeMap<String, String>,
    out: &mut (impl Write + Send),
) {
    let mut lines = Lines::To(out);
    let mut failures = 0;
    let mut asked = None;
    loop {
        let next = match tokio::time::timeout(PATIENCE, heard.recv()).await {
            Ok(Some(next)) => next,
            Ok(None) => return,
            Err(_) => {
                say(inbox, &run, Intent::Stop { reason: format!("nothing happened for {}", clock(PATIENCE)) });
                continue;
            }
        };
        match next {
            Heard::Facts(facts) => {
                let mut now = DateTime::default();
                let mut text = Vec::with_capacity(facts.len());
                for fact in facts {
                    now = fact.at.utc;
                    if let Event::StepFailed { .. } = fact.event {
                        failures += 1;
                    }
                    if evolve(&mut run, &fact).is_err() {
                        return;
                    }
                    let at = fact.at.utc;
                    let since = run.elapsed(at).map(clock).unwrap_or_default();
                    text.push(format!("{} {since:>7}  {}", at.format("%H:%M:%S"), narrate(&fact.event)));
                }
                lines.say(&text.join("\n"));
                // Facts that change nothing here may come between a wish and its answer: it is not repeated.
                let state = || run.focus().map(|strand| (strand, run.state(strand).cloned()));
                let wish = script::next(&run, failures, answers, now).map(|intent| (intent, state()));
                if wish != asked {
                    asked = wish;
                    if let Some((intent, _)) = &asked {
                        say(inbox, &run, intent.clone());
                    }
                }
            }
            Heard::Refused(why) => lines.say(&format!("                  refused: {}", SafeText::line(&why))),
            Heard::Log(news) => lines.say(&match news {
                LogNews::GoesOn(path) => format!("LOG GOES ON in {}", SafeText::line(&path.display().to_string())),
                LogNews::Halted(why) => format!("LOG HALTED: {}; nothing is started", SafeText::line(&why)),
                LogNews::InMemory => "LOG IN MEMORY ONLY".to_owned(),
                LogNews::Delegated(by) => format!("LOG signed by {by}"),
            }),
            Heard::LogLost(why) => {
                lines.say(&format!("LOG LOST: {}; nothing more is started", SafeText::line(&why)));
                return;
            }
        }
        if matches!(run.stage, Stage::Ended(_)) {
            return;
        }
    }
}

fn say(inbox: &mpsc::UnboundedSender<Input>, run: &Run, intent: Intent) {
    let drill = run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Drill);
    let by = if drill { SCRIPT } else { NOBODY }.to_owned();
    // A host that ended has closed its inbox; there is nothing left to ask.
    drop(inbox.send(Input::Operator { by, intent }));
}

/// Is where the lines go, as long as somebody reads them.
enum Lines<'w, W> {
    To(&'w mut W),
    Gone,
}

impl<W: Write> Lines<'_, W> {
    fn say(&mut self, line: &str) {
        let Self::To(out) = self else { return };
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
            tracing::warn!(%error, "standard output is gone");
            *self = Self::Gone;
        }
    }
}
