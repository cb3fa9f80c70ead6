//! Tells the gate how a step ended, once that is final.

use std::time::Duration;

use serde_json::{Value, json};
use tradewind_solana::confirmation::{Confirmation, Inclusion, Level};

use super::{FIRST_REST, Follower, LONGEST_REST};
use crate::chain_reader::Finality;
use crate::flight::{Flight, Moved};
use crate::gate::GateFault;

/// Between two looks at how far the chain is for ever.
const FINALITY_EVERY: Duration = Duration::from_millis(400);
/// What the gate takes for dead has no room left even on endpoints that are so far behind.
const SURELY_DEAD_BLOCKS: u64 = 60;

impl Follower {
    /// Tells the gate how the step ended, once that is final, and closes the book on it. A gate that is away is told
    /// when it is back.
    pub(super) async fn settle(
        &self,
        flight: &Flight,
        decided: &Confirmation,
        moved: Option<Moved>,
    ) {
        let Some(settlement) = self.settlement(flight, decided, moved).await else {
            return;
        };
        let mut rest = FIRST_REST;
        loop {
            let told = settlement.clone();
            match self.ask(move |gate| gate.settle(&told)).await {
                Ok(()) => {
                    let _kept_open = self.steps().end(&flight.plan_id);
                    return;
                }
                Err(GateFault::Lost(_)) => {
                    tokio::time::sleep(rest).await;
                    rest = (rest * 2).min(LONGEST_REST);
                }
                Err(fault) => return self.fault(flight, "not_settled", &fault.to_string()),
            }
        }
    }

    /// How it ended for ever, with the evidence of a quorum; None when it is not decided for ever after all.
    pub(super) async fn settlement(
        &self,
        flight: &Flight,
        decided: &Confirmation,
        moved: Option<Moved>,
    ) -> Option<Value> {
        let mut settlement = json!({
            "op": "settle_solana", "intent_id": flight.plan_id, "step": 0, "signatures": [],
        });
        let (outcome, inclusion) = match decided {
            Confirmation::Landed(inclusion) => ("succeeded", Some(*inclusion)),
            Confirmation::Reverted { inclusion, .. } => ("reverted", Some(*inclusion)),
            Confirmation::Expired { .. } | Confirmation::Pending { .. } => ("expired", None),
        };
        settlement["outcome"] = outcome.into();
        let (finality, endpoints) = if let Some(mut inclusion) = inclusion {
            // A fork may have put it into another block meanwhile.
            match self.decided(flight, Level::Finalized).await? {
                Confirmation::Landed(last)
                | Confirmation::Reverted {
                    inclusion: last, ..
                } => {
                    inclusion.slot = last.slot;
                }
                Confirmation::Expired { .. } | Confirmation::Pending { .. } => return None,
            }
            landed(&mut settlement, flight, inclusion, moved);
            let finality = self.final_beyond(0).await;
            let witnesses = self
                .reader
                .witnesses(&flight.signature, inclusion.slot)
                .await;
            (finality, witnesses)
        } else {
            settlement["signature"] = Value::Null;
            settlement["slot"] = Value::Null;
            settlement["spent"] = json!({});
            settlement["signatures"] = json!([{"signature": flight.signature, "status": "absent"}]);
            let end = flight.last_valid_block_height + SURELY_DEAD_BLOCKS;
            (self.final_beyond(end).await, who_does_not_know(decided))
        };
        settlement["finalized"] =
            json!({"slot": finality.slot, "block_height": finality.block_height});
        settlement["endpoints"] = if endpoints.is_empty() {
            finality.endpoints.into()
        } else {
            endpoints.into()
        };
        Some(settlement)
    }

    /// What was recorded and not signed, because a halt or the policy does not let it pass any more, is over once its blockhash
    /// is dead for ever; whether it is. The gate decides when, and may want more endpoints for it than there are: then its
    /// step stays open for the next start.
    pub(super) async fn is_over(&self, draft: &Flight) -> bool {
        let Ok(finality) = self.reader.finality().await else {
            return false;
        };
        let plan_id = &draft.plan_id;
        let settlement = json!({
            "op": "settle_solana", "intent_id": plan_id, "step": 0, "outcome": "expired",
            "signature": null, "slot": null, "spent": {}, "signatures": [], "endpoints": finality.endpoints,
            "finalized": {"slot": finality.slot, "block_height": finality.block_height},
        });
        let end = draft.last_valid_block_height;
        let is_dead = end > 0 && finality.block_height > end + SURELY_DEAD_BLOCKS;
        let settled = self.ask(move |gate| gate.settle(&settlement)).await;
        match settled {
            Ok(()) => {
                let _asked_again = self.steps().end(plan_id);
                true
            }
            Err(GateFault::Lost(_)) => false,
            Err(fault) => {
                if is_dead {
                    self.fault(draft, "not_settled", &fault.to_string());
                }
                is_dead
            }
        }
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

fn landed(settlement: &mut Value, flight: &Flight, inclusion: Inclusion, moved: Option<Moved>) {
    settlement["signature"] = flight.signature.clone().into();
    settlement["slot"] = inclusion.slot.into();
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
