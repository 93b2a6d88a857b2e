//! The configuration file: profiles with account, regions, inputs, key, log places.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use crate::kernel::{Severity, Source};

/// Holds the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where incident logs go, for every profile that does not say otherwise.
    pub log_dir: Option<String>,
    /// Who operates, if not the user's name.
    pub operator: Option<String>,
    /// The signing key: path of an SSH key, or of a public key whose private half the agent holds.
    pub key: Option<String>,
    /// The file of signers that are trusted, in the format of `ssh-keygen`.
    pub allowed_signers: Option<String>,
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
        let config: Self = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            ConfigError::new(&source, span, error.message(), "see docs/config.md for every key")
        })?;
        Ok(config)
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
        let or = |own: &Option<String>, shared: &Option<String>| own.clone().or_else(|| shared.clone());
        Ok(Profile {
            key: or(&profile.key, &self.key),
            allowed_signers: or(&profile.allowed_signers, &self.allowed_signers),
            log_dir: or(&profile.log_dir, &self.log_dir),
            operator: or(&profile.operator, &self.operator),
            ..profile.clone()
        })
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
    pub account: Option<String>,
    /// The default region, in which the recovery works.
    pub region: Option<String>,
    /// The lost and the recovery region, if the runbook's are not right here.
    pub regions: Option<ProfileRegions>,
    /// The profile of the AWS configuration that has the credentials.
    pub aws_profile: Option<String>,
    /// The role to take on.
    pub role: Option<String>,
    /// Values for inputs.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// See [`Config::key`].
    pub key: Option<String>,
    /// See [`Config::allowed_signers`].
    pub allowed_signers: Option<String>,
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
