//! AWS calls as they are recorded: text that can be pasted into a shell, and read back word for word.

use crate::runbook::words;

/// Writes a call so that it can be pasted into a shell, and read back word for word.
pub(super) fn line_of(call: &[String]) -> String {
    let mut line = "aws".to_owned();
    for word in call {
        line.push(' ');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            line.push_str(word);
        } else {
            line.push('\'');
            line.push_str(&word.replace('\'', r"'\''"));
            line.push('\'');
        }
    }
    line
}

/// Reads recorded calls back.
pub(in crate::engine) fn read_calls(command: &str) -> Vec<Vec<String>> {
    let literal = |call: &Vec<words::Word>| call.iter().filter_map(words::Word::literal).collect();
    words::calls(command).map_or_else(|_| Vec::new(), |calls| calls.iter().map(literal).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_recorded_call_is_read_back_word_for_word(
            calls in prop::collection::vec(prop::collection::vec(any::<String>(), 1..5), 1..4)
        ) {
            let lines: Vec<_> = calls.iter().map(|call| line_of(call)).collect();
            prop_assert_eq!(read_calls(&lines.join("\n")), calls);
        }
    }
}
