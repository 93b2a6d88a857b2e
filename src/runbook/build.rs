//! From structure to plan: each step's sections, actions, cautions, checklist and annotations.

mod annotation;
mod message;

use std::ops::Range;
use std::time::Duration;

use super::action::{self, is_name};
use super::anchor::Anchors;
use super::attributes::{self, Attribute, Broken};
use super::decision::{RawBranch, RawDecision};
use super::language::{self, Language};
use super::outline::{Origin, Outline, PhaseOutline, StepOutline, Stretch};
use super::scan::{Closing, FenceNode, Node, NodeKind};
use super::sink::{Dress, Sink, nearest};
use super::{
    Action, CheckItem, Duty, Evidence, Fence, FenceUse, Foreach, Formula, Message, Necessity, Phase, Section, Step,
};
use crate::kernel::{ActionName, StepId};

/// Holds what was built, with places that the plan itself does not keep.
pub(super) struct Built<'n> {
    pub phases: Vec<Phase>,
    pub steps: Vec<Step>,
    pub fences: Vec<Fence>,
    /// For every action, in the order of `steps` and their actions: its fence and attributes.
    pub places: Vec<ActionPlace<'n>>,
    /// For every step the attributes of its comment.
    pub step_places: Vec<Vec<Attribute>>,
    /// Decisions with their steps, links not followed yet.
    decisions: Vec<(usize, RawDecision)>,
    /// Indices of steps that have an H4 of this name, whatever stands in it.
    pub sections: Vec<(usize, Section)>,
}

/// Says where an action stands.
#[derive(Clone, Debug)]
pub(super) struct ActionPlace<'n> {
    pub step: usize,
    pub name: ActionName,
    /// The opening fence's line.
    pub fence: Range<usize>,
    pub attributes: Vec<Attribute>,
    pub node: &'n FenceNode,
}

/// Builds phases and steps.
pub(super) fn build<'n>(outline: &Outline<'n>, nodes: &'n [Node], sink: &mut Sink<'_>) -> Built<'n> {
    let built = Built {
        phases: Vec::new(),
        steps: Vec::new(),
        fences: Vec::new(),
        places: Vec::new(),
        step_places: Vec::new(),
        decisions: Vec::new(),
        sections: Vec::new(),
    };
    let mut builder =
        Builder { sink, nodes, names: Anchors::default(), ids: Anchors::default(), built, pending: Vec::new() };
    builder.reserve_names();
    for phase in &outline.phases {
        builder.phase(phase);
    }
    builder.leftovers();
    let mut built = builder.built;
    for (index, raw) in std::mem::take(&mut built.decisions) {
        let decision = super::decision::resolve(raw, index, &built.steps, &built.phases, sink);
        if let Some(step) = built.steps.get_mut(index) {
            step.decision = decision;
        }
    }
    super::decision::jumps(&mut built, sink);
    built.sections.sort_unstable();
    built.fences.sort_by_key(|fence| fence.line);
    built
}

/// Says whether a node needs a step around it.
pub(super) fn acts(source: &crate::kernel::Source, node: &Node) -> bool {
    match &node.kind {
        NodeKind::Fence(fence) => {
            let word = attributes::info(source.slice(fence.info.clone())).language;
            matches!(language::language(word), Language::Runs(_) | Language::Tells)
        }
        NodeKind::Task { .. } | NodeKind::Branch { .. } => true,
        NodeKind::Comment { body } => source.slice(body.clone()).trim_start().starts_with("step"),
        _ => false,
    }
}

struct Builder<'b, 's, 'n> {
    sink: &'b mut Sink<'s>,
    nodes: &'n [Node],
    names: Anchors,
    ids: Anchors,
    built: Built<'n>,
    /// Cautions of a phase's introduction, for its next step.
    pending: Vec<String>,
}

/// Collects one step.
#[derive(Default)]
struct Draft<'n> {
    id: Option<String>,
    budget: Option<Duration>,
    evidence: Option<Evidence>,
    optional: Option<Necessity>,
    foreach: Option<Foreach>,
    parallel: bool,
    needs: Vec<StepId>,
    annotated: Option<Range<usize>>,
    attributes: Vec<Attribute>,
    when: Option<Formula>,
    ask: Vec<String>,
    decision: Option<RawDecision>,
    duty: Duty,
    messages: Vec<Message>,
    phase_budget: Option<Duration>,
    checklist: Vec<CheckItem>,
    actions: Vec<(Action, ActionPlace<'n>)>,
    cautions: Vec<String>,
    sections: Vec<Section>,
    comments: Vec<Range<usize>>,
}

impl<'n> Builder<'_, '_, 'n> {
    /// Names that authors chose come first, wherever they stand; made-up names give way.
    fn reserve_names(&mut self) {
        for node in self.nodes {
            let NodeKind::Fence(fence) = &node.kind else { continue };
            let Some((braces, from)) = attributes::info(self.sink.source.slice(fence.info.clone())).braces else {
                continue;
            };
            let Ok(attributes) = attributes::attributes(braces, fence.info.start + from) else { continue };
            if let Some(name) = action::name(&attributes)
                && !self.names.take(name)
            {
                let at = attributes.iter().find(|a| a.key == "name").map_or(0..0, |a| a.value_at.clone());
                self.sink.error(
                    "duplicate-name",
                    at,
                    format!("another fence has the name `{name}` already"),
                    "give each fence a name of its own",
                );
            }
        }
        for node in self.nodes {
            let NodeKind::Comment { body } = &node.kind else { continue };
            let Some(Ok(attributes)) = comment(self.sink.source.slice(body.clone()), body.start, "step") else {
                continue;
            };
            for attribute in attributes.iter().filter(|attribute| attribute.key == "id") {
                let id = attribute.value.as_deref().unwrap_or("");
                if !id.is_empty() && !self.ids.take(id) {
                    self.sink.error(
                        "duplicate-name",
                        attribute.value_at.clone(),
                        format!("another step has the id `{id}` already"),
                        "give each step an id of its own",
                    );
                }
            }
        }
    }

    fn phase(&mut self, phase: &PhaseOutline<'n>) {
        let index = self.built.phases.len();
        let first = self.built.steps.len();
        let mut intro = Draft::default();
        for node in phase.intro.nodes {
            self.node(node, Section::Main, &mut intro, "");
        }
        if let Some(decision) = intro.decision {
            let help = "put it under the heading of its step";
            self.sink.error_if_annotated("comment", decision.at, "this decision belongs to no step", help);
        }
        if let Some(at) = intro.annotated {
            self.sink.error("comment", at, "this comment belongs to no step", "put it under the heading of its step");
        }
        let body = self.body(&phase.intro, &intro.comments);
        let mut budget = intro.phase_budget;
        self.pending = intro.cautions;
        for step in &phase.steps {
            budget = self.step(step, index).or(budget);
        }
        let line = self.sink.source.line_of(phase.at);
        let steps = first..self.built.steps.len();
        self.built.phases.push(Phase {
            title: phase.title.clone(),
            anchor: phase.anchor.clone(),
            budget,
            steps,
            body,
            line,
        });
    }

    /// Builds a step; returns the budget of its phase if its comment stands in this stretch.
    fn step(&mut self, outline: &StepOutline<'n>, phase: usize) -> Option<Duration> {
        let index = self.built.steps.len();
        let mut draft = Draft { cautions: std::mem::take(&mut self.pending), ..Draft::default() };
        let id = self.explicit_id(&outline.stretch).unwrap_or_else(|| {
            let slug = if outline.anchor.is_empty() { "step" } else { &outline.anchor };
            self.ids.unique(slug, "-")
        });
        let mut section = Section::Main;
        let mut is_sample = false;
        for node in outline.stretch.nodes {
            if let NodeKind::Heading { level, text, .. } = &node.kind {
                is_sample = matches!(text.to_ascii_lowercase().as_str(), "example output" | "sample output" | "output");
                if *level == 4 {
                    section = named(text).unwrap_or(Section::Main);
                    if section != Section::Main {
                        draft.sections.push(section);
                    }
                }
                continue;
            }
            if let (NodeKind::Fence(fence), true) = (&node.kind, is_sample) {
                self.account(fence, FenceUse::Example);
                continue;
            }
            self.node(node, section, &mut draft, &id);
        }
        // The sections in the order in which they are used.
        draft.actions.sort_by_key(|(action, _)| action.section);
        let runs = draft.actions.iter().any(|(action, _)| action.section <= Section::Verify);
        let does = !draft.messages.is_empty()
            || !draft.checklist.is_empty()
            || draft.annotated.is_some()
            || outline.origin == Origin::Item;
        // What ran needs nobody's word, unless it is asked for.
        let manual = if runs { draft.evidence } else { does.then(|| draft.evidence.unwrap_or(Evidence::Welcome)) };
        for section in &draft.sections {
            self.built.sections.push((index, *section));
        }
        let mut actions = Vec::new();
        for (action, mut place) in draft.actions {
            place.step = index;
            place.name = action.name.clone();
            self.built.places.push(place);
            actions.push(action);
        }
        self.built.step_places.push(draft.attributes);
        if let Some(decision) = draft.decision {
            self.built.decisions.push((index, decision));
        }
        self.built.steps.push(Step {
            id: StepId::new(id),
            number: u32::try_from(index + 1).unwrap_or(u32::MAX),
            title: outline.title.clone(),
            anchor: outline.anchor.clone(),
            phase,
            body: self.body(&outline.stretch, &draft.comments),
            when: draft.when,
            ask: draft.ask,
            decision: None,
            duty: draft.duty,
            messages: draft.messages,
            checklist: draft.checklist,
            actions,
            manual,
            budget: draft.budget,
            cautions: draft.cautions,
            optional: draft.optional.unwrap_or(Necessity::Required),
            foreach: draft.foreach,
            parallel: draft.parallel,
            needs: draft.needs,
            line: self.sink.source.line_of(outline.at),
        });
        draft.phase_budget
    }

    /// The id is needed before the step's fences are named.
    fn explicit_id(&self, stretch: &Stretch<'_>) -> Option<String> {
        stretch.nodes.iter().find_map(|node| {
            let NodeKind::Comment { body } = &node.kind else { return None };
            let attributes = comment(self.sink.source.slice(body.clone()), body.start, "step")?.ok()?;
            let id = attributes.into_iter().find(|attribute| attribute.key == "id")?.value?;
            is_name(&id).then_some(id)
        })
    }

    fn node(&mut self, node: &'n Node, section: Section, draft: &mut Draft<'n>, id: &str) {
        match &node.kind {
            NodeKind::Fence(fence) => self.fence(node, fence, section, draft, id),
            NodeKind::Comment { body } => {
                draft.comments.push(node.span.clone());
                self.comment(node, body, draft);
            }
            NodeKind::Caution { text } => draft.cautions.push(text.clone()),
            NodeKind::Task { text } => {
                if matches!(section, Section::Rollback | Section::OnFailure) {
                    self.sink.warn(
                        "unticked",
                        node.span.clone(),
                        "this item stands in a section that runs only when it is asked for, so it is shown and not ticked",
                        "move it to the step itself if it always has to be done",
                    );
                } else {
                    let line = self.sink.source.line_of(node.span.start);
                    draft.checklist.push(CheckItem { text: text.trim().to_owned(), line });
                }
            }
            NodeKind::Decision { question } => {
                if draft.decision.as_ref().is_some_and(|open| !open.branches.is_empty()) {
                    self.sink.error(
                        "decision",
                        node.span.clone(),
                        "this step has a decision already",
                        "give each decision a step of its own",
                    );
                }
                let decision = draft.decision.get_or_insert_default();
                decision.question.clone_from(question);
                decision.at = node.span.clone();
            }
            NodeKind::Branch { label, criterion, target } => {
                let criterion = criterion.trim().trim_start_matches(['-', '–', '—', ':', ',']).trim().to_owned();
                draft.decision.get_or_insert_default().branches.push(RawBranch {
                    label: label.trim().to_owned(),
                    criterion,
                    target: target.clone(),
                    at: node.span.clone(),
                    attributes: Vec::new(),
                });
            }
            NodeKind::Heading { .. } | NodeKind::Item { .. } | NodeKind::Nothing => {}
        }
    }

    /// Accounts for fences that stand in no step: in the preface, where nothing runs.
    fn leftovers(&mut self) {
        let known: std::collections::BTreeSet<usize> = self.built.fences.iter().map(|fence| fence.line).collect();
        for node in self.nodes {
            let NodeKind::Fence(fence) = &node.kind else { continue };
            if !known.contains(&self.sink.source.line_of(fence.info.start)) {
                self.node(node, Section::Main, &mut Draft::default(), "");
            }
        }
    }

    fn account(&mut self, fence: &FenceNode, used: FenceUse) {
        let line = self.sink.source.line_of(fence.info.start);
        let info = self.sink.source.slice(fence.info.clone()).to_owned();
        self.built.fences.push(Fence { line, info, used });
    }

    /// Takes the attributes of a fence; of broken ones it says what is wrong.
    fn understood(&mut self, read: Option<Result<Vec<Attribute>, Broken>>) -> Vec<Attribute> {
        match read {
            Some(Ok(attributes)) => attributes,
            Some(Err(broken)) => {
                self.sink.error("broken-attribute", broken.at, broken.message, broken.help);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn fence(&mut self, node: &'n Node, fence: &'n FenceNode, section: Section, draft: &mut Draft<'n>, id: &str) {
        let source = self.sink.source;
        let line = source.line_of(fence.info.start);
        let place = source.line_span(line);
        let place = node.span.start..place.end.max(node.span.start);
        if fence.closing == Closing::Missing {
            self.sink.error_if_annotated(
                "unclosed-fence",
                place.clone(),
                "this fence is never closed",
                "put a line with as many marks as it begins with after its last line; until then it swallows what follows",
            );
        }
        let text = source.slice(fence.info.clone());
        let info = attributes::info(text);
        let word_at = fence.info.start..fence.info.start + info.language.len();
        let read = info
            .braces
            .filter(|(braces, _)| !attributes::is_highlight(braces))
            .map(|(braces, from)| attributes::attributes(braces, fence.info.start + from));
        let Some(kind) = self.kind(info.language, &word_at, &place, read.is_some()) else {
            if language::language(info.language) == Language::Tells {
                let attributes = self.understood(read);
                self.message(fence, &attributes, &place, draft, id);
            } else {
                self.account(fence, FenceUse::Example);
            }
            return;
        };
        if let Some((stray, at)) = &info.stray {
            let at = fence.info.start + at.start..fence.info.start + at.end;
            self.sink.error_if_annotated(
                "stray-attribute",
                at,
                format!("`{stray}` stands outside the braces and means nothing"),
                "put attributes into `{ … }` after the language",
            );
        }
        if info.braces.is_some() && !text.ends_with('}') && info.stray.is_none() {
            self.sink.error(
                "broken-attribute",
                place.clone(),
                "the brace of the attributes is not closed",
                "end the line with `}`",
            );
        }
        let attributes = self.understood(read);
        let mut action = action::plain(kind, fence, line);
        action.section = section;
        action.cautions = std::mem::take(&mut draft.cautions);
        action::apply(&mut action, &attributes, &place, self.sink);
        action.name = ActionName::new(match action::name(&attributes) {
            Some(name) => name.to_owned(),
            None => self.names.unique(&made_up(id, section), "-"),
        });
        self.account(fence, FenceUse::Action(action.name.clone()));
        let place = ActionPlace { step: 0, name: action.name.clone(), fence: place, attributes, node: fence };
        draft.actions.push((action, place));
    }

    /// Says what runs a fence of this language; `None` if nothing does.
    fn kind(
        &mut self,
        word: &str,
        at: &Range<usize>,
        place: &Range<usize>,
        has_attributes: bool,
    ) -> Option<super::Kind> {
        match language::language(word) {
            Language::Runs(kind) => return Some(kind),
            Language::Example | Language::Tells => {}
            Language::Missing if has_attributes => self.sink.error_if_annotated(
                "unknown-language",
                place.clone(),
                "a fence with attributes needs a language",
                "write for example `sh` before the brace",
            ),
            Language::Missing => self.sink.warn(
                "no-language",
                place.clone(),
                "this fence has no language, so it is shown and never runs",
                "write `sh` after the marks if it is to run, `text` if it is not",
            ),
            Language::NotYet => self.sink.error_if_annotated(
                "not-supported",
                at.clone(),
                format!("the language `{word}` is not supported yet, so this fence cannot run"),
                "call its program from an `sh` fence, or write `text` if it is only to be read",
            ),
            Language::Unknown => {
                let near = nearest(word, language::known())
                    .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
                self.sink.error_if_annotated(
                    "unknown-language",
                    at.clone(),
                    format!("there is no language `{word}`, so this fence cannot run"),
                    format!("{near}sh, bash, aws, http, dns and sql run; write `text` if it is only to be read"),
                );
            }
        }
        None
    }

    /// Cuts the annotations out of a stretch, and the blank lines around it.
    fn body(&self, stretch: &Stretch<'_>, comments: &[Range<usize>]) -> String {
        let mut body = String::new();
        let mut at = stretch.bytes.start;
        for comment in comments {
            body.push_str(self.sink.source.slice(at..comment.start.max(at)));
            at = comment.end.max(at);
        }
        body.push_str(self.sink.source.slice(at..stretch.bytes.end.max(at)));
        body.trim_end().trim_start_matches(['\n', '\r']).to_owned()
    }
}

/// Reads a comment that begins with `word`; `None` if it begins with another.
fn comment(text: &str, from: usize, word: &str) -> Option<Result<Vec<Attribute>, attributes::Broken>> {
    let lead = text.len() - text.trim_start().len();
    let rest = text.trim_start().strip_prefix(word)?;
    let colon = rest.trim_start().strip_prefix(':').map_or(0, |tail| rest.len() - tail.len());
    let inner = rest.get(colon..).unwrap_or("");
    Some(attributes::attributes(inner, from + lead + word.len() + colon))
}

fn named(heading: &str) -> Option<Section> {
    match heading.trim().trim_end_matches(':').to_ascii_lowercase().as_str() {
        "before" => Some(Section::Before),
        "verify" => Some(Section::Verify),
        "rollback" => Some(Section::Rollback),
        "on failure" => Some(Section::OnFailure),
        _ => None,
    }
}

fn made_up(id: &str, section: Section) -> String {
    match section {
        Section::Main => id.to_owned(),
        Section::Before => format!("{id}-before"),
        Section::Verify => format!("{id}-verify"),
        Section::Rollback => format!("{id}-rollback"),
        Section::OnFailure => format!("{id}-on-failure"),
    }
}

/// Says whether anything in the file was written for lifeboat.
pub(super) fn dress(source: &crate::kernel::Source, nodes: &[Node]) -> Dress {
    let annotated = nodes.iter().any(|node| match &node.kind {
        NodeKind::Comment { .. } => true,
        NodeKind::Fence(fence) => {
            let info = attributes::info(source.slice(fence.info.clone()));
            info.braces.is_some_and(|(braces, _)| !attributes::is_highlight(braces))
                && matches!(language::language(info.language), Language::Runs(_) | Language::Tells | Language::NotYet)
        }
        _ => false,
    });
    if annotated { Dress::Annotated } else { Dress::Plain }
}
