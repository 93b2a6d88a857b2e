//! A look at the machine before anybody needs it: nothing of a runbook runs, nothing is changed, everything is bounded.

mod account;
mod machine;
mod signing;
mod terminal;
mod tools;

use std::path::PathBuf;
use std::sync::Arc;

use super::start::Options;
use crate::report::Finding;
use crate::runbook::Plan;

/// Says what to look at.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// One for each profile, and one without if there is none.
    pub profiles: Vec<Options>,
    /// Runbooks whose programs are looked for, with their names.
    pub runbooks: Vec<(String, Arc<Plan>)>,
    /// The state folder.
    pub state: PathBuf,
}

/// Looks at everything. It takes some seconds at most, also where no network answers.
pub async fn examine(wish: &Wish) -> Vec<Finding> {
    let mut found = terminal::look();
    let asked = async {
        let mut accounts = Vec::new();
        for options in &wish.profiles {
            accounts.extend(account::look(options).await);
        }
        accounts
    };
    let (accounts, clock) = tokio::join!(asked, machine::clock(wish));
    found.extend(signing::look(wish).await);
    found.extend(accounts);
    found.extend(tools::look(&wish.runbooks));
    found.push(clock);
    found.extend(machine::log_folders(wish).await);
    found.push(machine::postgresql());
    found.push(machine::session());
    found
}
