//! Instructions across the boundary: `SolanaInstruction`, the same class as a decoded one, in both directions.

use pyo3::prelude::*;
use tradewind_core::decode::solana::{self, Account, AccountKey};
use tradewind_solana::instruction::{AccountMeta, Instruction};

use crate::decode::solana::{SolanaInstruction, key};

/// A built instruction as Python sees it.
///
/// # Errors
/// When Python cannot make the object.
pub(crate) fn to_python(py: Python<'_>, built: &Instruction) -> PyResult<SolanaInstruction> {
    let accounts = built.accounts.iter().map(|account| Account {
        key: AccountKey::Known(account.key),
        signer: account.is_signer,
        writable: account.is_writable,
    });
    let read = solana::Instruction {
        program: built.program,
        accounts: accounts.collect(),
        data: &built.data,
    };
    SolanaInstruction::read(py, &read)
}

/// An instruction to be sent; one with accounts behind a table that was not given has no addresses.
///
/// # Errors
/// `key_malformed`.
pub(crate) fn to_rust(py: Python<'_>, given: &SolanaInstruction) -> PyResult<Instruction> {
    let accounts = given.accounts.iter().map(|account| {
        Ok(AccountMeta {
            key: key("instruction.accounts", &account.key)?,
            is_signer: account.signer,
            is_writable: account.writable,
        })
    });
    Ok(Instruction {
        program: key("instruction.program", &given.program)?,
        accounts: accounts.collect::<PyResult<_>>()?,
        data: given.data.as_bytes(py).to_vec(),
    })
}
