//! The catalogue of AWS operations: what each does to the world, and which option names its resource.
//!
//! Data only. `exec::aws` executes them; a test there holds that every operation of this table can be executed.

use super::Impact;

/// Describes one operation of the AWS CLI's syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `rds`.
    pub service: &'static str,
    /// `promote-read-replica`; a waiter is `wait db-instance-available`.
    pub name: &'static str,
    /// How grave.
    pub impact: Impact,
    /// The option that names what it acts on (`--db-instance-identifier`), or empty.
    pub resource: &'static str,
    /// Every option it takes besides `--region`, `--query`, `--output`.
    pub options: &'static [&'static str],
    /// Those it cannot do without.
    pub required: &'static [&'static str],
}

/// Writes rows as `service "name" Impact on "resource" needs [required …] takes [options …]`.
macro_rules! rows {
    ($($service:ident $name:literal $impact:ident on $resource:literal
        needs [$($required:literal)*] takes [$($option:literal)*])*) => {
        &[$(Operation {
            service: stringify!($service),
            name: $name,
            impact: Impact::$impact,
            resource: $resource,
            options: &[$($option),*],
            required: &[$($required),*],
        }),*]
    };
}

/// Lists all operations.
pub const OPERATIONS: &[Operation] = rows! {
    sts "get-caller-identity" Observe on "" needs [] takes []

    rds "describe-db-instances" Observe on "--db-instance-identifier" needs [] takes [
        "--db-instance-identifier" "--filters" "--max-records" "--marker"
    ]
    rds "describe-db-snapshots" Observe on "--db-snapshot-identifier" needs [] takes [
        "--db-instance-identifier" "--db-snapshot-identifier" "--snapshot-type" "--filters" "--max-records"
        "--marker" "--include-shared" "--include-public" "--dbi-resource-id"
    ]
    rds "describe-events" Observe on "--source-identifier" needs [] takes [
        "--source-identifier" "--source-type" "--start-time" "--end-time" "--duration" "--event-categories"
        "--filters" "--max-records" "--marker"
    ]
    rds "describe-db-instance-automated-backups" Observe on "--db-instance-identifier" needs [] takes [
        "--dbi-resource-id" "--db-instance-identifier" "--filters" "--max-records" "--marker"
        "--db-instance-automated-backups-arn"
    ]
    rds "promote-read-replica" Irreversible on "--db-instance-identifier" needs ["--db-instance-identifier"] takes [
        "--db-instance-identifier" "--backup-retention-period" "--preferred-backup-window"
    ]
    rds "modify-db-instance" Disrupt on "--db-instance-identifier" needs ["--db-instance-identifier"] takes [
        "--db-instance-identifier" "--allocated-storage" "--db-instance-class" "--db-subnet-group-name"
        "--db-security-groups" "--vpc-security-group-ids" "--apply-immediately" "--db-parameter-group-name"
        "--backup-retention-period" "--preferred-backup-window" "--preferred-maintenance-window" "--multi-az"
        "--engine-version" "--allow-major-version-upgrade" "--auto-minor-version-upgrade" "--license-model"
        "--iops" "--storage-throughput" "--option-group-name" "--new-db-instance-identifier" "--storage-type"
        "--tde-credential-arn" "--ca-certificate-identifier" "--domain" "--domain-fqdn" "--domain-ou"
        "--domain-auth-secret-arn" "--domain-dns-ips" "--disable-domain" "--copy-tags-to-snapshot"
        "--monitoring-interval" "--db-port-number" "--publicly-accessible" "--monitoring-role-arn"
        "--domain-iam-role-name" "--promotion-tier" "--enable-iam-database-authentication"
        "--database-insights-mode" "--enable-performance-insights" "--performance-insights-kms-key-id"
        "--performance-insights-retention-period" "--cloudwatch-logs-export-configuration"
        "--processor-features" "--use-default-processor-features" "--deletion-protection"
        "--max-allocated-storage" "--certificate-rotation-restart" "--replica-mode" "--automation-mode"
        "--resume-full-automation-mode-minutes" "--enable-customer-owned-ip" "--network-type"
        "--aws-backup-recovery-point-arn" "--manage-master-user-password" "--rotate-master-user-password"
        "--master-user-secret-kms-key-id" "--multi-tenant" "--dedicated-log-volume" "--engine"
        "--db-capacity-reservation-identifier" "--master-user-authentication-type"
        "--engine-lifecycle-support"
    ]
    rds "reboot-db-instance" Disrupt on "--db-instance-identifier" needs ["--db-instance-identifier"] takes [
        "--db-instance-identifier" "--force-failover"
    ]
    rds "delete-db-instance" Irreversible on "--db-instance-identifier" needs ["--db-instance-identifier"] takes [
        "--db-instance-identifier" "--skip-final-snapshot" "--final-db-snapshot-identifier"
        "--delete-automated-backups"
    ]
    rds "create-db-snapshot" Change on "--db-snapshot-identifier" needs ["--db-snapshot-identifier" "--db-instance-identifier"] takes [
        "--db-snapshot-identifier" "--db-instance-identifier" "--tags"
    ]
    rds "start-db-instance-automated-backups-replication" Change on "--source-db-instance-arn" needs ["--source-db-instance-arn"] takes [
        "--source-db-instance-arn" "--backup-retention-period" "--kms-key-id" "--tags"
    ]
    rds "wait db-instance-available" Observe on "--db-instance-identifier" needs [] takes [
        "--db-instance-identifier" "--filters" "--max-records" "--marker"
    ]
    rds "wait db-instance-deleted" Observe on "--db-instance-identifier" needs [] takes [
        "--db-instance-identifier" "--filters" "--max-records" "--marker"
    ]
    rds "wait db-snapshot-available" Observe on "--db-snapshot-identifier" needs [] takes [
        "--db-instance-identifier" "--db-snapshot-identifier" "--snapshot-type" "--filters" "--max-records"
        "--marker" "--include-shared" "--include-public" "--dbi-resource-id"
    ]

    route53 "get-health-check" Observe on "--health-check-id" needs ["--health-check-id"] takes ["--health-check-id"]
    route53 "get-health-check-status" Observe on "--health-check-id" needs ["--health-check-id"] takes [
        "--health-check-id"
    ]
    route53 "list-resource-record-sets" Observe on "--hosted-zone-id" needs ["--hosted-zone-id"] takes [
        "--hosted-zone-id" "--start-record-name" "--start-record-type" "--start-record-identifier"
    ]
    route53 "list-hosted-zones-by-name" Observe on "--dns-name" needs [] takes ["--dns-name" "--hosted-zone-id"]
    route53 "get-change" Observe on "--id" needs ["--id"] takes ["--id"]
    route53 "change-resource-record-sets" Disrupt on "--hosted-zone-id" needs ["--hosted-zone-id" "--change-batch"] takes [
        "--hosted-zone-id" "--change-batch"
    ]
    route53 "update-health-check" Disrupt on "--health-check-id" needs ["--health-check-id"] takes [
        "--health-check-id" "--health-check-version" "--ip-address" "--port" "--resource-path"
        "--fully-qualified-domain-name" "--search-string" "--failure-threshold" "--inverted" "--disabled"
        "--health-threshold" "--child-health-checks" "--enable-sni" "--regions"
        "--insufficient-data-health-status" "--reset-elements"
    ]
    route53 "wait resource-record-sets-changed" Observe on "--id" needs ["--id"] takes ["--id"]

    s3api "head-object" Observe on "--key" needs ["--bucket" "--key"] takes [
        "--bucket" "--if-match" "--if-modified-since" "--if-none-match" "--if-unmodified-since" "--key"
        "--range" "--response-cache-control" "--response-content-disposition" "--response-content-encoding"
        "--response-content-language" "--response-content-type" "--response-expires" "--version-id"
        "--request-payer" "--part-number" "--expected-bucket-owner" "--checksum-mode"
    ]
    s3api "head-bucket" Observe on "--bucket" needs ["--bucket"] takes ["--bucket" "--expected-bucket-owner"]
    s3api "get-bucket-versioning" Observe on "--bucket" needs ["--bucket"] takes [
        "--bucket" "--expected-bucket-owner"
    ]
    s3api "get-object-tagging" Observe on "--key" needs ["--bucket" "--key"] takes [
        "--bucket" "--key" "--version-id" "--expected-bucket-owner" "--request-payer"
    ]
    s3api "list-object-versions" Observe on "--bucket" needs ["--bucket"] takes [
        "--bucket" "--delimiter" "--encoding-type" "--key-marker" "--max-keys" "--prefix"
        "--version-id-marker" "--expected-bucket-owner" "--request-payer" "--optional-object-attributes"
    ]
    s3api "put-object" Change on "--key" needs ["--bucket" "--key"] takes [
        "--acl" "--body" "--bucket" "--cache-control" "--content-disposition" "--content-encoding"
        "--content-language" "--content-md5" "--content-type" "--checksum-algorithm" "--expires" "--if-match"
        "--if-none-match" "--grant-full-control" "--grant-read" "--grant-read-acp" "--grant-write-acp" "--key"
        "--metadata" "--server-side-encryption" "--storage-class" "--website-redirect-location"
        "--ssekms-key-id" "--ssekms-encryption-context" "--bucket-key-enabled" "--request-payer" "--tagging"
        "--object-lock-mode" "--object-lock-retain-until-date" "--object-lock-legal-hold-status"
        "--expected-bucket-owner"
    ]
    s3api "delete-object" Irreversible on "--key" needs ["--bucket" "--key"] takes [
        "--bucket" "--key" "--version-id" "--request-payer" "--bypass-governance-retention"
        "--expected-bucket-owner" "--if-match"
    ]
    s3api "wait object-exists" Observe on "--key" needs ["--bucket" "--key"] takes [
        "--bucket" "--if-match" "--if-modified-since" "--if-none-match" "--if-unmodified-since" "--key"
        "--range" "--response-cache-control" "--response-content-disposition" "--response-content-encoding"
        "--response-content-language" "--response-content-type" "--response-expires" "--version-id"
        "--request-payer" "--part-number" "--expected-bucket-owner" "--checksum-mode"
    ]
};

/// Lists the options that every operation takes.
pub const GENERAL: &[&str] = &["--region", "--query", "--output", "--no-paginate", "--no-cli-pager"];

/// Finds the operation that `words` (what stands after `aws`) call.
pub fn operation(words: &[String]) -> Option<&'static Operation> {
    let service = words.first()?;
    let name = match (words.get(1)?.as_str(), words.get(2)) {
        ("wait", Some(state)) => format!("wait {state}"),
        (name, _) => name.to_owned(),
    };
    OPERATIONS.iter().find(|op| op.service == service && op.name == name)
}

/// Says which option of `operation` a word like `--multi-az`, `--no-multi-az` or `--query=…` names, if it takes it.
pub fn named(operation: &'static Operation, word: &str) -> Option<&'static str> {
    let name = word.split('=').next().unwrap_or(word);
    let positive = name.strip_prefix("--no-").map(|rest| format!("--{rest}"));
    operation
        .options
        .iter()
        .chain(GENERAL)
        .copied()
        .find(|option| *option == name || positive.as_deref().is_some_and(|positive| positive == *option))
}

/// Returns the value of `option` in `words`, written `--option value` or `--option=value`.
pub fn option<'w>(words: &'w [String], option: &str) -> Option<&'w str> {
    words.iter().enumerate().find_map(|(at, word)| {
        if word == option {
            words.get(at + 1).map(String::as_str)
        } else {
            word.strip_prefix(option)?.strip_prefix('=')
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_consistent() {
        for (at, row) in OPERATIONS.iter().enumerate() {
            let name = (row.service, row.name);
            assert!(OPERATIONS.iter().skip(at + 1).all(|other| (other.service, other.name) != name), "{name:?} twice");
            assert!(row.required.iter().all(|option| row.options.contains(option)), "{name:?}");
            assert!(row.resource.is_empty() || row.options.contains(&row.resource), "{name:?}");
            assert!(row.options.iter().all(|option| option.starts_with("--")), "{name:?}");
            if row.name.starts_with("wait ") {
                assert_eq!(row.impact, Impact::Observe, "{name:?}");
            }
        }
    }

    #[test]
    fn operations_and_options_are_found() {
        let words: Vec<String> =
            ["rds", "wait", "db-instance-available", "--db-instance-identifier=a"].map(str::to_owned).into();
        let found = operation(&words).unwrap();
        assert_eq!(found.name, "wait db-instance-available");
        assert_eq!(option(&words, "--db-instance-identifier"), Some("a"));
        assert_eq!(option(&words, "--db-instance"), None);
        let modify = operation(&["rds".to_owned(), "modify-db-instance".to_owned()]).unwrap();
        assert_eq!(named(modify, "--no-apply-immediately"), Some("--apply-immediately"));
        assert_eq!(named(modify, "--query=x"), Some("--query"));
        assert_eq!(named(modify, "--apply"), None);
    }
}
