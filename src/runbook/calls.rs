//! The calls of `aws` fences against the catalogue of operations.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::aws::{self, GENERAL, Operation};
use super::build::ActionPlace;
use super::sink::{Sink, nearest};
use super::words::{self, Word};
use super::{Action, Impact, Kind, Meta, Necessity, Step};

/// How long a call to a region that may be gone can hang before it costs too much.
const PATIENCE: Duration = Duration::from_secs(30);

/// Checks every `aws` fence, and raises each action's impact to the gravest of its operations.
pub(super) fn check(
    meta: &Meta,
    steps: &mut [Step],
    places: &[ActionPlace<'_>],
    operations: &[Operation],
    sink: &mut Sink<'_>,
) {
    let defaults = defaults(meta);
    let actions = steps.iter_mut().flat_map(|step| &mut step.actions);
    for (action, place) in actions.zip(places) {
        if action.kind != Kind::Aws {
            continue;
        }
        match words::calls(&action.code) {
            Ok(calls) if calls.is_empty() => {
                sink.error(
                    "empty-fence",
                    place.fence.clone(),
                    "this `aws` fence calls nothing",
                    "write a call, or take the fence out",
                );
            }
            Ok(calls) => {
                for words in &calls {
                    let call = Call { words, place, defaults: &defaults, meta };
                    if let Some(operation) = call.check(operations, sink) {
                        action.impact = action.impact.max(operation.impact);
                        call.advise(operation, action, sink);
                    }
                }
            }
            Err(bad) => sink.error("bad-call", place.node.place(bad.at), bad.message, bad.help),
        }
    }
}

/// Resolves what can be known before a run.
pub(super) fn defaults(meta: &Meta) -> BTreeMap<String, String> {
    let mut defaults = BTreeMap::new();
    for input in &meta.inputs {
        if let Some(value) = input.default.as_ref().and_then(|default| words::fill(default, &defaults).ok()) {
            defaults.insert(input.name.clone(), value);
        }
    }
    defaults
}

struct Call<'c> {
    words: &'c [Word],
    place: &'c ActionPlace<'c>,
    defaults: &'c BTreeMap<String, String>,
    meta: &'c Meta,
}

impl Call<'_> {
    fn check<'o>(&self, operations: &'o [Operation], sink: &mut Sink<'_>) -> Option<&'o Operation> {
        let service = self.words.first()?.literal().unwrap_or_default();
        let mut name = self.words.get(1).and_then(Word::literal).unwrap_or_default();
        let mut named = 2;
        if name == "wait" {
            name = format!("wait {}", self.words.get(2).and_then(Word::literal).unwrap_or_default());
            named = 3;
        }
        let Some(operation) =
            operations.iter().find(|operation| operation.service == service && operation.name == name)
        else {
            let full = format!("{service} {name}");
            let names: Vec<String> =
                operations.iter().map(|operation| format!("{} {}", operation.service, operation.name)).collect();
            let near = nearest(&full, names.iter().map(String::as_str))
                .map_or_else(String::new, |near| format!("did you mean `aws {near}`? "));
            sink.error(
                "unknown-operation",
                self.span(0..named),
                format!("lifeboat does not know the operation `aws {full}`"),
                format!("{near}Write `sh` instead of `aws` to run it through the AWS CLI, and say its impact: ```sh {{ impact=change }}"),
            );
            return None;
        };
        self.options(operation, named, sink);
        Some(operation)
    }

    fn options(&self, operation: &Operation, named: usize, sink: &mut Sink<'_>) {
        let full = format!("{} {}", operation.service, operation.name);
        let mut given = Vec::new();
        let mut after_option = false;
        for (at, word) in self.words.iter().enumerate().skip(named) {
            let text = self.text(word);
            let Some(option) = text.strip_prefix("--").map(|rest| rest.split('=').next().unwrap_or("")) else {
                if !after_option {
                    sink.error(
                        "unknown-option",
                        self.span(at..at + 1),
                        format!("`{text}` belongs to no option"),
                        "put quotes around a value with blanks, and write options as `--name value`",
                    );
                }
                continue;
            };
            after_option = true;
            let option = format!("--{option}");
            let known = aws::named(operation, &option).map(str::to_owned);
            if known.is_none() {
                let takes = || operation.options().chain(GENERAL.iter().copied());
                let help = nearest(&option, takes()).map_or_else(
                    || format!("it takes {}", takes().collect::<Vec<_>>().join(" ")),
                    |near| format!("did you mean `{near}`?"),
                );
                sink.error(
                    "unknown-option",
                    self.span(at..at + 1),
                    format!("lifeboat knows no option `{option}` of `aws {full}`"),
                    help,
                );
            }
            given.push(known.unwrap_or(option));
        }
        for required in operation.required() {
            if !given.iter().any(|option| option == required) {
                sink.error(
                    "missing-option",
                    self.span(0..named),
                    format!("`aws {full}` needs `{required}`"),
                    format!("add `{required} …`"),
                );
            }
        }
    }

    /// Says what is allowed and unwise.
    fn advise(&self, operation: &Operation, action: &Action, sink: &mut Sink<'_>) {
        let whole = || self.span(0..2);
        let region = self.option("--region").unwrap_or_default();
        let lost = self
            .meta
            .regions
            .as_ref()
            .map(|regions| words::fill(&regions.lost, self.defaults).unwrap_or_else(|_| regions.lost.clone()));
        let is_bounded = action.timeout.is_some_and(|timeout| timeout <= PATIENCE);
        if action.impact > Impact::Observe
            && lost.as_ref().is_some_and(|lost| *lost == region && !lost.is_empty())
            && action.optional == Necessity::Required
            && !is_bounded
        {
            sink.warn(
                "lost-region",
                whole(),
                format!("this call changes something in {region}, the region that is lost, and may hang"),
                "make it `optional`, or give it `timeout=30s` or less",
            );
        }
        if operation.name == "promote-read-replica" && self.option("--backup-retention-period").is_none() {
            sink.warn(
                "no-retention",
                whole(),
                "this promotion leaves the new primary with a backup retention of 1 day",
                "add `--backup-retention-period 14`",
            );
        }
        if (operation.service, operation.name.as_str()) == ("route53", "change-resource-record-sets")
            && self.meta.scenario == "region-failure"
        {
            sink.warn(
                "control-plane",
                whole(),
                "this changes DNS through the control plane of Route 53, which lives in us-east-1 and may be gone with it",
                "switch traffic by what is already there (a health check, a routing control), and keep this as `optional`",
            );
        }
    }

    fn option(&self, option: &str) -> Option<String> {
        let texts: Vec<String> = self.words.iter().map(|word| self.text(word)).collect();
        super::aws::option(&texts, option).map(str::to_owned)
    }

    /// Returns a word as far as it is known; a variable without a default is some value.
    fn text(&self, word: &Word) -> String {
        word.fill(self.defaults).unwrap_or_else(|_| "?".to_owned())
    }

    fn span(&self, words: Range<usize>) -> Range<usize> {
        let first = self.words.get(words.start).map_or(0, |word| word.span().start);
        let last = words.clone().rev().find_map(|at| self.words.get(at)).map_or(first, |word| word.span().end);
        self.place.node.place(first..last)
    }
}
