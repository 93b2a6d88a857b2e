//! RDS over awsQuery: parameters in a form, XML back.

mod backups;
mod cluster_snapshots;
mod clusters;
mod globals;
mod instances;
mod members;
mod others;
mod shape;
mod snapshots;

use chrono::{DateTime, Utc};

use super::form::{Form, Wrong, value_error};
use super::xml::Xml;
use super::{Call, Reply, Service};
use crate::estate::model::Moment;
use crate::estate::model::key::KeyState;
use crate::estate::model::place::Region;
use crate::estate::model::rds::Refusal;
use crate::estate::model::world::World;

fn wrong(refusal: Refusal) -> Wrong {
    let quota = |what: &str| format!("The quota of {what} is used up.");
    match refusal {
        Refusal::NoInstance(id) => (404, "DBInstanceNotFound", format!("DBInstance {id} not found.")),
        Refusal::InstanceExists(id) => (400, "DBInstanceAlreadyExists", format!("DB instance {id} already exists.")),
        Refusal::InstanceQuota => (400, "InstanceQuotaExceeded", quota("DB instances")),
        Refusal::NoSnapshot(id) => (404, "DBSnapshotNotFound", format!("DBSnapshot {id} not found.")),
        Refusal::SnapshotExists(id) => {
            (400, "DBSnapshotAlreadyExists", format!("Cannot create the snapshot because {id} already exists."))
        }
        Refusal::SnapshotState(message) => (400, "InvalidDBSnapshotState", message),
        Refusal::NoBackup(id) => {
            (404, "DBInstanceAutomatedBackupNotFound", format!("The automated backup {id} was not found."))
        }
        Refusal::BackupState(message) => (400, "InvalidDBInstanceAutomatedBackupState", message),
        Refusal::NotRestorable(message) => (400, "PointInTimeRestoreNotEnabled", message),
        Refusal::State(message) => (400, "InvalidDBInstanceState", message),
        Refusal::Value(message) => (400, "InvalidParameterValue", message),
        Refusal::Combination(message) | Refusal::Network(message) => (400, "InvalidParameterCombination", message),
        Refusal::NoParameterGroup(name) => {
            (404, "DBParameterGroupNotFound", format!("DBParameterGroup not found: {name}"))
        }
        Refusal::ParameterGroupExists(name) => {
            (400, "DBParameterGroupAlreadyExists", format!("Parameter group {name} already exists"))
        }
        Refusal::NoSubnetGroup(name) => {
            (404, "DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist."))
        }
        Refusal::Key(message) => (400, "KMSKeyNotAccessibleFault", message),
        Refusal::SnapshotQuota => (400, "SnapshotQuotaExceeded", quota("snapshots")),
        Refusal::NoCluster(id) => (404, "DBClusterNotFoundFault", format!("DBCluster {id} not found.")),
        Refusal::ClusterExists(id) => (400, "DBClusterAlreadyExistsFault", format!("DB Cluster {id} already exists")),
        Refusal::ClusterQuota => (403, "DBClusterQuotaExceededFault", quota("DB clusters")),
        Refusal::ClusterState(message) => (400, "InvalidDBClusterStateFault", message),
        Refusal::NoClusterSnapshot(id) => {
            (404, "DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {id} not found."))
        }
        Refusal::ClusterSnapshotExists(id) => {
            let message = format!("Cannot create the cluster snapshot because {id} already exists.");
            (400, "DBClusterSnapshotAlreadyExistsFault", message)
        }
        Refusal::ClusterSnapshotState(message) => (400, "InvalidDBClusterSnapshotStateFault", message),
        Refusal::NoClusterBackup(id) => {
            (404, "DBClusterAutomatedBackupNotFoundFault", format!("The automated backup {id} was not found."))
        }
        Refusal::NoClusterParameterGroup(name) => {
            (404, "DBClusterParameterGroupNotFound", format!("DBClusterParameterGroup not found: {name}"))
        }
        Refusal::Restore(message) => (400, "InvalidRestoreFault", message),
        Refusal::NoGlobal(id) => (404, "GlobalClusterNotFoundFault", format!("Global cluster {id} not found.")),
        Refusal::GlobalExists(id) => {
            (400, "GlobalClusterAlreadyExistsFault", format!("Global cluster {id} already exists."))
        }
        Refusal::GlobalQuota => (400, "GlobalClusterQuotaExceededFault", quota("global clusters")),
        Refusal::GlobalState(message) => (400, "InvalidGlobalClusterStateFault", message),
    }
}

/// Answers a call.
pub(super) fn answer(call: &Call<'_>, world: &mut World) -> Reply {
    let form = Form::read(&call.body, &call.query);
    let action = form.get("Action").unwrap_or_default().to_owned();
    let Some(region) = call.region else {
        return Service::Rds.error(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
            &call.id,
        );
    };
    let mut cx = Context { call, world, region, form };
    let result = cx.for_member(&action).unwrap_or_else(|| cx.act(&action));
    let changes = !action.starts_with("Describe") && !action.starts_with("List") && !action.starts_with("Download");
    if result.is_ok() && changes {
        let resource = cx.form.get("DBInstanceIdentifier").or(cx.form.get("TargetDBInstanceIdentifier"));
        let more =
            ["DBSnapshotIdentifier", "DBClusterIdentifier", "DBClusterSnapshotIdentifier", "GlobalClusterIdentifier"];
        let resource = resource.or_else(|| more.iter().find_map(|name| cx.form.get(name)));
        let resource = resource.unwrap_or_default().to_owned();
        let parameters = cx.form.for_trail();
        cx.world.record_call(region, ("rds.amazonaws.com", &action), super::OPERATOR, &resource, parameters);
    }
    match result {
        Ok(result) => Reply::xml(200, result),
        Err((status, code, message)) => Service::Rds.error(status, code, &message, &call.id),
    }
}

struct Context<'c, 's> {
    call: &'c Call<'s>,
    world: &'c mut World,
    region: Region,
    form: Form,
}

impl Context<'_, '_> {
    /// Does what the call says.
    fn act(&mut self, action: &str) -> Result<String, Wrong> {
        match action {
            "DescribeDBInstances" => self.describe_instances(),
            "CreateDBInstanceReadReplica" => self.create_replica(),
            "RestoreDBInstanceToPointInTime" => self.restore_point(),
            "RestoreDBInstanceFromDBSnapshot" => self.restore_snapshot(),
            "PromoteReadReplica" => self.promote(),
            "ModifyDBInstance" => self.modify(),
            "RebootDBInstance" => self.reboot(),
            "StartDBInstance" => self.start(),
            "StopDBInstance" => self.stop(),
            "DeleteDBInstance" => self.delete(),
            "CreateDBSnapshot" => self.create_snapshot(),
            "CopyDBSnapshot" => self.copy_snapshot(),
            "DeleteDBSnapshot" => self.delete_snapshot(),
            "DescribeDBSnapshots" => self.describe_snapshots(),
            "ModifyDBSnapshotAttribute" => self.share_snapshot(),
            "DescribeDBSnapshotAttributes" => self.describe_snapshot_attributes(),
            "DescribeDBInstanceAutomatedBackups" => self.describe_backups(),
            "StartDBInstanceAutomatedBackupsReplication" => self.replicate_backups(),
            "StopDBInstanceAutomatedBackupsReplication" => self.stop_replicating_backups(),
            "DeleteDBInstanceAutomatedBackup" => self.delete_backup(),
            "DescribeEvents" => self.describe_events(),
            "DescribeDBLogFiles" => self.describe_logs(),
            "DownloadDBLogFilePortion" => self.download_log(),
            "ListTagsForResource" => self.list_tags(),
            "AddTagsToResource" => self.add_tags(),
            "RemoveTagsFromResource" => self.remove_tags(),
            "DescribeDBParameterGroups" => self.describe_parameter_groups(),
            "DescribeDBParameters" => self.describe_parameters(),
            "CreateDBParameterGroup" => self.create_parameter_group(),
            "ModifyDBParameterGroup" => self.modify_parameter_group(),
            "ResetDBParameterGroup" => self.reset_parameter_group(),
            "DescribeDBSubnetGroups" => self.describe_subnet_groups(),
            "DescribeDBClusters" => self.describe_clusters(),
            "CreateDBCluster" => self.create_cluster(),
            "ModifyDBCluster" => self.modify_cluster(),
            "DeleteDBCluster" => self.delete_cluster(),
            "FailoverDBCluster" => self.fail_over_cluster(),
            "StopDBCluster" => self.stop_cluster(),
            "StartDBCluster" => self.start_cluster(),
            "RestoreDBClusterToPointInTime" => self.restore_cluster_point(),
            "RestoreDBClusterFromSnapshot" => self.restore_cluster_snapshot(),
            "CreateDBInstance" => self.create_member(),
            "RebootDBCluster" => self.refuse_for_cluster("is an Aurora cluster; reboot its instances."),
            "PromoteReadReplicaDBCluster" => self.refuse_for_cluster("is not a read replica of a cluster."),
            "BacktrackDBCluster" | "DescribeDBClusterBacktracks" => {
                self.refuse_for_cluster("is not enabled for backtrack, which aurora-postgresql does not have.")
            }
            "DescribeDBClusterEndpoints" => self.describe_cluster_endpoints(),
            "DescribeDBClusterParameterGroups" => self.describe_cluster_parameter_groups(),
            "DescribeDBClusterParameters" => self.describe_cluster_parameters(),
            "CreateDBClusterSnapshot" => self.create_cluster_snapshot(),
            "CopyDBClusterSnapshot" => self.copy_cluster_snapshot(),
            "DeleteDBClusterSnapshot" => self.delete_cluster_snapshot(),
            "DescribeDBClusterSnapshots" => self.describe_cluster_snapshots(),
            "ModifyDBClusterSnapshotAttribute" => self.share_cluster_snapshot(),
            "DescribeDBClusterSnapshotAttributes" => self.describe_cluster_snapshot_attributes(),
            "DescribeDBClusterAutomatedBackups" => self.describe_cluster_backups(),
            "DescribeGlobalClusters" => self.describe_globals(),
            "CreateGlobalCluster" => self.create_global(),
            "ModifyGlobalCluster" => self.modify_global(),
            "DeleteGlobalCluster" => self.delete_global(),
            "RemoveFromGlobalCluster" => self.remove_from_global(),
            "SwitchoverGlobalCluster" => self.switch_global_over(),
            "FailoverGlobalCluster" => self.fail_global_over(),
            _ => Err((400, "InvalidAction", format!("Could not find operation {action} for version 2014-10-31"))),
        }
    }

    fn respond(&self, action: &str, fill: impl FnOnce(&mut Xml)) -> String {
        Xml::document(&format!("{action}Response"), Service::Rds.namespace(), |xml| {
            xml.nest(&format!("{action}Result"), fill).nest("ResponseMetadata", |xml| {
                xml.text("RequestId", &self.call.id);
            });
        })
    }

    fn respond_instance(&self, action: &str, id: &str) -> Result<String, Wrong> {
        if let Some(member) = self.world.rds.aurora.member(self.region, id) {
            return Ok(self.respond(action, |xml| {
                xml.nest("DBInstance", |xml| self.write_member(xml, member));
            }));
        }
        let found = self.world.rds.find(self.region, id).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("DBInstance", |xml| self.instance(xml, found));
        }))
    }

    fn wall(&self, moment: Moment) -> DateTime<Utc> {
        self.call.standing.line().wall(moment)
    }

    fn iso(&self, moment: Moment) -> String {
        self.call.standing.iso(moment)
    }

    /// Returns the moment that a parameter names; a time must say its zone.
    fn moment(&self, name: &str) -> Result<Option<Moment>, Wrong> {
        Ok(self.form.time(name)?.map(|time| self.call.standing.line().moment_of(time)))
    }

    /// Returns the ARN of the key that `KmsKeyId` names: one of this region that can be used.
    fn key(&self) -> Result<Option<String>, Wrong> {
        let Some(name) = self.form.get("KmsKeyId") else { return Ok(None) };
        let here = self.world.keys.iter().filter(|key| key.region == self.region && key.state == KeyState::Enabled);
        here.into_iter().find(|key| key.is_named(name)).map(|key| Some(key.arn())).ok_or_else(|| {
            let message = format!(
                "The specified KMS key [{name}] does not exist in {}, is not enabled or you do not have permissions to \
                 access it.",
                self.region.name()
            );
            (400, "KMSKeyNotAccessibleFault", message)
        })
    }

    fn identifier(&self, name: &str) -> Result<String, Wrong> {
        let value = self.form.required(name)?;
        let sound = value.len() <= 255
            && value.starts_with(|c: char| c.is_ascii_alphabetic())
            && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if sound { Ok(value.to_owned()) } else { Err(value_error(name, value)) }
    }

    /// Cuts a list to the page that the call asks for, and says where the next one begins.
    fn page<'a, T>(&self, all: &'a [T]) -> Result<(&'a [T], Option<String>), Wrong> {
        let most = self.form.number::<usize>("MaxRecords")?.unwrap_or(100).clamp(1, 100);
        let from = match self.form.get("Marker").filter(|marker| !marker.is_empty()) {
            None => 0,
            Some(marker) => marker.parse().map_err(|_| value_error("Marker", marker))?,
        };
        let end = all.len().min(from + most);
        let page = all.get(from..end).unwrap_or_default();
        Ok((page, (end < all.len()).then(|| end.to_string())))
    }
}
