//! Facts of an exercise: what the team sees of its facilitator, what only the facilitator's own log holds, and how the
//! first can't be read early nor the second changed late.
//!
//! The run's log holds a salted digest of each inject from its start. Salts and injects are in the facilitator's log,
//! and are disclosed when the run is over: whoever has both compares them with [`compared`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Event;
use crate::kernel::{RunId, Sha256Hex, sha256_hex};

/// Is what an exercise adds to a run's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Exercise {
    /// Somebody facilitates; these injects may come.
    Committed {
        /// One digest an inject, in the order of the list.
        injects: Vec<Commitment>,
    },
    /// The team was told something.
    Announced {
        /// As part of which inject; `None` if of none.
        inject: Option<u32>,
        /// The words.
        text: String,
        /// Who told them.
        by: String,
    },
    /// The exercise was paused, for safety or for teaching. The RTO clock goes on.
    Paused {
        /// Why.
        why: String,
        /// Who paused it.
        by: String,
    },
    /// The exercise goes on.
    WentOn {
        /// Who says so.
        by: String,
    },
    /// The team was not told what is broken, and chose this runbook by itself.
    Blind(Box<Blind>),
}

/// Says how a team came to the runbook of a run, in a drill that does not say what is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// The digest of what is broken: [`Disclosure::digest`] of a [`Broken`], under the number [`BROKEN`].
    pub sha256: Sha256Hex,
    /// When alarms and runbooks were put before the team.
    pub shown_at: DateTime<Utc>,
    /// When it chose this runbook.
    pub chosen_at: DateTime<Utc>,
    /// The runbooks that it chose before and left again, in order.
    pub before: Vec<Abandoned>,
}

impl Blind {
    /// Was each runbook chosen after the one before was left, and the first after there was a choice?
    pub fn is_in_order(&self) -> bool {
        let times = self.before.iter().flat_map(|left| [left.chosen_at, left.left_at]);
        std::iter::once(self.shown_at).chain(times).chain([self.chosen_at]).is_sorted()
    }
}

/// Is a runbook that a team chose and left again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandoned {
    /// Its run, which has a log of its own.
    pub run: RunId,
    /// The runbook.
    pub runbook: String,
    /// The scenario that it is for.
    pub scenario: String,
    /// When it was chosen.
    pub chosen_at: DateTime<Utc>,
    /// When it was left.
    pub left_at: DateTime<Utc>,
}

/// Is the number under which a blind drill commits to what is broken: no inject has it.
pub const BROKEN: u32 = 0;

/// Is what a blind drill hides: what is broken. Its JSON is what the log holds a digest of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broken {
    /// The scenario.
    pub scenario: String,
    /// The faults besides, as the practice estate takes them.
    pub faults: Vec<String>,
}

impl Broken {
    /// Makes what is to be disclosed of it, with a salt.
    pub fn hidden(&self, salt: String) -> Disclosure {
        // Texts and lists of them are always JSON.
        Disclosure { inject: BROKEN, salt, text: serde_json::to_string(self).unwrap_or_default() }
    }

    /// Reads what was disclosed, if it is of this kind.
    pub fn of(disclosed: &Disclosure) -> Option<Self> {
        (disclosed.inject == BROKEN).then(|| serde_json::from_str(&disclosed.text).ok())?
    }
}

/// Is the digest of an inject, before anybody may know what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// The inject's number in its list, from 1.
    pub inject: u32,
    /// [`Disclosure::digest`].
    pub sha256: Sha256Hex,
}

/// Is an inject, with what its digest was salted with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    /// The inject's number in its list, from 1.
    pub inject: u32,
    /// Random, so that nobody finds the text by trying.
    pub salt: String,
    /// The inject as JSON, exactly as its digest was made.
    pub text: String,
}

impl Disclosure {
    /// Returns the SHA-256 over a line with the format's name, lines with number and salt, and the text.
    pub fn digest(&self) -> Sha256Hex {
        let Self { inject, salt, text } = self;
        // A line feed in the salt would make two readings of the same bytes: its length stands before it.
        sha256_hex(format!("lifeboat-inject/1\n{inject}\n{}\n{salt}\n{text}", salt.len()).as_bytes())
    }

    /// Commits to it.
    pub fn commitment(&self) -> Commitment {
        Commitment { inject: self.inject, sha256: self.digest() }
    }
}

/// Says what became of the promise that an inject is what it was at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is what it was.
    Kept,
    /// It is something else.
    Changed,
    /// Nobody disclosed it.
    Hidden,
    /// It was disclosed, and nothing at the start speaks of it.
    Added,
    /// It was disclosed more than once, in different words.
    Disputed,
}

/// Compares what was promised with what was disclosed, by the number of the inject.
pub fn compared(committed: &[Commitment], disclosed: &[Disclosure]) -> BTreeMap<u32, Fate> {
    let mut fates = BTreeMap::new();
    for commitment in committed {
        let promised = committed.iter().filter(|other| other.inject == commitment.inject).count();
        let of: Vec<_> = disclosed.iter().filter(|disclosure| disclosure.inject == commitment.inject).collect();
        let fate = match of.as_slice() {
            [] => Fate::Hidden,
            [first, rest @ ..] if promised > 1 || rest.iter().any(|other| other != first) => Fate::Disputed,
            [first, ..] if first.digest() == commitment.sha256 => Fate::Kept,
            _ => Fate::Changed,
        };
        fates.insert(commitment.inject, fate);
    }
    for disclosure in disclosed {
        fates.entry(disclosure.inject).or_insert(Fate::Added);
    }
    fates
}

/// Is a fact of a facilitator's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Facilitation {
    /// The exercise was prepared: all injects, with their salts.
    Prepared {
        /// The run.
        run: RunId,
        /// SHA-256 of the runbook that it works.
        runbook_sha256: Sha256Hex,
        /// Where the list of injects came from.
        list: String,
        /// What the exercise is for.
        title: String,
        /// The injects.
        injects: Vec<Disclosure>,
        /// What is broken, in a drill that does not tell the team.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        broken: Option<Disclosure>,
    },
    /// An inject may have come: recorded before anything of it happens, so it never comes twice by itself.
    Fired(Fired),
    /// What an inject was to do did not happen.
    Refused {
        /// The inject.
        inject: u32,
        /// Why.
        why: String,
    },
    /// The facilitator saw whether something expected was done.
    Observed {
        /// The inject.
        inject: u32,
        /// Which of its expectations, from 1.
        expectation: u32,
        /// Was it?
        mark: Mark,
        /// What is to be said about it.
        note: Option<String>,
        /// Who saw it.
        by: String,
    },
    /// The facilitator noted something.
    Noted {
        /// What.
        text: String,
        /// Who.
        by: String,
    },
    /// The facilitator gave points.
    Scored {
        /// For what.
        area: String,
        /// How many: 1 to 5.
        points: u8,
        /// Why.
        note: Option<String>,
        /// Who.
        by: String,
    },
    /// The facilitator ended the exercise: nothing more comes.
    Closed {
        /// Who.
        by: String,
    },
}

/// Says how an inject came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// The inject.
    pub inject: u32,
    /// By what.
    pub how: HowFired,
    /// The last line of the run's log that was seen by then.
    pub after_seq: u64,
    /// Who facilitates.
    pub by: String,
}

/// Says what made an inject come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HowFired {
    /// Its time.
    Time,
    /// What it waited for.
    Trigger,
    /// The facilitator.
    Hand,
}

/// Says whether something expected was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// In time.
    Met,
    /// Too late.
    Late,
    /// Not at all.
    Missed,
    /// Nobody saw whether.
    NotSeen,
}

impl Mark {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Late => "late",
            Self::Missed => "missed",
            Self::NotSeen => "not seen",
        }
    }
}

/// Tells whether there are facts of this kind.
pub fn is_kind(kind: &str) -> bool {
    let Err(error) = serde_json::from_value::<Event>(serde_json::json!({ "k": kind })) else { return true };
    !error.to_string().starts_with("unknown variant")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn facts_are_known_by_their_kinds() {
        assert!(is_kind("note-added") && is_kind("exercise") && is_kind("step-started"));
        assert!(!is_kind("no-such") && !is_kind(""));
        let event = Event::Exercise(Exercise::WentOn { by: "eve".into() });
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(text, r#"{"k":"exercise","what":"went-on","by":"eve"}"#);
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }

    #[test]
    fn injects_that_nobody_discloses_or_that_are_new_are_seen() {
        let of = |inject: u32, text: &str| Disclosure { inject, salt: "s".into(), text: text.into() };
        let committed = [of(1, "a").commitment(), of(2, "b").commitment()];
        let fates = compared(&committed, &[of(1, "a"), of(3, "c")]);
        assert_eq!(fates, BTreeMap::from([(1, Fate::Kept), (2, Fate::Hidden), (3, Fate::Added)]));
        let fates = compared(&committed, &[of(1, "a"), of(1, "z"), of(2, "b"), of(2, "b")]);
        assert_eq!(fates, BTreeMap::from([(1, Fate::Disputed), (2, Fate::Kept)]));
        assert_eq!(compared(&[], &[]), BTreeMap::new());
    }

    #[test]
    fn what_is_broken_is_no_inject_and_comes_back_as_it_was() {
        let broken = Broken { scenario: "region-failure".into(), faults: vec!["slow-api@+3m".into()] };
        let hidden = broken.hidden("s".into());
        assert_eq!(Broken::of(&hidden), Some(broken));
        assert_eq!(Broken::of(&Disclosure { inject: 1, ..hidden }), None);
    }

    fn disclosure() -> impl Strategy<Value = Disclosure> {
        (1..100u32, "[0-9a-f\\n]{0,12}", "\\PC{0,40}").prop_map(|(inject, salt, text)| Disclosure {
            inject,
            salt,
            text,
        })
    }

    proptest! {
        #[test]
        fn any_change_is_noticed(
            list in prop::collection::vec(disclosure(), 1..6),
            at in any::<prop::sample::Index>(),
            other in disclosure(),
            what in 0..4u8,
        ) {
            let list: Vec<_> = list.into_iter().zip(1..).map(|(one, inject)| Disclosure { inject, ..one }).collect();
            let committed: Vec<_> = list.iter().map(Disclosure::commitment).collect();
            prop_assert!(compared(&committed, &list).values().all(|fate| *fate == Fate::Kept));
            let at = at.index(list.len());
            let mut changed = list.clone();
            match what {
                0 => changed[at].salt = other.salt,
                1 => changed[at].text = other.text,
                // What lies at the border of two parts can't move from one to the other.
                2 => {
                    let moved = changed[at].salt.pop();
                    changed[at].text = moved.into_iter().collect::<String>() + &changed[at].text;
                }
                _ => drop(changed.remove(at)),
            }
            let kept = compared(&committed, &changed).values().all(|fate| *fate == Fate::Kept);
            prop_assert_eq!(kept, changed == list);
        }
    }
}
