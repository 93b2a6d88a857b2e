//! One RDS instance: what it is, what is being done to it, and the statuses that follow from that.

use super::draw::Seed;
use super::place::Region;
use super::time::{Moment, SECOND};

/// Is what `DBInstanceStatus` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Usable, nothing under way that anybody can see.
    Available,
    /// A change is being made.
    Modifying,
    /// The engine is restarting; nobody can connect.
    Rebooting,
    /// A backup is being taken; usable.
    BackingUp,
}

impl Status {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Modifying => "modifying",
            Self::Rebooting => "rebooting",
            Self::BackingUp => "backing-up",
        }
    }
}

/// Says whether an instance takes writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It does.
    Primary,
    /// It follows the instance with this ARN.
    Replica(String),
}

/// Is what `ModifyDBInstance` may change; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Days of automated backups.
    pub retention: Option<u8>,
    /// Whether deletion is refused.
    pub deletion_protection: Option<bool>,
    /// Whether a standby is kept in another zone.
    pub multi_az: Option<bool>,
    /// The security groups.
    pub security_groups: Option<Vec<String>>,
    /// The parameter group.
    pub parameter_group: Option<String>,
    /// The class.
    pub class: Option<String>,
}

impl Changes {
    /// Tells whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Is what is being done to an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// A replica becomes a primary with so many days of backups.
    Promotion {
        /// The days.
        retention: u8,
    },
    /// Settings change.
    Modification(Changes),
    /// The engine restarts.
    Reboot,
    /// A manual snapshot of that name is taken.
    Snapshot(String),
}

/// Is work under way: phases, each with the status it shows and its end.
#[derive(Clone, Debug)]
struct Operation {
    work: Work,
    phases: Vec<(Status, Moment)>,
    passed: usize,
}

/// Is something that happened to an instance, for the event stream and for the rest of the estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The engine restarted.
    Restarted,
    /// It became a primary.
    Promoted,
    /// An automated backup ended.
    BackedUp,
    /// A manual snapshot of that name ended.
    SnapshotTaken(String),
    /// A change was made.
    Modified,
}

/// Is one instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its identifier.
    pub id: String,
    /// Where it is.
    pub region: Region,
    /// Whether it takes writes.
    pub role: Role,
    /// The immutable resource id.
    pub resource_id: String,
    /// Its class.
    pub class: String,
    /// Whether a standby is kept in another zone.
    pub multi_az: bool,
    /// The zone it is in.
    pub zone: &'static str,
    /// The zone of its standby.
    pub standby_zone: &'static str,
    /// Days of automated backups.
    pub retention: u8,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// The parameter group.
    pub parameter_group: String,
    /// Whether the parameter group waits for a restart.
    pub parameters_pending: bool,
    /// The key that encrypts it.
    pub kms_key: String,
    /// When it was made.
    pub created: Moment,
    /// When its automated backups begin to reach back to; `None` without any.
    pub backups_since: Option<Moment>,
    /// Changes that wait for the maintenance window, or for the work under way.
    pub pending: Changes,
    operation: Option<Operation>,
    works: u32,
}

impl Instance {
    /// Makes an available instance with the settings of the reference stack.
    pub fn new(id: &str, region: Region, role: Role, seed: Seed, created: Moment) -> Self {
        let (zone, standby_zone, group, parameters) = match region {
            Region::East => ("us-east-1a", "us-east-1b", "sg-0east0shop0db0001", "shop-postgres16-east"),
            Region::West => {
                ("us-west-2b", "us-west-2c", super::place::WEST_SECURITY_GROUP, super::place::WEST_PARAMETER_GROUP)
            }
        };
        let primary = role == Role::Primary;
        Self {
            id: id.to_owned(),
            region,
            resource_id: format!("db-{}", seed.hex(&format!("resource/{id}"), 24).to_uppercase()),
            class: "db.r6g.xlarge".to_owned(),
            multi_az: primary,
            zone,
            standby_zone,
            retention: if primary { 14 } else { 0 },
            deletion_protection: primary,
            security_groups: vec![group.to_owned()],
            parameter_group: parameters.to_owned(),
            parameters_pending: false,
            kms_key: format!(
                "arn:aws:kms:{}:{}:key/{}",
                region.name(),
                super::place::ACCOUNT,
                seed.uuid(&format!("kms/{id}"))
            ),
            created,
            backups_since: primary.then_some(Moment(-14 * super::time::DAY)),
            pending: Changes::default(),
            operation: None,
            works: 0,
            role,
        }
    }

    /// Returns its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:rds:{}:{}:db:{}", self.region.name(), super::place::ACCOUNT, self.id)
    }

    /// Returns what its status says.
    pub fn status(&self) -> Status {
        self.operation
            .as_ref()
            .and_then(|operation| operation.phases.get(operation.passed))
            .map_or(Status::Available, |(status, _)| *status)
    }

    /// Tells whether work is under way, whatever the status says yet.
    pub fn is_busy(&self) -> bool {
        self.operation.is_some()
    }

    /// Tells whether anybody can connect to it (its region permitting).
    pub fn is_reachable(&self) -> bool {
        self.status() != Status::Rebooting
    }

    /// Tells whether it takes writes (its region permitting).
    pub fn is_writable(&self) -> bool {
        self.is_reachable() && self.role == Role::Primary
    }

    /// Returns the work under way.
    pub fn work(&self) -> Option<&Work> {
        self.operation.as_ref().map(|operation| &operation.work)
    }

    /// Begins `work`; its durations are drawn from `seed`.
    pub fn begin(&mut self, work: Work, seed: Seed, now: Moment) {
        self.works += 1;
        let draw = |what: &str, low: i64, high: i64| {
            seed.millis(&format!("{}/{}/{what}", self.id, self.works), low * SECOND, high * SECOND)
        };
        let lengths = match &work {
            Work::Promotion { .. } => {
                let unseen = draw("unseen", 3, 12);
                let rest = draw("promotion", 180, 360) - unseen;
                let (modifying, rebooting) = (rest * 45 / 100, rest * 25 / 100);
                vec![
                    (Status::Available, unseen),
                    (Status::Modifying, modifying),
                    (Status::Rebooting, rebooting),
                    (Status::BackingUp, rest - modifying - rebooting),
                ]
            }
            Work::Modification(changes) => {
                let long = changes.multi_az == Some(true) || changes.class.is_some();
                let modifying = if long { draw("modify", 240, 600) } else { draw("modify", 15, 45) };
                vec![(Status::Available, draw("unseen", 2, 8)), (Status::Modifying, modifying)]
            }
            Work::Reboot => {
                vec![(Status::Available, draw("unseen", 1, 4)), (Status::Rebooting, draw("reboot", 20, 60))]
            }
            Work::Snapshot(_) => {
                vec![(Status::Available, draw("unseen", 2, 6)), (Status::BackingUp, draw("snapshot", 60, 150))]
            }
        };
        let mut until = now;
        let phases = lengths.into_iter().map(|(status, length)| {
            until = until.plus(length);
            (status, until)
        });
        self.operation = Some(Operation { work, phases: phases.collect(), passed: 0 });
    }

    /// Brings it to `now` and returns what happened on the way, in order, each with its moment.
    pub fn advance(&mut self, now: Moment) -> Vec<(Moment, Happening)> {
        let mut happened = Vec::new();
        while let Some(operation) = &mut self.operation {
            let Some((status, until)) = operation.phases.get(operation.passed).copied() else {
                self.operation = None;
                break;
            };
            if until > now {
                break;
            }
            operation.passed += 1;
            let (work, last) = (operation.work.clone(), operation.passed == operation.phases.len());
            if last {
                self.operation = None;
            }
            self.pass(&work, status, until, &mut happened);
        }
        happened
    }

    fn pass(&mut self, work: &Work, ended: Status, at: Moment, happened: &mut Vec<(Moment, Happening)>) {
        if ended == Status::Rebooting {
            self.parameters_pending = false;
            happened.push((at, Happening::Restarted));
        }
        match (work, ended) {
            (Work::Promotion { retention }, Status::Rebooting) => {
                self.role = Role::Primary;
                self.retention = *retention;
                happened.push((at, Happening::Promoted));
            }
            (Work::Promotion { retention: 1.. }, Status::BackingUp) => {
                self.backups_since = Some(at);
                happened.push((at, Happening::BackedUp));
            }
            (Work::Modification(changes), Status::Modifying) => {
                self.take(changes);
                happened.push((at, Happening::Modified));
            }
            (Work::Snapshot(name), Status::BackingUp) => happened.push((at, Happening::SnapshotTaken(name.clone()))),
            _ => {}
        }
    }

    fn take(&mut self, changes: &Changes) {
        let Changes { retention, deletion_protection, multi_az, security_groups, parameter_group, class } =
            changes.clone();
        self.retention = retention.unwrap_or(self.retention);
        self.deletion_protection = deletion_protection.unwrap_or(self.deletion_protection);
        self.multi_az = multi_az.unwrap_or(self.multi_az);
        self.security_groups = security_groups.unwrap_or_else(|| self.security_groups.clone());
        self.class = class.unwrap_or_else(|| self.class.clone());
        if let Some(group) = parameter_group {
            self.parameters_pending = group != self.parameter_group;
            self.parameter_group = group;
        }
        // What waited for this work no longer waits; what waits for the window still does.
        if self.pending.retention == changes.retention {
            self.pending.retention = None;
        }
        if self.pending.multi_az == changes.multi_az {
            self.pending.multi_az = None;
        }
        if self.pending.class == changes.class {
            self.pending.class = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica() -> Instance {
        Instance::new("r", Region::West, Role::Replica("arn".into()), Seed(7), Moment(0))
    }

    #[test]
    fn a_promotion_takes_three_to_six_minutes_and_shows_its_statuses_in_order() {
        use Status::{Available, BackingUp, Modifying, Rebooting};
        for seed in 0..100 {
            let mut replica = replica();
            replica.begin(Work::Promotion { retention: 14 }, Seed(seed), Moment(0));
            let (mut seen, mut now) = (vec![replica.status()], Moment(0));
            while replica.is_busy() {
                now = now.plus(100);
                replica.advance(now);
                if seen.last() != Some(&replica.status()) {
                    seen.push(replica.status());
                }
                if replica.status() == Status::Modifying {
                    assert!(!replica.is_writable());
                }
            }
            assert_eq!(seen, [Available, Modifying, Rebooting, BackingUp, Available]);
            assert!((180_000..=360_100).contains(&now.0), "{now:?}");
            assert!(replica.is_writable() && replica.retention == 14 && replica.backups_since.is_some());
        }
    }

    #[test]
    fn it_still_reads_available_for_some_seconds_after_a_call() {
        let mut replica = replica();
        replica.begin(Work::Promotion { retention: 1 }, Seed(1), Moment(0));
        replica.advance(Moment(2_900));
        assert_eq!(replica.status(), Status::Available);
        assert!(replica.is_busy() && !replica.is_writable());
    }

    #[test]
    fn one_long_step_gives_what_many_short_ones_give() {
        let (mut one, mut many) = (replica(), replica());
        for replica in [&mut one, &mut many] {
            replica.begin(Work::Promotion { retention: 14 }, Seed(3), Moment(0));
        }
        let long = one.advance(Moment(400_000));
        let short: Vec<_> = (0..4_000).flat_map(|tick| many.advance(Moment(tick * 100))).collect();
        assert_eq!(long, short);
        assert_eq!(long.len(), 3);
    }
}
