//! One connection of the estate itself to one of its servers: statements, their rows as text, copies in and out.

use std::net::SocketAddrV4;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a server may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much is read at once.
const CHUNK: usize = 32 * 1024;

/// Says why a server did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It refused a statement; the connection goes on.
    #[error("{0}")]
    Refused(String),
    /// The connection broke, or there was none.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Is a row: a text for each column, `None` for NULL.
pub type Row = Vec<Option<String>>;

/// Is an open connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    incoming: BytesMut,
    outgoing: BytesMut,
}

/// Collects what statements give.
#[derive(Default)]
struct Given {
    rows: Vec<Row>,
    copied: Vec<u8>,
}

impl Client {
    /// Connects to the server at `at` and logs in.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn open(at: SocketAddrV4, user: &str, password: &str, dbname: &str) -> Result<Self, QueryError> {
        let opened = async {
            let stream = TcpStream::connect(at).await.map_err(broken)?;
            stream.set_nodelay(true).ok();
            let mut client = Self { stream, incoming: BytesMut::new(), outgoing: BytesMut::new() };
            client.log_in(user, password, dbname).await?;
            Ok(client)
        };
        tokio::time::timeout(PATIENCE, opened).await.unwrap_or_else(|_| Err(late()))
    }

    /// Executes statements and returns all rows that they give.
    ///
    /// # Errors
    /// The first refusal, or that the connection broke.
    pub async fn query(&mut self, statements: &str) -> Result<Vec<Row>, QueryError> {
        frontend::query(statements, &mut self.outgoing).map_err(broken)?;
        Ok(self.exchange(None).await?.rows)
    }

    /// Executes a `COPY … FROM STDIN` with `data`.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn copy_in(&mut self, statement: &str, data: Vec<u8>) -> Result<(), QueryError> {
        frontend::query(statement, &mut self.outgoing).map_err(broken)?;
        self.exchange(Some(data)).await.map(drop)
    }

    /// Executes a `COPY … TO STDOUT` and returns what it gives.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn copy_out(&mut self, statement: &str) -> Result<Vec<u8>, QueryError> {
        frontend::query(statement, &mut self.outgoing).map_err(broken)?;
        Ok(self.exchange(None).await?.copied)
    }

    async fn exchange(&mut self, data: Option<Vec<u8>>) -> Result<Given, QueryError> {
        tokio::time::timeout(PATIENCE, self.converse(data)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn converse(&mut self, mut data: Option<Vec<u8>>) -> Result<Given, QueryError> {
        self.send().await?;
        let (mut given, mut refused) = (Given::default(), None);
        loop {
            match self.message().await? {
                Message::DataRow(body) => {
                    let bytes: &Bytes = body.buffer_bytes();
                    let columns = body.ranges().map(|range| Ok(range.and_then(|range| bytes.get(range)).map(text)));
                    given.rows.push(columns.collect().map_err(broken)?);
                }
                Message::CopyData(data) => given.copied.extend_from_slice(data.data()),
                Message::CopyInResponse(_) => {
                    match data.take() {
                        Some(data) => {
                            let data = frontend::CopyData::new(Bytes::from(data)).map_err(broken)?;
                            data.write(&mut self.outgoing);
                            frontend::copy_done(&mut self.outgoing);
                        }
                        None => {
                            frontend::copy_fail("there is nothing to copy", &mut self.outgoing).map_err(broken)?;
                        }
                    }
                    self.send().await?;
                }
                Message::ErrorResponse(body) => refused = refused.or(Some(said(body.fields()))),
                Message::ReadyForQuery(_) => return refused.map_or(Ok(given), |said| Err(QueryError::Refused(said))),
                _ => {}
            }
        }
    }

    async fn send(&mut self) -> Result<(), QueryError> {
        self.stream.write_all_buf(&mut self.outgoing).await.map_err(broken)
    }

    async fn message(&mut self) -> Result<Message, QueryError> {
        loop {
            match Message::parse(&mut self.incoming).map_err(broken)? {
                Some(Message::NoticeResponse(_) | Message::ParameterStatus(_) | Message::NotificationResponse(_)) => {}
                Some(message) => return Ok(message),
                None => {
                    self.incoming.reserve(CHUNK);
                    if self.stream.read_buf(&mut self.incoming).await.map_err(broken)? == 0 {
                        return Err(QueryError::Broken("the server hung up".to_owned()));
                    }
                }
            }
        }
    }

    async fn log_in(&mut self, user: &str, password: &str, dbname: &str) -> Result<(), QueryError> {
        let parameters = [
            ("user", user),
            ("database", dbname),
            ("application_name", "the practice estate"),
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, MDY"),
            ("TimeZone", "UTC"),
        ];
        frontend::startup_message(parameters, &mut self.outgoing).map_err(broken)?;
        self.send().await?;
        let mut exchange = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
        loop {
            match self.message().await? {
                Message::AuthenticationSasl(_) => {
                    frontend::sasl_initial_response(SCRAM_SHA_256, exchange.message(), &mut self.outgoing)
                        .map_err(broken)?;
                    self.send().await?;
                }
                Message::AuthenticationSaslContinue(body) => {
                    exchange.update(body.data()).map_err(broken)?;
                    frontend::sasl_response(exchange.message(), &mut self.outgoing).map_err(broken)?;
                    self.send().await?;
                }
                Message::AuthenticationSaslFinal(body) => exchange.finish(body.data()).map_err(broken)?,
                Message::ErrorResponse(body) => return Err(QueryError::Broken(said(body.fields()))),
                Message::ReadyForQuery(_) => return Ok(()),
                _ => {}
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn said(fields: postgres_protocol::message::backend::ErrorFields<'_>) -> String {
    let kept = fields.filter(|field| Ok(matches!(field.type_(), b'C' | b'M' | b'D')));
    let kept: Vec<String> = kept.map(|field| Ok(text(field.value_bytes()))).collect().unwrap_or_default();
    kept.join(": ")
}

fn broken(error: std::io::Error) -> QueryError {
    QueryError::Broken(error.to_string())
}

fn late() -> QueryError {
    QueryError::Broken(format!("it took longer than {} s", PATIENCE.as_secs()))
}
