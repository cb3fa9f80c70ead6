//! Asks the gate what it has on record until it says: where its answer was lost, and where what it held is given up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use tokio::task::JoinHandle;

use super::{Departure, FIRST_REST, Follower, LONGEST_REST};
use crate::events::{Kept, ResultTold, Status, result_event};
use crate::flight::{Flight, tip_in};
use crate::gate::{OnRecord, Signed};
use crate::pipeline::Counts;

/// What the gate has on record of a step.
enum Answer {
    Signed(Signed),
    /// It is closed, or over, and can never be signed.
    Closed,
    /// It can never land, and the gate wants more evidence of that than there is: it stays open for the next start.
    LeftOpen,
}

impl Follower {
    /// The gate's answer was lost: it is asked until it says whether this flight is signed. It is then sent and followed,
    /// or told as failed. Must be called within a tokio runtime.
    pub fn resolve(self: &Arc<Self>, draft: Flight) -> JoinHandle<()> {
        self.reserve(&draft.plan_id, draft.pools.clone());
        let follower = Arc::clone(self);
        tokio::spawn(async move {
            let (code, why) = ("answer_lost", "the gate has not signed it");
            match follower.answer_of(&draft).await {
                Answer::Signed(signed) => return follower.follow_resolved(draft, signed).await,
                Answer::Closed => follower.never_signed(&draft, code, why),
                Answer::LeftOpen => drop(follower.tell_never_signed(&draft, code, why)),
            }
            follower.look_again(&draft.pools);
        })
    }

    /// What the gate holds of this flight is given up: it is asked until it has nothing of it any more. Its pools are free
    /// at once, for nobody releases it now. Must be called within a tokio runtime.
    pub fn discard(self: &Arc<Self>, draft: Flight, reason: &'static str) -> JoinHandle<()> {
        let follower = Arc::clone(self);
        tokio::spawn(async move {
            match follower.answer_of(&draft).await {
                Answer::Signed(signed) => {
                    // An answer that was lost before had let it go.
                    follower.reserve(&draft.plan_id, draft.pools.clone());
                    follower.follow_resolved(draft, signed).await;
                }
                Answer::Closed => follower.say_discarded(&draft, reason),
                Answer::LeftOpen => drop(follower.tell_discarded(&draft, reason)),
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

    /// What the gate has on record of a step, once it says.
    async fn answer_of(&self, draft: &Flight) -> Answer {
        let mut rest = FIRST_REST;
        loop {
            let id = draft.plan_id.clone();
            match self.ask(move |gate| gate.abandon(&id)).await {
                Ok(OnRecord::Signed(signed)) => return Answer::Signed(signed),
                Ok(OnRecord::Closed { .. }) => return Answer::Closed,
                Ok(OnRecord::Undecided) => match self.is_over(draft).await {
                    Some(true) => return Answer::Closed,
                    Some(false) => return Answer::LeftOpen,
                    None => {}
                },
                Err(_) => {}
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
    }

    /// A plan that was told comes to nothing: it is told, its pools are free, and the book on its step is closed. Must be
    /// called within a tokio runtime.
    pub fn never_signed(self: &Arc<Self>, draft: &Flight, code: &str, why: &str) {
        let kept = self.tell_never_signed(draft, code, why);
        self.close_book_later(&draft.plan_id, kept);
    }

    fn tell_never_signed(&self, draft: &Flight, code: &str, why: &str) -> Kept {
        self.end_position(&draft.plan_id, None);
        let method = draft.choice.method();
        let kept = self.result(draft, Status::Failed, Some((code, why)), method, None, None);
        self.release(&draft.plan_id);
        kept
    }

    /// A plan that was told was held for nothing: the gate has given back what it reserved, and the book on its step is
    /// closed. Must be called within a tokio runtime.
    pub fn say_discarded(self: &Arc<Self>, draft: &Flight, reason: &str) {
        let kept = self.tell_discarded(draft, reason);
        self.close_book_later(&draft.plan_id, kept);
    }

    fn tell_discarded(&self, draft: &Flight, reason: &str) -> Kept {
        Counts::one(&self.shared.counts.discarded);
        let message = "a held attempt was given up, and nothing of it was sent";
        let fields = json!({
            "plan_id": draft.plan_id, "opportunity_id": draft.opportunity_id, "reason": reason,
        });
        self.shared.log.info("discarded", message, fields);
        let words = format!("it was held, and is not sent: {reason}");
        self.shared.events.tell_lasting(result_event(&ResultTold {
            flight: draft,
            status: Status::Failed,
            error: Some(("discarded", &words)),
            slot: None,
            moved: None,
            method: draft.choice.method(),
            executor_name: &self.shared.instance,
            at_ns: self.shared.clock.now_ns(),
        }))
    }

    fn close_book_later(self: &Arc<Self>, plan_id: &str, kept: Kept) {
        let (follower, plan_id) = (Arc::clone(self), plan_id.to_owned());
        self.closing.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            follower.close_book(&plan_id, kept).await;
            follower.closing.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// The step has ended, once its result is on the disk. Where that is not to be had it stays open: the next start tells it
    /// again.
    pub(super) async fn close_book(&self, plan_id: &str, kept: Kept) {
        self.closing.fetch_add(1, Ordering::AcqRel);
        let kept = move || kept.is_written() && kept.is_on_disk();
        if tokio::task::spawn_blocking(kept).await.unwrap_or_default() {
            self.ends.forget(plan_id);
            let _asked_again = self.steps().end(plan_id);
        }
        self.closing.fetch_sub(1, Ordering::AcqRel);
    }
}
