//! Shares of the amount at which no path would pay more for the next unit than another, in real numbers.

use super::path::{Shares, Traded};
use crate::pools::Exact;
use crate::routing::convex::Market;

/// Steps until shares are taken to be balanced.
const MOST_STEPS: usize = 24;
/// Change of the far end, relative to it, below which a step is not worth another.
const SETTLED: f64 = 1e-11;
/// Moves between two paths after that.
const MOST_MOVES: usize = 30;
/// Trials of one move's size.
const MOST_TRIALS: usize = 24;
/// Step of a difference quotient, relative to the whole amount.
const NUDGE: f64 = 1e-5;
/// The least curvature that is believed, relative to slope and amount.
const LEAST_BEND: f64 = 1e-3;
const MOST_HALVINGS: usize = 8;
/// Halvings of the bracket of the common slope.
const SLOPE_HALVINGS: usize = 60;

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

    /// Newton's method for each share, tied together by the amount: shares move to where all slopes are the same.
    pub(super) fn balance(&mut self, shares: &mut Shares) -> f64 {
        let mut worth = self.worth(shares);
        for _ in 0..MOST_STEPS {
            let lines = self.slopes(shares, worth);
            let target = common_slope(&lines, &shares.near, self.amount);
            let Some(better) = self.walk(shares, &target, worth) else {
                break;
            };
            let gain = better - worth;
            worth = better;
            if gain <= SETTLED * worth.abs() {
                break;
            }
        }
        self.exchange(shares, worth)
    }

    /// Moves amounts between two paths at a time: those that share a pool, or end in one, do not move as lines do.
    fn exchange(&mut self, shares: &mut Shares, mut worth: f64) -> f64 {
        for _ in 0..MOST_MOVES {
            let Some((from, to)) = self.furthest_apart(shares, worth) else {
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
    fn furthest_apart(&mut self, shares: &mut Shares, worth: f64) -> Option<(usize, usize)> {
        let nudge = self.amount * NUDGE * 0.1;
        let mut least: Option<(usize, f64)> = None;
        let mut most: Option<(usize, f64)> = None;
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
        // The end itself is often best: a path that is not worth anything.
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

    /// What a little more of each share is worth, and how fast that falls.
    fn slopes(&mut self, shares: &mut Shares, worth: f64) -> Vec<Line> {
        let nudge = self.amount * NUDGE;
        (0..shares.near.len())
            .map(|at| {
                let near = shares.near[at];
                shares.near[at] = near + nudge;
                let more = (self.worth(shares) - worth) / nudge;
                let slope = if near > nudge {
                    shares.near[at] = near - nudge;
                    (more + (worth - self.worth(shares)) / nudge) * 0.5
                } else {
                    more
                };
                shares.near[at] = near + 2.0 * nudge;
                let further = (self.worth(shares) - worth) / (2.0 * nudge);
                shares.near[at] = near;
                let bend = if near > nudge {
                    (slope - more) * 2.0 / nudge
                } else {
                    (more - further) * 2.0 / nudge
                };
                let least = LEAST_BEND * more.abs() / self.amount;
                Line {
                    slope,
                    bend: bend.max(least).max(f64::MIN_POSITIVE),
                }
            })
            .collect()
    }

    /// Goes towards a target as far as that is better.
    fn walk(&mut self, shares: &mut Shares, target: &[f64], worth: f64) -> Option<f64> {
        let start = shares.near.clone();
        let mut length = 1.0;
        for _ in 0..MOST_HALVINGS {
            for ((near, from), to) in shares.near.iter_mut().zip(&start).zip(target) {
                *near = from + (to - from) * length;
            }
            let better = self.worth(shares);
            if better > worth {
                return Some(better);
            }
            length *= 0.5;
        }
        shares.near = start;
        None
    }

    /// What is left without one path, its share spread over the others as they are.
    pub(super) fn without(&self, shares: &Shares, out: usize) -> Shares {
        let mut left = shares.clone();
        left.paths.remove(out);
        let share = left.near.remove(out);
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

/// The worth of a share's next unit: `slope` now, falling by `bend` for each unit.
struct Line {
    slope: f64,
    bend: f64,
}

/// The shares at which all slopes are the same, or a share is nothing and its slope less.
fn common_slope(lines: &[Line], near: &[f64], amount: f64) -> Vec<f64> {
    let at = |slope: f64| -> Vec<f64> {
        let moved = lines.iter().zip(near);
        moved
            .map(|(line, near)| (near + (line.slope - slope) / line.bend).max(0.0))
            .collect()
    };
    let bend = lines.iter().map(|line| line.bend).fold(0.0, f64::max);
    let slopes = || lines.iter().map(|line| line.slope);
    let mut low = slopes().fold(f64::INFINITY, f64::min) - bend * amount;
    let mut high = slopes().fold(f64::NEG_INFINITY, f64::max) + bend * amount;
    for _ in 0..SLOPE_HALVINGS {
        let middle = low + (high - low) * 0.5;
        if at(middle).iter().sum::<f64>() > amount {
            low = middle;
        } else {
            high = middle;
        }
    }
    let mut shares = at(low);
    let sum: f64 = shares.iter().sum();
    if sum > 0.0 {
        for share in &mut shares {
            *share *= amount / sum;
        }
    }
    shares
}
