//! Calls about snapshots.

use super::super::form::Wrong;
use super::super::xml::Xml;
use super::shape::tags;
use super::{Context, wrong};
use crate::estate::model::rds::{Refusal, Snapshot};
use crate::estate::model::time::SECOND;

impl Context<'_, '_> {
    pub(super) fn create_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "DBSnapshotIdentifier", "Tags"])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let name = self.identifier("DBSnapshotIdentifier")?;
        let (tags, now) = (self.form.tags(), self.world.now());
        self.world.rds.snapshot(self.region, &id, &name, now).map_err(wrong)?;
        if let (Some(tags), Some(made)) = (tags, self.world.rds.snapshots.last_mut()) {
            made.tags = tags;
        }
        self.respond_snapshot("CreateDBSnapshot", &name)
    }

    pub(super) fn copy_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "SourceDBSnapshotIdentifier",
            "TargetDBSnapshotIdentifier",
            "KmsKeyId",
            "Tags",
            "CopyTags",
            "PreSignedUrl",
            "SourceRegion",
            "DestinationRegion",
            "OptionGroupName",
        ])?;
        let source = self.form.required("SourceDBSnapshotIdentifier")?.to_owned();
        let name = self.identifier("TargetDBSnapshotIdentifier")?;
        let (key, tags, now) = (self.key()?, self.form.tags(), self.world.now());
        let copy_tags = self.form.truth("CopyTags")? == Some(true);
        self.world.rds.copy_snapshot(self.region, &source, &name, key, now).map_err(wrong)?;
        if let Some(made) = self.world.rds.snapshots.last_mut() {
            match tags {
                Some(tags) => made.tags = tags,
                None if !copy_tags => made.tags.clear(),
                None => {}
            }
        }
        self.respond_snapshot("CopyDBSnapshot", &name)
    }

    pub(super) fn delete_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBSnapshotIdentifier"])?;
        let name = self.form.required("DBSnapshotIdentifier")?.to_owned();
        let gone = self.world.rds.delete_snapshot(self.region, &name).map_err(wrong)?;
        Ok(self.respond("DeleteDBSnapshot", |xml| {
            xml.nest("DBSnapshot", |xml| self.snapshot(xml, &gone));
        }))
    }

    fn respond_snapshot(&self, action: &str, name: &str) -> Result<String, Wrong> {
        let made = self.world.rds.find_snapshot(self.region, name).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("DBSnapshot", |xml| self.snapshot(xml, made));
        }))
    }

    pub(super) fn describe_snapshots(&self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBInstanceIdentifier",
            "DBSnapshotIdentifier",
            "SnapshotType",
            "DbiResourceId",
            "IncludeShared",
            "IncludePublic",
            "MaxRecords",
            "Marker",
        ])?;
        let (instance, name) = (self.form.get("DBInstanceIdentifier"), self.form.get("DBSnapshotIdentifier"));
        let (kind, resource) = (self.form.get("SnapshotType"), self.form.get("DbiResourceId"));
        let found: Vec<&Snapshot> = self
            .world
            .rds
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.region == self.region)
            .filter(|snapshot| instance.is_none_or(|id| snapshot.instance == id))
            .filter(|snapshot| name.is_none_or(|name| snapshot.id == name || snapshot.arn() == name))
            .filter(|snapshot| kind.is_none_or(|kind| snapshot.kind == kind))
            .filter(|snapshot| resource.is_none_or(|id| snapshot.resource_id == id))
            .collect();
        if let (true, Some(name)) = (found.is_empty(), name) {
            return Err(wrong(Refusal::NoSnapshot(name.to_owned())));
        }
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeDBSnapshots", |xml| {
            xml.nest("DBSnapshots", |xml| {
                for snapshot in page {
                    xml.nest("DBSnapshot", |xml| self.snapshot(xml, snapshot));
                }
            })
            .maybe("Marker", next);
        }))
    }

    pub(super) fn share_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBSnapshotIdentifier", "AttributeName", "ValuesToAdd", "ValuesToRemove"])?;
        let name = self.form.required("DBSnapshotIdentifier")?.to_owned();
        if self.form.required("AttributeName")? != "restore" {
            return Err(super::value_error("AttributeName", self.form.get("AttributeName").unwrap_or_default()));
        }
        let add = self.form.list("ValuesToAdd").unwrap_or_default();
        let remove = self.form.list("ValuesToRemove").unwrap_or_default();
        self.world.rds.share_snapshot(self.region, &name, &add, &remove).map_err(wrong)?;
        self.respond_attributes("ModifyDBSnapshotAttribute", &name)
    }

    pub(super) fn describe_snapshot_attributes(&self) -> Result<String, Wrong> {
        self.form.only(&["DBSnapshotIdentifier"])?;
        self.respond_attributes("DescribeDBSnapshotAttributes", self.form.required("DBSnapshotIdentifier")?)
    }

    fn respond_attributes(&self, action: &str, name: &str) -> Result<String, Wrong> {
        let found = self.world.rds.find_snapshot(self.region, name).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("DBSnapshotAttributesResult", |xml| {
                xml.text("DBSnapshotIdentifier", &found.id).nest("DBSnapshotAttributes", |xml| {
                    xml.nest("DBSnapshotAttribute", |xml| {
                        xml.text("AttributeName", "restore").nest("AttributeValues", |xml| {
                            for account in &found.shared {
                                xml.text("AttributeValue", account);
                            }
                        });
                    });
                });
            });
        }))
    }

    fn snapshot(&self, xml: &mut Xml, snapshot: &Snapshot) {
        let passed = self.world.now().since(snapshot.begun) * 100 / (150 * SECOND);
        let progress = if snapshot.finished.is_some() { 100 } else { passed.clamp(0, 99) };
        let settings = &snapshot.settings;
        xml.text("DBSnapshotIdentifier", &snapshot.id)
            .text("DBSnapshotArn", snapshot.arn())
            .text("DBInstanceIdentifier", &snapshot.instance)
            .text("DbiResourceId", &snapshot.resource_id)
            .text("SnapshotType", snapshot.kind)
            .text("Status", if snapshot.finished.is_some() { "available" } else { "creating" })
            .text("PercentProgress", progress)
            .maybe("SnapshotCreateTime", snapshot.finished.map(|_| self.iso(snapshot.begun)))
            .maybe("OriginalSnapshotCreateTime", snapshot.finished.map(|_| self.iso(snapshot.begun)))
            .maybe("SnapshotDatabaseTime", snapshot.finished.map(|_| self.iso(snapshot.of.through)))
            .maybe("SourceDBSnapshotIdentifier", snapshot.copy_of.as_deref())
            .text("Engine", "postgres")
            .text("EngineVersion", "16.4")
            .text("LicenseModel", "postgresql-license")
            .text("AllocatedStorage", settings.storage)
            .text("StorageType", &settings.storage_type)
            .text("Iops", settings.iops)
            .text("Port", settings.port)
            .text("MasterUsername", "shop")
            .text("OptionGroupName", &settings.option_group)
            .text("Encrypted", true)
            .text("KmsKeyId", &snapshot.kms_key)
            .text("AvailabilityZone", snapshot.zone)
            .text("VpcId", snapshot.region.network(settings.network(snapshot.region)))
            .text("InstanceCreateTime", self.iso(snapshot.instance_created))
            .text("IAMDatabaseAuthenticationEnabled", settings.iam_authentication)
            .nest("TagList", |xml| tags(xml, &snapshot.tags));
    }
}
