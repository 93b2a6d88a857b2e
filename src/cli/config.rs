//! `lifeboat config`: which files are read, what they say, and what is wrong with them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::args::{ConfigCommand, Format};
use super::failure::{Failure, Kind};
use super::{places, say};
use crate::drive::identity;
use crate::kernel::SafeText;
use crate::settings::config::{Origin, Setting};
use crate::settings::config_schema;

/// Does what was asked of the configuration.
pub(super) fn config(
    command: Option<&ConfigCommand>,
    profile: Option<&str>,
    format: Format,
) -> Result<ExitCode, Failure> {
    match command {
        Some(ConfigCommand::Schema) => {
            say::line(format_args!("{:#}", config_schema()));
            Ok(ExitCode::SUCCESS)
        }
        None => list(profile, format),
    }
}

fn list(profile: Option<&str>, format: Format) -> Result<ExitCode, Failure> {
    let read = places::read_config();
    let (_, keymap) = places::keymap();
    let files = files(read.path.as_deref());
    let mut settings = read.config.settings(profile).map_err(|why| Failure::new(Kind::Usage, why))?;
    // What is not set is not nothing.
    for setting in settings.iter_mut().filter(|setting| setting.value.is_none()) {
        setting.value = match setting.key.as_str() {
            "operator" => Some(identity::user()),
            "log_dir" => places::state().ok().map(|state| state.join("runs").display().to_string()),
            _ => None,
        };
    }
    let problems: Vec<String> = read.problems.iter().chain(&keymap).map(ToString::to_string).collect();
    match format {
        Format::Json => {
            let files: Vec<_> =
                files.iter().map(|(what, path, is)| json!({ "what": what, "path": path, "state": is })).collect();
            let profiles: Vec<&str> = read.config.profiles().collect();
            let all = json!({
                "files": files, "profile": profile, "profiles": profiles, "settings": settings, "problems": problems,
            });
            say::line(format_args!("{all:#}"));
        }
        Format::Human => {
            say::line("FILES");
            for (what, path, is) in &files {
                say::line(format_args!("  {what:<9} {is:<12} {}", SafeText::line(&path.display().to_string())));
            }
            let of = profile.map_or_else(|| "without a profile".to_owned(), |name| format!("of profile {name}"));
            say::line(format_args!("\nSETTINGS {of}"));
            let wide = settings.iter().map(|setting| setting.key.chars().count()).max().unwrap_or_default();
            for setting in &settings {
                say::line(line(setting, wide));
            }
            let others: Vec<&str> = read.config.profiles().filter(|name| Some(*name) != profile).collect();
            if !others.is_empty() {
                say::line(format_args!("\nother profiles: {}", others.join(", ")));
            }
            for problem in &problems {
                say::line(format_args!("\n{problem}"));
            }
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(Kind::Problems as u8) })
}

fn line(setting: &Setting, wide: usize) -> String {
    let origin = match (setting.origin, &setting.value) {
        (Origin::Profile, _) => "the profile",
        (Origin::Shared, _) => "the file, for all",
        (Origin::Unset, Some(_)) => "default",
        (Origin::Unset, None) => "not set",
    };
    let value = setting.value.as_deref().unwrap_or("-");
    SafeText::line(&format!("  {:<wide$}  {value}  ({origin})", setting.key)).into_string()
}

/// Lists every file and folder that is looked at, and whether it is there.
fn files(config: Option<&Path>) -> Vec<(&'static str, PathBuf, &'static str)> {
    let is = |path: &Path| if path.exists() { "there" } else { "not there" };
    let mut files = Vec::new();
    let mut add = |what, path: PathBuf| {
        let state = is(&path);
        files.push((what, path, state));
    };
    if let Some(config) = config {
        add("config", config.to_owned());
    }
    if let Some(folder) = places::config_folder() {
        add("keymap", folder.join("keymap.toml"));
        add("runbooks", folder.join("runbooks"));
    }
    add("runbooks", PathBuf::from("runbooks"));
    if let Ok(state) = places::state() {
        add("state", state);
    }
    files
}
