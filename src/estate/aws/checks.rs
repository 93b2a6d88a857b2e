//! Route 53's health checks: making, changing, deleting them, and what they see.

use axum::http::Method;

use super::route53::{Wrong, document, refusal, unknown};
use super::xml::{Element, Xml};
use super::{Call, Reply};
use crate::estate::model::health::{Check, Health, Sense, Subject, Watching};
use crate::estate::model::place::Region;
use crate::estate::model::world::World;

/// The regions whose checkers report.
const CHECKERS: [(&str, &str); 3] =
    [("us-west-2", "198.51.100.10"), ("eu-west-1", "198.51.100.20"), ("ap-southeast-1", "198.51.100.30")];
/// How many health checks the account may have.
const MOST: usize = 200;
/// What a health check may look at here, for whoever asks for something else.
const SUBJECTS: &str = "The practice estate checks the shop (HTTP, port 80, IPAddress 127.77.0.1 or 127.77.0.2, \
                        ResourcePath /health), an object that anybody may read (HTTPS, port 443, \
                        FullyQualifiedDomainName BUCKET.s3.REGION.amazonaws.com), and other checks (CALCULATED).";

/// Answers a call on health checks; `rest` is what follows `/healthcheck`.
pub(super) fn answer(call: &Call<'_>, world: &mut World, method: &Method, rest: &[&str]) -> Reply {
    let result = match (method, rest) {
        (&Method::GET, []) => Ok(Reply::xml(200, list(world))),
        (&Method::POST, []) => create(call, world),
        (&Method::GET, [id]) => get(world, id),
        (&Method::POST, [id]) => update(call, world, id),
        (&Method::DELETE, [id]) => delete(world, id),
        (&Method::GET, [id, "status"]) => status(call, world, id, Reports::All),
        (&Method::GET, [id, "lastfailurereason"]) => status(call, world, id, Reports::Failures),
        _ => Err(unknown(call)),
    };
    result.unwrap_or_else(|wrong| refusal(call, &wrong))
}

/// Says which of the checkers' reports are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reports {
    All,
    Failures,
}

fn find<'w>(world: &'w World, id: &str) -> Result<&'w Check, Wrong> {
    let found = world.checks.iter().find(|check| check.id == id);
    found.ok_or_else(|| (404, "NoSuchHealthCheck", format!("A health check with id {id} does not exist.")))
}

fn list(world: &World) -> String {
    document("ListHealthChecksResponse", |xml| {
        xml.nest("HealthChecks", |xml| {
            for found in &world.checks {
                show(xml, world, found);
            }
        })
        .text("IsTruncated", false)
        .text("MaxItems", MOST);
    })
}

fn get(world: &World, id: &str) -> Result<Reply, Wrong> {
    let found = find(world, id)?;
    Ok(Reply::xml(200, document("GetHealthCheckResponse", |xml| show(xml, world, found))))
}

fn show(xml: &mut Xml, world: &World, check: &Check) {
    xml.nest("HealthCheck", |xml| {
        xml.text("Id", &check.id)
            .text("CallerReference", &check.name)
            .nest("HealthCheckConfig", |xml| show_config(xml, world, check))
            .text("HealthCheckVersion", check.version);
    });
}

fn show_config(xml: &mut Xml, world: &World, check: &Check) {
    match &check.subject {
        Subject::Shop(region) => {
            xml.text("IPAddress", region.address())
                .text("Port", 80)
                .text("Type", "HTTP")
                .text("ResourcePath", "/health");
        }
        Subject::Object { bucket, key } => {
            let region = world.bucket(bucket).map_or(Region::East, |found| found.region);
            xml.text("Port", 443)
                .text("Type", "HTTPS")
                .text("ResourcePath", format!("/{key}"))
                .text("FullyQualifiedDomainName", format!("{bucket}.s3.{}.amazonaws.com", region.name()));
        }
        Subject::Checks { .. } => {
            xml.text("Type", "CALCULATED");
        }
    }
    if !matches!(check.subject, Subject::Checks { .. }) {
        xml.text("RequestInterval", check.interval).text("FailureThreshold", check.threshold);
    }
    xml.text("Inverted", check.sense == Sense::Inverted).text("Disabled", check.watching == Watching::Disabled);
    if let Subject::Checks { children, threshold } = &check.subject {
        xml.text("HealthThreshold", threshold).nest("ChildHealthChecks", |xml| {
            for child in children {
                xml.text("ChildHealthCheck", child);
            }
        });
    }
}

fn invalid(message: impl Into<String>) -> Wrong {
    (400, "InvalidInput", message.into())
}

fn document_of(call: &Call<'_>) -> Result<Element, Wrong> {
    Element::parse(&call.body).map_err(|reason| invalid(format!("The health check cannot be read: {reason}.")))
}

/// Returns a number within bounds that a document holds.
fn number(config: &Element, name: &str, most: i64) -> Result<Option<i64>, Wrong> {
    let Some(text) = config.text_of(name) else { return Ok(None) };
    let found = text.parse().ok().filter(|number| (0..=most).contains(number));
    found.map(Some).ok_or_else(|| invalid(format!("{name} must be a number from 0 to {most}, not `{text}`.")))
}

fn truth(config: &Element, name: &str) -> Result<Option<bool>, Wrong> {
    match config.text_of(name) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(invalid(format!("{name} must be true or false, not `{other}`."))),
    }
}

/// Refuses members that would be ignored.
fn only(config: &Element, known: &[&str]) -> Result<(), Wrong> {
    config.children.iter().find(|child| !known.contains(&child.name.as_str())).map_or(Ok(()), |stray| {
        Err(invalid(format!("The practice estate does not model {} of a health check here.", stray.name)))
    })
}

/// Returns the object that a domain name and a path lead to.
fn object(world: &World, domain: &str, path: &str) -> Option<Subject> {
    let (bucket, rest) = domain.split_once(".s3.")?;
    let region = Region::named(rest.strip_suffix(".amazonaws.com")?)?;
    let known = world.bucket(bucket).is_some_and(|known| known.region == region);
    let key = path.trim_start_matches('/').to_owned();
    known.then(|| Subject::Object { bucket: bucket.to_owned(), key })
}

fn subject(world: &World, config: &Element) -> Result<Subject, Wrong> {
    let text = |name: &str| config.text_of(name).unwrap_or_default();
    let port = number(config, "Port", 65_535)?;
    let found = match text("Type") {
        "HTTP" if port.is_none_or(|port| port == 80) && text("ResourcePath") == "/health" => {
            text("IPAddress").parse().ok().and_then(Region::at).map(Subject::Shop)
        }
        "HTTPS" if port.is_none_or(|port| port == 443) => {
            object(world, text("FullyQualifiedDomainName"), text("ResourcePath"))
        }
        "CALCULATED" => {
            let children = children(world, config)?.unwrap_or_default();
            let threshold = number(config, "HealthThreshold", 256)?.unwrap_or(0);
            Some(Subject::Checks { children, threshold: usize::try_from(threshold).unwrap_or(0) })
        }
        _ => None,
    };
    found.ok_or_else(|| invalid(SUBJECTS))
}

fn children(world: &World, config: &Element) -> Result<Option<Vec<String>>, Wrong> {
    let Some(list) = config.child("ChildHealthChecks") else { return Ok(None) };
    let ids: Vec<String> = list.children.iter().map(|child| child.text.clone()).collect();
    ids.iter().try_for_each(|id| match find(world, id) {
        Ok(Check { subject: Subject::Checks { .. }, .. }) => {
            Err(invalid("A calculated health check cannot watch another calculated one."))
        }
        Ok(_) => Ok(()),
        Err(_) => Err(invalid(format!("The health check {id} does not exist."))),
    })?;
    Ok(Some(ids))
}

fn interval(config: &Element) -> Result<i64, Wrong> {
    match number(config, "RequestInterval", 30)? {
        None | Some(30) => Ok(30),
        Some(10) => Ok(10),
        Some(_) => Err(invalid("RequestInterval must be 10 or 30.")),
    }
}

fn create(call: &Call<'_>, world: &mut World) -> Result<Reply, Wrong> {
    let root = document_of(call)?;
    let name = root.text_of("CallerReference").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("CallerReference is missing."))?.to_owned();
    let config = root.child("HealthCheckConfig").ok_or_else(|| invalid("HealthCheckConfig is missing."))?;
    only(
        config,
        &[
            "IPAddress",
            "Port",
            "Type",
            "ResourcePath",
            "FullyQualifiedDomainName",
            "RequestInterval",
            "FailureThreshold",
            "Inverted",
            "Disabled",
            "HealthThreshold",
            "ChildHealthChecks",
        ],
    )?;
    if world.checks.iter().any(|check| check.name == name) {
        let message = format!("A health check with the caller reference {name} has already been created.");
        return Err((409, "HealthCheckAlreadyExists", message));
    }
    if world.checks.len() >= MOST {
        return Err((400, "TooManyHealthChecks", format!("The account has {MOST} health checks.")));
    }
    let subject = subject(world, config)?;
    let sense = if truth(config, "Inverted")? == Some(true) { Sense::Inverted } else { Sense::Direct };
    // Until there is enough to go by, a new check says that all is well.
    let seen = if sense == Sense::Inverted { Health::Unhealthy } else { Health::Healthy };
    let id = world.seed.uuid(&format!("health/made/{}", world.next_serial()));
    let mut check = Check::new(id.clone(), &name, subject, sense, seen);
    check.interval = interval(config)?;
    check.threshold = threshold(config)?.unwrap_or(3);
    if truth(config, "Disabled")? == Some(true) {
        check.watching = Watching::Disabled;
    }
    world.tell(format!("health check {name} is made"));
    let made = document("CreateHealthCheckResponse", |xml| show(xml, world, &check));
    world.checks.push(check);
    Ok(Reply::xml(201, made).with("location", format!("https://route53.amazonaws.com/2013-04-01/healthcheck/{id}")))
}

fn threshold(config: &Element) -> Result<Option<u32>, Wrong> {
    match number(config, "FailureThreshold", 10)? {
        Some(0) => Err(invalid("FailureThreshold must be from 1 to 10.")),
        found => Ok(found.and_then(|found| u32::try_from(found).ok())),
    }
}

fn update(call: &Call<'_>, world: &mut World, id: &str) -> Result<Reply, Wrong> {
    let config = document_of(call)?;
    only(
        &config,
        &[
            "HealthCheckVersion",
            "ResourcePath",
            "FullyQualifiedDomainName",
            "FailureThreshold",
            "Inverted",
            "Disabled",
            "HealthThreshold",
            "ChildHealthChecks",
        ],
    )?;
    let mut check = find(world, id)?.clone();
    if number(&config, "HealthCheckVersion", i64::MAX)?.is_some_and(|said| u64::try_from(said) != Ok(check.version)) {
        let message = format!("The health check has version {}.", check.version);
        return Err((409, "HealthCheckVersionMismatch", message));
    }
    let domain = config.text_of("FullyQualifiedDomainName");
    let path = config.text_of("ResourcePath");
    check.subject = match check.subject {
        Subject::Object { bucket, key } => {
            let region = world.bucket(&bucket).map_or(Region::East, |found| found.region);
            let known = format!("{bucket}.s3.{}.amazonaws.com", region.name());
            object(world, domain.unwrap_or(&known), path.unwrap_or(&key)).ok_or_else(|| invalid(SUBJECTS))?
        }
        Subject::Shop(_) if domain.is_some() || path.is_some_and(|path| path != "/health") => {
            return Err(invalid(SUBJECTS));
        }
        Subject::Shop(region) => Subject::Shop(region),
        Subject::Checks { children: known, threshold } => Subject::Checks {
            children: children(world, &config)?.unwrap_or(known),
            threshold: match number(&config, "HealthThreshold", 256)? {
                Some(found) => usize::try_from(found).unwrap_or(0),
                None => threshold,
            },
        },
    };
    check.threshold = threshold(&config)?.unwrap_or(check.threshold);
    match truth(&config, "Inverted")? {
        Some(true) => check.sense = Sense::Inverted,
        Some(false) => check.sense = Sense::Direct,
        None => {}
    }
    match truth(&config, "Disabled")? {
        Some(true) => check.watching = Watching::Disabled,
        Some(false) => check.watching = Watching::Enabled,
        None => {}
    }
    check.version += 1;
    world.tell(format!("health check {} is changed", check.name));
    let changed = document("UpdateHealthCheckResponse", |xml| show(xml, world, &check));
    if let Some(place) = world.checks.iter_mut().find(|known| known.id == id) {
        *place = check;
    }
    Ok(Reply::xml(200, changed))
}

fn delete(world: &mut World, id: &str) -> Result<Reply, Wrong> {
    let name = find(world, id)?.name.clone();
    // AWS lets go of a check that records and other checks still name, too.
    world.checks.retain(|check| check.id != id);
    world.tell(format!("health check {name} is deleted"));
    Ok(Reply::xml(200, document("DeleteHealthCheckResponse", |_| ())))
}

fn status(call: &Call<'_>, world: &World, id: &str, reports: Reports) -> Result<Reply, Wrong> {
    let found = find(world, id)?;
    if matches!(found.subject, Subject::Checks { .. }) {
        return Err(invalid("A calculated health check has no reports of checkers."));
    }
    let status = match (found.observed(), &found.subject) {
        (Health::Healthy, _) => "Success: HTTP Status Code 200, OK",
        (Health::Unhealthy, Subject::Object { .. }) => "Failure: HTTP Status Code 404, Not Found",
        (Health::Unhealthy, _) => "Failure: Connection timed out. The endpoint or the internet connection is down.",
    };
    let (name, shown) = match reports {
        Reports::All => ("GetHealthCheckStatusResponse", true),
        Reports::Failures => ("GetHealthCheckLastFailureReasonResponse", found.observed() == Health::Unhealthy),
    };
    let checkers = if shown { &CHECKERS[..] } else { &[] };
    Ok(Reply::xml(
        200,
        document(name, |xml| {
            xml.nest("HealthCheckObservations", |xml| {
                for (region, address) in checkers {
                    xml.nest("HealthCheckObservation", |xml| {
                        xml.text("Region", region).text("IPAddress", address).nest("StatusReport", |xml| {
                            xml.text("Status", status).text("CheckedTime", call.standing.iso(found.looked));
                        });
                    });
                }
            });
        }),
    ))
}
