//! Requests as bytes: a call's input in the protocol of its service. Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::services::{Protocol, Service};
use crate::runbook::aws::{Member, Operation, Part, Type};

/// What stays as it is in a path or a query.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The member that names the region a call reads from.
pub(super) const SOURCE_REGION: &str = "SourceRegion";

/// Is a request without its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wire {
    /// The method.
    pub(super) method: &'static str,
    /// Path and query.
    pub(super) path: String,
    /// Headers, besides those that the signature adds.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(super) body: String,
}

/// Writes a request of `operation` with `input`, by member as `input::read` makes it.
///
/// # Errors
/// One sentence, if it can't be written.
pub(super) fn request(service: &Service, operation: &Operation, input: &Map<String, Value>) -> Result<Wire, String> {
    match service.protocol {
        Protocol::RestXml => Err(format!("`{}` is called through the SDK; report this", service.name)),
        Protocol::Query(_) | Protocol::Ec2(_) => Ok(Wire {
            method: "POST",
            path: "/".to_owned(),
            headers: vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
            body: encoded(&form(service, operation, input)),
        }),
        Protocol::Json { version, target } => Ok(Wire {
            method: "POST",
            path: "/".to_owned(),
            headers: vec![
                ("content-type", format!("application/x-amz-json-{version}")),
                ("x-amz-target", format!("{target}.{}", operation.api)),
            ],
            body: json(&operation.members, input).to_string(),
        }),
        Protocol::RestJson => rest(operation, input),
    }
}

/// Lists the fields of a request as a form.
pub(super) fn form(service: &Service, operation: &Operation, input: &Map<String, Value>) -> Vec<(String, String)> {
    let (version, dialect) = match service.protocol {
        Protocol::Ec2(version) => (version, Dialect::Ec2),
        Protocol::Query(version) => (version, Dialect::Query),
        Protocol::RestXml | Protocol::Json { .. } | Protocol::RestJson => ("", Dialect::Query),
    };
    let mut fields = vec![("Action".to_owned(), operation.api.to_owned()), ("Version".to_owned(), version.to_owned())];
    record(&mut fields, dialect, "", &operation.members, input);
    // The region is said by a signature for it, which is no option.
    fields.retain(|(name, _)| name != SOURCE_REGION);
    fields
}

/// Writes fields as the body of a form, or as the query of an address.
pub(super) fn encoded(fields: &[(String, String)]) -> String {
    let fields = fields.iter().map(|(name, value)| {
        format!("{}={}", utf8_percent_encode(name, UNRESERVED), utf8_percent_encode(value, UNRESERVED))
    });
    fields.collect::<Vec<_>>().join("&")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Query,
    /// Lists have no element around their items.
    Ec2,
}

fn record(
    fields: &mut Vec<(String, String)>,
    dialect: Dialect,
    prefix: &str,
    members: &[Member],
    input: &Map<String, Value>,
) {
    for member in members {
        if let Some(value) = input.get(member.name) {
            let dot = if prefix.is_empty() { "" } else { "." };
            field(fields, dialect, format!("{prefix}{dot}{}", member.wire), &member.holds, value);
        }
    }
}

fn field(fields: &mut Vec<(String, String)>, dialect: Dialect, name: String, holds: &Type, value: &Value) {
    match (holds, value) {
        (Type::Record(members), Value::Object(input)) => record(fields, dialect, &name, members, input),
        // An empty list is not the same as none: it takes away what was there.
        (Type::List { .. }, Value::Array(items)) if items.is_empty() => fields.push((name, String::new())),
        (Type::List { wrapper, item }, Value::Array(items)) => {
            for (at, value) in items.iter().enumerate() {
                let name = match dialect {
                    Dialect::Query => format!("{name}.{wrapper}.{}", at + 1),
                    Dialect::Ec2 => format!("{name}.{}", at + 1),
                };
                field(fields, dialect, name, item, value);
            }
        }
        (Type::Pairs, Value::Object(pairs)) => {
            for (at, (key, value)) in pairs.iter().enumerate() {
                fields.push((format!("{name}.entry.{}.key", at + 1), key.clone()));
                fields.push((format!("{name}.entry.{}.value", at + 1), plain(value)));
            }
        }
        (_, value) => fields.push((name, plain(value))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn json(members: &[Member], input: &Map<String, Value>) -> Value {
    let members = members.iter().filter_map(|member| {
        let value = input.get(member.name)?;
        Some((member.wire.to_owned(), in_json(&member.holds, value)))
    });
    Value::Object(members.collect())
}

fn in_json(holds: &Type, value: &Value) -> Value {
    match (holds, value) {
        (Type::Record(members), Value::Object(input)) => json(members, input),
        (Type::List { item, .. }, Value::Array(items)) => items.iter().map(|value| in_json(item, value)).collect(),
        (Type::Time, Value::String(time)) => since_1970(time).unwrap_or_else(|| value.clone()),
        (_, value) => value.clone(),
    }
}

/// JSON has times as seconds since 1970.
fn since_1970(time: &str) -> Option<Value> {
    let time = chrono::DateTime::parse_from_rfc3339(time).ok()?;
    let millis = time.timestamp_millis();
    Some(if millis % 1000 == 0 { Value::from(millis / 1000) } else { Value::from(millis as f64 / 1000.0) })
}

fn rest(operation: &Operation, input: &Map<String, Value>) -> Result<Wire, String> {
    let (method, path) = operation.http.ok_or_else(|| format!("`{}` has no path; report this", operation.name))?;
    let (mut path, mut query, mut body) = (path.to_owned(), Vec::new(), Vec::new());
    for member in &operation.members {
        let place = format!("{{{}}}", member.wire);
        let value = input.get(member.name);
        if path.contains(&place) {
            let value = value.map(plain).unwrap_or_default();
            if value.is_empty() {
                return Err(format!("`{}` needs a value", member.option));
            }
            path = path.replace(&place, &utf8_percent_encode(&value, UNRESERVED).to_string());
        } else if member.part == Part::Address {
            query.extend(value.map(|value| (member.wire.to_owned(), plain(value))));
        } else {
            body.push(member.clone());
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", encoded(&query));
    }
    let body = if body.is_empty() { String::new() } else { json(&body, input).to_string() };
    let headers = if body.is_empty() { Vec::new() } else { vec![("content-type", "application/json".to_owned())] };
    Ok(Wire { method, path, headers, body })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::arguments::Request;
    use super::super::{input, services};
    use super::*;

    fn wire(line: &str) -> Wire {
        let call = Request::parse(&shlex::split(line).unwrap(), Path::new(".")).unwrap();
        let input = input::read(call.operation, &call.arguments).unwrap();
        request(services::find(call.operation.service).unwrap(), call.operation, &input).unwrap()
    }

    #[test]
    fn bodies_are_as_each_protocol_writes_them() {
        for (line, body) in [
            (
                "rds modify-db-instance --db-instance-identifier a --no-multi-az --vpc-security-group-ids sg-1 sg-2",
                "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=a&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-2&MultiAZ=false",
            ),
            (
                "rds add-tags-to-resource --resource-name 'a b' --tags Key=k,Value=v",
                "Action=AddTagsToResource&Version=2014-10-31&ResourceName=a%20b&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v",
            ),
            (
                "rds modify-db-instance --db-instance-identifier a --vpc-security-group-ids '[]'",
                "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=a&VpcSecurityGroupIds=",
            ),
            (
                "ec2 describe-instances --instance-ids i-1 i-2 --filters Name=zone,Values=a,b",
                "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=zone&Filter.1.Value.1=a&Filter.1.Value.2=b",
            ),
            (
                "autoscaling suspend-processes --auto-scaling-group-name g --scaling-processes AZRebalance",
                "Action=SuspendProcesses&Version=2011-01-01&AutoScalingGroupName=g&ScalingProcesses.member.1=AZRebalance",
            ),
            (
                "cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=DeleteDBInstance --start-time 1000 --end-time 1970-01-01T00:20:00.5Z",
                r#"{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"DeleteDBInstance"}],"StartTime":1000,"EndTime":1200.5}"#,
            ),
            ("kms cancel-key-deletion --key-id k", r#"{"KeyId":"k"}"#),
        ] {
            assert_eq!(wire(line).body, body, "{line}");
        }
    }

    #[test]
    fn targets_and_paths_name_the_operation() {
        let alarms = wire("cloudwatch describe-alarms");
        assert_eq!(
            alarms.headers,
            [
                ("content-type", "application/x-amz-json-1.0".to_owned()),
                ("x-amz-target", "GraniteServiceVersion20100801.DescribeAlarms".to_owned())
            ]
        );
        let start = wire(
            "arc-zonal-shift start-zonal-shift --resource-identifier arn:x/y --away-from use1-az1 --expires-in 12h --comment why",
        );
        assert_eq!((start.method, start.path.as_str()), ("POST", "/zonalshifts"));
        assert_eq!(
            start.body,
            r#"{"resourceIdentifier":"arn:x/y","awayFrom":"use1-az1","expiresIn":"12h","comment":"why"}"#
        );
        let get = wire("arc-zonal-shift get-managed-resource --resource-identifier arn:x/y");
        assert_eq!((get.method, get.path.as_str(), get.body.as_str()), ("GET", "/managedresources/arn%3Ax%2Fy", ""));
        let list = wire("arc-zonal-shift list-zonal-shifts --status ACTIVE --max-results 5");
        assert_eq!(list.path, "/zonalshifts?status=ACTIVE&maxResults=5");
    }
}
