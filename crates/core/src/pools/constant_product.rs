//! Constant product in integers: the divisions that Uniswap V2 and the Solana programs share, each exact.
//!
//! One hardware division where the amounts allow it; the wide type only where they do not.

use alloy_primitives::U256;

use super::PoolError;
use crate::ChainAddress;

/// `floor(amount * reserve_out / (reserve_in + amount))`: what the curve gives, without fees; at most
/// `reserve_out`. An empty reserve with nothing paid in gives nothing.
#[inline]
pub(super) fn output_raw(amount: u64, reserve_in: u64, reserve_out: u64) -> u64 {
    let product = u128::from(amount) * u128::from(reserve_out);
    let under = u128::from(reserve_in) + u128::from(amount);
    let quotient = match u64::try_from(under) {
        Ok(0) => 0,
        Ok(under) => product / u128::from(under),
        Err(_) => product / under,
    };
    low_half(quotient)
}

/// `ceil(reserve_in * output / (reserve_out - output))`: what the curve takes, without fees; `None` where
/// the reserve would be emptied.
#[inline]
pub(super) fn input_raw(output: u64, reserve_in: u64, reserve_out: u64) -> Option<u128> {
    let left = reserve_out.checked_sub(output).filter(|left| *left > 0)?;
    let product = u128::from(reserve_in) * u128::from(output);
    Some(product.div_ceil(u128::from(left)))
}

/// `ceil(amount * over / under)` for a fee; `None` when `under` is zero.
#[inline]
pub(super) fn share_up(amount: u64, over: u64, under: u64) -> Option<u128> {
    if under == 0 {
        return None;
    }
    let product = u128::from(amount) * u128::from(over);
    Some(match u64::try_from(product) {
        Ok(product) => u128::from(product.div_ceil(under)),
        Err(_) => product.div_ceil(u128::from(under)),
    })
}

/// `floor(a * b / under)`; `None` when `under` is zero or the quotient has more than 128 bits.
#[inline]
pub(super) fn mul_div(a: u128, b: u128, under: u128) -> Option<u128> {
    let (high, low) = widening_mul(a, b);
    if high == 0 {
        return low.checked_div(under);
    }
    if high >= under {
        return None;
    }
    Some(wide_div(high, low, under))
}

/// `a * b` as two halves.
#[inline]
fn widening_mul(a: u128, b: u128) -> (u128, u128) {
    let (a1, a0) = halves(a);
    let (b1, b0) = halves(b);
    let low = a0 * b0;
    let (cross, carried) = (a1 * b0).overflowing_add(a0 * b1);
    let (low, carry) = low.overflowing_add(cross << 64);
    let high = a1 * b1 + (cross >> 64) + (u128::from(carried) << 64) + u128::from(carry);
    (high, low)
}

/// `floor((high * 2**128 + low) / under)` for `high < under`: two digits of 64 bits, by Knuth's algorithm D.
#[inline]
fn wide_div(high: u128, low: u128, under: u128) -> u128 {
    let shift = under.leading_zeros();
    // Two shifts to the right, because one by 128 does not exist.
    let high = high << shift | low >> 1 >> (127 - shift);
    let (low1, low0) = halves(low << shift);
    let (digit1, rest) = digit(high, low1, under << shift);
    let (digit0, _) = digit(rest, low0, under << shift);
    digit1 << 64 | digit0
}

/// One digit of 64 bits, and the rest: `(rest * 2**64 + next) / under`, where `under` has its top bit set and
/// `rest < under`.
#[inline]
fn digit(rest: u128, next: u128, under: u128) -> (u128, u128) {
    let (under1, under0) = halves(under);
    if rest >> 64 >= under1 {
        return widest_digit(rest, next, under);
    }
    // At most two too large, which shows as a negative rest.
    let guess = rest / under1;
    let (left, negative) = ((rest - guess * under1) << 64 | next).overflowing_sub(guess * under0);
    if !negative {
        return (guess, left);
    }
    let (left, positive) = left.overflowing_add(under);
    if positive {
        return (guess - 1, left);
    }
    (guess - 2, left.wrapping_add(under))
}

/// A digit whose guess would outgrow it.
#[cold]
fn widest_digit(rest: u128, next: u128, under: u128) -> (u128, u128) {
    let (under1, under0) = halves(under);
    let mut guess = u128::from(u64::MAX);
    let mut left = rest - guess * under1;
    // Once `left` has outgrown a digit, the guess is not too large.
    while left >> 64 == 0 && guess * under0 > (left << 64 | next) {
        guess -= 1;
        left += under1;
    }
    let left = (rest << 64 | next).wrapping_sub(guess.wrapping_mul(under));
    (guess, left)
}

#[inline]
fn halves(wide: u128) -> (u128, u128) {
    (wide >> 64, u128::from(low_half(wide)))
}

#[inline]
#[allow(
    clippy::cast_possible_truncation,
    reason = "the low half is what is wanted"
)]
fn low_half(wide: u128) -> u64 {
    wide as u64
}

/// An amount as the Solana programs take it.
#[inline]
pub(super) fn amount_u64(
    pool: ChainAddress,
    field: &'static str,
    amount_raw: U256,
) -> Result<u64, PoolError> {
    if amount_raw.is_zero() {
        return Err(PoolError::AmountZero { field });
    }
    u64::try_from(amount_raw).map_err(|_| PoolError::SwapRefused {
        field,
        pool,
        given: amount_raw,
        reason: "the program takes amounts below 2**64",
    })
}

/// `ceil(numerator * 1e6 / denominator)` as a rate; a whole where the denominator is zero.
pub(super) fn ppm_up(numerator: u64, denominator: u64) -> u32 {
    share_up(1_000_000, numerator, denominator)
        .and_then(|ppm| u32::try_from(ppm).ok())
        .unwrap_or(1_000_000)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{U256, U512};
    use proptest::prelude::*;

    use super::*;

    /// Numbers whose digits are often all zeros or all ones, where a guess of Knuth's is wrong.
    fn wide() -> impl Strategy<Value = u128> {
        let half = || {
            prop_oneof![
                Just(0),
                Just(1),
                Just(u64::MAX),
                Just(1 << 63),
                any::<u64>()
            ]
        };
        (half(), half(), 0..128_u32)
            .prop_map(|(high, low, shift)| (u128::from(high) << 64 | u128::from(low)) >> shift)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn divides_as_the_wide_type_does(a in wide(), b in wide(), under in wide()) {
            let expected = U512::from(a) * U512::from(b);
            let expected = (under > 0)
                .then(|| expected / U512::from(under.max(1)))
                .and_then(|quotient| u128::try_from(quotient).ok());
            prop_assert_eq!(mul_div(a, b, under), expected);
        }

        #[test]
        fn gives_and_takes_what_the_closed_form_says(
            amount: u64,
            reserve_in: u64,
            reserve_out: u64,
        ) {
            let [x, r, q] = [amount, reserve_in, reserve_out].map(U256::from);
            if amount > 0 || reserve_in > 0 {
                prop_assert_eq!(U256::from(output_raw(amount, reserve_in, reserve_out)), x * q / (r + x));
            }
            let taken = (amount < reserve_out).then(|| (r * x).div_ceil(q - x));
            prop_assert_eq!(input_raw(amount, reserve_in, reserve_out).map(U256::from), taken);
        }
    }
}
