//! What a node says of a transaction before anybody signs it; in mode paper that is the plan's end.

use std::time::Instant;

use serde_json::json;

use super::Executor;
use crate::events::{ResultTold, Status, result_event};
use crate::flight::{Flight, Moved};
use crate::pipeline::assembly::{Assembled, assemble};
use crate::pipeline::shared::Counts;
use crate::pipeline::timing::Stage;
use crate::pipeline::trade::Trade;
use crate::simulation::{NotSimulated, Simulated};

/// In the place of a receipt's seed and of a blockhash, where only the effect is asked for.
const ANY_SEED: &str = "00000000000000000000000000000000";
const ANY_BLOCKHASH: &str = "11111111111111111111111111111111";

impl Executor {
    /// What a node says that the transaction would do; None where nobody is asked.
    pub(super) fn simulated(&self, trade: &Trade) -> Option<Result<Simulated, NotSimulated>> {
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

    pub(super) fn ask_node(
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

    pub(super) fn not_simulated(&self, plan_id: &str, fault: Option<NotSimulated>) {
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
    pub(super) fn tell_simulated(
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
    pub(super) fn would_move(&self, trade: &Trade, told: &Simulated) -> Option<Moved> {
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
}
