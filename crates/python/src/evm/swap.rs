//! One swap through the router, and its legs.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::evm;

use super::permit::Permit;
use super::{Any, uint};
use crate::address::{address, text};
use crate::error::{core_error, raise};
use crate::integer::{native, python};

/// One swap through `SwapRouter02`, with its deadline and, if need be, its permit.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct RouterSwap(evm::RouterSwap);

/// One path of a swap, with the part of the amount that goes over it and the limit of that part.
#[pyclass(frozen, eq, from_py_object, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct SwapLeg(evm::SwapLeg);

#[pymethods]
impl SwapLeg {
    #[new]
    #[pyo3(signature = (*, path, fees_pips, amount_in_raw, amount_out_raw))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "lists converted into owned ones"
    )]
    fn new(
        path: Vec<String>,
        fees_pips: Vec<Bound<'_, PyAny>>,
        amount_in_raw: Any<'_, '_>,
        amount_out_raw: Any<'_, '_>,
    ) -> PyResult<Self> {
        let tokens = path
            .iter()
            .map(|token| address("path", token))
            .collect::<PyResult<_>>()?;
        let fees = fees_pips
            .iter()
            .map(|fee| native("fees_pips", fee))
            .collect::<PyResult<_>>()?;
        Ok(Self(evm::SwapLeg {
            path: evm::SwapPath::new(tokens, fees).map_err(raise)?,
            amount_in_raw: uint("amount_in_raw", amount_in_raw)?,
            amount_out_raw: uint("amount_out_raw", amount_out_raw)?,
        }))
    }

    #[getter]
    fn path(&self) -> Vec<String> {
        self.0.path.tokens().iter().map(text).collect()
    }

    #[getter]
    fn fees_pips(&self) -> Vec<u32> {
        self.0.path.fees_pips().to_vec()
    }

    #[getter]
    fn amount_in_raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.amount_in_raw)
    }

    #[getter]
    fn amount_out_raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.amount_out_raw)
    }

    fn __repr__(&self) -> String {
        format!(
            "SwapLeg(path={:?}, fees_pips={:?}, amount_in_raw={}, amount_out_raw={})",
            self.path(),
            self.fees_pips(),
            self.0.amount_in_raw,
            self.0.amount_out_raw,
        )
    }
}

#[pymethods]
impl RouterSwap {
    #[new]
    #[pyo3(signature = (*, exact, legs, recipient, deadline_s, permit=None))]
    fn new(
        exact: &str,
        legs: Vec<SwapLeg>,
        recipient: &str,
        deadline_s: Any<'_, '_>,
        permit: Option<Permit>,
    ) -> PyResult<Self> {
        evm::RouterSwap::new(
            direction(exact)?,
            legs.into_iter().map(|leg| leg.0).collect(),
            address("recipient", recipient)?,
            native("deadline_s", deadline_s)?,
            permit.map(|permit| permit.0),
        )
        .map(Self)
        .map_err(raise)
    }

    /// Reads what `encode` writes, and nothing else.
    #[staticmethod]
    fn decode(data: &[u8]) -> PyResult<Self> {
        evm::RouterSwap::decode(data).map(Self).map_err(raise)
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.encode())
    }

    #[getter]
    fn exact(&self) -> &'static str {
        match self.0.exact() {
            evm::Exact::In => "in",
            evm::Exact::Out => "out",
        }
    }

    #[getter]
    fn legs(&self) -> Vec<SwapLeg> {
        self.0.legs().iter().cloned().map(SwapLeg).collect()
    }

    #[getter]
    fn token_in(&self) -> String {
        text(&self.0.token_in())
    }

    #[getter]
    fn token_out(&self) -> String {
        text(&self.0.token_out())
    }

    #[getter]
    fn recipient(&self) -> String {
        text(&self.0.recipient())
    }

    #[getter]
    fn amount_in_raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.amount_in_raw())
    }

    #[getter]
    fn amount_out_raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.amount_out_raw())
    }

    #[getter]
    fn deadline_s(&self) -> u64 {
        self.0.deadline_s()
    }

    #[getter]
    fn permit(&self) -> Option<Permit> {
        self.0.permit().copied().map(Permit)
    }

    fn __repr__(&self) -> String {
        let legs: Vec<_> = self.legs().iter().map(SwapLeg::__repr__).collect();
        format!(
            "RouterSwap(exact='{}', legs=[{}], recipient='{}', deadline_s={}, permit={})",
            self.exact(),
            legs.join(", "),
            self.recipient(),
            self.0.deadline_s(),
            self.permit()
                .map_or_else(|| "None".to_owned(), |permit| permit.__repr__()),
        )
    }
}

fn direction(exact: &str) -> PyResult<evm::Exact> {
    match exact {
        "in" => Ok(evm::Exact::In),
        "out" => Ok(evm::Exact::Out),
        other => {
            let message = format!("exact: must be 'in' or 'out', not {other:?}");
            Err(core_error("exact_unknown", &message))
        }
    }
}
