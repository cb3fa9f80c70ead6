//! The decoders of `tradewind._core`: transactions of others, with the swaps that they ask for.

mod batch;
mod router;
pub(crate) mod solana;
mod transaction;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tradewind_core::decode::DecodeError;

use crate::error::{Coded, core_error, refusal};

impl Coded for DecodeError {
    fn code(&self) -> &'static str {
        self.code()
    }
}

/// The content of a `bytes` object; `field` is what the error names.
pub(crate) fn bytes<'a>(
    field: &str,
    value: &'a Bound<'_, PyAny>,
) -> PyResult<&'a Bound<'a, PyBytes>> {
    value.cast::<PyBytes>().map_err(|_| {
        let kind = value.get_type();
        core_error(
            "bytes_required",
            &format!("{field}: must be bytes, not {kind}"),
        )
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<transaction::DecodedTransaction>()?;
    module.add_class::<transaction::Authorization>()?;
    module.add_class::<batch::TransactionBatch>()?;
    module.add_class::<router::RouterCall>()?;
    module.add_class::<router::RouterStep>()?;
    module.add_class::<router::DecodedSwap>()?;
    module.add_class::<router::RouterAction>()?;
    module.add_class::<solana::SolanaTransaction>()?;
    module.add_class::<solana::SolanaAccount>()?;
    module.add_class::<solana::SolanaInstruction>()?;
    module.add_class::<solana::SolanaSwap>()?;
    module.add_function(wrap_pyfunction!(transaction::decode_transaction, module)?)?;
    module.add_function(wrap_pyfunction!(batch::decode_transactions, module)?)?;
    module.add_function(wrap_pyfunction!(batch::recover_senders, module)?)?;
    module.add_function(wrap_pyfunction!(router::decode_router_call, module)?)?;
    module.add_function(wrap_pyfunction!(solana::decode_solana_transaction, module)?)?;
    module.add_function(wrap_pyfunction!(
        solana::decode_solana_transactions,
        module
    )?)
}
