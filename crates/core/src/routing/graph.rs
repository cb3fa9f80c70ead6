//! The pool graph: tokens are nodes, pools are edges, and a log changes one pool in place.

use std::collections::HashMap;

use crate::ChainAddress;
use crate::pools::{Pool, PoolChange, PoolError, PoolMath, TokenPair};

/// A token's number in its graph; numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TokenId(pub(super) usize);

/// A pool's place in its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PoolId(usize);

/// One way through one pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) pool: PoolId,
    /// The token at the other end.
    pub(super) token: TokenId,
    /// Paying in the token at this end.
    pub(super) pair: TokenPair,
}

/// Pools and the tokens they connect.
#[derive(Debug, Clone, Default)]
pub struct PoolGraph {
    tokens: HashMap<ChainAddress, TokenId>,
    /// The pools of each token, in the order of their addresses.
    edges: Vec<Vec<Edge>>,
    pools: Vec<Option<Pool>>,
    places: HashMap<ChainAddress, PoolId>,
    free: Vec<PoolId>,
}

impl PoolGraph {
    /// A graph without pools.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pool, or replaces the one at its address.
    pub fn upsert(&mut self, pool: Pool) {
        let address = pool.address();
        if let Some(old) = self.pool_mut(address)
            && old.tokens() == pool.tokens()
        {
            *old = pool;
            return;
        }
        self.remove(address);
        let place = self.free.pop().unwrap_or_else(|| {
            self.pools.push(None);
            PoolId(self.pools.len() - 1)
        });
        self.link(place, &pool);
        self.places.insert(address, place);
        self.pools[place.0] = Some(pool);
    }

    /// Applies what a log of the pool's contract says.
    ///
    /// # Errors
    /// `unknown_pool`, or the pool's own refusal; it is then as it was.
    pub fn apply(&mut self, pool: ChainAddress, change: PoolChange<'_>) -> Result<(), PoolError> {
        self.pool_mut(pool)
            .ok_or(PoolError::UnknownPool(pool))?
            .apply(change)
    }

    /// Takes a pool out; `false` when there was none.
    pub fn remove(&mut self, pool: ChainAddress) -> bool {
        let Some(place) = self.places.remove(&pool) else {
            return false;
        };
        let removed = self.pools.get_mut(place.0).and_then(Option::take);
        for token in removed.iter().flat_map(Pool::tokens) {
            let token = self.intern(*token);
            self.edges[token.0].retain(|edge| edge.pool != place);
        }
        self.free.push(place);
        true
    }

    /// The pool at this address.
    ///
    /// # Errors
    /// `unknown_pool`.
    pub fn pool(&self, address: ChainAddress) -> Result<&Pool, PoolError> {
        let pool = self.places.get(&address).and_then(|place| self.at(*place));
        pool.ok_or(PoolError::UnknownPool(address))
    }

    /// Every pool's address, in ascending order.
    #[must_use]
    pub fn addresses(&self) -> Vec<ChainAddress> {
        let mut addresses: Vec<ChainAddress> = self.places.keys().copied().collect();
        addresses.sort_unstable();
        addresses
    }

    /// How many pools there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no pool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether there is a pool at this address.
    #[must_use]
    pub fn contains(&self, pool: ChainAddress) -> bool {
        self.places.contains_key(&pool)
    }

    pub(super) fn at(&self, place: PoolId) -> Option<&Pool> {
        self.pools.get(place.0).and_then(Option::as_ref)
    }

    /// The token's number, when a pool trades it now.
    pub(super) fn token(&self, address: ChainAddress) -> Option<TokenId> {
        self.tokens
            .get(&address)
            .copied()
            .filter(|token| !self.edges(*token).is_empty())
    }

    pub(super) fn token_count(&self) -> usize {
        self.edges.len()
    }

    pub(super) fn edges(&self, token: TokenId) -> &[Edge] {
        self.edges.get(token.0).map_or(&[], Vec::as_slice)
    }

    pub(super) fn place_of(&self, pool: ChainAddress) -> Option<PoolId> {
        self.places.get(&pool).copied()
    }

    fn pool_mut(&mut self, address: ChainAddress) -> Option<&mut Pool> {
        let place = self.places.get(&address)?;
        self.pools.get_mut(place.0)?.as_mut()
    }

    fn link(&mut self, place: PoolId, pool: &Pool) {
        let tokens: Vec<TokenId> = pool
            .tokens()
            .iter()
            .map(|token| self.intern(*token))
            .collect();
        for (input, from) in (0u8..).zip(&tokens) {
            for (output, token) in (0u8..).zip(&tokens).filter(|(output, _)| *output != input) {
                let edge = Edge {
                    pool: place,
                    token: *token,
                    pair: TokenPair { input, output },
                };
                let edges = &self.edges[from.0];
                let at = edges
                    .partition_point(|other| self.address_of(other.pool) < Some(pool.address()));
                self.edges[from.0].insert(at, edge);
            }
        }
    }

    fn intern(&mut self, token: ChainAddress) -> TokenId {
        let next = TokenId(self.edges.len());
        let token = *self.tokens.entry(token).or_insert(next);
        if token == next {
            self.edges.push(Vec::new());
        }
        token
    }

    fn address_of(&self, place: PoolId) -> Option<ChainAddress> {
        self.at(place).map(Pool::address)
    }
}
