//! `SwapRequest`: which swap is wanted, and from which token account to which.

use tradewind_core::pools::Exact;

use crate::Key;

/// One side of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwapSide {
    /// Which token; wrapped SOL also where a venue moves native SOL.
    pub mint: Key,
    /// The trader's token account. Where native SOL moves it is named and need not exist.
    pub token_account: Key,
    /// The token program that keeps both.
    pub token_program: Key,
}

/// A swap through one pool, in raw units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwapRequest {
    /// Who pays, receives and signs.
    pub trader: Key,
    /// What is paid in.
    pub source: SwapSide,
    /// What comes out.
    pub destination: SwapSide,
    /// Which amount `amount_raw` is.
    pub exact: Exact,
    /// Exactly paid (in) or exactly received (out).
    pub amount_raw: u64,
    /// At least received (exact in) or at most paid (exact out).
    pub limit_raw: u64,
}
