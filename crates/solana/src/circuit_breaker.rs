//! A circuit breaker: whether it is worth asking somebody who did not answer lately. Clockless.

use crate::fault::{Fault, at_least_one};

/// Where the circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// Asked freely.
    Closed,
    /// Not asked until its rest is over.
    Open,
    /// Asked once; the answer decides.
    HalfOpen,
}

impl CircuitState {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Opens after failures in a row. A failure is an answer that did not come; what the other side refused is an answer.
///
/// Times are milliseconds of the caller's clock, which must not go back.
#[derive(Debug, Clone)]
pub struct CircuitBreaker {
    failures_to_open: u32,
    open_ms: u64,
    failures: u32,
    opened_at_ms: Option<u64>,
    trial_at_ms: Option<u64>,
}

impl CircuitBreaker {
    /// # Errors
    /// `limit_malformed` when either is 0.
    pub fn new(failures_to_open: u32, open_ms: u64) -> Result<Self, Fault> {
        at_least_one("failures_to_open", u64::from(failures_to_open))?;
        at_least_one("open_ms", open_ms)?;
        Ok(Self {
            failures_to_open,
            open_ms,
            failures: 0,
            opened_at_ms: None,
            trial_at_ms: None,
        })
    }

    /// Where it stands now.
    #[must_use]
    pub const fn state(&self, now_ms: u64) -> CircuitState {
        match self.opened_at_ms {
            None => CircuitState::Closed,
            Some(opened) if now_ms.saturating_sub(opened) < self.open_ms => CircuitState::Open,
            Some(_) => CircuitState::HalfOpen,
        }
    }

    /// Whether to ask now. Half open lets one through; another follows when that one is not judged within a rest.
    pub const fn allow(&mut self, now_ms: u64) -> bool {
        match self.state(now_ms) {
            CircuitState::Closed => true,
            CircuitState::Open => false,
            CircuitState::HalfOpen => {
                if let Some(trial) = self.trial_at_ms
                    && now_ms.saturating_sub(trial) < self.open_ms
                {
                    return false;
                }
                self.trial_at_ms = Some(now_ms);
                true
            }
        }
    }

    /// It answered.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
        self.opened_at_ms = None;
        self.trial_at_ms = None;
    }

    /// It did not answer. A failure while half open opens for a whole rest again; one that was asked before it opened,
    /// and fails later, does not lengthen the rest.
    pub const fn failed(&mut self, now_ms: u64) {
        self.failures = self.failures.saturating_add(1);
        match self.state(now_ms) {
            CircuitState::Closed if self.failures < self.failures_to_open => {}
            CircuitState::Open => {}
            CircuitState::Closed | CircuitState::HalfOpen => {
                self.opened_at_ms = Some(now_ms);
                self.trial_at_ms = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new(5, 60_000).unwrap()
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_between_starts_the_count_again() {
        let mut circuit = breaker();
        for _ in 0..4 {
            circuit.failed(0);
        }
        circuit.succeeded();
        for _ in 0..4 {
            circuit.failed(1);
        }
        assert!(circuit.allow(1));
        circuit.failed(1);
        assert_eq!(circuit.state(1), CircuitState::Open);
        assert!(!circuit.allow(60_000));
    }

    #[test]
    fn after_the_rest_one_question_is_let_through_and_decides() {
        let mut circuit = breaker();
        for _ in 0..5 {
            circuit.failed(0);
        }
        assert_eq!(circuit.state(60_000), CircuitState::HalfOpen);
        assert!(circuit.allow(60_000));
        assert!(!circuit.allow(60_001));
        circuit.failed(60_002);
        assert!(!circuit.allow(120_001));
        assert!(circuit.allow(120_002));
        circuit.succeeded();
        assert_eq!(circuit.state(120_003), CircuitState::Closed);
        assert!(circuit.allow(120_003) && circuit.allow(120_003));
    }

    #[test]
    fn a_trial_that_nobody_judged_does_not_shut_the_door_for_ever() {
        let mut circuit = breaker();
        for _ in 0..5 {
            circuit.failed(0);
        }
        assert!(circuit.allow(60_000));
        assert!(!circuit.allow(119_999));
        assert!(circuit.allow(120_000));
    }

    #[test]
    fn late_failures_of_questions_asked_before_do_not_lengthen_the_rest() {
        let mut circuit = breaker();
        for _ in 0..5 {
            circuit.failed(0);
        }
        circuit.failed(59_000);
        assert!(circuit.allow(60_000));
    }

    #[test]
    fn a_circuit_that_could_never_close_or_open_is_refused() {
        assert_eq!(
            CircuitBreaker::new(0, 1).unwrap_err().code(),
            "limit_malformed"
        );
        assert_eq!(
            CircuitBreaker::new(1, 0).unwrap_err().code(),
            "limit_malformed"
        );
    }
}
