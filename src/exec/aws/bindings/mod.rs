//! The operations that go through the SDK's clients: a line each, a file a service.

mod object;
pub(super) mod rds;
pub(super) mod route53;
pub(super) mod s3api;
pub(super) mod sts;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{rds, route53, s3api, sts};
    use crate::exec::aws::services::{self, Carrier};
    use crate::exec::aws::waiters::waiter;
    use crate::runbook::aws::OPERATIONS;

    #[test]
    fn every_row_of_these_services_is_bound_with_every_option() {
        let bound_here = |service: &str| services::find(service).unwrap().carrier == Carrier::Sdk;
        for row in OPERATIONS.iter().filter(|row| bound_here(row.service)) {
            let name = waiter(row.service, &row.name).map_or(row.name.as_str(), |waiter| waiter.look);
            let bound = match row.service {
                "rds" => rds::options(name),
                "route53" => route53::options(name),
                "s3api" => s3api::options(name),
                "sts" => sts::options(name),
                other => panic!("no bindings for {other}"),
            };
            let bound: BTreeSet<String> = bound.unwrap_or_else(|| panic!("{name} is not bound")).into_iter().collect();
            // The region a call reads from is given to the SDK as an address signed for it.
            let listed = row.options().map(|option| option.replace("--source-region", "--pre-signed-url"));
            let listed: BTreeSet<String> = listed.collect();
            assert_eq!(bound, listed, "{} {}", row.service, row.name);
        }
    }
}
