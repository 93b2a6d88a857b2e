//! What an action acts on, named before anybody confirms it.

use std::collections::BTreeMap;

use super::care::own_impact;
use super::database::database;
use crate::engine::event::Target;
use crate::engine::state::Run;
use crate::runbook::aws::{self, operation, option};
use crate::runbook::{Action, Kind};

/// Returns what a shell command acts on.
pub(in crate::engine) fn shell_target(run: &Run) -> Target {
    let (account, region) =
        run.opened.as_ref().map_or(("", ""), |opened| (opened.account.as_str(), opened.region.as_str()));
    let account = if account.is_empty() || account == "none" { "local" } else { account };
    Target { account: account.to_owned(), region: region.to_owned(), resource: String::new() }
}

pub(super) fn target(
    run: &Run,
    action: &Action,
    calls: &[Vec<String>],
    command: &str,
    vars: &BTreeMap<String, String>,
) -> Target {
    let local =
        |resource: &str| Target { account: "local".to_owned(), region: String::new(), resource: resource.to_owned() };
    match action.kind {
        Kind::Shell(_) => shell_target(run),
        Kind::Http => local(host_of(command)),
        Kind::Dns => local(command.split_whitespace().next().unwrap_or_default()),
        Kind::Sql => database(&run.plan, action, vars).map_or_else(
            |_| local(""),
            |at| Target {
                account: format!("{}:{}", at.host, at.port),
                region: String::new(),
                resource: if at.name.is_empty() { at.dbname } else { at.name },
            },
        ),
        Kind::Aws => {
            let mut target = shell_target(run);
            // The gravest call is the one to read before confirming; of several, the first.
            let gravest = calls.iter().rev().max_by_key(|call| own_impact(call));
            if let Some(call) = gravest {
                if let Some(region) = option(call, "--region") {
                    region.clone_into(&mut target.region);
                }
                let named = operation(call).map(aws::Operation::resource).filter(|name| !name.is_empty());
                if let Some(resource) = named.and_then(|name| option(call, name)) {
                    resource.clone_into(&mut target.resource);
                }
            }
            target
        }
    }
}

/// Finds the host in the request line of an HTTP request.
fn host_of(request: &str) -> &str {
    let line = request.trim_start().lines().next().unwrap_or_default();
    let after = line.split_once("://").map_or("", |(_, after)| after);
    after.split(|c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_request() {
        assert_eq!(host_of("GET https://shop.example.com:8443/health?x=1 HTTP/1.1"), "shop.example.com:8443");
    }
}
