//! The configuration file: profiles with account, regions, inputs, key, log places.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::calls::Calls;
use crate::kernel::{Severity, Source, parse_duration, parse_size, say_duration, say_size};

/// Holds the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where incident logs go, for every profile that does not say otherwise.
    pub log_dir: Option<String>,
    /// Where incident logs go on that can't be written any more, in this order; after these the state folder.
    #[serde(default)]
    pub log_places: Vec<String>,
    /// Who operates, if not the user's name.
    pub operator: Option<String>,
    /// The signing key: path of an SSH key, or of a public key whose private half the agent holds.
    pub key: Option<String>,
    /// The file of signers that are trusted, in the format of `ssh-keygen`.
    pub allowed_signers: Option<String>,
    /// The file of public keys that count no more, one a line.
    pub revoked_keys: Option<String>,
    /// Where the log is anchored outside of itself.
    pub anchor: Option<Anchoring>,
    /// The theme of the screens, if the command line names none.
    pub theme: Option<String>,
    /// How the screens call somebody back, if not as the terminal is known to understand it.
    pub calls: Option<Calls>,
    /// How many runs `lifeboat runs prune` keeps.
    pub retention: Option<Retention>,
    /// Profiles by name.
    #[serde(default, rename = "profile")]
    profiles: BTreeMap<String, Profile>,
}

impl Config {
    /// Reads a configuration file. `path` is for messages.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, column, source line and help.
    pub fn parse(path: &str, text: &str) -> Result<Self, ConfigError> {
        let source = Source::new(path, text.to_owned());
        toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let message = error.message().lines().next().unwrap_or("");
            let word = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            let near = word.and_then(|word| {
                let known = message.split('`').skip(3).step_by(2);
                known.map(|known| (strsim::damerau_levenshtein(word, known), known)).filter(|(far, _)| *far <= 3).min()
            });
            let help = match near {
                Some((_, known)) => format!("did you mean `{known}`?"),
                None => "docs/config.md lists every key with an example".to_owned(),
            };
            ConfigError::new(&source, span, message, &help)
        })
    }

    /// Reads what is good of a configuration file, and says what is wrong with the rest.
    ///
    /// A key that is wrong is left out, and nothing else. A file that is no TOML says nothing at all: what a line belongs
    /// to can't be told then.
    pub fn read(path: &str, text: &str) -> (Self, Vec<ConfigError>) {
        let mut problems = Vec::new();
        let mut good = text.to_owned();
        while problems.len() < MOST_PROBLEMS {
            match Self::parse(path, &good) {
                Ok(config) => return (config, problems),
                Err(error) => {
                    let line = error.line;
                    problems.push(error);
                    let Some(without) = without_line(&good, line).filter(|_| text.parse::<toml::Table>().is_ok())
                    else {
                        break;
                    };
                    good = without;
                }
            }
        }
        (Self::default(), problems)
    }

    /// Lists every setting that a run goes by, with where it comes from; with a profile, what that says goes first.
    ///
    /// # Errors
    /// As [`Config::profile`].
    pub fn settings(&self, name: Option<&str>) -> Result<Vec<Setting>, String> {
        let (own, profile) = match name {
            Some(name) => (self.profiles.get(name).cloned().unwrap_or_default(), self.profile(name)?),
            None => (Profile::default(), self.without_profile()),
        };
        let table = |of: &Profile| {
            let regions =
                of.regions.as_ref().map(|regions| format!("{} lost, {} recovers", regions.lost, regions.recovery));
            let mut rows = vec![
                ("account", of.account.clone()),
                ("region", of.region.clone()),
                ("regions", regions),
                ("aws_profile", of.aws_profile.clone()),
                ("role", of.role.clone()),
                ("operator", of.operator.clone()),
                ("key", of.key.clone()),
                ("allowed_signers", of.allowed_signers.clone()),
                ("revoked_keys", of.revoked_keys.clone()),
                ("log_dir", of.log_dir.clone()),
                ("anchor", of.anchor.as_ref().map(Anchoring::words)),
            ];
            rows.retain(|(key, _)| name.is_some() || !PROFILE_ONLY.contains(key));
            rows
        };
        let owned = table(&own);
        let mut settings: Vec<Setting> = table(&profile)
            .into_iter()
            .zip(owned)
            .map(|((key, value), (_, own))| Setting {
                key: key.to_owned(),
                origin: match (&value, own) {
                    (None, _) => Origin::Unset,
                    (Some(_), Some(_)) => Origin::Profile,
                    (Some(_), None) => Origin::Shared,
                },
                value,
            })
            .collect();
        if !self.log_places.is_empty() {
            let value = Some(self.log_places.join(", "));
            settings.push(Setting { key: "log_places".to_owned(), value, origin: Origin::Shared });
        }
        if let Some(retention) = &self.retention {
            let count = retention.count.map(|count| format!("the newest {count}"));
            let age = retention.age.map(|age| format!("up to {} old", say_duration(age)));
            let words: Vec<String> = count.into_iter().chain(age).chain(retention.size.map(say_size)).collect();
            let value = Some(words.join(", "));
            settings.push(Setting { key: "retention".to_owned(), value, origin: Origin::Shared });
        }
        settings.extend(profile.inputs.iter().map(|(input, value)| Setting {
            key: format!("inputs.{input}"),
            value: Some(if is_secret(input) { "(hidden)".to_owned() } else { value.clone() }),
            origin: Origin::Profile,
        }));
        Ok(settings)
    }

    /// Returns a profile, with what the file sets for all profiles filled in.
    ///
    /// # Errors
    /// A sentence that names the profiles there are.
    pub fn profile(&self, name: &str) -> Result<Profile, String> {
        let profile = self.profiles.get(name).ok_or_else(|| {
            let known = self.profiles.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>();
            if known.is_empty() {
                format!("there is no profile `{name}`: the configuration has none; add `[profile.{name}]` to it")
            } else {
                format!("there is no profile `{name}`; the configuration has {}", known.join(", "))
            }
        })?;
        Ok(self.completed(profile))
    }

    /// Returns what a run without a profile goes by: what the file sets for all profiles, and nothing else.
    pub fn without_profile(&self) -> Profile {
        self.completed(&Profile::default())
    }

    /// Returns the file with `~/` at the beginning of its paths put in full. `home` is the user's home folder.
    #[must_use]
    pub fn at_home(mut self, home: &str) -> Self {
        let profiles = self.profiles.values_mut();
        let paths = profiles.flat_map(|profile| {
            [&mut profile.key, &mut profile.allowed_signers, &mut profile.revoked_keys, &mut profile.log_dir]
        });
        let shared = [&mut self.key, &mut self.allowed_signers, &mut self.revoked_keys, &mut self.log_dir];
        let places = self.log_places.iter_mut();
        for path in paths.chain(shared).flatten().chain(places) {
            if let Some(rest) = path.strip_prefix("~/") {
                *path = format!("{}/{rest}", home.trim_end_matches('/'));
            }
        }
        let anchors = self.profiles.values_mut().map(|profile| &mut profile.anchor).chain([&mut self.anchor]);
        for path in anchors.flatten().filter_map(|anchor| anchor.timestamp_ca.as_mut()) {
            if let Some(rest) = path.strip_prefix("~/") {
                *path = format!("{}/{rest}", home.trim_end_matches('/'));
            }
        }
        self
    }

    fn completed(&self, profile: &Profile) -> Profile {
        let or = |own: &Option<String>, shared: &Option<String>| own.clone().or_else(|| shared.clone());
        Profile {
            key: or(&profile.key, &self.key),
            allowed_signers: or(&profile.allowed_signers, &self.allowed_signers),
            revoked_keys: or(&profile.revoked_keys, &self.revoked_keys),
            log_dir: or(&profile.log_dir, &self.log_dir),
            anchor: profile.anchor.clone().or_else(|| self.anchor.clone()),
            operator: or(&profile.operator, &self.operator),
            ..profile.clone()
        }
    }

    /// Lists the names of the profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }
}

/// What only a profile has.
const PROFILE_ONLY: [&str; 5] = ["account", "region", "regions", "aws_profile", "role"];

/// More is no slip of the pen.
const MOST_PROBLEMS: usize = 50;

/// Is one setting with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value, if it has one.
    pub value: Option<String>,
    /// Where that comes from.
    pub origin: Origin,
}

/// Says where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The profile itself.
    Profile,
    /// What the file sets for all profiles.
    Shared,
    /// Nothing sets it.
    Unset,
}

/// Does a name say that its value is nobody's business? Secrets do not belong here; one that is here all the same is not
/// shown.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL"].iter().any(|word| name.contains(word))
}

/// Blanks a line, so that everything else keeps its place.
fn without_line(text: &str, line: usize) -> Option<String> {
    let at = line.checked_sub(1)?;
    let blanked = |(number, row): (usize, &str)| if number == at { " ".repeat(row.len()) } else { row.to_owned() };
    let rows: Vec<String> = text.split('\n').enumerate().map(blanked).collect();
    let good = rows.join("\n");
    (good != text).then_some(good)
}

/// Says what is wrong with a configuration file; `Display` shows it with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    rendered: String,
}

impl ConfigError {
    pub(super) fn new(source: &Source, span: Range<usize>, message: &str, help: &str) -> Self {
        let problem = source.problem(Severity::Error, "config", span, message, help);
        Self {
            rendered: source.render(&problem),
            message: problem.message,
            help: problem.help,
            line: problem.line,
            column: problem.column,
        }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rendered)
    }
}

impl std::error::Error for ConfigError {}

/// Names an environment a runbook can run in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The AWS account, 12 digits: a run in any other is refused.
    #[serde(default, deserialize_with = "account")]
    pub account: Option<String>,
    /// The default region, in which the recovery works.
    pub region: Option<String>,
    /// The lost and the recovery region, if the runbook's are not right here.
    pub regions: Option<ProfileRegions>,
    /// The profile of the AWS configuration that has the credentials.
    pub aws_profile: Option<String>,
    /// The role to take on.
    pub role: Option<String>,
    /// Values for inputs. The runbook's own types and patterns are checked when it runs.
    #[serde(default, deserialize_with = "inputs")]
    pub inputs: BTreeMap<String, String>,
    /// See [`Config::key`].
    pub key: Option<String>,
    /// See [`Config::allowed_signers`].
    pub allowed_signers: Option<String>,
    /// See [`Config::revoked_keys`].
    pub revoked_keys: Option<String>,
    /// See [`Config::log_dir`].
    pub log_dir: Option<String>,
    /// See [`Config::operator`].
    pub operator: Option<String>,
    /// See [`Config::anchor`].
    pub anchor: Option<Anchoring>,
}

/// Says where logs are anchored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchoring {
    /// Where statements are put: `s3://BUCKET/PREFIX`.
    pub s3: Option<String>,
    /// The bucket's region.
    pub region: Option<String>,
    /// The profile of the AWS configuration that may put objects there.
    pub aws_profile: Option<String>,
    /// For how many days nobody can change them; without it as the bucket says.
    pub days: Option<u32>,
    /// The address of a time stamp authority (RFC 3161).
    pub timestamp: Option<String>,
    /// The certificates of authorities whose stamps count, in PEM.
    pub timestamp_ca: Option<String>,
}

/// Says how many runs are kept, by number, age and size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The newest, so many.
    pub count: Option<usize>,
    /// Those that began so long ago at most.
    #[serde(default, deserialize_with = "age")]
    pub age: Option<Duration>,
    /// The newest that take so many bytes in all.
    #[serde(default, deserialize_with = "size")]
    pub size: Option<u64>,
}

fn age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    parse_duration(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    parse_size(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

impl Anchoring {
    fn words(&self) -> String {
        [&self.s3, &self.timestamp].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Names the regions of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRegions {
    /// `us-east-1`.
    pub lost: String,
    /// `us-west-2`.
    pub recovery: String,
}

/// The account is a text: as a number it would lose its leading zeros.
fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(account) if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(Some(account))
        }
        toml::Value::Integer(_) => Err(D::Error::custom(
            "an account is written in quotes, or it would lose its leading zeros: \"012345678901\"",
        )),
        other => Err(D::Error::custom(format!("an account has 12 digits in quotes, and {other} has not"))),
    }
}

/// Inputs are texts for the runbook, however they are written here.
fn inputs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    BTreeMap::<String, toml::Value>::deserialize(deserializer)?
        .into_iter()
        .map(|(name, value)| match value {
            toml::Value::String(text) => Ok((name, text)),
            toml::Value::Integer(number) => Ok((name, number.to_string())),
            toml::Value::Float(number) => Ok((name, number.to_string())),
            toml::Value::Boolean(truth) => Ok((name, truth.to_string())),
            toml::Value::Datetime(time) => Ok((name, time.to_string())),
            toml::Value::Array(_) | toml::Value::Table(_) => {
                Err(D::Error::custom(format!("the input {name} takes one value, not a list or a table")))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
log_dir = "/var/log/lifeboat"
operator = "alice"
key = "~/.ssh/id_ed25519"

[profile.prod]
account = "012345678901"
region = "us-west-2"
regions = { lost = "us-east-1", recovery = "us-west-2" }
aws_profile = "dr"
role = "arn:aws:iam::012345678901:role/dr"
operator = "bob"

[profile.prod.inputs]
REPLICA_ID = "shop-db-west"
PORT = 5432
T_BAD = 2026-11-22T03:14:00Z

[profile.staging]
"#;

    #[test]
    fn a_profile_takes_over_what_the_file_sets_for_all() {
        let config = Config::parse("config.toml", GOOD).unwrap();
        assert_eq!(config.profiles().collect::<Vec<_>>(), ["prod", "staging"]);
        let prod = config.profile("prod").unwrap();
        assert_eq!(prod.account.as_deref(), Some("012345678901"));
        assert_eq!((prod.operator.as_deref(), prod.log_dir.as_deref()), (Some("bob"), Some("/var/log/lifeboat")));
        assert_eq!(prod.inputs["PORT"], "5432");
        assert_eq!(prod.inputs["T_BAD"], "2026-11-22T03:14:00Z");
        assert_eq!(prod.regions.unwrap().lost, "us-east-1");
        assert_eq!(config.profile("staging").unwrap().operator.as_deref(), Some("alice"));
        let missing = config.profile("prd").unwrap_err();
        assert!(missing.contains("`prod`, `staging`"), "{missing}");
        assert!(Config::parse("c", "").unwrap().profile("x").unwrap_err().contains("[profile.x]"));
    }

    #[test]
    fn a_run_without_a_profile_goes_by_what_is_set_for_all() {
        let shared = Config::parse("config.toml", GOOD).unwrap().without_profile();
        assert_eq!((shared.operator.as_deref(), shared.log_dir.as_deref()), (Some("alice"), Some("/var/log/lifeboat")));
        assert_eq!(shared.account, None);
    }

    #[test]
    fn what_is_good_is_read_beside_what_is_wrong() {
        let text = "operator = \"alice\"\noperater = \"bob\"\n[profile.prod]\nacount = \"1\"\nregion = \"us-west-2\"\n";
        let (config, problems) = Config::read("config.toml", text);
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 4]);
        assert!(problems[1].help.contains("`account`"), "{}", problems[1].help);
        assert_eq!(config.operator.as_deref(), Some("alice"));
        assert_eq!(config.profile("prod").unwrap().region.as_deref(), Some("us-west-2"));
        let (config, problems) = Config::read("config.toml", "[profile.prod\nregion = \"x\"\n");
        assert_eq!((config, problems.len()), (Config::default(), 1));
        assert_eq!(Config::read("config.toml", GOOD).1, []);
    }

    #[test]
    fn every_setting_says_where_it_comes_from() {
        let config = Config::parse("config.toml", GOOD).unwrap();
        let of = |name| config.settings(name).unwrap();
        let find =
            |settings: &[Setting], key: &str| settings.iter().find(|setting| setting.key == key).cloned().unwrap();
        let prod = of(Some("prod"));
        assert_eq!(find(&prod, "operator").origin, Origin::Profile);
        assert_eq!(find(&prod, "log_dir").origin, Origin::Shared);
        assert_eq!(find(&prod, "inputs.PORT").value.as_deref(), Some("5432"));
        assert_eq!(find(&of(Some("staging")), "account").origin, Origin::Unset);
        assert!(of(None).iter().all(|setting| setting.key != "account"));
        assert!(config.settings(Some("prd")).is_err());
        assert!(is_secret("DB_PASSWORD") && is_secret("api_token") && !is_secret("LATCH_KEY"));
    }

    #[test]
    fn paths_begin_at_home() {
        let config = Config::parse("config.toml", GOOD).unwrap().at_home("/home/alice/");
        assert_eq!(config.key.as_deref(), Some("/home/alice/.ssh/id_ed25519"));
        let prod = config.profile("prod").unwrap();
        assert_eq!(prod.key.as_deref(), Some("/home/alice/.ssh/id_ed25519"));
        assert_eq!(prod.log_dir.as_deref(), Some("/var/log/lifeboat"), "other paths stay");
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_stands() {
        let mut said = String::new();
        for text in [
            "[profile.prod]\nacount = \"1\"\n",
            "[profile.prod]\naccount = \"12345\"\n",
            "[profile.prod]\naccount = 12345678901\n",
            "[profile.prod]\nregions = { lost = \"us-east-1\" }\n",
            "[profile.prod.inputs]\nA = [1]\n",
            "log_dir = 3\n",
            "[profile.prod\n",
            "a = 1\na = 2\n",
            "nothing = \"\u{1b}[2J\"\n",
        ] {
            let error = Config::parse("config.toml", text).unwrap_err();
            assert!(error.line > 0 && error.column > 0);
            said.push_str(&error.to_string());
            said.push('\n');
        }
        insta::assert_snapshot!(said);
    }
}
