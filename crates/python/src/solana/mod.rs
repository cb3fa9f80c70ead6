//! The Solana side of the module: transactions, swap instructions, lanes and wallets.

mod flash_loan;
pub(crate) mod instruction;
mod instructions;
mod swaps;
mod template;
mod transaction;

use pyo3::prelude::*;

/// Adds what the rooms below offer, one line each.
///
/// # Errors
/// When Python cannot make the classes.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    transaction::register(module)?;
    template::register(module)?;
    swaps::register(module)?;
    flash_loan::register(module)?;
    instructions::register(module)
}
