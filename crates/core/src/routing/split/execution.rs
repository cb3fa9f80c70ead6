//! Legs in integers: quoted one after the other by the pools themselves.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

use super::path::{Hop, Path};
use super::request::Leg;
use crate::pools::{Exact, Pool, PoolMath, PoolQuote, SwapAmounts, TokenPair};
use crate::routing::convex::Market;
use crate::routing::{PoolId, RouteError};

/// Paths in the order of their execution, ready to be quoted for any shares.
pub(super) struct Execution<'a> {
    market: &'a Market<'a>,
    exact: Exact,
    paths: Vec<Path>,
    /// Whether a leg uses a pool that an earlier or later one uses too.
    shares_pool: Vec<bool>,
    shared: BTreeSet<PoolId>,
    known: BTreeMap<(usize, U256), Option<U256>>,
}

impl<'a> Execution<'a> {
    pub(super) fn new(market: &'a Market<'a>, exact: Exact, paths: Vec<Path>) -> Self {
        let mut users: BTreeMap<PoolId, usize> = BTreeMap::new();
        for hop in paths.iter().flatten() {
            *users.entry(market.venues[hop.venue].id).or_default() += 1;
        }
        users.retain(|_, users| *users > 1);
        let shared: BTreeSet<PoolId> = users.into_keys().collect();
        let shares = |hop: &Hop| shared.contains(&market.venues[hop.venue].id);
        let shares_pool = paths.iter().map(|path| path.iter().any(shares)).collect();
        Self {
            market,
            exact,
            paths,
            shares_pool,
            shared,
            known: BTreeMap::new(),
        }
    }

    /// The sum at the far end, or `None` when a pool refuses its part or a leg gives nothing. A share of nothing is
    /// no leg.
    pub(super) fn far(&mut self, near: &[U256]) -> Option<U256> {
        let mut moved = BTreeMap::new();
        let mut sum = U256::ZERO;
        for (leg, near) in near.iter().enumerate().filter(|(_, near)| !near.is_zero()) {
            let far = if self.shares_pool[leg] {
                self.execute(leg, *near, &mut moved)
            } else if let Some(far) = self.known.get(&(leg, *near)) {
                *far
            } else {
                let far = self.execute(leg, *near, &mut BTreeMap::new());
                self.known.insert((leg, *near), far);
                far
            };
            sum = sum.checked_add(far.filter(|far| !far.is_zero())?)?;
        }
        Some(sum)
    }

    fn execute(&self, leg: usize, near: U256, moved: &mut BTreeMap<PoolId, Pool>) -> Option<U256> {
        let mut amount = near;
        for hop in self.in_search_order(leg) {
            let (id, pair) = self.way(hop);
            let swap = if self.shared.contains(&id) {
                let pool = pool_mut(self.market, moved, id)?;
                pool.swap(pair, self.exact, amount).ok()?
            } else {
                let pool = self.market.graph.at(id)?;
                quoted(pool, pair, self.exact, amount)?
            };
            amount = match self.exact {
                Exact::In => swap.amount_out_raw,
                Exact::Out => swap.amount_in_raw,
            };
        }
        Some(amount)
    }

    /// The legs with every pool's answer.
    pub(super) fn legs(&self, near: &[U256]) -> Result<Vec<Leg>, RouteError> {
        let mut moved = BTreeMap::new();
        let mut legs = Vec::new();
        for (leg, near) in near.iter().enumerate().filter(|(_, near)| !near.is_zero()) {
            let mut amount = *near;
            let mut hops: Vec<PoolQuote> = Vec::new();
            for hop in self.in_search_order(leg) {
                let (id, pair) = self.way(hop);
                let Some(pool) = pool_mut(self.market, &mut moved, id) else {
                    continue;
                };
                let quote = pool.quote(pair, self.exact, amount)?;
                pool.swap(pair, self.exact, amount)?;
                amount = match self.exact {
                    Exact::In => quote.amount_out_raw,
                    Exact::Out => quote.amount_in_raw,
                };
                hops.push(quote);
            }
            if self.exact == Exact::Out {
                hops.reverse();
            }
            legs.push(Leg {
                amount_in_raw: hops.first().map_or(U256::ZERO, |hop| hop.amount_in_raw),
                amount_out_raw: hops.last().map_or(U256::ZERO, |hop| hop.amount_out_raw),
                hops,
            });
        }
        Ok(legs)
    }

    fn in_search_order(&self, leg: usize) -> Box<dyn Iterator<Item = Hop> + '_> {
        let hops = self.paths[leg].iter().copied();
        match self.exact {
            Exact::In => Box::new(hops),
            Exact::Out => Box::new(hops.rev()),
        }
    }

    fn way(&self, hop: Hop) -> (PoolId, TokenPair) {
        let venue = &self.market.venues[hop.venue];
        (venue.id, venue.pair_from(hop.side))
    }
}

fn pool_mut<'m>(
    market: &Market,
    moved: &'m mut BTreeMap<PoolId, Pool>,
    id: PoolId,
) -> Option<&'m mut Pool> {
    match moved.entry(id) {
        Entry::Occupied(entry) => Some(entry.into_mut()),
        Entry::Vacant(entry) => Some(entry.insert(market.graph.at(id)?.clone())),
    }
}

fn quoted(pool: &Pool, pair: TokenPair, exact: Exact, amount: U256) -> Option<SwapAmounts> {
    match exact {
        Exact::In => Some(SwapAmounts {
            amount_in_raw: amount,
            amount_out_raw: pool.output(pair, amount)?,
        }),
        Exact::Out => pool.amounts(pair, Exact::Out, amount).ok(),
    }
}
