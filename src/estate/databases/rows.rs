//! The shop's tables: what they are, how commits are written into them, how their contents are read.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::estate::model::contents::Contents;
use crate::estate::model::ledger::Write;
use crate::estate::model::numbers::Numbers;
use crate::estate::model::place::{DATABASE, DATABASE_PASSWORD, DATABASE_USER};
use crate::estate::model::time::{Moment, SECOND, TICK, Timeline};
use crate::estate::model::truth;
use crate::estate::postgres::{Client, QueryError, Row};

/// The table that only grows, and the column by which it does.
pub(super) const APPEND_ONLY: (&str, &str) = ("public.orders", "id");

/// Makes the shop's role and its database.
pub(super) fn role() -> [String; 2] {
    [
        format!("CREATE ROLE {DATABASE_USER} LOGIN PASSWORD '{DATABASE_PASSWORD}'"),
        format!("CREATE DATABASE {DATABASE} OWNER {DATABASE_USER}"),
    ]
}

/// Makes the shop's tables.
pub(super) const TABLES: &str = "\
    CREATE TABLE orders (id bigint PRIMARY KEY, placed_at timestamptz NOT NULL, quantity int NOT NULL, \
        unit_cents int NOT NULL, total_cents bigint NOT NULL, changed_at timestamptz); \
    CREATE INDEX orders_wrong ON orders (id) WHERE total_cents <> quantity::bigint * unit_cents; \
    CREATE TABLE heartbeat (id int PRIMARY KEY CHECK (id = 1), beat_at timestamptz NOT NULL) WITH (fillfactor = 10); \
    CREATE TABLE canaries (id bigint PRIMARY KEY, written_at timestamptz NOT NULL); \
    ALTER TABLE orders OWNER TO shop; ALTER TABLE heartbeat OWNER TO shop; ALTER TABLE canaries OWNER TO shop";

/// Takes in orders, a line each, as [`order_line`] writes them.
pub(super) const COPY_ORDERS: &str = "COPY orders (id, placed_at, quantity, unit_cents, total_cents) FROM STDIN";

/// Writes the row of an order as `COPY` reads it.
pub(super) fn order_line(lines: &mut String, number: u64, at: DateTime<Utc>) {
    let (quantity, unit) = truth::line(number);
    // Writing to a String cannot fail.
    writeln!(lines, "{number}\t{}\t{quantity}\t{unit}\t{}", time(at), quantity * unit).ok();
}

/// Is a commit that is to be written, with its time on the wall clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) at: Moment,
    pub(super) wall: DateTime<Utc>,
    pub(super) write: Write,
}

/// Writes commits as a transaction for each second of the estate, and asks for the position of the log after each.
///
/// Where a row is damaged the second is divided: the moment before the damage can be restored.
pub(super) fn transactions(due: &[Due]) -> Vec<(Moment, String)> {
    let damage = due.iter().find(|due| matches!(due.write, Write::Mangled(_))).map(|due| due.at);
    let second = |due: &Due| due.at.0.div_euclid(SECOND);
    let apart = |a: &Due, b: &Due| second(a) != second(b) || (a.at != b.at && damage == Some(b.at));
    let parts = due.chunk_by(|a, b| !apart(a, b));
    parts.filter_map(|part| Some((part.last()?.at, transaction(part)))).collect()
}

fn transaction(due: &[Due]) -> String {
    let (mut sql, mut orders, mut rest, mut beat) = ("BEGIN; ".to_owned(), String::new(), String::new(), None);
    for Due { wall, write, .. } in due {
        let at = time(*wall);
        let said = match write {
            Write::Order(number) => {
                let (quantity, unit) = truth::line(*number);
                let comma = if orders.is_empty() { "" } else { ", " };
                write!(orders, "{comma}({number}, '{at}', {quantity}, {unit}, {})", quantity * unit)
            }
            Write::Heartbeat => {
                beat = Some(at);
                Ok(())
            }
            Write::Canary(number) => {
                write!(rest, "INSERT INTO canaries VALUES ({number}, '{at}') ON CONFLICT DO NOTHING; ")
            }
            Write::Mangled(number) => write!(
                rest,
                "UPDATE orders SET total_cents = quantity::bigint * unit_cents + 1 + id % 97, changed_at = '{at}' \
                 WHERE id = {number}; "
            ),
            Write::Repaired(number) => write!(
                rest,
                "UPDATE orders SET total_cents = quantity::bigint * unit_cents, changed_at = '{at}' WHERE id = {number} \
                 AND total_cents <> quantity::bigint * unit_cents; "
            ),
        };
        // Writing to a String cannot fail.
        said.ok();
    }
    if !orders.is_empty() {
        write!(
            sql,
            "INSERT INTO orders (id, placed_at, quantity, unit_cents, total_cents) VALUES {orders} ON CONFLICT DO NOTHING; "
        )
        .ok();
    }
    sql.push_str(&rest);
    if let Some(at) = beat {
        write!(
            sql,
            "INSERT INTO heartbeat VALUES (1, '{at}') ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at; "
        )
        .ok();
    }
    sql.push_str("COMMIT; SELECT pg_current_wal_insert_lsn(); ");
    sql
}

/// Moves everything that is in the tables so many microseconds into the past.
pub(super) fn backdate(micros: i64) -> String {
    format!(
        "BEGIN; UPDATE orders SET placed_at = placed_at - interval '{micros} microseconds', \
         changed_at = changed_at - interval '{micros} microseconds'; \
         UPDATE heartbeat SET beat_at = beat_at - interval '{micros} microseconds'; \
         UPDATE canaries SET written_at = written_at - interval '{micros} microseconds'; COMMIT"
    )
}

/// Reads the last signs of life: the last commit, the heartbeat row, and whether the server is in recovery.
pub(super) const SIGNS: &str = "SELECT greatest((SELECT placed_at FROM orders ORDER BY id DESC LIMIT 1), \
    (SELECT beat_at FROM heartbeat)), (SELECT beat_at FROM heartbeat), pg_is_in_recovery()";

/// Is what [`SIGNS`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::estate) struct Signs {
    pub(in crate::estate) last_commit: Option<Moment>,
    pub(in crate::estate) heartbeat: Option<Moment>,
    pub(in crate::estate) in_recovery: bool,
}

/// Reads what [`SIGNS`] gave.
pub(super) fn signs(rows: &[Row], line: &Timeline) -> Signs {
    let cell = |column: usize| rows.first().and_then(|row| row.get(column)?.as_deref());
    let moment = |column: usize| cell(column).and_then(|text| moment(text, line));
    Signs { last_commit: moment(0), heartbeat: moment(1), in_recovery: cell(2) == Some("t") }
}

/// Reads everything that is to be known of a database, in one snapshot: each row begins with what it tells.
pub(super) const CONTENTS: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SELECT 'orders', min(id), max(id) FROM (SELECT id, id - row_number() OVER (ORDER BY id) AS gap FROM orders) AS numbered \
        GROUP BY gap ORDER BY 2; \
    SELECT 'wrong', id, changed_at FROM orders WHERE total_cents <> quantity::bigint * unit_cents; \
    SELECT 'sum', coalesce(sum(hashtextextended(id || ':' || quantity || ':' || unit_cents || ':' || total_cents, 0)), \
        0)::numeric % 18446744073709551616, max(placed_at) FROM orders; \
    SELECT 'good', id, placed_at FROM orders WHERE placed_at < coalesce((SELECT min(changed_at) FROM orders \
        WHERE total_cents <> quantity::bigint * unit_cents), 'infinity') ORDER BY id DESC LIMIT 1; \
    SELECT 'signs', greatest((SELECT placed_at FROM orders ORDER BY id DESC LIMIT 1), (SELECT beat_at FROM heartbeat)), \
        (SELECT beat_at FROM heartbeat); \
    COMMIT";

/// Reads what [`CONTENTS`] gave.
pub(super) fn contents(rows: &[Row], line: &Timeline) -> Contents {
    let told = |what: &'static str| rows.iter().filter(move |row| row.first().and_then(Option::as_deref) == Some(what));
    let text = |row: &Row, column: usize| row.get(column).cloned().flatten();
    let number = |row: &Row, column: usize| text(row, column)?.parse::<u64>().ok();
    let time_in = |row: &Row, column: usize| moment(&text(row, column)?, line);
    let sum = told("sum").find_map(|row| text(row, 1)?.parse::<i128>().ok()).unwrap_or(0);
    Contents {
        orders: Numbers::of(told("orders").filter_map(|row| Some((number(row, 1)?, number(row, 2)?)))),
        checksum: u64::try_from(sum.rem_euclid(1_i128 << 64)).unwrap_or(0),
        bad: told("wrong").filter_map(|row| number(row, 1)).collect(),
        first_bad_at: told("wrong").filter_map(|row| time_in(row, 2)).min(),
        last_good: told("good").find_map(|row| Some((number(row, 1)?, time_in(row, 2)?))),
        last_order_at: told("sum").find_map(|row| time_in(row, 2)),
        last_commit: told("signs").find_map(|row| time_in(row, 1)),
        heartbeat: told("signs").find_map(|row| time_in(row, 2)),
    }
}

/// Copies orders that are right in `from` and missing in `into`, and puts right in `into` what is wrong there and right in
/// `from`; returns how many of each.
///
/// # Errors
/// [`QueryError`].
pub(super) async fn carry_over(from: &mut Client, into: &mut Client) -> Result<(u64, u64), QueryError> {
    const RIGHT: &str = "COPY (SELECT id, placed_at, quantity, unit_cents, total_cents FROM orders \
        WHERE total_cents = quantity::bigint * unit_cents) TO STDOUT";
    let right = from.copy_out(RIGHT).await?;
    into.query("CREATE TEMPORARY TABLE arrived (LIKE orders)").await?;
    let carried = async {
        let copy = "COPY arrived (id, placed_at, quantity, unit_cents, total_cents) FROM STDIN";
        into.copy_in(copy, right).await?;
        let rows = into
            .query(
                "WITH fresh AS (INSERT INTO orders SELECT * FROM arrived ON CONFLICT DO NOTHING RETURNING 1), \
                 mended AS (UPDATE orders SET total_cents = arrived.total_cents, changed_at = now() FROM arrived \
                 WHERE orders.id = arrived.id AND orders.total_cents <> orders.quantity::bigint * orders.unit_cents \
                 RETURNING 1) SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM mended)",
            )
            .await?;
        let count = |column: usize| rows.first().and_then(|row| row.get(column)?.as_deref()?.parse().ok()).unwrap_or(0);
        Ok((count(0), count(1)))
    };
    let carried = carried.await;
    into.query("DROP TABLE arrived").await?;
    carried
}

/// Writes a time as PostgreSQL reads it.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}

/// Reads a time as PostgreSQL writes it; everything in the estate happens at a tick.
fn moment(text: &str, line: &Timeline) -> Option<Moment> {
    let time = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").ok()?;
    Some(line.moment_of(time.with_timezone(&Utc)).plus(TICK / 2).tick())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(at: i64, write: Write) -> Due {
        Due { at: Moment(at), wall: DateTime::from_timestamp(1_000_000, 0).unwrap(), write }
    }

    #[test]
    fn a_second_is_one_transaction_and_damage_stands_apart() {
        let orders = [due(100, Write::Order(1)), due(200, Write::Order(2)), due(200, Write::Heartbeat)];
        let plain = transactions(&orders);
        assert_eq!(plain.len(), 1);
        assert_eq!(plain[0].0, Moment(200));
        assert!(plain[0].1.starts_with("BEGIN; INSERT INTO orders") && plain[0].1.contains("heartbeat"), "{plain:?}");
        let seconds = [due(900, Write::Order(1)), due(1_000, Write::Order(2)), due(1_900, Write::Order(3))];
        let ends: Vec<Moment> = transactions(&seconds).into_iter().map(|(at, _)| at).collect();
        assert_eq!(ends, [Moment(900), Moment(1_900)]);
        let damaged = [due(100, Write::Order(1)), due(200, Write::Order(2)), due(200, Write::Mangled(2))];
        let ends: Vec<Moment> = transactions(&damaged).into_iter().map(|(at, _)| at).collect();
        assert_eq!(ends, [Moment(100), Moment(200)]);
    }

    #[test]
    fn times_come_back_as_the_ticks_that_they_were() {
        let line = Timeline::from(DateTime::from_timestamp(1_763_800_000, 123_456_000).unwrap(), 60);
        for at in [Moment(-86_400_000), Moment(0), Moment(100), Moment(3_599_900)] {
            assert_eq!(moment(&time(line.wall(at)), &line), Some(at));
        }
        assert!(moment("2026-11-22 05:00:00.5+00", &line).is_some());
    }
}
