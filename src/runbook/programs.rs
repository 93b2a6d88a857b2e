//! Which programs a shell block calls, by a look at it: the first word of each of its commands.

use std::collections::BTreeSet;

/// What a shell does itself, or what opens and closes its own forms.
const OWN: [&str; 58] = [
    ".", ":", "!", "[", "[[", "{", "}", "alias", "bg", "break", "builtin", "case", "cd", "command", "continue",
    "declare", "do", "done", "echo", "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fi", "for",
    "function", "getopts", "hash", "if", "in", "jobs", "kill", "local", "mapfile", "popd", "printf", "pushd", "pwd",
    "read", "readonly", "return", "set", "shift", "shopt", "source", "test", "then", "time", "trap", "true", "type",
    "umask", "unset", "until",
];

/// Behind these words another command begins.
const LEADS_ON: [&str; 14] =
    ["!", "builtin", "command", "do", "elif", "else", "exec", "if", "then", "time", "until", "while", "{", "eval"];

/// Lists the programs that a block calls, as far as a look shows: not those whose names are worked out, and not those of a
/// here-document's text. A function that the block defines is none.
pub fn programs(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut functions = BTreeSet::new();
    let mut ends: Vec<String> = Vec::new();
    let mut continued = false;
    let mut open_quote = None;
    for line in code.lines() {
        if let Some(end) = ends.first() {
            if line.trim() == end {
                ends.remove(0);
            }
            continue;
        }
        let was_continued = std::mem::replace(&mut continued, line.ends_with('\\'));
        if let Some(name) = line.trim().split_once("()").map(|(name, _)| name.trim()).filter(|name| is_name(name)) {
            functions.insert(name.to_owned());
        }
        words(line, was_continued, &mut open_quote, &mut found, &mut ends);
    }
    found
        .retain(|name| !functions.contains(name) && !OWN.contains(&name.as_str()) && name != "wait" && name != "while");
    found
}

fn is_name(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    !word.is_empty() && word.chars().all(plain) && word.chars().any(|c| c.is_ascii_alphabetic())
}

/// Splits a line into words and takes those that begin a command.
fn words(line: &str, goes_on: bool, quote: &mut Option<char>, found: &mut BTreeSet<String>, ends: &mut Vec<String>) {
    let mut begins = !goes_on && quote.is_none();
    let mut word = String::new();
    let mut quoted = quote.is_some();
    let mut heredoc = false;
    let mut skips = false;
    let mut chars = line.chars().peekable();
    let mut take = |word: &mut String, quoted: &mut bool, begins: &mut bool, heredoc: &mut bool, skips: &mut bool| {
        let text = std::mem::take(word);
        let is_quoted = std::mem::take(quoted);
        if text.is_empty() && !is_quoted {
            return;
        }
        if std::mem::take(heredoc) {
            ends.push(text);
        } else if std::mem::take(skips) || !*begins || (is_assignment(&text) && !is_quoted) {
            // An operand, the name of a file, or a value before a command.
        } else {
            *begins = LEADS_ON.contains(&text.as_str());
            if !is_quoted && is_name(&text) {
                found.insert(text);
            }
        }
    };
    while let Some(c) = chars.next() {
        if let Some(end) = *quote {
            if c == '\\' && end == '"' {
                word.extend(chars.next());
            } else if c == end {
                *quote = None;
            } else if c == '$' && end == '"' && chars.peek() == Some(&'(') {
                // What stands in a substitution is a command again: looked at by itself.
                chars.next();
                let inner: String = chars.by_ref().take_while(|c| *c != ')').collect();
                found_in(&inner, &mut take);
                word.push('$');
            } else {
                word.push(c);
            }
            continue;
        }
        match c {
            '\\' => {
                word.extend(chars.next());
                quoted = true;
            }
            '\'' | '"' => (*quote, quoted) = (Some(c), true),
            '#' if word.is_empty() => break,
            ' ' | '\t' => take(&mut word, &mut quoted, &mut begins, &mut heredoc, &mut skips),
            '<' if chars.peek() == Some(&'<') => {
                take(&mut word, &mut quoted, &mut begins, &mut heredoc, &mut skips);
                chars.next();
                if chars.peek() == Some(&'<') {
                    chars.next();
                    skips = true;
                } else {
                    heredoc = true;
                    chars.next_if_eq(&'-');
                }
            }
            '<' | '>' => {
                if word.chars().all(|c| c.is_ascii_digit()) {
                    word.clear();
                }
                take(&mut word, &mut quoted, &mut begins, &mut heredoc, &mut skips);
                chars.next_if(|c| matches!(c, '>' | '&' | '|'));
                skips = true;
            }
            '|' | '&' | ';' | '(' | ')' | '`' => {
                take(&mut word, &mut quoted, &mut begins, &mut heredoc, &mut skips);
                (begins, skips) = (true, false);
            }
            '$' if chars.peek() == Some(&'(') => {
                word.push('$');
                // The substitution begins a command; what it is part of is no plain name any more.
                take(&mut word, &mut quoted, &mut begins, &mut heredoc, &mut skips);
                chars.next();
                begins = true;
            }
            c => word.push(c),
        }
    }
    take(&mut word, &mut quoted, &mut begins, &mut heredoc, &mut skips);
}

/// Takes the words of a substitution inside of quotes.
fn found_in(inner: &str, take: &mut impl FnMut(&mut String, &mut bool, &mut bool, &mut bool, &mut bool)) {
    for command in inner.split(['|', ';', '&']) {
        let mut begins = true;
        for text in command.split_whitespace() {
            let (mut word, mut quoted) = (text.to_owned(), false);
            take(&mut word, &mut quoted, &mut begins, &mut false, &mut false);
        }
    }
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.trim_end_matches('+');
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_word_of_each_command_is_a_program() {
        for (code, names) in [
            ("psql -c 'drop table x; rm -rf /' | grep ok && jq . < curl", vec!["grep", "jq", "psql"]),
            ("A=1 B=$(date -u) terraform -chdir=\"$DIR\" plan \\\n  -out rm", vec!["date", "terraform"]),
            ("if ! test -f x; then aws s3 ls; else echo no; fi", vec!["aws"]),
            ("for i in 1 2; do sleep 1; done\nwhile read x; do tr a b; done", vec!["sleep", "tr"]),
            ("cat <<EOF > curl\nrm -rf\nEOF\ndig x", vec!["cat", "dig"]),
            ("check() {\n  nc -z h 1\n}\ncheck", vec!["nc"]),
            ("# rm\n\"$TOOL\" x; echo \"$(curl -s u | jq .a)\" 2> err", vec!["curl", "jq"]),
            ("echo 'a\nrm b\n' ; awk 1", vec!["awk"]),
        ] {
            let found = programs(code);
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), names, "{code}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at(code in "\\PC*") {
            drop(programs(&code));
        }
    }
}
