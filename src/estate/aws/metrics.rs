//! CloudWatch: what the estate measures of databases and buckets, computed for the minute asked for; alarms there are
//! none. It speaks JSON, and CBOR to clients that prefer it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{Call, Reply, Service, cbor, json_call, unknown_operation};
use crate::estate::model::Moment;
use crate::estate::model::instance::{Instance, Role};
use crate::estate::model::place::Region;
use crate::estate::model::world::World;

/// The metrics of a database.
const DATABASE: [&str; 6] = [
    "ReplicaLag",
    "DatabaseConnections",
    "CPUUtilization",
    "FreeStorageSpace",
    "FreeableMemory",
    "TransactionLogsDiskUsage",
];
/// How many points one call gets at most.
const MOST_POINTS: i64 = 1_440;

/// Answers a call.
pub(super) fn answer(call: &Call<'_>, world: &World) -> Reply {
    let path: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    let (action, body, binary) = if let ["service", _, "operation", operation] = path.as_slice() {
        let Some(body) = cbor::read(&call.body) else {
            let message = "The document cannot be read.";
            return Service::CloudWatch.error(400, "SerializationException", message, &call.id);
        };
        ((*operation).to_owned(), body, true)
    } else {
        let (action, body) = json_call(call);
        (action, body, false)
    };
    let region = call.region.unwrap_or(Region::West);
    let answered = match action.as_str() {
        "GetMetricData" => get_data(call, world, region, &body),
        "GetMetricStatistics" => get_statistics(call, world, region, &body),
        "ListMetrics" => Ok(list(world, region, &body)),
        "DescribeAlarms" => Ok(json!({ "MetricAlarms": [], "CompositeAlarms": [] })),
        _ => return unknown_operation(Service::CloudWatch, &action, "2010-08-01", &call.id),
    };
    match answered {
        Ok(body) if binary => {
            let headers = vec![
                ("content-type".to_owned(), "application/cbor".to_owned()),
                ("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()),
            ];
            Reply { status: 200, headers, body: cbor::write(&body).into() }
        }
        Ok(body) => Reply::json(200, &body),
        Err(message) => Service::CloudWatch.error(400, "InvalidParameterValue", &message, &call.id),
    }
}

fn text<'b>(body: &'b Value, name: &str) -> Option<&'b str> {
    body.get(name).and_then(Value::as_str)
}

fn dimension<'b>(metric: &'b Value, name: &str) -> Option<&'b str> {
    let all = metric.get("Dimensions")?.as_array()?;
    text(all.iter().find(|one| text(one, "Name") == Some(name))?, "Value")
}

fn time(body: &Value, name: &str) -> Option<DateTime<Utc>> {
    match body.get(name)? {
        Value::String(text) => Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc()),
        number => DateTime::from_timestamp_millis((number.as_f64()? * 1_000.0) as i64),
    }
}

/// Returns what a metric of a database is now. What it was earlier is not kept, except the lag, which follows from it.
fn value(world: &World, instance: &Instance, metric: &str, at: Moment) -> Option<f64> {
    let now = world.now();
    let used = world.used_by(instance.region).is_some_and(|used| used.data == instance.data);
    let reachable = instance.is_reachable(now) && world.is_up(instance.region);
    let gigabytes = 1_073_741_824.0;
    Some(match metric {
        "ReplicaLag" if instance.role == Role::Primary => return None,
        "ReplicaLag" => {
            let last = world.rds.data.ledger(instance.data).last_commit()?;
            let lag = world.rds.data.follow(instance.data).map_or(0, |follow| follow.lag);
            (at.since(last).max(lag) as f64) / 1_000.0
        }
        "DatabaseConnections" => {
            if used && reachable {
                42.0
            } else {
                0.0
            }
        }
        "CPUUtilization" => {
            if used && reachable {
                31.0
            } else {
                2.0
            }
        }
        "FreeStorageSpace" => {
            let full = instance.status(now).name() == "storage-full";
            if full { 0.0 } else { f64::from(instance.settings.storage) * gigabytes * 0.4 }
        }
        "FreeableMemory" => 18.0 * gigabytes,
        "TransactionLogsDiskUsage" => 2.0 * gigabytes,
        _ => return None,
    })
}

fn points(
    call: &Call<'_>,
    world: &World,
    region: Region,
    metric: &Value,
    (from, to, period): (DateTime<Utc>, DateTime<Utc>, i64),
) -> Vec<(DateTime<Utc>, f64)> {
    let period = period.max(1);
    let end = to.min(call.standing.line().wall(world.now()));
    let count = ((end - from).num_seconds() / period).clamp(0, MOST_POINTS);
    let moments = (0..=count).map(|place| end - chrono::TimeDelta::seconds(place * period));
    let moments = moments.filter(|at| *at >= from);
    let namespace = text(metric, "Namespace").unwrap_or_default();
    let name = text(metric, "MetricName").unwrap_or_default();
    match namespace {
        "AWS/RDS" => {
            let id = dimension(metric, "DBInstanceIdentifier").unwrap_or_default();
            let Ok(instance) = world.rds.find(region, id) else { return Vec::new() };
            let line = call.standing.line();
            moments.filter_map(|at| Some((at, value(world, instance, name, line.moment_of(at))?))).collect()
        }
        "AWS/S3" if name == "OperationsPendingReplication" => {
            let bucket = dimension(metric, "SourceBucket").unwrap_or_default();
            let pending = world.copies.iter().filter(|copy| copy.bucket == bucket).count() as f64;
            moments.map(|at| (at, pending)).collect()
        }
        "AWS/ApplicationELB" if name == "HealthyHostCount" || name == "UnHealthyHostCount" => {
            use crate::estate::model::fleet::Fleet;
            let (now, zone) = (world.now(), dimension(metric, "AvailabilityZone"));
            let all =
                world.fleet(region).servers.iter().filter(|server| zone.is_none_or(|zone| server.zone.name == zone));
            let count =
                all.filter(|server| Fleet::is_healthy(server, now) == (name == "HealthyHostCount")).count() as f64;
            moments.map(|at| (at, count)).collect()
        }
        _ => Vec::new(),
    }
}

fn span(body: &Value) -> Result<(DateTime<Utc>, DateTime<Utc>), String> {
    let missing = |name: &str| format!("The parameter {name} is required, with its zone.");
    let from = time(body, "StartTime").ok_or_else(|| missing("StartTime"))?;
    let to = time(body, "EndTime").ok_or_else(|| missing("EndTime"))?;
    if from >= to {
        return Err("The parameter StartTime must be less than the parameter EndTime.".to_owned());
    }
    Ok((from, to))
}

fn seconds(at: DateTime<Utc>) -> Value {
    // Both protocols mark times; the number alone is what is in them.
    json!({ cbor::TIME: at.timestamp_millis() as f64 / 1_000.0 })
}

fn get_data(call: &Call<'_>, world: &World, region: Region, body: &Value) -> Result<Value, String> {
    let (from, to) = span(body)?;
    let queries = body.get("MetricDataQueries").and_then(Value::as_array).cloned().unwrap_or_default();
    if queries.is_empty() {
        return Err("The parameter MetricDataQueries is required.".to_owned());
    }
    let results: Vec<Value> = queries
        .iter()
        .filter_map(|query| {
            let stat = query.get("MetricStat")?;
            let period = stat.get("Period").and_then(Value::as_i64).unwrap_or(60);
            let metric = stat.get("Metric")?;
            let mut found = points(call, world, region, metric, (from, to, period));
            if text(body, "ScanBy") == Some("TimestampAscending") {
                found.reverse();
            }
            let (times, values): (Vec<Value>, Vec<f64>) =
                found.into_iter().map(|(at, value)| (seconds(at), value)).unzip();
            let id = text(query, "Id").unwrap_or_default();
            let label = text(query, "Label").or(text(metric, "MetricName")).unwrap_or(id);
            Some(json!({ "Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete" }))
        })
        .collect();
    Ok(plain(call, json!({ "MetricDataResults": results, "Messages": [] })))
}

fn get_statistics(call: &Call<'_>, world: &World, region: Region, body: &Value) -> Result<Value, String> {
    let (from, to) = span(body)?;
    let period = body.get("Period").and_then(Value::as_i64).ok_or("The parameter Period is required.")?;
    let wanted: Vec<&str> =
        body.get("Statistics").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let found = points(call, world, region, body, (from, to, period));
    let points: Vec<Value> = found
        .into_iter()
        .map(|(at, value)| {
            let mut point = Map::new();
            point.insert("Timestamp".to_owned(), seconds(at));
            for statistic in &wanted {
                let value = if *statistic == "SampleCount" { 1.0 } else { value };
                point.insert((*statistic).to_owned(), json!(value));
            }
            point.insert("Unit".to_owned(), json!("None"));
            Value::Object(point)
        })
        .collect();
    let label = text(body, "MetricName").unwrap_or_default();
    Ok(plain(call, json!({ "Label": label, "Datapoints": points })))
}

/// Leaves times marked for CBOR, and as plain numbers for JSON.
fn plain(call: &Call<'_>, value: Value) -> Value {
    if call.path.starts_with("/service/") { value } else { cbor::unmarked(value) }
}

fn list(world: &World, region: Region, body: &Value) -> Value {
    let namespace = text(body, "Namespace").unwrap_or("AWS/RDS");
    let mut metrics = Vec::new();
    if namespace == "AWS/RDS" {
        for instance in world.rds.instances.iter().filter(|instance| instance.region == region) {
            for name in DATABASE.iter().filter(|name| instance.role != Role::Primary || **name != "ReplicaLag") {
                let dimensions = json!([{ "Name": "DBInstanceIdentifier", "Value": instance.id }]);
                metrics.push(json!({ "Namespace": namespace, "MetricName": name, "Dimensions": dimensions }));
            }
        }
    }
    let wanted = text(body, "MetricName");
    metrics.retain(|metric| wanted.is_none_or(|name| text(metric, "MetricName") == Some(name)));
    json!({ "Metrics": metrics })
}
