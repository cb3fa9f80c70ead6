//! How long to wait before the next try of a subscription: doubled after each failure, up to a limit.

use std::time::Duration;

use crate::fault::{Fault, at_least_one};

/// Counts the failures in a row.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    now: Duration,
}

impl Backoff {
    /// # Errors
    /// `limit_malformed`.
    pub(crate) fn new(first_ms: u64, most_ms: u64) -> Result<Self, Fault> {
        at_least_one("backoff_ms", first_ms)?;
        if most_ms < first_ms {
            return Err(Fault::new(
                "limit_malformed",
                format!("max_backoff_ms: {most_ms} is below backoff_ms, {first_ms}; give more"),
            ));
        }
        let first = Duration::from_millis(first_ms);
        Ok(Self {
            first,
            most: Duration::from_millis(most_ms),
            now: first,
        })
    }

    /// What to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.now;
        self.now = wait.saturating_mul(2).min(self.most);
        wait
    }

    /// It works again.
    pub(crate) const fn reset(&mut self) {
        self.now = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_the_limit_and_a_success_ends_that() {
        let mut backoff = Backoff::new(250, 1_500).unwrap();
        let waits: Vec<_> = (0..5).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(waits, [250, 500, 1_000, 1_500, 1_500]);
        backoff.reset();
        assert_eq!(backoff.next().as_millis(), 250);
        assert_eq!(Backoff::new(0, 1).unwrap_err().code(), "limit_malformed");
        assert_eq!(Backoff::new(2, 1).unwrap_err().code(), "limit_malformed");
    }
}
