//! Phases and steps: which stretch of the file is which.
//!
//! The first of these that a phase has are its steps: its H3s; its top-level ordered-list items; itself.

use std::ops::Range;

use super::scan::{Node, NodeKind};

/// Is a phase with the stretches of its steps.
#[derive(Debug)]
pub(super) struct PhaseOutline<'n> {
    pub title: String,
    pub anchor: String,
    /// The heading, or where the phase begins.
    pub at: usize,
    /// What stands before its first step.
    pub intro: Stretch<'n>,
    pub steps: Vec<StepOutline<'n>>,
}

/// Is a step with its stretch.
#[derive(Debug)]
pub(super) struct StepOutline<'n> {
    pub title: String,
    pub anchor: String,
    pub at: usize,
    pub origin: Origin,
    pub stretch: Stretch<'n>,
}

/// Says what made it a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A heading.
    Heading,
    /// An item of an ordered list: it tells somebody to do something.
    Item,
}

/// Is a stretch of the file with what was found in it.
#[derive(Clone, Debug)]
pub(super) struct Stretch<'n> {
    pub bytes: Range<usize>,
    pub nodes: &'n [Node],
}

/// Holds the whole file's structure.
#[derive(Debug)]
pub(super) struct Outline<'n> {
    /// The H1.
    pub title: Option<String>,
    /// What stands before the first phase.
    pub preface: Range<usize>,
    pub phases: Vec<PhaseOutline<'n>>,
}

/// Finds phases and steps. `from..to` is the Markdown; `acts` says whether a node needs a step around it.
pub(super) fn outline<'n>(
    nodes: &'n [Node],
    bytes: Range<usize>,
    name: &str,
    acts: &dyn Fn(&Node) -> bool,
) -> Outline<'n> {
    let h1 = nodes.iter().position(|node| heading(node, 1).is_some());
    let title = h1.and_then(|at| nodes.get(at)).and_then(|node| heading(node, 1)).map(|(text, _)| text.to_owned());
    // Later H1s divide the file just as H2s do.
    let starts: Vec<usize> = nodes
        .iter()
        .enumerate()
        .filter(|(at, node)| heading(node, 2).is_some() || (heading(node, 1).is_some() && Some(*at) != h1))
        .map(|(at, _)| at)
        .collect();
    let first = starts.first().copied().unwrap_or(nodes.len());
    let begin = h1.and_then(|at| nodes.get(at)).map_or(bytes.start, |node| node.span.end);
    let head = nodes.get(..first).unwrap_or(&[]);
    let head = match h1 {
        // What stands before the title belongs to the preface as well.
        Some(at) if at < first && !head.iter().take(at).any(acts) => nodes.get(at + 1..first).unwrap_or(&[]),
        _ => head,
    };
    let head_end = nodes.get(first).map_or(bytes.end, |node| node.span.start);
    let begin = begin.min(head_end);
    let shown_title = title.clone().unwrap_or_else(|| name.to_owned());

    let mut phases = Vec::new();
    let mut preface = begin..head_end;
    if starts.is_empty() || head.iter().any(acts) {
        let stretch = Stretch { bytes: begin..head_end, nodes: head };
        let anchor = super::anchor::slug(&shown_title);
        phases.push(phase(shown_title, anchor, begin, &stretch, acts));
        preface = begin..begin;
    }
    for (index, start) in starts.iter().enumerate() {
        let Some(node) = nodes.get(*start) else { continue };
        let end = starts.get(index + 1).copied().unwrap_or(nodes.len());
        let end_at = nodes.get(end).map_or(bytes.end, |node| node.span.start);
        let inside = nodes.get(start + 1..end).unwrap_or(&[]);
        let Some((text, anchor)) = heading(node, 2).or_else(|| heading(node, 1)) else { continue };
        let stretch = Stretch { bytes: node.span.end..end_at, nodes: inside };
        phases.push(phase(text.to_owned(), anchor.to_owned(), node.span.start, &stretch, acts));
    }
    Outline { title, preface, phases }
}

fn phase<'n>(
    title: String,
    anchor: String,
    at: usize,
    stretch: &Stretch<'n>,
    acts: &dyn Fn(&Node) -> bool,
) -> PhaseOutline<'n> {
    let nodes = stretch.nodes;
    let positions = |wanted: &dyn Fn(&Node) -> bool| -> Vec<usize> {
        nodes.iter().enumerate().filter(|(_, node)| wanted(node)).map(|(at, _)| at).collect()
    };
    let mut starts = positions(&|node| heading(node, 3).is_some());
    if starts.is_empty() {
        let items = positions(&|node| matches!(node.kind, NodeKind::Item { .. }));
        // A table of contents is an ordered list too.
        let is_contents = items
            .iter()
            .filter_map(|at| nodes.get(*at))
            .all(|node| matches!(node.kind, NodeKind::Item { only_links: true, .. }));
        if !is_contents {
            starts = items;
        }
    }
    let first = starts.first().copied().unwrap_or(nodes.len());
    let first_at = nodes.get(first).map_or(stretch.bytes.end, |node| node.span.start);
    let intro = Stretch { bytes: stretch.bytes.start..first_at, nodes: nodes.get(..first).unwrap_or(&[]) };
    let mut steps = Vec::new();
    let itself = |stretch: Stretch<'n>| StepOutline {
        title: title.clone(),
        anchor: anchor.clone(),
        at,
        origin: Origin::Heading,
        stretch,
    };
    if starts.is_empty() {
        steps.push(itself(intro.clone()));
    } else if intro.nodes.iter().any(acts) {
        // Something to run stands before the first step: it is a step of the phase's name, lest it be lost.
        steps.push(itself(intro.clone()));
    }
    let intro =
        if steps.is_empty() { intro } else { Stretch { bytes: intro.bytes.start..intro.bytes.start, nodes: &[] } };
    for (index, start) in starts.iter().enumerate() {
        let Some(node) = nodes.get(*start) else { continue };
        let end = starts.get(index + 1).copied().unwrap_or(nodes.len());
        let end_at = nodes.get(end).map_or(stretch.bytes.end, |node| node.span.start);
        let inside = nodes.get(start + 1..end).unwrap_or(&[]);
        let (title, anchor, origin, from) = match &node.kind {
            NodeKind::Heading { text, anchor, .. } => (text.clone(), anchor.clone(), Origin::Heading, node.span.end),
            NodeKind::Item { text, .. } => {
                let title = short(text);
                let anchor = super::anchor::slug(&title);
                (title, anchor, Origin::Item, node.span.start)
            }
            _ => continue,
        };
        let stretch = Stretch { bytes: from..end_at.max(from), nodes: inside };
        steps.push(StepOutline { title, anchor, at: node.span.start, origin, stretch });
    }
    PhaseOutline { title, anchor, at, intro, steps }
}

fn heading(node: &Node, wanted: u8) -> Option<(&str, &str)> {
    match &node.kind {
        NodeKind::Heading { level, text, anchor } if *level == wanted => Some((text, anchor)),
        _ => None,
    }
}

/// A list item's first line can be a paragraph long; a title cannot.
fn short(text: &str) -> String {
    const MOST: usize = 72;
    let text = text.trim().trim_end_matches(':');
    if text.is_empty() {
        return "Step".to_owned();
    }
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let cut: String = text.chars().take(MOST).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head);
    format!("{cut}…")
}
