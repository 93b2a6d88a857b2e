//! CBOR, as far as CloudWatch's clients speak it: maps, lists, texts, numbers, truth values and times.

use serde_json::{Map, Number, Value};

/// The single member of an object that stands for a time; its value is seconds since 1970.
pub(super) const TIME: &str = "\u{0}time";
/// How deep a document may nest.
const DEEPEST: usize = 32;

/// Reads a document; `None` for what is none. Times come out as numbers of seconds.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    let mut reader = Reader { rest: bytes };
    let value = reader.item(0)?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'b> {
    rest: &'b [u8],
}

/// Says how long something is.
enum Length {
    Known(u64),
    UntilBreak,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Reads the argument of an initial byte.
    fn argument(&mut self, extra: u8) -> Option<Length> {
        let size = match extra {
            0..=23 => return Some(Length::Known(u64::from(extra))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            31 => return Some(Length::UntilBreak),
            _ => return None,
        };
        let number = self.take(size)?.iter().fold(0, |all, byte| (all << 8) | u64::from(*byte));
        Some(Length::Known(number))
    }

    fn at_break(&mut self) -> bool {
        if self.rest.first() == Some(&0xff) {
            self.take(1);
            return true;
        }
        false
    }

    fn item(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let first = self.byte()?;
        let (major, extra) = (first >> 5, first & 0x1f);
        if major == 7 {
            return self.simple(extra);
        }
        let argument = match self.argument(extra)? {
            Length::Known(number) => Some(number),
            Length::UntilBreak => None,
        };
        match (major, argument) {
            (0, Some(number)) => Some(Value::from(number)),
            (1, Some(number)) => Some(Value::from(-1 - i64::try_from(number).ok()?)),
            (2 | 3, Some(length)) => {
                let text = self.take(usize::try_from(length).ok()?)?;
                Some(Value::from(String::from_utf8(text.to_vec()).ok()?))
            }
            (2 | 3, None) => {
                let mut text = String::new();
                while !self.at_break() {
                    text.push_str(self.item(depth + 1)?.as_str()?);
                }
                Some(Value::from(text))
            }
            (4, length) => {
                let mut all = Vec::new();
                while length.map_or_else(|| !self.at_break(), |length| (all.len() as u64) < length) {
                    all.push(self.item(depth + 1)?);
                }
                Some(Value::from(all))
            }
            (5, length) => {
                let (mut all, mut count) = (Map::new(), 0_u64);
                while length.map_or_else(|| !self.at_break(), |length| count < length) {
                    let key = self.item(depth + 1)?.as_str()?.to_owned();
                    let value = self.item(depth + 1)?;
                    all.insert(key, value);
                    count += 1;
                }
                Some(Value::Object(all))
            }
            // A time is a number with a tag before it.
            (6, Some(_)) => self.item(depth + 1),
            _ => None,
        }
    }

    fn simple(&mut self, extra: u8) -> Option<Value> {
        let float = |number: f64| Number::from_f64(number).map(Value::Number);
        match extra {
            20 => Some(Value::from(false)),
            21 => Some(Value::from(true)),
            22 | 23 => Some(Value::Null),
            26 => float(f64::from(f32::from_be_bytes(self.take(4)?.try_into().ok()?))),
            27 => float(f64::from_be_bytes(self.take(8)?.try_into().ok()?)),
            _ => None,
        }
    }
}

/// Writes a document; an object whose only member is [`TIME`] becomes a time.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    item(value, &mut bytes);
    bytes
}

fn head(major: u8, argument: usize, bytes: &mut Vec<u8>) {
    let argument = argument as u64;
    match argument {
        0..=23 => bytes.push((major << 5) | argument as u8),
        24..=0xff => bytes.extend([(major << 5) | 0x18, argument as u8]),
        _ => {
            bytes.push((major << 5) | 0x1b);
            bytes.extend(argument.to_be_bytes());
        }
    }
}

fn item(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(false) => bytes.push(0xf4),
        Value::Bool(true) => bytes.push(0xf5),
        Value::Number(number) => {
            bytes.push(0xfb);
            bytes.extend(number.as_f64().unwrap_or(0.0).to_be_bytes());
        }
        Value::String(text) => {
            head(3, text.len(), bytes);
            bytes.extend(text.as_bytes());
        }
        Value::Array(all) => {
            head(4, all.len(), bytes);
            for one in all {
                item(one, bytes);
            }
        }
        Value::Object(all) => {
            if let (1, Some(time)) = (all.len(), all.get(TIME)) {
                bytes.push(0xc1);
                item(time, bytes);
                return;
            }
            head(5, all.len(), bytes);
            for (key, one) in all {
                item(&Value::from(key.as_str()), bytes);
                item(one, bytes);
            }
        }
    }
}

/// Makes plain numbers of times.
pub(super) fn unmarked(value: Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(unmarked).collect(),
        Value::Object(mut all) => match (all.len(), all.remove(TIME)) {
            (1, Some(time)) => time,
            _ => Value::Object(all.into_iter().map(|(key, one)| (key, unmarked(one))).collect()),
        },
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back_and_times_are_marked() {
        let written = write(&json!({ "a": ["x", true, null, 1.5], "t": { TIME: 1.7e9 }, "long": "y".repeat(300) }));
        let read = read(&written).unwrap();
        assert_eq!(read, json!({ "a": ["x", true, null, 1.5], "t": 1.7e9, "long": "y".repeat(300) }));
        assert_eq!(unmarked(json!([{ TIME: 2 }])), json!([2]));
    }

    #[test]
    fn indefinite_lengths_and_integers() {
        assert_eq!(read(b"\xbf\x61a\x18\x2a\x61b\x9f\x20\xff\xff"), Some(json!({ "a": 42, "b": [-1] })));
        for bad in [&b"\xbf"[..], b"\x82\x01", b"\x1c", b"\x62\xff\xff", b"\x01\x01", &[0x81; 100]] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_document_is_a_panic(bytes: Vec<u8>) {
            drop(read(&bytes));
        }
    }
}
