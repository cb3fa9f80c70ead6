//! The trades of the `PumpSwap` program, and what they leave in the pool.
//!
//! Source: `buy`, `buy_exact_quote_in` and `sell` with their `_v2` forms, as executed in the build of crate
//! `pump-rust-client` 0.5.0; error numbers are the program's.

use alloy_primitives::U256;

use super::PumpswapPool;
use crate::pools::pump_fees::FeeSettlement;
use crate::pools::pump_fees::trade::{
    Fees, Side, Trade, amount_raw, field, least_sale, within_budget,
};
use crate::pools::{Exact, PoolError};

/// What a trade changes in a pool.
#[allow(clippy::struct_field_names, reason = "the unit stands in every name")]
pub(super) struct Reserves {
    pub(super) base_vault_raw: u64,
    pub(super) quote_vault_raw: u64,
    pub(super) virtual_quote_raw: i128,
    pub(super) protocol_fees_raw: u64,
    pub(super) creator_fees_raw: u64,
}

const BUYS_OFF: u8 = 1 << 3;
const SELLS_OFF: u8 = 1 << 4;

impl PumpswapPool {
    /// The trade that fixes one side, or why the program refuses it.
    pub(super) fn trade(&self, side: Side, exact: Exact, amount: U256) -> Result<Trade, PoolError> {
        let amount = amount_raw(self.state.pool, exact, amount)?;
        self.check_open(side)?;
        if self.state.base_vault_raw == 0 || self.quote_raw == 0 {
            return Err(self.exhausted(exact, [U256::ZERO; 2]));
        }
        match (side, exact) {
            (Side::Buy, Exact::In) => self.buy_for(amount),
            (Side::Buy, Exact::Out) => self.buy(amount),
            (Side::Sell, Exact::In) => self.sell(amount, Exact::In),
            (Side::Sell, Exact::Out) => self.sell_for(amount),
        }
    }

    /// `buy_exact_quote_in`: what is left of the budget buys, less one unit that the program keeps back.
    fn buy_for(&self, budget_raw: u64) -> Result<Trade, PoolError> {
        let refused = |reason| self.refused(Exact::In, budget_raw, reason);
        let (net, fees) = within_budget(budget_raw, self.rates)
            .ok_or_else(|| refused("the budget does not cover the fees (6039)"))?;
        let priced = u128::from(net - 1);
        let base =
            u128::from(self.state.base_vault_raw) * priced / (u128::from(self.quote_raw) + priced);
        if base == 0 {
            return Err(refused("it would buy nothing (6040)"));
        }
        self.kept(
            Exact::In,
            budget_raw,
            Side::Buy,
            base,
            u128::from(net),
            fees,
        )
    }

    /// `buy`: `ceil(Q * b / (B - b))` and the fees on top.
    fn buy(&self, base_raw: u64) -> Result<Trade, PoolError> {
        let left = self.state.base_vault_raw.checked_sub(base_raw);
        let Some(left) = left.filter(|left| *left > 0) else {
            return Err(self.exhausted(
                Exact::Out,
                [U256::MAX, U256::from(self.state.base_vault_raw - 1)],
            ));
        };
        let over = u128::from(self.quote_raw) * u128::from(base_raw);
        let quote = over.div_ceil(u128::from(left));
        let too_much = || self.refused(Exact::Out, base_raw, "its price exceeds 64 bits (6024)");
        let quote = u64::try_from(quote).map_err(|_| too_much())?;
        let fees = Fees::on(u128::from(quote), self.rates);
        if u64::try_from(u128::from(quote) + fees.total_raw()).is_err() {
            return Err(too_much());
        }
        let (base, quote) = (u128::from(base_raw), u128::from(quote));
        self.kept(Exact::Out, base_raw, Side::Buy, base, quote, fees)
    }

    /// `sell`: `floor(Q * b / (B + b))` less the fees, if the vault has it.
    fn sell(&self, base_raw: u64, exact: Exact) -> Result<Trade, PoolError> {
        let refused = |reason| self.refused(exact, base_raw, reason);
        let base_after = self.state.base_vault_raw.checked_add(base_raw);
        let base_after =
            base_after.ok_or_else(|| refused("the pool's token account cannot hold so much"))?;
        let over = u128::from(self.quote_raw) * u128::from(base_raw);
        let quote = over / u128::from(base_after);
        let fees = Fees::on(quote, self.rates);
        if fees.total_raw() > quote {
            return Err(refused("the fees exceed what it sells for (6023)"));
        }
        if quote - fees.lp_raw > u128::from(self.real_quote_raw()) {
            return Err(refused("the vault holds less than it sells for (6063)"));
        }
        self.kept(
            exact,
            base_raw,
            Side::Sell,
            u128::from(base_raw),
            quote,
            fees,
        )
    }

    /// No instruction sells for a fixed output; this is `sell` with the least input that gives at least that.
    fn sell_for(&self, wanted_raw: u64) -> Result<Trade, PoolError> {
        least_sale(
            [self.state.base_vault_raw, self.quote_raw],
            wanted_raw,
            self.rates,
        )
        .and_then(|base_raw| self.sell(base_raw, Exact::In).ok())
        .ok_or_else(|| self.sold_out())
    }

    /// The trade, if what it leaves is a state that the program can hold.
    fn kept(
        &self,
        exact: Exact,
        given_raw: u64,
        side: Side,
        base: u128,
        quote: u128,
        fees: Fees,
    ) -> Result<Trade, PoolError> {
        let narrow = |value| u64::try_from(value).ok();
        let trade = narrow(base)
            .zip(narrow(quote))
            .map(|(base_raw, quote_raw)| Trade {
                base_raw,
                quote_raw,
                fees,
                side,
            });
        trade
            .filter(|trade| self.after(trade).is_some())
            .ok_or_else(|| self.refused(exact, given_raw, "the pool's balances would overflow"))
    }

    /// What a trade leaves; `None` when it does not fit.
    pub(super) fn after(&self, trade: &Trade) -> Option<Reserves> {
        let Fees {
            lp_raw,
            protocol_raw,
            creator_raw,
        } = trade.fees;
        let (protocol_kept, creator_kept) = match self.state.fee_settlement {
            FeeSettlement::PaidOut => (0, 0),
            FeeSettlement::Kept => (protocol_raw - self.buyback_raw(protocol_raw), creator_raw),
        };
        let kept = i128::try_from(protocol_kept + creator_kept).ok()?;
        let (base_vault_raw, moved) = match trade.side {
            Side::Buy => (
                self.state.base_vault_raw.checked_sub(trade.base_raw)?,
                i128::from(trade.quote_raw),
            ),
            Side::Sell => (
                self.state.base_vault_raw.checked_add(trade.base_raw)?,
                -i128::from(trade.quote_raw),
            ),
        };
        let vault = i128::from(self.state.quote_vault_raw) + moved + i128::try_from(lp_raw).ok()?;
        let virtual_quote_raw = self.state.virtual_quote_raw.checked_sub(kept)?;
        let priced = virtual_quote_raw.checked_add(vault + kept)?;
        u64::try_from(priced).ok()?;
        let add = |owed: u64, kept: u128| owed.checked_add(u64::try_from(kept).ok()?);
        Some(Reserves {
            base_vault_raw,
            quote_vault_raw: u64::try_from(vault + kept).ok()?,
            virtual_quote_raw,
            protocol_fees_raw: add(self.state.protocol_fees_raw, protocol_kept)?,
            creator_fees_raw: add(self.state.creator_fees_raw, creator_kept)?,
        })
    }

    /// The part of a protocol fee that leaves in every trade; mayhem pools have none.
    fn buyback_raw(&self, protocol_raw: u128) -> u128 {
        if self.state.mayhem {
            return 0;
        }
        protocol_raw * u128::from(self.state.buyback_bps) / 10_000
    }

    /// What of the vault is liquidity.
    pub(super) fn real_quote_raw(&self) -> u64 {
        let owed = self
            .state
            .protocol_fees_raw
            .saturating_add(self.state.creator_fees_raw);
        self.state.quote_vault_raw.saturating_sub(owed)
    }

    pub(super) fn check_open(&self, side: Side) -> Result<(), PoolError> {
        let (bit, reason) = match side {
            Side::Buy => (BUYS_OFF, "buys are switched off for all pools (6020)"),
            Side::Sell => (SELLS_OFF, "sells are switched off for all pools (6021)"),
        };
        if self.state.disable_flags & bit == 0 {
            return Ok(());
        }
        Err(PoolError::SwapsDisabled {
            pool: self.state.pool,
            reason: reason.to_owned(),
        })
    }

    /// Where a fixed output is more than any sell gives: all that 64 bits can pay in.
    fn sold_out(&self) -> PoolError {
        let most_in = u64::MAX - self.state.base_vault_raw;
        let most_out = self.sell(most_in, Exact::In).map_or_else(
            |_| u128::from(self.real_quote_raw()),
            |trade| trade.amounts().amount_out_raw.saturating_to(),
        );
        self.exhausted(Exact::Out, [U256::from(most_in), U256::from(most_out)])
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
