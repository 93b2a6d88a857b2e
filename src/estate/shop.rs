//! The shop's HTTP application of one region, around the model's.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::databases::Signs;
use super::model::Moment;
use super::model::aurora::{ReadFrom, Silent};
use super::model::contents::Contents;
use super::model::effect::DataId;
use super::model::instance::{Instance, Role};
use super::model::place::Region;
use super::model::shop::{Front, Hold, Refused};
use super::model::world::World;
use super::postgres::QueryError;
use super::standing::Standing;

#[derive(Clone)]
struct Application {
    standing: Arc<Standing>,
    region: Region,
}

/// Is a database that was found, as the model knows it.
struct Found {
    data: DataId,
    id: String,
    in_recovery: bool,
}

impl Found {
    fn of(instance: &Instance) -> Self {
        Self { data: instance.data, id: instance.id.clone(), in_recovery: instance.role != Role::Primary }
    }
}

fn unreachable(data: DataId, error: &QueryError) -> Refused {
    tracing::warn!(%data, %error, "the shop gets no answer from a database");
    Refused::DatabaseUnreachable
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

    /// Finds a database in the region, if that is up: what is told of it, or why nothing is.
    fn find<T>(&self, find: impl FnOnce(&mut World, Region) -> Result<T, Refused>) -> Result<T, Refused> {
        self.standing.touch();
        let region = self.region;
        self.standing.with(|world| if world.is_up(region) { find(world, region) } else { Err(Refused::RegionDown) })
    }

    /// Returns what a database holds, as whoever checks it finds it: by its rows, where it has any.
    async fn contents(&self, data: DataId) -> Result<Contents, Refused> {
        match self.standing.databases() {
            None => Ok(self.standing.with(|world| world.rds.data.ledger(data).into())),
            Some(databases) => {
                self.settle(data).await?;
                let found = databases.contents(data, &self.standing.line()).await;
                found.map_err(|error| unreachable(data, &error))
            }
        }
    }

    /// Waits until what was just done to a database is in its rows.
    async fn settle(&self, data: DataId) -> Result<(), Refused> {
        match self.standing.databases() {
            Some(databases) if !databases.settle(data).await => Err(Refused::DatabaseUnreachable),
            _ => Ok(()),
        }
    }

    /// Answers with what was found.
    async fn say(&self, found: Result<(StatusCode, Value), Refused>) -> Response {
        self.answer(|_, _| found).await
    }

    /// Says what a database holds.
    fn describe(&self, found: &Found, contents: &Contents) -> Value {
        let time = |at: Option<Moment>| at.map(|at| self.standing.iso(at));
        let order = |number: Option<u64>| number.map(|number| format!("ord-{number:010}"));
        json!({
            "region": self.region.name(),
            "database": found.id,
            "orders": contents.orders.count(),
            "checksum": format!("{:016x}", contents.checksum),
            "bad_rows": contents.bad.len(),
            "first_bad_at": time(contents.first_bad_at),
            "last_good_order": order(contents.last_good.map(|(number, _)| number)),
            "last_good_order_at": time(contents.last_good.map(|(_, at)| at)),
            "last_order": order(contents.orders.last()),
            "last_commit": time(contents.last_commit),
            "in_recovery": found.in_recovery,
            "modelled": self.standing.databases().is_none(),
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
    let found = app.find(|world, region| {
        let instance = world.connected(region)?;
        let ledger = world.rds.data.ledger(instance.data);
        let signs = Signs {
            last_commit: ledger.last_commit(),
            heartbeat: ledger.heartbeat(),
            in_recovery: instance.role != Role::Primary,
        };
        let place = (instance.zone, World::address_of(instance).to_string(), instance.is_writable(world.now()));
        Ok((Found::of(instance), signs, place))
    });
    let answer = async {
        let (found, mut signs, (zone, server, writable)) = found?;
        if let Some(databases) = app.standing.databases() {
            let seen = databases.signs(found.data, &app.standing.line()).await;
            signs = seen.map_err(|error| unreachable(found.data, &error))?;
        }
        let iso = |at: Option<Moment>| at.map(|at| app.standing.iso(at));
        let body = json!({
            "region": app.region.name(),
            "database": found.id,
            "last_commit": iso(signs.last_commit),
            "heartbeat": iso(signs.heartbeat),
            "in_recovery": signs.in_recovery,
            "writable": writable && !signs.in_recovery,
            "zone": zone,
            "server": server,
            "now": app.standing.with(|world| app.time(world)),
        });
        Ok((StatusCode::OK, body))
    };
    app.say(answer.await).await
}

async fn order(State(app): State<Application>) -> Response {
    let placed = app.find(|world, region| {
        let number = world.order_from_outside(region)?;
        Ok((number, world.connected(region)?.data, app.time(world)))
    });
    let answer = async {
        let (number, data, at) = placed?;
        app.settle(data).await?;
        let body = json!({ "id": format!("ord-{number:010}"), "region": app.region.name(), "committed_at": at });
        Ok((StatusCode::CREATED, body))
    };
    app.say(answer.await).await
}

async fn summary(State(app): State<Application>) -> Response {
    let found = app.find(|world, region| Ok(Found::of(world.connected(region)?)));
    let answer = async {
        let found = found?;
        let contents = app.contents(found.data).await?;
        Ok((StatusCode::OK, app.describe(&found, &contents)))
    };
    app.say(answer.await).await
}

/// Compares what customers were told, of which the application keeps a record of its own, with what its database holds.
async fn reconcile(State(app): State<Application>) -> Response {
    let found =
        app.find(|world, region| Ok((Found::of(world.connected(region)?), world.customers.acknowledged.clone())));
    let answer = async {
        // The record is older than the look: what was told since cannot be missing by mistake.
        let (found, told) = found?;
        let missing = told.orders.without(&app.contents(found.data).await?.orders);
        let ends = (missing.iter().next(), missing.last());
        let span = match ends {
            (Some(first), Some(last)) => told.time_of(last).zip(told.time_of(first)).map(|(to, from)| to.since(from)),
            _ => None,
        };
        let seconds = Duration::from_millis(app.standing.line().real(span.unwrap_or(0)).unsigned_abs()).as_secs_f64();
        let body = json!({
            "database": found.id,
            "acknowledged": told.orders.count(),
            "orders": missing.count(),
            "low": seconds,
            "high": seconds,
        });
        Ok((StatusCode::OK, body))
    };
    app.say(answer.await).await
}

/// Finds any database of the region; `None` where there is none of that name.
fn named(world: &World, region: Region, id: &str) -> Result<Option<Found>, Refused> {
    let Ok(instance) = world.rds.find(region, id) else { return Ok(None) };
    if !instance.is_reachable(world.now()) {
        return Err(Refused::DatabaseUnreachable);
    }
    Ok(Some(Found::of(instance)))
}

fn no_such(region: Region, id: &str) -> (StatusCode, Value) {
    (StatusCode::NOT_FOUND, json!({ "error": format!("no database {id} stands in {}", region.name()) }))
}

/// Says what an Aurora cluster or instance of the region holds, by the model that keeps it.
fn aurora(app: &Application, id: &str) -> Result<Option<Value>, Refused> {
    app.find(|world, region| {
        let aurora = &world.rds.aurora;
        let read = aurora.read(region, id, world.now()).map_err(|Silent| Refused::DatabaseUnreachable)?;
        Ok(read.map(|(cluster, from)| {
            let ledger = aurora.ledger(cluster);
            json!({
                "region": region.name(),
                "database": id,
                "orders": ledger.count(),
                "last_order": ledger.last_order().map(|number| format!("ord-{number:010}")),
                "last_commit": ledger.last_commit().map(|at| app.standing.iso(at)),
                "checksum": format!("{:016x}", ledger.checksum()),
                "in_recovery": from == ReadFrom::Reader,
                "modelled": true,
            })
        }))
    })
}

/// Answers for any database of the region, whichever the shop uses: what a reader of it finds.
async fn database(State(app): State<Application>, Path(id): Path<String>) -> Response {
    match aurora(&app, &id) {
        Ok(None) => {}
        Ok(Some(told)) => return app.say(Ok((StatusCode::OK, told))).await,
        Err(refused) => return app.say(Err(refused)).await,
    }
    let found = app.find(|world, region| named(world, region, &id));
    let answer = async {
        let Some(found) = found? else { return Ok(no_such(app.region, &id)) };
        let contents = app.contents(found.data).await?;
        Ok((StatusCode::OK, app.describe(&found, &contents)))
    };
    app.say(answer.await).await
}

/// Carries over into the shop's database what another one has and it has not, and puts right what is wrong.
async fn repair(State(app): State<Application>, Path(id): Path<String>) -> Response {
    let done = app.find(|world, region| {
        let Some(from) = named(world, region, &id)? else { return Ok(None) };
        let into = world.connected(region)?.data;
        Ok(Some((from.data, into, world.repair_from(region, from.data)?)))
    });
    let answer = async {
        let Some((from, into, mut count)) = done? else { return Ok(no_such(app.region, &id)) };
        if let Some(databases) = app.standing.databases() {
            let carried = databases.carry_over(from, into).await;
            count = carried.map_err(|error| unreachable(into, &error))?;
        }
        Ok((StatusCode::OK, json!({ "from": id, "imported": count.0, "repaired": count.1 })))
    };
    app.say(answer.await).await
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
    let probed = app.find(|world, region| {
        let canary = world.write_probe(region)?;
        Ok((canary, world.connected(region)?.data, app.time(world)))
    });
    let answer = async {
        let (canary, data, at) = probed?;
        app.settle(data).await?;
        if let Some(databases) = app.standing.databases() {
            let read = databases.has_canary(data, canary).await.map_err(|error| unreachable(data, &error))?;
            if !read {
                return Err(Refused::DatabaseUnreachable);
            }
        }
        let body = json!({ "region": app.region.name(), "writable": true, "canary": canary, "committed_at": at });
        Ok((StatusCode::OK, body))
    };
    app.say(answer.await).await
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
