//! The pools of a graph as curves between numbered tokens: prepared once, asked often.

use std::collections::BTreeMap;

use super::edge_curve::EdgeCurve;
use super::elimination::Elimination;
use crate::ChainAddress;
use crate::pools::{Pool, PoolMath, TokenPair};
use crate::routing::request::Limits;
use crate::routing::{Edge, PoolGraph, PoolId, TokenId};

/// Two tokens of one pool, with a curve each way. A pool of more tokens has one for each pair.
#[derive(Debug, Clone)]
pub(in crate::routing) struct Venue {
    pub(in crate::routing) id: PoolId,
    pub(in crate::routing) pool: ChainAddress,
    /// The tokens' numbers; the first is the input of `pair`.
    pub(in crate::routing) ends: [usize; 2],
    pub(in crate::routing) pair: TokenPair,
    /// Paying in the first end, and the second.
    pub(in crate::routing) curves: [Option<EdgeCurve>; 2],
    /// The best price each way; zero where closed.
    pub(super) best: [f64; 2],
    /// Entry of the Laplacian between the ends.
    pub(super) entry: usize,
}

/// The pools of a graph, as they are now, ready to be optimised over.
///
/// Numbers follow the order of addresses, so the order in which pools were added has no influence.
#[derive(Debug)]
pub struct Market<'graph> {
    pub(in crate::routing) graph: &'graph PoolGraph,
    pub(in crate::routing) tokens: Vec<ChainAddress>,
    /// The tokens' numbers in the graph.
    ids: Vec<TokenId>,
    pub(in crate::routing) venues: Vec<Venue>,
    /// The venues of each token, ascending.
    pub(in crate::routing) at: Vec<Vec<usize>>,
    pub(super) elimination: Elimination,
}

impl<'graph> Market<'graph> {
    /// Every pool of the graph.
    #[must_use]
    pub fn new(graph: &'graph PoolGraph) -> Self {
        Self::of(graph, graph.addresses())
    }

    /// Some pools of the graph, by their addresses in ascending order.
    pub(in crate::routing) fn of(graph: &'graph PoolGraph, pools: Vec<ChainAddress>) -> Self {
        let pools: Vec<(PoolId, &Pool)> = pools
            .into_iter()
            .filter_map(|address| graph.pool_id(address))
            .filter_map(|id| Some((id, graph.at(id)?)))
            .collect();
        let known: BTreeMap<ChainAddress, TokenId> = pools
            .iter()
            .flat_map(|(id, pool)| {
                pool.tokens()
                    .iter()
                    .copied()
                    .zip(graph.tokens_of(*id).iter().copied())
            })
            .collect();
        let numbers: BTreeMap<ChainAddress, usize> = known.keys().copied().zip(0..).collect();
        let (tokens, ids): (Vec<ChainAddress>, Vec<TokenId>) = known.into_iter().unzip();
        let mut venues: Vec<Venue> = pools
            .iter()
            .flat_map(|(id, pool)| venues(*id, pool, &numbers))
            .collect();
        let elimination = Elimination::new(tokens.len(), venues.iter().map(|venue| venue.ends));
        let mut at = vec![Vec::new(); tokens.len()];
        for (number, venue) in venues.iter_mut().enumerate() {
            let [a, b] = venue.ends;
            venue.entry = elimination.between(a, b).unwrap_or(0);
            at[a].push(number);
            at[b].push(number);
        }
        Self {
            graph,
            tokens,
            ids,
            venues,
            at,
            elimination,
        }
    }

    /// The token's number.
    pub(in crate::routing) fn number(&self, token: ChainAddress) -> Option<usize> {
        self.tokens.binary_search(&token).ok()
    }

    /// The venues that a request may use, ascending.
    pub(in crate::routing) fn allowed(&self, limits: &Limits) -> Vec<usize> {
        let allows = |venue: &Venue| {
            [venue.pair, venue.pair.reversed()]
                .into_iter()
                .zip(venue.ends.iter().rev())
                .all(|(pair, end)| {
                    let edge = Edge {
                        pool: venue.id,
                        token: self.ids[*end],
                        pair,
                    };
                    limits.allow(self.graph, &edge)
                })
        };
        (0..self.venues.len())
            .filter(|number| allows(&self.venues[*number]))
            .collect()
    }

    /// Of these venues, those that some walk of at most `max_hops` pools from one token to the other passes.
    pub(in crate::routing) fn within(
        &self,
        venues: &[usize],
        ends: [usize; 2],
        max_hops: u8,
    ) -> Vec<usize> {
        let [from, to] = ends.map(|end| self.distances(venues, end, max_hops));
        let near = |a: usize, b: usize| match (from[a], to[b]) {
            (Some(before), Some(after)) => before + 1 + after <= max_hops,
            _ => false,
        };
        venues
            .iter()
            .copied()
            .filter(|venue| {
                let [a, b] = self.venues[*venue].ends;
                near(a, b) || near(b, a)
            })
            .collect()
    }

    /// Hops to each token, breadth first.
    pub(in crate::routing) fn distances(
        &self,
        venues: &[usize],
        start: usize,
        most: u8,
    ) -> Vec<Option<u8>> {
        let mut allowed = vec![false; self.venues.len()];
        for venue in venues {
            allowed[*venue] = true;
        }
        let mut distances = vec![None; self.tokens.len()];
        distances[start] = Some(0);
        let mut border = vec![start];
        for distance in 1..=most {
            let mut next = Vec::new();
            for token in border {
                for venue in self.at[token].iter().filter(|venue| allowed[**venue]) {
                    let other = self.venues[*venue].other(token);
                    if distances[other].is_none() {
                        distances[other] = Some(distance);
                        next.push(other);
                    }
                }
            }
            border = next;
        }
        distances
    }
}

impl Venue {
    /// The token at the other end.
    pub(in crate::routing) fn other(&self, token: usize) -> usize {
        self.ends[usize::from(self.ends[0] == token)]
    }

    /// The pair that pays in at an end.
    pub(in crate::routing) fn pair_from(&self, side: usize) -> TokenPair {
        if side == 0 {
            self.pair
        } else {
            self.pair.reversed()
        }
    }

    /// Units of the second end for one of the first, between what the pool pays and takes.
    pub(super) fn price(&self) -> Option<f64> {
        let [forth, back] = self.best;
        match (forth > 0.0, back > 0.0) {
            (true, true) => Some((forth / back).sqrt()),
            (true, false) => Some(forth),
            (false, true) => Some(back.recip()),
            (false, false) => None,
        }
    }
}

fn venues(id: PoolId, pool: &Pool, numbers: &BTreeMap<ChainAddress, usize>) -> Vec<Venue> {
    let ends: Vec<usize> = pool
        .tokens()
        .iter()
        .filter_map(|token| numbers.get(token).copied())
        .collect();
    let mut made = Vec::new();
    for (input, a) in (0u8..).zip(&ends) {
        for (output, b) in (0u8..).zip(&ends).skip(usize::from(input) + 1) {
            let pair = TokenPair { input, output };
            let curves = [pair, pair.reversed()].map(|pair| EdgeCurve::new(&pool.curve(pair)));
            let best = [0, 1].map(|side| curves[side].as_ref().map_or(0.0, EdgeCurve::best_price));
            made.push(Venue {
                id,
                pool: pool.address(),
                ends: [*a, *b],
                pair,
                curves,
                best,
                entry: 0,
            });
        }
    }
    made
}
