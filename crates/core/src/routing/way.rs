//! From which end the quick search starts: which bound is better, and what a pool does with one.
#![allow(
    clippy::float_arithmetic,
    reason = "bounds steer the search; the pools' exact answers decide"
)]

use alloy_primitives::U256;

use super::bound::{Hyperbolic, Side, at_least, at_most, most_ever, rounded_down, rounded_up};
use super::graph::PoolGraph;
use super::labels::Step;
use crate::pools::{Exact, Pool, PoolError, PoolMath, TokenPair};

/// A pool gave a refusal that says nothing about other amounts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uncertain;

/// From which end the search starts: which bound is better, and what a pool does with one.
pub(super) trait Way {
    /// Which side the request fixes.
    const EXACT: Exact;
    /// The bound of no way at all.
    const WORST: f64;
    fn better(a: f64, b: f64) -> bool;
    fn best(a: f64, b: f64) -> f64;
    fn worse(a: f64, b: f64) -> f64;
    fn start(amount: U256) -> f64;
    /// What a bound must be worse than to lose against an exact answer whose path costs so much more.
    fn doubtless(amount: U256, more_cost: f64) -> f64;
    /// A bound after costs.
    fn net(value: f64, cost: f64) -> f64;
    /// The direction in which the pool is passed.
    fn side(curve: &Hyperbolic, pair: TokenPair) -> Side;
    /// What is carried on by a pool whose curve is a hyperbola.
    fn carried(side: Side, value: f64) -> f64;
    /// What is carried on by any other pool.
    fn asked(graph: &PoolGraph, step: Step, value: f64) -> Result<f64, Uncertain>;
    /// Whether a bound leaves anything to carry on with.
    fn useful(value: f64) -> bool;
    /// What the pool answers at the other end of the step.
    fn exact(pool: &Pool, pair: TokenPair, amount: U256) -> Option<U256>;
}

/// Exact input: from `token_in` on, and more is better.
pub(super) struct Forward;

/// Exact output: from `token_out` back, and less is better.
pub(super) struct Backward;

impl Way for Forward {
    const EXACT: Exact = Exact::In;
    const WORST: f64 = 0.0;

    #[inline]
    fn better(a: f64, b: f64) -> bool {
        a > b
    }

    #[inline]
    fn best(a: f64, b: f64) -> f64 {
        if a > b { a } else { b }
    }

    #[inline]
    fn worse(a: f64, b: f64) -> f64 {
        if a > b { b } else { a }
    }

    fn start(amount: U256) -> f64 {
        at_least(amount)
    }

    fn doubtless(amount: U256, more_cost: f64) -> f64 {
        at_most(amount) - more_cost
    }

    fn net(value: f64, cost: f64) -> f64 {
        value - cost
    }

    #[inline]
    fn side(curve: &Hyperbolic, pair: TokenPair) -> Side {
        curve.side(pair)
    }

    #[inline]
    fn carried(side: Side, value: f64) -> f64 {
        side.most_out(value)
    }

    fn asked(graph: &PoolGraph, step: Step, value: f64) -> Result<f64, Uncertain> {
        let powers = graph.powers(step.pool, step.pair);
        if let Some(most) = powers.and_then(|(powers, way)| powers.most_out(way, value)) {
            return Ok(most);
        }
        most_out(graph.at(step.pool), step.pair, value)
    }

    /// Less than one unit is none.
    #[inline]
    fn useful(value: f64) -> bool {
        value >= 1.0
    }

    fn exact(pool: &Pool, pair: TokenPair, amount: U256) -> Option<U256> {
        pool.output(pair, amount)
    }
}

impl Way for Backward {
    const EXACT: Exact = Exact::Out;
    const WORST: f64 = f64::INFINITY;

    #[inline]
    fn better(a: f64, b: f64) -> bool {
        a < b
    }

    #[inline]
    fn best(a: f64, b: f64) -> f64 {
        if a < b { a } else { b }
    }

    #[inline]
    fn worse(a: f64, b: f64) -> f64 {
        if a < b { b } else { a }
    }

    fn start(amount: U256) -> f64 {
        at_most(amount)
    }

    fn doubtless(amount: U256, more_cost: f64) -> f64 {
        at_least(amount) + more_cost
    }

    fn net(value: f64, cost: f64) -> f64 {
        value + cost
    }

    #[inline]
    fn side(curve: &Hyperbolic, pair: TokenPair) -> Side {
        curve.side(pair.reversed())
    }

    #[inline]
    fn carried(side: Side, value: f64) -> f64 {
        side.least_in(value)
    }

    fn asked(graph: &PoolGraph, step: Step, value: f64) -> Result<f64, Uncertain> {
        let pair = step.pair.reversed();
        let powers = graph.powers(step.pool, pair);
        if let Some(least) = powers.and_then(|(powers, way)| powers.least_in(way, value)) {
            return Ok(least);
        }
        least_in(graph.at(step.pool), pair, value)
    }

    #[inline]
    fn useful(value: f64) -> bool {
        value < f64::INFINITY
    }

    fn exact(pool: &Pool, pair: TokenPair, amount: U256) -> Option<U256> {
        let swap = pool.amounts(pair.reversed(), Exact::Out, amount).ok()?;
        Some(swap.amount_in_raw)
    }
}

/// At least what a pool of any family gives for `input`, or for less.
#[cold]
fn most_out(pool: Option<&Pool>, pair: TokenPair, input: f64) -> Result<f64, Uncertain> {
    let pool = pool.ok_or(Uncertain)?;
    let amount = rounded_up(input).ok_or(Uncertain)?;
    if let Some(out) = pool.output(pair, amount) {
        return Ok(at_least(out));
    }
    match pool.amounts(pair, Exact::In, amount) {
        Ok(swap) => Ok(at_least(swap.amount_out_raw)),
        Err(PoolError::InsufficientLiquidity { most_out_raw, .. }) => Ok(at_least(most_out_raw)),
        Err(error) if whatever_the_amount(&error) => Ok(Forward::WORST),
        Err(_) => most_ever(&pool.curve(pair)).ok_or(Uncertain),
    }
}

/// At most what a pool of any family takes for `output`, or for more.
#[cold]
fn least_in(pool: Option<&Pool>, pair: TokenPair, output: f64) -> Result<f64, Uncertain> {
    let pool = pool.ok_or(Uncertain)?;
    let amount = rounded_down(output).ok_or(Uncertain)?.max(U256::ONE);
    match pool.amounts(pair, Exact::Out, amount) {
        Ok(swap) => Ok(at_most(swap.amount_in_raw)),
        Err(PoolError::InsufficientLiquidity { .. }) => Ok(Backward::WORST),
        Err(error) if whatever_the_amount(&error) => Ok(Backward::WORST),
        Err(_) => Err(Uncertain),
    }
}

fn whatever_the_amount(error: &PoolError) -> bool {
    matches!(
        error,
        PoolError::SwapsDisabled { .. }
            | PoolError::Unsupported { .. }
            | PoolError::PairUnknown { .. }
    )
}

/// What a pool carries on, by its curve or by asking it.
#[inline]
pub(super) fn through<W: Way>(graph: &PoolGraph, step: Step, value: f64) -> Result<f64, Uncertain> {
    let side = W::side(graph.hyperbolic(step.pool), step.pair);
    if side.exists() {
        return Ok(W::carried(side, value));
    }
    W::asked(graph, step, value)
}
