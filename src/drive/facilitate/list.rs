//! Where lists of injects come from: a file that is named, one beside the runbook, or those in the binary.

use std::path::{Path, PathBuf};

use crate::drive::library::Source;
use crate::drive::start::StartError;
use crate::engine::is_kind;
use crate::estate::model::fault::schedule;
use crate::runbook::Plan;
use crate::runbook::injects::{InjectList, Known, read_injects};

/// The lists that come with the binary, by the name of the scenario.
const EMBEDDED: &[(&str, &str)] = &[
    ("data-corruption", include_str!("../../../injects/data-corruption.toml")),
    ("region-failure", include_str!("../../../injects/region-failure.toml")),
];

/// The largest list that is read, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// Is a list of injects, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injects {
    /// The file, or `embedded:NAME`.
    pub path: String,
    /// What it says.
    pub list: InjectList,
}

/// Finds the list for a drill of a runbook.
///
/// # Errors
/// If there is none, if it can't be read, or every problem of it.
pub fn find(named: Option<&Path>, source: &Source, plan: &Plan) -> Result<Injects, StartError> {
    let (path, text) = text_of(named, source, &plan.meta.scenario)?;
    let known = Known { plan, fault: &|fault| at_once(fault), fact: &is_kind };
    let list = read_injects(&path, &text, &known).map_err(|problems| {
        StartError::Injects(format!("the list of injects has errors; nothing was executed\n\n{problems}"))
    })?;
    Ok(Injects { path, list })
}

/// An inject has its own time: its fault comes at once.
fn at_once(fault: &str) -> Result<(), String> {
    match schedule(fault)? {
        (_, 0) => Ok(()),
        _ => Err(format!("`{fault}` comes later by itself; say when with `at` instead")),
    }
}

fn text_of(named: Option<&Path>, source: &Source, scenario: &str) -> Result<(String, String), StartError> {
    if let Some(path) = named {
        return read(path);
    }
    let beside =
        (!source.path.starts_with("embedded:")).then(|| PathBuf::from(&source.path).with_extension("injects.toml"));
    if let Some(path) = beside.as_ref().filter(|path| path.is_file()) {
        return read(path);
    }
    if let Some((name, text)) = EMBEDDED.iter().find(|(name, _)| *name == scenario) {
        return Ok((format!("embedded:{name}"), (*text).to_owned()));
    }
    let looked = beside.map(|path| format!(", {} is not there", path.display())).unwrap_or_default();
    let known: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
    Err(StartError::Injects(format!(
        "there is no list of injects for {}{looked}, and the ones that come with lifeboat are for {}",
        source.path,
        known.join(" and ")
    )))
}

fn read(path: &Path) -> Result<(String, String), StartError> {
    let shown = path.display().to_string();
    let unreadable = |why: String| StartError::Injects(format!("the list of injects {shown} can't be read: {why}"));
    let bytes = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if bytes > MOST_BYTES {
        return Err(unreadable(format!("it has {bytes} bytes, and a list has at most {MOST_BYTES}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    Ok((shown, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::library::Library;
    use crate::drive::start;

    fn of(name: &str) -> (Source, std::sync::Arc<Plan>) {
        let source = Library::new(None).find(name).unwrap();
        let plan = start::plan(&source).unwrap();
        (source, plan)
    }

    #[test]
    fn every_list_that_comes_along_fits_its_runbook() {
        for (name, text) in EMBEDDED {
            let (source, plan) = of(name);
            let embedded = Source { path: format!("embedded:{name}"), ..source };
            let found = find(None, &embedded, &plan).unwrap();
            assert_eq!(found.path, format!("embedded:{name}"));
            assert!(found.list.injects.len() >= 4 && !found.list.title.is_empty(), "{name}");
            assert!(text.starts_with("# "));
        }
        let files = std::fs::read_dir("injects").unwrap().count();
        assert_eq!(files, EMBEDDED.len(), "every list of the folder is in the binary");
    }

    #[test]
    fn a_list_beside_the_runbook_comes_first_and_a_named_one_before_that() {
        let folder = tempfile::tempdir().unwrap();
        let (source, plan) = of("region-failure");
        let path = folder.path().join("mine.md");
        let own = Source { path: path.display().to_string(), ..source };
        assert!(find(None, &own, &plan).unwrap().path.starts_with("embedded:"));
        let beside = folder.path().join("mine.injects.toml");
        std::fs::write(&beside, "[[inject]]\nname = \"a\"\nsees = \"b\"\n").unwrap();
        assert_eq!(find(None, &own, &plan).unwrap().list.injects.len(), 1);
        let other = folder.path().join("other.toml");
        std::fs::write(&other, "[[inject]]\nname = \"a\"\ndoes = \"throttling@+3m\"\n").unwrap();
        let said = find(Some(&other), &own, &plan).unwrap_err().to_string();
        assert!(said.contains("other.toml:3:8") && said.contains("say when with `at`"), "{said}");
    }

    #[test]
    fn a_scenario_without_a_list_says_what_to_do() {
        let (source, plan) = of("az-failure");
        let said = find(None, &source, &plan).unwrap_err().to_string();
        assert!(said.contains("for data-corruption and region-failure"), "{said}");
    }
}
