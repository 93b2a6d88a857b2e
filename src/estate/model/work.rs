//! What is being done to an RDS instance: works, their phases, how long each takes, and what it waits for.

use super::draw::Seed;
use super::effect::{DataEffect, EffectId, Outbox};
use super::instance::{Instance, Role};
use super::settings::Changes;
use super::status::Status;
use super::time::{Moment, SECOND};

/// Is what is being done to an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// It comes into being.
    Creation {
        /// How, for the event that says so.
        how: Origin,
        /// What has to be done with its data.
        data: DataEffect,
    },
    /// A replica becomes a primary with so many days of backups.
    Promotion {
        /// The days.
        retention: u8,
    },
    /// Settings change.
    Modification(Changes),
    /// The engine restarts in place.
    Reboot,
    /// The standby takes over: because somebody asked, or by itself.
    Failover(Cause),
    /// A manual snapshot of that name is taken.
    Snapshot {
        /// Its name.
        name: String,
        /// What is to be kept.
        data: DataEffect,
    },
    /// It starts.
    Start,
    /// It stops.
    Stop,
    /// It goes away.
    Deletion,
}

/// Says where an instance comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is a read replica in its source's region.
    Replica,
    /// It is a read replica in another region.
    CrossRegionReplica,
    /// A point in time was restored.
    PointInTime,
    /// A snapshot was restored.
    Snapshot,
}

/// Says why a standby takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody asked.
    Asked,
    /// The primary does not answer.
    Automatic,
}

/// Is one phase of a work: the status that it shows, for how long, and what must be done with the data in it.
#[derive(Clone, Debug)]
pub(super) struct Phase {
    pub(super) status: Status,
    length: i64,
    effect: Option<DataEffect>,
}

/// Is work under way.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) work: Work,
    pub(super) phases: Vec<Phase>,
    pub(super) passed: usize,
    pub(super) until: Moment,
    pub(super) gate: Option<EffectId>,
}

impl Operation {
    /// Enters the phase that is next, at `at`.
    pub(super) fn enter(&mut self, at: Moment, outbox: &mut Outbox) {
        if let Some(phase) = self.phases.get_mut(self.passed) {
            self.until = at.plus(phase.length);
            self.gate = phase.effect.take().and_then(|effect| outbox.order(at, effect));
        }
    }
}

impl Instance {
    pub(super) fn phases(&self, work: &Work, seed: Seed) -> Vec<Phase> {
        let draw = |what: &str, low: i64, high: i64| {
            seed.millis(&format!("{}/{}/{what}", self.resource_name(), self.works), low * SECOND, high * SECOND)
        };
        let plain = |status, length| Phase { status, length, effect: None };
        match work {
            Work::Promotion { .. } => {
                let unseen = draw("unseen", 3, 12);
                let rest = draw("promotion", 180, 360) - unseen;
                let (modifying, rebooting) = (rest * 45 / 100, rest * 25 / 100);
                let promote = Some(DataEffect::Promote { data: self.data });
                vec![
                    plain(Status::Available, unseen),
                    plain(Status::Modifying, modifying),
                    Phase { status: Status::Rebooting, length: rebooting, effect: promote },
                    plain(Status::BackingUp, rest - modifying - rebooting),
                ]
            }
            Work::Modification(Changes { rename: Some(_), .. }) => vec![
                plain(Status::Available, draw("unseen", 2, 8)),
                plain(Status::Renaming, draw("rename", 15, 45)),
                self.restart(draw("reboot", 20, 60), None),
            ],
            Work::Modification(changes) => {
                let long = changes.multi_az == Some(true) || changes.class.is_some();
                let length = if long { draw("modify", 240, 600) } else { draw("modify", 15, 45) };
                let mut phases = vec![plain(Status::Available, draw("unseen", 2, 8)), plain(Status::Modifying, length)];
                let backs_up = self.settings.retention > 0;
                let switches = changes.retention.is_some_and(|days| (days > 0) != backs_up);
                // To begin or to end backups interrupts it, as a new class does.
                if changes.class.is_some() || switches {
                    phases.push(self.restart(draw("reboot", 20, 60), None));
                }
                phases
            }
            Work::Reboot => {
                vec![plain(Status::Available, draw("unseen", 1, 4)), self.restart(draw("reboot", 20, 60), None)]
            }
            Work::Failover(cause) => {
                let unseen = match cause {
                    Cause::Asked => draw("unseen", 1, 4),
                    Cause::Automatic => draw("unseen", 15, 40),
                };
                let to = self.standby.or_else(|| self.other_zone());
                vec![plain(Status::Available, unseen), self.restart(draw("failover", 60, 120) - unseen, to)]
            }
            Work::Snapshot { data, .. } => {
                let (length, effect) = (draw("snapshot", 60, 150), Some(data.clone()));
                vec![
                    plain(Status::Available, draw("unseen", 2, 6)),
                    Phase { status: Status::BackingUp, length, effect },
                ]
            }
            Work::Creation { how, data } => {
                let (low, high) = match how {
                    Origin::Replica => (300, 600),
                    Origin::CrossRegionReplica => (900, 1_500),
                    Origin::PointInTime => (360, 720),
                    Origin::Snapshot => (240, 480),
                };
                let creating = draw("creation", low, high);
                let mut phases = vec![Phase { status: Status::Creating, length: creating, effect: Some(data.clone()) }];
                if self.settings.retention > 0 && self.role == Role::Primary {
                    phases.push(plain(Status::BackingUp, draw("first-backup", 60, 150)));
                } else {
                    phases.push(plain(Status::Modifying, draw("settle", 20, 60)));
                }
                phases
            }
            Work::Start => vec![plain(Status::Starting, draw("start", 60, 150))],
            Work::Stop => vec![plain(Status::Stopping, draw("stop", 60, 150))],
            Work::Deletion => vec![plain(Status::Deleting, draw("deletion", 60, 180))],
        }
    }

    fn restart(&self, length: i64, failover: Option<&'static str>) -> Phase {
        let effect = Some(DataEffect::Restart { data: self.data, failover });
        Phase { status: Status::Rebooting, length, effect }
    }
}
