//! Between ticks and square root prices: `sqrt(1.0001) ** tick` as Q64.64, to the program's last bit.
//!
//! The numbers are those of `tick_math` of the Whirlpool program: for each bit `i` of a tick above zero,
//! `sqrt(1.0001) ** (2**i)` as Q32.96; for one below zero, its inverse as Q64.64.

/// The lowest tick, `-MAX_TICK`.
pub const MIN_TICK: i32 = -MAX_TICK;
/// The highest tick.
pub const MAX_TICK: i32 = 443_636;
/// The square root price of `MIN_TICK`, Q64.64: the lowest that a pool can have.
pub const MIN_SQRT_PRICE_X64: u128 = 4_295_048_016;
/// The square root price of `MAX_TICK`, Q64.64: the highest that a pool can have.
pub const MAX_SQRT_PRICE_X64: u128 = 79_226_673_515_401_279_992_447_579_055;

const ONE_X96: u128 = 1 << 96;
const ONE_X64: u128 = 1 << 64;

const RISING_X96: [u128; 19] = [
    79_232_123_823_359_799_118_286_999_567,
    79_236_085_330_515_764_027_303_304_731,
    79_244_008_939_048_815_603_706_035_061,
    79_259_858_533_276_714_757_314_932_305,
    79_291_567_232_598_584_799_939_703_904,
    79_355_022_692_464_371_645_785_046_466,
    79_482_085_999_252_804_386_437_311_141,
    79_736_823_300_114_093_921_829_183_326,
    80_248_749_790_819_932_309_965_073_892,
    81_282_483_887_344_747_381_513_967_011,
    83_390_072_131_320_151_908_154_831_281,
    87_770_609_709_833_776_024_991_924_138,
    97_234_110_755_111_693_312_479_820_773,
    119_332_217_159_966_728_226_237_229_890,
    179_736_315_981_702_064_433_883_588_727,
    407_748_233_172_238_350_107_850_275_304,
    2_098_478_828_474_011_932_436_660_412_517,
    55_581_415_166_113_811_149_459_800_483_533,
    38_992_368_544_603_139_932_233_054_999_993_551,
];

const FALLING_X64: [u128; 19] = [
    18_445_821_805_675_392_311,
    18_444_899_583_751_176_498,
    18_443_055_278_223_354_162,
    18_439_367_220_385_604_838,
    18_431_993_317_065_449_817,
    18_417_254_355_718_160_513,
    18_387_811_781_193_591_352,
    18_329_067_761_203_520_168,
    18_212_142_134_806_087_854,
    17_980_523_815_641_551_639,
    17_526_086_738_831_147_013,
    16_651_378_430_235_024_244,
    15_030_750_278_693_429_944,
    12_247_334_978_882_834_399,
    8_131_365_268_884_726_200,
    3_584_323_654_723_342_297,
    696_457_651_847_595_233,
    26_294_789_957_452_057,
    37_481_735_321_082,
];

/// `2**64 / log2(sqrt(1.0001))`.
const TICKS_PER_OCTAVE_X64: i128 = 255_738_958_999_603_826_347_141;

/// Bits of the logarithm's fraction: one step of the last bit is less than one tick.
const LOG_FRACTION_BITS: u32 = 14;

/// `sqrt_price_from_tick_index`; `None` beyond [`MIN_TICK`] or [`MAX_TICK`].
#[must_use]
pub fn sqrt_price_at_tick(tick: i32) -> Option<u128> {
    (MIN_TICK..=MAX_TICK)
        .contains(&tick)
        .then(|| sqrt_price(tick))
}

/// `tick_index_from_sqrt_price`: the greatest tick whose square root price is not above this one; `None` for
/// a price that no pool can have.
#[must_use]
pub fn tick_at_sqrt_price(sqrt_price_x64: u128) -> Option<i32> {
    (MIN_SQRT_PRICE_X64..=MAX_SQRT_PRICE_X64)
        .contains(&sqrt_price_x64)
        .then(|| tick(sqrt_price_x64))
}

/// As [`sqrt_price_at_tick`], for ticks that are known to be in bounds.
pub(super) fn sqrt_price(tick: i32) -> u128 {
    let bits = tick.unsigned_abs();
    let chosen = |factors: &'static [u128; 19]| {
        let numbered = factors.iter().enumerate();
        numbered
            .filter(move |(i, _)| bits >> i & 1 == 1)
            .map(|(_, factor)| *factor)
    };
    if tick < 0 {
        return chosen(&FALLING_X64).fold(ONE_X64, |ratio, factor| (ratio * factor) >> 64);
    }
    let ratio_x96 = chosen(&RISING_X96).fold(ONE_X96, |ratio, factor| {
        let (high, low) = multiply(ratio, factor);
        high << 32 | low >> 96
    });
    ratio_x96 >> 32
}

/// As [`tick_at_sqrt_price`], for prices that are known to be in bounds.
pub(super) fn tick(sqrt_price_x64: u128) -> i32 {
    let octaves_x14 = log2_x14(sqrt_price_x64);
    let estimate = i32::try_from((octaves_x14 * TICKS_PER_OCTAVE_X64) >> (64 + LOG_FRACTION_BITS));
    let mut tick = estimate.unwrap_or(MAX_TICK).clamp(MIN_TICK, MAX_TICK);
    while tick > MIN_TICK && sqrt_price(tick) > sqrt_price_x64 {
        tick -= 1;
    }
    while tick < MAX_TICK && sqrt_price(tick + 1) <= sqrt_price_x64 {
        tick += 1;
    }
    tick
}

/// `floor(2**14 * log2(price / 2**64))`, by squaring: each square gives the next bit.
fn log2_x14(sqrt_price_x64: u128) -> i128 {
    let zeros = sqrt_price_x64.leading_zeros();
    let mut mantissa = sqrt_price_x64 << zeros;
    let mut log = 63 - i128::from(zeros);
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
    const LOW: u128 = ONE_X64 - 1;
    let (a1, a0) = (a >> 64, a & LOW);
    let (b1, b0) = (b >> 64, b & LOW);
    let (low, middle_a, middle_b) = (a0 * b0, a1 * b0, a0 * b1);
    let middle = (low >> 64) + (middle_a & LOW) + (middle_b & LOW);
    let high = a1 * b1 + (middle_a >> 64) + (middle_b >> 64) + (middle >> 64);
    (high, middle << 64 | low & LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_the_prices_of_the_outermost_ticks() {
        assert_eq!(sqrt_price(MIN_TICK), MIN_SQRT_PRICE_X64);
        assert_eq!(sqrt_price(MAX_TICK), MAX_SQRT_PRICE_X64);
        assert_eq!(tick(MIN_SQRT_PRICE_X64), MIN_TICK);
        assert_eq!(tick(MAX_SQRT_PRICE_X64), MAX_TICK);
        assert_eq!(sqrt_price_at_tick(MAX_TICK + 1), None);
        assert_eq!(tick_at_sqrt_price(MIN_SQRT_PRICE_X64 - 1), None);
    }

    #[test]
    fn prices_rise_with_ticks_and_lead_back_to_them() {
        let mut below = 0;
        for index in MIN_TICK..=MAX_TICK {
            let price = sqrt_price(index);
            assert!(price > below, "{index}");
            if index % 97 == 0 || index.abs() > MAX_TICK - 500 {
                assert_eq!(tick(price), index);
                assert!(index == MIN_TICK || tick(price - 1) == index - 1, "{index}");
            }
            below = price;
        }
    }
}
