//! The process of an estate: listeners, the record, the clock, the signals, the end.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rand_core::{OsRng, RngCore as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::databases::{Databases, DumpKeys};
use super::model::key;
use super::model::place::{self, Region};
use super::model::{InjectError, Seed, World};
use super::postgres::{PostgresError, Programs};
use super::standing::Standing;
use super::{DataServed, DataWish, EstateError, EstateRecord, Options, Ports, aws, console, dns, shop};

/// How often the clock moves the world when nobody asks it anything.
const BEAT: Duration = Duration::from_millis(100);
/// How often it does where servers keep the data: customers' orders reach them one after the other, not in heaps.
const QUICK_BEAT: Duration = Duration::from_millis(20);
/// How long open connections may take to end.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often another free port is tried where two listeners need the same number.
const PORT_TRIES: u32 = 20;

/// Serves an estate until the console's `/down`, SIGTERM, SIGINT, or `idle_limit` without use; then nothing is left.
///
/// # Errors
/// When the options make no sense, another estate stands in the folder, a port or the record cannot be had, or a
/// listener falls.
pub async fn serve(options: Options) -> Result<(), EstateError> {
    if !(1..=3600).contains(&options.speed) {
        return Err(EstateError::Speed(options.speed));
    }
    let folder = Folder::take(&options.dir)?;
    let listeners = Listeners::bind(options.ports).await?;
    let mut terminate = signal(SignalKind::terminate()).map_err(EstateError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(EstateError::Signals)?;
    let opened = tokio::select! {
        opened = databases(&options) => opened?,
        // What was begun is cleared by its guard.
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let (databases, data) = opened;
    let keys = DumpKeys::of(databases.as_deref());
    let mut world = World::new(Seed(options.seed));
    if let Some(databases) = &databases {
        let port = database_port(&world).await?;
        databases.furnish(&mut world, port, &keys);
    }
    let standing = Arc::new(Standing::open(world, options.speed, databases.clone()));
    if let Some(databases) = &databases {
        databases.begin(&standing).await;
    }
    for fault in &options.faults {
        let injected = standing.with(|world| world.inject_named(fault));
        injected.map_err(|refused| {
            let why = match refused {
                InjectError::Unknown(why) => why,
                InjectError::Refused(why) => why.to_owned(),
            };
            EstateError::Fault { fault: fault.clone(), why }
        })?;
    }
    let mut token = [0_u8; 16];
    OsRng.fill_bytes(&mut token);
    let token = token.iter().fold(String::new(), |token, byte| token + &format!("{byte:02x}"));
    let record = listeners.record(&options, &standing, &token, data, &keys)?;
    let mut tasks = listeners.open(&standing, &token);
    tasks.spawn(beat(standing.clone(), options.idle_limit));
    let written = record.write(&options.dir);
    let fell = if written.is_ok() {
        tokio::select! {
            () = standing.ended() => None,
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            Some(fell) = tasks.join_next() => Some(fell),
        }
    } else {
        None
    };
    standing.end();
    // Whoever is being answered gets the rest of the answer; nobody is waited for longer than this.
    drop(tokio::time::timeout(FAREWELL, async { while tasks.join_next().await.is_some() {} }).await);
    tasks.shutdown().await;
    let cleared = match &databases {
        Some(databases) => databases.close().await.map_err(EstateError::Databases),
        None => Ok(()),
    };
    record.remove(&options.dir);
    drop(folder);
    written?;
    cleared?;
    match fell {
        None | Some(Ok((_, Ok(())))) => Ok(()),
        Some(Ok((part, Err(error)))) => Err(EstateError::Fell { part, reason: error.to_string() }),
        Some(Err(error)) => Err(EstateError::Fell { part: "a listener", reason: error.to_string() }),
    }
}

/// Makes the servers that keep the data, where they are wanted and can be had, and says who keeps them.
async fn databases(options: &Options) -> Result<(Option<Arc<Databases>>, DataServed), EstateError> {
    if options.data == DataWish::Modelled {
        return Ok((None, DataServed::Modelled { why: "that was wanted".to_owned() }));
    }
    let opened = match Programs::find() {
        Ok(programs) => Databases::open(programs, options.manifest.as_ref()).await,
        Err(absent) => Err(absent),
    };
    match opened {
        Ok(databases) => {
            let data = DataServed::Postgresql { version: databases.version().to_owned() };
            Ok((Some(Arc::new(databases)), data))
        }
        Err(absent @ PostgresError::Absent(_)) if options.data == DataWish::Best => {
            Ok((None, DataServed::Modelled { why: absent.to_string() }))
        }
        Err(error) => Err(EstateError::Databases(error)),
    }
}

/// Finds a port at which all databases can listen, each at its own address.
async fn database_port(world: &World) -> Result<u16, EstateError> {
    let addresses: Vec<Ipv4Addr> = world.rds.instances.iter().map(World::address_of).collect();
    let mut tries = PORT_TRIES;
    loop {
        tries -= 1;
        let mut held = Vec::new();
        let mut port = 0;
        for address in &addresses {
            match tcp("a database", *address, port).await {
                Ok(listener) => {
                    port = listener.local_addr().map_or(port, |address| address.port());
                    held.push(listener);
                }
                Err(error) if tries == 0 => return Err(error),
                Err(_) => break,
            }
        }
        if held.len() == addresses.len() {
            return Ok(port);
        }
    }
}

type Served = (&'static str, io::Result<()>);

async fn beat(standing: Arc<Standing>, idle_limit: Duration) -> Served {
    let beat = if standing.databases().is_some() { QUICK_BEAT } else { BEAT };
    let mut beats = tokio::time::interval(beat);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let ended = standing.ended();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => return ("the clock", Ok(())),
            _ = beats.tick() => standing.with(|_: &mut World| ()),
        }
        if standing.unused_for() >= idle_limit {
            standing.end();
        }
    }
}

/// Is the estate's folder; one that was made for it goes with it.
struct Folder<'d> {
    dir: &'d Path,
    ours: bool,
}

impl<'d> Folder<'d> {
    fn take(dir: &'d Path) -> Result<Self, EstateError> {
        if let Some(other) = EstateRecord::read(dir)?.filter(EstateRecord::is_alive) {
            return Err(EstateError::AlreadyStanding { dir: dir.to_owned(), pid: other.pid });
        }
        let ours = !dir.exists();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|source| EstateError::Record { doing: "create", path: dir.to_owned(), source })?;
        Ok(Self { dir, ours })
    }
}

impl Drop for Folder<'_> {
    fn drop(&mut self) {
        if self.ours {
            // Fails where somebody else put something there, and then it must.
            drop(fs::remove_dir(self.dir));
        }
    }
}

struct Listeners {
    aws: TcpListener,
    dns_udp: UdpSocket,
    dns_tcp: TcpListener,
    east: TcpListener,
    west: TcpListener,
    console: TcpListener,
}

impl Listeners {
    async fn bind(ports: Ports) -> Result<Self, EstateError> {
        let home = Ipv4Addr::LOCALHOST;
        let (dns_udp, dns_tcp) = dns_pair(ports.dns).await?;
        let (east, west) = shop_pair(ports.shop).await?;
        Ok(Self {
            aws: tcp("AWS", home, ports.aws).await?,
            console: tcp("the console", home, ports.console).await?,
            dns_udp,
            dns_tcp,
            east,
            west,
        })
    }

    fn record(
        &self,
        options: &Options,
        standing: &Standing,
        token: &str,
        data: DataServed,
        keys: &DumpKeys,
    ) -> Result<EstateRecord, EstateError> {
        let failed = |source| EstateError::Listen { part: "a part", address: "loopback".to_owned(), source };
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port()).map_err(failed);
        let endpoint = format!("http://127.0.0.1:{}", port(&self.aws)?);
        let dns = format!("127.0.0.1:{}", port(&self.dns_tcp)?);
        let shop_port = port(&self.east)?;
        let ids = standing.with(|world| world.check_ids.clone());
        let key = |region| key::database_key(region, Seed(options.seed));
        let kms = (key(Region::East), key(Region::West));
        let fleet = standing.with(|world| {
            let east = world.fleet(Region::East);
            (east.load_balancer(), east.target_group())
        });
        let shop_at = |host: &str| format!("http://{host}:{shop_port}");
        let (east, west) = (Region::East.address().to_string(), Region::West.address().to_string());
        let latch = format!("{endpoint}/{}/{}", place::LATCH_BUCKET, place::LATCH_KEY);
        let database_port = standing.with(|world| world.rds.port).to_string();
        let (primary_host, replica_host) =
            (Region::East.endpoint(place::PRIMARY_DB), Region::West.endpoint(place::REPLICA_DB));
        // What a PostgreSQL client reads of its environment; without servers it has nowhere to go.
        let real = matches!(data, DataServed::Postgresql { .. });
        let client = [
            ("PGUSER", place::DATABASE_USER),
            ("PGPASSWORD", place::DATABASE_PASSWORD),
            ("PGDATABASE", place::DATABASE),
            ("PGPORT", &database_port),
        ];
        let env = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", place::ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", place::SECRET_KEY),
            ("AWS_REGION", Region::West.name()),
            ("AWS_DEFAULT_REGION", Region::West.name()),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("LIFEBOAT_RESOLVER", &dns),
        ];
        let inputs = [
            ("ACCOUNT_ID", place::ACCOUNT),
            ("PRIMARY_REGION", Region::East.name()),
            ("RECOVERY_REGION", Region::West.name()),
            ("PRIMARY_DB", place::PRIMARY_DB),
            ("REPLICA_DB", place::REPLICA_DB),
            ("SHOP_URL", &shop_at(place::SERVICE)),
            ("EAST_SHOP_URL", &shop_at(&east)),
            ("WEST_SHOP_URL", &shop_at(&west)),
            ("EAST_ADDRESS", &east),
            ("WEST_ADDRESS", &west),
            ("SERVICE_NAME", place::SERVICE),
            ("ZONE_NAME", place::ZONE),
            ("ZONE_ID", place::ZONE_ID),
            ("NAME_SERVER", &dns),
            ("LATCH_BUCKET", place::LATCH_BUCKET),
            ("LATCH_KEY", place::LATCH_KEY),
            ("LATCH_URL", &latch),
            ("PRIMARY_HEALTH_CHECK_ID", &ids.primary),
            ("ENDPOINT_HEALTH_CHECK_ID", &ids.endpoint),
            ("LATCH_HEALTH_CHECK_ID", &ids.latch),
            ("SECONDARY_HEALTH_CHECK_ID", &ids.secondary),
            ("DUMPS_BUCKET", "shop-dumps-us-west-2"),
            ("ASSETS_BUCKET", "shop-assets-us-west-2"),
            ("STATE_BUCKET", "shop-tfstate-us-west-2"),
            ("PRIMARY_ASSETS_BUCKET", "shop-assets-us-east-1"),
            ("PRIMARY_SECURITY_GROUP", place::EAST_SECURITY_GROUP),
            ("PRIMARY_PARAMETER_GROUP", place::EAST_PARAMETER_GROUP),
            ("PRIMARY_SUBNET_GROUP", Region::East.subnet_group()),
            ("RECOVERY_SUBNET_GROUP", Region::West.subnet_group()),
            ("PRIMARY_KMS_KEY", &kms.0),
            ("RECOVERY_KMS_KEY", &kms.1),
            ("PRIMARY_DB_ALIAS", Region::East.database_alias()),
            ("RECOVERY_DB_ALIAS", Region::West.database_alias()),
            ("DB_SECRET", place::DATABASE_SECRET),
            ("LOAD_BALANCER_ARN", &fleet.0),
            ("TARGET_GROUP_ARN", &fleet.1),
            ("SCALING_GROUP", "shop"),
            ("RECOVERY_SECURITY_GROUP", place::WEST_SECURITY_GROUP),
            ("RECOVERY_PARAMETER_GROUP", place::WEST_PARAMETER_GROUP),
            ("DB_NAME", place::DATABASE),
            ("DB_USER", place::DATABASE_USER),
            ("DB_PASSWORD", place::DATABASE_PASSWORD),
            ("DB_PORT", &database_port),
            ("ASK_DATABASES", if real { "yes" } else { "no" }),
            ("PRIMARY_DB_HOST", &primary_host),
            ("REPLICA_DB_HOST", &replica_host),
            ("DUMP_KEY", &keys.dump),
            ("MANIFEST_KEY", &keys.manifest),
            ("GLACIER_KEY", place::ARCHIVED_DUMP),
        ];
        let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Ok(EstateRecord {
            version: 1,
            pid: std::process::id(),
            seed: options.seed,
            speed: options.speed,
            started_at: standing.line().started,
            env: if real { owned(&[&env[..], &client[..]].concat()) } else { owned(&env) },
            inputs: owned(&inputs),
            data,
            aws_endpoint: endpoint.clone(),
            dns: dns.clone(),
            shop_port,
            console: format!("http://127.0.0.1:{}", port(&self.console)?),
            console_token: token.to_owned(),
        })
    }

    fn open(self, standing: &Arc<Standing>, token: &str) -> JoinSet<Served> {
        let mut tasks = JoinSet::new();
        let mut http = |part: &'static str, listener: TcpListener, router: Router| {
            let served = axum::serve(listener, router).with_graceful_shutdown(standing.ended());
            tasks.spawn(async move { (part, served.await) });
        };
        http("AWS", self.aws, aws::router(standing.clone()));
        http("the console", self.console, console::router(standing.clone(), token));
        http("the shop in us-east-1", self.east, shop::router(standing.clone(), Region::East));
        http("the shop in us-west-2", self.west, shop::router(standing.clone(), Region::West));
        let (udp, tcp) = (self.dns_udp, self.dns_tcp);
        let (for_udp, for_tcp) = (standing.clone(), standing.clone());
        let (udp_end, tcp_end) = (standing.ended(), standing.ended());
        tasks.spawn(async move {
            tokio::select! {
                () = udp_end => ("DNS", Ok(())),
                served = dns::serve_udp(udp, for_udp) => ("DNS", served),
            }
        });
        tasks.spawn(async move {
            tokio::select! {
                () = tcp_end => ("DNS", Ok(())),
                served = dns::serve_tcp(tcp, for_tcp) => ("DNS", served),
            }
        });
        tasks
    }
}

async fn tcp(part: &'static str, address: Ipv4Addr, port: u16) -> Result<TcpListener, EstateError> {
    let address = SocketAddr::V4(SocketAddrV4::new(address, port));
    let failed = |source| EstateError::Listen { part, address: address.to_string(), source };
    TcpListener::bind(address).await.map_err(failed)
}

/// Binds UDP and TCP at the same port.
async fn dns_pair(port: u16) -> Result<(UdpSocket, TcpListener), EstateError> {
    let mut tries = if port == 0 { PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let failed = |source| EstateError::Listen { part: "DNS", address: address.to_string(), source };
        let udp = UdpSocket::bind(address).await.map_err(failed)?;
        let chosen = udp.local_addr().map_err(failed)?.port();
        match tcp("DNS", Ipv4Addr::LOCALHOST, chosen).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) if tries == 0 => return Err(error),
            Err(_) => {}
        }
    }
}

/// Binds the shops of both regions at the same port, so that an address alone moves customers.
async fn shop_pair(port: u16) -> Result<(TcpListener, TcpListener), EstateError> {
    let mut tries = if port == 0 { PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        let east = tcp("the shop", Region::East.address(), port).await?;
        let failed = |source| EstateError::Listen { part: "the shop", address: "127.77.0.1".to_owned(), source };
        let chosen = east.local_addr().map_err(failed)?.port();
        match tcp("the shop", Region::West.address(), chosen).await {
            Ok(west) => return Ok((east, west)),
            Err(error) if tries == 0 => return Err(error),
            Err(_) => {}
        }
    }
}
