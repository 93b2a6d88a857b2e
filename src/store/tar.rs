//! Tar, as far as a packed run needs it: plain files and folders in the form of POSIX (ustar), and nothing else.
//!
//! A header says name, size and kind; its checksum is looked at first. Links, devices, sparse files and the extended
//! headers of others are refused: what is in a pack is exactly what its headers say.

/// Everything comes in blocks of so many bytes.
pub(super) const BLOCK: usize = 512;
/// Sizes from here on do not fit eleven octal digits.
const OCTAL: u64 = 1 << 33;

/// Is one header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
}

/// Is what a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// Writes the header of a file; `None` if its name is too long for one.
pub(super) fn header(name: &str, size: u64, seconds: u64) -> Option<[u8; BLOCK]> {
    let (prefix, name) = if name.len() <= 100 { ("", name) } else { name.rsplit_once('/')? };
    if name.len() > 100 || prefix.len() > 155 {
        return None;
    }
    let mut block = [0_u8; BLOCK];
    put(&mut block, 0, name.as_bytes());
    put(&mut block, 100, b"0000600\0");
    put(&mut block, 108, b"0000000\0");
    put(&mut block, 116, b"0000000\0");
    if size < OCTAL {
        put(&mut block, 124, format!("{size:011o}\0").as_bytes());
    } else {
        put(&mut block, 124, &[0x80, 0, 0, 0]);
        put(&mut block, 128, &size.to_be_bytes());
    }
    put(&mut block, 136, format!("{:011o}\0", seconds.min(OCTAL - 1)).as_bytes());
    put(&mut block, 156, b"0");
    put(&mut block, 257, b"ustar\x0000");
    put(&mut block, 345, prefix.as_bytes());
    let sum = sum(&block);
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    Some(block)
}

/// Reads a header; nothing if it is the empty block with which the end begins.
///
/// # Errors
/// Why it is none that is read here: a fragment that follows "it has", or the name and what it is.
pub(super) fn read(block: &[u8; BLOCK]) -> Result<Option<Entry>, String> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let field = |from: usize, length: usize| block.get(from..from + length).unwrap_or_default();
    if octal(field(148, 8)) != Some(sum(block)) {
        return Err("a header whose checksum does not fit".to_owned());
    }
    let text = |from: usize, length: usize| {
        let bytes = field(from, length);
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(length);
        String::from_utf8(bytes.get(..end).unwrap_or_default().to_vec())
    };
    let (Ok(mut name), Ok(prefix)) = (text(0, 100), text(345, 155)) else {
        return Err("a name that is no text".to_owned());
    };
    let posix = field(257, 6) == b"ustar\0";
    if !field(257, 5).starts_with(b"ustar") {
        return Err("a header that is not of ustar".to_owned());
    }
    if posix && !prefix.is_empty() {
        name = format!("{prefix}/{name}");
    }
    let kind = match block.get(156).copied().unwrap_or_default() {
        b'0' | 0 => Kind::File,
        b'5' => Kind::Folder,
        other => return Err(format!("`{name}`, {}: only plain files are read", spoken(other))),
    };
    let size = size(field(124, 12)).ok_or_else(|| format!("`{name}`, whose size is no number"))?;
    Ok(Some(Entry { name, size, kind }))
}

fn spoken(kind: u8) -> &'static str {
    match kind {
        b'1' | b'2' => "a link",
        b'3' | b'4' => "a device",
        b'6' => "a pipe",
        b'x' | b'g' | b'L' | b'K' => {
            "an extended header (pack it with `lifeboat runs export`, or `tar --format=ustar`)"
        }
        _ => "of a kind that is not known",
    }
}

fn size(field: &[u8]) -> Option<u64> {
    match field.split_first() {
        // The extension for large ones: eight bytes after four of which only the first bit counts.
        Some((0x80, rest)) => {
            let (zeros, number) = rest.split_at_checked(3)?;
            let number: [u8; 8] = number.try_into().ok()?;
            zeros.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(number))
        }
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(['\0', ' ']);
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| u64::from_str_radix(digits, 8).ok())?
}

/// The sum of all bytes, those of the checksum itself taken for blanks.
fn sum(block: &[u8; BLOCK]) -> u64 {
    let of = |(at, byte): (usize, &u8)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte });
    block.iter().enumerate().map(of).sum()
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    for (to, from) in block.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = format!("{}/{}", "r".repeat(60), "o".repeat(90));
        for (name, size) in [("run/incident.jsonl", 0), ("a", OCTAL - 1), (long.as_str(), OCTAL), ("x/y", u64::MAX)] {
            let block = header(name, size, 1_795_000_000).unwrap();
            assert_eq!(read(&block), Ok(Some(Entry { name: name.to_owned(), size, kind: Kind::File })));
        }
        assert_eq!(header(&"n".repeat(101), 0, 0), None);
        assert_eq!(read(&[0; BLOCK]), Ok(None));
    }

    #[test]
    fn one_changed_bit_is_noticed() {
        let block = header("run/runbook.md", 17, 1_795_000_000).unwrap();
        for at in 0..BLOCK {
            let mut changed = block;
            changed[at] ^= 1;
            // Blanks and NULs around the checksum's own digits say the same.
            assert!(read(&changed).is_err() || (154..156).contains(&at), "{at}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_block_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, BLOCK)) {
            let mut block: [u8; BLOCK] = bytes.try_into().unwrap();
            drop(read(&block));
            put(&mut block, 257, b"ustar\x0000");
            let sum = sum(&block);
            put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
            drop(read(&block));
        }
    }
}
