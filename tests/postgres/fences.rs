//! SQL fences against a real server: results, values, transactions, limits, cancelling, refusals.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::engine::{Access, Database, Outcome};
use lifeboat::estate::postgres::{House, Server};
use lifeboat::exec::sql::{self, Script, SqlContext, parse_url};
use lifeboat::exec::{Reach, Reply};

use super::support::{clear, house, runtime, shop, until};

struct Fixture {
    house: Arc<House>,
    server: Server,
    database: Database,
}

impl Fixture {
    async fn new() -> Self {
        let house = house().await;
        let server = shop(&house).await;
        let mut database = parse_url(&server.url("shop"), None).unwrap();
        "east".clone_into(&mut database.name);
        Self { house, server, database }
    }

    async fn end(self) {
        // No statement of a fence is left on the server.
        let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lifeboat'";
        until("the end of all sessions", || async { self.server.sql("shop", ours).await.unwrap() == "0" }).await;
        drop(self.server);
        clear(self.house).await;
    }

    async fn run(&self, access: Access, text: &str, vars: &[(&str, &str)], timeout: u64) -> (Reply, Vec<u8>) {
        self.run_until(access, text, vars, timeout, std::future::pending()).await
    }

    async fn run_until(
        &self,
        access: Access,
        text: &str,
        vars: &[(&str, &str)],
        timeout: u64,
        stop: impl Future<Output = ()>,
    ) -> (Reply, Vec<u8>) {
        let cx = SqlContext { timeout: Duration::from_millis(timeout), resolver: None, reach: Reach::LoopbackOnly };
        let vars: BTreeMap<_, _> = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut all = Vec::new();
        let mut out = |bytes: &[u8]| {
            all.extend_from_slice(bytes);
            Ok(())
        };
        let script = Script { text, line: 40, access, vars: &vars };
        let reply = sql::run(&cx, &self.database, script, &mut out, stop).await;
        (reply, all)
    }
}

#[test]
fn results_as_text() {
    runtime().block_on(async {
        let fixture = Fixture::new().await;
        for (code, vars, expected) in [
            ("SELECT 1; SELECT count(*) FROM orders WHERE id > ${LOW}", vec![("LOW", "990")], "10\n"),
            ("SELECT 'a' || chr(9) || 'b'", vec![], "a\tb\n"),
            ("SELECT NULL", vec![], "\n"),
            ("SELECT 1, NULL, E'x\\ty\\nz\\\\', ''", vec![], "1\t\\N\tx\\ty\\nz\\\\\t\n"),
            (
                "SELECT true, 1.50::numeric, '2026-11-22 03:14+01'::timestamptz",
                vec![],
                "t\t1.50\t2026-11-22 02:14:00+00\n",
            ),
            ("SHOW transaction_read_only", vec![], "on\n"),
            (
                "SELECT $A::text, ${A} || ${B}",
                vec![("A", "'; DROP TABLE orders --"), ("B", "\u{e4}\n")],
                "'; DROP TABLE orders --\t'; DROP TABLE orders --\u{e4}\\n\n",
            ),
            ("COPY (SELECT id FROM orders ORDER BY id LIMIT 2) TO STDOUT", vec![], "1\n2\n"),
            ("SELECT", vec![], "\n"),
        ] {
            let (reply, all) = fixture.run(Access::ReadOnly, code, &vars, 10_000).await;
            assert_eq!(reply.outcome, Outcome::Answered { status: None }, "{code}");
            assert_eq!(String::from_utf8(all.clone()).unwrap(), expected, "{code}");
            assert_eq!(reply.stdout, all, "{code}");
        }
        let (reply, all) = fixture.run(Access::ReadWrite, "UPDATE stock SET left_over = 0", &[], 10_000).await;
        assert_eq!((reply.outcome, all), (Outcome::Answered { status: None }, b"UPDATE 50\n".to_vec()));
        let noted = "DO $$ BEGIN RAISE NOTICE 'look'; END $$";
        let (reply, _) = fixture.run(Access::ReadOnly, noted, &[], 10_000).await;
        assert!(String::from_utf8_lossy(&reply.stderr).contains("NOTICE: look"), "{reply:?}");
        fixture.end().await;
    });
}

#[test]
fn what_only_reads_cannot_write_and_several_changes_are_one() {
    runtime().block_on(async {
        let fixture = Fixture::new().await;
        let orders = || async { fixture.server.sql("shop", "SELECT count(*) FROM orders").await.unwrap() };
        for code in [
            "INSERT INTO orders (note) VALUES ('x')",
            "COMMIT; INSERT INTO orders (note) VALUES ('x')",
            "SET TRANSACTION READ WRITE; INSERT INTO orders (note) VALUES ('x')",
            "SELECT set_config('transaction_read_only', 'off', false); INSERT INTO orders (note) VALUES ('x')",
            "ROLLBACK; BEGIN; INSERT INTO orders (note) VALUES ('x'); COMMIT",
        ] {
            let (reply, _) = fixture.run(Access::ReadOnly, code, &[], 10_000).await;
            assert!(!matches!(reply.outcome, Outcome::Answered { .. }), "{code}: {:?}", reply.outcome);
            assert_eq!(orders().await, "1000", "{code}");
        }
        let half = "INSERT INTO orders (note) VALUES ('x');\nINSERT INTO stock VALUES ('item 1', 1)";
        let (reply, _) = fixture.run(Access::ReadWrite, half, &[], 10_000).await;
        let Outcome::SqlRefused { code, message } = reply.outcome else { panic!("{:?}", reply.outcome) };
        assert_eq!(code, "23505");
        assert!(message.contains("east (shop at 127.0.0.1:") && message.contains("in line 42"), "{message}");
        assert_eq!(orders().await, "1000");
        let (reply, _) = fixture.run(Access::ReadWrite, "VACUUM orders", &[], 10_000).await;
        assert_eq!(reply.outcome, Outcome::Answered { status: None });
        fixture.end().await;
    });
}

#[test]
fn limits_and_interrupts_end_statements_on_the_server() {
    runtime().block_on(async {
        let fixture = Fixture::new().await;
        let began = Instant::now();
        let (reply, _) = fixture.run(Access::ReadOnly, "SELECT pg_sleep(30)", &[], 400).await;
        assert_eq!(reply.outcome, Outcome::TimedOut { after_ms: 400 });
        assert!(began.elapsed() < Duration::from_secs(5));
        let running =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3_)' AND state = 'active'";
        let stop = async {
            until("the statement", || async { fixture.server.sql("shop", running).await.unwrap() == "1" }).await;
        };
        let (reply, _) = fixture.run_until(Access::ReadOnly, "SELECT pg_sleep(31)", &[], 60_000, stop).await;
        assert_eq!(reply.outcome, Outcome::Interrupted);
        assert_eq!(fixture.server.sql("shop", running).await.unwrap(), "0");
        fixture.end().await;
    });
}

#[test]
fn a_huge_result_goes_by_without_being_kept() {
    runtime().block_on(async {
        let fixture = Fixture::new().await;
        let code = "SELECT n, repeat('x', 100) FROM generate_series(1, 300000) n";
        let cx = SqlContext { timeout: Duration::from_secs(60), resolver: None, reach: Reach::LoopbackOnly };
        let (mut bytes, mut most) = (0_usize, 0_usize);
        let mut out = |piece: &[u8]| {
            bytes += piece.len();
            most = most.max(piece.len());
            Ok(())
        };
        let vars = BTreeMap::new();
        let script = Script { text: code, line: 1, access: Access::ReadOnly, vars: &vars };
        let reply = sql::run(&cx, &fixture.database, script, &mut out, std::future::pending()).await;
        assert_eq!(reply.outcome, Outcome::Answered { status: None });
        assert!(bytes > 30_000_000 && most < 200_000, "{bytes} in pieces of at most {most}");
        assert_eq!(reply.stdout.len(), lifeboat::engine::Ended::STDOUT_CAP + 1);
        // A disk that is full ends it.
        let mut full = |_: &[u8]| Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        let script = Script { text: code, line: 1, access: Access::ReadOnly, vars: &vars };
        let reply = sql::run(&cx, &fixture.database, script, &mut full, std::future::pending()).await;
        assert!(
            matches!(&reply.outcome, Outcome::Unusable { error } if error.contains("could not be kept")),
            "{reply:?}"
        );
        fixture.end().await;
    });
}

#[test]
fn refusals_say_where_and_why() {
    runtime().block_on(async {
        let mut fixture = Fixture::new().await;
        let (reply, _) = fixture.run(Access::ReadOnly, "SELECT 1;\nSELECT *\nFROM orderz", &[], 10_000).await;
        let Outcome::SqlRefused { code, message } = reply.outcome else { panic!("{:?}", reply.outcome) };
        assert_eq!(code, "42P01");
        assert!(message.ends_with("relation \"orderz\" does not exist, in line 43 of the runbook"), "{message}");
        let (reply, _) = fixture.run(Access::ReadWrite, "COPY orders FROM STDIN", &[], 10_000).await;
        assert!(reply.outcome.words().contains("there is none to send"), "{:?}", reply.outcome);
        let right = fixture.database.clone();
        fixture.database.password = Some(lifeboat::kernel::Secret::new("wrong".to_owned()));
        let (reply, _) = fixture.run(Access::ReadOnly, "SELECT 1", &[], 10_000).await;
        assert!(matches!(&reply.outcome, Outcome::SqlRefused { code, .. } if code == "28P01"), "{:?}", reply.outcome);
        fixture.database.password = None;
        let (reply, _) = fixture.run(Access::ReadOnly, "SELECT 1", &[], 10_000).await;
        assert!(reply.outcome.words().contains("asks for the password of postgres"), "{:?}", reply.outcome);
        fixture.database = Database { dbname: "nix".to_owned(), ..right.clone() };
        let (reply, _) = fixture.run(Access::ReadOnly, "SELECT 1", &[], 10_000).await;
        assert!(matches!(&reply.outcome, Outcome::SqlRefused { code, .. } if code == "3D000"), "{:?}", reply.outcome);
        fixture.database = Database { host: "192.0.2.1".to_owned(), ..right.clone() };
        let (reply, _) = fixture.run(Access::ReadOnly, "SELECT 1", &[], 10_000).await;
        assert!(reply.outcome.words().contains("outside this machine"), "{:?}", reply.outcome);
        fixture.database = Database { port: super::support::free().port(), ..right.clone() };
        let (reply, _) = fixture.run(Access::ReadOnly, "SELECT 1", &[], 10_000).await;
        assert!(matches!(&reply.outcome, Outcome::Unreachable { error } if error.contains("nothing listens")));
        fixture.database = right;
        fixture.end().await;
    });
}

/// A server with a certificate of an authority of its own: every mode, the wrong authority, the wrong name.
#[test]
fn encrypted_connections() {
    let openssl = |folder: &std::path::Path, arguments: &str| {
        let done =
            std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    runtime().block_on(async {
        let mut fixture = Fixture::new().await;
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("names"), "subjectAltName=DNS:db.example,IP:127.0.0.1\n").unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        for authority in ["ours", "theirs"] {
            openssl(home.path(), &format!("req -x509 {key} -subj /CN={authority} -keyout {authority}.key -out {authority}.pem"));
        }
        openssl(home.path(), &format!("req {key} -subj /CN=db -keyout server.key -out server.csr"));
        let sign = "x509 -req -in server.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days 2 -extfile names -out server.crt";
        openssl(home.path(), sign);
        let data = fixture.house.folder().join("servers/shop-db");
        let owner = std::fs::metadata(&data).unwrap();
        for name in ["server.key", "server.crt"] {
            use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
            std::fs::copy(home.path().join(name), data.join(name)).unwrap();
            std::fs::set_permissions(data.join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
            chown(data.join(name), Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        fixture.server.sql("postgres", "ALTER SYSTEM SET ssl = on").await.unwrap();
        fixture.server.stop().await.unwrap();
        fixture.server.start().await.unwrap();
        let pem = |name: &str| home.path().join(name).display().to_string();
        let (ours, theirs) = (pem("ours.pem"), pem("theirs.pem"));
        for (host, parameters, expected) in [
            ("127.0.0.1", "sslmode=disable".to_owned(), Some("f")),
            ("127.0.0.1", "sslmode=prefer".to_owned(), Some("t")),
            ("127.0.0.1", "sslmode=require".to_owned(), Some("t")),
            ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ours}"), Some("t")),
            ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={ours}"), Some("t")),
            ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={theirs}"), None),
            ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={theirs}"), None),
            // The certificate is for another name, which only the strictest mode minds.
            ("localhost", format!("sslmode=verify-ca&sslrootcert={ours}"), Some("t")),
            ("localhost", format!("sslmode=verify-full&sslrootcert={ours}"), None),
        ] {
            let url = fixture.server.url("shop").replace("127.0.0.1", host) + "?" + &parameters;
            fixture.database = parse_url(&url, None).unwrap();
            let cx = SqlContext { timeout: Duration::from_secs(10), resolver: None, reach: Reach::Anywhere };
            let text = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            let (vars, mut all) = (BTreeMap::new(), Vec::new());
            let mut out = |bytes: &[u8]| {
                all.extend_from_slice(bytes);
                Ok(())
            };
            let script = Script { text, line: 1, access: Access::ReadOnly, vars: &vars };
            let reply = sql::run(&cx, &fixture.database, script, &mut out, std::future::pending()).await;
            if let Some(expected) = expected {
                assert_eq!(String::from_utf8_lossy(&all).trim(), expected, "{url} {reply:?}");
            } else {
                let said = reply.outcome.words();
                assert!(all.is_empty() && said.contains("certificate"), "{url}: {said}");
                assert!(!said.contains(fixture.house.password()), "{said}");
            }
        }
        fixture.end().await;
    });
}
