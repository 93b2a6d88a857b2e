//! What both runs did, as rows that are not yet as wide as a screen.

use super::Beside;
use crate::kernel::{clock, counted};
use crate::report::{Aligned, Did, Differing, Excerpt, Printed, Tried, bar_parts, diff, step_shown};
use crate::settings::theme::Role;
use crate::ui::sgr;

/// Is a row of the detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A heading over both.
    Head(String),
    /// A sentence about both.
    Said(Role, String),
    /// How long each took, and the two beside each other as a bar.
    Bar { what: &'static str, took: [u64; 2], longest: u64 },
    /// What A has on the left and B on the right.
    Sides { a: Option<String>, b: Option<String>, differ: bool, role: Role },
}

fn sides(a: &str, b: &str) -> Row {
    Row::Sides { differ: a != b, a: Some(a.to_owned()), b: Some(b.to_owned()), role: Role::Text }
}

/// Lists the rows of what is selected.
pub(super) fn rows(beside: &Beside) -> Vec<Row> {
    match beside.step() {
        None => whole(beside),
        Some(step) => of_step(beside, step),
    }
}

/// The title of what is selected.
pub(super) fn title(beside: &Beside) -> String {
    beside.step().map_or_else(|| WHOLE.to_owned(), |step| step.title.clone())
}

/// What the first row of the list is called.
pub(super) const WHOLE: &str = "Both runs as wholes";

fn whole(beside: &Beside) -> Vec<Row> {
    let of = &beside.compared;
    let mut rows = Vec::new();
    for head in of.heads.iter().filter(|head| head.what != "time") {
        rows.push(sides(&format!("{}: {}", head.what, head.of.a), &format!("{}: {}", head.what, head.of.b)));
    }
    rows.push(Row::Head("Where the time went".to_owned()));
    let [a, b] = of.spent.each();
    let spent = [
        ("machine", [a.machine_ms, b.machine_ms]),
        ("people", [a.people_ms, b.people_ms]),
        ("idle", [a.idle_ms, b.idle_ms]),
    ];
    let longest = spent.iter().flat_map(|(_, took)| took).copied().max().unwrap_or(0);
    rows.extend(spent.map(|(what, took)| Row::Bar { what, took, longest }));
    rows.push(Row::Head("Done differently".to_owned()));
    let of_steps =
        of.steps.iter().flat_map(|step| step.differences.iter().map(move |said| format!("{}: {said}", step.title)));
    let all: Vec<String> = of.differences.iter().cloned().chain(of_steps).collect();
    if all.is_empty() {
        rows.push(Row::Said(Role::Dim, "nothing that is recorded".to_owned()));
    }
    rows.extend(all.into_iter().map(|said| Row::Said(Role::Text, said)));
    rows.push(Row::Head("Which was faster".to_owned()));
    rows.extend(of.verdict.iter().map(|said| Row::Said(Role::Text, said.clone())));
    rows
}

fn of_step(beside: &Beside, step: &Aligned) -> Vec<Row> {
    let mut rows: Vec<Row> = step.differences.iter().map(|said| Row::Said(Role::Warn, said.clone())).collect();
    let [a, b] = step.did.each().map(Option::as_ref);
    let how = |did: Option<&Did>| match did {
        None => "it is not in this runbook".to_owned(),
        Some(did) if did.attempts.is_empty() => format!("{}; nothing ran", step_shown(Some(did))),
        Some(did) => format!("{}; {}", step_shown(Some(did)), counted(did.attempts.len(), "attempt")),
    };
    rows.push(sides(&how(a), &how(b)));
    let (tried_a, tried_b) = (attempts(a), attempts(b));
    for (one, other) in paired(tried_a, tried_b) {
        let name = one.or(other).map(|tried| tried.action.clone()).unwrap_or_default();
        rows.push(Row::Head(name));
        let ran = |tried: Option<&Tried>| tried.map(|tried| tried.command.trim_end().to_owned()).unwrap_or_default();
        beside_each_other(&mut rows, Role::Code, &ran(one), &ran(other));
        let ended = |tried: &Tried| {
            let took = tried.took_ms.map(|took| format!(" in {}", crate::report::exact(took))).unwrap_or_default();
            format!("{} {}{took}", tried.attempt, tried.result)
        };
        let (ended_a, ended_b) = (one.map(ended), other.map(ended));
        // The numbers and the times differ always; what came of it counts.
        let differ = one.map(|tried| &tried.result) != other.map(|tried| &tried.result);
        rows.push(Row::Sides { a: ended_a, b: ended_b, differ, role: Role::Strong });
        let printed_a = one.and_then(|tried| beside.printed(|of| &of.a, &tried.attempt));
        let printed_b = other.and_then(|tried| beside.printed(|of| &of.b, &tried.attempt));
        outputs(&mut rows, printed_a, printed_b);
    }
    rows
}

fn attempts(did: Option<&Did>) -> &[Tried] {
    did.map(|did| did.attempts.as_slice()).unwrap_or_default()
}

/// Pairs attempts: the first one of an action with the first one of the other run, and so on.
fn paired<'t>(one: &'t [Tried], other: &'t [Tried]) -> Vec<(Option<&'t Tried>, Option<&'t Tried>)> {
    let mut left: Vec<&Tried> = other.iter().collect();
    let mut pairs: Vec<(Option<&Tried>, Option<&Tried>)> = Vec::new();
    for tried in one {
        let at = left.iter().position(|its| its.action == tried.action);
        pairs.push((Some(tried), at.map(|at| left.remove(at))));
    }
    pairs.extend(left.into_iter().map(|its| (None, Some(its))));
    pairs
}

fn outputs(rows: &mut Vec<Row>, one: Option<&Printed>, other: Option<&Printed>) {
    for name in ["stdout", "stderr"] {
        let text = |printed: Option<&Printed>| {
            let excerpt = printed.and_then(|printed| printed.streams.iter().find(|stream| stream.name == name));
            excerpt.map(read).unwrap_or_default()
        };
        let (a, b) = (text(one), text(other));
        if !(a.is_empty() && b.is_empty()) {
            rows.push(Row::Said(Role::Dim, name.to_owned()));
            beside_each_other(rows, Role::Text, &a, &b);
        }
    }
}

/// Reads an output as plain lines; what is left out is said where it is missing.
fn read(excerpt: &Excerpt) -> String {
    let head = match &excerpt.head {
        Ok(head) => head,
        Err(why) => return why.clone(),
    };
    let middle = match excerpt.left_out {
        0 => String::new(),
        bytes => format!("\n({bytes} bytes are left out here; all of it is in {})\n", excerpt.file),
    };
    format!("{head}{middle}{}", excerpt.tail)
}

fn beside_each_other(rows: &mut Vec<Row>, role: Role, a: &str, b: &str) {
    let plain = |text: &str| -> Vec<String> {
        let line = |line: &str| sgr::pieces(line).into_iter().map(|(_, text)| text).collect();
        text.lines().map(line).collect()
    };
    let (a, b) = (plain(a), plain(b));
    let (a, b): (Vec<&str>, Vec<&str>) =
        (a.iter().map(String::as_str).collect(), b.iter().map(String::as_str).collect());
    let own = |line: Option<&str>| line.map(str::to_owned);
    rows.extend(diff(&a, &b).into_iter().map(|row| match row {
        Differing::Same(line) => Row::Sides { a: own(Some(line)), b: own(Some(line)), differ: false, role },
        Differing::Different(a, b) => Row::Sides { a: own(a), b: own(b), differ: true, role },
    }));
}

/// Writes a length of time for a column.
pub(super) fn length(ms: u64) -> String {
    clock(std::time::Duration::from_millis(ms))
}

/// Draws a bar of what both took, in text: what both share, and whose letter goes on.
pub(super) fn bar(took: [u64; 2], longest: u64, columns: usize, shared: &str) -> (String, String) {
    let (both, who, more) = bar_parts(took, longest, columns);
    (shared.repeat(both), who.repeat(more))
}
