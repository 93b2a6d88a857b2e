//! Floor 6: a run's folder as a recording: watched on the run's screen, at any moment of it, and rendered for others.
//!
//! It stands beside `drive`, which acts, and sees neither that nor what acts below it: it reads facts and folds them with
//! the engine's own rule. `tests/architecture.rs` holds that. Nothing is written into a recording.

mod arrivals;
mod beside;
mod cast;
mod cursor;
mod film;
mod fold;
mod index;
mod kept;
mod outputs;
mod pace;
mod player;
mod reader;
mod recording;
mod search;
mod shelf;
mod show;
mod svg;
mod wishes;

#[cfg(test)]
mod tests;

pub use arrivals::arrivals;
pub use beside::beside;
pub use cast::{Cast, RenderError, cast};
pub use film::Filming;
pub use index::Index;
pub use player::{Player, Start};
pub use recording::{Recording, ReplayError};
pub use show::{Beyond, show, verify};
pub use svg::svg;
