//! Questions: confirmations with everything resolved, reasons, and what Ctrl-C asks. One at a time, instead of the panes.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

use super::pane::Pane;
use super::step::{self, filled, impact_role, rollback};
use super::text::{clipped, cut, fold, line, plain, put, put_all, span, wrap};
use crate::engine::{Alone, Ask, Mode, Prompt};
use crate::kernel::{SafeText, clock, counted};
use crate::runbook::{Action, Impact, Kind, Step, shell_reads};
use crate::settings::theme::Role;
use crate::ui::approval;
use crate::ui::asking;
use crate::ui::confirm::{Answer, Confirmation};
use crate::ui::field::Field;
use crate::ui::form::{Form, FormKind};
use crate::ui::model::{Break, Model, RunScreen};
use crate::ui::offered::offered;

/// Lays out no more rows than this of a command.
pub(super) const ROWS: usize = 2_000;

/// Shows at least so many of them, whatever else there is to say.
const LEAST: usize = 2;

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    if screen.breaking == Break::Asked {
        breaking(model, area, buf);
    } else if let Some(form) = &screen.form {
        let inner = Pane { title: form.title(), border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
        let columns = usize::from(inner.width);
        let typed = if asking::hides(&screen.run, &form.kind) { &form.field.masked() } else { &form.field };
        let mut below = vec![Line::default(), field(model, typed, columns)];
        match asking::echo(screen, form, model.now, model.local) {
            Some(Ok(taken)) => {
                let rows = wrap(&format!("= {taken}"), columns, 3);
                below.extend(rows.into_iter().map(|row| line(model, Role::Ok, row)));
            }
            Some(Err(why)) if form.problem.is_none() => {
                below.extend(wrap(&why, columns, 3).into_iter().map(|row| line(model, Role::Dim, row)));
            }
            Some(Err(_)) | None => {}
        }
        if let Some(problem) = &form.problem {
            below.extend(wrap(problem, columns, 3).into_iter().map(|row| line(model, Role::Fail, row)));
        }
        // What is typed stays in sight, however much is asked.
        let room = usize::from(inner.height).saturating_sub(below.len());
        let mut lines = asked(model, screen, form, (columns, room));
        lines.extend(below);
        put_all(buf, inner, &lines);
    } else if let (Some(prompt), Some(confirmation)) = (&screen.run.prompt, &screen.confirmation) {
        confirm(model, screen, (prompt, confirmation), area, buf);
    }
}

/// Lays out what a question is about within `room` rows: where they do not suffice, the question first, which is said
/// below as well, then what the ways say beyond one row each.
fn asked(model: &Model, screen: &RunScreen, form: &Form, (columns, room): (usize, usize)) -> Vec<Line<'static>> {
    let step = screen.subject().map(|strand| cut(&format!("Step {}", screen.run.label(strand)), columns));
    let question = asking::question(&screen.run, &form.kind).unwrap_or_else(|| form.question().to_owned());
    let ways = match &form.kind {
        FormKind::RollBack(_) => asking::undone(&screen.run),
        FormKind::Choose(step) => asking::ways(&screen.run, step),
        FormKind::Jump(_) => asking::steps(&screen.run),
        _ => Vec::new(),
    };
    let head = |questions: usize| {
        let step = step.iter().map(|step| line(model, Role::Dim, step.clone()));
        let question = wrap(&question, columns, questions.max(1)).into_iter().take(questions);
        step.chain(question.map(|row| line(model, Role::Text, row))).collect::<Vec<_>>()
    };
    let way = |rows: usize| {
        let rows =
            ways.iter().flat_map(move |way| if rows > 1 { wrap(way, columns, rows) } else { vec![cut(way, columns)] });
        rows.map(|row| line(model, Role::Text, row))
    };
    let layouts =
        [(6, 3), (0, 3), (0, 1)].map(|(questions, rows)| head(questions).into_iter().chain(way(rows)).collect());
    let [whole, ways_only, short]: [Vec<Line<'static>>; 3] = layouts;
    let mut lines = [whole, ways_only].into_iter().find(|lines| lines.len() <= room).unwrap_or(short);
    if lines.len() > room {
        let hidden = lines.len() - room.saturating_sub(1);
        lines.truncate(room.saturating_sub(1));
        lines.push(line(model, Role::Warn, format!("… {hidden} more: esc shows the step, where they scroll")));
    }
    lines
}

fn breaking(model: &Model, area: Rect, buf: &mut Buffer) {
    let inner = Pane { title: "Ctrl-C", border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
    let mut lines =
        vec![line(model, Role::Text, "Nothing was interrupted; the clock runs. What now?"), Line::default()];
    for offer in offered(model) {
        let Some(binding) = model.keymap.binding(offer.command) else { continue };
        let Some(key) = binding.chords.first() else { continue };
        let words = match offer.words {
            Some(_) => "Go on as if nothing had been pressed.",
            None => binding.help,
        };
        lines.push(Line::from(vec![span(model, Role::Key, format!("  {key:<5}")), span(model, Role::Text, words)]));
    }
    lines.push(line(model, Role::Dim, "  ^C   Leave the screen at once; the run goes on."));
    put_all(buf, inner, &lines);
}

/// Shows a field with its cursor, its end in view.
pub(super) fn field(model: &Model, field: &Field, columns: usize) -> Line<'static> {
    let (before, after) = field.around();
    let room = columns.saturating_sub(4);
    let mut shown = before;
    while shown.width() > room {
        let mut rest = shown.chars();
        rest.next();
        shown = rest.as_str();
    }
    let after = cut(after, room.saturating_sub(shown.width()));
    Line::from(vec![
        span(model, Role::Key, "> "),
        span(model, Role::Input, shown.to_owned()),
        span(model, Role::Ask, model.palette.glyph("▏", "_")),
        span(model, Role::Input, after),
    ])
}

/// Says what is confirmed, in a word or two.
pub(super) fn impact_words(impact: Impact) -> &'static str {
    match impact {
        Impact::Observe => "observe",
        Impact::Change => "change",
        Impact::Disrupt => "DISRUPT: a brief outage",
        Impact::Irreversible => "IRREVERSIBLE",
    }
}

fn title(screen: &RunScreen, prompt: &Prompt) -> String {
    match prompt.step.as_ref().and_then(|id| screen.run.strand(id)) {
        Some(strand) if prompt.also.is_empty() => format!("CONFIRM {}", screen.run.label(strand)),
        Some(strand) => format!("CONFIRM {} and {} more", screen.run.label(strand), prompt.also.len()),
        None => "CONFIRM a command of your own".to_owned(),
    }
}

/// Returns all that one answer is for, harmless.
pub(super) fn command(screen: &RunScreen, prompt: &Prompt) -> String {
    let mut command = String::new();
    if prompt.also.is_empty() {
        command.push_str(SafeText::new(&prompt.command).as_str());
    } else {
        // A shell block reads its item from the environment: its text alone does not show for which one it runs.
        let own = prompt.step.iter().map(|step| (step, &prompt.command));
        for (step, text) in own.chain(prompt.also.iter().map(|also| (&also.step, &also.command))) {
            let lane = screen.run.strand(step).and_then(|strand| screen.run.lanes.get(&strand));
            let item = lane.map(|lane| SafeText::line(&lane.item).into_string()).unwrap_or_default();
            command.push_str(&["# ", &item, "\n", SafeText::new(text.trim_end()).as_str(), "\n"].concat());
        }
    }
    command
}

/// Returns what those who agree sign, harmless, where approvals are missing.
fn request(screen: &RunScreen, prompt: &Prompt) -> Option<String> {
    let opened = screen.run.opened.as_ref().filter(|_| prompt.lacks() > 0)?;
    let request = prompt.request(opened)?;
    Some(["\nWhat those who agree sign:\n", SafeText::new(request.trim_end()).as_str()].concat())
}

/// Says an open confirmation line by line: the same as its dialog, and how it is answered with a line.
pub(in crate::ui) fn confirm_lines(model: &Model, screen: &RunScreen) -> Vec<String> {
    /// No line is broken: whoever shows it does that.
    const WIDE: usize = 4_000;
    let Some((prompt, confirmation)) = screen.run.prompt.as_ref().zip(screen.confirmation.as_ref()) else {
        return Vec::new();
    };
    let mut lines = vec![format!("{} [{}]", title(screen, prompt), impact_words(prompt.impact))];
    let request = request(screen, prompt).unwrap_or_default();
    lines.extend(command(screen, prompt).lines().chain(request.lines()).map(|row| format!("  {row}")));
    lines.extend(facts(model, screen, prompt, WIDE, Words::All).iter().map(plain));
    if prompt.ask == Ask::Key && prompt.lacks() == 0 && blocked_by(screen, prompt).is_none() {
        lines.push("Type y to run it, n to run nothing.".to_owned());
        return lines;
    }
    let asks = asks(model, screen, (prompt, confirmation), WIDE);
    let field = plain(&field(model, &confirmation.typed, WIDE));
    lines.extend(asks.iter().map(plain).filter(|line| !line.is_empty() && *line != field));
    lines.push("A point alone runs nothing and goes back.".to_owned());
    lines
}

fn confirm(model: &Model, screen: &RunScreen, open: (&Prompt, &Confirmation), area: Rect, buf: &mut Buffer) {
    let (prompt, confirmation) = open;
    let title = title(screen, prompt);
    let role = impact_role(prompt.impact);
    let pane =
        Pane { title: &title, right: impact_words(prompt.impact), right_role: role, border: role, ..Pane::default() };
    let inner = pane.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let mut asks = asks(model, screen, open, columns);
    let fold = |text: &str| fold(text.trim_end(), columns.saturating_sub(2), ROWS);
    let mut code = fold(&command(screen, prompt));
    let own = code.len();
    code.extend(request(screen, prompt).iter().flat_map(|request| fold(request)));
    // What runs is seen before what is said about it: that gets shorter where there is no room for both.
    let rows = usize::from(inner.height);
    let wanted = own + usize::from(code.len() > own);
    let said = |words| facts(model, screen, prompt, columns, words);
    let mut facts = said(Words::All);
    for words in [Words::Short, Words::Few] {
        if wanted + facts.len() + asks.len() <= rows {
            break;
        }
        facts = said(words);
    }
    if wanted + facts.len() + asks.len() > rows && asks.first().is_some_and(|line| line.width() == 0) {
        asks.remove(0);
    }
    let room = rows.saturating_sub(asks.len());
    // The command may be long still: it scrolls; the question and what it is about stay.
    let code_room = room.saturating_sub(facts.len()).max(code.len().min(LEAST)).min(room.max(1));
    // A caution goes before what the clock and the banner say as well.
    for head in ["Loss now", "Approved", "Where", "Undo"] {
        if facts.len() + code_room > room {
            facts.retain(|line| !plain(line).starts_with(head));
        }
    }
    let scroll = usize::from(confirmation.scroll).min(code.len().saturating_sub(code_room));
    let mut lines: Vec<Line<'static>> =
        code.iter().skip(scroll).take(code_room).map(|row| line(model, Role::Code, format!("  {row}"))).collect();
    if code.len() > scroll + code_room && code_room > 1 {
        let rest = code.len() - scroll - code_room + 1;
        lines.pop();
        lines.push(line(model, Role::Warn, format!("  … {rest} more lines: down shows them")));
    }
    lines.extend(facts);
    lines.truncate(room);
    // What the runbook says about it, as far as there is room.
    if let Some(of) = step::prose_of(screen, prompt).filter(|_| room > lines.len() + 2) {
        let said = step::page(model, screen, of, columns).lines(&model.palette, 0, room - lines.len() - 1);
        if !said.is_empty() {
            lines.push(Line::default());
            lines.extend(said);
        }
    }
    put_all(buf, inner, &lines);
    let below = Rect { y: inner.bottom().saturating_sub(asks.len() as u16), height: asks.len() as u16, ..inner };
    for (at, asked) in asks.iter().enumerate() {
        put(buf, Rect { y: below.y + at as u16, height: 1, ..below }.intersection(inner), asked);
    }
}

/// Returns the watch that stands in the way of an answer.
pub(super) fn blocked_by(screen: &RunScreen, prompt: &Prompt) -> Option<String> {
    let (_, action) = prompt.action.as_ref().and_then(|name| screen.run.plan.action(name))?;
    screen.run.blocked_by(action).map(|name| SafeText::line(name.as_str()).into_string())
}

/// Says how much is said about what is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    /// All of it.
    All,
    /// A row each.
    Short,
    /// Without what the frame says as well.
    Few,
}

fn facts(model: &Model, screen: &RunScreen, prompt: &Prompt, columns: usize, words: Words) -> Vec<Line<'static>> {
    let step = prompt.step.as_ref().and_then(|id| screen.run.plan.step(id));
    let action = prompt.action.as_ref().and_then(|name| screen.run.plan.action(name)).map(|(_, action)| action);
    let safe = |text: &str| SafeText::line(text).into_string();
    let mut lines = Vec::new();
    let mut say = |head: &str, role: Role, text: &str| {
        let rows = match (words, role) {
            (Words::All, _) => 3,
            // A caution is read whole, as long as there is room for it at all.
            (Words::Short, Role::Warn) => 2,
            (Words::Short | Words::Few, _) => 1,
        };
        if words == Words::Few && ["Runs", "Impact"].contains(&head) {
            return;
        }
        for (at, row) in clipped(text, columns.saturating_sub(10), rows).into_iter().enumerate() {
            let head = if at == 0 { head } else { "" };
            lines.push(Line::from(vec![span(model, Role::Dim, format!("{head:<10}")), span(model, role, row)]));
        }
    };
    let target = [&prompt.target.account, &prompt.target.region, &prompt.target.resource];
    let place: Vec<String> = target.into_iter().filter(|part| !part.is_empty()).map(|part| safe(part)).collect();
    let kind = match screen.mode() {
        Some(Mode::Real) => "REAL",
        Some(Mode::Drill) => "drill",
        None => "",
    };
    if let Some(action) = action {
        say("Runs", Role::Text, &safe(action.name.as_str()));
    }
    let given = given(screen, prompt, action);
    if !given.is_empty() {
        say("With", Role::Text, &given);
    }
    say("Where", Role::Title, &format!("{kind} {}", place.join(" · ")));
    say("Impact", impact_role(prompt.impact), impact_words(prompt.impact));
    let undoes = prompt.step.as_ref().and_then(|id| screen.run.strand(id)).and_then(|at| screen.run.undoes(at));
    let named = action.and_then(|action| screen.run.plan.action(action.undo.as_ref()?)).map(|(_, action)| action);
    let until = action.and_then(|action| action.undo_until.as_ref());
    let until = until.map(|until| format!(", until {}", until.word())).unwrap_or_default();
    let undo = match (prompt.impact, named.or_else(|| step.and_then(rollback))) {
        _ if undoes.is_some() => "this takes back what was done".to_owned(),
        (Impact::Observe, _) => "nothing to undo".to_owned(),
        _ if action.is_none() => "your own command: nobody knows a way back".to_owned(),
        (_, Some(rollback)) => safe(&(filled(screen, rollback.code.lines().next().unwrap_or_default()) + &until)),
        (impact, None) => match step.and_then(Step::rollback_words) {
            _ if action.is_some_and(|action| action.repeatable) => {
                "no rollback; running it again is harmless".to_owned()
            }
            Some(words) if !words.starts_with("None") => safe(&format!("by hand: {}", filled(screen, &words))),
            _ if impact == Impact::Irreversible => "cannot be undone".to_owned(),
            Some(words) => safe(&filled(screen, &words)),
            None => "the runbook names no rollback".to_owned(),
        },
    };
    say("Undo", Role::Text, &undo);
    for name in action.into_iter().flat_map(|action| &action.require) {
        let looks = screen.run.watching.values().any(|watched| watched == name);
        match screen.run.failing(name) {
            Some(why) => say("Requires", Role::Fail, &safe(&format!("{name}: does not hold: {why}"))),
            None if looks => say("Requires", Role::Ok, &safe(&format!("{name}: holds"))),
            None => say("Requires", Role::Warn, &safe(&format!("{name}: nobody looks"))),
        }
    }
    if prompt.approval.is_some() {
        let how = |key: &Option<String>| if key.is_some() { "signed" } else { "stated, not signed" };
        let agreed = prompt.approved.iter().map(|who| format!("{} ({})", safe(&who.name), how(&who.key)));
        let agreed = agreed.collect::<Vec<_>>().join(", ");
        let words = match (agreed.is_empty(), prompt.alone) {
            (_, Alone::Yes) => "WAIVED: you go on alone".to_owned(),
            (true, Alone::No) => "nobody yet".to_owned(),
            (false, Alone::No) => agreed,
        };
        say("Approved", if prompt.lacks() > 0 { Role::Warn } else { Role::Ok }, &words);
    }
    let (loss, loss_role) = super::clock::rpo_words(screen);
    say("Loss now", loss_role, &loss);
    let cautions = step.into_iter().flat_map(|step| &step.cautions).chain(action.into_iter().flat_map(|a| &a.cautions));
    for caution in cautions {
        say("Caution", Role::Warn, &safe(&filled(screen, caution)));
    }
    lines
}

/// Lists what a shell block gets from its environment, with the values: its text alone does not show what it acts on.
fn given(screen: &RunScreen, prompt: &Prompt, action: Option<&Action>) -> String {
    /// The beginning of a longer value tells which it is.
    const VALUE: usize = 64;
    if action.is_some_and(|action| !matches!(action.kind, Kind::Shell(_))) {
        return String::new();
    }
    let mut names = shell_reads(&prompt.command);
    names.sort_unstable();
    names.dedup();
    let value = |name: &&str| {
        let value = SafeText::line(&step::known(screen, name)?).into_string();
        Some(format!("{name}={}", cut(&value, VALUE)))
    };
    names.iter().filter_map(value).collect::<Vec<_>>().join(" ")
}

fn asks(
    model: &Model,
    screen: &RunScreen,
    (prompt, confirmation): (&Prompt, &Confirmation),
    columns: usize,
) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    if let Some(wanted) = prompt.approval.as_ref().filter(|_| prompt.lacks() > 0) {
        let waited = model.now.since(&prompt.at);
        let over = waited.as_secs() >= wanted.within_s;
        let waited = format!("waited {} of {}", clock(waited), clock(Duration::from_secs(wanted.within_s)));
        let waited = if over { format!("{waited}, OVERDUE") } else { waited };
        let role = SafeText::line(&wanted.role).into_string();
        let needs = format!("Needs {}", counted(wanted.count as usize, "approval"));
        let of = [needs, role, format!("{} missing", prompt.lacks()), waited];
        let of = of.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        lines.push(line(model, if over { Role::Warn } else { Role::Ask }, cut(&of, columns)));
        lines.extend(wrap(approval::how(&screen.run), columns, 2).into_iter().map(|row| line(model, Role::Text, row)));
        lines.push(field(model, &confirmation.typed, columns));
        if let Some(problem) = &confirmation.problem {
            lines.extend(wrap(problem, columns, 2).into_iter().map(|row| line(model, Role::Fail, row)));
        }
        return lines;
    }
    if let Some(watch) = blocked_by(screen, prompt) {
        let how = format!("{watch} does not hold. Type what is to be said about it; Enter acknowledges it.");
        lines.extend(wrap(&how, columns, 2).into_iter().map(|row| line(model, Role::Warn, row)));
        lines.push(field(model, &confirmation.typed, columns));
        return lines;
    }
    match (&prompt.ask, confirmation.answer) {
        (_, Answer::Sent) => lines.push(line(model, Role::Dim, "Answered; waiting for the engine.")),
        (Ask::Key, Answer::Open) => {
            lines.push(Line::from(vec![
                span(model, Role::Ask, " No (esc) "),
                span(model, Role::Text, "   "),
                span(model, Role::Key, "y"),
                span(model, Role::Text, " yes, run it"),
            ]));
        }
        (Ask::Type { phrase }, Answer::Open) => {
            let phrase = SafeText::line(phrase).into_string();
            let mut asked = Line::from(span(model, Role::Text, "To run it, type  "));
            asked.push_span(span(model, Role::Title, cut(&phrase, columns.saturating_sub(17))));
            lines.push(asked);
            lines.push(field(model, &confirmation.typed, columns));
        }
    }
    match &confirmation.problem {
        Some(problem) => lines.extend(wrap(problem, columns, 2).into_iter().map(|row| line(model, Role::Fail, row))),
        None => lines.push(line(model, Role::Dim, "Keys pressed before this appeared were dropped.")),
    }
    lines
}
