//! Keeps known secrets out of what is written: each is replaced by a marker that names it, `[secret:NAME]`.
//!
//! Besides the value itself these count as the secret: the value as JSON and as part of a URL write it (`[secret:NAME:json]`,
//! `[secret:NAME:url]`), and of a value with several lines each line of [`LINE`] bytes or more (`[secret:NAME:2]`). Anything else that somebody makes of it (its base64, its
//! digest, half of it) is not found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::bytes::{Regex, RegexBuilder};

/// How many characters a secret has at least: a shorter one stands in too many places that have nothing to do with it.
pub(super) const SHORTEST: usize = 4;
/// How many bytes a secret has at most.
pub(super) const LONGEST: usize = 32 * 1024;
/// How long a line of a secret is that is replaced wherever it stands alone.
const LINE: usize = 8;

const MARK: &str = "[secret:";
/// What stands for a marker that comes from outside: nobody but lifeboat says what is a secret.
const NO_MARK: &str = "(secret:";

/// What a URL takes as it is.
const URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns what stands for a secret wherever something is written.
pub fn marker(name: &str) -> String {
    format!("{MARK}{name}]")
}

/// Replaces the secrets of a run. The default knows none, and changes nothing.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<(Vec<u8>, String)>,
    /// What each marker stands for.
    forms: BTreeMap<String, String>,
    longest: usize,
    /// The needles that are secrets.
    secrets: Option<Regex>,
    /// These, and markers.
    outside: Option<Regex>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("names", &self.forms.keys()).finish_non_exhaustive()
    }
}

impl Redactor {
    /// Makes one for these secrets, by name. Without any it still takes away what looks like a marker.
    ///
    /// # Errors
    /// A sentence that says which value can't be kept secret, and why.
    pub fn new(secrets: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut forms: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in secrets {
            fit(name, value)?;
            forms.extend(forms_of(name, value));
        }
        let markers: Vec<String> = forms.keys().map(|name| marker(name)).chain([NO_MARK.to_owned()]).collect();
        for (name, value) in secrets {
            if let Some(marker) = markers.iter().find(|marker| marker.contains(value.as_str())) {
                return Err(format!(
                    "{name} can't be kept secret: its value is part of `{marker}`, which is written in place of a secret"
                ));
            }
        }
        let mut needles: Vec<(Vec<u8>, String)> = Vec::new();
        for (name, form) in &forms {
            if needles.iter().all(|(known, _)| known != form.as_bytes()) {
                needles.push((form.clone().into_bytes(), marker(name)));
            }
        }
        // Of several that begin at the same place the longest is the one.
        needles.sort_by_key(|(needle, _)| std::cmp::Reverse(needle.len()));
        let secrets_alone = needles.clone();
        needles.push((MARK.as_bytes().to_vec(), NO_MARK.to_owned()));
        Ok(Self {
            longest: needles.iter().map(|(needle, _)| needle.len()).max().unwrap_or(0),
            forms,
            secrets: any_of(&secrets_alone)?,
            outside: any_of(&needles)?,
            needles,
        })
    }

    /// Tells whether it changes anything.
    pub fn guards(&self) -> bool {
        self.outside.is_some()
    }

    /// Tells whether a secret stands in these bytes.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        self.secrets.as_ref().is_some_and(|secrets| secrets.is_match(bytes))
    }

    /// Replaces the secrets in a text of lifeboat's own, which may hold markers.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.secrets.as_ref().filter(|secrets| secrets.is_match(text.as_bytes())) {
            None => Cow::Borrowed(text),
            Some(secrets) => {
                let redacted =
                    secrets.replace_all(text.as_bytes(), |found: &regex::bytes::Captures<'_>| self.stand_in(&found[0]));
                Cow::Owned(String::from_utf8_lossy(&redacted).into_owned())
            }
        }
    }

    /// Replaces the secrets in what came from outside, as a whole; nothing in it is a marker.
    pub fn output<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if !self.guards() {
            return Cow::Borrowed(bytes);
        }
        let (mut passage, mut out) = (Passage::default(), Vec::with_capacity(bytes.len()));
        passage.push(self, bytes, &mut out);
        passage.end(self, &mut out);
        Cow::Owned(out)
    }

    /// Puts the values back where markers stand for them.
    ///
    /// # Errors
    /// The name of the secret whose value is not known.
    pub fn reveal<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, String> {
        if !self.guards() || !text.contains(MARK) {
            return Ok(Cow::Borrowed(text));
        }
        let mut revealed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(MARK) {
            revealed.push_str(before);
            let named = after.split_once(']').filter(|(name, _)| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
            });
            let Some((name, after)) = named else {
                revealed.push_str(MARK);
                rest = after;
                continue;
            };
            let missed = || name.split(':').next().unwrap_or(name).to_owned();
            revealed.push_str(self.forms.get(name).ok_or_else(missed)?);
            rest = after;
        }
        revealed.push_str(rest);
        Ok(Cow::Owned(revealed))
    }

    fn stand_in(&self, found: &[u8]) -> &[u8] {
        // What was found is one of the needles.
        self.needles.iter().find(|(needle, _)| needle == found).map_or(b"[secret]", |(_, marker)| marker.as_bytes())
    }

    /// Tells whether more bytes could make these a needle.
    fn may_become(&self, bytes: &[u8]) -> bool {
        bytes.len() < self.longest
            && self.needles.iter().any(|(needle, _)| needle.len() > bytes.len() && needle.starts_with(bytes))
    }
}

/// Lists the forms in which programs write a value, by what stands in their markers.
fn forms_of(name: &str, value: &str) -> Vec<(String, String)> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let url = utf8_percent_encode(value, URL).to_string();
    let lines = value.lines().map(str::trim).zip(1..).filter(|(line, _)| line.len() >= LINE);
    let lines = lines.map(|(line, number)| (format!("{name}:{number}"), line.to_owned()));
    let others = [(format!("{name}:json"), json), (format!("{name}:url"), url)].into_iter().chain(lines);
    let others = others.filter(|(_, form)| !form.is_empty() && form != value);
    std::iter::once((name.to_owned(), value.to_owned())).chain(others).collect()
}

/// Says why a value can't be kept secret by replacing it.
fn fit(name: &str, value: &str) -> Result<(), String> {
    let characters = value.trim().chars().count();
    if characters == 0 {
        return Err(format!("{name} is empty: there is nothing to keep secret"));
    }
    if characters < SHORTEST {
        return Err(format!(
            "{name} can't be kept secret: it has {characters} of the {SHORTEST} characters that a secret needs, and would be \
             replaced in texts that have nothing to do with it"
        ));
    }
    if value.len() > LONGEST {
        return Err(format!(
            "{name} can't be kept secret: it holds {} KiB, and a secret {} at most",
            value.len() / 1024,
            LONGEST / 1024
        ));
    }
    Ok(())
}

fn any_of(needles: &[(Vec<u8>, String)]) -> Result<Option<Regex>, String> {
    if needles.is_empty() {
        return Ok(None);
    }
    let all = needles.iter().map(|(needle, _)| regex::escape(&String::from_utf8_lossy(needle)));
    let all = all.collect::<Vec<_>>().join("|");
    let built = RegexBuilder::new(&all).unicode(false).size_limit(256 << 20).build();
    built.map(Some).map_err(|_| "the secrets of this run are too many to be looked for".to_owned())
}

/// Redacts what comes in pieces: a secret that is split between them is found. What may be the beginning of one is held
/// back until more comes.
#[derive(Clone, Default)]
pub struct Passage {
    tail: Vec<u8>,
    /// How much of the tail is written already.
    written: usize,
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passage").field("held", &(self.tail.len() - self.written)).finish_non_exhaustive()
    }
}

impl Passage {
    /// Takes a piece; what may be written goes to `out`.
    pub fn push(&mut self, redactor: &Redactor, piece: &[u8], out: &mut Vec<u8>) {
        let Some(outside) = &redactor.outside else { return out.extend_from_slice(piece) };
        let mut bytes = std::mem::take(&mut self.tail);
        bytes.extend_from_slice(piece);
        let mut from = 0;
        let mut held = None;
        for found in outside.find_iter(&bytes) {
            if redactor.may_become(bytes.get(found.start()..).unwrap_or_default()) {
                held = Some(found.start());
                break;
            }
            self.emit(&bytes, from, found.start(), out);
            out.extend_from_slice(redactor.stand_in(found.as_bytes()));
            from = found.end();
        }
        let held = held.unwrap_or_else(|| open_end(redactor, &bytes, from));
        self.emit(&bytes, from, held, out);
        self.written = self.written.saturating_sub(held);
        self.tail = bytes.split_off(held);
    }

    /// Ends for now: what was held back is written. It is not forgotten, so that a secret is found all the same which
    /// goes on with the next piece.
    pub fn end(&mut self, redactor: &Redactor, out: &mut Vec<u8>) {
        let Some(outside) = &redactor.outside else { return };
        let mut bytes = std::mem::take(&mut self.tail);
        let mut from = 0;
        for found in outside.find_iter(&bytes) {
            self.emit(&bytes, from, found.start(), out);
            out.extend_from_slice(redactor.stand_in(found.as_bytes()));
            from = found.end();
        }
        self.emit(&bytes, from, bytes.len(), out);
        self.tail = bytes.split_off(open_end(redactor, &bytes, from));
        self.written = self.tail.len();
    }

    fn emit(&self, bytes: &[u8], from: usize, to: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(bytes.get(from.max(self.written)..to).unwrap_or_default());
    }
}

/// Finds where the end begins that more bytes could make a needle.
fn open_end(redactor: &Redactor, bytes: &[u8], from: usize) -> usize {
    let first = bytes.len().saturating_sub(redactor.longest.saturating_sub(1)).max(from);
    (first..bytes.len()).find(|at| redactor.may_become(bytes.get(*at..).unwrap_or_default())).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(secrets: &[(&str, &str)]) -> Redactor {
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Redactor::new(&secrets).unwrap()
    }

    fn output(redactor: &Redactor, text: &str) -> String {
        String::from_utf8(redactor.output(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_secret_is_replaced_by_its_name_in_every_form_in_which_programs_write_it() {
        let redactor = of(&[("PW", "hun\"ter 2"), ("KEY", "-----BEGIN KEY-----\nabcdefghij\n-----END KEY-----")]);
        for (text, redacted) in [
            ("pw=hun\"ter 2;", "pw=[secret:PW];"),
            (r#"{"pw":"hun\"ter 2"}"#, r#"{"pw":"[secret:PW:json]"}"#),
            ("postgres://dr:hun%22ter%202@h/", "postgres://dr:[secret:PW:url]@h/"),
            ("  abcdefghij\n", "  [secret:KEY:2]\n"),
            ("hunter 2", "hunter 2"),
            ("it prints [secret:PW] itself", "it prints (secret:PW] itself"),
        ] {
            assert_eq!(output(&redactor, text), redacted, "{text}");
        }
        // A text of lifeboat's own keeps its markers, and gives the values back to what runs.
        let text = redactor.text("psql [secret:PW] hun\"ter 2 hun%22ter%202");
        assert_eq!(text, "psql [secret:PW] [secret:PW] [secret:PW:url]");
        assert_eq!(redactor.reveal(&text).unwrap(), "psql hun\"ter 2 hun\"ter 2 hun%22ter%202");
        assert_eq!(redactor.reveal("[secret:LOST:url]"), Err("LOST".to_owned()));
        assert_eq!(redactor.reveal("[secret:no such] [secret:").unwrap(), "[secret:no such] [secret:");
        assert!(!format!("{redactor:?}").contains("hun"), "{redactor:?}");
    }

    #[test]
    fn a_value_that_cannot_be_told_from_other_texts_is_refused() {
        for (value, why) in [
            ("abc", "has 3 of the 4 characters"),
            ("  ", "is empty"),
            ("secret", "is part of `[secret:PW]`"),
            (&"x".repeat(LONGEST + 1), "32 at most"),
        ] {
            let refused = Redactor::new(&BTreeMap::from([("PW".to_owned(), value.to_owned())])).unwrap_err();
            assert!(refused.contains("PW") && refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn what_cannot_be_a_secret_any_more_is_not_held_back() {
        let redactor = of(&[("PW", "hunter2")]);
        let (mut passage, mut out) = (Passage::default(), Vec::new());
        passage.push(&redactor, b"waiting for hun", &mut out);
        assert_eq!(out, b"waiting for ");
        passage.push(&redactor, b"ting\n", &mut out);
        assert_eq!(out, b"waiting for hunting\n");
        // What was written at an end is still known when more comes.
        passage.push(&redactor, b"hunt", &mut out);
        passage.end(&redactor, &mut out);
        passage.push(&redactor, b"er2!\n", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "waiting for hunting\nhunt[secret:PW]!\n");
    }

    #[test]
    fn without_secrets_nothing_changes() {
        let none = Redactor::default();
        assert!(!none.guards());
        assert_eq!(output(&none, "a [secret:X] b"), "a [secret:X] b");
        assert_eq!(none.text("a"), "a");
    }

    proptest! {
        #[test]
        fn no_secret_comes_out_however_it_is_split(
            secrets in prop::collection::vec("[ab%\"\\\\\n]{4,9}", 1..4),
            pieces in prop::collection::vec(prop_oneof!["[ab%\"\\\\\n]{0,5}".prop_map(Ok), (0_usize..4).prop_map(Err)], 0..12),
            cuts in prop::collection::vec(0_usize..40, 0..8),
            ends in prop::collection::vec(any::<bool>(), 9),
        ) {
            let named: BTreeMap<String, String> =
                secrets.iter().enumerate().map(|(at, value)| (format!("S{at}"), value.clone())).collect();
            let Ok(redactor) = Redactor::new(&named) else { return Ok(()) };
            let text: String = pieces
                .into_iter()
                .map(|piece| piece.unwrap_or_else(|at| secrets[at % secrets.len()].clone()))
                .collect();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.sort_unstable();
            let (mut out, mut from) = (Vec::new(), 0);
            let mut passage = Passage::default();
            for (cut, end) in cuts.into_iter().chain([text.len()]).zip(ends) {
                passage.push(&redactor, &text.as_bytes()[from..cut], &mut out);
                if end {
                    passage.end(&redactor, &mut out);
                }
                from = cut;
            }
            passage.end(&redactor, &mut out);
            prop_assert!(!redactor.holds(&out), "{:?}", String::from_utf8_lossy(&out));
            prop_assert!(!redactor.holds(redactor.text(&text).as_bytes()));
            prop_assert_eq!(redactor.reveal(&redactor.text(&text)).unwrap().into_owned(), text.clone());
            if !redactor.holds(text.as_bytes()) {
                prop_assert_eq!(out, text.into_bytes());
            }
        }
    }
}
