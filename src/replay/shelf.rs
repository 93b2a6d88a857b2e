//! The states of a long run, put away as bytes: on the disk where there is a place for them, else in memory.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use crate::engine::Run;
use crate::runbook::Plan;
use crate::store::Making;

/// Is where a state lies on the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lies {
    pub(super) at: u64,
    pub(super) length: u32,
    /// What its bytes have to come to.
    pub(super) crc: u32,
}

/// Holds states, one behind the other.
#[derive(Debug)]
pub(super) struct Shelf {
    bytes: Bytes,
    end: u64,
}

#[derive(Debug)]
enum Bytes {
    Memory(Vec<u8>),
    Made(Making),
    Kept(File),
}

impl Shelf {
    /// Begins in a file that is being made, or in memory where there is none.
    pub(super) fn begin(making: Option<Making>) -> Self {
        Self { bytes: making.map_or_else(|| Bytes::Memory(Vec::new()), Bytes::Made), end: 0 }
    }

    /// Takes a file in which states lie up to a place.
    pub(super) fn kept(file: File, end: u64) -> Self {
        Self { bytes: Bytes::Kept(file), end }
    }

    /// Puts a state on it; `None` if that can't be done.
    pub(super) fn put(&mut self, run: &Run) -> Option<Lies> {
        let state = serde_json::to_vec(run).ok()?;
        let lies = Lies { at: self.end, length: u32::try_from(state.len()).ok()?, crc: crc32fast::hash(&state) };
        match &mut self.bytes {
            Bytes::Memory(bytes) => bytes.extend(state),
            Bytes::Made(making) => making.write(&state, self.end).ok()?,
            Bytes::Kept(_) => return None,
        }
        self.end += u64::from(lies.length);
        Some(lies)
    }

    /// Takes a state from it; `None` if it is not what was put there.
    pub(super) fn get(&self, lies: Lies, plan: &Arc<Plan>) -> Option<Run> {
        let length = lies.length as usize;
        let read;
        let state = match &self.bytes {
            Bytes::Memory(bytes) => {
                let from = usize::try_from(lies.at).ok()?;
                bytes.get(from..from.checked_add(length)?)?
            }
            Bytes::Made(making) => {
                read = read_at(making.file(), lies)?;
                read.as_slice()
            }
            Bytes::Kept(file) => {
                read = read_at(file, lies)?;
                read.as_slice()
            }
        };
        let mut run: Run = (crc32fast::hash(state) == lies.crc).then(|| serde_json::from_slice(state).ok())??;
        run.plan = Arc::clone(plan);
        let fits = run.steps.len() == plan.steps.len() && run.turns.len() == plan.steps.len();
        fits.then_some(run)
    }

    /// Writes something behind the states, and keeps the file under its own name.
    pub(super) fn keep(&mut self, behind: &[u8]) -> Option<()> {
        let Bytes::Made(making) = &mut self.bytes else { return None };
        making.write(behind, self.end).ok()?;
        let file = making.keep().ok()?;
        self.bytes = Bytes::Kept(file);
        Some(())
    }

    /// Returns where the next state would lie.
    pub(super) fn end(&self) -> u64 {
        self.end
    }
}

fn read_at(file: &File, lies: Lies) -> Option<Vec<u8>> {
    let mut bytes = vec![0; lies.length as usize];
    file.read_exact_at(&mut bytes, lies.at).ok()?;
    Some(bytes)
}
