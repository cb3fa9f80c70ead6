//! What is told of a plan, and where nobody signs here that is all.

use std::time::Duration;

use serde_json::{Value, json};
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::Executor;
use super::simulating::measured;
use crate::events::{PlanTold, plan_event};
use crate::flight::Flight;
use crate::identifier;
use crate::lanes::Choice;
use crate::pipeline::trade::{Opportunity, Trade};
use crate::pipeline::worth::worth_usd;

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Executor {
    /// Nobody signs here: the plan is told, for the record or for whoever executes it, on disk before the line says so.
    pub(super) fn tell_only(&self, opportunity: &Opportunity, trade: &Trade) {
        let plan_id = identifier::derived(&format!("plan/{}", opportunity.id));
        let simulated = self.simulated(trade);
        let failed = simulated.as_ref().is_some_and(Result::is_err);
        let told = simulated.as_ref().and_then(|told| told.as_ref().ok());
        let measured = told.and_then(|told| measured(trade, told));
        let trade = measured.as_ref().unwrap_or(trade);
        if failed && !self.desk.paper {
            return self.not_simulated(&plan_id, simulated.and_then(Result::err));
        }
        let went_well = simulated.as_ref().is_some_and(Result::is_ok);
        let event = self.plan(&plan_id, opportunity, trade, None, went_well);
        let kept = self.shared.events.tell_kept(&event);
        if !kept.is_written() || !kept.is_on_disk() {
            return self.unkept(&plan_id);
        }
        self.say_planned(&plan_id, opportunity, trade);
        if let Some(simulated) = simulated.filter(|_| self.desk.paper) {
            let flight = self.flight(&plan_id, opportunity, trade);
            self.tell_simulated(&flight, trade, &simulated);
        }
    }

    pub(super) fn unkept(&self, plan_id: &str) {
        let message = "events.jsonl: does not take the plan, so nothing is done upon it; make room on its disk";
        let fields = json!({"plan_id": plan_id, "code": "plan_unkept"});
        self.shared.log.error("plan_unkept", message, fields);
    }

    pub(super) fn plan(
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

    pub(super) fn say_planned(&self, plan_id: &str, opportunity: &Opportunity, trade: &Trade) {
        let fields = json!({
            "plan_id": plan_id, "opportunity_id": opportunity.id, "executor": self.desk.carried_out_by,
            "expected_profit_raw": trade.expected_raw().to_string(), "input_amount_raw": trade.amount_in_raw.to_string(),
            "found_after_ns": nanoseconds(opportunity.found_at.saturating_duration_since(opportunity.told_at)),
            "planned_after_ns": nanoseconds(opportunity.told_at.elapsed()),
        });
        self.shared
            .log
            .info("planned", "an opportunity was planned", fields);
    }

    /// How long a plan took that was signed when it was found, since the feed's message.
    pub(super) fn say_timed(&self, plan_id: &str, opportunity: &Opportunity, gate: Duration) {
        let fields = json!({
            "plan_id": plan_id, "gate_ns": nanoseconds(gate), "sent_after_ns": nanoseconds(opportunity.told_at.elapsed()),
        });
        let message = "from the feed's message to bytes that are sent";
        self.shared.log.info("timed", message, fields);
    }

    /// What is expected of a trade, before anything is signed for it.
    pub(super) fn flight(&self, plan_id: &str, opportunity: &Opportunity, trade: &Trade) -> Flight {
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
            pools: trade.reserved(),
        }
    }
}
