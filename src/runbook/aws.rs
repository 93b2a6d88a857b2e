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

/// Lists all operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        service: "sts",
        name: "get-caller-identity",
        impact: Impact::Observe,
        resource: "",
        options: &[],
        required: &[],
    },
    Operation {
        service: "rds",
        name: "describe-db-instances",
        impact: Impact::Observe,
        resource: "--db-instance-identifier",
        options: &["--db-instance-identifier", "--filters", "--max-records", "--marker"],
        required: &[],
    },
    Operation {
        service: "rds",
        name: "describe-db-snapshots",
        impact: Impact::Observe,
        resource: "--db-snapshot-identifier",
        options: &[
            "--db-instance-identifier",
            "--db-snapshot-identifier",
            "--snapshot-type",
            "--filters",
            "--max-records",
            "--marker",
            "--include-shared",
            "--include-public",
            "--dbi-resource-id",
        ],
        required: &[],
    },
    Operation {
        service: "rds",
        name: "describe-events",
        impact: Impact::Observe,
        resource: "--source-identifier",
        options: &[
            "--source-identifier",
            "--source-type",
            "--start-time",
            "--end-time",
            "--duration",
            "--event-categories",
            "--filters",
            "--max-records",
            "--marker",
        ],
        required: &[],
    },
    Operation {
        service: "rds",
        name: "describe-db-instance-automated-backups",
        impact: Impact::Observe,
        resource: "--db-instance-identifier",
        options: &[
            "--dbi-resource-id",
            "--db-instance-identifier",
            "--filters",
            "--max-records",
            "--marker",
            "--db-instance-automated-backups-arn",
        ],
        required: &[],
    },
    Operation {
        service: "rds",
        name: "promote-read-replica",
        impact: Impact::Irreversible,
        resource: "--db-instance-identifier",
        options: &["--db-instance-identifier", "--backup-retention-period", "--preferred-backup-window"],
        required: &["--db-instance-identifier"],
    },
    Operation {
        service: "rds",
        name: "modify-db-instance",
        impact: Impact::Disrupt,
        resource: "--db-instance-identifier",
        options: &[
            "--db-instance-identifier",
            "--allocated-storage",
            "--db-instance-class",
            "--db-subnet-group-name",
            "--db-security-groups",
            "--vpc-security-group-ids",
            "--apply-immediately",
            "--db-parameter-group-name",
            "--backup-retention-period",
            "--preferred-backup-window",
            "--preferred-maintenance-window",
            "--multi-az",
            "--engine-version",
            "--allow-major-version-upgrade",
            "--auto-minor-version-upgrade",
            "--license-model",
            "--iops",
            "--storage-throughput",
            "--option-group-name",
            "--new-db-instance-identifier",
            "--storage-type",
            "--tde-credential-arn",
            "--ca-certificate-identifier",
            "--domain",
            "--domain-fqdn",
            "--domain-ou",
            "--domain-auth-secret-arn",
            "--domain-dns-ips",
            "--disable-domain",
            "--copy-tags-to-snapshot",
            "--monitoring-interval",
            "--db-port-number",
            "--publicly-accessible",
            "--monitoring-role-arn",
            "--domain-iam-role-name",
            "--promotion-tier",
            "--enable-iam-database-authentication",
            "--database-insights-mode",
            "--enable-performance-insights",
            "--performance-insights-kms-key-id",
            "--performance-insights-retention-period",
            "--cloudwatch-logs-export-configuration",
            "--processor-features",
            "--use-default-processor-features",
            "--deletion-protection",
            "--max-allocated-storage",
            "--certificate-rotation-restart",
            "--replica-mode",
            "--automation-mode",
            "--resume-full-automation-mode-minutes",
            "--enable-customer-owned-ip",
            "--network-type",
            "--aws-backup-recovery-point-arn",
            "--manage-master-user-password",
            "--rotate-master-user-password",
            "--master-user-secret-kms-key-id",
            "--multi-tenant",
            "--dedicated-log-volume",
            "--engine",
            "--db-capacity-reservation-identifier",
            "--master-user-authentication-type",
            "--engine-lifecycle-support",
        ],
        required: &["--db-instance-identifier"],
    },
    Operation {
        service: "rds",
        name: "reboot-db-instance",
        impact: Impact::Disrupt,
        resource: "--db-instance-identifier",
        options: &["--db-instance-identifier", "--force-failover"],
        required: &["--db-instance-identifier"],
    },
    Operation {
        service: "rds",
        name: "delete-db-instance",
        impact: Impact::Irreversible,
        resource: "--db-instance-identifier",
        options: &[
            "--db-instance-identifier",
            "--skip-final-snapshot",
            "--final-db-snapshot-identifier",
            "--delete-automated-backups",
        ],
        required: &["--db-instance-identifier"],
    },
    Operation {
        service: "rds",
        name: "create-db-snapshot",
        impact: Impact::Change,
        resource: "--db-snapshot-identifier",
        options: &["--db-snapshot-identifier", "--db-instance-identifier", "--tags"],
        required: &["--db-snapshot-identifier", "--db-instance-identifier"],
    },
    Operation {
        service: "rds",
        name: "start-db-instance-automated-backups-replication",
        impact: Impact::Change,
        resource: "--source-db-instance-arn",
        options: &["--source-db-instance-arn", "--backup-retention-period", "--kms-key-id", "--tags"],
        required: &["--source-db-instance-arn"],
    },
    Operation {
        service: "rds",
        name: "wait db-instance-available",
        impact: Impact::Observe,
        resource: "--db-instance-identifier",
        options: &["--db-instance-identifier", "--filters", "--max-records", "--marker"],
        required: &[],
    },
    Operation {
        service: "rds",
        name: "wait db-instance-deleted",
        impact: Impact::Observe,
        resource: "--db-instance-identifier",
        options: &["--db-instance-identifier", "--filters", "--max-records", "--marker"],
        required: &[],
    },
    Operation {
        service: "rds",
        name: "wait db-snapshot-available",
        impact: Impact::Observe,
        resource: "--db-snapshot-identifier",
        options: &[
            "--db-instance-identifier",
            "--db-snapshot-identifier",
            "--snapshot-type",
            "--filters",
            "--max-records",
            "--marker",
            "--include-shared",
            "--include-public",
            "--dbi-resource-id",
        ],
        required: &[],
    },
    Operation {
        service: "route53",
        name: "get-health-check",
        impact: Impact::Observe,
        resource: "--health-check-id",
        options: &["--health-check-id"],
        required: &["--health-check-id"],
    },
    Operation {
        service: "route53",
        name: "get-health-check-status",
        impact: Impact::Observe,
        resource: "--health-check-id",
        options: &["--health-check-id"],
        required: &["--health-check-id"],
    },
    Operation {
        service: "route53",
        name: "list-resource-record-sets",
        impact: Impact::Observe,
        resource: "--hosted-zone-id",
        options: &["--hosted-zone-id", "--start-record-name", "--start-record-type", "--start-record-identifier"],
        required: &["--hosted-zone-id"],
    },
    Operation {
        service: "route53",
        name: "list-hosted-zones-by-name",
        impact: Impact::Observe,
        resource: "--dns-name",
        options: &["--dns-name", "--hosted-zone-id"],
        required: &[],
    },
    Operation {
        service: "route53",
        name: "get-change",
        impact: Impact::Observe,
        resource: "--id",
        options: &["--id"],
        required: &["--id"],
    },
    Operation {
        service: "route53",
        name: "change-resource-record-sets",
        impact: Impact::Disrupt,
        resource: "--hosted-zone-id",
        options: &["--hosted-zone-id", "--change-batch"],
        required: &["--hosted-zone-id", "--change-batch"],
    },
    Operation {
        service: "route53",
        name: "update-health-check",
        impact: Impact::Disrupt,
        resource: "--health-check-id",
        options: &[
            "--health-check-id",
            "--health-check-version",
            "--ip-address",
            "--port",
            "--resource-path",
            "--fully-qualified-domain-name",
            "--search-string",
            "--failure-threshold",
            "--inverted",
            "--disabled",
            "--health-threshold",
            "--child-health-checks",
            "--enable-sni",
            "--regions",
            "--insufficient-data-health-status",
            "--reset-elements",
        ],
        required: &["--health-check-id"],
    },
    Operation {
        service: "route53",
        name: "wait resource-record-sets-changed",
        impact: Impact::Observe,
        resource: "--id",
        options: &["--id"],
        required: &["--id"],
    },
    Operation {
        service: "s3api",
        name: "head-object",
        impact: Impact::Observe,
        resource: "--key",
        options: &[
            "--bucket",
            "--if-match",
            "--if-modified-since",
            "--if-none-match",
            "--if-unmodified-since",
            "--key",
            "--range",
            "--response-cache-control",
            "--response-content-disposition",
            "--response-content-encoding",
            "--response-content-language",
            "--response-content-type",
            "--response-expires",
            "--version-id",
            "--request-payer",
            "--part-number",
            "--expected-bucket-owner",
            "--checksum-mode",
        ],
        required: &["--bucket", "--key"],
    },
    Operation {
        service: "s3api",
        name: "head-bucket",
        impact: Impact::Observe,
        resource: "--bucket",
        options: &["--bucket", "--expected-bucket-owner"],
        required: &["--bucket"],
    },
    Operation {
        service: "s3api",
        name: "get-bucket-versioning",
        impact: Impact::Observe,
        resource: "--bucket",
        options: &["--bucket", "--expected-bucket-owner"],
        required: &["--bucket"],
    },
    Operation {
        service: "s3api",
        name: "get-object-tagging",
        impact: Impact::Observe,
        resource: "--key",
        options: &["--bucket", "--key", "--version-id", "--expected-bucket-owner", "--request-payer"],
        required: &["--bucket", "--key"],
    },
    Operation {
        service: "s3api",
        name: "list-object-versions",
        impact: Impact::Observe,
        resource: "--bucket",
        options: &[
            "--bucket",
            "--delimiter",
            "--encoding-type",
            "--key-marker",
            "--max-keys",
            "--prefix",
            "--version-id-marker",
            "--expected-bucket-owner",
            "--request-payer",
            "--optional-object-attributes",
        ],
        required: &["--bucket"],
    },
    Operation {
        service: "s3api",
        name: "put-object",
        impact: Impact::Change,
        resource: "--key",
        options: &[
            "--acl",
            "--body",
            "--bucket",
            "--cache-control",
            "--content-disposition",
            "--content-encoding",
            "--content-language",
            "--content-md5",
            "--content-type",
            "--checksum-algorithm",
            "--expires",
            "--if-match",
            "--if-none-match",
            "--grant-full-control",
            "--grant-read",
            "--grant-read-acp",
            "--grant-write-acp",
            "--key",
            "--metadata",
            "--server-side-encryption",
            "--storage-class",
            "--website-redirect-location",
            "--ssekms-key-id",
            "--ssekms-encryption-context",
            "--bucket-key-enabled",
            "--request-payer",
            "--tagging",
            "--object-lock-mode",
            "--object-lock-retain-until-date",
            "--object-lock-legal-hold-status",
            "--expected-bucket-owner",
        ],
        required: &["--bucket", "--key"],
    },
    Operation {
        service: "s3api",
        name: "delete-object",
        impact: Impact::Irreversible,
        resource: "--key",
        options: &[
            "--bucket",
            "--key",
            "--version-id",
            "--request-payer",
            "--bypass-governance-retention",
            "--expected-bucket-owner",
            "--if-match",
        ],
        required: &["--bucket", "--key"],
    },
    Operation {
        service: "s3api",
        name: "wait object-exists",
        impact: Impact::Observe,
        resource: "--key",
        options: &[
            "--bucket",
            "--if-match",
            "--if-modified-since",
            "--if-none-match",
            "--if-unmodified-since",
            "--key",
            "--range",
            "--response-cache-control",
            "--response-content-disposition",
            "--response-content-encoding",
            "--response-content-language",
            "--response-content-type",
            "--response-expires",
            "--version-id",
            "--request-payer",
            "--part-number",
            "--expected-bucket-owner",
            "--checksum-mode",
        ],
        required: &["--bucket", "--key"],
    },
];

/// Lists the options that every operation takes.
pub const GENERAL: &[&str] = &["--region", "--query", "--output", "--no-paginate"];

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
