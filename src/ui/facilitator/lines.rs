//! The facilitator's screen line by line: what the team does, what becomes of injects, and what can be typed.

use std::sync::Arc;

use super::rows::{Row, rows};
use super::{Desk, Msg};
use crate::kernel::{SafeText, Stamp};
use crate::report::narrate;
use crate::runbook::Plan;
use crate::settings::theme;
use crate::ui::model::{Model, Place};
use crate::ui::order::{Order, TYPED, parse};

/// Holds what a facilitator at lines knows.
#[derive(Debug)]
pub struct Lines {
    model: Model,
}

impl Lines {
    /// Begins before anything of the run is known.
    pub fn new(plan: Arc<Plan>, now: Stamp) -> Self {
        // Colours mean nothing here: any theme will do.
        Self { model: Model::facilitator(plan, "", &theme::load("mono", &[]), now) }
    }

    fn desk(&self) -> Option<&Desk> {
        match &self.model.place {
            Place::Facilitator(desk) => Some(desk),
            Place::Picker(_) | Place::Run(_) | Place::Compare(_) => None,
        }
    }

    fn chosen(&self) -> Option<String> {
        self.desk().and_then(Desk::chosen).map(|(_, words)| words)
    }

    fn rows(&self) -> Vec<Row> {
        self.desk().map(|desk| rows(desk, self.model.now)).unwrap_or_default()
    }

    /// Takes a message, and says what is to be printed of it.
    pub fn hear(&mut self, msg: Msg, now: Stamp) -> Vec<String> {
        let mut said = Vec::new();
        let first = self.desk().is_some_and(|desk| desk.board.is_none());
        let before = (self.rows(), self.chosen());
        self.model.now = now;
        match &msg {
            Msg::Fact(fact) => said.push(format!("{}  {}", fact.at.utc.format("%H:%M:%S"), narrate(&fact.event))),
            Msg::Refused(why) => said.push(format!("REFUSED: {}", SafeText::line(why))),
            Msg::Say(what) => said.push(SafeText::line(what).into_string()),
            Msg::Unwritten(Some(unwritten)) => {
                let known = self.desk().and_then(|desk| desk.unwritten.as_ref());
                said.extend((known != Some(unwritten)).then(|| unwritten.words()));
            }
            Msg::Summary(lines) => said.extend(lines.iter().map(|line| SafeText::line(line).into_string())),
            _ => {}
        }
        let is_board = matches!(msg, Msg::Board(_));
        // Nothing that it asks for concerns lines.
        drop(super::take(&mut self.model, msg));
        if is_board && first {
            said.extend(self.list());
        } else {
            // Times that run down are no news.
            let told = |row: &&Row| {
                let counts = |row: &Row| row.state.starts_with("in ") || row.state.contains(" left");
                !counts(row) && before.0.iter().all(|known| known.name != row.name || known.state != row.state)
            };
            said.extend(self.chosen().filter(|chosen| before.1.as_ref() != Some(chosen)));
            said.extend(self.rows().iter().filter(told).map(shown));
        }
        said
    }

    /// Takes a line that was typed: an order, or `None` where only the list was asked for.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn typed(&self, line: &str) -> Result<Option<Order>, String> {
        parse(line)
    }

    /// Lists every inject with what is expected, and what can be typed.
    pub fn list(&self) -> Vec<String> {
        let injects = self.rows().iter().map(shown).collect::<Vec<_>>();
        self.chosen().into_iter().chain(injects).chain(TYPED.iter().map(|line| format!("  {line}"))).collect()
    }
}

fn shown(row: &Row) -> String {
    let kind = if row.expectation.is_some() { "  expected" } else { "inject" };
    let state = if row.state.is_empty() { String::new() } else { format!(": {}", row.state) };
    format!("{kind} {} {}{state}", row.name, row.what)
}
