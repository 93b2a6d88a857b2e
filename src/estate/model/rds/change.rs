//! Calls that change an instance that stands: promotion, settings, restarts, deletion.

use super::super::effect::DataEffect;
use super::super::instance::{Ailment, Cause, Changes, Instance, Role, Status, Work};
use super::super::place::Region;
use super::super::time::Moment;
use super::make::placed;
use super::{Backup, Rds, Refusal};

/// Says when changes that disturb an instance are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyWhen {
    /// Now.
    Immediately,
    /// In its next maintenance window.
    MaintenanceWindow,
}

/// Says how an instance restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// In place.
    InPlace,
    /// By failing over to the standby.
    Failover,
}

/// Says what is kept of an instance that is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinalSnapshot {
    /// A last snapshot of that name.
    Named(String),
    /// None.
    Skipped,
}

/// Says what becomes of the automated backups of an instance that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backups {
    /// They go with it, which is what happens to whoever says nothing.
    Deleted,
    /// They stay for their retention.
    Retained,
}

impl Rds {
    /// Begins the promotion of a replica; without a retention it gets a single day.
    pub fn promote(&mut self, region: Region, id: &str, retention: Option<u8>, now: Moment) -> Result<(), Refusal> {
        let retention = days(retention.unwrap_or(1))?;
        let seed = self.seed;
        let instance = self.idle(region, id, "promoted", &[], now)?;
        if instance.role == Role::Primary {
            return Err(Refusal::State(format!("DB Instance {} is not a read replica.", instance.id)));
        }
        let data = instance.data;
        let message = "The read replica is being promoted to a standalone instance.";
        let id = instance.id.clone();
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == data) {
            instance.begin(Work::Promotion { retention }, seed, now, &mut self.outbox);
        }
        self.note(now, region, &id, "notification", message);
        Ok(())
    }

    /// Begins to change settings: at once, or what disturbs the instance in its maintenance window.
    pub fn modify(
        &mut self,
        region: Region,
        id: &str,
        asked: Changes,
        when: ApplyWhen,
        now: Moment,
    ) -> Result<(), Refusal> {
        if let Some(retention) = asked.retention {
            days(retention)?;
        }
        if let Some(group) = &asked.parameter_group {
            self.parameter_group(region, group)?;
        }
        if let Some(name) = asked.rename.as_ref().filter(|name| !name.eq_ignore_ascii_case(id)) {
            self.room_for_one(region, name)?;
        }
        let seed = self.seed;
        let instance = self.idle(region, id, "modified", &[Status::StorageFull], now)?;
        storage(instance, &asked, now)?;
        if asked.subnet_group.is_some() || asked.security_groups.is_some() {
            let mut changed = instance.settings.clone();
            asked.make(&mut changed);
            placed((&changed.subnet_group, &changed.security_groups), region)?;
        }
        let quiet = instance.settings.retention > 0 && asked.retention != Some(0);
        let mut at_once = asked;
        at_once.storage = at_once.storage.filter(|wanted| *wanted != instance.settings.storage);
        let deferred = Changes {
            retention: if quiet { None } else { at_once.retention },
            multi_az: at_once.multi_az.filter(|wanted| *wanted != instance.settings.multi_az),
            class: at_once.class.clone().filter(|wanted| *wanted != instance.settings.class),
            storage: at_once.storage,
            port: at_once.port.filter(|wanted| *wanted != instance.settings.port),
            rename: at_once.rename.clone(),
            ..Changes::default()
        };
        let pending = &mut instance.pending;
        pending.retention = deferred.retention.or(pending.retention);
        pending.multi_az = deferred.multi_az.or(pending.multi_az);
        pending.storage = deferred.storage.or(pending.storage);
        pending.port = deferred.port.or(pending.port);
        pending.class = deferred.class.clone().or_else(|| pending.class.take());
        pending.rename = deferred.rename.clone().or_else(|| pending.rename.take());
        if when == ApplyWhen::MaintenanceWindow {
            at_once.retention = at_once.retention.filter(|_| quiet);
            (at_once.multi_az, at_once.class, at_once.storage) = (None, None, None);
            (at_once.port, at_once.rename) = (None, None);
        }
        if at_once.is_empty() {
            return Ok(());
        }
        let (data, id) = (instance.data, instance.id.clone());
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == data) {
            instance.begin(Work::Modification(at_once), seed, now, &mut self.outbox);
        }
        self.note(now, region, &id, "configuration change", "The settings of the DB instance are being changed.");
        Ok(())
    }

    /// Begins a restart; a forced failover needs a standby.
    pub fn reboot(&mut self, region: Region, id: &str, how: Restart, now: Moment) -> Result<(), Refusal> {
        let seed = self.seed;
        let instance = self.idle(region, id, "rebooted", &[], now)?;
        let (data, id) = (instance.data, instance.id.clone());
        let work = match how {
            Restart::InPlace => Work::Reboot,
            Restart::Failover if !instance.settings.multi_az => {
                return Err(Refusal::Combination(format!(
                    "Cannot reboot with failover: DB instance {id} is not a Multi-AZ instance."
                )));
            }
            Restart::Failover => Work::Failover(Cause::Asked),
        };
        if how == Restart::Failover && instance.standby.is_none() {
            // RDS takes the call and does not do it: a failover has just happened, or the standby is not there.
            let message = "A user requested a DB instance failover; it was abandoned because the standby is not ready.";
            self.note(now, region, &id, "failover", message);
            return Ok(());
        }
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == data) {
            instance.begin(work, seed, now, &mut self.outbox);
        }
        if how == Restart::Failover {
            self.note(now, region, &id, "failover", "Multi-AZ instance failover started.");
        }
        Ok(())
    }

    /// Begins to start an instance that was stopped, or that lost its key and has it again.
    pub fn start(&mut self, region: Region, id: &str, now: Moment) -> Result<(), Refusal> {
        let seed = self.seed;
        let lost = self.lost_keys.clone();
        let instance = self.idle(region, id, "started", &[Status::Stopped, Status::KeyLost], now)?;
        match instance.ailment {
            Some(Ailment::KeyLost) if lost.contains(&instance.kms_key) => {
                return Err(Refusal::Key(format!(
                    "The KMS key {} of DB instance {} is not enabled.",
                    instance.kms_key, instance.id
                )));
            }
            Some(Ailment::Stopped | Ailment::KeyLost) => {}
            _ => return Err(Refusal::State(format!("Instance {} is not stopped.", instance.id))),
        }
        let data = instance.data;
        self.outbox.ask(now, DataEffect::Resume { data });
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == data) {
            instance.begin(Work::Start, seed, now, &mut self.outbox);
        }
        Ok(())
    }

    /// Begins to stop an instance; impossible for one that has or is a read replica.
    pub fn stop(&mut self, region: Region, id: &str, now: Moment) -> Result<(), Refusal> {
        let seed = self.seed;
        let instance = self.idle(region, id, "stopped", &[], now)?;
        let (data, id, arn) = (instance.data, instance.id.clone(), instance.arn());
        let replica = instance.role != Role::Primary;
        if replica || self.replicas_of(&arn).next().is_some() {
            return Err(Refusal::State(format!("Cannot stop {id}: it has a read replica, or is one.")));
        }
        self.outbox.ask(now, DataEffect::Halt { data });
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == data) {
            instance.begin(Work::Stop, seed, now, &mut self.outbox);
        }
        Ok(())
    }

    /// Begins to delete an instance. It cannot be called off.
    pub fn delete(
        &mut self,
        region: Region,
        id: &str,
        last: FinalSnapshot,
        backups: Backups,
        now: Moment,
    ) -> Result<(), Refusal> {
        let name = self.find(region, id)?.id.clone();
        let instance = self.find(region, id)?;
        if instance.status(now) == Status::Deleting {
            return Err(Refusal::State(format!("Instance {name} is already being deleted.")));
        }
        if instance.settings.deletion_protection {
            return Err(Refusal::Combination(
                "Cannot delete protected DB Instance, please disable deletion protection and try again.".to_owned(),
            ));
        }
        let (data, arn, replica) = (instance.data, instance.arn(), instance.role != Role::Primary);
        if let FinalSnapshot::Named(snapshot) = &last {
            if replica {
                let message = "FinalDBSnapshotIdentifier can not be specified when deleting a read replica instance";
                return Err(Refusal::Combination(message.to_owned()));
            }
            if self.snapshots.iter().any(|known| known.region == region && known.id == *snapshot) {
                return Err(Refusal::SnapshotExists(snapshot.clone()));
            }
            let taken = self.final_snapshot(region, &name, snapshot, now)?;
            self.snapshots.push(taken);
        }
        if backups == Backups::Retained
            && let Ok(instance) = self.find(region, id)
            && instance.settings.retention > 0
            && instance.backups_since.is_some()
        {
            let kept = Backup::retained(instance, self.latest_restorable(instance, now), self.seed);
            self.backups.push(kept);
        }
        // What was replicated stays; nothing new comes.
        for backup in self.backups.iter_mut().filter(|backup| backup.data == data) {
            backup.freeze(now);
        }
        if backups == Backups::Deleted {
            self.snapshots.retain(|snapshot| !(snapshot.kind == "automated" && snapshot.of.data == data));
        }
        let seed = self.seed;
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == data) {
            instance.begin(Work::Deletion, seed, now, &mut self.outbox);
        }
        self.outbox.ask(now, DataEffect::Halt { data });
        self.note(now, region, &name, "deletion", "The DB instance is being deleted.");
        self.orphan(&arn, region, now);
        Ok(())
    }
}

/// Refuses more days of backups than there can be.
pub(in super::super) fn days(retention: u8) -> Result<u8, Refusal> {
    if retention > 35 {
        let message = format!("Invalid backup retention period: {retention}. It must be 0 to 35.");
        return Err(Refusal::Value(message));
    }
    Ok(retention)
}

/// Refuses storage that shrinks, that grows by less than a tenth, or that has not settled yet.
fn storage(instance: &Instance, asked: &Changes, now: Moment) -> Result<(), Refusal> {
    let Some(wanted) = asked.storage else { return Ok(()) };
    let has = instance.settings.storage;
    if wanted == has {
        return Ok(());
    }
    if instance.settles_until > now {
        return Err(Refusal::State(format!(
            "You can't currently modify the storage of {}: a previous change is still being optimized, for up to six \
             hours.",
            instance.id
        )));
    }
    if u64::from(wanted) * 10 < u64::from(has) * 11 {
        return Err(Refusal::Combination(format!(
            "Invalid storage size for engine name postgres and storage type gp3: {wanted}. It must be at least 10 % \
             more than the {has} GiB that are allocated."
        )));
    }
    Ok(())
}
