//! The clock that everything is given: the system's, or that of a recording.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970, UTC.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// Stands where the last recorded message put it.
    Recorded(Arc<AtomicU64>),
}

impl Clock {
    /// One that stands at 0.
    #[must_use]
    pub fn recorded() -> Self {
        Self::Recorded(Arc::default())
    }

    /// Now.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|since| u64::try_from(since.as_nanos()).ok())
                .unwrap_or_default(),
            Self::Recorded(now) => now.load(Ordering::Acquire),
        }
    }

    /// Now, in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_ns() / 1_000_000
    }

    /// Puts a recorded clock forward; the machine's goes by itself.
    pub fn set(&self, at_ns: u64) {
        if let Self::Recorded(now) = self {
            now.fetch_max(at_ns, Ordering::AcqRel);
        }
    }
}
