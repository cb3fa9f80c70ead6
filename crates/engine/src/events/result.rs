//! `ExecutionResultEvent`: how a plan ended on chain.

use serde_json::{Value, json};

use super::envelope;
use super::plan::plan_event_id;
use crate::flight::{Flight, Moved};
use crate::identifier;

/// How a plan stands; `Timeout` is not final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It landed and did what it should.
    Success,
    /// It reverted, expired or was refused.
    Failed,
    /// Nothing is proven yet.
    Timeout,
    /// Nothing was signed; a node told what it would have done.
    Simulated,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Simulated => "simulated",
        }
    }
}

/// A result as it is told.
#[derive(Debug)]
pub struct ResultTold<'a> {
    /// What flew.
    pub flight: &'a Flight,
    /// How it ended.
    pub status: Status,
    /// Code and words, unless it succeeded.
    pub error: Option<(&'a str, &'a str)>,
    /// The slot of its block.
    pub slot: Option<u64>,
    /// What it moved, or would have moved.
    pub moved: Option<Moved>,
    /// Which lane landed it, or carries it: a word of `executionMethod`.
    pub method: &'a str,
    /// Which engine.
    pub executor_name: &'a str,
    /// Now.
    pub at_ns: u64,
}

/// The event; stream EXECUTED, subject `executed.success|failed|timeout|simulated`.
#[must_use]
pub fn result_event(told: &ResultTold<'_>) -> Value {
    let flight = told.flight;
    let now_ms = told.at_ns / 1_000_000;
    let moved = told.moved.as_ref();
    let gained = moved.filter(|_| matches!(told.status, Status::Success | Status::Simulated));
    let cost_lamports = moved.map_or(0, |moved| moved.cost_lamports);
    let profit = gained.and_then(|moved| profit_raw(flight, moved));
    let net = profit
        .filter(|_| flight.base_is_sol)
        .map(|profit_raw| (profit_raw - i128::from(cost_lamports)).to_string());
    let [input, output] = amounts(flight, gained);
    let ending = if told.status == Status::Timeout {
        "timeout"
    } else {
        "end"
    };
    let id = identifier::derived(&format!("execution result/{}/{ending}", flight.plan_id));
    let took_ms = now_ms.saturating_sub(flight.sent_at_ms);
    let body = json!({
        "executionId": identifier::derived(&format!("execution/{}", flight.plan_id)),
        "planId": flight.plan_id,
        "opportunityId": flight.opportunity_id,
        "status": told.status.name(),
        "signature": Some(&flight.signature).filter(|signature| !signature.is_empty()),
        "blockSlot": told.slot,
        "confirmationTime": told.slot.map(|_| took_ms),
        "expectedProfit": flight.expected_raw.to_string(),
        "actualProfit": profit.map(|profit_raw| profit_raw.to_string()),
        "executionCost": cost_lamports.to_string(),
        "lockedLamports": moved.map_or(0, |moved| moved.locked_lamports).to_string(),
        "netProfit": net,
        "latency": took_ms,
        "executionMethod": told.method,
        "error": told.error.map(|(_, words)| words),
        "errorCode": told.error.map(|(code, _)| code),
        "wallet": flight.wallet,
        "attempts": u8::from(!flight.signature.is_empty()),
        "inputAmount": input,
        "outputAmount": output,
        "executorName": told.executor_name,
        "timestamp": now_ms,
    });
    let causation = plan_event_id(&flight.plan_id);
    envelope(
        &id,
        "ExecutionResultEvent",
        told.at_ns,
        &flight.plan_id,
        Some(&causation),
        &body,
    )
}

/// The same as a correction of the end that was told before: under an id of its own, which another end again does not have.
#[must_use]
pub fn correction(mut event: Value) -> Value {
    let body = &event["body"];
    let (plan_id, status) = (&body["planId"], &body["status"]);
    let name = format!(
        "execution result/{}/corrected/{}/{}",
        plan_id.as_str().unwrap_or_default(),
        status.as_str().unwrap_or_default(),
        body["blockSlot"]
    );
    event["id"] = identifier::derived(&name).into();
    event
}

/// What a circle left, or a sale above what had been paid for what it sold; a purchase has no profit yet.
fn profit_raw(flight: &Flight, moved: &Moved) -> Option<i128> {
    let gained_raw = i128::from(moved.gained_raw);
    match &flight.open_way {
        None => Some(gained_raw),
        Some(way) if way.sells => Some(gained_raw - i128::from(way.cost_raw)),
        Some(_) => None,
    }
}

/// What a purchase or a sale paid and got; a circle only tells what it left.
fn amounts(flight: &Flight, moved: Option<&Moved>) -> [Option<String>; 2] {
    let (Some(way), Some(moved)) = (&flight.open_way, moved) else {
        return [None, None];
    };
    let (paid_raw, got_raw) = if way.sells {
        (moved.kept_raw, moved.gained_raw)
    } else {
        (moved.gained_raw, moved.kept_raw)
    };
    let paid_raw = paid_raw.saturating_neg().max(0);
    [paid_raw, got_raw.max(0)].map(|raw| Some(raw.to_string()))
}
