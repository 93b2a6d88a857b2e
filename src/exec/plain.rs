//! Which blocks surely leave the shell as they found it, so that nobody need ask it for its variables afterwards.
//!
//! A block is plain if it is a row of commands called by literal names, none of which a shell performs itself in a way
//! that could last. Whatever is harder to read than that (a substitution, a loop, a redirected input, an assignment)
//! is not plain: then the shell is asked, which is always right.

/// Names that change the shell, or may, or that a shell reads as syntax. POSIX, dash and bash.
const LASTING: &[&str] = &[
    ".",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "chdir",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "jobs",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "then",
    "time",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
];

/// Tells whether a block surely leaves variables and working directory as they are. `environment` holds the names of
/// the environment's variables: a function that somebody exported may hide any command.
pub(super) fn is_plain<'n>(script: &str, mut environment: impl Iterator<Item = &'n Vec<u8>>) -> bool {
    let redefined = environment
        .any(|name| name.starts_with(b"BASH_FUNC_") || name.as_slice() == b"BASH_ENV" || name.as_slice() == b"ENV");
    !redefined && commands(script).is_some_and(|names| names.iter().all(|name| !LASTING.contains(name)))
}

/// Reads the names of a block's commands; `None` where it is not a plain row of them.
fn commands(script: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = script;
    let mut named = false;
    while let Some(c) = rest.chars().next() {
        match c {
            ' ' | '\t' => rest = rest.get(1..)?,
            '\n' | ';' | '&' | '|' => {
                named = false;
                rest = rest.get(1..)?;
            }
            '#' => rest = rest.get(rest.find('\n').unwrap_or(rest.len())..)?,
            // `2>&1` and `>& file` hold no end of a command.
            '>' if named => rest = rest.get(1..)?.trim_start_matches(['>', '&', '|']),
            _ if named => rest = argument(rest)?,
            _ => {
                let name = literal(rest);
                rest = rest.get(name.len()..)?;
                // What follows a name without a space belongs to the word: it is no name then.
                if name.is_empty() || !rest.starts_with([' ', '\t', '\n', ';', '&', '|']) && !rest.is_empty() {
                    return None;
                }
                names.push(name);
                named = true;
            }
        }
    }
    Some(names)
}

fn literal(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "_./+-".contains(c))).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Passes over one argument; `None` where it may do more than stand there.
fn argument(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => quoted = !quoted,
            '\'' if !quoted => rest = rest.get(1 + rest.get(1..)?.find('\'')?..)?,
            '$' => {
                rest = variable(rest.get(1..)?)?;
                continue;
            }
            '`' | '\\' => return None,
            '(' | ')' | '{' | '}' | '<' if !quoted => return None,
            ' ' | '\t' | '\n' | ';' | '&' | '|' | '>' if !quoted => return Some(rest),
            _ => {}
        }
        rest = rest.get(c.len_utf8()..)?;
    }
    (!quoted).then_some(rest)
}

/// Passes over the name behind a `$`; anything else there (`$(`, `${X:=y}`, `$((`) may do more than read.
fn variable(text: &str) -> Option<&str> {
    let (text, braced) = text.strip_prefix('{').map_or((text, false), |inner| (inner, true));
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    match (name.is_empty(), braced) {
        (true, _) => None,
        (false, true) => rest.strip_prefix('}'),
        (false, false) => Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_row_of_called_commands_is_plain() {
        let plain = [
            "",
            "true",
            "true\n",
            "# why\ntrue # and how\n",
            "terraform apply -auto-approve -var=region=us-west-2",
            "pg_dump \"$URL\" | gzip > dump.gz 2>&1 && ls -l dump.gz; echo 'it''s $(here)'",
            "./fence.sh ${TARGET} \"a ( b { c < d\" &",
            "curl -fsS https://shop.example/health?x=1",
        ];
        let not = [
            "X=1",
            "X=1 env",
            "cd /tmp",
            "true; export A",
            "true\ncd /",
            "true | read X",
            "\"cd\" /tmp",
            "c\\d /tmp",
            "$CMD /tmp",
            "c$X /tmp",
            "ls > a; cd b",
            "ls 2>&1; cd b",
            "echo ${X:=1}",
            "echo $((X=1))",
            "echo $(date)",
            "echo `date`",
            "cat <<EOF\ncd\nEOF",
            "{ cd /tmp; }",
            "f() { X=1; }; f",
            "if true; then X=1; fi",
            "for x in a b; do ls; done",
            "echo 'open",
            "echo \"open",
            "! cd /tmp",
            "> file cd /tmp",
            "printf -v X 1",
            "echo $",
            "é",
        ];
        for script in plain {
            assert!(is_plain(script, std::iter::empty()), "{script}");
        }
        for script in not {
            assert!(!is_plain(script, std::iter::empty()), "{script}");
        }
        for name in ["BASH_FUNC_true%%", "BASH_ENV", "ENV"] {
            assert!(!is_plain("true", [name.as_bytes().to_vec()].iter()), "{name}");
        }
    }
}
