//! Comments under headings: what they say of a step, of a phase or of a decision.

use std::ops::Range;

use super::{Builder, Draft, comment};
use crate::kernel::{StepId, parse_duration};
use crate::runbook::action::{WHEN, is_name};
use crate::runbook::attributes::Attribute;
use crate::runbook::scan::Node;
use crate::runbook::sink::nearest;
use crate::runbook::{Evidence, Formula, Necessity, foreach, words};

impl<'n> Builder<'_, '_, 'n> {
    pub(super) fn comment(&mut self, node: &Node, body: &Range<usize>, draft: &mut Draft<'n>) {
        let text = self.sink.source.slice(body.clone());
        let words = ["step", "phase", "decision", "branch"];
        let word = words.into_iter().find(|word| text.trim_start().starts_with(word)).unwrap_or("");
        let attributes = match comment(text, body.start, word) {
            Some(Ok(attributes)) => attributes,
            Some(Err(broken)) => {
                self.sink.error("broken-attribute", broken.at, broken.message, broken.help);
                return;
            }
            None => return,
        };
        match word {
            "decision" => {
                let decision = draft.decision.get_or_insert_default();
                if decision.branches.is_empty() {
                    decision.at = node.span.clone();
                }
                decision.attributes.extend(attributes);
                return;
            }
            "branch" => {
                match draft.decision.as_mut().and_then(|decision| decision.branches.last_mut()) {
                    Some(branch) => branch.attributes.extend(attributes),
                    None => self.sink.error(
                        "comment",
                        node.span.clone(),
                        "this comment belongs to no branch of a decision",
                        "put it behind the link of the branch",
                    ),
                }
                return;
            }
            _ => {}
        }
        if word == "step" {
            if draft.annotated.is_some() {
                self.sink.error(
                    "comment",
                    node.span.clone(),
                    "this step has a comment already",
                    "put everything into one `<!-- step: … -->`",
                );
            }
            draft.annotated = Some(node.span.clone());
            draft.foreach = foreach::read(&attributes, self.sink);
        }
        for attribute in &attributes {
            self.annotation(word, attribute, draft);
        }
        if word == "step" {
            draft.attributes.extend(attributes);
        }
    }

    fn annotation(&mut self, word: &str, attribute: &Attribute, draft: &mut Draft<'n>) {
        const NOT_YET: [&str; 2] = ["then", "on-failure"];
        let value = attribute.value.as_deref().unwrap_or("");
        match (word, attribute.key.as_str()) {
            (_, key) if key.starts_with("x-") => {}
            ("step", key) if foreach::KEYS.contains(&key) => {}
            ("step", "parallel") => match attribute.value.as_deref() {
                None | Some("true" | "yes") => draft.parallel = true,
                Some("false" | "no") => draft.parallel = false,
                Some(_) => self.sink.error(
                    "attribute",
                    attribute.value_at.clone(),
                    format!("`parallel` is yes or no, not `{value}`"),
                    "write `parallel` alone, or leave it out",
                ),
            },
            ("step", "needs") => {
                let ids = value.split(',').map(str::trim).filter(|id| !id.is_empty());
                draft.needs = ids.map(StepId::new).collect();
                if draft.needs.is_empty() {
                    self.sink.error(
                        "attribute",
                        attribute.key_at.clone(),
                        "`needs` names no step",
                        "write the ids of steps with commas: `needs=fence,measure`",
                    );
                }
            }
            ("step", "id") => {
                if is_name(value) {
                    draft.id = Some(value.to_owned());
                } else {
                    self.sink.error(
                        "attribute",
                        attribute.value_at.clone(),
                        format!("`{value}` cannot be an id"),
                        "use letters, digits, `-` and `_`",
                    );
                }
            }
            (_, "budget") => match parse_duration(value) {
                Ok(budget) if word == "phase" => draft.phase_budget = Some(budget),
                Ok(budget) => draft.budget = Some(budget),
                Err(why) => self.sink.error(
                    "bad-duration",
                    attribute.value_at.clone(),
                    why,
                    "use d, h, m, s or ms after each number",
                ),
            },
            ("step", "evidence") => match value {
                "required" => draft.evidence = Some(Evidence::Required),
                _ => self.sink.error(
                    "attribute",
                    attribute.value_at.clone(),
                    format!("`evidence` cannot be `{value}`"),
                    "write `evidence=required`, or take it out",
                ),
            },
            ("step", "optional") => match attribute.value.as_deref() {
                None | Some("true" | "yes") => draft.optional = Some(Necessity::Optional),
                Some("false" | "no") => draft.optional = Some(Necessity::Required),
                Some(_) => self.sink.error(
                    "attribute",
                    attribute.value_at.clone(),
                    format!("`optional` is yes or no, not `{value}`"),
                    "write `optional` alone, or leave it out",
                ),
            },
            ("step", "when") => match Formula::parse(value) {
                Ok(when) => draft.when = Some(when),
                Err(why) => self.sink.error("attribute", attribute.value_at.clone(), why, WHEN),
            },
            ("step", "by") => draft.duty.by = Some(value.to_owned()),
            ("step", "owner") => draft.duty.owner = Some(value.to_owned()),
            ("step", key @ ("deadline" | "owed")) => match parse_duration(value) {
                Ok(duration) if key == "owed" => draft.duty.owed = Some(duration),
                Ok(duration) => draft.duty.deadline = Some(duration),
                Err(why) => {
                    let help = "use d, h, m, s or ms after each number";
                    self.sink.error("bad-duration", attribute.value_at.clone(), why, help);
                }
            },
            ("step", "escalate") => {
                let anchor = value.trim_start_matches('#');
                if self.sink.anchors.contains(anchor) {
                    draft.duty.escalate = Some(anchor.to_owned());
                } else {
                    crate::runbook::advice::no_such_anchor(anchor, attribute.value_at.clone(), "jump", self.sink);
                }
            }
            ("step", "ask") => {
                draft.ask = value.split(',').map(|name| name.trim().to_owned()).collect();
                if let Some(wrong) = draft.ask.iter().find(|name| !words::is_identifier(name)) {
                    self.sink.error(
                        "attribute",
                        attribute.value_at.clone(),
                        format!("`{wrong}` cannot be the name of an input"),
                        "write `ask=NAME`, or `ask=NAME,OTHER`",
                    );
                    draft.ask.retain(|name| words::is_identifier(name));
                }
            }
            (_, key) if NOT_YET.contains(&key) => {
                let what = format!("`{key}` of a {word}");
                self.sink.not_yet(attribute.key_at.clone(), &what, "take it out, and say in the text what it was for");
            }
            (_, key) => {
                let known: &[&str] = if word == "step" {
                    &[
                        "ask",
                        "budget",
                        "by",
                        "concurrency",
                        "deadline",
                        "escalate",
                        "evidence",
                        "foreach",
                        "id",
                        "max-errors",
                        "needs",
                        "optional",
                        "owed",
                        "owner",
                        "parallel",
                        "until-any",
                        "when",
                    ]
                } else {
                    &["budget"]
                };
                let help = nearest(key, known.iter().copied().chain(NOT_YET)).map_or_else(
                    || format!("a {word} can have {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.sink.error(
                    "unknown-attribute",
                    attribute.key_at.clone(),
                    format!("a {word} has no `{key}`"),
                    help,
                );
            }
        }
    }
}
