//! The words of a call, taken apart as the AWS CLI does: options, lists of words, JSON, shorthand, `file://`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::output::Format;
use super::query;
use crate::runbook::Secrecy;
use crate::runbook::aws::{GENERAL, OPERATIONS, Operation, Type, named, operation};

/// What `file://` and `--body` may bring: an upload is kept in memory, so that it can be signed and sent again.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Where `get-object` writes; the AWS CLI has no name for it either.
pub(super) const OUTFILE: &str = "OUTFILE";

/// Is a call that was understood.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Its row of the catalogue.
    pub(super) operation: &'static Operation,
    /// Its options.
    pub(super) arguments: Arguments,
    /// `--region`.
    pub(super) region: Option<String>,
    /// `--query`, known to be an expression.
    pub(super) query: Option<String>,
    /// `--output`.
    pub(super) format: Format,
    /// Whether further pages are fetched.
    pub(super) pages: Pages,
    /// Whether its answer is kept secret: then nothing of it is hidden.
    pub(super) kept: Secrecy,
}

/// Says whether further pages are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    /// All of them, put together as the AWS CLI does.
    All,
    /// The first, as it comes (`--no-paginate`).
    One,
}

/// Holds the options of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    given: BTreeMap<&'static str, Words>,
    folder: PathBuf,
}

/// Holds what stood behind an option.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    /// `--multi-az`, or `--option value …`.
    Yes(Vec<String>),
    /// `--no-multi-az`.
    No,
}

/// Says how an option is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `--option`, `--no-option`.
    Flag,
    /// One word.
    Scalar,
    /// Several words.
    Scalars,
    /// JSON, or shorthand in one word.
    Structure,
    /// JSON, or shorthand in several words.
    Structures,
    /// The path of a file.
    Path,
}

impl Request {
    /// Takes `words`, what stands after `aws`, apart.
    ///
    /// # Errors
    /// One sentence: what is wrong, and what to do.
    pub(super) fn parse(words: &[String], folder: &Path) -> Result<Self, String> {
        let operation = operation(words).ok_or_else(|| unknown_operation(words))?;
        let called = format!("`aws {} {}`", operation.service, operation.name);
        let mut given: BTreeMap<&'static str, Words> = BTreeMap::new();
        let mut rest = words.iter().skip(1 + operation.name.split(' ').count()).peekable();
        while let Some(word) = rest.next() {
            // The one word that belongs to no option, as with the AWS CLI: where an object goes.
            if !word.starts_with("--") && operation.api == "GetObject" && !given.contains_key(OUTFILE) {
                given.insert(OUTFILE, Words::Yes(vec![word.clone()]));
                continue;
            }
            if !word.starts_with("--") {
                return Err(format!("{called}: `{word}` belongs to no option; quote a value that has spaces"));
            }
            let option = named(operation, word).ok_or_else(|| unknown_option(operation, &called, word))?;
            let value = if let Some((_, value)) = word.split_once('=') {
                Words::Yes(vec![value.to_owned()])
            } else if word != option {
                Words::No
            } else {
                let mut values = Vec::new();
                while let Some(value) = rest.next_if(|next| !next.starts_with("--")) {
                    values.push(value.clone());
                    if operation.api == "GetObject" {
                        break;
                    }
                }
                // This one begins with `--no-` and means itself.
                Words::Yes(values)
            };
            if given.insert(option, value).is_some() {
                return Err(format!("{called}: `{option}` is given twice; leave one"));
            }
        }
        if let Some(missing) = operation.required().find(|option| !given.contains_key(*option)) {
            return Err(format!("{called} needs `{missing}`; add it"));
        }
        if operation.api == "GetObject" && !given.contains_key(OUTFILE) {
            return Err(format!("{called} needs a place for the object: name a file behind the options"));
        }
        let mut arguments = Arguments { given, folder: folder.to_owned() };
        let region = arguments.general("--region")?;
        let query = arguments.general("--query")?;
        let format = match arguments.general("--output")?.as_deref() {
            None | Some("json") => Format::Json,
            Some("text") => Format::Text,
            Some(other) => return Err(format!("{called}: `--output {other}` is not known; write `json` or `text`")),
        };
        arguments.given.remove("--no-cli-pager");
        let pages = arguments.given.remove("--no-paginate").map_or(Pages::All, |_| Pages::One);
        if let Some(region) = region.as_deref().filter(|region| !is_region(region)) {
            return Err(format!("{called}: `--region {region}` is not the name of a region, such as `eu-west-1`"));
        }
        query.as_deref().map_or(Ok(()), query::check).map_err(|error| format!("{called}: {error}"))?;
        Ok(Self { operation, arguments, region, query, format, pages, kept: Secrecy::Open })
    }
}

/// A region becomes part of a host name; nothing else may.
pub(super) fn is_region(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

impl Arguments {
    fn general(&mut self, option: &'static str) -> Result<Option<String>, String> {
        let value = self.value(Form::Scalar, option)?;
        self.given.remove(option);
        Ok(value.and_then(|value| value.as_str().map(str::to_owned)))
    }

    /// Gives every token of `operation` that was not given, so that AWS knows a request that it gets twice.
    pub(super) fn give_tokens(&mut self, operation: &'static Operation) {
        for member in operation.members.iter().filter(|member| member.holds == Type::Token) {
            let token = || {
                let [a, b] = [fastrand::u64(..), fastrand::u64(..)].map(|part| format!("{part:016x}"));
                Words::Yes(vec![format!("{a}{b}")])
            };
            self.given.entry(member.option.as_str()).or_insert_with(token);
        }
    }

    /// Returns where a file stands that is named relative to the runbook's working directory.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Says whether `option` was given.
    pub(super) fn has(&self, option: &str) -> bool {
        self.given.contains_key(option)
    }

    /// Sets `option`, as if it had been written.
    pub(super) fn set(&mut self, option: &'static str, value: String) {
        self.given.insert(option, Words::Yes(vec![value]));
    }

    /// Takes `option` away.
    pub(super) fn unset(&mut self, option: &str) {
        self.given.remove(option);
    }

    /// Returns the first word of `option`.
    pub(super) fn word(&self, option: &str) -> Option<&str> {
        match self.given.get(option)? {
            Words::Yes(words) => words.first().map(String::as_str),
            Words::No => None,
        }
    }

    /// Reads `option` as `form`.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn value(&self, form: Form, option: &str) -> Result<Option<Value>, String> {
        let Some(given) = self.given.get(option) else { return Ok(None) };
        let words = match (given, form) {
            (Words::Yes(words), Form::Flag) if words.is_empty() => return Ok(Some(Value::Bool(true))),
            (Words::No, Form::Flag) => return Ok(Some(Value::Bool(false))),
            (_, Form::Flag) => {
                let no = option.replacen("--", "--no-", 1);
                return Err(format!("`{option}` takes no value; write `{option}` or `{no}`"));
            }
            (Words::No, _) => return Err(format!("`{option}` needs a value")),
            (Words::Yes(words), _) => words,
        };
        let value = match (form, words.as_slice()) {
            (_, []) => return Err(format!("`{option}` needs a value")),
            (Form::Path, [path]) => Value::String(path.clone()),
            (Form::Scalar, [word]) => Value::String(self.resolve(option, word)?),
            (Form::Scalar | Form::Structure | Form::Path, [_, second, ..]) => {
                return Err(format!("`{option}` takes one value, and `{second}` is one more; quote what has spaces"));
            }
            (Form::Structure, [word]) => structured(option, &self.resolve(option, word)?)?,
            (Form::Scalars | Form::Structures, [word]) if self.resolve(option, word)?.trim_start().starts_with('[') => {
                json(option, &self.resolve(option, word)?)?
            }
            (Form::Scalars, words) => Value::Array(words.iter().cloned().map(Value::String).collect()),
            (Form::Structures, words) => {
                let items = words.iter().map(|word| structured(option, &self.resolve(option, word)?));
                Value::Array(items.collect::<Result<_, String>>()?)
            }
            (Form::Flag, _) => Value::Null,
        };
        Ok(Some(value))
    }

    /// Replaces `file://path` by what stands in the file.
    fn resolve(&self, option: &str, word: &str) -> Result<String, String> {
        let Some(path) = word.strip_prefix("file://") else { return Ok(word.to_owned()) };
        String::from_utf8(self.read(option, path)?)
            .map_err(|_| format!("`{option}`: the file `{path}` is not text in UTF-8"))
    }

    /// Reads the file `path`, relative to the runbook's working directory.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn read(&self, option: &str, path: &str) -> Result<Vec<u8>, String> {
        let place = self.folder.join(path);
        let wrong = |why: &dyn std::fmt::Display| format!("`{option}`: can't read `{}`: {why}", place.display());
        let about = std::fs::metadata(&place).map_err(|error| wrong(&error))?;
        if !about.is_file() {
            return Err(wrong(&"it is not a file"));
        }
        if about.len() > MAX_FILE {
            return Err(wrong(&"it is larger than 256 MiB; use the AWS CLI in a shell block"));
        }
        std::fs::read(&place).map_err(|error| wrong(&error))
    }
}

fn structured(option: &str, word: &str) -> Result<Value, String> {
    if word.trim_start().starts_with(['{', '[']) { json(option, word) } else { shorthand(option, word) }
}

fn json(option: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("`{option}` is not JSON: {error}"))
}

/// Reads `Name=engine,Values=postgres,mysql`: a part without `=` belongs to the list before it.
fn shorthand(option: &str, word: &str) -> Result<Value, String> {
    let wrong = || format!("`{option} {word}` is neither JSON nor `Name=value,Name=value,value`");
    let mut members: Map<String, Value> = Map::new();
    let mut last: Option<String> = None;
    for part in split_outside_quotes(word) {
        let (name, value) = match (part.split_once('='), &last) {
            (Some((name, value)), _) if !name.starts_with(['"', '\'']) => (name.trim().to_owned(), value),
            (_, Some(name)) => (name.clone(), part.as_str()),
            (_, None) => return Err(wrong()),
        };
        if name.is_empty() || value.starts_with(['{', '[']) {
            return Err(format!("{}; write nested values as JSON", wrong()));
        }
        let value = Value::String(unquoted(value).to_owned());
        match members.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                members.insert(name.clone(), value);
            }
        }
        last = Some(name);
    }
    Ok(Value::Object(members))
}

fn split_outside_quotes(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in word.chars() {
        match (c, quote) {
            (',', None) => {
                parts.push(String::new());
                continue;
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value)
}

fn unknown_operation(words: &[String]) -> String {
    let called = words.iter().take_while(|word| !word.starts_with("--")).cloned().collect::<Vec<_>>().join(" ");
    if called.is_empty() {
        return "an `aws` call begins with a service and an operation, such as `aws rds describe-db-instances`; \
                options stand behind them"
            .to_owned();
    }
    let all = OPERATIONS.iter().map(|row| format!("{} {}", row.service, row.name));
    let hint = nearest(&called, all).map_or_else(String::new, |name| format!("did you mean `aws {name}`? "));
    format!("lifeboat does not know `aws {called}`; {hint}Write it as a shell block to run the AWS CLI instead")
}

fn unknown_option(operation: &'static Operation, called: &str, word: &str) -> String {
    let name = word.split('=').next().unwrap_or(word);
    if matches!(name, "--profile" | "--endpoint-url") {
        return format!("{called}: `{name}` is one for the whole run, not for a call; set it when the run begins");
    }
    let all = operation.options().chain(GENERAL.iter().copied()).map(str::to_owned);
    match nearest(name, all) {
        Some(near) => format!("{called} has no option `{name}`; did you mean `{near}`?"),
        None => format!("{called} has no option `{name}` that lifeboat knows; use the AWS CLI in a shell block"),
    }
}

fn nearest(word: &str, names: impl Iterator<Item = String>) -> Option<String> {
    names
        .map(|name| (strsim::jaro_winkler(word, &name), name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(line: &str) -> Result<Request, String> {
        Request::parse(&shlex::split(line).unwrap(), Path::new("."))
    }

    #[test]
    fn options_are_read_in_every_form() {
        let request = parse(
            "rds modify-db-instance --db-instance-identifier=orders --apply-immediately --no-multi-az \
             --vpc-security-group-ids sg-1 sg-2 --region eu-west-1 --query DBInstance.Status --output text",
        )
        .unwrap();
        let value = |form, option| request.arguments.value(form, option).unwrap();
        assert_eq!(value(Form::Scalar, "--db-instance-identifier"), Some(json!("orders")));
        assert_eq!(value(Form::Flag, "--apply-immediately"), Some(json!(true)));
        assert_eq!(value(Form::Flag, "--multi-az"), Some(json!(false)));
        assert_eq!(value(Form::Scalars, "--vpc-security-group-ids"), Some(json!(["sg-1", "sg-2"])));
        assert_eq!((request.region.as_deref(), request.format), (Some("eu-west-1"), Format::Text));
    }

    #[test]
    fn shorthand_and_json_mean_the_same() {
        for line in [
            "rds describe-db-instances --filters Name=engine,Values=postgres,mysql Name=x,Values=\"'a,b'\"",
            r#"rds describe-db-instances --filters '[{"Name":"engine","Values":["postgres","mysql"]},{"Name":"x","Values":"a,b"}]'"#,
            r#"rds describe-db-instances --filters '{"Name":"engine","Values":["postgres","mysql"]}' Name=x,Values="'a,b'""#,
        ] {
            let found = parse(line).unwrap().arguments.value(Form::Structures, "--filters").unwrap();
            let expected = json!([{"Name": "engine", "Values": ["postgres", "mysql"]}, {"Name": "x", "Values": "a,b"}]);
            assert_eq!(found, Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_next_step() {
        for (line, said) in [
            ("rds promote-replica --db-instance-identifier a", "did you mean `aws rds promote-read-replica`?"),
            ("ec2 frobnicate", "shell block"),
            ("--region x rds describe-db-instances", "options stand behind"),
            ("rds promote-read-replica", "needs `--db-instance-identifier`"),
            ("rds promote-read-replica --db-instance-identifer a", "did you mean `--db-instance-identifier`?"),
            ("rds describe-db-instances stray", "`stray` belongs to no option"),
            ("rds describe-db-instances --query 'a['", "not a JMESPath expression"),
            ("rds describe-db-instances --output table", "`json` or `text`"),
            ("rds describe-db-instances --region", "`--region` needs a value"),
            ("rds describe-db-instances --region evil.example.com/", "not the name of a region"),
            ("rds describe-db-instances --marker a --marker b", "twice"),
            ("rds describe-db-instances --profile other", "for the whole run"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn wrong_values_are_named() {
        let request = parse("rds describe-db-instances --filters nonsense --marker a b").unwrap();
        assert!(request.arguments.value(Form::Structures, "--filters").unwrap_err().contains("neither JSON nor"));
        assert!(request.arguments.value(Form::Scalar, "--marker").unwrap_err().contains("`b` is one more"));
        let request = parse("rds describe-db-instances --marker file:///nowhere/at/all").unwrap();
        assert!(request.arguments.value(Form::Scalar, "--marker").unwrap_err().contains("/nowhere/at/all"));
    }
}
