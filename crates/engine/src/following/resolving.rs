//! Asks the gate what it has on record until it says: where its answer was lost, and where what it held is given up.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinHandle;

use super::{Departure, FIRST_REST, Follower, LONGEST_REST};
use crate::events::{ResultTold, Status, result_event};
use crate::flight::{Flight, tip_in};
use crate::gate::{OnRecord, Signed};
use crate::pipeline::Counts;

impl Follower {
    /// The gate's answer was lost: it is asked until it says whether this flight is signed. It is then sent and followed,
    /// or told as failed. Must be called within a tokio runtime.
    pub fn resolve(self: &Arc<Self>, draft: Flight) -> JoinHandle<()> {
        self.reserve(&draft.plan_id, draft.pools.clone());
        let follower = Arc::clone(self);
        tokio::spawn(async move {
            if let Some(signed) = follower.answer_of(&draft).await {
                follower.follow_resolved(draft, signed).await;
            } else {
                follower.never_signed(&draft, "answer_lost", "the gate has not signed it");
                follower.look_again(&draft.pools);
            }
        })
    }

    /// What the gate holds of this flight is given up: it is asked until it has nothing of it any more. Its pools are free
    /// at once, for nobody releases it now. Must be called within a tokio runtime.
    pub fn discard(self: &Arc<Self>, draft: Flight, reason: &'static str) -> JoinHandle<()> {
        let follower = Arc::clone(self);
        tokio::spawn(async move {
            if let Some(signed) = follower.answer_of(&draft).await {
                // An answer that was lost before had let it go.
                follower.reserve(&draft.plan_id, draft.pools.clone());
                follower.follow_resolved(draft, signed).await;
            } else {
                follower.say_discarded(&draft, reason);
            }
        })
    }

    async fn follow_resolved(&self, draft: Flight, signed: Signed) {
        let tip_lamports = tip_in(&signed.wire);
        let flight = Flight {
            tip_lamports,
            ..draft.signed(signed)
        };
        let fields = json!({"plan_id": flight.plan_id, "signature": flight.signature});
        let message = "the gate had signed; its answer was lost";
        self.shared.log.info("resolved", message, fields);
        self.follow(flight, Departure::First).await;
    }

    /// What the gate has on record of a step; None once it is closed, or over, and can never be signed.
    async fn answer_of(&self, draft: &Flight) -> Option<Signed> {
        let mut rest = FIRST_REST;
        loop {
            let id = draft.plan_id.clone();
            match self.ask(move |gate| gate.abandon(&id)).await {
                Ok(OnRecord::Signed(signed)) => return Some(signed),
                Ok(OnRecord::Closed { .. }) => {
                    let _asked_again = self.steps().end(&draft.plan_id);
                    return None;
                }
                Ok(OnRecord::Undecided) if self.is_over(draft).await => return None,
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

    /// A plan that was told was held for nothing: the gate has given back what it reserved.
    pub fn say_discarded(&self, draft: &Flight, reason: &str) {
        Counts::one(&self.shared.counts.discarded);
        let message = "a held attempt was given up, and nothing of it was sent";
        let fields = json!({
            "plan_id": draft.plan_id, "opportunity_id": draft.opportunity_id, "reason": reason,
        });
        self.shared.log.info("discarded", message, fields);
        let words = format!("it was held, and is not sent: {reason}");
        self.shared.events.tell(result_event(&ResultTold {
            flight: draft,
            status: Status::Failed,
            error: Some(("discarded", &words)),
            slot: None,
            moved: None,
            method: draft.choice.method(),
            executor_name: &self.shared.instance,
            at_ns: self.shared.clock.now_ns(),
        }));
    }
}
