//! Between ticks and square root prices: `sqrt(1.0001) ** tick` as Q64.96, to the contract's last bit.
//!
//! The published algorithm is `TickMath` of Uniswap v3-core: one 128-bit factor
//! `2**128 / sqrt(1.0001) ** (2**i)`, rounded to nearest, for each bit `i` of the tick.

use alloy_primitives::U256;
use alloy_primitives::aliases::U160;

/// The lowest tick, `-MAX_TICK`.
pub const MIN_TICK: i32 = -MAX_TICK;
/// The highest tick.
pub const MAX_TICK: i32 = 887_272;
/// The square root price of `MIN_TICK`: the lowest that a pool can have.
pub const MIN_SQRT_PRICE_X96: U160 = U160::from_limbs([4_295_128_739, 0, 0]);
/// The square root price of `MAX_TICK`: one more than the highest that a pool can have.
pub const MAX_SQRT_PRICE_X96: U160 =
    U160::from_limbs([0x5d95_1d52_6398_8d26, 0xefd1_fc6a_5064_8849, 0xfffd_8963]);

const FACTORS: [u128; 20] = [
    0xfffc_b933_bd6f_ad37_aa2d_162d_1a59_4001,
    0xfff9_7272_373d_4132_59a4_6990_580e_213a,
    0xfff2_e50f_5f65_6932_ef12_357c_f3c7_fdcc,
    0xffe5_caca_7e10_e4e6_1c36_24ea_a094_1cd0,
    0xffcb_9843_d60f_6159_c9db_5883_5c92_6644,
    0xff97_3b41_fa98_c081_472e_6896_dfb2_54c0,
    0xff2e_a164_66c9_6a38_43ec_78b3_26b5_2861,
    0xfe5d_ee04_6a99_a2a8_11c4_61f1_969c_3053,
    0xfcbe_86c7_900a_88ae_dcff_c83b_479a_a3a4,
    0xf987_a725_3ac4_1317_6f2b_074c_f781_5e54,
    0xf339_2b08_22b7_0005_940c_7a39_8e4b_70f3,
    0xe715_9475_a2c2_9b74_43b2_9c7f_a6e8_89d9,
    0xd097_f3bd_fd20_22b8_845a_d8f7_92aa_5825,
    0xa9f7_4646_2d87_0fdf_8a65_dc1f_90e0_61e5,
    0x70d8_69a1_56d2_a1b8_90bb_3df6_2baf_32f7,
    0x31be_135f_97d0_8fd9_8123_1505_542f_cfa6,
    0x09aa_508b_5b7a_84e1_c677_de54_f3e9_9bc9,
    0x005d_6af8_dedb_8119_6699_c329_225e_e604,
    0x0000_2216_e584_f5fa_1ea9_2604_1bed_fe98,
    0x0000_0000_048a_1703_91f7_dc42_444e_8fa2,
];

/// `2**64 / log2(sqrt(1.0001))`.
const TICKS_PER_OCTAVE_X64: i128 = 255_738_958_999_603_826_347_141;

/// Bits of the logarithm's fraction: one step of the last bit is less than one tick.
const LOG_FRACTION_BITS: u32 = 14;

/// `getSqrtRatioAtTick`; `None` beyond [`MIN_TICK`] or [`MAX_TICK`].
#[must_use]
pub fn sqrt_price_at_tick(tick: i32) -> Option<U160> {
    (MIN_TICK..=MAX_TICK)
        .contains(&tick)
        .then(|| sqrt_price(tick))
}

/// `getTickAtSqrtRatio`: the greatest tick whose square root price is not above this one; `None` for
/// a price that no pool can have.
#[must_use]
pub fn tick_at_sqrt_price(sqrt_price_x96: U160) -> Option<i32> {
    (MIN_SQRT_PRICE_X96..MAX_SQRT_PRICE_X96)
        .contains(&sqrt_price_x96)
        .then(|| tick(sqrt_price_x96))
}

/// As [`sqrt_price_at_tick`], for ticks that are known to be in bounds.
pub(super) fn sqrt_price(tick: i32) -> U160 {
    let bits = tick.unsigned_abs();
    let mut factors = FACTORS
        .iter()
        .enumerate()
        .filter(|(i, _)| bits >> i & 1 == 1)
        .map(|(_, factor)| *factor);
    let Some(first) = factors.next() else {
        return U160::ONE << 96;
    };
    let ratio_x128 = factors.fold(first, |ratio, factor| multiply(ratio, factor).0);
    if tick < 0 {
        let round_up = u128::from(ratio_x128.trailing_zeros() < 32);
        return U160::from((ratio_x128 >> 32) + round_up);
    }
    let inverse_x128 = U256::MAX / U256::from(ratio_x128);
    let round_up = inverse_x128.trailing_zeros() < 32;
    U160::from(inverse_x128 >> 32) + U160::from(u8::from(round_up))
}

/// As [`tick_at_sqrt_price`], for prices that are known to be in bounds.
pub(super) fn tick(sqrt_price_x96: U160) -> i32 {
    let estimate = i32::try_from(
        (log2_x14(sqrt_price_x96) * TICKS_PER_OCTAVE_X64) >> (64 + LOG_FRACTION_BITS),
    );
    let mut tick = estimate.unwrap_or(MAX_TICK).clamp(MIN_TICK, MAX_TICK - 1);
    while tick > MIN_TICK && sqrt_price(tick) > sqrt_price_x96 {
        tick -= 1;
    }
    while tick < MAX_TICK - 1 && sqrt_price(tick + 1) <= sqrt_price_x96 {
        tick += 1;
    }
    tick
}

/// `floor(2**14 * log2(price / 2**96))`, by squaring: each square gives the next bit.
fn log2_x14(sqrt_price_x96: U160) -> i128 {
    let length = sqrt_price_x96.bit_len();
    let mut mantissa: u128 = match length.checked_sub(128) {
        Some(excess) => (sqrt_price_x96 >> excess).saturating_to(),
        None => (sqrt_price_x96 << (128 - length)).saturating_to(),
    };
    let mut log = length.cast_signed() as i128 - 97;
    for _ in 0..LOG_FRACTION_BITS {
        let (high, low) = multiply(mantissa, mantissa);
        let carry = high >> 127;
        mantissa = if carry == 1 {
            high
        } else {
            high << 1 | low >> 127
        };
        log = log << 1 | carry.cast_signed();
    }
    log
}

/// The high and the low half of a 256-bit product.
fn multiply(a: u128, b: u128) -> (u128, u128) {
    let (a1, a0) = (a >> 64, a & u128::from(u64::MAX));
    let (b1, b0) = (b >> 64, b & u128::from(u64::MAX));
    let (low, middle_a, middle_b) = (a0 * b0, a1 * b0, a0 * b1);
    let middle =
        (low >> 64) + (middle_a & u128::from(u64::MAX)) + (middle_b & u128::from(u64::MAX));
    let high = a1 * b1 + (middle_a >> 64) + (middle_b >> 64) + (middle >> 64);
    (high, middle << 64 | low & u128::from(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U512;

    /// Rounded to nearest, so the square of a factor misses the next one by less than two units.
    fn nearly_equal(square: U512, next: U512) -> bool {
        square.abs_diff(next) < U512::from(2) << 128
    }

    #[test]
    fn the_factors_are_the_powers_of_one_over_the_root_of_1_0001() {
        let first = U512::from(FACTORS[0]);
        let one = U512::ONE << 256;
        assert!(nearly_equal(
            first * first * U512::from(10_001) / U512::from(10_000),
            one
        ));
        for pair in FACTORS.windows(2) {
            let (factor, next) = (U512::from(pair[0]), U512::from(pair[1]));
            assert!(nearly_equal(factor * factor, next << 128), "{:x}", pair[0]);
        }
    }
}
