//! `Health`: what an obligation is worth and owes, as the program's refresh computes it.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{
    Borrow, Deposit, ElevationGroup, Fraction, LendingError, LendingMarket, Obligation, Reserve,
};
use crate::ChainAddress;

/// One deposit, valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepositValue {
    /// The reserve.
    pub reserve: ChainAddress,
    /// In raw units of the collateral token.
    pub collateral_raw: u64,
    /// In dollars.
    pub value: Fraction,
    /// From which loan to value on it is taken.
    pub liquidation_threshold_pct: u8,
}

/// One debt, with its interest, valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BorrowValue {
    /// The reserve.
    pub reserve: ChainAddress,
    /// In raw units of the token.
    pub borrowed: Fraction,
    /// In dollars.
    pub value: Fraction,
    /// In dollars, times its borrow factor.
    pub factored_value: Fraction,
}

/// An obligation, valued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// At which slot.
    pub slot: u64,
    /// In the account's order.
    pub deposits: Vec<DepositValue>,
    /// In the account's order.
    pub borrows: Vec<BorrowValue>,
    /// All deposits, in dollars.
    pub deposited_value: Fraction,
    /// All debts, in dollars.
    pub borrowed_value: Fraction,
    /// All debts, in dollars, each times its borrow factor: what is held against the thresholds.
    pub debt_value: Fraction,
    /// The debt value from which on it is unhealthy.
    pub unhealthy_value: Fraction,
    /// The debt value up to which more may be borrowed.
    pub allowed_value: Fraction,
    /// Which threshold a deposit must have that is taken first; `u8::MAX` for any.
    pub lowest_threshold_pct: u8,
    /// Which borrow factor a debt must have that is repaid first.
    pub highest_borrow_factor_pct: u64,
    /// The first reserve of it whose price may liquidate nobody: one is enough, whatever is repaid and taken.
    pub unusable_price: Option<ChainAddress>,
}

impl Health {
    /// Values an obligation with reserves that were refreshed at one slot.
    ///
    /// # Errors
    /// `another_market`, `reserve_missing`, `another_slot`, `another_group`, `rate_backwards`, `overflow`.
    pub fn of(
        obligation: &Obligation,
        market: &LendingMarket,
        reserves: &BTreeMap<ChainAddress, Reserve>,
        slot: u64,
    ) -> Result<Self, LendingError> {
        if obligation.market != market.address {
            return Err(LendingError::AnotherMarket(obligation.address));
        }
        let group = market.group(obligation.elevation_group)?;
        let mut health = Self {
            slot,
            deposits: Vec::with_capacity(obligation.deposits.len()),
            borrows: Vec::with_capacity(obligation.borrows.len()),
            deposited_value: Fraction::ZERO,
            borrowed_value: Fraction::ZERO,
            debt_value: Fraction::ZERO,
            unhealthy_value: Fraction::ZERO,
            allowed_value: Fraction::ZERO,
            lowest_threshold_pct: u8::MAX,
            highest_borrow_factor_pct: 100,
            unusable_price: None,
        };
        let known = |address: ChainAddress| {
            let reserve = reserves
                .get(&address)
                .ok_or(LendingError::ReserveMissing(address))?;
            checked(reserve, group, market, slot)
        };
        for borrow in &obligation.borrows {
            let reserve = known(borrow.reserve)?;
            health.add_borrow(borrow, reserve, group, market)?;
            health.look_at_price(reserve);
        }
        for deposit in &obligation.deposits {
            let reserve = known(deposit.reserve)?;
            if let Some(group) = group.filter(|group| group.debt_reserve == reserve.address) {
                return Err(LendingError::AnotherGroup(group.id));
            }
            let added = health.add_deposit(deposit, reserve, group, market);
            added.ok_or(LendingError::Overflow("deposits"))?;
            health.look_at_price(reserve);
        }
        let global = Fraction::whole(market.global_allowed_borrow_value);
        health.allowed_value = health.allowed_value.min(global);
        Ok(health)
    }

    /// The debt value over the deposited value; None without deposits.
    #[must_use]
    pub fn loan_to_value(&self) -> Option<Fraction> {
        self.debt_value.over(self.deposited_value)
    }

    /// The same without borrow factors.
    #[must_use]
    pub fn unfactored_loan_to_value(&self) -> Option<Fraction> {
        self.borrowed_value.over(self.deposited_value)
    }

    /// The loan to value from which on it is unhealthy; None without deposits.
    #[must_use]
    pub fn liquidation_loan_to_value(&self) -> Option<Fraction> {
        self.unhealthy_value.over(self.deposited_value)
    }

    /// Whether its loan to value allows a liquidation.
    #[must_use]
    pub fn is_unhealthy(&self) -> bool {
        self.debt_value > Fraction::ZERO
            && self.loan_to_value().is_some()
            && self.loan_to_value() >= self.liquidation_loan_to_value()
    }

    fn look_at_price(&mut self, reserve: &Reserve) {
        if self.unusable_price.is_none() && !reserve.price_status.allows_liquidation() {
            self.unusable_price = Some(reserve.address);
        }
    }

    fn add_borrow(
        &mut self,
        borrow: &Borrow,
        reserve: &Reserve,
        group: Option<&ElevationGroup>,
        market: &LendingMarket,
    ) -> Result<(), LendingError> {
        if group.is_some_and(|group| group.debt_reserve != reserve.address) {
            return Err(LendingError::AnotherGroup(
                group.map_or(0, |group| group.id),
            ));
        }
        let borrowed = with_interest(borrow, reserve)?;
        let factor = reserve.borrow_factor(group.is_some());
        let add = || {
            let value = reserve.value_of(borrowed)?;
            let factored_value = value.times(factor)?;
            let totals = (
                self.borrowed_value.plus(value)?,
                self.debt_value.plus(factored_value)?,
            );
            Some((value, factored_value, totals, factor.rounded(100)?))
        };
        let (value, factored_value, totals, factor_pct) =
            add().ok_or(LendingError::Overflow("borrows"))?;
        (self.borrowed_value, self.debt_value) = totals;
        if value >= Fraction::whole(market.min_value_for_factor_order) {
            self.highest_borrow_factor_pct = self.highest_borrow_factor_pct.max(factor_pct);
        }
        self.borrows.push(BorrowValue {
            reserve: reserve.address,
            borrowed,
            value,
            factored_value,
        });
        Ok(())
    }

    fn add_deposit(
        &mut self,
        deposit: &Deposit,
        reserve: &Reserve,
        group: Option<&ElevationGroup>,
        market: &LendingMarket,
    ) -> Option<()> {
        let config = &reserve.config;
        let (loan_to_value_pct, threshold_pct) = group.map_or(
            (config.loan_to_value_pct, config.liquidation_threshold_pct),
            |group| (group.loan_to_value_pct, group.liquidation_threshold_pct),
        );
        let value = reserve.value_of(reserve.liquidity_of(deposit.collateral_raw)?)?;
        if value >= Fraction::whole(market.min_value_for_threshold_order) && threshold_pct > 0 {
            self.lowest_threshold_pct = self.lowest_threshold_pct.min(threshold_pct);
        }
        let part = |hundredths: u8| value.times(Fraction::percent(hundredths.into()));
        self.deposited_value = self.deposited_value.plus(value)?;
        self.allowed_value = self.allowed_value.plus(part(loan_to_value_pct)?)?;
        self.unhealthy_value = self.unhealthy_value.plus(part(threshold_pct)?)?;
        self.deposits.push(DepositValue {
            reserve: reserve.address,
            collateral_raw: deposit.collateral_raw,
            value,
            liquidation_threshold_pct: threshold_pct,
        });
        Some(())
    }
}

/// A reserve that stands at the slot, in the market and in the group.
fn checked<'a>(
    reserve: &'a Reserve,
    group: Option<&ElevationGroup>,
    market: &LendingMarket,
    slot: u64,
) -> Result<&'a Reserve, LendingError> {
    if reserve.market != market.address {
        return Err(LendingError::AnotherMarket(reserve.address));
    }
    if reserve.updated_slot != slot {
        return Err(LendingError::AnotherSlot {
            reserve: reserve.address,
            stands_at: reserve.updated_slot,
            slot,
        });
    }
    match group {
        Some(group) if !reserve.config.elevation_groups.contains(&group.id) => {
            Err(LendingError::AnotherGroup(group.id))
        }
        _ => Ok(reserve),
    }
}

/// The debt with the interest since it was added last.
fn with_interest(borrow: &Borrow, reserve: &Reserve) -> Result<Fraction, LendingError> {
    let (then, now): (U256, U256) = (
        borrow.cumulative_borrow_rate,
        reserve.cumulative_borrow_rate,
    );
    if now < then {
        return Err(LendingError::RateBackwards(reserve.address));
    }
    if now == then {
        return Ok(borrow.borrowed);
    }
    let grown = borrow.borrowed.times_ratio(now, then);
    grown.ok_or(LendingError::Overflow("borrowed_amount"))
}
