//! Floor 4: the screen as a pure program: messages in, a model, frames and wishes out.
//!
//! ```text
//! update(&mut Model, Msg) -> Option<Output>     what a key press or a fact means for the screen
//! view(&Model, &mut Frame)                      what is seen; takes `&`, lays out only what is visible
//! ```
//!
//! It does no I/O and reads no clock; time comes in with [`Msg::Tick`]. It changes nothing in a run: it sends wishes,
//! and learns from facts what became of them. Text from outside goes through `SafeText` before it is drawn.

mod field;
mod message;
mod tail;

pub use field::{Edited, Field};
pub use message::{LogHealth, Msg, Output, Progress};
pub use tail::Tail;
