//! The last stage: build, sign-gate, send; or only tell the plan, where somebody else executes or nobody does.
//!
//! - here: which trades are carried out; - `drafting`: from a trade to a plan that is told; - `signing`: from there to a
//!   flight; - `holding`: or to a hold, upon a prediction; - `preparing`: receipts drawn ahead; - `simulating`: a node's
//!   word before it is signed; - `telling`: the plan.

mod drafting;
mod holding;
mod preparing;
mod signing;
mod simulating;
mod telling;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alloy_primitives::U256;
use tokio::runtime::Handle;
use tradewind_core::pools::PoolMath as _;
use tradewind_solana::blockhash_cache::BlockhashCache;

use super::shared::{Counts, Shared};
use super::stages::is_too_old;
use super::timing::Stage;
use super::trade::{Opportunity, Purpose, Seen, Trade};
use super::way::check_hop;
use super::worth::UsdMint;
use crate::chain_reader::Heights;
use crate::following::Follower;
use crate::gate::{Gate, PreparedStep};
use crate::inventory::Inventory;
use crate::simulation::Simulator;
use crate::strategies::Sight;
use holding::Hold;

const PATIENCE: Duration = Duration::from_millis(50);

/// Whether a loan that is to be liquidated may still be: somebody else may have been first.
fn loan_stands(inventory: &Inventory, trade: &Trade) -> bool {
    match trade.purpose {
        Purpose::Liquidate(part) => {
            let loans = inventory.loans();
            loans.is_unhealthy(part.obligation, inventory.clock())
        }
        _ => true,
    }
}

/// What the engine signs and sends with.
#[derive(Debug)]
pub struct Sender {
    /// The sign-gate.
    pub gate: Gate,
    /// Who is signed for.
    pub wallet: String,
    /// A blockhash that is always at hand.
    pub blockhashes: BlockhashCache,
    /// Heights as they were told last.
    pub heights: Arc<Mutex<Arc<Heights>>>,
    /// Follows what was sent.
    pub follower: Arc<Follower>,
}

/// What the stage knows of its engine.
#[derive(Debug, Default)]
pub struct Desk {
    /// The word for the strategy in events.
    pub kind: &'static str,
    /// Who carries plans out: the word in events.
    pub carried_out_by: &'static str,
    /// Asked before anything is signed, where that is configured, and where asking runs.
    pub simulator: Option<(Simulator, Handle)>,
    /// Whether the simulation is all that there will be.
    pub paper: bool,
    /// Mints that count as a US dollar.
    pub dollars: Vec<UsdMint>,
}

/// The stage.
#[derive(Debug)]
pub struct Executor {
    shared: Arc<Shared>,
    desk: Desk,
    /// None where this engine signs nothing.
    sender: Option<(Sender, Handle)>,
    prepared: VecDeque<PreparedStep>,
    /// Begun, and without a receipt yet.
    unprepared: Option<String>,
    rests_until: Option<Instant>,
    /// Held by the gate upon predictions, the oldest first.
    holds: VecDeque<Hold>,
}

impl Executor {
    /// Of one engine. The sender comes with the runtime that following runs in.
    #[must_use]
    pub const fn new(shared: Arc<Shared>, desk: Desk, sender: Option<(Sender, Handle)>) -> Self {
        Self {
            shared,
            desk,
            sender,
            prepared: VecDeque::new(),
            unprepared: None,
            rests_until: None,
            holds: VecDeque::new(),
        }
    }

    /// The whole work of the stage's thread. What was held or prepared for nothing is ended at the end.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while !shared.trades.is_finished() {
            // What waits for no build and no commit goes first.
            if let Some(fate) = shared.shreds.awaited.pop() {
                self.meet(fate);
                continue;
            }
            self.end_overdue_holds();
            let patience = if self.may_prepare() {
                Duration::ZERO
            } else {
                PATIENCE
            };
            if let Some((opportunity, trade)) = shared.trades.pop(patience) {
                self.execute(&opportunity, &trade);
            } else {
                self.prepare_one();
            }
        }
        self.discard_all("stopping");
        self.close_prepared();
    }

    /// One trade.
    pub fn execute(&mut self, opportunity: &Opportunity, trade: &Trade) {
        if let Seen::Awaited(_) = opportunity.seen {
            return self.hold(opportunity, trade);
        }
        if self.release_alike(opportunity) || !self.is_timely(opportunity, trade) {
            return;
        }
        let waited = opportunity.told_at.elapsed();
        self.shared.timings.add(Stage::Planned, waited);
        if self.sender.is_none() {
            self.tell_only(opportunity, trade);
            return;
        }
        if self.is_free(trade)
            && let Some(step) = self.take_step()
        {
            self.send(step, opportunity, trade);
        }
    }

    /// Whether one more plan may be under way, and none is through its pools.
    fn is_free(&self, trade: &Trade) -> bool {
        let in_force = self.shared.in_force.now();
        let most = usize::try_from(in_force.limits.max_in_flight_count).unwrap_or(usize::MAX);
        let pools = trade.reserved();
        self.sender.as_ref().is_some_and(|(sender, _)| {
            sender.follower.in_flight().len() < most && !sender.follower.is_busy(&pools)
        })
    }

    /// A step with its receipt.
    fn take_step(&mut self) -> Option<PreparedStep> {
        if self.prepared.is_empty() {
            self.prepare_one();
        }
        self.prepared.pop_front()
    }

    /// Whether it is young, still stands, and new work is taken; counted where not.
    fn is_timely(&self, opportunity: &Opportunity, trade: &Trade) -> bool {
        let limit_ms = self.shared.in_force.now().limits.max_opportunity_age_ms;
        let is_timely = !self.shared.is_stopping()
            && !is_too_old(opportunity, limit_ms)
            && self.still_stands(opportunity.seen, trade);
        if !is_timely {
            Counts::one(&self.shared.counts.expired);
        }
        is_timely
    }

    /// Whether every pool (as it was seen: executed or predicted) would still give just what was planned, and nothing of
    /// it is forbidden meanwhile.
    fn still_stands(&self, seen: Seen, trade: &Trade) -> bool {
        let in_force = self.shared.in_force.now();
        let inventory = self.shared.inventory_seen(seen);
        let sight = Sight {
            inventory: &inventory,
            in_force: &in_force,
        };
        let stands = trade.hops.iter().all(|hop| {
            let same = || {
                let pool = inventory.graph().pool(hop.hop.pool).ok()?;
                let pair = pool.pair(hop.hop.mint_in, hop.hop.mint_out).ok()?;
                pool.output(pair, U256::from(hop.amount_in_raw))
            };
            check_hop(sight, &hop.hop).is_ok() && same() == Some(U256::from(hop.amount_out_raw))
        });
        let stands = stands && loan_stands(&inventory, trade);
        drop(inventory);
        stands && (seen == Seen::Executed || self.is_certain(trade))
    }

    /// Whether the chain's own pools are up to date: a copy hears of a gap a little later.
    fn is_certain(&self, trade: &Trade) -> bool {
        let inventory = self.shared.inventory();
        trade.hops.iter().all(|hop| {
            let id = inventory.graph().pool_id(hop.hop.pool);
            id.and_then(|id| inventory.standing(id))
                .is_some_and(|standing| !standing.stale)
        })
    }
}
