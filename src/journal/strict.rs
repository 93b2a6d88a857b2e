//! The strict grammar of a log line: compact JSON with integers only, checked in one pass without building a value.
//!
//! Everything that two readers could understand differently is refused: white space between tokens, a BOM, floats,
//! integers from 2^53, duplicate or escaped keys, lone surrogates, deep nesting.

use super::line::Broken;

/// Nesting beyond this is refused.
const MAX_DEPTH: usize = 64;
/// An object with more members than this is refused, since duplicate keys are looked for pairwise.
const MAX_MEMBERS: usize = 1000;
/// Room for so many keys is made in one go.
const USUAL_MEMBERS: usize = 32;
/// Integers stay below this, so that every JSON reader has them exact.
const INTEGER_LIMIT: u64 = 1 << 53;

/// Checks that `line` is one object of the strict grammar and nothing else; returns it as text.
pub(super) fn check(line: &[u8]) -> Result<&str, Broken> {
    let text = std::str::from_utf8(line).map_err(|e| Broken::at(e.valid_up_to(), "is not UTF-8"))?;
    let mut cursor = Cursor { bytes: line, at: 0, keys: Vec::with_capacity(USUAL_MEMBERS) };
    if cursor.peek() != Some(b'{') {
        return Err(cursor.broken("does not begin with `{`"));
    }
    cursor.value(0)?;
    if cursor.at == line.len() { Ok(text) } else { Err(cursor.broken("has something after the object")) }
}

struct Cursor<'l> {
    bytes: &'l [u8],
    at: usize,
    /// The keys of all open objects, innermost last.
    keys: Vec<&'l [u8]>,
}

impl<'l> Cursor<'l> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8, wrong: &'static str) -> Result<(), Broken> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.broken(wrong))
        }
    }

    fn broken(&self, why: &'static str) -> Broken {
        Broken::at(self.at, why)
    }

    fn value(&mut self, depth: usize) -> Result<(), Broken> {
        if depth >= MAX_DEPTH {
            return Err(self.broken("is nested too deeply"));
        }
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            _ => Err(self.broken("has something that is no JSON value (NaN, white space, a stray character)")),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Broken> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.broken("has a word that is not true, false or null"));
        }
        self.at += word.len();
        Ok(())
    }

    fn integer(&mut self) -> Result<(), Broken> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let start = self.at;
        let mut value = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            self.at += 1;
            if self.at - start > 16 {
                return Err(self.broken("has an integer of 2^53 or more"));
            }
            value = value * 10 + u64::from(digit - b'0');
        }
        let leading_zero = self.bytes.get(start) == Some(&b'0') && self.at - start > 1;
        if self.at == start || leading_zero {
            return Err(self.broken("has a malformed number"));
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return Err(self.broken("has a number that is no integer"));
        }
        if value >= INTEGER_LIMIT { Err(self.broken("has an integer of 2^53 or more")) } else { Ok(()) }
    }

    fn array(&mut self, depth: usize) -> Result<(), Broken> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if self.peek() == Some(b',') {
                self.at += 1;
            } else {
                return self.take(b']', "has an array that does not end");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Broken> {
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let base = self.keys.len();
        loop {
            let key = self.string()?;
            if key.contains(&b'\\') {
                return Err(self.broken("has a key with an escape in it"));
            }
            let earlier = self.keys.get(base..).unwrap_or_default();
            if earlier.len() >= MAX_MEMBERS {
                return Err(self.broken("has an object with too many members"));
            }
            if earlier.contains(&key) {
                return Err(self.broken("has the same key twice"));
            }
            self.keys.push(key);
            self.take(b':', "has a key without a value")?;
            self.value(depth + 1)?;
            if self.peek() == Some(b',') {
                self.at += 1;
            } else {
                self.keys.truncate(base);
                return self.take(b'}', "has an object that does not end");
            }
        }
    }

    /// Passes a string and returns what stands between its quotes.
    fn string(&mut self) -> Result<&'l [u8], Broken> {
        self.take(b'"', "has a key that is no string")?;
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(run) = plain(rest) else {
                return Err(self.broken("has a string that does not end"));
            };
            self.at += run;
            match self.peek() {
                Some(b'"') => {
                    let inside = self.bytes.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(inside);
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(self.broken("has a control character")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Broken> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                match self.hex4()? {
                    0xdc00..=0xdfff => Err(self.broken("has a lone surrogate")),
                    0xd800..=0xdbff => {
                        let paired = self.peek() == Some(b'\\') && self.bytes.get(self.at + 1) == Some(&b'u');
                        if paired {
                            self.at += 2;
                        }
                        if paired && matches!(self.hex4()?, 0xdc00..=0xdfff) {
                            Ok(())
                        } else {
                            Err(self.broken("has a lone surrogate"))
                        }
                    }
                    _ => Ok(()),
                }
            }
            _ => Err(self.broken("has an unknown escape")),
        }
    }

    fn hex4(&mut self) -> Result<u32, Broken> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            value = value * 16 + digit.ok_or_else(|| self.broken("has a malformed \\u escape"))?;
            self.at += 1;
        }
        Ok(value)
    }
}

/// Returns how many bytes in front are neither quote nor backslash nor control character, if one of these follows.
fn plain(bytes: &[u8]) -> Option<usize> {
    // Most of a log stands between quotes. A block is looked at to its end: so the compiler has it looked at in one go.
    const BLOCK: usize = 16;
    let ends = |b: u8| u8::from(b == b'"') | u8::from(b == b'\\') | u8::from(b < 0x20);
    let blocks = bytes.chunks_exact(BLOCK).take_while(|block| block.iter().fold(0, |any, &b| any | ends(b)) == 0);
    let passed = blocks.count() * BLOCK;
    bytes.get(passed..)?.iter().position(|&b| ends(b) != 0).map(|at| passed + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_reader_understands_alike() {
        for good in [
            "{}",
            r#"{"a":1,"b":[true,false,null,-3,{"a":"\u00e9\ud83d\ude00\n"}],"c":{"a":{}}}"#,
            r#"{"a":9007199254740991}"#,
        ] {
            assert!(check(good.as_bytes()).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", "begin"),
            ("\u{feff}{}", "begin"),
            ("{}\r", "after"),
            ("{} ", "after"),
            (r#"{"a": 1}"#, "no JSON value"),
            (r#"{"a":NaN}"#, "no JSON value"),
            (r#"{"a":1.5}"#, "no integer"),
            (r#"{"a":1e3}"#, "no integer"),
            (r#"{"a":01}"#, "malformed"),
            (r#"{"a":-}"#, "malformed"),
            (r#"{"a":9007199254740992}"#, "2^53"),
            (r#"{"a":99999999999999999999999}"#, "2^53"),
            (r#"{"a":1,"a":2}"#, "twice"),
            (r#"{"b":{"a":1,"a":2}}"#, "twice"),
            (r#"{"\u0061":1}"#, "escape in it"),
            (r#"{"a":"\ud800"}"#, "surrogate"),
            (r#"{"a":"\ud800\u0041"}"#, "surrogate"),
            (r#"{"a":"\udc00"}"#, "surrogate"),
            (r#"{"a":"\x"}"#, "escape"),
            ("{\"a\":\"\u{1}\"}", "control"),
            (r#"{"a":1,}"#, "no string"),
            (r#"{"a"}"#, "without a value"),
            (r#"{"a":1"#, "does not end"),
            (r#"{"a":tru}"#, "not true"),
            ("[1]", "begin"),
        ] {
            let broken = check(bad.as_bytes()).expect_err(bad);
            assert!(broken.to_string().contains(why), "{bad}: {broken}");
        }
        assert!(check(b"{\"a\":\"\xff\"}").is_err());
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
        assert!(check(deep.as_bytes()).is_err());
    }

    proptest::proptest! {
        /// Whatever passes here, an ordinary JSON reader takes as well.
        #[test]
        fn what_passes_is_json(text in r#"\{("[a-c]":(-?[0-9]{1,3}|"[a-z\\u0-9"]{0,6}"|\[\]|null|\{\}),?){0,4}\}"#) {
            if check(text.as_bytes()).is_ok() {
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = check(&bytes);
        }
    }
}
