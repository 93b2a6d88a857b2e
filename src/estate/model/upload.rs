//! S3's multipart uploads: parts that become an object when they are put together, and cost until then.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use md5::{Digest as _, Md5};

use super::bucket::{Class, Object};
use super::time::Moment;

/// The least that every part but the last has, as at AWS.
pub const SMALLEST_PART: usize = 5 * 1024 * 1024;
/// The largest object that parts may make here.
pub const LARGEST_WHOLE: usize = 64 * 1024 * 1024;
/// The highest number of a part.
pub const LAST_PART: u32 = 10_000;
/// How many bytes the parts of all uploads may have together.
const MOST_BYTES: usize = 128 * 1024 * 1024;
/// How many uploads may be open.
const MOST_OPEN: usize = 1_000;

/// Is one part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its bytes.
    pub body: Bytes,
    /// Its entity tag, with its quotes.
    pub etag: String,
    /// When it came.
    pub at: Moment,
}

/// Is one upload that is not finished.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// The bucket.
    pub bucket: String,
    /// The key that the object will have.
    pub key: String,
    /// When it began.
    pub begun: Moment,
    /// What the object will be like; it has no bytes yet.
    pub like: Object,
    /// How it will be stored.
    pub class: Class,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// What came so far, by number.
    pub parts: BTreeMap<u32, Part>,
}

/// Says why parts make no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A part did not come, or is another one.
    Part,
    /// They are not in order.
    Order,
    /// One that is not the last is too small.
    Small,
    /// Together they are too large.
    Large,
    /// None is named.
    None,
}

impl Upload {
    /// Puts the named parts together: number and entity tag of each.
    pub fn whole(&self, named: &[(u32, String)]) -> Result<Object, Unfit> {
        if named.is_empty() {
            return Err(Unfit::None);
        }
        if !named.is_sorted_by(|(one, _), (other, _)| one < other) {
            return Err(Unfit::Order);
        }
        let (mut body, mut digests) = (BytesMut::new(), Md5::new());
        for (place, (number, etag)) in named.iter().enumerate() {
            let part = self.parts.get(number).ok_or(Unfit::Part)?;
            if part.etag.trim_matches('"') != etag.trim_matches('"') {
                return Err(Unfit::Part);
            }
            if part.body.len() < SMALLEST_PART && place + 1 < named.len() {
                return Err(Unfit::Small);
            }
            if body.len() + part.body.len() > LARGEST_WHOLE {
                return Err(Unfit::Large);
            }
            digests.update(Md5::digest(&part.body));
            body.extend_from_slice(&part.body);
        }
        let digest = digests.finalize();
        let hex = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Ok(Object { body: body.freeze(), etag: format!("\"{hex}-{}\"", named.len()), ..self.like.clone() })
    }
}

/// Tells whether `more` bytes of a part have room beside what `open` uploads hold.
pub fn has_room(open: &[Upload], more: usize) -> bool {
    let held: usize = open.iter().flat_map(|upload| upload.parts.values()).map(|part| part.body.len()).sum();
    open.len() <= MOST_OPEN && held + more <= MOST_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(sizes: &[usize]) -> Upload {
        let part = |size: &usize| {
            let object = Object::new(vec![b'x'; *size].into(), "");
            Part { body: object.body, etag: object.etag, at: Moment(0) }
        };
        Upload {
            id: "u".to_owned(),
            bucket: "b".to_owned(),
            key: "k".to_owned(),
            begun: Moment(0),
            like: Object::new(Bytes::new(), "text/plain"),
            class: Class::Standard,
            tags: Vec::new(),
            parts: (1..).zip(sizes.iter().map(part)).collect(),
        }
    }

    #[test]
    fn parts_make_an_object_or_say_why_not() {
        let upload = upload(&[SMALLEST_PART, 3, 4]);
        let named = |numbers: &[u32]| -> Vec<(u32, String)> {
            let tag = |number: &u32| upload.parts.get(number).map_or("\"0\"".to_owned(), |part| part.etag.clone());
            numbers.iter().map(|number| (*number, tag(number))).collect()
        };
        let whole = upload.whole(&named(&[1, 3])).unwrap();
        assert_eq!((whole.body.len(), whole.content_type.as_str()), (SMALLEST_PART + 4, "text/plain"));
        assert!(whole.etag.ends_with("-2\""), "{}", whole.etag);
        for (numbers, why) in [
            (&[][..], Unfit::None),
            (&[2, 1], Unfit::Order),
            (&[1, 1], Unfit::Order),
            (&[1, 2, 3], Unfit::Small),
            (&[1, 4], Unfit::Part),
        ] {
            assert_eq!(upload.whole(&named(numbers)).unwrap_err(), why, "{numbers:?}");
        }
        assert_eq!(upload.whole(&[(1, "\"0\"".to_owned())]).unwrap_err(), Unfit::Part);
    }
}
