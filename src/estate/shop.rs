//! The shop's HTTP application of one region, around the model's.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::model::instance::Role;
use super::model::place::Region;
use super::model::shop::{Front, Hold, Refused};
use super::model::world::World;
use super::standing::Standing;

#[derive(Clone)]
struct Application {
    standing: Arc<Standing>,
    region: Region,
}

/// Makes the application of `region`.
pub(super) fn router(standing: Arc<Standing>, region: Region) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/heartbeat", get(heartbeat))
        .route("/orders", post(order))
        .route("/orders/summary", get(summary))
        .route("/write-probe", post(write_probe))
        .route("/admin/maintenance", post(hold))
        .route("/admin/resume", post(resume))
        .with_state(Application { standing, region })
}

impl Application {
    /// Acts in the region if it is up; a lost one never answers.
    async fn answer(&self, act: impl FnOnce(&mut World, Region) -> Result<(StatusCode, Value), Refused>) -> Response {
        self.standing.touch();
        let region = self.region;
        let answer =
            self.standing.with(|world| if world.is_up(region) { act(world, region) } else { Err(Refused::RegionDown) });
        match answer {
            Ok((status, body)) => (status, Json(body)).into_response(),
            Err(Refused::RegionDown) => {
                self.standing.hang().await;
                StatusCode::GATEWAY_TIMEOUT.into_response()
            }
            Err(refused) => {
                let body = json!({ "error": refused.to_string(), "region": region.name() });
                (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "30")], Json(body)).into_response()
            }
        }
    }

    fn time(&self, world: &World) -> String {
        self.standing.iso(world.now())
    }
}

fn mode(world: &World, region: Region) -> &'static str {
    match world.shop(region).front {
        Front::Serving => "serving",
        Front::Maintenance => "maintenance",
    }
}

async fn health(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        Ok((StatusCode::OK, json!({ "status": "ok", "region": region.name(), "mode": mode(world, region) })))
    })
    .await
}

async fn heartbeat(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        let instance = world.rds.of(region).filter(|instance| instance.is_reachable());
        let instance = instance.ok_or(Refused::DatabaseUnreachable)?;
        let ledger = world.ledger(region);
        Ok((
            StatusCode::OK,
            json!({
                "region": region.name(),
                "database": instance.id,
                "last_commit": ledger.last_commit.map(|at| app.standing.iso(at)),
                "heartbeat": ledger.heartbeat.map(|at| app.standing.iso(at)),
                "in_recovery": instance.role != Role::Primary,
                "writable": instance.is_writable(),
                "now": app.time(world),
            }),
        ))
    })
    .await
}

async fn order(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        let number = world.order_from_outside(region)?;
        let body =
            json!({ "id": format!("ord-{number:010}"), "region": region.name(), "committed_at": app.time(world) });
        Ok((StatusCode::CREATED, body))
    })
    .await
}

async fn summary(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        world.rds.of(region).filter(|instance| instance.is_reachable()).ok_or(Refused::DatabaseUnreachable)?;
        let ledger = world.ledger(region);
        Ok((
            StatusCode::OK,
            json!({
                "region": region.name(),
                "orders": ledger.orders.count(),
                "checksum": format!("{:016x}", ledger.checksum),
                "last_order": ledger.orders.last().map(|number| format!("ord-{number:010}")),
                "last_commit": ledger.last_commit.map(|at| app.standing.iso(at)),
                "modelled": true,
            }),
        ))
    })
    .await
}

async fn write_probe(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        let canary = world.write_probe(region)?;
        let body =
            json!({ "region": region.name(), "writable": true, "canary": canary, "committed_at": app.time(world) });
        Ok((StatusCode::OK, body))
    })
    .await
}

async fn hold(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        let shop = world.shop_mut(region);
        (shop.hold, shop.front) = (Hold::Held, Front::Maintenance);
        Ok((StatusCode::OK, json!({ "region": region.name(), "mode": "maintenance" })))
    })
    .await
}

async fn resume(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        let writable = world.writable(region).is_ok();
        let shop = world.shop_mut(region);
        shop.hold = Hold::Free;
        shop.front = if writable { Front::Serving } else { Front::Maintenance };
        Ok((StatusCode::OK, json!({ "region": region.name(), "mode": mode(world, region) })))
    })
    .await
}
