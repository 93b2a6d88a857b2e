//! What a team sees that is not told what is broken: a page of monitoring, and which runbooks it left again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::kernel::{SafeText, clock};
use crate::settings::theme::Role;

/// Is what the monitoring says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Monitoring {
    /// How many of the requests that it remembers failed.
    pub failed: u32,
    /// How many it remembers.
    pub asked: u32,
    /// What it found first.
    pub found: Option<Finding>,
    /// What the alarms of each region say.
    pub regions: Vec<Region>,
}

/// Is something that the monitoring found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Finding {
    /// Since when.
    pub since: DateTime<Utc>,
    /// What.
    pub says: String,
}

/// Is what CloudWatch says in a region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Its alarms; `None` where it does not answer.
    pub alarms: Option<Vec<Alarm>>,
}

/// Is an alarm of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What it is for.
    pub about: Option<String>,
}

/// Holds what a team knows before it has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blind {
    /// What the monitoring said last, or why nothing.
    pub monitoring: Option<Result<Monitoring, String>>,
    /// The runbooks that were opened and left again, and how long the team was in each.
    pub left: Vec<(String, Duration)>,
    /// Whether it was asked to end the drill.
    pub(super) ending: Ending,
}

/// Is one thing that a team knows before it has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// How it looks.
    pub role: Role,
    /// What it is about.
    pub about: String,
    /// What is known of that.
    pub text: String,
}

/// Says whether a team wants to end the drill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nobody does.
    #[default]
    No,
    /// Somebody asked for it, and is asked whether that is meant.
    Asked,
}

impl Blind {
    /// Begins with what was opened and left before.
    pub fn new(left: Vec<(String, Duration)>) -> Self {
        Self { left, ..Self::default() }
    }

    /// Says what is known, one thing after the other.
    pub fn known(&self, now: DateTime<Utc>) -> Vec<Known> {
        let mut known = Vec::new();
        let mut say = |role: Role, about: &str, text: &str| {
            let safe = |text: &str| SafeText::line(text).into_string();
            known.push(Known { role, about: safe(about), text: safe(text) });
        };
        match &self.monitoring {
            None => say(Role::Dim, "Customers", "the monitoring is being asked"),
            Some(Err(why)) => say(Role::Warn, "Customers", &format!("the monitoring does not answer: {why}")),
            Some(Ok(monitoring)) => {
                let (failed, asked) = (monitoring.failed, monitoring.asked);
                let role = if failed > 0 { Role::Fail } else { Role::Ok };
                say(role, "Customers", &format!("{failed} of their last {asked} requests failed"));
                match &monitoring.found {
                    Some(found) => say(Role::Warn, "Found", &format!("{}, {}", found.says, ago(found.since, now))),
                    None => say(Role::Dim, "Found", "nothing yet"),
                }
                for region in &monitoring.regions {
                    match &region.alarms {
                        None => say(Role::Warn, &region.name, "CloudWatch does not answer"),
                        Some(alarms) if alarms.is_empty() => say(Role::Dim, &region.name, "no alarm stands"),
                        Some(alarms) => {
                            for alarm in alarms {
                                let (role, text) = shown(alarm, now);
                                say(role, &region.name, &text);
                            }
                        }
                    }
                }
            }
        }
        say(Role::Dim, "Onset", "nobody has said it; the RTO clock runs from it all the same");
        for (runbook, stayed) in &self.left {
            say(Role::Text, "Left", &format!("{runbook}, after {} in it", clock(*stayed)));
        }
        known
    }
}

fn ago(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let ago = now.signed_duration_since(since).to_std().unwrap_or_default();
    format!("{} ago", clock(ago))
}

fn shown(alarm: &Alarm, now: DateTime<Utc>) -> (Role, String) {
    let about = alarm.about.as_ref().map(|about| format!(": {about}")).unwrap_or_default();
    match alarm.state.as_str() {
        "ALARM" => (Role::Fail, format!("ALARM {}{about}, {}", alarm.name, ago(alarm.since, now))),
        "OK" => (Role::Ok, format!("OK {}", alarm.name)),
        _ => (Role::Warn, format!("no data for {}{about}", alarm.name)),
    }
}
