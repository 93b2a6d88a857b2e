//! A run whose screens are in processes of their own: the engine works it, and tells whoever looks.

use std::sync::Arc;
use std::time::Duration;

use super::anchor::{Anchorer, Told};
use super::blind;
use super::host::{Closing, Finale, Heard, WAYS_OUT};
use super::hub::Hub;
use super::practice::Practice;
use super::start::{Ready, signed};
use super::wire::{Health, ToScreen};
use crate::kernel::SafeText;
use crate::report::{Customers, summary};
use crate::store::{self, LogNews, LogPlace, Signing};

/// How long the end of a run waits for its last anchor.
const LAST_ANCHOR: Duration = Duration::from_secs(10);

/// Works a run to its end, whether anybody looks or not. The summary is the last that screens hear of it here.
pub async fn work(ready: Ready, hub: Hub, practice: Option<Arc<Practice>>) -> Finale {
    let Ready { host, beginning, past, mut heard, signing, folder, anchorer, .. } = ready;
    for fact in past {
        hub.tell(&ToScreen::fact(&fact));
    }
    let teller = hub.clone();
    let told = tokio::spawn(async move {
        let mut health = match &signing {
            Signing::Delegated { .. } => Health::Sound,
            Signing::Unsigned { .. } => Health::Unsigned,
        };
        let mut opening = Some(ToScreen::Said(format!("Log {}", signed(&signing))));
        while let Some(heard) = heard.recv().await {
            match heard {
                Heard::Facts(facts) => {
                    for fact in facts {
                        teller.tell(&ToScreen::fact(&fact));
                    }
                    teller.tell(&ToScreen::Log(health));
                    if let Some(opening) = opening.take() {
                        teller.tell(&opening);
                    }
                }
                Heard::Refused(why) => teller.tell(&ToScreen::Refused(why)),
                Heard::Log(LogNews::Delegated(by)) => {
                    if health == Health::Unsigned {
                        health = Health::Sound;
                        teller.tell(&ToScreen::Log(health));
                    }
                    teller.tell(&ToScreen::Said(format!("Log signed by {by}")));
                }
                Heard::Log(news) => {
                    let words;
                    (health, words) = match news {
                        LogNews::GoesOn(path) => (
                            Health::Elsewhere,
                            format!("The log could not be written; it goes on in {}.", path.display()),
                        ),
                        LogNews::Halted(why) => (
                            Health::Halted,
                            format!(
                                "THE LOG CAN'T BE WRITTEN: {why}. Nothing is started, what runs goes on. {WAYS_OUT}"
                            ),
                        ),
                        LogNews::InMemory => {
                            (Health::InMemory, "The log is in memory only until there is a place for it.".to_owned())
                        }
                        LogNews::Delegated(_) => continue,
                    };
                    teller.tell(&ToScreen::Log(health));
                    teller.tell(&ToScreen::Refused(words));
                }
                Heard::LogLost(why) => {
                    teller.tell(&ToScreen::Log(Health::Lost));
                    teller.tell(&ToScreen::Refused(format!("{why}. Nothing more is started.")));
                }
            }
        }
    });
    let finale = host.work(beginning).await;
    told.await.ok();
    let mut lines = blind::concluded(&finale.run, &folder);
    // What only the customers know would tell a team what is broken that is still looking for it.
    let practice = practice.filter(|_| !blind::is_left(&finale.run));
    let customers = customers(practice.as_deref()).await;
    lines.extend(summary(&finale.run, customers.as_ref()));
    lines.extend(closing(&finale.log, &folder.place()));
    lines.extend(anchored(anchorer).await);
    hub.tell(&ToScreen::Summary(lines));
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

/// Anchors the log as it ended, if a place for that is configured, and says what came of it as lines of the summary.
pub async fn anchored(anchorer: Option<Anchorer>) -> Vec<String> {
    let Some(anchorer) = anchorer else { return Vec::new() };
    let Ok(Told { anchored, failed }) = tokio::time::timeout(LAST_ANCHOR, anchorer.send()).await else {
        return vec!["anchor NOT ANCHORED: nobody answered in time; `lifeboat log anchor` sends what waits".to_owned()];
    };
    let failed = failed.into_iter().map(|why| format!("NOT ANCHORED: {why}; `lifeboat log anchor` sends what waits"));
    anchored.into_iter().chain(failed).map(|text| format!("anchor {}", SafeText::line(&text))).collect()
}

/// Says how the log was closed, as lines of the summary; of a sealed one also its digest in words.
pub fn closing(log: &Closing, place: &LogPlace) -> Vec<String> {
    match log {
        Closing::Sealed(by) => {
            let words = store::in_words(place)
                .map(|words| format!("words {words}: read them out, `lifeboat log verify` says the same"));
            std::iter::once(format!("log   SEALED by {by}")).chain(words).collect()
        }
        Closing::Open(why) => vec![format!("log   OPEN, not sealed: {why}")],
        Closing::Lost(why) => vec![format!("log   LOST: {why}")],
    }
}
