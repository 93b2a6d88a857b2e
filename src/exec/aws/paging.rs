//! Further pages: which operations have them, and how they are put together.

use serde_json::{Map, Value};

use super::arguments::{Arguments, Pages, Request};

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

const PAGED: &[Paging] = &[
    rds("describe-db-instances", &["DBInstances"]),
    rds("describe-db-snapshots", &["DBSnapshots"]),
    rds("describe-events", &["Events"]),
    rds("describe-db-instance-automated-backups", &["DBInstanceAutomatedBackups"]),
    Paging {
        of: ("route53", "list-resource-record-sets"),
        next: &[
            ("NextRecordName", "--start-record-name"),
            ("NextRecordType", "--start-record-type"),
            ("NextRecordIdentifier", "--start-record-identifier"),
        ],
        size: "",
        lists: &["ResourceRecordSets"],
        keep: &[],
    },
    Paging {
        of: ("s3api", "list-object-versions"),
        next: &[("NextKeyMarker", "--key-marker"), ("NextVersionIdMarker", "--version-id-marker")],
        size: "--max-keys",
        lists: &["Versions", "DeleteMarkers", "CommonPrefixes"],
        keep: &["RequestCharged", "Prefix"],
    },
];

const fn rds(operation: &'static str, lists: &'static [&'static str]) -> Paging {
    Paging { of: ("rds", operation), next: MARKER, size: "--max-records", lists, keep: &[] }
}

/// Puts the pages of one call together.
pub(super) struct Book {
    paging: Option<&'static Paging>,
    whole: Option<Map<String, Value>>,
}

impl Book {
    /// Opens one. As with the AWS CLI, a call that pages by hand gets the page it asks for, as it comes.
    pub(super) fn new(request: &Request) -> Self {
        let of = (request.operation.service, request.operation.name);
        let by_hand = |paging: &Paging| {
            let mut options = paging.next.iter().map(|(_, option)| *option).chain([paging.size]);
            request.pages == Pages::One || options.any(|option| request.arguments.has(option))
        };
        Self { paging: PAGED.iter().find(|paging| paging.of == of && !by_hand(paging)), whole: None }
    }

    /// Takes a page, and points `arguments` at the next: `None` if there is none.
    pub(super) fn add(&mut self, page: Value, arguments: &Arguments) -> Option<Arguments> {
        let Value::Object(mut page) = page else { return None };
        let Some(paging) = self.paging else {
            self.whole = Some(page);
            return None;
        };
        // Some answers repeat where they began; only a page that is cut short has a next one.
        let cut_short = page.get("IsTruncated").is_none_or(|truncated| truncated == &Value::Bool(true));
        let next: Vec<_> = paging
            .next
            .iter()
            .filter_map(|(member, option)| Some((*option, page.get(*member)?.as_str()?.to_owned())))
            .filter(|(_, token)| !token.is_empty())
            .collect();
        let whole = self.whole.get_or_insert_with(|| {
            paging.keep.iter().map(|name| ((*name).to_owned(), page.remove(*name).unwrap_or_default())).collect()
        });
        for list in paging.lists {
            if let Some(Value::Array(items)) = page.remove(*list)
                && let Value::Array(all) = whole.entry(*list).or_insert_with(|| Value::Array(Vec::new()))
            {
                all.extend(items);
            }
        }
        // A server that sends the same place for ever would have us ask for ever.
        let moved = next.iter().any(|(option, token)| arguments.word(option) != Some(token.as_str()));
        if next.is_empty() || !cut_short || !moved {
            return None;
        }
        let mut further = arguments.clone();
        for (_, option) in paging.next {
            further.unset(option);
        }
        for (option, token) in next {
            further.set(option, token);
        }
        Some(further)
    }

    /// Returns the whole.
    pub(super) fn close(self) -> Value {
        Value::Object(self.whole.unwrap_or_default())
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
            let row = OPERATIONS.iter().find(|row| (row.service, row.name) == paging.of).unwrap();
            let mut options = paging.next.iter().map(|(_, option)| option).chain([&paging.size]);
            assert!(options.all(|option| option.is_empty() || row.options.contains(option)), "{:?}", paging.of);
        }
        assert!(GENERAL.contains(&"--no-paginate"));
    }

    #[test]
    fn pages_are_put_together() {
        let request = request("rds describe-db-instances");
        let mut book = Book::new(&request);
        let next = book.add(json!({"DBInstances": [1], "Marker": "m"}), &request.arguments).unwrap();
        assert_eq!(next.word("--marker"), Some("m"));
        assert!(book.add(json!({"DBInstances": [2]}), &next).is_none());
        assert_eq!(book.close(), json!({"DBInstances": [1, 2]}));
    }

    #[test]
    fn a_page_asked_for_by_hand_comes_as_it_is() {
        for line in ["rds describe-db-instances --marker a", "rds describe-db-instances --no-paginate"] {
            let request = request(line);
            let mut book = Book::new(&request);
            assert!(book.add(json!({"DBInstances": [1], "Marker": "m"}), &request.arguments).is_none());
            assert_eq!(book.close(), json!({"DBInstances": [1], "Marker": "m"}), "{line}");
        }
    }

    #[test]
    fn a_marker_that_stands_still_ends_it() {
        let request = request("rds describe-events");
        let mut book = Book::new(&request);
        let next = book.add(json!({"Events": [], "Marker": "m"}), &request.arguments).unwrap();
        assert!(book.add(json!({"Events": [], "Marker": "m"}), &next).is_none());
    }

    #[test]
    fn records_go_on_where_the_answer_says() {
        let request = request("route53 list-resource-record-sets --hosted-zone-id Z");
        let mut book = Book::new(&request);
        let page = json!({"ResourceRecordSets": [1], "IsTruncated": true, "MaxItems": "1", "NextRecordName": "n", "NextRecordType": "A"});
        let next = book.add(page, &request.arguments).unwrap();
        assert_eq!((next.word("--start-record-name"), next.word("--start-record-type")), (Some("n"), Some("A")));
        let last = json!({"ResourceRecordSets": [2], "IsTruncated": false, "MaxItems": "1"});
        assert!(book.add(last, &next).is_none());
        assert_eq!(book.close(), json!({"ResourceRecordSets": [1, 2]}));
    }
}
