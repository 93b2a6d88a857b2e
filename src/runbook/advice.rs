//! What is allowed in a runbook and unwise, and what its parts have to be to each other.

use std::ops::Range;

use super::attributes::Attribute;
use super::build::{ActionPlace, Built};
use super::front::Front;
use super::scan::Scan;
use super::sink::{Dress, Sink, nearest};
use super::{Action, Impact, Kind, Moment, Section, Shell, Step, shell};
use crate::kernel::say_duration;

/// Checks the whole.
pub(super) fn check(front: &Front, built: &Built<'_>, scan: &Scan, sink: &mut Sink<'_>) {
    links(scan, sink);
    recovered_when(front, built, sink);
    let actions = built.steps.iter().flat_map(|step| &step.actions);
    let counted = counted(front, built);
    for (at, (action, place)) in actions.zip(&built.places).enumerate() {
        one(built, action, place, sink);
        if action.kind == Kind::Sql {
            super::connection::check(front, action, place, sink);
        }
        if counted.contains(&at) {
            longer_than_rto(front, action, place, sink);
        }
    }
    for (step, place) in built.steps.iter().zip(&built.step_places) {
        duty(front, step, place, sink);
    }
    // What could not be read is not missing.
    if sink.dress == Dress::Annotated && !sink.has("front-matter") && !sink.has("objective") {
        let top = sink.source.line_span(1);
        if front.meta.objectives.rto.is_none() && front.meta.objectives.rpo.is_none() {
            sink.warn(
                "no-objective",
                top.clone(),
                "the runbook has no objective, so nothing says whether a recovery was fast enough",
                "add `objectives: { rto: 30m, rpo: { max: 5m, of: replication } }` to the front matter",
            );
        }
        if front.meta.recovered_when.is_none() {
            sink.warn(
                "no-recovered-when",
                top,
                "nothing says when the service is restored, so the recovery time cannot be measured",
                "add `recovered_when: NAME` to the front matter, with the name of the action that proves it",
            );
        }
    }
}

/// Who does a step is one of the roles, and what is owed has an owner.
fn duty(front: &Front, step: &Step, place: &[Attribute], sink: &mut Sink<'_>) {
    let at = |key: &str| place.iter().find(|a| a.key == key).map_or(0..0, |a| a.value_at.clone());
    let roles = &front.meta.roles;
    for (key, role) in [("by", &step.duty.by), ("owner", &step.duty.owner)] {
        let Some(role) = role.as_ref().filter(|role| !roles.contains(*role)) else { continue };
        if key == "by" && !roles.is_empty() {
            let help = nearest(role, roles.iter().map(String::as_str)).map_or_else(
                || format!("the roles are {}", roles.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            sink.error("attribute", at(key), format!("there is no role `{role}`"), help);
        }
    }
    if step.duty.owed.is_some() && step.duty.owner.is_none() {
        let help = "add `owner=dba`, or who it is";
        sink.error("attribute", at("owed"), "what is owed needs somebody who owes it", help);
    }
    for (key, is_set, needs, has) in [
        ("owner", step.duty.owner.is_some(), "owed", step.duty.owed.is_some()),
        ("escalate", step.duty.escalate.is_some(), "deadline", step.duty.deadline.is_some()),
    ] {
        if is_set && !has {
            sink.error(
                "attribute",
                at(key),
                format!("`{key}` means nothing without `{needs}`"),
                format!("add `{needs}=…`"),
            );
        }
    }
}

fn links(scan: &Scan, sink: &mut Sink<'_>) {
    for (anchor, at) in &scan.links {
        if anchor.is_empty() || scan.anchors.contains(anchor) {
            continue;
        }
        no_such_anchor(anchor, at.clone(), "link", sink);
    }
}

/// Reports a link or a jump that leads nowhere.
pub(super) fn no_such_anchor(anchor: &str, at: Range<usize>, what: &str, sink: &mut Sink<'_>) {
    let near = nearest(anchor, sink.anchors.iter().map(String::as_str));
    sink.error_if_annotated(
        "no-such-anchor",
        at,
        format!("this {what} leads to `#{anchor}`, and no heading has that anchor"),
        near.map_or_else(
            || "an anchor is the heading in lower case, with `-` for blanks and without punctuation".to_owned(),
            |near| format!("did you mean `#{near}`?"),
        ),
    );
}

fn recovered_when(front: &Front, built: &Built<'_>, sink: &mut Sink<'_>) {
    let Some(name) = &front.meta.recovered_when else { return };
    let at = front.recovered_at.clone();
    let actions = || built.steps.iter().flat_map(|step| &step.actions);
    let Some(action) = actions().find(|action| action.name == *name) else {
        let near = nearest(name.as_str(), actions().map(|action| action.name.as_str()));
        sink.error(
            "recovered-when",
            at,
            format!("`recovered_when` names `{name}`, and no fence has that name"),
            near.map_or_else(
                || format!("give the fence that proves the recovery `{{ name={name} }}`"),
                |near| format!("did you mean `{near}`?"),
            ),
        );
        return;
    };
    if action.impact > Impact::Observe && !action.repeatable {
        sink.error(
            "recovered-when",
            at,
            format!("`recovered_when` is looked at again and again, and `{name}` changes something each time"),
            "name an action with `impact=observe`, or say that running it again is harmless: `repeatable`",
        );
    }
}

fn one(built: &Built<'_>, action: &Action, place: &ActionPlace<'_>, sink: &mut Sink<'_>) {
    if let Kind::Shell(Shell::Sh) = action.kind {
        let look = shell::look(&action.code);
        if let (Some(pipe), false) = (look.pipe, look.pipefail) {
            sink.warn(
                "pipeline",
                place.node.place(pipe..pipe + 1),
                "only the last command of this pipeline decides whether the block succeeds",
                "write `bash` instead of `sh`, where every command of a pipeline counts, or avoid the pipe",
            );
        }
    }
    if action.code.trim().is_empty() && action.kind != Kind::Aws {
        sink.warn("empty-fence", place.fence.clone(), "this fence is empty", "write what it should do, or take it out");
    }
    let request = match action.kind {
        Kind::Http => bad_request(&action.code),
        Kind::Dns => bad_query(&action.code),
        Kind::Aws | Kind::Shell(_) | Kind::Sql => None,
    };
    if let Some((message, help)) = request {
        sink.error("bad-request", place.fence.clone(), message, help);
    }
    let has = |section| built.sections.binary_search(&(place.step, section)).is_ok();
    let runs = action.section <= Section::Verify;
    if runs
        && action.impact >= Impact::Disrupt
        && !has(Section::Rollback)
        && action.undo.is_none()
        && action.cautions.is_empty()
    {
        sink.warn(
            "no-way-back",
            place.fence.clone(),
            format!(
                "`{}` is {}, and nothing says how to undo it or what to mind",
                action.name,
                adjective(action.impact)
            ),
            "add a `#### Rollback` section, or a `> [!CAUTION]` before the fence",
        );
    }
    if action.section == Section::Main && action.impact == Impact::Irreversible && !has(Section::Before) {
        sink.warn(
            "no-precondition",
            place.fence.clone(),
            format!("`{}` cannot be undone, and nothing is checked before it", action.name),
            "add a `#### Before` section with a fence that proves it is safe",
        );
    }
}

/// Returns the actions of which the recovery time is made: what protects the restored service does not count, nor what
/// comes before a service is stopped on purpose.
fn counted(front: &Front, built: &Built<'_>) -> Range<usize> {
    let actions = || built.steps.iter().flat_map(|step| &step.actions);
    let stops = front.meta.onset_means == "service-stopped";
    let begin = actions().position(|action| stops && action.marks == Some(Moment::Onset)).unwrap_or(0);
    let recovered = front.meta.recovered_when.as_ref();
    let end = actions().position(|action| Some(&action.name) == recovered).map_or(built.places.len(), |at| at + 1);
    begin..end
}

fn longer_than_rto(front: &Front, action: &Action, place: &ActionPlace<'_>, sink: &mut Sink<'_>) {
    if let (Some(timeout), Some(rto)) = (action.timeout, front.meta.objectives.rto)
        && timeout > rto
    {
        let at = place
            .attributes
            .iter()
            .find(|attribute| attribute.key == "timeout")
            .map_or(place.fence.clone(), |a| a.value_at.clone());
        sink.warn(
            "longer-than-rto",
            at,
            format!("this may take {}, and the whole recovery has {}", say_duration(timeout), say_duration(rto)),
            "shorten it, or raise the objective in the front matter",
        );
    }
}

/// Says what is wrong with an `http` fence.
fn bad_request(code: &str) -> Option<(String, &'static str)> {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let help = "begin with a line like `GET https://shop.example.com/health`, then headers, an empty line and the body";
    let first = code.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or("");
    let mut words = first.split_whitespace();
    let method = words.next().unwrap_or("");
    if !METHODS.contains(&method) {
        return Some((format!("`{method}` is not an HTTP method"), help));
    }
    match words.next() {
        None => Some((format!("`{method}` needs an address"), help)),
        Some(url) if !(url.starts_with("http://") || url.starts_with("https://") || url.starts_with("${")) => {
            Some((format!("`{url}` is not an address of the web"), help))
        }
        Some(_) if code.lines().any(|line| line.starts_with("###")) => Some((
            "an `http` fence has one request, and `###` begins another".to_owned(),
            "give each request a fence of its own",
        )),
        Some(_) => None,
    }
}

/// Says what is wrong with a `dns` fence.
fn bad_query(code: &str) -> Option<(String, &'static str)> {
    const TYPES: [&str; 9] = ["A", "AAAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT", "PTR"];
    let help = "write one line like `shop.example.com A` or `shop.example.com A @192.0.2.53`";
    let lines: Vec<&str> =
        code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let [line] = lines.as_slice() else {
        return Some((format!("a `dns` fence has one query, and this has {}", lines.len()), help));
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [_, kind] | [_, kind, _] if !TYPES.contains(kind) && !kind.contains("${") => Some((
            format!("`{kind}` is not a type of record that lifeboat asks for"),
            "use A, AAAA, CNAME, MX, NS, SOA, SRV, TXT or PTR",
        )),
        [_, _] => None,
        [_, _, server] if server.starts_with('@') => None,
        _ => Some((format!("`{line}` is not a query"), help)),
    }
}

fn adjective(impact: Impact) -> &'static str {
    match impact {
        Impact::Observe => "harmless",
        Impact::Change => "a change",
        Impact::Disrupt => "disruptive",
        Impact::Irreversible => "irreversible",
    }
}
