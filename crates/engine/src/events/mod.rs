//! Events for the stream: the same envelopes as everywhere, appended to `events.jsonl` by a thread of its own.
//!
//! - here: the handle that the stages tell by; - `journal`: the file and its thread;
//! - `opportunity`, `plan`, `result`: what is said.

mod journal;
mod opportunity;
mod plan;
mod result;

use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

pub use journal::Journal;
pub use opportunity::opportunity_found;
pub use plan::{PlanTold, plan_event};
pub use result::{ResultTold, Status, result_event};

/// Hears every event as it is told; must neither wait nor hold on to whoever tells.
type Listener = Box<dyn Fn(&Value) + Send + Sync>;

/// Tells events. Cheap to share; telling costs one place in a queue.
#[derive(Clone)]
pub struct Events {
    journal: Option<SyncSender<Value>>,
    listener: Arc<OnceLock<Listener>>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Events")
    }
}

impl Events {
    /// Events that nobody wants.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::to(None)
    }

    fn to(journal: Option<SyncSender<Value>>) -> Self {
        Self {
            journal,
            listener: Arc::default(),
        }
    }

    /// Has every event heard as well. The first listener stays.
    pub fn listen(&self, listener: impl Fn(&Value) + Send + Sync + 'static) {
        let _first_stays = self.listener.set(Box::new(listener));
    }

    /// Tells one. Where the disk is so slow that the queue is full, this waits: an event is never lost.
    pub fn tell(&self, event: Value) {
        if let Some(heard) = self.listener.get() {
            heard(&event);
        }
        let Some(sender) = &self.journal else {
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
