//! The endpoints of the databases: `psql` and whoever else speaks PostgreSQL's protocol gets in where and when the estate
//! says so.
//!
//! An instance's endpoint is its address in its zone, at its port. It refuses while the instance restarts or is not
//! there, and says nothing where its host, its zone or its region is gone.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Databases;
use crate::estate::model::World;
use crate::estate::model::effect::DataId;
use crate::estate::model::instance::{Ailment, Instance};
use crate::estate::standing::Standing;

/// How often the endpoints follow what becomes of the instances.
const LOOK: Duration = Duration::from_millis(50);

/// Says what an endpoint does with whoever connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It leads to the server.
    Leads(SocketAddrV4),
    /// It takes the connection and says nothing.
    Silent,
}

/// Is one endpoint that listens.
struct Door {
    answer: watch::Sender<Answer>,
    task: JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Keeps the endpoints as the estate's instances are, until the estate ends.
pub(super) async fn keep(databases: Arc<Databases>, standing: Arc<Standing>) {
    let mut doors: BTreeMap<SocketAddrV4, Door> = BTreeMap::new();
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let ended = standing.ended();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => return,
            _ = looks.tick() => {}
        }
        let wanted = wanted(&databases, &standing);
        doors.retain(|at, _| wanted.contains_key(at));
        for (at, answer) in wanted {
            match doors.get(&at) {
                Some(door) => {
                    door.answer.send_if_modified(|before| {
                        let changed = *before != answer;
                        *before = answer;
                        changed
                    });
                }
                None => match TcpListener::bind(at).await {
                    Ok(listener) => {
                        let (sender, seen) = watch::channel(answer);
                        doors.insert(at, Door { answer: sender, task: tokio::spawn(serve(listener, seen)) });
                    }
                    Err(error) => tracing::warn!(%at, %error, "the endpoint of a database cannot listen"),
                },
            }
        }
    }
}

fn wanted(databases: &Databases, standing: &Standing) -> BTreeMap<SocketAddrV4, Answer> {
    let all: Vec<(SocketAddrV4, DataId, Option<bool>)> = standing.with(|world| {
        let each = world.rds.instances.iter().map(|instance| {
            let at = SocketAddrV4::new(World::address_of(instance), instance.settings.port);
            (at, instance.data, silent(world, instance))
        });
        each.collect()
    });
    let answers = all.into_iter().filter_map(|(at, data, silent)| {
        Some((at, if silent? { Answer::Silent } else { Answer::Leads(databases.address(data)?) }))
    });
    answers.collect()
}

/// Tells whether an endpoint says nothing; `None` where it refuses.
fn silent(world: &World, instance: &Instance) -> Option<bool> {
    if !world.is_up(instance.region) || matches!(instance.ailment, Some(Ailment::Stalled | Ailment::HostLost)) {
        return Some(true);
    }
    instance.is_reachable(world.now()).then_some(false)
}

async fn serve(listener: TcpListener, answer: watch::Receiver<Answer>) {
    let mut guests = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((guest, _)) = accepted else { continue };
                guests.spawn(attend(guest, answer.clone()));
            }
            Some(_) = guests.join_next() => {}
        }
    }
}

async fn attend(mut guest: TcpStream, mut answer: watch::Receiver<Answer>) {
    let first = *answer.borrow_and_update();
    if let Answer::Leads(at) = first {
        let Ok(mut server) = TcpStream::connect(at).await else { return };
        guest.set_nodelay(true).ok();
        server.set_nodelay(true).ok();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut guest, &mut server) => return,
            // Whether the server restarts or its region goes silent, this connection is of no use any more.
            _ = answer.changed() => {}
        }
    }
    if *answer.borrow() == Answer::Silent {
        // Until the endpoint speaks again; then the guest has to come anew.
        drop(answer.changed().await);
    }
}
