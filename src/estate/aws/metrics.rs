//! CloudWatch's metrics, computed for the minute asked for.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::cloudwatch::{Refused, marked, number, text, texts, time};
use crate::estate::model::Timeline;
use crate::estate::model::instance::Role;
use crate::estate::model::metric::{DATABASE, Metric};
use crate::estate::model::place::Region;
use crate::estate::model::world::World;

/// How many points one call gets at most.
const MOST_POINTS: i64 = 1_440;

/// Reads which metric is meant.
pub(super) fn metric(body: &Value) -> Metric {
    let said = |value: &Value, name: &str| text(value, name).unwrap_or_default().to_owned();
    let all = body.get("Dimensions").and_then(Value::as_array).into_iter().flatten();
    let dimensions = all.map(|one| (said(one, "Name"), said(one, "Value"))).collect();
    Metric { namespace: said(body, "Namespace"), name: said(body, "MetricName"), dimensions }
}

/// Writes a metric's dimensions.
pub(super) fn dimensions(metric: &Metric) -> Value {
    metric.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}

/// Is a span of time and how long a point of it is, in seconds.
type Span = (DateTime<Utc>, DateTime<Utc>, i64);

fn points(
    line: &Timeline,
    world: &World,
    region: Region,
    metric: &Metric,
    (from, to, period): Span,
) -> Vec<(DateTime<Utc>, f64)> {
    let period = period.max(1);
    let end = to.min(line.wall(world.now()));
    let count = ((end - from).num_seconds() / period).clamp(0, MOST_POINTS);
    let moments = (0..=count).map(|place| end - chrono::TimeDelta::seconds(place * period));
    let moments = moments.filter(|at| *at >= from);
    moments.filter_map(|at| Some((at, metric.at(world, region, line.moment_of(at))?))).collect()
}

fn invalid(message: impl Into<String>) -> Refused {
    ("InvalidParameterValue", message.into())
}

fn span(body: &Value) -> Result<(DateTime<Utc>, DateTime<Utc>), Refused> {
    let missing = |name: &str| invalid(format!("The parameter {name} is required, with its zone."));
    let from = time(body, "StartTime").ok_or_else(|| missing("StartTime"))?;
    let to = time(body, "EndTime").ok_or_else(|| missing("EndTime"))?;
    if from >= to {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    Ok((from, to))
}

/// Answers `GetMetricData`.
pub(super) fn get_data(line: &Timeline, world: &World, region: Region, body: &Value) -> Result<Value, Refused> {
    let (from, to) = span(body)?;
    let queries = body.get("MetricDataQueries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if queries.is_empty() {
        return Err(invalid("The parameter MetricDataQueries is required."));
    }
    let results: Vec<Value> = queries
        .iter()
        .filter_map(|query| {
            let stat = query.get("MetricStat")?;
            let period = number(stat, "Period").unwrap_or(60.0) as i64;
            let metric = metric(stat.get("Metric")?);
            let mut found = points(line, world, region, &metric, (from, to, period));
            if text(body, "ScanBy") == Some("TimestampAscending") {
                found.reverse();
            }
            let (times, values): (Vec<Value>, Vec<f64>) =
                found.into_iter().map(|(at, value)| (marked(at), value)).unzip();
            let id = text(query, "Id").unwrap_or_default();
            let label = text(query, "Label").unwrap_or(&metric.name);
            Some(json!({ "Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete" }))
        })
        .collect();
    Ok(json!({ "MetricDataResults": results, "Messages": [] }))
}

/// Answers `GetMetricStatistics`.
pub(super) fn get_statistics(line: &Timeline, world: &World, region: Region, body: &Value) -> Result<Value, Refused> {
    let (from, to) = span(body)?;
    let period = number(body, "Period").ok_or_else(|| invalid("The parameter Period is required."))? as i64;
    let wanted = texts(body, "Statistics").unwrap_or_default();
    let metric = metric(body);
    let found = points(line, world, region, &metric, (from, to, period));
    let points: Vec<Value> = found
        .into_iter()
        .map(|(at, value)| {
            let mut point = Map::new();
            point.insert("Timestamp".to_owned(), marked(at));
            for statistic in &wanted {
                let value = if statistic == "SampleCount" { 1.0 } else { value };
                point.insert(statistic.clone(), json!(value));
            }
            point.insert("Unit".to_owned(), json!("None"));
            Value::Object(point)
        })
        .collect();
    Ok(json!({ "Label": metric.name, "Datapoints": points }))
}

/// Answers `ListMetrics`.
pub(super) fn list(world: &World, region: Region, body: &Value) -> Value {
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
