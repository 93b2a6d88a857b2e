//! The step pane: what the step says, what it runs, how grave that is, what follows.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::{Pane, foot};
use super::text::{line, put_all, wrap};
use crate::engine::{Prompt, StepState, Strand};
use crate::kernel::{SafeText, say_duration};
use crate::runbook::{Action, Impact, Section, Step};
use crate::settings::theme::Role;
use crate::ui::asking;
use crate::ui::model::{Focus, Model, RunScreen, Ticks};
use crate::ui::page::{Above, Key, Of, Page, Part, Reading, Ways, fill};

/// Returns the role of an impact.
pub(super) fn impact_role(impact: Impact) -> Role {
    match impact {
        Impact::Observe => Role::Dim,
        Impact::Change => Role::Text,
        Impact::Disrupt => Role::Warn,
        Impact::Irreversible => Role::Fail,
    }
}

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let border = if screen.focused() == Focus::Step { Role::Focus } else { Role::Border };
    let at = screen.shown();
    let Some((step, state)) = screen.run.plan.steps.get(at).zip(screen.run.steps.get(at)) else {
        Pane { title: "No steps", border, ..Pane::default() }.draw(model, area, buf);
        return;
    };
    let title = format!("{} {}", step.number, SafeText::line(&step.title));
    let impact = gravest(step);
    let right = impact.map_or("by hand", Impact::word);
    let right_role = impact.map_or(Role::Dim, impact_role);
    let pane = Pane { title: &title, right, right_role, border, ..Pane::default() };
    let inner = pane.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let (mut lines, next) = notes(model, screen, (at, step, state), columns);
    let page = page(model, screen, Of::Step(at), columns);
    if !lines.is_empty() && page.rows() > 0 {
        lines.push(Line::default());
    }
    let (height, head) = (usize::from(inner.height), lines.len());
    let rows = head + page.rows();
    let follows = next.filter(|_| screen.ticks == Ticks::InSight);
    let top = follows.map_or(screen.step_scroll, |end| end.saturating_sub(height).max(screen.step_scroll));
    let top = top.min(rows.saturating_sub(height));
    model.shelf.can_scroll_to(rows.saturating_sub(height));
    let mut shown: Vec<Line<'static>> = lines.into_iter().skip(top).take(height).collect();
    let left = height - shown.len();
    shown.extend(page.lines(&model.palette, top.saturating_sub(head), left));
    put_all(buf, inner, &shown);
    foot(model, area, buf, top..rows);
}

/// Counts the rows that the step which is shown takes in so many columns.
pub(super) fn rows(model: &Model, screen: &RunScreen, columns: usize) -> usize {
    let at = screen.shown();
    let Some((step, state)) = screen.run.plan.steps.get(at).zip(screen.run.steps.get(at)) else { return 0 };
    let notes = notes(model, screen, (at, step, state), columns).0.len();
    let page = page(model, screen, Of::Step(at), columns).rows();
    notes + page + usize::from(notes > 0 && page > 0)
}

fn gravest(step: &Step) -> Option<Impact> {
    step.actions.iter().filter(|action| action.section <= Section::Verify).map(|action| action.impact).max()
}

/// Says what the step's own text does not: how it ended, how long it takes, what can be undone, what is ticked; and with
/// how many rows that reaches behind the item that is ticked next.
fn notes(
    model: &Model,
    screen: &RunScreen,
    row: (usize, &Step, &StepState),
    columns: usize,
) -> (Vec<Line<'static>>, Option<usize>) {
    let (at, step, state) = row;
    let mut lines = Vec::new();
    let mut say = |role, text: &str| {
        lines.extend(wrap(text, columns, 4).into_iter().map(|row| line(model, role, row)));
    };
    if screen.look.is_some() {
        say(Role::Dim, &SafeText::line(&screen.run.step_sentence(at)).into_string());
    }
    match state {
        StepState::Done { how, note: Some(note) } if how == "decided" => {
            say(Role::Ok, &format!("Decided: {}", SafeText::line(note)));
        }
        StepState::Done { note: Some(note), .. } => say(Role::Ok, &format!("Done: {}", SafeText::line(note))),
        StepState::Owed { owner, due, .. } => {
            say(Role::Warn, &format!("{} owes it until {}", SafeText::line(owner), due.format("%Y-%m-%d %H:%MZ")));
        }
        StepState::NotApplicable { why } => say(Role::Dim, &format!("Not for this case: {}", SafeText::line(why))),
        StepState::Skipped { reason } => say(Role::Warn, &format!("Skipped: {}", SafeText::line(reason))),
        _ => {}
    }
    if let Some(command) = screen.run.edited_before(Strand::whole(at)) {
        say(Role::Warn, &format!("Edited: what is run instead is `{}`", SafeText::line(command)));
    }
    let facts = facts(step);
    if !facts.is_empty() {
        say(Role::Dim, &facts);
    }
    let cautions = step.cautions.iter().chain(step.actions.iter().flat_map(|action| &action.cautions));
    for caution in cautions {
        say(Role::Warn, &format!("{} {}", model.palette.glyph("⚠", "!"), SafeText::line(&filled(screen, caution))));
    }
    if let Some(when) = &step.when {
        say(Role::Dim, &format!("Only if {}", SafeText::line(&when.to_string())));
    }
    for name in &step.ask {
        let Some(input) = screen.run.plan.input(name) else { continue };
        let entered = screen.run.vars.get(name).filter(|_| screen.run.entered.contains(name));
        match entered {
            Some(value) => say(Role::Ok, &format!("{name} = {}", asking::shown(&input.kind, value, model.local))),
            None => say(Role::Ask, &format!("{name} is asked for: {}", SafeText::line(&input.description))),
        }
        if let Some(first) = screen.run.readings.get(name) {
            // What was read is not shown: the second person looks at the source, not at the screen.
            say(Role::Warn, &format!("{} has read {name}; a second person has to read it", SafeText::line(&first.by)));
        }
    }
    if let Some(words) = duty(step) {
        let late = screen.run.overdue.contains(&at) && !state.is_settled();
        say(if late { Role::Fail } else { Role::Dim }, &words);
    }
    for message in &step.messages {
        let sent = screen.run.sent.contains(&message.name);
        let due = screen.run.due.contains(&message.name);
        let (role, word) = match (sent, due) {
            (_, true) => (Role::Warn, "due again"),
            (true, false) => (Role::Ok, "sent"),
            (false, false) => (Role::Ask, "to be sent"),
        };
        say(role, &format!("Message to {}: {word}", SafeText::line(&message.to)));
    }
    if step.decision.is_some() && !state.is_settled() {
        for way in asking::ways(&screen.run, &step.id) {
            say(Role::Ask, &way);
        }
    }
    let mut next = None;
    for (item, ticked) in step.checklist.iter().zip(screen.run.ticks.get(at).into_iter().flatten()) {
        let (glyph, role) = if *ticked {
            (model.palette.glyph("☑", "[x]"), Role::Ok)
        } else {
            (model.palette.glyph("☐", "[ ]"), Role::Text)
        };
        let words = wrap(&format!("{glyph} {}", SafeText::line(&filled(screen, &item.text))), columns, 4);
        lines.extend(words.into_iter().map(|row| line(model, role, row)));
        if !ticked {
            next.get_or_insert(lines.len());
        }
    }
    (lines, next)
}

/// Says who does a step and until when, if the runbook says it.
fn duty(step: &Step) -> Option<String> {
    let duty = &step.duty;
    let parts = [
        duty.by.as_ref().map(|by| format!("done by {}", SafeText::line(by))),
        duty.deadline.map(|deadline| format!("a reminder after {}", say_duration(deadline))),
        duty.escalate.as_ref().map(|anchor| format!("then #{}", SafeText::line(anchor))),
        duty.owner.as_ref().map(|owner| format!("may be left to {}", SafeText::line(owner))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn facts(step: &Step) -> String {
    let count = |section: Section| step.actions.iter().filter(|action| action.section == section).count();
    let mut parts = Vec::new();
    let expected: std::time::Duration =
        step.actions.iter().filter(|action| action.section <= Section::Verify).filter_map(|a| a.expected).sum();
    if !expected.is_zero() {
        parts.push(format!("expected {}", say_duration(expected)));
    }
    if let Some(budget) = step.budget {
        parts.push(format!("budget {}", say_duration(budget)));
    }
    if gravest(step).is_some_and(|impact| impact > Impact::Observe) {
        let named =
            count(Section::Rollback) > 0 || step.rollback_words().is_some_and(|words| !words.starts_with("None"));
        parts.push(if named { "rollback below".to_owned() } else { "no rollback".to_owned() });
    }
    match count(Section::Verify) {
        0 => {}
        1 => parts.push("verified by 1 check".to_owned()),
        checks => parts.push(format!("verified by {checks} checks")),
    }
    parts.join(", ")
}

/// Returns the step's text as it is laid out.
pub(super) fn page(model: &Model, screen: &RunScreen, of: Of, columns: usize) -> Arc<Page> {
    let values = screen.run.vars.clone();
    let (Of::Step(at) | Of::Prose(at) | Of::Words(at, _)) = of else { return Arc::default() };
    let Some(step) = screen.run.plan.steps.get(at) else { return Arc::default() };
    let ways = if step.decision.is_some() { Ways::Above } else { Ways::Here };
    let above = Above { items: &step.checklist, ways };
    let part = match of {
        Of::Prose(_) | Of::Words(..) => Part::Prose(above),
        Of::Step(_) | Of::Runbook(_) => Part::Step(above),
    };
    let text = |of: &Of| match of {
        Of::Words(_, name) => {
            let action = step.actions.iter().find(|action| action.name == *name);
            action.and_then(|action| words_before(&step.body, &action.code)).unwrap_or_default()
        }
        Of::Step(_) | Of::Prose(_) | Of::Runbook(_) => step.body.as_str(),
    };
    let body = text(&of);
    let value = |name: &str| known(screen, name);
    let reading = Reading { columns, glyphs: model.palette.glyphs, part, value: &value };
    model.shelf.page(Key { of, columns, values }, || reading.read(body))
}

/// Says what a confirmation shows of a step's text: what stands just before the fence that is asked about. Of a step whose
/// first fence has no words of its own, all of its prose.
pub(super) fn prose_of(screen: &RunScreen, prompt: &Prompt) -> Option<Of> {
    let at = screen.run.strand(prompt.step.as_ref()?)?.step;
    let (step, name) = (screen.run.plan.steps.get(at)?, prompt.action.as_ref()?);
    let action = step.actions.iter().find(|action| action.name == *name)?;
    let first = step.actions.iter().find(|action| action.section == Section::Main);
    match words_before(&step.body, &action.code) {
        Some(words) if !words.trim().is_empty() => Some(Of::Words(at, name.clone())),
        _ if first.is_some_and(|first| first.name == *name) => Some(Of::Prose(at)),
        _ => None,
    }
}

/// Returns what a text says just before the fence with this code: from the fence or the heading before it on.
fn words_before<'t>(body: &'t str, code: &str) -> Option<&'t str> {
    let same = |fence: &str| fence.lines().map(str::trim).eq(code.trim_end().lines().map(str::trim));
    let mut from = 0;
    let mut at = 0;
    // Where the fence that is open begins, where its code does, and what closes it.
    let mut open: Option<(usize, usize, char)> = None;
    for line in body.split_inclusive('\n') {
        let (text, next) = (line.trim(), at + line.len());
        let mark = ['`', '~'].into_iter().find(|mark| text.starts_with(&String::from(*mark).repeat(3)));
        match (open, mark) {
            (None, Some(mark)) => open = Some((at, next, mark)),
            (Some((begins, code_at, mark)), Some(_)) if text.chars().all(|c| c == mark) => {
                if body.get(code_at..at).is_some_and(same) {
                    return body.get(from..begins);
                }
                (open, from) = (None, next);
            }
            (None, None) if text.starts_with('#') => from = next,
            (None | Some(_), _) => {}
        }
        at = next;
    }
    None
}

/// Puts values in place of `${NAME}` where they are known. For reading only: what runs is what a confirmation shows.
pub(in crate::ui) fn filled(screen: &RunScreen, text: &str) -> String {
    fill(text, &|name| known(screen, name)).into_owned()
}

/// Returns the value of a variable, if it is known.
pub(super) fn known(screen: &RunScreen, name: &str) -> Option<String> {
    screen.run.vars.get(name).cloned().or_else(|| screen.run.lasting(name))
}

/// Returns the texts of a step's rollback, for confirmations.
pub(super) fn rollback(step: &Step) -> Option<&Action> {
    step.actions.iter().find(|action| action.section == Section::Rollback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_has_the_words_that_stand_before_it() {
        let body = "Promotion is for good.\n\n```aws {name=promote}\naws rds promote\n```\n\n#### Verify\n\nIt is seen.\n\n\
                    ```aws\naws rds describe\n```\n\nA status is no write.\n\n~~~http {name=probe}\nPOST h\n~~~\n\nLast.\n";
        let words = |code: &str| words_before(body, code).map(str::trim);
        assert_eq!(words("aws rds promote\n"), Some("Promotion is for good."));
        assert_eq!(words("aws rds describe"), Some("It is seen."));
        assert_eq!(words("POST h\n"), Some("A status is no write."));
        assert_eq!(words("another"), None);
        assert_eq!(words_before("```sh\nnever closed", "never closed"), None);
        assert_eq!(words_before("```sh\na\n```\n```sh\nb\n```\n", "b"), Some(""));
    }
}
