//! ERC-20 approvals.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::evm;

use super::{Any, uint};
use crate::address::{address, text};
use crate::error::raise;
use crate::integer::python;

/// An ERC-20 approval.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct Approve(evm::Approve);

#[pymethods]
impl Approve {
    #[getter]
    fn spender(&self) -> String {
        text(&self.0.spender)
    }

    #[getter]
    fn amount_raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.amount_raw)
    }

    fn __repr__(&self) -> String {
        format!(
            "Approve(spender='{}', amount_raw={})",
            self.spender(),
            self.0.amount_raw
        )
    }
}

/// Calldata of `approve(address,uint256)`.
#[pyfunction]
pub(super) fn encode_approve<'py>(
    py: Python<'py>,
    spender: &str,
    amount_raw: Any<'_, 'py>,
) -> PyResult<Bound<'py, PyBytes>> {
    let spender = address("spender", spender)?;
    let amount_raw = uint("amount_raw", amount_raw)?;
    Ok(PyBytes::new(
        py,
        &evm::Approve {
            spender,
            amount_raw,
        }
        .encode(),
    ))
}

/// Reads what `encode_approve` writes, and nothing else.
#[pyfunction]
pub(super) fn decode_approve(data: &[u8]) -> PyResult<Approve> {
    evm::Approve::decode(data).map(Approve).map_err(raise)
}
