//! Takes a fingerprint: one connection, one snapshot, one scan a table.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::manifest::{Extension, Manifest, Schema, Sequence, Table, Watermark};
use super::schema;
use crate::engine::Database;
use crate::exec::sql::{Columns, Session, SqlContext, Take, Trouble};
use crate::kernel::Sha256Hex;

/// Settings that text output depends on, with the values that every fingerprint is taken with.
const SETTINGS: [(&str, &str); 10] = [
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "3"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("search_path", "pg_catalog"),
    ("xmlbinary", "base64"),
];

/// No limit of the server's ends a long scan, no policy hides rows unsaid, and a server whose client is gone stops.
const SESSION: &str = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
                       SET row_security = off; SET quote_all_identifiers = off";

/// The first version whose rows can be hashed with 64 bits.
const OLDEST: u32 = 11;

/// Names a table that only grows, and the column by which it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendOnly {
    /// The table with its schema, as the manifest writes it: `public.orders`.
    pub table: String,
    /// The column.
    pub column: String,
}

/// Says what is wanted of a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish<'w> {
    /// All rows of all tables, with the watermarks of these.
    Whole(&'w [AppendOnly]),
    /// The rows up to the watermarks of this manifest; tables without one are not read.
    UpTo(&'w Manifest),
}

/// Says which state of the database is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshot<'s> {
    /// One of its own.
    Own,
    /// The one that another session holds and exported under this name, so that a dump is of the same moment.
    Exported(&'s str),
}

impl Snapshot<'_> {
    /// Writes how a transaction in it begins.
    fn begin(self) -> String {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        match self {
            Self::Own => begin.to_owned(),
            Self::Exported(name) => format!("{begin}; SET TRANSACTION SNAPSHOT '{}'", name.replace('\'', "''")),
        }
    }
}

/// Says why there is no fingerprint.
#[derive(Debug, thiserror::Error)]
pub enum FingerprintError {
    /// The database did not do what was asked.
    #[error("{place}: {doing}: {trouble}")]
    Database {
        /// Which database.
        place: String,
        /// What was being done.
        doing: String,
        /// Why not.
        trouble: Trouble,
    },
    /// The server is too old.
    #[error("{place}: PostgreSQL {version} cannot hash rows with 64 bits; version {OLDEST} can")]
    TooOld {
        /// Which database.
        place: String,
        /// Its version.
        version: u32,
    },
    /// An append-only table that is not there.
    #[error("{place} has no table {table}; name it with its schema, as in `public.orders:id`")]
    NoTable {
        /// Which database.
        place: String,
        /// The table.
        table: String,
    },
    /// A watermark column that has no value in some rows.
    #[error("{table}: {rows} rows have no {column}, so it does not say how far the table has grown")]
    NullWatermark {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// How many rows.
        rows: String,
    },
    /// The operator interrupted it.
    #[error("interrupted; the server was asked to stop")]
    Interrupted,
}

/// Takes the fingerprint of a database. `said` hears what is being read; `stop` ends it early.
///
/// # Errors
/// [`FingerprintError`], naming the database and the table.
pub async fn take(
    cx: &SqlContext,
    database: &Database,
    (wish, snapshot): (Wish<'_>, Snapshot<'_>),
    said: &mut (dyn FnMut(&str) + Send),
    stop: impl Future<Output = ()>,
) -> Result<Manifest, FingerprintError> {
    let place = database.words();
    let failed =
        |doing: &str, trouble| FingerprintError::Database { place: place.clone(), doing: doing.to_owned(), trouble };
    tokio::pin!(stop);
    let opened = tokio::select! {
        opened = tokio::time::timeout(cx.timeout, Session::open(cx, database)) => opened,
        () = &mut stop => return Err(FingerprintError::Interrupted),
    };
    let late = || Trouble::Unreachable(format!("nothing within {}", crate::kernel::say_duration(cx.timeout)));
    let mut session = opened.unwrap_or_else(|_| Err(late())).map_err(|trouble| failed("connecting", trouble))?;
    if session.version() < OLDEST {
        let version = session.version();
        session.close().await;
        return Err(FingerprintError::TooOld { place, version });
    }
    let mut reader = Reader { session: &mut session, place: &place, doing: String::new(), said };
    let taken = tokio::select! {
        taken = reader.whole(&database.dbname, wish, snapshot) => taken,
        () = &mut stop => Err(FingerprintError::Interrupted),
    };
    if matches!(taken, Err(FingerprintError::Interrupted)) {
        session.cancel(database).await;
    }
    session.close().await;
    taken
}

struct Reader<'r> {
    session: &'r mut Session,
    place: &'r str,
    doing: String,
    said: &'r mut (dyn FnMut(&str) + Send),
}

type Cells = Vec<Option<String>>;

impl Reader<'_> {
    async fn whole(
        &mut self,
        dbname: &str,
        wish: Wish<'_>,
        snapshot: Snapshot<'_>,
    ) -> Result<Manifest, FingerprintError> {
        let mut manifest = Manifest::new(dbname);
        self.begin("opening a snapshot");
        self.batch(SESSION).await?;
        for (name, value) in SETTINGS {
            self.batch(&format!("SET {name} = '{value}'")).await?;
        }
        if self.session.version() >= 14 {
            self.batch("SET client_connection_check_interval = 2000").await?;
        }
        self.batch(&snapshot.begin()).await?;
        self.head(&mut manifest).await?;
        self.begin("reading the structure");
        manifest.schema = self.structure().await?;
        for cells in
            self.rows("SELECT extname, extversion FROM pg_extension ORDER BY extname COLLATE \"C\"", &[]).await?
        {
            manifest.extensions.push(Extension { name: text(&cells, 0), version: text(&cells, 1) });
        }
        self.begin("reading the sequences");
        for cells in self.rows(SEQUENCES, &[]).await? {
            let last_value = cells.get(1).cloned().flatten().and_then(|value| value.parse().ok());
            manifest.sequences.push(Sequence { name: text(&cells, 0), last_value });
        }
        let names: Vec<String> = self.rows(TABLES, &[]).await?.iter().map(|cells| text(cells, 0)).collect();
        if let Wish::Whole(append_only) = wish
            && let Some(unknown) = append_only.iter().find(|wanted| !names.contains(&wanted.table))
        {
            return Err(FingerprintError::NoTable { place: self.place.to_owned(), table: unknown.table.clone() });
        }
        for name in names {
            self.begin(&format!("table {name}"));
            let table = match wish {
                Wish::Whole(append_only) => {
                    let column = append_only.iter().find(|wanted| wanted.table == name).map(|wanted| &wanted.column);
                    self.table(name, column).await?
                }
                Wish::UpTo(before) => {
                    let watermark = before.table(&name).and_then(|table| table.watermark.clone());
                    self.table_up_to(name, watermark).await?
                }
            };
            manifest.tables.push(table);
        }
        self.batch("COMMIT").await?;
        Ok(manifest)
    }

    async fn head(&mut self, manifest: &mut Manifest) -> Result<(), FingerprintError> {
        let head = self.rows(HEAD, &[]).await?.into_iter().next().unwrap_or_default();
        manifest.server_version = text(&head, 0);
        manifest.taken_at = text(&head, 1);
        manifest.in_recovery = text(&head, 2) == "t";
        manifest.lsn = text(&head, 3);
        manifest.large_objects = text(&head, 4).parse().unwrap_or_default();
        let mut settings = BTreeMap::new();
        let names = SETTINGS.iter().map(|(name, _)| *name).chain(["server_encoding"]);
        for name in names {
            let value = self.rows("SELECT current_setting($1)", &[name]).await?;
            settings.insert(name.to_owned(), value.first().map(|cells| text(cells, 0)).unwrap_or_default());
        }
        manifest.settings = settings;
        Ok(())
    }

    async fn structure(&mut self) -> Result<Schema, FingerprintError> {
        let mut kinds = BTreeMap::new();
        for (kind, query) in schema::QUERIES {
            let mut digest = Digested(Sha256::new());
            self.session.execute(query, &[], &mut digest).await.map_err(|trouble| self.failed(trouble))?;
            kinds.insert((*kind).to_owned(), Sha256Hex::from_digest(&digest.0.finalize()));
        }
        Ok(Schema(kinds))
    }

    async fn table(&mut self, name: String, column: Option<&String>) -> Result<Table, FingerprintError> {
        let Some(column) = column else {
            let found = self.rows(&format!("SELECT {FIGURES} FROM ONLY {name} AS t"), &[]).await?;
            return Ok(figures(name, found.first(), None));
        };
        let quoted = quoted(column);
        let query =
            format!("SELECT {FIGURES}, max(t.{quoted})::text, count(*) - count(t.{quoted}) FROM ONLY {name} AS t");
        let found = self.rows(&query, &[]).await?;
        let cells = found.first();
        let nulls = cells.map(|cells| text(cells, 3)).unwrap_or_default();
        if nulls != "0" {
            return Err(FingerprintError::NullWatermark { table: name, column: column.clone(), rows: nulls });
        }
        let value = cells.and_then(|cells| cells.get(2).cloned().flatten());
        Ok(figures(name, cells, Some(Watermark { column: column.clone(), value })))
    }

    /// Counts what stands up to a watermark; without one nothing is read.
    async fn table_up_to(&mut self, name: String, watermark: Option<Watermark>) -> Result<Table, FingerprintError> {
        let Some(Watermark { column, value: Some(value) }) = &watermark else {
            return Ok(figures(name, None, watermark));
        };
        let query = format!("SELECT {FIGURES} FROM ONLY {name} AS t WHERE t.{} <= $1", quoted(column));
        let found = self.rows(&query, &[value]).await?;
        Ok(figures(name, found.first(), watermark))
    }

    fn begin(&mut self, doing: &str) {
        doing.clone_into(&mut self.doing);
        (self.said)(doing);
    }

    fn failed(&self, trouble: Trouble) -> FingerprintError {
        FingerprintError::Database { place: self.place.to_owned(), doing: self.doing.clone(), trouble }
    }

    async fn batch(&mut self, statements: &str) -> Result<(), FingerprintError> {
        self.session.batch(statements).await.map_err(|trouble| self.failed(trouble))
    }

    async fn rows(&mut self, query: &str, values: &[&str]) -> Result<Vec<Cells>, FingerprintError> {
        let mut gathered = Gathered(Vec::new());
        self.session.execute(query, values, &mut gathered).await.map_err(|trouble| self.failed(trouble))?;
        Ok(gathered.0)
    }
}

/// One pass over a table: how many rows, and the sum of their hashes, which does not depend on their order.
const FIGURES: &str = "count(*), coalesce(sum(hashtextextended((t.*)::text COLLATE \"C\", 0)), 0)::text";

const HEAD: &str = "SELECT current_setting('server_version'), \
     to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), pg_is_in_recovery(), \
     CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, \
     (SELECT count(*) FROM pg_largeobject_metadata)";

const SEQUENCES: &str = "SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value \
     FROM pg_sequences ORDER BY schemaname COLLATE \"C\", sequencename COLLATE \"C\"";

/// Tables with rows of their own; what is unlogged is empty after a crash and unreadable on a standby.
const TABLES: &str = "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

fn figures(name: String, cells: Option<&Cells>, watermark: Option<Watermark>) -> Table {
    let rows = cells.map(|cells| text(cells, 0)).and_then(|rows| rows.parse().ok()).unwrap_or_default();
    let checksum = cells.map_or_else(|| "0".to_owned(), |cells| text(cells, 1));
    Table { name, rows, checksum, watermark }
}

fn text(cells: &Cells, at: usize) -> String {
    cells.get(at).cloned().flatten().unwrap_or_default()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Keeps all rows: for catalogues, which are small.
struct Gathered(Vec<Cells>);

impl Take for Gathered {
    fn row(&mut self, columns: &Columns<'_>) -> io::Result<()> {
        let cells = columns.values()?.into_iter();
        self.0.push(cells.map(|value| value.map(|value| String::from_utf8_lossy(value).into_owned())).collect());
        Ok(())
    }

    fn copied(&mut self, _: &Bytes) -> io::Result<()> {
        Ok(())
    }
}

/// Digests rows in their order; each value with its length, so that no two lists of values look the same.
struct Digested(Sha256);

impl Take for Digested {
    fn row(&mut self, columns: &Columns<'_>) -> io::Result<()> {
        for value in columns.values()? {
            match value {
                Some(value) => {
                    self.0.update((value.len() as u64).to_be_bytes());
                    self.0.update(value);
                }
                None => self.0.update(u64::MAX.to_be_bytes()),
            }
        }
        Ok(())
    }

    fn copied(&mut self, _: &Bytes) -> io::Result<()> {
        Ok(())
    }
}
