//! Calls about instances.

use super::super::form::{Form, Wrong, value_error};
use super::clusters::{last_snapshot, until};
use super::{Context, wrong};
use crate::estate::model::aurora::Member;
use crate::estate::model::instance::{Changes, Instance};
use crate::estate::model::rds::{ApplyWhen, Backups, Restart, Target, Wanted, Whence};

/// Names the parameters of settings that calls which make an instance have in common.
const MAKING: [&str; 22] = [
    "DBInstanceClass",
    "AvailabilityZone",
    "Port",
    "MultiAZ",
    "AutoMinorVersionUpgrade",
    "Iops",
    "StorageType",
    "AllocatedStorage",
    "OptionGroupName",
    "DBParameterGroupName",
    "DBSubnetGroupName",
    "VpcSecurityGroupIds",
    "PubliclyAccessible",
    "CopyTagsToSnapshot",
    "Tags",
    "EnableIAMDatabaseAuthentication",
    "EnableCloudwatchLogsExports",
    "DeletionProtection",
    "BackupRetentionPeriod",
    "PreferredBackupWindow",
    "NetworkType",
    "CACertificateIdentifier",
];

/// Is an instance as it is listed: by itself, or in a cluster.
enum Listed<'l> {
    Instance(&'l Instance),
    Member(&'l Member),
}

/// Reads the settings that a call gives.
fn changes(form: &Form) -> Result<Changes, Wrong> {
    Ok(Changes {
        retention: form.number("BackupRetentionPeriod")?,
        deletion_protection: form.truth("DeletionProtection")?,
        multi_az: form.truth("MultiAZ")?,
        security_groups: form.list("VpcSecurityGroupIds"),
        parameter_group: form.text("DBParameterGroupName"),
        option_group: form.text("OptionGroupName"),
        subnet_group: form.text("DBSubnetGroupName"),
        class: form.text("DBInstanceClass"),
        storage: form.number("AllocatedStorage")?,
        storage_type: form.text("StorageType"),
        iops: form.number("Iops")?,
        port: form.number("Port")?.or(form.number("DBPortNumber")?),
        iam_authentication: form.truth("EnableIAMDatabaseAuthentication")?,
        copy_tags: form.truth("CopyTagsToSnapshot")?,
        backup_window: form.text("PreferredBackupWindow"),
        maintenance_window: form.text("PreferredMaintenanceWindow"),
        rename: form.text("NewDBInstanceIdentifier").map(|name| name.to_ascii_lowercase()),
    })
}

fn wanted(form: &Form) -> Result<Wanted, Wrong> {
    if form.truth("PubliclyAccessible")? == Some(true) {
        return Err(value_error("PubliclyAccessible", "true (the practice estate has no public subnets)"));
    }
    Ok(Wanted {
        given: changes(form)?,
        zone: form.text("AvailabilityZone"),
        tags: form.tags(),
        kms_key: form.text("KmsKeyId"),
    })
}

impl Context<'_, '_> {
    pub(super) fn describe_instances(&self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "Filters", "MaxRecords", "Marker"])?;
        let by_id = self.form.filter("db-instance-id");
        let by_resource = self.form.filter("dbi-resource-id");
        let of_cluster = self.form.filter("db-cluster-id");
        let (rds, named) = (&self.world.rds, |list: &Option<Vec<String>>, names: [&str; 2]| {
            list.as_ref().is_none_or(|list| list.iter().any(|one| names.contains(&one.as_str())))
        });
        let found: Vec<Listed<'_>> = if let Some(id) = self.form.get("DBInstanceIdentifier") {
            vec![match rds.aurora.member(self.region, id) {
                Some(member) => Listed::Member(member),
                None => Listed::Instance(rds.find(self.region, id).map_err(wrong)?),
            }]
        } else {
            let instances = rds.instances.iter().filter(|instance| instance.region == self.region);
            let instances = instances
                .filter(|_| of_cluster.is_none())
                .filter(|instance| named(&by_id, [&instance.id, &instance.arn()]))
                .filter(|instance| named(&by_resource, [&instance.resource_id; 2]));
            let members = rds.aurora.members.iter().filter(|member| member.region == self.region);
            let members = members
                .filter(|member| {
                    let cluster = rds.aurora.by_key(member.cluster);
                    cluster.is_some_and(|cluster| named(&of_cluster, [&cluster.id, &cluster.arn()]))
                })
                .filter(|member| named(&by_id, [&member.id, &member.arn()]))
                .filter(|member| named(&by_resource, [&member.resource_id; 2]));
            instances.map(Listed::Instance).chain(members.map(Listed::Member)).collect()
        };
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeDBInstances", |xml| {
            xml.nest("DBInstances", |xml| {
                for listed in page {
                    xml.nest("DBInstance", |xml| match listed {
                        Listed::Instance(instance) => self.instance(xml, instance),
                        Listed::Member(member) => self.write_member(xml, member),
                    });
                }
            })
            .maybe("Marker", next);
        }))
    }

    pub(super) fn create_replica(&mut self) -> Result<String, Wrong> {
        let own = ["DBInstanceIdentifier", "SourceDBInstanceIdentifier", "KmsKeyId", "PreSignedUrl", "SourceRegion"];
        let more = ["MonitoringInterval", "MonitoringRoleArn", "EnablePerformanceInsights", "DestinationRegion"];
        let known: Vec<&str> = own.into_iter().chain(more).chain(MAKING).collect();
        self.form.only(&known)?;
        if self.form.get("BackupRetentionPeriod").is_some() {
            return Err(value_error(
                "BackupRetentionPeriod",
                "a read replica has none of its own until it is promoted",
            ));
        }
        let (id, source) =
            (self.identifier("DBInstanceIdentifier")?, self.form.required("SourceDBInstanceIdentifier")?);
        let (source, now) = (source.to_owned(), self.world.now());
        let wanted = Wanted { kms_key: self.key()?, ..wanted(&self.form)? };
        let target = Target { region: self.region, id: &id };
        self.world.rds.replicate(target, &source, wanted, now).map_err(wrong)?;
        self.world.tell(format!("the replica {id} is being made"));
        self.respond_instance("CreateDBInstanceReadReplica", &id)
    }

    pub(super) fn restore_point(&mut self) -> Result<String, Wrong> {
        let own = [
            "SourceDBInstanceIdentifier",
            "SourceDbiResourceId",
            "SourceDBInstanceAutomatedBackupsArn",
            "TargetDBInstanceIdentifier",
            "RestoreTime",
            "UseLatestRestorableTime",
            "LicenseModel",
            "Engine",
        ];
        let known: Vec<&str> = own.into_iter().chain(MAKING).collect();
        self.form.only(&known)?;
        let id = self.identifier("TargetDBInstanceIdentifier")?;
        let sources = [
            self.form.text("SourceDBInstanceIdentifier").map(Whence::Instance),
            self.form.text("SourceDbiResourceId").map(Whence::Resource),
            self.form.text("SourceDBInstanceAutomatedBackupsArn").map(Whence::Backups),
        ];
        let mut sources = sources.into_iter().flatten();
        let whence = sources.next().ok_or_else(|| {
            let message = "One of SourceDBInstanceIdentifier, SourceDbiResourceId and \
                           SourceDBInstanceAutomatedBackupsArn must be given.";
            (400, "InvalidParameterCombination", message.to_owned())
        })?;
        if sources.next().is_some() {
            let message = "Only one source can be given.".to_owned();
            return Err((400, "InvalidParameterCombination", message));
        }
        let until = until(self, "RestoreTime")?;
        let (wanted, now) = (wanted(&self.form)?, self.world.now());
        let target = Target { region: self.region, id: &id };
        self.world.rds.restore_point(target, &whence, until, wanted, now).map_err(wrong)?;
        self.world.tell(format!("the restore of a point in time into {id} begins"));
        self.respond_instance("RestoreDBInstanceToPointInTime", &id)
    }

    pub(super) fn restore_snapshot(&mut self) -> Result<String, Wrong> {
        let own = ["DBInstanceIdentifier", "DBSnapshotIdentifier", "LicenseModel", "Engine"];
        let known: Vec<&str> = own.into_iter().chain(MAKING).collect();
        self.form.only(&known)?;
        let id = self.identifier("DBInstanceIdentifier")?;
        let snapshot = self.form.required("DBSnapshotIdentifier")?.to_owned();
        let (wanted, now) = (wanted(&self.form)?, self.world.now());
        let target = Target { region: self.region, id: &id };
        self.world.rds.restore_snapshot(target, &snapshot, wanted, now).map_err(wrong)?;
        self.world.tell(format!("the restore of {snapshot} into {id} begins"));
        self.respond_instance("RestoreDBInstanceFromDBSnapshot", &id)
    }

    pub(super) fn promote(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "BackupRetentionPeriod", "PreferredBackupWindow"])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let retention = self.form.number("BackupRetentionPeriod")?;
        let now = self.world.now();
        self.world.rds.promote(self.region, &id, retention, now).map_err(wrong)?;
        self.world.tell(format!("the promotion of {id} begins"));
        self.respond_instance("PromoteReadReplica", &id)
    }

    pub(super) fn modify(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBInstanceIdentifier",
            "NewDBInstanceIdentifier",
            "AllocatedStorage",
            "StorageType",
            "Iops",
            "BackupRetentionPeriod",
            "PreferredBackupWindow",
            "PreferredMaintenanceWindow",
            "DeletionProtection",
            "MultiAZ",
            "VpcSecurityGroupIds",
            "DBSubnetGroupName",
            "DBParameterGroupName",
            "OptionGroupName",
            "DBInstanceClass",
            "DBPortNumber",
            "CopyTagsToSnapshot",
            "EnableIAMDatabaseAuthentication",
            "ApplyImmediately",
        ])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let changes = changes(&self.form)?;
        let when = match self.form.truth("ApplyImmediately")? {
            Some(true) => ApplyWhen::Immediately,
            Some(false) | None => ApplyWhen::MaintenanceWindow,
        };
        let now = self.world.now();
        self.world.rds.modify(self.region, &id, changes, when, now).map_err(wrong)?;
        self.respond_instance("ModifyDBInstance", &id)
    }

    pub(super) fn reboot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "ForceFailover"])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let how = if self.form.truth("ForceFailover")? == Some(true) { Restart::Failover } else { Restart::InPlace };
        let now = self.world.now();
        self.world.rds.reboot(self.region, &id, how, now).map_err(wrong)?;
        self.world.tell(format!("{id} is told to restart"));
        self.respond_instance("RebootDBInstance", &id)
    }

    pub(super) fn start(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier"])?;
        let (id, now) = (self.form.required("DBInstanceIdentifier")?.to_owned(), self.world.now());
        self.world.rds.start(self.region, &id, now).map_err(wrong)?;
        self.respond_instance("StartDBInstance", &id)
    }

    pub(super) fn stop(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "DBSnapshotIdentifier"])?;
        let (id, now) = (self.form.required("DBInstanceIdentifier")?.to_owned(), self.world.now());
        self.world.rds.stop(self.region, &id, now).map_err(wrong)?;
        self.respond_instance("StopDBInstance", &id)
    }

    pub(super) fn delete(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBInstanceIdentifier",
            "SkipFinalSnapshot",
            "FinalDBSnapshotIdentifier",
            "DeleteAutomatedBackups",
        ])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let last = last_snapshot(&self.form)?;
        let backups = match self.form.truth("DeleteAutomatedBackups")? {
            Some(false) => Backups::Retained,
            Some(true) | None => Backups::Deleted,
        };
        let now = self.world.now();
        self.world.rds.delete(self.region, &id, last, backups, now).map_err(wrong)?;
        self.world.tell(format!("{id} is being deleted"));
        self.respond_instance("DeleteDBInstance", &id)
    }
}
