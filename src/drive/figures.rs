//! What a run came to, its RTO and its loss, by the few lines of its log that say so; the others are passed over unread.
//! It verifies nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::past::plan_of;
use crate::engine::{Event, Opened};
use crate::journal::{Body, read_entry};
use crate::report::{RpoVerdict, RtoVerdict};
use crate::runbook::{LossKind, Moment};
use crate::store::{Lines, LogPlace, Standing};

/// The kinds of lines that say something about them.
const KINDS: [&[u8]; 4] = [b"moment-fixed", b"recovery-lost", b"recovered", b"loss-measured"];
/// The kind stands so far at the beginning of a line.
const HEAD: usize = 256;

/// Is what a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The objective, and from onset to the start of the stretch in which the service held.
    pub rto: (Option<Duration>, Option<Duration>),
    /// The objective, and the least and the most that was lost.
    pub rpo: (Option<Duration>, Option<(Duration, Duration)>),
    onset: Option<DateTime<Utc>>,
}

impl Figures {
    /// Reads the log of a run once, as far as it can be read.
    pub fn read(standing: &Standing, place: &LogPlace) -> Self {
        let limit = |seconds: u64| (seconds > 0).then(|| Duration::from_secs(seconds));
        let Opened { rto_s, rpo_s, .. } = &standing.opened;
        let mut figures = Self { rto: (limit(*rto_s), None), rpo: (limit(*rpo_s), None), onset: None };
        let mut since = None;
        let mut losses: Vec<(LossKind, Duration, Duration)> = Vec::new();
        let Ok(mut lines) = Lines::open(place) else { return figures };
        while let Ok(Some(line)) = lines.next(place) {
            if !matters(&line) {
                continue;
            }
            let Ok(Body::Event(event)) = read_entry(&line).map(|entry| entry.body) else { continue };
            match *event {
                Event::MomentFixed { moment: Moment::Onset, occurred_at, .. } => {
                    figures.onset = Some(occurred_at);
                    if let Some(since) = since {
                        let rto: chrono::TimeDelta = since - occurred_at;
                        figures.rto.1 = Some(rto.to_std().unwrap_or_default());
                    }
                }
                Event::Recovered { since: held, rto_ms, .. } => {
                    since = Some(held);
                    figures.rto.1 = Some(Duration::from_millis(rto_ms));
                }
                Event::RecoveryLost { .. } => (since, figures.rto.1) = (None, None),
                Event::LossMeasured { of, low_ms, high_ms, .. } => {
                    losses.push((of, Duration::from_millis(low_ms), Duration::from_millis(high_ms)));
                }
                _ => {}
            }
        }
        // The runbook says which loss the objective is about; that matters only where there are several.
        let several = losses.iter().any(|(of, ..)| Some(of) != losses.first().map(|(of, ..)| of));
        let of = || {
            let objective = plan_of(&standing.folder)?.meta.objectives.rpo.as_ref().map(|rpo| rpo.of);
            Some(objective.unwrap_or(LossKind::Replication))
        };
        let wanted = if several { of() } else { None };
        let counts = losses.iter().rev().find(|(of, ..)| wanted.is_some_and(|wanted| *of == wanted));
        figures.rpo.1 = counts.or(losses.last()).map(|(_, low, high)| (*low, *high));
        figures
    }

    /// Judges the RTO.
    pub fn rto_verdict(&self) -> RtoVerdict {
        match self.rto {
            (None, _) => RtoVerdict::NoObjective,
            (Some(_), Some(_)) if self.onset.is_none() => RtoVerdict::NoObjective,
            (Some(limit), Some(rto)) if rto <= limit => RtoVerdict::Met(rto),
            (Some(_), Some(rto)) => RtoVerdict::Missed(rto),
            (Some(_), None) => RtoVerdict::NotRestored,
        }
    }

    /// Judges the RPO by the last measured loss.
    pub fn rpo_verdict(&self) -> RpoVerdict {
        match self.rpo {
            (None, _) => RpoVerdict::NoObjective,
            (Some(_), None) => RpoVerdict::NotMeasured,
            (Some(limit), Some((_, high))) if high <= limit => RpoVerdict::Met,
            (Some(limit), Some((low, _))) if low <= limit => RpoVerdict::NotShown,
            (Some(_), Some(_)) => RpoVerdict::Missed,
        }
    }
}

/// Is it a line of a kind that says something?
fn matters(line: &[u8]) -> bool {
    const KEY: &[u8] = b",\"k\":\"";
    let head = line.get(..HEAD.min(line.len())).unwrap_or_default();
    let Some(at) = head.windows(KEY.len()).position(|window| window == KEY) else { return false };
    let kind = head.get(at + KEY.len()..).unwrap_or_default();
    KINDS.iter().any(|known| kind.strip_prefix(*known).is_some_and(|rest| rest.first() == Some(&b'"')))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::drive::past::folded;
    use crate::report::{rpo_verdict, rto_verdict};
    use crate::store::{Runs, standings};

    #[test]
    fn the_figures_of_every_sample_are_those_of_its_whole_fold() {
        let runs = Runs::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings"));
        let all = standings(&runs);
        assert!(all.len() >= 7, "{}", all.len());
        for standing in all {
            let place = runs.find(standing.run.as_str()).unwrap();
            let figures = Figures::read(&standing, &place);
            let run = folded(&standing.folder).unwrap();
            assert_eq!(figures.rto_verdict(), rto_verdict(&run), "{}", standing.run);
            assert_eq!(figures.rpo_verdict(), rpo_verdict(&run), "{}", standing.run);
            assert_eq!(figures.rpo.1, run.latest_loss().map(|loss| (loss.low, loss.high)), "{}", standing.run);
        }
    }

    #[test]
    fn only_the_kind_of_a_line_decides_whether_it_is_read() {
        let line = |kind: &str, rest: &str| {
            format!("{{\"seq\":1,\"prev\":\"\",\"t\":\"x\",\"mono\":0,\"k\":\"{kind}\"{rest}}}")
        };
        assert!(matters(line("recovered", "").as_bytes()) && matters(line("moment-fixed", ",\"x\":1").as_bytes()));
        assert!(!matters(line("recovered-not", "").as_bytes()) && !matters(b"") && !matters(b"\xff\x00"));
        assert!(!matters(line("note-added", ",\"text\":\",\\\"k\\\":\\\"recovered\\\"\"").as_bytes()));
    }
}
