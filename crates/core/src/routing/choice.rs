//! The choice among the paths found: amounts after the costs of their hops.

use std::cmp::Ordering;

use alloy_primitives::U256;

use super::bound::difference_at_most;
use super::error::RouteError;
use super::graph::PoolGraph;
use super::labels::{RouteScratch, Step};
use super::relax::Relaxation;
use super::request::{MAX_HOPS, Net, Question, RouteRequest};
use super::search::{Outcome, Search};
use super::way::{Backward, Forward, Way};
use crate::pools::Exact;

/// A path and the amount at its far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// In the order of the search: trade order for an exact input, reversed for an exact output.
    pub(super) steps: [Step; MAX_HOPS as usize],
    pub(super) hops: usize,
    /// At the far end.
    pub(super) amount: U256,
    /// Of all its hops.
    pub(super) cost: Net,
}

impl Found {
    /// The better path first, after costs; of equal ones the shorter.
    pub(super) fn order(&self, other: &Self, exact: Exact) -> Ordering {
        let (here, there) = (Net::from(self.amount), Net::from(other.amount));
        let by_net = match exact {
            // amount - cost, compared without going below zero.
            Exact::In => (there + self.cost).cmp(&(here + other.cost)),
            Exact::Out => (here + self.cost).cmp(&(there + other.cost)),
        };
        by_net.then(self.hops.cmp(&other.hops))
    }
}

/// The best path of all.
pub(super) fn best(
    graph: &PoolGraph,
    question: &Question,
    request: &RouteRequest,
    scratch: &mut RouteScratch,
) -> Result<Found, RouteError> {
    let quick = match question.exact {
        Exact::In => proven::<Forward>(graph, question, scratch, None),
        Exact::Out => proven::<Backward>(graph, question, scratch, None),
    };
    if let Some(found) = quick {
        return Ok(found);
    }
    let outcome = Search::run(graph, question);
    let mut found = outcome.found.iter().copied();
    found
        .next()
        .map(|one| found.fold(one, |best, path| better(best, path, question.exact)))
        .ok_or_else(|| why_none(&outcome, request))
}

/// The best path of each number of hops that has one, best first.
pub(super) fn best_of_each_length(
    graph: &PoolGraph,
    question: &Question,
    request: &RouteRequest,
    scratch: &mut RouteScratch,
) -> Result<Vec<Found>, RouteError> {
    let mut found = Vec::new();
    let quick = match question.exact {
        Exact::In => proven::<Forward>(graph, question, scratch, Some(&mut found)),
        Exact::Out => proven::<Backward>(graph, question, scratch, Some(&mut found)),
    };
    if quick.is_none() {
        let outcome = Search::run(graph, question);
        if outcome.found.is_empty() {
            return Err(why_none(&outcome, request));
        }
        found = outcome.found;
    }
    found.sort_by(|a, b| a.order(b, question.exact));
    Ok(found)
}

/// What the quick search can prove: the best path, and with `each` that of every number of hops. `None` when it
/// cannot, or when there is no path.
fn proven<W: Way>(
    graph: &PoolGraph,
    question: &Question,
    scratch: &mut RouteScratch,
    mut each: Option<&mut Vec<Found>>,
) -> Option<Found> {
    let costs = &question.costs;
    let relaxation = Relaxation::run::<W>(graph, question, scratch).ok()?;
    let mut best: Option<Found> = None;
    for hops in by_bound::<W>(&relaxation, question) {
        let bound = relaxation.bound(hops);
        let least = costs.least_of(hops);
        let hopeless = |best: &Found| {
            let mark = W::doubtless(best.amount, excess(best.cost, least));
            W::better(mark, bound)
        };
        let nothing = bound.to_bits() == W::WORST.to_bits();
        if nothing || each.is_none() && best.as_ref().is_some_and(hopeless) {
            continue;
        }
        let cost = |steps: &[Step]| costs.along(graph, steps.iter().map(|step| step.pool));
        let (steps, amount) = relaxation.prove::<W>(hops, |steps| excess(cost(steps), least))?;
        let path = Found {
            steps,
            hops,
            amount,
            cost: cost(&steps[..hops]),
        };
        best = Some(best.map_or(path, |best| better(best, path, question.exact)));
        if let Some(each) = each.as_mut() {
            each.push(path);
        }
    }
    best
}

fn better(a: Found, b: Found, exact: Exact) -> Found {
    if b.order(&a, exact).is_lt() { b } else { a }
}

/// The numbers of hops, that with the best bound first, so that the others need no proof where it is better.
fn by_bound<W: Way>(
    relaxation: &Relaxation<'_>,
    question: &Question,
) -> impl Iterator<Item = usize> {
    let most = usize::from(question.limits.max_hops);
    let net = |hops| {
        let cost = excess(question.costs.least_of(hops), Net::ZERO);
        W::net(relaxation.bound(hops), cost)
    };
    let leading = (2..=most).fold(1, |best, hops| {
        if W::better(net(hops), net(best)) {
            hops
        } else {
            best
        }
    });
    std::iter::once(leading).chain((1..=most).filter(move |hops| *hops != leading))
}

/// By how much the cost may be more than the other one, rounded up.
fn excess(cost: Net, other: Net) -> f64 {
    if cost == other {
        return 0.0;
    }
    difference_at_most(cost, other)
}

fn why_none(outcome: &Outcome, request: &RouteRequest) -> RouteError {
    if !outcome.connected {
        return RouteError::NoRoute {
            token_in: request.token_in,
            token_out: request.token_out,
            max_hops: request.max_hops,
        };
    }
    if outcome.refused {
        RouteError::InsufficientLiquidity(request.amount_raw)
    } else {
        RouteError::AmountTooSmall(request.amount_raw)
    }
}
