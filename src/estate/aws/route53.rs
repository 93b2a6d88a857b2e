//! Route 53's API: hosted zones, records, changes. All of it is the control plane in `us-east-1`.

use axum::http::Method;

use super::xml::{Element, Xml};
use super::{Call, Reply, Service, checks};
use crate::estate::dns::KINDS;
use crate::estate::model::place::{ZONE, ZONE_ID};
use crate::estate::model::world::World;
use crate::estate::model::zone::{Action, Answer, Change, Failover, RecordSet};

/// Is one error as it goes out: status, code, message.
pub(super) type Wrong = (u16, &'static str, String);

/// Answers a call.
pub(super) fn answer(call: &Call<'_>, world: &mut World) -> Reply {
    let path = call.path.trim_matches('/').to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    let result = match (&call.method, parts.as_slice()) {
        (&Method::GET, ["2013-04-01", "hostedzone"]) => Ok(list_zones(world)),
        (&Method::GET, ["2013-04-01", "hostedzonesbyname"]) => Ok(list_zones_by_name(call, world)),
        (&Method::GET, ["2013-04-01", "hostedzone", zone]) => known_zone(zone).map(|()| get_zone(world)),
        (&Method::GET, ["2013-04-01", "hostedzone", zone, "rrset"]) => {
            known_zone(zone).map(|()| list_records(call, world))
        }
        (&Method::POST, ["2013-04-01", "hostedzone", zone, "rrset"]) => match known_zone(zone) {
            Ok(()) => return change(call, world),
            Err(wrong) => Err(wrong),
        },
        (&Method::GET, ["2013-04-01", "testdnsanswer"]) => test_answer(call, world),
        (&Method::GET, ["2013-04-01", "change", id]) => get_change(call, world, id),
        (method, ["2013-04-01", "healthcheck", rest @ ..]) => return checks::answer(call, world, method, rest),
        _ => Err(unknown(call)),
    };
    match result {
        Ok(body) => Reply::xml(200, body),
        Err(wrong) => refusal(call, &wrong),
    }
}

pub(super) fn refusal(call: &Call<'_>, (status, code, message): &Wrong) -> Reply {
    Service::Route53.error(*status, code, message, &call.id)
}

pub(super) fn unknown(call: &Call<'_>) -> Wrong {
    (400, "InvalidAction", format!("The practice estate has no Route 53 call {} {}.", call.method, call.path))
}

pub(super) fn document(name: &str, fill: impl FnOnce(&mut Xml)) -> String {
    Xml::document(name, Service::Route53.namespace(), fill)
}

fn known_zone(id: &str) -> Result<(), Wrong> {
    if id == ZONE_ID { Ok(()) } else { Err((404, "NoSuchHostedZone", format!("No hosted zone found with ID: {id}"))) }
}

fn zone(xml: &mut Xml, world: &World) {
    xml.nest("HostedZone", |xml| {
        xml.text("Id", format!("/hostedzone/{ZONE_ID}"))
            .text("Name", format!("{ZONE}."))
            .text("CallerReference", "practice-estate")
            .nest("Config", |xml| {
                xml.text("Comment", "The practice estate's").text("PrivateZone", false);
            })
            .text("ResourceRecordSetCount", world.zone.list().len());
    });
}

fn list_zones(world: &World) -> String {
    document("ListHostedZonesResponse", |xml| {
        xml.nest("HostedZones", |xml| zone(xml, world)).text("IsTruncated", false).text("MaxItems", 100);
    })
}

fn list_zones_by_name(call: &Call<'_>, world: &World) -> String {
    let from = call.query("dnsname").map(str::to_ascii_lowercase);
    document("ListHostedZonesByNameResponse", |xml| {
        xml.nest("HostedZones", |xml| {
            if from.as_deref().is_none_or(|from| order(from) <= order(ZONE)) {
                zone(xml, world);
            }
        })
        .maybe("DNSName", from.as_deref())
        .text("IsTruncated", false)
        .text("MaxItems", 100);
    })
}

/// Answers what the name servers would answer now.
fn test_answer(call: &Call<'_>, world: &World) -> Result<String, Wrong> {
    known_zone(call.query("hostedzoneid").unwrap_or_default())?;
    let (name, kind) = (call.query("recordname").unwrap_or_default(), call.query("recordtype").unwrap_or_default());
    if !KINDS.contains(&kind) {
        return Err((400, "InvalidInput", format!("The practice estate serves no records of type {kind}.")));
    }
    let (code, values) = match world.answer(name, kind) {
        Answer::Values { values, .. } => ("NOERROR", values),
        Answer::NoData => ("NOERROR", Vec::new()),
        Answer::NoName => ("NXDOMAIN", Vec::new()),
        Answer::NotOurs => return Err((400, "InvalidInput", format!("{name} is not in the zone {ZONE}."))),
    };
    Ok(document("TestDNSAnswerResponse", |xml| {
        xml.text("Nameserver", format!("ns1.{ZONE}"))
            .text("RecordName", name)
            .text("RecordType", kind)
            .nest("RecordData", |xml| {
                for value in &values {
                    xml.text("RecordDataEntry", value);
                }
            })
            .text("ResponseCode", code)
            .text("Protocol", "UDP");
    }))
}

fn get_zone(world: &World) -> String {
    document("GetHostedZoneResponse", |xml| {
        zone(xml, world);
        xml.nest("DelegationSet", |xml| {
            xml.nest("NameServers", |xml| {
                xml.text("NameServer", format!("ns1.{ZONE}"));
            });
        });
    })
}

/// Orders names as Route 53 does: by labels from the right.
fn order(name: &str) -> Vec<&str> {
    name.trim_end_matches('.').rsplit('.').collect()
}

fn list_records(call: &Call<'_>, world: &World) -> String {
    let mut sets: Vec<&RecordSet> = world.zone.list().iter().collect();
    sets.sort_by_key(|set| (order(&set.name), set.kind.as_str(), set.set_id.as_deref()));
    let from = call.query("name").map(str::to_ascii_lowercase);
    let kind = call.query("type").unwrap_or("");
    let found = sets
        .into_iter()
        .filter(|set| from.as_deref().is_none_or(|from| (order(&set.name), set.kind.as_str()) >= (order(from), kind)));
    let most = call.query("maxitems").and_then(|text| text.parse().ok()).unwrap_or(300).clamp(1, 300);
    let (page, rest): (Vec<_>, Vec<_>) = found.enumerate().partition(|(at, _)| *at < most);
    document("ListResourceRecordSetsResponse", |xml| {
        xml.nest("ResourceRecordSets", |xml| {
            for (_, set) in page {
                xml.nest("ResourceRecordSet", |xml| record_set(xml, set));
            }
        })
        .text("IsTruncated", !rest.is_empty());
        if let Some((_, next)) = rest.first() {
            xml.text("NextRecordName", format!("{}.", next.name))
                .text("NextRecordType", &next.kind)
                .maybe("NextRecordIdentifier", next.set_id.as_deref());
        }
        xml.text("MaxItems", most);
    })
}

fn record_set(xml: &mut Xml, set: &RecordSet) {
    let failover = set.failover.map(|failover| match failover {
        Failover::Primary => "PRIMARY",
        Failover::Secondary => "SECONDARY",
    });
    xml.text("Name", format!("{}.", set.name))
        .text("Type", &set.kind)
        .maybe("SetIdentifier", set.set_id.as_deref())
        .maybe("Failover", failover)
        .text("TTL", set.ttl)
        .nest("ResourceRecords", |xml| {
            for value in &set.values {
                xml.nest("ResourceRecord", |xml| {
                    xml.text("Value", value);
                });
            }
        })
        .maybe("HealthCheckId", set.check.as_deref());
}

fn change(call: &Call<'_>, world: &mut World) -> Reply {
    let input = |message: String| Service::Route53.error(400, "InvalidInput", &message, &call.id);
    let root = match Element::parse(&call.body) {
        Ok(root) => root,
        Err(reason) => return input(format!("The change batch cannot be read: {reason}.")),
    };
    let steps = root.child("ChangeBatch").and_then(|batch| batch.child("Changes"));
    let Some(steps) = steps.filter(|steps| !steps.children.is_empty()) else {
        return input("The change batch holds no changes.".to_owned());
    };
    let batch: Result<Vec<_>, String> = steps.all("Change").map(step).collect();
    let batch = match batch {
        Ok(batch) => batch,
        Err(reason) => return input(reason),
    };
    let unknown = batch.iter().filter_map(|(_, set)| set.check.clone());
    let unknown: Vec<String> = unknown
        .filter(|id| !world.checks.iter().any(|check| check.id == *id))
        .map(|id| format!("No health check found with ID: {id}"))
        .collect();
    let now = world.now();
    let made = if unknown.is_empty() { world.zone.change(batch, now) } else { Err(unknown) };
    match made {
        Ok(change) => {
            world.tell("a change of DNS records is accepted");
            Reply::xml(200, document("ChangeResourceRecordSetsResponse", |xml| change_info(call, world, xml, &change)))
        }
        Err(messages) => {
            let message = format!("[{}]", messages.join(", "));
            Service::Route53.error(400, "InvalidChangeBatch", &message, &call.id)
        }
    }
}

fn step(change: &Element) -> Result<(Action, RecordSet), String> {
    let action = match change.text_of("Action") {
        Some("CREATE") => Action::Create,
        Some("UPSERT") => Action::Upsert,
        Some("DELETE") => Action::Delete,
        other => return Err(format!("Invalid action: {}", other.unwrap_or("none"))),
    };
    let set = change.child("ResourceRecordSet").ok_or("A change names no resource record set.")?;
    let known = ["Name", "Type", "TTL", "SetIdentifier", "Failover", "HealthCheckId", "ResourceRecords"];
    if let Some(stray) = set.children.iter().find(|child| !known.contains(&child.name.as_str())) {
        return Err(format!("The practice estate does not model {} in a resource record set.", stray.name));
    }
    let text = |name: &str| set.text_of(name).map(str::to_owned);
    let kind = text("Type").ok_or("A resource record set has no type.")?;
    if !KINDS.contains(&kind.as_str()) {
        return Err(format!("The practice estate serves no records of type {kind}."));
    }
    let values: Vec<String> = set
        .child("ResourceRecords")
        .into_iter()
        .flat_map(|records| records.all("ResourceRecord"))
        .filter_map(|record| record.text_of("Value").map(str::to_owned))
        .collect();
    let (true, Some(ttl)) = (!values.is_empty(), text("TTL").and_then(|ttl| ttl.parse().ok())) else {
        return Err("A resource record set needs a TTL and at least one value.".to_owned());
    };
    let failover = match set.text_of("Failover") {
        None => None,
        Some("PRIMARY") => Some(Failover::Primary),
        Some("SECONDARY") => Some(Failover::Secondary),
        Some(other) => return Err(format!("Invalid failover: {other}")),
    };
    let name = text("Name").ok_or("A resource record set has no name.")?;
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let (set_id, check) = (text("SetIdentifier"), text("HealthCheckId"));
    Ok((action, RecordSet { name, kind, ttl, values, set_id, failover, check }))
}

fn change_info(call: &Call<'_>, world: &World, xml: &mut Xml, change: &Change) {
    let status = if change.in_sync <= world.now() { "INSYNC" } else { "PENDING" };
    xml.nest("ChangeInfo", |xml| {
        xml.text("Id", format!("/change/{}", change.id))
            .text("Status", status)
            .text("SubmittedAt", call.standing.iso(change.submitted));
    });
}

fn get_change(call: &Call<'_>, world: &World, id: &str) -> Result<String, Wrong> {
    let change = world.zone.find_change(id);
    let change = change.ok_or_else(|| (404, "NoSuchChange", format!("Could not find resource with ID: {id}")))?;
    Ok(document("GetChangeResponse", |xml| change_info(call, world, xml, change)))
}
