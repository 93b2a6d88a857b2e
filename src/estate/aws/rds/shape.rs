//! How RDS writes an instance.

use super::super::xml::Xml;
use super::Context;
use crate::estate::model::instance::{Changes, Instance, Replication, Role, Work};
use crate::estate::model::place::zone_named;

impl Context<'_, '_> {
    pub(super) fn instance(&self, xml: &mut Xml, instance: &Instance) {
        let (now, settings) = (self.world.now(), &instance.settings);
        xml.text("DBInstanceIdentifier", &instance.id)
            .text("DBInstanceArn", instance.arn())
            .text("DbiResourceId", &instance.resource_id)
            .text("DBInstanceClass", &settings.class)
            .text("Engine", "postgres")
            .text("EngineVersion", "16.4")
            .text("LicenseModel", "postgresql-license")
            .text("DBInstanceStatus", instance.status(now).name())
            .text("MasterUsername", "shop")
            .text("DBName", "shop")
            .nest("Endpoint", |xml| {
                xml.text("Address", instance.region.endpoint(&instance.id))
                    .text("Port", settings.port)
                    .text("HostedZoneId", "Z0PRACTICE0000000RDS");
            })
            .text("DbInstancePort", 0)
            .text("AllocatedStorage", settings.storage)
            .text("StorageType", &settings.storage_type)
            .text("Iops", settings.iops)
            .text("StorageEncrypted", true)
            .text("KmsKeyId", &instance.kms_key)
            .text("InstanceCreateTime", self.iso(instance.created))
            .text("PreferredBackupWindow", &settings.backup_window)
            .text("PreferredMaintenanceWindow", &settings.maintenance_window)
            .text("BackupRetentionPeriod", settings.retention)
            .maybe("LatestRestorableTime", self.world.rds.latest_restorable(instance, now).map(|at| self.iso(at)))
            .text("DBSecurityGroups", "")
            .nest("VpcSecurityGroups", |xml| {
                for group in &settings.security_groups {
                    xml.nest("VpcSecurityGroupMembership", |xml| {
                        xml.text("VpcSecurityGroupId", group).text("Status", "active");
                    });
                }
            })
            .nest("DBParameterGroups", |xml| {
                xml.nest("DBParameterGroup", |xml| {
                    let applied = if instance.parameters_pending { "pending-reboot" } else { "in-sync" };
                    xml.text("DBParameterGroupName", &settings.parameter_group).text("ParameterApplyStatus", applied);
                });
            })
            .nest("OptionGroupMemberships", |xml| {
                xml.nest("OptionGroupMembership", |xml| {
                    xml.text("OptionGroupName", &settings.option_group).text("Status", "in-sync");
                });
            })
            .nest("DBSubnetGroup", |xml| {
                xml.text("DBSubnetGroupName", &settings.subnet_group)
                    .text("DBSubnetGroupDescription", "Private subnets")
                    .text("VpcId", instance.region.network(settings.network(instance.region)))
                    .text("SubnetGroupStatus", "Complete");
                xml.nest("Subnets", |xml| {
                    for zone in instance.region.zones() {
                        xml.nest("Subnet", |xml| {
                            xml.text("SubnetIdentifier", zone.subnet)
                                .nest("SubnetAvailabilityZone", |xml| {
                                    xml.text("Name", zone.name);
                                })
                                .text("SubnetStatus", "Active");
                        });
                    }
                });
            })
            .text("AvailabilityZone", instance.zone_shown(now))
            .text("MultiAZ", settings.multi_az)
            .maybe(
                "SecondaryAvailabilityZone",
                instance.standby.filter(|zone| zone_named(zone).is_some() && *zone != instance.zone_shown(now)),
            )
            .text("AutoMinorVersionUpgrade", false)
            .text("PubliclyAccessible", false)
            .text("CopyTagsToSnapshot", settings.copy_tags)
            .text("IAMDatabaseAuthenticationEnabled", settings.iam_authentication)
            .text("CACertificateIdentifier", "rds-ca-rsa2048-g1")
            .text("NetworkType", "IPV4")
            .text("DeletionProtection", settings.deletion_protection)
            .nest("TagList", |xml| tags(xml, &instance.tags))
            .nest("PendingModifiedValues", |xml| pending(xml, instance));
        self.replication(xml, instance);
    }

    fn replication(&self, xml: &mut Xml, instance: &Instance) {
        if let Role::Replica(source) = &instance.role {
            // A source of the same region goes by its name alone.
            let near = self.world.rds.by_arn(source).filter(|source| source.region == instance.region);
            xml.text("ReadReplicaSourceDBInstanceIdentifier", near.map_or(source, |source| &source.id));
        }
        // A source of another region is not told by anybody while that region is gone; it lists its replica still.
        let arn = instance.arn();
        xml.nest("ReadReplicaDBInstanceIdentifiers", |xml| {
            for replica in self.world.rds.replicas_of(&arn) {
                let near = replica.region == instance.region;
                xml.text("ReadReplicaDBInstanceIdentifier", if near { replica.id.clone() } else { replica.arn() });
            }
        });
        xml.nest("StatusInfos", |xml| {
            if !matches!(instance.role, Role::Replica(_)) {
                return;
            }
            let (status, message) = match instance.replication {
                Replication::Replicating => ("replicating", None),
                Replication::Error => {
                    ("error", Some("The replica cannot receive from its source: the connection timed out."))
                }
                Replication::Terminated => {
                    ("terminated", Some("Replication was terminated: the source DB instance was deleted."))
                }
            };
            xml.nest("DBInstanceStatusInfo", |xml| {
                xml.text("StatusType", "read replication")
                    .text("Normal", message.is_none())
                    .text("Status", status)
                    .maybe("Message", message);
            });
        });
    }
}

/// Writes tags.
pub(super) fn tags(xml: &mut Xml, tags: &[(String, String)]) {
    for (key, value) in tags {
        xml.nest("Tag", |xml| {
            xml.text("Key", key).text("Value", value);
        });
    }
}

fn pending(xml: &mut Xml, instance: &Instance) {
    let under_way = match instance.work() {
        Some(Work::Modification(changes)) => changes.clone(),
        _ => Changes::default(),
    };
    let waiting = &instance.pending;
    xml.maybe("DBInstanceClass", under_way.class.or_else(|| waiting.class.clone()))
        .maybe("AllocatedStorage", under_way.storage.or(waiting.storage))
        .maybe("Port", under_way.port.or(waiting.port))
        .maybe("BackupRetentionPeriod", under_way.retention.or(waiting.retention))
        .maybe("MultiAZ", under_way.multi_az.or(waiting.multi_az))
        .maybe("DBInstanceIdentifier", under_way.rename.or_else(|| waiting.rename.clone()));
}
