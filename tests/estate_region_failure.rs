//! A region failure played against a served estate by unmodified clients: the AWS SDK, HTTP, DNS.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it must be"
)]

#[path = "estate/support.rs"]
mod support;

use std::net::Ipv4Addr;
use std::str::FromStr as _;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_rds::error::ProvideErrorMetadata as _;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use aws_sdk_s3::primitives::ByteStream;
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use lifeboat::estate::{EstateError, EstateRecord, Options, serve};
use serde_json::json;
use support::{Estate, PATIENCE, address, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How long a client waits for an answer that does not come by design.
const BRIEFLY: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_region_failure_is_survived_with_unmodified_clients() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("estate");
    let estate = Estate::stand(&dir, 7, 600).await;
    let (east, west) = (estate.sdk("us-east-1", PATIENCE).await, estate.sdk("us-west-2", PATIENCE).await);
    let (rds_east, rds) = (aws_sdk_rds::Client::new(&east), aws_sdk_rds::Client::new(&west));
    let (s3, route53) = (aws_sdk_s3::Client::new(&west), aws_sdk_route53::Client::new(&east));
    let identity = aws_sdk_sts::Client::new(&west).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some("000000000000"));

    // At rest: a primary with its replica, traffic in the east, the latch open.
    let described = rds_east.describe_db_instances().db_instance_identifier("shop-db").send().await.unwrap();
    let primary = &described.db_instances()[0];
    assert_eq!((primary.db_instance_status(), primary.backup_retention_period()), (Some("available"), Some(14)));
    assert_eq!(primary.read_replica_db_instance_identifiers().len(), 1);
    assert_eq!(estate.service().await, Ipv4Addr::new(127, 77, 0, 1));
    let (status, beat) = estate.shop("GET", &format!("{}/heartbeat", estate.input("WEST_SHOP_URL"))).await.unwrap();
    assert_eq!((status, &beat["in_recovery"], &beat["writable"]), (200, &json!(true), &json!(false)));
    let check = estate.input("PRIMARY_HEALTH_CHECK_ID");
    let calculated = route53.get_health_check().health_check_id(check).send().await.unwrap();
    let config = calculated.health_check().unwrap().health_check_config().unwrap();
    assert_eq!((config.r#type().as_str(), config.child_health_checks().len()), ("CALCULATED", 2));
    let latch_url = estate.input("LATCH_URL");
    assert_eq!(estate.http.get(latch_url).send().await.unwrap().status(), 404);

    assert_eq!(estate.inject("no-such-fault").await, 404);
    assert_eq!(estate.inject("region-failure").await, 200);
    assert_eq!(estate.inject("region-failure").await, 409);
    until("the alarm", || async { estate.console("/alarm").await["onset"].as_str().map(str::to_owned) }).await;

    // The control planes are gone with the region, those of Route 53 and of every bucket's configuration too.
    let (east, hasty) = (estate.sdk("us-east-1", BRIEFLY).await, estate.sdk("us-west-2", BRIEFLY).await);
    let (rds_east, route53) = (aws_sdk_rds::Client::new(&east), aws_sdk_route53::Client::new(&east));
    rds_east.describe_db_instances().send().await.unwrap_err();
    let unfenced = rds_east.modify_db_instance().db_instance_identifier("shop-db");
    unfenced.vpc_security_group_ids("sg-deny-all").send().await.unwrap_err();
    route53
        .change_resource_record_sets()
        .hosted_zone_id(estate.input("ZONE_ID"))
        .change_batch(batch())
        .send()
        .await
        .unwrap_err();
    let versioning = aws_sdk_s3::types::VersioningConfiguration::builder()
        .status(aws_sdk_s3::types::BucketVersioningStatus::Suspended)
        .build();
    let bucket = estate.input("LATCH_BUCKET");
    let configuring = aws_sdk_s3::Client::new(&hasty).put_bucket_versioning().bucket(bucket);
    configuring.versioning_configuration(versioning).send().await.unwrap_err();
    let lost = estate.http.get(format!("{}/health", estate.input("EAST_SHOP_URL"))).timeout(BRIEFLY);
    assert!(lost.send().await.unwrap_err().is_timeout());

    // What does not need the region goes on: the latch is set, DNS moves, the recovery side says maintenance.
    let key = estate.input("LATCH_KEY");
    let put = s3.put_object().bucket(bucket).key(key).content_type("text/html");
    let put = put.body(ByteStream::from_static(b"<p>latched</p>")).send().await.unwrap();
    assert!(put.version_id().is_some());
    let head = s3.head_object().bucket(bucket).key(key).send().await.unwrap();
    assert_eq!(head.content_length(), Some(14));
    let public = estate.http.get(latch_url).send().await.unwrap();
    assert_eq!((public.status().as_u16(), public.text().await.unwrap().as_str()), (200, "<p>latched</p>"));
    let west_address = Ipv4Addr::new(127, 77, 0, 2);
    until("DNS to move", || async { (estate.service().await == west_address).then_some(()) }).await;
    let order_url = format!("{}/orders", estate.input("WEST_SHOP_URL"));
    let probe_url = format!("{}/write-probe", estate.input("WEST_SHOP_URL"));
    let (status, refused) = estate.shop("POST", &order_url).await.unwrap();
    assert_eq!((status, &refused["error"]), (503, &json!("maintenance")));
    assert_eq!(estate.shop("POST", &probe_url).await.unwrap().0, 503);
    let replica = rds.describe_db_instances().db_instance_identifier("shop-db-west").send().await.unwrap();
    let status = replica.db_instances()[0].status_infos().first().unwrap().clone();
    assert_eq!((status.status(), status.normal()), (Some("error"), Some(false)));
    let (_, beat) = estate.shop("GET", &format!("{}/heartbeat", estate.input("WEST_SHOP_URL"))).await.unwrap();
    let measured = beat["last_commit"].as_str().unwrap().to_owned();

    // Promotion: accepted at once, refused a second time, done minutes later.
    let promote = || rds.promote_read_replica().db_instance_identifier("shop-db-west").backup_retention_period(14);
    promote().send().await.unwrap();
    let again = promote().send().await.unwrap_err().into_service_error();
    assert_eq!(again.code(), Some("InvalidDBInstanceState"));
    assert!(again.is_invalid_db_instance_state_fault());
    until("the promotion", || async {
        let described = rds.describe_db_instances().db_instance_identifier("shop-db-west").send().await.unwrap();
        let instance = described.db_instances()[0].clone();
        let done = instance.db_instance_status() == Some("available")
            && instance.read_replica_source_db_instance_identifier().is_none();
        done.then_some(instance)
    })
    .await;
    until("a write", || async { (estate.shop("POST", &probe_url).await?.0 == 200).then_some(()) }).await;
    until("an order", || async { (estate.shop("POST", &order_url).await?.0 == 201).then_some(()) }).await;
    let snapshot = rds.create_db_snapshot().db_instance_identifier("shop-db-west").db_snapshot_identifier("after");
    snapshot.send().await.unwrap();
    until("the snapshot", || async {
        let found = rds.describe_db_snapshots().db_snapshot_identifier("after").send().await.unwrap();
        (found.db_snapshots()[0].status() == Some("available")).then_some(())
    })
    .await;
    let events = rds.describe_events().send().await.unwrap();
    assert!(events.events().iter().any(|event| event.message().is_some_and(|text| text.contains("standalone"))));

    // The truth agrees with what was measured from outside.
    let truth = estate.console("/truth").await;
    let inside = &truth["virtual_ms"];
    assert_eq!(truth["last_surviving_commit"], json!(measured));
    assert!(inside["downtime_ms"].as_i64().unwrap() > 180_000, "{truth}");
    assert!(truth["orders_lost"].as_u64().unwrap() > 0, "{truth}");
    let lost = truth["orders_lost"].as_i64().unwrap();
    assert_eq!(inside["loss_ms"], json!(lost * 100), "{truth}");
    assert!((500..=21_000).contains(&inside["loss_ms"].as_i64().unwrap()), "{truth}");
    estate.down().await;
    assert!(!dir.exists(), "the estate leaves nothing behind");
}

fn batch() -> ChangeBatch {
    let record = ResourceRecord::builder().value("127.0.0.9").build().unwrap();
    let set = ResourceRecordSet::builder().name("new.practice.example").r#type(RrType::A).ttl(60);
    let set = set.resource_records(record).build().unwrap();
    let change = Change::builder().action(ChangeAction::Create).resource_record_set(set).build().unwrap();
    ChangeBatch::builder().changes(change).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_estate_speaks_like_the_services_it_stands_for() {
    let home = tempfile::tempdir().unwrap();
    let estate = Estate::stand(home.path(), 1, 600).await;
    let west = estate.sdk("us-west-2", PATIENCE).await;
    let (rds, s3) = (aws_sdk_rds::Client::new(&west), aws_sdk_s3::Client::new(&west));
    let route53 = aws_sdk_route53::Client::new(&west);

    // Errors are typed.
    let missing = rds.describe_db_instances().db_instance_identifier("nobody").send().await.unwrap_err();
    assert!(missing.into_service_error().is_db_instance_not_found_fault());
    let missing = s3.get_object().bucket("shop-dumps-us-west-2").key("no").send().await.unwrap_err();
    assert!(missing.into_service_error().is_no_such_key());
    let elsewhere = s3.head_object().bucket("shop-dumps-us-east-1").key("no").send().await.unwrap_err();
    assert_eq!(elsewhere.raw_response().unwrap().status().as_u16(), 301);
    let stray = Credentials::new("AKIAREALLYSOMEBODY00", "x", None, None, "a mistake");
    let config =
        west.to_builder().credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(stray));
    let refused = aws_sdk_sts::Client::new(&config.build()).get_caller_identity().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidClientTokenId"));

    // A DNS change is pending, then in sync, then served.
    let zone = estate.input("ZONE_ID");
    let made = route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch()).send().await.unwrap();
    let id = made.change_info().unwrap().id().to_owned();
    until("INSYNC", || async {
        let change = route53.get_change().id(&id).send().await.unwrap();
        (change.change_info().unwrap().status().as_str() == "INSYNC").then_some(())
    })
    .await;
    let answer = estate.resolve("new.practice.example.", RecordType::A).await;
    assert_eq!(address(&answer), Some(Ipv4Addr::new(127, 0, 0, 9)));
    let twice = route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch()).send().await;
    assert!(twice.unwrap_err().into_service_error().is_invalid_change_batch());
    let listed = route53.list_resource_record_sets().hosted_zone_id(zone).send().await.unwrap();
    assert_eq!(listed.resource_record_sets().len(), 8);

    // Versions, delete markers, and what a wrong checksum is told.
    let (bucket, key) = (estate.input("ASSETS_BUCKET"), "a b/ü+c.txt");
    s3.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"one")).send().await.unwrap();
    let marker = s3.delete_object().bucket(bucket).key(key).send().await.unwrap();
    assert_eq!(marker.delete_marker(), Some(true));
    assert!(s3.head_object().bucket(bucket).key(key).send().await.unwrap_err().into_service_error().is_not_found());
    let undo = s3.delete_object().bucket(bucket).key(key).version_id(marker.version_id().unwrap());
    undo.send().await.unwrap();
    let got = s3.get_object().bucket(bucket).key(key).send().await.unwrap();
    assert_eq!(&got.body.collect().await.unwrap().into_bytes()[..], b"one");
    let wrong = s3.put_object().bucket(bucket).key(key).checksum_sha256("AAAA").body(ByteStream::from_static(b"x"));
    assert_eq!(wrong.send().await.unwrap_err().code(), Some("BadDigest"));
    let anonymous = format!("{}/{bucket}/index.html", estate.record.aws_endpoint);
    assert_eq!(estate.http.get(anonymous).send().await.unwrap().status(), 403);

    // An operator can hold the shop in maintenance, and let it go.
    let shop = estate.input("EAST_SHOP_URL");
    for (path, expected) in [("/orders", 201), ("/admin/maintenance", 200), ("/orders", 503), ("/write-probe", 200)] {
        assert_eq!(estate.shop("POST", &format!("{shop}{path}")).await.unwrap().0, expected, "{path}");
    }
    assert_eq!(estate.shop("POST", &format!("{shop}/admin/resume")).await.unwrap().1["mode"], json!("serving"));
    let (_, summary) = estate.shop("GET", &format!("{shop}/orders/summary")).await.unwrap();
    assert!(summary["orders"].as_u64().unwrap() > 600, "{summary}");

    // DNS: authority, names that are not there, names of others, TCP, garbage.
    let servers = estate.resolve("practice.example.", RecordType::NS).await;
    assert!(servers.metadata.authoritative && matches!(&servers.answers[0].data, RData::NS(_)));
    let nobody = estate.resolve("nobody.practice.example.", RecordType::A).await;
    assert_eq!((nobody.metadata.response_code, nobody.authorities.len()), (ResponseCode::NXDomain, 1));
    assert_eq!(estate.resolve("example.com.", RecordType::A).await.metadata.response_code, ResponseCode::Refused);
    let mut stream = tokio::net::TcpStream::connect(&estate.record.dns).await.unwrap();
    let mut query = Message::query();
    query.add_query(Query::query(Name::from_str("shop.practice.example.").unwrap(), RecordType::A));
    let bytes = query.to_vec().unwrap();
    stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let mut reply = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut reply).await.unwrap();
    let reply = Message::from_vec(&reply).unwrap();
    assert_eq!((address(&reply), reply.answers[0].ttl), (Some(Ipv4Addr::new(127, 77, 0, 1)), 1));

    // The console is closed to who has no token, and a folder holds one estate.
    let closed = estate.http.get(format!("{}/truth", estate.record.console)).send().await.unwrap();
    assert_eq!(closed.status(), 403);
    let second = serve(Options::new(home.path(), 2)).await.unwrap_err();
    assert!(matches!(second, EstateError::AlreadyStanding { .. }), "{second}");
    let port = estate.record.shop_port;
    let mut taken = Options::new(home.path().join("other"), 2);
    taken.ports.shop = port;
    let taken = serve(taken).await.unwrap_err();
    assert!(taken.to_string().contains(&port.to_string()), "{taken}");
    assert!(!home.path().join("other").exists());
    estate.down().await;
    assert!(!EstateRecord::path(home.path()).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unused_estate_ends_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let options = Options { idle_limit: Duration::from_millis(300), ..Options::new(home.path().join("e"), 1) };
    tokio::time::timeout(PATIENCE, serve(options)).await.unwrap().unwrap();
    assert!(!home.path().join("e").exists());
    let wrong = serve(Options { speed: 0, ..Options::new(home.path(), 1) }).await.unwrap_err();
    assert!(matches!(wrong, EstateError::Speed(0)));
}
