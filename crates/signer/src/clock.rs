//! Where the time comes from, so that tests can set it.

use rustix::time::{ClockId, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time, and how long the machine runs.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// Milliseconds since the machine started, its sleep included. Nobody can set it.
    fn running_ms(&self) -> u64;
}

/// The clock of the machine.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn running_ms(&self) -> u64 {
        let since = clock_gettime(ClockId::Boottime);
        let (seconds, nanos) = (since.tv_sec, since.tv_nsec);
        let seconds_ms = u64::try_from(seconds)
            .unwrap_or_default()
            .saturating_mul(1_000);
        seconds_ms.saturating_add(u64::try_from(nanos).unwrap_or_default() / 1_000_000)
    }
}
