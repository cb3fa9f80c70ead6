//! `CoreError`: the one exception that crosses to Python, with a stable `code`.

use std::fmt::Display;

use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tradewind_core::AddressError;
use tradewind_core::evm::EvmError;
use tradewind_core::pools::{PoolError, PoolJsonError};
use tradewind_core::routing::RouteError;

create_exception!(
    tradewind._core,
    CoreError,
    PyValueError,
    "A refusal by the Rust core. Branch on `code` (stable, snake_case); the message is for the user."
);

/// A refusal that knows its stable name.
pub(crate) trait Coded: Display {
    /// The stable name of the fault, in snake case.
    fn code(&self) -> &'static str;
}

impl Coded for EvmError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Coded for PoolError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Coded for PoolJsonError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Coded for AddressError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

impl Coded for RouteError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

/// Turns a refusal of the core into a raised `CoreError`; made for `map_err(raise)`.
#[allow(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
pub(crate) fn raise(refusal: impl Coded) -> PyErr {
    core_error(refusal.code(), &refusal.to_string())
}

/// A `CoreError` with this code and message.
pub(crate) fn core_error(code: &'static str, message: &str) -> PyErr {
    Python::attach(|py| {
        let error = CoreError::new_err(message.to_owned());
        match error.value(py).setattr("code", code) {
            Ok(()) => error,
            Err(failure) => failure,
        }
    })
}

/// A refusal as an object: what stands in the place of an answer.
#[allow(clippy::needless_pass_by_value, reason = "the shape of `raise`")]
pub(crate) fn refusal(py: Python<'_>, refusal: impl Coded) -> Bound<'_, PyAny> {
    let error = core_error(refusal.code(), &refusal.to_string());
    error.into_value(py).into_bound(py).into_any()
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("CoreError", module.py().get_type::<CoreError>())
}
