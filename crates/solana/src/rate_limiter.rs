//! A token bucket for one endpoint, which also honours what the endpoint itself asks for. Clockless.

use crate::fault::{Fault, at_least_one};

/// Thousandths of a token, so that a rate of any whole number a second is exact in whole milliseconds.
const TOKEN: u64 = 1_000;

/// At most `burst` at once and `requests_per_second` in the long run.
///
/// Times are milliseconds of the caller's clock, which must not go back.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    requests_per_second: u64,
    capacity: u64,
    level: u64,
    as_of_ms: u64,
    rest_until_ms: u64,
}

impl RateLimiter {
    /// A full bucket.
    ///
    /// # Errors
    /// `limit_malformed` when either is 0.
    pub fn new(requests_per_second: u32, burst: u32) -> Result<Self, Fault> {
        at_least_one("requests_per_second", u64::from(requests_per_second))?;
        at_least_one("burst", u64::from(burst))?;
        let capacity = u64::from(burst) * TOKEN;
        Ok(Self {
            requests_per_second: u64::from(requests_per_second),
            capacity,
            level: capacity,
            as_of_ms: 0,
            rest_until_ms: 0,
        })
    }

    /// 0: go, a token is taken. Else: milliseconds until one is there, and nothing is taken.
    pub fn take(&mut self, now_ms: u64) -> u64 {
        let now_ms = now_ms.max(self.as_of_ms);
        let gained = (now_ms - self.as_of_ms).saturating_mul(self.requests_per_second);
        self.level = self.level.saturating_add(gained).min(self.capacity);
        self.as_of_ms = now_ms;
        let resting = self.rest_until_ms.saturating_sub(now_ms);
        let missing = TOKEN.saturating_sub(self.level);
        let wait = resting.max(missing.div_ceil(self.requests_per_second));
        if wait == 0 {
            self.level -= TOKEN;
        }
        wait
    }

    /// The other side asked for a rest (429). A shorter one never ends a longer one.
    pub fn rest(&mut self, now_ms: u64, for_ms: u64) {
        self.rest_until_ms = self.rest_until_ms.max(now_ms.saturating_add(for_ms));
    }

    /// Milliseconds of a rest that are left.
    #[must_use]
    pub const fn resting_ms(&self, now_ms: u64) -> u64 {
        self.rest_until_ms.saturating_sub(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_next_waits_for_its_token() {
        let mut limiter = RateLimiter::new(4, 2).unwrap();
        assert_eq!(
            [limiter.take(0), limiter.take(0), limiter.take(0)],
            [0, 0, 250]
        );
        assert_eq!(limiter.take(249), 1);
        assert_eq!(limiter.take(250), 0);
    }

    #[test]
    fn a_rest_is_kept_to_its_last_millisecond_and_a_shorter_one_does_not_end_it() {
        let mut limiter = RateLimiter::new(100, 100).unwrap();
        limiter.rest(0, 3_000);
        limiter.rest(10, 1_000);
        assert_eq!(limiter.take(2_999), 1);
        assert_eq!(limiter.take(3_000), 0);
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_the_burst_and_the_rate(
            rate in 1_u32..50, burst in 1_u32..20, steps in prop::collection::vec(0_u64..400, 1..200),
        ) {
            let mut limiter = RateLimiter::new(rate, burst).unwrap();
            let mut now = 0;
            let mut taken = Vec::new();
            for step in steps {
                now += step;
                if limiter.take(now) == 0 {
                    taken.push(now);
                }
            }
            for (first, start) in taken.iter().enumerate() {
                for (last, end) in taken.iter().enumerate().skip(first) {
                    let allowed = u64::from(burst) * 1_000 + (end - start) * u64::from(rate);
                    prop_assert!((last - first + 1) as u64 * 1_000 <= allowed);
                }
            }
        }

        #[test]
        fn whoever_waits_as_told_is_let_through(rate in 1_u32..5_000, burst in 1_u32..20, starts in 0_u64..10_000) {
            let mut limiter = RateLimiter::new(rate, burst).unwrap();
            let mut now = starts;
            for _ in 0..100 {
                let wait = limiter.take(now);
                if wait > 0 {
                    now += wait;
                    prop_assert_eq!(limiter.take(now), 0);
                }
            }
        }
    }
}
