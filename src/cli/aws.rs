//! `lifeboat aws operations`: the catalogue, for people who write runbooks and for programs.

use std::process::ExitCode;

use serde_json::json;

use super::args::{AwsCommand, Format};
use super::failure::{Failure, Kind};
use super::say;
use crate::runbook::Necessity;
use crate::runbook::aws::{GENERAL, Member, OPERATIONS, Operation};

/// How wide a line of options may become.
const WIDTH: usize = 100;

/// Does what was asked of the catalogue.
pub(super) fn aws(command: AwsCommand) -> Result<ExitCode, Failure> {
    let AwsCommand::Operations { words, format } = command;
    let named = |row: &&Operation| words.iter().all(|word| format!("{} {}", row.service, row.name).contains(word));
    let found: Vec<_> = OPERATIONS.iter().filter(named).collect();
    match format {
        Format::Human if found.is_empty() => {
            let asked = words.join(" ");
            return Err(Failure::new(Kind::Problems, format!("no AWS operation is called like `{asked}`"))
                .hint("call it in a shell block by the AWS CLI, and say its impact: ```sh { impact=change }"));
        }
        Format::Human => {
            for row in &found {
                print(row);
            }
            say::line(format_args!("{} operations; `*` is needed, all take {}", found.len(), GENERAL.join(" ")));
        }
        Format::Json => {
            say::line(format_args!("{:#}", found.iter().map(|row| described(row)).collect::<serde_json::Value>()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(row: &Operation) {
    say::line(format_args!("aws {} {} ({})", row.service, row.name, row.impact.word()));
    let mut line = String::new();
    for member in &row.members {
        let option = written(member);
        if !line.is_empty() && line.len() + option.len() + 1 > WIDTH {
            say::line(format_args!("   {line}"));
            line.clear();
        }
        line.push(' ');
        line.push_str(&option);
    }
    if !line.is_empty() {
        say::line(format_args!("   {line}"));
    }
}

fn written(member: &Member) -> String {
    let needed = if member.needed == Necessity::Required { "*" } else { "" };
    match member.holds.word() {
        "text" | "switch" => format!("{}{needed}", member.option),
        word => format!("{}{needed} {}", member.option, word.to_uppercase()),
    }
}

fn described(row: &Operation) -> serde_json::Value {
    let options = row.members.iter().map(|member| {
        json!({
            "option": member.option,
            "holds": member.holds.word(),
            "needed": member.needed == Necessity::Required,
        })
    });
    json!({
        "service": row.service,
        "name": row.name,
        "impact": row.impact,
        "resource": Some(row.resource()).filter(|option| !option.is_empty()),
        "hides": row.hides,
        "options": options.collect::<Vec<_>>(),
    })
}
