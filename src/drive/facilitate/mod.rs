//! A facilitator's side of a drill: the list of injects, their own log, and what they do to the team in a second terminal.

mod book;
mod conduct;
mod list;
mod sit;
mod wash;

pub use book::{Book, BookError, commit, key_of, place_of};
pub use conduct::Conducted;
pub use list::{Injects, find};
pub use sit::{Facilitated, on_lines, on_screen};
pub use wash::{Hot, WashError, disclose, promised, to_hand_on, wash};
