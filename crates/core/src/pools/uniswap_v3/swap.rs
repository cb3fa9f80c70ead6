//! The swap loop of the contract, without a price limit of the trader's own.

use alloy_primitives::U256;
use alloy_primitives::aliases::U160;

use super::swap_step::Terms;
use super::tick_math::{MAX_SQRT_PRICE_X96, MIN_SQRT_PRICE_X96, tick};
use super::ticks::TickTable;
use crate::pools::{Direction, Exact, SwapAmounts};

/// Where a pool stands: what `slot0` and `liquidity` of the contract say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) sqrt_price: U160,
    pub(super) tick: i32,
    pub(super) liquidity: u128,
}

/// How far a swap came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) position: Position,
    /// Whether `position.tick` is the one of the price; else the price lies inside a step.
    tick_known: bool,
    /// What is left of the exact amount; not zero when the pool's liquidity ended first.
    pub(super) remaining: U256,
    /// The fee included.
    pub(super) amounts: SwapAmounts,
    pub(super) fee: U256,
    pub(super) ticks_crossed: u32,
}

impl Progress {
    /// The tick after the swap.
    pub(super) fn tick(&self) -> i32 {
        if self.tick_known {
            self.position.tick
        } else {
            tick(self.position.sqrt_price)
        }
    }
}

/// Swaps `amount` from `start`, until it is used up or the price reaches its limit.
pub(super) fn swap(ticks: &TickTable, start: Position, terms: Terms, amount: U256) -> Progress {
    let mut cursor = ticks.cursor(start.tick, terms.direction);
    let limit = limit(terms.direction);
    let mut progress = Progress {
        position: start,
        tick_known: true,
        remaining: amount,
        amounts: SwapAmounts::default(),
        fee: U256::ZERO,
        ticks_crossed: 0,
    };
    while !progress.remaining.is_zero() {
        let Position {
            sqrt_price,
            tick,
            liquidity,
        } = progress.position;
        let Some(stop) = ticks.next_stop(cursor, tick, liquidity) else {
            break;
        };
        let target = match terms.direction {
            Direction::ZeroForOne => stop.sqrt_price.max(limit),
            Direction::OneForZero => stop.sqrt_price.min(limit),
        };
        let step = terms.step(sqrt_price, target, liquidity, progress.remaining);
        progress.take(terms.exact, step.amount_in + step.fee, step.amount_out);
        progress.fee += step.fee;
        progress.position.sqrt_price = step.price;
        if step.price != stop.sqrt_price {
            // Short of the stop: the amount is used up, or the price is at its limit.
            progress.tick_known = step.price == sqrt_price;
            break;
        }
        if stop.initialised {
            progress.position.liquidity = ticks.cross(&mut cursor);
            progress.ticks_crossed += 1;
        }
        progress.position.tick = stop.tick - i32::from(terms.direction == Direction::ZeroForOne);
    }
    progress
}

impl Progress {
    fn take(&mut self, exact: Exact, amount_in: U256, amount_out: U256) {
        self.amounts.amount_in_raw += amount_in;
        self.amounts.amount_out_raw += amount_out;
        self.remaining -= match exact {
            Exact::In => amount_in,
            Exact::Out => amount_out,
        };
    }
}

/// The price at which the routers let a swap without a limit end.
fn limit(direction: Direction) -> U160 {
    match direction {
        Direction::ZeroForOne => MIN_SQRT_PRICE_X96 + U160::ONE,
        Direction::OneForZero => MAX_SQRT_PRICE_X96 - U160::ONE,
    }
}
