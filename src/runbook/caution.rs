//! The spellings of a caution that renderers and people have.

const LABELS: [&str; 3] = ["warning", "caution", "danger"];

/// Says how a paragraph begins a caution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// `Warning: …`: the paragraph is the caution.
    Labelled,
    /// `:::warning` or `{{% notice %}}`: it goes on until this mark.
    Until(&'static str),
}

/// Says whether a quote is a caution: `> **Warning** …`, `> Warning: …`.
pub(super) fn quote(source: &str) -> bool {
    // Quotes in quotes in quotes each come here with all that is in them.
    const ENOUGH: usize = 200;
    let end = (0..=ENOUGH.min(source.len())).rev().find(|end| source.is_char_boundary(*end)).unwrap_or(0);
    let source = source.get(..end).unwrap_or("");
    let text = source.trim_start_matches(['>', ' ', '\t']);
    labelled(text) || (text.starts_with("**") && label(text).is_some())
}

/// Says whether a paragraph begins a caution.
pub(super) fn paragraph(source: &str) -> Option<Opening> {
    if let Some(rest) = source.strip_prefix(":::") {
        return label(rest).map(|_| Opening::Until(":::"));
    }
    for (open, close) in [("{{%", "%}}"), ("{{<", ">}}")] {
        if let Some((head, _)) = source.strip_prefix(open).and_then(|rest| rest.split_once(close)) {
            let kind = head.trim().strip_prefix("notice")?.trim().trim_matches('"').to_ascii_lowercase();
            return (kind.is_empty() || LABELS.iter().any(|label| kind.starts_with(label)))
                .then_some(Opening::Until("/notice"));
        }
    }
    labelled(source).then_some(Opening::Labelled)
}

/// Says whether a paragraph ends what began with a mark.
pub(super) fn closes(paragraph: &str, mark: &str) -> bool {
    match mark {
        ":::" => paragraph.lines().next_back().is_some_and(|last| last.trim() == ":::"),
        mark => paragraph.contains(mark),
    }
}

/// Returns the text of a caution between marks, without them.
pub(super) fn between(source: &str) -> String {
    let mut text = String::new();
    for line in source.lines() {
        let line = line.trim();
        let rest = if let Some(rest) = line.strip_prefix(":::") {
            label(rest)
                .map_or("", |label| rest.trim_start().get(label.len()..).unwrap_or(""))
                .trim_matches(['[', ']', ' '])
        } else if line.starts_with("{{%") || line.starts_with("{{<") {
            line.split_once("}}").map_or("", |(_, rest)| rest).trim_start()
        } else {
            line
        };
        let rest = rest.split("{{%").next().unwrap_or("").split("{{<").next().unwrap_or("").trim();
        if !rest.is_empty() {
            text.push_str(rest);
            text.push(' ');
        }
    }
    text
}

/// Puts a caution's text on one line, without its label.
pub(super) fn tidy(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match label(&text) {
        Some(label) => {
            let rest = text.get(label.len()..).unwrap_or("");
            let stripped = rest.trim_start_matches([':', '!', ' ', '-']);
            // "Warning signs are …" begins with the word, not with the label.
            let is_label =
                rest.starts_with([':', '!']) || stripped.is_empty() || stripped.starts_with(char::is_uppercase);
            if is_label { stripped.to_owned() } else { text }
        }
        None => text,
    }
}

/// Does it begin with a label and a colon, with or without emphasis?
fn labelled(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| matches!(c, '*' | '_' | ' ') || !c.is_ascii());
    label(text)
        .and_then(|label| text.get(label.len()..))
        .is_some_and(|rest| rest.trim_start_matches(['*', '_', '!']).starts_with(':'))
}

fn label(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(['*', '_', ' ']);
    LABELS.into_iter().find(|label| {
        text.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label))
            && !text.get(label.len()..).unwrap_or("").starts_with(|c: char| c.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_that_begin_cautions() {
        for (text, opening) in [
            ("Warning: hot", Some(Opening::Labelled)),
            ("**Warning:** hot", Some(Opening::Labelled)),
            ("**CAUTION**: hot", Some(Opening::Labelled)),
            ("⚠️ **Danger:** hot", Some(Opening::Labelled)),
            ("Warning signs are red", None),
            ("Warnings: none", None),
            (":::warning\nhot\n:::", Some(Opening::Until(":::"))),
            (":::note\nhot\n:::", None),
            ("{{% notice warning %}}", Some(Opening::Until("/notice"))),
            ("{{% notice %}}", Some(Opening::Until("/notice"))),
            ("{{% notice tip %}}", None),
            ("{{% tab %}}", None),
        ] {
            assert_eq!(paragraph(text), opening, "{text}");
        }
        assert!(quote("> **Warning**\n> hot") && quote("> Warning: hot") && !quote("> Warning signs"));
    }

    #[test]
    fn texts_without_their_marks() {
        assert_eq!(between(":::warning[Mind]\nhot\n:::").trim(), "Mind hot");
        assert_eq!(between("{{% notice warning %}}\nhot\n{{% /notice %}}").trim(), "hot");
        assert_eq!(tidy("Warning:  very\n hot"), "very hot");
        assert_eq!(tidy("Warning signs are red"), "Warning signs are red");
    }
}
