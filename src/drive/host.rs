//! The engine's shell: inbox, decide, log, evolve, publish, react, in this order and never another.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::approvals::Approvers;
use super::hub::Hub;
use super::perform::Performer;
use crate::clock::Clock;
use crate::engine::{Effect, Ended, Event, Fact, Input, Intent, Outcome, Report, Run, decide, evolve, react};
use crate::exec::supervisor::Force;
use crate::store::{AppendError, LogWriter, Operator, SignError};

/// Is what the engine tells whoever listens.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Facts were recorded: all of one decision.
    Facts(Vec<Arc<Fact>>),
    /// A wish was refused, in a sentence.
    Refused(String),
    /// The log can't be written: nothing more is started.
    LogLost(String),
}

/// Says how a hosted run came to its end.
#[derive(Debug)]
pub struct Finale {
    /// The last state.
    pub run: Run,
    /// How the log was closed, in a sentence.
    pub log: Closing,
}

/// Says how the log was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Sealed; who by, in words.
    Sealed(String),
    /// Not sealed; why.
    Open(String),
    /// It could not be written.
    Lost(String),
}

/// Says where a host begins.
#[derive(Debug)]
pub enum Beginning {
    /// At the start of the run.
    New {
        /// The log's first fact, on the disk already.
        open: Fact,
        /// The input whose first event it is.
        opening: Box<Input>,
    },
    /// Where an engine that is gone left it.
    Again {
        /// The log's last fact, on the disk already; the run is folded up to it.
        resumed: Fact,
    },
}

/// Hosts one run.
#[derive(Debug)]
pub struct Host {
    run: Run,
    log: LogWriter,
    operator: Result<Operator, SignError>,
    approvers: Approvers,
    screens: Option<Hub>,
    performer: Performer,
    clock: Clock,
    // Unbounded, both ways: people and workers send little, and none of it may be dropped.
    inbox: mpsc::UnboundedReceiver<Input>,
    to_self: mpsc::UnboundedSender<Input>,
    listeners: Vec<mpsc::UnboundedSender<Heard>>,
}

impl Host {
    /// Makes a host for a run that has no fact yet, or is folded from those that it has.
    pub fn new(
        run: Run,
        (log, operator, approvers, screens): (LogWriter, Result<Operator, SignError>, Approvers, Option<Hub>),
        performer: Performer,
        clock: Clock,
        (to_self, inbox): (mpsc::UnboundedSender<Input>, mpsc::UnboundedReceiver<Input>),
        listeners: Vec<mpsc::UnboundedSender<Heard>>,
    ) -> Self {
        Self { run, log, operator, approvers, screens, performer, clock, inbox, to_self, listeners }
    }

    /// Works until the run ended and its log is closed. A run that is taken up again first finds out how what ran has
    /// ended.
    pub async fn work(mut self, beginning: Beginning) -> Finale {
        let begun = match beginning {
            Beginning::New { open, opening } => self.open(open, &opening).await,
            Beginning::Again { resumed } => match self.record(&resumed) {
                Ok(effects) => self.settle(vec![Arc::new(resumed)], Vec::new(), effects).await,
                Err(why) => Err(why),
            },
        };
        match begun {
            Ok(Next::Seal) => self.close().await,
            Ok(Next::GoOn | Next::Unfit(_)) => self.go_on().await,
            Err(why) => self.halt(why).await,
        }
    }

    async fn open(&mut self, open: Fact, opening: &Input) -> Result<Next, String> {
        match decide(&self.run, opening, self.clock.now()) {
            Ok(mut events) => {
                events.retain(|event| !matches!(event, Event::Open(_)));
                let effects = self.record(&open)?;
                self.settle(vec![Arc::new(open)], events, effects).await
            }
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    async fn go_on(mut self) -> Finale {
        loop {
            // The host holds a sender itself, so the inbox never closes.
            let Some(input) = self.inbox.recv().await else { continue };
            let Some(input) = self.verified(input).await else { continue };
            match self.take(&input).await {
                Ok(Next::GoOn) => {}
                Ok(Next::Seal) => return self.close().await,
                Ok(Next::Unfit(why)) => self.pass_over(input, &why),
                Err(why) => return self.halt(why).await,
            }
        }
    }

    /// Verifies what is handed in as an approval; anything else passes as it is.
    async fn verified(&mut self, input: Input) -> Option<Input> {
        let Input::Operator { by, intent: Intent::HandIn { prompt, answer } } = input else { return Some(input) };
        let operator = self.operator.as_ref().ok();
        let now = self.clock.now().utc;
        match self.approvers.judge(&self.run, operator, (prompt, &answer), &by, now).await {
            Ok(signed) => Some(Input::Approval { by, signed }),
            Err(why) => {
                self.tell(&Heard::Refused(why));
                None
            }
        }
    }

    /// Nothing of a decision was recorded, so nothing of it happened. An attempt has ended all the same: its end is
    /// told again without what did not fit, or it would count as running for ever.
    fn pass_over(&mut self, input: Input, why: &str) {
        match input {
            Input::Report(Report::Finished { attempt, result })
                if !matches!(result.outcome, Outcome::Unusable { .. }) =>
            {
                let error = format!("what it gave can't be recorded: {why}");
                let outcome = Outcome::Unusable { error };
                let bare = Ended { outcome, stdout: String::new(), poll_failure: None, aws: None, ..*result };
                // The host holds the other end.
                drop(self.to_self.send(Input::Report(Report::Finished { attempt, result: Box::new(bare) })));
            }
            _ => self.tell(&Heard::Refused(format!("it can't be recorded, so it was not done: {why}"))),
        }
    }

    async fn take(&mut self, input: &Input) -> Result<Next, String> {
        let events = match decide(&self.run, input, self.clock.now()) {
            Ok(events) => events,
            Err(refusal) => {
                match input {
                    Input::Report(_) | Input::Clock(_) => tracing::info!(%refusal, "a late report was passed over"),
                    Input::Open { .. } | Input::Operator { .. } | Input::Approval { .. } | Input::Host(_) => {
                        self.tell(&Heard::Refused(refusal.to_string()));
                    }
                }
                return Ok(Next::GoOn);
            }
        };
        if events.is_empty() {
            return Ok(Next::GoOn);
        }
        self.settle(Vec::new(), events, Vec::new()).await
    }

    /// Records `events` durably, publishes them behind the `facts` that are recorded already, does what all ask for.
    async fn settle(
        &mut self,
        mut facts: Vec<Arc<Fact>>,
        events: Vec<Event>,
        mut effects: Vec<Effect>,
    ) -> Result<Next, String> {
        let appended = match if events.is_empty() { Ok(Vec::new()) } else { self.log.append(events).await } {
            Ok(appended) => appended,
            // Nothing of the batch was recorded and the log goes on: what was wished for did not happen.
            Err(AppendError::Unfit(why)) if facts.is_empty() => return Ok(Next::Unfit(why.to_string())),
            Err(error) => return Err(error.to_string()),
        };
        for fact in appended {
            effects.extend(self.record(&fact)?);
            facts.push(Arc::new(fact));
        }
        self.tell(&Heard::Facts(facts));
        let mut next = Next::GoOn;
        for effect in effects {
            if matches!(self.act(effect), Next::Seal) {
                next = Next::Seal;
            }
        }
        Ok(next)
    }

    /// Folds a durable fact and says what it asks for.
    fn record(&mut self, fact: &Fact) -> Result<Vec<Effect>, String> {
        // decide never emits what evolve rejects (a law, tested); if it happens, stop rather than act on it.
        evolve(&mut self.run, fact).map_err(|illegal| format!("the engine contradicted itself: {illegal}"))?;
        Ok(react(&self.run, fact))
    }

    fn act(&self, effect: Effect) -> Next {
        match effect {
            Effect::Start(job) => self.performer.start(*job),
            Effect::Watch(job) => self.performer.watch(*job),
            Effect::Settle(doubt) => self.performer.settle(*doubt),
            Effect::Unwatch(attempt) => self.performer.enough(&attempt),
            Effect::Interrupt { attempt, force } => {
                self.performer.interrupt(&attempt, if force { Force::AtOnce } else { Force::Gentle });
            }
            Effect::Wake { timer, after } => {
                let inbox = self.to_self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    // A host that ended has no use for its timers.
                    drop(inbox.send(Input::Clock(timer)));
                });
            }
            Effect::Seal => return Next::Seal,
        }
        Next::GoOn
    }

    /// Seals the log: with the key of the screen that holds control, else with the one that was reached at the start.
    async fn close(self) -> Finale {
        let mut open = None;
        if let Some(operator) = self.screens.as_ref().and_then(Hub::operator) {
            match sealed(&self.log, operator).await {
                Ok(by) => return Finale { run: self.run, log: Closing::Sealed(by) },
                Err(why) => open = Some(why),
            }
        }
        let log = match self.operator {
            Ok(operator) => sealed(&self.log, operator).await,
            Err(why) => Err(open.unwrap_or_else(|| format!("UNSIGNED: {why}"))),
        };
        let hint = "; `lifeboat resume` seals it where a key is at hand";
        Finale { run: self.run, log: log.map_or_else(|why| Closing::Open(why + hint), Closing::Sealed) }
    }

    /// The log can't be written: nothing more may act, and everybody is told.
    async fn halt(mut self, why: String) -> Finale {
        tracing::error!(why, "the log can't be written");
        self.tell(&Heard::LogLost(why.clone()));
        self.inbox.close();
        while self.inbox.recv().await.is_some() {}
        Finale { run: self.run, log: Closing::Lost(why) }
    }

    fn tell(&mut self, heard: &Heard) {
        self.listeners.retain(|listener| listener.send(heard.clone()).is_ok());
    }
}

async fn sealed(log: &LogWriter, operator: Operator) -> Result<String, String> {
    let by = format!("{} ({})", operator.principal(), operator.fingerprint());
    log.seal(operator).await.map(|_| by).map_err(|error| error.to_string())
}

enum Next {
    GoOn,
    Seal,
    /// Nothing was recorded: it can't be a line of the log, for this reason.
    Unfit(String),
}
