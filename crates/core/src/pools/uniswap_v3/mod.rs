//! Uniswap V3: concentrated liquidity, to the unit what the pool contract and `QuoterV2` answer.
//!
//! - [`tick_math`], `sqrt_price_math` and `quotient`: the contract's arithmetic;
//! - `swap_step`: the steps of its swap loop; `course`: where each one stops, because every stop rounds;
//! - `ticks`: the initialised ticks; `state`: what a pool is made from and what may change it.
//!
//! A quote does not walk the steps: it looks them up in sums (`concentrated`).

mod course;
mod curve;
mod quotient;
mod sqrt_price_math;
mod state;
mod swap_step;
pub mod tick_math;
mod ticks;

pub use state::{UniswapV3Change, UniswapV3State};
pub use ticks::Tick;

use alloy_primitives::aliases::U160;
use alloy_primitives::{U256, Uint};

use self::course::Grid;
use super::concentrated::{Ladder, Landing, Position};
use super::{
    Curve, Direction, Exact, Fee, FeeKind, Movement, PoolChange, PoolError, PoolMath, PoolQuote,
    PriceRatio, SwapAmounts, TokenPair,
};
use crate::ChainAddress;

/// A pool whose state is known to be one that the contract can be in.
#[derive(Debug, Clone)]
pub struct UniswapV3Pool {
    address: ChainAddress,
    tokens: [ChainAddress; 2],
    ladder: Ladder<Grid>,
}

impl PoolMath for UniswapV3Pool {
    fn address(&self) -> ChainAddress {
        self.address
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.tokens
    }

    fn fee_ppm(&self, _: TokenPair) -> u32 {
        self.fee_pips()
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
        let landing = self.landing(direction, exact, amount_raw)?;
        self.last_part(direction, exact, &landing)
            .map(|last| last.amounts)
    }

    fn output(&self, pair: TokenPair, amount_in_raw: U256) -> Option<U256> {
        if amount_in_raw.is_zero() || amount_in_raw.bit(255) {
            return None;
        }
        let direction = pair.direction()?;
        let landing = self
            .ladder
            .locate(direction, Exact::In, amount_in_raw)
            .ok()?;
        let last = self.last_part(direction, Exact::In, &landing).ok()?;
        Some(last.amounts.amount_out_raw)
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let filled = self.fill(pair, exact, amount_raw)?;
        let (token_in, token_out) = filled.direction.in_and_out(self.tokens);
        let fee = Fee {
            kind: FeeKind::Liquidity,
            token: token_in,
            amount_raw: filled.fee,
        };
        Ok(PoolQuote {
            pool: self.address,
            token_in,
            token_out,
            fee_ppm: self.fee_pips(),
            amount_in_raw: filled.amounts.amount_in_raw,
            amount_out_raw: filled.amounts.amount_out_raw,
            fees: Some(fee)
                .filter(|fee| !fee.amount_raw.is_zero())
                .into_iter()
                .collect(),
            spot_before: self.spot_price(pair),
            spot_after: spot_price(pair, filled.after.sqrt_price),
            movement: Some(Movement::UniswapV3 {
                sqrt_price_before_x96: self.ladder.position().sqrt_price,
                sqrt_price_after_x96: filled.after.sqrt_price,
                tick_after: filled.after.tick,
                liquidity_after: filled.after.liquidity,
                ticks_crossed: filled.ticks_crossed,
            }),
        })
    }

    fn swap(
        &mut self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let filled = self.fill(pair, exact, amount_raw)?;
        self.ladder.move_to(filled.after);
        Ok(filled.amounts)
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::UniswapV3(change) => self.change(change),
            other => Err(other.refused_by(self.address, "uniswap_v3")),
        }
    }

    fn curve(&self, pair: TokenPair) -> Curve {
        self.direction(pair)
            .map_or(Curve::Nothing, |direction| self.pieces(direction))
    }
}

/// `sqrt_price ** 2 / 2**192`, or its inverse.
fn spot_price(pair: TokenPair, sqrt_price: U160) -> PriceRatio {
    let token1: Uint<320, 5> = sqrt_price.widening_mul(sqrt_price);
    let token0 = Uint::<320, 5>::ONE << 192;
    let direction = pair.direction().unwrap_or(Direction::ZeroForOne);
    let (denominator, numerator) = direction.in_and_out([token0, token1]);
    PriceRatio {
        numerator,
        denominator,
    }
}

impl UniswapV3Pool {
    /// The fee in hundredths of a basis point.
    #[must_use]
    pub fn fee_pips(&self) -> u32 {
        self.ladder.course().fee_pips
    }

    fn direction(&self, pair: TokenPair) -> Result<Direction, PoolError> {
        pair.direction_in(self.address)
    }

    /// A swap in full: what it moves, and where the pool then stands.
    fn fill(&self, pair: TokenPair, exact: Exact, amount_raw: U256) -> Result<Filled, PoolError> {
        let direction = self.direction(pair)?;
        let landing = self.landing(direction, exact, amount_raw)?;
        let last = self.last_part(direction, exact, &landing)?;
        let (after, ticks_crossed) = self.ladder.arrive(&landing, direction, last.price_after);
        let terms = self.ladder.course().terms(direction);
        let fee_of_last = terms.fee(landing.position, last.own, last.price_after);
        Ok(Filled {
            direction,
            amounts: last.amounts,
            fee: landing.flow.fee + fee_of_last,
            after,
            ticks_crossed,
        })
    }

    fn landing(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<Landing<Grid>, PoolError> {
        let field = field(exact);
        if amount_raw.is_zero() {
            return Err(PoolError::AmountZero { field });
        }
        if amount_raw.bit(255) {
            return Err(PoolError::AmountTooLarge {
                field,
                given: amount_raw,
            });
        }
        let located = self.ladder.locate(direction, exact, amount_raw);
        located.map_err(|exhausted| PoolError::InsufficientLiquidity {
            field,
            pool: self.address,
            most_in_raw: exhausted.flow.amounts.amount_in_raw,
            most_out_raw: exhausted.flow.amounts.amount_out_raw,
        })
    }

    /// What remains at a landing, swapped at its liquidity.
    fn last_part(
        &self,
        direction: Direction,
        exact: Exact,
        landing: &Landing<Grid>,
    ) -> Result<LastPart, PoolError> {
        let (from, remaining) = (landing.position, landing.remaining);
        let reached = landing.flow.amounts;
        if remaining.is_zero() {
            return Ok(LastPart {
                own: SwapAmounts::default(),
                amounts: reached,
                price_after: from.sqrt_price,
            });
        }
        let terms = self.ladder.course().terms(direction);
        let price_after =
            terms
                .price_after(from, exact, remaining)
                .ok_or(PoolError::SwapRefused {
                    field: field(exact),
                    pool: self.address,
                    given: remaining,
                    reason: "the price would leave its bounds",
                })?;
        let own = terms.amounts(from, exact, remaining, price_after);
        Ok(LastPart {
            own,
            amounts: SwapAmounts {
                amount_in_raw: reached.amount_in_raw + own.amount_in_raw,
                amount_out_raw: reached.amount_out_raw + own.amount_out_raw,
            },
            price_after,
        })
    }
}

/// A swap in full.
#[derive(Debug)]
struct Filled {
    direction: Direction,
    amounts: SwapAmounts,
    fee: U256,
    after: Position<U160>,
    ticks_crossed: u32,
}

/// The end of a swap, from the last stop on.
#[derive(Debug)]
struct LastPart {
    /// What it moves by itself.
    own: SwapAmounts,
    /// What the whole swap moves.
    amounts: SwapAmounts,
    price_after: U160,
}

fn field(exact: Exact) -> &'static str {
    match exact {
        Exact::In => "amount_in_raw",
        Exact::Out => "amount_out_raw",
    }
}
