//! CloudTrail: who called what, with which parameters. It keeps management events, not those of objects.

use serde_json::Value;

use super::place::Region;
use super::time::Moment;

/// How many events are kept; CloudTrail keeps ninety days.
const MOST_EVENTS: usize = 2_000;

/// Is one event.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailEvent {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Moment,
    /// Where.
    pub region: Region,
    /// The service, as `rds.amazonaws.com`.
    pub source: &'static str,
    /// The call.
    pub name: String,
    /// Who called.
    pub user: &'static str,
    /// What the caller runs.
    pub agent: &'static str,
    /// The name of what it was about.
    pub resource: String,
    /// The parameters of the call.
    pub parameters: Value,
}

/// Is the trail, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Trail(Vec<TrailEvent>);

impl Trail {
    /// Takes in an event.
    pub fn push(&mut self, event: TrailEvent) {
        if self.0.len() >= MOST_EVENTS {
            self.0.remove(0);
        }
        self.0.push(event);
    }

    /// Lists the events of a region, newest first.
    pub fn of(&self, region: Region) -> impl Iterator<Item = &TrailEvent> {
        self.0.iter().rev().filter(move |event| event.region == region)
    }
}
