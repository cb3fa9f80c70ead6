//! Addresses across the boundary: text in, checked; text in its canonical form out.

use alloy_primitives::Address;
use pyo3::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::evm::parse_address;

use crate::error::raise;

/// Reads an EVM address; `field` is what the error names.
pub(crate) fn address(field: &'static str, text: &str) -> PyResult<Address> {
    parse_address(field, text).map_err(raise)
}

/// The EIP-55 text of an EVM address.
pub(crate) fn text(address: &Address) -> String {
    address.to_checksum(None)
}

/// Reads an address of any chain; `field` is what the error names.
pub(crate) fn chain_address(field: &'static str, text: &str) -> PyResult<ChainAddress> {
    ChainAddress::parse(field, text).map_err(raise)
}

/// Reads addresses of any chain; `field` is what the error names.
pub(crate) fn chain_addresses(
    field: &'static str,
    texts: &[String],
) -> PyResult<Vec<ChainAddress>> {
    let read = |text: &String| chain_address(field, text);
    texts.iter().map(read).collect()
}
