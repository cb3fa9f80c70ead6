//! `ExecutionPlanEvent`: what was planned, and who carries it out.

use serde_json::{Map, Value, json};
use tradewind_core::ChainAddress;

use super::envelope;
use super::opportunity::opportunity_event_id;
use crate::config::Changeable;
use crate::identifier;
use crate::lanes::Choice;
use crate::pipeline::{Opportunity, Purpose, Trade, TradeHop};

/// A plan as it is told.
#[derive(Debug)]
pub struct PlanTold<'a> {
    /// Its id.
    pub plan_id: &'a str,
    /// `arbitrage`, …
    pub kind: &'a str,
    /// `engine` or `service`.
    pub executor: &'a str,
    /// What it is for.
    pub opportunity: &'a Opportunity,
    /// What is done.
    pub trade: &'a Trade,
    /// What is in force.
    pub in_force: &'a Changeable,
    /// By which lanes it is sent; None where somebody else chooses.
    pub choice: Option<&'a Choice>,
    /// Whether a node has simulated it, and it went well.
    pub simulated: bool,
    /// What it gains in US dollars, where anybody knows.
    pub worth_usd: Option<String>,
    /// Now.
    pub at_ns: u64,
}

/// The event; stream PLANNED, subject `execution.planned`.
#[must_use]
pub fn plan_event(told: &PlanTold<'_>) -> Value {
    let trade = told.trade;
    let now_ms = told.at_ns / 1_000_000;
    let method = told.choice.map_or("auto", Choice::method);
    let private = told.choice.is_some_and(|choice| choice.private);
    let latency_ms = told.in_force.limits.max_opportunity_age_ms;
    let mut body = json!({
        "planId": told.plan_id,
        "opportunityId": told.opportunity.id,
        "strategy": told.kind,
        "executionMethod": method,
        "executor": told.executor,
        "chainId": 101,
        "routes": trade.hops.iter().map(route).collect::<Vec<_>>(),
        "inputToken": trade.mint_in.to_string(),
        "outputToken": trade.mint_out.to_string(),
        "inputAmount": trade.amount_in_raw.to_string(),
        "expectedProfit": trade.expected_raw().to_string(),
        "expectedProfitUsd": told.worth_usd,
        "simulationSuccess": told.simulated,
        "gasEstimate": trade.unit_limit,
        "slippage": told.in_force.limits.max_slippage_bps,
        "maxLatency": latency_ms.max(1),
        "deadline": now_ms + latency_ms,
        "priorityFee": trade.unit_price_micro_lamports,
        "risk": if private { "high" } else { "low" },
        "wallet": trade.wallet.to_string(),
        "strategyId": trade.strategy_id,
        "timestamp": now_ms,
    });
    if let Purpose::Liquidate(part) = trade.purpose {
        body["flashLoan"] = json!({
            "provider": "kamino",
            "amount": part.borrowed_raw.to_string(),
            "reserve": part.repay_reserve.to_string(),
        });
        body["liquidation"] = json!({
            "provider": "kamino",
            "obligation": part.obligation.to_string(),
            "repayReserve": part.repay_reserve.to_string(),
            "withdrawReserve": part.withdraw_reserve.to_string(),
            "repayAmount": part.repaid_raw.to_string(),
        });
    }
    let causation = opportunity_event_id(&told.opportunity.id);
    let id = plan_event_id(told.plan_id);
    envelope(
        &id,
        "ExecutionPlanEvent",
        told.at_ns,
        told.plan_id,
        Some(&causation),
        &body,
    )
}

/// The id of the event that says it: the same plan is the same event.
pub(super) fn plan_event_id(plan_id: &str) -> String {
    identifier::derived(&format!("execution plan/{plan_id}"))
}

fn route(hop: &TradeHop) -> Value {
    json!({
        "pool": hop.hop.pool.to_string(),
        "venue": hop.venue,
        "inputMint": hop.hop.mint_in.to_string(),
        "outputMint": hop.hop.mint_out.to_string(),
        "exact": "in",
        "inputAmount": hop.amount_in_raw.to_string(),
        "outputAmount": hop.amount_out_raw.to_string(),
        "limitAmount": hop.limit_out_raw.to_string(),
        "accounts": numbered(&hop.accounts),
    })
}

fn numbered(accounts: &[ChainAddress]) -> Value {
    let numbered = accounts.iter().take(64).enumerate();
    let numbered = numbered.map(|(place, account)| (place.to_string(), account.to_string().into()));
    Value::Object(numbered.collect::<Map<_, _>>())
}
