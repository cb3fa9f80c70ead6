//! What a node says of a transaction before anybody signs it; in mode paper that is the plan's end.

use std::time::Instant;

use serde_json::json;

use super::Executor;
use crate::events::{ResultTold, Status, result_event};
use crate::flight::{Flight, Moved};
use crate::pipeline::assembly::{Assembled, assemble};
use crate::pipeline::shared::Counts;
use crate::pipeline::timing::Stage;
use crate::pipeline::trade::{Purpose, Trade};
use crate::pipeline::way::fee_lamports;
use crate::simulation::{NotSimulated, Simulated};

/// In the place of a receipt's seed and of a blockhash, where only the effect is asked for.
const ANY_SEED: &str = "00000000000000000000000000000000";
const ANY_BLOCKHASH: &str = "11111111111111111111111111111111";

/// Compute units beyond those that a node measured: the state that they are spent on may be another one by then.
const ROOM_PARTS: u32 = 10;
const ROOM_UNITS: u32 = 5_000;

/// The trade with the units that a node measured, where those of the plan are a bound: the priority fee is paid for the
/// limit. None where that would save nothing, and where the plan's units were measured before.
pub(super) fn measured(trade: &Trade, told: &Simulated) -> Option<Trade> {
    let Purpose::Liquidate(_) = trade.purpose else {
        return None;
    };
    let units = u32::try_from(told.compute_units?).ok()?;
    let unit_limit = units
        .saturating_add(units / ROOM_PARTS)
        .saturating_add(ROOM_UNITS);
    (unit_limit < trade.unit_limit).then(|| Trade {
        unit_limit,
        fee_lamports: fee_lamports(unit_limit, trade.unit_price_micro_lamports),
        ..trade.clone()
    })
}

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

#[cfg(test)]
mod tests {
    use tradewind_core::ChainAddress;

    use super::*;
    use crate::pipeline::trade::Liquidating;

    fn trade(purpose: Purpose) -> Trade {
        let nobody = ChainAddress::Solana([0; 32]);
        Trade {
            purpose,
            base: nobody,
            mint_in: nobody,
            mint_out: nobody,
            wallet: nobody,
            hops: Vec::new(),
            token_accounts: Vec::new(),
            instructions: Vec::new(),
            loan: None,
            may_make: Vec::new(),
            moves_native_sol: false,
            amount_in_raw: 1,
            amount_out_raw: 1,
            least_out_raw: 1,
            unit_limit: 800_000,
            unit_price_micro_lamports: 1_000_000,
            fee_lamports: 805_000,
            tip_lamports: 0,
            strategy_id: None,
        }
    }

    fn told(compute_units: Option<u64>) -> Simulated {
        Simulated {
            held_raw: None,
            compute_units,
        }
    }

    #[test]
    fn a_liquidation_offers_what_was_measured_and_a_tenth_and_never_more_than_was_planned() {
        let nobody = ChainAddress::Solana([0; 32]);
        let liquidation = trade(Purpose::Liquidate(Liquidating {
            obligation: nobody,
            repay_reserve: nobody,
            withdraw_reserve: nobody,
            borrowed_raw: 1,
            repaid_raw: 1,
            fee_raw: 0,
        }));
        let cheaper = measured(&liquidation, &told(Some(400_000))).expect("it saves something");
        // 400,000, a tenth of it and 5,000; a lamport each, and the signature's 5,000.
        assert_eq!(
            (cheaper.unit_limit, cheaper.fee_lamports),
            (445_000, 450_000)
        );
        assert_eq!(
            measured(&liquidation, &told(Some(790_000))).map(|it| it.unit_limit),
            None
        );
        assert_eq!(
            measured(&liquidation, &told(None)).map(|it| it.unit_limit),
            None
        );
        let circle = measured(&trade(Purpose::Circle), &told(Some(1)));
        assert!(circle.is_none(), "its units were measured before");
    }
}
