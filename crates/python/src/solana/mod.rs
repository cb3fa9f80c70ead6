//! The Solana side of the module: transactions, swap instructions, lanes and wallets.

mod confirmation;
mod jito;
mod lanes;
mod limits;
mod rpc;
mod runtime;
mod tpu;
mod wallets;

use pyo3::prelude::*;

/// Adds what the rooms below offer, one line each.
///
/// # Errors
/// When Python cannot make the classes.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    lanes::register(module)?;
    jito::register(module)?;
    tpu::register(module)?;
    confirmation::register(module)?;
    rpc::register(module)?;
    limits::register(module)?;
    wallets::register(module)
}
