//! Messages: fences whose text is for people.

use std::ops::Range;

use super::{Builder, Draft};
use crate::kernel::{ActionName, parse_duration};
use crate::runbook::action;
use crate::runbook::attributes::Attribute;
use crate::runbook::scan::FenceNode;
use crate::runbook::sink::nearest;
use crate::runbook::{FenceUse, Message};

impl<'n> Builder<'_, '_, 'n> {
    pub(super) fn message(
        &mut self,
        fence: &FenceNode,
        attributes: &[Attribute],
        place: &Range<usize>,
        draft: &mut Draft<'n>,
        id: &str,
    ) {
        let name = match action::name(attributes) {
            Some(name) => name.to_owned(),
            None => self.names.unique(&format!("{id}-message"), "-"),
        };
        let (mut to, mut every) = (String::new(), None);
        for attribute in attributes {
            let value = attribute.value.as_deref().unwrap_or("").trim();
            match attribute.key.as_str() {
                "to" => value.clone_into(&mut to),
                "every" => match parse_duration(value) {
                    Ok(duration) => every = Some(duration).filter(|duration| !duration.is_zero()),
                    Err(why) => {
                        let help = "use d, h, m, s or ms after each number";
                        self.sink.error("bad-duration", attribute.value_at.clone(), why, help);
                    }
                },
                key if key == "name" || key.starts_with("x-") => {}
                key => {
                    let known = ["every", "name", "to"];
                    let help = nearest(key, known).map_or_else(
                        || format!("a message can have {}", known.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.sink.error(
                        "unknown-attribute",
                        attribute.key_at.clone(),
                        format!("a message has no `{key}`"),
                        help,
                    );
                }
            }
        }
        if to.is_empty() {
            let help = "write for example `to=bridge` or `to=status-page`";
            self.sink.error("attribute", place.clone(), "nobody is told: the message has no `to`", help);
        }
        if fence.code.trim().is_empty() {
            self.sink.error("attribute", place.clone(), "the message is empty", "write what people are to be told");
        }
        let line = self.sink.source.line_of(fence.info.start);
        let name = ActionName::new(name);
        self.account(fence, FenceUse::Message(name.clone()));
        draft.messages.push(Message { name, to, every, text: fence.code.trim_end().to_owned(), line });
    }
}
