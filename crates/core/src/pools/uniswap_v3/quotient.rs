//! Quotients of wide integers, with as many hardware divisions as the quotient has digits.
//!
//! Long division by digits of 64 bits (Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D).

use alloy_primitives::aliases::U384;

const LIMBS: usize = 6;

/// `over / under`, rounded down, and whether something remains. `under` is not zero.
pub(super) fn quotient(over: U384, under: U384) -> (U384, bool) {
    let (over_limbs, under_limbs) = (over.into_limbs(), under.into_limbs());
    let (over_len, under_len) = (len(&over_limbs), len(&under_limbs));
    if over_len < under_len {
        return (U384::ZERO, over_len > 0);
    }
    if under_len <= 1 {
        return short(over_limbs, under_limbs[0].max(1));
    }
    let shift = under_limbs[under_len - 1].leading_zeros();
    let divisor = shifted(under_limbs, shift);
    let mut rest = shifted(over_limbs, shift);
    let mut digits = [0; LIMBS];
    for place in (0..=over_len - under_len).rev() {
        digits[place] = next_digit(&mut rest[place..=place + under_len], &divisor[..under_len]);
    }
    let inexact = rest.iter().any(|limb| *limb != 0);
    (U384::from_limbs(digits), inexact)
}

/// One digit of the quotient, taken off the rest; `rest` has one limb more than the divisor.
fn next_digit(rest: &mut [u64], divisor: &[u64]) -> u64 {
    let n = divisor.len();
    let (first, second) = (u128::from(divisor[n - 1]), u128::from(divisor[n - 2]));
    let head = u128::from(rest[n]) << 64 | u128::from(rest[n - 1]);
    // Too large by two at most; the second digit of the divisor tells nearly always.
    let (mut digit, mut left) = if u128::from(rest[n]) >= first {
        let digit = u128::from(u64::MAX);
        (digit, head - digit * first)
    } else {
        (head / first, head % first)
    };
    while left >> 64 == 0 && digit * second > (left << 64 | u128::from(rest[n - 2])) {
        digit -= 1;
        left += first;
    }
    let borrowed = subtract_product(rest, divisor, digit);
    if borrowed {
        digit -= 1;
        add_back(rest, divisor);
    }
    low_half(digit)
}

/// `rest -= divisor * digit`; whether that was too much.
fn subtract_product(rest: &mut [u64], divisor: &[u64], digit: u128) -> bool {
    let (mut carry, mut borrow) = (0_u128, false);
    for (limb, part) in rest.iter_mut().zip(divisor.iter().chain([&0])) {
        let product = digit * u128::from(*part) + carry;
        carry = product >> 64;
        let (once, under) = limb.overflowing_sub(low_half(product));
        let (twice, again) = once.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (twice, under || again);
    }
    borrow
}

fn add_back(rest: &mut [u64], divisor: &[u64]) {
    let mut carry = false;
    for (limb, part) in rest.iter_mut().zip(divisor.iter().chain([&0])) {
        let (once, over) = limb.overflowing_add(*part);
        let (twice, again) = once.overflowing_add(u64::from(carry));
        (*limb, carry) = (twice, over || again);
    }
}

/// Division by one digit.
fn short(over: [u64; LIMBS], under: u64) -> (U384, bool) {
    let mut digits = [0; LIMBS];
    let mut rest = 0_u128;
    for (digit, limb) in digits.iter_mut().zip(over).rev() {
        let head = rest << 64 | u128::from(limb);
        *digit = low_half(head / u128::from(under));
        rest = head % u128::from(under);
    }
    (U384::from_limbs(digits), rest != 0)
}

/// To the left by less than one digit.
fn shifted(limbs: [u64; LIMBS], shift: u32) -> [u64; LIMBS + 1] {
    let mut result = [0; LIMBS + 1];
    let mut carry = 0;
    for (place, limb) in result.iter_mut().zip(limbs.into_iter().chain([0])) {
        let wide = u128::from(limb) << shift;
        *place = low_half(wide) | carry;
        carry = low_half(wide >> 64);
    }
    result
}

fn len(limbs: &[u64; LIMBS]) -> usize {
    limbs
        .iter()
        .rposition(|limb| *limb != 0)
        .map_or(0, |at| at + 1)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the low half is what is asked for"
)]
fn low_half(wide: u128) -> u64 {
    wide as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_wide() -> impl Strategy<Value = U384> {
        let limb = prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), Just(1 << 63)];
        (prop::array::uniform6(limb), 0..384_usize)
            .prop_map(|(limbs, shift)| U384::from_limbs(limbs) >> shift)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn equals_the_division_of_the_library(over in any_wide(), under in any_wide()) {
            let under = under.max(U384::ONE);
            let (expected, rest) = over.div_rem(under);
            prop_assert_eq!(quotient(over, under), (expected, !rest.is_zero()));
        }
    }
}
