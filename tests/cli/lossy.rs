//! A way to the practice estate on which a request or an answer gets lost.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Is what gets lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The request, before it reaches the estate.
    Request,
    /// The answer, after the estate did what was asked.
    Answer,
}

/// Is what came by.
#[derive(Default)]
struct Seen {
    /// What is to be lost: of which operation, and how often.
    losses: Vec<(Loss, &'static str, usize)>,
    /// The operations that set out, and how many requests their connection had carried before.
    sent: Vec<(String, usize)>,
    /// The operations that arrived.
    reached: Vec<String>,
}

/// Is the way; it closes the connection where something gets lost.
#[derive(Clone)]
pub(crate) struct Lossy {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Seen>>,
}

impl Lossy {
    /// Leads to an estate. Its threads end with the test's process.
    pub(crate) fn before(endpoint: &str) -> Self {
        let estate = endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self { endpoint: format!("http://{}", listener.local_addr().unwrap()), seen: Arc::default() };
        let all = way.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (way, estate) = (all.clone(), estate.clone());
                std::thread::spawn(move || way.carry(&client, &TcpStream::connect(estate).unwrap()));
            }
        });
        way
    }

    /// Loses what belongs to the next calls of this operation.
    pub(crate) fn lose(&self, loss: Loss, operation: &'static str, times: usize) {
        self.seen.lock().unwrap().losses.push((loss, operation, times));
    }

    pub(crate) fn mend(&self) {
        self.seen.lock().unwrap().losses.clear();
    }

    /// How often an operation set out, and how often it arrived.
    pub(crate) fn count(&self, operation: &str) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        let sent = seen.sent.iter().filter(|(name, _)| name == operation).count();
        (sent, seen.reached.iter().filter(|name| *name == operation).count())
    }

    /// Did an operation set out on a connection that had carried another call before?
    pub(crate) fn was_on_an_old_connection(&self, operation: &str) -> bool {
        self.seen.lock().unwrap().sent.iter().any(|(name, before)| name == operation && *before > 0)
    }

    fn carry(&self, client: &TcpStream, estate: &TcpStream) {
        let (mut from, mut back) = (BufReader::new(client), BufReader::new(estate));
        for before in 0.. {
            let Some(request) = message(&mut from, true) else { return };
            let operation = operation(&request);
            let lost = {
                let mut seen = self.seen.lock().unwrap();
                seen.sent.push((operation.clone(), before));
                let mut losses = seen.losses.iter_mut();
                losses.find(|(_, name, left)| *name == operation && *left > 0).map(|(loss, _, left)| {
                    *left -= 1;
                    *loss
                })
            };
            if lost == Some(Loss::Request) {
                return;
            }
            let (mut to, mut answers) = (estate, client);
            if to.write_all(&request).is_err() {
                return;
            }
            self.seen.lock().unwrap().reached.push(operation);
            let Some(answer) = message(&mut back, !request.starts_with(b"HEAD ")) else { return };
            if lost == Some(Loss::Answer) || answers.write_all(&answer).is_err() {
                return;
            }
        }
    }
}

/// Reads one message of HTTP/1.1, with a body as long as its head says.
fn message(from: &mut BufReader<&TcpStream>, has_body: bool) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    let mut length = 0;
    loop {
        let begin = whole.len();
        if from.read_until(b'\n', &mut whole).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(whole.get(begin..)?).to_ascii_lowercase();
        assert!(!line.starts_with("transfer-encoding"), "{line}");
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; if has_body { length } else { 0 }];
    from.read_exact(&mut body).ok()?;
    whole.extend(body);
    Some(whole)
}

/// Names what a request asks for, as far as the tests need: an action of a form, a target of JSON, else method and path.
fn operation(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return action.to_owned();
    }
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim().rsplit('.').next().map(str::to_owned))?
    });
    target.unwrap_or_else(|| {
        let place = head.split('?').next().unwrap_or_default();
        place.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    })
}
