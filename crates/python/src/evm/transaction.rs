//! Type 2 transactions, made and read.

use alloy_primitives::U256;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::evm;

use super::{Any, uint};
use crate::address::{address, text};
use crate::error::raise;
use crate::integer::{native, python};

/// `(y_parity, r, s)`.
type Signature<'py> = (u8, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// A type 2 transaction that calls a contract and has no access list.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct Eip1559Transaction(evm::Eip1559Transaction);

#[pymethods]
impl Eip1559Transaction {
    #[new]
    #[pyo3(signature = (*, chain_id, nonce, max_priority_fee_per_gas_wei, max_fee_per_gas_wei, gas_limit, to, value_wei, data))]
    #[allow(
        clippy::too_many_arguments,
        reason = "keyword arguments of a Python class"
    )]
    fn new(
        chain_id: Any<'_, '_>,
        nonce: Any<'_, '_>,
        max_priority_fee_per_gas_wei: Any<'_, '_>,
        max_fee_per_gas_wei: Any<'_, '_>,
        gas_limit: Any<'_, '_>,
        to: &str,
        value_wei: Any<'_, '_>,
        data: &[u8],
    ) -> PyResult<Self> {
        Ok(Self(evm::Eip1559Transaction {
            chain_id: native("chain_id", chain_id)?,
            nonce: native("nonce", nonce)?,
            max_priority_fee_per_gas_wei: native(
                "max_priority_fee_per_gas_wei",
                max_priority_fee_per_gas_wei,
            )?,
            max_fee_per_gas_wei: native("max_fee_per_gas_wei", max_fee_per_gas_wei)?,
            gas_limit: native("gas_limit", gas_limit)?,
            to: address("to", to)?,
            value_wei: uint("value_wei", value_wei)?,
            data: data.to_vec(),
        }))
    }

    fn encode_unsigned<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.encode_unsigned())
    }

    fn signing_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.signing_hash().as_slice())
    }

    #[getter]
    fn chain_id(&self) -> u64 {
        self.0.chain_id
    }

    #[getter]
    fn nonce(&self) -> u64 {
        self.0.nonce
    }

    #[getter]
    fn max_priority_fee_per_gas_wei<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &U256::from(self.0.max_priority_fee_per_gas_wei))
    }

    #[getter]
    fn max_fee_per_gas_wei<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &U256::from(self.0.max_fee_per_gas_wei))
    }

    #[getter]
    fn gas_limit(&self) -> u64 {
        self.0.gas_limit
    }

    #[getter]
    fn to(&self) -> String {
        text(&self.0.to)
    }

    #[getter]
    fn value_wei<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.value_wei)
    }

    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.data)
    }

    fn __repr__(&self) -> String {
        format!(
            "Eip1559Transaction(chain_id={}, nonce={}, max_priority_fee_per_gas_wei={}, \
             max_fee_per_gas_wei={}, gas_limit={}, to='{}', value_wei={}, data=<{} bytes>)",
            self.0.chain_id,
            self.0.nonce,
            self.0.max_priority_fee_per_gas_wei,
            self.0.max_fee_per_gas_wei,
            self.0.gas_limit,
            self.to(),
            self.0.value_wei,
            self.0.data.len(),
        )
    }
}

/// A transaction read from its bytes.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct DecodedEip1559(evm::DecodedTransaction);

#[pymethods]
impl DecodedEip1559 {
    #[classattr]
    #[pyo3(name = "kind")]
    const KIND: &'static str = "eip1559";

    #[getter]
    fn transaction(&self) -> Eip1559Transaction {
        Eip1559Transaction(self.0.transaction.clone())
    }

    #[getter]
    fn access_list_len(&self) -> usize {
        self.0.access_list.len()
    }

    #[getter]
    fn signature<'py>(&self, py: Python<'py>) -> PyResult<Option<Signature<'py>>> {
        self.0
            .signature
            .map(|sig| {
                Ok((
                    u8::from(sig.y_parity),
                    python(py, &sig.r)?,
                    python(py, &sig.s)?,
                ))
            })
            .transpose()
    }

    #[getter]
    fn hash<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.hash().map(|hash| PyBytes::new(py, hash.as_slice()))
    }

    fn __repr__(&self) -> String {
        format!(
            "DecodedEip1559(kind='{}', transaction={}, access_list_len={}, signed={})",
            Self::KIND,
            self.transaction().__repr__(),
            self.access_list_len(),
            if self.0.signature.is_some() {
                "True"
            } else {
                "False"
            },
        )
    }
}

/// Reads a signed or unsigned type 2 transaction in canonical RLP.
#[pyfunction]
pub(super) fn decode_eip1559(raw: &[u8]) -> PyResult<DecodedEip1559> {
    evm::DecodedTransaction::decode(raw)
        .map(DecodedEip1559)
        .map_err(raise)
}
