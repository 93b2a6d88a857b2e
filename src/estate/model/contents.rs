//! What a database was found to hold at one moment: by its ledger, or by the rows of a real one.

use std::collections::BTreeSet;

use super::ledger::Ledger;
use super::numbers::Numbers;
use super::time::Moment;

/// Is what one look at a database found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The numbers of its orders.
    pub orders: Numbers,
    /// A sum over all orders: equal contents give equal sums.
    pub checksum: u64,
    /// The numbers of orders whose rows are wrong.
    pub bad: BTreeSet<u64>,
    /// When a row was first overwritten that is still wrong.
    pub first_bad_at: Option<Moment>,
    /// The last order that is right, before the first that is wrong, and when it was committed.
    pub last_good: Option<(u64, Moment)>,
    /// When the last order was committed.
    pub last_order_at: Option<Moment>,
    /// When the last transaction was committed.
    pub last_commit: Option<Moment>,
    /// What the heartbeat row says.
    pub heartbeat: Option<Moment>,
}

impl From<&Ledger> for Contents {
    fn from(ledger: &Ledger) -> Self {
        let last_good = ledger.last_good_order();
        Self {
            orders: ledger.numbers(),
            checksum: ledger.checksum(),
            bad: ledger.bad().clone(),
            first_bad_at: ledger.first_bad_at(),
            last_good: last_good.and_then(|number| Some((number, ledger.committed_at(number)?))),
            last_order_at: ledger.last_order_at(),
            last_commit: ledger.last_commit(),
            heartbeat: ledger.heartbeat(),
        }
    }
}
