//! Markdown to a page: headings, emphasis, lists, tables, code, links and quotes, values in place of their names.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream};
use unicode_width::UnicodeWidthStr as _;

use super::fill::fill;
use super::flow::Wrap;
use super::table::{self, Table};
use super::{Block, Page};
use crate::kernel::SafeText;
use crate::runbook::CheckItem;
use crate::settings::theme::{Glyphs, Role};

/// Says which part of a text is laid out.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) enum Part<'a> {
    /// All of it.
    Whole,
    /// A step's text without what the screen says above it: cautions, items, ways.
    Step(Above<'a>),
    /// The same without code: what is run stands elsewhere.
    Prose(Above<'a>),
}

/// Says what of a step the screen says above its text.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct Above<'a> {
    /// The items that are ticked.
    pub(in crate::ui) items: &'a [CheckItem],
    /// Where a decision leads to.
    pub(in crate::ui) ways: Ways,
}

/// Says where items that begin with a link are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Ways {
    /// They are the ways of a decision, which the screen lists above.
    Above,
    /// They are part of the text.
    Here,
}

/// Says how a text is laid out.
pub(in crate::ui) struct Reading<'a> {
    /// For how many columns.
    pub(in crate::ui) columns: usize,
    /// With which glyphs.
    pub(in crate::ui) glyphs: Glyphs,
    /// Which part.
    pub(in crate::ui) part: Part<'a>,
    /// What stands in place of `${NAME}`, if that is known.
    pub(in crate::ui) value: &'a dyn Fn(&str) -> Option<String>,
}

impl Reading<'_> {
    /// Lays a text out.
    pub(in crate::ui) fn read(&self, text: &str) -> Page {
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
        // Only a whole file begins with front matter; in a step the same marks are rules.
        let options = match self.part {
            Part::Whole => options | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS,
            Part::Step(_) | Part::Prose(_) => options,
        };
        let mut maker = Maker::new(self);
        maker.page.columns = self.columns.max(8);
        maker.page.text.reserve(text.len());
        for event in TextMergeStream::new(Parser::new_ext(text, options)) {
            maker.take(event);
        }
        maker.flush(Wrap::Words);
        maker.page.count();
        maker.page
    }
}

/// Is a quote, an item: what stands before the rows in it.
#[derive(Debug)]
struct Around {
    first: Option<String>,
    rest: String,
}

/// Makes a page of events.
pub(super) struct Maker<'a> {
    how: &'a Reading<'a>,
    pub(super) page: Page,
    around: Vec<Around>,
    /// What the text at hand means, the innermost last.
    roles: Vec<Role>,
    /// Where the block at hand begins.
    start: usize,
    blank: Blank,
    lists: Vec<Option<u64>>,
    links: Vec<(usize, String)>,
    table: Option<Table>,
    /// So many quotes deep stands what is left out.
    hidden: usize,
    code: Code,
    task: Task,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blank {
    None,
    Due,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Outside,
    Inside,
    /// A text for people, in a fence.
    Message,
}

/// Says what the item at hand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    None,
    Open,
    Ticked,
    /// It begins with a link.
    Way,
}

impl<'a> Maker<'a> {
    fn new(how: &'a Reading<'a>) -> Self {
        Self {
            how,
            page: Page::default(),
            around: Vec::new(),
            roles: Vec::new(),
            start: 0,
            blank: Blank::None,
            lists: Vec::new(),
            links: Vec::new(),
            table: None,
            hidden: 0,
            code: Code::Outside,
            task: Task::None,
        }
    }

    pub(super) fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.how.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }

    /// Returns how many columns are left beside quotes and items.
    pub(super) fn room(&self) -> usize {
        let taken: usize = self.around.iter().map(|around| around.rest.width()).sum();
        self.page.columns.saturating_sub(taken)
    }

    /// Appends text.
    pub(super) fn push(&mut self, text: &str, role: Role) {
        self.page.text.push_str(text);
        let end = self.page.text.len();
        match self.page.runs.last_mut() {
            Some((last, known)) if *known == role => *last = end,
            _ => self.page.runs.push((end, role)),
        }
    }

    /// Appends once more what stands at a place of the text.
    pub(super) fn copy(&mut self, from: Range<usize>) {
        let first = self.page.runs.partition_point(|(end, _)| *end <= from.start);
        let mut at = from.start;
        let mut pieces = Vec::new();
        for (end, role) in self.page.runs.iter().skip(first) {
            let to = (*end).min(from.end);
            pieces.push((self.page.text.get(at..to).unwrap_or_default().to_owned(), *role));
            at = to;
            if *end >= from.end {
                break;
            }
        }
        for (text, role) in pieces {
            self.push(&text, role);
        }
    }

    /// Closes the block that begins at `start`.
    pub(super) fn block(&mut self, start: usize, wrap: Wrap) {
        self.leave_blank(start);
        let mut first = String::new();
        let mut rest = String::new();
        for around in &mut self.around {
            first.push_str(around.first.take().as_deref().unwrap_or(&around.rest));
            rest.push_str(&around.rest);
        }
        if wrap == Wrap::Columns && self.code == Code::Inside {
            first.push_str("  ");
            rest.push_str("    ");
        }
        if self.code == Code::Message {
            first.push_str("  ");
            rest.push_str("  ");
        }
        let end = self.page.text.len();
        self.page.blocks.push(Block { text: start..end, first, rest, wrap });
        self.start = end;
    }

    /// Leaves the row blank that is due before the block that begins at `start`.
    fn leave_blank(&mut self, start: usize) {
        if self.blank == Blank::Due && !self.page.blocks.is_empty() {
            let rest: String = self.around.iter().map(|around| around.rest.as_str()).collect();
            let rest = rest.trim_end().to_owned();
            self.page.blocks.push(Block { text: start..start, first: rest.clone(), rest, wrap: Wrap::Columns });
        }
        self.blank = Blank::None;
    }

    /// Closes the block at hand, if there is any text in it.
    fn flush(&mut self, wrap: Wrap) {
        let text = self.page.text.get(self.start..).unwrap_or_default();
        if text.is_empty() {
            return;
        }
        let listed = match self.how.part {
            Part::Step(above) | Part::Prose(above) => {
                let text = text.split_whitespace();
                let way = self.task == Task::Way && above.ways == Ways::Above;
                let items = above.items;
                way || self.task == Task::Open
                    && items.iter().any(|item| text.clone().eq(self.filled(&item.text).split_whitespace()))
            }
            Part::Whole => false,
        };
        let task = std::mem::replace(&mut self.task, Task::None);
        if self.hidden > 0 || listed {
            // It stands above, with its tick; what belongs to it needs no bullet.
            self.start = self.page.text.len();
            if let Some(around) = self.around.last_mut() {
                around.first = None;
            }
            return;
        }
        let mark = match task {
            Task::None | Task::Way => None,
            Task::Open => Some(self.glyph("☐ ", "[ ] ")),
            Task::Ticked => Some(self.glyph("☑ ", "[x] ")),
        };
        if let Some((mark, around)) = mark.zip(self.around.last_mut())
            && around.first.is_some()
        {
            around.first = Some(mark.to_owned());
            around.rest = " ".repeat(mark.width());
        }
        self.block(self.start, wrap);
    }

    fn role(&self) -> Role {
        self.roles.last().copied().unwrap_or(Role::Text)
    }

    /// Puts values in place of `${NAME}` where they are known.
    fn filled<'t>(&self, text: &'t str) -> Cow<'t, str> {
        fill(text, self.how.value)
    }

    fn text(&mut self, text: &str) {
        if self.code != Code::Outside {
            let (role, wrap) = match self.code {
                Code::Message => (Role::Text, Wrap::Words),
                Code::Inside | Code::Outside => (Role::Code, Wrap::Columns),
            };
            if self.hidden == 0 && !matches!(self.how.part, Part::Prose(_)) {
                for line in text.lines() {
                    let line = SafeText::line(&self.filled(line)).into_string();
                    let start = self.page.text.len();
                    self.push(&line, role);
                    self.block(start, wrap);
                }
            }
            return;
        }
        let text = SafeText::line(&self.filled(text)).into_string();
        self.push(&text, self.role());
    }

    fn html(&mut self, html: &str) {
        let mut rest = html;
        while let Some((before, comment)) = rest.split_once("<!--") {
            self.markup(before);
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        }
        self.markup(rest);
    }

    fn markup(&mut self, html: &str) {
        match html.trim_end_matches('\n') {
            "" => {}
            "<br>" | "<br/>" | "<br />" => self.push("\n", Role::Text),
            html => {
                let html = SafeText::new(html).into_string();
                self.push(&html, Role::Dim);
            }
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.open(tag),
            Event::End(tag) => self.close(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                let text = SafeText::line(&self.filled(&text)).into_string();
                self.push(&text, Role::Code);
            }
            Event::SoftBreak => self.push(" ", self.role()),
            Event::HardBreak => self.push("\n", Role::Text),
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::Rule => {
                let rule = self.glyph("─", "-").repeat(self.room());
                self.push(&rule, Role::Border);
                self.flush(Wrap::Columns);
                self.blank = Blank::Due;
            }
            Event::TaskListMarker(ticked) => self.task = if ticked { Task::Ticked } else { Task::Open },
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn open(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.flush(Wrap::Words);
                self.roles.push(Role::Title);
                if matches!(self.how.part, Part::Prose(_)) {
                    // Sections of a step are about what comes after it.
                    self.hidden = usize::MAX / 2;
                }
            }
            Tag::BlockQuote(kind) => {
                self.flush(Wrap::Words);
                let warns = matches!(kind, Some(BlockQuoteKind::Warning | BlockQuoteKind::Caution));
                if self.hidden > 0 || (warns && !matches!(self.how.part, Part::Whole)) {
                    self.hidden += 1;
                } else {
                    self.leave_blank(self.start);
                }
                let bar = self.glyph("│ ", "| ").to_owned();
                self.around.push(Around { first: None, rest: bar });
                if let Some((word, role)) = kind.map(label) {
                    self.push(word, role);
                    self.flush(Wrap::Words);
                }
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) if info.split([' ', '{']).next() == Some("message") => {
                self.flush(Wrap::Words);
                self.code = Code::Message;
            }
            Tag::CodeBlock(_) | Tag::MetadataBlock(_) => {
                self.flush(Wrap::Words);
                self.code = Code::Inside;
            }
            Tag::List(from) => {
                self.flush(Wrap::Words);
                self.lists.push(from);
            }
            Tag::Item => {
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let bullet = format!("{number}. ");
                        *number += 1;
                        bullet
                    }
                    Some(None) | None => self.glyph("• ", "- ").to_owned(),
                };
                let rest = " ".repeat(bullet.width());
                self.around.push(Around { first: Some(bullet), rest });
            }
            Tag::Table(_) => {
                self.flush(Wrap::Words);
                self.table = Some(Table::default());
            }
            Tag::TableHead => {
                self.roles.push(Role::Strong);
                self.row();
            }
            Tag::TableRow => self.row(),
            Tag::TableCell => self.start = self.page.text.len(),
            Tag::Emphasis => self.roles.push(Role::Emph),
            Tag::Strong => self.roles.push(Role::Strong),
            Tag::Strikethrough => self.roles.push(Role::Dim),
            Tag::Link { dest_url, .. } => self.link(dest_url.as_ref()),
            Tag::Image { dest_url, .. } => {
                self.push("image: ", Role::Dim);
                self.link(dest_url.as_ref());
            }
            _ => {}
        }
    }

    fn row(&mut self) {
        if let Some(table) = &mut self.table {
            table.rows.push(Vec::new());
        }
    }

    fn link(&mut self, to: &str) {
        let begins = self.page.text.len() == self.start;
        if begins && self.task == Task::None && self.around.last().is_some_and(|around| around.first.is_some()) {
            self.task = Task::Way;
        }
        self.links.push((self.page.text.len(), to.to_owned()));
        self.roles.push(Role::Link);
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => {
                self.flush(Wrap::Words);
                self.blank = Blank::Due;
            }
            TagEnd::Heading(_) => {
                self.flush(Wrap::Words);
                self.roles.pop();
                self.blank = Blank::Due;
            }
            TagEnd::BlockQuote(_) => {
                self.flush(Wrap::Words);
                self.hidden = self.hidden.saturating_sub(1);
                self.around.pop();
                self.blank = Blank::Due;
            }
            TagEnd::CodeBlock | TagEnd::MetadataBlock(_) => {
                self.code = Code::Outside;
                self.blank = Blank::Due;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.blank = Blank::Due;
                }
            }
            TagEnd::Item => {
                self.flush(Wrap::Words);
                self.task = Task::None;
                self.around.pop();
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take()
                    && self.hidden == 0
                {
                    table::lay_out(self, &table);
                }
                self.start = self.page.text.len();
                self.blank = Blank::Due;
            }
            TagEnd::TableCell => {
                let cell = self.start..self.page.text.len();
                self.start = cell.end;
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::TableHead | TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.roles.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                self.roles.pop();
                let Some((start, to)) = self.links.pop() else { return };
                let to = SafeText::line(&self.filled(&to)).into_string();
                // Where a place of the same page is meant its words say it.
                if !to.starts_with('#') && self.page.text.get(start..) != Some(to.as_str()) {
                    self.push(&format!(" ({to})"), Role::Dim);
                }
            }
            _ => {}
        }
    }
}

fn label(kind: BlockQuoteKind) -> (&'static str, Role) {
    match kind {
        BlockQuoteKind::Note => ("NOTE", Role::Strong),
        BlockQuoteKind::Tip => ("TIP", Role::Strong),
        BlockQuoteKind::Important => ("IMPORTANT", Role::Strong),
        BlockQuoteKind::Warning => ("WARNING", Role::Warn),
        BlockQuoteKind::Caution => ("CAUTION", Role::Warn),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
