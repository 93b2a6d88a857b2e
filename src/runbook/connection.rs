//! The front matter's `connections`: PostgreSQL databases that `sql` fences reach by name, and how the fences do.

use super::build::ActionPlace;
use super::front::{Front, Reader, Text};
use super::sink::{Sink, nearest};
use super::{Action, Impact, Meta, sql, words};

/// The port of PostgreSQL.
const PORT: &str = "5432";

impl Meta {
    /// Finds the connection that `db` names; without a name it is the only one there is.
    pub fn connection(&self, db: Option<&str>) -> Option<&Connection> {
        match (db, self.connections.as_slice()) {
            (Some(name), all) => all.iter().find(|connection| connection.name == name),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

/// Says how a PostgreSQL database is reached; every text may use `${NAME}`, and is resolved when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// What `db=` names.
    pub name: String,
    /// A host name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port.
    pub port: String,
    /// The database.
    pub dbname: String,
    /// The role to log in as.
    pub user: String,
    /// Its password.
    pub password: Option<String>,
    /// How the connection is protected.
    pub sslmode: SslMode,
    /// A PEM file with the certificates that are trusted; `None`: those of this machine.
    pub sslrootcert: Option<String>,
    /// The line of the file that declares it, from 1.
    pub line: usize,
}

/// Says how a connection to a database is protected, as libpq's `sslmode` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server can.
    Prefer,
    /// Encrypted; whoever answers is believed.
    Require,
    /// Encrypted, with a certificate that somebody trusted has signed.
    VerifyCa,
    /// And it is for this host.
    VerifyFull,
}

impl SslMode {
    /// Lists the modes with their words.
    pub const ALL: [(&'static str, Self); 5] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// Finds the mode of that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, mode)| *mode)
    }
}

/// Is a connection as it is written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConnection {
    host: Text,
    port: Option<Text>,
    dbname: Text,
    user: Text,
    password: Option<Text>,
    sslmode: Option<Text>,
    sslrootcert: Option<Text>,
}

impl RawConnection {
    /// Checks a connection; what its variables hold is not known yet.
    pub(super) fn clean(self, name: &Text, reader: &Reader<'_>, sink: &mut Sink<'_>) -> Option<Connection> {
        let at = reader.at(name);
        if !super::action::is_name(&name.value) {
            let message = format!("`{}` cannot be the name of a connection", name.value);
            sink.error("connection", at, message, "use letters, digits, `-` and `_`");
            return None;
        }
        for (key, text) in [("host", &self.host), ("dbname", &self.dbname), ("user", &self.user)] {
            if text.value.trim().is_empty() {
                let message = format!("the connection `{}` has an empty `{key}`", name.value);
                sink.error(
                    "connection",
                    reader.at(text),
                    message,
                    format!("write `{key}: …`, or `{key}: \"${{NAME}}\"`"),
                );
                return None;
            }
        }
        if let Some(port) = &self.port
            && words::variables(&port.value).is_empty()
            && !port.value.parse::<u16>().is_ok_and(|port| port != 0)
        {
            let message = format!("`{}` is not a port", port.value);
            sink.error("connection", reader.at(port), message, "write a number from 1 to 65535, or a variable");
        }
        if let Some(password) = self.password.as_ref().filter(|text| words::variables(&text.value).is_empty()) {
            sink.warn(
                "connection",
                reader.at(password),
                "this password stands in the runbook, where everybody reads it",
                "name a variable: `password: \"${DB_PASSWORD}\"`, with an input that comes `from: env`",
            );
        }
        let sslmode = match &self.sslmode {
            None => SslMode::Prefer,
            Some(word) => SslMode::named(&word.value).unwrap_or_else(|| {
                let known = SslMode::ALL.map(|(word, _)| word);
                let list = known.join(", ");
                let help = nearest(&word.value, known).map_or_else(
                    || format!("use one of {list}"),
                    |near| format!("did you mean `{near}`? It can be {list}"),
                );
                sink.error("connection", reader.at(word), format!("there is no sslmode `{}`", word.value), help);
                SslMode::VerifyFull
            }),
        };
        Some(Connection {
            name: name.value.clone(),
            host: self.host.value,
            port: self.port.map_or_else(|| PORT.to_owned(), |port| port.value),
            dbname: self.dbname.value,
            user: self.user.value,
            password: self.password.map(|password| password.value),
            sslmode,
            sslrootcert: self.sslrootcert.map(|path| path.value),
            line: sink.source.line_of(at.start),
        })
    }
}

impl Connection {
    /// Lists the texts that may hold variables.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        let optional = [self.password.as_deref(), self.sslrootcert.as_deref()];
        [self.host.as_str(), &self.port, &self.dbname, &self.user].into_iter().chain(optional.into_iter().flatten())
    }
}

/// Reports what is wrong with an `sql` fence: its connection, its text, what a read-only transaction refuses.
pub(super) fn check(front: &Front, action: &Action, place: &ActionPlace<'_>, sink: &mut Sink<'_>) {
    let db_at =
        place.attributes.iter().find(|attribute| attribute.key == "db").map(|attribute| attribute.value_at.clone());
    if front.meta.connection(action.db.as_deref()).is_none() && !sink.has("front-matter") {
        let names = front.meta.connections.iter().map(|connection| connection.name.as_str());
        let list = names.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let example = "`connections: { west: { host: …, dbname: …, user: … } }`";
        let (message, help) = match (&action.db, front.meta.connections.is_empty()) {
            (Some(db), true) => (
                format!("there is no connection `{db}`"),
                format!("add {example} to the front matter, with its own values"),
            ),
            (Some(db), false) => (
                format!("there is no connection `{db}`"),
                nearest(db, names)
                    .map_or_else(|| format!("the front matter has {list}"), |near| format!("did you mean `{near}`?")),
            ),
            (None, true) => ("no database is named".to_owned(), format!("add {example} to the front matter")),
            (None, false) => (
                "this fence does not say which database it is for".to_owned(),
                format!("write `db=` with one of {list}"),
            ),
        };
        sink.error_if_annotated("connection", db_at.unwrap_or_else(|| place.fence.clone()), message, help);
    }
    match sql::statements(&action.code) {
        Err(bad) => sink.error_if_annotated("bad-sql", place.node.place(bad.at), bad.message, bad.help),
        Ok(_) if action.impact > Impact::Observe => {}
        Ok(_) => {
            let Some((statement, at)) = sql::refused_read_only(&action.code) else { return };
            let verb = &statement.verb;
            let (message, help) = if statement.rules_a_transaction() {
                let message = format!("`{verb}` would leave the read-only transaction in which this fence runs");
                (message, "take it out; or write `impact=change`, and the fence's transactions are its own")
            } else {
                let message = format!("`{verb}` changes something, and this fence runs in a read-only transaction");
                (message, "say so: `impact=change`, `disrupt` or `irreversible`")
            };
            sink.error_if_annotated("bad-sql", place.node.place(at), message, help);
        }
    }
}
