//! Reads a list of injects: TOML, with every problem at its place.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{Expectation, Inject, InjectList, MOST_INJECTS, Trigger, When};
use crate::kernel::{Problem, Severity, Source, nearest, parse_duration};
use crate::runbook::plan::{Moment, Plan};

/// Knows what injects may name.
pub struct Known<'k> {
    /// The runbook's plan.
    pub plan: &'k Plan,
    /// Tells whether the estate has such a fault, and says what there is if not.
    pub fault: &'k dyn Fn(&str) -> Result<(), String>,
    /// Tells whether the log has facts of that kind.
    pub fact: &'k dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("plan", &self.plan.title).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    #[serde(default)]
    title: String,
    #[serde(default, rename = "inject")]
    injects: Vec<Spanned<RawInject>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInject {
    name: Spanned<String>,
    at: Option<Spanned<String>>,
    on: Option<Spanned<String>>,
    does: Option<Spanned<String>>,
    sees: Option<Spanned<String>>,
    #[serde(default)]
    expects: Vec<RawExpectation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpectation {
    what: Spanned<String>,
    within: Option<Spanned<String>>,
    met_by: Option<Spanned<String>>,
}

/// Reads a list of injects for a runbook. `path` is for messages.
///
/// # Errors
/// Every problem, rendered with its line.
pub fn read_injects(path: &str, text: &str, known: &Known<'_>) -> Result<InjectList, String> {
    let source = Source::new(path, text.to_owned());
    let raw: RawList = toml::from_str(text).map_err(|error| source.render(&no_list(&source, &error)))?;
    let mut reader = Reader { source: &source, known, problems: Vec::new() };
    if raw.injects.is_empty() {
        reader.wrong("no-inject", 0..0, "the list has no inject", "begin one with [[inject]]");
    }
    if let Some(first) = raw.injects.get(MOST_INJECTS) {
        let help = "an exercise of an hour has five to ten";
        reader.wrong("too-many", first.span(), format!("a list has at most {MOST_INJECTS} injects"), help);
    }
    let mut injects: Vec<Inject> = Vec::new();
    for raw in raw.injects.into_iter().take(MOST_INJECTS) {
        let span = raw.span();
        let inject = reader.inject(span, raw.into_inner(), &injects);
        injects.push(inject);
    }
    if reader.problems.is_empty() {
        return Ok(InjectList { title: raw.title, injects });
    }
    let shown: Vec<String> = reader.problems.iter().map(|problem| source.render(problem)).collect();
    Err(shown.join("\n"))
}

fn no_list(source: &Source, error: &toml::de::Error) -> Problem {
    let message = error.message().lines().next().unwrap_or_default();
    let word = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let near = word.and_then(|word| nearest(word, message.split('`').skip(3).step_by(2)));
    let help = match near {
        Some(known) => format!("did you mean `{known}`?"),
        None => "docs/facilitator.md shows a list with every key".to_owned(),
    };
    source.problem(Severity::Error, "inject-list", error.span().unwrap_or(0..0), message, help)
}

struct Reader<'r> {
    source: &'r Source,
    known: &'r Known<'r>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn wrong(&mut self, code: &'static str, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(self.source.problem(Severity::Error, code, span, message, help));
    }

    fn inject(&mut self, span: Range<usize>, raw: RawInject, before: &[Inject]) -> Inject {
        let name = self.said(&raw.name, "name");
        if before.iter().any(|known| known.name == name) {
            self.wrong(
                "name-twice",
                raw.name.span(),
                format!("two injects are named `{name}`"),
                "give each its own name",
            );
        }
        let when = match (&raw.at, &raw.on) {
            (None, None) => When::ByHand,
            (Some(at), None) => self.after(at).map_or(When::ByHand, When::After),
            (None, Some(on)) => self.trigger(on).map_or(When::ByHand, When::On),
            (Some(_), Some(on)) => {
                let help = "keep one of them; without both the facilitator fires it";
                self.wrong("two-times", on.span(), format!("`{name}` has a time and a trigger"), help);
                When::ByHand
            }
        };
        if let Some(does) = &raw.does
            && let Err(why) = (self.known.fault)(does.get_ref())
        {
            self.wrong(
                "unknown-fault",
                does.span(),
                why,
                "`lifeboat estate --help` tells of faults, docs/estate.md of each",
            );
        }
        if raw.does.is_none() && raw.sees.is_none() {
            let help = "say what it `does` to the estate, or what the team `sees`, or both";
            self.wrong("nothing-happens", span, format!("`{name}` does nothing, and nobody sees anything of it"), help);
        }
        let sees = raw.sees.as_ref().map(|sees| self.said(sees, "sees"));
        let expects = raw.expects.into_iter().map(|raw| self.expectation(&raw)).collect();
        Inject { name, when, does: raw.does.map(Spanned::into_inner), sees, expects }
    }

    fn expectation(&mut self, raw: &RawExpectation) -> Expectation {
        Expectation {
            what: self.said(&raw.what, "what"),
            within_ms: raw.within.as_ref().and_then(|within| self.duration(within)),
            met_by: raw.met_by.as_ref().and_then(|met| self.trigger(met)),
        }
    }

    fn said(&mut self, text: &Spanned<String>, key: &str) -> String {
        let said = text.get_ref().trim().to_owned();
        if said.is_empty() {
            self.wrong("empty", text.span(), format!("`{key}` is empty"), "write a few words");
        }
        said
    }

    fn after(&mut self, at: &Spanned<String>) -> Option<u64> {
        if let Some(after) = at.get_ref().strip_prefix('+')
            && let Ok(after) = parse_duration(after)
        {
            return millis(after);
        }
        let message = format!("`{}` is no time after the beginning", at.get_ref());
        self.wrong("bad-time", at.span(), message, "write `at = \"+3m\"`, in the estate's own time");
        None
    }

    fn duration(&mut self, text: &Spanned<String>) -> Option<u64> {
        match parse_duration(text.get_ref()) {
            Ok(duration) => millis(duration),
            Err(why) => {
                self.wrong("bad-duration", text.span(), why, "it counts from the inject, in the estate's own time");
                None
            }
        }
    }

    fn trigger(&mut self, text: &Spanned<String>) -> Option<Trigger> {
        let written = text.get_ref().as_str();
        let Some((kind, name)) = written.split_once(':') else {
            self.wrong("bad-trigger", text.span(), format!("`{written}` is no trigger"), KINDS);
            return None;
        };
        let name = name.trim().to_owned();
        let plan = self.known.plan;
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        let phases: Vec<&str> = plan.phases.iter().map(|phase| phase.anchor.as_str()).collect();
        let moment = Moment::ALL.into_iter().find(|moment| moment.word() == name);
        let (known, trigger) = match kind.trim() {
            "step-begun" => (steps, Some(Trigger::StepBegun(name.clone()))),
            "step-settled" => (steps, Some(Trigger::StepSettled(name.clone()))),
            "step-failed" => (steps, Some(Trigger::StepFailed(name.clone()))),
            "phase" => (phases, Some(Trigger::Phase(name.clone()))),
            "moment" => (Moment::ALL.map(Moment::word).to_vec(), moment.map(Trigger::Moment)),
            "fact" if (self.known.fact)(&name) => return Some(Trigger::Fact(name)),
            "fact" => {
                let help = "docs/incident-log.md lists the kinds of facts";
                self.wrong("unknown-fact", text.span(), format!("the log has no facts of the kind `{name}`"), help);
                return None;
            }
            other => {
                self.wrong("bad-trigger", text.span(), format!("there is no trigger `{other}`"), KINDS);
                return None;
            }
        };
        if known.contains(&name.as_str()) {
            return trigger;
        }
        let help = match nearest(&name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        let message = format!("`{}` has no {} `{name}`", plan.title, kind.trim().split('-').next().unwrap_or_default());
        self.wrong("unknown-name", text.span(), message, help);
        None
    }
}

const KINDS: &str = "write step-begun:ID, step-settled:ID, step-failed:ID, phase:SLUG, moment:NAME or fact:KIND, as docs/facilitator.md says";

fn millis(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::parse;

    fn plan() -> Plan {
        let text = "# Fail over\n\n## Fence the old side\n\n### Fence\n\nDo it.\n\n### Promote\n\nDo it.\n";
        parse("a.md", text.as_bytes()).plan.unwrap()
    }

    fn read(text: &str) -> Result<InjectList, String> {
        let fault = |name: &str| {
            if name == "throttling" { Ok(()) } else { Err(format!("no fault `{name}`; there is throttling")) }
        };
        let known = Known { plan: &plan(), fault: &fault, fact: &|kind| kind == "note-added" };
        read_injects("a.injects.toml", text, &known)
    }

    const GOOD: &str = r#"
title = "Two surprises"

[[inject]]
name = "throttled"
at = "+1m30s"
does = "throttling"

[[inject]]
name = "a caller"
on = "step-begun:promote"
sees = "The CEO asks when it is over."

[[inject.expects]]
what = "Somebody answers"
within = "5m"
met_by = "fact:note-added"

[[inject]]
name = "the expert is away"
sees = "Bob can't be reached."
"#;

    #[test]
    fn a_list_says_when_what_and_what_is_expected() {
        let list = read(GOOD).unwrap();
        assert_eq!((list.title.as_str(), list.injects.len()), ("Two surprises", 3));
        assert_eq!(list.injects[0].when, When::After(90_000));
        assert_eq!(list.injects[1].when, When::On(Trigger::StepBegun("promote".into())));
        assert_eq!(list.injects[2].when, When::ByHand);
        let expected = &list.injects[1].expects[0];
        assert_eq!((expected.within_ms, &expected.met_by), (Some(300_000), &Some(Trigger::Fact("note-added".into()))));
        assert_eq!(expected.within(60), Some(Duration::from_secs(5)), "durations are those of the estate");
    }

    #[test]
    fn the_text_of_an_inject_is_read_as_it_was() {
        for inject in read(GOOD).unwrap().injects {
            assert_eq!(Inject::of_canonical(&inject.canonical()), Some(inject));
        }
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_stands() {
        let mut said = String::new();
        for text in [
            "",
            "titel = \"a\"\n",
            "[[inject]]\nname = \"a\"\nsaw = \"b\"\n",
            "[[inject]]\nname = \"a\"\n",
            "[[inject]]\nname = \"\"\nsees = \"b\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\nat = \"3m\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\nat = \"+3m\"\non = \"phase:x\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\non = \"promote\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\non = \"step-started:promote\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\non = \"step-begun:promot\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\non = \"phase:elsewhere\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\non = \"moment:trafic\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\non = \"fact:no-such\"\n",
            "[[inject]]\nname = \"a\"\ndoes = \"thrutling\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\n[[inject]]\nname = \"a\"\nsees = \"c\"\n",
            "[[inject]]\nname = \"a\"\nsees = \"b\"\n[[inject.expects]]\nwhat = \"c\"\nwithin = \"soon\"\n",
            "[[inject]\n",
        ] {
            said.push_str(&read(text).unwrap_err());
            said.push('\n');
        }
        assert!(!said.contains("a.injects.toml:0"), "{said}");
        insta::assert_snapshot!(said);
    }
}
