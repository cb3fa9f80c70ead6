//! Asks the gate again where its answer was lost, until it says what it has on record.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinHandle;

use super::{FIRST_REST, Follower, LONGEST_REST};
use crate::events::Status;
use crate::flight::Flight;
use crate::gate::{Gate, GateFault, Signed};

impl Follower {
    /// The gate's answer was lost: it is asked until it says whether this flight is signed. It is then sent and followed,
    /// or told as failed. Must be called within a tokio runtime.
    pub fn resolve(self: &Arc<Self>, draft: Flight) -> JoinHandle<()> {
        self.reserve(&draft.plan_id, draft.pools.clone());
        let follower = Arc::clone(self);
        tokio::spawn(async move {
            if let Some(signed) = follower.answer_of(&draft.plan_id).await {
                let flight = draft.signed(signed);
                let fields = json!({"plan_id": flight.plan_id, "signature": flight.signature});
                let message = "the gate had signed; its answer was lost";
                follower.shared.log.info("resolved", message, fields);
                follower.follow(flight).await;
            } else {
                follower.never_signed(&draft, "answer_lost", "the gate has not signed it");
                follower.look_again(&draft.pools);
            }
        })
    }

    /// What the gate has on record of a step; None once it is closed, and can never be signed.
    pub(super) async fn answer_of(&self, plan_id: &str) -> Option<Signed> {
        let mut rest = FIRST_REST;
        loop {
            let id = plan_id.to_owned();
            match self.ask(move |gate| on_record(gate, &id)).await {
                Ok(OnRecord::Signed(signed)) => return Some(signed),
                Ok(OnRecord::Closed) => {
                    let _asked_again = self.steps().end(plan_id);
                    return None;
                }
                Ok(OnRecord::Undecided) | Err(_) => {}
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
    }

    /// A plan that was told comes to nothing: it is told, and its pools are free.
    pub fn never_signed(&self, draft: &Flight, code: &str, why: &str) {
        self.end_position(&draft.plan_id, None);
        let method = draft.choice.method();
        self.result(draft, Status::Failed, Some((code, why)), method, None, None);
        self.release(&draft.plan_id);
    }
}

/// What the gate has on record of a step.
enum OnRecord {
    Signed(Signed),
    Closed,
    /// Recorded and not signed: whether it will be is not decided.
    Undecided,
}

fn on_record(gate: &mut Gate, plan_id: &str) -> Result<OnRecord, GateFault> {
    if let Some(signed) = gate.recorded(plan_id)? {
        return Ok(OnRecord::Signed(signed));
    }
    Ok(if gate.close(plan_id)? {
        OnRecord::Closed
    } else {
        OnRecord::Undecided
    })
}
