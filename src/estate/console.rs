//! The facilitator's console: faults, the truth, the state behind the scenes, and the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::InjectError;
use super::model::contents::Contents;
use super::model::effect::DataId;
use super::model::fault::schedule;
use super::model::health::{Health, verdict};
use super::model::place::Region;
use super::model::truth::Truth;
use super::standing::Standing;

/// The header that holds the token.
const TOKEN: &str = "x-console-token";

#[derive(Clone)]
struct Console {
    standing: Arc<Standing>,
    token: Arc<str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injection {
    fault: String,
    #[serde(default)]
    until: Option<Waypoint>,
}

/// Says how far the estate's clock goes on at once after a fault.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Waypoint {
    /// Until the shop's monitoring has noticed it; with data that a server keeps, not at all.
    Alarm,
    /// Until a failover that plays by itself is over; with data that a server keeps, not at all.
    FailedOver,
}

/// Makes the console; only who knows `token` gets an answer.
pub(super) fn router(standing: Arc<Standing>, token: &str) -> Router {
    let console = Console { standing, token: token.into() };
    Router::new()
        .route("/inject", post(inject))
        .route("/truth", get(truth))
        .route("/alarm", get(alarm))
        .route("/monitoring", get(monitoring))
        .route("/faults", get(faults))
        .route("/state", get(state))
        .route("/down", post(down))
        .layer(middleware::from_fn_with_state(console.clone(), guard))
        .with_state(console)
}

async fn guard(State(console): State<Console>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let known = headers.get(TOKEN).is_some_and(|token| token.as_bytes() == console.token.as_bytes());
    if !known {
        let error = format!("the header {TOKEN} must hold the token of estate.json");
        return (StatusCode::FORBIDDEN, Json(json!({ "error": error }))).into_response();
    }
    console.standing.touch();
    next.run(request).await
}

async fn inject(State(console): State<Console>, body: Bytes) -> Response {
    let refuse = |status: StatusCode, error: String| (status, Json(json!({ "error": error }))).into_response();
    let injection: Injection = match serde_json::from_slice(&body) {
        Ok(injection) => injection,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, format!("read the fault: {error}")),
    };
    let injected = console.standing.with(|world| world.inject_named(&injection.fault));
    match injected {
        Ok(at) => {
            match injection.until {
                None => {}
                Some(Waypoint::Alarm) => {
                    console.standing.skip_until(|world| world.alarm().is_some());
                    if let Some(databases) = console.standing.databases() {
                        let damaged = console.standing.with(|world| world.surviving());
                        databases.settle(damaged).await;
                    }
                }
                // What servers do with their data cannot be hurried.
                Some(Waypoint::FailedOver) if console.standing.databases().is_some() => {}
                Some(Waypoint::FailedOver) => console.standing.skip_until(|world| world.broken.failover.is_none()),
            }
            Json(json!({ "injected_at": console.standing.iso(at), "virtual_ms": at.0 })).into_response()
        }
        Err(InjectError::Unknown(why)) => refuse(StatusCode::NOT_FOUND, why),
        Err(InjectError::Refused(why)) => refuse(StatusCode::CONFLICT, why.to_owned()),
    }
}

/// Tells the truth by the rows of the databases that matter, where they can be read.
async fn truth(State(console): State<Console>) -> Json<Truth> {
    let standing = &console.standing;
    // What customers are told while rows are read is in the next answer, or it would be missing in this one.
    let (world, line) = standing.with(|world| (world.clone(), standing.line()));
    let mut found: BTreeMap<DataId, Contents> = BTreeMap::new();
    if let Some(databases) = standing.databases() {
        let damaged = world.broken.first_bad_write.map(|(damaged, _)| damaged);
        for data in [Some(world.surviving()), damaged].into_iter().flatten() {
            databases.settle(data).await;
            let read = databases.contents(data, &line).await.ok();
            // One that is gone is known by what was last seen of it.
            if let Some(contents) = read.or_else(|| databases.seen(data)) {
                found.insert(data, contents);
            }
        }
    }
    let held = |data: DataId| found.get(&data).cloned().unwrap_or_else(|| world.rds.data.ledger(data).into());
    Json(Truth::of(&world, &line, &held))
}

async fn alarm(State(console): State<Console>) -> Json<Value> {
    let alarm = console.standing.with(|world| world.alarm());
    Json(json!({
        "onset": alarm.map(|(at, _)| console.standing.iso(at)),
        "virtual_ms": alarm.map(|(at, _)| at.0),
        "says": alarm.map(|(_, says)| says),
    }))
}

/// Shows what a page of monitoring would: how customers fare, what was found, what the alarms of each region say. It says
/// nothing that only whoever broke something knows.
async fn monitoring(State(console): State<Console>) -> Json<Value> {
    let standing = &console.standing;
    Json(standing.with(|world| {
        let (failed, asked) = world.customers.lately();
        let alarms = |region: Region| {
            let of_region = world.alarms.iter().filter(move |alarm| alarm.region == region);
            of_region.map(|alarm| {
                json!({
                    "name": alarm.name, "state": alarm.state.name(), "since": standing.iso(alarm.since),
                    "about": alarm.rule.description,
                })
            })
        };
        let regions = Region::ALL.iter().map(|region| {
            // CloudWatch goes with its region.
            let shown = world.is_up(*region).then(|| alarms(*region).collect::<Vec<_>>());
            json!({ "name": region.name(), "alarms": shown })
        });
        json!({
            "failed": failed,
            "asked": asked,
            "found": world.alarm().map(|(at, says)| json!({ "since": standing.iso(at), "says": says })),
            "regions": regions.collect::<Vec<_>>(),
        })
    }))
}

async fn faults(State(console): State<Console>) -> Json<Value> {
    let standing = &console.standing;
    Json(standing.with(|world| {
        let injected = world.broken.injected.iter().map(|entry| {
            let noticed = schedule(&entry.fault).is_ok_and(|(fault, _)| fault.is_noticed()) && entry.refused.is_none();
            json!({
                "at": standing.iso(entry.at), "virtual_ms": entry.at.0, "fault": entry.fault,
                "refused": entry.refused, "noticed": noticed,
            })
        });
        let waiting = world
            .broken
            .waiting()
            .map(|(at, fault)| json!({ "at": standing.iso(at), "virtual_ms": at.0, "fault": fault }));
        json!({
            "injected": injected.collect::<Vec<_>>(),
            "waiting": waiting.collect::<Vec<_>>(),
            "failing_over": world.broken.failover.is_some(),
        })
    }))
}

async fn state(State(console): State<Console>) -> Json<Value> {
    let standing = &console.standing;
    let state = standing.with(|world| {
        let instances = world.rds.instances.iter().map(|instance| {
            json!({
                "id": instance.id,
                "region": instance.region.name(),
                "status": instance.status(world.now()).name(),
                "busy": instance.is_busy(),
                "writable": instance.is_writable(world.now()) && world.is_up(instance.region),
                "retention": instance.settings.retention,
                "zone": instance.zone,
                "data": instance.data.to_string(),
            })
        });
        let checks = world.checks.iter().map(|check| {
            let healthy = verdict(&world.checks, &check.id) == Health::Healthy;
            json!({ "id": check.id, "name": check.name, "healthy": healthy })
        });
        let regions = Region::ALL.iter().map(|region| {
            let shop = format!("{:?}", world.shop(*region).front).to_lowercase();
            let database = world.used_by(*region).map(|instance| instance.id.clone());
            json!({ "name": region.name(), "up": world.is_up(*region), "shop": shop, "database": database })
        });
        let story =
            world.story.iter().map(|(at, what)| json!({ "virtual_ms": at.0, "at": standing.iso(*at), "what": what }));
        json!({
            "virtual_ms": world.now().0,
            "now": standing.iso(world.now()),
            "speed": standing.line().speed,
            "service": world.service().map(|(address, _)| address.to_string()),
            "regions": regions.collect::<Vec<_>>(),
            "instances": instances.collect::<Vec<_>>(),
            "health_checks": checks.collect::<Vec<_>>(),
            "story": story.collect::<Vec<_>>(),
        })
    });
    Json(state)
}

async fn down(State(console): State<Console>) -> Json<Value> {
    console.standing.end();
    Json(json!({ "ending": true }))
}
