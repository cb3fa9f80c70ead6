//! Receipts drawn ahead, so that a trade waits for one commit of the gate and not for two.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Executor;
use crate::identifier;

/// Steps whose receipts are drawn ahead.
const PREPARED: usize = 4;
/// After a refusal, before the gate is asked for receipts again.
const REST: Duration = Duration::from_secs(1);

impl Executor {
    /// Whether there are fewer receipts than there should be, and the gate may be asked for one.
    pub(super) fn may_prepare(&self) -> bool {
        let rests = self.rests_until.is_some_and(|until| Instant::now() < until);
        self.sender.is_some() && self.prepared.len() < PREPARED && !rests
    }

    /// Draws one receipt ahead, unless there are enough.
    pub(super) fn prepare_one(&mut self) {
        if !self.may_prepare() {
            return;
        }
        let Some((sender, _)) = self.sender.as_mut() else {
            return;
        };
        // A step that the gate gave no receipt for is asked for again: it gives a step one receipt only.
        let begun = match self.unprepared.take() {
            Some(plan_id) => Ok(plan_id),
            None => identifier::drawn()
                .and_then(|plan_id| sender.follower.steps().begin(&plan_id).map(|()| plan_id)),
        };
        let prepared = begun.map_err(|error| error.to_string()).and_then(|id| {
            let prepared = sender.gate.prepare(id.clone(), &sender.wallet);
            prepared.map_err(|fault| {
                self.unprepared = Some(id);
                fault.to_string()
            })
        });
        match prepared {
            Ok(step) => self.prepared.push_back(step),
            Err(why) => {
                self.rests_until = Some(Instant::now() + REST);
                self.shared.log.warning(
                    "receipt_refused",
                    &why,
                    json!({"code": "receipt_refused"}),
                );
            }
        }
    }

    pub(super) fn close_prepared(&mut self) {
        let Some((sender, _)) = self.sender.as_mut() else {
            return;
        };
        let prepared = self.prepared.drain(..).map(|step| step.plan_id);
        for plan_id in prepared.chain(self.unprepared.take()) {
            if sender.gate.close(&plan_id) == Ok(true) {
                let _asked_again = sender.follower.steps().end(&plan_id);
            }
        }
    }
}
