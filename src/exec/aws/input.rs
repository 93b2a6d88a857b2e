//! What a call sends: its options, read as the catalogue says what each holds.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};

use super::arguments::{Arguments, Form};
use crate::runbook::Necessity;
use crate::runbook::aws::{Member, Operation, Type};

/// Reads the options of a call, by member. Times are RFC 3339 in UTC, numbers numbers, switches booleans.
///
/// # Errors
/// One sentence: which option, what is wrong with it.
pub(super) fn read(operation: &Operation, arguments: &Arguments) -> Result<Map<String, Value>, String> {
    let mut input = Map::new();
    for member in &operation.members {
        if member.holds == Type::Secret
            && arguments.word(&member.option).is_some_and(|word| !word.starts_with("file://"))
        {
            let option = &member.option;
            return Err(format!("`{option}`: calls are recorded, and this is a secret; write `{option} file://PATH`"));
        }
        if let Some(value) = arguments.value(form(&member.holds), &member.option)? {
            let value = typed(&member.holds, &value).map_err(|error| format!("`{}`: {error}", member.option))?;
            input.insert(member.name.to_owned(), value);
        }
    }
    Ok(input)
}

/// Reads the options of a call as [`read`] does, also those whose structure the catalogue leaves to the SDK.
///
/// # Errors
/// As [`read`].
pub(super) fn asked_for(operation: &Operation, arguments: &Arguments) -> Result<Map<String, Value>, String> {
    let mut input = Map::new();
    for member in &operation.members {
        if let Some(value) = arguments.value(form(&member.holds), &member.option)? {
            let open = matches!(&member.holds, Type::Record(members) if members.is_empty());
            let value = if open { value } else { typed(&member.holds, &value)? };
            input.insert(member.name.to_owned(), value);
        }
    }
    Ok(input)
}

/// Says how an option is written that holds `holds`.
pub(super) fn form(holds: &Type) -> Form {
    match holds {
        Type::Flag => Form::Flag,
        Type::File => Form::Path,
        Type::Text | Type::Integer | Type::Float | Type::Time | Type::Token | Type::Secret => Form::Scalar,
        Type::Pairs | Type::Record(_) => Form::Structure,
        Type::List { item, .. } => match form(item) {
            Form::Structure | Form::Structures => Form::Structures,
            _ => Form::Scalars,
        },
    }
}

fn typed(holds: &Type, value: &Value) -> Result<Value, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is not a string"));
    match holds {
        Type::Text | Type::Token | Type::Secret | Type::File => text(value).map(Value::String),
        Type::Integer => number::<i64>(value),
        Type::Float => number::<f64>(value),
        Type::Flag => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(text) if text == "true" => Ok(Value::Bool(true)),
            Value::String(text) if text == "false" => Ok(Value::Bool(false)),
            other => Err(format!("{other} is neither true nor false")),
        },
        Type::Time => time(value).map(Value::String),
        Type::Pairs => {
            let pairs = value.as_object().ok_or_else(|| format!("{value} is not an object"))?;
            pairs.iter().map(|(name, value)| Ok((name.clone(), Value::String(text(value)?)))).collect()
        }
        Type::List { item, .. } => match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(at, value)| typed(item, value).map_err(|error| format!("[{at}]: {error}"))).collect()
            }
            one => Ok(Value::Array(vec![typed(item, one)?])),
        },
        Type::Record(members) => record(members, value),
    }
}

/// Reads a structure. A misspelt member would be left out silently, so it is refused.
fn record(members: &[Member], value: &Value) -> Result<Value, String> {
    let given = value.as_object().ok_or_else(|| format!("{value} is not an object"))?;
    if let Some(name) = given.keys().find(|name| members.iter().all(|member| member.name != *name)) {
        let known: Vec<_> = members.iter().map(|member| member.name).collect();
        return Err(format!("there is no `{name}`; known are {}", known.join(", ")));
    }
    let mut record = Map::new();
    for member in members {
        match given.get(member.name) {
            Some(Value::Null) | None if member.needed == Necessity::Required => {
                return Err(format!("`{}` is missing; add it", member.name));
            }
            Some(Value::Null) | None => {}
            Some(value) => {
                let value = typed(&member.holds, value).map_err(|error| format!("{}: {error}", member.name))?;
                record.insert(member.name.to_owned(), value);
            }
        }
    }
    Ok(Value::Object(record))
}

fn number<N: std::str::FromStr + Into<Value>>(value: &Value) -> Result<Value, String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse::<N>().map(Into::into).map_err(|_| format!("{value} is not a number that fits here"))
}

fn time(value: &Value) -> Result<String, String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let read = match text.parse::<i64>() {
        Ok(seconds) => DateTime::from_timestamp(seconds, 0),
        Err(_) => DateTime::parse_from_rfc3339(&text).ok().map(|time| time.with_timezone(&Utc)),
    };
    let wrong = || {
        let zone = DateTime::parse_from_rfc3339(&format!("{text}Z")).is_ok();
        let hint = if zone { "it has no zone; write " } else { "write " };
        format!("`{text}` is not a time: {hint}`2026-11-22T03:14:00Z`, or seconds since 1970")
    };
    Ok(read.ok_or_else(wrong)?.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::super::arguments::Request;
    use super::*;

    fn input(line: &str) -> Result<Value, String> {
        let request = Request::parse(&shlex::split(line).unwrap(), Path::new("."))?;
        read(request.operation, &request.arguments).map(Value::Object)
    }

    #[test]
    fn options_become_what_they_hold() {
        for (line, expected) in [
            (
                "rds modify-db-instance --db-instance-identifier a --backup-retention-period 14 --no-multi-az --apply-immediately",
                json!({"DBInstanceIdentifier": "a", "BackupRetentionPeriod": 14, "MultiAZ": false, "ApplyImmediately": true}),
            ),
            (
                "rds restore-db-instance-to-point-in-time --target-db-instance-identifier b --restore-time 2026-11-22T04:14:00.5+01:00 --tags Key=a,Value=b",
                json!({"TargetDBInstanceIdentifier": "b", "RestoreTime": "2026-11-22T03:14:00.500Z", "Tags": [{"Key": "a", "Value": "b"}]}),
            ),
            (
                "cloudwatch get-metric-statistics --namespace n --metric-name m --start-time 0 --end-time 60 --period 60 --dimensions Name=a,Value=b",
                json!({"Namespace": "n", "MetricName": "m", "Dimensions": [{"Name": "a", "Value": "b"}],
                    "StartTime": "1970-01-01T00:00:00Z", "EndTime": "1970-01-01T00:01:00Z", "Period": 60}),
            ),
            (
                r#"cloudwatch get-metric-data --start-time 0 --end-time 0 --metric-data-queries '[{"Id":"a","ReturnData":true,"Period":"60"}]'"#,
                json!({"StartTime": "1970-01-01T00:00:00Z", "EndTime": "1970-01-01T00:00:00Z",
                    "MetricDataQueries": [{"Id": "a", "ReturnData": true, "Period": 60}]}),
            ),
        ] {
            assert_eq!(input(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (line, said) in [
            ("rds describe-events --start-time yesterday", "is not a time: write"),
            ("rds describe-events --start-time 2026-11-22T03:14:00", "it has no zone"),
            ("rds describe-events --duration long", "not a number"),
            ("rds describe-events --filters Nam=x,Values=y", "there is no `Nam`; known are Name, Values"),
            ("rds describe-events --filters Name=x", "`Values` is missing"),
            ("secretsmanager put-secret-value --secret-id a --secret-string hunter2", "file://PATH"),
        ] {
            let error = input(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
