//! What the estate measures of databases, machines and buckets.

use super::fleet::Fleet;
use super::instance::{Instance, Role};
use super::place::Region;
use super::time::Moment;
use super::world::World;

/// The metrics of a database.
pub const DATABASE: [&str; 6] = [
    "ReplicaLag",
    "DatabaseConnections",
    "CPUUtilization",
    "FreeStorageSpace",
    "FreeableMemory",
    "TransactionLogsDiskUsage",
];

/// Names a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Whose it is, `AWS/RDS`.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Of what: names and values.
    pub dimensions: Vec<(String, String)>,
}

impl Metric {
    /// Returns the value of a dimension.
    pub fn dimension(&self, name: &str) -> Option<&str> {
        self.dimensions.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns what it is at `at` in `region`, if it is measured. What it was earlier is not kept, except the lag, which
    /// follows from the moment.
    pub fn at(&self, world: &World, region: Region, at: Moment) -> Option<f64> {
        match self.namespace.as_str() {
            "AWS/RDS" if self.name == "AuroraGlobalDBReplicationLag" => {
                let id = self.dimension("DBClusterIdentifier").unwrap_or_default();
                let (aurora, now) = (&world.rds.aurora, world.now());
                let cluster = aurora.find(region, id).ok().filter(|cluster| cluster.region == region)?;
                Some(aurora.global_lag(cluster, now)? as f64)
            }
            "AWS/RDS" => {
                let id = self.dimension("DBInstanceIdentifier").unwrap_or_default();
                of_database(world, world.rds.find(region, id).ok()?, &self.name, at)
            }
            "AWS/S3" if self.name == "OperationsPendingReplication" => {
                let bucket = self.dimension("SourceBucket").unwrap_or_default();
                Some(world.copies.iter().filter(|copy| copy.bucket == bucket).count() as f64)
            }
            "AWS/ApplicationELB" if self.name == "HealthyHostCount" || self.name == "UnHealthyHostCount" => {
                let (now, zone) = (world.now(), self.dimension("AvailabilityZone"));
                let here = |name: &str| zone.is_none_or(|zone| name == zone);
                let all = world.fleet(region).servers.iter().filter(|server| here(server.zone.name));
                let healthy = self.name == "HealthyHostCount";
                Some(all.filter(|server| Fleet::is_healthy(server, now) == healthy).count() as f64)
            }
            _ => None,
        }
    }
}

fn of_database(world: &World, instance: &Instance, metric: &str, at: Moment) -> Option<f64> {
    let now = world.now();
    let used = world.used_by(instance.region).is_some_and(|used| used.data == instance.data);
    let at_work = used && instance.is_reachable(now) && world.is_up(instance.region);
    let gigabytes = 1_073_741_824.0;
    Some(match metric {
        "ReplicaLag" if instance.role == Role::Primary => return None,
        "ReplicaLag" => {
            let last = world.rds.data.ledger(instance.data).last_commit()?;
            let lag = world.rds.data.follow(instance.data).map_or(0, |follow| follow.lag);
            (at.since(last).max(lag) as f64) / 1_000.0
        }
        "DatabaseConnections" if at_work => 42.0,
        "DatabaseConnections" => 0.0,
        "CPUUtilization" if at_work => 31.0,
        "CPUUtilization" => 2.0,
        "FreeStorageSpace" if instance.status(now).name() == "storage-full" => 0.0,
        "FreeStorageSpace" => f64::from(instance.settings.storage) * gigabytes * 0.4,
        "FreeableMemory" => 18.0 * gigabytes,
        "TransactionLogsDiskUsage" => 2.0 * gigabytes,
        _ => return None,
    })
}
