//! Calls that set something of one thing: is it set now?

use serde_json::Value;

use super::Told;
use super::call::{Call, holds, look, plain};

/// Says who else changes a member, so that another value tells nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drift {
    /// Nobody but whoever calls: another value is that of before.
    Calls,
    /// The service itself does, or it writes the value in another way than it was asked for.
    Service,
}
use Drift::{Calls, Service};

/// Describes a call by what it sets.
struct Setting {
    call: (&'static str, &'static str),
    /// The words of the look.
    look: &'static [&'static str],
    /// What names the thing: members of the call, with the options of the look.
    by: &'static [(&'static str, &'static str)],
    /// Where the answer shows the thing.
    item: &'static str,
    /// Members of the call, and where the thing shows them.
    shown: &'static [(&'static str, &'static str, Drift)],
    /// Members that leave nothing behind.
    silent: &'static [&'static str],
}

const OBJECT: &[(&str, &str)] = &[("Bucket", "--bucket"), ("Key", "--key"), ("VersionId", "--version-id")];
const BUCKET: &[(&str, &str)] = &[("Bucket", "--bucket")];
const GROUP: &[(&str, &str)] = &[("AutoScalingGroupName", "--auto-scaling-group-names")];
const SILENT: &[&str] =
    &["ChecksumAlgorithm", "ContentMD5", "ExpectedBucketOwner", "RequestPayer", "BypassGovernanceRetention"];

const SETTINGS: [Setting; 17] = [
    Setting {
        call: ("rds", "modify-db-cluster"),
        look: &["rds", "describe-db-clusters"],
        by: &[("DBClusterIdentifier", "--db-cluster-identifier")],
        item: "/DBClusters/0",
        shown: &[
            ("BackupRetentionPeriod", "BackupRetentionPeriod", Calls),
            ("PreferredBackupWindow", "PreferredBackupWindow", Calls),
            ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow", Calls),
            ("DeletionProtection", "DeletionProtection", Calls),
            ("CopyTagsToSnapshot", "CopyTagsToSnapshot", Calls),
            ("EngineVersion", "EngineVersion", Service),
            ("DBClusterInstanceClass", "DBClusterInstanceClass", Calls),
            ("DBClusterParameterGroupName", "DBClusterParameterGroup", Calls),
            ("Port", "Port", Calls),
            ("EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled", Calls),
        ],
        silent: &["ApplyImmediately", "AllowMajorVersionUpgrade"],
    },
    Setting {
        call: ("rds", "modify-global-cluster"),
        look: &["rds", "describe-global-clusters"],
        by: &[("GlobalClusterIdentifier", "--global-cluster-identifier")],
        item: "/GlobalClusters/0",
        shown: &[("DeletionProtection", "DeletionProtection", Calls), ("EngineVersion", "EngineVersion", Service)],
        silent: &["AllowMajorVersionUpgrade"],
    },
    Setting {
        call: ("autoscaling", "update-auto-scaling-group"),
        look: &["autoscaling", "describe-auto-scaling-groups"],
        by: GROUP,
        item: "/AutoScalingGroups/0",
        shown: &[
            ("MinSize", "MinSize", Calls),
            ("MaxSize", "MaxSize", Calls),
            ("DesiredCapacity", "DesiredCapacity", Service),
            ("DefaultCooldown", "DefaultCooldown", Calls),
            ("HealthCheckType", "HealthCheckType", Calls),
            ("HealthCheckGracePeriod", "HealthCheckGracePeriod", Calls),
            ("AvailabilityZones", "AvailabilityZones", Calls),
            ("VPCZoneIdentifier", "VPCZoneIdentifier", Service),
            ("NewInstancesProtectedFromScaleIn", "NewInstancesProtectedFromScaleIn", Calls),
            ("CapacityRebalance", "CapacityRebalance", Calls),
        ],
        silent: &[],
    },
    Setting {
        call: ("autoscaling", "set-desired-capacity"),
        look: &["autoscaling", "describe-auto-scaling-groups"],
        by: GROUP,
        item: "/AutoScalingGroups/0",
        shown: &[("DesiredCapacity", "DesiredCapacity", Service)],
        silent: &["HonorCooldown"],
    },
    Setting {
        call: ("autoscaling", "set-instance-health"),
        look: &["autoscaling", "describe-auto-scaling-instances"],
        by: &[("InstanceId", "--instance-ids")],
        item: "/AutoScalingInstances/0",
        shown: &[("HealthStatus", "HealthStatus", Service)],
        silent: &["ShouldRespectGracePeriod"],
    },
    Setting {
        call: ("elbv2", "modify-listener"),
        look: &["elbv2", "describe-listeners"],
        by: &[("ListenerArn", "--listener-arns")],
        item: "/Listeners/0",
        shown: &[
            ("Port", "Port", Calls),
            ("Protocol", "Protocol", Calls),
            ("SslPolicy", "SslPolicy", Calls),
            ("DefaultActions", "DefaultActions", Service),
        ],
        silent: &[],
    },
    Setting {
        call: ("elbv2", "modify-rule"),
        look: &["elbv2", "describe-rules"],
        by: &[("RuleArn", "--rule-arns")],
        item: "/Rules/0",
        shown: &[("Actions", "Actions", Service), ("Conditions", "Conditions", Service)],
        silent: &[],
    },
    Setting {
        call: ("ecs", "update-service"),
        look: &["ecs", "describe-services"],
        by: &[("cluster", "--cluster"), ("service", "--services")],
        item: "/services/0",
        shown: &[("desiredCount", "desiredCount", Service), ("taskDefinition", "taskDefinition", Service)],
        silent: &[],
    },
    Setting {
        call: ("cloudwatch", "set-alarm-state"),
        look: &["cloudwatch", "describe-alarms"],
        by: &[("AlarmName", "--alarm-names")],
        item: "/MetricAlarms/0",
        shown: &[("StateValue", "StateValue", Service), ("StateReason", "StateReason", Service)],
        silent: &["StateReasonData"],
    },
    Setting {
        call: ("route53", "update-health-check"),
        look: &["route53", "get-health-check"],
        by: &[("HealthCheckId", "--health-check-id")],
        item: "/HealthCheck/HealthCheckConfig",
        shown: &[
            ("IPAddress", "IPAddress", Calls),
            ("Port", "Port", Calls),
            ("ResourcePath", "ResourcePath", Calls),
            ("FullyQualifiedDomainName", "FullyQualifiedDomainName", Calls),
            ("SearchString", "SearchString", Calls),
            ("FailureThreshold", "FailureThreshold", Calls),
            ("Inverted", "Inverted", Calls),
            ("Disabled", "Disabled", Calls),
            ("HealthThreshold", "HealthThreshold", Calls),
            ("EnableSNI", "EnableSNI", Calls),
            ("ChildHealthChecks", "ChildHealthChecks", Calls),
            ("Regions", "Regions", Calls),
        ],
        silent: &["HealthCheckVersion"],
    },
    Setting {
        call: ("s3api", "put-bucket-versioning"),
        look: &["s3api", "get-bucket-versioning"],
        by: BUCKET,
        item: "",
        shown: &[("VersioningConfiguration", "", Calls)],
        silent: SILENT,
    },
    Setting {
        call: ("s3api", "put-object-legal-hold"),
        look: &["s3api", "get-object-legal-hold"],
        by: OBJECT,
        item: "",
        shown: &[("LegalHold", "LegalHold", Calls)],
        silent: SILENT,
    },
    Setting {
        call: ("s3api", "put-object-retention"),
        look: &["s3api", "get-object-retention"],
        by: OBJECT,
        item: "",
        shown: &[("Retention", "Retention", Calls)],
        silent: SILENT,
    },
    Setting {
        call: ("s3api", "put-object-tagging"),
        look: &["s3api", "get-object-tagging"],
        by: OBJECT,
        item: "",
        shown: &[("Tagging", "", Calls)],
        silent: SILENT,
    },
    Setting {
        call: ("s3api", "put-bucket-lifecycle-configuration"),
        look: &["s3api", "get-bucket-lifecycle-configuration"],
        by: BUCKET,
        item: "",
        shown: &[("LifecycleConfiguration", "", Service)],
        silent: SILENT,
    },
    Setting {
        call: ("s3api", "put-bucket-replication"),
        look: &["s3api", "get-bucket-replication"],
        by: BUCKET,
        item: "",
        shown: &[("ReplicationConfiguration", "ReplicationConfiguration", Service)],
        silent: SILENT,
    },
    Setting {
        call: ("s3api", "put-object-lock-configuration"),
        look: &["s3api", "get-object-lock-configuration"],
        by: BUCKET,
        item: "",
        shown: &[("ObjectLockConfiguration", "ObjectLockConfiguration", Service)],
        silent: SILENT,
    },
];

fn setting(call: &Call) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.call == call.names())
}

impl Setting {
    /// Lists what the call asked for, with where it shows; nothing where something of it shows nowhere.
    fn wanted<'c>(&self, call: &'c Call) -> Option<Vec<(&'static str, Drift, &'c Value)>> {
        let named: Vec<&str> = self.by.iter().map(|(member, _)| *member).chain(self.silent.iter().copied()).collect();
        let wanted = call.besides(&named).into_iter().map(|(name, value)| {
            let (_, place, drift) = self.shown.iter().find(|(member, ..)| *member == name)?;
            Some((*place, *drift, value))
        });
        wanted.collect::<Option<Vec<_>>>().filter(|wanted| !wanted.is_empty())
    }
}

/// Returns the words of the look; nothing where a look cannot tell.
pub(super) fn of(call: &Call) -> Option<Vec<String>> {
    let setting = setting(call)?;
    setting.wanted(call)?;
    let mut words = look(setting.look);
    for (at, (member, option)) in setting.by.iter().enumerate() {
        match call.text(member) {
            Some(value) => words.extend([(*option).to_owned(), value.to_owned()]),
            // The first names it; the others say more where they are given.
            None if at == 0 && setting.by.len() == 1 => return None,
            None => {}
        }
    }
    Some(words)
}

/// Says what an answer tells.
pub(super) fn tells(call: &Call, answer: &Value) -> Told {
    let unclear = || Told::Unclear("the answer does not show it".to_owned());
    let Some((setting, wanted)) = setting(call).and_then(|setting| Some((setting, setting.wanted(call)?))) else {
        return unclear();
    };
    // What was never set is answered by nothing at all.
    let never = Value::Object(serde_json::Map::new());
    let answer = if answer.is_null() && setting.item.is_empty() { &never } else { answer };
    let Some(item) = answer.pointer(setting.item).filter(|item| item.is_object()) else { return unclear() };
    let pending = item.get("PendingModifiedValues");
    let at = |within: &'_ Value, place: &str| {
        if place.is_empty() { Some(within.clone()) } else { within.get(place).cloned() }
    };
    let shows = |place: &str, value: &Value| {
        [pending, Some(item)]
            .into_iter()
            .flatten()
            .any(|within| at(within, place).is_some_and(|found| same(value, &found)))
    };
    // What a bucket says of itself as a whole is what was set, and no state that it is in.
    let state = item.get("Status").filter(|_| !setting.item.is_empty());
    let now = state.and_then(Value::as_str).unwrap_or("available");
    let missing: Vec<_> = wanted.iter().filter(|(place, _, value)| !shows(place, value)).collect();
    let other = missing.iter().find(|(_, drift, _)| *drift == Calls).or(missing.first());
    let Some((place, drift, value)) = other else {
        return Told::Happened("it is as the call would have it, or about to be".to_owned());
    };
    let name = if place.is_empty() { "it" } else { *place };
    let there = at(item, place).map_or_else(|| "not set".to_owned(), |found| short(&found));
    let says = format!("{name} is {there}, and the call asked for {}", short(value));
    match drift {
        Calls if now == "available" => Told::NotHappened(says),
        Calls => Told::Unclear(format!("{says}; it is {now}")),
        Service => Told::Unclear(format!("{says}, which may have changed since")),
    }
}

/// Is it shown as it was asked for? Words of the service are written in either case.
fn same(wanted: &Value, found: &Value) -> bool {
    let words = wanted.is_string() && found.is_string();
    holds(wanted, found) || words && plain(wanted).eq_ignore_ascii_case(&plain(found))
}

/// Says what it tells that there is nothing to show.
pub(super) fn absent(call: &Call, code: &str) -> Option<Told> {
    let none = matches!(
        code,
        "NoSuchLifecycleConfiguration"
            | "ReplicationConfigurationNotFoundError"
            | "ObjectLockConfigurationNotFoundError"
            | "NoSuchObjectLockConfiguration"
    );
    none.then(|| Told::NotHappened(format!("nothing of `{}` is there ({code})", call.names().1)))
}

fn short(value: &Value) -> String {
    let text = plain(value);
    if text.chars().count() <= 80 { text } else { text.chars().take(79).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{said_of, told, words};

    #[test]
    fn a_thing_is_set_as_the_call_would_have_it_or_is_about_to_be() {
        let call =
            "rds modify-db-cluster --db-cluster-identifier sea --backup-retention-period 14 --deletion-protection";
        let cluster = |days: u32, pending: u32, status: &str| {
            json!({"DBClusters": [{"Status": status, "BackupRetentionPeriod": days, "DeletionProtection": true,
                "PendingModifiedValues": {"BackupRetentionPeriod": pending}}]})
        };
        assert_eq!(told(call, &cluster(14, 1, "available")), Some(true));
        assert_eq!(told(call, &cluster(7, 14, "available")), Some(true), "it waits for its window");
        assert_eq!(told(call, &cluster(7, 1, "available")), Some(false));
        assert_eq!(told(call, &cluster(7, 1, "modifying")), None);
        assert_eq!(told(call, &json!({"DBClusters": []})), None);
        let renamed = "rds modify-db-cluster --db-cluster-identifier sea --new-db-cluster-identifier lake";
        assert_eq!(super::super::probe(&words(renamed)), None, "nothing shows the other name");
    }

    #[test]
    fn what_the_service_changes_itself_tells_only_that_it_is_so() {
        let call = "autoscaling set-desired-capacity --auto-scaling-group-name g --desired-capacity 6";
        let group = |size: u32| json!({"AutoScalingGroups": [{"DesiredCapacity": size, "MinSize": 2}]});
        assert_eq!(told(call, &group(6)), Some(true));
        assert_eq!(told(call, &group(4)), None, "a policy may have changed it since");
        let call =
            "autoscaling update-auto-scaling-group --auto-scaling-group-name g --min-size 4 --desired-capacity 6";
        assert_eq!(told(call, &group(6)), Some(false), "nobody else sets the least");
        let call = "autoscaling set-instance-health --instance-id i --health-status Unhealthy";
        assert_eq!(told(call, &json!({"AutoScalingInstances": [{"HealthStatus": "UNHEALTHY"}]})), Some(true));
        let call = "elbv2 modify-listener --listener-arn l --port 443 --default-actions Type=forward,TargetGroupArn=t";
        let listener = |port: u32, target: &str| {
            let action = json!({"Type": "forward", "TargetGroupArn": target, "Order": 1});
            json!({"Listeners": [{"Port": port, "DefaultActions": [action]}]})
        };
        assert_eq!(told(call, &listener(443, "t")), Some(true), "what the service added is no difference");
        assert_eq!(told(call, &listener(80, "t")), Some(false));
        assert_eq!(told(call, &listener(443, "u")), None);
    }

    #[test]
    fn a_bucket_and_its_objects_show_what_was_put() {
        let call = "s3api put-bucket-versioning --bucket b --versioning-configuration Status=Enabled";
        assert_eq!(told(call, &json!({"Status": "Enabled"})), Some(true));
        assert_eq!(told(call, &json!({"Status": "Suspended"})), Some(false));
        assert_eq!(told(call, &serde_json::Value::Null), Some(false), "never set: the answer is empty");
        let call = "s3api put-object-retention --bucket b --key k --retention \
                    Mode=COMPLIANCE,RetainUntilDate=2040-01-01T00:00:00Z --bypass-governance-retention";
        let until = |date: &str| json!({"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": date}});
        assert_eq!(told(call, &until("2040-01-01T00:00:00+00:00")), Some(true));
        assert_eq!(told(call, &until("2030-01-01T00:00:00+00:00")), Some(false));
        let rules = r#"{"Rules":[{"ID":"a","Status":"Enabled"}]}"#;
        let call = format!("s3api put-bucket-lifecycle-configuration --bucket b --lifecycle-configuration {rules}");
        assert_eq!(told(&call, &json!({"Rules": [{"ID": "a", "Status": "Enabled", "Prefix": ""}]})), Some(true));
        assert_eq!(told(&call, &json!({"Rules": []})), None, "another may be written in another way");
        assert_eq!(said_of(&call, "NoSuchLifecycleConfiguration"), Some(false));
        let file = "s3api put-bucket-lifecycle-configuration --bucket b --lifecycle-configuration file://rules.json";
        assert_eq!(super::super::probe(&words(file)), None, "the file may hold something else by now");
    }
}
