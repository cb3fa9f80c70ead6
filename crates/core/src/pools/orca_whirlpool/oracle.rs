//! `Oracle`: what an adaptive fee is made from, and how a pool's own swaps and the clock move it.
//!
//! Source: `Oracle`, `AdaptiveFeeConstants` and `AdaptiveFeeVariables` of the Whirlpool program.

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::tick_math::{MAX_TICK, sqrt_price};
use crate::ChainAddress;
use crate::pools::{PoolError, decimal};

/// One tick group in the scale of the volatility accumulator.
pub(super) const VOLATILITY_SCALE: u32 = 10_000;
/// One in the scale of the reduction factor.
const REDUCTION_ONE: u16 = 10_000;
/// One in the scale of the control factor.
pub(super) const CONTROL_ONE: u32 = 100_000;
/// Seconds after which a reference is forgotten, whatever was swapped since.
const MAX_REFERENCE_AGE_S: u64 = 3_600;

/// What the fee tier fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveFeeConstants {
    /// Seconds after a large swap in which the reference stays.
    pub filter_period_s: u16,
    /// Seconds after which volatility is forgotten.
    pub decay_period_s: u16,
    /// What is kept of volatility in between, in ten-thousandths.
    pub reduction_factor: u16,
    /// Of the squared volatility that becomes fee, in hundred-thousandths.
    pub adaptive_fee_control_factor: u32,
    /// The most that volatility counts, in ten-thousandths of a tick group.
    pub max_volatility_accumulator: u32,
    /// Ticks of a group; the fee changes from group to group.
    pub tick_group_size: u16,
    /// Ticks that make a swap a large one.
    pub major_swap_threshold_ticks: u16,
}

/// What the last swaps left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveFeeVariables {
    /// Seconds since 1970.
    pub last_reference_update_timestamp: u64,
    /// Seconds since 1970.
    pub last_major_swap_timestamp: u64,
    /// In ten-thousandths of a tick group.
    pub volatility_reference: u32,
    /// The tick group from which volatility counts.
    pub tick_group_index_reference: i32,
    /// In ten-thousandths of a tick group.
    pub volatility_accumulator: u32,
}

/// The oracle account of a pool with an adaptive fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oracle {
    /// Its account.
    pub account: ChainAddress,
    /// Seconds since 1970 from which on the pool swaps.
    #[serde(with = "decimal")]
    pub trade_enable_timestamp: u64,
    /// What the fee tier fixed.
    pub constants: AdaptiveFeeConstants,
    /// What the last swaps left.
    pub variables: AdaptiveFeeVariables,
}

impl Oracle {
    /// That the program could have written it for a pool with this tick spacing.
    pub(super) fn check(&self, tick_spacing: u16) -> Result<(), PoolError> {
        let fault = self
            .constants
            .fault(tick_spacing)
            .or_else(|| self.variables.fault(&self.constants));
        match fault {
            None => Ok(()),
            Some(fault) => Err(PoolError::StateInvalid {
                field: "oracle",
                fault: fault.to_owned(),
            }),
        }
    }
}

impl AdaptiveFeeConstants {
    /// The bounds of `validate_constants`.
    fn fault(&self, tick_spacing: u16) -> Option<&'static str> {
        let volatile_ticks =
            u64::from(self.max_volatility_accumulator) * u64::from(self.tick_group_size);
        if self.filter_period_s == 0 || self.decay_period_s <= self.filter_period_s {
            Some("decay_period_s must be above filter_period_s, and that above zero")
        } else if self.reduction_factor >= REDUCTION_ONE {
            Some("reduction_factor must be below 10000")
        } else if self.adaptive_fee_control_factor >= CONTROL_ONE {
            Some("adaptive_fee_control_factor must be below 100000")
        } else if volatile_ticks > u64::from(u32::MAX) {
            Some("max_volatility_accumulator times tick_group_size must be below 2**32")
        } else if self.tick_group_size == 0 || !tick_spacing.is_multiple_of(self.tick_group_size) {
            Some("tick_group_size must divide tick_spacing")
        } else if self.major_swap_threshold_ticks == 0
            || u32::from(self.major_swap_threshold_ticks) > 88 * u32::from(tick_spacing)
        {
            Some("major_swap_threshold_ticks must be from 1 to the ticks of a tick array")
        } else {
            None
        }
    }

    /// The group that a tick lies in.
    pub(super) fn group(&self, tick: i32) -> i32 {
        tick.div_euclid(i32::from(self.tick_group_size))
    }
}

impl AdaptiveFeeVariables {
    fn fault(&self, constants: &AdaptiveFeeConstants) -> Option<&'static str> {
        let most = constants.max_volatility_accumulator;
        let groups = constants.group(-MAX_TICK - 1)..=constants.group(MAX_TICK);
        if self.volatility_reference > most || self.volatility_accumulator > most {
            Some("volatility must be at most max_volatility_accumulator")
        } else if !groups.contains(&self.tick_group_index_reference) {
            Some("tick_group_index_reference is beyond the last tick")
        } else {
            None
        }
    }

    /// What time does to the reference before a swap.
    pub(super) fn update_reference(
        &mut self,
        group: i32,
        now: u64,
        constants: &AdaptiveFeeConstants,
    ) -> Result<(), Fault> {
        let last = self
            .last_reference_update_timestamp
            .max(self.last_major_swap_timestamp);
        let elapsed = now.checked_sub(last).ok_or(Fault::InvalidTimestamp)?;
        let forgotten = now - self.last_reference_update_timestamp > MAX_REFERENCE_AGE_S
            || elapsed >= u64::from(constants.decay_period_s);
        if !forgotten && elapsed < u64::from(constants.filter_period_s) {
            return Ok(());
        }
        self.volatility_reference = if forgotten {
            0
        } else {
            reduced(self.volatility_accumulator, constants.reduction_factor)
        };
        self.tick_group_index_reference = group;
        self.last_reference_update_timestamp = now;
        Ok(())
    }

    /// What reaching a tick group does to volatility.
    pub(super) fn update_accumulator(&mut self, group: i32, constants: &AdaptiveFeeConstants) {
        let groups = self.tick_group_index_reference.abs_diff(group);
        let volatility =
            u64::from(self.volatility_reference) + u64::from(groups) * u64::from(VOLATILITY_SCALE);
        self.volatility_accumulator = u32::try_from(volatility)
            .map_or(constants.max_volatility_accumulator, |volatility| {
                volatility.min(constants.max_volatility_accumulator)
            });
    }

    /// Notes a swap that moved the price as far as a large one does.
    pub(super) fn note_major_swap(
        &mut self,
        before: u128,
        after: u128,
        now: u64,
        constants: &AdaptiveFeeConstants,
    ) {
        let factor = sqrt_price(i32::from(constants.major_swap_threshold_ticks));
        if reaches(before.min(after), factor, before.max(after)) {
            self.last_major_swap_timestamp = now;
        }
    }
}

/// `floor(volatility * factor / 1e4)`, below `volatility`.
fn reduced(volatility: u32, factor: u16) -> u32 {
    let product = u64::from(volatility) * u64::from(factor);
    u32::try_from(product / u64::from(REDUCTION_ONE)).unwrap_or(volatility)
}

/// `higher >= floor(lower * factor / 2**64)`.
fn reaches(lower: u128, factor_x64: u128, higher: u128) -> bool {
    use alloy_primitives::U256;
    U256::from(higher) >= (U256::from(lower) * U256::from(factor_x64)) >> 64
}
