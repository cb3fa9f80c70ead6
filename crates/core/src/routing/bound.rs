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
pub(in crate::routing) struct Side {
    out: f64,
    into: f64,
}

impl Side {
    /// Whether the pool's curve is such a one.
    #[inline]
    pub(super) fn exists(self) -> bool {
        !self.into.is_nan()
    }

    /// The reserve that pays out.
    #[inline]
    pub(super) fn give(self) -> f64 {
        self.out
    }

    /// The reserve of the token paid in, over one less the fee.
    #[inline]
    pub(super) fn take(self) -> f64 {
        self.into
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

/// The curves of a weighted pool, one for each way through it in the order of
/// [`way_number`](super::neighbours::way_number).
#[derive(Debug, Clone)]
pub(super) struct Powers(Box<[Power]>);

/// `balance_out * (1 - (balance_in / (balance_in + gamma * x)) ** exponent)`.
#[derive(Debug, Clone, Copy)]
struct Power {
    balance_in: f64,
    balance_out: f64,
    exponent: f64,
    gamma: f64,
    capacity_in: f64,
}

/// More than the rounding of the logarithms and powers below, over the range in which they are used.
const POWER_SLACK: f64 = 1e-9;

/// The part of a balance beyond which the inverse curve is not followed; what it takes there is taken for all more.
const MOST_OUT: f64 = 0.9;

impl Powers {
    /// `None` when a way of the pool is no such curve.
    pub(super) fn of(pool: &Pool) -> Option<Self> {
        if !matches!(pool, Pool::BalancerWeighted(_)) {
            return None;
        }
        let tokens = u8::try_from(pool.tokens().len()).ok()?;
        let pairs = (0..tokens).flat_map(|input| {
            let others = (0..tokens).filter(move |output| *output != input);
            others.map(move |output| TokenPair { input, output })
        });
        let power = |pair| match pool.curve(pair) {
            Curve::Weighted {
                balance_in,
                balance_out,
                exponent,
                gamma,
                capacity_in,
            } => Some(Power {
                balance_in,
                balance_out,
                exponent,
                gamma,
                capacity_in,
            }),
            _ => None,
        };
        pairs.map(power).collect::<Option<Box<_>>>().map(Self)
    }

    /// At least what the way gives for `input`, or for less.
    pub(super) fn most_out(&self, way: usize, input: f64) -> Option<f64> {
        let it = self.0.get(way)?;
        let paid = it.gamma * input.min(it.capacity_in * (1.0 + POWER_SLACK));
        let kept = -it.exponent * (paid / it.balance_in).ln_1p();
        let most = it.balance_out * -kept.exp_m1() * (1.0 + POWER_SLACK);
        most.is_finite().then_some(most)
    }

    /// At most what the way takes for `output`, or for more.
    pub(super) fn least_in(&self, way: usize, output: f64) -> Option<f64> {
        let it = self.0.get(way)?;
        let part = (output / it.balance_out).min(MOST_OUT);
        let grown = -(-part).ln_1p() / it.exponent;
        let least = it.balance_in / it.gamma * grown.exp_m1() * (1.0 - POWER_SLACK);
        least.is_finite().then_some(least)
    }
}

/// At least the most that a pool gives for any input; `None` where its curve does not say.
pub(super) fn most_ever(curve: &Curve) -> Option<f64> {
    let most = match curve {
        Curve::Hyperbolas(pieces) => pieces
            .iter()
            .map(|piece| {
                let paid = piece.gamma * piece.capacity_in;
                if paid.is_finite() {
                    piece.reserve_out * paid / (piece.reserve_in + paid)
                } else {
                    piece.reserve_out
                }
            })
            .sum::<f64>(),
        Curve::Lines(pieces) => pieces
            .iter()
            .map(|piece| piece.price * piece.capacity_in)
            .sum::<f64>(),
        Curve::Weighted { balance_out, .. } => *balance_out,
        Curve::Stable {
            balances,
            output,
            scale_out,
            ..
        } => balances.get(*output)? / scale_out,
        Curve::Nothing => 0.0,
    };
    most.is_finite().then_some(most * (1.0 + POWER_SLACK))
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
