//! CloudWatch's alarms: made, shown, set by hand, deleted.

use serde_json::{Map, Value, json};

use super::cloudwatch::{Refused, marked, number, text, texts, truth};
use super::metrics;
use crate::estate::model::Timeline;
use crate::estate::model::alarm::{Actions, Alarm, Comparison, Gap, Rule, State};
use crate::estate::model::place::{ACCOUNT, Region};
use crate::estate::model::world::World;

/// How many alarms a region may have.
const MOST: usize = 500;

/// Answers a call about alarms; `None` for one that is not known.
pub(super) fn answer(
    line: &Timeline,
    world: &mut World,
    region: Region,
    action: &str,
    body: &Value,
) -> Option<Result<Value, Refused>> {
    Some(match action {
        "DescribeAlarms" => Ok(describe(line, world, region, body)),
        "DescribeAlarmsForMetric" => Ok(for_metric(line, world, region, body)),
        "DescribeAlarmHistory" => Ok(history(line, world, region, body)),
        "PutMetricAlarm" => put(world, region, body),
        "SetAlarmState" => set(world, region, body),
        "DeleteAlarms" => delete(world, region, body),
        "EnableAlarmActions" => Ok(switch(world, region, body, Actions::Enabled)),
        "DisableAlarmActions" => Ok(switch(world, region, body, Actions::Disabled)),
        _ => return None,
    })
}

fn arn(alarm: &Alarm) -> String {
    format!("arn:aws:cloudwatch:{}:{ACCOUNT}:alarm:{}", alarm.region.name(), alarm.name)
}

fn shown(line: &Timeline, alarm: &Alarm) -> Value {
    let rule = &alarm.rule;
    let [alarmed, fine, insufficient] = &rule.told;
    let mut shown = Map::new();
    let mut add = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    add("AlarmName", json!(alarm.name));
    add("AlarmArn", json!(arn(alarm)));
    if let Some(description) = &rule.description {
        add("AlarmDescription", json!(description));
    }
    add("AlarmConfigurationUpdatedTimestamp", marked(line.wall(alarm.written)));
    add("ActionsEnabled", json!(alarm.actions == Actions::Enabled));
    add("OKActions", json!(fine));
    add("AlarmActions", json!(alarmed));
    add("InsufficientDataActions", json!(insufficient));
    add("StateValue", json!(alarm.state.name()));
    add("StateReason", json!(alarm.reason));
    add("StateUpdatedTimestamp", marked(line.wall(alarm.since)));
    add("StateTransitionedTimestamp", marked(line.wall(alarm.since)));
    add("MetricName", json!(rule.metric.name));
    add("Namespace", json!(rule.metric.namespace));
    add("Statistic", json!(rule.statistic));
    add("Dimensions", metrics::dimensions(&rule.metric));
    add("Period", json!(rule.period));
    add("EvaluationPeriods", json!(rule.periods));
    add("Threshold", json!(rule.threshold));
    add("ComparisonOperator", json!(rule.comparison.name()));
    add("TreatMissingData", json!(rule.gap.name()));
    Value::Object(shown)
}

fn describe(line: &Timeline, world: &World, region: Region, body: &Value) -> Value {
    let (names, prefix) = (texts(body, "AlarmNames"), text(body, "AlarmNamePrefix"));
    let state = text(body, "StateValue");
    let composite = texts(body, "AlarmTypes").is_some_and(|types| !types.iter().any(|name| name == "MetricAlarm"));
    let found = world
        .alarms
        .iter()
        .filter(|alarm| alarm.region == region && !composite)
        .filter(|alarm| names.as_ref().is_none_or(|names| names.contains(&alarm.name)))
        .filter(|alarm| prefix.is_none_or(|prefix| alarm.name.starts_with(prefix)))
        .filter(|alarm| state.is_none_or(|state| alarm.state.name() == state));
    json!({ "CompositeAlarms": [], "MetricAlarms": found.map(|alarm| shown(line, alarm)).collect::<Vec<_>>() })
}

fn for_metric(line: &Timeline, world: &World, region: Region, body: &Value) -> Value {
    let metric = metrics::metric(body);
    let found = world.alarms.iter().filter(|alarm| alarm.region == region && alarm.rule.metric == metric);
    json!({ "MetricAlarms": found.map(|alarm| shown(line, alarm)).collect::<Vec<_>>() })
}

fn history(line: &Timeline, world: &World, region: Region, body: &Value) -> Value {
    let name = text(body, "AlarmName");
    let alarms = world.alarms.iter().filter(|alarm| alarm.region == region);
    let alarms = alarms.filter(|alarm| name.is_none_or(|name| alarm.name == name));
    let mut items: Vec<_> =
        alarms.flat_map(|alarm| alarm.history.iter().map(move |(at, summary)| (*at, alarm, summary))).collect();
    items.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let item = |(at, alarm, summary): (_, &Alarm, &String)| {
        json!({ "AlarmName": alarm.name, "AlarmType": "MetricAlarm", "Timestamp": marked(line.wall(at)),
            "HistoryItemType": "StateUpdate", "HistorySummary": summary, "HistoryData": "{}" })
    };
    json!({ "AlarmHistoryItems": items.into_iter().map(item).collect::<Vec<_>>() })
}

fn invalid(message: impl Into<String>) -> Refused {
    ("ValidationError", message.into())
}

fn put(world: &mut World, region: Region, body: &Value) -> Result<Value, Refused> {
    const KNOWN: [&str; 20] = [
        "Action",
        "Version",
        "AlarmName",
        "AlarmDescription",
        "ActionsEnabled",
        "OKActions",
        "AlarmActions",
        "InsufficientDataActions",
        "MetricName",
        "Namespace",
        "Statistic",
        "Dimensions",
        "Period",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
        "Unit",
        "Tags",
    ];
    let stray = body.as_object().into_iter().flatten().find(|(name, _)| !KNOWN.contains(&name.as_str()));
    if let Some((name, _)) = stray {
        return Err(invalid(format!("The practice estate does not model {name} of an alarm.")));
    }
    let missing = |name: &str| invalid(format!("The parameter {name} is required."));
    let name = text(body, "AlarmName").filter(|name| (1..=255).contains(&name.len()));
    let name = name.ok_or_else(|| missing("AlarmName"))?.to_owned();
    for wanted in ["MetricName", "Namespace", "Statistic"] {
        text(body, wanted).ok_or_else(|| missing(wanted))?;
    }
    let period = number(body, "Period").ok_or_else(|| missing("Period"))? as i64;
    if !(matches!(period, 10 | 20 | 30) || (period >= 60 && period % 60 == 0 && period <= 86_400)) {
        return Err(invalid("Period must be 10, 20, 30 or a multiple of 60, at most 86400."));
    }
    let periods = number(body, "EvaluationPeriods").ok_or_else(|| missing("EvaluationPeriods"))?;
    if periods < 1.0 || periods * period as f64 > 7.0 * 86_400.0 {
        return Err(invalid(
            "EvaluationPeriods must be at least 1, and Period times EvaluationPeriods at most a week.",
        ));
    }
    if number(body, "DatapointsToAlarm").is_some_and(|points| (points - periods).abs() > f64::EPSILON) {
        return Err(invalid("The practice estate models alarms whose DatapointsToAlarm are all EvaluationPeriods."));
    }
    let comparison = text(body, "ComparisonOperator").and_then(Comparison::named);
    let gap = text(body, "TreatMissingData").map_or(Some(Gap::Missing), Gap::named);
    let told = ["AlarmActions", "OKActions", "InsufficientDataActions"];
    let rule = Rule {
        description: text(body, "AlarmDescription").map(str::to_owned),
        metric: metrics::metric(body),
        statistic: text(body, "Statistic").unwrap_or_default().to_owned(),
        period,
        periods: periods as u32,
        threshold: number(body, "Threshold").ok_or_else(|| missing("Threshold"))?,
        comparison: comparison
            .ok_or_else(|| invalid("ComparisonOperator is missing or not one of a plain alarm's."))?,
        gap: gap.ok_or_else(|| invalid("TreatMissingData must be missing, ignore, breaching or notBreaching."))?,
        told: told.map(|name| texts(body, name).unwrap_or_default()),
    };
    let actions = if truth(body, "ActionsEnabled") == Some(false) { Actions::Disabled } else { Actions::Enabled };
    let now = world.now();
    if let Some(known) = world.alarms.iter_mut().find(|known| known.region == region && known.name == name) {
        (known.rule, known.actions, known.written) = (rule, actions, now);
        return Ok(json!({}));
    }
    if world.alarms.len() >= MOST {
        return Err(("LimitExceeded", format!("The practice estate keeps at most {MOST} alarms.")));
    }
    world.alarms.push(Alarm::new(&name, region, rule, actions, now));
    world.tell(format!("alarm {name} is made"));
    Ok(json!({}))
}

fn set(world: &mut World, region: Region, body: &Value) -> Result<Value, Refused> {
    let state = text(body, "StateValue").and_then(State::named);
    let state = state.ok_or_else(|| invalid("StateValue must be OK, ALARM or INSUFFICIENT_DATA."))?;
    let reason = text(body, "StateReason").ok_or_else(|| invalid("The parameter StateReason is required."))?.to_owned();
    let (now, name) = (world.now(), text(body, "AlarmName").unwrap_or_default().to_owned());
    let alarm = world.alarms.iter_mut().find(|alarm| alarm.region == region && alarm.name == name);
    alarm.ok_or_else(|| ("ResourceNotFound", "Alarm does not exist".to_owned()))?.say(state, reason, now);
    world.tell(format!("alarm {name} is set to {}", state.name()));
    Ok(json!({}))
}

fn delete(world: &mut World, region: Region, body: &Value) -> Result<Value, Refused> {
    let names = texts(body, "AlarmNames").unwrap_or_default();
    let is_known = |name: &String| world.alarms.iter().any(|alarm| alarm.region == region && alarm.name == *name);
    if let ([_, _, ..], Some(stray)) = (names.as_slice(), names.iter().find(|name| !is_known(name))) {
        return Err(("ResourceNotFound", format!("The alarm {stray} does not exist; none was deleted.")));
    }
    world.alarms.retain(|alarm| alarm.region != region || !names.contains(&alarm.name));
    Ok(json!({}))
}

fn switch(world: &mut World, region: Region, body: &Value, actions: Actions) -> Value {
    let names = texts(body, "AlarmNames").unwrap_or_default();
    for alarm in world.alarms.iter_mut().filter(|alarm| alarm.region == region && names.contains(&alarm.name)) {
        alarm.actions = actions;
    }
    json!({})
}
