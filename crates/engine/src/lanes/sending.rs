//! `Sending`: the same bytes by the lanes of a choice, again and again, until it is dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tradewind_solana::lanes::{SendOutcome, SendReport};
use tradewind_solana::signed_transaction::SignedTransaction;

use super::{Choice, LaneName, Lanes};

/// Between two sendings by the same lane.
const AGAIN: Duration = Duration::from_millis(400);
/// After so many sendings that led to nothing the next lane is asked as well.
const PATIENCE: usize = 5;
/// A blockhash lives shorter than so many.
const MOST: usize = 1_000;
/// A lane that asks for more rest is asked again after this all the same.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// What a lane may have, by its own word for it; a bundle's id for the block engine.
type Carriers = Arc<Mutex<BTreeMap<LaneName, Option<String>>>>;

/// A transaction that is being sent. Dropping it ends the sending; what has left has left.
#[derive(Debug)]
pub struct Sending {
    lanes: Arc<Lanes>,
    only: Option<LaneName>,
    carriers: Carriers,
    task: JoinHandle<()>,
}

impl Sending {
    /// Begins at once. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(lanes: Arc<Lanes>, choice: Choice, transaction: SignedTransaction) -> Self {
        let carriers = Carriers::default();
        let only = match choice.lanes.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let work = repeat_all(
            Arc::clone(&lanes),
            choice,
            transaction,
            Arc::clone(&carriers),
        );
        Self {
            lanes,
            only,
            carriers,
            task: tokio::spawn(work),
        }
    }

    /// Which lane landed it, where that is known: the only one that may have had it, or the one that says so.
    pub async fn landed_by(&self) -> Option<LaneName> {
        if self.only.is_some() {
            return self.only;
        }
        let carriers = lock(&self.carriers).clone();
        if carriers.len() == 1 {
            return carriers.keys().next().copied();
        }
        let bundle = carriers.get(&LaneName::Jito)?.clone()?;
        let landed = self.lanes.has_landed_bundle(&bundle).await;
        landed.then_some(LaneName::Jito)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn repeat_all(
    lanes: Arc<Lanes>,
    choice: Choice,
    transaction: SignedTransaction,
    carriers: Carriers,
) {
    let repeat = async |order: &[LaneName]| repeat(&lanes, order, &transaction, &carriers).await;
    if choice.race {
        // Each by itself: one that is slow holds nobody up.
        let each = choice.lanes.chunks(1).map(repeat);
        join_all(each).await;
    } else {
        repeat(&choice.lanes).await;
    }
}

/// In order: a lane is asked when those before it have not taken the bytes, or have them for long and nothing came of it.
async fn repeat(
    lanes: &Lanes,
    order: &[LaneName],
    transaction: &SignedTransaction,
    carriers: &Carriers,
) {
    for round in 0..MOST {
        let mut pause = AGAIN;
        let reach = 1 + round / PATIENCE;
        let mut taken = false;
        for (place, lane) in order.iter().enumerate() {
            if taken && place >= reach {
                break;
            }
            let report = lanes.hand_over(*lane, transaction).await;
            taken |= note(*lane, &report, carriers);
            if let SendOutcome::RateLimited { retry_after_ms } = report.outcome {
                pause = pause
                    .max(Duration::from_millis(retry_after_ms))
                    .min(LONGEST_REST);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Whether the lane has the bytes for certain. What it may have is written down.
fn note(lane: LaneName, report: &SendReport, carriers: &Carriers) -> bool {
    match &report.outcome {
        SendOutcome::Accepted { reference } => {
            lock(carriers).insert(lane, Some(reference.clone()));
            true
        }
        // Another lane may have brought it there: it says nothing of this one.
        SendOutcome::AlreadyKnown { .. } => true,
        SendOutcome::Unknown { .. } => {
            lock(carriers).entry(lane).or_default();
            false
        }
        SendOutcome::Refused { .. }
        | SendOutcome::RateLimited { .. }
        | SendOutcome::Unreachable { .. } => false,
    }
}

fn lock(carriers: &Carriers) -> MutexGuard<'_, BTreeMap<LaneName, Option<String>>> {
    carriers.lock().unwrap_or_else(PoisonError::into_inner)
}
