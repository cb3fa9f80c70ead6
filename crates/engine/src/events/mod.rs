//! Events for the stream: the same envelopes as everywhere, appended to `events.jsonl` by a thread of its own.
//!
//! - here: the handle that the stages tell by; - `journal`: the file and its thread;
//! - `opportunity`, `plan`, `result`: what is said.

mod journal;
mod opportunity;
mod plan;
mod result;

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

pub use journal::Journal;
pub use opportunity::opportunity_found;
pub use plan::{PlanTold, plan_event};
pub use result::{ResultTold, Status, correction, result_event};

/// Hears every event as it is told; must neither wait nor hold on to whoever tells.
type Listener = Box<dyn Fn(&Value) + Send + Sync>;

/// Tells events. Cheap to share; telling costs one place in a queue.
#[derive(Clone)]
pub struct Events {
    journal: Option<SyncSender<Told>>,
    listener: Arc<OnceLock<Listener>>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Events")
    }
}

/// An event on its way to the file.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) event: Value,
    /// Told how far it has come, twice: in the file, and on the disk.
    pub(super) progress: Option<SyncSender<()>>,
}

/// An event that is acted upon once it is on disk.
#[derive(Debug)]
pub struct Kept(Option<Receiver<()>>);

impl Kept {
    /// Waits until it is in the file: it outlives this process. False where it could not be written.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.0.as_ref().is_none_or(|told| told.recv().is_ok())
    }

    /// Waits, after [`Self::is_written`], until it is on the disk: it outlives the machine's power. False where not.
    #[must_use]
    pub fn is_on_disk(self) -> bool {
        self.0.is_none_or(|told| told.recv().is_ok())
    }
}

impl Events {
    /// Events that nobody wants.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::to(None)
    }

    fn to(journal: Option<SyncSender<Told>>) -> Self {
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
        self.put(event, None);
    }

    /// Tells one that is acted upon: it is on disk before.
    #[must_use]
    pub fn tell_kept(&self, event: Value) -> Kept {
        if self.journal.is_none() {
            self.put(event, None);
            return Kept(None);
        }
        let (told, progress) = sync_channel(2);
        self.put(event, Some(told));
        Kept(Some(progress))
    }

    /// Tells one that something ends by: it is written again until it is on the disk.
    #[must_use]
    pub fn tell_lasting(&self, event: Value) -> Kept {
        self.tell_kept(event)
    }

    fn put(&self, event: Value, progress: Option<SyncSender<()>>) {
        if let Some(heard) = self.listener.get() {
            heard(&event);
        }
        let Some(sender) = &self.journal else {
            return;
        };
        if let Err(TrySendError::Full(told)) = sender.try_send(Told { event, progress }) {
            let _ended = sender.send(told);
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
