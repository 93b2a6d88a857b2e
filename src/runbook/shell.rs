//! A look at a shell block, without running or fully parsing it: which variables it reads and sets, where its pipes are.

use std::collections::BTreeSet;

/// Holds what a shell block shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Variables it reads, with the byte of the `$`.
    pub reads: Vec<(String, usize)>,
    /// Variables it sets.
    pub sets: BTreeSet<String>,
    /// The first pipe.
    pub pipe: Option<usize>,
    /// It switches `pipefail` on itself.
    pub pipefail: bool,
}

/// Looks at a block.
pub(super) fn look(code: &str) -> Look {
    let mut look = Look { pipefail: code.contains("pipefail"), ..Look::default() };
    let bytes = code.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let (mut at, mut double, mut word_start) = (0, false, true);
    while at < bytes.len() {
        let c = byte(at);
        let begins = word_start;
        word_start = false;
        match c {
            b'\\' => at += 1,
            b'\'' if !double => {
                at += code.get(at + 1..).and_then(|rest| rest.find('\'')).map_or(bytes.len(), |end| end + 1);
            }
            b'"' => double = !double,
            b'$' => read(code, at, &mut look),
            b'#' if begins && !double => {
                at += code.get(at..).and_then(|rest| rest.find('\n')).unwrap_or(bytes.len());
                word_start = true;
            }
            b'|' if !double => {
                if byte(at + 1) == b'|' {
                    at += 1;
                } else if look.pipe.is_none() && byte(at.wrapping_sub(1)) != b'>' {
                    look.pipe = Some(at);
                }
                word_start = true;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'(' | b')' | b'{' | b'`' => word_start = true,
            _ if begins && !double => set(code, at, &mut look),
            _ => {}
        }
        at += 1;
    }
    look
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let name = text.get(..end).unwrap_or("");
    if name.starts_with(|c: char| c.is_ascii_digit()) { "" } else { name }
}

fn read(code: &str, at: usize, look: &mut Look) {
    if let Some(name) = code.get(at + 1..).and_then(read_behind) {
        look.reads.push((name.to_owned(), at));
    }
}

/// Returns the variable that is read behind a `$`. `${X:-default}` and its relatives say themselves what happens without a
/// value, and are left out.
fn read_behind(rest: &str) -> Option<&str> {
    let Some(inner) = rest.strip_prefix('{') else { return Some(identifier(rest)).filter(|name| !name.is_empty()) };
    // `${#X}` is the length of `$X`, `${!X}` what `$X` names.
    let inner = inner.strip_prefix(['#', '!']).unwrap_or(inner);
    let name = identifier(inner);
    let follows = inner.get(name.len()..).unwrap_or_default();
    let says_itself = follows.strip_prefix(':').unwrap_or(follows).starts_with(['-', '=', '?', '+']);
    let goes_on = follows.starts_with(['}', '%', '#', '/', '^', ',', '@', '[', '*', ':']);
    (!name.is_empty() && goes_on && !says_itself).then_some(name)
}

/// Lists the variables that a script reads, in any quotes, and without which it has no word of its own.
pub fn shell_reads(script: &str) -> Vec<&str> {
    script.split('$').skip(1).filter_map(read_behind).collect()
}

/// Tells whether a script may read a variable in any way: it names it, as a word.
pub fn shell_may_read(script: &str, name: &str) -> bool {
    script.match_indices(name).any(|(at, _)| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (before, after) = (script.get(..at), script.get(at + name.len()..));
        !before.is_some_and(|text| text.ends_with(is_part)) && !after.is_some_and(|text| text.starts_with(is_part))
    })
}

fn set(code: &str, at: usize, look: &mut Look) {
    let rest = code.get(at..).unwrap_or("");
    let name = identifier(rest);
    let tail = rest.get(name.len()..).unwrap_or("");
    if !name.is_empty() && (tail.starts_with('=') || tail.starts_with("+=")) {
        look.sets.insert(name.to_owned());
    }
    if matches!(name, "read" | "for" | "mapfile" | "readarray" | "getopts" | "export" | "local" | "declare" | "select")
    {
        let line = tail.lines().next().unwrap_or("").split([';', '|', '&', '<']).next().unwrap_or("");
        for word in line.split_whitespace().take_while(|word| *word != "in") {
            let name = identifier(word);
            if name.len() == word.len() && !name.is_empty() {
                look.sets.insert(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads(code: &str) -> Vec<String> {
        look(code).reads.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn variables_that_are_read() {
        for (code, names) in [
            ("echo $A \"${B}\" '$C' \\$D # $E\n", vec!["A", "B"]),
            ("echo ${A:-x} ${B%.*} $1 $? ${#C}", vec!["B", "C"]),
            ("echo ${A-x} ${B:=x} ${C:?why} ${D+x}", vec![]),
            (
                "echo ${A:1:2} ${B#x} ${C/x/y} ${D^^} ${E@Q} ${F[1]} ${!G} ${#H[@]}",
                vec!["A", "B", "C", "D", "E", "F", "G", "H"],
            ),
            ("echo $# ${#} ${#1} ${} $", vec![]),
            ("echo a#$A", vec!["A"]),
        ] {
            assert_eq!(reads(code), names, "{code}");
        }
    }

    #[test]
    fn what_may_read_a_secret() {
        for (code, reads, may) in [
            ("curl -H \"A: $TOKEN\"", true, true),
            ("curl $TOKEN", true, true),
            ("echo ${#TOKEN}", true, true),
            ("echo ${TOKEN%%=*}", true, true),
            ("echo ${TOKEN:0:4}", true, true),
            ("sh -c 'curl $TOKEN'", true, true),
            ("curl ${TOKEN:-none}", false, true),
            ("curl ${TOKEN?}", false, true),
            ("printenv TOKEN", false, true),
            ("echo $TOKENS ${MY_TOKEN} TOKEN_2", false, false),
        ] {
            assert_eq!((shell_reads(code).contains(&"TOKEN"), shell_may_read(code, "TOKEN")), (reads, may), "{code}");
        }
    }

    #[test]
    fn variables_that_are_set() {
        let sets = look("A=1; export B=2 C\nread -r D E <<< x\nfor F in 1 2; do G+=x; done\necho H=1 \"I=2\"\n").sets;
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        // `echo H=1` sets nothing, but telling it from `env H=1 command` is not worth a warning.
        assert_eq!(sets, ["A", "B", "C", "D", "E", "F", "G", "H"]);
    }

    #[test]
    fn pipes() {
        assert!(
            look("a | b").pipe == Some(2) && look("a || b").pipe.is_none() && look("a '|' \"|\" # |").pipe.is_none()
        );
        assert!(look("a >| b").pipe.is_none());
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at(code in "\\PC*") {
            drop(look(&code));
        }
    }
}
