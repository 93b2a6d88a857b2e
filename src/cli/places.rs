//! Folders and files that commands share: state, configuration, library.

use std::path::{Path, PathBuf};

use super::failure::{Failure, Kind};
use crate::drive::library::Library;
use crate::settings::config::{Config, ConfigError, Profile};
use crate::settings::keymap::Keymap;
use crate::settings::theme::Own;
use crate::store::{self, Runs, StoreError};

/// Returns the state folder.
pub(super) fn state() -> Result<PathBuf, Failure> {
    store::state_dir(&|name| std::env::var_os(name)).map_err(of_store)
}

/// Returns the folder of runs that was named, or the one in the state folder, and where their logs may go on.
pub(super) fn runs(root: Option<PathBuf>) -> Result<Runs, Failure> {
    let usual = || store::state_dir(&|name| std::env::var_os(name)).map(|state| state.join("runs"));
    // Nothing is lost where there is none: it is only read.
    let root = root.map_or_else(usual, Ok).map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    // A configuration that is wrong is said where something of it is needed.
    Ok(Runs::at(root).with_spares(spares(&config().unwrap_or_default())))
}

/// Returns the folders in which logs go on that can't be written any more: what is configured, then the state folder.
pub(super) fn spares(config: &Config) -> Vec<PathBuf> {
    config.log_places.iter().map(PathBuf::from).chain(state().ok().map(|state| state.join("spare"))).collect()
}

/// Returns the folder in which packed runs are opened.
pub(super) fn opened() -> PathBuf {
    let usual = || std::env::temp_dir().join(format!("lifeboat-{}", rustix::process::geteuid().as_raw()));
    state().map_or_else(|_| usual(), |state| state.join("opened"))
}

/// Makes a failure of an error of the store.
pub(super) fn of_store(error: StoreError) -> Failure {
    Failure::new(Kind::Log, error.to_string())
}

/// Returns the folder of the practice estate that stands by itself.
pub(super) fn estate() -> Result<PathBuf, Failure> {
    let state = store::state_dir(&|name| std::env::var_os(name));
    state.map(|state| state.join("estate")).map_err(|_| {
        Failure::new(
            Kind::Usage,
            "there is no place for the estate: neither XDG_STATE_HOME nor HOME is an absolute path",
        )
        .hint("set one of them, or give --dir DIR")
    })
}

/// Returns the folder for what can be made anew at any time.
pub(super) fn cache() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    Some(xdg.or_else(home)?.join("lifeboat/replay"))
}

/// Returns the folder of configuration, keys and runbooks.
pub(super) fn config_folder() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    Some(xdg.or_else(home)?.join("lifeboat"))
}

/// Returns the library of runbooks.
pub(super) fn library() -> Library {
    Library::new(config_folder().as_deref())
}

/// Reads the user's own themes, by name. A file that cannot be read is a theme with that for its text: it is none, and says
/// so where it is asked for.
pub(super) fn themes() -> Vec<Own> {
    let Some(folder) = config_folder().map(|folder| folder.join("themes")) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut own: Vec<Own> = paths.filter_map(|path| theme(&path)).collect();
    own.sort_by(|one, other| one.name.cmp(&other.name));
    own
}

fn theme(path: &Path) -> Option<Own> {
    let name = path.file_name()?.to_str()?.strip_suffix(".toml")?.to_owned();
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| format!("it can't be read: {error}"));
    Some(Own { name, path: path.display().to_string(), text })
}

/// Reads `$LIFEBOAT_CONFIG`, else `config.toml` of the configuration folder; without a file there is an empty one.
pub(super) fn config() -> Result<Config, Failure> {
    let named = std::env::var_os("LIFEBOAT_CONFIG").map(PathBuf::from);
    let Some(path) = named.clone().or_else(|| config_folder().map(|folder| folder.join("config.toml"))) else {
        return Ok(Config::default());
    };
    let shown = path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let (config, problems) = Config::read(&shown, &text);
            if !problems.is_empty() {
                return Err(wrong(&shown, &problems));
            }
            let home = std::env::var("HOME").unwrap_or_default();
            Ok(if home.is_empty() { config } else { config.at_home(&home) })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(Config::default()),
        Err(error) => {
            let failure = Failure::new(Kind::Usage, format!("{shown} could not be read: {error}"));
            Err(match named {
                Some(_) => failure.hint("LIFEBOAT_CONFIG names it: unset that, or name another file"),
                None => failure.hint(OTHER_CONFIG),
            })
        }
    }
}

/// How to go on without the configuration file.
const OTHER_CONFIG: &str = "or go by another file, LIFEBOAT_CONFIG=FILE before the command; LIFEBOAT_CONFIG=/dev/null goes by \
                            none: no profile, no pinned account";

/// Says everything that is wrong with a configuration file, and the ways out.
fn wrong(shown: &str, problems: &[ConfigError]) -> Failure {
    let said: Vec<String> = problems.iter().map(|problem| problem.to_string().trim_end().to_owned()).collect();
    let first = problems.first().map_or(1, |problem| problem.line);
    let place = match problems.len() {
        ..=1 => format!("line {first} of {shown}"),
        many => format!("these {many} places, the first in line {first} of {shown}"),
    };
    Failure::new(Kind::Usage, said.join("\n")).hint(format!("nothing was begun; correct {place}")).hint(OTHER_CONFIG)
}

/// Is what the configuration file says, as far as it is good.
pub(super) struct ReadConfig {
    /// The file, whether it is there or not.
    pub(super) path: Option<PathBuf>,
    /// What is good of it.
    pub(super) config: Config,
    /// What is not.
    pub(super) problems: Vec<ConfigError>,
}

/// Reads the same file as [`config`], and takes what is good of it. A run never goes by half a configuration: this is for
/// what only looks.
pub(super) fn read_config() -> ReadConfig {
    let named = std::env::var_os("LIFEBOAT_CONFIG").map(PathBuf::from);
    let path = named.or_else(|| config_folder().map(|folder| folder.join("config.toml")));
    let text = path.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let shown = path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let (config, problems) = Config::read(&shown, &text);
    let home = std::env::var("HOME").unwrap_or_default();
    let config = if home.is_empty() { config } else { config.at_home(&home) };
    ReadConfig { path, config, problems }
}

/// Returns the keys: the table's, with those of `keymap.toml` laid over, and what is wrong with that file.
pub(super) fn keymap() -> (Keymap, Vec<ConfigError>) {
    let Some(path) = config_folder().map(|folder| folder.join("keymap.toml")) else {
        return (Keymap::default(), Vec::new());
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Keymap::default().with(&path.display().to_string(), &text),
        Err(_) => (Keymap::default(), Vec::new()),
    }
}

/// Finds a profile; refuses what is declared and not there yet.
pub(super) fn profile(config: &Config, name: &str) -> Result<Profile, Failure> {
    let profile = config.profile(name).map_err(|why| Failure::new(Kind::Usage, why))?;
    match &profile.role {
        Some(_) => Err(Failure::new(Kind::Usage, format!("profile {name}: `role` is not supported yet"))
            .hint("name an `aws_profile` whose AWS configuration has `role_arn`")),
        None => Ok(profile),
    }
}
