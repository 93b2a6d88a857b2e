//! Calls that put something into a list or take it out, or that set each of several things: is it there now?

use std::net::IpAddr;

use serde_json::{Value, json};

use super::Told;
use super::call::{Call, holds, judge, list, look, text};

/// Returns the words of the look; nothing where a look cannot tell.
pub(super) fn of(call: &Call) -> Option<Vec<String>> {
    let names = |words: &[&str], names: Vec<&str>| {
        (!names.is_empty()).then(|| look(&words.iter().copied().chain(names).collect::<Vec<_>>()))
    };
    match call.names() {
        ("ec2", "start-instances" | "stop-instances" | "terminate-instances") => {
            names(&["ec2", "describe-instances", "--instance-ids"], call.texts("InstanceIds"))
        }
        ("ec2", "authorize-security-group-ingress" | "revoke-security-group-ingress") => {
            rules(call)?;
            Some(look(&["ec2", "describe-security-groups", "--group-ids", call.text("GroupId")?]))
        }
        ("ec2", "create-network-acl-entry" | "delete-network-acl-entry") => {
            Some(look(&["ec2", "describe-network-acls", "--network-acl-ids", call.text("NetworkAclId")?]))
        }
        ("ec2", "replace-network-acl-association") => {
            let filter = format!("Name=association.association-id,Values={}", call.text("AssociationId")?);
            Some(look(&["ec2", "describe-network-acls", "--filters", &filter]))
        }
        ("ec2", "replace-route") => {
            call.text("DestinationCidrBlock")?;
            Some(look(&["ec2", "describe-route-tables", "--route-table-ids", call.text("RouteTableId")?]))
        }
        ("elbv2", "register-targets" | "deregister-targets") => {
            Some(look(&["elbv2", "describe-target-health", "--target-group-arn", call.text("TargetGroupArn")?]))
        }
        ("elbv2", "modify-load-balancer-attributes") => {
            let arn = call.text("LoadBalancerArn")?;
            Some(look(&["elbv2", "describe-load-balancer-attributes", "--load-balancer-arn", arn]))
        }
        ("elbv2", "modify-target-group-attributes") => {
            let arn = call.text("TargetGroupArn")?;
            Some(look(&["elbv2", "describe-target-group-attributes", "--target-group-arn", arn]))
        }
        ("cloudwatch", "enable-alarm-actions" | "disable-alarm-actions" | "delete-alarms") => {
            // Without their types, composite alarms are not shown.
            let types = ["cloudwatch", "describe-alarms", "--alarm-types", "MetricAlarm", "CompositeAlarm"];
            names(&types.into_iter().chain(["--alarm-names"]).collect::<Vec<_>>(), call.texts("AlarmNames"))
        }
        ("rds", "modify-db-parameter-group") => Some(look(&[
            "rds",
            "describe-db-parameters",
            "--db-parameter-group-name",
            call.text("DBParameterGroupName")?,
        ])),
        ("rds", "reset-db-parameter-group") => {
            let group = call.text("DBParameterGroupName")?;
            Some(look(&["rds", "describe-db-parameters", "--db-parameter-group-name", group, "--source", "user"]))
        }
        ("rds", "add-tags-to-resource" | "remove-tags-from-resource") => {
            Some(look(&["rds", "list-tags-for-resource", "--resource-name", call.text("ResourceName")?]))
        }
        ("rds", "modify-db-snapshot-attribute") => {
            let id = call.text("DBSnapshotIdentifier")?;
            Some(look(&["rds", "describe-db-snapshot-attributes", "--db-snapshot-identifier", id]))
        }
        ("rds", "modify-db-cluster-snapshot-attribute") => {
            let id = call.text("DBClusterSnapshotIdentifier")?;
            Some(look(&["rds", "describe-db-cluster-snapshot-attributes", "--db-cluster-snapshot-identifier", id]))
        }
        _ => None,
    }
}

/// Says what an answer tells.
pub(super) fn tells(call: &Call, answer: &Value) -> Told {
    told(call, answer).unwrap_or_else(|| Told::Unclear("the answer does not show it".to_owned()))
}

fn told(call: &Call, answer: &Value) -> Option<Told> {
    Some(match call.names() {
        ("ec2", "start-instances") => instances(call, answer, &["pending", "running"], &["stopped"])?,
        ("ec2", "stop-instances") => instances(call, answer, &["stopping", "stopped"], &["running"])?,
        ("ec2", "terminate-instances") => {
            instances(call, answer, &["shutting-down", "terminated"], &["pending", "running", "stopping", "stopped"])?
        }
        ("ec2", "authorize-security-group-ingress" | "revoke-security-group-ingress") => {
            let there = flat(list(answer, "/SecurityGroups/0/IpPermissions")?);
            let rules = rules(call)?;
            let held = rules.iter().filter(|rule| there.contains(rule)).count();
            let done = if call.names().1.starts_with("revoke") { rules.len() - held } else { held };
            judge("rules", done, rules.len())
        }
        ("ec2", "create-network-acl-entry" | "delete-network-acl-entry") => entry(call, answer)?,
        ("ec2", "replace-network-acl-association") => match list(answer, "/NetworkAcls")? {
            [] => Told::Unclear("the association was replaced; look which subnets the network ACL has".to_owned()),
            _ => Told::NotHappened("the association is there still".to_owned()),
        },
        ("ec2", "replace-route") => route(call, answer)?,
        ("elbv2", "register-targets" | "deregister-targets") => targets(call, answer)?,
        ("elbv2", _) => {
            let there = list(answer, "/Attributes")?;
            all("attributes", call.items("Attributes"), there)
        }
        ("cloudwatch", verb) => alarms(call, answer, verb)?,
        ("rds", "modify-db-parameter-group") => {
            let named = ["ParameterName", "ParameterValue"];
            let wanted: Vec<Value> = call.items("Parameters").iter().map(|one| only(one, &named)).collect();
            all("parameters", &wanted, list(answer, "/Parameters")?)
        }
        ("rds", "reset-db-parameter-group") => reset(call, answer)?,
        ("rds", "add-tags-to-resource") => all("tags", call.items("Tags"), list(answer, "/TagList")?),
        ("rds", "remove-tags-from-resource") => {
            let (keys, there) = (call.texts("TagKeys"), list(answer, "/TagList")?);
            let gone = keys.iter().filter(|key| there.iter().all(|tag| text(tag, "Key") != Some(key)));
            judge("tags", gone.count(), keys.len())
        }
        ("rds", _) => shared(call, answer)?,
        _ => return None,
    })
}

fn all(what: &str, wanted: &[Value], there: &[Value]) -> Told {
    let held = wanted.iter().filter(|wanted| there.iter().any(|found| holds(wanted, found)));
    judge(what, held.count(), wanted.len())
}

fn only(value: &Value, members: &[&str]) -> Value {
    members
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), value.get(name)?.clone())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Instances go through states by themselves; one in neither of these tells nothing.
fn instances(call: &Call, answer: &Value, after: &[&str], before: &[&str]) -> Option<Told> {
    let reservations = list(answer, "/Reservations")?;
    let there: Vec<&Value> = reservations.iter().filter_map(|one| list(one, "/Instances")).flatten().collect();
    let wanted = call.texts("InstanceIds");
    let state = |id: &&str| {
        let instance = there.iter().find(|one| text(one, "InstanceId") == Some(id))?;
        instance.pointer("/State/Name")?.as_str()
    };
    let states: Vec<Option<&str>> = wanted.iter().map(state).collect();
    let said = wanted.iter().zip(&states).map(|(id, state)| format!("{id} is {}", state.unwrap_or("not shown")));
    let said = said.collect::<Vec<_>>().join(", ");
    let each = |these: &[&str]| states.iter().all(|state| state.is_some_and(|state| these.contains(&state)));
    Some(if wanted.is_empty() {
        return None;
    } else if each(after) {
        Told::Happened(said)
    } else if each(before) {
        Told::NotHappened(said)
    } else {
        Told::Unclear(said)
    })
}

/// Lists the rules that a call lets in or shuts out, one for each source; nothing where it names them by what no look shows.
fn rules(call: &Call) -> Option<Vec<Value>> {
    let general = ["GroupId", "IpPermissions", "TagSpecifications"];
    let loose = call.besides(&general);
    let rules = if let Some(permissions) = call.get("IpPermissions") {
        if !loose.is_empty() {
            return None;
        }
        flat(permissions.as_array()?)
    } else {
        if loose.iter().any(|(name, _)| !["CidrIp", "FromPort", "ToPort", "IpProtocol"].contains(name)) {
            return None;
        }
        let port = |name: &str| call.get(name).cloned().unwrap_or(Value::Null);
        let source = json!([{"CidrIp": call.text("CidrIp")?}]);
        flat(&[json!({
            "IpProtocol": call.text("IpProtocol")?, "FromPort": port("FromPort"), "ToPort": port("ToPort"), "IpRanges": source,
        })])
    };
    // A source that is shown in other words than it was given in would seem not to be there.
    let plain = rules.iter().all(|rule| rule.pointer("/1/1").and_then(Value::as_str).is_some_and(is_plain));
    (!rules.is_empty() && plain).then_some(rules)
}

/// Is it the name of a group or a list, or an address range without bits beyond its length?
fn is_plain(source: &str) -> bool {
    let Some((address, length)) = source.split_once('/') else { return source.contains('-') };
    let (bits, width, shown) = match address.parse() {
        Ok(IpAddr::V4(ip)) => (u128::from(u32::from(ip)), 32_u32, ip.to_string()),
        Ok(IpAddr::V6(ip)) => (u128::from(ip), 128, ip.to_string()),
        Err(_) => return false,
    };
    let beyond = length.parse().ok().and_then(|length| width.checked_sub(length));
    shown == address
        && beyond.is_some_and(|beyond| {
            let kept = bits.checked_shr(beyond).unwrap_or(0);
            kept.checked_shl(beyond).unwrap_or(0) == bits
        })
}

/// Gives a protocol's name, by which it is shown.
fn protocol(given: &str) -> &str {
    match given {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    }
}

/// Takes permissions apart: protocol, ports and one source each.
fn flat(permissions: &[Value]) -> Vec<Value> {
    const SOURCES: [(&str, &str); 4] = [
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("UserIdGroupPairs", "GroupId"),
        ("PrefixListIds", "PrefixListId"),
    ];
    let of = |permission: &Value| {
        let by = protocol(text(permission, "IpProtocol").unwrap_or_default());
        // What lets everything in has no ports.
        let port = |name: &str| permission.get(name).filter(|_| by != "-1").cloned().unwrap_or(Value::Null);
        let head = json!([by, port("FromPort"), port("ToPort")]);
        let sources = SOURCES.iter().flat_map(|(list, name)| {
            let items = permission.get(*list).and_then(Value::as_array).cloned().unwrap_or_default();
            items.into_iter().map(|item| json!([*name, item.get(*name)])).collect::<Vec<_>>()
        });
        sources.map(|source| json!([head.clone(), source])).collect::<Vec<_>>()
    };
    permissions.iter().flat_map(of).collect()
}

fn entry(call: &Call, answer: &Value) -> Option<Told> {
    let entries = list(answer, "/NetworkAcls/0/Entries")?;
    let place = [("RuleNumber", call.get("RuleNumber")?), ("Egress", call.get("Egress")?)];
    let there = entries.iter().find(|entry| place.iter().all(|(name, value)| entry.get(*name) == Some(*value)));
    let number = call.get("RuleNumber")?;
    Some(match (call.names().1, there) {
        ("delete-network-acl-entry", None) => Told::Happened(format!("entry {number} is gone")),
        ("delete-network-acl-entry", Some(_)) => Told::NotHappened(format!("entry {number} is there")),
        (_, None) => Told::NotHappened(format!("entry {number} is not there")),
        (_, Some(entry)) => {
            let wanted =
                call.besides(&["NetworkAclId", "RuleNumber", "Egress", "Protocol", "IcmpTypeCode", "PortRange"]);
            if wanted.iter().all(|(name, value)| entry.get(*name).is_some_and(|found| holds(value, found))) {
                Told::Happened(format!("entry {number} is as the call would have it"))
            } else {
                Told::NotHappened(format!("entry {number} is another one"))
            }
        }
    })
}

fn route(call: &Call, answer: &Value) -> Option<Told> {
    let routes = list(answer, "/RouteTables/0/Routes")?;
    let to = call.text("DestinationCidrBlock")?;
    let Some(route) = routes.iter().find(|route| text(route, "DestinationCidrBlock") == Some(to)) else {
        return Some(Told::Unclear(format!("there is no route to {to}")));
    };
    let by = call.besides(&["RouteTableId", "DestinationCidrBlock"]);
    let same =
        !by.is_empty() && by.iter().all(|(name, value)| route.get(*name).is_some_and(|found| holds(value, found)));
    Some(if same {
        Told::Happened(format!("the route to {to} is as the call would have it"))
    } else {
        Told::NotHappened(format!("the route to {to} goes another way"))
    })
}

/// A target that is drained is on its way out.
fn targets(call: &Call, answer: &Value) -> Option<Told> {
    let there = list(answer, "/TargetHealthDescriptions")?;
    let wanted = call.items("Targets");
    let ports = |wanted: &Value| there.iter().filter(|one| one.pointer("/Target/Id") == wanted.get("Id")).count();
    if wanted.iter().any(|one| one.get("Port").is_none() && ports(one) > 1) {
        return Some(Told::Unclear("a target is there with several ports".to_owned()));
    }
    let held = |wanted: &&Value| {
        there.iter().any(|one| {
            let out = one.pointer("/TargetHealth/State").and_then(Value::as_str) == Some("draining");
            !out && one.get("Target").is_some_and(|target| holds(wanted, target))
        })
    };
    let held = wanted.iter().filter(held).count();
    let done = if call.names().1 == "register-targets" { held } else { wanted.len() - held };
    Some(judge("targets", done, wanted.len()))
}

fn alarms(call: &Call, answer: &Value, verb: &str) -> Option<Told> {
    let (metric, composite) = (list(answer, "/MetricAlarms")?, list(answer, "/CompositeAlarms").unwrap_or_default());
    let names = call.texts("AlarmNames");
    let find = |name: &&str| metric.iter().chain(composite).find(|alarm| text(alarm, "AlarmName") == Some(name));
    let done = |name: &&&str| match (verb, find(name)) {
        ("delete-alarms", found) => found.is_none(),
        (_, found) => {
            let enabled = found.and_then(|alarm| alarm.get("ActionsEnabled")?.as_bool());
            enabled.is_some_and(|enabled| enabled == (verb == "enable-alarm-actions"))
        }
    };
    Some(judge("alarms", names.iter().filter(done).count(), names.len()))
}

/// What is listed was set by somebody, and is not the default.
fn reset(call: &Call, answer: &Value) -> Option<Told> {
    let set: Vec<&str> = list(answer, "/Parameters")?.iter().filter_map(|one| text(one, "ParameterName")).collect();
    let wanted: Vec<&str> = call.items("Parameters").iter().filter_map(|one| text(one, "ParameterName")).collect();
    if wanted.is_empty() {
        return Some(match set.first() {
            None => Told::Happened("every parameter has its default".to_owned()),
            Some(name) => Told::NotHappened(format!("{name} is set still")),
        });
    }
    let reset = wanted.iter().filter(|name| !set.contains(name)).count();
    Some(judge("parameters", reset, wanted.len()))
}

/// Who may restore a snapshot.
fn shared(call: &Call, answer: &Value) -> Option<Told> {
    let place = ["DBSnapshot", "DBClusterSnapshot"]
        .into_iter()
        .find_map(|kind| list(answer, &format!("/{kind}AttributesResult/{kind}Attributes")))?;
    let name = call.text("AttributeName")?;
    let attribute = place.iter().find(|one| text(one, "AttributeName") == Some(name));
    let there: Vec<&str> = attribute
        .and_then(|one| list(one, "/AttributeValues"))
        .map(|values| values.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let (add, remove) = (call.texts("ValuesToAdd"), call.texts("ValuesToRemove"));
    let added = add.iter().filter(|value| there.contains(value)).count();
    let removed = remove.iter().filter(|value| !there.contains(value)).count();
    Some(judge("values", added + removed, add.len() + remove.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{told, words};

    #[test]
    fn instances_are_where_the_call_sends_them_all_or_none() {
        let answer = |states: [&str; 2]| {
            let all = states.iter().zip(["a", "b"]);
            let all: Vec<_> = all.map(|(state, id)| json!({"InstanceId": id, "State": {"Name": state}})).collect();
            json!({"Reservations": [{"Instances": all}]})
        };
        let call = |verb: &str| format!("ec2 {verb}-instances --instance-ids a b");
        assert_eq!(told(&call("stop"), &answer(["stopping", "stopped"])), Some(true));
        assert_eq!(told(&call("stop"), &answer(["running", "running"])), Some(false));
        assert_eq!(told(&call("stop"), &answer(["running", "stopped"])), None);
        assert_eq!(told(&call("start"), &answer(["pending", "running"])), Some(true));
        assert_eq!(told(&call("terminate"), &answer(["terminated", "shutting-down"])), Some(true));
        assert_eq!(told(&call("terminate"), &json!({"Reservations": []})), None, "they vanish after a while");
    }

    #[test]
    fn rules_are_compared_source_by_source() {
        let group = |ranges: &[&str]| {
            let ranges: Vec<_> = ranges.iter().map(|one| json!({"CidrIp": one, "Description": "d"})).collect();
            let rule = json!({"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": ranges});
            json!({"SecurityGroups": [{"IpPermissions": [rule]}]})
        };
        let call = |verb: &str| {
            format!(
                "ec2 {verb}-security-group-ingress --group-id g --ip-permissions {}",
                r#"[{"IpProtocol":"tcp","FromPort":5432,"ToPort":5432,"IpRanges":[{"CidrIp":"10.0.1.0/24"},{"CidrIp":"10.0.2.0/24"}]}]"#
            )
        };
        assert_eq!(told(&call("authorize"), &group(&["10.0.1.0/24", "10.0.2.0/24", "c"])), Some(true));
        assert_eq!(told(&call("authorize"), &group(&["c"])), Some(false));
        assert_eq!(told(&call("authorize"), &group(&["10.0.1.0/24"])), None);
        assert_eq!(told(&call("revoke"), &group(&["c"])), Some(true));
        assert_eq!(told(&call("revoke"), &group(&["10.0.1.0/24", "10.0.2.0/24"])), Some(false));
        let short = "ec2 revoke-security-group-ingress --group-id g --ip-protocol 6 --from-port 5432 --to-port 5432 --cidr-ip 10.0.0.0/8";
        assert_eq!(told(short, &group(&["10.0.0.0/8"])), Some(false));
        assert_eq!(told(short, &group(&["b"])), Some(true));
        for written in ["10.1.0.0/8", "0.0.0.0/99", "2001:db8:0::/32"] {
            let other = short.replace("10.0.0.0/8", written);
            assert_eq!(super::super::probe(&words(&other)), None, "{written} is shown in another way");
        }
        assert!(super::is_plain("0.0.0.0/0") && super::is_plain("2001:db8::/32") && super::is_plain("sg-1"));
        let by_rule = "ec2 revoke-security-group-ingress --group-id g --security-group-rule-ids sgr-1";
        assert_eq!(super::super::probe(&words(by_rule)), None);
    }

    #[test]
    fn entries_of_network_acls_and_routes_are_found_by_their_place() {
        let acl = |action: &str| {
            let entry =
                json!({"RuleNumber": 10, "Egress": false, "Protocol": "6", "RuleAction": action, "CidrBlock": "c"});
            json!({"NetworkAcls": [{"Entries": [entry]}]})
        };
        let make = "ec2 create-network-acl-entry --network-acl-id n --rule-number 10 --protocol tcp --rule-action deny \
                    --no-egress --cidr-block c";
        assert_eq!(told(make, &acl("deny")), Some(true));
        assert_eq!(told(make, &acl("allow")), Some(false));
        let delete = "ec2 delete-network-acl-entry --network-acl-id n --rule-number 10 --no-egress";
        assert_eq!(told(delete, &acl("deny")), Some(false));
        assert_eq!(told(delete, &json!({"NetworkAcls": [{"Entries": []}]})), Some(true));
        let route = "ec2 replace-route --route-table-id r --destination-cidr-block c --nat-gateway-id n";
        let routes =
            |by: &str| json!({"RouteTables": [{"Routes": [{"DestinationCidrBlock": "c", "NatGatewayId": by}]}]});
        assert_eq!(told(route, &routes("n")), Some(true));
        assert_eq!(told(route, &routes("m")), Some(false));
    }

    #[test]
    fn targets_are_in_or_out() {
        let health = |state: &str| json!({"TargetHealthDescriptions": [{"Target": {"Id": "i", "Port": 80}, "TargetHealth": {"State": state}}]});
        let call = |verb: &str| format!("elbv2 {verb}-targets --target-group-arn t --targets Id=i");
        assert_eq!(told(&call("register"), &health("unhealthy")), Some(true));
        assert_eq!(told(&call("register"), &health("draining")), Some(false));
        assert_eq!(told(&call("deregister"), &health("draining")), Some(true));
        assert_eq!(told(&call("deregister"), &health("healthy")), Some(false));
    }

    #[test]
    fn what_was_set_of_several_things_is_set_of_all_of_them_or_of_none() {
        let attributes =
            "elbv2 modify-target-group-attributes --target-group-arn t --attributes Key=a,Value=1 Key=b,Value=2";
        let there = |a: &str, b: &str| json!({"Attributes": [{"Key": "a", "Value": a}, {"Key": "b", "Value": b}]});
        assert_eq!(told(attributes, &there("1", "2")), Some(true));
        assert_eq!(told(attributes, &there("0", "0")), Some(false));
        assert_eq!(told(attributes, &there("1", "0")), None);
        let tags = "rds remove-tags-from-resource --resource-name r --tag-keys a b";
        assert_eq!(told(tags, &json!({"TagList": [{"Key": "c", "Value": "1"}]})), Some(true));
        assert_eq!(told(tags, &json!({"TagList": [{"Key": "a"}, {"Key": "b"}]})), Some(false));
        let group = "rds modify-db-parameter-group --db-parameter-group-name g --parameters \
                    ParameterName=a,ParameterValue=1,ApplyMethod=immediate";
        let set = |value: &str| json!({"Parameters": [{"ParameterName": "a", "ParameterValue": value}]});
        assert_eq!(told(group, &set("1")), Some(true));
        assert_eq!(told(group, &set("2")), Some(false));
        let reset = "rds reset-db-parameter-group --db-parameter-group-name g --reset-all-parameters";
        assert_eq!(told(reset, &json!({"Parameters": []})), Some(true));
        assert_eq!(told(reset, &set("1")), Some(false));
        let share =
            "rds modify-db-snapshot-attribute --db-snapshot-identifier s --attribute-name restore --values-to-add 1";
        let shared = |with: &[&str]| json!({"DBSnapshotAttributesResult": {"DBSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": with}]}});
        assert_eq!(told(share, &shared(&["1", "2"])), Some(true));
        assert_eq!(told(share, &shared(&[])), Some(false));
        let alarms =
            |on: bool| json!({"MetricAlarms": [{"AlarmName": "a", "ActionsEnabled": on}], "CompositeAlarms": []});
        assert_eq!(told("cloudwatch disable-alarm-actions --alarm-names a", &alarms(false)), Some(true));
        assert_eq!(told("cloudwatch enable-alarm-actions --alarm-names a", &alarms(false)), Some(false));
        assert_eq!(told("cloudwatch delete-alarms --alarm-names a", &alarms(true)), Some(false));
        assert_eq!(told("cloudwatch delete-alarms --alarm-names b", &alarms(true)), Some(true));
    }
}
