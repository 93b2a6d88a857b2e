//! Floor 3: facts to words and figures for people: one line a fact, and the summary of a run. Pure.

mod narrate;
mod summary;

pub use narrate::narrate;
pub use summary::{Corruption, Customers, Exercised, RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict, summary};
