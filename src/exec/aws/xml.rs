//! AWS's XML answers to the AWS CLI's JSON, by the tables of `shapes`.

use chrono::{DateTime, Utc};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::answer;
use super::capture::Answer;
use super::services::Protocol;
use super::shapes::{self, Shape, Shapes};

/// The document that is one text: where a bucket is.
const LOCATION: &str = "LocationConstraint";

/// What items of a list are called where they have no name.
const NAMELESS: [&str; 2] = ["member", "item"];

/// Answers nest some ten elements deep; what is deeper is no answer of AWS.
const MAX_DEPTH: usize = 64;

/// Is an element with its text and children.
#[derive(Debug, Default)]
struct Node {
    name: String,
    text: String,
    children: Vec<Node>,
}

impl Node {
    fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Turns an answer into what the AWS CLI prints as JSON.
///
/// # Errors
/// What is wrong with the document.
pub(super) fn output(service: &str, protocol: Protocol, operation: &str, answer: &Answer) -> Result<Value, String> {
    let shapes = shapes::of(service);
    let mut members = Map::new();
    if matches!(service, "s3api" | "route53") {
        members = headers(shapes, operation, answer);
    }
    if !answer.body.trim().is_empty() {
        // A policy is a document of its own, and no XML.
        if operation == "get-bucket-policy" {
            members.insert("Policy".to_owned(), Value::String(answer.body.clone()));
            return Ok(Value::Object(members));
        }
        let root = parse(&answer.body)?;
        if root.name == LOCATION {
            let place = Some(root.text.trim().to_owned()).filter(|place| !place.is_empty());
            members.insert(LOCATION.to_owned(), place.map_or(Value::Null, Value::String));
            return Ok(Value::Object(members));
        }
        let result = format!("{}Result", root.name.trim_end_matches("Response"));
        let body = match (shapes.payload(&root.name), protocol) {
            (Some(member), _) => Map::from_iter([(member.to_owned(), structure(shapes, &root, &root.name))]),
            (None, Protocol::Query(_)) => root.child(&result).map(|result| map(shapes, result, "")).unwrap_or_default(),
            (None, Protocol::Ec2(_)) => {
                // Its lists are called alike and mean something else in each answer.
                let mut body = map(shapes, &root, root.name.trim_end_matches("Response"));
                body.remove("RequestId");
                body
            }
            (None, _) => map(shapes, &root, ""),
        };
        members.extend(body);
    }
    Ok(Value::Object(members))
}

/// Finds the code and the message of an error answer.
pub(super) fn error(body: &str) -> Option<(String, String)> {
    let root = parse(body).ok()?;
    let inner = root.child("Errors").unwrap_or(&root);
    let error = if root.name == "Error" { &root } else { inner.child("Error").unwrap_or(&root) };
    let text = |node: Option<&Node>| node.map(|node| node.text.trim().to_owned());
    if let Some(code) = text(error.child("Code")) {
        return Some((code, text(error.child("Message")).unwrap_or_default()));
    }
    // Route 53 answers some errors with a document that is called like the error.
    let messages = error.child("Messages")?;
    let all: Vec<_> = messages.children.iter().map(|message| message.text.trim()).collect();
    Some((root.name.clone(), all.join("; ")))
}

/// Finds the id of the request where AWS puts it into the document.
pub(super) fn request_id(body: &str) -> Option<String> {
    let root = parse(body).ok()?;
    let place = root.child("ResponseMetadata").unwrap_or(&root);
    let id = ["RequestId", "RequestID", "requestId"].into_iter().find_map(|name| place.child(name));
    id.or_else(|| root.child("RequestID")).map(|id| id.text.trim().to_owned())
}

fn headers(shapes: &Shapes, operation: &str, answer: &Answer) -> Map<String, Value> {
    let about_the_object = matches!(operation, "head-object" | "get-object");
    let mut members = Map::new();
    for (header, value) in &answer.headers {
        let known = shapes.headers().find(|(name, _, shape)| name == header && *shape != Shape::Map);
        if let Some((name, member, shape)) = known
            && (about_the_object
                || matches!((operation, name), ("get-object-attributes", "last-modified"))
                || matches!(name, "etag" | "location")
                || name.starts_with("x-amz-"))
        {
            members.insert(member.to_owned(), scalar(Some(shape), value));
        }
    }
    if about_the_object {
        let meta = answer.headers.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix("x-amz-meta-")?.to_owned(), Value::String(value.clone())))
        });
        members.insert("Metadata".to_owned(), Value::Object(meta.collect()));
        if let Some(expires) = answer.header("expires") {
            members.insert("ExpiresString".to_owned(), Value::String(expires.to_owned()));
        }
    }
    members
}

fn map<'a>(shapes: &Shapes, node: &'a Node, called: &str) -> Map<String, Value> {
    let mut members = Map::new();
    for child in &node.children {
        let shape = shapes.kind(called, &child.name);
        let name = shapes.name(called, &child.name).into_owned();
        match shape {
            Some(Shape::List) => {
                // Where items have no name of their own they are told by that of their list.
                let list =
                    |item: &'a Node| if NAMELESS.contains(&item.name.as_str()) { &child.name } else { &item.name };
                let items = child.children.iter().map(|item| value(shapes, None, item, list(item)));
                members.insert(name, Value::Array(items.collect()));
            }
            Some(Shape::Flat) => {
                let item = value(shapes, None, child, &child.name);
                if let Value::Array(items) = members.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                    items.push(item);
                }
            }
            Some(Shape::Map) => {
                let entries = child.children.iter().filter_map(|entry| {
                    let key = entry.child("key").or_else(|| entry.child("Key"))?;
                    let value = entry.child("value").or_else(|| entry.child("Value"))?;
                    Some((key.text.clone(), Value::String(value.text.clone())))
                });
                members.insert(name, Value::Object(entries.collect()));
            }
            shape => {
                members.insert(name, value(shapes, shape, child, &child.name));
            }
        }
    }
    members
}

fn structure(shapes: &Shapes, node: &Node, called: &str) -> Value {
    Value::Object(map(shapes, node, called))
}

fn value(shapes: &Shapes, shape: Option<Shape>, node: &Node, called: &str) -> Value {
    if shape == Some(Shape::Structure) || !node.children.is_empty() {
        structure(shapes, node, called)
    } else {
        scalar(shape, &node.text)
    }
}

/// Reads a text as its shape; what does not fit stays text, since an operator would rather see it than lose it.
fn scalar(shape: Option<Shape>, text: &str) -> Value {
    let read = match shape {
        Some(Shape::Integer) => text.trim().parse::<i64>().ok().map(Value::from),
        Some(Shape::Float) => text.trim().parse::<f64>().ok().map(Value::from),
        Some(Shape::Boolean) => Some(Value::Bool(text.trim().eq_ignore_ascii_case("true"))),
        Some(Shape::Time) => time(text.trim()).map(Value::String),
        _ => None,
    };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn time(text: &str) -> Option<String> {
    let time = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)).ok()?;
    Some(answer::written(time.with_timezone(&Utc)))
}

fn parse(text: &str) -> Result<Node, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("the answer is not XML as AWS writes it: {error}");
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Node> = vec![Node::default()];
    loop {
        match reader.read_event().map_err(|error| wrong(&error))? {
            Event::Start(start) => {
                if open.len() > MAX_DEPTH {
                    return Err(wrong(&"it is nested too deeply"));
                }
                open.push(begin(&start)?);
            }
            Event::Empty(start) => close(&mut open, begin(&start)?),
            Event::End(_) => {
                if let Some(node) = open.pop() {
                    close(&mut open, node);
                }
            }
            Event::Text(part) => add(&mut open, &part.xml10_content()),
            Event::CData(part) => add(&mut open, &part.xml10_content()),
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().map_err(|error| wrong(&error))? {
                    Some(c) => c,
                    None => match reference.xml10_content().as_ref() {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "quot" => '"',
                        "apos" => '\'',
                        other => return Err(wrong(&format!("`&{other};` is not defined"))),
                    },
                };
                add(&mut open, c.encode_utf8(&mut [0; 4]));
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    if open.len() != 1 {
        return Err(wrong(&"it breaks off"));
    }
    let root = open.pop().and_then(|document| document.children.into_iter().next());
    root.ok_or_else(|| wrong(&"it has no element"))
}

fn begin(start: &BytesStart<'_>) -> Result<Node, String> {
    let mut node = Node { name: start.local_name().as_ref().to_owned(), ..Node::default() };
    // S3's grantees say what they are in an attribute.
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("the answer is not XML as AWS writes it: {error}"))?;
        if attribute.key.as_ref() == "xsi:type" {
            let text = attribute.value.to_string();
            node.children.push(Node { name: "Type".to_owned(), text, children: Vec::new() });
        }
    }
    Ok(node)
}

fn close(open: &mut [Node], node: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

fn add(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const QUERY: Protocol = Protocol::Query("");

    fn answer(body: &str) -> Answer {
        Answer { status: 200, headers: Vec::new(), body: body.to_owned() }
    }

    #[test]
    fn rds_answers_become_the_clis_json() {
        let body =
            "<?xml version='1.0'?><DescribeDBInstancesResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">
          <DescribeDBInstancesResult><DBInstances><DBInstance>
            <DBInstanceIdentifier>a&amp;b&#33;</DBInstanceIdentifier><AllocatedStorage>20</AllocatedStorage>
            <MultiAZ>false</MultiAZ><InstanceCreateTime>2026-11-22T16:00:00.123Z</InstanceCreateTime>
            <Endpoint><Address>h</Address><Port>5432</Port></Endpoint><PendingModifiedValues/>
            <DBSecurityGroups/><ReadReplicaDBInstanceIdentifiers>
              <ReadReplicaDBInstanceIdentifier>r</ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>
            <PercentProgress>7</PercentProgress><DbiResourceId/>
          </DBInstance></DBInstances></DescribeDBInstancesResult>
          <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DescribeDBInstancesResponse>";
        assert_eq!(
            output("rds", QUERY, "describe-db-instances", &answer(body)).unwrap(),
            json!({"DBInstances": [{
                "DBInstanceIdentifier": "a&b!", "AllocatedStorage": 20, "MultiAZ": false,
                "InstanceCreateTime": "2026-11-22T16:00:00.123000+00:00",
                "Endpoint": {"Address": "h", "Port": 5432}, "PendingModifiedValues": {}, "DBSecurityGroups": [],
                "ReadReplicaDBInstanceIdentifiers": ["r"], "PercentProgress": "7", "DbiResourceId": "",
            }]})
        );
        assert_eq!(request_id(body).as_deref(), Some("id-1"));
    }

    #[test]
    fn s3_answers_come_from_headers_and_flat_lists() {
        let versions = "<ListVersionsResult><Name>b</Name><Version><Key>k</Key><IsLatest>true</IsLatest><Size>3</Size>
            </Version><Version><Key>l</Key></Version><DeleteMarker><Key>m</Key></DeleteMarker></ListVersionsResult>";
        assert_eq!(
            output("s3api", Protocol::RestXml, "list-object-versions", &answer(versions)).unwrap(),
            json!({"Name": "b", "Versions": [{"Key": "k", "IsLatest": true, "Size": 3}, {"Key": "l"}],
                   "DeleteMarkers": [{"Key": "m"}]})
        );
        let headers = [
            ("etag", "\"e\""),
            ("content-length", "3"),
            ("last-modified", "Wed, 21 Oct 2026 07:28:00 GMT"),
            ("x-amz-version-id", "v"),
            ("x-amz-meta-who", "me"),
            ("x-amz-request-id", "r"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = Answer { status: 200, headers: headers.into(), body: String::new() };
        assert_eq!(
            output("s3api", Protocol::RestXml, "head-object", &answer).unwrap(),
            json!({"ETag": "\"e\"", "ContentLength": 3, "LastModified": "2026-10-21T07:28:00+00:00", "VersionId": "v",
                   "Metadata": {"who": "me"}})
        );
        assert_eq!(
            output("s3api", Protocol::RestXml, "put-object", &answer).unwrap(),
            json!({"ETag": "\"e\"", "VersionId": "v"})
        );
    }

    #[test]
    fn ec2_answers_have_names_of_their_own() {
        let stopping = "<StopInstancesResponse><requestId>r</requestId><instancesSet><item><instanceId>i-1</instanceId>
            <currentState><code>64</code><name>stopping</name></currentState></item></instancesSet></StopInstancesResponse>";
        assert_eq!(
            output("ec2", Protocol::Ec2(""), "stop-instances", &answer(stopping)).unwrap(),
            json!({"StoppingInstances": [{"InstanceId": "i-1", "CurrentState": {"Code": 64, "Name": "stopping"}}]})
        );
        let found = "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><privateIpAddress>10.0.0.1</privateIpAddress>
            <instanceState><name>running</name></instanceState><tagSet><item><key>a</key><value>b</value></item></tagSet>
            </item></instancesSet></item></reservationSet></DescribeInstancesResponse>";
        assert_eq!(
            output("ec2", Protocol::Ec2(""), "describe-instances", &answer(found)).unwrap(),
            json!({"Reservations": [{"Instances": [{"PrivateIpAddress": "10.0.0.1", "State": {"Name": "running"},
                "Tags": [{"Key": "a", "Value": "b"}]}]}]})
        );
    }

    #[test]
    fn errors_are_read_in_every_form() {
        for (body, code, message) in [
            ("<ErrorResponse><Error><Code>C</Code><Message>m</Message></Error></ErrorResponse>", "C", "m"),
            ("<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>", "NoSuchKey", "gone"),
            (
                "<InvalidChangeBatch><Messages><Message>a</Message><Message>b</Message></Messages></InvalidChangeBatch>",
                "InvalidChangeBatch",
                "a; b",
            ),
        ] {
            assert_eq!(error(body), Some((code.to_owned(), message.to_owned())));
        }
        assert_eq!(error("<html>502</html>"), None);
        assert_eq!(error(""), None);
    }

    #[test]
    fn hostile_documents_are_refused() {
        assert!(parse(&"<a>".repeat(100_000)).is_err());
        assert!(parse("<a>").is_err());
        assert!(parse("<a>&lol;</a>").is_err());
        assert!(parse("").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(body in "[<>/a-cE&;#x\"= ]{0,200}") {
            let answer = answer(&body);
            drop(output("rds", QUERY, "describe-db-instances", &answer));
            drop(output("s3api", Protocol::RestXml, "head-object", &answer));
            drop(error(&body));
        }
    }
}
