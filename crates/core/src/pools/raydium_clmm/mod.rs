//! Raydium CLMM: concentrated liquidity, to the unit what the program answers to `swap_v2`.
//!
//! - [`tick_math`] and `swap_step`: the program's arithmetic;
//! - `book`: the ticks that are known, and what lies behind them;
//! - `layout`: the bytes of its accounts; `accounts`: a pool from those that were read;
//! - `state`: what a pool is made from; `updates`: what an account may change;
//! - `transfers`: what Token-2022 takes on the way in and out.
//!
//! The program of before limit orders and dynamic fees is modelled; a pool that has one of them is refused.

mod accounts;
mod book;
mod curve;
mod layout;
mod state;
mod swap_step;
pub mod tick_math;
mod transfers;
mod updates;

pub use layout::RAYDIUM_CLMM_PROGRAM;
pub use state::{RaydiumClmmState, RaydiumClmmTick, RaydiumClmmTickArray};

use std::sync::Arc;

use alloy_primitives::{U256, Uint};

use self::book::{Arrays, Book, End, Frame};
use self::swap_step::Moved;
use self::transfers::Sides;
use super::concentrated::{Exhausted, Ladder, Landing};
use super::{
    ChainClock, Curve, Direction, Exact, Fee, FeeKind, Movement, PoolChange, PoolError, PoolMath,
    PoolQuote, PriceRatio, SwapAmounts, TokenPair,
};
use crate::ChainAddress;
use crate::solana::TransferFees;

/// A pool whose state the program could be in.
#[derive(Debug, Clone)]
pub struct RaydiumClmmPool {
    facts: Facts,
    frame: Frame,
    arrays: Arc<Arrays>,
    ladder: Ladder<Book>,
}

/// What is not about liquidity.
#[derive(Debug, Clone, Copy)]
struct Facts {
    address: ChainAddress,
    tokens: [ChainAddress; 2],
    amm_config: ChainAddress,
    open_time: u64,
    status: u8,
    transfer_fees: [TransferFees; 2],
    clock: ChainClock,
}

/// A swap inside the pool.
#[derive(Debug)]
struct Filled {
    moved: Moved,
    landing: Landing<Book>,
    price_after: u128,
}

impl PoolMath for RaydiumClmmPool {
    fn address(&self) -> ChainAddress {
        self.facts.address
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.facts.tokens
    }

    fn fee_ppm(&self, _: TokenPair) -> u32 {
        self.frame.rates.trade_fee
    }

    fn spot_price(&self, pair: TokenPair) -> PriceRatio {
        spot_price(pair, self.ladder.position().sqrt_price)
    }

    fn amounts(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let direction = self.direction(pair)?;
        self.swapped(direction, exact, amount_raw)
            .map(|(sides, _)| sides.amounts())
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let direction = self.direction(pair)?;
        let (sides, filled) = self.swapped(direction, exact, amount_raw)?;
        let (token_in, token_out) = direction.in_and_out(self.facts.tokens);
        let SwapAmounts {
            amount_in_raw,
            amount_out_raw,
        } = sides.amounts();
        let before = self.ladder.position();
        let (after, ticks_crossed) =
            self.ladder
                .arrive(&filled.landing, direction, filled.price_after);
        Ok(PoolQuote {
            pool: self.facts.address,
            token_in,
            token_out,
            fee_ppm: self.frame.rates.trade_fee,
            amount_in_raw,
            amount_out_raw,
            fees: fees(&filled.moved, &sides, token_in, token_out),
            spot_before: self.spot_price(pair),
            spot_after: spot_price(pair, after.sqrt_price),
            movement: Some(Movement::ConcentratedX64 {
                sqrt_price_before_x64: before.sqrt_price,
                sqrt_price_after_x64: after.sqrt_price,
                tick_after: after.tick,
                liquidity_after: after.liquidity,
                ticks_crossed,
            }),
        })
    }

    fn swap(
        &mut self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let direction = self.direction(pair)?;
        let (sides, filled) = self.swapped(direction, exact, amount_raw)?;
        let (after, _) = self
            .ladder
            .arrive(&filled.landing, direction, filled.price_after);
        self.ladder.move_to(after);
        Ok(sides.amounts())
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        self.change(change)
    }

    /// The pool, its config, both mints, the bitmap extension where there can be one, and the arrays read.
    fn accounts(&self) -> Vec<ChainAddress> {
        let Facts {
            address,
            amm_config,
            tokens,
            ..
        } = self.facts;
        let mut accounts = vec![address, amm_config, tokens[0], tokens[1]];
        if self.frame.extension_matters() {
            accounts.push(accounts::extension_address(address));
        }
        let read = self.arrays.iter().filter(|(_, ticks)| ticks.is_some());
        accounts.extend(read.map(|(start, _)| accounts::tick_array_address(address, *start)));
        accounts
    }

    fn curve(&self, pair: TokenPair) -> Curve {
        match (self.direction(pair), self.door()) {
            (Ok(direction), Ok(())) => self.pieces(direction),
            _ => Curve::Nothing,
        }
    }
}

impl RaydiumClmmPool {
    fn direction(&self, pair: TokenPair) -> Result<Direction, PoolError> {
        pair.direction_in(self.facts.address)
    }

    /// Whether the pool swaps now.
    fn door(&self) -> Result<(), PoolError> {
        let Facts {
            address: pool,
            status,
            open_time,
            clock,
            ..
        } = self.facts;
        if status >> 4 & 1 == 1 {
            let reason = format!("bit 4 of status {status} forbids it");
            return Err(PoolError::SwapsDisabled { pool, reason });
        }
        let now = clock.unix_timestamp;
        if now.cast_unsigned() <= open_time {
            let reason = format!("it opens after {open_time}, and the clock says {now}");
            return Err(PoolError::SwapsDisabled { pool, reason });
        }
        Ok(())
    }

    /// A swap, transfers included.
    fn swapped(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<(Sides, Filled), PoolError> {
        self.door()?;
        let field = field(exact);
        if amount_raw.is_zero() {
            return Err(PoolError::AmountZero { field });
        }
        let refused = |reason| PoolError::SwapRefused {
            field,
            pool: self.facts.address,
            given: amount_raw,
            reason,
        };
        let amount = u64::try_from(amount_raw)
            .map_err(|_| refused("the program takes amounts of 64 bits"))?;
        let mut sides = Sides::new(&self.facts, direction);
        let inside = sides.enter(exact, amount).map_err(refused)?;
        let filled = self.fill(direction, exact, inside, field, refused)?;
        sides.leave(exact, &filled.moved).map_err(refused)?;
        Ok((sides, filled))
    }

    /// A swap of what moves inside the pool.
    fn fill(
        &self,
        direction: Direction,
        exact: Exact,
        amount: u64,
        field: &'static str,
        refused: impl Fn(&'static str) -> PoolError,
    ) -> Result<Filled, PoolError> {
        let landing = self
            .ladder
            .locate(direction, exact, u128::from(amount))
            .map_err(|exhausted| self.exhausted(&exhausted, direction, field))?;
        let (mut moved, mut price_after) = (landing.flow, landing.position.sqrt_price);
        if landing.remaining != 0 {
            let overflow = || refused("an amount or the price would leave its bounds");
            let book = self.ladder.course();
            let remaining = u64::try_from(landing.remaining).map_err(|_| overflow())?;
            let stop = self.ladder.stop_after(&landing, direction);
            let (part, price) = stop
                .and_then(|stop| {
                    let target = stop.after.sqrt_price;
                    book.terms(direction)
                        .part(landing.position, target, exact, remaining)
                })
                .ok_or_else(overflow)?;
            moved = moved + part;
            price_after = price;
        }
        Ok(Filled {
            moved,
            landing,
            price_after,
        })
    }

    /// Why the known liquidity ends.
    fn exhausted(
        &self,
        exhausted: &Exhausted<Book>,
        direction: Direction,
        field: &'static str,
    ) -> PoolError {
        let pool = self.facts.address;
        let at_limit = Book::at_limit(exhausted.position, direction);
        match self.ladder.course().end(direction) {
            End::Array(start) if !at_limit => PoolError::AccountMissing {
                pool,
                account: accounts::tick_array_address(pool, start),
                role: "the next tick array",
            },
            End::BitmapExtension if !at_limit => PoolError::AccountMissing {
                pool,
                account: accounts::extension_address(pool),
                role: "the bitmap extension",
            },
            End::Torn(tick) if !at_limit => PoolError::StateInvalid {
                field: "tick_arrays",
                fault: format!(
                    "their net liquidity does not fit the pool's at tick {tick}; read pool and arrays in one call"
                ),
            },
            _ => {
                let most = Sides::new(&self.facts, direction).most(&exhausted.flow);
                PoolError::InsufficientLiquidity {
                    field,
                    pool,
                    most_in_raw: most.amount_in_raw,
                    most_out_raw: most.amount_out_raw,
                }
            }
        }
    }
}

/// Who gets what of a swap's fees.
fn fees(moved: &Moved, sides: &Sides, token_in: ChainAddress, token_out: ChainAddress) -> Vec<Fee> {
    let liquidity = moved.fee - moved.protocol_fee - moved.fund_fee;
    [
        (FeeKind::Liquidity, token_in, liquidity),
        (FeeKind::Protocol, token_in, moved.protocol_fee),
        (FeeKind::Fund, token_in, moved.fund_fee),
        (FeeKind::Transfer, token_in, u128::from(sides.fee_in())),
        (FeeKind::Transfer, token_out, u128::from(sides.fee_out())),
    ]
    .into_iter()
    .filter(|(_, _, amount)| *amount != 0)
    .map(|(kind, token, amount)| Fee {
        kind,
        token,
        amount_raw: U256::from(amount),
    })
    .collect()
}

/// `sqrt_price ** 2 / 2**128`, or its inverse.
fn spot_price(pair: TokenPair, sqrt_price: u128) -> PriceRatio {
    let token1 = Uint::<320, 5>::from(sqrt_price) * Uint::from(sqrt_price);
    let token0 = Uint::<320, 5>::ONE << 128;
    let direction = pair.direction().unwrap_or(Direction::ZeroForOne);
    let (denominator, numerator) = direction.in_and_out([token0, token1]);
    PriceRatio {
        numerator,
        denominator,
    }
}

fn field(exact: Exact) -> &'static str {
    match exact {
        Exact::In => "amount_in_raw",
        Exact::Out => "amount_out_raw",
    }
}
