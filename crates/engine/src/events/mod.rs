//! Events for the stream: the same envelopes as everywhere, appended to `events.jsonl` by a thread of its own.
//!
//! - here: the handle that the stages tell by; - `journal`: the file and its thread;
//! - `opportunity`, `plan`, `result`: what is said.

mod journal;
mod opportunity;
mod plan;
mod result;

use std::sync::mpsc::{SyncSender, TrySendError};

use serde_json::{Value, json};

pub use journal::Journal;
pub use opportunity::opportunity_found;
pub use plan::{PlanTold, plan_event};
pub use result::{ResultTold, Status, result_event};

/// Tells events. Cheap to share; telling costs one place in a queue.
#[derive(Debug, Clone)]
pub struct Events(Option<SyncSender<Value>>);

impl Events {
    /// Events that nobody wants.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self(None)
    }

    /// Tells one. Where the disk is so slow that the queue is full, this waits: an event is never lost.
    pub fn tell(&self, event: Value) {
        let Some(sender) = &self.0 else {
            return;
        };
        if let Err(TrySendError::Full(event)) = sender.try_send(event) {
            let _ended = sender.send(event);
        }
    }
}

/// An envelope.
pub(super) fn envelope(
    id: &str,
    kind: &str,
    at_ns: u64,
    correlation_id: &str,
    causation_id: Option<&str>,
    body: &Value,
) -> Value {
    json!({
        "id": id,
        "type": kind,
        "version": 1,
        "occurred_at": at_ns,
        "correlation_id": correlation_id,
        "causation_id": causation_id,
        "body": body,
    })
}
