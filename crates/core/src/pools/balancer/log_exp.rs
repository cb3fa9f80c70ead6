//! Powers of fixed point numbers as Balancer's contract computes them, rounding by rounding.
//!
//! `base ** exponent = exp(ln(base) * exponent)`. Logarithm and exponential take out known powers of e and sum a
//! series for the rest. Source of the constants, the widths and the order of operations: `LogExpMath` of
//! `@balancer-labs/v2-solidity-utils` 4.0.0. Numbers have 18 decimals outside, 20 inside, and 36 in the logarithm
//! of a number close to one. Divisions round towards zero, as the EVM's do.

use alloy_primitives::{I256, U256};

const E18: i128 = 1_000_000_000_000_000_000;
const E20: i128 = 100 * E18;
const E36: i128 = E18 * E18;

/// `exp` is computed for exponents from -41 to 130.
const LEAST_EXPONENT: i128 = -41 * E18;
const GREATEST_EXPONENT: i128 = 130 * E18;

/// Within a tenth of one the logarithm is taken with 36 decimals.
const CLOSE_TO_ONE: i128 = E18 / 10;

/// `(x, e ** x)`: x with 18 decimals, its power a whole number.
const WHOLE_POWERS: [(i128, &str); 2] = [
    (
        128 * E18,
        "38877084059945950922200000000000000000000000000000000000",
    ),
    (64 * E18, "6235149080811616882910000000"),
];

/// `(x, e ** x)` for 32, 16, ... 1/16, both with 20 decimals.
const POWERS: [(i128, i128); 10] = [
    (32 * E20, 7_896_296_018_268_069_516_100_000_000_000_000),
    (16 * E20, 888_611_052_050_787_263_676_000_000),
    (8 * E20, 298_095_798_704_172_827_474_000),
    (4 * E20, 5_459_815_003_314_423_907_810),
    (2 * E20, 738_905_609_893_065_022_723),
    (E20, 271_828_182_845_904_523_536),
    (E20 / 2, 164_872_127_070_012_814_685),
    (E20 / 4, 128_402_541_668_774_148_407),
    (E20 / 8, 113_314_845_306_682_631_683),
    (E20 / 16, 106_449_445_891_785_942_956),
];

/// `exp` takes out the powers down to a quarter, the logarithm all of them.
const POWERS_OF_EXP: usize = 8;

/// `base ** exponent`; `None` where the contract reverts.
pub(super) fn power(base: U256, exponent: U256) -> Option<U256> {
    if exponent.is_zero() {
        return Some(U256::from(E18.unsigned_abs()));
    }
    if base.is_zero() {
        return Some(U256::ZERO);
    }
    let mild = (U256::ONE << 254) / U256::from(E20.unsigned_abs());
    if base.bit(255) || exponent >= mild {
        return None;
    }
    let (base, exponent) = (I256::from_raw(base), I256::from_raw(exponent));
    let near = I256::try_from(E18 - CLOSE_TO_ONE).ok()? < base
        && base < I256::try_from(E18 + CLOSE_TO_ONE).ok()?;
    let product = if near {
        let logarithm = ln_close_to_one(base)?;
        let one = wide(E18);
        (logarithm / one)
            .checked_mul(exponent)?
            .checked_add((logarithm % one).checked_mul(exponent)? / one)?
    } else {
        ln(base)?.checked_mul(exponent)?
    } / wide(E18);
    let product = i128::try_from(product).ok()?;
    let value = exp(product)?;
    (!value.is_negative()).then(|| value.into_raw())
}

/// `e ** x`, 18 decimals.
fn exp(x: i128) -> Option<I256> {
    if !(LEAST_EXPONENT..=GREATEST_EXPONENT).contains(&x) {
        return None;
    }
    if x < 0 {
        return Some(wide(E36) / exp(-x)?);
    }
    let mut rest = x;
    let mut whole = I256::ONE;
    for (exponent, power) in WHOLE_POWERS {
        if rest >= exponent {
            rest -= exponent;
            whole = power.parse().ok()?;
            break;
        }
    }
    rest *= 100;
    let mut product = wide(E20);
    for (exponent, power) in &POWERS[..POWERS_OF_EXP] {
        if rest >= *exponent {
            rest -= exponent;
            product = product.checked_mul(wide(*power))? / wide(E20);
        }
    }
    let series = exp_series(rest)?;
    (product.checked_mul(series)? / wide(E20))
        .checked_mul(whole)
        .map(|value| value / wide(100))
}

/// `1 + x + x**2 / 2! + ...` to the twelfth power, 20 decimals; `x` is below a quarter.
fn exp_series(x: i128) -> Option<I256> {
    let mut term = wide(x);
    let mut sum = wide(E20) + term;
    for n in 2..=12 {
        term = term.checked_mul(wide(x))? / wide(E20) / wide(n);
        sum = sum.checked_add(term)?;
    }
    Some(sum)
}

/// The natural logarithm, 18 decimals.
fn ln(a: I256) -> Option<I256> {
    if a < wide(E18) {
        return Some(-ln(wide(E36) / a)?);
    }
    let (mut rest, mut sum) = (a, I256::ZERO);
    for (exponent, power) in WHOLE_POWERS {
        let power: I256 = power.parse().ok()?;
        if power
            .checked_mul(wide(E18))
            .is_some_and(|power| rest >= power)
        {
            rest /= power;
            sum += wide(exponent);
        }
    }
    sum *= wide(100);
    rest = rest.checked_mul(wide(100))?;
    for (exponent, power) in POWERS {
        if rest >= wide(power) {
            rest = rest.checked_mul(wide(E20))? / wide(power);
            sum += wide(exponent);
        }
    }
    let series = ln_series(rest, wide(E20), 11)?;
    Some(sum.checked_add(series)? / wide(100))
}

/// The natural logarithm of a number within a tenth of one, 36 decimals.
fn ln_close_to_one(a: I256) -> Option<I256> {
    ln_series(a.checked_mul(wide(E18))?, wide(E36), 15)
}

/// `2 * (z + z**3 / 3 + z**5 / 5 + ...)` with `z = (a - 1) / (a + 1)`, up to the power `last`.
fn ln_series(a: I256, one: I256, last: i128) -> Option<I256> {
    let z = (a - one).checked_mul(one)? / a.checked_add(one)?;
    let square = z.checked_mul(z)? / one;
    let (mut power, mut sum) = (z, z);
    for n in (3..=last).step_by(2) {
        power = power.checked_mul(square)? / one;
        sum += power / wide(n);
    }
    sum.checked_mul(wide(2))
}

fn wide(value: i128) -> I256 {
    let magnitude = I256::from_raw(U256::from(value.unsigned_abs()));
    if value < 0 { -magnitude } else { magnitude }
}
