//! One HTTP request, as `.http` files write it.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Reach, Reply};
use crate::engine::Outcome;

/// Holds what requests of a run share.
#[derive(Clone, Debug)]
pub struct HttpContext {
    /// When a request is given up, from the first look-up to the last byte.
    pub timeout: Duration,
    /// The resolver that is asked for names instead of the system's: the estate's.
    pub resolver: Option<SocketAddr>,
    /// How far a request may go.
    pub reach: Reach,
}

/// Sends one request and reads the answer.
pub async fn request(_cx: &HttpContext, _text: &str) -> Reply {
    Reply::failed(Outcome::Unusable { error: "HTTP requests are not built yet".to_owned() })
}
