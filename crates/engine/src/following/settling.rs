//! Tells the gate how a step ended, once that is final.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_solana::confirmation::Confirmation;

use super::{End, FIRST_REST, Follower, LONGEST_REST};
use crate::chain_reader::Finality;
use crate::flight::{Flight, Moved};
use crate::gate::GateFault;

/// Between two looks at how far the chain is for ever.
const FINALITY_EVERY: Duration = Duration::from_millis(400);
/// What the gate takes for dead has no room left even on endpoints that are so far behind.
const SURELY_DEAD_BLOCKS: u64 = 60;

impl Follower {
    /// Tells the gate how the step ended, and closes the book on it. A gate that is away is told when it is back, and one
    /// that wants more evidence when there is more.
    pub(super) async fn settle(&self, flight: &Flight, end: End) {
        let End {
            decided,
            moved,
            kept,
        } = end;
        let mut rest = FIRST_REST;
        let mut is_told = false;
        loop {
            let settlement = self.settlement(flight, &decided, moved).await;
            // The engine does not end between the question and what follows from its answer.
            self.closing.fetch_add(1, Ordering::AcqRel);
            let settled = self.ask(move |gate| gate.settle(&settlement)).await;
            if settled == Ok(true) {
                self.close_book(&flight.plan_id, kept).await;
                self.closing.fetch_sub(1, Ordering::AcqRel);
                return;
            }
            self.closing.fetch_sub(1, Ordering::AcqRel);
            let why = match settled {
                Ok(_) => Some("the gate notes it, and wants more evidence".to_owned()),
                Err(GateFault::Lost(_)) => None,
                Err(GateFault::Failed(why)) => Some(why),
                Err(fault) => return self.fault(flight, "not_settled", &fault.to_string()),
            };
            if let Some(why) = why.filter(|_| !is_told) {
                is_told = true;
                let why = format!("it is told again: {why}");
                self.fault(flight, "not_settled", &why);
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
    }

    /// How it ended for ever, with the evidence of a quorum.
    async fn settlement(
        &self,
        flight: &Flight,
        decided: &Confirmation,
        moved: Option<Moved>,
    ) -> Value {
        let mut settlement = json!({
            "op": "settle_solana", "intent_id": flight.plan_id, "step": 0, "signatures": [],
        });
        let (outcome, slot) = match decided {
            Confirmation::Landed(it) => ("succeeded", Some(it.slot)),
            Confirmation::Reverted { inclusion: it, .. } => ("reverted", Some(it.slot)),
            Confirmation::Expired { .. } | Confirmation::Pending { .. } => ("expired", None),
        };
        settlement["outcome"] = outcome.into();
        let (finality, endpoints) = if let Some(slot) = slot {
            landed(&mut settlement, flight, slot, moved);
            let witnesses = self.witnesses(flight, slot).await;
            (self.final_beyond(0).await, witnesses)
        } else {
            settlement["signature"] = Value::Null;
            settlement["slot"] = Value::Null;
            settlement["spent"] = json!({});
            settlement["signatures"] = json!([{"signature": flight.signature, "status": "absent"}]);
            let last = flight.last_valid_block_height + SURELY_DEAD_BLOCKS;
            (self.final_beyond(last).await, who_does_not_know(decided))
        };
        settlement["finalized"] =
            json!({"slot": finality.slot, "block_height": finality.block_height});
        settlement["endpoints"] = endpoints.into();
        settlement
    }

    /// Who has it in a final block of this slot, once that is a quorum.
    async fn witnesses(&self, flight: &Flight, slot: u64) -> Vec<String> {
        loop {
            let witnesses = self.reader.witnesses(&flight.signature, slot).await;
            if witnesses.len() >= self.reader.quorum() {
                return witnesses;
            }
            tokio::time::sleep(FINALITY_EVERY).await;
        }
    }

    /// What was recorded and not signed, because a halt or the policy does not let it pass any more, is over once its blockhash
    /// is dead for ever: whether the gate takes it as over then, for it may want more endpoints for that than there are. None
    /// before.
    pub(super) async fn is_over(&self, draft: &Flight) -> Option<bool> {
        let finality = self.reader.finality().await.ok()?;
        let plan_id = &draft.plan_id;
        let settlement = json!({
            "op": "settle_solana", "intent_id": plan_id, "step": 0, "outcome": "expired",
            "signature": null, "slot": null, "spent": {}, "signatures": [], "endpoints": finality.endpoints,
            "finalized": {"slot": finality.slot, "block_height": finality.block_height},
        });
        let end = draft.last_valid_block_height;
        let is_dead = end > 0 && finality.block_height > end + SURELY_DEAD_BLOCKS;
        let settled = self.ask(move |gate| gate.settle(&settlement)).await;
        let why = match settled {
            Ok(true) => return Some(true),
            Ok(false) => "the gate notes it, and wants more evidence".to_owned(),
            Err(GateFault::Lost(_)) => return None,
            Err(fault) => fault.to_string(),
        };
        is_dead.then(|| {
            self.fault(draft, "not_settled", &why);
            false
        })
    }

    /// How far the chain is for ever, once it is beyond this height.
    pub(super) async fn final_beyond(&self, height: u64) -> Finality {
        loop {
            match self.reader.finality().await {
                Ok(finality) if finality.block_height > height => return finality,
                _ => tokio::time::sleep(FINALITY_EVERY).await,
            }
        }
    }
}

/// Who does not know the signature. One that was not asked, or did not answer, says nothing.
fn who_does_not_know(decided: &Confirmation) -> Vec<String> {
    let (Confirmation::Expired { evidence } | Confirmation::Pending { evidence }) = decided else {
        return Vec::new();
    };
    let absent = evidence
        .iter()
        .filter(|one| one.knows_signature == Some(false));
    absent.map(|one| one.endpoint.clone()).collect()
}

fn landed(settlement: &mut Value, flight: &Flight, slot: u64, moved: Option<Moved>) {
    settlement["signature"] = flight.signature.clone().into();
    settlement["slot"] = slot.into();
    // What is not named stays reserved.
    let mut spent = json!({});
    if let Some(moved) = moved {
        let mut lamports = moved.spent_lamports();
        if let Some(way) = &flight.open_way {
            let paid_raw = u64::try_from(moved.gained_raw.saturating_neg()).unwrap_or_default();
            if way.sells {
                let given_raw = u64::try_from(moved.kept_raw.saturating_neg()).unwrap_or_default();
                spent[&way.coin] = given_raw.to_string().into();
            } else if way.moves_native_sol {
                lamports = lamports.saturating_add(paid_raw);
            } else {
                spent[&flight.base] = paid_raw.to_string().into();
            }
        }
        spent["11111111111111111111111111111111"] = lamports.to_string().into();
    }
    settlement["spent"] = spent;
}
