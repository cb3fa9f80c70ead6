//! One stream of quotes: each pair's newest quote, told when there is room for it, and only when it is another one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc::Sender;
use tonic::{Code, Status};
use tradewind_core::ChainAddress;

use super::messages::{Outcome, QuoteFault, QuoteReply, StreamedQuote};
use super::pricing::Question;
use super::refusal::Refusal;
use super::{PATIENCE, quoted};
use crate::pipeline::Shared;

/// Between two looks at the pools: what changes in it counts once.
const PAUSE: Duration = Duration::from_millis(5);

/// A stream and what it has told.
pub(super) struct QuoteStream {
    shared: Arc<Shared>,
    pairs: Vec<Pair>,
    changes: Receiver<ChainAddress>,
    /// The place after the pair that was quoted last: no pair waits for another one's changes.
    next: usize,
}

struct Pair {
    question: Question,
    told: Option<Outcome>,
    is_due: bool,
}

impl QuoteStream {
    pub(super) fn new(shared: Arc<Shared>, questions: Vec<Question>) -> Self {
        let changes = shared.pool_changes.listen();
        let pairs = questions.into_iter().map(|question| Pair {
            question,
            told: None,
            is_due: true,
        });
        Self {
            pairs: pairs.collect(),
            changes,
            shared,
            next: 0,
        }
    }

    /// Until the client goes or the engine stops.
    pub(super) async fn run(mut self, client: Sender<Result<StreamedQuote, Status>>) {
        while !self.shared.is_stopping() {
            if self.pairs.iter().all(|pair| !pair.is_due) {
                tokio::select! {
                    () = client.closed() => return,
                    () = self.changed() => {}
                }
                continue;
            }
            // Only when there is room, so that what is told is the newest.
            let Ok(Ok(room)) = tokio::time::timeout(PATIENCE, client.reserve()).await else {
                if client.is_closed() {
                    return;
                }
                continue;
            };
            self.take_changes();
            if let Some(quote) = self.quote_next() {
                room.send(Ok(quote));
            }
            // Others have their turn: the clients, and the pipeline at the pools.
            tokio::task::yield_now().await;
        }
        let message = "the engine stops; connect again when it runs";
        let stopping = Refusal::new(Code::Unavailable, "engine_stopping", message);
        let _gone = client.try_send(Err(stopping.status()));
    }

    /// Waits for a change, or for so long that the end of the engine is seen.
    async fn changed(&mut self) {
        match tokio::time::timeout(PATIENCE, self.changes.recv()).await {
            Ok(Ok(pool)) => {
                tokio::time::sleep(PAUSE).await;
                self.mark(&[pool]);
                self.take_changes();
            }
            Ok(Err(RecvError::Lagged(_))) => self.mark_all(),
            Ok(Err(RecvError::Closed)) | Err(_) => {}
        }
    }

    fn take_changes(&mut self) {
        let mut pools = Vec::new();
        loop {
            match self.changes.try_recv() {
                Ok(pool) => pools.push(pool),
                Err(TryRecvError::Lagged(_)) => self.mark_all(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if !pools.is_empty() {
            self.mark(&pools);
        }
    }

    fn mark(&mut self, pools: &[ChainAddress]) {
        let inventory = self.shared.inventory();
        for pair in self.pairs.iter_mut().filter(|pair| !pair.is_due) {
            let mut pools = pools.iter();
            pair.is_due = pools.any(|pool| pair.question.concerns(&inventory, *pool));
        }
    }

    fn mark_all(&mut self) {
        for pair in &mut self.pairs {
            pair.is_due = true;
        }
    }

    /// The next pair that is due, if its quote is another one than it was told.
    fn quote_next(&mut self) -> Option<StreamedQuote> {
        let places = (self.next..self.pairs.len()).chain(0..self.next);
        let place = places.into_iter().find(|place| self.pairs[*place].is_due)?;
        self.next = place + 1;
        let pair = &mut self.pairs[place];
        pair.is_due = false;
        let outcome = match quoted(&self.shared, &pair.question) {
            Ok(reply) => Outcome::Quote(reply),
            Err(refusal) => Outcome::Fault(QuoteFault {
                code: refusal.code.to_owned(),
                message: refusal.message,
            }),
        };
        let again = pair.told.as_ref().is_some_and(|told| same(told, &outcome));
        pair.told = Some(outcome.clone());
        (!again).then(|| StreamedQuote {
            pair: u32::try_from(place).unwrap_or_default(),
            outcome: Some(outcome),
        })
    }
}

/// Whether they differ in nothing but the slot.
fn same(one: &Outcome, other: &Outcome) -> bool {
    match (one, other) {
        (Outcome::Quote(one), Outcome::Quote(other)) => {
            let slot = other.slot;
            QuoteReply {
                slot,
                ..one.clone()
            } == *other
        }
        (Outcome::Fault(one), Outcome::Fault(other)) => one.code == other.code,
        _ => false,
    }
}
