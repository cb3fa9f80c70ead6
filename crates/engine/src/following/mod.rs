//! `Follower`: what becomes of a flight: the same bytes again until the chain has decided, then its result, and the gate.
//!
//! - here: from the first sending to the result; - `ending`: what it is for ever, and corrections; - `settling`: the end
//!   told to the gate; - `resolving`: its lost answers, and attempts that are given up.

mod ending;
mod resolving;
mod settling;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;
use tradewind_core::ChainAddress;
use tradewind_solana::confirmation::{Awaited, Confirmation, ConfirmationWatch, Level};
use tradewind_solana::signed_transaction::{PACKET_BYTES, SignedTransaction};

use self::ending::{End, Ends};
use crate::chain_reader::ChainReader;
use crate::events::{Kept, ResultTold, Status, result_event};
use crate::flight::{Flight, Moved};
use crate::gate::{Gate, GateFault};
use crate::lanes::{LaneName, Lanes, Sending};
use crate::pipeline::{Changed, Counts, Shared};
use crate::steps::Steps;

/// One look at a signature, which is repeated until the chain has decided.
const LOOK_MS: u64 = 10_000;
/// How often a transaction that landed is asked for, and the pause between.
const BALANCE_LOOKS: u32 = 20;
const BALANCE_PAUSE: Duration = Duration::from_millis(100);
/// How long the gate may take.
const GATE_TIMEOUT: Duration = Duration::from_secs(10);
/// Before a gate that gave no answer is asked again: the first time, and at most.
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(2);

/// How a flight begins, for who reads the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// Its bytes were never sent before.
    First,
    /// The same, and the gate had held them back.
    Released,
    /// They may have been sent, or must not be any more.
    Again,
}

/// Follows flights. Shared by reference.
#[derive(Debug)]
pub struct Follower {
    shared: Arc<Shared>,
    lanes: Arc<Lanes>,
    watch: ConfirmationWatch,
    reader: ChainReader,
    socket: PathBuf,
    steps: Mutex<Steps>,
    flying: Mutex<HashMap<String, Vec<ChainAddress>>>,
    ends: Ends,
    /// Steps whose result is on its way to the disk.
    closing: AtomicUsize,
}

impl Follower {
    /// Of one engine.
    #[must_use]
    pub fn new(
        shared: Arc<Shared>,
        lanes: Arc<Lanes>,
        watch: ConfirmationWatch,
        reader: ChainReader,
        socket: PathBuf,
        steps: Steps,
    ) -> Self {
        Self {
            shared,
            lanes,
            watch,
            reader,
            socket,
            steps: Mutex::new(steps),
            flying: Mutex::default(),
            ends: Ends::default(),
            closing: AtomicUsize::new(0),
        }
    }

    /// The steps of this instance.
    pub fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is to send by.
    #[must_use]
    pub fn lanes(&self) -> &Arc<Lanes> {
        &self.lanes
    }

    /// Plans under way.
    #[must_use]
    pub fn in_flight(&self) -> Vec<String> {
        self.flying().keys().cloned().collect()
    }

    /// Whether the book on a step is being closed.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire) > 0
    }

    /// Whether something under way trades through one of these pools.
    #[must_use]
    pub fn is_busy(&self, pools: &[ChainAddress]) -> bool {
        self.flying()
            .values()
            .flatten()
            .any(|pool| pools.contains(pool))
    }

    /// Counts a plan as under way before it is signed.
    pub fn reserve(&self, plan_id: &str, pools: Vec<ChainAddress>) {
        self.flying().insert(plan_id.to_owned(), pools);
    }

    /// A plan that was reserved is not under way: nothing was signed for it.
    pub fn release(&self, plan_id: &str) {
        self.flying().remove(plan_id);
    }

    /// Sends a flight and follows it to its end. Must be called within a tokio runtime.
    pub fn take_off(self: &Arc<Self>, flight: Flight, departure: Departure) -> JoinHandle<()> {
        self.reserve(&flight.plan_id, flight.pools.clone());
        let follower = Arc::clone(self);
        tokio::spawn(async move { follower.follow(flight, departure).await })
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Gate) -> Result<T, GateFault> + Send + 'static,
    ) -> Result<T, GateFault> {
        let socket = self.socket.clone();
        let asked =
            tokio::task::spawn_blocking(move || question(&mut Gate::new(socket, GATE_TIMEOUT)));
        let ended = |error: tokio::task::JoinError| GateFault::Lost(error.to_string());
        asked.await.map_err(ended)?
    }

    async fn follow(&self, flight: Flight, departure: Departure) {
        let sending = self.send(&flight);
        self.say_departed(&flight, departure);
        let decided = self.decided(&flight, Level::Confirmed).await;
        let Some(decided) = decided else {
            // Cannot be asked for at all; the step stays open, and the next start asks the gate again.
            self.release(&flight.plan_id);
            return;
        };
        let method = match (&decided, &sending) {
            (Confirmation::Landed(_) | Confirmation::Reverted { .. }, Some(sending)) => {
                let lane = sending.landed_by().await;
                lane.map_or("auto", LaneName::method)
            }
            _ => flight.choice.method(),
        };
        drop(sending);
        let end = self.tell(&flight, decided, method).await;
        let is_kept = self.end_position(&flight.plan_id, end.landed());
        self.release(&flight.plan_id);
        if !is_kept {
            // The step stays open: the next start follows it again.
            return;
        }
        self.look_again(&flight.pools);
        let Some(end) = self.for_ever(&flight, end, method).await else {
            return;
        };
        self.settle(&flight, end).await;
    }

    /// Writes down what became of a purchase or a sale; whether that is on disk.
    pub fn end_position(&self, plan_id: &str, landed: Option<(u64, Moved)>) -> bool {
        let ended = self.shared.position_book().end(plan_id, landed);
        if let Err(error) = &ended {
            let message = format!("positions: cannot be written: {error}; make room on its disk");
            let fields = json!({"plan_id": plan_id, "code": "positions_unwritable"});
            self.shared
                .log
                .error("positions_unwritable", &message, fields);
        }
        ended.is_ok()
    }

    /// What was found through these pools meanwhile was left alone: it is looked for again.
    fn look_again(&self, pools: &[ChainAddress]) {
        let inventory = self.shared.inventory();
        let now = Instant::now();
        for pool in pools {
            let id = inventory.graph().pool_id(*pool);
            if let Some(standing) = id.and_then(|id| inventory.standing(id)) {
                let changed = Changed {
                    pool: *pool,
                    moment: standing.moment,
                    told_at: now,
                    applied_at: now,
                };
                self.shared.changes.push(*pool, changed);
            }
        }
    }

    /// Said once the bytes are on their way, and before anything can be said of what became of them.
    fn say_departed(&self, flight: &Flight, departure: Departure) {
        let fields = || {
            json!({
                "plan_id": flight.plan_id, "signature": flight.signature, "opportunity_id": flight.opportunity_id,
                "lane": flight.choice.method(),
            })
        };
        let log = &self.shared.log;
        match departure {
            Departure::Again => return,
            Departure::First => {}
            Departure::Released => {
                Counts::one(&self.shared.counts.released);
                let message = "a prediction came true: the gate has let go of what it held";
                log.info("released", message, fields());
            }
        }
        Counts::one(&self.shared.counts.sent);
        let message = "a signed transaction was handed over";
        log.info("sent", message, fields());
    }

    fn send(&self, flight: &Flight) -> Option<Sending> {
        if flight.choice.lanes.is_empty() {
            // What an earlier run may have sent is followed; there is no lane that it may go by now.
            let why = "no lane may carry it; it is followed all the same";
            self.fault(flight, "no_lane", why);
            return None;
        }
        let start = |transaction| {
            Sending::start(Arc::clone(&self.lanes), flight.choice.clone(), transaction)
        };
        SignedTransaction::parse(&flight.wire, PACKET_BYTES)
            .map(start)
            .inspect_err(|fault| self.fault(flight, "sending_impossible", &fault.to_string()))
            .ok()
    }

    /// Looks until the chain has decided. Says once that nothing is proven yet.
    async fn decided(&self, flight: &Flight, commitment: Level) -> Option<Confirmation> {
        let awaited = Awaited {
            signature: flight.signature.clone(),
            last_valid_block_height: flight.last_valid_block_height,
            commitment,
        };
        let mut told = commitment == Level::Finalized;
        loop {
            match self.watch.wait(&awaited, LOOK_MS).await {
                Ok(Confirmation::Pending { .. }) if !told => {
                    told = true;
                    let words = "nothing is proven yet; the same bytes are sent on";
                    let (error, method) = (Some(("not_proven", words)), flight.choice.method());
                    // Nothing follows from it: it need not be on the disk.
                    drop(self.result(flight, Status::Timeout, error, method, None, None));
                }
                Ok(Confirmation::Pending { .. }) => {}
                Ok(decided) => return Some(decided),
                Err(fault) => {
                    self.fault(flight, fault.code(), &fault.to_string());
                    return None;
                }
            }
        }
    }

    /// Tells the result. Where it landed, and what it moved cannot be read, and the chain decides otherwise for ever
    /// meanwhile, that counts.
    async fn tell(&self, flight: &Flight, decided: Confirmation, method: &str) -> End {
        let mut decided = decided;
        let (moved, kept) = loop {
            match &decided {
                Confirmation::Landed(inclusion) => match self.moved_by(flight).await {
                    Ok(moved) => {
                        let slot = Some(inclusion.slot);
                        let status = Status::Success;
                        let kept = self.result(flight, status, None, method, slot, Some(moved));
                        break (Some(moved), kept);
                    }
                    Err(otherwise) => decided = otherwise,
                },
                Confirmation::Reverted { inclusion, fault } => {
                    let moved = self.told_moved(flight).await;
                    let moved =
                        moved.unwrap_or_else(|| Moved::assumed_failed(inclusion.fee_lamports));
                    let words = format!("{fault:?}");
                    let (slot, moved) = (Some(inclusion.slot), Some(moved));
                    let error = Some(("reverted", words.as_str()));
                    let kept = self.result(flight, Status::Failed, error, method, slot, moved);
                    break (moved, kept);
                }
                Confirmation::Expired { .. } | Confirmation::Pending { .. } => {
                    let words = "its blockhash expired, and a quorum does not know it";
                    let error = Some(("expired", words));
                    let kept = self.result(flight, Status::Failed, error, method, None, None);
                    break (None, kept);
                }
            }
        };
        End {
            decided,
            moved,
            kept,
        }
    }

    /// What it moved, asked for until a node tells: it landed, and nothing else says what came of it. Or that it did not.
    async fn moved_by(&self, flight: &Flight) -> Result<Moved, Confirmation> {
        let mut is_told = false;
        loop {
            if let Some(moved) = self.told_moved(flight).await {
                return Ok(moved);
            }
            if let Some(otherwise) = self.decided_otherwise(flight).await {
                return Err(otherwise);
            }
            if !std::mem::replace(&mut is_told, true) {
                let why = "it landed, and no endpoint tells what it moved; they are asked on";
                self.fault(flight, "balances_untold", why);
            }
            tokio::time::sleep(LONGEST_REST).await;
        }
    }

    /// The same, asked for a while.
    async fn told_moved(&self, flight: &Flight) -> Option<Moved> {
        for _ in 0..BALANCE_LOOKS {
            let told = self.reader.transaction(&flight.signature).await.ok();
            if let Some(moved) = told.and_then(|told| Moved::read(&told, flight)) {
                return Some(moved);
            }
            tokio::time::sleep(BALANCE_PAUSE).await;
        }
        None
    }

    fn result(
        &self,
        flight: &Flight,
        status: Status,
        error: Option<(&str, &str)>,
        method: &str,
        slot: Option<u64>,
        moved: Option<Moved>,
    ) -> Kept {
        let shared = &self.shared;
        let event = result_event(&ResultTold {
            flight,
            status,
            error,
            slot,
            moved,
            method,
            executor_name: &shared.instance,
            at_ns: shared.clock.now_ns(),
        });
        let body = &event["body"];
        let message = format!("plan {}: {}", flight.plan_id, body["status"]);
        let fields = json!({
            "plan_id": flight.plan_id, "status": body["status"], "signature": body["signature"],
            "actual_profit_raw": body["actualProfit"], "net_profit_raw": body["netProfit"],
            "code": body["errorCode"], "lane": method,
        });
        match status {
            Status::Success => shared.log.info("executed", &message, fields),
            Status::Failed | Status::Timeout | Status::Simulated => {
                shared.log.warning("executed", &message, fields);
            }
        }
        let is_final = status != Status::Timeout;
        let event = if is_final {
            self.ends.first_or_corrected(event)
        } else {
            event
        };
        shared.events.tell_lasting(event)
    }

    fn fault(&self, flight: &Flight, code: &str, why: &str) {
        let message = format!("plan {}: {why}", flight.plan_id);
        let fields = json!({"plan_id": flight.plan_id, "code": code});
        self.shared
            .log
            .warning("flight_unfinished", &message, fields);
    }

    fn flying(&self) -> MutexGuard<'_, HashMap<String, Vec<ChainAddress>>> {
        self.flying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
