//! A forecast before any incident as lines for people.

use std::time::Duration;

use crate::engine::{Outlook, StepOutlook};
use crate::kernel::{SafeText, clock, range};
use crate::runbook::Plan;

/// A recovery that never comes is no time.
const NEVER: &str = "never";

/// Says when service would probably be restored, what each step has to do with it, and which one to improve first.
pub fn forecast(plan: &Plan, outlook: &Outlook, steps: &[StepOutlook]) -> Vec<String> {
    let mut lines = vec![said(outlook, plan.meta.objectives.rto)];
    if outlook.new_steps > 0 {
        let nothing = match outlook.unknown {
            0 => String::new(),
            1 => ", and 1 of their actions says nothing: it counts as nothing".to_owned(),
            more => format!(", and {more} of their actions say nothing: they count as nothing"),
        };
        let them = if outlook.new_steps == 1 { "1 step" } else { "several steps" };
        lines.push(format!(
            "no earlier run worked {them} as they are now ({}): they count as `expected` says{nothing}",
            numbers(plan, steps.iter().filter(|step| step.runs == 0))
        ));
    }
    let path = steps.iter().filter(|step| step.critical >= 50);
    lines.push(format!("critical path: step {}", numbers(plan, path).replace(", ", " → ")));
    let gain = |step: &&StepOutlook| step.halved_gains_ms.unwrap_or_default();
    if let Some(best) = steps.iter().max_by_key(gain).filter(|best| gain(best) > 0) {
        let chance = match (best.halved_chance, outlook.chance) {
            (Some(then), Some(now)) if then != now => format!(", and the chance would be {}", percent(then)),
            _ => String::new(),
        };
        lines.push(format!(
            "improve first: {}; half its time brings the recovery {} sooner{chance}",
            label(plan, best.at),
            time(Some(gain(&best)))
        ));
    }
    lines.extend([
        String::new(),
        format!("{:>8}  {:>8}  {:>8}  {:>5}  {:>5}  step", "1 in 10", "half", "9 in 10", "runs", "path"),
    ]);
    lines.extend(steps.iter().filter(|step| step.high_ms > 0).map(|step| {
        let path = if step.critical == 0 { "-".to_owned() } else { format!("{}%", step.critical) };
        let runs = if step.runs == 0 { "-".to_owned() } else { step.runs.to_string() };
        let [low, middle, high] = [step.low_ms, step.middle_ms, step.high_ms].map(|ms| time(Some(ms)));
        format!("{low:>8}  {middle:>8}  {high:>8}  {runs:>5}  {path:>5}  {}", label(plan, step.at))
    }));
    lines.iter().map(|line| SafeText::line(line.trim_end()).into_string()).collect()
}

fn said(outlook: &Outlook, rto: Option<Duration>) -> String {
    let chance = match (outlook.chance, rto) {
        (Some(chance), Some(rto)) => format!("; chance to meet the RTO of {}: {}", clock(rto), percent(chance)),
        _ => String::new(),
    };
    format!(
        "service restored {} after onset, in eight of ten cases {}{chance}",
        time(outlook.middle_ms),
        range(&time(outlook.low_ms), &time(outlook.high_ms))
    )
}

/// Says a chance; nothing that was simulated is certain.
pub fn percent(chance: u32) -> String {
    match chance {
        0 => "<1 %".to_owned(),
        100.. => ">99 %".to_owned(),
        chance => format!("{chance} %"),
    }
}

fn time(ms: Option<u64>) -> String {
    match ms.map(Duration::from_millis) {
        None => NEVER.to_owned(),
        Some(short) if short < Duration::from_secs(10) => format!("{:.1} s", short.as_secs_f32()),
        Some(long) => clock(long),
    }
}

fn numbers<'s>(plan: &Plan, steps: impl Iterator<Item = &'s StepOutlook>) -> String {
    let number = |step: &StepOutlook| plan.steps.get(step.at).map(|step| step.number.to_string());
    steps.filter_map(number).collect::<Vec<_>>().join(", ")
}

fn label(plan: &Plan, at: usize) -> String {
    plan.steps.get(at).map_or_else(String::new, |step| format!("{} {}", step.number, step.title))
}
