//! One connection to a PostgreSQL server: log in, bind, execute, cancel, leave.
//!
//! Results come in the server's text format, for every type the same as `psql` shows. One row is in memory at a time, and
//! a server is read only as fast as its rows are taken.

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::IsNull;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{Header, Message};
use postgres_protocol::message::frontend;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::connect::{self, Peer, Stream};
use super::refusal::{ServerError, Trouble};
use super::rows::{Columns, Passed, Take};
use super::{GRACE, SqlContext};
use crate::engine::Database;

/// The most that one row may take.
const LONGEST_MESSAGE: usize = 64 * 1024 * 1024;
/// How much is read at once.
const CHUNK: usize = 32 * 1024;
/// How much of the server's notices is kept.
const NOTICES: usize = 64 * 1024;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// Is an open connection.
pub struct Session {
    stream: Stream,
    peer: Peer,
    incoming: BytesMut,
    outgoing: BytesMut,
    key: Option<(i32, i32)>,
    version: u32,
    status: u8,
    busy: bool,
    notices: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("peer", &self.peer).field("version", &self.version).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`Trouble`], without the name of the database.
    pub async fn open(cx: &SqlContext, database: &Database) -> Result<Self, Trouble> {
        let (stream, peer) = connect::reach(cx, database).await?;
        let mut session = Self {
            stream,
            peer,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
            key: None,
            version: 0,
            status: b'I',
            busy: false,
            notices: String::new(),
        };
        session.log_in(database).await?;
        Ok(session)
    }

    /// Returns the server's major version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Says whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.status == b'T'
    }

    /// Gives away what the server remarked.
    pub fn take_notices(&mut self) -> String {
        std::mem::take(&mut self.notices)
    }

    /// Has the server end a statement, and an open transaction, that takes longer than `limit`; and end what runs when
    /// this side is gone without a word.
    pub async fn limit(&mut self, limit: Duration) -> Result<(), Trouble> {
        let ms = limit.as_millis().clamp(1, 2_000_000_000);
        let mut settings = format!(
            "SET standard_conforming_strings = on; SET statement_timeout = {ms}; \
             SET idle_in_transaction_session_timeout = {ms}"
        );
        if self.version >= 14 {
            settings.push_str("; SET client_connection_check_interval = 2000");
        }
        self.batch(&settings).await
    }

    /// Executes statements without values, and passes over what they give.
    ///
    /// # Errors
    /// The first refusal; later statements are not executed then.
    pub async fn batch(&mut self, statements: &str) -> Result<(), Trouble> {
        self.busy = true;
        frontend::query(statements, &mut self.outgoing).map_err(unsendable)?;
        self.send().await?;
        self.results(&mut Passed).await.map(drop)
    }

    /// Executes one statement with `values` for `$1`, `$2` …, whose types the server infers. Returns the command tag.
    ///
    /// # Errors
    /// The server's refusal, a broken connection, or that `take` could not take a row.
    pub async fn execute(&mut self, statement: &str, values: &[&str], take: &mut dyn Take) -> Result<String, Trouble> {
        self.busy = true;
        frontend::parse("", statement, [], &mut self.outgoing).map_err(unsendable)?;
        let text = |value: &&str, buffer: &mut BytesMut| {
            buffer.extend_from_slice(value.as_bytes());
            Ok(IsNull::No)
        };
        frontend::bind("", "", [], values, text, [], &mut self.outgoing)
            .map_err(|_| Trouble::Unusable("the values are too long to be sent".to_owned()))?;
        frontend::describe(b'P', "", &mut self.outgoing).map_err(unsendable)?;
        frontend::execute("", 0, &mut self.outgoing).map_err(unsendable)?;
        frontend::sync(&mut self.outgoing);
        self.send().await?;
        self.results(take).await
    }

    /// Reads what statements give, up to the server's word that it is ready for the next.
    async fn results(&mut self, take: &mut dyn Take) -> Result<String, Trouble> {
        let (mut tag, mut refused) = (String::new(), None);
        loop {
            let message = match (self.message().await, refused.take()) {
                (Ok(message), before) => {
                    refused = before;
                    message
                }
                // A server that ends the connection has said why.
                (Err(_), Some(error)) => return Err(Trouble::Refused(error)),
                (Err(trouble), None) => return Err(trouble),
            };
            match message {
                Message::DataRow(row) => take.row(&Columns::new(&row)).map_err(Trouble::Output)?,
                Message::CopyData(data) => take.copied(&data.into_bytes()).map_err(Trouble::Output)?,
                Message::CommandComplete(body) => body.tag().unwrap_or_default().clone_into(&mut tag),
                Message::ErrorResponse(body) => refused = Some(ServerError::read(body.fields())),
                Message::CopyInResponse(_) => {
                    let why = "this statement waits for data, and there is none to send";
                    frontend::copy_fail(why, &mut self.outgoing).map_err(unsendable)?;
                    // What was sent before is passed over while the server waits for data.
                    frontend::sync(&mut self.outgoing);
                    self.send().await?;
                }
                Message::ReadyForQuery(body) => {
                    self.status = body.status();
                    self.busy = false;
                    return refused.map_or(Ok(tag), |error| Err(Trouble::Refused(error)));
                }
                _ => {}
            }
        }
    }

    /// Asks the server to stop what it does, and waits a little until it has.
    pub async fn cancel(&mut self, database: &Database) {
        let (true, Some((process, secret))) = (self.busy, self.key) else { return };
        let asked = tokio::time::timeout(GRACE, async {
            let mut stream = connect::again(&self.peer, database).await?;
            let mut request = BytesMut::new();
            frontend::cancel_request(process, secret, &mut request);
            stream.write_all(&request).await?;
            stream.flush().await?;
            // The server hangs up once it has passed the request on.
            let mut nothing = [0; 1];
            stream.read(&mut nothing).await.map(drop)
        });
        if !matches!(asked.await, Ok(Ok(()))) {
            tracing::warn!(database = database.words(), "the server could not be asked to cancel a statement");
        }
        let stopped = async {
            while let Ok(message) = self.message().await {
                if matches!(message, Message::ReadyForQuery(_)) {
                    self.busy = false;
                    break;
                }
            }
        };
        drop(tokio::time::timeout(GRACE, stopped).await);
    }

    /// Says good-bye, so that the server's process ends at once.
    pub async fn close(mut self) {
        frontend::terminate(&mut self.outgoing);
        let farewell = async {
            self.send().await.ok();
            self.stream.shutdown().await.ok();
        };
        drop(tokio::time::timeout(FAREWELL, farewell).await);
    }

    async fn send(&mut self) -> Result<(), Trouble> {
        let sent = async {
            self.stream.write_all_buf(&mut self.outgoing).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| broken(&error))
    }

    /// Reads one message, keeping what the server says on the side.
    async fn message(&mut self) -> Result<Message, Trouble> {
        loop {
            if let Some(header) = Header::parse(&self.incoming).map_err(|error| garbled(&error))?
                && usize::try_from(header.len()).unwrap_or(usize::MAX) > LONGEST_MESSAGE
            {
                return Err(Trouble::Unusable(format!(
                    "a row of more than {} MiB came; select less of it",
                    LONGEST_MESSAGE / 1024 / 1024
                )));
            }
            match Message::parse(&mut self.incoming).map_err(|error| garbled(&error))? {
                Some(Message::NoticeResponse(body)) => {
                    let notice = ServerError::read(body.fields());
                    if self.notices.len() < NOTICES {
                        let line = format!("{}: {}{}\n", notice.severity, notice.message, notice.rest);
                        self.notices.push_str(&line);
                    }
                }
                Some(Message::ParameterStatus(body)) => {
                    if body.name().ok() == Some("server_version") {
                        let text = body.value().unwrap_or_default();
                        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
                        self.version = text.get(..digits).and_then(|major| major.parse().ok()).unwrap_or(0);
                    }
                }
                Some(Message::NotificationResponse(_)) => {}
                Some(message) => return Ok(message),
                None => {
                    self.incoming.reserve(CHUNK);
                    let read = self.stream.read_buf(&mut self.incoming).await.map_err(|error| broken(&error))?;
                    if read == 0 {
                        return Err(Trouble::Unreachable("the server broke the connection off".to_owned()));
                    }
                }
            }
        }
    }

    async fn log_in(&mut self, database: &Database) -> Result<(), Trouble> {
        let parameters = [
            ("user", database.user.as_str()),
            ("database", database.dbname.as_str()),
            ("application_name", "lifeboat"),
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, MDY"),
            ("TimeZone", "UTC"),
        ];
        frontend::startup_message(parameters, &mut self.outgoing).map_err(unsendable)?;
        self.send().await?;
        let mut scram = None;
        loop {
            match self.message().await? {
                Message::AuthenticationOk => {}
                Message::AuthenticationCleartextPassword => {
                    if !self.peer.is_private() {
                        return Err(Trouble::Unusable(
                            "the server asks for the password over a connection that is not encrypted; it was not sent; \
                             set `sslmode: require` or better"
                                .to_owned(),
                        ));
                    }
                    frontend::password_message(password(database)?.as_bytes(), &mut self.outgoing)
                        .map_err(unsendable)?;
                    self.send().await?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(database.user.as_bytes(), password(database)?.as_bytes(), body.salt());
                    frontend::password_message(hash.as_bytes(), &mut self.outgoing).map_err(unsendable)?;
                    self.send().await?;
                }
                Message::AuthenticationSasl(body) => {
                    let knows = body.mechanisms().any(|name| Ok(name == SCRAM_SHA_256)).map_err(|e| garbled(&e))?;
                    if !knows {
                        return Err(another_way());
                    }
                    let exchange = ScramSha256::new(password(database)?.as_bytes(), ChannelBinding::unsupported());
                    frontend::sasl_initial_response(SCRAM_SHA_256, exchange.message(), &mut self.outgoing)
                        .map_err(unsendable)?;
                    self.send().await?;
                    scram = Some(exchange);
                }
                Message::AuthenticationSaslContinue(body) => {
                    let exchange = scram.as_mut().ok_or_else(another_way)?;
                    exchange.update(body.data()).map_err(|error| garbled(&error))?;
                    frontend::sasl_response(exchange.message(), &mut self.outgoing).map_err(unsendable)?;
                    self.send().await?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    let exchange = scram.as_mut().ok_or_else(another_way)?;
                    exchange.finish(body.data()).map_err(|_| {
                        Trouble::Unusable(
                            "the server does not know the password itself, so it is another one".to_owned(),
                        )
                    })?;
                }
                Message::BackendKeyData(body) => self.key = Some((body.process_id(), body.secret_key())),
                Message::ReadyForQuery(body) => {
                    self.status = body.status();
                    return Ok(());
                }
                Message::ErrorResponse(body) => return Err(Trouble::Refused(ServerError::read(body.fields()))),
                _ => return Err(another_way()),
            }
        }
    }
}

fn password(database: &Database) -> Result<&str, Trouble> {
    let password = database.password.as_ref().map(|password| password.reveal().as_str());
    password.filter(|password| !password.is_empty()).ok_or_else(|| {
        Trouble::Unusable(format!("the server asks for the password of {}, and the connection has none", database.user))
    })
}

fn another_way() -> Trouble {
    Trouble::Unusable("the server wants a way of logging in that lifeboat does not know; it knows passwords".to_owned())
}

fn unsendable(error: io::Error) -> Trouble {
    Trouble::Unusable(format!("it cannot be sent: {error}"))
}

fn garbled(error: &io::Error) -> Trouble {
    Trouble::Unreachable(format!("what answers there does not speak PostgreSQL's protocol: {error}"))
}

fn broken(error: &io::Error) -> Trouble {
    Trouble::Unreachable(format!("the connection broke: {error}"))
}
