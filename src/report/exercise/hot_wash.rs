//! The page for the hot wash: what the facilitator did beside what the team did, from both logs, each line cited.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::board::{Board, Item};
use super::diagnosis::{diagnosis, section as diagnosis_section, unblinded};
use super::judged::{By, Judged, judge};
use super::words::{facilitated, when};
use crate::engine::{Commitment, Disclosure, Event, Exercise, Fact, Fate, Mark, compared};
use crate::kernel::{clock, counted, say_duration};
use crate::report::after::{Added, Cite, File, Record, Report, Row, Section};
use crate::report::{Integrity, RpoVerdict, RtoVerdict, narrate, rpo_verdict, rto_verdict};

/// Is what the page is made from.
#[derive(Clone, Copy, Debug)]
pub struct Washed<'w> {
    /// The run's record.
    pub record: &'w Record<'w>,
    /// The facilitator's log and what it is worth, if it is at hand.
    pub facilitator: Option<(&'w [Fact], &'w Board, &'w Integrity)>,
}

/// Writes the page.
pub fn hot_wash(washed: &Washed<'_>) -> Report {
    let run = washed.record.run;
    let fates = washed.fates();
    Report {
        heading: "Hot wash",
        burn_down: None,
        title: run.plan.title.clone(),
        run: run.opened.as_ref().map(|opened| opened.run.as_str().to_owned()).unwrap_or_default(),
        first: broken(&fates),
        sections: std::iter::once(washed.exercise())
            .chain(diagnosis_section(washed.record, &washed.unblinded()))
            .chain([
                washed.promises(&fates).prose(),
                washed.timeline(),
                washed.expectations().prose(),
                washed.score().prose(),
                questions(),
                washed.issues().prose(),
            ])
            .collect(),
    }
}

/// Says first which injects are not what they were promised to be.
fn broken(fates: &BTreeMap<u32, Fate>) -> Vec<Row> {
    let broken = fates.iter().filter(|(_, fate)| matches!(fate, Fate::Changed | Fate::Added | Fate::Disputed));
    let row = |(number, fate): (&u32, &Fate)| Row::new([format!("Inject {number}: {}.", fate_words(*fate))], None);
    broken.map(row).collect()
}

/// Says what became of a promise.
pub fn fate_words(fate: Fate) -> &'static str {
    match fate {
        Fate::Kept => "as it was at the start",
        Fate::Changed => "CHANGED: it is not what the digest at the start was made of",
        Fate::Hidden => "NOT DISCLOSED",
        Fate::Added => "ADDED: nothing at the start speaks of it",
        Fate::Disputed => "DISPUTED: it was disclosed in different words",
    }
}

impl Washed<'_> {
    /// Compares what the run's log promised with what was disclosed: beside that log, or in the facilitator's own.
    pub fn fates(&self) -> BTreeMap<u32, Fate> {
        let mut disclosed: Vec<Disclosure> = self.disclosed().cloned().collect();
        if let Some((_, board, _)) = self.facilitator {
            disclosed.extend(board.disclosures.iter().cloned());
        }
        compared(self.committed(), &disclosed)
    }

    /// What was said of what was broken, by whoever was to hide it.
    fn unblinded(&self) -> Vec<Disclosure> {
        let own = self.facilitator.and_then(|(_, board, _)| board.hidden.clone());
        unblinded(self.record.additions).into_iter().chain(own).collect()
    }

    fn committed(&self) -> &[Commitment] {
        self.record.run.exercise.committed.as_deref().unwrap_or_default()
    }

    fn disclosed(&self) -> impl Iterator<Item = &Disclosure> {
        let of = |added: &Added| matches!(added, Added::Disclosed { .. });
        self.record.additions.iter().filter(move |word| of(&word.what)).flat_map(|word| match &word.what {
            Added::Disclosed { injects, .. } => injects.as_slice(),
            _ => &[],
        })
    }

    /// The injects as far as anybody said what they are; those of the facilitator's log know what became of them.
    fn items(&self) -> &[Item] {
        self.facilitator.map(|(_, board, _)| board.items.as_slice()).unwrap_or_default()
    }

    fn exercise(&self) -> Section {
        let run = self.record.run;
        let mut rows = Vec::new();
        let mut say = |what: &str, shown: &str, cites: Vec<Cite>| rows.push(Row::new([what, shown], cites));
        let began = self.record.facts.first();
        let ended = self.record.facts.iter().rev().find(|fact| matches!(fact.event, Event::Ended { .. }));
        for (what, fact) in [("began", began), ("ended", ended)] {
            let shown =
                fact.map_or_else(|| "not yet".to_owned(), |fact| fact.at.utc.format("%F %H:%M:%SZ").to_string());
            say(what, &shown, fact.map(Cite::of).into_iter().collect());
        }
        for fact in self.record.facts {
            if let Event::Exercise(what @ Exercise::Committed { .. }) = &fact.event {
                say("the exercise", &super::exercised(what), vec![Cite::of(fact)]);
            }
        }
        let rto = match rto_verdict(run) {
            RtoVerdict::NoObjective => "no verdict".to_owned(),
            RtoVerdict::Met(took) => format!("MET in {}", clock(took)),
            RtoVerdict::Missed(took) => format!("MISSED: {}", clock(took)),
            RtoVerdict::NotRestored => "NOT RESTORED".to_owned(),
        };
        let paused = run.last.map(|last| run.exercise.paused_by(last)).unwrap_or_default();
        let interrupted = match run.exercise.pauses {
            0 => String::new(),
            times => {
                let times = counted(usize::try_from(times).unwrap_or(usize::MAX), "pause");
                format!("; INTERRUPTED: {times}, {} in all, which it counts", say_duration(paused))
            }
        };
        say("RTO", &format!("{rto}{interrupted}"), Vec::new());
        let rpo = match rpo_verdict(run) {
            RpoVerdict::NoObjective => "no objective",
            RpoVerdict::NotMeasured => "NOT MEASURED",
            RpoVerdict::Met => "MET",
            RpoVerdict::NotShown => "NOT SHOWN",
            RpoVerdict::Missed => "MISSED",
        };
        say("RPO", rpo, Vec::new());
        say("the run's log", &self.record.integrity.verdict, Vec::new());
        let own = match self.facilitator {
            Some((_, _, integrity)) => integrity.verdict.clone(),
            None => "not at hand: what follows is from the run's log and from what was disclosed beside it".to_owned(),
        };
        say("the facilitator's log", &own, Vec::new());
        Section::list("exercise", "The exercise", rows)
    }

    fn promises(&self, fates: &BTreeMap<u32, Fate>) -> Section {
        let text = |number: u32| self.disclosed().find(|disclosure| disclosure.inject == number).map(|it| &it.text);
        let rows = fates.iter().map(|(number, fate)| {
            let item = self.items().iter().find(|item| item.number == *number);
            let name = match item {
                Some(item) => format!("{}; {}", item.inject.name, when(&item.inject.when)),
                None => text(*number).cloned().unwrap_or_default(),
            };
            let came = match item.map(|item| (&item.came, &item.refused)) {
                None => "not known".to_owned(),
                Some((None, _)) => "never used".to_owned(),
                Some((Some(came), None)) => format!("at {}", came.at.format("%H:%M:%SZ")),
                Some((Some(came), Some(why))) => {
                    format!("at {}, and did NOT happen: {why}", came.at.format("%H:%M:%SZ"))
                }
            };
            let cite = item.and_then(|item| item.came.as_ref()).map(|came| own(came.seq));
            Row::new([number.to_string(), name, fate_words(*fate).to_owned(), came], cite)
        });
        Section::new("injects", "The injects, as promised", &["inject", "what", "promise", "came"], rows.collect())
    }

    /// Puts both logs on one line of time.
    fn timeline(&self) -> Section {
        let began = self.record.facts.first().map(|fact| fact.at.utc);
        let mut rows: Vec<(DateTime<Utc>, u8, Row)> = Vec::new();
        let mut add = |at: DateTime<Utc>, order: u8, (theirs, team): (String, String), cite: Cite| {
            let since = began.map(|began| at.signed_duration_since(began).to_std().unwrap_or_default());
            let since = since.map(clock).unwrap_or_default();
            // What the team did may be a command, in which a backtick is one.
            let prose = team.is_empty();
            let row = Row::new([at.format("%H:%M:%S").to_string(), since, theirs, team], [cite]);
            rows.push((at, order, if prose { row.prose() } else { row }));
        };
        for fact in self.record.facts.iter().filter(|fact| is_told(&fact.event)) {
            let words = narrate(&fact.event);
            let from_facilitator = matches!(&fact.event, Event::Exercise(_));
            let sides = if from_facilitator { (words, String::new()) } else { (String::new(), words) };
            add(fact.at.utc, 1, sides, Cite::of(fact));
        }
        for fact in self.facilitator.map(|(facts, ..)| facts).unwrap_or_default() {
            let Event::Facilitation(what) = &fact.event else { continue };
            if matches!(what.as_ref(), crate::engine::Facilitation::Prepared { .. }) {
                continue;
            }
            let name = match what.as_ref() {
                crate::engine::Facilitation::Fired(fired) => {
                    self.items().iter().find(|item| item.number == fired.inject)
                }
                _ => None,
            };
            let name = name.map(|item| format!(": {}{}", item.inject.name, does(item))).unwrap_or_default();
            add(fact.at.utc, 0, (facilitated(what) + &name, String::new()), own(fact.seq));
        }
        rows.sort_by_key(|(at, order, _)| (*at, *order));
        let columns = ["time (UTC)", "since the beginning", "the facilitator", "the team"];
        Section::new("both-logs", "Both logs side by side", &columns, rows.into_iter().map(|(.., row)| row).collect())
    }

    fn judged(&self) -> Vec<(&Item, u32, &crate::runbook::injects::Expectation, Judged)> {
        let (run, facts) = (self.record.run, self.record.facts);
        let of = |item| {
            let item: &Item = item;
            let each = item.inject.expects.iter().zip(1..);
            each.map(move |(expected, number)| (item, number, expected, judge(item, number, expected, run, facts)))
        };
        self.items().iter().flat_map(of).collect()
    }

    fn expectations(&self) -> Section {
        let speed = self.record.run.speed();
        let rows = self.judged().into_iter().map(|(item, number, expected, judged)| {
            let within = expected.within(speed).map_or_else(|| "no limit".to_owned(), say_duration);
            let took = judged.took.map(say_duration).unwrap_or_default();
            let mark = match (judged.mark, &item.came) {
                (Some(mark), _) => mark.word().to_uppercase(),
                (None, Some(_)) => "open".to_owned(),
                (None, None) => "the inject did not come".to_owned(),
            };
            let note = item.marks.get(&number).map(|(_, noted)| noted.text.clone()).unwrap_or_default();
            let cite = match judged.by {
                By::Fact(seq) => self.record.facts.iter().find(|fact| fact.seq == seq).map(Cite::of),
                By::Facilitator(seq) => Some(own(seq)),
                By::Nobody => None,
            };
            let name = format!("{}.{number}", item.number);
            Row::new([name, expected.what.clone(), within, mark, took, note], cite)
        });
        let columns = ["inject", "expected", "within", "result", "took", "note"];
        Section::new("expectations", "What was expected, and what was done", &columns, rows.collect())
    }

    fn score(&self) -> Section {
        let judged = self.judged();
        let came: Vec<_> = judged.iter().filter(|(item, ..)| item.came.is_some()).collect();
        let mut rows: Vec<Row> = [Mark::Met, Mark::Late, Mark::Missed, Mark::NotSeen]
            .into_iter()
            .map(|mark| {
                let count = came.iter().filter(|(.., judged)| judged.mark == Some(mark)).count();
                Row::new([mark.word().to_owned(), format!("{count} of {} that were asked for", came.len())], None)
            })
            .collect();
        if let Some(found) = diagnosis(self.record.run, &self.unblinded()) {
            rows.push(Row::new(["diagnosis".to_owned(), found.words()], None));
        }
        if let Some((_, board, _)) = self.facilitator {
            rows.extend(board.scores.iter().map(|(area, score)| {
                let why = if score.noted.text.is_empty() { String::new() } else { format!(": {}", score.noted.text) };
                let shown = format!("{} of 5 points{why} ({})", score.points, score.noted.by);
                Row::new([area.clone(), shown], [own(score.noted.seq)])
            }));
        }
        Section::list("score", "Score sheet", rows)
    }

    /// Lists what somebody is to do, and what the facilitator noted and nobody owns yet.
    fn issues(&self) -> Section {
        let mut rows = Vec::new();
        for word in self.record.additions {
            if let Added::Issue { number, text, owner, due } = &word.what {
                let closed = self
                    .record
                    .additions
                    .iter()
                    .any(|other| matches!(&other.what, Added::Closed { what, .. } if *what == number.to_string()));
                let state = if closed { "closed" } else { "OPEN" };
                let name = format!("issue {number}, {state}");
                rows.push(Row::new([&name, text, owner, due], [Cite::after(word)]));
            }
        }
        for noted in self.facilitator.map(|(_, board, _)| board.notes.as_slice()).unwrap_or_default() {
            let name = format!("note by {}", noted.by);
            rows.push(Row::new([&name, &noted.text, "nobody yet", "no date yet"], [own(noted.seq)]));
        }
        let how = "`lifeboat log add RUN issue TEXT --owner WHO --due DATE` adds one to the run's record";
        rows.push(Row::new(["to be added", how, "", ""], None));
        Section::new("issues", "Issues", &["what", "text", "owner", "due"], rows)
    }
}

fn questions() -> Section {
    let rows = ["What went well, and has to stay?", "What went badly, or took too long?", "What do we change first?"];
    let rows = rows.into_iter().map(|question| Row::new([question, ""], None)).collect();
    Section::new("questions", "Three questions for everybody", &["question", "answer"], rows)
}

fn does(item: &Item) -> String {
    item.inject.does.as_ref().map(|does| format!(" (the estate: {does})")).unwrap_or_default()
}

/// Names a line of the facilitator's log.
fn own(seq: u64) -> Cite {
    Cite { file: File::Facilitator, seq, kind: "facilitation".to_owned() }
}

/// Leaves out what nobody asks for in a hot wash.
fn is_told(event: &Event) -> bool {
    matches!(
        event,
        Event::Open(_)
            | Event::StepStarted { .. }
            | Event::StepDone { .. }
            | Event::StepFailed { .. }
            | Event::StepSkipped { .. }
            | Event::StepOwed { .. }
            | Event::Confirmed { .. }
            | Event::Declined { .. }
            | Event::ApprovalStated { .. }
            | Event::ApprovalWaived { .. }
            | Event::Decided { .. }
            | Event::JumpChosen { .. }
            | Event::RollbackChosen { .. }
            | Event::RetryChosen { .. }
            | Event::MomentFixed { .. }
            | Event::MessageSent { .. }
            | Event::NoteAdded { .. }
            | Event::WatchFailed { .. }
            | Event::AlarmSeen { .. }
            | Event::Breached { .. }
            | Event::Recovered { .. }
            | Event::Exercise(_)
            | Event::StopAsked { .. }
            | Event::Ended { .. }
    )
}
