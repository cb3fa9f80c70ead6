//! Addresses across the boundary: text in, checked; EIP-55 text out.

use alloy_primitives::Address;
use pyo3::prelude::*;
use tradewind_core::evm::parse_address;

use crate::error::raise;

/// Reads an address; `field` is what the error names.
pub(crate) fn address(field: &'static str, text: &str) -> PyResult<Address> {
    parse_address(field, text).map_err(raise)
}

/// The EIP-55 text of an address.
pub(crate) fn text(address: &Address) -> String {
    address.to_checksum(None)
}
