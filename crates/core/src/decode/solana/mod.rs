//! Solana transactions as they travel (legacy and version 0), and the known swaps inside them.
//!
//! Wire format and its rules: `solana-transaction`, `solana-message` and `solana-short-vec` 3.0
//! (`sanitize`, `AccountKeys`). Accounts behind lookup tables are resolved with the tables that the
//! caller gives, and stay named by table and index without them.

mod account;
mod call;
mod instruction;
mod key;
mod lending;
mod swap;
mod wire;

pub use account::{Account, AccountKey, LookupTables};
pub use call::{
    ASSOCIATED_TOKEN_PROGRAM, COMPUTE_BUDGET_PROGRAM, Call, Flash, KAMINO_PROGRAM, SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM, TOKEN_PROGRAM, WRAPPED_SOL, WRAPPED_SOL_2022,
};
pub use instruction::{Instruction, Meaning, TIP_ACCOUNTS};
pub use key::Key;
pub use lending::Liquidated;
pub use swap::{Direction, Swap, Venue};
pub use wire::{CompiledInstruction, Lookup, Transaction, Version};

use super::DecodeError;

/// Most bytes of a legacy or version 0 transaction that the network carries.
pub const SIZE_LIMIT_BYTES: usize = 1232;

/// Reads one signed transaction. Its signatures are counted, not verified, and its size is not judged:
/// compare `raw.len()` with [`SIZE_LIMIT_BYTES`].
///
/// # Errors
/// `transaction_version_unsupported` (names the version), `transaction_malformed`.
pub fn decode_transaction(raw: &[u8]) -> Result<Transaction<'_>, DecodeError> {
    Transaction::read(raw)
}

/// Reads the signed transaction that the bytes begin with, as transactions stand one behind the other in an entry; gives
/// the bytes behind it too.
///
/// # Errors
/// As [`decode_transaction`]; then nobody can say where the next one begins.
pub fn decode_first_transaction(raw: &[u8]) -> Result<(Transaction<'_>, &[u8]), DecodeError> {
    Transaction::read_first(raw)
}

/// Everything that this module can do with bytes that nobody vouches for. Never panics.
pub fn inspect(raw: &[u8]) {
    if let Ok(transaction) = decode_transaction(raw) {
        let _ = transaction.accounts(&LookupTables::new());
        if let Ok(accounts) = transaction.accounts_as_named() {
            for instruction in transaction.instructions(&accounts) {
                let _ = instruction.meaning();
                let _ = instruction.call();
            }
        }
    }
}
