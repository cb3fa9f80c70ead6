//! EIP-2612 permits and what their owner signs.

use alloy_primitives::B256;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::evm;

use super::{Any, uint};
use crate::address::address;
use crate::error::{core_error, raise};
use crate::integer::{native, python};

/// The EIP-712 domain separator of a token.
#[pyfunction]
#[pyo3(signature = (*, name, version, chain_id, verifying_contract))]
pub(super) fn eip712_domain_separator<'py>(
    py: Python<'py>,
    name: &str,
    version: &str,
    chain_id: Any<'_, 'py>,
    verifying_contract: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let domain = evm::Eip712Domain {
        name,
        version,
        chain_id: native("chain_id", chain_id)?,
        verifying_contract: address("verifying_contract", verifying_contract)?,
    };
    Ok(PyBytes::new(py, domain.separator().as_slice()))
}

/// The digest an owner signs for an EIP-2612 permit.
#[pyfunction]
#[pyo3(signature = (*, name, version, chain_id, token, owner, spender, value_raw, nonce, deadline_s))]
#[allow(
    clippy::too_many_arguments,
    reason = "keyword arguments of a Python function"
)]
pub(super) fn permit_digest<'py>(
    py: Python<'py>,
    name: &str,
    version: &str,
    chain_id: Any<'_, 'py>,
    token: &str,
    owner: &str,
    spender: &str,
    value_raw: Any<'_, 'py>,
    nonce: Any<'_, 'py>,
    deadline_s: Any<'_, 'py>,
) -> PyResult<Bound<'py, PyBytes>> {
    let domain = evm::Eip712Domain {
        name,
        version,
        chain_id: native("chain_id", chain_id)?,
        verifying_contract: address("token", token)?,
    };
    let message = evm::PermitMessage {
        owner: address("owner", owner)?,
        spender: address("spender", spender)?,
        value_raw: uint("value_raw", value_raw)?,
        nonce: uint("nonce", nonce)?,
        deadline_s: native("deadline_s", deadline_s)?,
    };
    Ok(PyBytes::new(py, message.digest(&domain).as_slice()))
}

/// A signed EIP-2612 permit for the token that a swap spends.
#[pyclass(frozen, eq, from_py_object, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct Permit(pub(super) evm::Permit);

#[pymethods]
impl Permit {
    #[new]
    #[pyo3(signature = (*, value_raw, deadline_s, v, r, s))]
    fn new(
        value_raw: Any<'_, '_>,
        deadline_s: Any<'_, '_>,
        v: Any<'_, '_>,
        r: &[u8],
        s: &[u8],
    ) -> PyResult<Self> {
        let value_raw = uint("value_raw", value_raw)?;
        let deadline_s = native("deadline_s", deadline_s)?;
        let (r, s) = (bytes32("r", r)?, bytes32("s", s)?);
        evm::Permit::new(value_raw, deadline_s, native("v", v)?, r, s)
            .map(Self)
            .map_err(raise)
    }

    #[getter]
    fn value_raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.value_raw)
    }

    #[getter]
    fn deadline_s(&self) -> u64 {
        self.0.deadline_s
    }

    #[getter]
    fn v(&self) -> u8 {
        self.0.v()
    }

    #[getter]
    fn r<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.r.as_slice())
    }

    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.s.as_slice())
    }

    pub(super) fn __repr__(&self) -> String {
        format!(
            "Permit(value_raw={}, deadline_s={})",
            self.0.value_raw, self.0.deadline_s
        )
    }
}

fn bytes32(field: &str, value: &[u8]) -> PyResult<B256> {
    B256::try_from(value).map_err(|_| {
        let message = format!("{field}: must be 32 bytes, not {}", value.len());
        core_error("bytes_length", &message)
    })
}
