//! Calls that no look settles, and why: a person does.

/// Says of a call why no look tells whether it was carried out.
pub(super) fn why(service: &str, name: &str) -> &'static str {
    let known = REASONS.iter().find(|(call, _)| *call == (service, name));
    known.map_or("what it asked for is not shown as a whole", |(_, why)| why)
}

const REASONS: [((&str, &str), &str); 9] = [
    (("rds", "reboot-db-cluster"), "only the events of its instances tell of restarts"),
    (("ec2", "reboot-instances"), "an instance does not show that it was restarted"),
    (("ec2", "create-tags"), "each kind of resource shows its tags in its own way"),
    (("elasticache", "modify-replication-group"), "each member of the group shows another part of it"),
    (("cloudwatch", "put-metric-data"), "data points do not say who sent them"),
    (("backup", "start-backup-job"), "jobs do not say which call began them"),
    (("backup", "start-restore-job"), "jobs do not say which call began them"),
    (("secretsmanager", "put-secret-value"), "without --client-request-token versions do not say which call made them"),
    (("sns", "publish"), "nothing keeps what was published"),
];
