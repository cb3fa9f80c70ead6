//! `Allowance`: so many lines each second; the next one says how many were left out.

use std::time::{Duration, Instant};

/// Counts within one second at a time.
#[derive(Debug)]
pub(super) struct Allowance {
    most: u32,
    since: Instant,
    taken: u32,
    suppressed: u64,
}

impl Allowance {
    /// So many each second.
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            since: Instant::now(),
            taken: 0,
            suppressed: 0,
        }
    }

    /// How many were suppressed before this one; None when this one is, too.
    pub(super) fn take(&mut self) -> Option<u64> {
        if self.since.elapsed() >= Duration::from_secs(1) {
            (self.since, self.taken) = (Instant::now(), 0);
        }
        if self.taken == self.most {
            self.suppressed += 1;
            return None;
        }
        self.taken += 1;
        Some(std::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_is_suppressed_and_counted() {
        let mut allowance = Allowance::new(2);
        assert_eq!(
            [allowance.take(), allowance.take(), allowance.take()],
            [Some(0), Some(0), None]
        );
        allowance.since = Instant::now()
            .checked_sub(Duration::from_secs(1))
            .expect("a second ago");
        assert_eq!([allowance.take(), allowance.take()], [Some(1), Some(0)]);
    }
}
