//! RDS over awsQuery: parameters in a form, XML back.

use chrono::{DateTime, TimeDelta, Utc};

use super::xml::Xml;
use super::{Call, Reply, Service};
use crate::estate::model::instance::{Changes, Instance, Role, Work};
use crate::estate::model::place::{ACCOUNT, Region};
use crate::estate::model::rds::{ApplyWhen, Event, Refusal, Restart, Snapshot};
use crate::estate::model::time::{Moment, SECOND};
use crate::estate::model::world::World;

/// How far behind the point is to which an instance can be restored, at most.
const LOG_SHIPPING: i64 = 300 * SECOND;

/// Is one error as it goes out: status, code, message.
type Wrong = (u16, &'static str, String);

/// Holds the parameters of a call.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &str) -> Result<&str, Wrong> {
        let missing = || (400, "MissingParameter", format!("The request must contain the parameter {name}."));
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Wrong> {
        self.get(name).map(|value| value.parse().map_err(|_| value_error(name, value))).transpose()
    }

    fn truth(&self, name: &str) -> Result<Option<bool>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(value_error(name, other)),
        }
    }

    /// Returns the members of a list, whatever its members are called.
    fn list(&self, name: &str) -> Option<Vec<String>> {
        let members: Vec<String> = self
            .0
            .iter()
            .filter(|(known, _)| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
            .map(|(_, value)| value.clone())
            .collect();
        (!members.is_empty()).then_some(members)
    }

    /// Refuses parameters that would be ignored: a drill must not believe in a change that nobody made.
    fn only(&self, known: &[&str]) -> Result<(), Wrong> {
        let stray = self
            .0
            .iter()
            .map(|(name, _)| name.split('.').next().unwrap_or(name))
            .find(|name| !["Action", "Version"].contains(name) && !known.contains(name));
        stray.map_or(Ok(()), |name| {
            Err((400, "InvalidParameterValue", format!("The practice estate does not model the parameter {name}.")))
        })
    }
}

fn value_error(name: &str, value: &str) -> Wrong {
    (400, "InvalidParameterValue", format!("Invalid value for {name}: {value}"))
}

fn wrong(refusal: Refusal) -> Wrong {
    match refusal {
        Refusal::NoInstance(id) => (404, "DBInstanceNotFound", format!("DBInstance {id} not found.")),
        Refusal::NoSnapshot(id) => (404, "DBSnapshotNotFound", format!("DBSnapshot {id} not found.")),
        Refusal::SnapshotExists(id) => {
            (400, "DBSnapshotAlreadyExists", format!("Cannot create the snapshot because {id} already exists."))
        }
        Refusal::State(message) => (400, "InvalidDBInstanceState", message),
        Refusal::Value(message) => (400, "InvalidParameterValue", message),
        Refusal::SnapshotQuota => (400, "SnapshotQuotaExceeded", "The quota of snapshots is used up.".to_owned()),
    }
}

/// Answers a call.
pub(super) fn answer(call: &Call<'_>, world: &mut World) -> Reply {
    let form = Form(form_urlencoded::parse(&call.body).into_owned().collect());
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
    let result = match action.as_str() {
        "DescribeDBInstances" => cx.describe_instances(),
        "PromoteReadReplica" => cx.promote(),
        "ModifyDBInstance" => cx.modify(),
        "RebootDBInstance" => cx.reboot(),
        "CreateDBSnapshot" => cx.create_snapshot(),
        "DescribeDBSnapshots" => cx.describe_snapshots(),
        "DescribeEvents" => cx.describe_events(),
        _ => Err((400, "InvalidAction", format!("The practice estate has no RDS action `{action}`."))),
    };
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
    fn respond(&self, action: &str, fill: impl FnOnce(&mut Xml)) -> String {
        Xml::document(&format!("{action}Response"), Service::Rds.namespace(), |xml| {
            xml.nest(&format!("{action}Result"), fill).nest("ResponseMetadata", |xml| {
                xml.text("RequestId", &self.call.id);
            });
        })
    }

    fn respond_instance(&self, action: &str, id: &str) -> Result<String, Wrong> {
        let found = self.world.rds.find(self.region, id).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("DBInstance", |xml| self.instance(xml, found));
        }))
    }

    fn describe_instances(&self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "MaxRecords"])?;
        let found: Vec<&Instance> = match self.form.get("DBInstanceIdentifier") {
            Some(id) => {
                // Either the name or the whole ARN is accepted.
                let id = id.rsplit(':').next().unwrap_or(id);
                vec![self.world.rds.find(self.region, id).map_err(wrong)?]
            }
            None => self.world.rds.instances.iter().filter(|instance| instance.region == self.region).collect(),
        };
        Ok(self.respond("DescribeDBInstances", |xml| {
            xml.nest("DBInstances", |xml| {
                for instance in found {
                    xml.nest("DBInstance", |xml| self.instance(xml, instance));
                }
            });
        }))
    }

    fn promote(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "BackupRetentionPeriod", "PreferredBackupWindow"])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let retention = self.form.number("BackupRetentionPeriod")?;
        let now = self.world.now();
        self.world.rds.promote(self.region, &id, retention, now).map_err(wrong)?;
        self.world.tell(format!("the promotion of {id} begins"));
        self.respond_instance("PromoteReadReplica", &id)
    }

    fn modify(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBInstanceIdentifier",
            "BackupRetentionPeriod",
            "DeletionProtection",
            "MultiAZ",
            "VpcSecurityGroupIds",
            "DBParameterGroupName",
            "DBInstanceClass",
            "ApplyImmediately",
        ])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let changes = Changes {
            retention: self.form.number("BackupRetentionPeriod")?,
            deletion_protection: self.form.truth("DeletionProtection")?,
            multi_az: self.form.truth("MultiAZ")?,
            security_groups: self.form.list("VpcSecurityGroupIds"),
            parameter_group: self.form.get("DBParameterGroupName").map(str::to_owned),
            class: self.form.get("DBInstanceClass").map(str::to_owned),
        };
        let when = match self.form.truth("ApplyImmediately")? {
            Some(true) => ApplyWhen::Immediately,
            Some(false) | None => ApplyWhen::MaintenanceWindow,
        };
        let now = self.world.now();
        self.world.rds.modify(self.region, &id, changes, when, now).map_err(wrong)?;
        self.respond_instance("ModifyDBInstance", &id)
    }

    fn reboot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "ForceFailover"])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let how = if self.form.truth("ForceFailover")? == Some(true) { Restart::Failover } else { Restart::InPlace };
        let now = self.world.now();
        self.world.rds.reboot(self.region, &id, how, now).map_err(wrong)?;
        self.respond_instance("RebootDBInstance", &id)
    }

    fn create_snapshot(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "DBSnapshotIdentifier", "Tags"])?;
        let id = self.form.required("DBInstanceIdentifier")?.to_owned();
        let name = self.form.required("DBSnapshotIdentifier")?.to_owned();
        let sound = name.len() <= 255
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !sound {
            return Err(value_error("DBSnapshotIdentifier", &name));
        }
        let now = self.world.now();
        self.world.rds.snapshot(self.region, &id, &name, now).map_err(wrong)?;
        let made = self.world.rds.snapshots.last().ok_or_else(|| wrong(Refusal::NoSnapshot(name.clone())))?;
        Ok(self.respond("CreateDBSnapshot", |xml| {
            xml.nest("DBSnapshot", |xml| self.snapshot(xml, made));
        }))
    }

    fn describe_snapshots(&self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "DBSnapshotIdentifier", "SnapshotType", "MaxRecords"])?;
        let (instance, name) = (self.form.get("DBInstanceIdentifier"), self.form.get("DBSnapshotIdentifier"));
        let kind = self.form.get("SnapshotType");
        let found: Vec<&Snapshot> = self
            .world
            .rds
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.region == self.region)
            .filter(|snapshot| instance.is_none_or(|id| snapshot.instance == id))
            .filter(|snapshot| name.is_none_or(|name| snapshot.id == name))
            .filter(|snapshot| kind.is_none_or(|kind| snapshot.kind == kind))
            .collect();
        if let (true, Some(name)) = (found.is_empty(), name) {
            return Err(wrong(Refusal::NoSnapshot(name.to_owned())));
        }
        Ok(self.respond("DescribeDBSnapshots", |xml| {
            xml.nest("DBSnapshots", |xml| {
                for snapshot in found {
                    xml.nest("DBSnapshot", |xml| self.snapshot(xml, snapshot));
                }
            });
        }))
    }

    fn describe_events(&self) -> Result<String, Wrong> {
        self.form.only(&["SourceIdentifier", "SourceType", "Duration", "StartTime", "EndTime", "MaxRecords"])?;
        let (source, kind) = (self.form.get("SourceIdentifier"), self.form.get("SourceType"));
        if source.is_some() && kind.is_none() {
            let message = "SourceType is required with SourceIdentifier.".to_owned();
            return Err((400, "InvalidParameterCombination", message));
        }
        let now = self.wall(self.world.now());
        let end = self.time("EndTime")?.unwrap_or(now);
        let minutes: i64 = self.form.number("Duration")?.unwrap_or(60);
        let from = match self.time("StartTime")? {
            Some(start) => start,
            None => end - TimeDelta::try_minutes(minutes).ok_or_else(|| value_error("Duration", "too long"))?,
        };
        let found: Vec<&Event> = self
            .world
            .rds
            .events
            .iter()
            .filter(|event| event.region == self.region && kind.is_none_or(|kind| kind == "db-instance"))
            .filter(|event| source.is_none_or(|id| event.instance == id))
            .filter(|event| (from..=end).contains(&self.wall(event.at)))
            .collect();
        Ok(self.respond("DescribeEvents", |xml| {
            xml.nest("Events", |xml| {
                for event in found {
                    xml.nest("Event", |xml| {
                        xml.text("SourceIdentifier", &event.instance)
                            .text("SourceType", "db-instance")
                            .text("Message", &event.message)
                            .nest("EventCategories", |xml| {
                                xml.text("EventCategory", event.category);
                            })
                            .text("Date", self.iso(event.at))
                            .text(
                                "SourceArn",
                                format!("arn:aws:rds:{}:{ACCOUNT}:db:{}", event.region.name(), event.instance),
                            );
                    });
                }
            });
        }))
    }

    fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Wrong> {
        self.form
            .get(name)
            .map(|value| {
                let time = DateTime::parse_from_rfc3339(value).map_err(|_| value_error(name, value))?;
                Ok(time.with_timezone(&Utc))
            })
            .transpose()
    }

    fn wall(&self, moment: Moment) -> DateTime<Utc> {
        self.call.standing.line.wall(moment)
    }

    fn iso(&self, moment: Moment) -> String {
        self.call.standing.iso(moment)
    }

    fn instance(&self, xml: &mut Xml, instance: &Instance) {
        let region = instance.region.name();
        let subnets = format!("shop-private-{region}");
        xml.text("DBInstanceIdentifier", &instance.id)
            .text("DBInstanceArn", instance.arn())
            .text("DbiResourceId", &instance.resource_id)
            .text("DBInstanceClass", &instance.class)
            .text("Engine", "postgres")
            .text("EngineVersion", "16.4")
            .text("LicenseModel", "postgresql-license")
            .text("DBInstanceStatus", instance.status().name())
            .text("MasterUsername", "shop")
            .text("DBName", "shop")
            .nest("Endpoint", |xml| {
                // Inside the practice zone, so that nothing can reach a database of anybody else's by this name.
                xml.text("Address", format!("{}.{region}.rds.practice.example", instance.id))
                    .text("Port", 5432)
                    .text("HostedZoneId", "Z0PRACTICE0000000RDS");
            })
            .text("DbInstancePort", 0)
            .text("AllocatedStorage", 400)
            .text("StorageType", "gp3")
            .text("Iops", 12_000)
            .text("StorageEncrypted", true)
            .text("KmsKeyId", &instance.kms_key)
            .text("InstanceCreateTime", self.iso(instance.created))
            .text("PreferredBackupWindow", "05:00-05:30")
            .text("PreferredMaintenanceWindow", "sun:06:00-sun:06:30")
            .text("BackupRetentionPeriod", instance.retention)
            .maybe("LatestRestorableTime", self.restorable(instance).map(|at| self.iso(at)))
            .text("DBSecurityGroups", "")
            .nest("VpcSecurityGroups", |xml| {
                for group in &instance.security_groups {
                    xml.nest("VpcSecurityGroupMembership", |xml| {
                        xml.text("VpcSecurityGroupId", group).text("Status", "active");
                    });
                }
            })
            .nest("DBParameterGroups", |xml| {
                xml.nest("DBParameterGroup", |xml| {
                    let applied = if instance.parameters_pending { "pending-reboot" } else { "in-sync" };
                    xml.text("DBParameterGroupName", &instance.parameter_group).text("ParameterApplyStatus", applied);
                });
            })
            .nest("DBSubnetGroup", |xml| {
                xml.text("DBSubnetGroupName", &subnets)
                    .text("DBSubnetGroupDescription", "Private subnets of the shop")
                    .text("VpcId", format!("vpc-0{}", region.replace('-', "0")))
                    .text("SubnetGroupStatus", "Complete");
            })
            .text("AvailabilityZone", instance.zone)
            .text("MultiAZ", instance.multi_az)
            .maybe("SecondaryAvailabilityZone", instance.multi_az.then_some(instance.standby_zone))
            .text("AutoMinorVersionUpgrade", false)
            .text("PubliclyAccessible", false)
            .text("CopyTagsToSnapshot", true)
            .text("IAMDatabaseAuthenticationEnabled", true)
            .text("CACertificateIdentifier", "rds-ca-rsa2048-g1")
            .text("NetworkType", "IPV4")
            .text("DeletionProtection", instance.deletion_protection)
            .nest("PendingModifiedValues", |xml| pending(xml, instance));
        self.replication(xml, instance);
    }

    fn replication(&self, xml: &mut Xml, instance: &Instance) {
        if let Role::Replica(source) = &instance.role {
            xml.text("ReadReplicaSourceDBInstanceIdentifier", source);
        }
        // A source of another region is not told by anybody while that region is gone; it lists its replica still.
        let replicas = self.world.rds.instances.iter().filter(|other| other.role == Role::Replica(instance.arn()));
        xml.nest("ReadReplicaDBInstanceIdentifiers", |xml| {
            for replica in replicas {
                xml.text("ReadReplicaDBInstanceIdentifier", replica.arn());
            }
        });
        xml.nest("StatusInfos", |xml| {
            if !matches!(instance.role, Role::Replica(_)) {
                return;
            }
            let broken = self.world.replication_broken();
            let message = "The replica cannot receive from its source: the connection to us-east-1 timed out.";
            xml.nest("DBInstanceStatusInfo", |xml| {
                xml.text("StatusType", "read replication")
                    .text("Normal", !broken)
                    .text("Status", if broken { "error" } else { "replicating" })
                    .maybe("Message", broken.then_some(message));
            });
        });
    }

    fn restorable(&self, instance: &Instance) -> Option<Moment> {
        let since = instance.backups_since.filter(|_| instance.retention > 0)?;
        let now = self.world.now().0;
        Some(since.max(Moment(now - now.rem_euclid(LOG_SHIPPING))))
    }

    fn snapshot(&self, xml: &mut Xml, snapshot: &Snapshot) {
        let region = snapshot.region.name();
        let instance = self.world.rds.find(snapshot.region, &snapshot.instance).ok();
        let passed = self.world.now().since(snapshot.begun) * 100 / (150 * SECOND);
        let progress = if snapshot.finished.is_some() { 100 } else { passed.clamp(0, 99) };
        xml.text("DBSnapshotIdentifier", &snapshot.id)
            .text("DBSnapshotArn", format!("arn:aws:rds:{region}:{ACCOUNT}:snapshot:{}", snapshot.id))
            .text("DBInstanceIdentifier", &snapshot.instance)
            .text("SnapshotType", snapshot.kind)
            .text("Status", if snapshot.finished.is_some() { "available" } else { "creating" })
            .text("PercentProgress", progress)
            .maybe("SnapshotCreateTime", snapshot.finished.map(|_| self.iso(snapshot.begun)))
            .maybe("OriginalSnapshotCreateTime", snapshot.finished.map(|_| self.iso(snapshot.begun)))
            .text("Engine", "postgres")
            .text("EngineVersion", "16.4")
            .text("AllocatedStorage", 400)
            .text("StorageType", "gp3")
            .text("Port", 5432)
            .text("MasterUsername", "shop")
            .text("Encrypted", true)
            .maybe("AvailabilityZone", instance.map(|instance| instance.zone))
            .maybe("KmsKeyId", instance.map(|instance| &instance.kms_key))
            .maybe("DbiResourceId", instance.map(|instance| &instance.resource_id))
            .maybe("InstanceCreateTime", instance.map(|instance| self.iso(instance.created)));
    }
}

fn pending(xml: &mut Xml, instance: &Instance) {
    let under_way = match instance.work() {
        Some(Work::Modification(changes)) => changes.clone(),
        Some(Work::Promotion { .. } | Work::Reboot | Work::Snapshot(_)) | None => Changes::default(),
    };
    let waiting = &instance.pending;
    xml.maybe("DBInstanceClass", under_way.class.or_else(|| waiting.class.clone()))
        .maybe("BackupRetentionPeriod", under_way.retention.or(waiting.retention))
        .maybe("MultiAZ", under_way.multi_az.or(waiting.multi_az));
}
