//! Lines become facts again. Reading judges form only; what a log is worth is for `verify` to say.

use serde::Deserialize;

use super::entry::{Body, Entry};
use super::line::{self, Broken};
use crate::engine::Fact;
use crate::kernel::ClockSync;

/// Is what a log's bytes say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The lines up to the first broken one.
    pub entries: Vec<Entry>,
    /// How many bytes follow the last LF: a line that is being written, or was torn.
    pub torn: usize,
    /// The first broken line, counted from 1, and what is wrong with it. Nothing after it is read.
    pub broken: Option<(u64, Broken)>,
}

impl Reading {
    /// Gives the engine's facts in order.
    pub fn into_facts(self) -> Vec<Fact> {
        self.entries.into_iter().filter_map(Entry::into_fact).collect()
    }
}

#[derive(Deserialize)]
struct By {
    by: String,
}

/// Is what a heartbeat says besides that nothing happened.
#[derive(Deserialize)]
pub(super) struct Beat {
    /// Heartbeats of an engine that did not look at it have none.
    #[serde(default)]
    pub(super) clock: ClockSync,
}

/// Reads one line, without its LF.
///
/// # Errors
/// If the line is broken. An unknown kind, or a known kind with unknown members' types, is [`Body::Unknown`].
pub fn read_entry(line: &[u8]) -> Result<Entry, Broken> {
    let head = line::parse(line)?;
    let at = head.stamp().ok_or_else(|| Broken::at(0, "has a time that no calendar knows"))?;
    let by = || serde_json::from_slice::<By>(line).ok().map(|by| by.by);
    let known = match head.kind {
        "delegation" => by().map(|by| Body::Delegation { by }),
        "sealing" => by().map(|by| Body::Sealing { by }),
        "checkpoint" => Some(Body::Checkpoint),
        "heartbeat" => serde_json::from_slice::<Beat>(line).ok().map(|beat| Body::Heartbeat { clock: beat.clock }),
        "seal" => Some(Body::Seal),
        _ => serde_json::from_slice(line).ok().map(|event| Body::Event(Box::new(event))),
    };
    let body = known.unwrap_or_else(|| Body::Unknown {
        kind: head.kind.to_owned(),
        text: String::from_utf8_lossy(line).into_owned(),
    });
    Ok(Entry { seq: head.seq, at, body })
}

/// Reads a log, which may be one that is being written.
pub fn read_log(bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    for (index, line) in bytes.split_inclusive(|&b| b == b'\n').enumerate() {
        let Some(line) = line.strip_suffix(b"\n") else {
            reading.torn = line.len();
            break;
        };
        match read_entry(line) {
            Ok(entry) => reading.entries.push(entry),
            Err(broken) => {
                reading.broken = Some((index as u64 + 1, broken));
                break;
            }
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "\"t\":\"2026-11-22T09:26:30.114203Z\",\"mono\":0";

    #[test]
    fn what_is_unknown_is_kept_and_what_is_torn_is_left() {
        let note = format!(
            "{{\"seq\":0,\"prev\":\"\",{T},\"k\":\"note-added\",\"text\":\"x\",\"occurred_at\":null,\"by\":\"a\"}}\n"
        );
        let later = format!("{{\"seq\":1,\"prev\":\"\",{T},\"k\":\"teleported\",\"to\":\"mars\"}}\n");
        let reading = read_log(format!("{note}{later}{{\"seq\":2").as_bytes());
        assert_eq!((reading.entries.len(), reading.torn, &reading.broken), (2, 8, &None));
        assert!(matches!(&reading.entries[1].body, Body::Unknown { kind, .. } if kind == "teleported"));
        assert_eq!(reading.into_facts().len(), 1);
        let reading = read_log(format!("{note}\r\n{note}").as_bytes());
        assert_eq!(reading.broken.map(|(line, _)| line), Some(2));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            drop(read_log(&bytes));
        }
    }
}
