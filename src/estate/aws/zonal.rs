//! ARC zonal shift: traffic of a load balancer away from a zone, by the zone's id. Its data plane stands in every region.

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{Call, OPERATOR, Reply, Service};
use crate::estate::model::fleet::Shift;
use crate::estate::model::place::{Region, zone_named};
use crate::estate::model::time::{DAY, SECOND};
use crate::estate::model::world::World;

/// Answers a call.
pub(super) fn answer(call: &Call<'_>, world: &mut World) -> Reply {
    let region = call.region.unwrap_or(Region::West);
    let path = percent_decode_str(call.path.trim_matches('/')).decode_utf8_lossy().into_owned();
    let parts: Vec<&str> = path.splitn(2, '/').collect();
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_else(|_| json!({}));
    match (&call.method, parts.as_slice()) {
        (&Method::POST, ["zonalshifts"]) => start(call, world, region, &body),
        (&Method::GET, ["zonalshifts"]) => {
            let now = world.now();
            let shifts = world.fleet(region).shifts.iter();
            let status = call.query("status");
            let items: Vec<Value> = shifts
                .map(|shift| written(call, shift, now))
                .filter(|shift| status.is_none_or(|status| shift.get("status").and_then(Value::as_str) == Some(status)))
                .collect();
            Reply::json(200, &json!({ "items": items }))
        }
        (&Method::PATCH, ["zonalshifts", id]) => update(call, world, region, id, &body),
        (&Method::DELETE, ["zonalshifts", id]) => cancel(call, world, region, id),
        (&Method::GET, ["managedresources"]) => {
            let fleet = world.fleet(region);
            let zones: Vec<&str> = region.zones().map(|zone| zone.id).collect();
            let item = json!({ "arn": fleet.load_balancer(), "name": "shop", "availabilityZones": zones });
            Reply::json(200, &json!({ "items": [item] }))
        }
        (&Method::GET, ["managedresources", arn]) => managed(call, world, region, arn),
        _ => super::unknown_operation(Service::ZonalShift, &format!("{} {path}", call.method), "2022-10-30", &call.id),
    }
}

fn refused(call: &Call<'_>, status: u16, code: &str, message: &str) -> Reply {
    Service::ZonalShift.error(status, code, message, &call.id)
}

fn written(call: &Call<'_>, shift: &Shift, now: crate::estate::model::Moment) -> Value {
    let status = match shift.cancelled {
        Some(_) => "CANCELED",
        None if shift.is_active(now) => "ACTIVE",
        None => "EXPIRED",
    };
    let line = call.standing.line();
    let seconds = |moment| line.wall(moment).timestamp();
    json!({
        "zonalShiftId": shift.id, "resourceIdentifier": shift.resource, "awayFrom": shift.away_from,
        "startTime": seconds(shift.since), "expiryTime": seconds(shift.until), "status": status, "comment": shift.comment,
    })
}

/// Reads `12h` or `90m`, at most three days.
fn length(text: &str) -> Option<i64> {
    let unit = if text.ends_with('h') { 3_600 } else { 60 };
    let amount: i64 = text.strip_suffix(['h', 'm'])?.parse().ok()?;
    let length = amount.checked_mul(unit)?.checked_mul(SECOND)?;
    (60 * SECOND..=3 * DAY).contains(&length).then_some(length)
}

fn start(call: &Call<'_>, world: &mut World, region: Region, body: &Value) -> Reply {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let (Some(resource), Some(zone), Some(expires), Some(comment)) =
        (text("resourceIdentifier"), text("awayFrom"), text("expiresIn"), text("comment"))
    else {
        let message = "resourceIdentifier, awayFrom, expiresIn and comment are required.";
        return refused(call, 400, "ValidationException", message);
    };
    let known = zone_named(zone).filter(|known| known.region == region && known.id == zone);
    let Some(zone) = known else {
        let message = format!("The availability zone {zone} is not one of the resource: give its id, not its name.");
        return refused(call, 400, "ValidationException", &message);
    };
    let Some(lasts) = length(expires) else {
        return refused(call, 400, "ValidationException", "expiresIn must be like 12h or 90m, at most 72h.");
    };
    if ![world.fleet(region).load_balancer(), world.fleet(region).scaling_group()].iter().any(|arn| arn == resource) {
        let message = format!("The resource {resource} was not found.");
        return refused(call, 404, "ResourceNotFoundException", &message);
    }
    let now = world.now();
    match world.fleet_mut(region).shift(zone.id, lasts, comment, now) {
        Ok(shift) => {
            world.tell(format!("traffic is shifted away from {}", zone.id));
            let parameters = json!({ "resourceIdentifier": resource, "awayFrom": zone.id, "expiresIn": expires });
            let call_name = ("arc-zonal-shift.amazonaws.com", "StartZonalShift");
            world.record_call(region, call_name, OPERATOR, "shop", parameters);
            Reply::json(201, &written(call, &shift, now))
        }
        Err(there) => {
            let message = format!("There is a zonal shift already: {there}.");
            refused(call, 409, "ConflictException", &message)
        }
    }
}

fn update(call: &Call<'_>, world: &mut World, region: Region, id: &str, body: &Value) -> Reply {
    let now = world.now();
    let expires = body.get("expiresIn").and_then(Value::as_str).map(length);
    let comment = body.get("comment").and_then(Value::as_str).map(str::to_owned);
    let found = world.fleet_mut(region).shifts.iter_mut().find(|shift| shift.id == id && shift.is_active(now));
    let Some(shift) = found else {
        return refused(call, 404, "ResourceNotFoundException", "The zonal shift was not found.");
    };
    match expires {
        Some(None) => return refused(call, 400, "ValidationException", "expiresIn must be like 12h or 90m."),
        Some(Some(length)) => shift.until = now.plus(length),
        None => {}
    }
    shift.comment = comment.unwrap_or_else(|| shift.comment.clone());
    let shift = shift.clone();
    Reply::json(200, &written(call, &shift, now))
}

fn cancel(call: &Call<'_>, world: &mut World, region: Region, id: &str) -> Reply {
    let now = world.now();
    let found = world.fleet_mut(region).shifts.iter_mut().find(|shift| shift.id == id && shift.is_active(now));
    let Some(shift) = found else {
        return refused(call, 404, "ResourceNotFoundException", "The zonal shift was not found.");
    };
    shift.cancelled = Some(now);
    let shift = shift.clone();
    world.tell(format!("the shift away from {} is called off", shift.away_from));
    Reply::json(200, &written(call, &shift, now))
}

fn managed(call: &Call<'_>, world: &World, region: Region, arn: &str) -> Reply {
    let (fleet, now) = (world.fleet(region), world.now());
    if arn != fleet.load_balancer() {
        return refused(call, 404, "ResourceNotFoundException", "The resource was not found.");
    }
    let active: Vec<&Shift> = fleet.shifts.iter().filter(|shift| shift.is_active(now)).collect();
    let weights: serde_json::Map<String, Value> = region
        .zones()
        .map(|zone| {
            let away = active.iter().any(|shift| shift.away_from == zone.id);
            (zone.id.to_owned(), json!(if away { 0.0 } else { 1.0 }))
        })
        .collect();
    let shifts: Vec<Value> = active
        .iter()
        .map(|shift| {
            let mut one = written(call, shift, now);
            if let Some(fields) = one.as_object_mut() {
                fields.remove("status");
                fields.insert("appliedStatus".to_owned(), json!("APPLIED"));
            }
            one
        })
        .collect();
    Reply::json(200, &json!({ "arn": arn, "name": "shop", "appliedWeights": weights, "zonalShifts": shifts }))
}
