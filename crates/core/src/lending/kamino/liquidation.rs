//! `Liquidation`: what one liquidation repays, takes and leaves, to the last unit.
//!
//! Only loans beyond their threshold are liquidated here. What the program allows besides (deleveraging by a market's
//! decision, orders of the owner, debts that are due) is not.

use super::{
    BorrowValue, DepositValue, Fraction, Health, LendingError, LendingMarket, Obligation, Reserve,
};

/// From this loan to value on, without borrow factors, the bonus is what is left, or that for bad debt.
const NEARLY_BAD_BPS: u64 = 9_900;
/// The least collateral that a full liquidation takes.
const DUST_RAW: u64 = 1;

/// Which debt is repaid by how much, and which collateral is taken for it.
#[derive(Debug, Clone, Copy)]
pub struct LiquidationQuestion<'a> {
    /// The market.
    pub market: &'a LendingMarket,
    /// Whose loan.
    pub obligation: &'a Obligation,
    /// Its value.
    pub health: &'a Health,
    /// The debt's reserve, refreshed at the slot of `health`.
    pub repay_reserve: &'a Reserve,
    /// The collateral's reserve, refreshed at the same slot.
    pub withdraw_reserve: &'a Reserve,
    /// At most so much of the debt, in raw units.
    pub most_repaid_raw: u64,
}

/// What it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liquidation {
    /// What the liquidator pays, in raw units of the debt's token.
    pub repaid_raw: u64,
    /// By how much the debt shrinks.
    pub settled: Fraction,
    /// Whether the program demands that the whole debt is repaid.
    pub whole: bool,
    /// Collateral taken, in raw units of the collateral's token.
    pub collateral_raw: u64,
    /// What that redeems, in raw units of the token itself.
    pub redeemed_raw: u64,
    /// The program's part of it.
    pub protocol_fee_raw: u64,
    /// What the liquidator receives.
    pub received_raw: u64,
    /// On top of the debt's value.
    pub bonus: Fraction,
}

impl Liquidation {
    /// What the program would do.
    ///
    /// # Errors
    /// Why it would not: `liquidation_forbidden`, `price_unusable`, `healthy`, `nothing_there`, `another_debt_first`,
    /// `another_collateral_first`, `repay_too_small`, `not_redeemable`, `another_group`, `overflow`.
    pub fn of(question: &LiquidationQuestion<'_>) -> Result<Self, LendingError> {
        let (borrow, deposit) = question.sides()?;
        question.check_order(&deposit)?;
        let bonus = question.bonus()?;
        let overflow = || LendingError::Overflow("liquidation");
        let given = Fraction::whole(question.most_repaid_raw).min(borrow.borrowed);
        let smallest = Fraction::whole(question.market.min_full_liquidation_value);
        let whole = borrow.value < smallest;
        let settled = if !whole {
            question
                .most_settled(&borrow)
                .ok_or_else(overflow)?
                .min(given)
        } else if given < borrow.borrowed {
            return Err(LendingError::RepayTooSmall {
                given_raw: question.most_repaid_raw,
                whole_raw: borrow.borrowed.ceil().ok_or_else(overflow)?,
            });
        } else {
            borrow.borrowed
        };
        let taken = taken(&borrow, &deposit, settled, bonus, whole).ok_or_else(overflow)?;
        if taken.repaid_raw == 0 || taken.collateral_raw == 0 {
            return Err(LendingError::NothingThere(deposit.reserve));
        }
        question.redeemed(&taken, bonus, whole)
    }
}

/// Amounts before the collateral is redeemed.
#[derive(Clone, Copy)]
struct Taken {
    settled: Fraction,
    repaid_raw: u64,
    collateral_raw: u64,
}

impl LiquidationQuestion<'_> {
    /// The debt and the deposit that are meant, with everything that forbids this at once.
    fn sides(&self) -> Result<(BorrowValue, DepositValue), LendingError> {
        let reserves = [self.repay_reserve, self.withdraw_reserve];
        let stopped = self.market.emergency || reserves.iter().any(|it| it.config.emergency);
        if stopped || self.market.liquidations_by_price_disabled {
            return Err(LendingError::Forbidden);
        }
        if !self.health.is_unhealthy() {
            return Err(LendingError::Healthy);
        }
        // The program asks it of every reserve of the loan, not only of the two.
        if let Some(reserve) = self.health.unusable_price {
            return Err(LendingError::PriceUnusable(reserve));
        }
        let (repay, withdraw) = (self.repay_reserve.address, self.withdraw_reserve.address);
        let borrow = self.health.borrows.iter().find(|it| it.reserve == repay);
        let borrow = borrow.filter(|it| it.factored_value > Fraction::ZERO);
        let deposit = self
            .health
            .deposits
            .iter()
            .find(|it| it.reserve == withdraw);
        let deposit =
            deposit.filter(|it| it.value > Fraction::ZERO && it.liquidation_threshold_pct > 0);
        let borrow = borrow.ok_or(LendingError::NothingThere(repay))?;
        Ok((
            *borrow,
            *deposit.ok_or(LendingError::NothingThere(withdraw))?,
        ))
    }

    /// The dearest debt is repaid first, the riskiest collateral taken first.
    fn check_order(&self, deposit: &DepositValue) -> Result<(), LendingError> {
        let factor_pct = self.repay_reserve.config.borrow_factor_pct;
        if factor_pct < self.health.highest_borrow_factor_pct {
            return Err(LendingError::AnotherDebtFirst(self.repay_reserve.address));
        }
        if deposit.liquidation_threshold_pct > self.health.lowest_threshold_pct {
            return Err(LendingError::AnotherCollateralFirst(deposit.reserve));
        }
        Ok(())
    }

    /// The close factor's part of all debt, but no more than this debt and than a market's most.
    fn most_settled(&self, borrow: &BorrowValue) -> Option<Fraction> {
        let market = self.market;
        let insolvent = Fraction::percent(market.insolvency_risk_ltv_pct.into());
        let close_factor = if self.health.loan_to_value()? > insolvent {
            Fraction::ONE
        } else {
            Fraction::percent(market.close_factor_pct.into())
        };
        let closed = self.health.borrowed_value.times(close_factor)?;
        let most = closed
            .min(borrow.value)
            .min(Fraction::whole(market.max_liquidation_value));
        borrow.borrowed.times(most.over(borrow.value)?)
    }

    /// The bonus by how far beyond its threshold the loan is, within the reserves' bounds and what is left.
    fn bonus(&self) -> Result<Fraction, LendingError> {
        let most_bps = self.group_bonus_bps()?;
        let bonus = || {
            let (collateral, debt) = (&self.withdraw_reserve.config, &self.repay_reserve.config);
            let loan_to_value = self.health.loan_to_value()?;
            let unfactored = self.health.unfactored_loan_to_value()?;
            let left = Fraction::ONE.minus_or_zero(unfactored);
            if unfactored >= Fraction::bps(NEARLY_BAD_BPS) {
                let bad_debt_bps = collateral
                    .bad_debt_liquidation_bonus_bps
                    .min(debt.bad_debt_liquidation_bonus_bps);
                return Some(Fraction::bps(bad_debt_bps.into()).max(left));
            }
            let beyond = loan_to_value.minus(self.health.liquidation_loan_to_value()?)?;
            let most = collateral
                .max_liquidation_bonus_bps
                .max(debt.max_liquidation_bonus_bps);
            let least = collateral
                .min_liquidation_bonus_bps
                .max(debt.min_liquidation_bonus_bps);
            let bonus = Fraction::bps(least.into()).max(beyond);
            Some(
                bonus
                    .min(Fraction::bps(most.min(most_bps).into()))
                    .min(left),
            )
        };
        bonus().ok_or(LendingError::Overflow("bonus"))
    }

    /// The most bonus of the obligation's elevation group, where it is less than its reserves'.
    fn group_bonus_bps(&self) -> Result<u16, LendingError> {
        let Some(group) = self.market.group(self.obligation.elevation_group)? else {
            return Ok(u16::MAX);
        };
        let configs = [&self.withdraw_reserve.config, &self.repay_reserve.config];
        let most = group.max_liquidation_bonus_bps;
        let counts = most > 0
            && configs.iter().all(|it| {
                it.elevation_groups.contains(&group.id) && most <= it.max_liquidation_bonus_bps
            });
        Ok(if counts { most } else { u16::MAX })
    }

    /// What the collateral brings, after the program's part.
    fn redeemed(
        &self,
        taken: &Taken,
        bonus: Fraction,
        whole: bool,
    ) -> Result<Liquidation, LendingError> {
        let overflow = || LendingError::Overflow("redemption");
        let reserve = self.repaid_into_withdrawn(taken).ok_or_else(overflow)?;
        let redeemable_raw = reserve.redeemable_collateral_raw().ok_or_else(overflow)?;
        if redeemable_raw < taken.collateral_raw {
            return Err(LendingError::NotRedeemable(reserve.address));
        }
        let redeemed = reserve.liquidity_of(taken.collateral_raw);
        let redeemed_raw = redeemed.and_then(Fraction::floor).ok_or_else(overflow)?;
        let pct = reserve.config.protocol_liquidation_fee_pct;
        let protocol_fee_raw = protocol_fee_raw(redeemed_raw, bonus, pct).ok_or_else(overflow)?;
        let received_raw = redeemed_raw.checked_sub(protocol_fee_raw);
        Ok(Liquidation {
            repaid_raw: taken.repaid_raw,
            settled: taken.settled,
            whole,
            collateral_raw: taken.collateral_raw,
            redeemed_raw,
            protocol_fee_raw,
            received_raw: received_raw.ok_or(LendingError::NothingThere(reserve.address))?,
            bonus,
        })
    }

    /// The collateral's reserve behind the repayment, which counts where debt and collateral are one token.
    fn repaid_into_withdrawn(&self, taken: &Taken) -> Option<Reserve> {
        let mut reserve = *self.withdraw_reserve;
        if reserve.address == self.repay_reserve.address {
            reserve.available_raw = reserve.available_raw.checked_add(taken.repaid_raw)?;
            reserve.borrowed = reserve.borrowed.minus_or_zero(taken.settled);
        }
        Some(reserve)
    }
}

/// What the debt's part is worth with the bonus, in collateral; less of the debt where the collateral does not suffice.
fn taken(
    borrow: &BorrowValue,
    deposit: &DepositValue,
    settled: Fraction,
    bonus: Fraction,
    whole: bool,
) -> Option<Taken> {
    let ratio = settled.over(borrow.borrowed)?;
    let value = borrow
        .value
        .times(ratio)?
        .times(bonus.plus(Fraction::ONE)?)?;
    if value >= deposit.value {
        let covered = if value == deposit.value || whole {
            settled
        } else {
            settled.times(deposit.value.over(value)?)?
        };
        return Some(Taken {
            settled: covered,
            repaid_raw: covered.ceil()?,
            collateral_raw: deposit.collateral_raw,
        });
    }
    let part = Fraction::whole(deposit.collateral_raw).times(value.over(deposit.value)?)?;
    let collateral_raw = if whole && part < Fraction::whole(DUST_RAW) {
        DUST_RAW
    } else {
        part.floor()?
    };
    Some(Taken {
        settled,
        repaid_raw: settled.ceil()?,
        collateral_raw,
    })
}

/// The program's part of the bonus, rounded up, and at least 1.
fn protocol_fee_raw(redeemed_raw: u64, bonus: Fraction, pct: u8) -> Option<u64> {
    let redeemed = Fraction::whole(redeemed_raw);
    let bonus_part = redeemed.minus(redeemed.over(bonus.plus(Fraction::ONE)?)?)?;
    let fee = bonus_part.times(Fraction::percent(pct.into()))?.ceil()?;
    Some(fee.max(1))
}
