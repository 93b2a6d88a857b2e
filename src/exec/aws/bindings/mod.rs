//! The operations, bound to the SDK's clients: a line each, a file a service.

pub(super) mod rds;
pub(super) mod route53;
pub(super) mod s3api;
pub(super) mod sts;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{rds, route53, s3api, sts};
    use crate::exec::aws::wait::waiter;
    use crate::runbook::aws::OPERATIONS;

    #[test]
    fn every_row_of_the_catalogue_is_bound_with_every_option() {
        for row in OPERATIONS {
            let name = waiter(row.service, row.name).map_or(row.name, |waiter| waiter.look);
            let bound = match row.service {
                "rds" => rds::options(name),
                "route53" => route53::options(name),
                "s3api" => s3api::options(name),
                "sts" => sts::options(name),
                other => panic!("no bindings for {other}"),
            };
            let bound: BTreeSet<String> = bound.unwrap_or_else(|| panic!("{name} is not bound")).into_iter().collect();
            let listed: BTreeSet<String> = row.options.iter().map(|option| (*option).to_owned()).collect();
            assert_eq!(bound, listed, "{} {}", row.service, row.name);
        }
    }
}
