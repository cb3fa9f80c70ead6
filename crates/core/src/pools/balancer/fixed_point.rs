//! Balancer's fixed point numbers: 18 decimals in 256 bits, each operation with a stated rounding.
//!
//! What the contract reverts on (overflow, division by zero) is `None` here. Source of the roundings:
//! `FixedPoint` of `@balancer-labs/v2-solidity-utils` 4.0.0.

use alloy_primitives::{U256, uint};

use super::log_exp::power;

pub(super) const ONE: U256 = uint!(1_000_000_000_000_000_000_U256);
const TWO: U256 = uint!(2_000_000_000_000_000_000_U256);
const FOUR: U256 = uint!(4_000_000_000_000_000_000_U256);

/// The power's relative error is below `10**-14`.
const POWER_ERROR: U256 = uint!(10_000_U256);

pub(super) fn mul_down(a: U256, b: U256) -> Option<U256> {
    Some(a.checked_mul(b)? / ONE)
}

pub(super) fn mul_up(a: U256, b: U256) -> Option<U256> {
    Some(a.checked_mul(b)?.div_ceil(ONE))
}

pub(super) fn div_down(a: U256, b: U256) -> Option<U256> {
    a.checked_mul(ONE)?.checked_div(b)
}

pub(super) fn div_up(a: U256, b: U256) -> Option<U256> {
    let inflated = a.checked_mul(ONE)?;
    (!b.is_zero()).then(|| inflated.div_ceil(b))
}

/// `1 - a`, and never less than nothing.
pub(super) fn complement(a: U256) -> U256 {
    ONE.saturating_sub(a)
}

/// `base ** exponent`, never below the true value. `shortcuts` is how newer pools take the exponents 1, 2 and 4.
pub(super) fn power_up(base: U256, exponent: U256, shortcuts: bool) -> Option<U256> {
    if shortcuts && exponent == ONE {
        return Some(base);
    }
    if shortcuts && (exponent == TWO || exponent == FOUR) {
        let square = mul_up(base, base)?;
        return if exponent == TWO {
            Some(square)
        } else {
            mul_up(square, square)
        };
    }
    let raw = power(base, exponent)?;
    let error = mul_up(raw, POWER_ERROR)?.checked_add(U256::ONE)?;
    raw.checked_add(error)
}
