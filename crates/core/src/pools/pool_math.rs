//! The contract that every family of pools keeps.

use alloy_primitives::U256;

use super::{Curve, Exact, PoolChange, PoolError, PoolQuote, PriceRatio, SwapAmounts, TokenPair};
use crate::ChainAddress;

/// What a pool gives, whatever its family.
///
/// A pool is made by its family's `new(&State)`, which checks the state, and gives it back by `state()`;
/// a Solana family also by `from_accounts`, from the bytes on chain. Whatever it cannot answer exactly it
/// refuses with a [`PoolError`]. No call panics or wraps, whatever the state and the amount.
pub trait PoolMath: Clone {
    /// The pool's contract or account.
    fn address(&self) -> ChainAddress;

    /// Its tokens, in the contract's order: two, or more in a weighted or stable pool.
    fn tokens(&self) -> &[ChainAddress];

    /// The rate of the fee that a swap pays now, in parts per million of the input, rounded up; where it
    /// depends on the amount, that of the first unit.
    fn fee_ppm(&self, pair: TokenPair) -> u32;

    /// Units of output per unit of input before the trade, without the fee.
    fn spot_price(&self, pair: TokenPair) -> PriceRatio;

    /// Both amounts of a swap that fixes the one named by `exact`; the cheap form for a search.
    ///
    /// # Errors
    /// `amount_zero`, `amount_too_large`, `insufficient_liquidity`, or what the contract refuses; there are
    /// no partial fills.
    fn amounts(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError>;

    /// The output for an exact input, or `None` where [`PoolMath::amounts`] refuses: the innermost call of
    /// every search, without the price of a described refusal.
    fn output(&self, pair: TokenPair, amount_in_raw: U256) -> Option<U256> {
        self.amounts(pair, Exact::In, amount_in_raw)
            .ok()
            .map(|amounts| amounts.amount_out_raw)
    }

    /// The full answer: amounts, fees by kind, spot price before and after, and how the pool moves.
    ///
    /// # Errors
    /// Those of [`PoolMath::amounts`].
    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError>;

    /// Carries the swap out: answers as [`PoolMath::amounts`] does, and leaves the pool as the contract
    /// would be after it. On a refusal the pool is as it was.
    ///
    /// # Errors
    /// Those of [`PoolMath::amounts`].
    fn swap(
        &mut self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError>;

    /// Applies what the chain says has changed.
    ///
    /// # Errors
    /// `change_mismatch` when it is not this family's, else why it does not fit the state; the pool is then
    /// as it was.
    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError>;

    /// The Solana accounts whose updates [`PoolMath::apply`] takes; empty for a pool of an EVM chain.
    fn accounts(&self) -> Vec<ChainAddress> {
        Vec::new()
    }

    /// The pool as a concave real function, fee included, never below what it gives in integers.
    fn curve(&self, pair: TokenPair) -> Curve;
}
