//! Answers, whatever their protocol: to the AWS CLI's JSON, to code and message of a refusal, to a request's id.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};

use super::capture::Answer;
use super::services::{self, Protocol};
use super::shapes::{self, Shape, Shapes};
use super::xml;
use crate::runbook::Secrecy;
use crate::runbook::aws::Operation;

/// Turns an answer to the operation `name` into what the AWS CLI prints as JSON, without what may not be shown where it is
/// not `kept` secret.
///
/// # Errors
/// What is wrong with the document.
pub(super) fn output(operation: &Operation, name: &str, answer: &Answer, kept: Secrecy) -> Result<Value, String> {
    let service = services::find(operation.service);
    let protocol = service.map_or(Protocol::RestXml, |service| service.protocol);
    let mut value = match protocol {
        Protocol::Json { .. } | Protocol::RestJson => json(operation.service, &answer.body)?,
        Protocol::RestXml | Protocol::Query(_) | Protocol::Ec2(_) => {
            xml::output(operation.service, protocol, name, answer)?
        }
    };
    if kept == Secrecy::Open && !operation.hides.is_empty() {
        hide(&operation.hides, &mut value);
    }
    Ok(value)
}

/// Finds code and message of an error answer.
pub(super) fn refusal(answer: &Answer) -> Option<(String, String)> {
    if !answer.body.trim_start().starts_with('{') {
        return xml::error(&answer.body);
    }
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let bare = |code: &str| {
        let code = code.rsplit('#').next().unwrap_or(code);
        code.split(':').next().unwrap_or(code).to_owned()
    };
    // A service that once spoke the query protocol sends the code of those days along, and the AWS CLI shows that.
    let query = answer.header("x-amzn-query-error").and_then(|error| error.split(';').next()).map(str::to_owned);
    let header = || answer.header("x-amzn-errortype").map(bare);
    let typed = || text("__type").or_else(|| text("code")).or_else(|| text("Code")).map(|code| bare(&code));
    let code = query.or_else(header).or_else(typed).filter(|code| !code.is_empty())?;
    Some((code, text("message").or_else(|| text("Message")).unwrap_or_default()))
}

/// Finds the id of the request.
pub(super) fn request_id(answer: &Answer) -> Option<String> {
    let header = |name: &str| answer.header(name).map(str::to_owned);
    let id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
    id.or_else(|| xml::request_id(&answer.body))
}

fn json(service: &str, body: &str) -> Result<Value, String> {
    if body.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let value =
        serde_json::from_str(body).map_err(|error| format!("the answer is not JSON as AWS writes it: {error}"))?;
    Ok(timed(shapes::of(service), "", "", value))
}

/// Writes the seconds that stand for times as times, and leaves out members that are null, as the AWS CLI does.
fn timed(shapes: &Shapes, parent: &str, name: &str, value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null()).map(|(member, value)| {
                let value = timed(shapes, name, &member, value);
                (member, value)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => items.into_iter().map(|item| timed(shapes, parent, name, item)).collect(),
        Value::Number(number) if shapes.kind(parent, name) == Some(Shape::Time) => {
            let micros = number.as_f64().map(|seconds| (seconds * 1_000_000.0).round() as i64);
            let time = micros.and_then(DateTime::from_timestamp_micros);
            time.map_or(Value::Number(number), |time| Value::String(written(time)))
        }
        other => other,
    }
}

/// Writes a time as version 2 of the AWS CLI does: `2026-11-22T16:00:00.123000+00:00`.
pub(super) fn written(time: DateTime<Utc>) -> String {
    let format = if time.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    time.to_rfc3339_opts(format, false)
}

fn hide(names: &[&str], value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if names.contains(&name.as_str()) {
                    *value = Value::String("(secret, not shown)".to_owned());
                } else {
                    hide(names, value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(names, item)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runbook::aws::operation;

    fn answer(body: &str) -> Answer {
        Answer { status: 200, headers: Vec::new(), body: body.to_owned() }
    }

    fn row(service: &str, name: &str) -> &'static Operation {
        operation(&[service.to_owned(), name.to_owned()]).unwrap()
    }

    #[test]
    fn json_answers_get_their_times() {
        let body = r#"{"KeyMetadata": {"KeyId": "k", "CreationDate": 1764000000.5, "DeletionDate": 1764000000, "Enabled": true, "Origin": null}}"#;
        assert_eq!(
            output(row("kms", "describe-key"), "describe-key", &answer(body), Secrecy::Open).unwrap(),
            json!({"KeyMetadata": {"KeyId": "k", "CreationDate": "2025-11-24T16:00:00.500000+00:00",
                "DeletionDate": "2025-11-24T16:00:00+00:00", "Enabled": true}})
        );
        let body =
            r#"{"MetricDataResults": [{"Id": "a", "Timestamps": [1764000000, 1764000060], "Values": [1.0, 2.5]}]}"#;
        assert_eq!(
            output(row("cloudwatch", "get-metric-data"), "get-metric-data", &answer(body), Secrecy::Open).unwrap(),
            json!({"MetricDataResults": [{"Id": "a", "Values": [1.0, 2.5],
                "Timestamps": ["2025-11-24T16:00:00+00:00", "2025-11-24T16:01:00+00:00"]}]})
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>
            <SecretAccessKey>s3cret</SecretAccessKey><SessionToken>t0ken</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        let shown = output(row("sts", "assume-role"), "assume-role", &answer(body), Secrecy::Open).unwrap().to_string();
        assert!(
            shown.contains("\"AccessKeyId\":\"A\"") && !shown.contains("s3cret") && !shown.contains("t0ken"),
            "{shown}"
        );
        let body = r#"{"Name": "n", "SecretString": "hunter2"}"#;
        let shown = output(row("secretsmanager", "get-secret-value"), "get-secret-value", &answer(body), Secrecy::Open)
            .unwrap();
        assert_eq!(shown, json!({"Name": "n", "SecretString": "(secret, not shown)"}));
        let kept =
            output(row("secretsmanager", "get-secret-value"), "get-secret-value", &answer(body), Secrecy::Secret);
        assert_eq!(kept.unwrap()["SecretString"], "hunter2", "where nobody keeps it the fence gets it");
    }

    #[test]
    fn refusals_are_read_in_every_protocol() {
        let with = |name: &str, value: &str, body: &str| Answer {
            headers: vec![(name.to_owned(), value.to_owned())],
            ..answer(body)
        };
        for (answer, code, message) in [
            (answer(r#"{"__type": "com.amazonaws.kms#NotFoundException", "message": "m"}"#), "NotFoundException", "m"),
            (
                with("x-amzn-errortype", "ResourceNotFoundException:http://x/", r#"{"message": "m"}"#),
                "ResourceNotFoundException",
                "m",
            ),
            (
                with(
                    "x-amzn-query-error",
                    "ResourceNotFound;Sender",
                    r#"{"__type": "ResourceNotFoundException", "Message": "m"}"#,
                ),
                "ResourceNotFound",
                "m",
            ),
            (
                answer(
                    "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>",
                ),
                "InvalidInstanceID.NotFound",
                "m",
            ),
            (answer("<ErrorResponse><Error><Code>C</Code><Message>m</Message></Error></ErrorResponse>"), "C", "m"),
        ] {
            assert_eq!(refusal(&answer), Some((code.to_owned(), message.to_owned())));
        }
        assert_eq!(refusal(&answer("<html>502</html>")), None);
        assert_eq!(refusal(&answer("{}")), None);
        assert_eq!(refusal(&answer("{")), None);
    }
}
