//! The shop's HTTP application of one region, around the model's.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::model::Moment;
use super::model::instance::{Instance, Role};
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
        .route("/orders/reconcile", get(reconcile))
        .route("/write-probe", post(write_probe))
        .route("/databases/{id}", get(database))
        .route("/releases", get(releases))
        .route("/admin/repair-from/{id}", post(repair))
        .route("/admin/rollback", post(roll_back))
        .route("/admin/restart", post(restart))
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

    /// Says what a database holds, as whoever checks it finds it.
    fn contents(&self, world: &World, instance: &Instance) -> Value {
        let ledger = world.rds.data.ledger(instance.data);
        let time = |at: Option<Moment>| at.map(|at| self.standing.iso(at));
        let order = |number: Option<u64>| number.map(|number| format!("ord-{number:010}"));
        let last_good = ledger.last_good_order();
        json!({
            "region": self.region.name(),
            "database": instance.id,
            "orders": ledger.count(),
            "checksum": format!("{:016x}", ledger.checksum()),
            "bad_rows": ledger.bad().len(),
            "first_bad_at": time(ledger.first_bad_at()),
            "last_good_order": order(last_good),
            "last_good_order_at": time(last_good.and_then(|number| ledger.committed_at(number))),
            "last_order": order(ledger.last_order()),
            "last_commit": time(ledger.last_commit()),
            "in_recovery": instance.role != Role::Primary,
            "modelled": true,
        })
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
        let instance = world.connected(region)?;
        let ledger = world.rds.data.ledger(instance.data);
        Ok((
            StatusCode::OK,
            json!({
                "region": region.name(),
                "database": instance.id,
                "last_commit": ledger.last_commit().map(|at| app.standing.iso(at)),
                "heartbeat": ledger.heartbeat().map(|at| app.standing.iso(at)),
                "in_recovery": instance.role != Role::Primary,
                "writable": instance.is_writable(world.now()),
                "zone": instance.zone,
                "server": World::address_of(instance).to_string(),
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
        let instance = world.connected(region)?;
        Ok((StatusCode::OK, app.contents(world, instance)))
    })
    .await
}

/// Compares what customers were told, of which the application keeps a record of its own, with what its database holds.
async fn reconcile(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        let instance = world.connected(region)?;
        let told = &world.customers.acknowledged;
        let missing = told.orders.without(&world.rds.data.ledger(instance.data).numbers());
        let ends = (missing.iter().next(), missing.last());
        let span = match ends {
            (Some(first), Some(last)) => told.time_of(last).zip(told.time_of(first)).map(|(to, from)| to.since(from)),
            _ => None,
        };
        let seconds = Duration::from_millis(app.standing.line().real(span.unwrap_or(0)).unsigned_abs()).as_secs_f64();
        let body = json!({
            "database": instance.id,
            "acknowledged": told.orders.count(),
            "orders": missing.count(),
            "low": seconds,
            "high": seconds,
        });
        Ok((StatusCode::OK, body))
    })
    .await
}

/// Answers for any database of the region, whichever the shop uses: what a reader of it finds.
async fn database(State(app): State<Application>, Path(id): Path<String>) -> Response {
    app.answer(|world, region| {
        let Ok(instance) = world.rds.find(region, &id) else {
            let error = format!("no database {id} stands in {}", region.name());
            return Ok((StatusCode::NOT_FOUND, json!({ "error": error })));
        };
        if !instance.is_reachable(world.now()) {
            return Err(Refused::DatabaseUnreachable);
        }
        Ok((StatusCode::OK, app.contents(world, instance)))
    })
    .await
}

/// Carries over into the shop's database what another one has and it has not, and puts right what is wrong.
async fn repair(State(app): State<Application>, Path(id): Path<String>) -> Response {
    app.answer(|world, region| {
        let Ok(instance) = world.rds.find(region, &id) else {
            let error = format!("no database {id} stands in {}", region.name());
            return Ok((StatusCode::NOT_FOUND, json!({ "error": error })));
        };
        if !instance.is_reachable(world.now()) {
            return Err(Refused::DatabaseUnreachable);
        }
        let from = instance.data;
        let (imported, repaired) = world.repair_from(region, from)?;
        Ok((StatusCode::OK, json!({ "from": id, "imported": imported, "repaired": repaired })))
    })
    .await
}

async fn releases(State(app): State<Application>) -> Response {
    app.answer(|world, _| {
        let all = world.releases.iter().rev();
        let all =
            all.map(|release| json!({ "version": release.version, "deployed_at": app.standing.iso(release.deployed) }));
        Ok((StatusCode::OK, json!({ "releases": all.collect::<Vec<_>>() })))
    })
    .await
}

async fn roll_back(State(app): State<Application>) -> Response {
    app.answer(|world, _| {
        Ok(match world.roll_back() {
            Some(version) => (StatusCode::OK, json!({ "version": version })),
            None => (StatusCode::CONFLICT, json!({ "error": "there is no release before the one that runs" })),
        })
    })
    .await
}

async fn restart(State(app): State<Application>) -> Response {
    app.answer(|world, region| {
        world.connect(region);
        let database = world.connected(region).map(|instance| instance.id.clone());
        let database = database.map_err(|refused| refused.to_string());
        Ok((
            StatusCode::OK,
            match database {
                Ok(id) => json!({ "region": region.name(), "database": id }),
                Err(error) => json!({ "region": region.name(), "database": null, "error": error }),
            },
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
        world.connect(region);
        let writable = world.writable(region).is_ok();
        let shop = world.shop_mut(region);
        shop.hold = Hold::Free;
        shop.front = if writable { Front::Serving } else { Front::Maintenance };
        Ok((StatusCode::OK, json!({ "region": region.name(), "mode": mode(world, region) })))
    })
    .await
}
