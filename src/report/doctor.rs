//! What was found about a machine before anybody needs it, as lines for people.

use serde::Serialize;

use crate::kernel::SafeText;

/// Is one thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it belongs to.
    pub part: Part,
    /// What was looked at, in a word or two.
    pub name: String,
    /// How it stands.
    pub grade: Grade,
    /// What was seen.
    pub says: String,
    /// What to do about it.
    pub next: Option<String>,
}

/// Names what findings belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The terminal.
    Terminal,
    /// Who signs.
    Signing,
    /// AWS, of one profile.
    Aws,
    /// Programs that runbooks call.
    Tools,
    /// The clock.
    Clock,
    /// Where runs and their logs are kept.
    Log,
    /// Programs for real databases in drills.
    Postgresql,
    /// What becomes of processes at the end of a session.
    Session,
}

/// Says how something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, and something of it will be missed.
    Warn,
    /// It does not work.
    Fail,
}

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Terminal => "Terminal",
            Self::Signing => "Signing",
            Self::Aws => "AWS",
            Self::Tools => "Tools that runbooks call",
            Self::Clock => "Clock",
            Self::Log => "Log folder",
            Self::Postgresql => "PostgreSQL for drills",
            Self::Session => "Session",
        }
    }
}

impl Grade {
    /// Returns the word of it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

impl Finding {
    /// Says that something is as it should be.
    pub fn ok(part: Part, name: impl Into<String>, says: impl Into<String>) -> Self {
        Self { part, name: name.into(), grade: Grade::Ok, says: says.into(), next: None }
    }

    /// Says that something will be missed.
    pub fn warn(part: Part, name: impl Into<String>, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self { grade: Grade::Warn, next: Some(next.into()), ..Self::ok(part, name, says) }
    }

    /// Says that something does not work.
    pub fn fail(part: Part, name: impl Into<String>, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self { grade: Grade::Fail, ..Self::warn(part, name, says, next) }
    }

    /// Says it on one harmless line.
    pub fn line(&self) -> String {
        let text = format!("{:<4}  {}: {}", self.grade.word(), self.name, self.says);
        SafeText::line(&text).into_string()
    }
}

/// Returns the gravest grade; nothing looked at is as it should be.
pub fn worst(findings: &[Finding]) -> Grade {
    findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Ok)
}

/// Says all findings, in order, with a heading for each part and the next step where one is needed.
pub fn findings(found: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut part = None;
    for finding in found {
        if part.replace(finding.part) != Some(finding.part) {
            lines.push(finding.part.title().to_owned());
        }
        lines.push(format!("  {}", finding.line()));
        if let Some(next) = &finding.next {
            lines.push(format!("        next: {}", SafeText::line(next)));
        }
    }
    let count = |grade: Grade| found.iter().filter(|finding| finding.grade == grade).count();
    let (fails, warns) = (count(Grade::Fail), count(Grade::Warn));
    lines.push(String::new());
    lines.push(match (fails, warns) {
        (0, 0) => "Everything that was looked at is as it should be.".to_owned(),
        (0, warns) => format!("Ready; {warns} to think about."),
        (fails, warns) => format!("NOT READY: {fails} to put right, {warns} to think about."),
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_comes_with_its_next_step_and_outweighs_the_rest() {
        let found = [
            Finding::ok(Part::Terminal, "size", "140 x 45"),
            Finding::warn(Part::Terminal, "colours", "16", "set COLORTERM"),
            Finding::fail(Part::Log, "folder", "\u{1b}[2Jread-only", "choose another"),
        ];
        assert_eq!(worst(&found), Grade::Fail);
        assert_eq!(worst(&[]), Grade::Ok);
        let lines = findings(&found);
        assert_eq!(lines[0], "Terminal");
        assert_eq!(lines[2], "  warn  colours: 16");
        assert_eq!(lines[3], "        next: set COLORTERM");
        assert_eq!(lines[5], "  FAIL  folder: \u{241b}[2Jread-only");
        assert_eq!(lines.last().map(String::as_str), Some("NOT READY: 1 to put right, 1 to think about."));
    }
}
