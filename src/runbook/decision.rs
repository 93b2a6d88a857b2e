//! Decisions: a question, and a list of links to choose from.

use std::ops::Range;

use super::attributes::Attribute;
use super::build::Built;
use super::sink::{Sink, nearest};
use super::{Formula, OnFailure, Phase, Section, Step};

/// Is a decision that a person makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What is asked.
    pub question: String,
    /// What can be chosen, in the author's order.
    pub branches: Vec<Branch>,
    /// Which branch a drill without a person takes where no branch's condition holds.
    pub default: Option<usize>,
}

/// Is one way to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// The link's text.
    pub label: String,
    /// When this is the way to go: the text after the link.
    pub criterion: String,
    /// Where it leads.
    pub way: Way,
    /// Speaks for this branch where it holds. A person decides all the same.
    pub when: Option<Formula>,
    /// The steps that belong to this branch, as indices: not for this case where another one is chosen.
    pub steps: Range<usize>,
}

/// Says where a branch leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// To a step of this runbook, by its index. One that does not lie ahead begins a new pass.
    Step(usize),
    /// To another runbook: a path, as it is written.
    Runbook(String),
}

/// Holds a decision before its links are followed.
#[derive(Debug, Default)]
pub(super) struct RawDecision {
    pub question: String,
    pub at: Range<usize>,
    /// Of `<!-- decision: … -->`.
    pub attributes: Vec<Attribute>,
    pub branches: Vec<RawBranch>,
}

/// Is a branch before its link is followed.
#[derive(Debug)]
pub(super) struct RawBranch {
    pub label: String,
    pub criterion: String,
    pub target: String,
    pub at: Range<usize>,
    /// Of `<!-- branch: … -->`.
    pub attributes: Vec<Attribute>,
}

/// Follows the links of the decision that stands in step `index`.
pub(super) fn resolve(
    raw: RawDecision,
    index: usize,
    steps: &[Step],
    phases: &[Phase],
    sink: &mut Sink<'_>,
) -> Option<Decision> {
    if raw.branches.is_empty() {
        sink.error(
            "decision",
            raw.at,
            "this decision has nothing to choose from",
            "write a list below it whose items begin with a link: `- [Restore](#restore) when the data are wrong`",
        );
        return None;
    }
    let places = Places { steps, phases };
    let mut then = None;
    let mut chosen = None;
    for attribute in &raw.attributes {
        let value = attribute.value.as_deref().unwrap_or("").trim_start_matches('#');
        match attribute.key.as_str() {
            "then" => match places.find(value) {
                Some(at) if at.start > index => then = Some(at.start),
                Some(_) => sink.error(
                    "decision",
                    attribute.value_at.clone(),
                    "the branches cannot rejoin before the decision",
                    "name a step that comes after them",
                ),
                None => super::advice::no_such_anchor(value, attribute.value_at.clone(), "jump", sink),
            },
            "default" => {
                let of = |branch: &RawBranch| branch.target.trim_start_matches('#') == value;
                chosen = raw.branches.iter().position(of);
                if chosen.is_none() {
                    let known = raw.branches.iter().map(|branch| branch.target.as_str());
                    sink.error(
                        "decision",
                        attribute.value_at.clone(),
                        format!("no branch leads to `{value}`"),
                        format!("use one of {}", known.collect::<Vec<_>>().join(", ")),
                    );
                }
            }
            key if key.starts_with("x-") => {}
            key => unknown(key, &["default", "then"], "decision", attribute, sink),
        }
    }
    let mut branches: Vec<Branch> = raw.branches.into_iter().filter_map(|raw| branch(raw, &places, sink)).collect();
    claim(&mut branches, index, then);
    Some(Decision { question: raw.question, branches, default: chosen })
}

fn branch(raw: RawBranch, places: &Places<'_>, sink: &mut Sink<'_>) -> Option<Branch> {
    let mut when = None;
    for attribute in &raw.attributes {
        match attribute.key.as_str() {
            "when" => match Formula::parse(attribute.value.as_deref().unwrap_or("")) {
                Ok(formula) => when = Some(formula),
                Err(why) => sink.error("attribute", attribute.value_at.clone(), why, super::action::WHEN),
            },
            key if key.starts_with("x-") => {}
            key => unknown(key, &["when"], "branch", attribute, sink),
        }
    }
    let mut heading = 0..0;
    let way = match raw.target.strip_prefix('#') {
        Some(anchor) => {
            let Some(steps) = places.find(anchor) else {
                // A link to a heading that is there leads to no step: an H4, or a phase without steps.
                if sink.anchors.contains(anchor) {
                    sink.error(
                        "decision",
                        raw.at,
                        format!("this way leads to `#{anchor}`, which is no step and no phase"),
                        "link to the heading of a step or of a phase",
                    );
                }
                return None;
            };
            heading = steps.clone();
            Way::Step(steps.start)
        }
        None if raw.target.starts_with('/') || raw.target.contains(':') => {
            sink.error(
                "decision",
                raw.at,
                format!("`{}` is no runbook beside this one", raw.target),
                "link to a file by its path from this one, such as `region-failure.md`",
            );
            return None;
        }
        None => Way::Runbook(raw.target),
    };
    Some(Branch { label: raw.label, criterion: raw.criterion, way, when, steps: heading })
}

/// Follows the jumps of `on-failure`.
pub(super) fn jumps(built: &mut Built<'_>, sink: &mut Sink<'_>) {
    let mut found = Vec::new();
    let mut before = 0;
    for (index, step) in built.steps.iter().enumerate() {
        for (nth, (action, at)) in step.actions.iter().zip(built.places.iter().skip(before)).enumerate() {
            let attribute = at.attributes.iter().find(|attribute| attribute.key == "on-failure");
            let anchor = attribute.and_then(|attribute| attribute.value.as_deref()?.strip_prefix('#'));
            let (Some(attribute), Some(anchor)) = (attribute, anchor) else { continue };
            let places = Places { steps: &built.steps, phases: &built.phases };
            let to = places.find(anchor).map(|steps| steps.start);
            let wrong = match to {
                None if !sink.anchors.contains(anchor) => continue,
                None => Some("this leads to no step and no phase"),
                Some(to) if to <= index => Some("after a failure it goes on further ahead, never back"),
                Some(_) if action.section > Section::Verify => {
                    Some("what runs only when it is asked for leads nowhere")
                }
                Some(_) if step.parallel || step.foreach.is_some() || action.foreach.is_some() => {
                    Some("what runs side by side with others cannot say where all go on")
                }
                Some(to) => {
                    found.push((index, nth, to));
                    None
                }
            };
            if let Some(message) = wrong {
                let help = "link to a step further ahead, or use `stop`: the operator is asked, and decides";
                sink.error("attribute", attribute.value_at.clone(), message, help);
            }
        }
        before += step.actions.len();
    }
    for (index, nth, to) in found {
        if let Some(action) = built.steps.get_mut(index).and_then(|step| step.actions.get_mut(nth)) {
            action.on_failure = OnFailure::Jump(to);
        }
    }
}

/// Says which steps belong to which branch: from where it leads to the next branch or to where they rejoin; without a
/// word about that, what its heading stands over. What does not lie ahead belongs to none.
fn claim(branches: &mut [Branch], index: usize, then: Option<usize>) {
    let ahead: Vec<usize> = branches.iter().filter_map(Branch::target).filter(|at| *at > index).collect();
    for branch in branches.iter_mut() {
        let Some(at) = branch.target().filter(|at| *at > index) else {
            branch.steps = 0..0;
            continue;
        };
        if let Some(then) = then {
            let end = ahead.iter().copied().filter(|other| *other > at).fold(then, usize::min);
            branch.steps = at..end.max(at);
        }
    }
}

impl Branch {
    /// Returns the step that it leads to, if it stays in this runbook.
    pub fn target(&self) -> Option<usize> {
        match self.way {
            Way::Step(at) => Some(at),
            Way::Runbook(_) => None,
        }
    }
}

struct Places<'p> {
    steps: &'p [Step],
    phases: &'p [Phase],
}

impl Places<'_> {
    /// Finds a step, or all steps of a phase, by its anchor.
    fn find(&self, anchor: &str) -> Option<Range<usize>> {
        let step = self.steps.iter().position(|step| step.anchor == anchor).map(|at| at..at + 1);
        let phase = || self.phases.iter().find(|phase| phase.anchor == anchor).map(|phase| phase.steps.clone());
        phase().filter(|steps| !steps.is_empty()).or(step)
    }
}

fn unknown(key: &str, known: &[&str], what: &str, attribute: &Attribute, sink: &mut Sink<'_>) {
    let help = nearest(key, known.iter().copied())
        .map_or_else(|| format!("a {what} can have {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
    sink.error("unknown-attribute", attribute.key_at.clone(), format!("a {what} has no `{key}`"), help);
}
