//! A place in a recording as people write it.

use std::time::Duration;

use chrono::NaiveTime;

use crate::kernel::parse_duration;

/// Names a place in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Where it begins.
    Beginning,
    /// Where it ends.
    Ending,
    /// So long after its beginning.
    Since(Duration),
    /// So long after customers began to fail.
    SinceOnset(Duration),
    /// At this time of the day, in UTC.
    Wall(NaiveTime),
    /// So much of it, in percent.
    Percent(u8),
    /// At this line of the log, by its `seq`.
    Line(u64),
}

impl Spot {
    /// Reads `12:30`, `1:02:03` or `90s` (since the beginning), `+12:30` (since the onset), `10:31:07Z`, `50%`, `#126`.
    ///
    /// # Errors
    /// A sentence that says what can be written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = || {
            format!(
                "`{text}` is no place in a recording; write 12:30 (since it began), +12:30 (since onset), 10:31:07Z, 50%, \
                 #126 (line of the log), start or end"
            )
        };
        let spot = match text {
            "start" => Some(Self::Beginning),
            "end" => Some(Self::Ending),
            _ => match (text.strip_prefix('+'), text.strip_prefix('#'), text.strip_suffix('%'), text.strip_suffix('Z'))
            {
                (Some(rest), ..) => length(rest).map(Self::SinceOnset),
                (_, Some(rest), ..) => rest.parse().ok().map(Self::Line),
                (_, _, Some(rest), _) => rest.parse().ok().filter(|percent| *percent <= 100).map(Self::Percent),
                (.., Some(rest)) => ["%H:%M:%S%.f", "%H:%M"]
                    .iter()
                    .find_map(|form| NaiveTime::parse_from_str(rest, form).ok())
                    .map(Self::Wall),
                _ => length(text).map(Self::Since),
            },
        };
        spot.ok_or_else(wrong)
    }
}

/// Reads a length as a clock shows it, or as runbooks write it.
fn length(text: &str) -> Option<Duration> {
    if !text.contains(':') {
        return parse_duration(text).ok();
    }
    let parts: Vec<&str> = text.split(':').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(digits) {
        return None;
    }
    let mut seconds: u64 = 0;
    for (at, part) in parts.iter().enumerate() {
        let part = part.parse().ok().filter(|part: &u64| at == 0 || *part < 60)?;
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_as_people_write_them() {
        let seconds = Duration::from_secs;
        for (text, spot) in [
            ("12:30", Spot::Since(seconds(750))),
            (" 1:02:03 ", Spot::Since(seconds(3_723))),
            ("90s", Spot::Since(seconds(90))),
            ("+0:42", Spot::SinceOnset(seconds(42))),
            ("10:31:07Z", Spot::Wall(NaiveTime::from_hms_opt(10, 31, 7).unwrap())),
            ("10:31Z", Spot::Wall(NaiveTime::from_hms_opt(10, 31, 0).unwrap())),
            ("50%", Spot::Percent(50)),
            ("#126", Spot::Line(126)),
            ("start", Spot::Beginning),
            ("end", Spot::Ending),
        ] {
            assert_eq!(Spot::parse(text), Ok(spot), "{text}");
        }
        for text in ["", "1:60", "1:2:3:4", "101%", "#x", "25:00Z", "-5:00", "noon", "99999999999999999999:00", ":"] {
            assert!(Spot::parse(text).is_err(), "{text}");
        }
    }
}
