//! The plan pane: phases and steps with glyph, word and time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::Pane;
use super::text::{cut, put, put_all, span, width};
use crate::engine::{Lane, StepState};
use crate::kernel::{SafeText, clock};
use crate::runbook::{Phase, Step};
use crate::settings::theme::Role;
use crate::ui::model::{Focus, Model, RunScreen};

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let run = &screen.run;
    let settled = run.steps.iter().filter(|state| state.is_settled()).count();
    let right = format!("{settled} of {} settled", run.steps.len());
    let border = if screen.focused() == Focus::Plan { Role::Focus } else { Role::Border };
    let inner = Pane { title: "Plan", right: &right, border, ..Pane::default() }.draw(model, area, buf);
    let (columns, height) = (usize::from(inner.width), usize::from(inner.height));
    let shown = screen.shown();
    let open_phase = run.plan.steps.get(shown).map(|step| step.phase);
    // What the table shows is not shown twice.
    let group = screen.group();
    let lanes = if group.is_some() { 0 } else { run.lanes.len() };
    let all = run.plan.phases.len() + run.plan.steps.len() + lanes <= height;
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut focus_line = 0;
    for (index, phase) in run.plan.phases.iter().enumerate() {
        lines.push(phase_line(model, screen, index, phase, columns));
        if !all && open_phase != Some(index) {
            continue;
        }
        for at in phase.steps.clone() {
            let Some((step, state)) = run.plan.steps.get(at).zip(run.steps.get(at)) else { continue };
            if at == shown {
                focus_line = lines.len();
            }
            lines.push(step_line(model, screen, (at, step, state), columns));
            // What goes on behind a step that is done stays in view.
            let lanes = || screen.run.lanes_of(at).map(|(_, lane)| lane);
            let in_table = group.as_ref().is_some_and(|group| group.steps.contains(&at));
            let shows =
                !in_table && (at == shown || !state.is_settled() || lanes().any(|lane| !lane.state.is_settled()));
            lines.extend(lanes().filter(|_| shows).map(|lane| lane_line(model, lane, columns)));
        }
    }
    let top = (focus_line + 2).saturating_sub(height).min(lines.len().saturating_sub(height));
    put_all(buf, inner, lines.get(top..).unwrap_or_default());
}

/// Says the place in the plan on one line, where there is no room for a pane.
pub(super) fn one_line(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let run = &screen.run;
    let at = screen.shown();
    let Some((step, state)) = run.plan.steps.get(at).zip(run.steps.get(at)) else { return };
    let (glyph, word, role) = model.palette.state(state);
    let mut line = Line::from(span(model, role, format!(" {glyph} step {} of {} {word}", at + 1, run.steps.len())));
    if let Some(phase) = run.plan.phases.get(step.phase) {
        line.push_span(span(model, Role::Dim, format!(" · {}", SafeText::line(&phase.title))));
    }
    put(buf, area, &line);
}

fn phase_line(model: &Model, screen: &RunScreen, index: usize, phase: &Phase, columns: usize) -> Line<'static> {
    let run = &screen.run;
    let states = run.steps.range(phase.steps.clone());
    let current = phase.steps.contains(&screen.run.focus().map_or(run.current, |strand| strand.step));
    let left_out = |state: &StepState| matches!(state, StepState::NotApplicable { .. });
    let empty = states.clone().next().is_none();
    let not_for_this = !empty && states.clone().all(left_out);
    let (glyph, role) = if not_for_this {
        (model.palette.glyph("–", "-"), Role::Dim)
    } else if !empty && states.clone().all(StepState::is_settled) {
        (model.palette.glyph("✓", "+"), Role::Ok)
    } else if current {
        (model.palette.glyph("▶", ">"), Role::Title)
    } else {
        (model.palette.glyph("·", "."), Role::Dim)
    };
    let time = match (run.phase_time(index, model.now), phase.budget) {
        _ if not_for_this => "not this case".to_owned(),
        (Some(used), Some(budget)) if current => format!("{} of {}", clock(used), clock(budget)),
        (Some(used), _) => clock(used),
        (None, Some(budget)) => clock(budget),
        (None, None) => String::new(),
    };
    justified(model, &(role, format!("{glyph} {}", SafeText::line(&phase.title))), &(Role::Dim, time), columns)
}

fn step_line(model: &Model, screen: &RunScreen, row: (usize, &Step, &StepState), columns: usize) -> Line<'static> {
    let (at, step, state) = row;
    let (glyph, word, role) = model.palette.state(state);
    let time = match screen.run.step_times.get(at).copied().unwrap_or_default() {
        (Some(started), Some(settled)) => clock(settled.since(&started)),
        (Some(started), None) => clock(model.now.since(&started)),
        (None, _) => String::new(),
    };
    let right = match (word.is_empty(), time.is_empty()) {
        (true, _) => time,
        (false, true) => word.to_owned(),
        (false, false) => format!("{word} {time}"),
    };
    let looked_at = screen.look == Some(at);
    let mark = if looked_at { model.palette.glyph("›", "*") } else { " " };
    let left = format!("{mark} {glyph} {} {}", step.number, SafeText::line(&step.title));
    let role = if looked_at { Role::Focus } else { role };
    justified(model, &(role, left), &(role, right), columns)
}

/// Says where an item of a step is.
fn lane_line(model: &Model, lane: &Lane, columns: usize) -> Line<'static> {
    let (glyph, word, role) = model.palette.state(&lane.state);
    let time = match lane.times {
        (Some(started), settled) => clock(settled.unwrap_or(model.now).since(&started)),
        (None, _) => String::new(),
    };
    let right = [word, time.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    justified(model, &(role, format!("     {glyph} {}", SafeText::line(&lane.item))), &(role, right), columns)
}

fn justified(model: &Model, left: &(Role, String), right: &(Role, String), columns: usize) -> Line<'static> {
    let room = columns.saturating_sub(width(&right.1) + usize::from(!right.1.is_empty()));
    let text = cut(&left.1, room);
    let gap = columns.saturating_sub(width(&text) + width(&right.1));
    Line::from(vec![span(model, left.0, text), span(model, right.0, format!("{}{}", " ".repeat(gap), right.1))])
}
