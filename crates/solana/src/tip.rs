//! Tips to Jito's block engine: a transfer to one of its eight accounts, in the transaction that it is for.
//!
//! Source: Jito's `lowlatencytxnsend` documentation. A tip account must stand in the transaction itself, never
//! behind a lookup table; the builder sees to that.

use crate::Key;
use crate::instruction::Instruction;
use crate::system::transfer;
use thiserror::Error;

pub use tradewind_core::decode::solana::TIP_ACCOUNTS;

/// The least that the block engine takes.
pub const LEAST_TIP_LAMPORTS: u64 = 1_000;

/// A tip that would buy nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TipError {
    /// Lamports to somebody else.
    #[error("tip_account: {0} is none of Jito's eight; name one of TIP_ACCOUNTS")]
    AccountUnknown(Key),
    /// Less than the block engine takes.
    #[error("tip_lamports: {0} is below the least tip of 1000; raise it or leave the tip away")]
    TooSmall(u64),
}

impl TipError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccountUnknown(_) => "tip_account_unknown",
            Self::TooSmall(_) => "tip_too_small",
        }
    }
}

/// A tip from an account that signs.
///
/// # Errors
/// `tip_account_unknown`, `tip_too_small`.
pub fn tip(from: Key, tip_account: Key, tip_lamports: u64) -> Result<Instruction, TipError> {
    if !TIP_ACCOUNTS.contains(&tip_account) {
        return Err(TipError::AccountUnknown(tip_account));
    }
    if tip_lamports < LEAST_TIP_LAMPORTS {
        return Err(TipError::TooSmall(tip_lamports));
    }
    Ok(transfer(from, tip_account, tip_lamports))
}
