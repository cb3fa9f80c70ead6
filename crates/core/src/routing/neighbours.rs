//! Which tokens are connected, and by which pools.

use std::collections::HashMap;

use super::numbers::{BuildNumberHasher, Edge, PoolId, TokenId};
use crate::pools::TokenPair;

/// The edges of each token, and the pools between each two.
///
/// Every change costs what the pool has tokens, not what the tokens have pools: the edges of a token are in no
/// order, and each edge's place is known to the pool.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours {
    edges: Vec<Vec<Edge>>,
    /// How many tokens each token has a pool with.
    counts: Vec<u32>,
    between: HashMap<u64, Vec<PoolId>, BuildNumberHasher>,
}

/// Where a pool's edges are, by the order of [`ways`].
pub(super) type Places = Box<[u32]>;

impl Neighbours {
    pub(super) fn add_token(&mut self) {
        self.edges.push(Vec::new());
        self.counts.push(0);
    }

    pub(super) fn token_count(&self) -> usize {
        self.edges.len()
    }

    pub(super) fn edges(&self, token: TokenId) -> &[Edge] {
        self.edges.get(token.index()).map_or(&[], Vec::as_slice)
    }

    /// How many tokens this one has a pool with.
    pub(super) fn count(&self, token: TokenId) -> u32 {
        self.counts.get(token.index()).copied().unwrap_or(0)
    }

    /// In the order of the pools' addresses.
    pub(super) fn between(&self, a: TokenId, b: TokenId) -> &[PoolId] {
        self.between.get(&key(a, b)).map_or(&[], Vec::as_slice)
    }

    /// Adds the edges of a pool; `before` says whether another pool's address is lower than its own.
    pub(super) fn link(
        &mut self,
        pool: PoolId,
        tokens: &[TokenId],
        before: impl Fn(PoolId) -> bool,
    ) -> Places {
        for (a, b) in pairs(tokens) {
            let pools = self.between.entry(key(a, b)).or_default();
            if pools.is_empty() {
                self.counts[a.index()] += 1;
                self.counts[b.index()] += 1;
            }
            pools.insert(pools.partition_point(|other| before(*other)), pool);
        }
        let mut places = Vec::with_capacity(tokens.len() * (tokens.len() - 1));
        for (from, mut edge) in ways(tokens) {
            edge.pool = pool;
            let edges = &mut self.edges[from.index()];
            places.push(u32::try_from(edges.len()).unwrap_or(u32::MAX));
            edges.push(edge);
        }
        places.into()
    }

    /// Takes a pool's edges out. The last edge of each list moves to the free place, and `moved` hears of it:
    /// the pool, the pair and its new place.
    pub(super) fn unlink(
        &mut self,
        pool: PoolId,
        tokens: &[TokenId],
        places: &mut Places,
        mut moved: impl FnMut(Edge, u32),
    ) {
        for at in 0..places.len() {
            let place = places[at];
            let Some((from, _)) = ways(tokens).nth(at) else {
                continue;
            };
            let edges = &mut self.edges[from.index()];
            edges.swap_remove(place as usize);
            let Some(edge) = edges.get(place as usize) else {
                continue;
            };
            if edge.pool == pool {
                places[way_number(edge.pair.input, edge.pair.output, tokens.len())] = place;
            } else {
                moved(*edge, place);
            }
        }
        for (a, b) in pairs(tokens) {
            let Some(pools) = self.between.get_mut(&key(a, b)) else {
                continue;
            };
            pools.retain(|other| *other != pool);
            if pools.is_empty() {
                self.between.remove(&key(a, b));
                self.counts[a.index()] -= 1;
                self.counts[b.index()] -= 1;
            }
        }
    }
}

/// The place of a way in the order of [`ways`].
pub(super) fn way_number(input: u8, output: u8, tokens: usize) -> usize {
    let (input, output) = (usize::from(input), usize::from(output));
    input * (tokens - 1) + output - usize::from(output > input)
}

/// Each token of a pool with an edge to each other one; the edges' pool is still to be filled in.
fn ways(tokens: &[TokenId]) -> impl Iterator<Item = (TokenId, Edge)> {
    let numbered = move || (0u8..).zip(tokens);
    numbered().flat_map(move |(input, from)| {
        let others = numbered().filter(move |(output, _)| *output != input);
        others.map(move |(output, token)| {
            let pair = TokenPair { input, output };
            let edge = Edge {
                pool: PoolId(u32::MAX),
                token: *token,
                pair,
            };
            (*from, edge)
        })
    })
}

fn pairs(tokens: &[TokenId]) -> impl Iterator<Item = (TokenId, TokenId)> {
    let after = |at: usize| tokens[at + 1..].iter();
    tokens
        .iter()
        .enumerate()
        .flat_map(move |(at, a)| after(at).map(|b| (*a, *b)))
}

fn key(a: TokenId, b: TokenId) -> u64 {
    u64::from(a.0.min(b.0)) << 32 | u64::from(a.0.max(b.0))
}
