//! What stands in the estate at the beginning: health checks, buckets and what is in them.

use bytes::Bytes;

use super::bucket::{Access, Bucket, Class, Copying, Object};
use super::draw::Seed;
use super::effect::{DataId, DataPoint};
use super::health::{Check, Health, Sense, Subject};
use super::instance::Instance;
use super::ledger::Ledger;
use super::lifecycle::Rule;
use super::place::{LATCH_BUCKET, LATCH_KEY, PRIMARY_DB, Region};
use super::rds::Snapshot;
use super::time::{DAY, Moment, SECOND, TICK};

/// How many orders there were before the estate came up.
pub const HISTORY: u64 = OLD_ORDERS + FRESH_ORDERS;
/// How many of them are older than two hours: one a minute.
pub const OLD_ORDERS: u64 = 7_200;
/// How many of them came in the last two hours: one a tick.
pub const FRESH_ORDERS: u64 = 72_000;
/// How many objects the shop's assets hold below `images/`.
const IMAGES: u64 = 40;
/// Below what the shop's images are.
pub const IMAGES_PREFIX: &str = "images/";
/// The buckets of the shop's assets: what is put into the first is replicated to the second.
pub const ASSETS: [&str; 2] = ["shop-assets-us-east-1", "shop-assets-us-west-2"];

/// Makes what the primary database holds when the estate comes up.
pub(super) fn history() -> Ledger {
    let fresh = i64::try_from(FRESH_ORDERS).unwrap_or(0) * TICK;
    let old = i64::try_from(OLD_ORDERS).unwrap_or(0) * 60 * SECOND;
    let mut ledger = Ledger::with_history(1, OLD_ORDERS, Moment(-fresh - old), 60 * SECOND);
    ledger.extend_history(OLD_ORDERS + 1, HISTORY, Moment(-fresh), TICK);
    ledger
}

/// Returns when an order from before the estate came up was committed.
pub fn history_time(number: u64) -> Option<Moment> {
    let fresh = i64::try_from(FRESH_ORDERS).ok()? * TICK;
    let place = i64::try_from(number).ok()?;
    let old = i64::try_from(OLD_ORDERS).ok()?;
    match number {
        1..=OLD_ORDERS => Some(Moment(-fresh - (old - place + 1) * 60 * SECOND)),
        _ if number <= HISTORY => Some(Moment(-fresh + (place - old - 1) * TICK)),
        _ => None,
    }
}

/// Makes the nightly snapshots of the primary database.
pub(super) fn snapshots(primary: &Instance) -> Vec<Snapshot> {
    let night = |nights: i64| {
        let begun = Moment(-nights * DAY - 5 * 3_600 * SECOND);
        let id = format!("rds:{PRIMARY_DB}-night-{:02}", 14 - nights);
        let of = DataPoint { data: DataId(primary.data.0), through: begun };
        let mut taken = Snapshot::of(primary, id, "automated", of, begun);
        taken.finished = Some(begun.plus(180 * SECOND));
        taken
    };
    (0..14).map(night).collect()
}

/// Names the health checks.
#[derive(Clone, Debug)]
pub struct CheckIds {
    /// Of the PRIMARY record.
    pub primary: String,
    /// The east shop's.
    pub endpoint: String,
    /// The latch's.
    pub latch: String,
    /// Of the SECONDARY record.
    pub secondary: String,
}

/// Makes the health checks of the reference stack: the PRIMARY's is the endpoint's AND the inverted latch.
pub(super) fn checks(seed: Seed) -> (CheckIds, Vec<Check>) {
    let id = |name: &str| seed.uuid(&format!("health/{name}"));
    let check_ids =
        CheckIds { primary: id("primary"), endpoint: id("endpoint"), latch: id("latch"), secondary: id("secondary") };
    let latch = Subject::Object { bucket: LATCH_BUCKET.to_owned(), key: LATCH_KEY.to_owned() };
    let both = Subject::Checks { children: vec![check_ids.endpoint.clone(), check_ids.latch.clone()], threshold: 2 };
    let check = |id: &String, name, subject, sense, seen| Check::new(id.clone(), name, subject, sense, seen);
    let checks = vec![
        check(&check_ids.primary, "shop-primary", both, Sense::Direct, Health::Healthy),
        check(&check_ids.endpoint, "shop-east", Subject::Shop(Region::East), Sense::Direct, Health::Healthy),
        check(&check_ids.latch, "shop-latch", latch, Sense::Inverted, Health::Unhealthy),
        check(&check_ids.secondary, "shop-west", Subject::Shop(Region::West), Sense::Direct, Health::Healthy),
    ];
    (check_ids, checks)
}

/// Writes what stands in for a logical dump: `psql` refuses it, and `pg_restore` says that it is none of its own.
fn modelled_dump(of: &str) -> String {
    format!(
        "--\n-- PostgreSQL database dump\n--\n\n-- Stands in for the dump of shop-db, {of}. It is modelled and holds no rows.\n\
         DO $$ BEGIN RAISE EXCEPTION 'this dump of shop-db ({of}) is modelled and holds no rows'\n  \
         USING HINT = 'With real databases the newest dump is real: the one under nightly/ that has a fingerprint beside it.';\n\
         END $$;\n"
    )
}

/// Makes the buckets of the reference stack.
pub(super) fn buckets(seed: Seed) -> Vec<Bucket> {
    let created = Moment(-400 * DAY);
    let make = |name: &str, region, access| Bucket::new(name, region, created, access);
    let mut all = vec![
        make("shop-assets-us-east-1", Region::East, Access::Private),
        make("shop-assets-us-west-2", Region::West, Access::Private),
        make("shop-dumps-us-east-1", Region::East, Access::Private),
        make("shop-dumps-us-west-2", Region::West, Access::Private),
        make(LATCH_BUCKET, Region::West, Access::PublicRead),
        make("shop-tfstate-us-west-2", Region::West, Access::Private),
    ];
    let mut put = |bucket: &str, key: &str, age: i64, body: &str, media: &str| {
        let id = seed.hex(&format!("version/{bucket}/{key}"), 32);
        if let Some(bucket) = all.iter_mut().find(|known| known.name == bucket) {
            bucket.put(key, id, Moment(-age), Object::new(Bytes::copy_from_slice(body.as_bytes()), media));
        }
    };
    for name in ASSETS {
        for number in 1..=IMAGES {
            let body = format!("image {number} of the shop (modelled)\n");
            put(name, &format!("{IMAGES_PREFIX}{number:04}.jpg"), 30 * DAY, &body, "image/jpeg");
        }
    }
    for region in ["us-east-1", "us-west-2"] {
        for night in 1..=7 {
            let body = modelled_dump(&format!("night {night} before the exercise"));
            put(
                &format!("shop-dumps-{region}"),
                &format!("nightly/shop-db-minus-{night}.sql"),
                night * DAY,
                &body,
                "application/sql",
            );
        }
        put(
            &format!("shop-assets-{region}"),
            "index.html",
            30 * DAY,
            "<!doctype html><title>Shop</title>\n",
            "text/html",
        );
    }
    let archived = [(200, Class::Glacier), (300, Class::Glacier), (700, Class::DeepArchive)];
    let name = |days: i64| format!("archive/shop-db-minus-{days}.sql");
    for (days, _) in archived {
        let body = modelled_dump(&format!("{days} days before the exercise"));
        put("shop-dumps-us-west-2", &name(days), days * DAY, &body, "application/sql");
    }
    let state = "{\"version\":4,\"terraform_version\":\"1.11.4\",\"serial\":118,\"lineage\":\"practice\",\"outputs\":{},\"resources\":[]}\n";
    put("shop-tfstate-us-west-2", "shop/terraform.tfstate", 3 * DAY, state, "application/json");
    let dumps = all.iter_mut().find(|known| known.name == "shop-dumps-us-west-2");
    if let Some(dumps) = dumps {
        for (days, class) in archived {
            if let Some(version) = dumps.version_mut(&name(days), None) {
                version.class = class;
            }
        }
    }
    let [source, copy] = ASSETS;
    for bucket in &mut all {
        bucket.configured.insert("lifecycle", LIFECYCLE.to_owned());
        bucket.rules = vec![Rule {
            prefix: "nightly/".to_owned(),
            transitions: vec![(30, Class::Glacier), (365, Class::DeepArchive)],
            expiration: Some(2557),
            replaced: None,
        }];
        let copying = if bucket.name == source { Copying::Completed } else { Copying::Replica };
        if bucket.name == source {
            bucket.replicates_to = Some(copy.to_owned());
            bucket.configured.insert("replication", replication(copy));
        }
        if ASSETS.contains(&bucket.name.as_str()) {
            for number in 1..=IMAGES {
                if let Some(version) = bucket.version_mut(&format!("{IMAGES_PREFIX}{number:04}.jpg"), None) {
                    version.copying = Some(copying);
                }
            }
        }
    }
    all
}

/// What the buckets do with what is old.
const LIFECYCLE: &str = "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ID>archive</ID>\
    <Filter><Prefix>nightly/</Prefix></Filter><Status>Enabled</Status><Transition><Days>30</Days>\
    <StorageClass>GLACIER</StorageClass></Transition><Transition><Days>365</Days><StorageClass>DEEP_ARCHIVE</StorageClass>\
    </Transition><Expiration><Days>2557</Days></Expiration></Rule></LifecycleConfiguration>";

fn replication(to: &str) -> String {
    format!(
        "<ReplicationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Role>arn:aws:iam::000000000000:role/shop-replication</Role><Rule><ID>assets</ID><Priority>1</Priority>\
         <Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::{to}</Bucket>\
         </Destination><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication></Rule>\
         </ReplicationConfiguration>"
    )
}
