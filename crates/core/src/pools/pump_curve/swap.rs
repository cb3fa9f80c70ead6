//! The trades of the pump program, and what they leave in the curve.
//!
//! Source: `buy`, `buy_exact_sol_in`, `sell` and their `_v2` and `_v3` forms, as executed in the build of crate
//! `pump-rust-client` 0.5.0; error numbers are the program's.

use alloy_primitives::U256;

use super::{PumpCurvePool, PumpCurveState};
use crate::pools::pump_fees::FeeSettlement;
use crate::pools::pump_fees::trade::{
    Fees, Side, Trade, amount_raw, field, least_sale, within_budget,
};
use crate::pools::{Exact, PoolError};

impl PumpCurvePool {
    /// The trade that fixes one side, or why the program refuses it.
    pub(super) fn trade(&self, side: Side, exact: Exact, amount: U256) -> Result<Trade, PoolError> {
        let amount = amount_raw(self.state.pool, exact, amount)?;
        if self.state.complete {
            return Err(PoolError::SwapsDisabled {
                pool: self.state.pool,
                reason: "the curve is complete (6005); the coin trades on PumpSwap".to_owned(),
            });
        }
        if self.state.virtual_base_raw == 0 || self.state.virtual_quote_raw == 0 {
            return Err(self.exhausted(exact, [U256::ZERO; 2]));
        }
        match (side, exact) {
            (Side::Buy, Exact::In) => self.buy_for(amount),
            (Side::Buy, Exact::Out) => self.buy(amount),
            (Side::Sell, Exact::In) => self.sell(amount),
            (Side::Sell, Exact::Out) => self.sell_for(amount),
        }
    }

    /// `buy_exact_sol_in`: what is left of the budget buys, less one unit that the program keeps back.
    fn buy_for(&self, budget_raw: u64) -> Result<Trade, PoolError> {
        let refused = |reason| self.refused(Exact::In, budget_raw, reason);
        let (net, fees) = within_budget(budget_raw, self.rates)
            .ok_or_else(|| refused("the budget covers no more than the fees: (6041) or (6042)"))?;
        let priced = u128::from(net - 1);
        let base = u128::from(self.state.virtual_base_raw) * priced
            / (u128::from(self.state.virtual_quote_raw) + priced);
        if base == 0 {
            return Err(refused("it would buy nothing (6042)"));
        }
        if base > u128::from(self.state.real_base_raw) {
            return Err(self.all_bought(Exact::In));
        }
        let trade = narrow(base).map(|base_raw| Trade {
            base_raw,
            quote_raw: net,
            fees,
            side: Side::Buy,
        });
        self.kept(trade, Exact::In, budget_raw)
    }

    /// `buy`: `floor(VQ * n / (VB - n)) + 1` and the fees on top.
    fn buy(&self, base_raw: u64) -> Result<Trade, PoolError> {
        if base_raw > self.state.real_base_raw {
            return Err(self.all_bought(Exact::Out));
        }
        let trade = self.priced_buy(base_raw).filter(|trade| {
            u64::try_from(u128::from(trade.quote_raw) + trade.fees.total_raw()).is_ok()
        });
        if trade.is_none() {
            let reason = "its price exceeds 64 bits (6025, 6026)";
            return Err(self.refused(Exact::Out, base_raw, reason));
        }
        self.kept(trade, Exact::Out, base_raw)
    }

    fn priced_buy(&self, base_raw: u64) -> Option<Trade> {
        let over = u128::from(self.state.virtual_quote_raw) * u128::from(base_raw);
        let left = self.state.virtual_base_raw.checked_sub(base_raw)?;
        let quote_raw = narrow(over.checked_div(u128::from(left))? + 1)?;
        Some(Trade {
            base_raw,
            quote_raw,
            fees: Fees::on(u128::from(quote_raw), self.rates),
            side: Side::Buy,
        })
    }

    /// `sell`: `floor(VQ * n / (VB + n))` less the fees, if the curve has it.
    fn sell(&self, base_raw: u64) -> Result<Trade, PoolError> {
        let refused = |reason| self.refused(Exact::In, base_raw, reason);
        let over = u128::from(self.state.virtual_quote_raw) * u128::from(base_raw);
        let quote = over / (u128::from(self.state.virtual_base_raw) + u128::from(base_raw));
        let fees = Fees::on(quote, self.rates);
        if fees.total_raw() > quote {
            return Err(refused("the fees exceed what it sells for (6024)"));
        }
        if quote > u128::from(self.state.real_quote_raw) {
            return Err(refused("the curve holds less than it sells for (6024)"));
        }
        let trade = narrow(quote).map(|quote_raw| Trade {
            base_raw,
            quote_raw,
            fees,
            side: Side::Sell,
        });
        self.kept(trade, Exact::In, base_raw)
    }

    /// No instruction sells for a fixed output; this is `sell` with the least input that gives at least that.
    fn sell_for(&self, wanted_raw: u64) -> Result<Trade, PoolError> {
        let reserves = [self.state.virtual_base_raw, self.state.virtual_quote_raw];
        least_sale(reserves, wanted_raw, self.rates)
            .and_then(|base_raw| self.sell(base_raw).ok())
            .ok_or_else(|| {
                let most_in = u64::MAX - self.state.virtual_base_raw.max(self.state.real_base_raw);
                let most_out = self.sell(most_in).map_or_else(
                    |_| U256::from(self.state.real_quote_raw),
                    |trade| trade.amounts().amount_out_raw,
                );
                self.exhausted(Exact::Out, [U256::from(most_in), most_out])
            })
    }

    /// The trade, if what it leaves is a state that the program can hold.
    fn kept(&self, trade: Option<Trade>, exact: Exact, given_raw: u64) -> Result<Trade, PoolError> {
        trade
            .filter(|trade| self.after(trade).is_some())
            .ok_or_else(|| self.refused(exact, given_raw, "the curve's balances would overflow"))
    }

    /// What a trade leaves; `None` when it does not fit.
    pub(super) fn after(&self, trade: &Trade) -> Option<Reserves> {
        let PumpCurveState {
            virtual_base_raw,
            virtual_quote_raw,
            real_base_raw,
            real_quote_raw,
            ..
        } = self.state;
        let (base, quote) = (trade.base_raw, trade.quote_raw);
        let [protocol_kept, creator_kept] = match self.state.fee_settlement {
            FeeSettlement::PaidOut => [0, 0],
            FeeSettlement::Kept => {
                let protocol = trade.fees.protocol_raw;
                let buyback = protocol * u128::from(self.state.buyback_bps) / 10_000;
                [narrow(protocol - buyback)?, narrow(trade.fees.creator_raw)?]
            }
        };
        let moved = |buy: fn(u64, u64) -> Option<u64>, sell: fn(u64, u64) -> Option<u64>| {
            match trade.side {
                Side::Buy => buy,
                Side::Sell => sell,
            }
        };
        let base_moved = moved(u64::checked_sub, u64::checked_add);
        let quote_moved = moved(u64::checked_add, u64::checked_sub);
        Some(Reserves {
            virtual_base_raw: base_moved(virtual_base_raw, base)?,
            virtual_quote_raw: quote_moved(virtual_quote_raw, quote)?,
            real_base_raw: base_moved(real_base_raw, base)?,
            real_quote_raw: quote_moved(real_quote_raw, quote)?,
            protocol_fees_raw: self.state.protocol_fees_raw.checked_add(protocol_kept)?,
            creator_fees_raw: self.state.creator_fees_raw.checked_add(creator_kept)?,
        })
    }

    /// More than is left: the refusal says what would take the rest.
    fn all_bought(&self, exact: Exact) -> PoolError {
        let rest = self.priced_buy(self.state.real_base_raw);
        let most = rest.map_or_else(Default::default, |trade| trade.amounts());
        self.exhausted(exact, [most.amount_in_raw, most.amount_out_raw])
    }

    fn exhausted(&self, exact: Exact, [most_in_raw, most_out_raw]: [U256; 2]) -> PoolError {
        PoolError::InsufficientLiquidity {
            field: field(exact),
            pool: self.state.pool,
            most_in_raw,
            most_out_raw,
        }
    }

    fn refused(&self, exact: Exact, given_raw: u64, reason: &'static str) -> PoolError {
        PoolError::SwapRefused {
            field: field(exact),
            pool: self.state.pool,
            given: U256::from(given_raw),
            reason,
        }
    }
}

/// What a trade changes in a curve.
#[allow(clippy::struct_field_names, reason = "the unit stands in every name")]
pub(super) struct Reserves {
    pub(super) virtual_base_raw: u64,
    pub(super) virtual_quote_raw: u64,
    pub(super) real_base_raw: u64,
    pub(super) real_quote_raw: u64,
    pub(super) protocol_fees_raw: u64,
    pub(super) creator_fees_raw: u64,
}

fn narrow(amount: u128) -> Option<u64> {
    u64::try_from(amount).ok()
}
