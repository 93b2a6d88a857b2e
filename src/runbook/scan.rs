//! Markdown to a flat list of the things that matter, in the author's order and with their places.
//!
//! One pass over the events of the Markdown parser. It knows headings, fences, comments, cautions and lists; it does not
//! know what a step is.

use std::collections::BTreeSet;
use std::ops::Range;

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::anchor::Anchors;
use super::caution;
use crate::kernel::Source;

/// Is one thing of the file.
#[derive(Debug)]
pub(super) struct Node {
    pub kind: NodeKind,
    pub span: Range<usize>,
}

/// Says what a node is.
#[derive(Debug)]
pub(super) enum NodeKind {
    /// A heading that stands in no list and no quote.
    Heading { level: u8, text: String, anchor: String },
    /// An item of an ordered list that stands in nothing else.
    Item { text: String, only_links: bool },
    /// A fenced code block, wherever it stands.
    Fence(FenceNode),
    /// A comment that is an annotation: what stands between `<!--` and `-->`.
    Comment { body: Range<usize> },
    /// A caution.
    Caution { text: String },
    /// A task list item.
    Task { text: String },
    /// A question with a list of links.
    Decision { question: String },
    /// An item of that list: a link and what stands after it.
    Branch { label: String, criterion: String, target: String },
    /// A list of links that turned out to be no decision.
    Nothing,
}

/// Holds a fenced code block.
#[derive(Debug)]
pub(super) struct FenceNode {
    /// Where the info string stands.
    pub info: Range<usize>,
    /// The text between the fences, without the marks of the lists and quotes around it.
    pub code: String,
    /// Where a stretch of `code` stands in the file: (byte of `code`, byte of the file).
    places: Vec<(usize, usize)>,
    /// Was the closing fence found?
    pub closing: Closing,
}

/// Says whether a fence has its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    Found,
    Missing,
}

impl FenceNode {
    /// Returns where a stretch of the code stands in the file.
    pub(super) fn place(&self, at: Range<usize>) -> Range<usize> {
        let start = self.place_of(at.start);
        start..start + (at.end.saturating_sub(at.start))
    }

    fn place_of(&self, at: usize) -> usize {
        let index = self.places.partition_point(|(code, _)| *code <= at).saturating_sub(1);
        self.places.get(index).map_or(self.info.end, |(code, file)| file + at.saturating_sub(*code))
    }
}

/// Holds everything found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub nodes: Vec<Node>,
    /// Every place that a link can lead to.
    pub anchors: BTreeSet<String>,
    /// Links inside the file: anchor without `#`, place.
    pub links: Vec<(String, Range<usize>)>,
}

/// Scans `source` from byte `from` (where the front matter ends).
pub(super) fn scan(source: &Source, from: usize) -> Scan {
    let text = source.text().get(from..).unwrap_or("");
    let mut scanner = Scanner::new(source);
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        scanner.event(event, from + range.start..from + range.end);
    }
    scanner.finish()
}

/// Returns the Markdown that runbooks are written in.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM
}

struct Scanner<'s> {
    source: &'s Source,
    scan: Scan,
    slugs: Anchors,
    /// Quotes, lists and items around the current place.
    depth: usize,
    lists: Vec<List>,
    fence: Option<FenceNode>,
    /// The heading being read: level and text.
    heading: Option<(u8, String)>,
    /// Index of the item, task and caution whose text is being read.
    item: Option<usize>,
    task: Option<usize>,
    caution: Option<OpenCaution>,
    link_depth: usize,
    /// The paragraph just before, if it asks something, or if a comment says that a decision follows.
    asking: Asking,
    /// The current item has shown nothing yet and belongs to a list that may be a decision.
    fresh_choice: bool,
    /// Index of the branch whose text is being read.
    branch: Option<usize>,
}

/// Says whether the next list is a decision.
#[derive(Default)]
struct Asking {
    /// A paragraph that ends in a question mark.
    question: Option<String>,
    /// The last paragraph.
    text: String,
    /// A comment says so.
    announced: bool,
}

struct List {
    ordered: bool,
    top: bool,
    /// What it may be a decision about.
    question: Option<String>,
    announced: bool,
    items: usize,
    /// Indices of its decision and its branches.
    branches: Vec<usize>,
}

struct OpenCaution {
    node: usize,
    end: CautionEnd,
}

enum CautionEnd {
    /// At the end of the quote at this depth.
    Quote(usize),
    /// At the end of the paragraph.
    Paragraph,
    /// At the paragraph that has this mark.
    Mark { mark: &'static str, from: usize },
}

impl<'s> Scanner<'s> {
    fn new(source: &'s Source) -> Self {
        Self {
            source,
            scan: Scan::default(),
            slugs: Anchors::default(),
            depth: 0,
            lists: Vec::new(),
            fence: None,
            heading: None,
            item: None,
            task: None,
            caution: None,
            link_depth: 0,
            asking: Asking::default(),
            fresh_choice: false,
            branch: None,
        }
    }

    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag, span),
            Event::Text(text) => {
                if let Some(fence) = &mut self.fence {
                    let at = fence.code.len();
                    let follows = fence.places.last().is_some_and(|(code, file)| file + (at - code) == span.start);
                    if !follows {
                        fence.places.push((at, span.start));
                    }
                    fence.code.push_str(&text);
                } else {
                    self.words(&text);
                }
            }
            Event::Code(text) => self.words(&text),
            Event::SoftBreak | Event::HardBreak => {
                self.item = None;
                self.words(" ");
            }
            Event::InlineHtml(_) => self.html(span),
            Event::TaskListMarker(_) => {
                self.task = Some(self.push(NodeKind::Task { text: String::new() }, span));
            }
            Event::Html(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::Rule => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, span: Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.settle();
                self.heading = Some((number(level), String::new()));
            }
            Tag::Paragraph => self.paragraph(span),
            Tag::BlockQuote(kind) => {
                self.settle();
                let warns = match kind {
                    Some(BlockQuoteKind::Warning | BlockQuoteKind::Caution) => true,
                    Some(BlockQuoteKind::Note | BlockQuoteKind::Tip | BlockQuoteKind::Important) => false,
                    None => caution::quote(self.source.slice(span.clone())),
                };
                if warns && self.caution.is_none() {
                    self.open_caution(span, CautionEnd::Quote(self.depth));
                }
                self.depth += 1;
            }
            Tag::CodeBlock(kind) => {
                self.settle();
                if matches!(kind, CodeBlockKind::Fenced(_)) {
                    self.fence = Some(self.fence_at(&span));
                }
            }
            Tag::HtmlBlock => self.html(span),
            Tag::List(start) => {
                self.settle();
                let top = self.depth == 0;
                let asking = std::mem::take(&mut self.asking);
                let question = if asking.announced { Some(asking.text) } else { asking.question };
                self.lists.push(List {
                    ordered: start.is_some(),
                    top,
                    question: question.filter(|_| start.is_none()),
                    announced: asking.announced,
                    items: 0,
                    branches: Vec::new(),
                });
                self.depth += 1;
            }
            Tag::Item => {
                self.settle();
                self.depth += 1;
                if let Some(list) = self.lists.last_mut() {
                    list.items += 1;
                    self.fresh_choice = list.question.is_some();
                    if list.ordered && list.top {
                        let kind = NodeKind::Item { text: String::new(), only_links: true };
                        self.item = Some(self.push(kind, span));
                    }
                }
            }
            Tag::Link { dest_url, .. } => {
                self.link_depth += 1;
                if self.fresh_choice && (dest_url.starts_with('#') || dest_url.ends_with(".md")) {
                    self.fresh_choice = false;
                    self.begin_branch(&dest_url, span.clone());
                }
                if let Some(anchor) = dest_url.strip_prefix('#') {
                    self.scan.links.push((anchor.to_owned(), span));
                }
            }
            Tag::Table(_) | Tag::FootnoteDefinition(_) => {
                self.settle();
                self.depth += 1;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, span: Range<usize>) {
        match tag {
            TagEnd::Heading(_) => {
                if let Some((level, text)) = self.heading.take() {
                    let text = text.trim().to_owned();
                    let anchor = self.slugs.make(&text);
                    self.scan.anchors.insert(anchor.clone());
                    if self.depth == 0 {
                        self.push(NodeKind::Heading { level, text, anchor }, span);
                    }
                }
                self.asking = Asking::default();
            }
            TagEnd::Paragraph => {
                self.item = None;
                self.task = None;
                self.words(" ");
                let text = self.source.slice(span.clone()).trim_end_matches(['*', '_', ' ', '\n', '\r']);
                let plain = text.trim_start_matches(['*', '_', ' ']).split_whitespace().collect::<Vec<_>>().join(" ");
                self.asking.question = text.ends_with('?').then(|| plain.clone());
                self.asking.text = plain;
                self.paragraph_ends(span);
            }
            TagEnd::BlockQuote(_) => {
                self.depth = self.depth.saturating_sub(1);
                if matches!(&self.caution, Some(OpenCaution { end: CautionEnd::Quote(depth), .. }) if *depth == self.depth)
                {
                    self.close_caution();
                }
            }
            TagEnd::CodeBlock => {
                if let Some(fence) = self.fence.take() {
                    self.push(NodeKind::Fence(fence), span);
                }
            }
            TagEnd::List(_) => {
                if let Some(list) = self.lists.pop() {
                    self.end_choice(&list);
                }
                self.depth = self.depth.saturating_sub(1);
                self.asking = Asking::default();
            }
            TagEnd::Item => {
                self.item = None;
                self.task = None;
                self.branch = None;
                self.words(" ");
                self.depth = self.depth.saturating_sub(1);
            }
            TagEnd::Table | TagEnd::FootnoteDefinition => self.depth = self.depth.saturating_sub(1),
            TagEnd::Link => self.link_depth = self.link_depth.saturating_sub(1),
            _ => {}
        }
    }

    fn begin_branch(&mut self, target: &str, span: Range<usize>) {
        let Some(list) = self.lists.last_mut() else { return };
        let question = list.question.clone().filter(|_| list.branches.is_empty());
        if let Some(question) = question {
            let at = self.scan.nodes.len();
            self.scan.nodes.push(Node { kind: NodeKind::Decision { question }, span: span.clone() });
            list.branches.push(at);
        }
        let at = self.scan.nodes.len();
        list.branches.push(at);
        let (label, criterion) = (String::new(), String::new());
        self.scan.nodes.push(Node { kind: NodeKind::Branch { label, criterion, target: target.to_owned() }, span });
        self.branch = Some(at);
    }

    /// A list after a question in which not every item is a way to go on, or only one is, asks nobody to decide.
    fn end_choice(&mut self, list: &List) {
        let count = list.branches.len().saturating_sub(1);
        if list.announced || (count > 1 && count == list.items) {
            return;
        }
        for at in &list.branches {
            if let Some(node) = self.scan.nodes.get_mut(*at) {
                node.kind = NodeKind::Nothing;
            }
        }
    }

    /// A new block ends what was being read on one line.
    fn settle(&mut self) {
        self.item = None;
        self.task = None;
    }

    fn push(&mut self, kind: NodeKind, span: Range<usize>) -> usize {
        self.scan.nodes.push(Node { kind, span });
        self.scan.nodes.len() - 1
    }

    fn words(&mut self, words: &str) {
        self.fresh_choice = false;
        if let Some((_, text)) = &mut self.heading {
            text.push_str(words);
        }
        let in_link = self.link_depth > 0;
        if let Some(NodeKind::Branch { label, criterion, .. }) =
            self.branch.and_then(|at| self.scan.nodes.get_mut(at)).map(|node| &mut node.kind)
        {
            let first = criterion.is_empty() && in_link;
            if first { label } else { criterion }.push_str(words);
        }
        for index in [self.item, self.task, self.caution.as_ref().map(|open| open.node)].into_iter().flatten() {
            match self.scan.nodes.get_mut(index).map(|node| &mut node.kind) {
                Some(NodeKind::Item { text, only_links }) => {
                    text.push_str(words);
                    *only_links &= in_link || words.trim().is_empty();
                }
                Some(NodeKind::Task { text } | NodeKind::Caution { text }) => text.push_str(words),
                _ => {}
            }
        }
    }

    fn paragraph(&mut self, span: Range<usize>) {
        if self.caution.is_some() {
            return;
        }
        match caution::paragraph(self.source.slice(span.clone())) {
            Some(caution::Opening::Labelled) => self.open_caution(span, CautionEnd::Paragraph),
            Some(caution::Opening::Until(mark)) => {
                let from = span.start;
                self.open_caution(span, CautionEnd::Mark { mark, from });
            }
            None => {}
        }
    }

    fn paragraph_ends(&mut self, span: Range<usize>) {
        match &self.caution {
            Some(OpenCaution { end: CautionEnd::Paragraph, .. }) => self.close_caution(),
            Some(OpenCaution { end: CautionEnd::Mark { mark, from }, node }) => {
                if caution::closes(self.source.slice(span.clone()), mark) {
                    let text = caution::between(self.source.slice(*from..span.end));
                    if let Some(NodeKind::Caution { text: slot }) =
                        self.scan.nodes.get_mut(*node).map(|node| &mut node.kind)
                    {
                        *slot = text;
                    }
                    self.close_caution();
                }
            }
            Some(OpenCaution { end: CautionEnd::Quote(_), .. }) | None => {}
        }
    }

    fn open_caution(&mut self, span: Range<usize>, end: CautionEnd) {
        let node = self.push(NodeKind::Caution { text: String::new() }, span);
        self.caution = Some(OpenCaution { node, end });
    }

    fn close_caution(&mut self) {
        if let Some(open) = self.caution.take()
            && let Some(NodeKind::Caution { text }) = self.scan.nodes.get_mut(open.node).map(|node| &mut node.kind)
        {
            *text = caution::tidy(text);
        }
    }

    fn fence_at(&self, span: &Range<usize>) -> FenceNode {
        let block = self.source.slice(span.clone());
        let first = block.lines().next().unwrap_or("");
        let mark = first.chars().next().unwrap_or('`');
        let info = first.trim_start_matches(mark);
        let start = span.start + (first.len() - info.len());
        let lead = info.len() - info.trim_start().len();
        let info = start + lead..start + lead + info.trim().len();
        let last = block.lines().next_back().unwrap_or("").trim_start_matches([' ', '\t', '>']).trim_end();
        let ticks = first.len() - first.trim_start_matches(mark).len();
        let is_close = block.lines().nth(1).is_some() && last.len() >= ticks && last.chars().all(|c| c == mark);
        let closing = if is_close { Closing::Found } else { Closing::Missing };
        FenceNode { info, code: String::new(), places: Vec::new(), closing }
    }

    /// Finds annotations and anchors in a stretch of HTML.
    fn html(&mut self, span: Range<usize>) {
        let html = self.source.slice(span.clone());
        let mut at = 0;
        while let Some(open) = html.get(at..).and_then(|rest| rest.find("<!--")) {
            let start = at + open + 4;
            let rest = html.get(start..).unwrap_or("");
            let (end, close) = rest.find("-->").map_or((html.len(), html.len()), |end| (start + end, start + end + 3));
            if is_annotation(html.get(start..end).unwrap_or("")) {
                let body = span.start + start..span.start + end;
                if html.get(start..end).is_some_and(|text| text.trim_start().starts_with("decision")) {
                    self.asking.announced = true;
                }
                self.push(NodeKind::Comment { body }, span.start + at + open..span.start + close);
            }
            at = close;
        }
        for name in ["id=\"", "name=\""] {
            for (at, _) in html.match_indices(name) {
                if let Some((anchor, _)) = html.get(at + name.len()..).and_then(|rest| rest.split_once('"')) {
                    self.scan.anchors.insert(anchor.to_owned());
                }
            }
        }
    }

    fn finish(mut self) -> Scan {
        self.close_caution();
        self.scan
    }
}

/// Annotations begin with one of the words that the format has.
fn is_annotation(comment: &str) -> bool {
    let comment = comment.trim_start();
    ["step", "phase", "decision", "branch"].iter().any(|word| {
        comment.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.is_empty() || rest.starts_with(':') || (*word == "decision" && comment.len() > word.len())
        })
    })
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// Counts the fences of a file without looking at anything else.
#[cfg(test)]
pub(super) fn fences(text: &str) -> usize {
    let fenced = |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))));
    Parser::new_ext(text, options()).filter(fenced).count()
}
