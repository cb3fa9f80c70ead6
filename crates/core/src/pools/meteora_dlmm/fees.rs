//! The fee of a bin: a base rate, and a variable one that grows with how far the price has moved of late.
//!
//! Source: `update_references`, `update_volatility_accumulator`, `get_total_fee`, `compute_fee` and
//! `compute_fee_from_amount` of the program (`lb_clmm` 0.12.0, published in `MeteoraAg/dlmm-sdk`).

use serde::{Deserialize, Serialize};

/// The unit of rates: a billion is 100 %.
pub(super) const BILLION: u64 = 1_000_000_000;
/// No swap pays more than 10 %.
const MOST_RATE: u128 = 100_000_000;
const ONE_IN_BPS: u64 = 10_000;

/// How a pair charges its fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DlmmFeeParameters {
    /// The base rate is `base_factor * bin_step * 10 * 10 ** base_fee_power_factor` billionths.
    pub base_factor: u16,
    /// See `base_factor`.
    pub base_fee_power_factor: u8,
    /// Seconds since the price last moved within which the reference stays.
    pub filter_period_s: u16,
    /// Seconds after which nothing of the volatility is left.
    pub decay_period_s: u16,
    /// What is left of the volatility in between, in ten-thousandths.
    pub reduction_factor_bps: u16,
    /// The variable rate is `ceil(control * (accumulator * bin_step) ** 2 / 10 ** 11)` billionths.
    pub variable_fee_control: u32,
    /// The most that the accumulator grows to.
    pub max_volatility_accumulator: u32,
    /// The protocol's part of the fee, in ten-thousandths.
    pub protocol_share_bps: u16,
    /// Whether the fee is always charged in token Y (`collect_fee_mode` 1), and not on the input.
    pub only_in_y: bool,
}

/// How far the price has moved of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DlmmVolatility {
    /// Ten-thousandths of a bin that the last swap ended away from the reference.
    pub accumulator: u32,
    /// What the accumulator begins with.
    pub reference: u32,
    /// The bin that distances are counted from.
    pub index_reference: i32,
    /// When the price last moved, in seconds since 1970.
    pub last_update_unix_s: i64,
}

impl DlmmVolatility {
    /// The references with which a swap at this time begins; `None` where the program would overflow.
    pub(super) fn at(
        self,
        parameters: &DlmmFeeParameters,
        active_id: i32,
        unix_s: i64,
    ) -> Option<Self> {
        let elapsed = unix_s.checked_sub(self.last_update_unix_s)?;
        if elapsed < i64::from(parameters.filter_period_s) {
            return Some(self);
        }
        let reference = if elapsed < i64::from(parameters.decay_period_s) {
            let reduced = self
                .accumulator
                .checked_mul(u32::from(parameters.reduction_factor_bps))?;
            reduced / 10_000
        } else {
            0
        };
        Some(Self {
            reference,
            index_reference: active_id,
            ..self
        })
    }

    /// The accumulator while a bin is traded.
    pub(super) fn accumulator_in(self, parameters: &DlmmFeeParameters, bin_id: i32) -> u32 {
        let distance = u64::from(self.index_reference.abs_diff(bin_id));
        let accumulator = u64::from(self.reference) + distance * ONE_IN_BPS;
        let most = parameters.max_volatility_accumulator;
        u32::try_from(accumulator).map_or(most, |accumulator| accumulator.min(most))
    }
}

impl DlmmFeeParameters {
    /// The rate in billionths of what is paid, at an accumulator; `None` where the program would overflow.
    pub(super) fn rate(&self, bin_step: u16, accumulator: u32) -> Option<u64> {
        let power = 10_u128.checked_pow(u32::from(self.base_fee_power_factor))?;
        let base = u128::from(self.base_factor) * u128::from(bin_step) * 10;
        let square = (u128::from(accumulator) * u128::from(bin_step)).checked_pow(2)?;
        let variable = u128::from(self.variable_fee_control)
            .checked_mul(square)?
            .div_ceil(100_000_000_000);
        let rate = base.checked_mul(power)?.checked_add(variable)?;
        u64::try_from(rate.min(MOST_RATE)).ok()
    }
}

/// `ceil(amount * rate / (1 - rate))`: the fee on top of an amount.
pub(super) fn fee_on_top(amount_raw: u64, rate: u64) -> Option<u64> {
    let left = u128::from(BILLION.checked_sub(rate)?);
    let over = u128::from(amount_raw) * u128::from(rate);
    u64::try_from(over.div_ceil(left)).ok()
}

/// `ceil(amount * rate)`: the fee within an amount.
pub(super) fn fee_within(amount_raw: u64, rate: u64) -> u64 {
    let over = u128::from(amount_raw) * u128::from(rate);
    // At most the amount, because the rate is below one.
    u64::try_from(over.div_ceil(u128::from(BILLION))).unwrap_or(amount_raw)
}
