//! Who counts: OpenSSH's `allowed_signers`, the file that git uses for signed commits.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

/// Holds an `allowed_signers` file. Lines that cannot be used are kept aside with the reason, as ssh-keygen passes over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    lines: Vec<Allowed>,
    skipped: Vec<Skipped>,
}

/// Names a line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the allowed signers {why}")]
pub struct Skipped {
    /// The line, from 1.
    pub line: usize,
    /// Why, and what to do.
    pub why: String,
}

/// Says how a signer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May sign this.
    Allowed,
    /// The key is listed for nobody of this name.
    Unknown,
    /// The key may not sign in this namespace.
    Namespace,
    /// The key is not valid at this time.
    Expired,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowed {
    principals: String,
    namespaces: Option<String>,
    after: Option<DateTime<Utc>>,
    before: Option<DateTime<Utc>>,
    key: KeyData,
}

impl AllowedSigners {
    /// Reads the text of an `allowed_signers` file.
    pub fn parse(text: &str) -> Self {
        let mut signers = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match allowed(line) {
                Ok(allowed) => signers.lines.push(allowed),
                Err(why) => signers.skipped.push(Skipped { line: index + 1, why }),
            }
        }
        signers
    }

    /// Adds the lines of another file.
    pub fn extend(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.skipped.extend(other.skipped);
    }

    /// Returns the lines that could not be used.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Tells whether nobody at all is allowed.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lists the plain names under which a key is listed, in the file's order.
    pub fn names(&self, key: &KeyData) -> impl Iterator<Item = &str> + use<'_> {
        let key = key.clone();
        let lines = self.lines.iter().filter(move |line| line.key == key);
        let names = lines.flat_map(|line| line.principals.split(',').map(str::trim));
        names.filter(|name| !name.is_empty() && !name.starts_with('!') && !name.contains(['*', '?']))
    }

    /// Tells whether a key is listed at all.
    pub fn has(&self, key: &KeyData) -> bool {
        self.lines.iter().any(|line| line.key == *key)
    }

    /// Says how `key` stands as `principal` in `namespace` at a time.
    pub fn standing(&self, principal: &str, key: &KeyData, namespace: &str, at: DateTime<Utc>) -> Standing {
        let mut best = Standing::Unknown;
        for line in self.lines.iter().filter(|l| l.key == *key && matches_list(principal, &l.principals)) {
            if line.namespaces.as_ref().is_some_and(|list| !matches_list(namespace, list)) {
                best = Standing::Namespace;
            } else if line.after.is_some_and(|after| at < after) || line.before.is_some_and(|before| at >= before) {
                best = Standing::Expired;
            } else {
                return Standing::Allowed;
            }
        }
        best
    }
}

/// Reads `principals [options] type key [comment]`.
fn allowed(line: &str) -> Result<Allowed, String> {
    let (principals, rest) = word(line).ok_or("has no key")?;
    let (options, key) = match rest.split_once(' ') {
        // A key type never holds `=` or `"`, and never is one of the options that stand alone.
        Some((first, _)) if !is_key_type(first) => word(rest).ok_or("has no key")?,
        _ => ("", rest),
    };
    let fields = key.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let key = PublicKey::from_openssh(&fields).map_err(|e| format!("has a key that cannot be read: {e}"))?;
    let mut allowed = Allowed {
        principals: unquoted(principals).to_owned(),
        namespaces: None,
        after: None,
        before: None,
        key: key.key_data().clone(),
    };
    for option in split_options(options) {
        let (name, value) = option.split_once('=').map_or((option, ""), |(n, v)| (n, unquoted(v)));
        match name.to_ascii_lowercase().as_str() {
            "" => {}
            "namespaces" => allowed.namespaces = Some(value.to_owned()),
            "valid-after" => allowed.after = Some(time(value)?),
            "valid-before" => allowed.before = Some(time(value)?),
            "cert-authority" => {
                return Err("names a certificate authority, which lifeboat does not support; list the keys".to_owned());
            }
            other => return Err(format!("has an option that lifeboat does not know: {}", other.escape_debug())),
        }
    }
    Ok(allowed)
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}

/// Splits off the first word, in which quoted blanks do not count.
fn word(line: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let end = line.find(|c: char| {
        quoted ^= c == '"';
        !quoted && (c == ' ' || c == '\t')
    })?;
    let (first, rest) = line.split_at_checked(end)?;
    Some((first, rest.trim_start()))
}

fn split_options(options: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    options.split(move |c: char| {
        quoted ^= c == '"';
        !quoted && c == ','
    })
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// Reads `YYYYMMDD[HHMM[SS]]Z`.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let Some(digits) = text.strip_suffix(['Z', 'z']) else {
        return Err(format!(
            "has the time `{}` without a final Z, which would mean another time on another machine; write UTC with a Z",
            text.escape_debug()
        ));
    };
    let read = match digits.len() {
        8 => NaiveDate::parse_from_str(digits, "%Y%m%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0)),
        12 => NaiveDateTime::parse_from_str(&format!("{digits}00"), "%Y%m%d%H%M%S").ok(),
        14 => NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok(),
        _ => None,
    };
    read.map(|t| t.and_utc())
        .ok_or_else(|| format!("has `{}` where a time as YYYYMMDDHHMMSSZ belongs", text.escape_debug()))
}

/// Matches a list of patterns with `*`, `?` and a leading `!` as OpenSSH does: one negated match refuses.
fn matches_list(text: &str, list: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',').map(str::trim) {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(text.as_bytes(), negated.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(text.as_bytes(), pattern.as_bytes()),
        }
    }
    found
}

/// Matches with one place to fall back to, so that many stars cost no more than length times length.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut t, mut p) = (0, 0);
    let mut fallback = None;
    while let Some(&c) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                fallback = Some((t, p + 1));
                p += 1;
            }
            Some(&w) if w == b'?' || w == c => {
                t += 1;
                p += 1;
            }
            _ => {
                let Some((from, after_star)) = fallback else { return false };
                fallback = Some((from + 1, after_star));
                t = from + 1;
                p = after_star;
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&b| b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sshsig::SessionKey;

    fn key(seed: u8) -> (String, KeyData) {
        let text = SessionKey::from_seed(&[seed; 32]).public_text();
        let key = PublicKey::from_openssh(&text).unwrap().key_data().clone();
        (text, key)
    }

    #[test]
    fn standing_follows_names_namespaces_and_times() {
        let ((a, a_key), (b, b_key)) = (key(1), key(2));
        let signers = AllowedSigners::parse(&format!(
            "# people\n\nalice@example.com,*@ops.example.com,!eve@ops.example.com {a} alice's laptop\n\
             \"bob@example.com\" namespaces=\"seal@lifeboat,git\",valid-after=\"20260101Z\",valid-before=\"20270101120000Z\" {b}\n"
        ));
        assert!(signers.skipped().is_empty(), "{:?}", signers.skipped());
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc);
        let now = at("2026-11-22T00:00:00Z");
        for (who, key, namespace, when, standing) in [
            ("alice@example.com", &a_key, "seal@lifeboat", now, Standing::Allowed),
            ("carol@ops.example.com", &a_key, "anything", now, Standing::Allowed),
            ("eve@ops.example.com", &a_key, "seal@lifeboat", now, Standing::Unknown),
            ("alice@example.com", &b_key, "seal@lifeboat", now, Standing::Unknown),
            ("bob@example.com", &b_key, "seal@lifeboat", now, Standing::Allowed),
            ("bob@example.com", &b_key, "session@lifeboat", now, Standing::Namespace),
            ("bob@example.com", &b_key, "seal@lifeboat", at("2025-12-31T23:59:59Z"), Standing::Expired),
            ("bob@example.com", &b_key, "seal@lifeboat", at("2027-01-01T12:00:00Z"), Standing::Expired),
        ] {
            assert_eq!(signers.standing(who, key, namespace, when), standing, "{who} {namespace} {when}");
        }
    }

    #[test]
    fn lines_that_cannot_be_used_say_why() {
        let (a, _) = key(1);
        let signers = AllowedSigners::parse(&format!(
            "* cert-authority {a}\nalice valid-after=\"20260101\" {a}\nalice\nalice ssh-ed25519 AAAA\nalice shiny {a}\n"
        ));
        assert!(signers.is_empty());
        let why = signers.skipped().iter().map(ToString::to_string).collect::<Vec<_>>();
        for (text, expected) in why.iter().zip(["authority", "without a final Z", "no key", "cannot be read", "shiny"])
        {
            assert!(text.contains(expected), "{text}");
        }
        assert_eq!(why.len(), 5);
    }

    #[test]
    fn many_stars_end() {
        assert!(matches(b"aab", b"*a*b"));
        assert!(!matches(&[b'a'; 2000], format!("{}b", "*a".repeat(100)).as_bytes()));
    }
}
