//! One Ethereum transaction: a handle on the bytes, with the places of its fields.

use std::collections::HashMap;

use alloy_primitives::U256;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::decode::evm::{self, Layout};

use super::router::{RouterCall, routers};
use crate::address::text;
use crate::error::raise;
use crate::integer::{Integer, python};

type Int = Integer<256, 4>;

/// A transaction of any Ethereum type, read from its bytes.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct DecodedTransaction {
    raw: Py<PyBytes>,
    layout: Layout,
}

impl DecodedTransaction {
    pub(super) fn new(raw: Py<PyBytes>, layout: Layout) -> Self {
        Self { raw, layout }
    }

    fn view<'a>(&'a self, py: Python<'a>) -> evm::Transaction<'a> {
        self.layout.view(self.raw.as_bytes(py))
    }
}

#[pymethods]
impl DecodedTransaction {
    #[getter]
    fn raw(&self, py: Python<'_>) -> Py<PyBytes> {
        self.raw.clone_ref(py)
    }

    #[getter]
    fn kind(&self, py: Python<'_>) -> &'static str {
        self.view(py).kind().name()
    }

    #[getter]
    fn chain_id(&self, py: Python<'_>) -> Option<u64> {
        self.view(py).chain_id()
    }

    #[getter]
    fn nonce(&self, py: Python<'_>) -> u64 {
        self.view(py).nonce()
    }

    #[getter]
    fn gas_limit(&self, py: Python<'_>) -> u64 {
        self.view(py).gas_limit()
    }

    #[getter]
    fn gas_price_wei(&self, py: Python<'_>) -> Option<Int> {
        self.view(py).gas_price_wei().map(Integer)
    }

    #[getter]
    fn max_fee_per_gas_wei(&self, py: Python<'_>) -> Option<Int> {
        self.view(py).max_fee_per_gas_wei().map(Integer)
    }

    #[getter]
    fn max_priority_fee_per_gas_wei(&self, py: Python<'_>) -> Option<Int> {
        self.view(py).max_priority_fee_per_gas_wei().map(Integer)
    }

    #[getter]
    fn max_fee_per_blob_gas_wei(&self, py: Python<'_>) -> Option<Int> {
        self.view(py).max_fee_per_blob_gas_wei().map(Integer)
    }

    #[getter]
    fn to(&self, py: Python<'_>) -> Option<String> {
        self.view(py).to().as_ref().map(text)
    }

    #[getter]
    fn value_wei(&self, py: Python<'_>) -> Int {
        Integer(self.view(py).value_wei())
    }

    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.view(py).data())
    }

    #[getter]
    fn access_list<'py>(&self, py: Python<'py>) -> Vec<(String, Vec<Bound<'py, PyBytes>>)> {
        let entries = self.view(py).access_list();
        entries
            .map(|entry| {
                let keys = entry.storage_keys.iter();
                let keys = keys.map(|key| PyBytes::new(py, key.as_slice()));
                (text(&entry.address), keys.collect())
            })
            .collect()
    }

    #[getter]
    fn blob_versioned_hashes<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let hashes = self.view(py).blob_versioned_hashes();
        hashes
            .map(|hash| PyBytes::new(py, hash.as_slice()))
            .collect()
    }

    #[getter]
    fn authorizations(&self, py: Python<'_>) -> Vec<Authorization> {
        self.view(py).authorizations().map(Authorization).collect()
    }

    #[getter]
    fn sidecar(&self, py: Python<'_>) -> Option<(u8, usize, usize)> {
        let sidecar = self.view(py).sidecar()?;
        Some((sidecar.version, sidecar.blobs, sidecar.proofs))
    }

    #[getter]
    fn signature(&self, py: Python<'_>) -> Option<(u8, Int, Int)> {
        let signature = self.view(py).signature()?;
        let (r, s) = (Integer(signature.r), Integer(signature.s));
        Some((u8::from(signature.y_parity), r, s))
    }

    #[getter]
    fn hash<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let hash = self.view(py).hash()?;
        Some(PyBytes::new(py, hash.as_slice()))
    }

    #[getter]
    fn signing_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.view(py).signing_hash().as_slice())
    }

    fn recover_sender(&self, py: Python<'_>) -> PyResult<String> {
        let view = self.view(py);
        let sender = py.detach(|| view.recover_sender()).map_err(raise)?;
        Ok(text(&sender))
    }

    #[pyo3(signature = (routers=None))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a dictionary converted into an owned one"
    )]
    fn router_call(
        &self,
        py: Python<'_>,
        routers: Option<HashMap<String, String>>,
    ) -> PyResult<Option<RouterCall>> {
        let table = routers.as_ref().map(self::routers).transpose()?;
        let call = self.view(py).router_call(table.as_ref()).map_err(raise)?;
        call.map(|call| RouterCall::new(py, &call)).transpose()
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> bool {
        self.raw.as_bytes(py) == other.raw.as_bytes(py)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.raw.bind(py).hash()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let view = self.view(py);
        format!(
            "DecodedTransaction(kind='{}', chain_id={}, nonce={}, to={}, value_wei={}, data=<{} bytes>, signed={})",
            view.kind().name(),
            view.chain_id()
                .map_or_else(|| "None".to_owned(), |id| id.to_string()),
            view.nonce(),
            view.to()
                .map_or_else(|| "None".to_owned(), |to| format!("'{}'", text(&to))),
            view.value_wei(),
            view.data().len(),
            if view.signature().is_some() {
                "True"
            } else {
                "False"
            },
        )
    }
}

/// One EIP-7702 authorization.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(PartialEq)]
pub(super) struct Authorization(evm::Authorization);

#[pymethods]
impl Authorization {
    #[getter]
    fn chain_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        python(py, &self.0.chain_id)
    }

    #[getter]
    fn address(&self) -> String {
        text(&self.0.address)
    }

    #[getter]
    fn nonce(&self) -> u64 {
        self.0.nonce
    }

    #[getter]
    fn signature(&self) -> (u8, Int, Int) {
        (self.0.y_parity, Integer(self.0.r), Integer(self.0.s))
    }

    fn recover_authority(&self) -> PyResult<String> {
        let authority = self.0.recover_authority().map_err(raise)?;
        Ok(text(&authority))
    }

    fn __repr__(&self) -> String {
        let chain_id: U256 = self.0.chain_id;
        format!(
            "Authorization(chain_id={chain_id}, address='{}', nonce={})",
            self.address(),
            self.0.nonce
        )
    }
}

/// Reads one transaction of any Ethereum type.
#[pyfunction]
pub(super) fn decode_transaction(raw: &Bound<'_, PyAny>) -> PyResult<DecodedTransaction> {
    let raw = super::bytes("raw", raw)?;
    let layout = Layout::read(raw.as_bytes()).map_err(raise)?;
    Ok(DecodedTransaction::new(raw.clone().unbind(), layout))
}
