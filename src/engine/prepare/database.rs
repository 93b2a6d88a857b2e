//! Where an `sql` fence runs and what its statements are bound to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::effect::{Access, Database};
use crate::kernel::Secret;
use crate::runbook::words::{self, Unset};
use crate::runbook::{Action, Impact, Plan, sql};

/// Finds the connection of an `sql` fence and puts the values in; `Err` says in words what is missing.
pub(super) fn database(plan: &Plan, action: &Action, vars: &BTreeMap<String, String>) -> Result<Database, String> {
    let connection = plan.meta.connection(action.db.as_deref()).ok_or_else(|| match &action.db {
        Some(db) => format!("the front matter has no connection `{db}`"),
        None => "the `sql` fence does not say which connection it is for; write `db=NAME`".to_owned(),
    })?;
    let name = &connection.name;
    let fill = |text: &String| match words::fill(text, vars) {
        Err(unset) => Err(format!("the connection `{name}`: {unset}")),
        Ok(text) if text.contains(char::is_control) => {
            Err(format!("the connection `{name}` holds a control character once its values are put in"))
        }
        Ok(text) => Ok(text),
    };
    let some = |text: &Option<String>| text.as_ref().map(fill).transpose();
    let open = connection.password.clone().filter(|text| plan.secret(text).is_none());
    let port = fill(&connection.port)?;
    let host = fill(&connection.host)?;
    if host.trim().is_empty() {
        return Err(format!("the connection `{name}` has no host once its values are put in"));
    }
    Ok(Database {
        name: name.clone(),
        host,
        port: port.parse().map_err(|_| format!("the connection `{name}` has `{port}` for its port"))?,
        dbname: fill(&connection.dbname)?,
        user: fill(&connection.user)?,
        // A secret never comes here: whoever connects puts it in.
        password: some(&open)?.map(Secret::new),
        sslmode: connection.sslmode,
        sslrootcert: some(&connection.sslrootcert)?,
    })
}

/// Names the secret that is the password of an `sql` fence's connection.
pub(super) fn secret_password(plan: &Plan, action: &Action) -> Option<String> {
    let connection = plan.meta.connection(action.db.as_deref())?;
    plan.secret(connection.password.as_deref()?).map(str::to_owned)
}

/// A fence that only observes runs in a read-only transaction.
pub(super) fn access(impact: Impact) -> Access {
    if impact == Impact::Observe { Access::ReadOnly } else { Access::ReadWrite }
}

/// Says below the statements, as comments, where they run and what is bound; that is what is shown and recorded.
pub(super) fn database_command(
    code: &str,
    at: &Database,
    access: Access,
    vars: &BTreeMap<String, String>,
) -> Result<String, String> {
    let statements = sql::statements(code).map_err(|bad| bad.to_string())?;
    if statements.is_empty() {
        return Err("the `sql` fence holds no statement".to_owned());
    }
    let access = match access {
        Access::ReadOnly => ", read-only transaction",
        Access::ReadWrite => "",
    };
    let mut command = format!("{}\n-- on {}, as {}{access}", code.trim_end(), at.words(), at.user);
    let mut bound: Vec<&String> = Vec::new();
    for name in statements.iter().flat_map(|statement| &statement.parameters) {
        let value = vars.get(name).ok_or_else(|| Unset { name: name.clone() }.to_string())?;
        if !bound.contains(&name) {
            bound.push(name);
            // Writing to a String cannot fail.
            let _ = write!(command, "\n-- {name} = {value:?}");
        }
    }
    Ok(command)
}

/// Picks the values that the statements of a fence are bound to.
pub(super) fn bound(code: &str, vars: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let names = sql::variables(code).into_iter();
    names.filter_map(|(name, _)| vars.get(&name).map(|value| (name, value.clone()))).collect()
}
