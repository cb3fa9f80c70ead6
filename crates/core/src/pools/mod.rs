//! What a venue's contract would answer, to the last unit.
//!
//! Each family of pools is one folder that knows its contract's arithmetic, and one arm of [`Pool`].
//! To add a family: write the folder, add the arm here, in [`PoolChange`] and in [`Movement`]; the
//! compiler names the rest. A family gives its two tokens, exact quotes both ways and a spot price;
//! it refuses, with a [`PoolError`], whatever it cannot answer exactly.

mod error;
mod quote;
mod ratio;
pub mod uniswap_v3;

pub use crate::evm::Exact;
pub use error::PoolError;
pub use quote::{Direction, Movement, PoolQuote, SwapAmounts};
pub use ratio::{PriceRatio, SpotAmount};

use alloy_primitives::{Address, U256};
use uniswap_v3::{UniswapV3Change, UniswapV3Pool};

/// One pool of any supported family.
#[derive(Debug, Clone)]
pub enum Pool {
    /// A Uniswap V3 pool, or an unchanged fork of it.
    UniswapV3(UniswapV3Pool),
}

/// What a log of a pool's contract says has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolChange {
    /// A change of a Uniswap V3 pool.
    UniswapV3(UniswapV3Change),
}

impl Pool {
    /// The pool's contract.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::UniswapV3(pool) => pool.address(),
        }
    }

    /// Both tokens, in the contract's order.
    #[must_use]
    pub fn tokens(&self) -> [Address; 2] {
        match self {
            Self::UniswapV3(pool) => pool.tokens(),
        }
    }

    /// The fee in hundredths of a basis point (parts per million) of the input.
    #[must_use]
    pub fn fee_pips(&self) -> u32 {
        match self {
            Self::UniswapV3(pool) => pool.fee_pips(),
        }
    }

    /// Units of output per unit of input before the trade, without the fee.
    #[must_use]
    pub fn spot_price(&self, direction: Direction) -> PriceRatio {
        match self {
            Self::UniswapV3(pool) => pool.spot_price(direction),
        }
    }

    /// Both amounts of a swap that fixes the one named by `exact`; the cheap form for a search.
    ///
    /// # Errors
    /// `amount_zero`, `amount_too_large` or `insufficient_liquidity`; there are no partial fills.
    pub fn amounts(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        match self {
            Self::UniswapV3(pool) => pool.amounts(direction, exact, amount_raw),
        }
    }

    /// What the pool gives for exactly `amount_in_raw` of `token_in`, and where that leaves it.
    ///
    /// # Errors
    /// Those of [`Pool::amounts`], and `token_not_in_pool`.
    pub fn quote_exact_in(
        &self,
        token_in: Address,
        amount_in_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let direction = self.direction("token_in", token_in, Direction::ZeroForOne)?;
        self.quote(direction, Exact::In, amount_in_raw)
    }

    /// What the pool takes for exactly `amount_out_raw` of `token_out`, and where that leaves it.
    ///
    /// # Errors
    /// Those of [`Pool::amounts`], and `token_not_in_pool`.
    pub fn quote_exact_out(
        &self,
        token_out: Address,
        amount_out_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let direction = self.direction("token_out", token_out, Direction::OneForZero)?;
        self.quote(direction, Exact::Out, amount_out_raw)
    }

    /// The amounts of [`Pool::quote_exact_in`] alone.
    ///
    /// # Errors
    /// Those of [`Pool::quote_exact_in`].
    pub fn amounts_exact_in(
        &self,
        token_in: Address,
        amount_in_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let direction = self.direction("token_in", token_in, Direction::ZeroForOne)?;
        self.amounts(direction, Exact::In, amount_in_raw)
    }

    /// A full quote of a swap that fixes the amount named by `exact`.
    ///
    /// # Errors
    /// Those of [`Pool::amounts`].
    pub fn quote(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        match self {
            Self::UniswapV3(pool) => pool.quote(direction, exact, amount_raw),
        }
    }

    /// Applies what a log of the pool's contract says.
    ///
    /// # Errors
    /// When the change does not fit the state; the pool is then as it was.
    pub fn apply(&mut self, change: PoolChange) -> Result<(), PoolError> {
        match (self, change) {
            (Self::UniswapV3(pool), PoolChange::UniswapV3(change)) => pool.apply(change),
        }
    }

    fn direction(
        &self,
        field: &'static str,
        token: Address,
        if_token0: Direction,
    ) -> Result<Direction, PoolError> {
        let [token0, token1] = self.tokens();
        if token == token0 {
            Ok(if_token0)
        } else if token == token1 {
            Ok(if_token0.reversed())
        } else {
            Err(PoolError::TokenNotInPool {
                field,
                token,
                pool: self.address(),
            })
        }
    }
}
