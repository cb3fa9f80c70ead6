//! What a pool gives at most, in real numbers: a few nanoseconds where an exact answer takes many.
//!
//! A bound decides no amount. It is never below what the pool gives (exact input) and never above what it takes
//! (exact output), so whatever is worse by its bound than an exact answer is worse indeed.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds steer the search; each is rounded to its safe side"
)]

use alloy_primitives::U256;

use super::request::Net;
use crate::pools::{Curve, Pool, PoolMath, TokenPair};

/// More than the rounding of all operations of one bound together, which is below ten times `2**-53`.
const SLACK: f64 = 1e-14;

/// The curve of a pool of two tokens whose curve is one hyperbola: `out * x / (into + x)` for an input `x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hyperbolic {
    /// The reserve that pays out, by the token paid in, rounded up.
    out: [f64; 2],
    /// The reserve of the token paid in, over one less the fee, rounded down; NaN where there is no such curve.
    into: [f64; 2],
}

impl Hyperbolic {
    pub(super) const NONE: Self = Self {
        out: [0.0; 2],
        into: [f64::NAN; 2],
    };

    pub(super) fn of(pool: &Pool) -> Self {
        if pool.tokens().len() != 2 {
            return Self::NONE;
        }
        let one = |pair| match pool.curve(pair) {
            Curve::Hyperbolas(pieces) => match pieces[..] {
                [piece] => Some((
                    piece.reserve_out * (1.0 + SLACK),
                    piece.reserve_in / piece.gamma * (1.0 - SLACK),
                )),
                _ => None,
            },
            _ => None,
        };
        let sound = |(out, into): (f64, f64)| out.is_finite() && into.is_finite() && into > 0.0;
        match [TokenPair::ZERO_FOR_ONE, TokenPair::ONE_FOR_ZERO].map(one) {
            [Some(zero), Some(one)] if sound(zero) && sound(one) => Self {
                out: [zero.0, one.0],
                into: [zero.1, one.1],
            },
            _ => Self::NONE,
        }
    }

    pub(super) fn exists(&self) -> bool {
        !self.into[0].is_nan()
    }

    /// The two numbers of one direction.
    #[inline]
    pub(super) fn side(&self, pair: TokenPair) -> Side {
        let at = usize::from(pair.input & 1);
        Side {
            out: self.out[at],
            into: self.into[at],
        }
    }
}

/// A hyperbola in one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    out: f64,
    into: f64,
}

impl Side {
    /// Whether the pool's curve is such a one.
    #[inline]
    pub(super) fn exists(self) -> bool {
        !self.into.is_nan()
    }

    /// At least what comes out for `input`.
    #[inline]
    pub(super) fn most_out(self, input: f64) -> f64 {
        self.out * input / (self.into + input) * (1.0 + SLACK)
    }

    /// At most what must go in for `output`; infinite when no input is enough.
    #[inline]
    pub(super) fn least_in(self, output: f64) -> f64 {
        let left = self.out - output;
        if left > 0.0 {
            self.into * output / left * (1.0 - SLACK)
        } else {
            f64::INFINITY
        }
    }
}

/// A real number not below this integer.
pub(super) fn at_least(amount: U256) -> f64 {
    nearby(amount.as_limbs()) * (1.0 + SLACK)
}

/// A real number not above this integer.
pub(super) fn at_most(amount: U256) -> f64 {
    nearby(amount.as_limbs()) * (1.0 - SLACK)
}

/// An integer not below this number; `None` from `2**255` on.
pub(super) fn rounded_up(number: f64) -> Option<U256> {
    whole(number).map(|whole| whole + U256::ONE)
}

/// An integer not above this number; `None` from `2**255` on.
pub(super) fn rounded_down(number: f64) -> Option<U256> {
    whole(number)
}

/// At least `a - b`.
pub(super) fn difference_at_most(a: Net, b: Net) -> f64 {
    nearby(a.as_limbs()) * (1.0 + SLACK) - nearby(b.as_limbs()) * (1.0 - SLACK)
}

fn nearby(limbs: &[u64]) -> f64 {
    let word = (1u128 << 64) as f64;
    let add = |sum: f64, limb: &u64| sum * word + *limb as f64;
    limbs.iter().rev().fold(0.0, add)
}

fn whole(number: f64) -> Option<U256> {
    if number.is_nan() || number < 0.0 {
        return None;
    }
    if number < (1u128 << 127) as f64 {
        return Some(U256::from(number as u128));
    }
    // From 2**127 on a double is an integer: 53 bits, shifted.
    let exponent = ((number.to_bits() >> 52) & 0x7FF) as usize;
    let fraction = (number.to_bits() & ((1 << 52) - 1)) | (1 << 52);
    (exponent - 1023 < 255).then(|| U256::from(fraction) << (exponent - 1023 - 52))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_and_its_bounds_stay_on_their_sides(limbs in any::<[u64; 4]>(), shift in 1usize..256) {
            let amount = U256::from_limbs(limbs) >> shift;
            let (low, high) = (at_most(amount), at_least(amount));
            prop_assert!(rounded_down(low).unwrap() <= amount);
            if let Some(high) = rounded_up(high) {
                prop_assert!(high >= amount);
                prop_assert!(high <= amount + (amount >> 40) + U256::from(2));
            }
        }
    }
}
