//! A reserve brought forward to a slot, as the program's refresh does it: interest, and whether its price still counts.

use alloy_primitives::U256;

use super::{Fraction, LendingError, LendingMarket, PriceStatus, Reserve};
use crate::pools::ChainClock;

/// Two slots a second, as the program counts.
const SLOTS_PER_YEAR: u128 = 2 * 60 * 60 * 24 * 365;

impl Reserve {
    /// The reserve as it is once refreshed at this time, with the price that it holds.
    ///
    /// # Errors
    /// `another_market`, `another_slot` where it was refreshed later already, `rewards_unknown`, `overflow`.
    pub fn refreshed(
        &self,
        market: &LendingMarket,
        clock: ChainClock,
    ) -> Result<Self, LendingError> {
        if self.market != market.address {
            return Err(LendingError::AnotherMarket(self.address));
        }
        if self.rewards_raw_per_slot > 0 {
            return Err(LendingError::RewardsUnknown(self.address));
        }
        let elapsed = clock.slot.checked_sub(self.updated_slot);
        let elapsed = elapsed.ok_or(LendingError::AnotherSlot {
            reserve: self.address,
            stands_at: self.updated_slot,
            slot: clock.slot,
        })?;
        let mut reserve = *self;
        if elapsed > 0 {
            reserve
                .accrue(elapsed, market.referral_fee_bps)
                .ok_or(LendingError::Overflow("interest"))?;
        }
        if !self.price_is_young(clock.unix_timestamp) {
            reserve.price_status = PriceStatus::NONE;
        }
        (reserve.updated_slot, reserve.stale) = (clock.slot, false);
        Ok(reserve)
    }

    fn price_is_young(&self, unix_timestamp: i64) -> bool {
        let now_s = u64::try_from(unix_timestamp).unwrap_or_default();
        now_s.saturating_sub(self.price_at_s) < self.config.max_age_price_seconds
    }

    /// Adds the interest of some slots.
    fn accrue(&mut self, slots: u64, referral_fee_bps: u16) -> Option<()> {
        let supply = self.total_supply()?;
        let utilization = match supply {
            Fraction::ZERO => Fraction::ZERO,
            supply => self.borrowed.over(supply)?,
        };
        let host_rate = Fraction::bps(self.config.host_fixed_interest_rate_bps.into());
        let yearly = self
            .config
            .borrow_rate_curve
            .rate(utilization)?
            .plus(host_rate)?;
        let grown = compounded(yearly, slots)?;
        let before = self.borrowed;
        let after = before.times(grown)?;
        let host_fee = before.times(compounded(host_rate, slots)?)?.minus(before)?;
        let interest = after.minus(before)?.minus(host_fee)?;
        let take_rate = Fraction::percent(self.config.protocol_take_rate_pct.into());
        let referral_rate = take_rate.times(Fraction::bps(referral_fee_bps.into()))?;
        let for_referrers = interest.times(referral_rate)?;
        let fees = self
            .protocol_fees
            .plus(host_fee)?
            .plus(interest.times(take_rate)?)?;
        self.protocol_fees = fees.minus(for_referrers)?;
        self.pending_referrer_fees = self.pending_referrer_fees.plus(for_referrers)?;
        let rate = self
            .cumulative_borrow_rate
            .checked_mul(U256::from(grown.to_bits()))?;
        self.cumulative_borrow_rate = rate >> 60;
        self.borrowed = after;
        Some(())
    }
}

/// What one unit grows to in some slots: the first terms of the binomial series, each rounded as the program does.
fn compounded(yearly: Fraction, slots: u64) -> Option<Fraction> {
    let base = yearly.over_whole(SLOTS_PER_YEAR)?;
    let once = Fraction::ONE.plus(base)?;
    match slots {
        0 => return Some(Fraction::ONE),
        1 => return Some(once),
        2 => return once.times(once),
        3 => return once.times(once)?.times(once),
        4 => {
            let twice = once.times(once)?;
            return twice.times(twice);
        }
        _ => {}
    }
    let count = u128::from(slots);
    let square = base.times(base)?;
    let cube = square.times(base)?;
    let first = base.times_whole(count)?;
    let second = square
        .times_whole(count)?
        .times_whole(count - 1)?
        .over_whole(2)?;
    let third = cube
        .times_whole(count)?
        .times_whole(count - 1)?
        .times_whole(count - 2)?
        .over_whole(6)?;
    Fraction::ONE.plus(first)?.plus(second)?.plus(third)
}
