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
pub const OPERATIONS: &[Operation] = &[];

/// Finds the operation that `words` (what stands after `aws`) call.
pub fn operation(words: &[String]) -> Option<&'static Operation> {
    let service = words.first()?;
    let name = match (words.get(1)?.as_str(), words.get(2)) {
        ("wait", Some(state)) => format!("wait {state}"),
        (name, _) => name.to_owned(),
    };
    OPERATIONS.iter().find(|op| op.service == service && op.name == name)
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
