//! Further pages: which operations have them, and how they are put together.

use serde_json::{Map, Value};

use super::arguments::{Arguments, Pages, Request};
use super::query;

/// Describes how an operation pages.
struct Paging {
    /// Service and operation.
    of: (&'static str, &'static str),
    /// The members of the answer that say where the next page begins, and the options that ask for it.
    next: &'static [(&'static str, &'static str)],
    /// The option for a page's size.
    size: &'static str,
    /// The lists that are put together.
    lists: &'static [&'static str],
    /// Members of the first page that stay.
    keep: &'static [&'static str],
}

const MARKER: &[(&str, &str)] = &[("Marker", "--marker")];
const NEXT_MARKER: &[(&str, &str)] = &[("NextMarker", "--marker")];
const NEXT_TOKEN: &[(&str, &str)] = &[("NextToken", "--next-token")];
const SMALL_TOKEN: &[(&str, &str)] = &[("nextToken", "--next-token")];

const PAGED: &[Paging] = &[
    rds("describe-db-instances", &["DBInstances"]),
    rds("describe-db-snapshots", &["DBSnapshots"]),
    rds("describe-db-instance-automated-backups", &["DBInstanceAutomatedBackups"]),
    rds("describe-events", &["Events"]),
    rds("describe-db-log-files", &["DescribeDBLogFiles"]),
    paged("rds", "download-db-log-file-portion", MARKER, "--number-of-lines", &["LogFileData"]),
    rds("describe-db-parameter-groups", &["DBParameterGroups"]),
    rds("describe-db-parameters", &["Parameters"]),
    rds("describe-db-subnet-groups", &["DBSubnetGroups"]),
    rds("describe-option-groups", &["OptionGroupsList"]),
    rds("describe-pending-maintenance-actions", &["PendingMaintenanceActions"]),
    rds("describe-db-clusters", &["DBClusters"]),
    rds("describe-db-cluster-snapshots", &["DBClusterSnapshots"]),
    rds("describe-db-cluster-automated-backups", &["DBClusterAutomatedBackups"]),
    rds("describe-db-cluster-backtracks", &["DBClusterBacktracks"]),
    rds("describe-db-cluster-endpoints", &["DBClusterEndpoints"]),
    rds("describe-db-cluster-parameter-groups", &["DBClusterParameterGroups"]),
    rds("describe-db-cluster-parameters", &["Parameters"]),
    rds("describe-global-clusters", &["GlobalClusters"]),
    Paging {
        of: ("s3api", "list-buckets"),
        next: &[("ContinuationToken", "--continuation-token")],
        size: "--max-buckets",
        lists: &["Buckets"],
        keep: &["Owner", "Prefix"],
    },
    Paging {
        of: ("s3api", "list-objects-v2"),
        next: &[("NextContinuationToken", "--continuation-token")],
        size: "--max-keys",
        lists: &["Contents", "CommonPrefixes"],
        keep: &["RequestCharged", "Prefix"],
    },
    Paging {
        of: ("s3api", "list-object-versions"),
        next: &[("NextKeyMarker", "--key-marker"), ("NextVersionIdMarker", "--version-id-marker")],
        size: "--max-keys",
        lists: &["Versions", "DeleteMarkers", "CommonPrefixes"],
        keep: &["RequestCharged", "Prefix"],
    },
    paged("route53", "list-hosted-zones", NEXT_MARKER, "--max-items", &["HostedZones"]),
    Paging {
        of: ("route53", "list-resource-record-sets"),
        next: &[
            ("NextRecordName", "--start-record-name"),
            ("NextRecordType", "--start-record-type"),
            ("NextRecordIdentifier", "--start-record-identifier"),
        ],
        size: "--max-items",
        lists: &["ResourceRecordSets"],
        keep: &[],
    },
    paged("route53", "list-health-checks", NEXT_MARKER, "--max-items", &["HealthChecks"]),
    paged("ec2", "describe-instances", NEXT_TOKEN, "--max-results", &["Reservations"]),
    paged("ec2", "describe-instance-status", NEXT_TOKEN, "--max-results", &["InstanceStatuses"]),
    paged("ec2", "describe-security-groups", NEXT_TOKEN, "--max-results", &["SecurityGroups"]),
    paged("ec2", "describe-subnets", NEXT_TOKEN, "--max-results", &["Subnets"]),
    paged("ec2", "describe-vpcs", NEXT_TOKEN, "--max-results", &["Vpcs"]),
    paged("ec2", "describe-network-acls", NEXT_TOKEN, "--max-results", &["NetworkAcls"]),
    paged("ec2", "describe-route-tables", NEXT_TOKEN, "--max-results", &["RouteTables"]),
    paged("ec2", "describe-nat-gateways", NEXT_TOKEN, "--max-results", &["NatGateways"]),
    paged("ec2", "describe-volumes", NEXT_TOKEN, "--max-results", &["Volumes"]),
    paged("ec2", "describe-snapshots", NEXT_TOKEN, "--max-results", &["Snapshots"]),
    paged("autoscaling", "describe-auto-scaling-groups", NEXT_TOKEN, "--max-records", &["AutoScalingGroups"]),
    paged("autoscaling", "describe-auto-scaling-instances", NEXT_TOKEN, "--max-records", &["AutoScalingInstances"]),
    paged("autoscaling", "describe-scaling-activities", NEXT_TOKEN, "--max-records", &["Activities"]),
    paged("elbv2", "describe-load-balancers", NEXT_MARKER, "--page-size", &["LoadBalancers"]),
    paged("elbv2", "describe-listeners", NEXT_MARKER, "--page-size", &["Listeners"]),
    paged("elbv2", "describe-rules", NEXT_MARKER, "--page-size", &["Rules"]),
    paged("elbv2", "describe-target-groups", NEXT_MARKER, "--page-size", &["TargetGroups"]),
    paged("ecs", "list-services", SMALL_TOKEN, "--max-results", &["serviceArns"]),
    paged("elasticache", "describe-replication-groups", MARKER, "--max-records", &["ReplicationGroups"]),
    paged("elasticache", "describe-cache-clusters", MARKER, "--max-records", &["CacheClusters"]),
    paged("elasticache", "describe-global-replication-groups", MARKER, "--max-records", &["GlobalReplicationGroups"]),
    paged("elasticache", "describe-events", MARKER, "--max-records", &["Events"]),
    paged("arc-zonal-shift", "list-zonal-shifts", SMALL_TOKEN, "--max-results", &["items"]),
    paged("arc-zonal-shift", "list-managed-resources", SMALL_TOKEN, "--max-results", &["items"]),
    paged("cloudwatch", "get-metric-data", NEXT_TOKEN, "--max-datapoints", &["MetricDataResults", "Messages"]),
    paged("cloudwatch", "list-metrics", NEXT_TOKEN, "", &["Metrics", "OwningAccounts"]),
    paged("cloudwatch", "describe-alarms", NEXT_TOKEN, "--max-records", &["MetricAlarms", "CompositeAlarms"]),
    paged("cloudwatch", "describe-alarm-history", NEXT_TOKEN, "--max-records", &["AlarmHistoryItems"]),
    paged("cloudtrail", "lookup-events", NEXT_TOKEN, "--max-results", &["Events"]),
    paged("backup", "list-recovery-points-by-resource", NEXT_TOKEN, "--max-results", &["RecoveryPoints"]),
    paged("backup", "list-backup-jobs", NEXT_TOKEN, "--max-results", &["BackupJobs"]),
    paged("backup", "list-restore-jobs", NEXT_TOKEN, "--max-results", &["RestoreJobs"]),
    paged("kms", "list-keys", NEXT_MARKER, "--limit", &["Keys"]),
    paged("kms", "list-aliases", NEXT_MARKER, "--limit", &["Aliases"]),
    paged("kms", "list-grants", NEXT_MARKER, "--limit", &["Grants"]),
    paged("secretsmanager", "list-secrets", NEXT_TOKEN, "--max-results", &["SecretList"]),
];

const fn rds(operation: &'static str, lists: &'static [&'static str]) -> Paging {
    paged("rds", operation, MARKER, "--max-records", lists)
}

const fn paged(
    service: &'static str,
    operation: &'static str,
    next: &'static [(&'static str, &'static str)],
    size: &'static str,
    lists: &'static [&'static str],
) -> Paging {
    Paging { of: (service, operation), next, size, lists, keep: &[] }
}

/// Members by which services say that a page is not the last.
const MORE: [&str; 3] = ["IsTruncated", "Truncated", "AdditionalDataPending"];

/// Puts the pages of one call together.
pub(super) struct Book {
    paging: Option<&'static Paging>,
    whole: Option<Map<String, Value>>,
    /// A query that picks from each page, and what it has picked.
    picked: Option<(String, Value)>,
    items: usize,
}

/// Is what a call gave.
#[derive(Debug, PartialEq)]
pub(super) enum Closed {
    /// The answer, to which a query is still to be applied.
    Whole(Value),
    /// What the query picked.
    Picked(Value),
}

/// The most items that are kept whole. What only picks has no limit but the memory for what it picks.
const MOST: usize = 200_000;

impl Book {
    /// Opens one. As with the AWS CLI, a call that pages by hand gets the page it asks for, as it comes.
    pub(super) fn new(request: &Request) -> Self {
        let of = (request.operation.service, request.operation.name.as_str());
        let by_hand = |paging: &Paging| {
            let mut options = paging.next.iter().map(|(_, option)| *option).chain([paging.size]);
            request.pages == Pages::One || options.any(|option| request.arguments.has(option))
        };
        let paging = PAGED.iter().find(|paging| paging.of == of && !by_hand(paging));
        let picks = |query: &&String| paging.is_some_and(|paging| query::only_picks(query, paging.lists));
        let picked = request.query.as_ref().filter(picks).map(|query| (query.clone(), Value::Null));
        Self { paging, whole: None, picked, items: 0 }
    }

    /// Takes a page, and points `arguments` at the next: `None` if there is none.
    ///
    /// # Errors
    /// One sentence, if it is more than can be kept.
    pub(super) fn add(&mut self, page: Value, arguments: &Arguments) -> Result<Option<Arguments>, String> {
        let Value::Object(mut page) = page else { return Ok(None) };
        let Some(paging) = self.paging else {
            self.whole = Some(page);
            return Ok(None);
        };
        // Some answers repeat where they began; only a page that is cut short has a next one.
        let cut_short = MORE.iter().find_map(|member| page.get(*member)).is_none_or(|more| more == &Value::Bool(true));
        let next: Vec<_> = paging
            .next
            .iter()
            .filter_map(|(member, option)| Some((*option, page.get(*member)?.as_str()?.to_owned())))
            .filter(|(_, token)| !token.is_empty())
            .collect();
        if let Some((query, picked)) = &mut self.picked {
            match (query::apply(query, &Value::Object(std::mem::take(&mut page)))?, picked) {
                (Value::Array(more), Value::Array(all)) => all.extend(more),
                (Value::Null, _) => {}
                (first, picked) => *picked = first,
            }
        }
        let whole = self.whole.get_or_insert_with(|| {
            paging.keep.iter().map(|name| ((*name).to_owned(), page.remove(*name).unwrap_or_default())).collect()
        });
        for list in paging.lists {
            match (page.remove(*list), whole.get_mut(*list)) {
                (Some(Value::Array(items)), Some(Value::Array(all))) => {
                    self.items += items.len();
                    if self.items > MOST {
                        return Err(format!(
                            "the answer has more than {MOST} items; narrow it, or write a `--query` that only picks \
                             from a list, such as `{list}[].[…]`, which is applied page by page"
                        ));
                    }
                    all.extend(items);
                }
                (Some(Value::String(part)), Some(Value::String(text))) => text.push_str(&part),
                (Some(first), None) => drop(whole.insert((*list).to_owned(), first)),
                (_, _) => {}
            }
        }
        // A server that sends the same place for ever would have us ask for ever.
        let moved = next.iter().any(|(option, token)| arguments.word(option) != Some(token.as_str()));
        if next.is_empty() || !cut_short || !moved {
            return Ok(None);
        }
        let mut further = arguments.clone();
        for (_, option) in paging.next {
            further.unset(option);
        }
        for (option, token) in next {
            further.set(option, token);
        }
        Ok(Some(further))
    }

    /// Returns what there is.
    pub(super) fn close(self) -> Closed {
        match self.picked {
            Some((_, picked)) => Closed::Picked(picked),
            None => Closed::Whole(Value::Object(self.whole.unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::runbook::aws::{GENERAL, OPERATIONS};

    fn request(line: &str) -> Request {
        Request::parse(&shlex::split(line).unwrap(), Path::new(".")).unwrap()
    }

    #[test]
    fn rows_fit_the_catalogue() {
        for paging in PAGED {
            let row = OPERATIONS.iter().find(|row| (row.service, row.name.as_str()) == paging.of).unwrap();
            let mut options = paging.next.iter().map(|(_, option)| option).chain([&paging.size]);
            assert!(
                options.all(|option| option.is_empty() || row.options().any(|has| has == *option)),
                "{:?}",
                paging.of
            );
        }
        assert!(GENERAL.contains(&"--no-paginate"));
    }

    fn whole(value: Value) -> Closed {
        Closed::Whole(value)
    }

    #[test]
    fn a_query_that_only_picks_keeps_no_page() {
        let request = request("s3api list-object-versions --bucket b --query 'DeleteMarkers[?IsLatest].Key'");
        let mut book = Book::new(&request);
        let mut arguments = request.arguments.clone();
        for page in 0..100_usize {
            let markers: Vec<_> =
                (0..100).map(|at| json!({"Key": format!("k{page}/{at}"), "IsLatest": at == 7})).collect();
            let page = json!({"DeleteMarkers": markers, "IsTruncated": page < 99, "NextKeyMarker": format!("k{page}")});
            if let Some(next) = book.add(page, &arguments).unwrap() {
                arguments = next;
            }
        }
        let Closed::Picked(Value::Array(keys)) = book.close() else { panic!("not picked") };
        assert_eq!((keys.len(), &keys[99]), (100, &json!("k99/7")));
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let request = request("s3api list-object-versions --bucket b --query 'length(Versions)'");
        let mut book = Book::new(&request);
        let page =
            |at: usize| json!({"Versions": vec![1; 50_000], "IsTruncated": true, "NextKeyMarker": format!("k{at}")});
        let error = (0..9).find_map(|at| book.add(page(at), &request.arguments).err()).unwrap();
        assert!(error.contains("`Versions[].[…]`"), "{error}");
    }

    #[test]
    fn pages_are_put_together() {
        let request = request("rds describe-db-instances");
        let mut book = Book::new(&request);
        let next = book.add(json!({"DBInstances": [1], "Marker": "m"}), &request.arguments).unwrap().unwrap();
        assert_eq!(next.word("--marker"), Some("m"));
        assert!(book.add(json!({"DBInstances": [2]}), &next).unwrap().is_none());
        assert_eq!(book.close(), whole(json!({"DBInstances": [1, 2]})));
    }

    #[test]
    fn a_page_asked_for_by_hand_comes_as_it_is() {
        for line in ["rds describe-db-instances --marker a", "rds describe-db-instances --no-paginate"] {
            let request = request(line);
            let mut book = Book::new(&request);
            assert!(book.add(json!({"DBInstances": [1], "Marker": "m"}), &request.arguments).unwrap().is_none());
            assert_eq!(book.close(), whole(json!({"DBInstances": [1], "Marker": "m"})), "{line}");
        }
    }

    #[test]
    fn a_marker_that_stands_still_ends_it() {
        let request = request("rds describe-events");
        let mut book = Book::new(&request);
        let next = book.add(json!({"Events": [], "Marker": "m"}), &request.arguments).unwrap().unwrap();
        assert!(book.add(json!({"Events": [], "Marker": "m"}), &next).unwrap().is_none());
    }

    #[test]
    fn records_go_on_where_the_answer_says() {
        let request = request("route53 list-resource-record-sets --hosted-zone-id Z");
        let mut book = Book::new(&request);
        let page = json!({"ResourceRecordSets": [1], "IsTruncated": true, "MaxItems": "1", "NextRecordName": "n", "NextRecordType": "A"});
        let next = book.add(page, &request.arguments).unwrap().unwrap();
        assert_eq!((next.word("--start-record-name"), next.word("--start-record-type")), (Some("n"), Some("A")));
        let last = json!({"ResourceRecordSets": [2], "IsTruncated": false, "MaxItems": "1"});
        assert!(book.add(last, &next).unwrap().is_none());
        assert_eq!(book.close(), whole(json!({"ResourceRecordSets": [1, 2]})));
    }
}
