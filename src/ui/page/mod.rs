//! Long texts: laid out once, and drawn from wherever the reader is, at the cost of what is seen.

mod fill;
mod flow;
mod read;
mod table;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::style::Palette;
use crate::kernel::ActionName;
use crate::settings::theme::Role;
pub(super) use fill::fill;
use flow::{Wrap, row};
pub(super) use read::{Above, Part, Reading, Ways};

/// Between two marks lie so many rows.
const STRIDE: usize = 128;

/// Holds a text that is laid out for a number of columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    columns: usize,
    text: String,
    /// What the text means, piece by piece; a piece begins where the one before it ends.
    runs: Vec<(usize, Role)>,
    blocks: Vec<Block>,
    /// Where every 128th row begins.
    marks: Vec<Place>,
    rows: usize,
}

/// Is a piece of text between two ends of lines, with what stands before it.
#[derive(Clone, Debug)]
struct Block {
    text: Range<usize>,
    /// Before its first row.
    first: String,
    /// Before the others.
    rest: String,
    wrap: Wrap,
}

/// Is a row's beginning.
#[derive(Clone, Copy, Debug)]
struct Place {
    block: usize,
    at: usize,
}

impl Page {
    /// Returns how many rows it has.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Draws `count` rows from row `from` on.
    pub(super) fn lines(&self, palette: &Palette, from: usize, count: usize) -> Vec<Line<'static>> {
        let Some(mark) = self.marks.get(from / STRIDE) else { return Vec::new() };
        let rows = Rows { page: self, place: Some(*mark) };
        rows.skip(from % STRIDE).take(count).map(|row| self.line(palette, &row)).collect()
    }

    fn line(&self, palette: &Palette, row: &Row<'_>) -> Line<'static> {
        let mut spans = Vec::new();
        if !row.before.is_empty() {
            spans.push(Span::styled(row.before.to_owned(), palette.style(Role::Dim)));
        }
        let mut from = row.text.start;
        let first = self.runs.partition_point(|(end, _)| *end <= from);
        for (end, role) in self.runs.iter().skip(first) {
            let to = (*end).min(row.text.end);
            if let Some(text) = self.text.get(from..to).filter(|text| !text.is_empty()) {
                spans.push(Span::styled(text.to_owned(), palette.style(*role)));
            }
            from = to;
            if *end >= row.text.end {
                break;
            }
        }
        Line::from(spans)
    }

    /// Counts the rows, once the text is complete.
    fn count(&mut self) {
        let mut rows = Rows { page: self, place: self.start() };
        let mut marks = Vec::new();
        let mut count = 0;
        while let Some(place) = rows.place {
            if count % STRIDE == 0 {
                marks.push(place);
            }
            if rows.next().is_none() {
                break;
            }
            count += 1;
        }
        (self.marks, self.rows) = (marks, count);
    }

    fn start(&self) -> Option<Place> {
        self.blocks.first().map(|block| Place { block: 0, at: block.text.start })
    }
}

struct Row<'p> {
    before: &'p str,
    text: Range<usize>,
}

struct Rows<'p> {
    page: &'p Page,
    place: Option<Place>,
}

impl<'p> Iterator for Rows<'p> {
    type Item = Row<'p>;

    fn next(&mut self) -> Option<Row<'p>> {
        let Place { block: number, at } = self.place?;
        let block = self.page.blocks.get(number)?;
        let before = if at == block.text.start { &block.first } else { &block.rest };
        let columns = self.page.columns.saturating_sub(before.width()).max(1);
        let text = self.page.text.get(..block.text.end).unwrap_or_default();
        let (text, next) = row(text, at, columns, block.wrap).unwrap_or((at..at, at));
        self.place = if next < block.text.end {
            Some(Place { block: number, at: next })
        } else {
            let number = number + 1;
            self.page.blocks.get(number).map(|block| Place { block: number, at: block.text.start })
        };
        Some(Row { before, text })
    }
}

/// Says what a page is of. The same key is the same page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// What the text is of.
    pub(super) of: Of,
    /// How wide it is laid out.
    pub(super) columns: usize,
    /// The values that stand in it.
    pub(super) values: BTreeMap<String, String>,
}

/// Names texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A step, by its index.
    Step(usize),
    /// The prose of a step, for its confirmation.
    Prose(usize),
    /// What the text of a step says just before one of its fences, for the confirmation of that: step and action.
    Words(usize, ActionName),
    /// A runbook of the list, by its name.
    Runbook(String),
}

/// Keeps the page that was drawn last: it follows from its key alone, so keeping it changes nothing but the time a frame
/// takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    kept: RefCell<Option<(Key, Arc<Page>)>>,
    last: Cell<usize>,
}

impl Shelf {
    /// Returns the page of `key`, made by `make` if it is not the one that was drawn last.
    pub(super) fn page(&self, key: Key, make: impl FnOnce() -> Page) -> Arc<Page> {
        let mut kept = self.kept.borrow_mut();
        match &*kept {
            Some((known, page)) if *known == key => Arc::clone(page),
            _ => {
                let page = Arc::new(make());
                *kept = Some((key, Arc::clone(&page)));
                page
            }
        }
    }

    /// Remembers how far the text that is seen can be scrolled.
    pub(super) fn can_scroll_to(&self, last: usize) {
        self.last.set(last);
    }

    /// Returns how far the text that was seen last can be scrolled.
    pub(super) fn last(&self) -> usize {
        self.last.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::theme::{Glyphs, built_in};

    fn page(text: &str, columns: usize) -> Page {
        Reading { columns, glyphs: Glyphs::Unicode, part: Part::Whole, value: &|_| None }.read(text)
    }

    #[test]
    fn rows_far_down_are_those_that_reading_through_gives() {
        let palette = Palette::new(&built_in("default").unwrap());
        let text: String = "Words that **go on** over `several` rows of the page.\n\n- item\n\n".repeat(2_000);
        let page = page(&text, 30);
        let all = page.lines(&palette, 0, usize::MAX);
        assert_eq!(all.len(), page.rows());
        for from in [0, 1, 127, 128, 129, 5_000, page.rows() - 1, page.rows()] {
            assert_eq!(
                page.lines(&palette, from, 3),
                all.iter().skip(from).take(3).cloned().collect::<Vec<_>>(),
                "{from}"
            );
        }
        assert_eq!(page.lines(&palette, page.rows() + 500, 3), Vec::<Line<'_>>::new());
    }

    #[test]
    fn a_page_is_made_once_for_its_key() {
        let shelf = Shelf::default();
        let key = |columns| Key { of: Of::Step(0), columns, values: BTreeMap::new() };
        let mut made = 0;
        for columns in [30, 30, 31, 31] {
            shelf.page(key(columns), || {
                made += 1;
                page("a", columns)
            });
        }
        assert_eq!(made, 2);
    }
}
