//! The catalogue of AWS operations: what each does to the world, which option names its resource, what its options hold.
//!
//! Data only. `exec::aws` executes them; a test there holds that every operation of this table can be executed.
//! `tests/aws_rows.py --check` compares the rows with AWS's public models.

mod aurora;
mod compute;
mod guards;
mod rds;
mod route53;
mod rows;
mod s3;

use std::sync::LazyLock;

use super::{Impact, Necessity};

/// Describes one operation of the AWS CLI's syntax.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// `rds`.
    pub service: &'static str,
    /// `promote-read-replica`; a waiter is `wait db-instance-available`.
    pub name: String,
    /// AWS's own name, `PromoteReadReplica`; of a waiter that of the operation it looks with.
    pub api: &'static str,
    /// How grave, by its worst use.
    pub impact: Impact,
    /// What it takes besides [`GENERAL`].
    pub members: Vec<Member>,
    /// Members of the answer that are secret and never printed.
    pub hides: Vec<&'static str>,
    /// Method and path, where the service is called by them.
    pub http: Option<(&'static str, &'static str)>,
}

/// Is one thing that an operation takes, or one part of a structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// AWS's name, as it stands in JSON: `DBInstanceIdentifier`.
    pub name: &'static str,
    /// Its name on the wire, mostly the same.
    pub wire: &'static str,
    /// `--db-instance-identifier`.
    pub option: String,
    /// What part it plays.
    pub part: Part,
    /// Whether the operation can do without it.
    pub needed: Necessity,
    /// What it holds.
    pub holds: Type,
}

/// Says what part a member plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// None in particular.
    Plain,
    /// It names what the operation acts on.
    Resource,
    /// It stands in the address behind the question mark.
    Address,
}

/// Says what a member holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// Yes or no.
    Flag,
    /// A point in time.
    Time,
    /// Text by which AWS tells a request that was sent twice; made up if it is not given.
    Token,
    /// Text that is given as a file, since calls are recorded.
    Secret,
    /// The bytes of a file.
    File,
    /// Names and texts.
    Pairs,
    /// Several, inside of elements called `wrapper` where the protocol has them.
    List {
        /// What an item is called.
        wrapper: &'static str,
        /// What an item holds.
        item: Box<Type>,
    },
    /// A structure.
    Record(Vec<Member>),
}

impl Type {
    /// Returns the word by which lists of options say it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text | Self::Token => "text",
            Self::Integer => "integer",
            Self::Float => "number",
            Self::Flag => "switch",
            Self::Time => "time",
            Self::Secret | Self::File => "file",
            Self::Pairs => "pairs",
            Self::Record(_) => "structure",
            Self::List { item, .. } => match item.as_ref() {
                Self::Record(_) | Self::Pairs => "structures",
                _ => "texts",
            },
        }
    }
}

impl Operation {
    /// Lists every option it takes besides [`GENERAL`].
    pub fn options(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.option.as_str())
    }

    /// Lists the options that it cannot do without.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let needed = self.members.iter().filter(|member| member.needed == Necessity::Required);
        needed.map(|member| member.option.as_str())
    }

    /// Returns the option that names what it acts on (`--db-instance-identifier`), or nothing.
    pub fn resource(&self) -> &str {
        let member = self.members.iter().find(|member| member.part == Part::Resource);
        member.map_or("", |member| member.option.as_str())
    }
}

/// Lists all operations.
pub static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| tables().flat_map(|(service, table)| rows::read(service, table)).collect());

fn tables() -> impl Iterator<Item = (&'static str, &'static str)> {
    [rds::ROWS, aurora::ROWS, s3::ROWS, route53::ROWS, compute::ROWS, guards::ROWS].into_iter().flatten().copied()
}

/// Reads a catalogue of its own, for tests that speak of the parser alone.
#[cfg(test)]
pub(super) fn catalogue(service: &'static str, rows: &'static str) -> Vec<Operation> {
    rows::read(service, rows)
}

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
pub fn named<'o>(operation: &'o Operation, word: &str) -> Option<&'o str> {
    let name = word.split('=').next().unwrap_or(word);
    let positive = name.strip_prefix("--no-").map(|rest| format!("--{rest}"));
    operation
        .options()
        .chain(GENERAL.iter().copied())
        .find(|option| *option == name || positive.as_deref().is_some_and(|positive| positive == *option))
}

/// Does the call change nothing? Then making it again harms nobody.
pub fn only_reads(words: &[String]) -> bool {
    operation(words).is_some_and(|operation| operation.impact == Impact::Observe)
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_are_consistent() {
        let written: usize = tables().map(|(_, table)| rows::blocks(table).len()).sum();
        assert_eq!(OPERATIONS.len(), written, "rows that can't be read: {:?}", unread());
        let names: BTreeSet<_> = OPERATIONS.iter().map(|row| (row.service, row.name.as_str())).collect();
        assert_eq!(names.len(), OPERATIONS.len(), "an operation stands twice");
        for row in OPERATIONS.iter() {
            let options: BTreeSet<_> = row.options().collect();
            assert_eq!(options.len(), row.members.len(), "{}: an option stands twice", row.name);
            if row.name.starts_with("wait ") {
                assert_eq!(row.impact, Impact::Observe, "{}", row.name);
            }
        }
    }

    /// Writes the table of the page: a row a service, a column an impact.
    fn table() -> String {
        let mut services: Vec<&str> = Vec::new();
        for row in OPERATIONS.iter() {
            if !services.contains(&row.service) {
                services.push(row.service);
            }
        }
        let mut table =
            "| service | reads only | changes | disrupts | cannot be undone |\n|---|---|---|---|---|\n".to_owned();
        for service in services {
            let cell = |impact: Impact| {
                let rows = OPERATIONS.iter().filter(|row| row.service == service && row.impact == impact);
                rows.map(|row| format!("`{}`", row.name)).collect::<Vec<_>>().join(", ")
            };
            let cells = [Impact::Observe, Impact::Change, Impact::Disrupt, Impact::Irreversible].map(cell).join(" | ");
            table.extend([format!("| `{service}` | {cells} |\n")]);
        }
        table
    }

    #[test]
    fn the_page_lists_every_operation() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/aws.md");
        let text = std::fs::read_to_string(page).unwrap();
        let (before, rest) = text.split_once("| service |").unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        let expected = format!("{before}{}\n{after}", table());
        if text != expected
            && std::env::vars().any(|(name, value)| (name.as_str(), value.as_str()) == ("INSTA_UPDATE", "always"))
        {
            std::fs::write(page, expected).unwrap();
            return;
        }
        assert!(
            text == expected,
            "docs/aws.md is out of date; `INSTA_UPDATE=always cargo test --lib runbook::aws` writes it"
        );
    }

    fn unread() -> Vec<&'static str> {
        let all = tables().flat_map(|(_, table)| rows::blocks(table));
        all.filter(|(head, _)| {
            let name = head.split(' ').next().unwrap_or("");
            name != "wait" && !OPERATIONS.iter().any(|row| row.api == name)
        })
        .map(|(head, _)| head)
        .collect()
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
