//! The bonding curve of pump: constant product on virtual reserves until the coins are sold, to the unit what
//! program `6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P` answers.
//!
//! - `state`: what a curve is made from; `layout`: its accounts' bytes;
//! - `swap`: the program's trades, and what they leave.
//!
//! A buy beyond what is left is refused with what would take the rest; the program's partial fills, and the buy
//! that `_v3` carries on into the pool that is yet to be, are not quoted. Each fee is rounded up by itself, so
//! amounts are monotone only to within two units of the quote token.

mod layout;
mod state;
mod swap;

pub use state::PumpCurveState;

use alloy_primitives::{U256, Uint};

use super::pump_fees::FeeRates;
use super::pump_fees::trade::{Side, Trade};
use super::{
    Curve, Exact, Hyperbola, PoolChange, PoolError, PoolMath, PoolQuote, PriceRatio, SwapAmounts,
    TokenPair,
};
use crate::ChainAddress;

/// A curve whose state is known to be one that the program can be in.
#[derive(Debug, Clone)]
pub struct PumpCurvePool {
    state: PumpCurveState,
    tokens: [ChainAddress; 2],
    /// What the next trade pays.
    rates: FeeRates,
}

impl PoolMath for PumpCurvePool {
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
        let (base, quote) = (self.state.virtual_base_raw, self.state.virtual_quote_raw);
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
            other => Err(other.refused_by(self.state.pool, "pump_curve")),
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
        let (base, quote) = (
            self.state.virtual_base_raw as f64,
            self.state.virtual_quote_raw as f64,
        );
        if self.state.complete || base == 0.0 || quote == 0.0 {
            return Curve::Nothing;
        }
        let total = self.rates.total_bps() as f64 / 1e4;
        // The input at which the other side's real reserve ends.
        let end = |input: f64, output: f64, real: u64| {
            let real = real as f64 + 1.0;
            if real >= output {
                f64::INFINITY
            } else {
                input * real / (output - real) + 1.0
            }
        };
        Curve::Hyperbolas(vec![match side {
            Side::Buy => Hyperbola {
                reserve_in: quote,
                reserve_out: base,
                gamma: 1.0 / (1.0 + total),
                capacity_in: end(quote, base, self.state.real_base_raw) * (1.0 + total),
            },
            // The fee is on what comes out: the same curve, lower.
            Side::Sell => Hyperbola {
                reserve_in: base,
                reserve_out: quote * (1.0 - total),
                gamma: 1.0,
                capacity_in: end(base, quote, self.state.real_quote_raw),
            },
        }])
    }
}

impl PumpCurvePool {
    fn side(&self, pair: TokenPair) -> Result<Side, PoolError> {
        pair.direction_in(self.state.pool).map(Side::of)
    }

    /// The curve after a trade; the one that takes the last coin completes it.
    fn settled(&self, trade: &Trade) -> Result<Self, PoolError> {
        let after = self.after(trade).ok_or(PoolError::StateInvalid {
            field: "real_quote_raw",
            fault: "the trade leaves no state that fits".to_owned(),
        })?;
        let mut state = self.state.clone();
        state.virtual_base_raw = after.virtual_base_raw;
        state.virtual_quote_raw = after.virtual_quote_raw;
        state.real_base_raw = after.real_base_raw;
        state.real_quote_raw = after.real_quote_raw;
        state.protocol_fees_raw = after.protocol_fees_raw;
        state.creator_fees_raw = after.creator_fees_raw;
        state.complete = trade.side == Side::Buy && after.real_base_raw == 0;
        Self::priced(state)
    }
}
