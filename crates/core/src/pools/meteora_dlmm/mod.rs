//! Meteora DLMM: bins of constant price with a fee that follows volatility, to the unit what program
//! `LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo` (`lb_clmm` 0.12.0) answers.
//!
//! - `price`, `fees` and `bin`: the program's arithmetic, of one bin; `path`: all bins ahead, with running sums;
//! - `swap`: whole swaps and what they leave;
//! - `state`: what a pair is made from; `layout`: its accounts' bytes.

mod bin;
mod curve;
mod fees;
pub(super) mod layout;
mod path;
mod price;
mod state;
mod swap;

pub use bin::{DlmmBin, DlmmOrders};
pub use fees::{DlmmFeeParameters, DlmmVolatility};
pub use state::{DlmmOpening, MeteoraDlmmState};

use std::sync::{Arc, OnceLock};

use alloy_primitives::{U256, Uint};

use self::bin::FeeSide;
use self::path::Path;
use self::price::price_x64;
use self::swap::{Outcome, Settled};
use super::{
    Curve, Direction, Exact, Fee, FeeKind, Movement, PoolChange, PoolError, PoolMath, PoolQuote,
    PriceRatio, SwapAmounts, TokenPair,
};
use crate::ChainAddress;

/// A pair whose state is known to be one that the program can be in.
#[derive(Debug, Clone)]
pub struct MeteoraDlmmPool {
    tokens: [ChainAddress; 2],
    /// All but the lists, which stand beside it.
    state: Arc<MeteoraDlmmState>,
    bins: Arc<Vec<DlmmBin>>,
    given: Arc<Vec<i32>>,
    initialized: Arc<Vec<i32>>,
    /// The bins ahead in each direction, from the first swap that asks.
    paths: [OnceLock<Arc<Path>>; 2],
}

impl PoolMath for MeteoraDlmmPool {
    fn address(&self) -> ChainAddress {
        self.state.pool
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.tokens
    }

    /// Of the first bin that a swap would trade in.
    fn fee_ppm(&self, pair: TokenPair) -> u32 {
        let direction = pair.direction().unwrap_or(Direction::ZeroForOne);
        let first = self.path(direction).steps.first();
        let rate = first.map_or(0, |step| step.rate);
        u32::try_from(rate.div_ceil(1_000)).unwrap_or(u32::MAX)
    }

    fn spot_price(&self, pair: TokenPair) -> PriceRatio {
        let direction = pair.direction().unwrap_or(Direction::ZeroForOne);
        let id = self.state.active_id;
        let stored = self.bins.binary_search_by_key(&id, |bin| bin.id).ok();
        let price = stored
            .and_then(|place| self.bins.get(place))
            .map(|bin| bin.price_x64)
            .or_else(|| price_x64(self.state.bin_step, id));
        let token_y = Uint::from(price.unwrap_or(1));
        let token_x = Uint::<320, 5>::ONE << 64;
        let (denominator, numerator) = direction.in_and_out([token_x, token_y]);
        PriceRatio {
            numerator,
            denominator,
        }
    }

    fn amounts(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let direction = self.direction(pair)?;
        let outcome = self.outcome(direction, exact, amount_raw)?;
        Ok(outcome.amounts)
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let direction = self.direction(pair)?;
        let outcome = self.outcome(direction, exact, amount_raw)?;
        let settled = self.settle(direction, &outcome)?;
        let (token_in, token_out) = direction.in_and_out(self.tokens);
        Ok(PoolQuote {
            pool: self.state.pool,
            token_in,
            token_out,
            fee_ppm: self.fee_ppm(pair),
            amount_in_raw: outcome.amounts.amount_in_raw,
            amount_out_raw: outcome.amounts.amount_out_raw,
            fees: self.fee_list(direction, &outcome, &settled),
            spot_before: self.spot_price(pair),
            spot_after: settled.pool.spot_price(pair),
            movement: Some(Movement::Bins {
                active_before: self.state.active_id,
                active_after: settled.pool.state.active_id,
                bins_crossed: settled.bins_drained,
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
        let outcome = self.outcome(direction, exact, amount_raw)?;
        *self = self.settle(direction, &outcome)?.pool;
        Ok(outcome.amounts)
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::Account(account) => self.update(&account),
            PoolChange::Clock(clock) => {
                Arc::make_mut(&mut self.state).clock = clock;
                self.paths = [const { OnceLock::new() }; 2];
                Ok(())
            }
            other => Err(other.refused_by(self.state.pool, "meteora_dlmm")),
        }
    }

    fn accounts(&self) -> Vec<ChainAddress> {
        self.watched()
    }

    fn curve(&self, pair: TokenPair) -> Curve {
        self.direction(pair)
            .map_or(Curve::Nothing, |direction| self.lines(direction))
    }
}

impl MeteoraDlmmPool {
    fn direction(&self, pair: TokenPair) -> Result<Direction, PoolError> {
        pair.direction_in(self.state.pool)
    }

    /// The fees that are not zero.
    fn fee_list(&self, direction: Direction, outcome: &Outcome, settled: &Settled) -> Vec<Fee> {
        let (token_in, token_out) = direction.in_and_out(self.tokens);
        let charged_in = match self.fee_side(direction) {
            FeeSide::Input => token_in,
            FeeSide::Output => token_out,
        };
        let fee = |kind, token, amount_raw| Fee {
            kind,
            token,
            amount_raw,
        };
        let SwapAmounts {
            amount_in_raw,
            amount_out_raw,
        } = outcome.amounts;
        let protocol = U256::from(settled.protocol_fee_raw);
        let liquidity = U256::from(settled.fee_raw).saturating_sub(protocol);
        [
            fee(FeeKind::Liquidity, charged_in, liquidity),
            fee(FeeKind::Protocol, charged_in, protocol),
            fee(
                FeeKind::Transfer,
                token_in,
                amount_in_raw.saturating_sub(U256::from(outcome.in_raw)),
            ),
            fee(
                FeeKind::Transfer,
                token_out,
                U256::from(outcome.out_raw).saturating_sub(amount_out_raw),
            ),
        ]
        .into_iter()
        .filter(|fee| !fee.amount_raw.is_zero())
        .collect()
    }
}
