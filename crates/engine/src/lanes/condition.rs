//! `Condition`: how a lane has done lately.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many in a row that it did not take, and it is passed over.
const MOST_FAILURES: u32 = 3;
/// For so long; then it is tried again.
const REST: Duration = Duration::from_secs(5);

/// Shared by reference.
#[derive(Debug, Default)]
pub(super) struct Condition(Mutex<(u32, Option<Instant>)>);

impl Condition {
    /// It took what it was handed.
    pub(super) fn took(&self) {
        *self.lock() = (0, None);
    }

    /// It did not, or has not said.
    pub(super) fn failed(&self) {
        let mut state = self.lock();
        *state = (state.0.saturating_add(1), Some(Instant::now()));
    }

    /// Whether it is worth the next handing over.
    pub(super) fn is_well(&self) -> bool {
        let (failures, last) = *self.lock();
        failures < MOST_FAILURES || last.is_none_or(|last| last.elapsed() > REST)
    }

    fn lock(&self) -> MutexGuard<'_, (u32, Option<Instant>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_that_takes_nothing_is_passed_over_until_it_takes_something() {
        let condition = Condition::default();
        for _ in 0..MOST_FAILURES {
            assert!(condition.is_well());
            condition.failed();
        }
        assert!(!condition.is_well());
        condition.took();
        assert!(condition.is_well());
    }
}
