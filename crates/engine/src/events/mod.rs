//! Events for the stream: the same envelopes as everywhere, appended to `events.jsonl`.
//!
//! - here: the handle that the stages tell by; - `journal`: the file and its thread;
//! - `opportunity`, `plan`, `result`: what is said.

mod journal;
mod opportunity;
mod plan;
mod result;

use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

pub use journal::Journal;
use journal::Lines;
pub use opportunity::opportunity_found;
pub use plan::{PlanTold, plan_event};
pub use result::{ResultTold, Status, correction, result_event};

/// Hears every event as it is told; must neither wait nor hold on to whoever tells.
type Listener = Box<dyn Fn(&Value) + Send + Sync>;

/// Tells events. Cheap to share; telling costs one place in a queue.
#[derive(Clone)]
pub struct Events {
    journal: Option<Arc<Lines>>,
    listener: Arc<OnceLock<Listener>>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Events")
    }
}

/// An event that is acted upon once it is on disk.
#[derive(Debug)]
pub struct Kept {
    written: bool,
    /// None where nothing is to be waited for.
    on_disk: Option<Receiver<()>>,
}

impl Kept {
    /// Whether it is in the file, or will be as soon as the disk takes it. False where it could not be written.
    #[must_use]
    pub const fn is_written(&self) -> bool {
        self.written
    }

    /// Waits until it is on the disk: it outlives the machine's power. False where not.
    #[must_use]
    pub fn is_on_disk(self) -> bool {
        self.written && self.on_disk.is_none_or(|told| told.recv().is_ok())
    }
}

impl Events {
    /// Events that nobody wants.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::to(None)
    }

    fn to(journal: Option<Arc<Lines>>) -> Self {
        Self {
            journal,
            listener: Arc::default(),
        }
    }

    /// Has every event heard as well. The first listener stays.
    pub fn listen(&self, listener: impl Fn(&Value) + Send + Sync + 'static) {
        let _first_stays = self.listener.set(Box::new(listener));
    }

    /// Tells one. Where the disk is so slow that too many wait, this waits; only where it takes nothing at all, and too many
    /// wait, it is lost.
    pub fn tell(&self, event: Value) {
        self.hear(&event);
        if let Some(journal) = &self.journal {
            journal.tell(event);
        }
    }

    /// Tells one that is acted upon: it is in the file when this returns, and its way to the disk has begun.
    #[must_use]
    pub fn tell_kept(&self, event: &Value) -> Kept {
        self.hear(event);
        let Some(journal) = &self.journal else {
            return Kept {
                written: true,
                on_disk: None,
            };
        };
        let on_disk = journal.keep(event);
        Kept {
            written: on_disk.is_some(),
            on_disk,
        }
    }

    /// Tells one that something ends by: it is written again until the disk takes it.
    #[must_use]
    pub fn tell_lasting(&self, event: Value) -> Kept {
        self.hear(&event);
        let journal = self.journal.as_ref();
        Kept {
            written: true,
            on_disk: journal.map(|journal| journal.tell_lasting(event)),
        }
    }

    fn hear(&self, event: &Value) {
        if let Some(heard) = self.listener.get() {
            heard(event);
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
