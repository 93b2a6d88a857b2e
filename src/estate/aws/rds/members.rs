//! Calls about the instances of Aurora clusters.

use super::super::form::{Wrong, value_error};
use super::super::xml::Xml;
use super::clusters::engine;
use super::shape::tags;
use super::{Context, wrong};
use crate::estate::model::aurora::{ENGINE, ENGINE_VERSION, Member, MemberWanted};
use crate::estate::model::rds::Target;

impl Context<'_, '_> {
    pub(super) fn create_member(&mut self) -> Result<String, Wrong> {
        let Some(cluster) = self.form.text("DBClusterIdentifier") else {
            let message = "The practice estate makes DB instances in Aurora clusters only; specify DBClusterIdentifier. \
                           Others come from restores and as read replicas.";
            return Err((400, "InvalidParameterValue", message.to_owned()));
        };
        for of_cluster in
            ["BackupRetentionPeriod", "MasterUsername", "AllocatedStorage", "VpcSecurityGroupIds", "DBName"]
        {
            if self.form.get(of_cluster).is_some() || self.form.list(of_cluster).is_some() {
                let message = format!(
                    "The requested DB Instance will be a member of a DB Cluster. Set {of_cluster} for the DB Cluster."
                );
                return Err((400, "InvalidParameterCombination", message));
            }
        }
        self.form.only(&[
            "DBInstanceIdentifier",
            "DBClusterIdentifier",
            "DBInstanceClass",
            "Engine",
            "EngineVersion",
            "AvailabilityZone",
            "PromotionTier",
            "PubliclyAccessible",
            "AutoMinorVersionUpgrade",
            "Tags",
        ])?;
        self.form.required("Engine")?;
        engine(&self.form)?;
        if self.form.truth("PubliclyAccessible")? == Some(true) {
            return Err(value_error("PubliclyAccessible", "true (the practice estate has no public subnets)"));
        }
        let (id, wanted, now) = (self.identifier("DBInstanceIdentifier")?, self.member_wanted()?, self.world.now());
        let target = Target { region: self.region, id: &id };
        self.world.rds.create_member(target, &cluster, wanted, now).map_err(wrong)?;
        self.world.tell(format!("the instance {id} of the cluster {cluster} is being made"));
        self.respond_instance("CreateDBInstance", &id)
    }

    fn member_wanted(&self) -> Result<MemberWanted, Wrong> {
        Ok(MemberWanted {
            class: self.form.text("DBInstanceClass"),
            tier: self.form.number("PromotionTier")?,
            zone: self.form.text("AvailabilityZone"),
            tags: self.form.tags().unwrap_or_default(),
        })
    }

    /// Answers a call about an instance that is in a cluster; `None` where it is in none.
    pub(super) fn for_member(&mut self, action: &str) -> Option<Result<String, Wrong>> {
        let id = self.form.text("DBInstanceIdentifier")?;
        self.world.rds.aurora.member(self.region, &id)?;
        match action {
            "ModifyDBInstance" | "RebootDBInstance" | "DeleteDBInstance" => Some(self.change_member(action, &id)),
            "DescribeDBInstances" => None,
            _ => {
                let message = format!("The DB instance {id} is in an Aurora cluster; {action} is for clusters there.");
                Some(Err((400, "InvalidDBInstanceState", message)))
            }
        }
    }

    fn change_member(&mut self, action: &str, id: &str) -> Result<String, Wrong> {
        let now = self.world.now();
        let result = match action {
            "ModifyDBInstance" => {
                let known = ["DBInstanceIdentifier", "DBInstanceClass", "PromotionTier", "ApplyImmediately"];
                self.form.only(&known)?;
                let wanted = self.member_wanted()?;
                if wanted.class.is_some() && self.form.truth("ApplyImmediately")? != Some(true) {
                    let message = "The practice estate changes the class of a cluster's instance at once; specify \
                                   ApplyImmediately.";
                    return Err((400, "InvalidParameterCombination", message.to_owned()));
                }
                self.world.rds.modify_member(self.region, id, wanted, now)
            }
            "RebootDBInstance" => {
                self.form.only(&["DBInstanceIdentifier", "ForceFailover"])?;
                if self.form.truth("ForceFailover")? == Some(true) {
                    let message = "ForceFailover cannot be specified for an instance of an Aurora cluster; use \
                                   FailoverDBCluster.";
                    return Err((400, "InvalidParameterCombination", message.to_owned()));
                }
                self.world.rds.reboot_member(self.region, id, now)
            }
            _ => {
                let known = [
                    "DBInstanceIdentifier",
                    "SkipFinalSnapshot",
                    "FinalDBSnapshotIdentifier",
                    "DeleteAutomatedBackups",
                ];
                self.form.only(&known)?;
                if self.form.get("FinalDBSnapshotIdentifier").is_some() {
                    let message = "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance";
                    return Err((400, "InvalidParameterCombination", message.to_owned()));
                }
                self.world.rds.delete_member(self.region, id, now)
            }
        };
        result.map_err(wrong)?;
        self.world.tell(format!("{action} of {id}"));
        self.respond_instance(action, id)
    }

    pub(super) fn write_member(&self, xml: &mut Xml, member: &Member) {
        let (now, aurora) = (self.world.now(), &self.world.rds.aurora);
        let Some(cluster) = aurora.by_key(member.cluster) else { return };
        let terms = &cluster.terms;
        xml.text("DBInstanceIdentifier", &member.id)
            .text("DBInstanceArn", member.arn())
            .text("DbiResourceId", &member.resource_id)
            .text("DBClusterIdentifier", &cluster.id)
            .text("DBInstanceClass", &member.class)
            .text("Engine", ENGINE)
            .text("EngineVersion", ENGINE_VERSION)
            .text("DBInstanceStatus", member.status_in(cluster, now).name())
            .text("MasterUsername", &terms.master)
            .maybe("DBName", terms.database.as_deref())
            .nest("Endpoint", |xml| {
                xml.text("Address", member.region.endpoint(&member.id))
                    .text("Port", terms.port)
                    .text("HostedZoneId", "Z0PRACTICE0000000RDS");
            })
            .text("AllocatedStorage", 1)
            .text("StorageType", "aurora")
            .text("StorageEncrypted", cluster.kms_key.is_some())
            .maybe("KmsKeyId", cluster.kms_key.as_deref())
            .text("InstanceCreateTime", self.iso(member.created))
            .text("BackupRetentionPeriod", terms.retention)
            .text("AvailabilityZone", member.zone)
            .text("MultiAZ", false)
            .text("AutoMinorVersionUpgrade", false)
            .text("PubliclyAccessible", false)
            .text("PromotionTier", member.tier)
            .text("NetworkType", "IPV4")
            .text("DeletionProtection", false)
            .nest("TagList", |xml| tags(xml, &member.tags));
    }
}
