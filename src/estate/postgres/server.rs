//! One PostgreSQL server: made, replicated, promoted, crashed, backed up, restored to a moment, dumped, deleted.

use std::fmt;
use std::fs;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::process::{Child, Command};

use super::{House, PostgresError};

/// How long a server may take to start, stop, promote or recover.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a state is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// Where the control file keeps a cluster's state, and the state of one that takes writes.
const STATE: usize = 16;
const IN_PRODUCTION: u32 = 6;
/// How much of a log is quoted.
const QUOTED: usize = 800;

/// Is a server, running or not.
#[derive(Debug)]
pub struct Server {
    house: Arc<House>,
    name: String,
    at: SocketAddrV4,
    process: Option<Child>,
}

/// Is a base backup that a server can be made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    folder: PathBuf,
    /// Whose archive holds what came after it.
    source: String,
    /// When it was complete: the earliest moment that can be restored from it.
    pub ended: DateTime<Utc>,
}

/// Says up to where a backup is rolled forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Not at all: the moment of the backup.
    Itself,
    /// The last transaction that was committed by then.
    Time(DateTime<Utc>),
    /// The last transaction whose commit stands before this position of the write-ahead log.
    Position(Position),
    /// As far as the archive goes.
    Latest,
}

/// Is a position in a write-ahead log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub u64);

impl Position {
    /// Reads what `pg_current_wal_insert_lsn()` says: `0/1A2B3C4`.
    pub fn read(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let (high, low) = (u64::from_str_radix(high, 16).ok()?, u64::from_str_radix(low, 16).ok()?);
        Some(Self((high << 32) | low))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xffff_ffff)
    }
}

/// Says what a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is not there.
    Down,
    /// It starts or stops; nobody is let in.
    Busy,
    /// It follows or recovers, and answers queries that only read.
    Standby,
    /// It takes writes.
    Primary,
}

impl Server {
    /// Makes a primary with an empty cluster and starts it. Its write-ahead log is archived.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn create(house: &Arc<House>, name: &str, at: SocketAddrV4) -> Result<Self, PostgresError> {
        let mut server = Self::empty(house, name, at);
        let secret = house.folder().join(format!("{name}.secret"));
        house.write(&secret, house.password())?;
        let mut initdb = server.command("initdb");
        initdb.arg("-D").arg(server.data()).arg(format!("--pwfile={}", secret.display())).args([
            "--no-sync",
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
            // Small segments reach the archive soon, and a small cluster stays small.
            "--wal-segsize=1",
        ]);
        let made = server.run("initdb", initdb).await;
        drop(fs::remove_file(&secret));
        made?;
        let main = server.data().join("postgresql.conf");
        let conf = fs::read_to_string(&main).map_err(|source| file("read", &main, source))?;
        house.write(&main, format!("{conf}\ninclude 'lifeboat.conf'\n"))?;
        server.configure("")?;
        server.start().await?;
        Ok(server)
    }

    /// Makes a streaming replica of this server and starts it. Its slot keeps what it has not received.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn replica(&self, name: &str, at: SocketAddrV4) -> Result<Self, PostgresError> {
        Self::follow(&self.house, self.at, name, at).await
    }

    /// Makes a streaming replica of whatever answers at `source`, and starts it; it goes on following by that address.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn follow(
        house: &Arc<House>,
        source: SocketAddrV4,
        name: &str,
        at: SocketAddrV4,
    ) -> Result<Self, PostgresError> {
        let mut replica = Self::empty(house, name, at);
        let mut copy = client(house, "pg_basebackup", source);
        copy.arg("-D").arg(replica.data());
        copy.args(["-X", "stream", "-c", "fast", "--no-sync", "-R", "-C", "-S", &slot(name)]);
        replica.run("pg_basebackup", copy).await?;
        replica.configure("")?;
        replica.start().await?;
        Ok(replica)
    }

    /// Makes a server from a backup, rolled forward to `target`, and starts it as a primary on a timeline of its own.
    ///
    /// # Errors
    /// [`PostgresError`]; one that died says why: the archive may end before `target`.
    pub async fn restore(
        house: &Arc<House>,
        backup: &Backup,
        target: Target,
        name: &str,
        at: SocketAddrV4,
    ) -> Result<Self, PostgresError> {
        Self::restore_with(house, (backup, &house.archive(&backup.source)), target, name, at).await
    }

    /// Makes a server from a backup as [`Server::restore`] does, with what came after it in a folder of its own.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn restore_with(
        house: &Arc<House>,
        (backup, log): (&Backup, &Path),
        target: Target,
        name: &str,
        at: SocketAddrV4,
    ) -> Result<Self, PostgresError> {
        let mut server = Self::empty(house, name, at);
        let mut copy = house.programs().system("cp", house.folder());
        copy.arg("-a").arg(&backup.folder).arg(server.data());
        server.run("cp", copy).await?;
        let fetch = format!("restore_command = 'cp \"{}/%f\" \"%p\"'\n", log.display());
        let recovery = match target {
            Target::Itself => String::new(),
            Target::Latest => fetch,
            Target::Position(position) => format!(
                "{fetch}recovery_target_lsn = '{position}'\nrecovery_target_inclusive = off\n\
                 recovery_target_action = 'promote'\n"
            ),
            Target::Time(time) => format!(
                "{fetch}recovery_target_time = '{}'\nrecovery_target_action = 'promote'\n",
                time.format("%Y-%m-%d %H:%M:%S%.6f+00")
            ),
        };
        server.configure(&recovery)?;
        if target != Target::Itself {
            house.write(&server.data().join("recovery.signal"), "")?;
        }
        server.start().await?;
        server.until(Condition::Primary, "become a primary").await?;
        server.configure("")?;
        Ok(server)
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns where it listens.
    pub fn at(&self) -> SocketAddrV4 {
        self.at
    }

    /// Returns the URL of one of its databases, with the superuser's password.
    pub fn url(&self, dbname: &str) -> String {
        format!("postgresql://postgres:{}@{}/{dbname}", self.house.password(), self.at)
    }

    /// Says what it does.
    pub fn condition(&mut self) -> Condition {
        match self.process.as_mut().map(Child::try_wait) {
            Some(Ok(None)) => {}
            _ => return Condition::Down,
        }
        let status = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        match (status.lines().nth(7).map(str::trim), self.is_in_production()) {
            (Some("ready"), true) => Condition::Primary,
            (Some("ready"), false) => Condition::Standby,
            _ => Condition::Busy,
        }
    }

    /// Starts it and waits until it lets people in.
    ///
    /// # Errors
    /// [`PostgresError::Died`] with the end of its log.
    pub async fn start(&mut self) -> Result<(), PostgresError> {
        let log = self.log();
        let file_of = || fs::OpenOptions::new().create(true).append(true).open(&log);
        let out = file_of().map_err(|source| file("open", &log, source))?;
        let err = file_of().map_err(|source| file("open", &log, source))?;
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).stdout(out).stderr(err);
        let started = postgres.spawn();
        self.process = Some(started.map_err(|source| PostgresError::Start { program: "postgres".to_owned(), source })?);
        let began = Instant::now();
        loop {
            match self.condition() {
                Condition::Primary | Condition::Standby => return Ok(()),
                Condition::Down => return Err(self.died()),
                Condition::Busy => {}
            }
            if began.elapsed() > PATIENCE {
                return Err(self.late("start"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Stops it in order: what is acknowledged is on the disk and, if its replicas are there, with them.
    ///
    /// # Errors
    /// [`PostgresError::Late`].
    pub async fn stop(&mut self) -> Result<(), PostgresError> {
        self.end(rustix::process::Signal::INT).await
    }

    /// Ends it as a power cut would: nothing is finished, the next start recovers.
    ///
    /// # Errors
    /// [`PostgresError::Late`].
    pub async fn crash(&mut self) -> Result<(), PostgresError> {
        self.end(rustix::process::Signal::QUIT).await
    }

    async fn end(&mut self, signal: rustix::process::Signal) -> Result<(), PostgresError> {
        let Some(process) = self.process.as_mut() else { return Ok(()) };
        let pid = process.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // It may just have ended by itself.
            rustix::process::kill_process(pid, signal).ok();
        }
        if tokio::time::timeout(PATIENCE, process.wait()).await.is_err() {
            return Err(self.late("stop"));
        }
        self.process = None;
        Ok(())
    }

    /// Makes a replica a primary, and waits until it takes writes.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn promote(&mut self) -> Result<(), PostgresError> {
        let mut promote = self.command("pg_ctl");
        promote.args(["promote", "-w", "-s", "-D"]).arg(self.data());
        self.run("pg_ctl promote", promote).await?;
        self.until(Condition::Primary, "take writes").await
    }

    /// Executes statements with `psql` and returns what it prints: rows a line each, columns with `|` between them.
    ///
    /// # Errors
    /// [`PostgresError::Failed`] with the server's words.
    pub async fn sql(&self, dbname: &str, statements: &str) -> Result<String, PostgresError> {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", dbname, "-c", statements]);
        let said = self.run("psql", psql).await?;
        Ok(said.trim_end().to_owned())
    }

    /// Holds a replica back: it receives what its source writes, and shows nothing of it until [`Server::catch_up`].
    ///
    /// # Errors
    /// [`PostgresError::Failed`], on a primary too.
    pub async fn hold_back(&self) -> Result<(), PostgresError> {
        self.sql("postgres", "SELECT pg_wal_replay_pause()").await.map(drop)
    }

    /// Lets a replica go on.
    ///
    /// # Errors
    /// [`PostgresError::Failed`], on a primary too.
    pub async fn catch_up(&self) -> Result<(), PostgresError> {
        self.sql("postgres", "SELECT pg_wal_replay_resume()").await.map(drop)
    }

    /// Takes a base backup.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn backup(&self, name: &str) -> Result<Backup, PostgresError> {
        Backup::take(&self.house, (&self.name, self.at), name).await
    }

    /// Brings everything that is committed by now into the archive.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn archive(&self) -> Result<(), PostgresError> {
        let last = self.sql("postgres", "SELECT pg_walfile_name(pg_switch_wal())").await?;
        let path = self.house.archive(&self.name).join(last);
        let began = Instant::now();
        while !path.exists() {
            if began.elapsed() > PATIENCE {
                return Err(self.late("archive its log"));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Dumps a database into a file, in the custom format.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn dump(&self, dbname: &str, path: &Path) -> Result<(), PostgresError> {
        dump(&self.house, (&self.name, self.at), (dbname, ""), path).await
    }

    /// Restores a dump into an empty database, all of it or nothing.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn undump(&self, dbname: &str, path: &Path) -> Result<(), PostgresError> {
        let mut restore = self.client("pg_restore");
        restore.args(["--exit-on-error", "--single-transaction", "-d", dbname]).arg(path);
        self.run("pg_restore", restore).await.map(drop)
    }

    /// Stops it at once and removes its data. Backups and the archive stay.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn delete(mut self) -> Result<(), PostgresError> {
        self.crash().await?;
        let data = self.data();
        fs::remove_dir_all(&data).map_err(|source| file("remove", &data, source))
    }

    fn empty(house: &Arc<House>, name: &str, at: SocketAddrV4) -> Self {
        Self { house: house.clone(), name: name.to_owned(), at, process: None }
    }

    fn data(&self) -> PathBuf {
        self.house.data(&self.name)
    }

    fn log(&self) -> PathBuf {
        self.house.folder().join(format!("{}.log", self.name))
    }

    /// Writes the settings that are this server's own; `more` are those of a recovery.
    fn configure(&self, more: &str) -> Result<(), PostgresError> {
        let archive = self.house.archive(&self.name);
        if !archive.exists() {
            self.house.make(&archive)?;
        }
        let archive = archive.display();
        let (address, port) = (self.at.ip(), self.at.port());
        let text = format!(
            "listen_addresses = '{address}'\n\
             port = {port}\n\
             unix_socket_directories = ''\n\
             # Nothing here is worth more than this machine's next restart.\n\
             fsync = off\n\
             shared_buffers = 16MB\n\
             max_connections = 60\n\
             wal_level = replica\n\
             max_wal_senders = 10\n\
             max_replication_slots = 10\n\
             max_wal_size = 64MB\n\
             # A base backup that begins its stream late still finds where it begins.\n\
             wal_keep_size = 128MB\n\
             hot_standby = on\n\
             wal_retrieve_retry_interval = 200ms\n\
             wal_receiver_status_interval = 1s\n\
             # A link that is slow on purpose is not dead.\n\
             wal_receiver_timeout = 0\n\
             wal_sender_timeout = 0\n\
             archive_mode = on\n\
             archive_timeout = 5s\n\
             archive_command = 'test ! -f \"{archive}/%f\" && cp \"%p\" \"{archive}/.%f\" && mv \"{archive}/.%f\" \"{archive}/%f\"'\n\
             track_commit_timestamp = on\n\
             timezone = 'UTC'\n\
             log_timezone = 'UTC'\n\
             lc_messages = 'C'\n\
             {more}"
        );
        self.house.write(&self.data().join("lifeboat.conf"), &text)
    }

    /// Reads from the control file whether recovery is over, as `pg_ctl promote` does.
    fn is_in_production(&self) -> bool {
        // The state follows the system identifier and two versions, in all versions of the file.
        let control = fs::read(self.data().join("global/pg_control")).unwrap_or_default();
        let state = control.get(STATE..STATE + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_ne_bytes);
        state == Some(IN_PRODUCTION)
    }

    fn command(&self, program: &str) -> Command {
        self.house.programs().command(program, self.house.folder())
    }

    /// Prepares a program that connects to this server.
    fn client(&self, program: &str) -> Command {
        client(&self.house, program, self.at)
    }

    async fn run(&self, program: &str, command: Command) -> Result<String, PostgresError> {
        run(&self.name, program, command).await
    }

    async fn until(&mut self, wanted: Condition, what: &'static str) -> Result<(), PostgresError> {
        let began = Instant::now();
        loop {
            match self.condition() {
                condition if condition == wanted => return Ok(()),
                Condition::Down => return Err(self.died()),
                _ if began.elapsed() > PATIENCE => return Err(self.late(what)),
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    fn died(&self) -> PostgresError {
        PostgresError::Died { server: self.name.clone(), said: self.last_words() }
    }

    fn late(&self, what: &'static str) -> PostgresError {
        let within = PATIENCE.as_secs();
        PostgresError::Late { server: self.name.clone(), what, within, said: self.last_words() }
    }

    fn last_words(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        tail(log.trim()).replace('\n', "; ")
    }
}

impl Backup {
    /// Takes a base backup of the server of that name, which answers at that address.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub async fn take(
        house: &Arc<House>,
        (source, at): (&str, SocketAddrV4),
        name: &str,
    ) -> Result<Self, PostgresError> {
        let folder = house.folder().join("backups").join(name);
        let mut copy = client(house, "pg_basebackup", at);
        copy.arg("-D").arg(&folder).args(["-X", "stream", "-c", "fast", "--no-sync"]);
        run(source, "pg_basebackup", copy).await?;
        Ok(Self { folder, source: source.to_owned(), ended: Utc::now() })
    }
}

/// Dumps a database of the server of that name, which answers at that address, into a file, in the custom format: as a
/// snapshot that somebody holds shows it, or where that has no name as it is.
///
/// # Errors
/// [`PostgresError`].
pub async fn dump(
    house: &House,
    (server, at): (&str, SocketAddrV4),
    (dbname, snapshot): (&str, &str),
    path: &Path,
) -> Result<(), PostgresError> {
    let mut dump = client(house, "pg_dump", at);
    dump.args(["-F", "c", "-Z", "1", "-d", dbname, "-f"]).arg(path);
    if !snapshot.is_empty() {
        dump.args(["--snapshot", snapshot]);
    }
    run(server, "pg_dump", dump).await.map(drop)
}

/// Returns the name of the slot in which a source keeps what the replica of that name has not received.
pub fn slot(name: &str) -> String {
    name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// Prepares a program that connects to the server at `at`.
fn client(house: &House, program: &str, at: SocketAddrV4) -> Command {
    let mut command = house.programs().command(program, house.folder());
    let (address, port) = (at.ip().to_string(), at.port().to_string());
    command.env("PGPASSWORD", house.password()).env("PGCONNECT_TIMEOUT", "10");
    command.args(["-h", &address, "-p", &port, "-U", "postgres", "-w"]);
    command
}

async fn run(server: &str, program: &str, mut command: Command) -> Result<String, PostgresError> {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).output().await;
    let output = output.map_err(|source| PostgresError::Start { program: program.to_owned(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = tail(said.trim()).replace('\n', "; ");
    Err(PostgresError::Failed { program: program.to_owned(), server: server.to_owned(), said })
}

fn tail(text: &str) -> &str {
    let from = text.len().saturating_sub(QUOTED);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(from..).unwrap_or_default()
}

fn file(doing: &'static str, path: &Path, source: std::io::Error) -> PostgresError {
    PostgresError::File { doing, path: path.to_owned(), source }
}
