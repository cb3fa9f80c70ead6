//! The Solana side of the module: transactions, swap instructions, lanes and wallets.

mod confirmation;
mod feeds;
mod flash_loan;
pub(crate) mod instruction;
mod instructions;
mod jito;
mod lanes;
mod limits;
mod rpc;
mod runtime;
mod swaps;
mod template;
mod tpu;
mod transaction;
mod wallets;

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
    instructions::register(module)?;
    lanes::register(module)?;
    jito::register(module)?;
    confirmation::register(module)?;
    feeds::register(module)?;
    rpc::register(module)?;
    wallets::register(module)?;
    tpu::register(module)?;
    limits::register(module)
}
