//! Where the contract's swap loop stops: at initialised ticks and at the edges of its bitmap's words.

use alloy_primitives::aliases::U160;

use super::swap_step::{Moved, Terms};
use super::tick_math::{
    MAX_SQRT_PRICE_X96, MAX_TICK, MIN_SQRT_PRICE_X96, MIN_TICK, sqrt_price, tick,
};
use super::ticks::TickTable;
use crate::pools::Direction;
use crate::pools::concentrated::{Course, Position, Stop};

/// The initialised ticks of a pool, and its fee.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) ticks: TickTable,
    pub(super) fee_pips: u32,
    pub(super) spacing: i32,
}

impl Course for Grid {
    type Price = U160;
    type Flow = Moved;

    /// `nextInitializedTickWithinOneWord`, without a price limit of the trader's own.
    ///
    /// Word edges matter only where there is liquidity, because each step rounds; without any, nothing is
    /// swapped up to the next initialised tick, and the edges between are left out.
    fn next_stop(&self, from: Position<U160>, direction: Direction) -> Option<Stop<U160>> {
        if at_limit(from.sqrt_price, direction) {
            return None;
        }
        let initialised = self.ticks.next(from.tick, direction);
        let edge = (from.liquidity != 0).then(|| self.word_edge(from.tick, direction));
        match (initialised, edge) {
            (Some(tick), Some(edge)) if comes_before(edge, tick.index, direction) => Some(stop(
                edge,
                sqrt_price(edge),
                from.liquidity,
                false,
                direction,
            )),
            (Some(tick), _) => {
                let liquidity = match direction {
                    Direction::ZeroForOne => tick.liquidity_below,
                    Direction::OneForZero => tick.liquidity_above,
                };
                let limited = limited(tick.sqrt_price, direction) != tick.sqrt_price;
                let liquidity = if limited { from.liquidity } else { liquidity };
                Some(stop(
                    tick.index,
                    tick.sqrt_price,
                    liquidity,
                    !limited,
                    direction,
                ))
            }
            (None, _) => None,
        }
    }

    /// A word of the bitmap: 256 multiples of the spacing.
    fn stretch(&self, stop_tick: i32) -> i32 {
        stop_tick.div_euclid(self.spacing) >> 8
    }

    /// A fall enters a word from the lowest tick of the word above, a rise from the highest of the one below.
    fn entry(&self, stretch: i32, direction: Direction) -> Position<U160> {
        let (edge, tick) = match direction {
            Direction::ZeroForOne => {
                let edge = ((stretch + 1) << 8) * self.spacing;
                (edge, edge - 1)
            }
            Direction::OneForZero => {
                let edge = ((stretch << 8) - 1) * self.spacing;
                (edge, edge)
            }
        };
        Position {
            sqrt_price: sqrt_price(edge.clamp(MIN_TICK, MAX_TICK)),
            tick,
            liquidity: self.ticks.liquidity_at(tick),
        }
    }

    fn whole_step(&self, direction: Direction, from: Position<U160>, to: U160) -> Moved {
        self.terms(direction).whole(from, to)
    }

    fn tick_at(&self, sqrt_price: U160) -> i32 {
        tick(sqrt_price)
    }
}

impl Grid {
    pub(super) fn terms(&self, direction: Direction) -> Terms {
        Terms {
            direction,
            fee_pips: self.fee_pips,
        }
    }

    /// The last tick of the bitmap's word in the direction of the swap; the contract clamps it likewise.
    fn word_edge(&self, tick: i32, direction: Direction) -> i32 {
        let compressed = tick.div_euclid(self.spacing);
        let edge = match direction {
            Direction::ZeroForOne => (compressed >> 8) << 8,
            Direction::OneForZero => (compressed + 1) | 0xff,
        };
        (edge * self.spacing).clamp(MIN_TICK, MAX_TICK)
    }
}

fn comes_before(tick: i32, other: i32, direction: Direction) -> bool {
    match direction {
        Direction::ZeroForOne => tick > other,
        Direction::OneForZero => tick < other,
    }
}

fn stop(
    tick: i32,
    sqrt_price: U160,
    liquidity: u128,
    crosses: bool,
    direction: Direction,
) -> Stop<U160> {
    let reached = limited(sqrt_price, direction);
    let after = match direction {
        // The price limit is above the lowest tick's price, and below the highest's.
        Direction::ZeroForOne if reached == sqrt_price => tick - 1,
        Direction::OneForZero if reached != sqrt_price => tick - 1,
        _ => tick,
    };
    Stop {
        tick,
        crosses,
        after: Position {
            sqrt_price: reached,
            tick: after,
            liquidity,
        },
    }
}

/// The price at which the routers let a swap without a limit end.
fn limit(direction: Direction) -> U160 {
    match direction {
        Direction::ZeroForOne => MIN_SQRT_PRICE_X96 + U160::ONE,
        Direction::OneForZero => MAX_SQRT_PRICE_X96 - U160::ONE,
    }
}

fn limited(sqrt_price: U160, direction: Direction) -> U160 {
    match direction {
        Direction::ZeroForOne => sqrt_price.max(limit(direction)),
        Direction::OneForZero => sqrt_price.min(limit(direction)),
    }
}

/// The contract reverts when the limit does not lie ahead.
fn at_limit(sqrt_price: U160, direction: Direction) -> bool {
    match direction {
        Direction::ZeroForOne => sqrt_price <= limit(direction),
        Direction::OneForZero => sqrt_price >= limit(direction),
    }
}
