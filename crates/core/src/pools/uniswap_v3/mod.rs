//! Uniswap V3: concentrated liquidity, to the unit what the pool contract and `QuoterV2` answer.
//!
//! - [`tick_math`] and `sqrt_price_math`: the contract's arithmetic;
//! - `swap_step` and `swap`: its swap loop with every stop, because every stop rounds;
//! - `ticks`: the initialised ticks; `state`: what a pool is made from and what may change it.

mod sqrt_price_math;
mod state;
mod swap;
mod swap_step;
pub mod tick_math;
mod ticks;

pub use state::{UniswapV3Change, UniswapV3State};
pub use ticks::Tick;

use std::sync::OnceLock;

use alloy_primitives::{Address, U256, Uint};

use self::swap::{Position, Progress, swap};
use self::swap_step::Terms;
use self::ticks::TickTable;
use super::{Direction, Exact, Movement, PoolError, PoolQuote, PriceRatio, SwapAmounts};

/// A pool whose state is known to be one that the contract can be in.
#[derive(Debug, Clone)]
pub struct UniswapV3Pool {
    address: Address,
    tokens: [Address; 2],
    fee_pips: u32,
    tick_spacing: i32,
    position: Position,
    ticks: TickTable,
    /// What each direction can take and give at most; learnt from the first swap that asks for more.
    capacities: [OnceLock<SwapAmounts>; 2],
}

impl UniswapV3Pool {
    /// The pool's contract.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// Both tokens, in the contract's order.
    #[must_use]
    pub fn tokens(&self) -> [Address; 2] {
        self.tokens
    }

    /// The fee in hundredths of a basis point.
    #[must_use]
    pub fn fee_pips(&self) -> u32 {
        self.fee_pips
    }

    /// `sqrt_price ** 2 / 2**192`, or its inverse.
    #[must_use]
    pub fn spot_price(&self, direction: Direction) -> PriceRatio {
        let token1: Uint<320, 5> = self
            .position
            .sqrt_price
            .widening_mul(self.position.sqrt_price);
        let token0 = Uint::<320, 5>::ONE << 192;
        let (denominator, numerator) = direction.in_and_out([token0, token1]);
        PriceRatio {
            numerator,
            denominator,
        }
    }

    /// See [`super::Pool::amounts`].
    ///
    /// # Errors
    /// `amount_zero`, `amount_too_large` or `insufficient_liquidity`.
    pub fn amounts(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        self.swap(direction, exact, amount_raw)
            .map(|progress| progress.amounts)
    }

    /// See [`super::Pool::quote`].
    ///
    /// # Errors
    /// `amount_zero`, `amount_too_large` or `insufficient_liquidity`.
    pub fn quote(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let progress = self.swap(direction, exact, amount_raw)?;
        let (token_in, token_out) = direction.in_and_out(self.tokens);
        Ok(PoolQuote {
            pool: self.address,
            token_in,
            token_out,
            fee_pips: self.fee_pips,
            amount_in_raw: progress.amounts.amount_in_raw,
            amount_out_raw: progress.amounts.amount_out_raw,
            fee_raw: progress.fee,
            movement: Movement::UniswapV3 {
                sqrt_price_before_x96: self.position.sqrt_price,
                sqrt_price_after_x96: progress.position.sqrt_price,
                tick_after: progress.tick(),
                liquidity_after: progress.position.liquidity,
                ticks_crossed: progress.ticks_crossed,
            },
        })
    }

    fn swap(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<Progress, PoolError> {
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
