//! A dry run as lines for people.

use std::time::Duration;

use crate::engine::{
    ActionAhead, Agreement, Ask, Course, DryRun, Holds, InputSource, Items, Mode, Origin, Pending, StepAhead, Value,
    When,
};
use crate::kernel::{SafeText, clock, counted, say_duration};
use crate::runbook::{Impact, Section};

/// Says what a run would do, line by line. Every line is harmless to print.
pub fn dry_run(run: &DryRun) -> Vec<String> {
    let mut lines = head(run);
    lines.extend(values(&run.inputs));
    for phase in &run.phases {
        let budget = phase.budget_s.map(|budget| format!(" · budget {}", span(budget))).unwrap_or_default();
        lines.extend([String::new(), format!("{}{budget}", phase.title.to_uppercase())]);
        for step in &phase.steps {
            lines.extend(of_step(step));
        }
    }
    lines.extend(times(run));
    lines.iter().map(|line| SafeText::line(line.trim_end()).into_string()).collect()
}

/// Says what is asked before something runs: first how often, then each time, in order. Nothing is asked, nothing is said.
pub fn confirmations(run: &DryRun) -> Vec<String> {
    let steps = run.phases.iter().flat_map(|phase| &phase.steps);
    let asked: Vec<(&StepAhead, &ActionAhead, &Ask)> = steps
        .flat_map(|step| step.actions.iter().filter_map(move |action| Some((step, action, action.confirm.as_ref()?))))
        .collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let typed = asked.iter().filter(|(.., ask)| matches!(ask, Ask::Type { .. })).count();
    let agreed = asked.iter().filter(|(_, action, _)| action.approvals.is_some()).count();
    let counts = [(asked.len() - typed, "by y"), (typed, "by a name that is typed"), (agreed, "with approvals")];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}"));
    let first = format!("{}: {}", counted(asked.len(), "time"), counts.collect::<Vec<_>>().join(", "));
    let each = asked.iter().map(|(step, action, ask)| {
        let how = match ask {
            Ask::Key => "y".to_owned(),
            Ask::Type { phrase } => format!("type {}", shown(phrase)),
        };
        let people = if action.approvals.is_some() { ", approvals" } else { "" };
        SafeText::line(&format!("{} {}: {how}{people}", step.number, action.name)).into_string()
    });
    std::iter::once(first).chain(each).collect()
}

fn head(run: &DryRun) -> Vec<String> {
    let mode = match run.mode {
        Mode::Real => "REAL RUN",
        Mode::Drill => "DRILL",
    };
    let scenario = if run.scenario.is_empty() { String::new() } else { format!(" · {}", run.scenario) };
    let account = match (&run.account, run.mode) {
        (_, Mode::Drill) => "the practice estate".to_owned(),
        (Some(account), Mode::Real) => format!("account {account}, pinned"),
        (None, Mode::Real) => "whatever account the credentials lead to".to_owned(),
    };
    let region = if run.region.is_empty() { String::new() } else { format!(", {}", run.region) };
    let objective = |name: &str, limit: Option<u64>| {
        limit.map_or_else(|| format!("no {name}"), |limit| format!("{name} {}", span(limit)))
    };
    let recovered = match &run.recovered_when {
        Some(action) => format!("recovered when {action} succeeds and holds for {}", span(run.sustain_s)),
        None => "nothing says when the service is restored".to_owned(),
    };
    vec![
        format!("DRY RUN of a {mode}: {}{scenario}. Nothing is executed, nothing is written.", run.title),
        format!("in {account}{region}; nobody looked whether that is so"),
        format!("{}, {}; {recovered}", objective("RTO", run.rto_s), objective("RPO", run.rpo_s)),
    ]
}

fn values(inputs: &[Value]) -> Vec<String> {
    if inputs.is_empty() {
        return Vec::new();
    }
    let wide = inputs.iter().map(|input| input.name.chars().count()).max().unwrap_or_default();
    let mut lines = vec![String::new(), "VALUES".to_owned()];
    lines.extend(inputs.iter().map(|input| {
        let value = match (&input.value, &input.origin) {
            (Some(value), origin) => format!("{}  ({})", shown(value), words(origin)),
            (None, Origin::Missing) => format!("MISSING: {}", input.description),
            (None, origin) => format!("-  ({})", words(origin)),
        };
        format!("  {:<wide$}  {value}", input.name)
    }));
    lines
}

/// Shows a value on one line.
fn shown(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { value.trim().replace('\n', ", ") }
}

fn words(origin: &Origin) -> String {
    match origin {
        Origin::Given { source } => match source {
            InputSource::Set => "--set".to_owned(),
            InputSource::Profile => "profile".to_owned(),
            InputSource::Env => "environment".to_owned(),
            InputSource::Default => "runbook default".to_owned(),
            InputSource::Operator => "operator".to_owned(),
            InputSource::Estate => "practice estate".to_owned(),
            InputSource::Derived => "worked out".to_owned(),
        },
        Origin::Secret => "secret, from the environment, shown nowhere".to_owned(),
        Origin::Asked { step } => format!("asked for at step {step}"),
        Origin::WorkedOut { of } if of.is_empty() => "worked out when it is needed".to_owned(),
        Origin::WorkedOut { of } => format!("worked out when it is needed, from {}", of.join(", ")),
        Origin::Captured { step, action } => format!("from the output of {action}, step {step}"),
        Origin::Left { step, action } => format!("from how {action} ends, step {step}"),
        Origin::BuiltIn => "set when the run begins".to_owned(),
        Origin::Missing => "nothing gives it a value".to_owned(),
    }
}

fn of_step(step: &StepAhead) -> Vec<String> {
    let mut about = Vec::new();
    about.extend(step.expected_s.map(|expected| format!("expected {}", span(expected))));
    about.extend(step.budget_s.map(|budget| format!("budget {}", span(budget))));
    about.extend(step.optional.then(|| "optional".to_owned()));
    about.extend(step.parallel.then(|| "beside the parallel steps next to it".to_owned()));
    if !step.needs.is_empty() {
        let needs: Vec<&str> = step.needs.iter().map(crate::kernel::StepId::as_str).collect();
        about.push(format!("needs {}", needs.join(", ")));
    }
    about.extend(step.by.as_ref().map(|by| format!("by {by}")));
    about.extend(step.deadline_s.map(|deadline| format!("reminds after {}", span(deadline))));
    about.extend(step.owed_s.map(|owed| format!("may be left owed for {}", span(owed))));
    let about = if about.is_empty() { String::new() } else { format!(" · {}", about.join(" · ")) };
    let mut lines = vec![format!("{:>3} {}{about}", step.number, step.title)];
    let mut add = |text: String| lines.push(format!("      {text}"));
    if let Some(when) = &step.when {
        add(case(when));
    }
    if let Some(items) = &step.foreach {
        add(each(items));
    }
    step.cautions.iter().for_each(|caution| add(format!("CAUTION {}", shown(caution))));
    step.asks.iter().for_each(|name| add(format!("asks for {name}")));
    step.checklist.iter().for_each(|item| add(format!("[ ] {}", shown(item))));
    step.messages.iter().for_each(|to| add(format!("a message to {to} is to be sent")));
    match step.by_hand {
        Some(crate::engine::ByHand::Evidence) => add("done by hand, with evidence".to_owned()),
        Some(crate::engine::ByHand::Note) => add("done by hand".to_owned()),
        None => {}
    }
    for action in &step.actions {
        of_action(action).into_iter().for_each(&mut add);
    }
    if let Some(decision) = &step.decision {
        add(format!("DECISION by a person: {}", shown(&decision.question)));
        for way in &decision.ways {
            let criterion =
                if way.criterion.is_empty() { String::new() } else { format!(" {}", shown(&way.criterion)) };
            let out: Vec<String> = way.rules_out.iter().map(ToString::to_string).collect();
            let out =
                if out.is_empty() { String::new() } else { format!("; then not for this case: {}", out.join(", ")) };
            let back = if way.back { "; a new pass" } else { "" };
            let when = way.when.as_ref().map(|when| format!("; speaks for it: {}", told(when))).unwrap_or_default();
            add(format!("  - {}{criterion} (to {}){out}{back}{when}", shown(&way.label), way.to));
        }
    }
    lines
}

fn of_action(action: &ActionAhead) -> Vec<String> {
    let section = match action.section {
        Section::Main => "",
        Section::Before => "before: ",
        Section::Verify => "verify: ",
        Section::Rollback => "only to undo: ",
        Section::OnFailure => "only on failure: ",
    };
    let place: Vec<&str> = [action.target.region.as_str(), action.target.resource.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let place = if place.is_empty() { String::new() } else { format!(" → {}", place.join(" ")) };
    let mut lines = vec![format!("{section}{} [{}{place}] {}", action.name, action.impact.word(), about(action))];
    lines.extend(action.command.lines().map(|line| format!("  | {line}")));
    let mut add = |text: String| lines.push(format!("  {text}"));
    if let Some(when) = &action.when {
        add(case(when));
    }
    if let Some(items) = &action.foreach {
        add(each(items));
    }
    action.cautions.iter().for_each(|caution| add(format!("CAUTION {}", shown(caution))));
    if let Some(why) = &action.unclear {
        add(format!("can't be told in full yet: {why}"));
    }
    for (name, value) in action.values.iter().filter(|_| action.command.contains('$')) {
        if action.command.contains(name.as_str()) {
            add(format!("{name} is {}", shown(value)));
        }
    }
    for Pending { name, origin } in &action.pending {
        add(format!("{name}: {}", words(origin)));
    }
    if let Some(ask) = &action.confirm {
        let how = match ask {
            Ask::Key => "y".to_owned(),
            Ask::Type { phrase } => format!("typing  {phrase}"),
        };
        add(format!("confirmed by {how}"));
    }
    if let Some(approvals) = &action.approvals {
        add(agreement(approvals));
    }
    if action.section <= Section::Verify && action.impact > Impact::Observe {
        add(undo(action));
    }
    lines
}

fn about(action: &ActionAhead) -> String {
    let mut about = Vec::new();
    if let Some(until) = &action.until {
        let limit = action.timeout_s.map(|limit| format!(", at most {}", span(limit))).unwrap_or_default();
        about.push(format!("until {until}, every {}{limit}", span(action.every_s)));
    } else if let Some(limit) = action.timeout_s {
        about.push(format!("at most {}", span(limit)));
    }
    about.extend(action.expected_s.map(|expected| format!("expected {}", span(expected))));
    about.extend(action.budget_s.map(|budget| format!("budget {}", span(budget))));
    about.extend(
        (action.retry > 0).then(|| format!("tried again {} by itself", counted(action.retry as usize, "time"))),
    );
    about.extend(action.interactive.then(|| "at a terminal: somebody sits down at it".to_owned()));
    about.extend(action.watch.then(|| "looked at until the run ends".to_owned()));
    about.extend(action.optional.then(|| "may fail".to_owned()));
    about.extend(action.measures_loss.then(|| "measures the loss".to_owned()));
    about.extend(action.marks.map(|moment| format!("fixes {}", moment.word())));
    if !action.captures.is_empty() {
        about.push(format!("sets {}", action.captures.join(", ")));
    }
    if !action.require.is_empty() {
        let watches: Vec<&str> = action.require.iter().map(crate::kernel::ActionName::as_str).collect();
        about.push(format!("asks anew where {} does not hold", watches.join(", ")));
    }
    about.join(", ")
}

fn undo(action: &ActionAhead) -> String {
    let ways: Vec<&str> = action.undo.iter().map(crate::kernel::ActionName::as_str).collect();
    match (ways.is_empty(), action.impact, &action.undo_until) {
        (true, Impact::Irreversible, _) => "can't be undone".to_owned(),
        (true, _, _) => "nothing in the runbook undoes it".to_owned(),
        (false, _, None) => format!("undone by {}", ways.join(", ")),
        (false, _, Some(until)) => format!("undone by {}, until {until}; then no more", ways.join(", ")),
    }
}

fn agreement(wanted: &Agreement) -> String {
    let rules: Vec<String> = wanted
        .rules
        .iter()
        .map(|rule| match &rule.when {
            None => rule.count.to_string(),
            Some(when) => format!("{} if {}", rule.count, told(when)),
        })
        .collect();
    let role = if wanted.role.is_empty() { String::new() } else { format!(" of role {}", wanted.role) };
    let after = span(wanted.within_s);
    format!("approvals besides the operator's{role}: {}; waived with a reason after {after}", rules.join("; "))
}

fn case(when: &When) -> String {
    match when.holds {
        Holds::Yes => format!("for this case: {} holds", when.text),
        Holds::No => format!("NOT FOR THIS CASE: {} does not hold", when.text),
        Holds::InTheRun => format!("only if {}: that turns out in the run", when.text),
    }
}

fn told(when: &When) -> String {
    match when.holds {
        Holds::Yes => format!("{} (it holds)", when.text),
        Holds::No => format!("{} (it does not hold)", when.text),
        Holds::InTheRun => when.text.clone(),
    }
}

fn each(items: &Items) -> String {
    let any = if items.until_any { "; goes on when one is done" } else { "" };
    match &items.items {
        Some(list) => {
            let at_once = items.concurrency.min(list.len());
            format!("for each {} of {} ({at_once} at a time): {}{any}", items.name, list.len(), list.join(", "))
        }
        None => {
            format!("for each {} in {} (at most {} at a time){any}", items.name, items.text, items.concurrency)
        }
    }
}

/// Says how long each way takes as far as the runbook says, line by line.
pub fn times(run: &DryRun) -> Vec<String> {
    let mut lines =
        vec![String::new(), "TIME, as far as the runbook says what is expected; people's time is not in it".to_owned()];
    for course in &run.courses {
        if !course.choices.is_empty() {
            let choices: Vec<String> =
                course.choices.iter().map(|choice| format!("{} {}", choice.step, shown(&choice.label))).collect();
            lines.push(format!("  WAY {}", choices.join(" · ")));
        }
        lines.extend(of_course(course, run.rto_s).into_iter().map(|line| format!("  {line}")));
    }
    if run.courses_left_out > 0 {
        lines.push(format!("  and {} more ways, not worked out", run.courses_left_out));
    }
    lines
}

fn of_course(course: &Course, rto_s: Option<u64>) -> Vec<String> {
    let mut lines = Vec::new();
    let sure = if course.unknown == 0 {
        String::new()
    } else {
        format!(" at least: {} of {} actions don't say", course.unknown, course.known + course.unknown)
    };
    if let Some(path) = &course.hands_over_to {
        lines.push(format!("goes on with {path}; the time is up to there"));
    }
    match (course.recovered_s, rto_s) {
        (Some(recovered), Some(rto)) => {
            let against = match rto.checked_sub(recovered) {
                Some(left) => format!("{} of RTO {} are left for people", span(left), span(rto)),
                None => format!("OVER the RTO of {} by {}", span(rto), span(recovered - rto)),
            };
            lines.push(format!("service restored after {}{sure}; {against}", span(recovered)));
        }
        (Some(recovered), None) => lines.push(format!("service restored after {}{sure}", span(recovered))),
        (None, _) if course.hands_over_to.is_none() => lines.push("nothing on this way shows the recovery".to_owned()),
        (None, _) => {}
    }
    lines.push(format!("all steps {}{sure}", span(course.whole_s)));
    if !course.critical.is_empty() {
        let steps: Vec<String> = course.critical.iter().map(ToString::to_string).collect();
        lines.push(format!("critical path: step {}", steps.join(" → ")));
    }
    if let Some(budgets) = course.budgets_s {
        let over = rto_s.filter(|rto| budgets > *rto).map(|rto| format!(", MORE than the RTO of {}", span(rto)));
        lines.push(format!("budgets of its phases together {}{}", span(budgets), over.unwrap_or_default()));
    }
    lines.push(format!("waits for a person {} at least", counted(course.people, "time")));
    lines
}

/// Says seconds as a clock does, those below a minute in words.
fn span(seconds: u64) -> String {
    let duration = Duration::from_secs(seconds);
    if seconds < 60 { say_duration(duration) } else { clock(duration) }
}
