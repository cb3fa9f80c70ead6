//! Cycles that gain: every closed path through a base token that gives back more than it takes.
//!
//! - `links`: the directed pairs of tokens, and the rates of the pools between them;
//! - `index`: which cycles there are, and which of them a pool is part of;
//! - `best_input`: the input that gains most, in exact integers;
//! - `answers`: what the last scan found, for as long as no pool of a cycle changes;
//! - `seen`: which state of each pool the index knows.
//!
//! A pool's output is concave in its input, so it never gives more per unit than at its spot price less its fee.
//! Where these rates multiply to one or less around a cycle, no input gains: a sum of logarithms decides that,
//! without a quote. Only the others are quoted, and only quotes decide whether and how much they gain.

mod answers;
mod best_input;
mod index;
mod links;
mod seen;

use std::cmp::Reverse;
use std::sync::Arc;

use alloy_primitives::U256;

use super::RouteError;
use super::{PoolGraph, PoolId};
use crate::ChainAddress;
use crate::pools::PoolMath;
use answers::Answers;
use best_input::best_amounts;
use index::TokenCycles;
use links::{Links, Way};
use seen::Seen;

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
/// new state and answers for the cycles through that pool. A pool that left the graph has no cycles any more; after
/// pools were added, build it anew.
///
/// A cycle passes no token twice, save the base at its ends. One that passes several base tokens is answered once,
/// from the first of them in the order given.
#[derive(Debug, Clone)]
pub struct CycleIndex {
    bases: Vec<BaseToken>,
    links: Links,
    cycles: TokenCycles,
    seen: Seen,
    answers: Answers,
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
            seen: Seen::new(graph),
            answers: Answers::default(),
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
    ///
    /// Each is at the best input but for rounding: no input gains more than its profit, one unit of its base, and what
    /// one unit of each further token on its way is worth at the end.
    ///
    /// What a scan finds is kept. The next one takes the new state of every pool that has changed, asked or not, and
    /// quotes only cycles that pass one of those.
    pub fn scan(&mut self, graph: &PoolGraph) -> Arc<[Arc<Cycle>]> {
        let links = &mut self.links;
        let now = self.seen.catch_up(graph, |pool, state, now| {
            links.refresh(graph, pool, state, now);
        });
        if let Some(found) = self.answers.all(now) {
            return found;
        }
        let promising: Vec<usize> = self.cycles.promising(self.links.best()).collect();
        for &cycle in &promising {
            let changed = self.links.changed(self.cycles.links(cycle));
            if !self.answers.holds(cycle, changed) {
                let mut found = Vec::new();
                self.expand(graph, cycle, None, &mut found);
                self.answers.put(cycle, now, found);
            }
        }
        self.answers.collect(&promising, now)
    }

    /// Takes the new state of a pool, and answers for the cycles through it alone.
    ///
    /// The answer equals the part of [`CycleIndex::scan`] whose cycles pass the pool. A pool that the index does
    /// not know, or one that left the graph, has no cycles.
    pub fn update(&mut self, graph: &PoolGraph, pool: ChainAddress) -> Vec<Cycle> {
        let Some(place) = graph.pool_id(pool) else {
            return Vec::new();
        };
        let links = &mut self.links;
        self.seen.take(graph, place, |pool, state, now| {
            links.refresh(graph, pool, state, now);
        });
        let mut found = Vec::new();
        for link in self.links.of_pool(place) {
            // A cycle gains by this pool only if it does with the pool's own rate in place of the best one.
            let slack = self.links.slack(*link, place);
            for cycle in self.cycles.through(*link, self.links.best(), slack) {
                self.expand(graph, cycle, Some((*link, place)), &mut found);
            }
        }
        ranked(&mut found);
        found
            .into_iter()
            .map(|(_, cycle)| Arc::unwrap_or_clone(cycle))
            .collect()
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
        found: &mut Vec<(usize, Arc<Cycle>)>,
    ) {
        let links = self.cycles.links(cycle);
        let mut ways: Vec<Way> = Vec::with_capacity(links.len());
        let mut choose = |ways: &[Way]| {
            let place = self.cycles.base(cycle);
            found.extend(
                self.gain(graph, place, ways)
                    .map(|cycle| (place, Arc::new(cycle))),
            );
        };
        self.links.choices(links, fixed, &mut ways, &mut choose);
    }

    fn gain(&self, graph: &PoolGraph, place: usize, ways: &[Way]) -> Option<Cycle> {
        let base = self.bases[place];
        let cost_raw = base
            .hop_cost_raw
            .checked_mul(U256::from(ways.len()))?
            .checked_add(base.cycle_cost_raw)?;
        let amounts = best_amounts(graph, ways, cost_raw)?;
        let amounts = amounts.all();
        let [amount_in_raw, .., amount_out_raw] = *amounts else {
            return None;
        };
        let profit_raw = amount_out_raw
            .checked_sub(amount_in_raw)?
            .checked_sub(cost_raw)
            .filter(|profit| !profit.is_zero())?;
        let hops = ways.iter().zip(amounts.windows(2)).map(|(way, amounts)| {
            let pool = graph.at(way.pool)?;
            let tokens = pool.tokens();
            Some(CycleHop {
                pool: pool.address(),
                token_in: *tokens.get(usize::from(way.pair.input))?,
                token_out: *tokens.get(usize::from(way.pair.output))?,
                amount_in_raw: amounts[0],
                amount_out_raw: amounts[1],
            })
        });
        Some(Cycle {
            base: base.token,
            amount_in_raw,
            amount_out_raw,
            cost_raw,
            profit_raw,
            hops: hops.collect::<Option<Vec<_>>>()?,
        })
    }
}

/// The greatest profit first within each base token; of equal profits, the lower addresses.
fn ranked(found: &mut Vec<(usize, Arc<Cycle>)>) {
    let pools = |cycle: &Cycle| cycle.hops.iter().map(|hop| hop.pool).collect::<Vec<_>>();
    found.sort_by(|(place, a), (other, b)| {
        let keys = (place, Reverse(a.profit_raw)).cmp(&(other, Reverse(b.profit_raw)));
        keys.then_with(|| pools(a).cmp(&pools(b)))
    });
    found.dedup_by(|(_, a), (_, b)| a == b);
}
