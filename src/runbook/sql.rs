//! Statements of an `sql` fence, and the values that are bound to them.
//!
//! A fence is split at its semicolons as PostgreSQL reads them: quotes, dollar quotes and comments hold none. `$NAME` and
//! `${NAME}` become parameters (`$1`, `$2` …), so no value is ever part of a statement's text.

use std::fmt::Write as _;
use std::ops::Range;

use super::Impact;
use super::words::{is_identifier, is_variable};

/// Is one statement with its parameters taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The text with `$1`, `$2` … where the variables stood, without comments around it.
    pub text: String,
    /// The variable of each parameter, `$1` first.
    pub parameters: Vec<String>,
    /// The line on which its first word stands, from 1 in the fence.
    pub line: usize,
    /// Its first word, in capitals.
    pub verb: String,
}

/// Says what an `sql` fence cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct BadSql {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
    /// Where, in bytes of the fence's text.
    pub at: Range<usize>,
}

/// Statements that a read-only transaction refuses whatever follows their first word.
const CHANGES: [&str; 20] = [
    "ALTER", "ANALYZE", "CLUSTER", "COMMENT", "CREATE", "DELETE", "DROP", "GRANT", "IMPORT", "INSERT", "MERGE",
    "NOTIFY", "REASSIGN", "REFRESH", "REINDEX", "REVOKE", "SECURITY", "TRUNCATE", "UPDATE", "VACUUM",
];

/// Statements that would leave the transaction in which a fence runs.
const TRANSACTIONS: [&str; 9] =
    ["ABORT", "BEGIN", "COMMIT", "END", "PREPARE", "RELEASE", "ROLLBACK", "SAVEPOINT", "START"];

/// Functions that act, and that a read-only transaction lets act.
const ACTING: [&str; 29] = [
    "dblink_exec",
    "lo_export",
    "pg_backup_start",
    "pg_backup_stop",
    "pg_cancel_backend",
    "pg_copy_logical_replication_slot",
    "pg_copy_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_create_restore_point",
    "pg_drop_replication_slot",
    "pg_export_snapshot",
    "pg_file_unlink",
    "pg_file_write",
    "pg_log_backend_memory_contexts",
    "pg_logical_emit_message",
    "pg_logical_slot_get_changes",
    "pg_promote",
    "pg_reload_conf",
    "pg_replication_slot_advance",
    "pg_rotate_logfile",
    "pg_start_backup",
    "pg_stat_reset",
    "pg_stat_reset_shared",
    "pg_stop_backup",
    "pg_switch_wal",
    "pg_terminate_backend",
    "pg_wal_replay_pause",
    "pg_wal_replay_resume",
];

impl Statement {
    /// Says whether the statement begins or ends a transaction.
    pub fn rules_a_transaction(&self) -> bool {
        TRANSACTIONS.contains(&self.verb.as_str())
    }

    /// Says whether its first word alone tells that it changes something.
    pub fn changes(&self) -> bool {
        CHANGES.contains(&self.verb.as_str())
    }
}

/// Splits a fence into its statements; empty ones are left out.
///
/// # Errors
/// [`BadSql`] where a quote or a comment is not closed, a variable stands inside quotes, or a parameter has no name.
pub fn statements(code: &str) -> Result<Vec<Statement>, BadSql> {
    read(code).map(|read| read.into_iter().map(|piece| piece.statement).collect())
}

/// Lists the variables with their places, in bytes of the fence's text.
pub fn variables(code: &str) -> Vec<(String, Range<usize>)> {
    read(code).unwrap_or_default().into_iter().flat_map(|piece| piece.variables).collect()
}

/// Says what the fence does at least, whatever its author says: functions that act are a change.
pub(super) fn implied(code: &str) -> Impact {
    let pieces = read(code).unwrap_or_default();
    let acts = pieces.iter().flat_map(|piece| &piece.words).any(|word| ACTING.contains(&word.as_str()));
    // COPY to anything but the client writes a file or runs a program on the server.
    let writes = pieces.iter().any(|piece| match piece.statement.verb.as_str() {
        "COPY" => !piece.words.windows(2).any(|pair| pair == ["to", "stdout"]),
        "CHECKPOINT" => true,
        _ => false,
    });
    if acts || writes { Impact::Change } else { Impact::Observe }
}

/// Finds the first statement that a read-only transaction is sure to refuse, or that would leave it.
pub(super) fn refused_read_only(code: &str) -> Option<(Statement, Range<usize>)> {
    let found = read(code).unwrap_or_default().into_iter().find(|piece| {
        let statement = &piece.statement;
        statement.changes() || statement.rules_a_transaction()
    });
    found.map(|piece| (piece.statement, piece.verb_at))
}

/// Is one statement with what the check wants to know of it.
#[derive(Debug)]
struct Piece {
    statement: Statement,
    verb_at: Range<usize>,
    variables: Vec<(String, Range<usize>)>,
    /// Words outside quotes, in small letters.
    words: Vec<String>,
}

fn read(code: &str) -> Result<Vec<Piece>, BadSql> {
    let mut reader = Reader { code, at: 0, line: 1, done: Vec::new(), draft: Draft::default() };
    while let Some(c) = reader.peek() {
        reader.step(c)?;
    }
    reader.finish();
    Ok(reader.done)
}

#[derive(Debug, Default)]
struct Draft {
    text: String,
    parameters: Vec<String>,
    variables: Vec<(String, Range<usize>)>,
    words: Vec<String>,
    line: usize,
    verb_at: Range<usize>,
    begun: bool,
    /// Where the last word of `text` ends; what follows is comments and blanks.
    end: usize,
}

struct Reader<'c> {
    code: &'c str,
    at: usize,
    line: usize,
    done: Vec<Piece>,
    draft: Draft,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.code.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes `bytes` bytes as they are.
    fn take(&mut self, bytes: usize) {
        let taken = self.code.get(self.at..self.at + bytes).unwrap_or("");
        self.line += taken.matches('\n').count();
        self.draft.text.push_str(taken);
        self.at += bytes;
    }

    fn begin(&mut self) {
        if !self.draft.begun {
            self.draft.begun = true;
            self.draft.line = self.line;
            self.draft.verb_at = self.at..self.at + 1;
            // What stands before the first word is comments and blanks; lines are counted from the word.
            self.draft.text.clear();
        }
    }

    fn step(&mut self, c: char) -> Result<(), BadSql> {
        if c.is_whitespace() {
            self.take(c.len_utf8());
            return Ok(());
        }
        let rest = self.rest();
        if rest.starts_with("--") {
            let length = rest.find('\n').unwrap_or(rest.len());
            self.take(length);
            return Ok(());
        }
        if rest.starts_with("/*") {
            return self.comment();
        }
        if c == ';' {
            self.finish();
            self.at += 1;
            return Ok(());
        }
        self.begin();
        self.token(c)?;
        self.draft.end = self.draft.text.len();
        Ok(())
    }

    fn token(&mut self, c: char) -> Result<(), BadSql> {
        match c {
            '\'' => self.quoted('\'', Backslash::Literal),
            '"' => self.quoted('"', Backslash::Literal),
            '$' => self.dollar(),
            '\\' => Err(bad(
                self.at,
                "a backslash begins a command of `psql`, and this is SQL alone".to_owned(),
                "write the statement itself, or call `psql` from an `sh` fence",
            )),
            c if is_word_start(c) => self.word(),
            c if c.is_ascii_digit() => {
                let rest = self.rest();
                let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
                self.take(length.unwrap_or(rest.len()));
                Ok(())
            }
            c => {
                self.take(c.len_utf8());
                Ok(())
            }
        }
    }

    fn word(&mut self) -> Result<(), BadSql> {
        let rest = self.rest();
        // A dollar sign may stand inside a name, but `${` never belongs to one.
        let mut length = rest.len();
        for (at, c) in rest.char_indices() {
            let inside = is_word_start(c) || c.is_ascii_digit() || c == '$';
            if !inside || (c == '$' && rest.get(at + 1..).is_some_and(|after| after.starts_with('{'))) {
                length = at;
                break;
            }
        }
        let word = rest.get(..length).unwrap_or("").to_owned();
        let next = rest.get(length..).and_then(|after| after.chars().next());
        if self.draft.words.is_empty() {
            self.draft.verb_at = self.at..self.at + length;
        }
        self.take(length);
        match (word.as_str(), next) {
            ("e" | "E", Some('\'')) => return self.quoted('\'', Backslash::Escapes),
            ("b" | "B" | "x" | "X" | "n" | "N", Some('\'')) => return self.quoted('\'', Backslash::Literal),
            _ => self.draft.words.push(word.to_ascii_lowercase()),
        }
        Ok(())
    }

    fn quoted(&mut self, quote: char, backslash: Backslash) -> Result<(), BadSql> {
        let start = self.at;
        let mut end = None;
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && backslash == Backslash::Escapes {
                chars.next();
            } else if c == quote {
                if chars.peek().is_some_and(|(_, next)| *next == quote) {
                    chars.next();
                } else {
                    end = Some(at + 1);
                    break;
                }
            }
        }
        let Some(length) = end else {
            return Err(bad(start, "this quote is not closed".to_owned(), "close it; two quotes stand for one"));
        };
        self.no_variable_in(start, length)?;
        self.take(length);
        Ok(())
    }

    /// A variable inside quotes would be sent as it is written, which nobody means.
    fn no_variable_in(&self, start: usize, length: usize) -> Result<(), BadSql> {
        let text = self.code.get(start..start + length).unwrap_or("");
        for (at, _) in text.match_indices("${") {
            let inner = text.get(at + 2..).unwrap_or("");
            let name = inner.split('}').next().unwrap_or("");
            if is_variable(name) {
                return Err(BadSql {
                    message: format!("`${{{name}}}` stands inside quotes, where it is text and not a value"),
                    help: "take the quotes away: a variable is a whole value, bound as a parameter; join texts with `||`",
                    at: start + at..start + at + name.len() + 3,
                });
            }
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), BadSql> {
        let (start, rest) = (self.at, self.rest());
        let (mut depth, mut at) = (0_usize, 0);
        loop {
            let tail = rest.get(at..).unwrap_or("");
            if tail.starts_with("/*") {
                (depth, at) = (depth + 1, at + 2);
            } else if tail.starts_with("*/") {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    break;
                }
            } else if let Some(c) = tail.chars().next() {
                at += c.len_utf8();
            } else {
                return Err(bad(start, "this comment is not closed".to_owned(), "close it with `*/`"));
            }
        }
        self.take(at);
        Ok(())
    }

    fn dollar(&mut self) -> Result<(), BadSql> {
        let (start, rest) = (self.at, self.rest());
        let after = rest.get(1..).unwrap_or("");
        if let Some(inner) = after.strip_prefix('{') {
            let name = inner.split('}').next().unwrap_or("");
            if !is_variable(name) || name.len() == inner.len() {
                return Err(bad(
                    start,
                    "only `${NAME}` and `${ACTION.outcome}` are supported between braces".to_owned(),
                    "put the value into an input or a capture and name that",
                ));
            }
            let name = name.to_owned();
            self.variable(name.clone(), start..start + name.len() + 3);
            return Ok(());
        }
        let length = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        let name = after.get(..length).unwrap_or("").to_owned();
        if after.get(length..).is_some_and(|tail| tail.starts_with('$')) && (name.is_empty() || is_identifier(&name)) {
            let mark = format!("${name}$");
            let body = rest.get(mark.len()..).unwrap_or("");
            let Some(end) = body.find(&mark) else {
                return Err(bad(start, format!("the text that begins with `{mark}` is not closed"), "close it"));
            };
            let whole = mark.len() + end + mark.len();
            self.no_variable_in(start, whole)?;
            self.take(whole);
            return Ok(());
        }
        if is_identifier(&name) {
            self.variable(name.clone(), start..start + 1 + name.len());
            return Ok(());
        }
        Err(bad(
            start,
            format!("`${name}` names no variable"),
            "write `${NAME}` with an input or a capture; parameters are numbered by lifeboat",
        ))
    }

    fn variable(&mut self, name: String, at: Range<usize>) {
        let known = self.draft.parameters.iter().position(|known| *known == name);
        let number = known.unwrap_or_else(|| {
            self.draft.parameters.push(name.clone());
            self.draft.parameters.len() - 1
        });
        // Writing to a String cannot fail.
        let _ = write!(self.draft.text, "${}", number + 1);
        self.at = at.end;
        self.draft.variables.push((name, at));
    }

    fn finish(&mut self) {
        let mut draft = std::mem::take(&mut self.draft);
        if draft.begun {
            draft.text.truncate(draft.end);
            let verb = draft.words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
            let statement = Statement { text: draft.text, parameters: draft.parameters, line: draft.line, verb };
            let Draft { variables, words, verb_at, .. } = draft;
            self.done.push(Piece { statement, verb_at, variables, words });
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    Literal,
    Escapes,
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn bad(at: usize, message: String, help: &'static str) -> BadSql {
    BadSql { message, help, at: at..at + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(code: &str) -> Vec<String> {
        statements(code).unwrap().into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn statements_end_where_postgresql_ends_them() {
        for (code, expected) in [
            ("", vec![]),
            (" ; -- nothing;\n ;/* ; /* ; */ ; */", vec![]),
            ("SELECT 1; SELECT 2;\n", vec!["SELECT 1", "SELECT 2"]),
            ("SELECT 'a;b', \"c;d\"; x", vec!["SELECT 'a;b', \"c;d\"", "x"]),
            ("SELECT 'it''s;', E'\\';', 'C:\\'; y", vec!["SELECT 'it''s;', E'\\';', 'C:\\'", "y"]),
            ("DO $$ BEGIN; END $$; z", vec!["DO $$ BEGIN; END $$", "z"]),
            ("DO $a$ ; $$ ; $a$", vec!["DO $a$ ; $$ ; $a$"]),
            ("SELECT a$b FROM t", vec!["SELECT a$b FROM t"]),
            ("-- why;\nSELECT 1 -- end;\n;", vec!["SELECT 1"]),
            ("SELECT 1;;é;", vec!["SELECT 1", "é"]),
        ] {
            assert_eq!(texts(code), expected, "{code}");
        }
    }

    #[test]
    fn variables_become_parameters() {
        let code = "-- first\nSELECT ${A}, $B, x$y, $A FROM t WHERE a=${A}::int;\nSELECT $C";
        let found = statements(code).unwrap();
        assert_eq!(found[0].text, "SELECT $1, $2, x$y, $1 FROM t WHERE a=$1::int");
        assert_eq!(found[0].parameters, ["A", "B"]);
        assert_eq!((found[0].line, found[1].line), (2, 3));
        assert_eq!((found[1].text.as_str(), found[1].verb.as_str()), ("SELECT $1", "SELECT"));
        let places: Vec<_> = variables(code).into_iter().map(|(_, at)| code.get(at).unwrap()).collect();
        assert_eq!(places, ["${A}", "$B", "$A", "${A}", "$C"]);
    }

    #[test]
    fn what_a_fence_cannot_hold_is_refused_where_it_stands() {
        for (code, at, part) in [
            ("\\dt", 0, "psql"),
            ("SELECT 'a", 7, "not closed"),
            ("SELECT \"a", 7, "not closed"),
            ("SELECT /* a", 7, "not closed"),
            ("SELECT $$ a", 7, "not closed"),
            ("SELECT '${A}'", 8, "inside quotes"),
            ("DO $$ SELECT ${A} $$", 13, "inside quotes"),
            ("SELECT $1", 7, "names no variable"),
            ("SELECT ${A", 7, "only `${NAME}`"),
            ("SELECT ${A:-1}", 7, "only `${NAME}`"),
        ] {
            let bad = statements(code).unwrap_err();
            assert!(bad.at.start == at && bad.message.contains(part), "{code}: {bad:?}");
        }
    }

    #[test]
    fn what_acts_in_a_read_only_transaction_is_a_change() {
        for (code, impact) in [
            ("SELECT 'pg_promote'", Impact::Observe),
            ("SELECT pg_is_in_recovery()", Impact::Observe),
            ("SELECT PG_Promote()", Impact::Change),
            ("COPY orders TO STDOUT", Impact::Observe),
            ("COPY orders TO PROGRAM 'mail'", Impact::Change),
        ] {
            assert_eq!(implied(code), impact, "{code}");
        }
        assert_eq!(refused_read_only("SELECT 1; delete from t").unwrap().1, 10..16);
        assert_eq!(refused_read_only("COMMIT").unwrap().0.verb, "COMMIT");
        assert!(refused_read_only("SELECT 'DELETE'; SHOW x; EXPLAIN SELECT 1").is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(code in "(\\PC|[;'\"$\\\\\n{}]|--|/\\*|\\*/)*") {
            if let Err(bad) = statements(&code) {
                prop_assert!(bad.at.start < code.len());
            }
            drop(variables(&code));
        }

        #[test]
        fn no_value_is_part_of_a_statement(before in "[a-z ']*", after in "[a-z ]*") {
            if let Ok(found) = statements(&format!("{before} ${{SECRET_NAME}} {after}")) {
                prop_assert!(found.iter().all(|statement| !statement.text.contains("SECRET_NAME")));
            }
        }
    }
}
