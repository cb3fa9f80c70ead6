//! The steps of a swap at constant liquidity: whole ones, and the last part of one.
//!
//! Source: `swap_math::compute_swap`, `liquidity_math` and `sqrt_price_math` of raydium-io/raydium-clmm, with
//! the fee on the input.

use std::ops::{Add, Sub};

use alloy_primitives::aliases::U320;
use alloy_primitives::{U256, aliases::U192};

use crate::pools::concentrated::{Flow, Position};
use crate::pools::{Direction, Exact};

const MILLION: u32 = 1_000_000;

/// More than any swap can ask for: the amount of a step that 64 bits do not hold.
const NEVER: u128 = 1 << 80;

/// What steps move, in raw units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// The fee included.
    pub(super) amount_in: u128,
    pub(super) amount_out: u128,
    /// The whole fee, in the token paid in.
    pub(super) fee: u128,
    /// What the protocol gets of it.
    pub(super) protocol_fee: u128,
    /// What the fund gets of it.
    pub(super) fund_fee: u128,
}

impl Add for Moved {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            amount_in: self.amount_in + other.amount_in,
            amount_out: self.amount_out + other.amount_out,
            fee: self.fee + other.fee,
            protocol_fee: self.protocol_fee + other.protocol_fee,
            fund_fee: self.fund_fee + other.fund_fee,
        }
    }
}

impl Sub for Moved {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            amount_in: self.amount_in - other.amount_in,
            amount_out: self.amount_out - other.amount_out,
            fee: self.fee - other.fee,
            protocol_fee: self.protocol_fee - other.protocol_fee,
            fund_fee: self.fund_fee - other.fund_fee,
        }
    }
}

impl Flow for Moved {
    type Amount = u128;

    fn side(&self, exact: Exact) -> u128 {
        match exact {
            Exact::In => self.amount_in,
            Exact::Out => self.amount_out,
        }
    }
}

/// Rates in parts per million: of the input, and of the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) trade_fee: u32,
    pub(super) protocol: u32,
    pub(super) fund: u32,
}

/// What stays the same during a swap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) direction: Direction,
    pub(super) rates: Rates,
}

impl Terms {
    /// A step from `from` to `target`, as far as the next stop.
    ///
    /// The program tests whether the remaining input, less its fee, rounded down, reaches the target. That is
    /// so exactly when the remaining input covers the whole step's input and its fee, rounded up. It holds a
    /// step of which an amount exceeds 64 bits for one that is not reached.
    pub(super) fn whole(self, from: Position<u128>, target: u128) -> Moved {
        let amounts = self.amounts(from, target);
        let moved = amounts.and_then(|[amount_in, amount_out]| {
            let fee = self.fee_on(amount_in);
            self.moved(amount_in, amount_out, fee)
        });
        moved.unwrap_or(Moved {
            amount_in: NEVER,
            amount_out: NEVER,
            ..Moved::default()
        })
    }

    /// Less than a whole step: what it moves, and the price after it. `None` where the program's arithmetic
    /// overflows or the price would pass `target`.
    pub(super) fn part(
        self,
        from: Position<u128>,
        target: u128,
        exact: Exact,
        remaining: u64,
    ) -> Option<(Moved, u128)> {
        let price = self.price_after(from, exact, remaining)?;
        let passes = match self.direction {
            Direction::ZeroForOne => price < target,
            Direction::OneForZero => price > target,
        };
        if passes {
            return None;
        }
        let [amount_in, amount_out] = self.amounts(from, price)?;
        let moved = match exact {
            Exact::In if price != target => {
                self.moved(amount_in, amount_out, remaining.checked_sub(amount_in)?)
            }
            Exact::In => self.moved(amount_in, amount_out, self.fee_on(amount_in)),
            Exact::Out => self.moved(amount_in, amount_out.min(remaining), self.fee_on(amount_in)),
        };
        moved.map(|moved| (moved, price))
    }

    /// The price that less than a whole step leads to.
    fn price_after(self, from: Position<u128>, exact: Exact, remaining: u64) -> Option<u128> {
        let Position {
            sqrt_price: price,
            liquidity,
            ..
        } = from;
        if liquidity == 0 {
            return None;
        }
        match (exact, self.direction) {
            (Exact::In, Direction::ZeroForOne) => {
                let product = U192::from(self.less_fee(remaining)).wrapping_mul(U192::from(price));
                let over: U256 = U256::from(liquidity) << 64;
                ratio_up(price, liquidity, over.checked_add(U256::from(product))?)
            }
            (Exact::In, Direction::OneForZero) => {
                let change = (u128::from(self.less_fee(remaining)) << 64) / liquidity;
                price.checked_add(change)
            }
            (Exact::Out, Direction::ZeroForOne) => {
                let change = (u128::from(remaining) << 64).div_ceil(liquidity);
                price.checked_sub(change)
            }
            (Exact::Out, Direction::OneForZero) => {
                let product = U192::from(remaining).wrapping_mul(U192::from(price));
                let over: U256 = U256::from(liquidity) << 64;
                ratio_up(price, liquidity, over.checked_sub(U256::from(product))?)
            }
        }
    }

    /// Input without the fee, rounded up, and output, rounded down, between two prices; `None` where one of
    /// them exceeds 64 bits.
    fn amounts(self, from: Position<u128>, to: u128) -> Option<[u64; 2]> {
        let (low, high) = (from.sqrt_price.min(to), from.sqrt_price.max(to));
        // Liquidity of 128 bits times a difference of at most 97.
        let amount1_x64 = U256::from(from.liquidity) * U256::from(high - low);
        let under = U256::from(low) * U256::from(high);
        let over: U320 = U320::from(amount1_x64) << 64;
        let (amount0, rest) = over.div_rem(U320::from(under));
        let amount1: U256 = amount1_x64 >> 64;
        let [fraction, ..] = *amount1_x64.as_limbs();
        let (amount_in, amount_out) = match self.direction {
            Direction::ZeroForOne => (
                round_up(amount0, !rest.is_zero())?,
                u64::try_from(amount1).ok()?,
            ),
            Direction::OneForZero => (
                round_up(U320::from(amount1), fraction != 0)?,
                u64::try_from(amount0).ok()?,
            ),
        };
        Some([amount_in, amount_out])
    }

    /// The fee is split step by step, each share rounded down; `None` where the input exceeds 64 bits.
    fn moved(self, amount_in: u64, amount_out: u64, fee: u64) -> Option<Moved> {
        let share = |rate: u32| u128::from(fee) * u128::from(rate) / u128::from(MILLION);
        Some(Moved {
            amount_in: u128::from(amount_in.checked_add(fee)?),
            amount_out: u128::from(amount_out),
            fee: u128::from(fee),
            protocol_fee: share(self.rates.protocol),
            fund_fee: share(self.rates.fund),
        })
    }

    /// `ceil(amount_in * fee / (1e6 - fee))`, saturating at 64 bits, where the sum with the input fits no more.
    fn fee_on(self, amount_in: u64) -> u64 {
        let product = u128::from(amount_in) * u128::from(self.rates.trade_fee);
        let fee = product.div_ceil(u128::from(MILLION - self.rates.trade_fee));
        u64::try_from(fee).unwrap_or(u64::MAX)
    }

    /// `floor(remaining * (1e6 - fee) / 1e6)`.
    fn less_fee(self, remaining: u64) -> u64 {
        let product = u128::from(remaining) * u128::from(MILLION - self.rates.trade_fee);
        u64::try_from(product / u128::from(MILLION)).unwrap_or(remaining)
    }
}

/// `ceil(price * (liquidity << 64) / under)`.
fn ratio_up(price: u128, liquidity: u128, under: U256) -> Option<u128> {
    if under.is_zero() {
        return None;
    }
    let over: U320 = (U320::from(liquidity) * U320::from(price)) << 64;
    let (quotient, rest) = over.div_rem(U320::from(under));
    let price: u128 = quotient.try_into().ok()?;
    price.checked_add(u128::from(!rest.is_zero()))
}

fn round_up(quotient: U320, inexact: bool) -> Option<u64> {
    let quotient: u64 = quotient.try_into().ok()?;
    quotient.checked_add(u64::from(inexact))
}
