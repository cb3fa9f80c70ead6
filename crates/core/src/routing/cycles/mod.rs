//! Cycles that gain: every closed path through a base token that gives back more than it takes.
//!
//! - `links`: the directed pairs of tokens, and the rates of the pools between them;
//! - `index`: which cycles there are, and which of them a pool is part of;
//! - `best_input`: the input that gains most, in exact integers.
//!
//! A pool's output is concave in its input, so it never gives more per unit than at its spot price less its fee.
//! Where these rates multiply to one or less around a cycle, no input gains: a sum of logarithms decides that,
//! without a quote. Only the others are quoted, and only quotes decide whether and how much they gain.

mod best_input;
mod index;
mod links;

use std::cmp::Reverse;

use alloy_primitives::U256;

use super::RouteError;
use super::{PoolGraph, PoolId};
use crate::ChainAddress;
use crate::pools::PoolMath;
use best_input::best_input;
use index::TokenCycles;
use links::{Links, Way};

/// The longest cycle that is searched.
pub const MAX_CYCLE_HOPS: u8 = 4;

/// A token in which gain is counted, and what a cycle costs in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseToken {
    /// Where cycles begin and end.
    pub token: ChainAddress,
    /// What one hop costs to execute (gas, compute units), in raw units of the token.
    pub hop_cost_raw: U256,
    /// What a cycle costs besides, whatever its length (transaction, tip), in raw units of the token.
    pub cycle_cost_raw: U256,
}

/// One pool of a cycle, with the amounts at the best input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleHop {
    /// The pool.
    pub pool: ChainAddress,
    /// What is paid in.
    pub token_in: ChainAddress,
    /// What comes out.
    pub token_out: ChainAddress,
    /// In raw units of `token_in`.
    pub amount_in_raw: U256,
    /// In raw units of `token_out`.
    pub amount_out_raw: U256,
}

/// A cycle that gains, at the input that gains most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// Where it begins and ends.
    pub base: ChainAddress,
    /// Paid, in raw units of the base.
    pub amount_in_raw: U256,
    /// Got back, in raw units of the base.
    pub amount_out_raw: U256,
    /// Of its hops and of the transaction, in raw units of the base.
    pub cost_raw: U256,
    /// `amount_out_raw - amount_in_raw - cost_raw`; never zero.
    pub profit_raw: U256,
    /// In trade order.
    pub hops: Vec<CycleHop>,
}

/// The cycles of a graph, kept so that a changed pool is looked at alone.
///
/// Built once for a graph's pools and tokens; after a pool's state has changed, [`CycleIndex::update`] takes the
/// new state and answers for the cycles through that pool. After pools were added or removed, build it anew.
///
/// A cycle passes no token twice, save the base at its ends. One that passes several base tokens is answered once,
/// from the first of them in the order given.
#[derive(Debug, Clone)]
pub struct CycleIndex {
    bases: Vec<BaseToken>,
    links: Links,
    cycles: TokenCycles,
}

impl CycleIndex {
    /// Finds every cycle of tokens of 2 to `max_hops` hops through the base tokens.
    ///
    /// Costs time and memory once: 4 bytes a hop and 4 a hop again for the way back from a pool to its cycles.
    ///
    /// # Errors
    /// `cycle_hops_out_of_range`, or `unknown_token` for a base token that no pool trades.
    pub fn new(graph: &PoolGraph, bases: &[BaseToken], max_hops: u8) -> Result<Self, RouteError> {
        if !(2..=MAX_CYCLE_HOPS).contains(&max_hops) {
            return Err(RouteError::CycleHopsOutOfRange(max_hops));
        }
        let known = |base: &BaseToken| {
            graph.token(base.token).ok_or(RouteError::UnknownToken {
                field: "base_tokens",
                token: base.token,
            })
        };
        let tokens = bases.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        let links = Links::new(graph);
        let cycles = TokenCycles::new(&links, &tokens, max_hops);
        Ok(Self {
            bases: bases.to_vec(),
            links,
            cycles,
        })
    }

    /// How many cycles of tokens there are; each stands for every choice among parallel pools.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cycles.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every cycle that gains after its cost, the greatest profit first within each base token.
    #[must_use]
    pub fn scan(&self, graph: &PoolGraph) -> Vec<Cycle> {
        let mut found = Vec::new();
        for cycle in self.cycles.promising(self.links.best()) {
            self.expand(graph, cycle, None, &mut found);
        }
        ranked(found)
    }

    /// Takes the new state of a pool, and answers for the cycles through it alone.
    ///
    /// The answer equals the part of [`CycleIndex::scan`] whose cycles pass the pool. A pool that the index does
    /// not know, or one that left the graph, has no cycles.
    pub fn update(&mut self, graph: &PoolGraph, pool: ChainAddress) -> Vec<Cycle> {
        let Some(place) = graph.pool_id(pool) else {
            return Vec::new();
        };
        self.links.refresh(graph, place);
        let mut found = Vec::new();
        for link in self.links.of_pool(place) {
            // A cycle gains by this pool only if it does with the pool's own rate in place of the best one.
            let slack = self.links.slack(*link, place);
            for cycle in self.cycles.through(*link, self.links.best(), slack) {
                self.expand(graph, cycle, Some((*link, place)), &mut found);
            }
        }
        ranked(found)
    }

    /// Which cycles of tokens may gain, by their rates alone: the part of a scan that needs no quote.
    #[must_use]
    pub fn promising(&self) -> usize {
        self.cycles.promising(self.links.best()).count()
    }

    /// Every choice among the parallel pools of a cycle of tokens that gains.
    fn expand(
        &self,
        graph: &PoolGraph,
        cycle: usize,
        fixed: Option<(u32, PoolId)>,
        found: &mut Vec<(usize, Cycle)>,
    ) {
        let links = self.cycles.links(cycle);
        let mut ways: Vec<Way> = Vec::with_capacity(links.len());
        let mut choose = |ways: &[Way]| {
            let place = self.cycles.base(cycle);
            found.extend(self.gain(graph, place, ways).map(|cycle| (place, cycle)));
        };
        self.links.choices(links, fixed, &mut ways, &mut choose);
    }

    fn gain(&self, graph: &PoolGraph, place: usize, ways: &[Way]) -> Option<Cycle> {
        let base = self.bases[place];
        let hops = U256::from(ways.len());
        let cost_raw = base
            .hop_cost_raw
            .checked_mul(hops)?
            .checked_add(base.cycle_cost_raw)?;
        let amount_in_raw = best_input(graph, ways)?;
        let mut amount = amount_in_raw;
        let mut hops = Vec::with_capacity(ways.len());
        for way in ways {
            let pool = graph.at(way.pool)?;
            let tokens = pool.tokens();
            let amount_out_raw = pool.output(way.pair, amount)?;
            hops.push(CycleHop {
                pool: pool.address(),
                token_in: *tokens.get(usize::from(way.pair.input))?,
                token_out: *tokens.get(usize::from(way.pair.output))?,
                amount_in_raw: amount,
                amount_out_raw,
            });
            amount = amount_out_raw;
        }
        let profit_raw = amount
            .checked_sub(amount_in_raw)?
            .checked_sub(cost_raw)
            .filter(|profit| !profit.is_zero())?;
        Some(Cycle {
            base: base.token,
            amount_in_raw,
            amount_out_raw: amount,
            cost_raw,
            profit_raw,
            hops,
        })
    }
}

/// The greatest profit first within each base token; of equal profits, the lower addresses.
fn ranked(mut found: Vec<(usize, Cycle)>) -> Vec<Cycle> {
    found.sort_by_cached_key(|(place, cycle)| {
        let pools: Vec<ChainAddress> = cycle.hops.iter().map(|hop| hop.pool).collect();
        (*place, Reverse(cycle.profit_raw), pools)
    });
    found.dedup_by(|(_, a), (_, b)| a == b);
    found.into_iter().map(|(_, cycle)| cycle).collect()
}
