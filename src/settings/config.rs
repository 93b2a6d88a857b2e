//! The configuration file: profiles with account, regions, inputs, key, log places.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::kernel::{Severity, Source};

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
        self
    }

    fn completed(&self, profile: &Profile) -> Profile {
        let or = |own: &Option<String>, shared: &Option<String>| own.clone().or_else(|| shared.clone());
        Profile {
            key: or(&profile.key, &self.key),
            allowed_signers: or(&profile.allowed_signers, &self.allowed_signers),
            revoked_keys: or(&profile.revoked_keys, &self.revoked_keys),
            log_dir: or(&profile.log_dir, &self.log_dir),
            operator: or(&profile.operator, &self.operator),
            ..profile.clone()
        }
    }

    /// Lists the names of the profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }
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
    fn new(source: &Source, span: Range<usize>, message: &str, help: &str) -> Self {
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
