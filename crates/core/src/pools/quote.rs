//! The answer of a pool: amounts, and how the pool moves.

use alloy_primitives::aliases::U160;
use alloy_primitives::{Address, U256};

/// Which of a pool's two tokens is paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Token 0 in, token 1 out; the price of token 0 falls.
    ZeroForOne,
    /// Token 1 in, token 0 out; the price of token 0 rises.
    OneForZero,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::ZeroForOne => Self::OneForZero,
            Self::OneForZero => Self::ZeroForOne,
        }
    }

    /// The input and the output of a pool with these tokens.
    #[must_use]
    pub fn in_and_out<T>(self, [token0, token1]: [T; 2]) -> (T, T) {
        match self {
            Self::ZeroForOne => (token0, token1),
            Self::OneForZero => (token1, token0),
        }
    }
}

/// Both sides of a swap, in raw units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SwapAmounts {
    /// What the trader pays, the fee included.
    pub amount_in_raw: U256,
    /// What the trader gets.
    pub amount_out_raw: U256,
}

/// A full answer: what is paid, what is got, and where the pool then stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolQuote {
    /// The pool's contract.
    pub pool: Address,
    /// What is paid in.
    pub token_in: Address,
    /// What comes out.
    pub token_out: Address,
    /// The fee in parts per million of the input.
    pub fee_pips: u32,
    /// Paid, in raw units of `token_in`, the fee included.
    pub amount_in_raw: U256,
    /// Got, in raw units of `token_out`.
    pub amount_out_raw: U256,
    /// The part of `amount_in_raw` that is fee.
    pub fee_raw: U256,
    /// How the pool moves.
    pub movement: Movement,
}

/// How a swap moves a pool, per family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// A Uniswap V3 pool moves its price, and its liquidity where it crosses ticks.
    UniswapV3 {
        /// `slot0.sqrtPriceX96` before the swap.
        sqrt_price_before_x96: U160,
        /// `slot0.sqrtPriceX96` after it.
        sqrt_price_after_x96: U160,
        /// `slot0.tick` after it.
        tick_after: i32,
        /// `liquidity()` after it.
        liquidity_after: u128,
        /// Initialised ticks that it crosses.
        ticks_crossed: u32,
    },
}
