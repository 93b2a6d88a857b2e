//! Time stamps of RFC 3161: the request as bytes, and what an answer says. Whether an authority signed it is for `openssl`
//! to judge, with the certificates that the reader trusts.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::sshsig::Digest512;

/// Is what the name of SHA-512 looks like in DER, with its empty parameters.
const SHA512: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00];
/// 1.2.840.113549.1.9.16.1.4, what a time stamp's content is called.
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const EXPLICIT: u8 = 0xa0;

/// Is what an authority says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The SHA-512 that was stamped.
    pub digest: Vec<u8>,
    /// The number of the request that it answers, as DER has it.
    pub nonce: Option<Vec<u8>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Says why an answer is no stamp: a fragment that follows "the time stamp authority".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// It refused.
    #[error("refused: status {status}{}", said.as_ref().map(|said| format!(", {said}")).unwrap_or_default())]
    Refused {
        /// Its status.
        status: u64,
        /// What it said.
        said: Option<String>,
    },
    /// It can't be read.
    #[error("did not answer with a time stamp of RFC 3161")]
    Unreadable,
}

/// Makes a request for a stamp over `digest`, with a number that the answer repeats, and the authority's certificate.
pub fn stamp_request(digest: &Digest512, nonce: u64) -> Vec<u8> {
    let imprint = tlv(SEQUENCE, &[SHA512, &tlv(OCTETS, digest)].concat());
    let parts = [&tlv(INTEGER, &[1])[..], &imprint, &tlv(INTEGER, &nonce_bytes(nonce)), &[0x01, 0x01, 0xff]];
    tlv(SEQUENCE, &parts.concat())
}

/// Gives a request's number as its answer has it.
pub fn nonce_bytes(nonce: u64) -> Vec<u8> {
    let bytes = nonce.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let significant = bytes.get(first..).unwrap_or_default();
    let sign = significant.first().is_some_and(|byte| *byte >= 0x80);
    [if sign { &[0][..] } else { &[] }, significant].concat()
}

/// Reads an answer.
///
/// # Errors
/// If the authority refused, or the answer is none.
pub fn read_stamp(answer: &[u8]) -> Result<Stamp, StampError> {
    let mut response = Der(enclosed(answer, SEQUENCE).ok_or(StampError::Unreadable)?);
    let mut status = Der(response.take(SEQUENCE).ok_or(StampError::Unreadable)?);
    let code = status.take(INTEGER).ok_or(StampError::Unreadable)?;
    // Granted, or granted with changes.
    if !matches!(code, [0 | 1]) {
        let said = status.take(SEQUENCE).and_then(|texts| Der(texts).take(0x0c));
        let said = said.map(|said| crate::kernel::SafeText::line(&String::from_utf8_lossy(said)).into_string());
        let status = code.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
        return Err(StampError::Refused { status, said });
    }
    stamp(&mut response).ok_or(StampError::Unreadable)
}

fn stamp(response: &mut Der<'_>) -> Option<Stamp> {
    let mut content = Der(response.take(SEQUENCE)?);
    content.take(OID)?;
    let mut signed = Der(Der(content.take(EXPLICIT)?).take(SEQUENCE)?);
    signed.take(INTEGER)?;
    signed.take(SET)?;
    let mut inner = Der(signed.take(SEQUENCE)?);
    if inner.take(OID)? != TST_INFO {
        return None;
    }
    let octets = Der(inner.take(EXPLICIT)?).take(OCTETS)?;
    let mut info = Der(enclosed(octets, SEQUENCE)?);
    info.take(INTEGER)?;
    info.take(OID)?;
    let mut imprint = Der(info.take(SEQUENCE)?);
    let algorithm = imprint.take(SEQUENCE)?;
    if Der(algorithm).take(OID)? != SHA512.get(4..13)? {
        return None;
    }
    let digest = imprint.take(OCTETS)?.to_vec();
    info.take(INTEGER)?;
    let at = time(info.take(TIME)?)?;
    // What may stand between: the accuracy, and whether stamps are in order.
    info.take(SEQUENCE);
    info.take(0x01);
    Some(Stamp { digest, nonce: info.take(INTEGER).map(<[u8]>::to_vec), at })
}

/// Reads `YYYYMMDDHHMMSS[.f…]Z`.
fn time(text: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S%.f").ok().map(|time| time.and_utc())
}

/// Returns what stands in a value that is all there is.
fn enclosed(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut der = Der(bytes);
    let value = der.take(tag)?;
    der.0.is_empty().then_some(value)
}

/// Holds what is still to be read.
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// Takes the next value if it has this tag; otherwise nothing is taken.
    fn take(&mut self, tag: u8) -> Option<&'d [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |all, byte| (all << 8) | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        (found == tag).then(|| {
            self.0 = rest;
            value
        })
    }
}

/// Writes a value of at most 65,535 bytes.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let significant: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let head = match significant.as_slice() {
        [] => vec![0],
        [short] if *short < 0x80 => vec![*short],
        long => [&[0x80 | u8::try_from(long.len()).unwrap_or(8)], long].concat(),
    };
    [&[tag], &head[..], value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_one_form() {
        for (nonce, bytes) in [(0, &[0][..]), (0x7f, &[0x7f]), (0x80, &[0, 0x80]), (0x0102, &[1, 2])] {
            assert_eq!(nonce_bytes(nonce), bytes);
        }
        assert_eq!(tlv(OCTETS, &[7; 200])[..4], [4, 0x81, 200, 7]);
        let request = stamp_request(&[9; 64], 5);
        assert_eq!((request.len(), Der(&request).take(SEQUENCE).map(<[u8]>::len)), (94, Some(92)));
    }

    #[test]
    fn a_refusal_says_why() {
        let text = tlv(0x0c, b"bad request");
        let status = tlv(SEQUENCE, &[&tlv(INTEGER, &[2])[..], &tlv(SEQUENCE, &text)].concat());
        let refused = read_stamp(&tlv(SEQUENCE, &status)).unwrap_err();
        assert_eq!(refused, StampError::Refused { status: 2, said: Some("bad request".to_owned()) });
        assert_eq!(read_stamp(b"<html>"), Err(StampError::Unreadable));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..120)) {
            drop(read_stamp(&bytes));
            drop(read_stamp(&tlv(SEQUENCE, &bytes)));
        }
    }
}
