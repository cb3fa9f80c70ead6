//! The last stage: build, sign-gate, send; or only tell the plan, where somebody else executes or nobody does.
//!
//! - here: from a trade to a flight; - `preparing`: receipts drawn ahead; - `simulating`: a node's word before it is
//!   signed; - `telling`: the plan.

mod preparing;
mod simulating;
mod telling;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::U256;
use serde_json::json;
use tokio::runtime::Handle;
use tradewind_core::pools::PoolMath as _;
use tradewind_solana::blockhash_cache::BlockhashCache;
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::assembly::{Assembled, assemble};
use super::shared::{Counts, Shared};
use super::stages::is_too_old;
use super::timing::Stage;
use super::trade::{Opportunity, Seen, Trade};
use super::way::check_hop;
use super::worth::UsdMint;
use crate::chain_reader::Heights;
use crate::events::Kept;
use crate::flight::{Flight, OpenWay};
use crate::following::Follower;
use crate::gate::{Gate, GateFault, PreparedStep, Signed, SigningOrder};
use crate::lanes::{Choice, Wish};
use crate::simulation::Simulator;
use crate::strategies::Sight;

const PATIENCE: Duration = Duration::from_millis(50);

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

/// A plan on its way to a signature.
struct Draft {
    flight: Flight,
    /// On its way to the disk.
    kept: Kept,
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
        }
    }

    /// The whole work of the stage's thread. Steps that were prepared for nothing are closed at the end.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while !shared.trades.is_finished() {
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
        self.close_prepared();
    }

    /// One trade.
    pub fn execute(&mut self, opportunity: &Opportunity, trade: &Trade) {
        let in_force = self.shared.in_force.now();
        if !self.is_timely(opportunity, trade) {
            return;
        }
        let waited = opportunity.told_at.elapsed();
        self.shared.timings.add(Stage::Planned, waited);
        if self.sender.is_none() {
            self.tell_only(opportunity, trade);
            return;
        }
        let most = usize::try_from(in_force.limits.max_in_flight_count).unwrap_or(usize::MAX);
        let pools: Vec<_> = trade.hops.iter().map(|hop| hop.hop.pool).collect();
        let free = self.sender.as_ref().is_some_and(|(sender, _)| {
            sender.follower.in_flight().len() < most && !sender.follower.is_busy(&pools)
        });
        if !free {
            return;
        }
        if self.prepared.is_empty() {
            self.prepare_one();
        }
        if let Some(step) = self.prepared.pop_front() {
            self.send(step, opportunity, trade);
        }
    }

    /// Whether it is young, still stands, and new work is taken; counted where not.
    fn is_timely(&self, opportunity: &Opportunity, trade: &Trade) -> bool {
        let limit_ms = self.shared.in_force.now().limits.max_opportunity_age_ms;
        let is_timely = !self.shared.is_stopping()
            && !is_too_old(opportunity, limit_ms)
            && self.still_stands(opportunity, trade);
        if !is_timely {
            Counts::one(&self.shared.counts.expired);
        }
        is_timely
    }

    /// Whether every pool (as it was seen: executed or predicted) would still give just what was planned, and nothing of
    /// it is forbidden meanwhile.
    fn still_stands(&self, opportunity: &Opportunity, trade: &Trade) -> bool {
        let in_force = self.shared.in_force.now();
        let inventory = self.shared.inventory_seen(opportunity.seen);
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
        drop(inventory);
        stands && (opportunity.seen == Seen::Executed || self.is_certain(trade))
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

    fn send(&mut self, step: PreparedStep, opportunity: &Opportunity, trade: &Trade) {
        let began = Instant::now();
        let shared = Arc::clone(&self.shared);
        let Some((unsigned, last_valid_block_height)) = self.build(&step, trade) else {
            self.prepared.push_front(step);
            return;
        };
        shared.timings.add(Stage::Build, began.elapsed());
        if let Some(Err(fault)) = self.ask_node(trade, &unsigned) {
            self.not_simulated(&step.plan_id, Some(fault));
            self.prepared.push_front(step);
            return;
        }
        let Some(choice) = self.chosen(&step, trade) else {
            self.prepared.push_front(step);
            return;
        };
        // A gate or a node that was asked may have taken its time.
        if !self.is_timely(opportunity, trade) || !self.has_begun(&step, trade, &unsigned) {
            self.prepared.push_front(step);
            return;
        }
        let simulated = self.desk.simulator.is_some();
        let chosen = Instant::now();
        let event = self.plan(&step.plan_id, opportunity, trade, Some(&choice), simulated);
        let kept = shared.events.tell_kept(event);
        let open_way = trade
            .coin()
            .map(|_| OpenWay::of(trade, &unsigned.own_accounts));
        let flight = Flight {
            open_way,
            choice,
            ..self.flight(&step.plan_id, opportunity, trade)
        };
        // What is in the file outlives this process; the disk has it by the time that the gate has recorded its part.
        if !kept.is_written() {
            self.unkept(&step.plan_id);
            self.end_position(&step.plan_id);
            self.prepared.push_front(step);
            return;
        }
        shared.timings.add(Stage::Written, chosen.elapsed());
        let Some((sender, _)) = self.sender.as_mut() else {
            return;
        };
        sender.follower.reserve(&step.plan_id, flight.pools.clone());
        let mints = trade.gate_mints().map(|mint| mint.to_string());
        let heights = sender.heights.lock();
        let heights = Arc::clone(&heights.unwrap_or_else(PoisonError::into_inner));
        let asked = Instant::now();
        let signed = sender.gate.sign(&SigningOrder {
            plan_id: &step.plan_id,
            strategy_id: trade.strategy_id.as_deref(),
            wallet: &sender.wallet,
            unsigned: &unsigned.wire,
            lookup_tables: &unsigned.lookup_tables,
            last_valid_block_height,
            mint_in: &mints[0],
            mint_out: &mints[1],
            amount_in_raw: trade.amount_in_raw,
            amount_out_raw: trade.amount_out_raw,
            heights: &heights,
        });
        shared.timings.add(Stage::Gate, asked.elapsed());
        let draft = Draft { flight, kept };
        match signed {
            Ok(signed) => self.take_off(draft, signed, opportunity),
            Err(fault) => self.not_signed(draft, &fault),
        }
        self.say_planned(&step.plan_id, opportunity, trade);
    }

    /// The transaction, and the height after which it can never land.
    fn build(&self, step: &PreparedStep, trade: &Trade) -> Option<(Assembled, u64)> {
        let (sender, _) = self.sender.as_ref()?;
        let log = &self.shared.log;
        let blockhash = sender.blockhashes.current().inspect_err(|fault| {
            log.warning(
                "not_sent",
                &fault.to_string(),
                json!({"code": fault.code()}),
            );
        });
        let blockhash = blockhash.ok()?;
        let inventory = self.shared.inventory();
        let assembled = assemble(trade, &inventory, &step.seed, &blockhash.blockhash);
        let assembled = assembled.inspect_err(|fault| {
            let fields = json!({"plan_id": step.plan_id});
            log.warning("not_built", &fault.to_string(), fields);
        });
        Some((assembled.ok()?, blockhash.last_valid_block_height))
    }

    /// A purchase or a sale is on disk before it is signed; a circle has no position.
    fn has_begun(&self, step: &PreparedStep, trade: &Trade, unsigned: &Assembled) -> bool {
        let mut positions = self.shared.positions();
        let begun = positions.begin(&step.plan_id, trade, &unsigned.own_accounts);
        let told = begun.inspect_err(|fault| {
            let fields = json!({"plan_id": step.plan_id});
            self.shared
                .log
                .info("not_begun", &fault.to_string(), fields);
        });
        told.is_ok()
    }

    fn end_position(&self, plan_id: &str) {
        if let Some((sender, _)) = &self.sender {
            sender.follower.end_position(plan_id, None);
        }
    }

    /// Which lanes carry it; None, and told, where none may.
    fn chosen(&self, step: &PreparedStep, trade: &Trade) -> Option<Choice> {
        let (sender, _) = self.sender.as_ref()?;
        // What a purchase gains is not known.
        let in_lamports = trade.base == WRAPPED_SOL.into() && trade.coin().is_none();
        let wish = Wish {
            tip_lamports: trade.tip_lamports,
            gain_lamports: u64::try_from(trade.expected_raw())
                .ok()
                .filter(|_| in_lamports),
        };
        let chosen = sender.follower.lanes().choose(&wish).inspect_err(|why| {
            let fields = json!({"plan_id": step.plan_id, "code": why.code()});
            self.shared
                .log
                .warning("not_sent", &why.to_string(), fields);
        });
        chosen.ok()
    }

    fn take_off(&mut self, draft: Draft, signed: Signed, opportunity: &Opportunity) {
        let Some((sender, runtime)) = self.sender.as_ref() else {
            return;
        };
        let flight = Flight {
            sent_at_ms: self.shared.clock.now_ms(),
            ..draft.flight.signed(signed)
        };
        let began = Instant::now();
        if !draft.kept.is_on_disk() {
            // It is with the gate: it is followed, and not sent; a start in time sends it, from a disk that takes something.
            self.unkept(&flight.plan_id);
            let _guard = runtime.enter();
            sender.follower.take_off(Flight {
                choice: Choice::default(),
                ..flight
            });
            return;
        }
        self.shared.timings.add(Stage::Keeping, began.elapsed());
        let fields = json!({
            "plan_id": flight.plan_id, "signature": flight.signature, "opportunity_id": opportunity.id,
            "lane": flight.choice.method(),
        });
        let guard = runtime.enter();
        sender.follower.take_off(flight);
        drop(guard);
        self.shared
            .timings
            .add(Stage::Whole, opportunity.told_at.elapsed());
        Counts::one(&self.shared.counts.sent);
        self.shared
            .log
            .info("sent", "a signed transaction was handed over", fields);
    }

    /// Nothing was signed, unless the answer was lost: then the gate is asked until it tells, and the pools are this
    /// plan's until then.
    fn not_signed(&mut self, draft: Draft, fault: &GateFault) {
        let Some((sender, runtime)) = self.sender.as_mut() else {
            return;
        };
        let plan_id = &draft.flight.plan_id;
        let fields = json!({"plan_id": plan_id, "code": "not_signed"});
        self.shared
            .log
            .warning("not_signed", &fault.to_string(), fields);
        let _told_all_the_same = draft.kept.is_on_disk();
        let guard = runtime.enter();
        match fault {
            GateFault::Refused { rule, message } if sender.gate.close(plan_id) == Ok(true) => {
                let _asked_again = sender.follower.steps().end(plan_id);
                sender.follower.never_signed(&draft.flight, rule, message);
            }
            _ => {
                sender.follower.resolve(draft.flight);
            }
        }
        drop(guard);
    }
}
