//! One call from words to reply: pages, waiters, what is sent again, what is kept as evidence.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::arguments::{Arguments, OUTFILE, Request};
use super::capture::Kept;
use super::clients::{Clients, Manner, Repeats};
use super::failure::{self, Trouble};
use super::paging::{Book, Closed};
use super::wait::{Changed, Look, Verdict, Watch};
use super::waiters::{Waiter, waiter};
use super::{AwsContext, answer, output};
use crate::engine::{AWS_MAY_HAVE_ACTED, AwsReceipt, Outcome};
use crate::exec::Reply;
use crate::kernel::say_duration;
use crate::runbook::aws::Type;
use crate::runbook::{Impact, Secrecy};

/// How often a call that acts is sent again after AWS said that it did nothing but ask for patience.
const RESENDS: u32 = 2;

/// Makes calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    context: Arc<AwsContext>,
    clients: Clients,
    /// When and how this process last changed a resource, by region and identifier: what a waiter must know.
    changed: Arc<Mutex<Changes>>,
}

/// By region and identifier: when a resource was changed, and by which operation.
type Changes = HashMap<(String, String), (Instant, &'static str)>;

/// Is what one operation gave, pages put together.
struct Done {
    outcome: Outcome,
    value: Closed,
    kept: Kept,
}

impl Caller {
    pub(super) async fn new(context: AwsContext) -> Self {
        let clients = Clients::new(&context).await;
        Self { context: Arc::new(context), clients, changed: Arc::default() }
    }

    pub(super) async fn call(&self, words: &[String], timeout: Duration, kept: Secrecy) -> Reply {
        let mut request = match Request::parse(words, &self.context.folder) {
            Ok(request) => Request { kept, ..request },
            Err(error) => return unusable(error),
        };
        request.arguments.give_tokens(request.operation);
        let service = request.operation.service;
        let region = match self.clients.region(service, request.region.as_deref()) {
            Ok(region) => region,
            Err(error) => return unusable(error),
        };
        // A very long timeout is no limit at all; a month is more than any call needs.
        let deadline = Instant::now() + timeout.min(Duration::from_secs(31 * 86_400));
        let place = Place { region, deadline, timeout };
        match waiter(service, &request.operation.name) {
            Some(waiter) => self.wait(&request, waiter, &place).await,
            None => self.once(&request, &place).await,
        }
    }

    async fn once(&self, request: &Request, place: &Place) -> Reply {
        let done = self.operate(request, &request.operation.name, place).await;
        let mut reply = Reply {
            stdout: Vec::new(),
            stderr: failure::said(&done.outcome, &named(request, &done.kept)).into_bytes(),
            aws: receipt(request, &done.kept, place),
            outcome: done.outcome,
        };
        if matches!(reply.outcome, Outcome::Answered { .. }) {
            let (value, query) = match &done.value {
                Closed::Whole(value) => (value, request.query.as_deref()),
                Closed::Picked(value) => (value, None),
            };
            match output::print(value, query, request.format) {
                Ok(printed) => reply.stdout = printed,
                Err(error) => {
                    // The call was made; its whole answer is better evidence than none.
                    reply.stdout = output::print(value, None, request.format).unwrap_or_default();
                    let error = format!("AWS answered, but {error}; the whole answer is in the output");
                    reply.stderr = format!("\n{error}\n").into_bytes();
                    reply.outcome = Outcome::Unusable { error };
                }
            }
        }
        reply
    }

    /// Performs the operation `name` with the request's options, all pages of it.
    async fn operate(&self, request: &Request, name: &str, place: &Place) -> Done {
        let mut book = Book::new(request);
        let mut arguments = request.arguments.clone();
        loop {
            let (outcome, kept) = self.send(request, name, &arguments, place).await;
            let answered = kept.answer.as_ref().filter(|_| matches!(outcome, Outcome::Answered { .. }));
            let Some(answer) = answered else { return Done { outcome, value: nothing(), kept } };
            match answer::output(request.operation, name, answer, request.kept) {
                Ok(page) => match book.add(page, &arguments) {
                    Ok(Some(next)) => arguments = next,
                    Ok(None) => return Done { outcome, value: book.close(), kept },
                    Err(error) => return Done { outcome: Outcome::Unusable { error }, value: book.close(), kept },
                },
                Err(error) => {
                    let doubt = failure::Sent::Perhaps;
                    let outcome = lost(request.operation.impact, &error, doubt, self.context.call_timeout, &kept);
                    return Done { outcome, value: nothing(), kept };
                }
            }
        }
    }

    /// Sends one request, and again where that is safe.
    async fn send(&self, request: &Request, name: &str, arguments: &Arguments, place: &Place) -> (Outcome, Kept) {
        let service = request.operation.service;
        let impact = request.operation.impact;
        let has_token = request.operation.members.iter().any(|member| member.holds == Type::Token);
        let repeats = if impact == Impact::Observe || has_token { Repeats::Harmless } else { Repeats::Unknown };
        let mut sent = 0;
        loop {
            let left = place.deadline.saturating_duration_since(Instant::now());
            // A file takes as long as it takes; anything else is answered quickly or not at all.
            let limit = if arguments.has("--body") || arguments.has(OUTFILE) {
                left
            } else {
                left.min(self.context.call_timeout)
            };
            let manner = Manner::new(repeats, limit, self.context.reach);
            let call = match self.clients.send((request.operation, name, &place.region), arguments, &manner) {
                Ok(call) => call,
                Err(error) => {
                    return (Outcome::Unusable { error: format!("`aws {service} {name}`: {error}") }, Kept::default());
                }
            };
            let ended = timeout_at(Instant::now() + limit, call).await;
            let kept = manner.tap.kept();
            let status = kept.answer.as_ref().map(|answer| answer.status);
            let outcome = match ended {
                Ok(Ok(())) => Outcome::Answered { status },
                // The SDK could not read it, which is not to say that AWS did not act, or that we can't read it.
                // Of an object the head of the answer is not the whole.
                Ok(Err(Trouble::Lost { .. } | Trouble::Refused { .. }))
                    if failure::is_success(&kept) && !arguments.has(OUTFILE) =>
                {
                    Outcome::Answered { status }
                }
                Ok(Err(Trouble::Lost { why, sent })) => lost(impact, &why, sent, limit, &kept),
                Ok(Err(Trouble::Credentials(why))) => Outcome::Unusable { error: self.without_credentials(&why) },
                Ok(Err(trouble)) => in_doubt(failure::outcome(trouble, &kept), impact),
                Err(_) => lost(impact, "no answer in time", failure::Sent::Perhaps, limit, &kept),
            };
            if impact > Impact::Observe {
                self.remember(request, place);
            }
            sent += 1;
            let pause = Duration::from_millis(300) * 2_u32.pow(sent);
            let in_time = Instant::now() + pause < place.deadline;
            // What is harmless to repeat was sent again already.
            if repeats == Repeats::Harmless || !failure::is_throttle(&outcome) || sent > RESENDS || !in_time {
                return (outcome, kept);
            }
            sleep(pause).await;
        }
    }

    async fn wait(&self, request: &Request, waiter: &'static Waiter, place: &Place) -> Reply {
        let poll = self.context.poll;
        let mut watch = Watch::new(waiter, poll * 2);
        let began = Instant::now();
        let mut last = "nothing was seen".to_owned();
        loop {
            let done = self.operate(request, waiter.look, place).await;
            let look = match (&done.outcome, &done.value) {
                (Outcome::Answered { .. }, Closed::Whole(value) | Closed::Picked(value)) => Some(Look::Answer(value)),
                (Outcome::AwsRefused { code, .. }, _) => Some(Look::Refusal(code)),
                (outcome, _) if outcome.is_transient() => None,
                _ => return ended(request, &done.kept, place, done.outcome.clone(), ""),
            };
            let pause = match look.map(|look| watch.judge(look, began.elapsed(), self.changed(request, place))) {
                Some(Verdict::Done(remark)) => {
                    let remark = remark.map_or_else(String::new, |remark| format!("{remark}\n"));
                    // The refusal that a waiter waits for (it is gone) is what was wanted.
                    let status = done.kept.answer.as_ref().map(|answer| answer.status);
                    return ended(request, &done.kept, place, Outcome::Answered { status }, &remark);
                }
                Some(Verdict::Never(why)) => {
                    let said = format!("\nWaiter {} failed: {why}\n", request.operation.name);
                    let outcome = Outcome::AwsRefused { code: "WaiterFailed".to_owned(), message: why };
                    return ended(request, &done.kept, place, outcome, &said);
                }
                Some(Verdict::Refused) => return ended(request, &done.kept, place, done.outcome.clone(), ""),
                Some(Verdict::Confirm) => {
                    "it looks well, not yet confirmed".clone_into(&mut last);
                    poll / 6
                }
                Some(Verdict::Wait(now)) => {
                    last = now;
                    poll
                }
                None => {
                    // A look that was cut short by the end says less than the one before it.
                    if Instant::now() < place.deadline {
                        last = done.outcome.words();
                    }
                    poll
                }
            };
            let left = place.deadline.saturating_duration_since(Instant::now());
            if left <= pause {
                sleep(left).await;
                let after = place.timeout;
                let name = &request.operation.name;
                let said = format!("\nWaiter {name} failed: gave up after {}: {last}\n", say_duration(after));
                let outcome = Outcome::TimedOut { after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX) };
                return ended(request, &done.kept, place, outcome, &said);
            }
            sleep(pause).await;
        }
    }

    fn without_credentials(&self, why: &str) -> String {
        let profile = self.context.profile.as_ref();
        profile.map_or_else(|| why.to_owned(), |profile| format!("with the profile `{profile}`: {why}"))
    }

    fn remember(&self, request: &Request, place: &Place) {
        let resource = request.operation.resource();
        let renamed = |option: &&str| option.starts_with("--new-") && option.ends_with("-identifier");
        let named = request.operation.options().filter(|option| *option == resource || renamed(option));
        for id in named.filter_map(|option| request.arguments.word(option)) {
            let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
            changed.insert((place.region.clone(), id.to_lowercase()), (Instant::now(), request.operation.api));
        }
    }

    fn changed(&self, request: &Request, place: &Place) -> Option<Changed> {
        let id = request.arguments.word(request.operation.resource())?;
        let changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, by) = changed.get(&(place.region.clone(), id.to_lowercase()))?;
        Some(Changed { ago: at.elapsed(), by })
    }
}

fn nothing() -> Closed {
    Closed::Whole(Value::Null)
}

/// Says where and until when a call is made.
struct Place {
    region: String,
    deadline: Instant,
    timeout: Duration,
}

fn lost(impact: Impact, why: &str, sent: failure::Sent, limit: Duration, kept: &Kept) -> Outcome {
    let place = kept.host.as_deref().unwrap_or("AWS");
    let why =
        if why == "no answer in time" { format!("no answer within {}", say_duration(limit)) } else { why.to_owned() };
    let why = format!("{place}: {why}");
    let error = match (impact, sent) {
        (Impact::Observe, _) | (_, failure::Sent::No) => why,
        (Impact::Change | Impact::Disrupt | Impact::Irreversible, failure::Sent::Perhaps) => {
            format!("{why}; {AWS_MAY_HAVE_ACTED}")
        }
    };
    Outcome::Unreachable { error }
}

/// Adds the doubt to a failure that passes: an act that was answered with 500 may have been done.
fn in_doubt(outcome: Outcome, impact: Impact) -> Outcome {
    match outcome {
        Outcome::Throttled { code, message } if impact > Impact::Observe && !failure::is_throttled(&code) => {
            Outcome::Throttled { code, message: format!("{message}; {AWS_MAY_HAVE_ACTED}") }
        }
        other => other,
    }
}

fn unusable(error: String) -> Reply {
    let stderr = format!("\n{error}\n").into_bytes();
    Reply { outcome: Outcome::Unusable { error }, stdout: Vec::new(), stderr, aws: None }
}

fn ended(request: &Request, kept: &Kept, place: &Place, outcome: Outcome, said: &str) -> Reply {
    let stderr = if said.is_empty() { failure::said(&outcome, &named(request, kept)) } else { said.to_owned() };
    Reply { aws: receipt(request, kept, place), outcome, stdout: Vec::new(), stderr: stderr.into_bytes() }
}

/// Returns AWS's name of the operation.
fn named(request: &Request, kept: &Kept) -> String {
    if kept.operation.is_empty() { request.operation.name.clone() } else { kept.operation.clone() }
}

fn receipt(request: &Request, kept: &Kept, place: &Place) -> Option<AwsReceipt> {
    // Nothing was sent, nothing was said.
    if kept.operation.is_empty() {
        return None;
    }
    let answer = kept.answer.as_ref();
    let header = |name: &str| answer.and_then(|answer| answer.header(name)).map(str::to_owned);
    Some(AwsReceipt {
        operation: format!("{}:{}", request.operation.service.trim_end_matches("api"), kept.operation),
        region: kept.region.clone().unwrap_or_else(|| place.region.clone()),
        request_id: answer.and_then(answer::request_id),
        status: answer.map(|answer| answer.status),
        date: header("date"),
    })
}
