//! The price of a bin: `(1 + bin_step / 10000) ** id` as a Q64.64 number, with the program's own rounding; and
//! amounts at a price.
//!
//! Source: `get_price_from_id` and `pow` of the program (`lb_clmm` 0.12.0, published in `MeteoraAg/dlmm-sdk`).

use alloy_primitives::U256;

use crate::pools::Direction;

/// The lowest and the highest bin.
pub(super) const BIN_IDS: std::ops::RangeInclusive<i32> = -443_636..=443_636;

const ONE: u128 = 1 << 64;

/// The price of a bin in units of Y per unit of X, Q64.64; `None` where it does not fit.
pub(super) fn price_x64(bin_step: u16, id: i32) -> Option<u128> {
    if id == 0 {
        return Some(ONE);
    }
    if !BIN_IDS.contains(&id) || bin_step == 0 {
        return None;
    }
    // The power is taken of a number below one, so that its square stays within 128 bits.
    let base = ONE + (u128::from(bin_step) << 64) / 10_000;
    let mut square = u128::MAX / base;
    let mut power = ONE;
    let mut exponent = id.unsigned_abs();
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power.checked_mul(square)? >> 64;
        }
        exponent >>= 1;
        square = square.checked_mul(square)? >> 64;
    }
    if id.is_negative() {
        return Some(power).filter(|price| *price > 0);
    }
    u128::MAX.checked_div(power)
}

/// What a bin gives for an input, rounded down; `None` beyond 64 bits.
pub(super) fn output_raw(direction: Direction, price_x64: u128, input_raw: u64) -> Option<u64> {
    match direction {
        Direction::ZeroForOne => times(price_x64, input_raw).map(|(whole, _)| whole),
        Direction::OneForZero => over(price_x64, input_raw).map(|(whole, _)| whole),
    }
}

/// What a bin takes for an output, rounded up; `None` beyond 64 bits.
pub(super) fn input_raw(direction: Direction, price_x64: u128, output_raw: u64) -> Option<u64> {
    let (whole, rest) = match direction {
        Direction::ZeroForOne => over(price_x64, output_raw)?,
        Direction::OneForZero => times(price_x64, output_raw)?,
    };
    whole.checked_add(u64::from(rest))
}

/// `amount * price`, and whether something was cut off.
fn times(price_x64: u128, amount: u64) -> Option<(u64, bool)> {
    let product = U256::from(price_x64) * U256::from(amount);
    let whole: U256 = product >> 64;
    let rest = product.as_limbs().first().is_some_and(|limb| *limb != 0);
    Some((u64::try_from(whole).ok()?, rest))
}

/// `amount / price`, and whether something was cut off.
fn over(price_x64: u128, amount: u64) -> Option<(u64, bool)> {
    let scaled = u128::from(amount) << 64;
    let whole = scaled.checked_div(price_x64)?;
    Some((u64::try_from(whole).ok()?, scaled % price_x64 != 0))
}
