//! A run with nobody at the keyboard: lines instead of screens, a script instead of a person.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

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

/// What happens within this is told in one go while lifeboat itself is at work: nobody reads faster, and to be woken for
/// every fact would take the processor from the run.
const BREATH: Duration = Duration::from_millis(5);

/// So much is told in one go.
const MOST: usize = 256;

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
        let mut came = Vec::new();
        match tokio::time::timeout(PATIENCE, heard.recv_many(&mut came, MOST)).await {
            Ok(1..) => {}
            Ok(0) => return,
            Err(_) => {
                say(inbox, &run, Intent::Stop { reason: format!("nothing happened for {}", clock(PATIENCE)) });
                continue;
            }
        }
        let mut text = Vec::new();
        let mut now = None;
        let mut over = false;
        for next in came {
            match next {
                Heard::Facts(facts) => {
                    for fact in facts {
                        if let Event::StepFailed { .. } = fact.event {
                            failures += 1;
                        }
                        if evolve(&mut run, &fact).is_err() {
                            lines.say(&text);
                            return;
                        }
                        let at = fact.at.utc;
                        now = Some(at);
                        let since = run.elapsed(at).map(clock).unwrap_or_default();
                        text.push(format!("{} {since:>7}  {}", at.format("%H:%M:%S"), narrate(&fact.event)));
                    }
                }
                Heard::Refused(why) => text.push(format!("                  refused: {}", SafeText::line(&why))),
                Heard::Log(news) => text.push(match news {
                    LogNews::GoesOn(path) => {
                        format!("LOG GOES ON in {}", SafeText::line(&path.display().to_string()))
                    }
                    LogNews::Halted(why) => format!("LOG HALTED: {}; nothing is started", SafeText::line(&why)),
                    LogNews::InMemory => "LOG IN MEMORY ONLY".to_owned(),
                    LogNews::Delegated(by) => format!("LOG signed by {by}"),
                }),
                Heard::LogLost(why) => {
                    text.push(format!("LOG LOST: {}; nothing more is started", SafeText::line(&why)));
                    over = true;
                }
            }
        }
        lines.say(&text);
        if over || matches!(run.stage, Stage::Ended(_)) {
            return;
        }
        let Some(now) = now else { continue };
        // Facts that change nothing here may come between a wish and its answer: it is not repeated.
        let state = || run.focus().map(|strand| (strand, run.state(strand).cloned()));
        let wish = script::next(&run, failures, answers, now).map(|intent| (intent, state()));
        if wish.is_none() {
            tokio::time::sleep(BREATH).await;
        }
        if wish != asked {
            asked = wish;
            if let Some((intent, _)) = &asked {
                say(inbox, &run, intent.clone());
            }
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
    fn say(&mut self, text: &[String]) {
        let Self::To(out) = self else { return };
        if text.is_empty() {
            return;
        }
        if let Err(error) = writeln!(out, "{}", text.join("\n")).and_then(|()| out.flush()) {
            tracing::warn!(%error, "standard output is gone");
            *self = Self::Gone;
        }
    }
}
