//! `CircuitBreaker` and `RateLimiter`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use tradewind_solana::{circuit_breaker, rate_limiter};

use super::rpc::Whole;
use super::runtime::whole;
use crate::error::raise;
use crate::integer::native;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether it is worth asking somebody who did not answer lately.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct CircuitBreaker(Mutex<circuit_breaker::CircuitBreaker>);

#[pymethods]
impl CircuitBreaker {
    #[new]
    #[pyo3(signature = (*, failures_to_open=None, open_ms=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(failures_to_open: Whole<'_>, open_ms: Whole<'_>) -> PyResult<Self> {
        let circuit = circuit_breaker::CircuitBreaker::new(
            whole!(failures_to_open, 5),
            whole!(open_ms, 60_000),
        );
        circuit
            .map(|circuit| Self(Mutex::new(circuit)))
            .map_err(raise)
    }

    fn state(&self, now_ms: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        Ok(lock(&self.0).state(native("now_ms", now_ms)?).name())
    }

    fn allow(&self, now_ms: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(lock(&self.0).allow(native("now_ms", now_ms)?))
    }

    fn succeeded(&self) {
        lock(&self.0).succeeded();
    }

    fn failed(&self, now_ms: &Bound<'_, PyAny>) -> PyResult<()> {
        lock(&self.0).failed(native("now_ms", now_ms)?);
        Ok(())
    }
}

/// A bucket of tokens.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct RateLimiter(Mutex<rate_limiter::RateLimiter>);

#[pymethods]
impl RateLimiter {
    #[new]
    #[pyo3(signature = (*, requests_per_second, burst))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(requests_per_second: Bound<'_, PyAny>, burst: Bound<'_, PyAny>) -> PyResult<Self> {
        let limiter = rate_limiter::RateLimiter::new(
            native("requests_per_second", &requests_per_second)?,
            native("burst", &burst)?,
        );
        limiter
            .map(|limiter| Self(Mutex::new(limiter)))
            .map_err(raise)
    }

    fn take(&self, now_ms: &Bound<'_, PyAny>) -> PyResult<u64> {
        Ok(lock(&self.0).take(native("now_ms", now_ms)?))
    }

    fn rest(&self, now_ms: &Bound<'_, PyAny>, for_ms: &Bound<'_, PyAny>) -> PyResult<()> {
        lock(&self.0).rest(native("now_ms", now_ms)?, native("for_ms", for_ms)?);
        Ok(())
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<CircuitBreaker>()?;
    module.add_class::<RateLimiter>()
}
