//! Calls about events, log files, tags, parameter groups and subnet groups.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::form::{Form, Wrong, value_error};
use super::super::xml::Xml;
use super::shape::tags;
use super::{Context, wrong};
use crate::estate::model::Moment;
use crate::estate::model::instance::Instance;
use crate::estate::model::place::{ACCOUNT, DEFAULT_SUBNET_GROUP, Network};
use crate::estate::model::rds::{Event, Group, Source};
use crate::estate::model::time::SECOND;

impl Form {
    /// Returns the parameters as the trail keeps them.
    pub(in crate::estate::aws) fn for_trail(&self) -> Value {
        let lower = |name: &str| {
            let mut letters = name.chars();
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        };
        let known = self.pairs().iter().filter(|(name, _)| !["Action", "Version"].contains(&name.as_str()));
        known.map(|(name, value)| (lower(name), Value::from(value.as_str()))).collect()
    }
}

impl Context<'_, '_> {
    pub(super) fn describe_events(&self) -> Result<String, Wrong> {
        self.form.only(&[
            "SourceIdentifier",
            "SourceType",
            "Duration",
            "StartTime",
            "EndTime",
            "EventCategories",
            "MaxRecords",
            "Marker",
        ])?;
        let (source, kind) = (self.form.get("SourceIdentifier"), self.form.get("SourceType"));
        if source.is_some() && kind.is_none() {
            let message = "SourceType is required with SourceIdentifier.".to_owned();
            return Err((400, "InvalidParameterCombination", message));
        }
        let categories = self.form.list("EventCategories");
        let now = self.wall(self.world.now());
        let end = self.form.time("EndTime")?.unwrap_or(now);
        let minutes: i64 = self.form.number("Duration")?.unwrap_or(60);
        let from = match self.form.time("StartTime")? {
            Some(start) => start,
            None => end - TimeDelta::try_minutes(minutes).ok_or_else(|| value_error("Duration", "too long"))?,
        };
        let found: Vec<&Event> = self
            .world
            .rds
            .events
            .iter()
            .filter(|event| event.region == self.region && kind.is_none_or(|kind| kind == event.of.name()))
            .filter(|event| source.is_none_or(|id| event.id == id))
            .filter(|event| categories.as_ref().is_none_or(|known| known.iter().any(|one| one == event.category)))
            .filter(|event| (from..=end).contains(&self.wall(event.at)))
            .collect();
        let (page, next) = self.page(&found)?;
        Ok(self.respond("DescribeEvents", |xml| {
            xml.nest("Events", |xml| {
                for event in page {
                    xml.nest("Event", |xml| {
                        xml.text("SourceIdentifier", &event.id)
                            .text("SourceType", event.of.name())
                            .text("Message", &event.message)
                            .nest("EventCategories", |xml| {
                                xml.text("EventCategory", event.category);
                            })
                            .text("Date", self.iso(event.at))
                            .text(
                                "SourceArn",
                                format!(
                                    "arn:aws:rds:{}:{ACCOUNT}:{}:{}",
                                    event.region.name(),
                                    event.of.part(),
                                    event.id
                                ),
                            );
                    });
                }
            })
            .maybe("Marker", next);
        }))
    }

    /// Writes what the server of an instance logged: its starts, and the statements of a release that mangled rows.
    fn log(&self, instance: &Instance) -> Vec<(DateTime<Utc>, String)> {
        let line = |at: Moment, what: String| {
            let time = self.wall(at);
            (time, format!("{} UTC::@:[512]:{what}", time.format("%Y-%m-%d %H:%M:%S%.3f")))
        };
        let begun = line(Moment(-3_600 * SECOND), "LOG:  checkpoint complete: wrote 812 buffers".to_owned());
        let mut lines = vec![begun];
        for release in &self.world.releases {
            let application =
                format!("LOG:  connection authorized: user=shop application_name=shop-{}", release.version);
            if release.deployed > Moment::START {
                lines.push(line(release.deployed, application));
            }
        }
        if let Some(at) = self.world.rds.data.ledger(instance.data).first_bad_at() {
            let statement = "LOG:  duration: 1204.117 ms  statement: UPDATE orders SET total_cents = total_cents * 100 \
                             WHERE id = $1 /* totals-worker */";
            lines.push(line(at, statement.to_owned()));
        }
        let own = self.world.rds.events.iter().filter(|event| event.of == Source::Instance && event.id == instance.id);
        for event in own.filter(|event| event.region == self.region && event.category == "availability") {
            lines.push(line(event.at, "LOG:  database system is ready to accept connections".to_owned()));
        }
        lines.sort();
        lines
    }

    fn log_names(&self, instance: &Instance) -> Vec<(String, DateTime<Utc>, String)> {
        let mut files: Vec<(String, DateTime<Utc>, String)> = Vec::new();
        for (time, line) in self.log(instance) {
            let name = format!("error/postgresql.log.{}", time.format("%Y-%m-%d-%H"));
            match files.last_mut() {
                Some((known, last, text)) if *known == name => {
                    *last = time;
                    text.push_str(&line);
                    text.push('\n');
                }
                _ => files.push((name, time, format!("{line}\n"))),
            }
        }
        files
    }

    pub(super) fn describe_logs(&self) -> Result<String, Wrong> {
        self.form.only(&[
            "DBInstanceIdentifier",
            "FilenameContains",
            "FileLastWritten",
            "FileSize",
            "MaxRecords",
            "Marker",
        ])?;
        let instance = self.world.rds.find(self.region, self.form.required("DBInstanceIdentifier")?).map_err(wrong)?;
        let part = self.form.get("FilenameContains").unwrap_or("");
        let files: Vec<_> = self.log_names(instance).into_iter().filter(|(name, ..)| name.contains(part)).collect();
        Ok(self.respond("DescribeDBLogFiles", |xml| {
            xml.nest("DescribeDBLogFiles", |xml| {
                for (name, last, text) in &files {
                    xml.nest("DescribeDBLogFilesDetails", |xml| {
                        xml.text("LogFileName", name)
                            .text("LastWritten", last.timestamp_millis())
                            .text("Size", text.len());
                    });
                }
            });
        }))
    }

    pub(super) fn download_log(&self) -> Result<String, Wrong> {
        self.form.only(&["DBInstanceIdentifier", "LogFileName", "Marker", "NumberOfLines"])?;
        let instance = self.world.rds.find(self.region, self.form.required("DBInstanceIdentifier")?).map_err(wrong)?;
        let asked = self.form.required("LogFileName")?;
        let missing = || (404, "DBLogFileNotFoundFault", format!("DBLog File {asked} is not found"));
        let (_, _, text) = self.log_names(instance).into_iter().find(|(name, ..)| name == asked).ok_or_else(missing)?;
        Ok(self.respond("DownloadDBLogFilePortion", |xml| {
            xml.text("LogFileData", &text).text("Marker", text.len()).text("AdditionalDataPending", false);
        }))
    }

    /// Finds whose tags a call means: an instance, or a snapshot.
    fn tagged(&mut self) -> Result<&mut Vec<(String, String)>, Wrong> {
        let arn = self.form.required("ResourceName")?.to_owned();
        let rds = &mut self.world.rds;
        if arn.contains(":snapshot:") {
            let found = rds.snapshots.iter_mut().find(|snapshot| snapshot.arn() == arn);
            let missing = || (404, "DBSnapshotNotFound", format!("DBSnapshot not found: {arn}"));
            return found.map(|snapshot| &mut snapshot.tags).ok_or_else(missing);
        }
        let aurora = &mut rds.aurora;
        if arn.contains(":cluster:") {
            let found = aurora.clusters.iter_mut().find(|cluster| cluster.arn() == arn);
            let missing = || (404, "DBClusterNotFoundFault", format!("DBCluster {arn} not found."));
            return found.map(|cluster| &mut cluster.tags).ok_or_else(missing);
        }
        if arn.contains(":cluster-snapshot:") {
            let found = aurora.snapshots.iter_mut().find(|snapshot| snapshot.arn() == arn);
            let missing = || (404, "DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {arn} not found."));
            return found.map(|snapshot| &mut snapshot.tags).ok_or_else(missing);
        }
        if let Some(member) = aurora.members.iter_mut().find(|member| member.arn() == arn) {
            return Ok(&mut member.tags);
        }
        let found = rds.instances.iter_mut().find(|instance| instance.arn() == arn && instance.region == self.region);
        let missing = || (404, "DBInstanceNotFound", format!("DBInstance {arn} not found."));
        found.map(|instance| &mut instance.tags).ok_or_else(missing)
    }

    pub(super) fn list_tags(&mut self) -> Result<String, Wrong> {
        self.form.only(&["ResourceName", "Filters"])?;
        let all = self.tagged()?.clone();
        Ok(self.respond("ListTagsForResource", |xml| {
            xml.nest("TagList", |xml| tags(xml, &all));
        }))
    }

    pub(super) fn add_tags(&mut self) -> Result<String, Wrong> {
        self.form.only(&["ResourceName", "Tags"])?;
        let fresh = self.form.tags().unwrap_or_default();
        let all = self.tagged()?;
        all.retain(|(known, _)| !fresh.iter().any(|(key, _)| key == known));
        all.extend(fresh);
        if all.len() > 50 {
            all.truncate(50);
            return Err((400, "InvalidParameterValue", "A resource has at most 50 tags.".to_owned()));
        }
        Ok(self.respond("AddTagsToResource", |_| ()))
    }

    pub(super) fn remove_tags(&mut self) -> Result<String, Wrong> {
        self.form.only(&["ResourceName", "TagKeys"])?;
        let gone = self.form.list("TagKeys").unwrap_or_default();
        self.tagged()?.retain(|(key, _)| !gone.contains(key));
        Ok(self.respond("RemoveTagsFromResource", |_| ()))
    }

    fn group(&self, xml: &mut Xml, group: &Group) {
        let arn = format!("arn:aws:rds:{}:{ACCOUNT}:pg:{}", self.region.name(), group.name);
        xml.text("DBParameterGroupName", &group.name)
            .text("DBParameterGroupFamily", "postgres16")
            .text("Description", &group.description)
            .text("DBParameterGroupArn", arn);
    }

    pub(super) fn describe_parameter_groups(&self) -> Result<String, Wrong> {
        self.form.only(&["DBParameterGroupName", "Filters", "MaxRecords", "Marker"])?;
        let name = self.form.get("DBParameterGroupName");
        if let Some(name) = name {
            self.world.rds.parameter_group(self.region, name).map_err(wrong)?;
        }
        let all = self.world.rds.groups.iter().filter(|group| group.region == self.region);
        let found: Vec<&Group> = all.filter(|group| name.is_none_or(|name| group.name == name)).collect();
        Ok(self.respond("DescribeDBParameterGroups", |xml| {
            xml.nest("DBParameterGroups", |xml| {
                for group in found {
                    xml.nest("DBParameterGroup", |xml| self.group(xml, group));
                }
            });
        }))
    }

    pub(super) fn describe_parameters(&self) -> Result<String, Wrong> {
        self.form.only(&["DBParameterGroupName", "Source", "Filters", "MaxRecords", "Marker"])?;
        let name = self.form.required("DBParameterGroupName")?;
        let group = self.world.rds.parameter_group(self.region, name).map_err(wrong)?;
        let source = self.form.get("Source");
        let all = group.parameters();
        let found = all.iter().filter(|parameter| source.is_none_or(|source| parameter.source == source));
        Ok(self.respond("DescribeDBParameters", |xml| {
            xml.nest("Parameters", |xml| {
                for parameter in found {
                    xml.nest("Parameter", |xml| {
                        xml.text("ParameterName", &parameter.name)
                            .text("ParameterValue", &parameter.value)
                            .text("Source", parameter.source)
                            .text("ApplyType", if parameter.is_static { "static" } else { "dynamic" })
                            .text("ApplyMethod", if parameter.is_static { "pending-reboot" } else { "immediate" })
                            .text("IsModifiable", true);
                    });
                }
            });
        }))
    }

    pub(super) fn create_parameter_group(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBParameterGroupName", "DBParameterGroupFamily", "Description", "Tags"])?;
        let name = self.identifier("DBParameterGroupName")?;
        let (family, what) = (self.form.required("DBParameterGroupFamily")?, self.form.required("Description")?);
        if family != "postgres16" {
            return Err(value_error("DBParameterGroupFamily", family));
        }
        let what = what.to_owned();
        self.world.rds.make_parameter_group(self.region, &name, &what).map_err(wrong)?;
        let made = self.world.rds.parameter_group(self.region, &name).map_err(wrong)?;
        Ok(self.respond("CreateDBParameterGroup", |xml| {
            xml.nest("DBParameterGroup", |xml| self.group(xml, made));
        }))
    }

    fn respond_parameter_group(&self, action: &str, name: &str) -> String {
        self.respond(action, |xml| {
            xml.text("DBParameterGroupName", name);
        })
    }

    fn parameters(&self) -> Result<Vec<(String, Option<String>)>, Wrong> {
        let all = self.form.structures("Parameters");
        all.iter().map(|one| Ok((one.required("ParameterName")?.to_owned(), one.text("ParameterValue")))).collect()
    }

    pub(super) fn modify_parameter_group(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBParameterGroupName", "Parameters"])?;
        let name = self.form.required("DBParameterGroupName")?.to_owned();
        let values = self.parameters()?;
        if values.is_empty() || values.iter().any(|(_, value)| value.is_none()) {
            return Err((400, "MissingParameter", "Every parameter needs a name and a value.".to_owned()));
        }
        self.world.rds.set_parameters(self.region, &name, &values).map_err(wrong)?;
        Ok(self.respond_parameter_group("ModifyDBParameterGroup", &name))
    }

    pub(super) fn reset_parameter_group(&mut self) -> Result<String, Wrong> {
        self.form.only(&["DBParameterGroupName", "ResetAllParameters", "Parameters"])?;
        let name = self.form.required("DBParameterGroupName")?.to_owned();
        let all = self.form.truth("ResetAllParameters")? == Some(true);
        let values = if all {
            let group = self.world.rds.parameter_group(self.region, &name).map_err(wrong)?;
            group.parameters().into_iter().map(|parameter| (parameter.name, None)).collect()
        } else {
            self.parameters()?.into_iter().map(|(name, _)| (name, None)).collect::<Vec<_>>()
        };
        self.world.rds.set_parameters(self.region, &name, &values).map_err(wrong)?;
        Ok(self.respond_parameter_group("ResetDBParameterGroup", &name))
    }

    pub(super) fn describe_subnet_groups(&self) -> Result<String, Wrong> {
        self.form.only(&["DBSubnetGroupName", "Filters", "MaxRecords", "Marker"])?;
        let region = self.region;
        let all = [(region.subnet_group(), Network::Shop), (DEFAULT_SUBNET_GROUP, Network::Default)];
        let asked = self.form.get("DBSubnetGroupName");
        let found: Vec<_> = all.into_iter().filter(|(name, _)| asked.is_none_or(|asked| asked == *name)).collect();
        if let (true, Some(asked)) = (found.is_empty(), asked) {
            return Err(wrong(crate::estate::model::rds::Refusal::NoSubnetGroup(asked.to_owned())));
        }
        Ok(self.respond("DescribeDBSubnetGroups", |xml| {
            xml.nest("DBSubnetGroups", |xml| {
                for (name, network) in found {
                    xml.nest("DBSubnetGroup", |xml| {
                        xml.text("DBSubnetGroupName", name)
                            .text("DBSubnetGroupDescription", "Private subnets")
                            .text("VpcId", region.network(network))
                            .text("SubnetGroupStatus", "Complete")
                            .nest("Subnets", |xml| {
                                for zone in region.zones() {
                                    xml.nest("Subnet", |xml| {
                                        xml.text("SubnetIdentifier", zone.subnet)
                                            .nest("SubnetAvailabilityZone", |xml| {
                                                xml.text("Name", zone.name);
                                            })
                                            .text("SubnetStatus", "Active");
                                    });
                                }
                            });
                    });
                }
            });
        }))
    }
}
