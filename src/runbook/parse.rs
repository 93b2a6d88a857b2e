//! The way in: bytes of a file to a [`Plan`] and its problems.

use chrono::NaiveDate;

use super::front;
use super::scan::{self, Node};
use super::sink::{Dress, Sink};
use super::{Fence, Plan, advice, aws, build, calls, flow, interactive, outline, secret, undo, variables, watch};
use crate::kernel::{Problem, Severity, Source};

/// The largest file that is read, in bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// How many days a review is good for.
const REVIEW_DAYS: i64 = 180;

/// Holds what came of a file.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The plan, if there is no error.
    pub plan: Option<Plan>,
    /// Everything found wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// Every fence of the file, accounted for, even if there is no plan.
    pub fences: Vec<Fence>,
    /// The file.
    pub source: Source,
}

impl Parsed {
    /// Lists the errors.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error)
    }

    /// Shows all problems as people read them, with a blank line between two.
    pub fn render(&self) -> String {
        self.problems.iter().map(|problem| self.source.render(problem)).collect::<Vec<_>>().join("\n")
    }
}

/// Reads a runbook. `path` is for messages and, where nothing else names it, for the title.
///
/// Whatever the bytes are, it returns; it reads no clock (see [`check`]).
pub fn parse(path: &str, bytes: &[u8]) -> Parsed {
    parse_with(path, bytes, &aws::OPERATIONS)
}

/// Finds what depends on the day: a review that is too old. The result holds every problem of the file.
pub fn check(parsed: &Parsed, today: NaiveDate) -> Vec<Problem> {
    let mut problems = parsed.problems.clone();
    let reviewed = parsed.plan.as_ref().and_then(|plan| plan.meta.last_reviewed_on);
    if let Some(reviewed) = reviewed
        && (today - reviewed).num_days() > REVIEW_DAYS
    {
        let at = parsed.source.text().find("last_reviewed_on").unwrap_or(0);
        let at = at..parsed.source.line_span(parsed.source.line_of(at)).end;
        problems.push(parsed.source.problem(
            Severity::Warning,
            "old-review",
            at,
            format!("nobody has reviewed this for {} days", (today - reviewed).num_days()),
            "read it against reality, best in a drill, and set `last_reviewed_on` to that day",
        ));
        problems.sort_by_key(|problem| (problem.span.start, problem.severity));
    }
    problems
}

/// Reads a runbook with a catalogue of its own.
pub(super) fn parse_with(path: &str, bytes: &[u8], operations: &[aws::Operation]) -> Parsed {
    match text(path, bytes) {
        Ok(source) => read(source, operations),
        Err(problem) => {
            // What is no character is shown as one; everything before it stands where it stood.
            let source = Source::new(path, String::from_utf8_lossy(head(bytes)).into_owned());
            Parsed { plan: None, problems: vec![problem], fences: Vec::new(), source }
        }
    }
}

fn read(source: Source, operations: &[aws::Operation]) -> Parsed {
    let place = front::find(source.text());
    let from = place.as_ref().map_or(0, |place| place.end);
    let scan = scan::scan(&source, from);
    let is_ours = place.as_ref().is_some_and(|place| front::is_ours(source.slice(place.yaml.clone())));
    let dress = if is_ours { Dress::Annotated } else { build::dress(&source, &scan.nodes) };
    let mut sink = Sink::new(&source, dress, &scan.anchors);
    let front = if let Some(place) = &place {
        front::read(place, &mut sink)
    } else {
        front::other_forms(source.text(), &mut sink)
    };
    let name = source.path().rsplit('/').next().unwrap_or("").trim_end_matches(".md").to_owned();
    let acts = |node: &Node| build::acts(&source, node);
    let outline = outline::outline(&scan.nodes, from..source.text().len(), &name, &acts);
    let mut built = build::build(&outline, &scan.nodes, &mut sink);
    calls::check(&front.meta, &mut built.steps, &built.places, operations, &mut sink);
    let recalled = variables::check(&front, &built, &mut sink);
    flow::check(&front, &built, &mut sink);
    watch::check(&front, &built, &mut sink);
    secret::check(&front, &built, &mut sink);
    interactive::check(&built, &mut sink);
    undo::check(&built, &mut sink);
    advice::check(&front, &built, &scan, &mut sink);
    let preface = source.slice(outline.preface.clone()).trim_matches(['\n', '\r']).to_owned();
    let title = front.title.or_else(|| outline.title.clone()).unwrap_or(name);
    let build::Built { phases, steps, fences, .. } = built;
    let problems = sink.finish();
    let is_sound = problems.iter().all(|problem| problem.severity != Severity::Error);
    let secrets = secret::captured(&steps);
    let plan = is_sound.then(|| Plan {
        title,
        meta: front.meta,
        preface,
        phases,
        steps,
        fences: fences.clone(),
        recalled,
        secrets,
    });
    Parsed { plan, problems, fences, source }
}

fn text(path: &str, bytes: &[u8]) -> Result<Source, Problem> {
    let whole = |code, message: String, help: &str| Problem {
        code,
        severity: Severity::Error,
        message,
        help: help.to_owned(),
        span: 0..0,
        line: 0,
        column: 0,
    };
    if bytes.len() > LARGEST {
        return Err(whole(
            "too-large",
            format!("the file has {} bytes, and a runbook has at most {LARGEST}", bytes.len()),
            "is this the right file? Split a runbook that is really this long",
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let shown = Source::new(path, String::from_utf8_lossy(head(bytes)).into_owned());
        shown.problem(
            Severity::Error,
            "not-utf8",
            at..at + char::REPLACEMENT_CHARACTER.len_utf8(),
            format!("the file is not UTF-8: byte {at} begins no character"),
            "save it as UTF-8; an editor or `iconv -t UTF-8` can do it",
        )
    })?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(whole(
            "empty",
            "the file is empty".to_owned(),
            "write at least a heading and a step; docs/runbook-format.md has an example",
        ));
    }
    Ok(Source::new(path, text.to_owned()))
}

/// Cuts off what would be too much to show.
fn head(bytes: &[u8]) -> &[u8] {
    bytes.get(..LARGEST).unwrap_or(bytes)
}
