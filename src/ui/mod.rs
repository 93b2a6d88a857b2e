//! Floor 4: the screen as a pure program: messages in, a model, frames and wishes out.
//!
//! ```text
//! update(&mut Model, Msg) -> Option<Output>     what a key press or a fact means for the screen
//! view(&Model, &mut Frame)                      what is seen; takes `&`, lays out only what is visible
//! ```
//!
//! It does no I/O and reads no clock; time comes in with [`Msg::Tick`]. It changes nothing in a run: it sends wishes,
//! and learns from facts what became of them. Text from outside goes through `SafeText` before it is drawn.

mod approval;
mod asking;
mod blind;
mod calls;
mod compare;
mod confirm;
mod effects;
mod facilitator;
mod field;
mod finder;
mod form;
mod fuzzy;
mod message;
mod model;
mod news;
mod offered;
mod order;
mod page;
mod picker;
mod plain;
mod press;
mod question;
mod reader;
mod replay;
mod sample;
mod sgr;
mod side_by_side;
pub mod style;
mod tail;
mod timeline;
mod update;
mod view;

pub use blind::{Alarm, Blind, Finding, Known, Monitoring, Region};
pub use compare::Beside;
pub use confirm::{Confirmation, DEAD_TIME};
pub use effects::{Effects, choices};
pub use facilitator::{Desk, FacilitatorLines, Unwritten};
pub use field::{Edited, Field};
pub use form::{Form, FormKind, Opener};
pub use message::{Holder, Leaf, LeafLine, LogHealth, Msg, Output, Progress, Seek, Stream, Want, Watch, Way};
pub use model::{Behind, Focus, Model, Place, RunScreen};
pub use offered::{Offer, offered};
pub use order::Order;
pub use picker::{About, Entry, LastDrill, Learnt, Page, PastRun, Picker, Reading, Row};
pub use plain::{Plain, Said};
pub use replay::{Going, Idle, Mark, Marks, Moment, Played, Rivals, Spot, Transport, Verified, Worth};
pub use sample::sample;
pub use tail::Tail;
pub use timeline::Told;
pub use update::update;
pub use view::view;
