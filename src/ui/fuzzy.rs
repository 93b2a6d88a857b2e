//! Fuzzy search: how well what was typed is found in a text.

/// Says how well `typed` is found in `text`, the higher the better; `None` if it is not. Every word of it has to be there,
/// letter after letter; beginnings of words and whole stretches count more.
pub(super) fn score(typed: &str, text: &str) -> Option<i64> {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    typed.split_whitespace().map(|word| of_word(word, &text)).sum()
}

fn of_word(word: &str, text: &[char]) -> Option<i64> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let first = word.first()?;
    let begins =
        |at: usize| at == 0 || at.checked_sub(1).and_then(|at| text.get(at)).is_some_and(|c| !c.is_alphanumeric());
    let starts = text.iter().enumerate().filter(|(_, c)| *c == first).map(|(at, _)| at);
    starts
        .filter_map(|start| Some((walk(&word, text, start)?, start)))
        .map(|(walked, start)| {
            // Further in front is a little better.
            walked + if begins(start) { 20 } else { 0 } - i64::try_from(start.min(10)).unwrap_or(0)
        })
        .max()
}

/// Goes through the word's letters from `start` on, each the next one there is.
fn walk(word: &[char], text: &[char], start: usize) -> Option<i64> {
    let mut at = start;
    let mut score = 0;
    for letter in word {
        let skipped = text.get(at..)?.iter().position(|c| c == letter)?;
        score += if skipped == 0 { 10 } else { 2 - i64::try_from(skipped.min(10)).unwrap_or(0) };
        at += skipped + 1;
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(typed: &str, texts: &[&'static str]) -> &'static str {
        let mut found: Vec<_> = texts.iter().filter_map(|text| Some((score(typed, text)?, *text))).collect();
        found.sort_by_key(|(score, _)| -score);
        found.first().map_or("", |(_, text)| *text)
    }

    #[test]
    fn what_is_meant_comes_first() {
        let runbooks = ["az-failure", "data-corruption", "instance-failure", "region-failback", "region-failure"];
        let table = [
            ("region", "region-failback"),
            ("regfailu", "region-failure"),
            ("fail reg", "region-failback"),
            ("rfu", "region-failure"),
            ("corr", "data-corruption"),
            ("AZ", "az-failure"),
            ("inst", "instance-failure"),
        ];
        for (typed, expected) in table {
            assert_eq!(best(typed, &runbooks), expected, "{typed}");
        }
        assert_eq!(score("xyz", "region-failure"), None);
        assert_eq!(score("region xyz", "region-failure"), None);
        assert_eq!(score("", "anything"), Some(0));
    }
}
