//! A primary, its replica, promotion, crash, backup, restore to a moment, dump, deletion; and nothing left behind.

use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::Utc;
use lifeboat::estate::postgres::{Condition, Server, Target};

use super::support::{clear, free, house, runtime, shop, until};

const COUNT: &str = "SELECT count(*) FROM orders";

#[test]
fn a_replica_follows_lags_and_is_promoted() {
    runtime().block_on(async {
        let house = house().await;
        let mut east = shop(&house).await;
        let mut west = east.replica("shop-db-west", free()).await.unwrap();
        assert_eq!(west.condition(), Condition::Standby);
        until("the replica's copy", || async { west.sql("shop", COUNT).await.unwrap() == "1000" }).await;
        let refused = west.sql("shop", "INSERT INTO orders (note) VALUES ('x')").await.unwrap_err().to_string();
        assert!(refused.contains("read-only"), "{refused}");
        west.hold_back().await.unwrap();
        east.sql("shop", "INSERT INTO orders (note) VALUES ('late')").await.unwrap();
        let lag = "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()";
        until("the lag", || async { west.sql("shop", lag).await.unwrap() == "t" }).await;
        assert_eq!(west.sql("shop", COUNT).await.unwrap(), "1000");
        west.catch_up().await.unwrap();
        until("the late order", || async { west.sql("shop", COUNT).await.unwrap() == "1001" }).await;
        east.crash().await.unwrap();
        assert_eq!(east.condition(), Condition::Down);
        let began = Instant::now();
        west.promote().await.unwrap();
        west.sql("shop", "INSERT INTO orders (note) VALUES ('first after')").await.unwrap();
        println!("promotion to first write: {:?}", began.elapsed());
        assert_eq!(west.condition(), Condition::Primary);
        // The old primary comes back as it was: nobody has fenced it.
        east.start().await.unwrap();
        assert_eq!(east.sql("shop", COUNT).await.unwrap(), "1001");
        drop((east, west));
        clear(house).await;
    });
}

#[test]
fn a_restore_to_a_moment_has_what_was_committed_by_then() {
    runtime().block_on(async {
        let house = house().await;
        let east = shop(&house).await;
        let backup = east.backup("nightly").await.unwrap();
        east.sql("shop", "INSERT INTO orders (note) VALUES ('good')").await.unwrap();
        let good = Utc::now();
        // The next commit has a later time than `good`, whatever the clock's grain.
        until("a later moment", || async { Utc::now() - good > chrono::TimeDelta::milliseconds(5) }).await;
        east.sql("shop", "UPDATE orders SET note = 'mangled'").await.unwrap();
        east.archive().await.unwrap();
        let restored = Server::restore(&house, &backup, Target::Time(good), "restored", free()).await.unwrap();
        let what = "SELECT count(*), count(*) FILTER (WHERE note = 'mangled') FROM orders";
        assert_eq!(restored.sql("shop", what).await.unwrap(), "1001|0");
        restored.sql("shop", "INSERT INTO orders (note) VALUES ('after')").await.unwrap();
        let latest = Server::restore(&house, &backup, Target::Latest, "latest", free()).await.unwrap();
        assert_eq!(latest.sql("shop", what).await.unwrap(), "1001|1001");
        let itself = Server::restore(&house, &backup, Target::Itself, "snapshot", free()).await.unwrap();
        assert_eq!(itself.sql("shop", COUNT).await.unwrap(), "1000");
        let late = Target::Time(Utc::now() + chrono::TimeDelta::hours(1));
        let refused = Server::restore(&house, &backup, late, "future", free()).await.unwrap_err().to_string();
        assert!(refused.contains("recovery target"), "{refused}");
        latest.delete().await.unwrap();
        drop((east, restored, itself));
        clear(house).await;
    });
}

#[test]
fn a_dump_comes_back_whole_and_a_dead_server_says_why() {
    runtime().block_on(async {
        let house = house().await;
        let mut east = shop(&house).await;
        let dump = house.folder().join("backups").join("shop.dump");
        east.dump("shop", &dump).await.unwrap();
        east.sql("postgres", "CREATE DATABASE copy").await.unwrap();
        east.undump("copy", &dump).await.unwrap();
        assert_eq!(east.sql("copy", COUNT).await.unwrap(), "1000");
        assert!(east.undump("copy", &dump).await.unwrap_err().to_string().contains("already exists"));
        east.stop().await.unwrap();
        std::fs::write(house.folder().join("servers/shop-db/lifeboat.conf"), "nonsense = 1\n").unwrap();
        let died = east.start().await.unwrap_err().to_string();
        assert!(died.contains("shop-db ended by itself") && died.contains("nonsense"), "{died}");
        drop(east);
        clear(house).await;
    });
}

/// Runs in a process of its own, which is then killed: a server must not outlive the estate that owns it.
#[test]
fn nothing_outlives_an_owner_that_is_killed() {
    const CHILD: &str = "LIFEBOAT_TEST_OWNER";
    if let Some(told) = std::env::var_os(CHILD) {
        runtime().block_on(async {
            let house = house().await;
            let _server = shop(&house).await;
            std::fs::write(told, house.folder().to_str().unwrap()).unwrap();
            std::future::pending::<()>().await;
        });
    }
    let told = tempfile::tempdir().unwrap();
    let told = told.path().join("folder");
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["servers::nothing_outlives_an_owner_that_is_killed", "--exact"])
        .env(CHILD, &told)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let wait = |what: &str, holds: &dyn Fn() -> bool| runtime().block_on(until(what, || async { holds() }));
    wait("the server", &|| std::fs::read_to_string(&told).is_ok_and(|text| !text.is_empty()));
    let folder = std::path::PathBuf::from(std::fs::read_to_string(&told).unwrap());
    let pid = std::fs::read_to_string(folder.join("servers/shop-db/postmaster.pid")).unwrap();
    let pid: i32 = pid.lines().next().unwrap().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::test_kill_process(pid).unwrap();
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait("the end of the folder", &|| !folder.exists());
    wait("the end of the server", &|| rustix::process::test_kill_process(pid).is_err());
}

#[test]
fn a_folder_of_an_owner_who_lives_or_is_unknown_is_left_alone() {
    runtime().block_on(async {
        let first = house().await;
        let parent = first.folder().parent().unwrap();
        let foreign = tempfile::Builder::new().prefix("lifeboat-postgres-").tempdir_in(parent).unwrap();
        let stale = parent.join(format!("lifeboat-postgres-stale-{}", std::process::id()));
        std::fs::create_dir(&stale).unwrap();
        std::fs::write(stale.join("owner"), "999999999 1\n").unwrap();
        let owner = std::fs::metadata(first.folder()).unwrap();
        std::os::unix::fs::chown(&stale, Some(owner.uid()), Some(owner.gid())).unwrap();
        let second = house().await;
        assert!(first.folder().exists() && foreign.path().exists(), "somebody else's folder was cleared");
        assert!(!stale.exists(), "a folder whose owner is gone is still there");
        clear(first).await;
        clear(second).await;
    });
}
