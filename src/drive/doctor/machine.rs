//! The machine under lifeboat: its clock, its disk, its databases, and what it does with processes at a log-out.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::Utc;

use super::Wish;
use crate::clock::sync;
use crate::estate::postgres::Programs;
use crate::exec::Reach;
use crate::exec::http::{HttpContext, date};
use crate::kernel::{ClockSync, say_duration};
use crate::report::{Finding, Part};

/// How long whoever knows the time may take.
const WAIT: Duration = Duration::from_secs(3);
/// Up to here a clock is right: servers say whole seconds.
const RIGHT: i64 = 2;
/// From here on AWS refuses what is signed.
const REFUSED: i64 = 300;
/// A log whose lines take longer than this makes every step wait.
const SLOW: Duration = Duration::from_millis(50);
/// How many times the disk is tried.
const TRIES: usize = 9;

/// Compares the clock with AWS's, and asks the machine whether a time server keeps it.
pub(super) async fn clock(wish: &Wish) -> Finding {
    let region = wish.profiles.iter().find_map(|options| {
        let profile = options.profile.as_ref()?;
        profile.region.clone().or_else(|| Some(profile.regions.as_ref()?.recovery.clone()))
    });
    let endpoint = std::env::var("AWS_ENDPOINT_URL")
        .unwrap_or_else(|_| format!("https://sts.{}.amazonaws.com/", region.as_deref().unwrap_or("us-east-1")));
    let cx = HttpContext { timeout: WAIT, resolver: None, reach: Reach::Anywhere };
    let (theirs, kept) = tokio::join!(date(&cx, &endpoint), sync());
    match theirs {
        Ok(theirs) => compared(theirs.signed_duration_since(Utc::now()).num_seconds(), kept),
        Err(_) => alone(kept),
    }
}

const SWITCH_ON: &str = "switch time synchronisation on (`timedatectl set-ntp true`)";

fn compared(off: i64, kept: ClockSync) -> Finding {
    let says = format!("{} s off AWS's", off.abs());
    let next = "set it: every figure of a run depends on it (`timedatectl set-ntp true`)";
    match (off.abs(), kept) {
        (0..=RIGHT, ClockSync::Unsynced) => {
            let says = format!("as AWS's now, to the second or two, and {}", kept.words());
            Finding::warn(Part::Clock, "clock", says, SWITCH_ON)
        }
        (0..=RIGHT, _) => {
            Finding::ok(Part::Clock, "clock", format!("as AWS's, to the second or two, and {}", kept.words()))
        }
        (REFUSED.., _) => Finding::fail(Part::Clock, "clock", format!("{says}: AWS refuses what is signed"), next),
        _ => Finding::warn(Part::Clock, "clock", says, next),
    }
}

/// Says what is known where AWS did not answer.
fn alone(kept: ClockSync) -> Finding {
    let says = format!("{}; AWS did not answer", kept.words());
    match kept {
        ClockSync::Synced => Finding::ok(Part::Clock, "clock", says),
        ClockSync::Unsynced => Finding::warn(Part::Clock, "clock", says, SWITCH_ON),
        ClockSync::Unknown => {
            let next = "compare it by hand: every figure of a run depends on it";
            Finding::warn(Part::Clock, "clock", says, next)
        }
    }
}

/// Tries every folder in which runs would be kept.
pub(super) async fn log_folders(wish: &Wish) -> Vec<Finding> {
    let mut folders = vec![wish.state.join("runs")];
    for options in &wish.profiles {
        folders.extend(options.profile.as_ref().and_then(|profile| profile.log_dir.as_ref()).map(PathBuf::from));
    }
    folders.sort();
    folders.dedup();
    let tried = move || folders.iter().map(|folder| log_folder(folder)).collect::<Vec<_>>();
    tokio::task::spawn_blocking(tried).await.unwrap_or_default()
}

/// Writes lines to a file as a log does, and takes it away again. A folder that is not there yet is tried above.
fn log_folder(folder: &Path) -> Finding {
    let name = folder.display().to_string();
    let exists = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder);
    match written(exists) {
        Err(error) => {
            let next = "choose another place: --runs DIR, `log_dir` in the configuration, or XDG_STATE_HOME";
            Finding::fail(Part::Log, name, format!("can't be written: {error}"), next)
        }
        Ok(took) if took > SLOW => {
            let says =
                format!("written; a line takes {} to be on the disk, and every step waits for it", precise(took));
            Finding::warn(Part::Log, name, says, "choose a faster disk: `log_dir` in the configuration, or --runs DIR")
        }
        Ok(took) => Finding::ok(Part::Log, name, format!("written; a line takes {} to be on the disk", precise(took))),
    }
}

/// Returns how long half of the lines took at most.
fn written(folder: &Path) -> std::io::Result<Duration> {
    let path = folder.join(format!(".lifeboat-doctor-{}", std::process::id()));
    let tried = || {
        let mut file = std::fs::File::options().write(true).create_new(true).open(&path)?;
        let mut took = Vec::with_capacity(TRIES);
        for _ in 0..TRIES {
            let begun = Instant::now();
            file.write_all(&[b' '; 512])?;
            file.sync_data()?;
            took.push(begun.elapsed());
        }
        took.sort();
        Ok(took.get(TRIES / 2).copied().unwrap_or_default())
    };
    let result = tried();
    // It may not have come to be.
    std::fs::remove_file(&path).ok();
    result
}

fn precise(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{}.{} ms", took.as_millis(), took.as_micros() % 1000 / 100)
    } else {
        say_duration(took)
    }
}

/// Looks for the programs that make a drill's databases real.
pub(super) fn postgresql() -> Finding {
    match Programs::find() {
        Ok(programs) => Finding::ok(Part::Postgresql, "programs", programs.folder().display().to_string()),
        Err(why) => {
            let next = "install PostgreSQL's server (Debian: `postgresql`); until then drills model the data";
            Finding::warn(Part::Postgresql, "programs", why.to_string(), next)
        }
    }
}

/// Says what becomes of an engine when its person logs out.
pub(super) fn session() -> Finding {
    let name = "logging out";
    if !Path::new("/run/systemd/system").exists() {
        return Finding::ok(Part::Session, name, "no systemd here, which could end what runs on");
    }
    let kills = kills_user_processes();
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let lingers = !user.is_empty() && Path::new("/var/lib/systemd/linger").join(&user).exists();
    match (kills, lingers) {
        (true, false) => {
            let says = "systemd ends every process of somebody who logs out, the engine of a run too";
            Finding::warn(
                Part::Session,
                name,
                says,
                "`loginctl enable-linger`, and start lifeboat with `systemd-run --user --scope`",
            )
        }
        (true, true) => {
            Finding::ok(Part::Session, name, "the user lingers; start lifeboat with `systemd-run --user --scope`")
        }
        (false, _) => Finding::ok(Part::Session, name, "what runs goes on"),
    }
}

/// Reads logind's configuration; the last word counts, and without one it kills nothing.
fn kills_user_processes() -> bool {
    let mut files = vec![PathBuf::from("/etc/systemd/logind.conf")];
    for folder in ["/usr/lib/systemd/logind.conf.d", "/etc/systemd/logind.conf.d"] {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut more: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        more.sort();
        files.extend(more);
    }
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    last_word(texts)
}

fn last_word(texts: impl Iterator<Item = String>) -> bool {
    let mut kills = false;
    for text in texts {
        for line in text.lines() {
            if let Some(value) = line.trim().strip_prefix("KillUserProcesses=") {
                kills = matches!(value.trim().to_ascii_lowercase().as_str(), "yes" | "true" | "1" | "on");
            }
        }
    }
    kills
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Grade;

    #[test]
    fn a_clock_that_is_far_off_fails_before_aws_refuses() {
        for (off, grade) in [(0, Grade::Ok), (-2, Grade::Ok), (3, Grade::Warn), (-299, Grade::Warn), (300, Grade::Fail)]
        {
            for kept in [ClockSync::Synced, ClockSync::Unknown] {
                assert_eq!(compared(off, kept).grade, grade, "{off}");
            }
        }
        assert_eq!(compared(0, ClockSync::Unsynced).grade, Grade::Warn, "it will not stay right");
        let grades = [ClockSync::Synced, ClockSync::Unsynced, ClockSync::Unknown].map(|kept| alone(kept).grade);
        assert_eq!(grades, [Grade::Ok, Grade::Warn, Grade::Warn]);
    }

    #[test]
    fn logind_kills_only_where_it_is_told_so_last() {
        let said = |texts: &[&str]| last_word(texts.iter().map(|text| (*text).to_owned()));
        assert!(!said(&["[Login]\n#KillUserProcesses=yes\n"]));
        assert!(said(&["[Login]\nKillUserProcesses=no\n", "[Login]\nKillUserProcesses=yes\n"]));
        assert!(!said(&["KillUserProcesses=yes\nKillUserProcesses=no\n"]));
    }

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        assert_ne!(log_folder(&folder.path().join("not/there/yet")).grade, Grade::Fail);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(folder.path().join("file"), "").unwrap();
    }
}
