//! Sizes in bytes, as people write and read them.

const UNITS: [(&str, u64); 5] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// Reads a size such as `10GiB`, `500 MiB` or `4096B`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write for example `10GiB`, `500MiB`, `1TiB`");
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at_checked(digits).ok_or_else(wrong)?;
    let unit = UNITS.iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(wrong)?.1;
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

/// Says a size with the unit that fits: `4.2 MiB`.
pub fn say_size(bytes: u64) -> String {
    let (name, unit) = UNITS.iter().rev().find(|(_, unit)| bytes >= *unit).copied().unwrap_or(("B", 1));
    if unit == 1 { format!("{bytes} B") } else { format!("{:.1} {name}", bytes as f64 / unit as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [("0B", 0), ("10GiB", 10 << 30), (" 500 MiB ", 500 << 20), ("1TiB", 1 << 40)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "10", "GiB", "10gb", "-1GiB", "1.5GiB", "99999999999TiB", "10GiB more"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        assert_eq!([0, 1023, 1024, 4_404_020].map(say_size), ["0 B", "1023 B", "1.0 KiB", "4.2 MiB"]);
    }
}
