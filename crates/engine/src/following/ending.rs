//! `End`: what became of a flight, first as it is confirmed and then for ever; where that differs, what was told is
//! corrected.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tradewind_solana::confirmation::{Awaited, Confirmation, Level};

use super::Follower;
use crate::events::{Kept, correction};
use crate::flight::{Flight, Moved};

/// What became of a flight, and what it moved.
pub(super) struct End {
    pub(super) decided: Confirmation,
    pub(super) moved: Option<Moved>,
    /// Its result, on the way to the disk.
    pub(super) kept: Kept,
}

impl End {
    /// The slot, and what moved in it; None where it had no effect.
    pub(super) fn landed(&self) -> Option<(u64, Moved)> {
        Some((slot_of(&self.decided)?, self.moved?))
    }
}

/// How plans were told to have ended: the status and the slot. Shared by reference.
#[derive(Debug, Default)]
pub(super) struct Ends(Mutex<HashMap<String, (Value, Value)>>);

impl Ends {
    /// The event of an end as it is to be told: an end that differs from the first one is its correction.
    pub(super) fn first_or_corrected(&self, event: Value) -> Value {
        let Some((plan_id, end)) = end_in(&event["body"]) else {
            return event;
        };
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *ends.entry(plan_id).or_insert_with(|| end.clone()) == end {
            return event;
        }
        correction(event)
    }

    /// An earlier run told this result.
    pub(super) fn was_told(&self, body: &Value) {
        if let Some((plan_id, end)) = end_in(body) {
            let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            ends.insert(plan_id, end);
        }
    }

    /// Nothing follows of this plan.
    pub(super) fn forget(&self, plan_id: &str) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.remove(plan_id);
    }
}

fn end_in(body: &Value) -> Option<(String, (Value, Value))> {
    let plan_id = body["planId"].as_str()?.to_owned();
    Some((plan_id, (body["status"].clone(), body["blockSlot"].clone())))
}

impl Follower {
    /// An earlier run told this result of a plan that is followed again.
    pub fn was_told(&self, body: &Value) {
        self.ends.was_told(body);
    }

    /// What became of it for ever, by a quorum: one that it said before that could be taken back. Where it is something
    /// else, the position and what was told are corrected. None where it cannot be asked for or written down: the step stays
    /// open.
    pub(super) async fn for_ever(&self, flight: &Flight, end: End, method: &str) -> Option<End> {
        // That it never can land is for ever.
        if slot_of(&end.decided).is_none() {
            return Some(end);
        }
        let decided = self.decided(flight, Level::Finalized).await?;
        if is_same(&decided, &end.decided) {
            return Some(End { decided, ..end });
        }
        let message = format!(
            "plan {}: what was told of it is not what the chain has decided for ever; it is corrected",
            flight.plan_id
        );
        let fields = json!({
            "plan_id": flight.plan_id, "code": "result_corrected", "was": end.decided.kind(), "is": decided.kind(),
        });
        let log = &self.shared.log;
        log.warning("result_corrected", &message, fields);
        let end = self.tell(flight, decided, method).await;
        self.end_position(&flight.plan_id, end.landed())
            .then_some(end)
    }

    /// What a quorum says for ever, where it is not that it landed.
    pub(super) async fn decided_otherwise(&self, flight: &Flight) -> Option<Confirmation> {
        let awaited = Awaited {
            signature: flight.signature.clone(),
            last_valid_block_height: flight.last_valid_block_height,
            commitment: Level::Finalized,
        };
        match self.watch.check(&awaited).await.ok()? {
            Confirmation::Landed(_) | Confirmation::Pending { .. } => None,
            otherwise => Some(otherwise),
        }
    }
}

fn slot_of(decided: &Confirmation) -> Option<u64> {
    match decided {
        Confirmation::Landed(it) | Confirmation::Reverted { inclusion: it, .. } => Some(it.slot),
        Confirmation::Expired { .. } | Confirmation::Pending { .. } => None,
    }
}

/// Whether it did the same in the same block: in another one it may have moved something else.
fn is_same(one: &Confirmation, other: &Confirmation) -> bool {
    one.kind() == other.kind() && slot_of(one) == slot_of(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(status: &str, slot: u64) -> Value {
        json!({"id": "first", "body": {"planId": "p", "status": status, "blockSlot": slot}})
    }

    #[test]
    fn an_end_is_told_under_one_id_and_each_other_end_under_one_of_its_own_also_after_a_crash() {
        let ends = Ends::default();
        let id = |ends: &Ends, event| ends.first_or_corrected(event)["id"].clone();
        assert_eq!(id(&ends, result("failed", 7)), "first");
        assert_eq!(id(&ends, result("failed", 7)), "first", "the same again");
        let corrected = id(&ends, result("success", 7));
        assert_ne!(corrected, "first");
        assert_ne!(id(&ends, result("success", 8)), corrected);
        let next_start = Ends::default();
        next_start.was_told(&result("failed", 7)["body"]);
        assert_eq!(id(&next_start, result("success", 7)), corrected);
        ends.forget("p");
        assert_eq!(
            id(&ends, result("success", 7)),
            "first",
            "a plan of its own"
        );
    }
}
