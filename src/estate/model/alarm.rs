//! CloudWatch's alarms: a metric, a threshold, and how many periods in a row change their mind.

use super::metric::Metric;
use super::place::{REPLICA_DB, Region};
use super::time::{Moment, SECOND};
use super::world::World;
use crate::kernel::counted;

/// How much of an alarm's history is kept.
const LONGEST_HISTORY: usize = 100;

/// Says what an alarm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All is well.
    Fine,
    /// The threshold is passed.
    Alarm,
    /// Nothing is measured.
    Insufficient,
}

impl State {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "OK",
            Self::Alarm => "ALARM",
            Self::Insufficient => "INSUFFICIENT_DATA",
        }
    }

    /// Finds the state of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Fine, Self::Alarm, Self::Insufficient].into_iter().find(|state| state.name() == name)
    }
}

/// Says when a value is beyond a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Above it.
    Above,
    /// Above it, or it.
    AtLeast,
    /// Below it.
    Below,
    /// Below it, or it.
    AtMost,
}

impl Comparison {
    /// Every one with AWS's word for it.
    const ALL: [(Self, &'static str); 4] = [
        (Self::Above, "GreaterThanThreshold"),
        (Self::AtLeast, "GreaterThanOrEqualToThreshold"),
        (Self::Below, "LessThanThreshold"),
        (Self::AtMost, "LessThanOrEqualToThreshold"),
    ];

    /// Returns AWS's word for it.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// Finds the comparison of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(comparison, _)| comparison)
    }

    fn is_beyond(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value < threshold,
            Self::AtMost => value <= threshold,
        }
    }
}

/// Says what it means that nothing is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// That nothing is known.
    Missing,
    /// That all is well.
    Fine,
    /// That the threshold is passed.
    Beyond,
    /// Nothing: the alarm says what it said.
    Ignored,
}

impl Gap {
    /// Every one with AWS's word for it.
    const ALL: [(Self, &'static str); 4] = [
        (Self::Missing, "missing"),
        (Self::Fine, "notBreaching"),
        (Self::Beyond, "breaching"),
        (Self::Ignored, "ignore"),
    ];

    /// Returns AWS's word for it.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// Finds the meaning of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(gap, _)| gap)
    }
}

/// Says whether an alarm tells anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actions {
    /// It does.
    Enabled,
    /// It does not.
    Disabled,
}

/// Is what somebody wants to be alarmed about.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is for.
    pub description: Option<String>,
    /// What is measured.
    pub metric: Metric,
    /// Which figure of a period, `Average`.
    pub statistic: String,
    /// Seconds of a period.
    pub period: i64,
    /// How many periods in a row decide.
    pub periods: u32,
    /// The threshold.
    pub threshold: f64,
    /// When a value is beyond it.
    pub comparison: Comparison,
    /// What it means that nothing is measured.
    pub gap: Gap,
    /// Who is told of an alarm, of its end, and of nothing measured: ARNs.
    pub told: [Vec<String>; 3],
}

/// Is one alarm.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub region: Region,
    /// What it watches.
    pub rule: Rule,
    /// Whether it tells anybody.
    pub actions: Actions,
    /// What it says.
    pub state: State,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Moment,
    /// When it was last written.
    pub written: Moment,
    /// What it said earlier: when, and in what words.
    pub history: Vec<(Moment, String)>,
    looked: Moment,
    in_a_row: u32,
    last: Option<State>,
}

impl Alarm {
    /// Makes one that has not looked yet.
    pub fn new(name: &str, region: Region, rule: Rule, actions: Actions, now: Moment) -> Self {
        Self {
            name: name.to_owned(),
            region,
            rule,
            actions,
            state: State::Insufficient,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            since: now,
            written: now,
            history: Vec::new(),
            looked: now,
            in_a_row: 0,
            last: None,
        }
    }

    /// Lets it say `state`, as it does until it looks again.
    pub fn say(&mut self, state: State, reason: String, now: Moment) {
        if state != self.state {
            self.history.push((now, format!("Alarm updated from {} to {}", self.state.name(), state.name())));
            if self.history.len() > LONGEST_HISTORY {
                self.history.remove(0);
            }
            self.since = now;
        }
        (self.state, self.reason) = (state, reason);
    }

    /// Takes in what one period measured; tells whether it changed its mind.
    fn look(&mut self, value: Option<f64>, now: Moment) -> bool {
        self.looked = now;
        let beyond = |value: f64| self.rule.comparison.is_beyond(value, self.rule.threshold);
        let seen = match (value, self.rule.gap) {
            (Some(value), _) if beyond(value) => State::Alarm,
            (Some(_), _) | (None, Gap::Fine) => State::Fine,
            (None, Gap::Beyond) => State::Alarm,
            (None, Gap::Missing) => State::Insufficient,
            (None, Gap::Ignored) => return false,
        };
        self.in_a_row = if self.last == Some(seen) { self.in_a_row.saturating_add(1) } else { 1 };
        self.last = Some(seen);
        // One good period ends an alarm; a bad one has to last.
        let enough = if seen == State::Fine { 1 } else { self.rule.periods };
        if self.in_a_row < enough || self.state == seen {
            return false;
        }
        let measured = value.map_or("no datapoints were received".to_owned(), |value| {
            let points = counted(self.in_a_row as usize, "datapoint");
            format!("{points}, the last of them {value}, against {}", self.rule.threshold)
        });
        self.say(seen, format!("Threshold Crossed: {measured}"), now);
        true
    }
}

impl World {
    /// Lets the alarms look whose period is over.
    pub(super) fn watch_metrics(&mut self) {
        let now = self.now();
        for at in 0..self.alarms.len() {
            let Some(alarm) = self.alarms.get(at) else { continue };
            if now.since(alarm.looked) < alarm.rule.period * SECOND || !self.is_up(alarm.region) {
                continue;
            }
            let value = alarm.rule.metric.at(self, alarm.region, now);
            let Some(alarm) = self.alarms.get_mut(at) else { continue };
            if alarm.look(value, now) {
                let line = format!("alarm {} says {}", alarm.name, alarm.state.name());
                self.tell(line);
            }
        }
    }
}

/// Makes the alarms of the reference stack.
pub(super) fn stock() -> Vec<Alarm> {
    let rule = |namespace: &str, name: &str, of: Vec<(String, String)>, threshold, periods, description: &str| Rule {
        description: Some(description.to_owned()),
        metric: Metric { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: of },
        statistic: "Maximum".to_owned(),
        period: 60,
        periods,
        threshold,
        comparison: Comparison::Above,
        gap: Gap::Missing,
        told: Default::default(),
    };
    let replica = vec![("DBInstanceIdentifier".to_owned(), REPLICA_DB.to_owned())];
    let lag = rule("AWS/RDS", "ReplicaLag", replica, 300.0, 3, "The recovery region's database is minutes behind");
    let hosts = rule("AWS/ApplicationELB", "UnHealthyHostCount", Vec::new(), 0.0, 2, "Machines of the shop fail");
    let make = |name: &str, region, rule| {
        let mut alarm = Alarm::new(name, region, rule, Actions::Enabled, Moment::START);
        alarm.say(State::Fine, "Threshold Crossed: 1 datapoint, not beyond the threshold".to_owned(), Moment::START);
        alarm.history.clear();
        alarm
    };
    vec![make("shop-replica-lag", Region::West, lag), make("shop-unhealthy-hosts", Region::East, hosts)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lag() -> Alarm {
        stock().remove(0)
    }

    #[test]
    fn an_alarm_needs_its_periods_and_ends_at_once() {
        let mut alarm = lag();
        let said: Vec<State> = [Some(400.0), Some(400.0), Some(400.0), Some(10.0), None, None, None]
            .into_iter()
            .map(|value| {
                alarm.look(value, Moment(60_000));
                alarm.state
            })
            .collect();
        let (fine, gap) = (State::Fine, State::Insufficient);
        assert_eq!(said, [fine, fine, State::Alarm, fine, fine, fine, gap]);
        assert_eq!(alarm.history.len(), 3);
    }

    #[test]
    fn what_is_set_by_hand_holds_until_the_next_change_of_mind() {
        let mut alarm = lag();
        alarm.say(State::Alarm, "drill".to_owned(), Moment(1));
        assert_eq!((alarm.state, alarm.since), (State::Alarm, Moment(1)));
        assert!(alarm.look(Some(1.0), Moment(60_000)));
        assert_eq!(alarm.state, State::Fine);
    }

    #[test]
    fn names_are_found_again() {
        for (comparison, name) in Comparison::ALL {
            assert_eq!((Comparison::named(name), comparison.name()), (Some(comparison), name));
        }
        for (gap, name) in Gap::ALL {
            assert_eq!((Gap::named(name), gap.name()), (Some(gap), name));
        }
        assert_eq!(State::named("OK"), Some(State::Fine));
    }
}
