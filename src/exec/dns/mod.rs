//! One DNS query: `name TYPE [@server[:port]]`.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Reach, Reply};
use crate::engine::Outcome;

/// Holds what queries of a run share.
#[derive(Clone, Debug)]
pub struct DnsContext {
    /// When a query is given up, all its tries and look-ups together.
    pub timeout: Duration,
    /// The resolver that is asked instead of the system's: the estate's.
    pub resolver: Option<SocketAddr>,
    /// How far a query may go.
    pub reach: Reach,
}

/// Asks one query and returns the answers, sorted, one a line.
pub async fn query(_cx: &DnsContext, _text: &str) -> Reply {
    Reply::failed(Outcome::Unusable { error: "DNS queries are not built yet".to_owned() })
}
