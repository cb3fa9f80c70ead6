//! The last stage: build, sign-gate, send; or only tell the plan, where somebody else executes or nobody does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::U256;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tradewind_core::pools::PoolMath as _;
use tradewind_solana::blockhash_cache::BlockhashCache;
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::assembly::{Assembled, assemble};
use super::shared::{Counts, Shared};
use super::stages::is_too_old;
use super::timing::Stage;
use super::trade::{Opportunity, Trade};
use super::way::check_hop;
use super::worth::{UsdMint, worth_usd};
use crate::chain_reader::Heights;
use crate::events::{Kept, PlanTold, ResultTold, Status, plan_event, result_event};
use crate::flight::{Flight, Moved, OpenWay};
use crate::following::Follower;
use crate::gate::{Gate, GateFault, PreparedStep, Signed, SigningOrder};
use crate::identifier;
use crate::lanes::{Choice, Wish};
use crate::simulation::{NotSimulated, Simulated, Simulator};
use crate::strategies::Sight;

/// In the place of a receipt's seed and of a blockhash, where only the effect is asked for.
const ANY_SEED: &str = "00000000000000000000000000000000";
const ANY_BLOCKHASH: &str = "11111111111111111111111111111111";
const PATIENCE: Duration = Duration::from_millis(50);
/// Steps whose receipts are drawn ahead, so that a trade waits for one commit of the gate and not for two.
const PREPARED: usize = 4;
/// After a refusal, before the gate is asked for receipts again.
const REST: Duration = Duration::from_secs(1);

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
        if is_too_old(opportunity, in_force.limits.max_opportunity_age_ms)
            || !self.still_stands(opportunity, trade)
        {
            Counts::one(&self.shared.counts.expired);
            return;
        }
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

    /// Whether every pool (as it was seen: executed or predicted) would still give just what was planned, and nothing of it is forbidden meanwhile.
    fn still_stands(&self, opportunity: &Opportunity, trade: &Trade) -> bool {
        let in_force = self.shared.in_force.now();
        let inventory = self.shared.inventory_seen(opportunity.seen);
        let sight = Sight {
            inventory: &inventory,
            in_force: &in_force,
        };
        trade.hops.iter().all(|hop| {
            let same = || {
                let pool = inventory.graph().pool(hop.hop.pool).ok()?;
                let pair = pool.pair(hop.hop.mint_in, hop.hop.mint_out).ok()?;
                pool.output(pair, U256::from(hop.amount_in_raw))
            };
            check_hop(sight, &hop.hop).is_ok() && same() == Some(U256::from(hop.amount_out_raw))
        })
    }

    /// Nobody signs here: the plan is told, for the record or for whoever executes it, on disk before the line says so.
    fn tell_only(&self, opportunity: &Opportunity, trade: &Trade) {
        let plan_id = identifier::derived(&format!("plan/{}", opportunity.id));
        let simulated = self.simulated(trade);
        let failed = simulated.as_ref().is_some_and(Result::is_err);
        if failed && !self.desk.paper {
            return self.not_simulated(&plan_id, simulated.and_then(Result::err));
        }
        let went_well = simulated.as_ref().is_some_and(Result::is_ok);
        let event = self.plan(&plan_id, opportunity, trade, None, went_well);
        let kept = self.shared.events.tell_kept(event);
        if !kept.is_written() || !kept.is_on_disk() {
            return self.unkept(&plan_id);
        }
        self.say_planned(&plan_id, opportunity, trade);
        if let Some(simulated) = simulated.filter(|_| self.desk.paper) {
            let flight = self.flight(&plan_id, opportunity, trade);
            self.tell_simulated(&flight, trade, &simulated);
        }
    }

    /// What a node says that the transaction would do; None where nobody is asked.
    fn simulated(&self, trade: &Trade) -> Option<Result<Simulated, NotSimulated>> {
        self.desk.simulator.as_ref()?;
        let assembled = {
            let inventory = self.shared.inventory();
            // Neither decides what it does: the node puts in a blockhash of its own, and any receipt is as good.
            assemble(trade, &inventory, ANY_SEED, ANY_BLOCKHASH)
        };
        Some(match assembled {
            Ok(assembled) => self.ask_node(trade, &assembled)?,
            Err(fault) => Err(NotSimulated::Untold(fault.to_string())),
        })
    }

    fn ask_node(
        &self,
        trade: &Trade,
        assembled: &Assembled,
    ) -> Option<Result<Simulated, NotSimulated>> {
        let (simulator, runtime) = self.desk.simulator.as_ref()?;
        let inventory = self.shared.inventory();
        let watched = inventory.token_account(trade.wallet, trade.base);
        drop(inventory);
        let watched = watched.unwrap_or(trade.wallet);
        let asked = Instant::now();
        let told = runtime.block_on(simulator.simulate(&assembled.wire, watched));
        self.shared.timings.add(Stage::Simulation, asked.elapsed());
        Some(told)
    }

    fn not_simulated(&self, plan_id: &str, fault: Option<NotSimulated>) {
        let Some(fault) = fault else {
            return;
        };
        Counts::one(&self.shared.counts.not_simulated);
        let fields = json!({"plan_id": plan_id, "code": fault.code()});
        self.shared
            .log
            .warning("simulation_failed", &fault.to_string(), fields);
    }

    /// What the transaction would have done is the plan's end: nothing is signed.
    fn tell_simulated(
        &self,
        flight: &Flight,
        trade: &Trade,
        simulated: &Result<Simulated, NotSimulated>,
    ) {
        let (moved, words) = match simulated {
            Ok(told) => (self.would_move(trade, told), None),
            Err(fault) => (None, Some((fault.code(), fault.to_string()))),
        };
        let event = result_event(&ResultTold {
            flight,
            status: Status::Simulated,
            error: words.as_ref().map(|(code, words)| (*code, words.as_str())),
            slot: None,
            moved,
            method: "auto",
            executor_name: &self.shared.instance,
            at_ns: self.shared.clock.now_ns(),
        });
        let body = &event["body"];
        let fields = json!({
            "plan_id": flight.plan_id, "status": body["status"], "actual_profit_raw": body["actualProfit"],
            "net_profit_raw": body["netProfit"], "code": body["errorCode"],
        });
        let message = format!("plan {}: simulated", flight.plan_id);
        self.shared.log.info("simulated", &message, fields);
        self.shared.events.tell(event);
    }

    /// What a circle would leave; what an open way would move is not told by one account.
    fn would_move(&self, trade: &Trade, told: &Simulated) -> Option<Moved> {
        if trade.coin().is_some() {
            return None;
        }
        let inventory = self.shared.inventory();
        let account = inventory.token_account(trade.wallet, trade.base)?;
        let before_raw = i128::from(inventory.holding(account)?.amount_raw);
        Some(Moved {
            gained_raw: i64::try_from(i128::from(told.held_raw?) - before_raw).ok()?,
            kept_raw: 0,
            cost_lamports: trade.fee_lamports.saturating_add(trade.tip_lamports),
            locked_lamports: 0,
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
        if !self.has_begun(&step, trade, &unsigned) {
            self.prepared.push_front(step);
            return;
        }
        let simulated = self.desk.simulator.is_some();
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

    /// What is expected of a trade, before anything is signed for it.
    fn flight(&self, plan_id: &str, opportunity: &Opportunity, trade: &Trade) -> Flight {
        Flight {
            plan_id: plan_id.to_owned(),
            opportunity_id: opportunity.id.clone(),
            wallet: trade.wallet.to_string(),
            base: trade.base.to_string(),
            base_is_sol: trade.base == WRAPPED_SOL.into(),
            open_way: None,
            amount_in_raw: trade.amount_in_raw,
            expected_raw: trade.expected_raw(),
            tip_lamports: trade.tip_lamports,
            signature: String::new(),
            wire: Vec::new(),
            last_valid_block_height: 0,
            choice: Choice::default(),
            sent_at_ms: self.shared.clock.now_ms(),
            pools: trade.hops.iter().map(|hop| hop.hop.pool).collect(),
        }
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
            // It is with the gate: the next start sends it, from a disk that takes something again.
            self.unkept(&flight.plan_id);
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

    fn unkept(&self, plan_id: &str) {
        let message = "events.jsonl: does not take the plan, so nothing is done upon it; make room on its disk";
        let fields = json!({"plan_id": plan_id, "code": "plan_unkept"});
        self.shared.log.error("plan_unkept", message, fields);
    }

    fn plan(
        &self,
        plan_id: &str,
        opportunity: &Opportunity,
        trade: &Trade,
        choice: Option<&Choice>,
        simulated: bool,
    ) -> Value {
        let in_force = self.shared.in_force.now();
        let inventory = self.shared.inventory();
        let gain_raw = u64::try_from(trade.expected_raw()).ok();
        let worth_usd = gain_raw
            .and_then(|gain_raw| worth_usd(&inventory, &self.desk.dollars, trade.base, gain_raw));
        drop(inventory);
        plan_event(&PlanTold {
            plan_id,
            kind: self.desk.kind,
            executor: self.desk.carried_out_by,
            opportunity,
            trade,
            in_force: &in_force,
            choice,
            simulated,
            worth_usd,
            at_ns: self.shared.clock.now_ns(),
        })
    }

    fn say_planned(&self, plan_id: &str, opportunity: &Opportunity, trade: &Trade) {
        let fields = json!({
            "plan_id": plan_id, "opportunity_id": opportunity.id, "executor": self.desk.carried_out_by,
            "expected_profit_raw": trade.expected_raw().to_string(), "input_amount_raw": trade.amount_in_raw.to_string(),
        });
        self.shared
            .log
            .info("planned", "an opportunity was planned", fields);
    }

    /// Whether there are fewer receipts than there should be, and the gate may be asked for one.
    fn may_prepare(&self) -> bool {
        let rests = self.rests_until.is_some_and(|until| Instant::now() < until);
        self.sender.is_some() && self.prepared.len() < PREPARED && !rests
    }

    /// Draws one receipt ahead, unless there are enough.
    fn prepare_one(&mut self) {
        if !self.may_prepare() {
            return;
        }
        let Some((sender, _)) = self.sender.as_mut() else {
            return;
        };
        let prepared = identifier::drawn()
            .and_then(|plan_id| sender.follower.steps().begin(&plan_id).map(|()| plan_id))
            .map_err(|error| error.to_string())
            .and_then(|id| {
                sender
                    .gate
                    .prepare(id, &sender.wallet)
                    .map_err(|fault| fault.to_string())
            });
        match prepared {
            Ok(step) => self.prepared.push_back(step),
            Err(why) => {
                self.rests_until = Some(Instant::now() + REST);
                self.shared.log.warning(
                    "receipt_refused",
                    &why,
                    json!({"code": "receipt_refused"}),
                );
            }
        }
    }

    fn close_prepared(&mut self) {
        let Some((sender, _)) = self.sender.as_mut() else {
            return;
        };
        for step in self.prepared.drain(..) {
            if sender.gate.close(&step.plan_id) == Ok(true) {
                let _asked_again = sender.follower.steps().end(&step.plan_id);
            }
        }
    }
}
