//! Many runs in few lines: one a run, or per runbook how RTO and RPO went from run to run.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::summary::{RpoVerdict, RtoVerdict};
use crate::kernel::{SafeText, clock};

/// So many runs are drawn, the newest.
const DRAWN: usize = 20;
/// A change of less than this, in percent, is none.
const SAME: u64 = 5;

/// Returns the name under which a runbook is known, wherever its file lies, harmless.
pub fn runbook_name(path: &str) -> String {
    let path = path.trim_start_matches("embedded:");
    let stem = Path::new(path).file_stem().map_or_else(|| path.into(), |stem| stem.to_string_lossy());
    SafeText::line(&stem).into_string()
}

/// Says how one objective went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "ms")]
pub enum Went {
    /// There is no objective.
    NoObjective,
    /// It is not known, or not yet.
    Unknown,
    /// Met, with the figure.
    Met(u64),
    /// The figure does not show that it was met.
    NotShown(u64),
    /// Missed, with the figure.
    Missed(u64),
    /// Missed: service was not restored.
    Never,
}

impl Went {
    /// Takes the verdict on an RTO, of a run that is over or not.
    pub fn rto(verdict: RtoVerdict, over: Over) -> Self {
        match (verdict, over) {
            (RtoVerdict::NoObjective, _) => Self::NoObjective,
            (RtoVerdict::Met(rto), _) => Self::Met(millis(rto)),
            (RtoVerdict::Missed(rto), _) => Self::Missed(millis(rto)),
            (RtoVerdict::NotRestored, Over::Yes) => Self::Never,
            (RtoVerdict::NotRestored, Over::NotYet) => Self::Unknown,
        }
    }

    /// Takes the verdict on an RPO, with the most that was lost.
    pub fn rpo(verdict: RpoVerdict, high: Option<Duration>) -> Self {
        match (verdict, high.map(millis)) {
            (RpoVerdict::NoObjective, _) => Self::NoObjective,
            (RpoVerdict::NotMeasured, _) | (_, None) => Self::Unknown,
            (RpoVerdict::Met, Some(high)) => Self::Met(high),
            (RpoVerdict::NotShown, Some(high)) => Self::NotShown(high),
            (RpoVerdict::Missed, Some(high)) => Self::Missed(high),
        }
    }

    fn figure(self) -> Option<u64> {
        match self {
            Self::Met(ms) | Self::NotShown(ms) | Self::Missed(ms) => Some(ms),
            Self::NoObjective | Self::Unknown | Self::Never => None,
        }
    }

    /// Eight characters at most, as long as a day is not over.
    fn cell(self) -> String {
        let short = |ms| clock(Duration::from_millis(ms));
        match self {
            Self::NoObjective => "-".to_owned(),
            Self::Unknown => "?".to_owned(),
            Self::Met(ms) => format!("✓{:>7}", short(ms)),
            Self::NotShown(ms) => format!("?{:>7}", short(ms)),
            Self::Missed(ms) => format!("✗{:>7}", short(ms)),
            Self::Never => format!("✗{:>7}", "never"),
        }
    }
}

/// Says whether a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It is.
    Yes,
    /// It goes on, or can be taken up again.
    NotYet,
}

/// Is a run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRow {
    /// Its name.
    pub run: String,
    /// `real` or `drill`.
    pub mode: &'static str,
    /// The runbook's name.
    pub runbook: String,
    /// How its objectives went.
    pub rto: Went,
    /// Likewise.
    pub rpo: Went,
    /// How it ended, in a word or two.
    pub end: String,
}

/// Writes a list of runs, each on a line of 80 columns. The names in it are harmless already.
pub fn past_runs(rows: &[PastRow]) -> Vec<String> {
    let line = |run: &str, mode: &str, runbook: &str, rto: &str, rpo: &str, end: &str| {
        format!("{:<21}  {mode:<5}  {:<19}  {rto:<8}  {rpo:<8}  {end}", cut(run, 21), cut(runbook, 19))
            .trim_end()
            .to_owned()
    };
    let mut lines = vec![line("RUN", "KIND", "RUNBOOK", "RTO", "RPO", "END")];
    lines.extend(
        rows.iter().map(|row| line(&row.run, row.mode, &row.runbook, &row.rto.cell(), &row.rpo.cell(), &row.end)),
    );
    lines
}

/// Is what the runs of one kind of one runbook came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    /// The runbook's name.
    pub runbook: String,
    /// Which of its runs: drills at a speed, real ones in an account.
    pub kind: String,
    /// The newest run's objectives, and how those of each run went, oldest first.
    pub rto: (Option<Duration>, Vec<Went>),
    /// Likewise.
    pub rpo: (Option<Duration>, Vec<Went>),
}

/// Writes how RTO and RPO of runbooks went from run to run.
pub fn trends(trends: &[Trend]) -> Vec<String> {
    let mut lines = Vec::new();
    for trend in trends {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let runs = trend.rto.1.len();
        lines.push(format!("{}: {}, {runs} run{}", trend.runbook, trend.kind, if runs == 1 { "" } else { "s" }));
        for (name, (limit, went)) in [("RTO", &trend.rto), ("RPO", &trend.rpo)] {
            lines.extend(limit.map(|limit| one(name, limit, went)));
        }
    }
    lines
}

/// `  RTO   30:00  ▃▅▂×▁  last 22:10 ↓14 %, best 20:01, median 23:30; 11 of 12 met`
fn one(name: &str, limit: Duration, went: &[Went]) -> String {
    let figures: Vec<u64> = went.iter().filter_map(|went| went.figure()).collect();
    let met = went.iter().filter(|went| matches!(went, Went::Met(_))).count();
    let judged = went.iter().filter(|went| !matches!(went, Went::Unknown | Went::NoObjective)).count();
    let row = sparkline(went);
    let short = |ms: u64| clock(Duration::from_millis(ms));
    let mut sorted = figures.clone();
    sorted.sort_unstable();
    let last = match went.last().map(|went| went.figure()) {
        Some(Some(last)) => format!("last {}{}", short(last), change(&figures)),
        Some(None) if went.last() == Some(&Went::Never) => "last never".to_owned(),
        _ => "last ?".to_owned(),
    };
    let spread = match (sorted.first(), sorted.get(sorted.len() / 2)) {
        (Some(best), Some(median)) if sorted.len() > 1 => format!(", best {}, median {}", short(*best), short(*median)),
        _ => String::new(),
    };
    format!("  {name} {:>7}  {row}  {last}{spread}; {met} of {judged} met", clock(limit))
}

/// Compares the newest figure with the one before.
fn change(figures: &[u64]) -> String {
    let [.., before, last] = figures else { return String::new() };
    let percent = last.abs_diff(*before).saturating_mul(100) / (*before).max(1);
    match last.cmp(before) {
        _ if percent < SAME => " =".to_owned(),
        std::cmp::Ordering::Less => format!(" ↓{percent} %"),
        _ => format!(" ↑{percent} %"),
    }
}

/// Draws the newest figures from zero up; `×` where service was not restored, `·` where there is no figure.
fn sparkline(went: &[Went]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let drawn = went.get(went.len().saturating_sub(DRAWN)..).unwrap_or_default();
    let most = drawn.iter().filter_map(|went| went.figure()).max().unwrap_or(0).max(1);
    let bar = |went: &Went| match (went, went.figure()) {
        (Went::Never, _) => '×',
        (_, None) => '·',
        (_, Some(ms)) => {
            let step = usize::try_from(u128::from(ms) * 7 / u128::from(most)).unwrap_or(7);
            BARS.get(step).copied().unwrap_or('█')
        }
    };
    drawn.iter().map(bar).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_fits_eighty_columns_whatever_the_names() {
        let row = PastRow {
            run: "20261122T092630Z-7f3k".to_owned(),
            mode: "drill",
            runbook: "a-runbook-with-a-name-that-does-not-end".to_owned(),
            rto: Went::Missed(35_999_000),
            rpo: Went::Never,
            end: "recovered".to_owned(),
        };
        let lines = past_runs(&[row.clone(), PastRow { run: "x".repeat(99), ..row }]);
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        assert!(lines[1].contains("✗9:59:59") && lines[1].contains("a-runbook-with-a-n…"), "{lines:#?}");
    }

    #[test]
    fn a_trend_says_the_last_the_change_and_how_many_met_it() {
        let went = vec![Went::Met(1_200_000), Went::Never, Went::Missed(2_400_000), Went::Unknown, Went::Met(600_000)];
        let rpo = vec![Went::Met(10_000), Went::Met(10_100)];
        let trend = Trend {
            runbook: "shop".to_owned(),
            kind: "drill at speed 1".to_owned(),
            rto: (Some(Duration::from_secs(1800)), went),
            rpo: (Some(Duration::from_secs(300)), rpo),
        };
        let lines =
            trends(&[trend.clone(), Trend { rto: (None, vec![Went::NoObjective]), rpo: (None, vec![]), ..trend }]);
        assert_eq!(
            lines,
            [
                "shop: drill at speed 1, 5 runs",
                "  RTO   30:00  ▄×█·▂  last 10:00 ↓75 %, best 10:00, median 20:00; 2 of 4 met",
                "  RPO    5:00  ▇█  last 0:10 =, best 0:10, median 0:10; 2 of 2 met",
                "",
                "shop: drill at speed 1, 1 run",
            ]
        );
        assert!(lines.iter().all(|line| line.chars().count() <= 80));
        assert_eq!(sparkline(&vec![Went::Met(0); 99]).chars().count(), DRAWN);
    }
}
