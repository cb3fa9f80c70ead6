//! `Awaited`: plans that wait for their prediction while the sign-gate holds their transactions, and what became of those.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::pipeline::{FreshQueue, Opportunity, Trade};

/// Fates that the executor has not heard of; of more, the oldest goes, and a hold upon it ends with its time.
const MOST_UNHEARD: usize = 256;

/// What became of a prediction that a plan stands on.
#[derive(Debug)]
pub enum Fate {
    /// Everything that it stands on has happened: it is a plan like any other, found now.
    CameTrue(Box<(Opportunity, Trade)>),
    /// It did not happen, or nobody knows.
    CameToNothing {
        /// The plan's opportunity.
        opportunity_id: String,
        /// Why, in snake case.
        reason: &'static str,
    },
}

/// The plans, by their opportunities. Shared by reference.
#[derive(Debug)]
pub struct Awaited {
    open: Mutex<BTreeSet<String>>,
    decided: FreshQueue<String, Fate>,
}

impl Default for Awaited {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            decided: FreshQueue::new(MOST_UNHEARD),
        }
    }
}

impl Awaited {
    /// Whether nothing has become of it yet.
    #[must_use]
    pub fn is_open(&self, opportunity_id: &str) -> bool {
        self.lock().contains(opportunity_id)
    }

    /// The next fate that nobody has heard of; never waits.
    pub fn pop(&self) -> Option<Fate> {
        self.decided.pop(Duration::ZERO)
    }

    pub(super) fn begin(&self, opportunity_id: &str) {
        self.lock().insert(opportunity_id.to_owned());
    }

    /// Nobody awaits it any more; whether anybody did.
    pub(super) fn end(&self, opportunity_id: &str) -> bool {
        self.lock().remove(opportunity_id)
    }

    pub(super) fn decide(&self, opportunity_id: String, fate: Fate) {
        self.decided.push(opportunity_id, fate);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
