//! The input of a cycle that gains most.
//!
//! Through constant products alone the output is `A x / (1 + C x)`, whatever their number: each further pool with
//! reserves `r`, `s` and the share `g` left by its fee makes it `A' = A g s / r`, `C' = C + A g / r`. The gain
//! `A x / (1 + C x) - x` is greatest at `x = (sqrt(A) - 1) / C`, where it is
//! `(sqrt(A) - 1)^2 / C`. Other families have no closed form and are searched.
//!
//! Both find the best real input. What is then left to win is rounding, and that is at its coarsest in the token
//! whose unit is worth most: so at each token of the way the amounts next to the one found are tried, with the
//! least input that brings them about.
//!
//! A cycle of n pools loses less than n units to rounding, one at the output of each pool, so the gain is less than
//! any other input's by no more than these units are worth at the end, plus one.
#![allow(
    clippy::float_arithmetic,
    reason = "a real number starts the search; exact quotes decide"
)]

use alloy_primitives::U256;

use super::MAX_CYCLE_HOPS;
use super::links::Way;
use crate::pools::{Exact, Pool, PoolMath, TokenPair};
use crate::routing::PoolGraph;

/// First step of a search, as a power of two below the input that doubling found.
const FIRST_STEP_BITS: usize = 2;
/// Each further step is shorter by so many bits.
const FINER_BITS: usize = 2;
/// Steps of less than this many bits of the input change the gain by less than its rounding.
const LEAST_BITS: usize = 40;
/// Moves in a row at one length of step: a gain that is concave needs no more after a longer step ended.
const MOST_MOVES: usize = 8;
/// A pool may refuse inputs that would bring it nothing: the least that it takes is looked for among so many doublings.
const LEAST_DOUBLINGS: usize = 64;
/// More than the rounding of a handful of operations on real numbers comes to.
const UNCERTAINTY: f64 = 1e-12;
/// How many units from the best real amounts a gain is looked for.
const FURTHEST: u8 = 4;
const TOKENS: usize = MAX_CYCLE_HOPS as usize + 1;

/// A loss is less than none.
type Gain = alloy_primitives::I256;

/// A pool on the way, and the direction.
type Passed<'a> = (&'a Pool, TokenPair);

/// Amounts along a cycle, each exactly what its pool gives for the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts {
    raw: [U256; TOKENS],
    hops: usize,
}

impl Amounts {
    /// `None` where a pool refuses.
    fn of(pools: &[Passed<'_>], input: U256) -> Option<Self> {
        let mut raw = [U256::ZERO; TOKENS];
        *raw.first_mut()? = input;
        for (at, (pool, pair)) in pools.iter().enumerate() {
            raw[at + 1] = pool.output(*pair, raw[at])?;
        }
        Some(Self {
            raw,
            hops: pools.len(),
        })
    }

    /// The amounts with the least input that brings about `amount` after the first `at` pools.
    fn through(pools: &[Passed<'_>], at: usize, amount: U256) -> Option<Self> {
        let mut input = amount;
        for (pool, pair) in pools[..at].iter().rev() {
            input = pool.amounts(*pair, Exact::Out, input).ok()?.amount_in_raw;
        }
        Self::of(pools, input)
    }

    /// What goes in, what is handed on, and what comes out.
    pub(super) fn all(&self) -> &[U256] {
        &self.raw[..=self.hops]
    }

    /// Output less input; `None` beyond what any contract takes.
    fn gain(&self) -> Option<Gain> {
        let signed = |amount: U256| Gain::try_from(amount).ok();
        signed(self.raw[self.hops])?.checked_sub(signed(self.raw[0])?)
    }
}

/// The amounts at the input that gains most; `None` when none is found to gain, or none can gain more than `cost_raw`.
pub(super) fn best_amounts(graph: &PoolGraph, ways: &[Way], cost_raw: U256) -> Option<Amounts> {
    let mut passed = [None; MAX_CYCLE_HOPS as usize];
    for (place, way) in passed.iter_mut().zip(ways) {
        *place = Some((graph.at(way.pool)?, way.pair));
    }
    let mut pools = [passed[0]?; MAX_CYCLE_HOPS as usize];
    for (place, pool) in pools.iter_mut().zip(passed.into_iter().flatten()) {
        *place = pool;
    }
    let pools = pools.get(..ways.len())?;
    let start = match closed_form(ways, cost_raw) {
        Closed::At(amounts) => amounts,
        Closed::Never => return None,
        Closed::NotConstantProduct => Amounts::of(pools, searched(pools)?)?,
    };
    let best = rounded(pools, start)?;
    best.gain()
        .is_some_and(|gain| gain.is_positive())
        .then_some(best)
}

enum Closed {
    /// The real amounts that gain most, as integers of at least one.
    At(Amounts),
    /// It gains no more than its cost at any input.
    Never,
    NotConstantProduct,
}

/// Amounts are rounded down, so what a real input does not gain no whole one does: a cycle whose best real gain is less
/// than one unit above its cost needs no quote.
fn closed_form(ways: &[Way], cost_raw: U256) -> Closed {
    let (mut a, mut c) = (1.0f64, 0.0f64);
    for way in ways {
        let Some(product) = way.product else {
            return Closed::NotConstantProduct;
        };
        let share = a * product.per_input;
        c += share;
        a = share * product.reserve_out;
    }
    let beyond = a.sqrt() - 1.0;
    let input = beyond / c;
    let most = (beyond + UNCERTAINTY) * (beyond + UNCERTAINTY) / c;
    let least = (f64::from(cost_raw) + 1.0) * (1.0 - UNCERTAINTY);
    if a <= 1.0 || !input.is_finite() || most < least {
        return Closed::Never;
    }
    let mut amount = input;
    let mut raw = [U256::ZERO; TOKENS];
    raw[0] = U256::from(amount.max(1.0));
    for (raw, product) in raw[1..]
        .iter_mut()
        .zip(ways.iter().filter_map(|way| way.product))
    {
        let share = product.per_input * amount;
        amount = product.reserve_out * share / (1.0 + share);
        *raw = U256::from(amount.max(1.0));
    }
    Closed::At(Amounts {
        raw,
        hops: ways.len(),
    })
}

/// The best amounts next to those that are best but for rounding, further from them where none next to them gains.
///
/// Where the pools refuse the best ones (of a token worth so much that less than a unit would do), those of whole
/// units may gain all the same.
fn rounded(pools: &[Passed<'_>], start: Amounts) -> Option<Amounts> {
    let mut best = halved_until_taken(pools, start.raw[0]);
    for distance in 0..=FURTHEST {
        best = beside(pools, start, best, distance);
        let gains = best
            .and_then(|best| best.gain())
            .is_some_and(|gain| gain.is_positive());
        if distance > 0 && gains {
            break;
        }
    }
    best
}

/// The best of these amounts and those that differ by so many units at one of the tokens.
fn beside(
    pools: &[Passed<'_>],
    start: Amounts,
    mut best: Option<Amounts>,
    distance: u8,
) -> Option<Amounts> {
    let mut most = best.and_then(|best| best.gain()).unwrap_or(Gain::MIN);
    let distance = U256::from(distance);
    for at in 0..=pools.len() {
        let around = best.unwrap_or(start).raw[at];
        let less = around.checked_sub(distance).filter(|_| !distance.is_zero());
        let tries = [less, around.checked_add(distance)].into_iter().flatten();
        for amount in tries.filter(|amount| !amount.is_zero()) {
            let Some(other) = Amounts::through(pools, at, amount) else {
                continue;
            };
            if let Some(gain) = other.gain().filter(|gain| *gain > most) {
                (best, most) = (Some(other), gain);
            }
        }
    }
    best
}

/// The input, or the first half of it that no pool refuses.
fn halved_until_taken(pools: &[Passed<'_>], start: U256) -> Option<Amounts> {
    let mut input = start;
    while !input.is_zero() {
        if let Some(amounts) = Amounts::of(pools, input) {
            return Some(amounts);
        }
        input >>= 1;
    }
    None
}

/// Doubles the input while a pool takes it, then goes from the best of these in ever shorter steps.
fn searched(pools: &[Passed<'_>]) -> Option<U256> {
    let mut best = (Gain::MIN, U256::ZERO);
    let mut input = (0..LEAST_DOUBLINGS)
        .map(|doublings| U256::ONE << doublings)
        .find(|input| gain(pools, *input).is_some())?;
    // Gains of small inputs are hidden by rounding, so the doubling goes on to where a pool refuses.
    while let Some(gain) = gain(pools, input) {
        best = best.max((gain, input));
        let Some(double) = input.checked_mul(U256::from(2)) else {
            break;
        };
        input = double;
    }
    let (most, input) = best;
    (!input.is_zero()).then(|| climb(pools, input, most))
}

/// Steps of a quarter of the input, then of a quarter of that, and so on, each as long as it gains more.
fn climb(pools: &[Passed<'_>], start: U256, gained: Gain) -> U256 {
    let (mut input, mut best) = (start, gained);
    let least = U256::ONE.max(input >> LEAST_BITS);
    let mut step = U256::ONE.max(input >> FIRST_STEP_BITS);
    loop {
        for _ in 0..MOST_MOVES {
            let up = input.checked_add(step);
            let down = input.checked_sub(step).filter(|lower| !lower.is_zero());
            let better = [up, down].into_iter().flatten().find_map(|other| {
                let gain = gain(pools, other)?;
                (gain > best).then_some((other, gain))
            });
            let Some(found) = better else { break };
            (input, best) = found;
        }
        if step == least {
            return input;
        }
        step = least.max(step >> FINER_BITS);
    }
}

fn gain(pools: &[Passed<'_>], input: U256) -> Option<Gain> {
    Amounts::of(pools, input)?.gain()
}
