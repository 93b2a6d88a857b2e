//! Floor 3: facts to words and figures for people: one line a fact, and the summary of a run. Pure.

mod after;
mod compare;
mod doctor;
mod dry_run;
mod exercise;
mod export;
mod forecast;
mod history;
mod html;
mod narrate;
mod steps;
mod summary;

pub use after::{
    Added, Afterword, Backticks, Bar, BurnDown, Cite, File, Integrity, Record, Report, Row, Section, Settled,
    after_action, kind, markdown,
};
pub use compare::{
    Aligned, Compared, Comparison, Did, Differing, Head, NothingShared, Sides, Spent, Tried, bar_parts, compare, diff,
    gap_words, side_by_side, step_shown,
};
pub use doctor::{Finding, Grade, Part, findings, worst};
pub use dry_run::{confirmations, dry_run, times};
pub use exercise::{
    Board, By, Came, Choice, Chosen, Diagnosis, Due, Item, Judged, Noted, Scored, Washed, chose, diagnosis, due,
    fate_words, happened, hot_wash, judge, unblinded,
};
pub use export::{json_of, junit, trace};
pub use forecast::{forecast, percent};
pub use history::{Over, PastRow, Trend, Went, past_runs, runbook_name, trends};
pub use html::{Arrivals, Excerpt, Page, Printed, html};
pub use narrate::{exact, narrate};
pub use summary::{Corruption, Customers, Exercised, RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict, summary};
