//! Words of an `aws` fence, and `${NAME}` in templates.
//!
//! A fence is split as a POSIX shell would split it, so that it can be pasted into one; what a shell would do besides
//! (pipes, redirection, command substitution) is refused. A variable always stays inside its one token: a value with
//! spaces, quotes or a leading dash cannot become a second option.

use std::collections::BTreeMap;
use std::ops::Range;

use super::action::is_name;

/// Is one word of a call, with its variable parts kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pieces: Vec<Piece>,
    span: Range<usize>,
}

/// Is a part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Literal text.
    Text(String),
    /// The value of a variable.
    Var(String),
    /// The items of a list, each a word of its own: `${NAME[*]}`, which stands alone.
    Each(String),
}

/// Says which variable has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` has no value; declare it under `inputs`, or let an earlier action capture it")]
pub struct Unset {
    /// The variable.
    pub name: String,
}

/// Says what an `aws` fence cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct BadWords {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where, in bytes of the fence's text.
    pub at: Range<usize>,
}

impl Word {
    /// Returns the parts.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Returns where the word stands, in bytes of the fence's text.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Returns the text if no variable is in it.
    pub fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Var(_) | Piece::Each(_) => return None,
            }
        }
        Some(text)
    }

    /// Lists the variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Var(name) | Piece::Each(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Puts the values in; the result is one token whatever they hold.
    pub fn fill(&self, vars: &BTreeMap<String, String>) -> Result<String, Unset> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Var(name) | Piece::Each(name) => text.push_str(value(name, vars)?),
            }
        }
        Ok(text)
    }
}

/// Puts values into a call. Each word stays one token, but for `${NAME[*]}`, which becomes one token an item; where there
/// is none, the option before it goes as well.
pub fn fill_call(call: &[Word], vars: &BTreeMap<String, String>) -> Result<Vec<String>, Unset> {
    let mut tokens: Vec<String> = Vec::with_capacity(call.len());
    for word in call {
        let [Piece::Each(name)] = word.pieces() else {
            tokens.push(word.fill(vars)?);
            continue;
        };
        let before = tokens.len();
        tokens.extend(items(value(name, vars)?).map(str::to_owned));
        if tokens.len() == before && tokens.last().is_some_and(|last| last.starts_with("--")) {
            tokens.pop();
        }
    }
    Ok(tokens)
}

/// Lists the items of a list. A list is kept, and given to shell blocks, as one item a line.
pub fn items(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|item| !item.is_empty())
}

/// Says whether `name` can stand between `${` and `}`: a variable, `ACTION.outcome`, `ACTION.stdout`, `ACTION.exit`, or
/// the place of an item, `t.index`.
pub fn is_variable(name: &str) -> bool {
    is_identifier(name) || recalled(name).is_some() || name.strip_suffix(".index").is_some_and(is_identifier)
}

/// Splits `ACTION.outcome`, `ACTION.stdout` or `ACTION.exit` into the action's name and the part; `None` if it is none.
pub fn recalled(name: &str) -> Option<(&str, &str)> {
    let (action, part) = name.rsplit_once('.')?;
    (is_name(action) && matches!(part, "outcome" | "stdout" | "exit")).then_some((action, part))
}

/// Puts values into `${NAME}` of a template (an attribute's value, an `http` or `dns` fence).
///
/// Only the form with braces is a variable, so that regular expressions and JSON keep their `$`; `$${` stands for a
/// literal `${`.
pub fn fill(template: &str, vars: &BTreeMap<String, String>) -> Result<String, Unset> {
    let mut text = String::with_capacity(template.len());
    for (piece, _) in pieces(template) {
        match piece {
            Piece::Text(part) => text.push_str(&part),
            Piece::Var(name) | Piece::Each(name) => text.push_str(value(&name, vars)?),
        }
    }
    Ok(text)
}

/// Lists the variables of a template with their places (bytes of the template, `${` and `}` included).
pub fn variables(template: &str) -> Vec<(String, Range<usize>)> {
    pieces(template)
        .into_iter()
        .filter_map(|(piece, at)| match piece {
            Piece::Var(name) | Piece::Each(name) => Some((name, at)),
            Piece::Text(_) => None,
        })
        .collect()
}

/// Splits an `aws` fence into its calls, one a line; each call's words come without the leading `aws`.
///
/// Quotes, a backslash before a line's end, comments and blank lines mean what they mean to a POSIX shell. Single
/// quotes keep `$` literal, elsewhere `\$` does. Wildcards, `~` and braces stay as they are written.
pub fn calls(code: &str) -> Result<Vec<Vec<Word>>, BadWords> {
    let mut splitter = Splitter::new(code);
    let mut calls = Vec::new();
    while let Some(mut words) = splitter.call()? {
        if words.is_empty() {
            continue;
        }
        let first = words.remove(0);
        if first.literal().as_deref() != Some("aws") {
            return Err(BadWords {
                message: "a line of an `aws` fence has to begin with `aws`".to_owned(),
                help: "write `aws SERVICE OPERATION …`, one call a line, with `\\` at the end of a line that goes on; \
                       for anything else use an `sh` fence"
                    .to_owned(),
                at: first.span,
            });
        }
        if words.is_empty() {
            return Err(BadWords {
                message: "`aws` alone calls nothing".to_owned(),
                help: "write `aws SERVICE OPERATION …`, for example `aws sts get-caller-identity`".to_owned(),
                at: first.span,
            });
        }
        calls.push(words);
    }
    Ok(calls)
}

/// Says whether `name` is a shell identifier.
pub fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn value<'v>(name: &str, vars: &'v BTreeMap<String, String>) -> Result<&'v str, Unset> {
    vars.get(name).map(String::as_str).ok_or_else(|| Unset { name: name.to_owned() })
}

fn pieces(template: &str) -> Vec<(Piece, Range<usize>)> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    let mut rest = template;
    while let Some(dollar) = rest.find("${") {
        let (before, from) = rest.split_at_checked(dollar).unwrap_or((rest, ""));
        let inner = from.get(2..).unwrap_or("");
        if let Some(kept) = before.strip_suffix('$') {
            text.push_str(kept);
            text.push_str("${");
            at += dollar + 2;
            rest = inner;
            continue;
        }
        text.push_str(before);
        let name_len = inner.find('}').unwrap_or(inner.len());
        let (name, tail) = inner.split_at_checked(name_len).unwrap_or((inner, ""));
        // Without its closing brace it is still a variable, one that nothing can set: never silently text.
        let name = if tail.is_empty() { format!("${{{name}") } else { name.to_owned() };
        let end = at + dollar + 2 + name_len + usize::from(!tail.is_empty());
        if !text.is_empty() {
            found.push((Piece::Text(std::mem::take(&mut text)), at..at + dollar));
        }
        found.push((Piece::Var(name), at + dollar..end));
        at = end;
        rest = tail.strip_prefix('}').unwrap_or(tail);
    }
    text.push_str(rest);
    if !text.is_empty() {
        found.push((Piece::Text(text), at..template.len()));
    }
    found
}

/// Walks over a fence character by character.
struct Splitter<'c> {
    code: &'c str,
    at: usize,
}

/// Collects one word.
#[derive(Default)]
struct Draft {
    pieces: Vec<Piece>,
    text: String,
    begun: bool,
    start: usize,
}

impl Draft {
    fn push(&mut self, c: char, at: usize) {
        self.begin(at);
        self.text.push(c);
    }

    fn begin(&mut self, at: usize) {
        if !self.begun {
            self.begun = true;
            self.start = at;
        }
    }

    fn var(&mut self, piece: Piece, at: usize) {
        self.begin(at);
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
        }
        self.pieces.push(piece);
    }

    fn finish(&mut self, end: usize, words: &mut Vec<Word>) {
        let mut draft = std::mem::take(self);
        if draft.begun {
            if !draft.text.is_empty() {
                draft.pieces.push(Piece::Text(draft.text));
            }
            words.push(Word { pieces: draft.pieces, span: draft.start..end });
        }
    }
}

impl<'c> Splitter<'c> {
    fn new(code: &'c str) -> Self {
        Self { code, at: 0 }
    }

    fn peek(&self) -> Option<char> {
        self.code.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Reads one line with its continuations; `None` at the end of the fence.
    fn call(&mut self) -> Result<Option<Vec<Word>>, BadWords> {
        if self.at >= self.code.len() {
            return Ok(None);
        }
        let mut words = Vec::new();
        let mut draft = Draft::default();
        loop {
            let at = self.at;
            let Some(c) = self.next() else {
                draft.finish(at, &mut words);
                return Ok(Some(words));
            };
            match c {
                '\n' => {
                    draft.finish(at, &mut words);
                    return Ok(Some(words));
                }
                ' ' | '\t' | '\r' => draft.finish(at, &mut words),
                '#' if !draft.begun => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.next();
                    }
                }
                '\\' => match self.next() {
                    Some('\n') => {}
                    Some('\r') if self.peek() == Some('\n') => {
                        self.next();
                    }
                    Some(c) => draft.push(c, at),
                    None => {
                        return Err(self.bad(
                            at,
                            "the last line ends in a backslash",
                            "take it away or finish the call",
                        ));
                    }
                },
                '\'' => self.single_quoted(at, &mut draft)?,
                '"' => self.double_quoted(at, &mut draft)?,
                '$' if matches!(self.peek(), Some('\'' | '"')) => {
                    return Err(self.bad(
                        at,
                        "`$` before a quote means something only to some shells",
                        "use plain quotes",
                    ));
                }
                '$' => self.variable(at, &mut draft)?,
                '`' => return Err(self.substitution(at)),
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => {
                    return Err(self.bad(
                        at,
                        &format!("`{c}` does nothing in an `aws` fence: there are no pipes, redirections or lists"),
                        "write one call a line and use `--query` and `capture=`, quote the character if it belongs \
                         to a value, or use an `sh` fence",
                    ));
                }
                c => draft.push(c, at),
            }
        }
    }

    fn single_quoted(&mut self, start: usize, draft: &mut Draft) -> Result<(), BadWords> {
        draft.begin(start);
        loop {
            let at = self.at;
            match self.next() {
                Some('\'') => return Ok(()),
                Some(c) => draft.push(c, at),
                None => return Err(self.bad(start, "this quote is not closed", "close it with `'`")),
            }
        }
    }

    fn double_quoted(&mut self, start: usize, draft: &mut Draft) -> Result<(), BadWords> {
        draft.begin(start);
        loop {
            let at = self.at;
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some('\n') => {}
                    Some(c @ ('$' | '`' | '"' | '\\')) => draft.push(c, at),
                    Some(c) => {
                        draft.push('\\', at);
                        draft.push(c, at);
                    }
                    None => return Err(self.bad(start, "this quote is not closed", "close it with `\"`")),
                },
                Some('$') => self.variable(at, draft)?,
                Some('`') => return Err(self.substitution(at)),
                Some(c) => draft.push(c, at),
                None => return Err(self.bad(start, "this quote is not closed", "close it with `\"`")),
            }
        }
    }

    /// Reads what follows a `$`.
    fn variable(&mut self, start: usize, draft: &mut Draft) -> Result<(), BadWords> {
        match self.peek() {
            Some('{') => {
                self.next();
                let from = self.at;
                while self.peek().is_some_and(|c| c != '}' && c != '\n') {
                    self.next();
                }
                let name = self.code.get(from..self.at).unwrap_or("").to_owned();
                if self.next() != Some('}') {
                    return Err(self.bad(start, "`${` is not closed", "write `${NAME}`"));
                }
                let list = name.strip_suffix("[*]").filter(|list| is_identifier(list)).map(str::to_owned);
                if list.is_none() && !is_variable(&name) {
                    return Err(self.bad(
                        start,
                        "only `${NAME}`, `${NAME[*]}` and `${ACTION.outcome}` are supported between braces",
                        "put the value into an input or a capture and name that; write `\\$` for a dollar sign",
                    ));
                }
                if let Some(list) = list {
                    let alone = !draft.begun && self.peek().is_none_or(|c| c.is_whitespace() || c == '#');
                    if !alone {
                        return Err(self.bad(
                            start,
                            "a list becomes one word an item, so it cannot be a part of a word",
                            "write `--option ${NAME[*]}`, with blanks around it and without quotes",
                        ));
                    }
                    draft.var(Piece::Each(list), start);
                    return Ok(());
                }
                draft.var(Piece::Var(name), start);
                Ok(())
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let from = self.at;
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    self.next();
                }
                draft.var(Piece::Var(self.code.get(from..self.at).unwrap_or("").to_owned()), start);
                Ok(())
            }
            Some('(') => Err(self.substitution(start)),
            Some(c) if c.is_ascii_digit() || "$?!@*#-".contains(c) => Err(self.bad(
                start,
                &format!("`${c}` belongs to a shell, and an `aws` fence has none"),
                "use an input or a capture; write `\\$` for a dollar sign",
            )),
            _ => {
                draft.push('$', start);
                Ok(())
            }
        }
    }

    fn substitution(&self, at: usize) -> BadWords {
        self.bad(
            at,
            "an `aws` fence has no command substitution",
            "let an earlier action `capture=NAME` and write `${NAME}` here, or use an `sh` fence",
        )
    }

    fn bad(&self, at: usize, message: &str, help: &str) -> BadWords {
        let end = self.code.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
        BadWords { message: message.to_owned(), help: help.to_owned(), at: at..end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn filled(code: &str, pairs: &[(&str, &str)]) -> Vec<Vec<String>> {
        let vars = vars(pairs);
        calls(code).unwrap().iter().map(|call| call.iter().map(|word| word.fill(&vars).unwrap()).collect()).collect()
    }

    #[test]
    fn words_as_a_shell_splits_them() {
        for (code, words) in [
            ("aws sts get-caller-identity\n", vec!["sts", "get-caller-identity"]),
            ("  aws  a\tb # comment\n", vec!["a", "b"]),
            ("aws a \\\n  b \\\r\n  c", vec!["a", "b", "c"]),
            ("aws a 'b c' \"d e\" f\\ g", vec!["a", "b c", "d e", "f g"]),
            ("aws a'b'\"c\"d ''", vec!["abcd", ""]),
            ("aws '$X' \"\\$X\" \\$X \"a\\nb\"", vec!["$X", "$X", "$X", "a\\nb"]),
            ("aws $X ${X}y \"$X\"", vec!["a b", "a by", "a b"]),
            ("aws DBInstances[0].Status a#b {a,b} *.txt", vec!["DBInstances[0].Status", "a#b", "{a,b}", "*.txt"]),
            ("aws \"a\\\nb\" 5$ \"$\"", vec!["ab", "5$", "$"]),
        ] {
            assert_eq!(filled(code, &[("X", "a b")]), vec![words], "{code}");
        }
        assert_eq!(filled("# first\n\naws a b\naws c d\n", &[]), [["a", "b"], ["c", "d"]]);
    }

    #[test]
    fn a_list_becomes_one_token_an_item_and_an_empty_one_drops_its_option() {
        let call = |code: &str, list: &str| {
            let vars = vars(&[("L", list), ("probe.outcome", "ok")]);
            fill_call(&calls(code).unwrap()[0], &vars).unwrap().join("|")
        };
        let code = "aws rds modify --ids ${L[*]} --apply # all";
        assert_eq!(call(code, "sg-1\nsg 2\n"), "rds|modify|--ids|sg-1|sg 2|--apply");
        assert_eq!(call(code, ""), "rds|modify|--apply");
        assert_eq!(call("aws x y ${L[*]}", ""), "x|y");
        assert_eq!(call("aws x --y ${L} ${probe.outcome}", "a\nb"), "x|--y|a\nb|ok");
    }

    #[test]
    fn a_value_stays_one_token() {
        let hostile = "x --force '\"; rm -rf / $(id)";
        assert_eq!(filled("aws rds do --id $X", &[("X", hostile)]), [["rds", "do", "--id", hostile]]);
    }

    #[test]
    fn what_a_fence_cannot_hold_is_refused_where_it_stands() {
        for (code, at, part) in [
            ("aws a b | jq .", 8, "no pipes"),
            ("aws a b > f", 8, "no pipes"),
            ("aws a $(id)", 6, "command substitution"),
            ("aws a `id`", 6, "command substitution"),
            ("aws a 'b", 6, "not closed"),
            ("aws a \"b", 6, "not closed"),
            ("aws a ${X:-1}", 6, "only `${NAME}`"),
            ("aws a --b=${X[*]}", 10, "one word an item"),
            ("aws a \"${X[*]}\"", 7, "one word an item"),
            ("aws a ${X[*]}y", 6, "one word an item"),
            ("aws a ${x.size}", 6, "only `${NAME}`"),
            ("aws a ${X", 6, "not closed"),
            ("aws a $1", 6, "belongs to a shell"),
            ("aws a $$", 6, "belongs to a shell"),
            ("kubectl get pods", 0, "begin with `aws`"),
            ("X=1 aws a b", 0, "begin with `aws`"),
            ("aws", 0, "calls nothing"),
            ("aws a \\", 6, "backslash"),
        ] {
            let bad = calls(code).unwrap_err();
            assert_eq!(bad.at.start, at, "{code}");
            assert!(bad.message.contains(part), "{code}: {}", bad.message);
        }
    }

    #[test]
    fn templates() {
        let vars = vars(&[("A", "1"), ("B_2", "two")]);
        for (template, text) in [
            ("", ""),
            ("${A}/${B_2}", "1/two"),
            ("$A ^\\d+$ {A}", "$A ^\\d+$ {A}"),
            ("$${A} ${A}", "${A} 1"),
            ("ü${A}ü", "ü1ü"),
        ] {
            assert_eq!(fill(template, &vars).as_deref(), Ok(text), "{template}");
        }
        assert_eq!(fill("x${NO}", &vars), Err(Unset { name: "NO".into() }));
        assert_eq!(fill("x${A", &vars), Err(Unset { name: "${A".into() }));
    }

    proptest! {
        #[test]
        fn any_text_splits_or_is_refused(code in "\\PC*") {
            drop(calls(&code));
            drop(variables(&code));
        }

        #[test]
        fn places_hold_what_they_say(before in "[a-z $]*", name in "[A-Z]{1,5}", after in "[a-z }]*") {
            let template = format!("{before} ${{{name}}}{after}");
            let found = variables(&template);
            let (found_name, at) = found.last().unwrap();
            prop_assert_eq!(found_name, &name);
            prop_assert_eq!(template.get(at.clone()).unwrap(), format!("${{{name}}}"));
        }
    }
}
