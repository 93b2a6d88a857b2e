//! SQL on any PostgreSQL: statements with bound values, in one transaction, results as text.
//!
//! The last statement's result is standard output, without a header. One column: each value as it is, NULL an empty line.
//! Several columns: what `COPY … TO STDOUT` writes, with tabs between them, `\N` for NULL, and `\t`, `\n`, `\r`, `\\` for
//! what would break a line. A statement without rows says its command tag (`UPDATE 3`). Rows go to the output as they
//! come: however many there are, memory holds one.

mod connect;
mod refusal;
mod rows;
mod session;
mod tls;
mod url;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Reach, Reply};
use crate::engine::{Access, Database, Outcome};
use crate::runbook::sql::{Statement, statements};

pub use refusal::Trouble;
pub use rows::{Columns, Take};
pub use session::Session;
pub use url::{BadUrl, parse_url};

/// How long after the server's own limit a connection is given up.
const GRACE: Duration = Duration::from_secs(2);

/// Holds what all connections of a run share.
#[derive(Clone, Debug)]
pub struct SqlContext {
    /// When a fence is given up, from the first look-up to the last row.
    pub timeout: Duration,
    /// The resolver that is asked for names instead of the system's: the estate's.
    pub resolver: Option<SocketAddr>,
    /// How far a connection may go.
    pub reach: Reach,
}

/// Is what a fence asks for.
#[derive(Clone, Copy, Debug)]
pub struct Script<'s> {
    /// The statements.
    pub text: &'s str,
    /// The line of the runbook before the first of them.
    pub line: usize,
    /// What they may do.
    pub access: Access,
    /// Values of variables.
    pub vars: &'s BTreeMap<String, String>,
}

/// Takes output as it comes.
pub type Output<'o> = dyn FnMut(&[u8]) -> std::io::Result<()> + Send + 'o;

/// Runs a fence. Rows go to `out` as they come and are not in the reply, but for the beginning that conditions look at.
///
/// `stop` ends it early: the server is asked to cancel, and the outcome is [`Outcome::Interrupted`].
pub async fn run(
    cx: &SqlContext,
    database: &Database,
    script: Script<'_>,
    out: &mut Output<'_>,
    stop: impl Future<Output = ()>,
) -> Reply {
    let parsed = match statements(script.text) {
        Ok(parsed) if parsed.is_empty() => {
            return Reply::failed(Outcome::Unusable { error: "the fence holds no statement".to_owned() });
        }
        Ok(parsed) => parsed,
        Err(bad) => return Reply::failed(Outcome::Unusable { error: bad.to_string() }),
    };
    let began = Instant::now();
    let mut take = rows::Printed::new(out);
    tokio::pin!(stop);
    let opened = tokio::select! {
        opened = tokio::time::timeout(cx.timeout, Session::open(cx, database)) => opened,
        () = &mut stop => return Reply::failed(Outcome::Interrupted),
    };
    let mut session = match opened {
        Ok(Ok(session)) => session,
        Ok(Err(trouble)) => return Reply::failed(trouble.into_outcome(database, cx.timeout, began.elapsed())),
        Err(_) => {
            let within = crate::kernel::say_duration(cx.timeout);
            let error = format!("{} did not let anybody in within {within}", database.words());
            return Reply::failed(Outcome::Unreachable { error });
        }
    };
    let left = cx.timeout.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
    let ended = tokio::select! {
        done = play(&mut session, &parsed, script, left, &mut take) => done.map_err(End::Trouble),
        () = tokio::time::sleep(left + GRACE) => Err(End::Late),
        () = &mut stop => Err(End::Stopped),
    };
    let notices = session.take_notices();
    let outcome = match ended {
        Ok(()) => {
            session.close().await;
            match take.finish() {
                Ok(()) => Outcome::Answered { status: None },
                Err(error) => Outcome::Unusable { error: format!("its output could not be kept: {error}") },
            }
        }
        Err(end) => {
            // A refusal leaves nothing to cancel; anything else may still be at work on the server.
            if matches!(end, End::Late | End::Stopped | End::Trouble(Trouble::Output(_))) {
                session.cancel(database).await;
            }
            session.close().await;
            // What came before the failure is evidence, too.
            drop(take.finish());
            match end {
                End::Trouble(trouble) => trouble.into_outcome(database, cx.timeout, began.elapsed()),
                End::Late => Outcome::TimedOut { after_ms: u64::try_from(cx.timeout.as_millis()).unwrap_or(u64::MAX) },
                End::Stopped => Outcome::Interrupted,
            }
        }
    };
    let mut stderr = notices;
    if !matches!(outcome, Outcome::Answered { .. }) {
        stderr.push_str(&outcome.words());
        stderr.push('\n');
    }
    Reply { outcome, stdout: take.into_head(), stderr: stderr.into_bytes(), aws: None }
}

enum End {
    Trouble(Trouble),
    Late,
    Stopped,
}

/// Runs the statements in one transaction, unless they make their own or there is only one that may change something.
async fn play(
    session: &mut Session,
    parsed: &[Statement],
    script: Script<'_>,
    left: Duration,
    take: &mut rows::Printed<'_>,
) -> Result<(), Trouble> {
    session.limit(left).await?;
    let own = parsed.iter().any(Statement::rules_a_transaction);
    let wrapped = script.access == Access::ReadOnly || (parsed.len() > 1 && !own);
    if script.access == Access::ReadOnly {
        // After its first snapshot a transaction cannot be turned into one that writes.
        session.batch("BEGIN READ ONLY; SELECT 1").await?;
    } else if wrapped {
        session.batch("BEGIN").await?;
    }
    let last = parsed.len().saturating_sub(1);
    for (at, statement) in parsed.iter().enumerate() {
        let mut values = Vec::new();
        for name in &statement.parameters {
            let value = script.vars.get(name);
            let value = value.ok_or_else(|| Trouble::Unusable(format!("`{name}` has no value")))?;
            values.push(value.as_str());
        }
        let place = |position| refusal::line_of(script.line + statement.line, &statement.text, position);
        let done = if at == last {
            session.execute(&statement.text, &values, take).await
        } else {
            session.execute(&statement.text, &values, &mut rows::Passed).await
        };
        let tag = done.map_err(|trouble| trouble.at(place))?;
        if at == last {
            take.tag(&tag).map_err(Trouble::Output)?;
        }
        if wrapped && !session.in_transaction() {
            let line = script.line + statement.line;
            return Err(Trouble::Unusable(format!(
                "line {line} ended the transaction in which the fence runs; nothing after it was done"
            )));
        }
    }
    if wrapped {
        session.batch("COMMIT").await?;
    }
    Ok(())
}
