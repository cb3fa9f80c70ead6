//! The Solana side of the module: transactions, swap instructions, lanes and wallets.

use pyo3::prelude::*;

/// Adds what the rooms below offer, one line each.
///
/// # Errors
/// When Python cannot make the classes.
pub(crate) fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
