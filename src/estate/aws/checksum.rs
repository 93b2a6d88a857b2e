//! The checksums that S3 clients send, and the chunked encoding in which they may send them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use md5::{Digest as _, Md5};
use sha2::Sha256;

/// The headers of checksums that the estate can verify.
pub(super) const CHECKSUMS: [&str; 4] =
    ["x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256"];

/// Computes the checksum that belongs in `header`, in base64; `None` for one the estate does not know.
pub(super) fn compute(header: &str, body: &[u8]) -> Option<String> {
    Some(match header {
        "x-amz-checksum-crc32" => STANDARD.encode(crc32fast::hash(body).to_be_bytes()),
        "x-amz-checksum-crc32c" => {
            let crc = reflected(body, 0x82f6_3b78, 0xffff_ffff);
            STANDARD.encode(u32::try_from(crc).ok()?.to_be_bytes())
        }
        "x-amz-checksum-crc64nvme" => STANDARD.encode(reflected(body, 0x9a6c_9329_ac4b_c9b5, u64::MAX).to_be_bytes()),
        "x-amz-checksum-sha256" => STANDARD.encode(Sha256::digest(body)),
        "content-md5" => STANDARD.encode(Md5::digest(body)),
        _ => return None,
    })
}

/// Computes a reflected CRC bit by bit: objects here are small, so no tables.
fn reflected(body: &[u8], polynomial: u64, ones: u64) -> u64 {
    let crc = body.iter().fold(ones, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ polynomial } else { crc >> 1 })
    });
    crc ^ ones
}

/// Computes SHA-256 in hexadecimal, as `x-amz-content-sha256` holds it.
pub(super) fn sha256_hex(body: &[u8]) -> String {
    Sha256::digest(body).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Takes a body out of the encoding `aws-chunked` and returns it with its trailers, names in lower case.
pub(super) fn unchunk(encoded: &[u8]) -> Option<(Bytes, Vec<(String, String)>)> {
    let (mut rest, mut body) = (encoded, BytesMut::new());
    loop {
        let (line, after) = split_line(rest)?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            rest = after;
            break;
        }
        let (chunk, after) = after.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n")?;
    }
    let mut trailers = Vec::new();
    while let Some((line, after)) = split_line(rest) {
        rest = after;
        if let Some((name, value)) = line.split_once(':') {
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Some((body.freeze(), trailers))
}

fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(line).ok()?, rest.get(2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_algorithms() {
        // The published check values of each algorithm for the digits one to nine.
        for (header, expected) in [
            ("x-amz-checksum-crc32", STANDARD.encode(0xcbf4_3926_u32.to_be_bytes())),
            ("x-amz-checksum-crc32c", STANDARD.encode(0xe306_9283_u32.to_be_bytes())),
            ("x-amz-checksum-crc64nvme", STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes())),
        ] {
            assert_eq!(compute(header, b"123456789"), Some(expected), "{header}");
        }
        assert_eq!(compute("content-md5", b""), Some("1B2M2Y8AsgTpgAmY7PhCfg==".to_owned()));
        assert_eq!(compute("x-amz-checksum-sha1", b""), None);
    }

    #[test]
    fn chunks_come_together_and_broken_ones_are_refused() {
        let encoded = b"4;chunk-signature=ab\r\nlife\r\n4\r\nboat\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
        let (body, trailers) = unchunk(encoded).unwrap();
        assert_eq!(&body[..], b"lifeboat");
        assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "AAAA".to_owned())]);
        for bad in [&b"zz\r\n"[..], b"4\r\nlif", b"ffffffffffffffff\r\nx", b"", b"4\r\nlifeXX0\r\n\r\n"] {
            assert_eq!(unchunk(bad), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_chunks_are_a_panic(text in "[0-9a-f;:\r\n]{0,60}", bytes: Vec<u8>) {
            drop(unchunk(text.as_bytes()));
            drop(unchunk(&bytes));
        }
    }
}
