//! Which pools of a graph a path can pass at all.

use std::collections::BTreeSet;

use crate::ChainAddress;
use crate::routing::request::{Limits, Question};
use crate::routing::{PoolGraph, TokenId};

/// The addresses of the pools on some walk of at most `max_hops` allowed pools between the ends, ascending.
pub(super) fn within_hops(graph: &PoolGraph, question: &Question) -> Vec<ChainAddress> {
    let Question {
        start,
        goal,
        ref limits,
        ..
    } = *question;
    let [from, to] = [start, goal].map(|end| distances(graph, limits, end));
    let mut pools = BTreeSet::new();
    let reached = (0u32..).zip(&from);
    for (token, before) in reached.filter_map(|(token, before)| Some((TokenId(token), (*before)?)))
    {
        for edge in graph.edges(token) {
            let after = to[edge.token.index()];
            let within = after.is_some_and(|after| before + 1 + after <= limits.max_hops);
            if within && limits.allow(graph, edge) {
                pools.extend(graph.address_of(edge.pool));
            }
        }
    }
    pools.into_iter().collect()
}

/// Hops to each token over allowed pools, breadth first, as far as a path may be long.
fn distances(graph: &PoolGraph, limits: &Limits, start: TokenId) -> Vec<Option<u8>> {
    let mut distances = vec![None; graph.token_count()];
    distances[start.index()] = Some(0);
    let mut border = vec![start];
    for distance in 1..=limits.max_hops {
        let mut next = Vec::new();
        for edge in border.iter().flat_map(|token| graph.edges(*token)) {
            let place = &mut distances[edge.token.index()];
            if place.is_none() && limits.allow(graph, edge) {
                *place = Some(distance);
                next.push(edge.token);
            }
        }
        border = next;
    }
    distances
}
