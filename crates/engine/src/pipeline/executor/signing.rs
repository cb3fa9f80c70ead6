//! From a plan that was told to a signature, and from there to a flight.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use serde_json::json;

use super::Executor;
use super::drafting::Draft;
use crate::chain_reader::Heights;
use crate::events::Kept;
use crate::flight::Flight;
use crate::following::Departure;
use crate::gate::{Gate, GateFault, OnRecord, PreparedStep, SigningOrder};
use crate::lanes::Choice;
use crate::pipeline::timing::Stage;
use crate::pipeline::trade::{Opportunity, Trade};

impl Executor {
    pub(super) fn send(&mut self, step: PreparedStep, opportunity: &Opportunity, trade: &Trade) {
        let Some(draft) = self.draft(step, opportunity, trade) else {
            return;
        };
        self.reserve(&draft.flight);
        let asked = Instant::now();
        let signed = self.ask_gate(&draft, trade, Gate::sign);
        let gate = asked.elapsed();
        self.shared.timings.add(Stage::Gate, gate);
        let Draft { flight, kept, .. } = draft;
        match signed {
            Ok(signed) => {
                let plan_id = flight.plan_id.clone();
                self.take_off(flight.signed(signed), kept, opportunity);
                self.say_timed(&plan_id, opportunity, gate);
            }
            Err(fault) => {
                let _told_all_the_same = kept.is_on_disk();
                self.not_signed(flight, &fault);
            }
        }
    }

    /// From now on its pools are this plan's.
    pub(super) fn reserve(&self, flight: &Flight) {
        if let Some((sender, _)) = &self.sender {
            let pools = flight.pools.clone();
            sender.follower.reserve(&flight.plan_id, pools);
        }
    }

    /// Asks the gate for a plan's transaction: to sign it, or to hold it.
    pub(super) fn ask_gate<T>(
        &mut self,
        draft: &Draft,
        trade: &Trade,
        question: impl FnOnce(&mut Gate, &SigningOrder<'_>) -> Result<T, GateFault>,
    ) -> Result<T, GateFault> {
        let heights = self.heights();
        let Some((sender, _)) = self.sender.as_mut() else {
            return Err(GateFault::Failed("nothing is signed here".to_owned()));
        };
        let mints = trade.gate_mints().map(|mint| mint.to_string());
        let order = SigningOrder {
            plan_id: &draft.flight.plan_id,
            strategy_id: trade.strategy_id.as_deref(),
            wallet: &sender.wallet,
            unsigned: &draft.unsigned.wire,
            lookup_tables: &draft.unsigned.lookup_tables,
            last_valid_block_height: draft.flight.last_valid_block_height,
            mint_in: &mints[0],
            mint_out: &mints[1],
            amount_in_raw: trade.gate_amount_in_raw(),
            amount_out_raw: trade.amount_out_raw,
            heights: &heights,
        };
        question(&mut sender.gate, &order)
    }

    /// Heights as they were told last.
    pub(super) fn heights(&self) -> Arc<Heights> {
        let Some((sender, _)) = &self.sender else {
            return Arc::default();
        };
        let heights = sender.heights.lock();
        Arc::clone(&heights.unwrap_or_else(PoisonError::into_inner))
    }

    fn take_off(&self, flight: Flight, kept: Kept, opportunity: &Opportunity) {
        let began = Instant::now();
        if kept.is_on_disk() {
            self.shared.timings.add(Stage::Keeping, began.elapsed());
            self.depart(flight, Departure::First, opportunity);
            return;
        }
        // It is with the gate: it is followed, and not sent; a start in time sends it, from a disk that takes something.
        self.unkept(&flight.plan_id);
        if let Some((sender, runtime)) = &self.sender {
            let _guard = runtime.enter();
            let unsent = Flight {
                choice: Choice::default(),
                ..flight
            };
            sender.follower.take_off(unsent, Departure::Again);
        }
    }

    /// The bytes leave.
    pub(super) fn depart(&self, flight: Flight, departure: Departure, opportunity: &Opportunity) {
        let Some((sender, runtime)) = &self.sender else {
            return;
        };
        let flight = Flight {
            sent_at_ms: self.shared.clock.now_ms(),
            ..flight
        };
        let guard = runtime.enter();
        sender.follower.take_off(flight, departure);
        drop(guard);
        self.shared
            .timings
            .add(Stage::Whole, opportunity.told_at.elapsed());
    }

    /// Nothing was signed, unless the answer was lost: then the gate is asked until it tells, and the pools are this
    /// plan's until then.
    pub(super) fn not_signed(&mut self, flight: Flight, fault: &GateFault) {
        let Some((sender, runtime)) = self.sender.as_mut() else {
            return;
        };
        let fields = json!({"plan_id": flight.plan_id, "code": "not_signed"});
        self.shared
            .log
            .warning("not_signed", &fault.to_string(), fields);
        let guard = runtime.enter();
        if let GateFault::Refused { rule, message } = fault
            && let Ok(OnRecord::Closed { .. }) = sender.gate.abandon(&flight.plan_id)
        {
            sender.follower.never_signed(&flight, rule, message);
        } else {
            sender.follower.resolve(flight);
        }
        drop(guard);
    }
}
