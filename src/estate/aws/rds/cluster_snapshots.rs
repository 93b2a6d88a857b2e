//! Calls about snapshots and automated backups of Aurora clusters.

use super::super::form::{Wrong, value_error};
use super::super::xml::Xml;
use super::shape::tags;
use super::{Context, wrong};
use crate::estate::model::Moment;
use crate::estate::model::aurora::{ClusterBackup, ClusterSnapshot, ENGINE, ENGINE_VERSION};
use crate::estate::model::rds::Refusal;

impl Context<'_, '_> {
    pub(super) fn create_cluster_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterIdentifier", "DBClusterSnapshotIdentifier", "Tags"])?;
        let id = self.form.required("DBClusterIdentifier")?.to_owned();
        let name = self.identifier("DBClusterSnapshotIdentifier")?;
        let (given, now) = (self.form.tags(), self.world.now());
        self.world.rds.snapshot_cluster(self.region, &id, &name, given, now).map_err(wrong)?;
        self.respond_cluster_snapshot("CreateDBClusterSnapshot", &name)
    }

    pub(super) fn copy_cluster_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "SourceDBClusterSnapshotIdentifier",
            "TargetDBClusterSnapshotIdentifier",
            "KmsKeyId",
            "Tags",
            "CopyTags",
            "PreSignedUrl",
            "SourceRegion",
            "DestinationRegion",
        ])?;
        let source = self.form.required("SourceDBClusterSnapshotIdentifier")?.to_owned();
        let name = self.identifier("TargetDBClusterSnapshotIdentifier")?;
        let (key, given, now) = (self.key()?, self.form.tags(), self.world.now());
        let copy_tags = self.form.truth("CopyTags")? == Some(true);
        let made = self.world.rds.copy_cluster_snapshot(self.region, &source, &name, key, now).map_err(wrong)?;
        match given {
            Some(given) => made.tags = given,
            None if !copy_tags => made.tags.clear(),
            None => {}
        }
        self.respond_cluster_snapshot("CopyDBClusterSnapshot", &name)
    }

    pub(super) fn delete_cluster_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterSnapshotIdentifier"])?;
        let name = self.form.required("DBClusterSnapshotIdentifier")?.to_owned();
        let gone = self.world.rds.delete_cluster_snapshot(self.region, &name).map_err(wrong)?;
        Ok(self.respond("DeleteDBClusterSnapshot", |xml| {
            xml.nest("DBClusterSnapshot", |xml| self.cluster_snapshot(xml, &gone));
        }))
    }

    fn respond_cluster_snapshot(&self, action: &str, name: &str) -> Result<String, Wrong> {
        let made = self.world.rds.find_cluster_snapshot(self.region, name).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("DBClusterSnapshot", |xml| self.cluster_snapshot(xml, made));
        }))
    }

    pub(super) fn describe_cluster_snapshots(&self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBClusterIdentifier",
            "DBClusterSnapshotIdentifier",
            "SnapshotType",
            "DbClusterResourceId",
            "IncludeShared",
            "IncludePublic",
            "MaxRecords",
            "Marker",
        ])?;
        let (cluster, name) = (self.form.get("DBClusterIdentifier"), self.form.get("DBClusterSnapshotIdentifier"));
        let (kind, resource) = (self.form.get("SnapshotType"), self.form.get("DbClusterResourceId"));
        let all = self.world.rds.aurora.snapshots.iter().filter(|snapshot| snapshot.region == self.region);
        let found: Vec<&ClusterSnapshot> = all
            .filter(|snapshot| cluster.is_none_or(|id| snapshot.cluster == id))
            .filter(|snapshot| name.is_none_or(|name| snapshot.id == name || snapshot.arn() == name))
            .filter(|snapshot| kind.is_none_or(|kind| snapshot.kind == kind))
            .filter(|snapshot| resource.is_none_or(|id| snapshot.resource_id == id))
            .collect();
        if let (true, Some(name)) = (found.is_empty(), name) {
            return Err(wrong(Refusal::NoClusterSnapshot(name.to_owned())));
        }
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeDBClusterSnapshots", |xml| {
            xml.nest("DBClusterSnapshots", |xml| {
                for snapshot in page {
                    xml.nest("DBClusterSnapshot", |xml| self.cluster_snapshot(xml, snapshot));
                }
            })
            .maybe("Marker", next);
        }))
    }

    pub(super) fn share_cluster_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterSnapshotIdentifier", "AttributeName", "ValuesToAdd", "ValuesToRemove"])?;
        let name = self.form.required("DBClusterSnapshotIdentifier")?.to_owned();
        if self.form.required("AttributeName")? != "restore" {
            return Err(value_error("AttributeName", self.form.get("AttributeName").unwrap_or_default()));
        }
        let add = self.form.list("ValuesToAdd").unwrap_or_default();
        let remove = self.form.list("ValuesToRemove").unwrap_or_default();
        self.world.rds.share_cluster_snapshot(self.region, &name, &add, &remove).map_err(wrong)?;
        self.respond_cluster_attributes("ModifyDBClusterSnapshotAttribute", &name)
    }

    pub(super) fn describe_cluster_snapshot_attributes(&self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterSnapshotIdentifier"])?;
        let name = self.form.required("DBClusterSnapshotIdentifier")?;
        self.respond_cluster_attributes("DescribeDBClusterSnapshotAttributes", name)
    }

    fn respond_cluster_attributes(&self, action: &str, name: &str) -> Result<String, Wrong> {
        let found = self.world.rds.find_cluster_snapshot(self.region, name).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("DBClusterSnapshotAttributesResult", |xml| {
                xml.text("DBClusterSnapshotIdentifier", &found.id).nest("DBClusterSnapshotAttributes", |xml| {
                    xml.nest("DBClusterSnapshotAttribute", |xml| {
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

    fn cluster_snapshot(&self, xml: &mut Xml, snapshot: &ClusterSnapshot) {
        let now = self.world.now();
        let whole = snapshot.finished.since(snapshot.begun).max(1);
        let progress = (now.since(snapshot.begun).max(0) * 100 / whole).min(100);
        let terms = &snapshot.terms;
        xml.text("DBClusterSnapshotIdentifier", &snapshot.id)
            .text("DBClusterSnapshotArn", snapshot.arn())
            .text("DBClusterIdentifier", &snapshot.cluster)
            .text("DbClusterResourceId", &snapshot.resource_id)
            .text("SnapshotType", snapshot.kind)
            .text("Status", if snapshot.finished <= now { "available" } else { "creating" })
            .text("PercentProgress", progress)
            .text("SnapshotCreateTime", self.iso(snapshot.begun))
            .text("ClusterCreateTime", self.iso(snapshot.cluster_created))
            .text("Engine", ENGINE)
            .text("EngineVersion", ENGINE_VERSION)
            .text("EngineMode", "provisioned")
            .text("AllocatedStorage", 1)
            .text("StorageType", "aurora")
            .text("Port", terms.port)
            .text("MasterUsername", &terms.master)
            .text("StorageEncrypted", snapshot.kms_key.is_some())
            .maybe("KmsKeyId", snapshot.kms_key.as_deref())
            .maybe("SourceDBClusterSnapshotArn", snapshot.copy_of.as_deref())
            .text("IAMDatabaseAuthenticationEnabled", terms.iam_authentication)
            .nest("TagList", |xml| tags(xml, &snapshot.tags));
    }

    pub(super) fn describe_cluster_backups(&self) -> Result<String, Wrong> {
        self.form.only(&["DbClusterResourceId", "DBClusterIdentifier", "Filters", "MaxRecords", "Marker"])?;
        let (resource, id) = (self.form.get("DbClusterResourceId"), self.form.get("DBClusterIdentifier"));
        let (statuses, ids) = (self.form.filter("status"), self.form.filter("db-cluster-id"));
        let (aurora, now) = (&self.world.rds.aurora, self.world.now());
        let standing = aurora.clusters.iter().filter(|cluster| cluster.region == self.region);
        let standing = standing.map(|cluster| (ClusterBackup::of(cluster, now), "active"));
        let kept = aurora.backups.iter().filter(|kept| kept.region == self.region);
        let found: Vec<(ClusterBackup, &str)> = standing
            .chain(kept.map(|kept| (kept.clone(), "retained")))
            .filter(|(kept, _)| resource.is_none_or(|id| id == kept.resource_id))
            .filter(|(kept, _)| id.is_none_or(|id| id == kept.cluster))
            .filter(|(_, status)| statuses.as_ref().is_none_or(|known| known.iter().any(|one| one == status)))
            .filter(|(kept, _)| ids.as_ref().is_none_or(|known| known.contains(&kept.cluster)))
            .collect();
        if let (true, Some(asked)) = (found.is_empty(), resource) {
            return Err(wrong(Refusal::NoClusterBackup(asked.to_owned())));
        }
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeDBClusterAutomatedBackups", |xml| {
            xml.nest("DBClusterAutomatedBackups", |xml| {
                for (kept, status) in page {
                    xml.nest("DBClusterAutomatedBackup", |xml| self.cluster_backup(xml, kept, status));
                }
            })
            .maybe("Marker", next);
        }))
    }

    fn cluster_backup(&self, xml: &mut Xml, kept: &ClusterBackup, status: &str) {
        let time = |moment: Moment| self.iso(moment);
        xml.text("DBClusterAutomatedBackupsArn", &kept.arn)
            .text("DBClusterIdentifier", &kept.cluster)
            .text("DBClusterArn", &kept.cluster_arn)
            .text("DbClusterResourceId", &kept.resource_id)
            .text("Region", kept.region.name())
            .text("Status", status)
            .nest("RestoreWindow", |xml| {
                xml.text("EarliestTime", time(kept.window.earliest)).text("LatestTime", time(kept.window.latest));
            })
            .text("Engine", ENGINE)
            .text("EngineVersion", ENGINE_VERSION)
            .text("EngineMode", "provisioned")
            .text("AllocatedStorage", 1)
            .text("Port", kept.terms.port)
            .text("MasterUsername", &kept.terms.master)
            .text("ClusterCreateTime", time(kept.cluster_created))
            .text("StorageEncrypted", kept.kms_key.is_some())
            .maybe("KmsKeyId", kept.kms_key.as_deref())
            .text("IAMDatabaseAuthenticationEnabled", kept.terms.iam_authentication)
            .text("BackupRetentionPeriod", kept.terms.retention);
    }
}
