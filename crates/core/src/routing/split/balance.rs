//! Shares of the amount at which no path would pay more for the next unit than another, in real numbers.

use super::path::{Path, Shares, Traded};
use crate::pools::Exact;
use crate::routing::convex::Market;

/// Moves between two paths until they are taken to be balanced.
const MOST_MOVES: usize = 60;
/// Change of the far end, relative to it, below which a move is not worth another.
const SETTLED: f64 = 1e-11;
/// Step of a difference quotient, relative to the whole amount.
const NUDGE: f64 = 1e-6;
/// Trials of one move's size.
const MOST_TRIALS: usize = 24;

/// Balances shares, and says what the far end then is.
pub(super) struct Balancer<'a> {
    pub(super) market: &'a Market<'a>,
    pub(super) exact: Exact,
    pub(super) amount: f64,
    pub(super) traded: Traded,
}

impl Balancer<'_> {
    /// The far end: the greater the better; an exact output counts what it takes as negative.
    pub(super) fn worth(&mut self, shares: &Shares) -> f64 {
        let far = shares.far(self.market, self.exact, &mut self.traded);
        match self.exact {
            Exact::In => far,
            Exact::Out => -far,
        }
    }

    /// Moves amounts from the path that would miss them least to the one that gains most, until that gains nothing.
    pub(super) fn balance(&mut self, shares: &mut Shares) -> f64 {
        let mut worth = self.worth(shares);
        for _ in 0..MOST_MOVES {
            let Some((from, to)) = self.unbalanced(shares, worth) else {
                break;
            };
            let before = worth;
            worth = self.shift(shares, from, to, worth);
            if worth - before <= SETTLED * before.abs() {
                break;
            }
        }
        worth
    }

    /// The path that would miss a little least, and the one that gains most from it.
    fn unbalanced(&mut self, shares: &mut Shares, worth: f64) -> Option<(usize, usize)> {
        let nudge = self.amount * NUDGE;
        let (mut least, mut most): (Option<(usize, f64)>, Option<(usize, f64)>) = (None, None);
        for at in 0..shares.near.len() {
            let near = shares.near[at];
            shares.near[at] = near + nudge;
            let gain = (self.worth(shares) - worth) / nudge;
            if most.is_none_or(|(_, most)| gain > most) {
                most = Some((at, gain));
            }
            if near > 0.0 {
                let less = nudge.min(near);
                shares.near[at] = near - less;
                let loss = (worth - self.worth(shares)) / less;
                if least.is_none_or(|(_, least)| loss < least) {
                    least = Some((at, loss));
                }
            }
            shares.near[at] = near;
        }
        let ((from, loss), (to, gain)) = (least?, most?);
        (from != to && gain > loss).then_some((from, to))
    }

    /// Moves the best part of one share to another: a search by thirds in what is concave.
    fn shift(&mut self, shares: &mut Shares, from: usize, to: usize, worth: f64) -> f64 {
        let [source, target] = [shares.near[from], shares.near[to]];
        let mut at = |balancer: &mut Self, part: f64| {
            shares.near[from] = source - part;
            shares.near[to] = target + part;
            balancer.worth(shares)
        };
        let (mut low, mut high) = (0.0, source);
        for _ in 0..MOST_TRIALS {
            let third = (high - low) / 3.0;
            let [left, right] = [low + third, high - third];
            if at(self, left) < at(self, right) {
                low = left;
            } else {
                high = right;
            }
        }
        // The ends themselves are often best: a path that is not worth anything.
        let mut best = (0.0, worth);
        for part in [source, (low + high) * 0.5] {
            let worth = at(self, part);
            if worth > best.1 {
                best = (part, worth);
            }
        }
        at(self, best.0);
        best.1
    }

    /// What is left without one path, its share spread over the others as they are.
    pub(super) fn without(&self, shares: &Shares, out: usize) -> Shares {
        let mut left = shares.clone();
        let path: Path = left.paths.remove(out);
        let share = left.near.remove(out);
        drop(path);
        let rest: f64 = left.near.iter().sum();
        let spread = if rest > 0.0 {
            (rest + share) / rest
        } else {
            0.0
        };
        for near in &mut left.near {
            *near *= spread;
        }
        if rest <= 0.0
            && let Some(near) = left.near.first_mut()
        {
            *near = self.amount;
        }
        left
    }
}
