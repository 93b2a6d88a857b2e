//! A run with a person at the screen: the screen has this thread, the engine the runtime's.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::host::{Closing, Finale, Heard};
use super::practice::Practice;
use super::start::{Ready, signed};
use crate::engine::{Input, Notice};
use crate::report::{Customers, summary};
use crate::settings::theme::Theme;
use crate::store::Signing;
use crate::term::{self, Exit, Feed, Inbox, Suspend, TermError};
use crate::ui::{LogHealth, Model, Msg, Output};

/// How long a run that lost its screen may take to write its last lines.
const LAST_LINES: Duration = Duration::from_secs(10);

/// Shows the run until the operator leaves; returns how the screen ended and, if the run ended too, its finale.
///
/// # Errors
/// When there is no terminal or it does not work; nothing was executed then.
pub fn show(
    runtime: &Runtime,
    ready: Ready,
    (feed, screen_inbox): (Feed, Inbox),
    practice: Option<Arc<Practice>>,
    theme: &Theme,
    by: &str,
) -> Result<(Exit, Option<Finale>), TermError> {
    let Ready { plan, host, beginning, past, inbox, heard, folder, signing, clock } = ready;
    let log_path = folder.log().display().to_string();
    let local = chrono::Offset::fix(chrono::Local::now().offset());
    let mut model = Model::run(plan, log_path, theme, clock.now()).in_local_time(local);
    for fact in past {
        feed.send(Msg::Fact(fact));
    }
    feed.send(Msg::Say(format!("Log {}", signed(&signing))));
    let working = runtime.spawn(work(feed, signing, heard, practice, async move { host.work(beginning).await }));
    let mut wish = |output: Output| {
        if let Output::Intent(intent) = output {
            // A host that ended takes no more wishes; the summary is on the screen then.
            drop(inbox.send(Input::Operator { by: by.to_owned(), intent }));
        }
    };
    let exit = term::run(&mut model, screen_inbox, Suspend::Refused, &mut wish, &|| clock.now())?;
    if !model.run_screen().is_some_and(crate::ui::RunScreen::is_ended) {
        drop(inbox.send(Input::Host(Notice::ScreenLost)));
    }
    Ok((exit, finish(runtime, working)))
}

/// Hands what the engine says to the screen, and the summary at the end.
async fn work(
    feed: Feed,
    signing: Signing,
    mut heard: tokio::sync::mpsc::UnboundedReceiver<Heard>,
    practice: Option<Arc<Practice>>,
    host: impl Future<Output = Finale> + Send + 'static,
) -> Finale {
    let to_screen = feed.clone();
    let told = tokio::spawn(async move {
        while let Some(heard) = heard.recv().await {
            match heard {
                Heard::Facts(facts) => {
                    for fact in facts {
                        to_screen.send(Msg::Fact(fact));
                    }
                    to_screen.send(Msg::Log(match signing {
                        Signing::Delegated { .. } => LogHealth::Sound { age: Duration::ZERO },
                        Signing::Unsigned { .. } => LogHealth::Unsigned { age: Duration::ZERO },
                    }));
                }
                Heard::Refused(why) => to_screen.send(Msg::Refused(why)),
                Heard::LogLost(why) => {
                    to_screen.send(Msg::Log(LogHealth::Lost));
                    to_screen.send(Msg::Refused(format!("{why}. Nothing more is started.")));
                }
            }
        }
    });
    let finale = host.await;
    told.await.ok();
    let customers = customers(practice.as_deref()).await;
    let mut lines = summary(&finale.run, customers.as_ref());
    lines.push(closing(&finale.log));
    feed.send(Msg::Summary(lines));
    finale
}

/// Asks the estate what its customers saw; without an estate nobody knows.
pub async fn customers(practice: Option<&Practice>) -> Option<Customers> {
    match practice?.customers().await {
        Ok(customers) => Some(customers),
        Err(error) => {
            tracing::warn!(%error, "the customers' own record could not be had");
            None
        }
    }
}

/// Says how the log was closed, as a line of the summary.
pub fn closing(log: &Closing) -> String {
    match log {
        Closing::Sealed(by) => format!("log   SEALED by {by}"),
        Closing::Open(why) => format!("log   OPEN, not sealed: {why}"),
        Closing::Lost(why) => format!("log   LOST: {why}"),
    }
}

fn finish(runtime: &Runtime, working: JoinHandle<Finale>) -> Option<Finale> {
    runtime.block_on(async { tokio::time::timeout(LAST_LINES, working).await.ok()?.ok() })
}
