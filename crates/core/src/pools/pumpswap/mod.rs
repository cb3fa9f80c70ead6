//! `PumpSwap`: constant product with virtual reserves and fees on the quote token by market cap, to the unit what
//! program `pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA` answers.
//!
//! - `state`: what a pool is made from; `layout`: its accounts' bytes;
//! - `swap`: the program's trades, and what they leave.
//!
//! Each fee is rounded up by itself, so amounts are monotone only to within three units of the quote token; a
//! trade that lifts the market cap into another tier changes the rates of the next one.

pub(super) mod layout;
mod state;
mod swap;

pub use state::PumpswapState;

use alloy_primitives::{U256, Uint};

use super::pump_fees::FeeRates;
use super::pump_fees::trade::{Side, Trade};
use super::{
    Curve, Exact, Hyperbola, PoolChange, PoolError, PoolMath, PoolQuote, PriceRatio, SwapAmounts,
    TokenPair,
};
use crate::ChainAddress;

/// A pool whose state is known to be one that the program can be in.
#[derive(Debug, Clone)]
pub struct PumpswapPool {
    state: PumpswapState,
    tokens: [ChainAddress; 2],
    /// The quote reserve of the price: vault plus virtual reserves.
    quote_raw: u64,
    /// What the next trade pays.
    rates: FeeRates,
}

impl PoolMath for PumpswapPool {
    fn address(&self) -> ChainAddress {
        self.state.pool
    }

    fn tokens(&self) -> &[ChainAddress] {
        &self.tokens
    }

    fn fee_ppm(&self, pair: TokenPair) -> u32 {
        let side = pair.direction().map_or(Side::Buy, Side::of);
        side.fee_ppm(self.rates)
    }

    fn spot_price(&self, pair: TokenPair) -> PriceRatio {
        let side = pair.direction().map_or(Side::Buy, Side::of);
        let (base, quote) = (self.state.base_vault_raw, self.quote_raw);
        let (numerator, denominator) = match side {
            Side::Buy => (base, quote),
            Side::Sell => (quote, base),
        };
        PriceRatio {
            numerator: Uint::from(numerator),
            denominator: Uint::from(denominator.max(1)),
        }
    }

    fn amounts(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let trade = self.trade(self.side(pair)?, exact, amount_raw)?;
        Ok(trade.amounts())
    }

    fn quote(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<PoolQuote, PoolError> {
        let trade = self.trade(self.side(pair)?, exact, amount_raw)?;
        let after = self.settled(&trade)?;
        let SwapAmounts {
            amount_in_raw,
            amount_out_raw,
        } = trade.amounts();
        let [base, quote] = self.tokens;
        let (token_in, token_out) = match trade.side {
            Side::Buy => (quote, base),
            Side::Sell => (base, quote),
        };
        Ok(PoolQuote {
            pool: self.state.pool,
            token_in,
            token_out,
            fee_ppm: self.fee_ppm(pair),
            amount_in_raw,
            amount_out_raw,
            fees: trade.fee_list(self.state.quote_mint),
            spot_before: self.spot_price(pair),
            spot_after: after.spot_price(pair),
            movement: None,
        })
    }

    fn swap(
        &mut self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<SwapAmounts, PoolError> {
        let trade = self.trade(self.side(pair)?, exact, amount_raw)?;
        *self = self.settled(&trade)?;
        Ok(trade.amounts())
    }

    fn apply(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::Account(account) => self.update(&account),
            // No price of this program depends on the time.
            PoolChange::Clock(_) => Ok(()),
            other => Err(other.refused_by(self.state.pool, "pumpswap")),
        }
    }

    fn accounts(&self) -> Vec<ChainAddress> {
        self.watched()
    }

    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "a curve steers a search and bounds it; it decides no amount"
    )]
    fn curve(&self, pair: TokenPair) -> Curve {
        let Ok(side) = self.side(pair) else {
            return Curve::Nothing;
        };
        if self.check_open(side).is_err() || self.state.base_vault_raw == 0 || self.quote_raw == 0 {
            return Curve::Nothing;
        }
        let (base, quote) = (self.state.base_vault_raw as f64, self.quote_raw as f64);
        let total = self.rates.total_bps() as f64 / 1e4;
        Curve::Hyperbolas(vec![match side {
            Side::Buy => Hyperbola {
                reserve_in: quote,
                reserve_out: base,
                gamma: 1.0 / (1.0 + total),
                capacity_in: f64::INFINITY,
            },
            // The fee is on what comes out: the same curve, lower.
            Side::Sell => Hyperbola {
                reserve_in: base,
                reserve_out: quote * (1.0 - total),
                gamma: 1.0,
                capacity_in: self.sell_capacity(),
            },
        }])
    }
}

impl PumpswapPool {
    fn side(&self, pair: TokenPair) -> Result<Side, PoolError> {
        pair.direction_in(self.state.pool).map(Side::of)
    }

    /// The pool after a trade.
    fn settled(&self, trade: &Trade) -> Result<Self, PoolError> {
        let after = self.after(trade).ok_or(PoolError::StateInvalid {
            field: "quote_vault_raw",
            fault: "the trade leaves no state that fits".to_owned(),
        })?;
        let mut state = self.state.clone();
        state.base_vault_raw = after.base_vault_raw;
        state.quote_vault_raw = after.quote_vault_raw;
        state.virtual_quote_raw = after.virtual_quote_raw;
        state.protocol_fees_raw = after.protocol_fees_raw;
        state.creator_fees_raw = after.creator_fees_raw;
        Self::priced(state)
    }

    /// The least input from which on the vault can no longer pay what a sell gives, as a real number.
    #[allow(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "it bounds a curve; it decides no amount"
    )]
    fn sell_capacity(&self) -> f64 {
        let leaves = 1.0 - self.rates.lp_bps as f64 / 1e4;
        let most = (self.real_quote_raw() as f64 + 1.0) / leaves;
        let quote = self.quote_raw as f64;
        if most >= quote {
            return f64::INFINITY;
        }
        self.state.base_vault_raw as f64 * most / (quote - most)
    }
}
