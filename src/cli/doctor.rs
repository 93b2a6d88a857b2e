//! `lifeboat doctor`: is this machine ready?

use std::process::ExitCode;
use std::sync::Arc;

use super::args::Format;
use super::failure::{Failure, Kind};
use super::{places, say, work};
use crate::drive::doctor::{Wish, examine};
use crate::drive::start;
use crate::report::{self, Grade, worst};

/// Looks at the machine and says what to put right.
pub(super) fn doctor(profile: Option<&str>, format: Format) -> Result<ExitCode, Failure> {
    let read = places::read_config();
    let config = read.config;
    let named: Vec<String> = match profile {
        Some(name) => vec![name.to_owned()],
        None => config.profiles().map(str::to_owned).collect(),
    };
    let mut profiles = Vec::new();
    for name in named {
        let of = config.profile(&name).map_err(|why| Failure::new(Kind::Usage, why))?;
        profiles.push(work::of_profile(Some(of), Some(name)));
    }
    if profiles.is_empty() {
        profiles.push(work::of_profile(Some(config.without_profile()), None));
    }
    let library = places::library();
    let read = |name: String| {
        let source = library.find(&name).ok()?;
        start::plan(&source).ok().map(|plan| (name, Arc::clone(&plan)))
    };
    let wish =
        Wish { profiles, runbooks: library.names().into_iter().filter_map(read).collect(), state: places::state()? };
    let found = work::runtime()?.block_on(examine(&wish));
    match format {
        Format::Json => {
            let worst = worst(&found);
            say::line(format_args!("{:#}", serde_json::json!({ "worst": worst, "findings": found })));
        }
        Format::Human => report::findings(&found).into_iter().for_each(say::line),
    }
    Ok(if worst(&found) == Grade::Fail { ExitCode::from(Kind::Problems as u8) } else { ExitCode::SUCCESS })
}
