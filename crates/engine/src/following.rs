//! `Follower`: what becomes of a flight: the same bytes again until the chain has decided, then its result, and the gate.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tradewind_core::ChainAddress;
use tradewind_solana::confirmation::{Awaited, Confirmation, ConfirmationWatch, Inclusion, Level};
use tradewind_solana::lanes::rebroadcast::{Rebroadcast, RebroadcastPlan};
use tradewind_solana::lanes::rpc::RpcLane;
use tradewind_solana::signed_transaction::{PACKET_BYTES, SignedTransaction};

use crate::chain_reader::ChainReader;
use crate::events::{ResultTold, Status, result_event};
use crate::flight::{Flight, Moved};
use crate::gate::Gate;
use crate::pipeline::{Changed, Shared};
use crate::steps::Steps;

/// One look at a signature, which is repeated until the chain has decided.
const LOOK_MS: u64 = 10_000;
/// Between two sendings of the same bytes.
const SEND_EVERY_MS: u64 = 400;
/// Sendings of the same bytes: a blockhash lives shorter than so many.
const MOST_SENDINGS: u32 = 1_000;
/// How often a transaction that landed is asked for, and the pause between.
const BALANCE_LOOKS: u32 = 20;
const BALANCE_PAUSE: Duration = Duration::from_millis(100);
/// How long the gate may take.
const GATE_TIMEOUT: Duration = Duration::from_secs(10);

/// Follows flights. Shared by reference.
#[derive(Debug)]
pub struct Follower {
    shared: Arc<Shared>,
    lane: RpcLane,
    watch: ConfirmationWatch,
    reader: ChainReader,
    socket: PathBuf,
    endpoints: Vec<String>,
    steps: Mutex<Steps>,
    flying: Mutex<HashMap<String, Vec<ChainAddress>>>,
}

impl Follower {
    /// Of one engine.
    #[must_use]
    pub fn new(
        shared: Arc<Shared>,
        lane: RpcLane,
        watch: ConfirmationWatch,
        reader: ChainReader,
        (socket, endpoints): (PathBuf, Vec<String>),
        steps: Steps,
    ) -> Self {
        Self {
            shared,
            lane,
            watch,
            reader,
            socket,
            endpoints,
            steps: Mutex::new(steps),
            flying: Mutex::default(),
        }
    }

    /// The steps of this instance.
    pub fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The endpoints that evidence is from.
    #[must_use]
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// Plans under way.
    #[must_use]
    pub fn in_flight(&self) -> Vec<String> {
        self.flying().keys().cloned().collect()
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
    pub fn take_off(self: &Arc<Self>, flight: Flight) -> JoinHandle<()> {
        self.reserve(&flight.plan_id, flight.pools.clone());
        let follower = Arc::clone(self);
        tokio::spawn(async move { follower.follow(flight).await })
    }

    async fn follow(&self, flight: Flight) {
        let sending = self.send(&flight);
        let decided = self.decided(&flight, Level::Confirmed).await;
        if let Some(sending) = sending {
            sending.stop();
        }
        let Some(decided) = decided else {
            // Cannot be asked for at all; the step stays open, and the next start asks the gate again.
            self.release(&flight.plan_id);
            return;
        };
        let moved = self.tell(&flight, &decided).await;
        match (&decided, moved) {
            (
                Confirmation::Landed(it) | Confirmation::Reverted { inclusion: it, .. },
                Some(moved),
            ) => {
                self.end_position(&flight.plan_id, Some((it.slot, moved)));
            }
            (Confirmation::Expired { .. }, _) => self.end_position(&flight.plan_id, None),
            // What it moved is not known: the step stays open, and the next start follows it again.
            _ if flight.open_way.is_some() => {
                self.release(&flight.plan_id);
                return;
            }
            _ => {}
        }
        self.release(&flight.plan_id);
        self.look_again(&flight.pools);
        self.settle(&flight, &decided, moved).await;
    }

    /// Writes down what became of a purchase or a sale.
    pub fn end_position(&self, plan_id: &str, landed: Option<(u64, Moved)>) {
        let ended = self.shared.positions().end(plan_id, landed);
        if let Err(error) = ended {
            let message = format!("positions: cannot be written: {error}; make room on its disk");
            let fields = json!({"plan_id": plan_id, "code": "positions_unwritable"});
            self.shared
                .log
                .error("positions_unwritable", &message, fields);
        }
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

    fn send(&self, flight: &Flight) -> Option<Rebroadcast> {
        let transaction = SignedTransaction::parse(&flight.wire, PACKET_BYTES);
        let plan = RebroadcastPlan {
            last_valid_block_height: flight.last_valid_block_height,
            every_ms: SEND_EVERY_MS,
            most: MOST_SENDINGS,
        };
        let begun = transaction.and_then(|it| Rebroadcast::start(self.lane.clone(), it, plan));
        begun
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
                    self.result(flight, Status::Timeout, Some(("not_proven", words)), None);
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

    /// Tells the result; gives what it moved.
    async fn tell(&self, flight: &Flight, decided: &Confirmation) -> Option<Moved> {
        match decided {
            Confirmation::Landed(inclusion) => {
                let moved = self.moved(flight).await;
                match moved {
                    Some(moved) => {
                        self.result(flight, Status::Success, None, Some((inclusion.slot, moved)));
                    }
                    None => self.fault(
                        flight,
                        "balances_untold",
                        "it landed, and no endpoint tells what it moved",
                    ),
                }
                moved
            }
            Confirmation::Reverted { inclusion, fault } => {
                let moved = self.moved(flight).await;
                let moved = moved.unwrap_or_else(|| Moved::assumed_failed(inclusion.fee_lamports));
                let words = format!("{fault:?}");
                let landed = Some((inclusion.slot, moved));
                self.result(flight, Status::Failed, Some(("reverted", &words)), landed);
                Some(moved)
            }
            Confirmation::Expired { .. } | Confirmation::Pending { .. } => {
                let words = "its blockhash expired, and a quorum does not know it";
                self.result(flight, Status::Failed, Some(("expired", words)), None);
                None
            }
        }
    }

    async fn moved(&self, flight: &Flight) -> Option<Moved> {
        for _ in 0..BALANCE_LOOKS {
            let told = self.reader.transaction(&flight.signature).await.ok();
            if let Some(moved) = told.and_then(|told| Moved::read(&told, flight)) {
                return Some(moved);
            }
            tokio::time::sleep(BALANCE_PAUSE).await;
        }
        None
    }

    /// Tells the gate how the step ended, once that is final, and closes the book on it.
    async fn settle(&self, flight: &Flight, decided: &Confirmation, moved: Option<Moved>) {
        let mut settlement = json!({
            "op": "settle_solana", "intent_id": flight.plan_id, "step": 0, "signatures": [],
            "endpoints": self.endpoints,
        });
        let (outcome, inclusion) = match decided {
            Confirmation::Landed(inclusion) => ("succeeded", Some(*inclusion)),
            Confirmation::Reverted { inclusion, .. } => ("reverted", Some(*inclusion)),
            Confirmation::Expired { .. } | Confirmation::Pending { .. } => ("expired", None),
        };
        settlement["outcome"] = outcome.into();
        if let Some(inclusion) = inclusion {
            landed(&mut settlement, flight, inclusion, moved);
        } else {
            settlement["signature"] = Value::Null;
            settlement["slot"] = Value::Null;
            settlement["spent"] = json!({});
            settlement["signatures"] = json!([{"signature": flight.signature, "status": "absent"}]);
        }
        if inclusion.is_some() && self.decided(flight, Level::Finalized).await.is_none() {
            return;
        }
        let (slot, heights) = tokio::join!(self.reader.slot("finalized"), self.reader.heights());
        if let (Ok(slot), Ok(heights)) = (slot, heights) {
            settlement["finalized"] = json!({"slot": slot, "block_height": heights.finalized});
        }
        let socket = self.socket.clone();
        let asked = tokio::task::spawn_blocking(move || {
            Gate::new(socket, GATE_TIMEOUT).settle(&settlement)
        });
        match asked.await {
            Ok(Ok(())) => {
                let _kept_open = self.steps().end(&flight.plan_id);
            }
            Ok(Err(fault)) => self.fault(flight, "not_settled", &fault.to_string()),
            Err(_) => {}
        }
    }

    fn result(
        &self,
        flight: &Flight,
        status: Status,
        error: Option<(&str, &str)>,
        landed: Option<(u64, Moved)>,
    ) {
        let shared = &self.shared;
        let event = result_event(&ResultTold {
            flight,
            status,
            error,
            landed,
            executor_name: &shared.instance,
            at_ns: shared.clock.now_ns(),
        });
        let body = &event["body"];
        let message = format!("plan {}: {}", flight.plan_id, body["status"]);
        let fields = json!({
            "plan_id": flight.plan_id, "status": body["status"], "signature": flight.signature,
            "actual_profit_raw": body["actualProfit"], "net_profit_raw": body["netProfit"],
            "code": body["errorCode"],
        });
        match status {
            Status::Success => shared.log.info("executed", &message, fields),
            Status::Failed | Status::Timeout => shared.log.warning("executed", &message, fields),
        }
        shared.events.tell(event);
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

fn landed(settlement: &mut Value, flight: &Flight, inclusion: Inclusion, moved: Option<Moved>) {
    settlement["signature"] = flight.signature.clone().into();
    settlement["slot"] = inclusion.slot.into();
    // What is not named stays reserved.
    let mut spent = json!({});
    if let Some(moved) = moved {
        let mut lamports = moved.spent_lamports();
        if let Some(way) = &flight.open_way {
            let paid_raw = u64::try_from(moved.gained_raw.saturating_neg()).unwrap_or_default();
            if way.sells {
                let given_raw = u64::try_from(moved.kept_raw.saturating_neg()).unwrap_or_default();
                spent[&way.coin] = given_raw.to_string().into();
            } else if way.moves_native_sol {
                lamports = lamports.saturating_add(paid_raw);
            } else {
                spent[&flight.base] = paid_raw.to_string().into();
            }
        }
        spent["11111111111111111111111111111111"] = lamports.to_string().into();
    }
    settlement["spent"] = spent;
}
