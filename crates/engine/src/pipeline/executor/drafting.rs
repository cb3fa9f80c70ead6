//! From a trade to a plan: built, looked at once more, told, and on its way to the disk.

use std::time::Instant;

use serde_json::json;
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::Executor;
use super::simulating::measured;
use crate::events::Kept;
use crate::flight::{Flight, OpenWay};
use crate::gate::PreparedStep;
use crate::lanes::{Choice, Wish};
use crate::pipeline::assembly::{Assembled, assemble};
use crate::pipeline::timing::Stage;
use crate::pipeline::trade::{Opportunity, Trade};

/// A plan that was told, on its way to a signature.
pub(super) struct Draft {
    /// What is to fly; with the height after which it can never land, and without a signature.
    pub(super) flight: Flight,
    /// On its way to the disk.
    pub(super) kept: Kept,
    pub(super) unsigned: Assembled,
}

impl Executor {
    /// A plan whose event is in the file. Where there is none nothing has begun, and the step waits for another trade.
    pub(super) fn draft(
        &mut self,
        step: PreparedStep,
        opportunity: &Opportunity,
        trade: &Trade,
    ) -> Option<Draft> {
        let drafted = self.drafted(&step, opportunity, trade);
        if drafted.is_none() {
            self.prepared.push_front(step);
        }
        drafted
    }

    fn drafted(
        &self,
        step: &PreparedStep,
        opportunity: &Opportunity,
        trade: &Trade,
    ) -> Option<Draft> {
        let began = Instant::now();
        let (unsigned, last_valid_block_height) = self.build(step, trade)?;
        self.shared.timings.add(Stage::Build, began.elapsed());
        let told = match self.ask_node(trade, &unsigned) {
            Some(Err(fault)) => {
                self.not_simulated(&step.plan_id, Some(fault));
                return None;
            }
            told => told.and_then(Result::ok),
        };
        let measured = told.and_then(|told| measured(trade, &told));
        let rebuilt = measured.as_ref().and_then(|it| self.build(step, it));
        let (trade, (unsigned, last_valid_block_height)) = match (&measured, rebuilt) {
            (Some(measured), Some(rebuilt)) => (measured, rebuilt),
            _ => (trade, (unsigned, last_valid_block_height)),
        };
        let choice = self.chosen(step, trade)?;
        // A gate or a node that was asked may have taken its time.
        if !self.is_timely(opportunity, trade) || !self.has_begun(step, trade, &unsigned) {
            return None;
        }
        let simulated = self.desk.simulator.is_some();
        let chosen = Instant::now();
        let event = self.plan(&step.plan_id, opportunity, trade, Some(&choice), simulated);
        let kept = self.shared.events.tell_kept(&event);
        // While the file takes it.
        self.say_planned(&step.plan_id, opportunity, trade);
        let open_way = trade
            .coin()
            .map(|_| OpenWay::of(trade, &unsigned.own_accounts));
        let flight = Flight {
            open_way,
            last_valid_block_height,
            choice,
            ..self.flight(&step.plan_id, opportunity, trade)
        };
        // What is in the file outlives this process; the disk has it by the time that the gate has recorded its part.
        if !kept.is_written() {
            self.unkept(&step.plan_id);
            self.end_position(&step.plan_id);
            return None;
        }
        self.shared.timings.add(Stage::Written, chosen.elapsed());
        Some(Draft {
            flight,
            kept,
            unsigned,
        })
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
        let positions = self.shared.position_book();
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
}
