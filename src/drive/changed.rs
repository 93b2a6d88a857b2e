//! A runbook's text on disk beside the text that counts: the one that a run is pinned to, or that was last drilled.

use std::path::{Path, PathBuf};

use super::library::Source;
use crate::engine::{Mode, Opened};
use crate::kernel::{SafeText, sha256_hex};
use crate::report::runbook_name;
use crate::store::{self, End, Runs, Standing};

/// How much of a line is shown.
const SHOWN: usize = 60;

/// Says how the runbook on disk differs from the text with which a run began, if it does. The run goes on with that.
pub fn since_start(opened: &Opened, folder: &Path) -> Option<String> {
    if opened.runbook.starts_with("embedded:") {
        return None;
    }
    let path = match &opened.began.cwd {
        Some(cwd) => Path::new(cwd).join(&opened.runbook),
        None => PathBuf::from(&opened.runbook),
    };
    let shown = SafeText::line(&opened.runbook).into_string();
    let goes_on = "the run goes on with the text that it began with";
    match std::fs::read(&path) {
        Ok(now) if sha256_hex(&now) == opened.runbook_sha256 => None,
        Ok(now) => {
            let pinned = std::fs::read(folder.join("runbook.md")).unwrap_or_default();
            let what = difference(&pinned, &now).unwrap_or_default();
            Some(format!("{shown} was changed since the run began: {what}; {goes_on}"))
        }
        Err(error) => Some(format!("{shown} can't be read any more ({error}); {goes_on}")),
    }
}

/// Says how a runbook differs from its last drill that came to its end on this machine, or that there was none.
/// Nothing is said of one that is as it was drilled.
pub fn since_last_drill(places: &[Runs], source: &Source) -> Option<String> {
    let wanted = runbook_name(&source.path);
    let drilled = |standing: &Standing| {
        let over = matches!(&standing.end, End::Sealed(Some(how)) if how == "recovered" || how == "finished");
        over && standing.opened.mode == Mode::Drill && runbook_name(&standing.opened.runbook) == wanted
    };
    let last = places.iter().flat_map(store::standings).filter(drilled).max_by_key(|standing| standing.last.utc);
    let shown = SafeText::line(&source.path).into_string();
    let Some(last) = last else {
        return Some(format!("no drill of {shown} came to its end on this machine: it is run for the first time"));
    };
    if last.opened.runbook_sha256 == sha256_hex(&source.bytes) {
        return None;
    }
    let day = last.last.utc.format("%Y-%m-%d");
    let before = std::fs::read(last.folder.join("runbook.md")).unwrap_or_default();
    let what = difference(&before, &source.bytes).unwrap_or_default();
    Some(format!("{shown} was changed since its last successful drill ({day}, {}): {what}", last.run))
}

/// Says where two texts differ and how the first differing lines read, if they do.
fn difference(before: &[u8], now: &[u8]) -> Option<String> {
    let (before, now) = (String::from_utf8_lossy(before), String::from_utf8_lossy(now));
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), now.lines().collect());
    if old == new {
        return None;
    }
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let line = |lines: &[&str]| lines.get(same).copied().map(shortened);
    let (gone, came) = (old.len() - same - tail, new.len() - same - tail);
    let at = same + 1;
    Some(match (gone, came) {
        (0, _) => format!("{} after line {same}, first `{}`", counted(came, "came in"), line(&new).unwrap_or_default()),
        (_, 0) => {
            format!("{} from line {at} on, first `{}`", counted(gone, "left out"), line(&old).unwrap_or_default())
        }
        _ => {
            let (was, is) = (line(&old).unwrap_or_default(), line(&new).unwrap_or_default());
            let more = gone.max(came) - 1;
            let more = if more == 0 { String::new() } else { format!(", and up to {more} more behind it") };
            format!("line {at} was `{was}` and is `{is}`{more}")
        }
    })
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 line {what}") } else { format!("{count} lines {what}") }
}

fn shortened(line: &str) -> String {
    let safe = SafeText::line(line.trim()).into_string();
    match safe.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", safe.get(..at).unwrap_or_default()),
        None => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_first_line_and_how_much_follows() {
        let old = b"# A\none\ntwo\nthree\n";
        let cases: [(&[u8], Option<&str>); 6] = [
            (b"# A\none\ntwo\nthree\n", None),
            (b"# A\none\n2\nthree\n", Some("line 3 was `two` and is `2`")),
            (b"# A\n1\n2\nthree\n", Some("line 2 was `one` and is `1`, and up to 1 more behind it")),
            (b"# A\none\ntwo\nnew\nthree\n", Some("1 line came in after line 3, first `new`")),
            (b"# A\nthree\n", Some("2 lines left out from line 2 on, first `one`")),
            (b"", Some("4 lines left out from line 1 on, first `# A`")),
        ];
        for (new, said) in cases {
            assert_eq!(difference(old, new).as_deref(), said, "{}", String::from_utf8_lossy(new));
        }
    }
}
