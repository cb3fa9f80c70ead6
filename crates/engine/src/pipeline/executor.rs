//! The last stage: build, sign-gate, send; or only tell the plan, where somebody else executes or nobody does.

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
use super::trade::{Opportunity, Trade};
use super::way::check_hop;
use crate::chain_reader::Heights;
use crate::events::{PlanTold, plan_event};
use crate::flight::{Flight, OpenWay};
use crate::following::Follower;
use crate::gate::{Gate, GateFault, PreparedStep, Signed, SigningOrder};
use crate::identifier;
use crate::inventory::Inventory;
use crate::strategies::Sight;

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
    pub heights: Arc<Mutex<Heights>>,
    /// Follows what was sent.
    pub follower: Arc<Follower>,
    /// Where following runs.
    pub runtime: Handle,
}

/// The stage.
#[derive(Debug)]
pub struct Executor {
    shared: Arc<Shared>,
    /// The word for the strategy in events.
    kind: &'static str,
    /// Who carries plans out: the word in events.
    carried_out_by: &'static str,
    /// None where this engine signs nothing.
    sender: Option<Sender>,
    prepared: VecDeque<PreparedStep>,
    rests_until: Option<Instant>,
}

impl Executor {
    /// Of one engine.
    #[must_use]
    pub const fn new(
        shared: Arc<Shared>,
        kind: &'static str,
        executor: &'static str,
        sender: Option<Sender>,
    ) -> Self {
        Self {
            shared,
            kind,
            carried_out_by: executor,
            sender,
            prepared: VecDeque::new(),
            rests_until: None,
        }
    }

    /// The whole work of the stage's thread. Steps that were prepared for nothing are closed at the end.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while !shared.trades.is_finished() {
            if let Some((opportunity, trade)) = shared.trades.pop(PATIENCE) {
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
            || !self.still_stands(trade)
        {
            Counts::one(&self.shared.counts.expired);
            return;
        }
        if self.sender.is_none() {
            let plan_id = identifier::derived(&format!("plan/{}", opportunity.id));
            self.tell_plan(&plan_id, opportunity, trade);
            return;
        }
        let most = usize::try_from(in_force.limits.max_in_flight_count).unwrap_or(usize::MAX);
        let pools: Vec<_> = trade.hops.iter().map(|hop| hop.hop.pool).collect();
        let free = self.sender.as_ref().is_some_and(|sender| {
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

    /// Whether every pool would still give just what was planned, and nothing of it is forbidden meanwhile.
    fn still_stands(&self, trade: &Trade) -> bool {
        let (in_force, inventory) = (self.shared.in_force.now(), self.shared.inventory());
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

    fn send(&mut self, step: PreparedStep, opportunity: &Opportunity, trade: &Trade) {
        let began = Instant::now();
        let shared = Arc::clone(&self.shared);
        let Some(sender) = self.sender.as_mut() else {
            return;
        };
        let blockhash = match sender.blockhashes.current() {
            Ok(blockhash) => blockhash,
            Err(fault) => {
                shared.log.warning(
                    "not_sent",
                    &fault.to_string(),
                    json!({"code": fault.code()}),
                );
                self.prepared.push_front(step);
                return;
            }
        };
        let assembled = assembled(&shared.inventory(), trade, &step, &blockhash.blockhash);
        let unsigned = match assembled {
            Ok(unsigned) => unsigned,
            Err(why) => {
                shared
                    .log
                    .warning("not_built", &why, json!({"plan_id": step.plan_id}));
                self.prepared.push_front(step);
                return;
            }
        };
        shared.timings.add(Stage::Build, began.elapsed());
        // On disk before it is signed; a circle has no position.
        let begun = shared
            .positions()
            .begin(&step.plan_id, trade, &unsigned.own_accounts);
        if let Err(fault) = begun {
            shared.log.info(
                "not_begun",
                &fault.to_string(),
                json!({"opportunity_id": opportunity.id}),
            );
            self.prepared.push_front(step);
            return;
        }
        let pools = trade.hops.iter().map(|hop| hop.hop.pool).collect();
        sender.follower.reserve(&step.plan_id, pools);
        let mints = trade.gate_mints().map(|mint| mint.to_string());
        let heights = *sender
            .heights
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let asked = Instant::now();
        let signed = sender.gate.sign(&SigningOrder {
            plan_id: &step.plan_id,
            strategy_id: trade.strategy_id.as_deref(),
            wallet: &sender.wallet,
            unsigned: &unsigned.wire,
            lookup_tables: &unsigned.lookup_tables,
            last_valid_block_height: blockhash.last_valid_block_height,
            mint_in: &mints[0],
            mint_out: &mints[1],
            amount_in_raw: trade.amount_in_raw,
            amount_out_raw: trade.amount_out_raw,
            heights,
            endpoints: sender.follower.endpoints(),
        });
        shared.timings.add(Stage::Gate, asked.elapsed());
        match signed {
            Ok(signed) => {
                let open_way = trade
                    .coin()
                    .map(|_| OpenWay::of(trade, &unsigned.own_accounts));
                self.take_off(&step, signed, opportunity, (trade, open_way));
            }
            Err(fault) => self.not_signed(&step, &fault),
        }
    }

    fn take_off(
        &mut self,
        step: &PreparedStep,
        signed: Signed,
        opportunity: &Opportunity,
        (trade, open_way): (&Trade, Option<OpenWay>),
    ) {
        let Some(sender) = self.sender.as_ref() else {
            return;
        };
        let flight = Flight {
            plan_id: step.plan_id.clone(),
            opportunity_id: opportunity.id.clone(),
            wallet: sender.wallet.clone(),
            base: trade.base.to_string(),
            base_is_sol: trade.base == WRAPPED_SOL.into(),
            open_way,
            amount_in_raw: trade.amount_in_raw,
            expected_raw: trade.expected_raw(),
            tip_lamports: trade.tip_lamports,
            signature: signed.signature,
            wire: signed.wire,
            last_valid_block_height: signed.last_valid_block_height,
            sent_at_ms: self.shared.clock.now_ms(),
            pools: trade.hops.iter().map(|hop| hop.hop.pool).collect(),
        };
        let fields = json!({"plan_id": flight.plan_id, "signature": flight.signature, "opportunity_id": opportunity.id});
        let guard = sender.runtime.enter();
        sender.follower.take_off(flight);
        drop(guard);
        self.shared
            .timings
            .add(Stage::Whole, opportunity.told_at.elapsed());
        Counts::one(&self.shared.counts.sent);
        self.tell_plan(&step.plan_id, opportunity, trade);
        self.shared
            .log
            .info("sent", "a signed transaction was handed over", fields);
    }

    /// Nothing was signed, unless the answer was lost: then the gate is asked again by the next start, and until then
    /// the step counts as under way.
    fn not_signed(&mut self, step: &PreparedStep, fault: &GateFault) {
        let Some(sender) = self.sender.as_mut() else {
            return;
        };
        let fields = json!({"plan_id": step.plan_id, "code": "not_signed"});
        self.shared
            .log
            .warning("not_signed", &fault.to_string(), fields);
        if matches!(fault, GateFault::Lost(_)) {
            return;
        }
        if sender.gate.close(&step.plan_id) == Ok(true) {
            let _asked_again = sender.follower.steps().end(&step.plan_id);
            sender.follower.end_position(&step.plan_id, None);
        }
        sender.follower.release(&step.plan_id);
    }

    fn tell_plan(&self, plan_id: &str, opportunity: &Opportunity, trade: &Trade) {
        let in_force = self.shared.in_force.now();
        self.shared.events.tell(plan_event(&PlanTold {
            plan_id,
            kind: self.kind,
            executor: self.carried_out_by,
            opportunity,
            trade,
            in_force: &in_force,
            at_ns: self.shared.clock.now_ns(),
        }));
        let fields = json!({
            "plan_id": plan_id, "opportunity_id": opportunity.id, "executor": self.carried_out_by,
            "expected_profit_raw": trade.expected_raw().to_string(), "input_amount_raw": trade.amount_in_raw.to_string(),
        });
        self.shared
            .log
            .info("planned", "an opportunity was planned", fields);
    }

    /// Draws one receipt ahead, unless there are enough.
    fn prepare_one(&mut self) {
        let Some(sender) = self.sender.as_mut() else {
            return;
        };
        if self.prepared.len() >= PREPARED
            || self.rests_until.is_some_and(|until| Instant::now() < until)
        {
            return;
        }
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
        let Some(sender) = self.sender.as_mut() else {
            return;
        };
        for step in self.prepared.drain(..) {
            if sender.gate.close(&step.plan_id) == Ok(true) {
                let _asked_again = sender.follower.steps().end(&step.plan_id);
            }
        }
    }
}

fn assembled(
    inventory: &Inventory,
    trade: &Trade,
    step: &PreparedStep,
    blockhash: &str,
) -> Result<Assembled, String> {
    assemble(trade, inventory, &step.seed, blockhash).map_err(|fault| fault.to_string())
}
