//! The steps of a swap at constant liquidity (`SwapMath.computeSwapStep`): whole ones, and the last part of one.

use std::ops::{Add, Sub};

use alloy_primitives::U256;
use alloy_primitives::aliases::{U160, U320};

use super::sqrt_price_math::{
    Rounding, amount0_between, amount1_between, price_after_adding0, price_after_adding1,
    price_after_taking0, price_after_taking1,
};
use crate::pools::concentrated::{Flow, Position};
use crate::pools::{Direction, Exact, SwapAmounts};

const MILLION: u32 = 1_000_000;

/// What steps move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// The fee included.
    pub(super) amounts: SwapAmounts,
    /// In the token paid in.
    pub(super) fee: U256,
}

impl Add for Moved {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            amounts: SwapAmounts {
                amount_in_raw: self.amounts.amount_in_raw + other.amounts.amount_in_raw,
                amount_out_raw: self.amounts.amount_out_raw + other.amounts.amount_out_raw,
            },
            fee: self.fee + other.fee,
        }
    }
}

impl Sub for Moved {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            amounts: SwapAmounts {
                amount_in_raw: self.amounts.amount_in_raw - other.amounts.amount_in_raw,
                amount_out_raw: self.amounts.amount_out_raw - other.amounts.amount_out_raw,
            },
            fee: self.fee - other.fee,
        }
    }
}

impl Flow for Moved {
    type Amount = U256;

    fn side(&self, exact: Exact) -> U256 {
        match exact {
            Exact::In => self.amounts.amount_in_raw,
            Exact::Out => self.amounts.amount_out_raw,
        }
    }
}

/// What stays the same during a swap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) direction: Direction,
    pub(super) fee_pips: u32,
}

impl Terms {
    /// A step from `from` to `target`, as far as the next stop.
    ///
    /// The contract tests whether the remaining input, less its fee, rounded down, reaches the target.
    /// That is so exactly when the remaining input covers the whole step's input and its fee, rounded
    /// up: what this gives as `amount_in_raw`.
    pub(super) fn whole(self, from: Position<U160>, target: U160) -> Moved {
        let amount_in = self.input(from.sqrt_price, target, from.liquidity);
        let fee = self.fee_on(amount_in);
        Moved {
            amounts: SwapAmounts {
                amount_in_raw: amount_in + fee,
                amount_out_raw: self.output(from.sqrt_price, target, from.liquidity),
            },
            fee,
        }
    }

    /// The price that less than a whole step leads to; `from` has liquidity.
    pub(super) fn price_after(
        self,
        from: Position<U160>,
        exact: Exact,
        remaining: U256,
    ) -> Option<U160> {
        let Position {
            sqrt_price: price,
            liquidity,
            ..
        } = from;
        match (exact, self.direction) {
            (Exact::In, Direction::ZeroForOne) => Some(price_after_adding0(
                price,
                liquidity,
                self.less_fee(remaining),
            )),
            (Exact::In, Direction::OneForZero) => Some(price_after_adding1(
                price,
                liquidity,
                self.less_fee(remaining),
            )),
            (Exact::Out, Direction::ZeroForOne) => price_after_taking1(price, liquidity, remaining),
            (Exact::Out, Direction::OneForZero) => price_after_taking0(price, liquidity, remaining),
        }
    }

    /// Both amounts of less than a whole step that ends at `price_after`.
    pub(super) fn amounts(
        self,
        from: Position<U160>,
        exact: Exact,
        remaining: U256,
        price_after: U160,
    ) -> SwapAmounts {
        match exact {
            Exact::In => SwapAmounts {
                amount_in_raw: remaining,
                amount_out_raw: self.output(from.sqrt_price, price_after, from.liquidity),
            },
            Exact::Out => {
                let amount_in = self.input(from.sqrt_price, price_after, from.liquidity);
                SwapAmounts {
                    amount_in_raw: amount_in + self.fee_on(amount_in),
                    amount_out_raw: remaining,
                }
            }
        }
    }

    /// The fee of less than a whole step: whatever of the amount paid does not move the price.
    pub(super) fn fee(self, from: Position<U160>, amounts: SwapAmounts, price_after: U160) -> U256 {
        amounts.amount_in_raw - self.input(from.sqrt_price, price_after, from.liquidity)
    }

    fn input(self, from: U160, to: U160, liquidity: u128) -> U256 {
        match self.direction {
            Direction::ZeroForOne => amount0_between(to, from, liquidity, Rounding::Up),
            Direction::OneForZero => amount1_between(from, to, liquidity, Rounding::Up),
        }
    }

    fn output(self, from: U160, to: U160, liquidity: u128) -> U256 {
        match self.direction {
            Direction::ZeroForOne => amount1_between(to, from, liquidity, Rounding::Down),
            Direction::OneForZero => amount0_between(from, to, liquidity, Rounding::Down),
        }
    }

    /// `ceil(amount_in * fee / (1e6 - fee))`; an input of at most `2**192` leaves room for the product.
    fn fee_on(self, amount_in: U256) -> U256 {
        let (over, under) = (self.fee_pips, MILLION - self.fee_pips);
        if amount_in.bit_len() <= 108 {
            let product = amount_in.wrapping_to::<u128>() * u128::from(over);
            return U256::from(product.div_ceil(u128::from(under)));
        }
        (amount_in * U256::from(over)).div_ceil(U256::from(under))
    }

    /// `floor(remaining * (1e6 - fee) / 1e6)`.
    fn less_fee(self, remaining: U256) -> U256 {
        if remaining.bit_len() <= 108 {
            let product = remaining.wrapping_to::<u128>() * u128::from(MILLION - self.fee_pips);
            return U256::from(product / u128::from(MILLION));
        }
        let product = U320::from(remaining) * U320::from(MILLION - self.fee_pips);
        (product / U320::from(MILLION)).wrapping_to()
    }
}
