//! How a team that was not told what is broken came to its runbook: what it chose, when, and whether that was right.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::hot_wash::fate_words;
use super::words::between;
use crate::engine::{BROKEN, Broken, Commitment, Disclosure, Event, Exercise, Fate, Run, compared};
use crate::kernel::{RunId, clock};
use crate::report::after::{Added, Cite, Record, Row, Section};
use crate::report::runbook_name;

/// Is what a team chose, and what is known of whether that was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The runbooks that it opened, in order; the last is this run's.
    pub choices: Vec<Choice>,
    /// What was broken, once that was disclosed.
    pub broken: Option<Broken>,
    /// Whether that is what the digest at the start was made of.
    pub fate: Fate,
    /// From which moment times count: `the onset`, or `the alarms`.
    pub since: &'static str,
}

/// Is a runbook that a team opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The runbook.
    pub runbook: String,
    /// Its run.
    pub run: RunId,
    /// When it was chosen.
    pub at: DateTime<Utc>,
    /// How long after the moment from which times count.
    pub after: Duration,
    /// How long the team stayed in it, if it left it again.
    pub stayed: Option<Duration>,
    /// Was it for what was broken?
    pub judged: Chosen,
}

/// Says whether a runbook was the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// It was for what was broken.
    Right,
    /// It was for something else.
    Wrong,
    /// Nobody said yet what was broken.
    NotSaid,
}

impl Chosen {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "WRONG",
            Self::NotSaid => "not said yet",
        }
    }
}

/// Judges how a team came to a run's runbook by what was disclosed; `None` where it was told what is broken.
pub fn diagnosis(run: &Run, disclosed: &[Disclosure]) -> Option<Diagnosis> {
    let blind = run.exercise.blind.as_ref()?;
    let promise = Commitment { inject: BROKEN, sha256: blind.sha256.clone() };
    let of_this: Vec<Disclosure> = disclosed.iter().filter(|one| one.inject == BROKEN).cloned().collect();
    let fate = compared(&[promise], &of_this).remove(&BROKEN).unwrap_or(Fate::Hidden);
    let broken = of_this.first().filter(|_| fate == Fate::Kept).and_then(Broken::of);
    let (from, since) = run.onset().map_or((blind.shown_at, "the alarms"), |onset| (onset, "the onset"));
    let judged = |scenario: &str| match &broken {
        None => Chosen::NotSaid,
        Some(broken) if broken.scenario == scenario => Chosen::Right,
        Some(_) => Chosen::Wrong,
    };
    let mut choices: Vec<Choice> = Vec::new();
    for left in &blind.before {
        choices.push(Choice {
            runbook: runbook_name(&left.runbook),
            run: left.run.clone(),
            at: left.chosen_at,
            after: between(from, left.chosen_at),
            stayed: Some(between(left.chosen_at, left.left_at)),
            judged: judged(&left.scenario),
        });
    }
    let opened = run.opened.as_ref();
    choices.push(Choice {
        runbook: opened.map(|opened| runbook_name(&opened.runbook)).unwrap_or_default(),
        run: opened.map_or_else(|| RunId::new(""), |opened| opened.run.clone()),
        at: blind.chosen_at,
        after: between(from, blind.chosen_at),
        stayed: None,
        judged: judged(&run.plan.meta.scenario),
    });
    Some(Diagnosis { choices, broken, fate, since })
}

/// Says it as a line of the summary; `None` where the team was told what is broken.
pub fn chose(run: &Run, disclosed: &[Disclosure]) -> Option<String> {
    diagnosis(run, disclosed).map(|found| format!("CHOSE {}", found.words()))
}

impl Diagnosis {
    /// Returns the choice that this run is of.
    fn last(&self) -> Option<&Choice> {
        self.choices.last()
    }

    /// Returns the first choice that was right.
    pub fn right(&self) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.judged == Chosen::Right)
    }

    /// Lists what the team chose before, as far as it is of that kind.
    fn before(&self) -> String {
        let before = self.choices.split_last().map(|(_, before)| before).unwrap_or_default();
        let said = |choice: &Choice| {
            let stayed = choice.stayed.map(clock).unwrap_or_default();
            let judged = match choice.judged {
                Chosen::NotSaid => String::new(),
                judged => format!("{}, ", judged.word()),
            };
            format!("{} ({judged}{stayed} in it)", choice.runbook)
        };
        before.iter().map(said).collect::<Vec<_>>().join(", ")
    }

    /// Says it in a sentence without its period.
    pub fn words(&self) -> String {
        let before = self.before();
        let then = |words: &str| if before.is_empty() { String::new() } else { format!("{words}{before}") };
        let after = |choice: Option<&Choice>| choice.map(|choice| clock(choice.after)).unwrap_or_default();
        let since = self.since;
        let Some(broken) = &self.broken else {
            let why = match self.fate {
                Fate::Hidden | Fate::Kept => "whether it is the right one is said when the drill is over",
                fate => fate_words(fate),
            };
            return format!("this runbook {} after {since}{}; {why}", after(self.last()), then(", after "));
        };
        let was = &broken.scenario;
        let besides = match broken.faults.as_slice() {
            [] => String::new(),
            faults => format!(", with {}", faults.join(", ")),
        };
        match (self.last().map(|choice| choice.judged), self.right()) {
            (Some(Chosen::Right), right) => {
                format!(
                    "the right runbook {} after {since}{}; broken was {was}{besides}",
                    after(right),
                    then(", after ")
                )
            }
            (_, Some(right)) => format!(
                "the right runbook {} after {since}, and LEFT IT AGAIN: {}; broken was {was}{besides}",
                clock(right.after),
                then("")
            ),
            (_, None) => {
                let last = self.last().map(|choice| choice.runbook.as_str()).unwrap_or_default();
                format!(
                    "the WRONG runbook: {last}{}, {} after {since}; broken was {was}{besides}",
                    then(", after "),
                    after(self.last())
                )
            }
        }
    }
}

/// Lists what was disclosed of what was broken, after the seal.
pub fn unblinded(additions: &[crate::report::Afterword]) -> Vec<Disclosure> {
    additions
        .iter()
        .filter_map(|word| match &word.what {
            Added::Unblinded(disclosure) => Some(disclosure.clone()),
            _ => None,
        })
        .collect()
}

/// Makes the section of a report, where the team was not told what is broken.
pub(in crate::report) fn section(record: &Record<'_>, disclosed: &[Disclosure]) -> Option<Section> {
    let found = diagnosis(record.run, disclosed)?;
    let fact = record.facts.iter().find(|fact| matches!(&fact.event, Event::Exercise(Exercise::Blind(_))));
    let cite = || fact.map(Cite::of);
    let mut rows: Vec<Row> = found
        .choices
        .iter()
        .map(|choice| {
            let stayed = choice.stayed.map_or_else(|| "this run".to_owned(), clock);
            let at = choice.at.format("%H:%M:%SZ").to_string();
            Row::new([&choice.runbook, &at, &clock(choice.after), &stayed, choice.judged.word()], cite())
        })
        .collect();
    let said = record.additions.iter().find(|word| matches!(word.what, Added::Unblinded(_))).map(Cite::after);
    let was = found.broken.as_ref().map_or("not disclosed", |broken| broken.scenario.as_str());
    rows.push(Row::new(["broken was", "", "", was, fate_words(found.fate)], said.or_else(cite)));
    let columns = ["runbook", "chosen", "after onset", "time in it", "verdict"];
    Some(Section::new("diagnosis", "Diagnosis: how the team came to this runbook", &columns, rows))
}
