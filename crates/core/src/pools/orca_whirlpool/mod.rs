//! Orca Whirlpools: concentrated liquidity, to the unit what the program's `swap_v2` does.
//!
//! - [`tick_math`], `token_math`, `swap_step`: the program's arithmetic, with its refusals (`fault`);
//! - `tick_arrays`: the arrays that were looked up, and how far a swap may go among them;
//! - `swap`: its swap loop; `oracle` and `fee_rate`: the adaptive fee that may change at each step of it;
//! - `course`: how a pool with a fixed fee is quoted by search; `checkpoints`: one with an adaptive fee;
//! - `movement`: what the pool alone moves; `fill`: with the transfer fees of its tokens; `curve`: the pool as a real function;
//! - `state`, `layout`, `accounts`: what a pool is made from, and what may change it.
//!
//! A quote assumes that the swap is sent with the three tick arrays on its way. It never passes a fourth, nor
//! one that was not looked up; there it is refused.

mod accounts;
mod checkpoints;
mod course;
mod curve;
mod fault;
mod fee_rate;
mod fill;
mod layout;
mod movement;
mod oracle;
mod outlook;
mod state;
mod swap;
mod swap_step;
mod tick_arrays;
pub mod tick_math;
mod token_math;

pub use fill::WhirlpoolSwap;
pub use oracle::{AdaptiveFeeConstants, AdaptiveFeeVariables, Oracle};
pub use state::{IMMUTABLE_WHIRLPOOL_PROGRAM, OrcaWhirlpoolState, WHIRLPOOL_PROGRAM};
pub use tick_arrays::{Tick, TickArray};

use std::sync::Arc;

use alloy_primitives::{U256, Uint};

use self::course::WhirlpoolCourse;
use self::outlook::Outlook;
use super::concentrated::Ladder;
use super::{
    ChainClock, Curve, Direction, Exact, Fee, FeeKind, Movement, PoolChange, PoolError, PoolMath,
    PoolQuote, PriceRatio, SwapAmounts, TokenPair,
};
use crate::ChainAddress;
use crate::solana::TransferFees;

/// A pool whose state is known to be one that the program can be in.
#[derive(Debug, Clone)]
pub struct OrcaWhirlpoolPool {
    terms: Arc<Terms>,
    oracle: Option<Box<Oracle>>,
    clock: ChainClock,
    ladder: Ladder<WhirlpoolCourse>,
    /// Falling, then rising.
    outlooks: Arc<[Outlook; 2]>,
}

/// What hardly ever changes, shared by all clones.
#[derive(Debug, Clone)]
struct Terms {
    address: ChainAddress,
    program: ChainAddress,
    tokens: [ChainAddress; 2],
    tick_spacing: u16,
    transfer_fees: [TransferFees; 2],
}

impl PoolMath for OrcaWhirlpoolPool {
    fn address(&self) -> ChainAddress {
        self.terms.address
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.terms.tokens
    }

    fn fee_ppm(&self, pair: TokenPair) -> u32 {
        let direction = pair.direction().unwrap_or(Direction::ZeroForOne);
        self.rate(direction)
            .map_or(self.ladder.course().fee_ppm, |mut rate| rate.next_ppm())
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
        self.fill(direction, exact, amount_raw)
            .map(|filled| filled.amounts())
    }

    fn output(&self, pair: TokenPair, amount_in_raw: U256) -> Option<U256> {
        let amount = u64::try_from(amount_in_raw).ok()?;
        let filled = self.try_fill(pair.direction()?, Exact::In, amount).ok()?;
        Some(filled.amounts().amount_out_raw)
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let direction = self.direction(pair)?;
        let filled = self.fill(direction, exact, amount_raw)?;
        let (token_in, token_out) = direction.in_and_out(self.terms.tokens);
        let SwapAmounts {
            amount_in_raw,
            amount_out_raw,
        } = filled.amounts();
        let (curve, after) = (&filled.curve, filled.curve.settled());
        let fees = [
            (FeeKind::Liquidity, token_in, curve.fee - curve.protocol_fee),
            (FeeKind::Protocol, token_in, curve.protocol_fee),
            (FeeKind::Transfer, token_in, filled.paid - curve.paid),
            (FeeKind::Transfer, token_out, curve.got - filled.got),
        ];
        let fees = fees.into_iter().filter(|(_, _, amount)| *amount > 0);
        Ok(PoolQuote {
            pool: self.terms.address,
            token_in,
            token_out,
            fee_ppm: self.fee_ppm(pair),
            amount_in_raw,
            amount_out_raw,
            fees: fees
                .map(|(kind, token, amount)| Fee {
                    kind,
                    token,
                    amount_raw: U256::from(amount),
                })
                .collect(),
            spot_before: self.spot_price(pair),
            spot_after: spot_price(pair, after.sqrt_price),
            movement: Some(Movement::ConcentratedX64 {
                sqrt_price_before_x64: self.ladder.position().sqrt_price,
                sqrt_price_after_x64: after.sqrt_price,
                tick_after: after.tick,
                liquidity_after: after.liquidity,
                ticks_crossed: curve.crossed,
            }),
        })
    }

    fn swap(
        &mut self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let filled = self.fill(self.direction(pair)?, exact, amount_raw)?;
        self.settle(&filled.curve);
        Ok(filled.amounts())
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::Account(account) => self.change(&account),
            PoolChange::Clock(clock) => {
                self.tell_time(clock);
                Ok(())
            }
            other => Err(self.mismatch(other.kind())),
        }
    }

    fn accounts(&self) -> Vec<ChainAddress> {
        let [token_a, token_b] = self.terms.tokens;
        let own = [self.terms.address, token_a, token_b];
        let oracle = self.oracle.iter().map(|oracle| oracle.account);
        let arrays = self.ladder.course().arrays.accounts();
        own.into_iter().chain(oracle).chain(arrays).collect()
    }

    fn curve(&self, pair: TokenPair) -> Curve {
        self.direction(pair)
            .map_or(Curve::Nothing, |direction| self.hyperbolas(direction))
    }
}

/// `sqrt_price ** 2 / 2**128`, or its inverse.
fn spot_price(pair: TokenPair, sqrt_price: u128) -> PriceRatio {
    let price = Uint::<320, 5>::from(sqrt_price);
    let token_b = price * price;
    let token_a = Uint::<320, 5>::ONE << 128;
    let direction = pair.direction().unwrap_or(Direction::ZeroForOne);
    let (denominator, numerator) = direction.in_and_out([token_a, token_b]);
    PriceRatio {
        numerator,
        denominator,
    }
}

impl OrcaWhirlpoolPool {
    fn direction(&self, pair: TokenPair) -> Result<Direction, PoolError> {
        pair.direction_in(self.terms.address)
    }

    fn outlook(&self, direction: Direction) -> &Outlook {
        let [falling, rising] = &*self.outlooks;
        match direction {
            Direction::ZeroForOne => falling,
            Direction::OneForZero => rising,
        }
    }

    fn mismatch(&self, change: &'static str) -> PoolError {
        PoolError::ChangeMismatch {
            pool: self.terms.address,
            venue: "orca_whirlpool",
            change,
        }
    }
}
