//! The running SHA-512 of a log on a thread of its own: it takes longer than all else that verifying does for a line.

use std::mem;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{Builder, JoinHandle};

use crate::journal::{Digest512, Here, Running};

/// Bytes are handed over in batches of so many. A log that is shorter is not worth a thread.
const BATCH: usize = 64 * 1024;

/// So many batches may wait. More would be memory, fewer would have the two wait for each other.
const WAITING: usize = 16;

/// Hashes beside whoever calls, once there is enough to hash; a question is answered as soon as all before it is hashed.
#[derive(Default)]
pub(super) struct Beside {
    batch: Batch,
    hashing: Hashing,
}

/// Is a stretch of a log.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// What is to be done, and before which of the bytes.
    steps: Vec<(usize, Step)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Begin,
    Keep(usize),
}

enum Hashing {
    Here(Here),
    There(There),
}

impl Default for Hashing {
    fn default() -> Self {
        Self::Here(Here::default())
    }
}

enum Order {
    Hash(Batch),
    Kept(usize),
    Digest,
}

/// Is the thread. It ends with its orders.
struct There {
    /// Bounded: whoever reads faster than this hashes waits.
    orders: Option<SyncSender<Order>>,
    /// What was hashed, to be filled again. Unbounded, since no more batches are made than can wait.
    spent: Receiver<Batch>,
    /// One for each question, and nobody asks before the last one is answered.
    answers: Receiver<Option<Digest512>>,
    thread: Option<JoinHandle<()>>,
}

impl Batch {
    fn hash(&mut self, here: &mut Here) {
        let mut from = 0;
        for (to, step) in self.steps.drain(..) {
            here.update(self.bytes.get(from..to).unwrap_or_default());
            match step {
                Step::Begin => here.begin(),
                Step::Keep(number) => here.keep(number),
            }
            from = to;
        }
        here.update(self.bytes.get(from..).unwrap_or_default());
        self.bytes.clear();
    }
}

impl There {
    /// Goes on where another one stands; gives it back where no thread can be had.
    fn new(from: &Here) -> Option<Self> {
        let mut here = from.clone();
        let (orders, inbox) = mpsc::sync_channel(WAITING);
        let (done, spent) = mpsc::channel();
        let (answer, answers) = mpsc::sync_channel(1);
        let work = move || {
            for order in inbox {
                let heard = match order {
                    Order::Hash(mut batch) => {
                        batch.hash(&mut here);
                        done.send(batch).is_ok()
                    }
                    Order::Kept(number) => answer.send(here.kept(number)).is_ok(),
                    Order::Digest => answer.send(Some(here.digest())).is_ok(),
                };
                if !heard {
                    return;
                }
            }
        };
        let thread = Builder::new().name("sha512".to_owned()).spawn(work).ok()?;
        Some(Self { orders: Some(orders), spent, answers, thread: Some(thread) })
    }

    fn order(&mut self, order: Order) {
        if self.orders.as_ref().is_none_or(|orders| orders.send(order).is_err()) {
            self.failed();
        }
    }

    fn ask(&mut self, question: Order) -> Option<Digest512> {
        self.order(question);
        self.answers.recv().unwrap_or_else(|_| self.failed())
    }

    /// Fails as the thread did: it ends before its orders do only by a panic. A digest made up here would be a verdict.
    fn failed(&mut self) -> ! {
        let why = self.thread.take().and_then(|thread| thread.join().err());
        resume_unwind(why.unwrap_or_else(|| Box::new("the thread that hashes has ended")))
    }
}

impl Drop for There {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // Whoever drops this wants no answer any more.
            drop(thread.join());
        }
    }
}

impl Beside {
    /// Hands over what was gathered.
    fn settle(&mut self) {
        match &mut self.hashing {
            Hashing::Here(here) => self.batch.hash(here),
            Hashing::There(there) => {
                let next = there.spent.try_recv().unwrap_or_default();
                there.order(Order::Hash(mem::replace(&mut self.batch, next)));
            }
        }
    }

    fn step(&mut self, step: Step) {
        let at = self.batch.bytes.len();
        match self.batch.steps.last_mut() {
            // Nobody can ask for what the later one takes the place of.
            Some((place, last)) if *last == step && step != Step::Begin => *place = at,
            _ => self.batch.steps.push((at, step)),
        }
    }
}

impl Running for Beside {
    fn begin(&mut self) {
        self.step(Step::Begin);
    }

    fn update(&mut self, bytes: &[u8]) {
        self.batch.bytes.extend_from_slice(bytes);
        if self.batch.bytes.len() < BATCH {
            return;
        }
        if let Hashing::Here(here) = &self.hashing
            && let Some(there) = There::new(here)
        {
            self.hashing = Hashing::There(there);
        }
        self.settle();
    }

    fn keep(&mut self, number: usize) {
        self.step(Step::Keep(number));
    }

    fn kept(&mut self, number: usize) -> Option<Digest512> {
        self.settle();
        match &mut self.hashing {
            Hashing::Here(here) => here.kept(number),
            Hashing::There(there) => there.ask(Order::Kept(number)),
        }
    }

    fn digest(&mut self) -> Digest512 {
        self.settle();
        match &mut self.hashing {
            Hashing::Here(here) => here.digest(),
            Hashing::There(there) => match there.ask(Order::Digest) {
                Some(digest) => digest,
                None => there.failed(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Call {
        Begin,
        Update(usize),
        Keep,
        KeepNext,
        Ask,
    }

    fn calls() -> impl Strategy<Value = Vec<Call>> {
        let call = prop_oneof![
            1 => Just(Call::Begin),
            6 => (0..3 * BATCH).prop_map(Call::Update),
            6 => (0..500_usize).prop_map(Call::Update),
            4 => Just(Call::Keep),
            1 => Just(Call::KeepNext),
            1 => Just(Call::Ask),
        ];
        proptest::collection::vec(call, 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn beside_says_what_is_said_here(calls in calls()) {
            let (mut beside, mut here) = (Beside::default(), Here::default());
            let mut number = 0;
            let mut kept = false;
            for (n, call) in calls.iter().enumerate() {
                match call {
                    Call::Begin => (beside.begin(), here.begin()),
                    Call::Update(length) => {
                        let bytes = vec![n as u8; *length];
                        (beside.update(&bytes), here.update(&bytes))
                    }
                    Call::Keep | Call::KeepNext => {
                        number += usize::from(kept && matches!(call, Call::KeepNext));
                        kept = true;
                        (beside.keep(number), here.keep(number))
                    }
                    Call::Ask => {
                        prop_assert_eq!(beside.digest(), here.digest());
                        prop_assert_eq!(beside.kept(number), here.kept(number));
                        continue;
                    }
                };
            }
            for number in 0..=number + 1 {
                prop_assert_eq!(beside.kept(number), here.kept(number));
            }
            prop_assert_eq!(beside.digest(), here.digest());
        }
    }

    #[test]
    fn what_waits_is_bounded_and_used_again() {
        let (mut beside, bytes) = (Beside::default(), vec![7; BATCH]);
        let mut made = 0;
        for _ in 0..20 * WAITING {
            // A batch with no room was made anew.
            made += usize::from(beside.batch.bytes.capacity() == 0);
            beside.update(&bytes);
        }
        // One is filled, one is hashed, the rest wait.
        assert!((1..=WAITING + 3).contains(&made), "{made} batches");
    }
}
