//! `lifeboat log anchor`: says outside of the log where it stands, and sends what waits.

use std::path::PathBuf;
use std::process::ExitCode;

use super::failure::{Failure, Kind};
use super::{log, places, say, work};
use crate::drive::anchor::Anchorer;
use crate::kernel::SafeText;
use crate::store;

/// Anchors the log of a run as it stands.
pub(super) fn anchor(run: &str, profile: Option<&str>, runs: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let place = log::find_folder(run, runs)?;
    let (opened, _) = store::header(&place.log).map_err(places::of_store)?;
    let config = places::config()?;
    let name = profile.map(str::to_owned).or_else(|| opened.began.profile.clone());
    let settings = match &name {
        Some(name) => places::profile(&config, name)?,
        None => config.without_profile(),
    };
    let runtime = work::runtime()?;
    let settings = settings.anchor.unwrap_or_default();
    let anchorer = Anchorer::new(&settings, place, opened.run.as_str());
    let anchorer = anchorer.map_err(|why| Failure::new(Kind::Usage, format!("[anchor] s3: {why}")))?;
    let Some(anchorer) = anchorer else {
        return Err(Failure::new(Kind::Usage, "no place is configured to anchor a log in")
            .hint("set `s3` or `timestamp` under [anchor] in the configuration: docs/config.md"));
    };
    let told = runtime.block_on(anchorer.send());
    for text in &told.anchored {
        say::line(SafeText::line(text));
    }
    if told.anchored.is_empty() && told.failed.is_empty() {
        say::line("nothing waits: the log is anchored as it stands");
    }
    match told.failed.first() {
        None => Ok(ExitCode::SUCCESS),
        Some(why) => Err(Failure::new(Kind::Log, why.clone()).hint("what waits is kept; try again later")),
    }
}
