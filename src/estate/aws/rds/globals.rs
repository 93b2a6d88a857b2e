//! Calls about Aurora clusters that span regions.

use super::super::form::{Wrong, value_error};
use super::super::xml::Xml;
use super::clusters::engine;
use super::shape::tags;
use super::{Context, wrong};
use crate::estate::model::aurora::{
    Cluster, ClusterKey, ENGINE, ENGINE_VERSION, Global, GlobalChanges, GlobalStatus, HandOver, Synchronization,
};

impl Context<'_, '_> {
    fn global_changes(&self) -> Result<GlobalChanges, Wrong> {
        Ok(GlobalChanges {
            rename: self.form.text("NewGlobalClusterIdentifier"),
            deletion_protection: self.form.truth("DeletionProtection")?,
        })
    }

    fn respond_global(&self, action: &str, id: &str) -> Result<String, Wrong> {
        let found = self.world.rds.aurora.find_global(id).map_err(wrong)?;
        Ok(self.respond(action, |xml| {
            xml.nest("GlobalCluster", |xml| self.global(xml, found));
        }))
    }

    pub(super) fn describe_globals(&self) -> Result<String, Wrong> {
        self.form.only(&["GlobalClusterIdentifier", "Filters", "MaxRecords", "Marker"])?;
        let aurora = &self.world.rds.aurora;
        let of_cluster = self.form.filter("db-cluster-id");
        let has = |global: &&Global| {
            let named = |key: Option<ClusterKey>, ids: &Vec<String>| {
                key.and_then(|key| aurora.by_key(key))
                    .is_some_and(|one| ids.contains(&one.arn()) || ids.contains(&one.id))
            };
            of_cluster.as_ref().is_none_or(|ids| named(global.writer, ids) || named(global.reader, ids))
        };
        let found: Vec<&Global> = match self.form.get("GlobalClusterIdentifier") {
            Some(id) => vec![aurora.find_global(id).map_err(wrong)?],
            None => aurora.globals.iter().filter(has).collect(),
        };
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeGlobalClusters", |xml| {
            xml.nest("GlobalClusters", |xml| {
                for global in page {
                    xml.nest("GlobalClusterMember", |xml| self.global(xml, global));
                }
            })
            .maybe("Marker", next);
        }))
    }

    pub(super) fn create_global(&mut self) -> Result<String, Wrong> {
        self.form.only(&[
            "GlobalClusterIdentifier",
            "SourceDBClusterIdentifier",
            "Engine",
            "EngineVersion",
            "DeletionProtection",
            "Tags",
        ])?;
        let (id, source) = (self.identifier("GlobalClusterIdentifier")?, self.form.text("SourceDBClusterIdentifier"));
        match (&source, self.form.get("Engine")) {
            (Some(_), Some(_)) => {
                let message = "Engine cannot be specified together with SourceDBClusterIdentifier.".to_owned();
                return Err((400, "InvalidParameterCombination", message));
            }
            (None, None) => {
                let message = "Either SourceDBClusterIdentifier or Engine must be given.".to_owned();
                return Err((400, "InvalidParameterCombination", message));
            }
            _ => engine(&self.form)?,
        }
        let (changes, given, now) = (self.global_changes()?, self.form.tags().unwrap_or_default(), self.world.now());
        let source = source.as_deref().map(|source| (self.region, source));
        self.world.rds.create_global(&id, source, changes, given, now).map_err(wrong)?;
        self.world.tell(format!("the global cluster {id} is made"));
        self.respond_global("CreateGlobalCluster", &id)
    }

    pub(super) fn modify_global(&mut self) -> Result<String, Wrong> {
        self.form.only(&["GlobalClusterIdentifier", "NewGlobalClusterIdentifier", "DeletionProtection"])?;
        let (id, changes) = (self.form.required("GlobalClusterIdentifier")?.to_owned(), self.global_changes()?);
        let name = changes.rename.clone().unwrap_or_else(|| id.clone());
        self.world.rds.modify_global(&id, changes).map_err(wrong)?;
        self.respond_global("ModifyGlobalCluster", &name)
    }

    pub(super) fn delete_global(&mut self) -> Result<String, Wrong> {
        self.form.only(&["GlobalClusterIdentifier"])?;
        let id = self.form.required("GlobalClusterIdentifier")?.to_owned();
        let gone = self.world.rds.delete_global(&id).map_err(wrong)?;
        Ok(self.respond("DeleteGlobalCluster", |xml| {
            xml.nest("GlobalCluster", |xml| self.global(xml, &gone));
        }))
    }

    pub(super) fn remove_from_global(&mut self) -> Result<String, Wrong> {
        self.form.only(&["GlobalClusterIdentifier", "DbClusterIdentifier"])?;
        let id = self.form.required("GlobalClusterIdentifier")?.to_owned();
        let (cluster, now) = (self.form.required("DbClusterIdentifier")?.to_owned(), self.world.now());
        self.world.rds.remove_from_global(&id, (self.region, &cluster), now).map_err(wrong)?;
        self.world.tell(format!("{cluster} is taken out of the global cluster {id}"));
        self.respond_global("RemoveFromGlobalCluster", &id)
    }

    pub(super) fn switch_global_over(&mut self) -> Result<String, Wrong> {
        self.form.only(&["GlobalClusterIdentifier", "TargetDbClusterIdentifier"])?;
        self.hand_over("SwitchoverGlobalCluster", HandOver::Switchover)
    }

    pub(super) fn fail_global_over(&mut self) -> Result<String, Wrong> {
        self.form.only(&["GlobalClusterIdentifier", "TargetDbClusterIdentifier", "AllowDataLoss", "Switchover"])?;
        let how = match (self.form.truth("AllowDataLoss")?, self.form.truth("Switchover")?) {
            (Some(_), Some(_)) => {
                let message = "AllowDataLoss can't be specified together with the Switchover parameter.".to_owned();
                return Err((400, "InvalidParameterCombination", message));
            }
            (Some(true), None) => HandOver::Failover,
            // Whoever does not say that data may be lost gets a switchover.
            (Some(false), None) | (None, Some(true) | None) => HandOver::Switchover,
            (None, Some(false)) => return Err(value_error("Switchover", "false")),
        };
        self.hand_over("FailoverGlobalCluster", how)
    }

    fn hand_over(&mut self, action: &str, how: HandOver) -> Result<String, Wrong> {
        let id = self.form.required("GlobalClusterIdentifier")?.to_owned();
        let target = self.form.required("TargetDbClusterIdentifier")?.to_owned();
        let now = self.world.now();
        self.world.rds.hand_over(&id, (self.region, &target), how, now).map_err(wrong)?;
        self.world.tell(format!("{action} of {id} to {target}"));
        self.respond_global(action, &id)
    }

    fn global(&self, xml: &mut Xml, global: &Global) {
        let (now, aurora) = (self.world.now(), &self.world.rds.aurora);
        let arn = |key: ClusterKey| aurora.by_key(key).map(Cluster::arn);
        let (writer, reader) = (global.writer.and_then(arn), global.reader.and_then(arn));
        let under_way = global.operation.as_ref().map(|operation| match operation.how {
            HandOver::Switchover => "switching-over",
            HandOver::Failover => "failing-over",
        });
        xml.text("GlobalClusterIdentifier", &global.id)
            .text("GlobalClusterResourceId", &global.resource_id)
            .text("GlobalClusterArn", global.arn())
            .text("Status", under_way.unwrap_or("available"))
            .text("Engine", ENGINE)
            .text("EngineVersion", ENGINE_VERSION)
            .maybe("DatabaseName", global.database.as_deref())
            .text(
                "StorageEncrypted",
                global.writer.and_then(|key| aurora.by_key(key)).is_some_and(|cluster| cluster.kms_key.is_some()),
            )
            .text("DeletionProtection", global.deletion_protection)
            .nest("GlobalClusterMembers", |xml| {
                if let Some(writer) = &writer {
                    xml.nest("GlobalClusterMember", |xml| {
                        xml.text("DBClusterArn", writer)
                            .nest("Readers", |xml| {
                                xml.maybe("member", reader.as_ref());
                            })
                            .text("IsWriter", true)
                            .text("GlobalWriteForwardingStatus", "disabled");
                    });
                }
                if let Some(reader) = &reader {
                    xml.nest("GlobalClusterMember", |xml| {
                        xml.text("DBClusterArn", reader)
                            .text("IsWriter", false)
                            .text("GlobalWriteForwardingStatus", "disabled")
                            .text(
                                "SynchronizationStatus",
                                match global.synchronization {
                                    Synchronization::Connected => "connected",
                                    Synchronization::PendingResync => "pending-resync",
                                },
                            );
                    });
                }
            });
        if let (Some(operation), Some(under_way)) = (&global.operation, under_way) {
            xml.nest("FailoverState", |xml| {
                let status = if operation.status(now) == GlobalStatus::Pending { "pending" } else { under_way };
                xml.text("Status", status)
                    .maybe("FromDbClusterArn", arn(operation.from))
                    .maybe("ToDbClusterArn", arn(operation.to))
                    .text("IsDataLossAllowed", operation.how == HandOver::Failover);
            });
        }
        xml.nest("TagList", |xml| tags(xml, &global.tags));
    }
}
