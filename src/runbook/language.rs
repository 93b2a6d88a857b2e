//! What becomes of a fence, by the first word of its info string.

use super::{Kind, Shell};

/// Says what a language means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// It runs.
    Runs(Kind),
    /// It is a text for people.
    Tells,
    /// It is reading matter.
    Example,
    /// The format has it, this version does not.
    NotYet,
    /// There is none.
    Missing,
    /// Nobody knows it.
    Unknown,
}

const EXAMPLES: [&str; 64] = [
    "asciidoc",
    "asm",
    "awk",
    "bat",
    "batch",
    "c",
    "cmd",
    "conf",
    "config",
    "cpp",
    "cs",
    "csharp",
    "css",
    "csv",
    "cue",
    "diff",
    "docker",
    "dockerfile",
    "dot",
    "env",
    "git",
    "gitignore",
    "go",
    "golang",
    "graphql",
    "groovy",
    "hcl",
    "html",
    "ini",
    "java",
    "javascript",
    "json",
    "json5",
    "jsonc",
    "jsonnet",
    "js-example",
    "kotlin",
    "log",
    "logs",
    "makefile",
    "markdown",
    "md",
    "mermaid",
    "nginx",
    "none",
    "output",
    "plain",
    "plaintext",
    "promql",
    "properties",
    "proto",
    "puppet",
    "rego",
    "rust",
    "swift",
    "terraform",
    "text",
    "tf",
    "toml",
    "txt",
    "typescript",
    "xml",
    "yaml",
    "yml",
];

const NOT_YET: [&str; 19] = [
    "console",
    "dash",
    "fish",
    "js",
    "ksh",
    "lua",
    "mysql",
    "node",
    "perl",
    "php",
    "powershell",
    "ps1",
    "psql",
    "py",
    "python",
    "python3",
    "rb",
    "ruby",
    "shell-session",
];

const RUNS: [&str; 9] = ["sh", "bash", "shell", "shellscript", "aws", "http", "dns", "message", "sql"];

/// Looks a language up.
pub(super) fn language(word: &str) -> Language {
    let word = word.to_ascii_lowercase();
    match word.as_str() {
        "" => Language::Missing,
        "sh" | "shell" | "shellscript" => Language::Runs(Kind::Shell(Shell::Sh)),
        "bash" => Language::Runs(Kind::Shell(Shell::Bash)),
        "aws" => Language::Runs(Kind::Aws),
        "http" => Language::Runs(Kind::Http),
        "dns" => Language::Runs(Kind::Dns),
        "sql" => Language::Runs(Kind::Sql),
        "message" => Language::Tells,
        "zsh" | "terminal" => Language::NotYet,
        word if NOT_YET.contains(&word) => Language::NotYet,
        word if EXAMPLES.contains(&word) => Language::Example,
        _ => Language::Unknown,
    }
}

/// Lists the languages that a wrong one may have been meant for.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    RUNS.into_iter().chain(EXAMPLES)
}
