//! How one endpoint does, and whether it may be asked now: its rate limit, its circuit, its tally. The same for every
//! transport.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::circuit_breaker::{CircuitBreaker, CircuitState};
use crate::fault::{Fault, at_least_one};
use crate::http_endpoint::{EndpointLimits, ExchangeFault, Tally};
use crate::monotonic::Monotonic;
use crate::rate_limiter::RateLimiter;

/// Nobody makes us rest for longer than this by one answer.
pub(crate) const LONGEST_REST_MS: u64 = 300_000;

#[derive(Debug)]
struct Condition {
    limiter: RateLimiter,
    circuit: CircuitBreaker,
    tally: Tally,
}

/// Behind a lock of its own, that is never held across a wait.
#[derive(Debug)]
pub(crate) struct EndpointCondition {
    clock: Monotonic,
    condition: Mutex<Condition>,
}

impl EndpointCondition {
    /// # Errors
    /// `limit_malformed`.
    pub(crate) fn new(limits: &EndpointLimits) -> Result<Self, Fault> {
        at_least_one("request_timeout_ms", limits.request_timeout_ms)?;
        at_least_one("max_response_bytes", limits.max_response_bytes as u64)?;
        Ok(Self {
            clock: Monotonic::start(),
            condition: Mutex::new(Condition {
                limiter: RateLimiter::new(limits.requests_per_second, limits.burst)?,
                circuit: CircuitBreaker::new(limits.failures_to_open, limits.open_ms)?,
                tally: Tally::default(),
            }),
        })
    }

    pub(crate) fn tally(&self) -> Tally {
        self.condition().tally
    }

    /// The circuit, and what a request for rest left of it, in milliseconds.
    pub(crate) fn availability(&self) -> (CircuitState, u64) {
        let now_ms = self.clock.now_ms();
        let condition = self.condition();
        (
            condition.circuit.state(now_ms),
            condition.limiter.resting_ms(now_ms),
        )
    }

    /// Waits for a token, then asks the circuit, whose one trial must not be spent on a wait.
    pub(crate) async fn turn(&self, patience_ms: u64) -> Result<(), ExchangeFault> {
        let deadline_ms = self.clock.now_ms().saturating_add(patience_ms);
        loop {
            let now_ms = self.clock.now_ms();
            let wait_ms = {
                let mut condition = self.condition();
                if condition.circuit.state(now_ms) == CircuitState::Open {
                    return Err(ExchangeFault::CircuitOpen);
                }
                match condition.limiter.take(now_ms) {
                    0 if condition.circuit.allow(now_ms) => return Ok(()),
                    0 => return Err(ExchangeFault::CircuitOpen),
                    wait_ms => wait_ms,
                }
            };
            if now_ms.saturating_add(wait_ms) > deadline_ms {
                return Err(ExchangeFault::Limited {
                    retry_after_ms: wait_ms,
                });
            }
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    pub(crate) fn answered(&self, elapsed_us: u64) {
        let mut condition = self.condition();
        condition.circuit.succeeded();
        condition.tally.answered += 1;
        let smoothed = condition
            .tally
            .latency_us
            .map_or(elapsed_us, |old| (old * 7).saturating_add(elapsed_us) / 8);
        condition.tally.latency_us = Some(smoothed);
    }

    /// The endpoint asked for a rest. That is an answer: the circuit stays closed.
    pub(crate) fn rest(&self, for_ms: u64) {
        let now_ms = self.clock.now_ms();
        let mut condition = self.condition();
        condition.circuit.succeeded();
        condition.limiter.rest(now_ms, for_ms.min(LONGEST_REST_MS));
        condition.tally.rate_limited += 1;
    }

    pub(crate) fn failed(&self) {
        let now_ms = self.clock.now_ms();
        let mut condition = self.condition();
        condition.circuit.failed(now_ms);
        condition.tally.failed += 1;
    }

    // Nothing can panic half-way through a change of this, so a poisoned lock is used as it is.
    fn condition(&self) -> MutexGuard<'_, Condition> {
        self.condition
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
