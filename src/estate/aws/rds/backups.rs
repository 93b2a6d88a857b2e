//! Calls about automated backups: those of instances that stand, retained ones, replicated ones.

use super::super::form::Wrong;
use super::super::xml::Xml;
use super::{Context, wrong};
use crate::estate::model::instance::Instance;
use crate::estate::model::rds::{Backup, BackupKind, BackupWindow, Refusal};

/// Is one automated backup as it is listed.
struct Listed<'l> {
    arn: String,
    instance: &'l str,
    instance_arn: String,
    resource_id: &'l str,
    region: &'l str,
    status: &'static str,
    window: BackupWindow,
    settings: &'l crate::estate::model::instance::Settings,
    retention: u8,
    kms_key: &'l str,
    created: crate::estate::model::Moment,
    replicated_to: Vec<&'l str>,
}

impl Context<'_, '_> {
    fn own<'l>(&'l self, instance: &'l Instance) -> Option<Listed<'l>> {
        let (rds, now) = (&self.world.rds, self.world.now());
        let window = BackupWindow {
            earliest: rds.earliest_restorable(instance, now)?,
            latest: rds.latest_restorable(instance, now)?,
        };
        let replicated = rds.backups.iter().filter(|backup| backup.data == instance.data);
        Some(Listed {
            arn: instance.backup_arn(),
            instance: &instance.id,
            instance_arn: instance.arn(),
            resource_id: &instance.resource_id,
            region: instance.region.name(),
            status: "active",
            window,
            settings: &instance.settings,
            retention: instance.settings.retention,
            kms_key: &instance.kms_key,
            created: instance.created,
            replicated_to: replicated.map(|backup| backup.arn.as_str()).collect(),
        })
    }

    fn kept<'l>(&'l self, backup: &'l Backup) -> Listed<'l> {
        Listed {
            arn: backup.arn.clone(),
            instance: &backup.instance,
            instance_arn: backup.instance_arn.clone(),
            resource_id: &backup.resource_id,
            // The region of the instance, not that of the backups.
            region: backup.instance_arn.split(':').nth(3).unwrap_or_default(),
            status: match backup.kind {
                BackupKind::Retained => "retained",
                BackupKind::Replicated => "replicating",
            },
            window: backup.window(self.world.now()),
            settings: &backup.settings,
            retention: backup.retention,
            kms_key: &backup.kms_key,
            created: backup.instance_created,
            replicated_to: Vec::new(),
        }
    }

    pub(super) fn describe_backups(&self) -> Result<String, Wrong> {
        self.form.only(&[
            "DbiResourceId",
            "DBInstanceIdentifier",
            "DBInstanceAutomatedBackupsArn",
            "Filters",
            "MaxRecords",
            "Marker",
        ])?;
        let (rds, now) = (&self.world.rds, self.world.now());
        let standing = rds.instances.iter().filter(|instance| {
            instance.region == self.region && instance.status(now) != crate::estate::model::instance::Status::Deleting
        });
        let kept = rds.backups.iter().filter(|backup| backup.region == self.region);
        let (id, resource) = (self.form.get("DBInstanceIdentifier"), self.form.get("DbiResourceId"));
        let arn = self.form.get("DBInstanceAutomatedBackupsArn");
        let (statuses, ids) = (self.form.filter("status"), self.form.filter("db-instance-id"));
        let resources = self.form.filter("dbi-resource-id");
        let among = |list: &Option<Vec<String>>, value: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|known| known == value))
        };
        let found: Vec<Listed<'_>> = standing
            .filter_map(|instance| self.own(instance))
            .chain(kept.map(|backup| self.kept(backup)))
            .filter(|listed| id.is_none_or(|id| id == listed.instance))
            .filter(|listed| resource.is_none_or(|id| id == listed.resource_id))
            .filter(|listed| arn.is_none_or(|arn| arn == listed.arn))
            .filter(|listed| among(&statuses, listed.status))
            .filter(|listed| among(&ids, listed.instance) || among(&ids, &listed.instance_arn))
            .filter(|listed| among(&resources, listed.resource_id))
            .collect();
        if let (true, Some(asked)) = (found.is_empty(), arn.or(resource)) {
            return Err(wrong(Refusal::NoBackup(asked.to_owned())));
        }
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeDBInstanceAutomatedBackups", |xml| {
            xml.nest("DBInstanceAutomatedBackups", |xml| {
                for listed in page {
                    xml.nest("DBInstanceAutomatedBackup", |xml| self.backup(xml, listed));
                }
            })
            .maybe("Marker", next);
        }))
    }

    fn backup(&self, xml: &mut Xml, listed: &Listed<'_>) {
        let settings = listed.settings;
        xml.text("DBInstanceArn", &listed.instance_arn)
            .text("DbiResourceId", listed.resource_id)
            .text("Region", listed.region)
            .text("DBInstanceIdentifier", listed.instance)
            .nest("RestoreWindow", |xml| {
                xml.text("EarliestTime", self.iso(listed.window.earliest))
                    .text("LatestTime", self.iso(listed.window.latest));
            })
            .text("AllocatedStorage", settings.storage)
            .text("Status", listed.status)
            .text("Port", settings.port)
            .text("InstanceCreateTime", self.iso(listed.created))
            .text("MasterUsername", "shop")
            .text("Engine", "postgres")
            .text("EngineVersion", "16.4")
            .text("LicenseModel", "postgresql-license")
            .text("Iops", settings.iops)
            .text("Encrypted", true)
            .text("StorageType", &settings.storage_type)
            .text("KmsKeyId", listed.kms_key)
            .text("IAMDatabaseAuthenticationEnabled", settings.iam_authentication)
            .text("BackupRetentionPeriod", listed.retention)
            .text("DBInstanceAutomatedBackupsArn", &listed.arn)
            .nest("DBInstanceAutomatedBackupsReplications", |xml| {
                for arn in &listed.replicated_to {
                    xml.nest("DBInstanceAutomatedBackupsReplication", |xml| {
                        xml.text("DBInstanceAutomatedBackupsArn", arn);
                    });
                }
            });
    }

    fn respond_backup(&self, action: &str, backup: &Backup) -> String {
        self.respond(action, |xml| {
            xml.nest("DBInstanceAutomatedBackup", |xml| self.backup(xml, &self.kept(backup)));
        })
    }

    pub(super) fn replicate_backups(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "SourceDBInstanceArn",
            "BackupRetentionPeriod",
            "KmsKeyId",
            "PreSignedUrl",
            "SourceRegion",
            "DestinationRegion",
            "Tags",
        ])?;
        let source = self.form.required("SourceDBInstanceArn")?.to_owned();
        if self.form.get("KmsKeyId").is_none() {
            let message = "Automated backups of an encrypted instance need a KMS key of this region; specify KmsKeyId.";
            return Err((400, "InvalidParameterCombination", message.to_owned()));
        }
        self.key()?;
        let (retention, now) = (self.form.number("BackupRetentionPeriod")?, self.world.now());
        let made = self.world.rds.replicate_backups(self.region, &source, retention, now).map_err(wrong)?;
        Ok(self.respond_backup("StartDBInstanceAutomatedBackupsReplication", &made))
    }

    pub(super) fn stop_replicating_backups(&mut self) -> Result<String, Wrong> {
        self.form.only(&["SourceDBInstanceArn"])?;
        let (source, now) = (self.form.required("SourceDBInstanceArn")?.to_owned(), self.world.now());
        let stopped = self.world.rds.stop_replicating_backups(&source, now).map_err(wrong)?;
        Ok(self.respond_backup("StopDBInstanceAutomatedBackupsReplication", &stopped))
    }

    pub(super) fn delete_backup(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DbiResourceId", "DBInstanceAutomatedBackupsArn"])?;
        let (resource, arn) = (self.form.text("DbiResourceId"), self.form.text("DBInstanceAutomatedBackupsArn"));
        if resource.is_none() && arn.is_none() {
            let message = "DbiResourceId or DBInstanceAutomatedBackupsArn must be given.".to_owned();
            return Err((400, "InvalidParameterCombination", message));
        }
        let matches = |backup: &Backup| {
            resource.as_ref().is_none_or(|id| *id == backup.resource_id)
                && arn.as_ref().is_none_or(|arn| *arn == backup.arn)
        };
        let gone = self.world.rds.delete_backup(self.region, matches).map_err(wrong)?;
        Ok(self.respond_backup("DeleteDBInstanceAutomatedBackup", &gone))
    }
}
