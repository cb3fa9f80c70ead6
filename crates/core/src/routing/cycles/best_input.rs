//! The input of a cycle that gains most.
//!
//! Through constant products alone the output is `A x / (1 + C x)`, whatever their number: each further pool with
//! reserves `r`, `s` and the share `g` left by its fee makes it `A' = A g s / r`, `C' = C + A g / r`. The gain
//! `A x / (1 + C x) - x` is greatest at `x = (sqrt(A) - 1) / C`. Other families have no closed form and are searched.
//! From either start the exact integer gain is climbed, and the input cut to the least that gives the same.
#![allow(
    clippy::float_arithmetic,
    reason = "a real number starts the search; exact quotes decide"
)]

use alloy_primitives::U256;

use super::links::Way;
use crate::pools::{Curve, Exact, Hyperbola, PoolMath};
use crate::routing::PoolGraph;

/// A closed form in real numbers is right to about this many bits, a doubled input to two.
const CLOSED_FORM_BITS: usize = 24;
const SEARCHED_BITS: usize = 2;
/// Steps of less than this many bits of the input change the gain by less than its rounding.
const LEAST_BITS: usize = 40;

/// A loss is less than none.
type Gain = alloy_primitives::I256;

/// The input that gains most; `None` when none is found to gain.
pub(super) fn best_input(graph: &PoolGraph, ways: &[Way]) -> Option<U256> {
    let (start, near) = match closed_form(graph, ways) {
        Closed::At(input) => (input, CLOSED_FORM_BITS),
        Closed::Never => return None,
        Closed::NotConstantProduct => (searched(graph, ways)?, SEARCHED_BITS),
    };
    let climbed = climb(graph, ways, start, near)?;
    let input = least_for_same(graph, ways, climbed).unwrap_or(climbed);
    gain(graph, ways, input)
        .is_some_and(|gain| gain.is_positive())
        .then_some(input)
}

enum Closed {
    At(U256),
    /// It gains at no input.
    Never,
    NotConstantProduct,
}

fn closed_form(graph: &PoolGraph, ways: &[Way]) -> Closed {
    let (mut a, mut c) = (1.0f64, 0.0f64);
    for way in ways {
        let Some(piece) = graph
            .at(way.pool)
            .and_then(|pool| only_piece(&pool.curve(way.pair)))
        else {
            return Closed::NotConstantProduct;
        };
        let share = a * piece.gamma / piece.reserve_in;
        c += share;
        a = share * piece.reserve_out;
    }
    let input = (a.sqrt() - 1.0) / c;
    if a <= 1.0 || !input.is_finite() {
        return Closed::Never;
    }
    Closed::At(U256::from(input.max(1.0)))
}

fn only_piece(curve: &Curve) -> Option<Hyperbola> {
    match curve {
        Curve::Hyperbolas(pieces) => match pieces[..] {
            [piece] if piece.capacity_in.is_infinite() => Some(piece),
            _ => None,
        },
        _ => None,
    }
}

/// Doubles the input while that gains more, then halves the distance of three inputs around the greatest gain.
fn searched(graph: &PoolGraph, ways: &[Way]) -> Option<U256> {
    let mut best = (Gain::MIN, U256::ZERO);
    let mut input = U256::ONE;
    // Gains of small inputs are hidden by rounding, so the doubling goes on to where a pool refuses.
    while let Some(gain) = gain(graph, ways, input) {
        best = best.max((gain, input));
        let Some(double) = input.checked_mul(U256::from(2)) else {
            break;
        };
        input = double;
    }
    (!best.1.is_zero()).then_some(best.1)
}

/// Steps of `input / 2**near`, then of an eighth of that, and so on, each as long as it gains more.
fn climb(graph: &PoolGraph, ways: &[Way], start: U256, near: usize) -> Option<U256> {
    let mut input = start;
    while gain(graph, ways, input).is_none() {
        input >>= 1;
        if input.is_zero() {
            return None;
        }
    }
    let mut best = gain(graph, ways, input)?;
    let least = U256::ONE.max(input >> LEAST_BITS);
    let mut step = U256::ONE.max(input >> near);
    loop {
        let up = input.checked_add(step);
        let down = input.checked_sub(step).filter(|lower| !lower.is_zero());
        let better = [up, down].into_iter().flatten().find_map(|other| {
            let other_gain = gain(graph, ways, other)?;
            (other_gain > best).then_some((other, other_gain))
        });
        match better {
            Some((other, other_gain)) => (input, best) = (other, other_gain),
            None if step == least => return Some(input),
            None => step = least.max(step >> 3),
        }
    }
}

/// The least input that gives the same output, found backwards from the end; it gains at least as much.
fn least_for_same(graph: &PoolGraph, ways: &[Way], input: U256) -> Option<U256> {
    let mut amount = output(graph, ways, input)?;
    for way in ways.iter().rev() {
        let amounts = graph
            .at(way.pool)?
            .amounts(way.pair, Exact::Out, amount)
            .ok()?;
        amount = amounts.amount_in_raw;
    }
    (gain(graph, ways, amount)? >= gain(graph, ways, input)?).then_some(amount)
}

/// What the input gains; `None` where a pool refuses, or beyond what any contract takes.
fn gain(graph: &PoolGraph, ways: &[Way], input: U256) -> Option<Gain> {
    let output = output(graph, ways, input)?;
    let signed = |amount: U256| Gain::try_from(amount).ok();
    signed(output)?.checked_sub(signed(input)?)
}

fn output(graph: &PoolGraph, ways: &[Way], input: U256) -> Option<U256> {
    ways.iter().try_fold(input, |amount, way| {
        graph.at(way.pool)?.output(way.pair, amount)
    })
}
