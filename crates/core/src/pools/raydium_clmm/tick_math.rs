//! Between ticks and square root prices: `sqrt(1.0001) ** tick` as Q64.64, to the program's last bit.
//!
//! Source: `libraries/tick_math.rs` of raydium-io/raydium-clmm: one 64-bit factor for each bit of the tick,
//! which are not the ones of Uniswap.

/// The lowest tick.
pub const MIN_TICK: i32 = -MAX_TICK;
/// The highest tick.
pub const MAX_TICK: i32 = 443_636;
/// The square root price of `MIN_TICK`: the lowest that a pool can have.
pub const MIN_SQRT_PRICE_X64: u128 = 4_295_048_016;
/// The square root price of `MAX_TICK`: above the highest that a pool can have.
pub const MAX_SQRT_PRICE_X64: u128 = 79_226_673_521_066_979_257_578_248_091;

const FACTORS: [u64; 19] = [
    0xfffc_b933_bd6f_b800,
    0xfff9_7272_373d_4000,
    0xfff2_e50f_5f65_7000,
    0xffe5_caca_7e10_f000,
    0xffcb_9843_d60f_7000,
    0xff97_3b41_fa98_e800,
    0xff2e_a164_66c9_b000,
    0xfe5d_ee04_6a9a_3800,
    0xfcbe_86c7_900b_b000,
    0xf987_a725_3ac6_5800,
    0xf339_2b08_22bb_6000,
    0xe715_9475_a2ca_f000,
    0xd097_f3bd_fd2f_2000,
    0xa9f7_4646_2d9f_8000,
    0x70d8_69a1_56f3_1c00,
    0x31be_135f_97ed_3200,
    0x09aa_508b_5b85_a500,
    0x005d_6af8_dedc_582c,
    0x0000_2216_e584_f5fa,
];

/// `2**64 / log2(sqrt(1.0001))`.
const TICKS_PER_OCTAVE_X64: i128 = 255_738_958_999_603_826_347_141;

/// Bits of the logarithm's fraction: one step of the last bit is less than one tick.
const LOG_FRACTION_BITS: u32 = 14;

/// `get_sqrt_price_at_tick`; `None` beyond [`MIN_TICK`] or [`MAX_TICK`].
#[must_use]
pub fn sqrt_price_at_tick(tick: i32) -> Option<u128> {
    (MIN_TICK..=MAX_TICK)
        .contains(&tick)
        .then(|| sqrt_price(tick))
}

/// `get_tick_at_sqrt_price`: the greatest tick whose square root price is not above this one; `None` for a
/// price that no pool can have.
#[must_use]
pub fn tick_at_sqrt_price(sqrt_price_x64: u128) -> Option<i32> {
    (MIN_SQRT_PRICE_X64..MAX_SQRT_PRICE_X64)
        .contains(&sqrt_price_x64)
        .then(|| tick(sqrt_price_x64))
}

/// As [`sqrt_price_at_tick`], for ticks that are known to be in bounds.
pub(super) fn sqrt_price(tick: i32) -> u128 {
    let bits = tick.unsigned_abs();
    let factors = FACTORS.iter().enumerate();
    let ratio =
        factors
            .filter(|(i, _)| bits >> i & 1 == 1)
            .fold(1_u128 << 64, |ratio, (_, factor)| {
                // Both are below 2**64 but for the first ratio, which is 2**64 itself.
                if ratio >> 64 == 1 {
                    u128::from(*factor)
                } else {
                    (ratio * u128::from(*factor)) >> 64
                }
            });
    if tick > 0 { u128::MAX / ratio } else { ratio }
}

/// As [`tick_at_sqrt_price`], for prices that are known to be in bounds.
pub(super) fn tick(sqrt_price_x64: u128) -> i32 {
    let log = log2_x14(sqrt_price_x64);
    let estimate = i32::try_from((log * TICKS_PER_OCTAVE_X64) >> (64 + LOG_FRACTION_BITS));
    let mut tick = estimate.unwrap_or(MAX_TICK).clamp(MIN_TICK, MAX_TICK - 1);
    while tick > MIN_TICK && sqrt_price(tick) > sqrt_price_x64 {
        tick -= 1;
    }
    while tick < MAX_TICK - 1 && sqrt_price(tick + 1) <= sqrt_price_x64 {
        tick += 1;
    }
    tick
}

/// `floor(2**14 * log2(price / 2**64))`, by squaring: each square gives the next bit.
fn log2_x14(sqrt_price_x64: u128) -> i128 {
    let length = 128 - sqrt_price_x64.leading_zeros();
    let mut mantissa = match length.checked_sub(64) {
        Some(excess) => sqrt_price_x64 >> excess,
        None => sqrt_price_x64 << (64 - length),
    };
    let mut log = i128::from(length) - 65;
    for _ in 0..LOG_FRACTION_BITS {
        let square = mantissa * mantissa;
        let carry = square >> 127;
        mantissa = square >> (63 + carry);
        log = log << 1 | carry.cast_signed();
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bounds and samples that the program's own tests publish.
    #[test]
    fn gives_the_published_square_root_prices() {
        for (tick, expected) in [
            (MIN_TICK, MIN_SQRT_PRICE_X64),
            (MAX_TICK, MAX_SQRT_PRICE_X64),
            (0, 1 << 64),
        ] {
            assert_eq!(sqrt_price_at_tick(tick), Some(expected), "tick {tick}");
        }
        assert_eq!(sqrt_price_at_tick(MIN_TICK - 1), None);
        assert_eq!(sqrt_price_at_tick(MAX_TICK + 1), None);
    }

    #[test]
    fn every_tick_begins_exactly_at_its_price() {
        for at in (MIN_TICK + 1..MAX_TICK).step_by(7) {
            let price = sqrt_price(at);
            assert_eq!(tick_at_sqrt_price(price), Some(at));
            assert_eq!(tick_at_sqrt_price(price - 1), Some(at - 1));
        }
        assert_eq!(tick_at_sqrt_price(MIN_SQRT_PRICE_X64), Some(MIN_TICK));
        assert_eq!(tick_at_sqrt_price(MIN_SQRT_PRICE_X64 - 1), None);
        assert_eq!(tick_at_sqrt_price(MAX_SQRT_PRICE_X64), None);
        assert_eq!(
            tick_at_sqrt_price(MAX_SQRT_PRICE_X64 - 1),
            Some(MAX_TICK - 1)
        );
    }
}
