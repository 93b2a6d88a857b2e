//! Reads the rows of the catalogue: what an operation is called, how grave it is, and what each option holds.
//!
//! ```text
//! PromoteReadReplica irreversible
//!     DBInstanceIdentifier@* BackupRetentionPeriod:int PreferredBackupWindow
//! wait db-instance-available = DescribeDBInstances
//! ```
//!
//! A member is `Name`, then `=Wire` where it is sent under another name, `@` if it names the resource, `*` if it is
//! needed, `?` if it stands in the address; then `:int` and its kin (text if nothing stands there), `[]` or
//! `[Wrapper]` for a list, `{…}` for a structure, `<>` for pairs. `hides A B` in the first line names members of the
//! answer that are secret, `POST /path/{member}` how a REST service is called.

use super::{Impact, Member, Operation, Part, Type};
use crate::runbook::Necessity;

/// Reads a service's rows. A row that can't be read is left out, which a test of the catalogue finds.
pub(super) fn read(service: &'static str, rows: &'static str) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for (head, body) in blocks(rows) {
        operations.extend(operation(service, head, body, &operations));
    }
    operations
}

/// Splits rows into first lines and what is indented below them.
pub(super) fn blocks(rows: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut blocks = Vec::new();
    let mut rest = rows.trim_start_matches('\n');
    while !rest.is_empty() {
        let (head, below) = rest.split_once('\n').unwrap_or((rest, ""));
        let length = below.split_inclusive('\n').take_while(|line| line.starts_with(' ')).map(str::len).sum();
        let (body, next) = below.split_at_checked(length).unwrap_or((below, ""));
        blocks.push((head, body));
        rest = next;
    }
    blocks
}

fn operation(service: &'static str, head: &'static str, body: &'static str, before: &[Operation]) -> Option<Operation> {
    let mut words = head.split(' ');
    let api = words.next()?;
    if api == "wait" {
        let name = format!("wait {}", words.next()?);
        let looks = words.nth(1)?;
        let look = before.iter().find(|operation| operation.api == looks)?;
        return Some(Operation { name, ..look.clone() });
    }
    let impact = match words.next()? {
        "observe" => Impact::Observe,
        "change" => Impact::Change,
        "disrupt" => Impact::Disrupt,
        "irreversible" => Impact::Irreversible,
        _ => return None,
    };
    let (mut hides, mut http, mut next) = (Vec::new(), None, words.next());
    if let Some(method) = next.filter(|word| word.chars().all(|c| c.is_ascii_uppercase())) {
        http = Some((method, words.next()?));
        next = words.next();
    }
    if next == Some("hides") {
        hides = words.collect();
    }
    let mut reader = Reader(body);
    let members = reader.members()?;
    reader.0.is_empty().then(|| Operation { service, name: kebab(api), api, impact, members, hides, http })
}

/// Holds what is still to be read of a row.
struct Reader(&'static str);

impl Reader {
    /// Reads members up to a closing brace or the end.
    fn members(&mut self) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        loop {
            self.0 = self.0.trim_start();
            if self.0.is_empty() || self.0.starts_with('}') {
                return Some(members);
            }
            members.push(self.member()?);
        }
    }

    fn member(&mut self) -> Option<Member> {
        let name = self.word()?;
        let wire = if self.takes("=") { self.word()? } else { name };
        let names = if self.takes("@") { Part::Resource } else { Part::Plain };
        let needed = if self.takes("*") { Necessity::Required } else { Necessity::Optional };
        let part = if self.takes("?") { Part::Address } else { names };
        let holds = self.holds()?;
        Some(Member { name, wire, option: format!("--{}", kebab(name)), part, needed, holds })
    }

    fn holds(&mut self) -> Option<Type> {
        if self.takes("[") {
            let end = self.0.find(']')?;
            let (wrapper, _) = self.0.split_at_checked(end)?;
            self.0 = self.0.get(end + 1..)?;
            let wrapper = if wrapper.is_empty() { "member" } else { wrapper };
            return Some(Type::List { wrapper, item: Box::new(self.holds()?) });
        }
        if self.takes("{") {
            let members = self.members()?;
            return self.takes("}").then_some(Type::Record(members));
        }
        if self.takes("<>") {
            return Some(Type::Pairs);
        }
        if !self.takes(":") {
            return Some(Type::Text);
        }
        Some(match self.word()? {
            "int" => Type::Integer,
            "float" => Type::Float,
            "flag" => Type::Flag,
            "time" => Type::Time,
            "token" => Type::Token,
            "secret" => Type::Secret,
            "file" => Type::File,
            _ => return None,
        })
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.0.strip_prefix(sign).map(|rest| self.0 = rest).is_some()
    }

    fn word(&mut self) -> Option<&'static str> {
        let end = self.0.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(word).filter(|word| !word.is_empty())
    }
}

/// Writes a name of AWS's models as the AWS CLI does: `DBInstanceIdentifier` is `db-instance-identifier`.
fn kebab(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut kebab = String::with_capacity(name.len() + 8);
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        // The `s` of `ARNs` belongs to what stands before it.
        let plural = after == Some(&'s') && at + 2 == chars.len() && before.is_some_and(char::is_ascii_uppercase);
        let begins = after.is_some_and(char::is_ascii_lowercase) && !plural
            || before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit());
        if c.is_ascii_uppercase() && before.is_some() && begins {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_the_cli_does() {
        for (name, written) in [
            ("PromoteReadReplica", "promote-read-replica"),
            ("DescribeDBInstances", "describe-db-instances"),
            ("MultiAZ", "multi-az"),
            ("EnableIAMDatabaseAuthentication", "enable-iam-database-authentication"),
            ("SSEKMSKeyId", "ssekms-key-id"),
            ("ListObjectsV2", "list-objects-v2"),
            ("TestDNSAnswer", "test-dns-answer"),
            ("Ipv6CidrBlock", "ipv6-cidr-block"),
            ("ResourceARNs", "resource-arns"),
            ("resourceIdentifier", "resource-identifier"),
            ("VPCZoneIdentifier", "vpc-zone-identifier"),
        ] {
            assert_eq!(kebab(name), written);
        }
    }

    #[test]
    fn a_row_says_everything() {
        let rows = "\nGetThing disrupt POST /things/{id} hides Password\n    id@* Tags=Tag*[Tag]{Key* Value\n    Times[]:int} on?:flag\nwait thing-there = GetThing\n";
        let [get, wait] = read("x", rows).try_into().unwrap();
        assert_eq!(
            (get.name.as_str(), get.impact, get.http),
            ("get-thing", Impact::Disrupt, Some(("POST", "/things/{id}")))
        );
        assert_eq!((get.resource(), get.hides.as_slice()), ("--id", ["Password"].as_slice()));
        assert_eq!(get.options().collect::<Vec<_>>(), ["--id", "--tags", "--on"]);
        assert_eq!(get.required().collect::<Vec<_>>(), ["--id", "--tags"]);
        let Type::List { wrapper: "Tag", item } = &get.members[1].holds else { panic!("{get:?}") };
        let Type::Record(tag) = item.as_ref() else { panic!("{item:?}") };
        assert_eq!(tag[2].holds, Type::List { wrapper: "member", item: Box::new(Type::Integer) });
        assert_eq!((get.members[1].wire, get.members[2].part), ("Tag", Part::Address));
        assert_eq!((wait.name.as_str(), wait.api), ("wait thing-there", "GetThing"));
    }

    #[test]
    fn what_can_not_be_read_is_left_out() {
        for rows in [
            "Get",
            "Get often",
            "Get observe\n    a{b",
            "Get observe\n    a:word",
            "Get observe\n    }",
            "wait x = Get",
        ] {
            assert!(read("x", rows).is_empty(), "{rows}");
        }
    }
}
