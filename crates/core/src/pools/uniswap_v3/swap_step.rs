//! One step of a swap: as far as the amount or the next stop allows, at constant liquidity (`SwapMath`).

use alloy_primitives::U256;
use alloy_primitives::aliases::{U160, U320};

use super::sqrt_price_math::{
    Rounding, amount0_between, amount1_between, divide, price_after_adding0, price_after_adding1,
    price_after_taking0, price_after_taking1,
};
use crate::pools::{Direction, Exact};

const MILLION: u32 = 1_000_000;

/// What stays the same during a swap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) direction: Direction,
    pub(super) exact: Exact,
    pub(super) fee_pips: u32,
}

/// What one step moves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The price that it ends at: `target`, or short of it.
    pub(super) price: U160,
    /// Without the fee.
    pub(super) amount_in: U256,
    pub(super) amount_out: U256,
    pub(super) fee: U256,
}

impl Terms {
    /// `computeSwapStep`, from `price` towards `target`, with `remaining` of the exact amount to go.
    ///
    /// The contract tests whether the remaining input, less its fee, rounded down, reaches the target.
    /// That is so exactly when the remaining input covers the full step's input and its fee, rounded
    /// up, which takes no division by a million.
    pub(super) fn step(self, price: U160, target: U160, liquidity: u128, remaining: U256) -> Step {
        match self.exact {
            Exact::In => {
                let amount_in = self.input(price, target, liquidity);
                let fee = self.fee_on(amount_in);
                if remaining >= amount_in + fee {
                    let amount_out = self.output(price, target, liquidity);
                    return Step {
                        price: target,
                        amount_in,
                        amount_out,
                        fee,
                    };
                }
                self.partial_in(price, liquidity, remaining)
            }
            Exact::Out => {
                let amount_out = self.output(price, target, liquidity);
                let (price_after, amount_out) = if remaining >= amount_out {
                    (target, amount_out)
                } else {
                    // The whole step holds more than what remains, so there is a price.
                    (
                        self.price_after_output(price, liquidity, remaining)
                            .unwrap_or(target),
                        remaining,
                    )
                };
                let amount_in = self.input(price, price_after, liquidity);
                Step {
                    price: price_after,
                    amount_in,
                    amount_out,
                    fee: self.fee_on(amount_in),
                }
            }
        }
    }

    /// The input ends before the target is reached; what does not move the price is fee.
    fn partial_in(self, price: U160, liquidity: u128, remaining: U256) -> Step {
        let less_fee = self.less_fee(remaining);
        let price_after = match self.direction {
            Direction::ZeroForOne => price_after_adding0(price, liquidity, less_fee),
            Direction::OneForZero => price_after_adding1(price, liquidity, less_fee),
        };
        let amount_in = self.input(price, price_after, liquidity);
        Step {
            price: price_after,
            amount_in,
            amount_out: self.output(price, price_after, liquidity),
            fee: remaining - amount_in,
        }
    }

    fn price_after_output(self, price: U160, liquidity: u128, amount_out: U256) -> Option<U160> {
        match self.direction {
            Direction::ZeroForOne => price_after_taking1(price, liquidity, amount_out),
            Direction::OneForZero => price_after_taking0(price, liquidity, amount_out),
        }
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
        let product = amount_in * U256::from(self.fee_pips);
        divide(product, U256::from(MILLION - self.fee_pips), Rounding::Up)
    }

    /// `floor(remaining * (1e6 - fee) / 1e6)`.
    fn less_fee(self, remaining: U256) -> U256 {
        let product = U320::from(remaining) * U320::from(MILLION - self.fee_pips);
        (product / U320::from(MILLION)).wrapping_to()
    }
}
