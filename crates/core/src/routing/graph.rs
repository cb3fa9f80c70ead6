//! The pool graph: tokens are nodes, pools are edges, and what the chain tells changes one pool in place.

use std::collections::HashMap;

use super::bound::{Hyperbolic, Powers};
use super::neighbours::{Neighbours, Places, way_number};
use super::numbers::{BuildAddressHasher, Edge, PoolId, TokenId};
use super::watchers::{Updated, Watchers};
use crate::ChainAddress;
use crate::pools::{Account, ChainClock, Pool, PoolChange, PoolError, PoolMath, TokenPair, VENUES};

/// Pools and the tokens they connect.
///
/// Adding, changing and removing a pool costs what the pool has tokens, however many pools those tokens have.
/// Tokens and pools have small numbers ([`TokenId`], [`PoolId`]), so that what is kept beside the graph can be an
/// array; [`PoolGraph::version`] and [`PoolGraph::topology`] say when such a thing is out of date.
#[derive(Debug, Clone, Default)]
pub struct PoolGraph {
    tokens: HashMap<ChainAddress, TokenId, BuildAddressHasher>,
    token_addresses: Vec<ChainAddress>,
    neighbours: Neighbours,
    pools: Vec<Option<Entry>>,
    /// By pool: its curve, for bounds.
    bounds: Vec<Hyperbolic>,
    numbers: HashMap<ChainAddress, PoolId, BuildAddressHasher>,
    free: Vec<PoolId>,
    watchers: Watchers,
    /// How many pools of each family there are, by place in [`VENUES`].
    venue_counts: Vec<u32>,
    epoch: u64,
    topology: u64,
}

/// A pool and where it is tied in.
#[derive(Debug, Clone)]
struct Entry {
    pool: Pool,
    tokens: Box<[TokenId]>,
    places: Places,
    version: u64,
    /// The curves of a weighted pool.
    powers: Option<Powers>,
    /// Place of its family in [`VENUES`].
    venue: u8,
}

impl PoolGraph {
    /// A graph without pools.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pool, or replaces the one at its address.
    pub fn upsert(&mut self, pool: Pool) -> PoolId {
        let known = self.numbers.get(&pool.address()).copied();
        if let Some(id) = known {
            if self.at(id).is_some_and(|old| old.tokens() == pool.tokens()) {
                self.replace(id, pool);
                return id;
            }
            self.remove(pool.address());
        }
        self.insert(pool)
    }

    /// Applies what a log of the pool's contract, or an account of the pool's own, says.
    ///
    /// # Errors
    /// `unknown_pool`, or the pool's own refusal; it is then as it was.
    pub fn apply(&mut self, pool: ChainAddress, change: PoolChange<'_>) -> Result<(), PoolError> {
        let id = self.pool_id(pool).ok_or(PoolError::UnknownPool(pool))?;
        self.apply_to(id, change)
    }

    /// The pools that read an account.
    #[must_use]
    pub fn readers(&self, account: ChainAddress) -> &[PoolId] {
        self.watchers.of(account)
    }

    /// Applies new bytes of a Solana account to every pool that reads it; to none, when none does.
    pub fn apply_account(&mut self, account: Account<'_>) -> Updated {
        let mut updated = Updated::default();
        for id in self.watchers.of(account.address).to_vec() {
            let before = self.at(id).map(Pool::accounts).unwrap_or_default();
            match self.apply_to(id, PoolChange::Account(account)) {
                Ok(()) => {
                    self.rewatch(id, &before);
                    updated.applied.push(id);
                }
                Err(error) => updated.refused.push((id, error)),
            }
        }
        updated
    }

    /// Tells every pool that reads the chain's clock what it shows now; the others are neither applied nor
    /// refused. A pool added later brings the clock of its own accounts.
    pub fn set_clock(&mut self, clock: ChainClock) -> Updated {
        let mut updated = Updated::default();
        for id in self.pool_ids().collect::<Vec<_>>() {
            if self
                .at(id)
                .is_none_or(|pool| pool.address().solana().is_none())
            {
                continue;
            }
            match self.apply_to(id, PoolChange::Clock(clock)) {
                Ok(()) => updated.applied.push(id),
                Err(PoolError::ChangeMismatch { .. }) => {}
                Err(error) => updated.refused.push((id, error)),
            }
        }
        updated
    }

    /// Takes a pool out; `false` when there was none.
    pub fn remove(&mut self, pool: ChainAddress) -> bool {
        let Some(id) = self.numbers.remove(&pool) else {
            return false;
        };
        let Some(mut entry) = self.pools.get_mut(id.index()).and_then(Option::take) else {
            return false;
        };
        let pools = &mut self.pools;
        let moved = |edge: Edge, place| {
            if let Some(other) = pools.get_mut(edge.pool.index()).and_then(Option::as_mut) {
                let way = way_number(edge.pair.input, edge.pair.output, other.tokens.len());
                other.places[way] = place;
            }
        };
        self.neighbours
            .unlink(id, &entry.tokens, &mut entry.places, moved);
        self.watchers.remove(id, &entry.pool.accounts());
        self.bounds[id.index()] = Hyperbolic::NONE;
        self.venue_counts[usize::from(entry.venue)] -= 1;
        self.free.push(id);
        self.topology = self.next_epoch();
        true
    }

    /// The pool at this address.
    ///
    /// # Errors
    /// `unknown_pool`.
    pub fn pool(&self, address: ChainAddress) -> Result<&Pool, PoolError> {
        let pool = self.pool_id(address).and_then(|id| self.at(id));
        pool.ok_or(PoolError::UnknownPool(address))
    }

    /// Every pool's address, in ascending order.
    #[must_use]
    pub fn addresses(&self) -> Vec<ChainAddress> {
        let mut addresses: Vec<ChainAddress> = self.numbers.keys().copied().collect();
        addresses.sort_unstable();
        addresses
    }

    /// How many pools there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is no pool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Whether there is a pool at this address.
    #[must_use]
    pub fn contains(&self, pool: ChainAddress) -> bool {
        self.numbers.contains_key(&pool)
    }

    /// The number of the pool at this address.
    #[must_use]
    pub fn pool_id(&self, address: ChainAddress) -> Option<PoolId> {
        self.numbers.get(&address).copied()
    }

    /// Every pool's number, in ascending order.
    pub fn pool_ids(&self) -> impl Iterator<Item = PoolId> + '_ {
        let numbered = (0u32..).zip(&self.pools);
        numbered.filter_map(|(id, entry)| entry.as_ref().map(|_| PoolId(id)))
    }

    /// Places that an array by [`PoolId`] needs.
    #[must_use]
    pub fn pool_places(&self) -> usize {
        self.pools.len()
    }

    /// The pool with this number, unless it was taken out.
    #[must_use]
    pub fn at(&self, id: PoolId) -> Option<&Pool> {
        self.entry(id).map(|entry| &entry.pool)
    }

    /// A pool's tokens, in the order of its [`tokens`](PoolMath::tokens).
    #[must_use]
    pub fn tokens_of(&self, id: PoolId) -> &[TokenId] {
        self.entry(id).map_or(&[], |entry| &entry.tokens)
    }

    /// The places of two of a pool's tokens.
    #[must_use]
    pub fn pair_of(&self, id: PoolId, input: TokenId, output: TokenId) -> Option<TokenPair> {
        let tokens = self.tokens_of(id);
        let place = |token| {
            let place = tokens.iter().position(|other| *other == token)?;
            u8::try_from(place).ok()
        };
        Some(TokenPair {
            input: place(input)?,
            output: place(output)?,
        })
    }

    /// Which state of the pool this is: it grows with every change, and no other pool ever has the same.
    #[must_use]
    pub fn version(&self, id: PoolId) -> Option<u64> {
        self.entry(id).map(|entry| entry.version)
    }

    /// The newest of all versions.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The version at which a pool was last added or taken out.
    #[must_use]
    pub fn topology(&self) -> u64 {
        self.topology
    }

    /// The token's number, when a pool trades it now.
    #[must_use]
    pub fn token(&self, address: ChainAddress) -> Option<TokenId> {
        let token = self.tokens.get(&address).copied();
        token.filter(|token| !self.edges(*token).is_empty())
    }

    /// Every token's number, in ascending order.
    pub fn token_ids(&self) -> impl Iterator<Item = TokenId> + use<> {
        let count = u32::try_from(self.token_count()).unwrap_or(u32::MAX);
        (0..count).map(TokenId)
    }

    /// The address of a token.
    #[must_use]
    pub fn token_address(&self, token: TokenId) -> Option<ChainAddress> {
        self.token_addresses.get(token.index()).copied()
    }

    /// How many tokens have ever been in the graph: the places that an array by [`TokenId`] needs.
    #[must_use]
    pub fn token_count(&self) -> usize {
        self.neighbours.token_count()
    }

    /// The ways from this token, in no particular order.
    #[must_use]
    pub fn edges(&self, token: TokenId) -> &[Edge] {
        self.neighbours.edges(token)
    }

    /// The pools that trade both tokens, in the order of their addresses.
    #[must_use]
    pub fn pools_between(&self, a: TokenId, b: TokenId) -> &[PoolId] {
        self.neighbours.between(a, b)
    }

    /// How many other tokens this one has a pool with.
    #[must_use]
    pub fn neighbour_count(&self, token: TokenId) -> u32 {
        self.neighbours.count(token)
    }

    #[inline]
    pub(super) fn hyperbolic(&self, id: PoolId) -> &Hyperbolic {
        self.bounds.get(id.index()).unwrap_or(&Hyperbolic::NONE)
    }

    /// The curves of a weighted pool, and the place of one way among them.
    pub(super) fn powers(&self, id: PoolId, pair: TokenPair) -> Option<(&Powers, usize)> {
        let entry = self.entry(id)?;
        let way = way_number(pair.input, pair.output, entry.tokens.len());
        Some((entry.powers.as_ref()?, way))
    }

    /// The families that the graph has pools of, by place in [`VENUES`].
    pub(super) fn venues(&self) -> impl Iterator<Item = u8> + '_ {
        let counted = (0u8..).zip(&self.venue_counts);
        counted.filter(|(_, count)| **count > 0).map(|(at, _)| at)
    }

    pub(super) fn venue_of(&self, id: PoolId) -> u8 {
        self.entry(id).map_or(u8::MAX, |entry| entry.venue)
    }

    /// The address of the pool with this number.
    #[must_use]
    pub fn address_of(&self, id: PoolId) -> Option<ChainAddress> {
        self.at(id).map(Pool::address)
    }

    fn entry(&self, id: PoolId) -> Option<&Entry> {
        self.pools.get(id.index()).and_then(Option::as_ref)
    }

    fn next_epoch(&mut self) -> u64 {
        self.epoch += 1;
        self.epoch
    }

    fn apply_to(&mut self, id: PoolId, change: PoolChange<'_>) -> Result<(), PoolError> {
        let version = self.epoch + 1;
        let Some(entry) = self.pools.get_mut(id.index()).and_then(Option::as_mut) else {
            return Ok(());
        };
        entry.pool.apply(change)?;
        entry.version = version;
        entry.powers = Powers::of(&entry.pool);
        self.epoch = version;
        let bound = &mut self.bounds[id.index()];
        // A curve that was one hyperbola stays one in a family of constant product. One of many pieces is not
        // made anew with every change.
        if bound.exists() {
            *bound = Hyperbolic::of(&entry.pool);
        }
        Ok(())
    }

    fn replace(&mut self, id: PoolId, pool: Pool) {
        let version = self.next_epoch();
        let before = self.at(id).map(Pool::accounts).unwrap_or_default();
        self.bounds[id.index()] = Hyperbolic::of(&pool);
        if let Some(entry) = self.pools.get_mut(id.index()).and_then(Option::as_mut) {
            self.venue_counts[usize::from(entry.venue)] -= 1;
            entry.venue = venue(&pool);
            self.venue_counts[usize::from(entry.venue)] += 1;
            entry.powers = Powers::of(&pool);
            entry.pool = pool;
            entry.version = version;
        }
        self.rewatch(id, &before);
    }

    fn insert(&mut self, pool: Pool) -> PoolId {
        let tokens: Box<[TokenId]> = pool.tokens().iter().map(|it| self.intern(*it)).collect();
        let id = self.free.pop().unwrap_or_else(|| self.add_place());
        let address = pool.address();
        let pools = &self.pools;
        let lower = |other: PoolId| {
            let entry = pools.get(other.index()).and_then(Option::as_ref);
            entry.is_some_and(|entry| entry.pool.address() < address)
        };
        let places = self.neighbours.link(id, &tokens, lower);
        self.numbers.insert(address, id);
        self.watchers.add(id, &pool.accounts());
        self.bounds[id.index()] = Hyperbolic::of(&pool);
        let version = self.next_epoch();
        self.topology = version;
        let venue = venue(&pool);
        self.venue_counts.resize(VENUES.len(), 0);
        self.venue_counts[usize::from(venue)] += 1;
        self.pools[id.index()] = Some(Entry {
            powers: Powers::of(&pool),
            pool,
            tokens,
            places,
            version,
            venue,
        });
        id
    }

    fn add_place(&mut self) -> PoolId {
        let id = u32::try_from(self.pools.len()).unwrap_or(u32::MAX);
        self.pools.push(None);
        self.bounds.push(Hyperbolic::NONE);
        PoolId(id)
    }

    fn intern(&mut self, token: ChainAddress) -> TokenId {
        let next = TokenId(u32::try_from(self.token_addresses.len()).unwrap_or(u32::MAX));
        let id = *self.tokens.entry(token).or_insert(next);
        if id == next {
            self.token_addresses.push(token);
            self.neighbours.add_token();
        }
        id
    }

    /// A change may have made the pool read other accounts than before.
    fn rewatch(&mut self, id: PoolId, before: &[ChainAddress]) {
        let after = self.at(id).map(Pool::accounts).unwrap_or_default();
        if after != before {
            self.watchers.remove(id, before);
            self.watchers.add(id, &after);
        }
    }
}

/// Place of the pool's family in [`VENUES`], which names every one.
fn venue(pool: &Pool) -> u8 {
    let named = (0u8..).zip(VENUES);
    let mut found = named.filter(|(_, name)| **name == pool.venue());
    found.next().map_or(0, |(at, _)| at)
}
