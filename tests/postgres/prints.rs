//! `lifeboat fingerprint` against a real server: copies, differences, watermarks.

use std::path::Path;
use std::process::{Command, Output};

use lifeboat::estate::postgres::{Server, Target};

use super::support::{clear, free, house, runtime, shop};

fn lifeboat(server: &Server, dbname: &str, arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let url = server.url(dbname);
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_lifeboat"))
        .arg("fingerprint")
        .arg(url)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_dump_restored_is_the_same_and_every_difference_is_named() {
    runtime().block_on(async {
        let (house, home) = (house().await, tempfile::tempdir().unwrap());
        let east = shop(&house).await;
        let more = "CREATE TYPE state AS ENUM ('new', 'paid'); \
                    CREATE TABLE \"Odd name\" (t text, \"a b\" state, n numeric, b bytea, f float8, i interval); \
                    INSERT INTO \"Odd name\" VALUES (NULL, 'paid', 1.10, '\\x00ff', 0.1, '1 day'), (NULL, 'paid', 1.10, '\\x00ff', 0.1, '1 day'); \
                    CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day); \
                    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); \
                    INSERT INTO parts VALUES (1, '2026-11-22'); CREATE TABLE nothing (); \
                    CREATE VIEW recent AS SELECT * FROM orders WHERE id > 990; \
                    CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1'";
        east.sql("shop", more).await.unwrap();
        let (code, _, said) = lifeboat(&east, "shop", &["--out", "m.json"], home.path());
        assert_eq!(code, 0, "{said}");
        let (code, _, said) = lifeboat(&east, "shop", &["--out", "m.json"], home.path());
        assert!(code == 2 && said.contains("is there already"), "{said}");
        let dump = house.folder().join("backups").join("shop.dump");
        east.dump("shop", &dump).await.unwrap();
        east.sql("postgres", "CREATE DATABASE copy").await.unwrap();
        east.undump("copy", &dump).await.unwrap();
        let (code, same, said) = lifeboat(&east, "copy", &["--against", "m.json"], home.path());
        assert_eq!(code, 0, "{same}{said}");
        assert!(same.starts_with("SAME as shop at 20") && same.contains(": 5 tables compared"), "{same}");
        let harm = "UPDATE stock SET left_over = left_over + 1 WHERE item = 'item 7'; DELETE FROM orders WHERE id = 5; \
                    DELETE FROM \"Odd name\" WHERE ctid = '(0,1)'; DROP TABLE nothing; CREATE TABLE stranger (x int); \
                    SELECT setval('orders_id_seq', 7); CREATE INDEX ON orders (note)";
        east.sql("copy", harm).await.unwrap();
        let (code, differs, _) = lifeboat(&east, "copy", &["--against", "m.json"], home.path());
        assert_eq!(code, 1, "{differs}");
        for line in [
            "structure: other columns",
            "structure: other indexes",
            "sequence public.orders_id_seq: at 7, behind the manifest's 1000: it would give out values again",
            "table public.\"Odd name\": 1 rows, the manifest has 2",
            "table public.nothing: missing",
            "table public.orders: 999 rows, the manifest has 1000",
            "table public.stock: as many rows, other contents",
            "table public.stranger: not in the manifest",
        ] {
            assert!(differs.lines().any(|found| found == line), "no `{line}` in\n{differs}");
        }
        assert!(!differs.contains("parts_1"), "{differs}");
        drop(east);
        clear(house).await;
    });
}

#[test]
fn a_later_restore_is_compared_up_to_the_watermark() {
    runtime().block_on(async {
        let (house, home) = (house().await, tempfile::tempdir().unwrap());
        let east = shop(&house).await;
        let backup = east.backup("nightly").await.unwrap();
        let taken = ["--append-only", "public.orders:id", "--out", "m.json"];
        let (code, _, said) = lifeboat(&east, "shop", &taken, home.path());
        assert_eq!(code, 0, "{said}");
        east.sql("shop", "INSERT INTO orders (note) VALUES ('later'); UPDATE stock SET left_over = 0").await.unwrap();
        east.archive().await.unwrap();
        let restored = Server::restore(&house, &backup, Target::Latest, "restored", free()).await.unwrap();
        let compare = ["--against", "m.json", "--up-to-watermark"];
        let (code, same, said) = lifeboat(&restored, "shop", &compare, home.path());
        assert_eq!(code, 0, "{same}{said}");
        assert!(same.contains("table public.stock: not compared"), "{same}");
        assert!(same.contains("1 table compared up to their watermarks, no difference"), "{same}");
        restored.sql("shop", "UPDATE orders SET note = 'mangled' WHERE id = 500").await.unwrap();
        let (code, differs, _) = lifeboat(&restored, "shop", &compare, home.path());
        assert!(code == 1 && differs.contains("table public.orders: as many rows, other contents"), "{differs}");
        let (code, _, said) = lifeboat(&east, "shop", &["--append-only", "public.nix:id"], home.path());
        assert!(code == 2 && said.contains("has no table public.nix"), "{said}");
        let (code, _, said) = lifeboat(&east, "shop", &["--append-only", "public.orders:nix"], home.path());
        assert!(code == 2 && said.contains("table public.orders") && said.contains("42703"), "{said}");
        let (code, _, said) = lifeboat(&east, "nix", &[], home.path());
        assert!(code == 2 && said.contains("3D000") && !said.contains(house.password()), "{said}");
        drop((east, restored));
        clear(house).await;
    });
}
