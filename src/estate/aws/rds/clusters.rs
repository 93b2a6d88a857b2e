//! Calls about Aurora clusters.

use super::super::form::{Form, Wrong, value_error};
use super::super::xml::Xml;
use super::shape::tags;
use super::{Context, wrong};
use crate::estate::model::aurora::{
    Cluster, ClusterWanted, DEFAULT_CLUSTER_PARAMETER_GROUP, ENGINE, ENGINE_VERSION, RestoreType, TermChanges, Volume,
};
use crate::estate::model::key::database_key;
use crate::estate::model::place::{ACCOUNT, DEFAULT_PARAMETER_GROUP};
use crate::estate::model::rds::{Backups, FinalSnapshot, Refusal, Target, Until};

/// Names the parameters of settings that calls which make a cluster have in common.
const MAKING: [&str; 19] = [
    "Engine",
    "EngineVersion",
    "EngineMode",
    "Port",
    "BackupRetentionPeriod",
    "DeletionProtection",
    "VpcSecurityGroupIds",
    "DBSubnetGroupName",
    "DBClusterParameterGroupName",
    "EnableIAMDatabaseAuthentication",
    "CopyTagsToSnapshot",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "KmsKeyId",
    "Tags",
    "StorageType",
    "NetworkType",
    "AvailabilityZones",
    "EnableCloudwatchLogsExports",
];

fn terms(form: &Form) -> Result<TermChanges, Wrong> {
    Ok(TermChanges {
        port: form.number("Port")?,
        retention: form.number("BackupRetentionPeriod")?,
        deletion_protection: form.truth("DeletionProtection")?,
        security_groups: form.list("VpcSecurityGroupIds"),
        subnet_group: form.text("DBSubnetGroupName"),
        parameter_group: form.text("DBClusterParameterGroupName"),
        iam_authentication: form.truth("EnableIAMDatabaseAuthentication")?,
        copy_tags: form.truth("CopyTagsToSnapshot")?,
        backup_window: form.text("PreferredBackupWindow"),
        maintenance_window: form.text("PreferredMaintenanceWindow"),
    })
}

/// Refuses another engine than the one that there is, and another mode than the usual one.
pub(super) fn engine(form: &Form) -> Result<(), Wrong> {
    let version = |version: &&str| !ENGINE_VERSION.starts_with(*version);
    if let Some(other) = form.get("Engine").filter(|engine| *engine != ENGINE) {
        return Err(value_error("Engine", &format!("{other} (the practice estate has {ENGINE} alone)")));
    }
    if let Some(other) = form.get("EngineVersion").filter(version) {
        return Err(value_error("EngineVersion", &format!("{other} (the practice estate has {ENGINE_VERSION} alone)")));
    }
    match form.get("EngineMode").filter(|mode| *mode != "provisioned") {
        None => Ok(()),
        Some(mode) => Err(value_error("EngineMode", mode)),
    }
}

/// Reads what is kept of something that is deleted.
pub(super) fn last_snapshot(form: &Form) -> Result<FinalSnapshot, Wrong> {
    let skip = form.truth("SkipFinalSnapshot")? == Some(true);
    match (form.text("FinalDBSnapshotIdentifier"), skip) {
        (Some(_), true) => {
            let message = "FinalDBSnapshotIdentifier can not be specified when skipping the final snapshot.";
            Err((400, "InvalidParameterCombination", message.to_owned()))
        }
        (None, false) => {
            let message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
            Err((400, "InvalidParameterCombination", message.to_owned()))
        }
        (Some(name), false) => Ok(FinalSnapshot::Named(name)),
        (None, true) => Ok(FinalSnapshot::Skipped),
    }
}

/// Reads which point is restored.
pub(super) fn until(cx: &Context<'_, '_>, name: &str) -> Result<Until, Wrong> {
    let latest = cx.form.truth("UseLatestRestorableTime")? == Some(true);
    match (cx.moment(name)?, latest) {
        (Some(time), false) => Ok(Until::Time(time)),
        (None, true) => Ok(Until::Latest),
        (Some(_), true) => {
            let message = format!("{name} and UseLatestRestorableTime exclude each other.");
            Err((400, "InvalidParameterCombination", message))
        }
        (None, false) => {
            let message = format!("Either {name} or UseLatestRestorableTime must be given.");
            Err((400, "InvalidParameterCombination", message))
        }
    }
}

impl Context<'_, '_> {
    fn cluster_wanted(&self) -> Result<ClusterWanted, Wrong> {
        Ok(ClusterWanted {
            given: terms(&self.form)?,
            master: self.form.text("MasterUsername"),
            database: self.form.text("DatabaseName"),
            tags: self.form.tags(),
            kms_key: self.key()?,
            global: self.form.text("GlobalClusterIdentifier"),
        })
    }

    fn respond_cluster(&self, action: &str, id: &str) -> Result<String, Wrong> {
        let found = self.world.rds.aurora.find(self.region, id).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("DBCluster", |xml| self.cluster(xml, found));
        }))
    }

    pub(super) fn describe_clusters(&self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterIdentifier", "Filters", "MaxRecords", "Marker", "IncludeShared"])?;
        let (by_id, by_resource) = (self.form.filter("db-cluster-id"), self.form.filter("db-cluster-resource-id"));
        let aurora = &self.world.rds.aurora;
        let named = |cluster: &Cluster, ids: &Vec<String>| ids.contains(&cluster.id) || ids.contains(&cluster.arn());
        let here = aurora.clusters.iter().filter(|cluster| cluster.region == self.region);
        let found: Vec<&Cluster> = if let Some(id) = self.form.get("DBClusterIdentifier") {
            let missing = || wrong(Refusal::NoCluster(id.to_owned()));
            vec![aurora.find(self.region, id).ok().filter(|one| one.region == self.region).ok_or_else(missing)?]
        } else {
            here.filter(|cluster| by_id.as_ref().is_none_or(|ids| named(cluster, ids)))
                .filter(|cluster| by_resource.as_ref().is_none_or(|ids| ids.contains(&cluster.resource_id)))
                .collect()
        };
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeDBClusters", |xml| {
            xml.nest("DBClusters", |xml| {
                for cluster in page {
                    xml.nest("DBCluster", |xml| self.cluster(xml, cluster));
                }
            })
            .maybe("Marker", next);
        }))
    }

    pub(super) fn create_cluster(&mut self) -> Result<String, Wrong> {
        let own = [
            "DBClusterIdentifier",
            "MasterUsername",
            "MasterUserPassword",
            "ManageMasterUserPassword",
            "DatabaseName",
            "GlobalClusterIdentifier",
            "StorageEncrypted",
            "SourceRegion",
            "DestinationRegion",
            "PreSignedUrl",
        ];
        let known: Vec<&str> = own.into_iter().chain(MAKING).collect();
        self.form.only(&known)?;
        self.form.required("Engine")?;
        engine(&self.form)?;
        let id = self.identifier("DBClusterIdentifier")?;
        let encrypted = self.form.truth("StorageEncrypted")?;
        let mut wanted = self.cluster_wanted()?;
        if encrypted == Some(true) && wanted.kms_key.is_none() && wanted.global.is_none() {
            wanted.kms_key = Some(database_key(self.region, self.world.seed));
        }
        let now = self.world.now();
        self.world.rds.create_cluster(Target { region: self.region, id: &id }, wanted, now).map_err(wrong)?;
        self.world.tell(format!("the cluster {id} is being made"));
        self.respond_cluster("CreateDBCluster", &id)
    }

    pub(super) fn modify_cluster(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBClusterIdentifier",
            "NewDBClusterIdentifier",
            "ApplyImmediately",
            "BackupRetentionPeriod",
            "DBClusterParameterGroupName",
            "VpcSecurityGroupIds",
            "Port",
            "PreferredBackupWindow",
            "PreferredMaintenanceWindow",
            "EnableIAMDatabaseAuthentication",
            "DeletionProtection",
            "CopyTagsToSnapshot",
        ])?;
        let (id, now) = (self.form.required("DBClusterIdentifier")?.to_owned(), self.world.now());
        let changes = terms(&self.form)?;
        match self.form.text("NewDBClusterIdentifier") {
            Some(_) if changes != TermChanges::default() => {
                let message = "The practice estate renames a cluster in a call of its own.".to_owned();
                return Err((400, "InvalidParameterCombination", message));
            }
            Some(_) if self.form.truth("ApplyImmediately")? != Some(true) => {
                let message = "The practice estate has no maintenance window for a new name; specify ApplyImmediately.";
                return Err((400, "InvalidParameterCombination", message.to_owned()));
            }
            Some(name) => self.world.rds.rename_cluster(self.region, &id, &name, now),
            None => self.world.rds.modify_cluster(self.region, &id, changes, now),
        }
        .map_err(wrong)?;
        self.respond_cluster("ModifyDBCluster", &id)
    }

    pub(super) fn delete_cluster(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBClusterIdentifier",
            "SkipFinalSnapshot",
            "FinalDBSnapshotIdentifier",
            "DeleteAutomatedBackups",
        ])?;
        let (id, now) = (self.form.required("DBClusterIdentifier")?.to_owned(), self.world.now());
        let last = last_snapshot(&self.form)?;
        let backups = match self.form.truth("DeleteAutomatedBackups")? {
            Some(false) => Backups::Retained,
            Some(true) | None => Backups::Deleted,
        };
        self.world.rds.delete_cluster(self.region, &id, last, backups, now).map_err(wrong)?;
        self.world.tell(format!("the cluster {id} is being deleted"));
        self.respond_cluster("DeleteDBCluster", &id)
    }

    pub(super) fn fail_over_cluster(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterIdentifier", "TargetDBInstanceIdentifier"])?;
        let (id, now) = (self.form.required("DBClusterIdentifier")?.to_owned(), self.world.now());
        let target = self.form.text("TargetDBInstanceIdentifier");
        self.world.rds.fail_over_cluster(self.region, &id, target.as_deref(), now).map_err(wrong)?;
        self.world.tell(format!("the cluster {id} is told to fail over"));
        self.respond_cluster("FailoverDBCluster", &id)
    }

    pub(super) fn stop_cluster(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterIdentifier"])?;
        let (id, now) = (self.form.required("DBClusterIdentifier")?.to_owned(), self.world.now());
        self.world.rds.stop_cluster(self.region, &id, now).map_err(wrong)?;
        self.respond_cluster("StopDBCluster", &id)
    }

    pub(super) fn start_cluster(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterIdentifier"])?;
        let (id, now) = (self.form.required("DBClusterIdentifier")?.to_owned(), self.world.now());
        self.world.rds.start_cluster(self.region, &id, now).map_err(wrong)?;
        self.respond_cluster("StartDBCluster", &id)
    }

    /// Answers calls that no cluster of this engine takes.
    pub(super) fn refuse_for_cluster(&self, why: &str) -> Result<String, Wrong> {
        let id = self.form.required("DBClusterIdentifier")?;
        let found = self.world.rds.aurora.find(self.region, id).map_err(wrong)?;
        Err((400, "InvalidDBClusterStateFault", format!("DB cluster {} {why}", found.id)))
    }

    pub(super) fn restore_cluster_point(&mut self) -> Result<String, Wrong> {
        let own = [
            "DBClusterIdentifier",
            "SourceDBClusterIdentifier",
            "SourceDbClusterResourceId",
            "RestoreToTime",
            "UseLatestRestorableTime",
            "RestoreType",
        ];
        let known: Vec<&str> = own.into_iter().chain(MAKING).collect();
        self.form.only(&known)?;
        engine(&self.form)?;
        let id = self.identifier("DBClusterIdentifier")?;
        let sources = (
            self.form.text("SourceDBClusterIdentifier").map(Volume::Cluster),
            self.form.text("SourceDbClusterResourceId").map(Volume::Resource),
        );
        let ((Some(from), None) | (None, Some(from))) = sources else {
            let message = "One of SourceDBClusterIdentifier and SourceDbClusterResourceId must be given.";
            return Err((400, "InvalidParameterCombination", message.to_owned()));
        };
        let kind = match self.form.get("RestoreType") {
            None | Some("full-copy") => RestoreType::FullCopy,
            Some("copy-on-write") => RestoreType::CopyOnWrite,
            Some(other) => return Err(value_error("RestoreType", other)),
        };
        let (until, wanted, now) = (until(self, "RestoreToTime")?, self.cluster_wanted()?, self.world.now());
        let target = Target { region: self.region, id: &id };
        self.world.rds.restore_cluster_point(target, (&from, until, kind), wanted, now).map_err(wrong)?;
        self.world.tell(format!("the restore of a point in time into the cluster {id} begins"));
        self.respond_cluster("RestoreDBClusterToPointInTime", &id)
    }

    pub(super) fn restore_cluster_snapshot(&mut self) -> Result<String, Wrong> {
        let own = ["DBClusterIdentifier", "SnapshotIdentifier", "DatabaseName"];
        let known: Vec<&str> = own.into_iter().chain(MAKING).collect();
        self.form.only(&known)?;
        self.form.required("Engine")?;
        engine(&self.form)?;
        let (id, snapshot) =
            (self.identifier("DBClusterIdentifier")?, self.form.required("SnapshotIdentifier")?.to_owned());
        let (wanted, now) = (self.cluster_wanted()?, self.world.now());
        let target = Target { region: self.region, id: &id };
        self.world.rds.restore_cluster_snapshot(target, &snapshot, wanted, now).map_err(wrong)?;
        self.world.tell(format!("the restore of {snapshot} into the cluster {id} begins"));
        self.respond_cluster("RestoreDBClusterFromSnapshot", &id)
    }

    pub(super) fn describe_cluster_endpoints(&self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterIdentifier", "MaxRecords", "Marker"])?;
        let aurora = &self.world.rds.aurora;
        let found: Vec<&Cluster> = match self.form.get("DBClusterIdentifier") {
            Some(id) => vec![aurora.find(self.region, id).map_err(wrong)?],
            None => aurora.clusters.iter().filter(|cluster| cluster.region == self.region).collect(),
        };
        let all: Vec<(&Cluster, &str, String)> = found
            .into_iter()
            .flat_map(|cluster| {
                [(cluster, "WRITER", cluster.endpoint()), (cluster, "READER", cluster.reader_endpoint())]
            })
            .collect();
        let (page, next) = self.page(&all)?;
        Ok(self.respond("DescribeDBClusterEndpoints", |xml| {
            xml.nest("DBClusterEndpoints", |xml| {
                for (cluster, kind, endpoint) in page {
                    xml.nest("DBClusterEndpointList", |xml| {
                        let created = cluster.status(self.world.now()).name() != "creating";
                        xml.text("DBClusterIdentifier", &cluster.id)
                            .text("Endpoint", endpoint)
                            .text("Status", if created { "available" } else { "creating" })
                            .text("EndpointType", kind);
                    });
                }
            })
            .maybe("Marker", next);
        }))
    }

    pub(super) fn describe_cluster_parameter_groups(&self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterParameterGroupName", "MaxRecords", "Marker"])?;
        self.cluster_parameter_group()?;
        Ok(self.respond("DescribeDBClusterParameterGroups", |xml| {
            xml.nest("DBClusterParameterGroups", |xml| {
                xml.nest("DBClusterParameterGroup", |xml| {
                    let arn = format!(
                        "arn:aws:rds:{}:{ACCOUNT}:cluster-pg:{DEFAULT_CLUSTER_PARAMETER_GROUP}",
                        self.region.name()
                    );
                    xml.text("DBClusterParameterGroupName", DEFAULT_CLUSTER_PARAMETER_GROUP)
                        .text("DBParameterGroupFamily", "aurora-postgresql16")
                        .text("Description", "Default cluster parameter group for aurora-postgresql16")
                        .text("DBClusterParameterGroupArn", arn);
                });
            });
        }))
    }

    pub(super) fn describe_cluster_parameters(&self) -> Result<String, Wrong> {
        self.form.only(&["DBClusterParameterGroupName", "Source", "MaxRecords", "Marker"])?;
        self.form.required("DBClusterParameterGroupName")?;
        self.cluster_parameter_group()?;
        let group = self.world.rds.parameter_group(self.region, DEFAULT_PARAMETER_GROUP);
        let all = group.map_err(wrong)?.parameters();
        let source = self.form.get("Source");
        let all: Vec<_> = all.into_iter().filter(|one| source.is_none_or(|source| source == one.source)).collect();
        let (page, next) = self.page(&all)?;
        Ok(self.respond("DescribeDBClusterParameters", |xml| {
            xml.nest("Parameters", |xml| {
                for parameter in page {
                    xml.nest("Parameter", |xml| {
                        xml.text("ParameterName", &parameter.name)
                            .text("ParameterValue", &parameter.value)
                            .text("Source", parameter.source)
                            .text("ApplyType", if parameter.is_static { "static" } else { "dynamic" });
                    });
                }
            })
            .maybe("Marker", next);
        }))
    }

    fn cluster_parameter_group(&self) -> Result<(), Wrong> {
        let other = |name: &&str| *name != DEFAULT_CLUSTER_PARAMETER_GROUP;
        self.form.get("DBClusterParameterGroupName").filter(other).map_or(Ok(()), |name| {
            Err((404, "DBClusterParameterGroupNotFound", format!("DBClusterParameterGroup not found: {name}")))
        })
    }

    pub(super) fn cluster(&self, xml: &mut Xml, cluster: &Cluster) {
        let (now, terms, aurora) = (self.world.now(), &cluster.terms, &self.world.rds.aurora);
        let writer = aurora.writer_of(cluster).map(|member| member.number);
        let window = cluster.window(now);
        xml.text("DBClusterIdentifier", &cluster.id)
            .text("DBClusterArn", cluster.arn())
            .text("DbClusterResourceId", &cluster.resource_id)
            .text("Status", cluster.status(now).name())
            .text("Engine", ENGINE)
            .text("EngineVersion", ENGINE_VERSION)
            .text("EngineMode", "provisioned")
            .text("AllocatedStorage", 1)
            .text("StorageType", "aurora")
            .nest("AvailabilityZones", |xml| {
                for zone in cluster.region.zones() {
                    xml.text("AvailabilityZone", zone.name);
                }
            })
            .text("Endpoint", cluster.endpoint())
            .text("ReaderEndpoint", cluster.reader_endpoint())
            .text("HostedZoneId", "Z0PRACTICE0000000RDS")
            .text("Port", terms.port)
            .text("MasterUsername", &terms.master)
            .maybe("DatabaseName", terms.database.as_deref())
            .text("MultiAZ", aurora.members_of(cluster.key).count() > 1)
            .text("BackupRetentionPeriod", terms.retention)
            .text("PreferredBackupWindow", &terms.backup_window)
            .text("PreferredMaintenanceWindow", &terms.maintenance_window)
            .text("EarliestRestorableTime", self.iso(window.earliest))
            .text("LatestRestorableTime", self.iso(window.latest))
            .text("DBClusterParameterGroup", &terms.parameter_group)
            .text("DBSubnetGroup", &terms.subnet_group)
            .nest("VpcSecurityGroups", |xml| {
                for group in &terms.security_groups {
                    xml.nest("VpcSecurityGroupMembership", |xml| {
                        xml.text("VpcSecurityGroupId", group).text("Status", "active");
                    });
                }
            })
            .nest("DBClusterMembers", |xml| {
                for member in aurora.members_of(cluster.key) {
                    xml.nest("DBClusterMember", |xml| {
                        xml.text("DBInstanceIdentifier", &member.id)
                            .text("IsClusterWriter", Some(member.number) == writer)
                            .text("DBClusterParameterGroupStatus", "in-sync")
                            .text("PromotionTier", member.tier);
                    });
                }
            })
            .text("StorageEncrypted", cluster.kms_key.is_some())
            .maybe("KmsKeyId", cluster.kms_key.as_deref())
            .text("IAMDatabaseAuthenticationEnabled", terms.iam_authentication)
            .maybe("CloneGroupId", cluster.clone_of.as_deref())
            .text("ClusterCreateTime", self.iso(cluster.created))
            .text("CopyTagsToSnapshot", terms.copy_tags)
            .text("DeletionProtection", terms.deletion_protection)
            .text("CrossAccountClone", false)
            .text("HttpEndpointEnabled", false)
            .text("AutoMinorVersionUpgrade", false)
            .text("NetworkType", "IPV4")
            .maybe("GlobalClusterIdentifier", aurora.global_of(cluster.key).map(|global| &global.id))
            .maybe(
                "ReplicationSourceIdentifier",
                aurora
                    .global_of(cluster.key)
                    .filter(|global| global.reader == Some(cluster.key))
                    .and_then(|global| aurora.by_key(global.writer?))
                    .map(Cluster::arn),
            )
            .nest("TagList", |xml| tags(xml, &cluster.tags));
    }
}
