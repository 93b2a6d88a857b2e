//! AWS's wire protocols on one port: service and region come from the request's signature scope.
//!
//! Keys and signatures are verified: what would not be let in at AWS is not let in here, and real keys that stray here
//! are refused.

mod alarms;
mod cbor;
mod checks;
mod checksum;
mod cloudwatch;
mod compute;
mod form;
mod guard;
mod metrics;
mod rds;
mod route53;
mod s3;
mod signature;
mod sts;
mod xml;
mod zonal;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use chrono::Utc;

use super::model::fault::Impairment;
use super::model::place::Region;
use super::model::world::{Fate, World};
use super::standing::Standing;
use cloudwatch::Tongue;
use signature::{Scope, Signed};
use xml::Xml;

/// The largest request that is read; the largest object with the overhead of its chunks fits.
const LARGEST_REQUEST: usize = 2 * super::model::bucket::LARGEST_OBJECT;

/// Who calls with the estate's credentials, and with what, as the trail names them.
const OPERATOR: (&str, &str) = ("practice-operator", "lifeboat");

/// Makes the endpoint of all services.
pub(super) fn router(standing: Arc<Standing>) -> Router {
    Router::new().fallback(handle).with_state(standing)
}

/// Is one request.
struct Call<'s> {
    standing: &'s Standing,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
    /// Where it was signed for; `None` for anonymous ones.
    region: Option<Region>,
    id: String,
}

impl Call<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Is one answer.
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Reply {
    fn xml(status: u16, body: String) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), "text/xml".to_owned())], body: body.into() }
    }

    fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/x-amz-json-1.1".to_owned())];
        Self { status, headers, body: body.to_string().into() }
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Says how a call ends.
enum End {
    Reply(Reply),
    Hang,
}

/// Names the services; each speaks its protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Rds,
    Sts,
    Route53,
    S3,
    AutoScaling,
    LoadBalancing,
    Ec2,
    CloudWatch(Tongue),
    ZonalShift,
    Secrets,
    Keys,
    Trail,
}

impl Service {
    /// The services by the name that a request is signed for.
    const ALL: [(&'static str, Self); 12] = [
        ("rds", Self::Rds),
        ("sts", Self::Sts),
        ("route53", Self::Route53),
        ("s3", Self::S3),
        ("autoscaling", Self::AutoScaling),
        ("elasticloadbalancing", Self::LoadBalancing),
        ("ec2", Self::Ec2),
        ("monitoring", Self::CloudWatch(Tongue::Json)),
        ("arc-zonal-shift", Self::ZonalShift),
        ("secretsmanager", Self::Secrets),
        ("kms", Self::Keys),
        ("cloudtrail", Self::Trail),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, service)| *service)
    }

    fn namespace(self) -> &'static str {
        match self {
            Self::Rds => "http://rds.amazonaws.com/doc/2014-10-31/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Route53 => "https://route53.amazonaws.com/doc/2013-04-01/",
            Self::S3 => "http://s3.amazonaws.com/doc/2006-03-01/",
            Self::AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
            Self::LoadBalancing => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::CloudWatch(_) => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            Self::ZonalShift | Self::Secrets | Self::Keys | Self::Trail => "",
        }
    }

    /// Writes an error of the service.
    fn error(self, status: u16, code: &str, message: &str, id: &str) -> Reply {
        let kind = if status < 500 { "Sender" } else { "Receiver" };
        match self {
            Self::S3 => {
                let message = quick_xml::escape::escape(message);
                let body = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
                     <RequestId>{id}</RequestId></Error>"
                );
                let mut reply = Reply::xml(status, body);
                reply.headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
                reply
            }
            Self::Ec2 => {
                let message = quick_xml::escape::escape(message);
                let body = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>\
                     {message}</Message></Error></Errors><RequestID>{id}</RequestID></Response>"
                );
                Reply::xml(status, body)
            }
            Self::CloudWatch(tongue) => tongue.error(status, code, message, id),
            Self::ZonalShift | Self::Secrets | Self::Keys | Self::Trail => {
                let body = serde_json::json!({ "__type": code, "message": message, "Message": message });
                Reply::json(status, &body).with("x-amzn-errortype", code)
            }
            Self::Rds | Self::Sts | Self::Route53 | Self::AutoScaling | Self::LoadBalancing => {
                let body = Xml::document("ErrorResponse", self.namespace(), |xml| {
                    xml.nest("Error", |xml| {
                        xml.text("Type", kind).text("Code", code).text("Message", message);
                    })
                    .text("RequestId", id);
                });
                Reply::xml(status, body)
            }
        }
    }

    /// Tells whether its calls and errors are JSON.
    const fn speaks_json(self) -> bool {
        matches!(
            self,
            Self::CloudWatch(Tongue::Json | Tongue::Cbor) | Self::ZonalShift | Self::Secrets | Self::Keys | Self::Trail
        )
    }

    fn unavailable(self, id: &str) -> Reply {
        self.error(503, "ServiceUnavailable", "Service is unable to handle request.", id)
    }
}

async fn handle(State(standing): State<Arc<Standing>>, request: Request) -> Response {
    standing.touch();
    let (parts, body) = request.into_parts();
    let query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes()).into_owned().collect();
    let scope = Scope::of(&parts.headers, &query);
    let service = scope.as_ref().map_or(Some(Service::S3), |scope| Service::named(&scope.service));
    let service = service.map(|service| match service {
        Service::CloudWatch(_) => Service::CloudWatch(Tongue::of(&parts.method, parts.uri.path(), &parts.headers)),
        service => service,
    });
    let id = standing.request_id();
    let read = to_bytes(body, LARGEST_REQUEST).await;
    let end = match (service, read) {
        (None, _) => {
            let name = scope.map_or(String::new(), |scope| scope.service);
            let known: Vec<&str> = Service::ALL.iter().map(|(known, _)| *known).collect();
            let message = format!("The practice estate has no service `{name}`; it has {}.", known.join(", "));
            End::Reply(Service::Rds.error(400, "InvalidAction", &message, &id))
        }
        (Some(service), Err(_)) => {
            End::Reply(service.error(413, "RequestEntityTooLarge", "The request is too large.", &id))
        }
        (Some(service), Ok(body)) => {
            let region = scope.as_ref().and_then(|scope| Region::named(&scope.region));
            let (method, headers) = (parts.method, parts.headers);
            let (path, sent) = (parts.uri.path(), parts.uri.query().unwrap_or(""));
            let signed = Signed { method: &method, path, query: sent, headers: &headers, body: &body };
            if let Some(refusal) = refuse(service, scope.as_ref(), &signed, &id) {
                End::Reply(refusal)
            } else {
                let path = path.to_owned();
                let call = Call { standing: &standing, method, path, query, headers, body, region, id: id.clone() };
                standing.with(|world| dispatch(service, &call, world))
            }
        }
    };
    let slow = standing.with(|world| {
        let slow = world.broken.is_impaired(Impairment::SlowApi, world.now());
        slow.then(|| Duration::from_millis(2_000 + world.chance() % 6_000))
    });
    if let Some(slow) = slow {
        standing.dawdle(slow).await;
    }
    let reply = match end {
        End::Reply(reply) => reply,
        End::Hang => {
            standing.hang().await;
            service.unwrap_or(Service::S3).unavailable(&id)
        }
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("x-amzn-requestid", &id)
        .header("x-amz-request-id", &id);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap_or_else(|_| {
        // A stored header that cannot be sent back; nothing of ours is unsendable.
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// Refuses who may not come in, or comes to a region that is not here.
fn refuse(service: Service, scope: Option<&Scope>, signed: &Signed<'_>, id: &str) -> Option<Reply> {
    let scope = scope?;
    if let Some(doubt) = signed.doubt(scope, Utc::now()) {
        return Some(doubt.reply(service, id));
    }
    if Region::named(&scope.region).is_none() {
        let message = format!("The practice estate has no region `{}`; it has us-east-1 and us-west-2.", scope.region);
        return Some(service.error(403, "OptInRequired", &message, id));
    }
    None
}

fn dispatch(service: Service, call: &Call<'_>, world: &mut World) -> End {
    if let Some(refusal) = impaired(service, call, world) {
        return End::Reply(refusal);
    }
    // All of Route 53's API is a control plane, and it stands in us-east-1 whatever region a client signs for.
    let stands = if service == Service::Route53 { Some(Region::East) } else { call.region };
    match stands.map(|region| world.fate(region)) {
        None | Some(Fate::Answered) => {}
        Some(Fate::Hangs) => return End::Hang,
        Some(Fate::Unavailable) => return End::Reply(service.unavailable(&call.id)),
    }
    match service {
        Service::Rds => End::Reply(rds::answer(call, world)),
        Service::Sts => End::Reply(sts::answer(call)),
        Service::Route53 => End::Reply(route53::answer(call, world)),
        Service::S3 => s3::answer(call, world),
        Service::AutoScaling => End::Reply(compute::scaling(call, world)),
        Service::LoadBalancing => End::Reply(compute::balancing(call, world)),
        Service::Ec2 => End::Reply(compute::machines(call, world)),
        Service::CloudWatch(tongue) => End::Reply(cloudwatch::answer(call, world, tongue)),
        Service::ZonalShift => End::Reply(zonal::answer(call, world)),
        Service::Secrets => End::Reply(guard::secrets(call, world)),
        Service::Keys => End::Reply(guard::keys(call, world)),
        Service::Trail => End::Reply(guard::trail(call, world)),
    }
}

/// Says that a service has no such operation.
fn unknown_operation(service: Service, action: &str, version: &str, id: &str) -> Reply {
    service.error(400, "InvalidAction", &format!("Could not find operation {action} for version {version}"), id)
}

/// Reads the operation and the document of a call that speaks JSON.
fn json_call(call: &Call<'_>) -> (String, serde_json::Value) {
    let target = call.header("x-amz-target").unwrap_or_default();
    let name = target.rsplit('.').next().unwrap_or_default().to_owned();
    (name, serde_json::from_slice(&call.body).unwrap_or_else(|_| serde_json::json!({})))
}

/// Answers as an interface does that is impaired on purpose.
fn impaired(service: Service, call: &Call<'_>, world: &mut World) -> Option<Reply> {
    call.region?;
    let now = world.now();
    if world.broken.is_impaired(Impairment::ExpiredCredentials, now) {
        let message = "The security token included in the request is expired";
        let (status, code, message) = match service {
            Service::S3 => (400, "ExpiredToken", "The provided token has expired."),
            Service::Ec2 => (400, "RequestExpired", "Request has expired."),
            _ if service.speaks_json() => (400, "ExpiredTokenException", message),
            _ => (403, "ExpiredToken", message),
        };
        return Some(service.error(status, code, message, &call.id));
    }
    if world.broken.is_impaired(Impairment::Throttling, now) && world.chance() % 10 < 7 {
        let (status, code, message) = match service {
            Service::S3 => (503, "SlowDown", "Please reduce your request rate."),
            Service::Ec2 => (503, "RequestLimitExceeded", "Request limit exceeded."),
            _ if service.speaks_json() => (400, "ThrottlingException", "Rate exceeded"),
            _ => (400, "Throttling", "Rate exceeded"),
        };
        return Some(service.error(status, code, message, &call.id));
    }
    if service == Service::Route53 && world.broken.is_impaired(Impairment::DnsControlPlane, now) {
        return Some(service.unavailable(&call.id));
    }
    None
}
