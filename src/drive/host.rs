//! The engine's shell: inbox, decide, log, evolve, publish, react, in this order and never another.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::approvals::Approvers;
use super::delegation::{Asking, Delegation};
use super::hub::Hub;
use super::perform::Performer;
use super::slow::{SLOW, telling};
use crate::clock::{Clock, pass};
use crate::engine::{
    Attended, Effect, Ended, Event, Fact, Input, Intent, Mode, Outcome, Report, Run, UNRECORDED_PHRASE, decide, evolve,
    react,
};
use crate::exec::aws::wants_credentials;
use crate::exec::supervisor::Force;
use crate::kernel::AttemptId;
use crate::store::{AppendError, LogNews, LogWriter, Operator, SignError};

/// What the operator can do while nothing can be recorded.
pub const WAYS_OUT: &str = "Free some space there, or type U to go on unrecorded, or S to end the run here.";

/// Is what the engine tells whoever listens.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Facts were recorded: all of one decision.
    Facts(Vec<Arc<Fact>>),
    /// A wish was refused, in a sentence.
    Refused(String),
    /// The log moved to another file, or can be written nowhere for now.
    Log(LogNews),
    /// The log can't be written, and the run ends here: nothing more is started.
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
    /// Asks for the signature that vouches for the log, where screens are asked for it.
    asking: Option<Asking>,
    performer: Performer,
    clock: Clock,
    // Unbounded, both ways: people and workers send little, and none of it may be dropped.
    inbox: mpsc::UnboundedReceiver<Input>,
    to_self: mpsc::UnboundedSender<Input>,
    listeners: Vec<mpsc::UnboundedSender<Heard>>,
    // Unbounded: a few in a run, if any.
    news: mpsc::UnboundedReceiver<LogNews>,
    record: Record,
    /// What came while nothing could be recorded, in order.
    held: VecDeque<Input>,
}

/// Says whether what happens is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Record {
    Durable,
    /// It is kept in memory, as the operator chose.
    InMemory,
    /// It is not, and so nothing happens; why.
    Halted {
        why: String,
        leaves: Leaves,
    },
}

/// Says whether the run ends here once nothing runs any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    Yes,
    No,
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
        let (tell, news) = mpsc::unbounded_channel();
        // A host that ended hears nothing.
        log.listen(move |heard| drop(tell.send(heard)));
        let (record, held) = (Record::Durable, VecDeque::new());
        let asking = None;
        Self {
            run,
            log,
            operator,
            approvers,
            screens,
            asking,
            performer,
            clock,
            inbox,
            to_self,
            listeners,
            news,
            record,
            held,
        }
    }

    /// Asks screens for the signature that vouches for the log: over this statement.
    #[must_use]
    pub fn asks_for(mut self, statement: String) -> Self {
        if let Some(screens) = self.screens.clone() {
            let (log, inbox) = (self.log.clone(), self.to_self.clone());
            self.asking = Some(Delegation { statement, screens, log, inbox }.ask(self.operator.clone()));
        }
        self
    }

    /// Works until the run ended and its log is closed. A run that is taken up again first finds out how what ran has
    /// ended.
    pub async fn work(mut self, beginning: Beginning) -> Finale {
        let begun = match beginning {
            Beginning::New { open, opening } => self.open(open, *opening).await,
            Beginning::Again { resumed } => match self.record(&resumed) {
                Ok(effects) => self.settle(vec![Arc::new(resumed)], Vec::new(), effects).await,
                Err(why) => Err(why),
            },
        };
        match begun {
            Ok(Next::Seal) => self.close().await,
            Ok(Next::GoOn | Next::Unfit(_)) => Box::pin(self.go_on()).await,
            Ok(Next::Halted(why)) | Err(why) => self.halt(why).await,
        }
    }

    async fn open(&mut self, open: Fact, mut opening: Input) -> Result<Next, String> {
        self.performer.vault().clean(&self.run, &mut opening)?;
        match decide(&self.run, &opening, self.clock.now()) {
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
            // The host holds a sender itself, so the inbox never closes; nor does the news while there is a log.
            let next = tokio::select! {
                biased;
                Some(news) = self.news.recv() => self.hear(news).await,
                Some(input) = self.inbox.recv() => self.take_or_hold(input).await,
            };
            match next {
                Ok(Next::GoOn | Next::Unfit(_)) => {}
                Ok(Next::Seal) => return self.close().await,
                Ok(Next::Halted(why)) | Err(why) => return self.halt(why).await,
            }
        }
    }

    /// Asks the screen in control for AWS credentials where those of the run are over.
    fn look_for_credentials(&self, input: &Input) {
        let Input::Report(Report::Finished { result, .. }) = input else { return };
        if let Some(screens) = self.screens.as_ref().filter(|_| wants_credentials(&result.outcome)) {
            screens.wants_keys();
        }
    }

    /// Verifies what is handed in as an approval; anything else passes as it is.
    async fn verified(&mut self, input: Input) -> Option<Input> {
        let Input::Operator { by, intent: Intent::HandIn { prompt, answer } } = input else { return Some(input) };
        let own = self.operator.as_ref().ok().cloned();
        let operators = own.into_iter().chain(self.screens.as_ref().and_then(Hub::operator)).collect();
        let now = self.clock.now().utc;
        match self.approvers.judge(&self.run, operators, (prompt, &answer), &by, now).await {
            Ok(signed) => Some(Input::Approval { by, signed }),
            Err(why) => {
                self.tell(&Heard::Refused(why));
                None
            }
        }
    }

    /// Takes an input; while nothing can be recorded only what leads out of that, and the rest is held.
    async fn take_or_hold(&mut self, mut input: Input) -> Result<Next, String> {
        // What comes in from here on, and so every fact, holds no secret.
        if let Err(why) = self.performer.vault().clean(&self.run, &mut input) {
            self.tell(&Heard::Refused(why));
            return Ok(Next::GoOn);
        }
        if matches!(&input, Input::Operator { intent: Intent::SetInput { .. }, .. }) {
            self.performer.keep_secret();
        }
        self.look_for_credentials(&input);
        let Record::Halted { why, leaves } = &mut self.record else {
            return match self.verified(input).await {
                Some(input) => self.work_on(input).await,
                None => Ok(Next::GoOn),
            };
        };
        match &input {
            Input::Operator { intent: Intent::GoOnUnrecorded { typed }, .. } if typed.trim() == UNRECORDED_PHRASE => {
                self.log.keep_in_memory();
                self.record = Record::InMemory;
                self.held.push_front(input);
                return self.work_off().await;
            }
            Input::Operator { intent: Intent::Stop { .. }, .. } => {
                *leaves = Leaves::Yes;
                let words =
                    "the run ends here when what runs has ended; its log stays open, and `lifeboat resume` goes on";
                self.tell(&Heard::Refused(words.to_owned()));
            }
            Input::Operator { .. } | Input::Facilitator { .. } => {
                let words = format!("nothing can be recorded ({why}), so nothing is done. {WAYS_OUT}");
                self.tell(&Heard::Refused(words));
            }
            Input::Open { .. } | Input::Approval { .. } | Input::Report(_) | Input::Clock(_) | Input::Host(_) => {
                self.held.push_back(input);
            }
        }
        Ok(self.leaves_now())
    }

    async fn work_on(&mut self, input: Input) -> Result<Next, String> {
        match self.take(&input).await? {
            Next::Unfit(why) => {
                self.pass_over(input, &why);
                Ok(Next::GoOn)
            }
            Next::Halted(why) => {
                let unattended =
                    self.run.opened.as_ref().is_some_and(|opened| opened.began.attended == Attended::Nobody);
                let leaves = if unattended { Leaves::Yes } else { Leaves::No };
                self.record = Record::Halted { why, leaves };
                self.held.push_front(input);
                Ok(self.leaves_now())
            }
            next => Ok(next),
        }
    }

    /// Takes what was held, in order.
    async fn work_off(&mut self) -> Result<Next, String> {
        while !matches!(self.record, Record::Halted { .. })
            && let Some(input) = self.held.pop_front()
        {
            match self.work_on(input).await? {
                Next::GoOn | Next::Unfit(_) => {}
                next => return Ok(next),
            }
        }
        Ok(Next::GoOn)
    }

    async fn hear(&mut self, news: LogNews) -> Result<Next, String> {
        self.tell(&Heard::Log(news.clone()));
        match news {
            LogNews::GoesOn(_) => {
                self.record = Record::Durable;
                // What the log has to say of itself, if nobody fetched it yet.
                match self.log.append(Vec::new()).await {
                    Ok(own) if own.is_empty() => {}
                    Ok(own) => self.publish(own)?,
                    Err(AppendError::Final { .. }) => return Ok(Next::GoOn),
                    Err(error) => return Err(error.to_string()),
                }
                self.work_off().await
            }
            LogNews::Halted(_) | LogNews::InMemory | LogNews::Delegated(_) => Ok(Next::GoOn),
        }
    }

    /// Ends the run here, where that is wanted and nothing runs any more: no step is ended for the log's sake.
    fn leaves_now(&self) -> Next {
        let Record::Halted { why, leaves: Leaves::Yes } = &self.record else { return Next::GoOn };
        let ended = |attempt: &AttemptId| {
            self.held
                .iter()
                .any(|held| matches!(held, Input::Report(Report::Finished { attempt: ended, .. }) if ended == attempt))
        };
        let runs = self.run.running.iter().any(|attempt| !self.run.is_watch(attempt) && !ended(attempt));
        if runs { Next::GoOn } else { Next::Halted(why.clone()) }
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
                    Input::Open { .. }
                    | Input::Operator { .. }
                    | Input::Facilitator { .. }
                    | Input::Approval { .. }
                    | Input::Host(_) => {
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
        let appended = if events.is_empty() {
            Ok(Vec::new())
        } else if self.screens.is_some() {
            let log = self.log.clone();
            telling(log.append(events), SLOW, |words| self.tell(&Heard::Refused(words))).await
        } else {
            // Nobody looks: nothing here must go on while the disk is waited for.
            self.log.append_here(events)
        };
        let appended = match appended {
            Ok(appended) => appended,
            // Nothing of the batch was recorded and the log goes on: what was wished for did not happen.
            Err(AppendError::Unfit(why)) if facts.is_empty() => return Ok(Next::Unfit(why.to_string())),
            Err(AppendError::Final { why, .. }) if facts.is_empty() => return Ok(Next::Halted(why)),
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

    /// Folds and tells what the log said of itself; nothing is done about that.
    fn publish(&mut self, facts: Vec<Fact>) -> Result<(), String> {
        for fact in &facts {
            self.record(fact)?;
        }
        self.tell(&Heard::Facts(facts.into_iter().map(Arc::new).collect()));
        Ok(())
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
            Effect::Look(doubt) => self.performer.look_at(*doubt),
            Effect::Unwatch(attempt) => self.performer.enough(&attempt),
            Effect::Interrupt { attempt, force } => {
                self.performer.interrupt(&attempt, if force { Force::AtOnce } else { Force::Gentle });
            }
            Effect::Wake { timer, after } => {
                let inbox = self.to_self.clone();
                tokio::spawn(async move {
                    pass(after).await;
                    // A host that ended has no use for its timers.
                    drop(inbox.send(Input::Clock(timer)));
                });
            }
            Effect::Seal => return Next::Seal,
        }
        Next::GoOn
    }

    /// Seals the log: with the key of the screen that holds control, else with the one that was reached at the start.
    async fn close(mut self) -> Finale {
        if self.record == Record::InMemory
            && let Err(why) = self.wait_for_a_place().await
        {
            return Finale { run: self.run, log: Closing::Lost(why) };
        }
        drop(self.asking.take());
        if let (Some(screens), true) = (&self.screens, self.run.opened.as_ref().is_some_and(|o| o.mode == Mode::Real)) {
            screens.told().await;
        }
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

    /// The run is over, and the end of its record is in memory only: it is not thrown away unless somebody says so.
    async fn wait_for_a_place(&mut self) -> Result<(), String> {
        // What the log said until now leads to this.
        while let Ok(news) = self.news.try_recv() {
            let there = matches!(news, LogNews::GoesOn(_));
            self.hear(news).await?;
            if there {
                return Ok(());
            }
        }
        let words =
            "The run is over, and the end of its log is in memory only. Free some space; q leaves, the engine waits.";
        self.tell(&Heard::Refused(words.to_owned()));
        loop {
            tokio::select! {
                Some(news) = self.news.recv() => {
                    let there = matches!(news, LogNews::GoesOn(_));
                    self.hear(news).await?;
                    if there {
                        return Ok(());
                    }
                }
                Some(input) = self.inbox.recv() => {
                    if let Input::Operator { by, intent: Intent::Stop { .. } } = input {
                        return Err(format!("{by} gave up what was in memory only"));
                    }
                }
            }
        }
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
    /// Nothing was recorded: the log can be written nowhere, for this reason.
    Halted(String),
}
