//! Reads what shells print when they list their variables: assignments with quoted words, one after the other.
//!
//! It understands the quotings that dash, bash and other POSIX shells produce: `'…'`, `"…"`, `$'…'`, backslashes,
//! and skips over bash's `(…)`. Values may hold line feeds and any bytes.

/// Is one assignment of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// As it was printed, without the line feed.
    pub raw: Vec<u8>,
    /// The variable; empty if the line names none.
    pub name: Vec<u8>,
    /// Its value, unquoted; empty for an array.
    pub value: Vec<u8>,
    /// Was there a value at all?
    pub assigned: bool,
}

/// Returns the length of the first line with its line feed, not counting line feeds within quotes; `None` if a
/// quote stays open.
pub(super) fn line_len(bytes: &[u8]) -> Option<usize> {
    let mut word = Word { bytes, at: 0 };
    word.unquote(&mut Vec::new())?;
    Some(word.at + usize::from(word.at < bytes.len()))
}

/// Reads a list.
///
/// # Errors
/// A sentence, if a quote stays open.
pub(super) fn lines(mut bytes: &[u8]) -> Result<Vec<Line>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let len = line_len(bytes).ok_or("the list of variables has a quote that stays open")?;
        let (raw, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
        bytes = rest;
        found.push(line(raw.strip_suffix(b"\n").unwrap_or(raw)));
    }
    Ok(found)
}

fn line(raw: &[u8]) -> Line {
    let mut rest = raw.strip_prefix(b"export ").unwrap_or(raw);
    if let Some(declared) = raw.strip_prefix(b"declare -") {
        let flags = declared.iter().position(|b| *b == b' ').map_or(declared.len(), |at| at + 1);
        rest = declared.get(flags..).unwrap_or_default();
        rest = rest.strip_prefix(b"-- ").unwrap_or(rest);
    }
    let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(rest.len());
    let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    let named = name.first().is_some_and(|b| !b.is_ascii_digit());
    let mut line = Line { raw: raw.to_vec(), name: Vec::new(), value: Vec::new(), assigned: false };
    match tail.strip_prefix(b"=") {
        Some(word) if named => {
            line.name = name.to_vec();
            line.assigned = true;
            // The line was measured with the same rules, so its quotes are closed.
            let _ = Word { bytes: word, at: 0 }.unquote(&mut line.value);
        }
        None if named && tail.is_empty() => line.name = name.to_vec(),
        Some(_) | None => {}
    }
    line
}

struct Word<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Word<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    /// Reads up to a line feed outside quotes, or the end; `None` if a quote stays open.
    fn unquote(&mut self, into: &mut Vec<u8>) -> Option<()> {
        loop {
            let Some(byte) = self.bytes.get(self.at).copied() else { return Some(()) };
            if byte == b'\n' {
                return Some(());
            }
            self.at += 1;
            match byte {
                b'\'' => loop {
                    match self.next()? {
                        b'\'' => break,
                        byte => into.push(byte),
                    }
                },
                b'"' => self.double(into)?,
                b'$' if self.bytes.get(self.at) == Some(&b'\'') => {
                    self.at += 1;
                    self.ansi(into)?;
                }
                b'\\' => into.push(self.next()?),
                byte => into.push(byte),
            }
        }
    }

    fn double(&mut self, into: &mut Vec<u8>) -> Option<()> {
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    byte @ (b'"' | b'\\' | b'$' | b'`') => into.push(byte),
                    b'\n' => {}
                    byte => into.extend_from_slice(&[b'\\', byte]),
                },
                // Bash writes control characters inside arrays as $'…', also within its own double quotes never.
                byte => into.push(byte),
            }
        }
    }

    fn ansi(&mut self, into: &mut Vec<u8>) -> Option<()> {
        loop {
            match self.next()? {
                b'\'' => return Some(()),
                b'\\' => match self.next()? {
                    b'n' => into.push(b'\n'),
                    b't' => into.push(b'\t'),
                    b'r' => into.push(b'\r'),
                    b'a' => into.push(7),
                    b'b' => into.push(8),
                    b'v' => into.push(11),
                    b'f' => into.push(12),
                    b'e' | b'E' => into.push(27),
                    b'x' => {
                        let value = self.digits(16, 2, 0)?;
                        into.push(value as u8);
                    }
                    b'u' | b'U' => {
                        let value = self.digits(16, 8, 0)?;
                        let c = char::from_u32(value).unwrap_or('\u{fffd}');
                        into.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    byte @ b'0'..=b'7' => {
                        let value = self.digits(8, 2, u32::from(byte - b'0'))?;
                        into.push(value as u8);
                    }
                    byte => into.push(byte),
                },
                byte => into.push(byte),
            }
        }
    }

    fn digits(&mut self, radix: u32, most: usize, first: u32) -> Option<u32> {
        let mut value = first;
        for _ in 0..most {
            let Some(digit) = self.bytes.get(self.at).and_then(|b| char::from(*b).to_digit(radix)) else { break };
            value = value.checked_mul(radix)?.checked_add(digit)?;
            self.at += 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quoting_of_every_shell() {
        for (printed, value) in [
            (&b"X='a b'"[..], &b"a b"[..]),
            (b"X='it'\"'\"'s'", b"it's"),
            (b"X=plain", b"plain"),
            (b"X=", b""),
            (b"X='two\nlines'", b"two\nlines"),
            (b"X=$'tab\\there\\001\\x1b\\''", b"tab\there\x01\x1b'"),
            (b"declare -x X=\"a \\\"b\\\" \\$c \\`d\\` \\\\\"", b"a \"b\" $c `d` \\"),
            (b"export X='\xff'", b"\xff"),
            (b"declare -- X=\"-\"", b"-"),
        ] {
            let mut found = lines(printed).unwrap();
            assert_eq!(found.len(), 1, "{printed:?}");
            let line = found.remove(0);
            assert_eq!(line.name, b"X");
            assert_eq!(line.value, value, "{}", String::from_utf8_lossy(printed));
        }
    }

    #[test]
    fn a_quote_that_stays_open_is_refused() {
        assert!(lines(b"X='abc\n").is_err());
        assert!(lines(b"X=\"abc\n").is_err());
        assert!(lines(b"X=$'abc\n").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            drop(lines(&bytes));
        }
    }
}
