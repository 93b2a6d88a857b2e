//! What can go wrong with a database, and in which words.

use std::io;
use std::time::Duration;

use fallible_iterator::FallibleIterator as _;
use postgres_protocol::message::backend::ErrorFields;

use crate::engine::{Database, Outcome};

/// Says why a database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nobody answered, or the connection broke.
    #[error("{0}")]
    Unreachable(String),
    /// It cannot be asked like this.
    #[error("{0}")]
    Unusable(String),
    /// The server refused.
    #[error("{0}")]
    Refused(Box<ServerError>),
    /// What came could not be kept.
    #[error("its output could not be kept: {0}")]
    Output(io::Error),
}

/// Is an error as the server words it.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}{place}{rest}")]
pub struct ServerError {
    /// `ERROR`, `FATAL`, `NOTICE` …, in the server's language.
    pub severity: String,
    /// The SQLSTATE.
    pub code: String,
    /// The message.
    pub message: String,
    /// Where in the statement, in characters from 1.
    pub position: Option<usize>,
    /// `, in line 41 of the runbook`, once that is known.
    pub place: String,
    /// Detail and hint.
    pub rest: String,
}

impl ServerError {
    /// Reads the fields of an error or a notice.
    pub(super) fn read(mut fields: ErrorFields<'_>) -> Box<Self> {
        let mut error = Box::<Self>::default();
        while let Ok(Some(field)) = fields.next() {
            let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'S' => error.severity = text,
                b'C' => error.code = text,
                b'M' => error.message = text,
                b'P' => error.position = text.parse().ok(),
                b'D' | b'H' => {
                    error.rest.push_str("; ");
                    error.rest.push_str(text.trim_end_matches('.'));
                }
                _ => {}
            }
        }
        error
    }
}

impl Trouble {
    /// Adds the line of the runbook to what a server says about a place in a statement.
    pub(super) fn at(self, line: impl Fn(Option<usize>) -> usize) -> Self {
        match self {
            Self::Refused(error) => {
                let place = format!(", in line {} of the runbook", line(error.position));
                Self::Refused(Box::new(ServerError { place, ..*error }))
            }
            other => other,
        }
    }

    /// Makes the outcome of an attempt that `took` so long of its `limit`, naming the database.
    pub fn into_outcome(self, database: &Database, limit: Duration, took: Duration) -> Outcome {
        let place = database.words();
        match self {
            Self::Unreachable(error) => Outcome::Unreachable { error: format!("{place}: {error}") },
            Self::Unusable(error) => Outcome::Unusable { error: format!("{place}: {error}") },
            Self::Output(error) => Outcome::Unusable { error: format!("its output could not be kept: {error}") },
            Self::Refused(error) => {
                let class = error.code.get(..2).unwrap_or_default();
                let message = format!("{place}: {}{}{}", error.message, error.place, error.rest);
                match error.code.as_str() {
                    // The server enforces the limit, too; before that somebody else cancelled it.
                    "57014" | "25P03" if took + Duration::from_millis(50) >= limit => {
                        Outcome::TimedOut { after_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) }
                    }
                    // It starts, stops, or has crashed.
                    "57P01" | "57P02" | "57P03" => Outcome::Unreachable { error: message },
                    "40001" | "40P01" | "55P03" | "53300" => Outcome::Throttled { code: error.code, message },
                    _ if class == "08" => Outcome::Unreachable { error: message },
                    _ => Outcome::SqlRefused { code: error.code, message },
                }
            }
        }
    }
}

/// Finds the line of the runbook for a place in a statement that begins on line `first`.
pub(super) fn line_of(first: usize, text: &str, position: Option<usize>) -> usize {
    let before = position.unwrap_or(1).saturating_sub(1);
    first + text.chars().take(before).filter(|c| *c == '\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::SslMode;

    fn outcome(code: &str) -> Outcome {
        let database = Database {
            name: "west".to_owned(),
            host: "db.example".to_owned(),
            port: 5432,
            dbname: "shop".to_owned(),
            user: "dr".to_owned(),
            password: None,
            sslmode: SslMode::Prefer,
            sslrootcert: None,
        };
        let error = ServerError { code: code.to_owned(), message: "no".to_owned(), ..ServerError::default() };
        Trouble::Refused(Box::new(error)).at(|_| 7).into_outcome(
            &database,
            Duration::from_secs(20),
            Duration::from_secs(20),
        )
    }

    #[test]
    fn what_may_mend_is_told_from_what_will_not() {
        for code in ["57P03", "57P01", "08006", "53300", "40001", "57014"] {
            assert!(outcome(code).is_transient(), "{code}");
        }
        for code in ["25006", "42P01", "28P01", "3D000"] {
            assert!(!outcome(code).is_transient(), "{code}");
        }
        assert_eq!(
            outcome("25006").words(),
            "refused: 25006: west (shop at db.example:5432): no, in line 7 of the runbook"
        );
    }

    #[test]
    fn lines_are_counted_in_characters() {
        assert_eq!(line_of(10, "SELECT 'ä'\n FROM nix", Some(18)), 11);
        assert_eq!(line_of(10, "SELECT 'ä'\n FROM nix", Some(3)), 10);
        assert_eq!(line_of(10, "SELECT", None), 10);
    }
}
