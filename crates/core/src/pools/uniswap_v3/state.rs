//! What a Uniswap V3 pool is made from, what is refused, and what a log may change.

use alloy_primitives::aliases::U160;
use serde::{Deserialize, Serialize};

use super::UniswapV3Pool;
use super::course::Grid;
use super::tick_math::{MAX_SQRT_PRICE_X96, MIN_SQRT_PRICE_X96, MIN_TICK, sqrt_price, tick};
use super::ticks::{Tick, TickTable};
use crate::ChainAddress;
use crate::pools::concentrated::{Ladder, Position};
use crate::pools::{PoolError, decimal};

/// The whole state of a pool, as its contract gives it at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniswapV3State {
    /// The pool's contract.
    pub pool: ChainAddress,
    /// `token0()`, the lower address.
    pub token0: ChainAddress,
    /// `token1()`.
    pub token1: ChainAddress,
    /// `fee()`, in hundredths of a basis point.
    pub fee_pips: u32,
    /// `tickSpacing()`.
    pub tick_spacing: i32,
    /// `slot0().sqrtPriceX96`.
    #[serde(with = "decimal")]
    pub sqrt_price_x96: U160,
    /// `slot0().tick`.
    pub tick: i32,
    /// `liquidity()`.
    #[serde(with = "decimal")]
    pub liquidity: u128,
    /// Every initialised tick, in ascending order.
    pub ticks: Vec<Tick>,
}

/// A change that a log of the pool's contract tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UniswapV3Change {
    /// `Swap`: where the pool stands after it.
    Swap {
        /// The new square root price.
        sqrt_price_x96: U160,
        /// The new active liquidity.
        liquidity: u128,
        /// The new tick.
        tick: i32,
    },
    /// `Mint` (positive) or `Burn` (negative): liquidity of a range.
    Liquidity {
        /// Where the range begins.
        tick_lower: i32,
        /// Where it ends.
        tick_upper: i32,
        /// What its liquidity gains.
        liquidity_delta: i128,
    },
}

impl UniswapV3Pool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `tokens_unordered`, `fee_out_of_range`, `tick_spacing_out_of_range`, `price_out_of_bounds`,
    /// `tick_price_mismatch`, `tick_malformed` or `liquidity_inconsistent`.
    pub fn new(state: &UniswapV3State) -> Result<Self, PoolError> {
        let UniswapV3State {
            pool,
            token0,
            token1,
            fee_pips,
            tick_spacing,
            ..
        } = *state;
        if token0 >= token1 {
            return Err(PoolError::TokensUnordered { token0, token1 });
        }
        if fee_pips >= 1_000_000 {
            return Err(PoolError::FeeOutOfRange(fee_pips));
        }
        if !(1..16_384).contains(&tick_spacing) {
            return Err(PoolError::TickSpacingOutOfRange(tick_spacing));
        }
        let ticks = TickTable::new("ticks", &state.ticks, tick_spacing)?;
        let position = position(&ticks, state.sqrt_price_x96, state.tick, state.liquidity)?;
        Ok(Self {
            address: pool,
            tokens: [token0, token1],
            ladder: Ladder::new(
                Grid {
                    ticks,
                    fee_pips,
                    spacing: tick_spacing,
                },
                position,
            ),
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> UniswapV3State {
        let (grid, position) = (self.ladder.course(), self.ladder.position());
        UniswapV3State {
            pool: self.address,
            token0: self.tokens[0],
            token1: self.tokens[1],
            fee_pips: grid.fee_pips,
            tick_spacing: grid.spacing,
            sqrt_price_x96: position.sqrt_price,
            tick: position.tick,
            liquidity: position.liquidity,
            ticks: grid.ticks.ticks(),
        }
    }

    /// Applies what a log tells; the logs must come in the chain's order.
    ///
    /// # Errors
    /// When the change does not fit the state, which means that a log is missing. The pool is then as it was.
    pub(super) fn change(&mut self, change: UniswapV3Change) -> Result<(), PoolError> {
        match change {
            UniswapV3Change::Swap {
                sqrt_price_x96,
                liquidity,
                tick,
            } => {
                let ticks = &self.ladder.course().ticks;
                let position = position(ticks, sqrt_price_x96, tick, liquidity)?;
                self.ladder.move_to(position);
                Ok(())
            }
            UniswapV3Change::Liquidity {
                tick_lower,
                tick_upper,
                liquidity_delta,
            } => self.change_liquidity(tick_lower, tick_upper, liquidity_delta),
        }
    }

    fn change_liquidity(
        &mut self,
        tick_lower: i32,
        tick_upper: i32,
        delta: i128,
    ) -> Result<(), PoolError> {
        if tick_lower >= tick_upper {
            return Err(PoolError::TickMalformed {
                field: "tick_upper",
                tick: tick_upper,
                fault: "must be above tick_lower",
            });
        }
        let grid = self.ladder.course();
        let mut ticks = grid.ticks.ticks();
        add(&mut ticks, tick_lower, delta, Some(delta))?;
        add(&mut ticks, tick_upper, delta, delta.checked_neg())?;
        let ticks = grid
            .ticks
            .changed("tick_lower, tick_upper", &ticks, grid.spacing)?;
        let old = self.ladder.position();
        let position = Position {
            liquidity: ticks.liquidity_at(old.tick),
            ..old
        };
        let grid = Grid {
            ticks,
            ..grid.clone()
        };
        self.ladder
            .change(grid, &(tick_lower..=tick_upper), position);
        Ok(())
    }
}

/// Changes one end of a range; a tick without liquidity is gone.
fn add(ticks: &mut Vec<Tick>, index: i32, gross: i128, net: Option<i128>) -> Result<(), PoolError> {
    let place = ticks.binary_search_by_key(&index, |tick| tick.index);
    let old = match place {
        Ok(at) => ticks[at],
        Err(_) => Tick {
            index,
            liquidity_gross: 0,
            liquidity_net: 0,
        },
    };
    let liquidity_gross = old.liquidity_gross.checked_add_signed(gross);
    let liquidity_net = net.and_then(|net| old.liquidity_net.checked_add(net));
    let (Some(liquidity_gross), Some(liquidity_net)) = (liquidity_gross, liquidity_net) else {
        return Err(PoolError::LiquidityDeltaOutOfRange {
            tick: index,
            delta: gross,
        });
    };
    match (place, liquidity_gross) {
        (Ok(at), 0) => {
            ticks.remove(at);
        }
        (Ok(at), _) => {
            ticks[at] = Tick {
                index,
                liquidity_gross,
                liquidity_net,
            }
        }
        (Err(_), 0) => {}
        (Err(at), _) => ticks.insert(
            at,
            Tick {
                index,
                liquidity_gross,
                liquidity_net,
            },
        ),
    }
    Ok(())
}

/// Where the pool stands, if the contract can stand there.
///
/// After a fall that ended exactly on a tick, the contract's tick is one below that of its price.
fn position(
    ticks: &TickTable,
    price: U160,
    given_tick: i32,
    liquidity: u128,
) -> Result<Position<U160>, PoolError> {
    if !(MIN_SQRT_PRICE_X96..MAX_SQRT_PRICE_X96).contains(&price) {
        return Err(PoolError::PriceOutOfBounds(price));
    }
    let of_price = tick(price);
    let ended_on_tick =
        of_price > MIN_TICK && given_tick == of_price - 1 && sqrt_price(of_price) == price;
    if given_tick != of_price && !ended_on_tick {
        return Err(PoolError::TickPriceMismatch {
            tick: given_tick,
            sqrt_price_x96: price,
            expected: of_price,
        });
    }
    let expected = ticks.liquidity_at(given_tick);
    if expected != liquidity {
        return Err(PoolError::LiquidityInconsistent {
            given: liquidity,
            expected,
            tick: given_tick,
        });
    }
    Ok(Position {
        sqrt_price: price,
        tick: given_tick,
        liquidity,
    })
}
