//! CloudWatch's three protocols around one set of calls: JSON, CBOR (the Rust SDK), and forms answered in XML (older
//! clients, version 2 of the AWS CLI). Inside a call and its answer are JSON values, with times marked.

use axum::http::{HeaderMap, Method};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::xml::Xml;
use super::{Call, Reply, Service, alarms, cbor, json_call, metrics, unknown_operation};
use crate::estate::model::place::Region;
use crate::estate::model::world::World;
use crate::estate::standing::rfc3339;

/// How deep the parameters of a form may nest.
const DEEPEST: usize = 16;

/// Says which of its protocols a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    Json,
    Cbor,
    Form,
}

impl Tongue {
    /// Tells it by what a request looks like.
    pub(super) fn of(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let media = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if path.starts_with("/service/") {
            Self::Cbor
        } else if *method == Method::GET || media.starts_with("application/x-www-form-urlencoded") {
            Self::Form
        } else {
            Self::Json
        }
    }

    /// Writes an error.
    pub(super) fn error(self, status: u16, code: &str, message: &str, id: &str) -> Reply {
        let body = json!({ "__type": code, "message": message, "Message": message });
        let kind = if status < 500 { "Sender" } else { "Receiver" };
        match self {
            Self::Json => Reply::json(status, &body).with("x-amzn-errortype", code),
            Self::Cbor => in_cbor(status, &body),
            Self::Form => {
                let body = Xml::document("ErrorResponse", Service::CloudWatch(self).namespace(), |xml| {
                    xml.nest("Error", |xml| {
                        xml.text("Type", kind).text("Code", code).text("Message", message);
                    })
                    .text("RequestId", id);
                });
                return Reply::xml(status, body);
            }
        }
        .with("x-amzn-query-error", format!("{code};{kind}"))
    }
}

/// Is why a call is refused: the code and the message.
pub(super) type Refused = (&'static str, String);

/// Answers a call.
pub(super) fn answer(call: &Call<'_>, world: &mut World, tongue: Tongue) -> Reply {
    let service = Service::CloudWatch(tongue);
    let (action, body) = match tongue {
        Tongue::Json => json_call(call),
        Tongue::Cbor => {
            let action = call.path.rsplit('/').next().unwrap_or_default().to_owned();
            let Some(body) = cbor::read(&call.body) else {
                let message = "The document cannot be read.";
                return service.error(400, "SerializationException", message, &call.id);
            };
            (action, body)
        }
        Tongue::Form => {
            let pairs = if call.body.is_empty() {
                call.query.clone()
            } else {
                form_urlencoded::parse(&call.body).into_owned().collect()
            };
            let body = nested(&pairs);
            (text(&body, "Action").unwrap_or_default().to_owned(), body)
        }
    };
    let region = call.region.unwrap_or(Region::West);
    let line = call.standing.line();
    let answered = match action.as_str() {
        "GetMetricData" => metrics::get_data(&line, world, region, &body),
        "GetMetricStatistics" => metrics::get_statistics(&line, world, region, &body),
        "ListMetrics" => Ok(metrics::list(world, region, &body)),
        _ => match alarms::answer(&line, world, region, &action, &body) {
            Some(answered) => answered,
            None => return unknown_operation(service, &action, "2010-08-01", &call.id),
        },
    };
    match (answered, tongue) {
        (Ok(body), Tongue::Json) => Reply::json(200, &cbor::unmarked(body)),
        (Ok(body), Tongue::Cbor) => in_cbor(200, &body),
        (Ok(body), Tongue::Form) => {
            let document = Xml::document(&format!("{action}Response"), service.namespace(), |xml| {
                xml.nest(&format!("{action}Result"), |xml| members(xml, &body)).nest("ResponseMetadata", |xml| {
                    xml.text("RequestId", &call.id);
                });
            });
            Reply::xml(200, document)
        }
        (Err((code, message)), _) => {
            let status = if code == "ResourceNotFound" { 404 } else { 400 };
            service.error(status, code, &message, &call.id)
        }
    }
}

fn in_cbor(status: u16, body: &Value) -> Reply {
    let headers = vec![
        ("content-type".to_owned(), "application/cbor".to_owned()),
        ("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()),
    ];
    Reply { status, headers, body: cbor::write(body).into() }
}

/// Writes an answer's members as elements.
fn members(xml: &mut Xml, value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        element(xml, name, value);
    }
}

fn element(xml: &mut Xml, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => drop(xml.text(name, truth)),
        Value::Number(number) => drop(xml.text(name, number)),
        Value::String(text) => drop(xml.text(name, text)),
        Value::Array(all) => drop(xml.nest(name, |xml| {
            for one in all {
                element(xml, "member", one);
            }
        })),
        Value::Object(_) => match value.get(cbor::TIME).and_then(Value::as_f64) {
            Some(seconds) => {
                let time = DateTime::from_timestamp_millis((seconds * 1_000.0) as i64).unwrap_or_default();
                xml.text(name, rfc3339(time));
            }
            None => drop(xml.nest(name, |xml| members(xml, value))),
        },
    }
}

/// Makes a tree of the parameters of a form: `A.member.1.B=x` is `{"A": [{"B": "x"}]}`.
fn nested(pairs: &[(String, String)]) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in pairs {
        let path: Vec<&str> = name.split('.').collect();
        if path.len() <= DEEPEST {
            insert(&mut root, &path, value);
        }
    }
    listed(root)
}

fn insert(tree: &mut Value, path: &[&str], text: &str) {
    let ([first, rest @ ..], Value::Object(members)) = (path, tree) else { return };
    if rest.is_empty() {
        members.insert((*first).to_owned(), Value::from(text));
        return;
    }
    insert(members.entry(*first).or_insert_with(|| Value::Object(Map::new())), rest, text);
}

/// Makes lists of what only has numbered members.
fn listed(tree: Value) -> Value {
    let Value::Object(mut members) = tree else { return tree };
    match (members.len(), members.remove("member")) {
        (1, Some(Value::Object(numbered))) => {
            let number = |name: &str| name.parse::<u64>().unwrap_or(u64::MAX);
            let mut all: Vec<(u64, Value)> =
                numbered.into_iter().map(|(name, one)| (number(&name), listed(one))).collect();
            all.sort_by_key(|(number, _)| *number);
            all.into_iter().map(|(_, one)| one).collect()
        }
        (_, removed) => {
            let rest = members.into_iter().map(|(name, one)| (name, listed(one)));
            let removed = removed.map(|one| ("member".to_owned(), listed(one)));
            Value::Object(rest.chain(removed).collect())
        }
    }
}

/// Returns a text.
pub(super) fn text<'b>(body: &'b Value, name: &str) -> Option<&'b str> {
    body.get(name).and_then(Value::as_str)
}

/// Returns a number, which in a form is a text.
pub(super) fn number(body: &Value, name: &str) -> Option<f64> {
    let found = body.get(name)?;
    found.as_f64().or_else(|| found.as_str()?.parse().ok())
}

/// Returns a truth value, which in a form is a text.
pub(super) fn truth(body: &Value, name: &str) -> Option<bool> {
    let found = body.get(name)?;
    found.as_bool().or_else(|| found.as_str()?.parse().ok())
}

/// Lists the texts of a list.
pub(super) fn texts(body: &Value, name: &str) -> Option<Vec<String>> {
    let all = body.get(name)?.as_array()?;
    Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Returns a time, which is a text or a number of seconds.
pub(super) fn time(body: &Value, name: &str) -> Option<DateTime<Utc>> {
    match body.get(name)? {
        Value::String(text) => Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc()),
        number => DateTime::from_timestamp_millis((number.as_f64()? * 1_000.0) as i64),
    }
}

/// Marks a time, which each protocol writes in its way.
pub(super) fn marked(at: DateTime<Utc>) -> Value {
    json!({ cbor::TIME: at.timestamp_millis() as f64 / 1_000.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_tree() {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(
            b"Action=X&Q.member.2.Id=b&Q.member.1.Id=a&Q.member.1.Stat.D.member.1.Name=n&Period=60&E=",
        )
        .into_owned()
        .collect();
        let tree = nested(&pairs);
        let wanted = json!({"Action": "X", "Q": [{"Id": "a", "Stat": {"D": [{"Name": "n"}]}}, {"Id": "b"}],
            "Period": "60", "E": ""});
        assert_eq!(tree, wanted);
        assert_eq!((number(&tree, "Period"), text(&tree, "E")), (Some(60.0), Some("")));
    }

    proptest::proptest! {
        #[test]
        fn no_form_is_a_panic(pairs: Vec<(String, String)>, dotted in "(a|member|1|\\.){0,30}") {
            drop(nested(&pairs));
            drop(nested(&[(dotted.clone(), String::new()), (dotted + ".b", String::new())]));
        }
    }
}
