//! The practice estate with real data: what its endpoints, its API and its shop say is what stands in rows.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(90);
/// How fast the estate's time runs.
const SPEED: &str = "60";

fn lifeboat(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.env("XDG_STATE_HOME", home).env("XDG_CONFIG_HOME", home).stdin(Stdio::null());
    command
}

/// An estate in a process of its own.
struct Estate {
    home: tempfile::TempDir,
    process: Child,
    record: Value,
}

impl Drop for Estate {
    fn drop(&mut self) {
        // It may have ended as it should.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Estate {
    fn up(seed: &str) -> Self {
        Self::up_at(seed, SPEED)
    }

    fn up_at(seed: &str, speed: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("estate");
        let began = Instant::now();
        let mut up = lifeboat(home.path());
        up.args(["estate", "up", "--data", "postgres", "--speed", speed, "--seed", seed, "--dir"]).arg(&dir);
        let process = up.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let file = dir.join("estate.json");
        until("the estate", || file.exists().then_some(()));
        println!("the estate stood after {:?}", began.elapsed());
        let record = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        Self { home, process, record }
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("estate")
    }

    fn input(&self, name: &str) -> &str {
        self.record["inputs"][name].as_str().unwrap()
    }

    fn get(&self, shop: &str, path: &str) -> Option<Value> {
        let url = format!("{}{path}", self.input(shop));
        let said = Command::new("curl").args(["-sf", "-m", "5", &url]).output().unwrap();
        serde_json::from_slice(&said.stdout).ok()
    }

    fn truth(&self) -> Value {
        let header = format!("x-console-token: {}", self.record["console_token"].as_str().unwrap());
        let url = format!("{}/truth", self.record["console"].as_str().unwrap());
        let said = Command::new("curl").args(["-sf", "-m", "20", "-H", &header, &url]).output().unwrap();
        serde_json::from_slice(&said.stdout).unwrap()
    }

    fn fault(&self, fault: &str) {
        let mut command = lifeboat(self.home.path());
        assert!(command.args(["estate", "fault", fault, "--dir"]).arg(self.dir()).status().unwrap().success());
    }

    /// What `psql` prints, or what it complains of.
    fn psql(&self, at: &str, statement: &str) -> Result<String, String> {
        let Output { status, stdout, stderr } = Command::new("psql")
            .args(["-X", "-A", "-t", "-q", "-h", at, "-p", self.input("DB_PORT"), "-U", self.input("DB_USER")])
            .args(["-d", self.input("DB_NAME"), "-c", statement])
            .env("PGPASSWORD", self.input("DB_PASSWORD"))
            .env("PGCONNECT_TIMEOUT", "5")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if status.success() { Ok(text(&stdout)) } else { Err(text(&stderr)) }
    }

    fn rds(&self, region: &'static str) -> aws_sdk_rds::Client {
        use aws_credential_types::Credentials;
        let env = |name: &str| self.record["env"][name].as_str().unwrap().to_owned();
        let keys = Credentials::new(env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY"), None, None, "estate.json");
        let config = aws_sdk_rds::Config::builder()
            .behavior_version(aws_sdk_rds::config::BehaviorVersion::latest())
            .endpoint_url(env("AWS_ENDPOINT_URL"))
            .region(aws_sdk_rds::config::Region::new(region))
            .credentials_provider(keys)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_rds::Client::from_conf(config.build())
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        use aws_credential_types::Credentials;
        let env = |name: &str| self.record["env"][name].as_str().unwrap().to_owned();
        let keys = Credentials::new(env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY"), None, None, "estate.json");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .endpoint_url(env("AWS_ENDPOINT_URL"))
            .region(aws_sdk_s3::config::Region::new("us-west-2"))
            .credentials_provider(keys)
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// Reads an object of the bucket with the dumps.
    async fn object(&self, key: &str) -> Vec<u8> {
        let got = self.s3().get_object().bucket(self.input("DUMPS_BUCKET")).key(key).send().await.unwrap();
        got.body.collect().await.unwrap().into_bytes().to_vec()
    }

    /// Lists the keys of the bucket with the dumps.
    async fn dumps(&self) -> Vec<String> {
        let list = self.s3().list_objects_v2().bucket(self.input("DUMPS_BUCKET")).prefix("nightly/");
        let found = list.send().await.unwrap();
        found.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }

    /// Ends it, and makes sure that nothing of it is left.
    fn down(mut self) {
        let pid = self.record["pid"].as_u64().unwrap();
        let mut command = lifeboat(self.home.path());
        assert!(command.args(["estate", "down", "--dir"]).arg(self.dir()).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
        assert_eq!(houses_of(pid), Vec::<PathBuf>::new());
    }
}

/// Folders of database servers that belong to a process.
fn houses_of(pid: u64) -> Vec<PathBuf> {
    let all = ["/tmp", "/var/tmp"].into_iter().filter_map(|parent| std::fs::read_dir(parent).ok()).flatten().flatten();
    let houses = all.map(|entry| entry.path()).filter(|path| {
        let owner = std::fs::read_to_string(path.join("owner")).unwrap_or_default();
        path.to_string_lossy().contains("lifeboat-postgres-") && owner.starts_with(&format!("{pid} "))
    });
    houses.collect()
}

/// Looks again and again until something is there: a service has no event to wait for.
async fn reached<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    let looking = async {
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what} never came about"))
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} never came about");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn psql_reaches_the_endpoint_before_and_after_a_failover_and_after_the_server_died() {
    let estate = Estate::up("5");
    let server = |shop: &str| estate.get(shop, "/heartbeat").map(|beat| beat["server"].as_str().unwrap().to_owned());
    let (east, west) = (server("EAST_SHOP_URL").unwrap(), server("WEST_SHOP_URL").unwrap());
    assert!(east.parse::<Ipv4Addr>().unwrap().is_loopback());
    estate.psql(&east, "CREATE TABLE notes (said text)").unwrap();
    estate.psql(&east, "INSERT INTO notes VALUES ('before')").unwrap();
    until("the replica's copy", || (estate.psql(&west, "SELECT said FROM notes").ok()? == "before").then_some(()));
    let refused = estate.psql(&west, "INSERT INTO notes VALUES ('x')").unwrap_err();
    assert!(refused.contains("read-only"), "{refused}");
    let nobody = Command::new("psql")
        .args(["-X", "-w", "-h", &east, "-p", estate.input("DB_PORT"), "-U", "shop", "-d", "shop", "-c", "SELECT 1"])
        .env("PGPASSWORD", "another")
        .output()
        .unwrap();
    assert!(!nobody.status.success(), "any password opens it");
    // The shop's rows are its answers.
    let summary = estate.get("EAST_SHOP_URL", "/orders/summary").unwrap();
    assert_eq!(summary["modelled"], false);
    let orders: u64 = estate.psql(&east, "SELECT count(*) FROM orders").unwrap().parse().unwrap();
    assert!(orders >= summary["orders"].as_u64().unwrap(), "{orders} {summary}");

    estate.fault("instance-failure:crash");
    let moved = until("the failover", || server("EAST_SHOP_URL").filter(|now| *now != east));
    until("the new endpoint", || (estate.psql(&moved, "SELECT said FROM notes").ok()? == "before").then_some(()));
    assert!(estate.psql(&east, "SELECT 1").is_err(), "the old zone still answers");
    let serving = || {
        let beat = estate.get("EAST_SHOP_URL", "/heartbeat")?;
        (beat["writable"] == true).then_some(())
    };
    until("orders after the failover", serving);
    let truth = estate.truth();
    assert_eq!(truth["orders_lost"], 0, "{truth}");

    // A server that dies by itself is an instance failure: the standby takes over once it is back.
    let standby = || {
        let header = format!("x-console-token: {}", estate.record["console_token"].as_str().unwrap());
        let url = format!("{}/state", estate.record["console"].as_str().unwrap());
        let said = Command::new("curl").args(["-sf", "-H", &header, &url]).output().unwrap();
        String::from_utf8_lossy(&said.stdout).contains("has a standby again").then_some(())
    };
    until("the standby", standby);
    let house = houses_of(estate.record["pid"].as_u64().unwrap()).remove(0);
    let pid = std::fs::read_to_string(house.join("servers/data-1/postmaster.pid")).unwrap();
    assert!(Command::new("kill").args(["-KILL", pid.lines().next().unwrap()]).status().unwrap().success());
    let again = until("the second failover", || server("EAST_SHOP_URL").filter(|now| *now != moved));
    until("the endpoint after that", || {
        (estate.psql(&again, "SELECT said FROM notes").ok()? == "before").then_some(())
    });
    until("orders after that", serving);
    let truth = estate.truth();
    assert_eq!(truth["orders_lost"], 0, "{truth}");
    estate.down();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_in_time_and_a_snapshot_are_restored_by_postgresql_itself() {
    let estate = Estate::up("6");
    let rds = estate.rds("us-east-1");
    let status = async |id: &str| {
        let described = rds.describe_db_instances().db_instance_identifier(id).send().await.ok()?;
        let instance = described.db_instances().first()?.clone();
        Some((instance.db_instance_status()?.to_owned(), instance))
    };
    let (_, primary) = status("shop-db").await.unwrap();
    assert_eq!(primary.endpoint().unwrap().port().unwrap().to_string(), estate.input("DB_PORT"));
    let east = estate.get("EAST_SHOP_URL", "/heartbeat").unwrap()["server"].as_str().unwrap().to_owned();
    let latest = async || {
        let (_, primary) = status("shop-db").await?;
        Some(primary.latest_restorable_time()?.as_secs_f64())
    };
    let began = latest().await.unwrap();
    let moved = async || latest().await.filter(|reached| *reached > began);
    let restorable = reached("a later restorable time", moved).await;
    let point = format!("to_timestamp({restorable})");
    let at_point = format!("SELECT count(*), max(id), sum(total_cents) FROM orders WHERE placed_at < {point}");
    let expected = estate.psql(&east, &at_point).unwrap();
    estate.psql(&east, "DELETE FROM orders WHERE id % 2 = 0").unwrap();
    let restore = rds
        .restore_db_instance_to_point_in_time()
        .source_db_instance_identifier("shop-db")
        .target_db_instance_identifier("shop-db-point")
        .restore_time(aws_sdk_rds::primitives::DateTime::from_secs_f64(restorable));
    restore.send().await.unwrap();
    rds.create_db_snapshot().db_instance_identifier("shop-db").db_snapshot_identifier("half").send().await.unwrap();
    let available = async |id: &str| {
        let look = async || match status(id).await {
            Some((status, instance)) if status == "available" => Some(instance),
            Some((status, _)) if status.contains("error") || status == "failed" => panic!("{id} is {status}"),
            _ => None,
        };
        reached(id, look).await
    };
    available("shop-db-point").await;
    // The third and fourth database of this estate, in the first zone.
    let (restored, half) = ("127.77.11.13", "127.77.11.14");
    let found = estate.psql(restored, "SELECT count(*), max(id), sum(total_cents) FROM orders").unwrap();
    assert_eq!(found, expected, "what was committed before {restorable}");
    assert_eq!(estate.psql(restored, "SELECT pg_is_in_recovery()").unwrap(), "f");

    // The manifest of the night before, out of the estate's S3: what was there then has to be there, unchanged.
    let manifest = estate.home.path().join("shop.fingerprint.json");
    std::fs::write(&manifest, estate.object(estate.input("MANIFEST_KEY")).await).unwrap();
    let compare = |id: &str| {
        let place = format!("{id}.us-east-1.rds.practice.example:{}", estate.input("DB_PORT"));
        let url = format!("postgresql://{}@{place}/{}", estate.input("DB_USER"), estate.input("DB_NAME"));
        let mut compare = lifeboat(estate.home.path());
        compare.args(["fingerprint", &url, "--up-to-watermark", "--against"]).arg(&manifest);
        compare.env("LIFEBOAT_RESOLVER", estate.record["dns"].as_str().unwrap());
        let Output { status, stdout, stderr } =
            compare.env("PGPASSWORD", estate.input("DB_PASSWORD")).output().unwrap();
        (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
    };
    // A new name takes half a minute of the estate's time to be known.
    let named = async || Some(compare("shop-db-point")).filter(|(code, _)| *code != Some(2));
    let same = reached("the name of shop-db-point", named).await;
    assert_eq!(same.0, Some(0), "{}", same.1);
    assert!(same.1.contains("1 table compared up to their watermarks, no difference"), "{}", same.1);
    assert!(same.1.contains("table public.heartbeat: not compared"), "{}", same.1);
    let (code, differs) = compare("shop-db");
    assert!(code == Some(1) && differs.contains("table public.orders: "), "{differs}");

    let restore = rds.restore_db_instance_from_db_snapshot().db_instance_identifier("shop-db-half");
    let restore = restore.db_snapshot_identifier("half");
    reached("the snapshot", async || restore.clone().send().await.ok()).await;
    available("shop-db-half").await;
    let even = estate.psql(half, "SELECT count(*) FILTER (WHERE id % 2 = 0 AND id <= 79200) FROM orders").unwrap();
    assert_eq!(even, "0", "the snapshot is of after the deletion");

    // A copy from the dump is compared whole.
    let house = super::support::house().await;
    let copy = super::support::shop(&house).await;
    for statement in ["CREATE ROLE shop", "CREATE DATABASE copy"] {
        copy.sql("postgres", statement).await.unwrap();
    }
    let dump = house.folder().join("backups/shop.dump");
    std::fs::write(&dump, estate.object(estate.input("DUMP_KEY")).await).unwrap();
    copy.undump("copy", &dump).await.unwrap();
    let mut whole = lifeboat(estate.home.path());
    let Output { status: ended, stdout, .. } =
        whole.args(["fingerprint", &copy.url("copy"), "--against"]).arg(&manifest).output().unwrap();
    let said = String::from_utf8_lossy(&stdout);
    assert!(ended.success() && said.contains("3 tables compared, no difference"), "{said}");
    drop(copy);
    super::support::clear(house).await;

    // A deleted instance is a server that is gone; its backups are not.
    let delete = rds.delete_db_instance().db_instance_identifier("shop-db-half").skip_final_snapshot(true);
    delete.send().await.unwrap();
    reached("the end of shop-db-half", async || status("shop-db-half").await.is_none().then_some(())).await;
    assert!(estate.psql(half, "SELECT 1").is_err());
    estate.down();
}

#[tokio::test]
async fn a_night_that_passes_leaves_a_dump_of_that_night_and_modelled_ones_say_that_they_are() {
    // A day of the estate in 24 seconds; nobody orders meanwhile, or there were some hundred thousand rows more.
    let estate = Estate::up_at("11", "3600");
    let url = format!("{}/admin/maintenance", estate.input("EAST_SHOP_URL"));
    // A slow machine is behind with the orders of this fast estate, and hears nothing before it has caught up.
    until("maintenance", || {
        let told = Command::new("curl").args(["-sf", "-m", "30", "-o", "/dev/null", "-X", "POST", &url]).status();
        told.unwrap().success().then_some(())
    });
    let of_night =
        |name: &str| name.starts_with("nightly/20") && name.contains('T') && name.ends_with("shop.fingerprint.json");
    let dumps = async || estate.dumps().await.into_iter().find(|key| of_night(key));
    let manifest = reached("the dump of a night", dumps).await;
    let dump = manifest.replace("shop.fingerprint.json", "shop.dump");
    let house = super::support::house().await;
    let copy = super::support::shop(&house).await;
    for statement in ["CREATE ROLE shop", "CREATE DATABASE copy"] {
        copy.sql("postgres", statement).await.unwrap();
    }
    let (dumped, proof) = (house.folder().join("backups/night.dump"), estate.home.path().join("night.json"));
    std::fs::write(&dumped, estate.object(&dump).await).unwrap();
    std::fs::write(&proof, estate.object(&manifest).await).unwrap();
    copy.undump("copy", &dumped).await.unwrap();
    let mut whole = lifeboat(estate.home.path());
    let said = whole.args(["fingerprint", &copy.url("copy"), "--against"]).arg(&proof).output().unwrap();
    let told = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && told.contains("3 tables compared, no difference"), "{told}");
    // It is of that night: it has orders that the opening's dump cannot have.
    let newest: u64 = copy.sql("copy", "SELECT max(id) FROM orders").await.unwrap().trim().parse().unwrap();
    assert!(newest > 79_200, "{newest}");

    // An older night is modelled, and nobody restores it by mistake.
    let modelled = house.folder().join("backups/modelled.sql");
    std::fs::write(&modelled, estate.object("nightly/shop-db-minus-2.sql").await).unwrap();
    let refused = copy.undump("copy", &modelled).await.unwrap_err().to_string();
    assert!(refused.contains("text format dump"), "{refused}");
    let mut psql = Command::new("psql");
    let psql = psql.args(["-X", "-v", "ON_ERROR_STOP=1", &copy.url("copy"), "-f"]).arg(&modelled).output().unwrap();
    let told = String::from_utf8_lossy(&psql.stderr);
    assert_eq!(psql.status.code(), Some(3), "{told}");
    assert!(told.contains("is modelled and holds no rows") && told.contains("has a fingerprint beside it"), "{told}");
    drop(copy);
    super::support::clear(house).await;
    estate.down();
}

/// Drills a runbook on real rows and returns what it said.
fn drilled(home: &Path, runbook: &str) -> String {
    let mut drill = lifeboat(home);
    drill.args(["drill", runbook, "--unattended", "--speed", SPEED, "--seed", "1", "--data", "postgres"]);
    let Output { status, stdout, stderr } = drill.output().unwrap();
    let said = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{said}{}", String::from_utf8_lossy(&stderr));
    // What the runbook asks the databases themselves is asked, and held.
    let sql = said.lines().find(|line| line.starts_with("SQL ")).unwrap_or_else(|| panic!("{said}"));
    assert!(!sql.contains("SQL   0 of") && sql.contains(", 0 failed, 0 not exercised"), "{said}");
    said
}

#[test]
fn a_restore_drill_proves_the_restored_rows_by_their_fingerprint() {
    let home = tempfile::tempdir().unwrap();
    let said = drilled(home.path(), "restore-drill");
    assert!(said.contains("0 acknowledged orders are missing"), "{said}");
    let runs = home.path().join("lifeboat/runs");
    let run = std::fs::read_dir(runs).unwrap().flatten().next().unwrap().path();
    let outputs = std::fs::read_dir(run.join("output")).unwrap().flatten().map(|entry| entry.path());
    let compared = outputs.filter_map(|path| std::fs::read_to_string(path).ok()).find(|text| text.contains("SAME as"));
    let compared = compared.unwrap_or_else(|| panic!("nothing was compared: {said}"));
    assert!(compared.contains("1 table compared up to their watermarks, no difference"), "{compared}");
    assert!(compared.contains("table public.heartbeat: not compared"), "{compared}");
}

#[test]
fn a_drill_of_the_way_home_loses_no_row() {
    let home = tempfile::tempdir().unwrap();
    let said = drilled(home.path(), "region-failback");
    assert!(said.contains("0 acknowledged orders are missing"), "{said}");
}

#[test]
fn a_drill_of_a_lost_region_counts_rows_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let said = drilled(home.path(), "region-failure");
    let line = |what: &str| said.lines().find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("{said}"));
    assert!(line("DATA").contains("real: rows in PostgreSQL 1"), "{said}");
    assert!(line("RTO").contains("MET: ") && line("RPO").contains("MET: "), "{said}");
    let words: Vec<&str> = line("SEEN").split_whitespace().collect();
    let at = words.iter().position(|word| *word == "acknowledged").unwrap();
    let missing: u64 = words[at - 1].parse().unwrap();
    // The model cuts replication up to twenty seconds before the region, and ten orders come a second.
    assert!((1..=1_000).contains(&missing), "{said}");
    let ours = |path: &PathBuf| {
        let owner = std::fs::read_to_string(path.join("owner")).unwrap_or_default();
        let pid = owner.split(' ').next().and_then(|pid| pid.parse::<i32>().ok());
        pid.and_then(rustix::process::Pid::from_raw).is_some_and(|pid| rustix::process::test_kill_process(pid).is_err())
    };
    // Whoever else has just ended may still be clearing what was theirs.
    until("the end of every folder without an owner", || {
        let mut all = std::fs::read_dir("/tmp").unwrap().flatten().map(|entry| entry.path());
        let left = all.any(|path| path.to_string_lossy().contains("lifeboat-postgres-") && ours(&path));
        (!left).then_some(())
    });
}
