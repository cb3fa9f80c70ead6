//! The curve of a stable pool: closed form for amounts, a bracketed search for prices.

use super::edge_curve::Trade;
use crate::pools::Curve;

/// Halvings of a bracket: enough for every bit of a number.
const HALVINGS: usize = 64;
/// Doublings until a bracket holds the answer.
const DOUBLINGS: usize = 200;

/// `ann * sum + D = ann * D + D**(n + 1) / (n**n * product)`, seen along one pair of tokens.
#[derive(Debug, Clone)]
pub(in crate::routing) struct StableCurve {
    /// Balances of the pair, scaled.
    take: f64,
    give: f64,
    /// The amplification times the number of tokens, as [`Curve::Stable`] gives it.
    ann: f64,
    invariant: f64,
    /// Sum of the other balances.
    others: f64,
    /// `D**(n + 1) / (n**n * product of the other balances)`.
    power: f64,
    scale_in: f64,
    scale_out: f64,
    gamma: f64,
}

impl StableCurve {
    /// `None` for any other curve, or one without balances.
    pub(super) fn new(curve: &Curve) -> Option<Self> {
        let Curve::Stable {
            balances,
            input,
            output,
            amplification,
            invariant,
            scale_in,
            scale_out,
            gamma,
        } = curve
        else {
            return None;
        };
        let others = || {
            let places = balances.iter().enumerate();
            places.filter(|(place, _)| place != input && place != output)
        };
        let count = balances.len() as f64;
        let shares = others().map(|(_, balance)| invariant / (count * balance));
        let made = Self {
            take: *balances.get(*input)?,
            give: *balances.get(*output)?,
            ann: *amplification,
            invariant: *invariant,
            others: others().map(|(_, balance)| balance).sum(),
            power: shares.product::<f64>() * invariant * (invariant / count) * (invariant / count),
            scale_in: *scale_in,
            scale_out: *scale_out,
            gamma: *gamma,
        };
        let usable = made.take > 0.0 && made.give > 0.0 && made.power.is_finite();
        usable.then_some(made)
    }

    pub(super) fn depth(&self) -> f64 {
        self.take / self.scale_in
    }

    /// What the output's rounding may hide, in raw units: outputs are differences of balances.
    pub(super) fn grain(&self) -> f64 {
        1e-14 * (self.give + self.invariant) / self.scale_out
    }

    pub(super) fn best_price(&self) -> f64 {
        self.price(0.0)
    }

    pub(super) fn most(&self) -> f64 {
        self.give / self.scale_out
    }

    pub(super) fn output(&self, input: f64) -> f64 {
        let after = self.give_at(self.take + self.gamma * self.scale_in * input);
        (self.give_at(self.take) - after).max(0.0) / self.scale_out
    }

    pub(super) fn input(&self, output: f64) -> f64 {
        if output * self.scale_out >= self.give {
            return f64::INFINITY;
        }
        self.bracket(|input| self.output(input) < output)
    }

    pub(super) fn trade_at(&self, ratio: f64) -> Trade {
        if self.best_price() <= ratio {
            return Trade {
                input: 0.0,
                output: 0.0,
                slack: 0.0,
            };
        }
        let input = self.bracket(|input| self.price(input) > ratio);
        let step = (input + 1e-3 * self.depth()) * 1e-4;
        let bend = (self.price(input) / self.price(input + step)).ln() / step;
        Trade {
            input,
            output: self.output(input),
            slack: if bend > 0.0 { bend.recip() } else { 0.0 },
        }
    }

    /// Where a condition that holds at nothing ends.
    fn bracket(&self, holds: impl Fn(f64) -> bool) -> f64 {
        let mut high = self.depth() * 1e-6;
        let mut low = 0.0;
        for _ in 0..DOUBLINGS {
            if !holds(high) {
                break;
            }
            low = high;
            high *= 2.0;
        }
        for _ in 0..HALVINGS {
            let middle = low + (high - low) * 0.5;
            if holds(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The balance of the output that keeps the invariant: the positive root of a quadratic.
    fn give_at(&self, take: f64) -> f64 {
        let linear = self.others + take + self.invariant / self.ann - self.invariant;
        let constant = self.power / (self.ann * take);
        let root = (linear * linear + 4.0 * constant).sqrt();
        if linear > 0.0 {
            2.0 * constant / (root + linear)
        } else {
            (root - linear) * 0.5
        }
    }

    fn price(&self, input: f64) -> f64 {
        let take = self.take + self.gamma * self.scale_in * input;
        let give = self.give_at(take);
        let product = self.power / (take * give);
        let slope = (self.ann + product / take) / (self.ann + product / give);
        self.gamma * self.scale_in / self.scale_out * slope
    }
}
