//! `approvals` and what belongs to it, as fences write them.

use std::time::Duration;

use super::Formula;
use super::attributes::Attribute;
use super::sink::Sink;
use crate::kernel::parse_duration;

/// Says who has to agree before an action runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Approvals {
    /// How many, and when: the highest count that holds.
    pub rules: Vec<ApprovalRule>,
    /// The role of those who agree; empty if anybody may.
    pub role: String,
    /// How long to wait for them before the operator is told to go on alone.
    pub within: Duration,
}

impl Approvals {
    /// How long to wait where the author says nothing.
    pub const WITHIN: Duration = Duration::from_secs(5 * 60);
}

/// Is one count of approvals with its condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalRule {
    /// How many people.
    pub count: u32,
    /// When; `None`: always.
    pub when: Option<Formula>,
}

/// The attributes that this module reads.
pub(super) const KEYS: [&str; 3] = ["approvals", "approvers", "approval-timeout"];

/// The most people that can be asked for.
const MOST: u32 = 9;

/// Reads `approvals="1; 2 if ${LOSS_S} > 300"` and its company; reports what is wrong with them.
pub(super) fn read(attributes: &[Attribute], sink: &mut Sink<'_>) -> Option<Approvals> {
    let find = |key: &str| attributes.iter().find(|attribute| attribute.key == key);
    let Some(attribute) = find("approvals") else {
        for stray in KEYS.iter().filter_map(|key| find(key)) {
            sink.error(
                "attribute",
                stray.key_at.clone(),
                format!("`{}` means nothing without `approvals`", stray.key),
                "add `approvals=1`, or take it out",
            );
        }
        return None;
    };
    let mut rules = Vec::new();
    for part in attribute.value.as_deref().unwrap_or("").split(';') {
        match rule(part) {
            Ok(rule) => rules.push(rule),
            Err(message) => sink.error(
                "attribute",
                attribute.value_at.clone(),
                message,
                "write how many people have to agree, and when: `approvals=\"1; 2 if ${LOSS_S} > 300\"`",
            ),
        }
    }
    let within = find("approval-timeout").and_then(|attribute| {
        let text = attribute.value.as_deref().unwrap_or("");
        match parse_duration(text) {
            Ok(within) => Some(within),
            Err(why) => {
                sink.error("bad-duration", attribute.value_at.clone(), why, "use d, h, m, s or ms after each number");
                None
            }
        }
    });
    let role = find("approvers").and_then(|attribute| {
        let role = attribute.value.clone().filter(|role| !role.trim().is_empty());
        if role.is_none() {
            let message = "`approvers` needs a value";
            sink.error("attribute", attribute.value_at.clone(), message, "write the role: `approvers=approver`");
        }
        role
    });
    Some(Approvals { rules, role: role.unwrap_or_default(), within: within.unwrap_or(Approvals::WITHIN) })
}

fn rule(part: &str) -> Result<ApprovalRule, String> {
    let (count, when) = match part.split_once(" if ") {
        Some((count, when)) => (count, Some(Formula::parse(when.trim())?)),
        None => (part, None),
    };
    let number = count.trim().parse().ok().filter(|number| *number <= MOST);
    let count = number.ok_or_else(|| format!("`{}` is not a number of people from 0 to {MOST}", count.trim()))?;
    Ok(ApprovalRule { count, when })
}
