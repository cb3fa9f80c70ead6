//! The EVM part of `tradewind._core`: addresses, permits, router swaps, approvals, transactions.

mod approve;
mod permit;
mod swap;
mod transaction;

use alloy_primitives::U256;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::evm;

use crate::address::text;
use crate::integer::unsigned;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

fn uint(field: &str, value: Any<'_, '_>) -> PyResult<U256> {
    unsigned::<256, 4>(field, value)
}

/// keccak256 of any bytes.
#[pyfunction]
fn keccak256<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, evm::keccak256(data).as_slice())
}

/// The EIP-55 text of an address given in any unambiguous case.
#[pyfunction]
#[pyo3(signature = (address))]
fn to_checksum_address(address: &str) -> PyResult<String> {
    crate::address::address("address", address).map(|parsed| text(&parsed))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<permit::Permit>()?;
    module.add_class::<swap::SwapLeg>()?;
    module.add_class::<swap::RouterSwap>()?;
    module.add_class::<approve::Approve>()?;
    module.add_class::<transaction::Eip1559Transaction>()?;
    module.add_class::<transaction::DecodedEip1559>()?;
    module.add_function(wrap_pyfunction!(keccak256, module)?)?;
    module.add_function(wrap_pyfunction!(to_checksum_address, module)?)?;
    module.add_function(wrap_pyfunction!(permit::eip712_domain_separator, module)?)?;
    module.add_function(wrap_pyfunction!(permit::permit_digest, module)?)?;
    module.add_function(wrap_pyfunction!(approve::encode_approve, module)?)?;
    module.add_function(wrap_pyfunction!(approve::decode_approve, module)?)?;
    module.add_function(wrap_pyfunction!(transaction::decode_eip1559, module)?)
}
