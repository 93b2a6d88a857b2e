//! Floor 5: what lasts: folders of runs, the thread that owns a log's file, keys and the agent, the checks behind `lifeboat log`.
//!
//! It knows facts and bytes; it does not know what a fact leads to.

mod addenda;
mod agent;
mod anchors;
mod audit;
mod beside;
mod cache;
mod check;
mod error;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
mod grip;
mod holder;
mod keys;
mod leaves;
mod lines;
mod log;
mod medium;
mod operator;
mod pack;
#[cfg(test)]
mod pack_tests;
mod practice;
mod removals;
#[cfg(test)]
mod removals_tests;
mod retention;
mod runs;
mod save;
mod standing;
mod taken;
mod tar;
mod view;
mod waiting;
mod writer;

pub use addenda::{AddError, add, countersign, read as read_addenda};
pub use anchors::{Receipt, Statement, given as given_anchor, stands, state, statements};
pub use audit::{Audit, Audited, audit};
pub use cache::{Cache, Making};
pub use check::{load_trust, verify_log, verify_run, write_verification};
pub use error::{SignError, StoreError};
pub use grip::{hold, is_held};
pub use holder::{DYING, outlive_the_dying};
pub use keys::{Found, KeyWish, at_hand, operator};
pub use leaves::{find, leaf};
pub use lines::{LineAt, Lines};
pub use log::LogNews;
pub use operator::{FarKey, Message, Operator};
pub use pack::{PackError, Packed, is_pack, leave_packs, open_pack, pack, packed_facilitator};
pub use practice::{practice_operator, practice_signers};
pub use removals::{Begun as BegunRemovals, Going, RemoveError, Remover, removals};
pub use retention::{Asked, Beyond, Goes, Limits, beyond};
pub use runs::{LogPlace, Previous, RunFolder, Runs, in_words, nonce, prev_run, salt, state_dir};
pub use save::Saves;
pub use standing::{End, Standing, header, standings, strange};
pub use taken::Left;
pub use view::{Follow, Format, is_being_written, show, show_addenda, tail};
pub use waiting::{open_request, open_session};
pub use writer::{AppendError, Begun, Clock, LogWriter, SealError, Sealed, Signing};
