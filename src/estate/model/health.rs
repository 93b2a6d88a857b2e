//! Route 53's health checks: thresholds times intervals, inversion, disabling, calculation.

use super::place::Region;
use super::time::{Moment, SECOND};

/// Says what the world looks like to health checkers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Traffic may go there.
    Healthy,
    /// It may not.
    Unhealthy,
}

impl Health {
    /// Returns the opposite.
    #[must_use]
    pub const fn inverted(self) -> Self {
        match self {
            Self::Healthy => Self::Unhealthy,
            Self::Unhealthy => Self::Healthy,
        }
    }

    /// Returns `Healthy` exactly when `good`.
    pub const fn when(good: bool) -> Self {
        if good { Self::Healthy } else { Self::Unhealthy }
    }
}

/// Says what a check looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The shop's `/health` in a region.
    Shop(Region),
    /// An object that answers an anonymous GET with 200.
    Object {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
    },
    /// Other checks, of which at least `threshold` must be healthy.
    Checks {
        /// Their ids.
        children: Vec<String>,
        /// How many must be healthy.
        threshold: usize,
    },
}

/// Says whether what is observed counts as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Healthy means healthy.
    Direct,
    /// Healthy means unhealthy.
    Inverted,
}

/// Says whether a check still looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    /// It does.
    Enabled,
    /// It does not, and counts as healthy for good.
    Disabled,
}

/// Is one health check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its id.
    pub id: String,
    /// Its name: what its maker called it.
    pub name: String,
    /// What it looks at.
    pub subject: Subject,
    /// Whether it is inverted.
    pub sense: Sense,
    /// Whether it is disabled.
    pub watching: Watching,
    /// Seconds between two looks.
    pub interval: i64,
    /// How many looks in a row change its mind.
    pub threshold: u32,
    /// How often its configuration was written.
    pub version: u64,
    /// When it last looked.
    pub looked: Moment,
    seen: Health,
    contrary: u32,
}

impl Check {
    /// Makes a check that has seen `seen` so far.
    pub fn new(id: String, name: &str, subject: Subject, sense: Sense, seen: Health) -> Self {
        Self {
            id,
            name: name.to_owned(),
            subject,
            sense,
            watching: Watching::Enabled,
            interval: 10,
            threshold: 3,
            version: 1,
            looked: Moment::START,
            seen,
            contrary: 0,
        }
    }

    /// Tells whether it is time to look again.
    pub fn is_due(&self, now: Moment) -> bool {
        !matches!(self.subject, Subject::Checks { .. }) && now.since(self.looked) >= self.interval * SECOND
    }

    /// Takes in one look; `Some` when it changed its mind.
    pub fn look(&mut self, now: Moment, seen: Health) -> Option<Health> {
        self.looked = now;
        if seen == self.seen {
            self.contrary = 0;
            return None;
        }
        self.contrary += 1;
        if self.contrary < self.threshold {
            return None;
        }
        self.contrary = 0;
        self.seen = seen;
        Some(self.own())
    }

    /// Returns what it observes, before inversion.
    pub fn observed(&self) -> Health {
        self.seen
    }

    fn own(&self) -> Health {
        match (self.watching, self.sense) {
            (Watching::Disabled, _) => Health::Healthy,
            (Watching::Enabled, Sense::Direct) => self.seen,
            (Watching::Enabled, Sense::Inverted) => self.seen.inverted(),
        }
    }
}

/// Returns what the check `id` among `checks` says; a check that does not exist says nothing against anybody.
pub fn verdict(checks: &[Check], id: &str) -> Health {
    let Some(check) = checks.iter().find(|check| check.id == id) else { return Health::Healthy };
    match (&check.subject, check.watching) {
        (Subject::Checks { children, threshold }, Watching::Enabled) => {
            let leaves = checks.iter().filter(|leaf| children.contains(&leaf.id));
            let healthy = Health::when(leaves.filter(|leaf| leaf.own() == Health::Healthy).count() >= *threshold);
            if check.sense == Sense::Inverted { healthy.inverted() } else { healthy }
        }
        _ => check.own(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(endpoint: Health, latch_object: Health) -> Vec<Check> {
        let object = Subject::Object { bucket: "b".into(), key: "k".into() };
        let children = vec!["endpoint".to_owned(), "latch".to_owned()];
        vec![
            Check::new("endpoint".into(), "", Subject::Shop(Region::East), Sense::Direct, endpoint),
            Check::new("latch".into(), "", object, Sense::Inverted, latch_object),
            Check::new("both".into(), "", Subject::Checks { children, threshold: 2 }, Sense::Direct, Health::Healthy),
        ]
    }

    #[test]
    fn the_primary_is_healthy_only_when_it_answers_and_is_not_latched() {
        use Health::{Healthy, Unhealthy};
        for (endpoint, object, expected) in [
            (Healthy, Unhealthy, Healthy),
            (Unhealthy, Unhealthy, Unhealthy),
            (Healthy, Healthy, Unhealthy),
            (Unhealthy, Healthy, Unhealthy),
        ] {
            assert_eq!(verdict(&pair(endpoint, object), "both"), expected, "{endpoint:?} {object:?}");
        }
    }

    #[test]
    fn a_mind_changes_after_threshold_times_interval() {
        let mut checks = pair(Health::Healthy, Health::Unhealthy);
        let mut now = Moment(0);
        let changed = loop {
            now = now.plus(100);
            if checks[0].is_due(now) && checks[0].look(now, Health::Unhealthy).is_some() {
                break now;
            }
        };
        assert_eq!(changed, Moment(30_000));
        assert_eq!(verdict(&checks, "both"), Health::Unhealthy);
    }

    #[test]
    fn disabled_is_healthy_and_one_good_look_starts_the_count_again() {
        let mut checks = pair(Health::Healthy, Health::Unhealthy);
        for seen in [Health::Unhealthy, Health::Unhealthy, Health::Healthy, Health::Unhealthy, Health::Unhealthy] {
            assert_eq!(checks[0].look(Moment(0), seen), None);
        }
        assert_eq!(checks[0].look(Moment(0), Health::Unhealthy), Some(Health::Unhealthy));
        checks[0].watching = Watching::Disabled;
        assert_eq!(verdict(&checks, "endpoint"), Health::Healthy);
    }
}
