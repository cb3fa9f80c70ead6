//! Uniswap V3: concentrated liquidity, to the unit what the pool contract and `QuoterV2` answer.
//!
//! - [`tick_math`] and `sqrt_price_math`: the contract's arithmetic;
//! - `swap_step` and `swap`: its swap loop with every stop, because every stop rounds;
//! - `ticks`: the initialised ticks; `state`: what a pool is made from and what may change it.

mod curve;
mod sqrt_price_math;
mod state;
mod swap;
mod swap_step;
pub mod tick_math;
mod ticks;

pub use state::{UniswapV3Change, UniswapV3State};
pub use ticks::Tick;

use std::sync::OnceLock;

use alloy_primitives::aliases::U160;
use alloy_primitives::{U256, Uint};

use self::swap::{Position, Progress, swap};
use self::swap_step::Terms;
use self::ticks::TickTable;
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
    fee_pips: u32,
    tick_spacing: i32,
    position: Position,
    ticks: TickTable,
    /// What each direction can take and give at most; learnt from the first swap that asks for more.
    capacities: [OnceLock<SwapAmounts>; 2],
}

impl PoolMath for UniswapV3Pool {
    fn address(&self) -> ChainAddress {
        self.address
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.tokens
    }

    fn fee_ppm(&self, _: TokenPair) -> u32 {
        self.fee_pips
    }

    fn spot_price(&self, pair: TokenPair) -> PriceRatio {
        spot_price(pair, self.position.sqrt_price)
    }

    fn amounts(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        self.progress(pair, exact, amount_raw)
            .map(|progress| progress.amounts)
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let direction = self.direction(pair)?;
        let progress = self.progress(pair, exact, amount_raw)?;
        let (token_in, token_out) = direction.in_and_out(self.tokens);
        let fee = Fee {
            kind: FeeKind::Liquidity,
            token: token_in,
            amount_raw: progress.fee,
        };
        Ok(PoolQuote {
            pool: self.address,
            token_in,
            token_out,
            fee_ppm: self.fee_pips,
            amount_in_raw: progress.amounts.amount_in_raw,
            amount_out_raw: progress.amounts.amount_out_raw,
            fees: Some(fee)
                .filter(|fee| !fee.amount_raw.is_zero())
                .into_iter()
                .collect(),
            spot_before: self.spot_price(pair),
            spot_after: spot_price(pair, progress.position.sqrt_price),
            movement: Some(Movement::UniswapV3 {
                sqrt_price_before_x96: self.position.sqrt_price,
                sqrt_price_after_x96: progress.position.sqrt_price,
                tick_after: progress.tick(),
                liquidity_after: progress.position.liquidity,
                ticks_crossed: progress.ticks_crossed,
            }),
        })
    }

    fn swap(
        &mut self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let progress = self.progress(pair, exact, amount_raw)?;
        self.position = Position {
            tick: progress.tick(),
            ..progress.position
        };
        self.capacities = [const { OnceLock::new() }; 2];
        Ok(progress.amounts)
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::UniswapV3(change) => self.change(change),
            other => Err(PoolError::ChangeMismatch {
                pool: self.address,
                venue: "uniswap_v3",
                change: other.kind(),
            }),
        }
    }

    fn curve(&self, pair: TokenPair) -> Curve {
        self.direction(pair)
            .map_or(Curve::Nothing, |direction| self.hyperbolas(direction))
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
        self.fee_pips
    }

    fn direction(&self, pair: TokenPair) -> Result<Direction, PoolError> {
        pair.direction().ok_or(PoolError::PairUnknown {
            pool: self.address,
            tokens: 2,
            input: pair.input,
            output: pair.output,
        })
    }

    fn progress(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<Progress, PoolError> {
        let direction = self.direction(pair)?;
        let (field, capacity) = (
            field(exact),
            &self.capacities[usize::from(direction == Direction::OneForZero)],
        );
        if amount_raw.is_zero() {
            return Err(PoolError::AmountZero { field });
        }
        if amount_raw.bit(255) {
            return Err(PoolError::AmountTooLarge {
                field,
                given: amount_raw,
            });
        }
        if let Some(most) = capacity.get()
            && amount_raw > side(exact, most)
        {
            return Err(self.exhausted(field, *most));
        }
        let terms = Terms {
            direction,
            exact,
            fee_pips: self.fee_pips,
        };
        let progress = swap(&self.ticks, self.position, terms, amount_raw);
        if progress.remaining.is_zero() {
            return Ok(progress);
        }
        Err(self.exhausted(field, *capacity.get_or_init(|| progress.amounts)))
    }

    fn exhausted(&self, field: &'static str, most: SwapAmounts) -> PoolError {
        PoolError::InsufficientLiquidity {
            field,
            pool: self.address,
            most_in_raw: most.amount_in_raw,
            most_out_raw: most.amount_out_raw,
        }
    }
}

fn field(exact: Exact) -> &'static str {
    match exact {
        Exact::In => "amount_in_raw",
        Exact::Out => "amount_out_raw",
    }
}

fn side(exact: Exact, amounts: &SwapAmounts) -> U256 {
    match exact {
        Exact::In => amounts.amount_in_raw,
        Exact::Out => amounts.amount_out_raw,
    }
}
