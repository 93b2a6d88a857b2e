//! Wrong decisions, made on purpose: each hurts in the estate as it would on AWS, by the customers' record or by AWS's refusal.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it must be"
)]

#[path = "estate/support.rs"]
mod support;

use std::net::Ipv4Addr;

use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{DbInstance, Filter};
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use support::{Estate, PATIENCE, until};

/// How much faster the estates live: a promotion takes half a second.
const SPEED: u32 = 600;
const EAST: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
const WEST: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 2);

/// One estate at a time: each takes a good part of a processor at this speed, and falls behind without it.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Is an estate and AWS's own clients of both regions.
struct Scene {
    estate: Estate,
    east: aws_sdk_rds::Client,
    west: aws_sdk_rds::Client,
    s3_east: aws_sdk_s3::Client,
    s3_west: aws_sdk_s3::Client,
    _home: tempfile::TempDir,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl Scene {
    async fn set(seed: u64) -> Self {
        Self::set_at(seed, SPEED).await
    }

    async fn set_at(seed: u64, speed: u32) -> Self {
        let turn = TURN.lock().await;
        let home = tempfile::tempdir().unwrap();
        let estate = Estate::stand(&home.path().join("estate"), seed, speed).await;
        let (east, west) = (estate.sdk("us-east-1", PATIENCE).await, estate.sdk("us-west-2", PATIENCE).await);
        Self {
            east: aws_sdk_rds::Client::new(&east),
            west: aws_sdk_rds::Client::new(&west),
            s3_east: aws_sdk_s3::Client::new(&east),
            s3_west: aws_sdk_s3::Client::new(&west),
            estate,
            _home: home,
            _turn: turn,
        }
    }

    async fn truth(&self) -> Value {
        self.estate.console("/truth").await
    }

    async fn lost(&self) -> u64 {
        self.truth().await["orders_lost"].as_u64().unwrap()
    }

    async fn alarm(&self) -> String {
        until("the alarm", || async { self.estate.console("/alarm").await["onset"].as_str().map(str::to_owned) }).await
    }

    /// Asks the shop of a region, `EAST` or `WEST`.
    async fn shop(&self, region: &str, method: &str, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.estate.input(&format!("{region}_SHOP_URL")));
        self.estate.shop(method, &url).await.unwrap()
    }

    async fn lose_the_region(&self) {
        assert_eq!(self.estate.inject("region-failure").await, 200);
        self.alarm().await;
    }

    async fn set_the_latch(&self) {
        let (bucket, key) = (self.estate.input("LATCH_BUCKET"), self.estate.input("LATCH_KEY"));
        self.s3_west.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"")).send().await.unwrap();
    }

    /// Promotes the replica of us-west-2 and waits until it takes writes.
    async fn promote(&self, retention: Option<i32>) -> DbInstance {
        let promotion = self.west.promote_read_replica().db_instance_identifier("shop-db-west");
        promotion.set_backup_retention_period(retention).send().await.unwrap();
        instance(&self.west, "shop-db-west", |found| {
            idle(found) && found.read_replica_source_db_instance_identifier().is_none()
        })
        .await
    }

    /// Waits until the estate's clock has gone on by so many seconds of its own.
    async fn later(&self, seconds: i64) {
        let now = || async { self.estate.console("/state").await["virtual_ms"].as_i64().unwrap() };
        let then = now().await + seconds * 1_000;
        until("time", || async { (now().await >= then).then_some(()) }).await;
    }
}

fn idle(found: &DbInstance) -> bool {
    found.db_instance_status() == Some("available")
}

/// Waits until an instance is as it should be.
async fn instance(rds: &aws_sdk_rds::Client, id: &str, fits: impl Fn(&DbInstance) -> bool) -> DbInstance {
    until(&format!("{id} to be as it should"), || async {
        let described = rds.describe_db_instances().db_instance_identifier(id).send().await.unwrap();
        described.db_instances().first().filter(|found| fits(found)).cloned()
    })
    .await
}

/// Returns the code of AWS's refusal.
fn code<T: std::fmt::Debug, E: ProvideErrorMetadata>(refused: Result<T, E>) -> String {
    match refused {
        Ok(done) => panic!("it was not refused: {done:?}"),
        Err(error) => error.code().unwrap_or("no code").to_owned(),
    }
}

fn time(text: &str) -> DateTime {
    DateTime::from_str(text, aws_sdk_rds::primitives::DateTimeFormat::DateTime).unwrap()
}

/// Lets the name by which the shop of us-east-1 finds its database lead to another one, and has the shop follow it.
async fn point_the_shop_to(scene: &Scene, database: &DbInstance) {
    let route53 = aws_sdk_route53::Client::new(&scene.estate.sdk("us-east-1", PATIENCE).await);
    let host = database.endpoint().unwrap().address().unwrap();
    let record = ResourceRecord::builder().value(host).build().unwrap();
    let alias = scene.estate.input("PRIMARY_DB_ALIAS");
    let set = ResourceRecordSet::builder().name(alias).r#type(RrType::Cname).ttl(5).resource_records(record);
    let change = Change::builder().action(ChangeAction::Upsert).resource_record_set(set.build().unwrap());
    let batch = ChangeBatch::builder().changes(change.build().unwrap()).build().unwrap();
    let zone = scene.estate.input("ZONE_ID");
    let made = route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.unwrap();
    let id = made.change_info().unwrap().id().to_owned();
    until("INSYNC", || async {
        let change = route53.get_change().id(&id).send().await.unwrap();
        (change.change_info().unwrap().status().as_str() == "INSYNC").then_some(())
    })
    .await;
    scene.shop("EAST", "POST", "/admin/restart").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_latch_traffic_goes_home_by_itself_and_both_sides_take_orders() {
    let scene = Scene::set(7).await;
    scene.lose_the_region().await;
    scene.promote(Some(14)).await;
    until("customers in the west", || async { scene.truth().await["served_again_at"].as_str().map(|_| ()) }).await;
    assert_eq!(scene.estate.service().await, WEST);
    let lost_by_the_failure = scene.lost().await;

    assert_eq!(scene.estate.inject("region-return").await, 200);
    until("traffic at home", || async { (scene.estate.service().await == EAST).then_some(()) }).await;
    until("orders that only the old primary has", || async {
        (scene.lost().await > lost_by_the_failure + 500).then_some(())
    })
    .await;
    for region in ["EAST", "WEST"] {
        let (_, beat) = scene.shop(region, "GET", "/heartbeat").await;
        assert_eq!(beat["writable"], json!(true), "{region}: {beat}");
        let (_, missing) = scene.shop(region, "GET", "/orders/reconcile").await;
        assert!(missing["orders"].as_u64().unwrap() > 500, "{region} has all orders: {missing}");
    }
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_latch_the_old_primary_comes_back_to_no_customers() {
    let scene = Scene::set(7).await;
    scene.lose_the_region().await;
    scene.set_the_latch().await;
    scene.promote(Some(14)).await;
    until("customers in the west", || async { scene.truth().await["served_again_at"].as_str().map(|_| ()) }).await;
    let lost_by_the_failure = scene.lost().await;
    assert_eq!(scene.estate.inject("region-return").await, 200);
    scene.later(300).await;
    let (_, before) = scene.shop("EAST", "GET", "/orders/summary").await;
    scene.later(300).await;
    let (_, after) = scene.shop("EAST", "GET", "/orders/summary").await;
    assert_eq!((before["orders"].clone(), scene.estate.service().await), (after["orders"].clone(), WEST));
    assert_eq!(scene.lost().await, lost_by_the_failure);
    // Taking the latch away to tidy up is the same mistake, only later.
    let (bucket, key) = (scene.estate.input("LATCH_BUCKET"), scene.estate.input("LATCH_KEY"));
    scene.s3_west.delete_object().bucket(bucket).key(key).send().await.unwrap();
    until("orders that only the old primary has", || async {
        (scene.lost().await > lost_by_the_failure + 500).then_some(())
    })
    .await;
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_security_group_alone_fences_nobody() {
    // Slow enough that connections, which live for a minute, are still open when it is looked at.
    let scene = Scene::set_at(3, 10).await;
    let closing = scene.east.modify_db_instance().db_instance_identifier("shop-db").apply_immediately(true);
    closing.vpc_security_group_ids("sg-0deny0all0east00").send().await.unwrap();
    instance(&scene.east, "shop-db", |found| {
        idle(found)
            && found
                .vpc_security_groups()
                .iter()
                .any(|group| group.vpc_security_group_id() == Some("sg-0deny0all0east00"))
    })
    .await;
    // Open connections are not cut: orders go on.
    assert_eq!(scene.shop("EAST", "POST", "/orders").await.0, 201);
    assert_eq!(scene.shop("EAST", "GET", "/heartbeat").await.1["writable"], json!(true));
    // A restart cuts them.
    let (_, cut) = scene.shop("EAST", "POST", "/admin/restart").await;
    assert!(cut["error"].as_str().unwrap().contains("security group"), "{cut}");
    assert_eq!(scene.shop("EAST", "POST", "/orders").await.0, 503);
    // Stopping it is no fence: it has a replica.
    let stop = scene.east.stop_db_instance().db_instance_identifier("shop-db").send().await;
    assert_eq!(code(stop), "InvalidDBInstanceState");
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_with_defaults_lets_no_customer_in() {
    let scene = Scene::set(11).await;
    let restore = || {
        let call = scene.east.restore_db_instance_to_point_in_time().source_db_instance_identifier("shop-db");
        call.use_latest_restorable_time(true)
    };
    restore().target_db_instance_identifier("shop-db-bare").send().await.unwrap();
    let bare = instance(&scene.east, "shop-db-bare", idle).await;
    assert_eq!(bare.vpc_security_groups()[0].vpc_security_group_id(), Some("sg-0default0east0000"));
    assert_eq!(bare.db_subnet_group().unwrap().db_subnet_group_name(), Some("default"));
    assert_eq!(bare.db_parameter_groups()[0].db_parameter_group_name(), Some("default.postgres16"));
    let switches = (bare.multi_az(), bare.deletion_protection(), bare.iam_database_authentication_enabled());
    assert_eq!(switches, (Some(false), Some(false), Some(false)));
    assert_eq!(bare.secondary_availability_zone(), None);
    // A point-in-time restore keeps the days of backups of its source.
    assert_eq!(bare.backup_retention_period(), Some(14));

    let before = scene.truth().await;
    assert_eq!(before["requests_failed"], json!(0));
    point_the_shop_to(&scene, &bare).await;
    let (status, said) = scene.shop("EAST", "GET", "/heartbeat").await;
    assert!(status == 503 && said["error"].as_str().unwrap().contains("security group"), "{said}");
    scene.alarm().await;
    assert!(scene.truth().await["requests_failed"].as_u64().unwrap() >= 10);

    // The shop's own security group does not help either: it belongs to another network than the default subnets.
    let group = "sg-0east0shop0db0001";
    let widen = || scene.east.modify_db_instance().db_instance_identifier("shop-db-bare").apply_immediately(true);
    let refused = widen().vpc_security_group_ids(group).send().await;
    assert_eq!(code(refused), "InvalidParameterCombination");
    let refused = restore().target_db_instance_identifier("shop-db-half").vpc_security_group_ids(group).send().await;
    assert_eq!(code(refused), "InvalidParameterCombination");
    let refused = widen().db_subnet_group_name("no-such-group").send().await;
    assert_eq!(code(refused), "DBSubnetGroupNotFoundFault");

    // Restored again with what was left out customers are served, and what was written since the last log is gone.
    let full = restore().target_db_instance_identifier("shop-db-full").vpc_security_group_ids(group);
    full.db_subnet_group_name(scene.estate.input("PRIMARY_SUBNET_GROUP")).send().await.unwrap();
    let full = instance(&scene.east, "shop-db-full", idle).await;
    point_the_shop_to(&scene, &full).await;
    until("customers", || async { scene.truth().await["served_again_at"].as_str().map(|_| ()) }).await;
    let truth = until("the shop's database", || async {
        let truth = scene.truth().await;
        (truth["surviving_database"] == "shop-db-full").then_some(truth)
    })
    .await;
    // A log may have been shipped between the last order and the restore: then nothing was written since.
    let moment = |what: &str| truth["virtual_ms"][what].as_i64().unwrap();
    let unsaved = moment("first_failed_at") - moment("last_surviving_commit");
    let lost = truth["orders_lost"].as_u64().unwrap();
    assert!(unsaved > 0 || lost == 0, "{truth}");
    assert!(unsaved < 1_000 || lost > 0, "{truth}");
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_with_the_backups_leaves_nothing_in_the_region_to_restore() {
    let scene = Scene::set(5).await;
    let primary = instance(&scene.east, "shop-db", idle).await;
    let resource = primary.dbi_resource_id().unwrap();
    let delete = || {
        let call = scene.east.delete_db_instance().db_instance_identifier("shop-db");
        call.skip_final_snapshot(true).delete_automated_backups(true)
    };
    assert_eq!(code(delete().send().await), "InvalidParameterCombination", "it is protected");
    let open = scene.east.modify_db_instance().db_instance_identifier("shop-db").deletion_protection(false);
    open.apply_immediately(true).send().await.unwrap();
    instance(&scene.east, "shop-db", |found| idle(found) && found.deletion_protection() == Some(false)).await;
    let neither = scene.east.delete_db_instance().db_instance_identifier("shop-db").send().await;
    assert_eq!(code(neither), "InvalidParameterCombination", "neither a final snapshot nor none");
    delete().send().await.unwrap();
    assert_eq!(code(delete().send().await), "InvalidDBInstanceState", "a deletion is under way");
    until("the deletion", || async {
        let described = scene.east.describe_db_instances().db_instance_identifier("shop-db").send().await;
        described.err().filter(|gone| gone.code() == Some("DBInstanceNotFound")).map(|_| ())
    })
    .await;

    // Nothing of it is left in the region: no backups, no automated snapshots, no name, no resource.
    let retained = Filter::builder().name("status").values("retained").build();
    let backups = scene.east.describe_db_instance_automated_backups().filters(retained).send().await.unwrap();
    assert_eq!(backups.db_instance_automated_backups().len(), 0);
    let snapshots = scene.east.describe_db_snapshots().send().await.unwrap();
    assert_eq!(snapshots.db_snapshots().len(), 0);
    let restore = || {
        let call = scene.east.restore_db_instance_to_point_in_time().use_latest_restorable_time(true);
        call.target_db_instance_identifier("shop-db")
    };
    let by_name = restore().source_db_instance_identifier("shop-db").send().await;
    assert_eq!(code(by_name), "DBInstanceNotFound");
    let by_resource = restore().source_dbi_resource_id(resource).send().await;
    assert_eq!(code(by_resource), "DBInstanceAutomatedBackupNotFound");
    assert!(scene.truth().await["requests_failed"].as_u64().unwrap() > 0);

    // What is left is elsewhere: the replica, whose replication is over, and backups that are minutes older.
    let replica = instance(&scene.west, "shop-db-west", idle).await;
    assert_eq!(replica.status_infos()[0].status(), Some("terminated"));
    let kept = scene.west.describe_db_instance_automated_backups().send().await.unwrap();
    let arn = kept.db_instance_automated_backups()[0].db_instance_automated_backups_arn().unwrap();
    let again = scene.west.restore_db_instance_to_point_in_time().source_db_instance_automated_backups_arn(arn);
    let again = again.target_db_instance_identifier("shop-db-again").use_latest_restorable_time(true);
    again.send().await.unwrap();
    instance(&scene.west, "shop-db-again", idle).await;
    let orders = |answer: (u16, Value)| answer.1["orders"].as_u64().unwrap();
    let replicated = orders(scene.shop("WEST", "GET", "/databases/shop-db-west").await);
    let restored = orders(scene.shop("WEST", "GET", "/databases/shop-db-again").await);
    assert!(replicated > restored + 1_000, "{replicated} {restored}");
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undelete_without_the_version_buries_deeper() {
    let scene = Scene::set(4).await;
    assert_eq!(scene.estate.inject("accidental-deletion:objects").await, 200);
    let all = scene.truth().await["objects_missing"].as_u64().unwrap();
    assert_eq!(all, 40);
    let (bucket, key) = (scene.estate.input("PRIMARY_ASSETS_BUCKET"), "images/0001.jpg");
    let s3 = &scene.s3_east;
    let markers = || async {
        let listed = s3.list_object_versions().bucket(bucket).prefix(key).send().await.unwrap();
        listed.delete_markers().iter().map(|marker| marker.version_id().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = markers().await;
    assert_eq!(first.len(), 1);
    let second = s3.delete_object().bucket(bucket).key(key).send().await.unwrap();
    assert_eq!((second.delete_marker(), markers().await.len()), (Some(true), 2));
    assert_eq!(code(s3.get_object().bucket(bucket).key(key).send().await), "NoSuchKey");
    // To take the newest marker away is not enough now.
    s3.delete_object().bucket(bucket).key(key).version_id(second.version_id().unwrap()).send().await.unwrap();
    assert_eq!(scene.truth().await["objects_missing"], json!(all));
    s3.delete_object().bucket(bucket).key(key).version_id(&first[0]).send().await.unwrap();
    s3.get_object().bucket(bucket).key(key).send().await.unwrap();
    assert_eq!(scene.truth().await["objects_missing"], json!(all - 1));
    // The version of an object instead of its marker's: the object is gone for good.
    let listed = s3.list_object_versions().bucket(bucket).prefix("images/0002.jpg").send().await.unwrap();
    let version = listed.versions()[0].version_id().unwrap().to_owned();
    let wrong = s3.delete_object().bucket(bucket).key("images/0002.jpg").version_id(&version).send().await.unwrap();
    assert_eq!(wrong.delete_marker(), None);
    let marker = listed.delete_markers()[0].version_id().unwrap();
    s3.delete_object().bucket(bucket).key("images/0002.jpg").version_id(marker).send().await.unwrap();
    assert_eq!(code(s3.get_object().bucket(bucket).key("images/0002.jpg").send().await), "NoSuchKey");
    assert_eq!(scene.truth().await["objects_missing"], json!(all - 1));
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_without_versioning_forgets() {
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let scene = Scene::set(4).await;
    let (bucket, s3) = (scene.estate.input("PRIMARY_ASSETS_BUCKET"), &scene.s3_east);
    let off = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(off).send().await.unwrap();
    s3.put_object().bucket(bucket).key("new.jpg").body(ByteStream::from_static(b"new")).send().await.unwrap();
    let gone = s3.delete_object().bucket(bucket).key("new.jpg").send().await.unwrap();
    assert_eq!((gone.delete_marker(), gone.version_id()), (Some(true), Some("null")));
    let listed = s3.list_object_versions().bucket(bucket).prefix("new.jpg").send().await.unwrap();
    assert_eq!((listed.versions().len(), listed.delete_markers().len()), (0, 1), "the marker replaced the object");
    s3.delete_object().bucket(bucket).key("new.jpg").version_id("null").send().await.unwrap();
    assert_eq!(code(s3.get_object().bucket(bucket).key("new.jpg").send().await), "NoSuchKey");
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_measure_before_the_promotion_never_knows_the_loss() {
    let scene = Scene::set(9).await;
    assert_eq!(scene.estate.inject("replica-lag:900").await, 200);
    scene.later(600).await;
    scene.lose_the_region().await;
    // What nobody reads now: the last commit that survives.
    let (_, beat) = scene.shop("WEST", "GET", "/heartbeat").await;
    let survives = beat["last_commit"].as_str().unwrap().to_owned();
    scene.promote(Some(14)).await;
    until("customers in the west", || async { scene.truth().await["served_again_at"].as_str().map(|_| ()) }).await;
    let (_, beat) = scene.shop("WEST", "GET", "/heartbeat").await;
    let seems = beat["last_commit"].as_str().unwrap();
    let truth = scene.truth().await;
    assert_eq!(truth["last_surviving_commit"], json!(survives));
    assert!(seems > survives.as_str(), "{seems} {survives}");
    // By the heartbeat it looks as if nothing was lost; customers know better.
    assert!(truth["orders_lost"].as_u64().unwrap() > 5_000, "{truth}");
    let inside = truth["virtual_ms"]["loss_ms"].as_i64().unwrap();
    assert!((500_000..=920_000).contains(&inside), "{truth}");
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_that_forgets_its_backups_has_none() {
    for (retention, keeps) in [(None, 1), (Some(0), 0)] {
        let scene = Scene::set(2).await;
        let promoted = scene.promote(retention).await;
        assert_eq!(promoted.backup_retention_period(), Some(keeps));
        if keeps > 0 {
            scene.estate.down().await;
            continue;
        }
        assert_eq!(promoted.latest_restorable_time(), None);
        let restore = scene.west.restore_db_instance_to_point_in_time().source_db_instance_identifier("shop-db-west");
        let restore = restore.target_db_instance_identifier("again").use_latest_restorable_time(true).send().await;
        assert_eq!(code(restore), "PointInTimeRestoreNotEnabled");
        let replica = scene.west.create_db_instance_read_replica().db_instance_identifier("reader");
        let replica = replica.source_db_instance_identifier("shop-db-west").send().await;
        assert_eq!(code(replica), "InvalidDBInstanceState");
        // Backups that begin afterwards interrupt the database, and their window begins then.
        let starts = |state: &Value| {
            let story = state["story"].as_array().unwrap().iter();
            story.filter(|line| line["what"] == "shop-db-west restarted").count()
        };
        let before = starts(&scene.estate.console("/state").await);
        let on = scene.west.modify_db_instance().db_instance_identifier("shop-db-west").backup_retention_period(14);
        on.apply_immediately(true).send().await.unwrap();
        let protected =
            instance(&scene.west, "shop-db-west", |found| idle(found) && found.backup_retention_period() == Some(14));
        protected.await;
        assert_eq!(starts(&scene.estate.console("/state").await), before + 1);
        scene.estate.down().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_carries_wrong_rows_along_and_a_restore_to_the_alarm_does_too() {
    let scene = Scene::set(1).await;
    assert_eq!(scene.estate.inject("data-corruption").await, 200);
    let noticed = scene.alarm().await;
    let first_bad = scene.truth().await["corruption"]["first_bad_write_at"].as_str().unwrap().to_owned();
    assert!(noticed > first_bad);
    instance(&scene.east, "shop-db", |found| found.latest_restorable_time().is_some_and(|at| *at > time(&noticed)))
        .await;
    for (id, at) in [("at-the-alarm", &noticed), ("at-the-first", &first_bad)] {
        let restore = scene.east.restore_db_instance_to_point_in_time().source_db_instance_identifier("shop-db");
        restore.target_db_instance_identifier(id).restore_time(time(at)).send().await.unwrap();
    }
    for (id, clean) in [("at-the-alarm", false), ("at-the-first", true)] {
        instance(&scene.east, id, idle).await;
        let (_, found) = scene.shop("EAST", "GET", &format!("/databases/{id}")).await;
        assert_eq!(found["bad_rows"] == json!(0), clean, "{found}");
    }
    // The standby and the replica have had the rows all along.
    scene.promote(Some(14)).await;
    let (_, promoted) = scene.shop("WEST", "GET", "/databases/shop-db-west").await;
    assert!(promoted["bad_rows"].as_u64().unwrap() > 0, "{promoted}");
    let truth = until("the promoted database to count", || async {
        let truth = scene.truth().await;
        (truth["surviving_database"] == "shop-db-west").then_some(truth)
    })
    .await;
    assert!(truth["corruption"]["bad_rows_left"].as_u64().unwrap() > 0, "{truth}");
    scene.estate.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_refuses_is_refused_with_its_code() {
    // As slow as AWS: what is under way stays so.
    let scene = Scene::set_at(6, 1).await;
    let (east, west) = (&scene.east, &scene.west);
    let point = || {
        let call = east.restore_db_instance_to_point_in_time().source_db_instance_identifier("shop-db");
        call.target_db_instance_identifier("shop-db-new")
    };
    let now = std::time::SystemTime::now();
    let (future, past) =
        (now + std::time::Duration::from_secs(86_400), now - std::time::Duration::from_secs(86_400 * 40));
    for (what, wrong) in [("the future", future), ("before the window", past)] {
        let refused = point().restore_time(DateTime::from(wrong)).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("InvalidParameterValue"), "{what}");
        assert!(refused.message().unwrap().contains("restorable time"), "{refused:?}");
    }
    let both = point().restore_time(DateTime::from(now)).use_latest_restorable_time(true).send().await;
    assert_eq!(code(both), "InvalidParameterCombination");
    let taken = point().target_db_instance_identifier("shop-db").use_latest_restorable_time(true).send().await;
    assert_eq!(code(taken), "DBInstanceAlreadyExists");
    let of_a_replica = west.restore_db_instance_to_point_in_time().source_db_instance_identifier("shop-db-west");
    let of_a_replica = of_a_replica.target_db_instance_identifier("x").use_latest_restorable_time(true).send().await;
    assert_eq!(code(of_a_replica), "PointInTimeRestoreNotEnabled");
    let no_replica = east.promote_read_replica().db_instance_identifier("shop-db").send().await;
    assert_eq!(code(no_replica), "InvalidDBInstanceState");
    let nobody = east.promote_read_replica().db_instance_identifier("shop-db-west").send().await;
    assert_eq!(code(nobody), "DBInstanceNotFound", "it is in the other region");
    let no_standby = west.reboot_db_instance().db_instance_identifier("shop-db-west").force_failover(true).send().await;
    assert_eq!(code(no_standby), "InvalidParameterCombination");
    let a_little_more = east.modify_db_instance().db_instance_identifier("shop-db").allocated_storage(420).send().await;
    assert_eq!(code(a_little_more), "InvalidParameterCombination");
    let of_a_replica = west.delete_db_instance().db_instance_identifier("shop-db-west");
    let of_a_replica = of_a_replica.final_db_snapshot_identifier("last").send().await;
    assert_eq!(code(of_a_replica), "InvalidParameterCombination");

    // Calls are not stacked: the second is refused though the status still reads `available`.
    let modify = || east.modify_db_instance().db_instance_identifier("shop-db").apply_immediately(true);
    modify().backup_retention_period(35).send().await.unwrap();
    assert_eq!(code(modify().backup_retention_period(30).send().await), "InvalidDBInstanceState");
    let stacked = east.reboot_db_instance().db_instance_identifier("shop-db").force_failover(true).send().await;
    assert_eq!(code(stacked), "InvalidDBInstanceState");
    let stacked =
        east.create_db_snapshot().db_instance_identifier("shop-db").db_snapshot_identifier("now").send().await;
    assert_eq!(code(stacked), "InvalidDBInstanceState");
    scene.estate.down().await;
}
