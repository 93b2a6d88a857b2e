//! The table of what is worked on side by side: state, time, what that usually is, and the last line that each printed.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::output::in_files;
use super::pane::{Pane, foot};
use super::text::{cut, put, span, split, width};
use crate::engine::{Attempt, AttemptState, StepState, Strand};
use crate::kernel::{AttemptId, SafeText, clock, counted};
use crate::runbook::Until;
use crate::settings::theme::Role;
use crate::ui::model::{Focus, Model, RunScreen};
use crate::ui::side_by_side::Group;

/// Silence is told from here on.
const SILENT: Duration = Duration::from_secs(10);

/// How wide the columns are, with the gap before each.
const MARK: usize = 4;
const STATE: usize = 10;
const ELAPSED: usize = 10;
const USUAL: usize = 10;

/// Names are no wider than this, and where there is more to show no narrower than that.
const NAME: (usize, usize) = (36, 12);
/// Less of an output says nothing.
const OUTPUT: usize = 12;

/// Says how wide each column is in so many; 0: there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    name: usize,
    state: usize,
    elapsed: usize,
    usual: usize,
    output: usize,
}

impl Columns {
    /// Shares the room out: the name and the time always have some, then the state, the last output, and what is usual.
    fn of(columns: usize, names: usize) -> Self {
        let names = names.clamp(4, NAME.0);
        let left = columns.saturating_sub(MARK + ELAPSED);
        let (least, name) = (names.min(NAME.1), |room: usize| names.min(room.max(1)));
        let fits = |more: usize| left >= least + more;
        let state = if fits(STATE) { STATE } else { 0 };
        let output = state > 0 && fits(STATE + OUTPUT);
        let usual = if output && fits(STATE + OUTPUT + USUAL) { USUAL } else { 0 };
        let rest = left.saturating_sub(state + usual);
        if !output {
            return Self { name: name(rest), state, elapsed: ELAPSED, usual, output: 0 };
        }
        // The name gets two fifths where it needs them.
        let name = name((rest * 2 / 5).max(least));
        Self { name, state, elapsed: ELAPSED, usual, output: rest - name }
    }
}

/// Returns how many rows the table of a group takes, its frame included.
pub(super) fn height(screen: &RunScreen, group: &Group) -> u16 {
    u16::try_from(group.rows(&screen.run).count().saturating_add(3)).unwrap_or(u16::MAX)
}

pub(super) fn draw(model: &Model, screen: &RunScreen, group: &Group, area: Rect, buf: &mut Buffer) {
    let run = &screen.run;
    let border = if screen.focused() == Focus::Table { Role::Focus } else { Role::Border };
    let counts = Counts::of(screen, group);
    let (title, right) = (title(screen, group, counts.all), counts.words());
    let right_role = if counts.failed > 0 { Role::Fail } else { Role::Dim };
    let inner = Pane { title: &title, right: &right, right_role, border, ..Pane::default() }.draw(model, area, buf);
    let (head, body) = split(inner, 1);
    let height = usize::from(body.height);
    let at = screen.row();
    let place = group.rows(run).position(|row| Some(row) == at).unwrap_or_default();
    let top = place.saturating_sub(height / 2).min(counts.all.saturating_sub(height));
    let rows: Vec<Strand> = group.rows(run).skip(top).take(height).collect();
    let attempts = latest(screen, group, &rows);
    let names: Vec<String> = rows.iter().map(|row| name(screen, group, *row)).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or_default();
    let columns = Columns::of(usize::from(inner.width), widest);
    put(buf, head, &header(model, group, columns));
    for (nth, ((row, name), attempt)) in rows.iter().zip(&names).zip(attempts).enumerate() {
        let Some(shown) = Shown::of(model, screen, *row, attempt) else { continue };
        let line = line(model, name, &shown, columns, if Some(*row) == at { Cursor::Here } else { Cursor::Elsewhere });
        put(buf, Rect { y: body.y + nth as u16, height: 1, ..body }, &line);
    }
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    foot(model, below, buf, top..counts.all);
}

/// Counts rows by what they ask of somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    all: usize,
    settled: usize,
    running: usize,
    failed: usize,
    asking: usize,
}

impl Counts {
    fn of(screen: &RunScreen, group: &Group) -> Self {
        let run = &screen.run;
        let mut counts = Self::default();
        for row in group.rows(run) {
            let Some(state) = run.state(row) else { continue };
            counts.all += 1;
            counts.settled += usize::from(state.is_settled());
            match state {
                StepState::Failed { .. } => counts.failed += 1,
                StepState::Running { .. } => counts.running += 1,
                _ if run.awaits_person(row) => counts.asking += 1,
                _ => {}
            }
        }
        counts
    }

    fn words(self) -> String {
        let some = |count: usize, words: &str| (count > 0).then(|| format!(", {count} {words}"));
        let more = [some(self.running, "running"), some(self.asking, "waiting for you"), some(self.failed, "FAILED")];
        format!("{} of {} settled{}", self.settled, self.all, more.into_iter().flatten().collect::<String>())
    }
}

fn title(screen: &RunScreen, group: &Group, rows: usize) -> String {
    let steps = screen.run.plan.steps.get(group.steps.clone()).unwrap_or_default();
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return String::new() };
    if group.is_of_steps() {
        return format!("Side by side: {} to {}", first.number, last.number);
    }
    let lane = group.rows(&screen.run).next().and_then(|row| screen.run.foreach_of(row));
    let goes_on = lane.map(|foreach| match (foreach.until, foreach.max_errors) {
        (Until::Any, _) => ", one suffices".to_owned(),
        (_, 0) => String::new(),
        (_, most) => format!(", {most} may fail"),
    });
    let title = SafeText::line(&first.title);
    format!("{} {title}: {}{}", first.number, counted(rows, "item"), goes_on.unwrap_or_default())
}

fn name(screen: &RunScreen, group: &Group, row: Strand) -> String {
    let run = &screen.run;
    match (run.lanes.get(&row), run.plan.steps.get(row.step)) {
        (Some(lane), _) => format!("{}{}", if group.is_of_steps() { "  " } else { "" }, SafeText::line(&lane.item)),
        (None, Some(step)) => format!("{} {}", step.number, SafeText::line(&step.title)),
        (None, None) => String::new(),
    }
}

/// Finds the last attempt at each row that began.
fn latest<'s>(screen: &'s RunScreen, group: &Group, rows: &[Strand]) -> Vec<Option<(&'s AttemptId, &'s Attempt)>> {
    let run = &screen.run;
    let mut found = vec![None; rows.len()];
    let mut open = rows.len();
    for id in run.order.iter().rev() {
        if open == 0 {
            break;
        }
        let Some(known) = run.attempts.get_key_value(id) else { continue };
        let Some((step, item)) = known.1.step.as_ref().map(crate::kernel::StepId::parts) else { continue };
        let of = |at: &usize| run.plan.steps.get(*at).is_some_and(|known| known.id.as_str() == step);
        let Some(step) = group.steps.clone().find(of) else { continue };
        let place = rows.iter().position(|row| *row == Strand { step, item });
        if let Some(slot) = place.and_then(|place| found.get_mut(place)).filter(|slot| slot.is_none()) {
            *slot = Some(known);
            open -= 1;
        }
    }
    found
}

/// Holds what a row shows besides its name.
struct Shown {
    glyph: &'static str,
    word: &'static str,
    role: Role,
    elapsed: String,
    /// It takes longer than it ever did, or than is expected.
    late: Option<&'static str>,
    usual: String,
    output: (Role, String),
    /// What is told of its silence.
    silence: String,
}

impl Shown {
    fn of(model: &Model, screen: &RunScreen, row: Strand, attempt: Option<(&AttemptId, &Attempt)>) -> Option<Self> {
        let run = &screen.run;
        let state = run.state(row)?;
        let (glyph, word, role) = model.palette.state(state);
        let ended = match attempt.map(|(_, attempt)| &attempt.state) {
            Some(AttemptState::Finished { at, .. }) => Some(*at),
            Some(AttemptState::Running) | None => None,
        };
        let retries = run.turn(row).is_some_and(|turn| turn.retry.is_some());
        let word = match state {
            StepState::Done { .. } if word.is_empty() => "done",
            StepState::Waiting => "waits",
            // Others have to end before.
            StepState::Ready { .. } if !retries && attempt.is_none() => "waits",
            StepState::NotApplicable { .. } => "left out",
            StepState::Ready { .. } if retries => "retries",
            _ => word,
        };
        let (from, to) = match run.lanes.get(&row) {
            Some(lane) => lane.times,
            None => run.step_times.get(row.step).copied().unwrap_or_default(),
        };
        // What failed does not go on, however long it waits for an answer.
        let failed = matches!(state, StepState::Failed { .. });
        let to = to.or(ended.filter(|_| failed));
        let elapsed = from.map(|from| to.unwrap_or(model.now).since(&from));
        let took = screen.usual.of(run, row);
        let expected = run.expected(row).filter(|_| took.is_none());
        let usual = match (took, expected) {
            (Some(took), _) => short(took.middle),
            (None, Some(expected)) => format!("exp {}", short(expected)),
            (None, None) => String::new(),
        };
        let limit = took.map(|took| took.longest).or(expected);
        let late = !state.is_settled() && !failed && elapsed.zip(limit).is_some_and(|(elapsed, limit)| elapsed > limit);
        let (output, silence) = printed(model, screen, state, attempt);
        Some(Self {
            glyph,
            word,
            role,
            elapsed: elapsed.map(clock).unwrap_or_default(),
            late: late.then_some("!"),
            usual,
            output,
            silence,
        })
    }
}

/// Returns what an attempt printed last, or what has to be known instead, and how long it has been silent.
fn printed(
    model: &Model,
    screen: &RunScreen,
    state: &StepState,
    attempt: Option<(&AttemptId, &Attempt)>,
) -> ((Role, String), String) {
    let said = attempt.and_then(|(id, _)| screen.last_line(id));
    if let StepState::Failed { why, .. } = state {
        let last = said.map(|(line, _)| format!(" · {}", line.trim())).unwrap_or_default();
        return ((Role::Fail, format!("{}{last}", SafeText::line(why))), String::new());
    }
    let Some((id, attempt)) = attempt else { return ((Role::Dim, String::new()), String::new()) };
    let silence = match &attempt.state {
        AttemptState::Running => {
            let since = said.and_then(|(_, at)| at).unwrap_or(attempt.started);
            let silent = model.now.since(&since);
            if silent >= SILENT { format!("silent {}", clock(silent)) } else { String::new() }
        }
        AttemptState::Finished { .. } => String::new(),
    };
    let output = match (said, &attempt.state) {
        (Some((line, _)), _) => (Role::Text, line.trim().to_owned()),
        (None, AttemptState::Finished { streams, .. }) if streams.out_bytes + streams.err_bytes > 0 => {
            (Role::Dim, in_files(id, streams))
        }
        (None, _) => (Role::Dim, String::new()),
    };
    (output, silence)
}

fn header(model: &Model, group: &Group, columns: Columns) -> Line<'static> {
    let name = if group.is_of_steps() { "step" } else { "item" };
    let cells = [
        format!("{:MARK$}{name:<wide$}", "", wide = columns.name),
        if columns.state > 0 { format!(" {:<wide$}", "state", wide = columns.state - 1) } else { String::new() },
        format!(" {:>wide$}  ", "elapsed", wide = columns.elapsed - 3),
        if columns.usual > 0 { format!(" {:>wide$}", "usual", wide = columns.usual - 1) } else { String::new() },
        if columns.output > 0 { "  last output".to_owned() } else { String::new() },
    ];
    Line::from(span(model, Role::Dim, cells.concat()))
}

/// Says whether what stands beside the table is about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    Here,
    Elsewhere,
}

fn line(model: &Model, name: &str, shown: &Shown, columns: Columns, cursor: Cursor) -> Line<'static> {
    let (mark, name_role) = match cursor {
        Cursor::Here => (model.palette.glyph("›", "*"), Role::Focus),
        Cursor::Elsewhere => (" ", Role::Text),
    };
    let mut line = Line::from(vec![
        span(model, Role::Focus, mark),
        span(model, shown.role, format!(" {} ", shown.glyph)),
        span(model, name_role, padded(name, columns.name)),
    ]);
    if columns.state > 0 {
        line.push_span(span(model, shown.role, format!(" {}", padded(shown.word, columns.state - 1))));
    }
    let time = if shown.late.is_some() { Role::Warn } else { Role::Text };
    let late = shown.late.unwrap_or(" ");
    line.push_span(span(model, time, format!(" {:>wide$} {late}", shown.elapsed, wide = columns.elapsed - 3)));
    if columns.usual > 0 {
        line.push_span(span(model, Role::Dim, format!(" {:>wide$}", shown.usual, wide = columns.usual - 1)));
    }
    if columns.output > 2 {
        let (role, text) = &shown.output;
        let room = columns.output - 2;
        let gap = if text.is_empty() { 0 } else { 2 };
        let taken = if shown.silence.is_empty() { 0 } else { width(&shown.silence) + gap };
        // Where both do not fit, what was said last says more than for how long nothing was.
        let silence = if taken + gap.min(1) * 8 <= room { taken } else { 0 };
        let text = cut(text, room - silence);
        line.push_span(span(model, *role, format!("  {text}")));
        if silence > 0 {
            line.push_span(span(model, Role::Dim, format!("{}{}", " ".repeat(gap), shown.silence)));
        }
    }
    line
}

fn padded(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let gap = " ".repeat(columns.saturating_sub(width(&text)));
    text + &gap
}

/// Says a time in at most seven columns.
fn short(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    if minutes < 60 { clock(time) } else { format!("{}h{:02}", minutes / 60, minutes % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_room_and_give_way_in_order() {
        let mut before = Columns::of(0, 20);
        for room in 1..220 {
            for names in [0, 9, 20, 80] {
                let columns = Columns::of(room, names);
                let taken = MARK + columns.name + columns.state + columns.elapsed + columns.usual + columns.output;
                assert!(taken <= room.max(MARK + ELAPSED + 1), "{room} {names}: {columns:?}");
                assert!(columns.output == 0 || taken == room, "{room} {names}: {columns:?}");
                assert!(columns.usual == 0 || columns.output >= OUTPUT, "what is usual goes first: {columns:?}");
                assert!(columns.output == 0 || columns.state > 0, "the state goes last: {columns:?}");
            }
            let now = Columns::of(room, 20);
            let shown = |columns: Columns| [columns.state, columns.output, columns.usual].map(|wide| wide > 0);
            assert!(shown(before).iter().zip(shown(now)).all(|(was, is)| is || !was), "{room}: {before:?} {now:?}");
            before = now;
        }
        let all = |columns: Columns| columns.state > 0 && columns.output > 0 && columns.usual > 0;
        assert!(all(Columns::of(58, 30)) && all(Columns::of(78, 30)), "60 and 80 columns show everything");
    }

    #[test]
    fn long_times_stay_short() {
        let shown = [59, 70, 3_599, 3_600, 363_000].map(|seconds| short(Duration::from_secs(seconds)));
        assert_eq!(shown, ["0:59", "1:10", "59:59", "1h00", "100h50"]);
    }
}
