//! The memory of the quick search: one label for each token and number of hops, used again by every search.

use super::bound::Side;
use super::chances::{Chance, Chances};
use super::graph::PoolGraph;
use super::numbers::{PoolId, TokenId};
use super::request::{Limits, MAX_HOPS};
use super::way::Way;
use crate::pools::{Exact, TokenPair};

/// One hop of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The pool.
    pub pool: PoolId,
    /// Which of its tokens go in and out.
    pub pair: TokenPair,
}

/// The best way found to a token by a number of hops, and how good the second best may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    /// The bound of the best way.
    pub(super) value: f64,
    /// No other way is better than this.
    pub(super) rival: f64,
    /// The token before, and the pool between.
    from: u64,
    /// The search that it belongs to.
    stamp: u32,
}

/// A token and a pool in one number.
#[inline]
pub(super) fn from(parent: TokenId, pool: PoolId) -> u64 {
    u64::from(parent.0) << 32 | u64::from(pool.0)
}

impl Label {
    pub(super) const NONE: Self = Self {
        value: 0.0,
        rival: 0.0,
        from: u64::MAX,
        stamp: 0,
    };

    /// One way, without a rival; `worst` is the bound of no way at all.
    pub(super) fn of(value: f64, worst: f64, from: u64) -> Self {
        Self {
            value,
            rival: worst,
            from,
            stamp: 0,
        }
    }

    /// The token before.
    #[inline]
    pub(super) fn parent(&self) -> TokenId {
        TokenId((self.from >> 32) as u32)
    }

    /// The pool between.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub(super) fn pool(&self) -> PoolId {
        PoolId(self.from as u32)
    }

    /// With another bound of every other way.
    pub(super) fn with_rival(self, rival: f64) -> Self {
        Self { rival, ..self }
    }

    /// Takes a way as the best or as the rival. There is no branch to mispredict, for which one it is cannot be
    /// foreseen.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the innermost step of the search")]
    pub(super) fn challenge<W: Way>(&mut self, value: f64, from: u64) {
        let wins = u64::from(W::better(value, self.value)).wrapping_neg();
        self.from ^= (self.from ^ from) & wins;
        self.rival = W::best(W::worse(value, self.value), self.rival);
        self.value = W::best(value, self.value);
    }
}

/// Labels by token, and the tokens that have one.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    labels: Vec<Label>,
    /// The first `count` are the tokens that have a label.
    reached: Vec<TokenId>,
    pub(super) count: usize,
}

/// A step to the goal.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastHop {
    pub(super) step: Step,
    pub(super) side: Side,
    /// Place of the next one from the same token; past the end when there is none.
    pub(super) next: u32,
}

/// A step to a near token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Approach {
    pub(super) to: TokenId,
    pub(super) step: Step,
    /// Place of the next one from the same token; past the end when there is none.
    pub(super) next: u32,
}

/// A token with more edges is better met from the other side.
pub(super) const MANY_EDGES: usize = 24;

/// What searches use again, so that they allocate nothing once it has grown. Any graph and request may follow
/// any other.
#[derive(Debug, Clone)]
pub struct RouteScratch {
    stamp: u32,
    /// By number of hops less one, at tokens that are not the goal.
    pub(super) layers: [Layer; MAX_HOPS as usize - 1],
    /// After two hops: the best way from another token than the one that the best way of all comes from.
    pub(super) apart: Layer,
    /// Places of the edges that are worth trying.
    pub(super) picked: Vec<u32>,
    /// The pools from each token that are to be tried.
    pub(super) chances: Chances,
    /// The steps to the goal, each with the next one from the same token.
    pub(super) last_hops: Vec<LastHop>,
    /// The tokens that the last hops come from, once each.
    near_tokens: Vec<TokenId>,
    /// By token: the search that marked it, and the first of its last hops.
    near: Vec<(u32, u32)>,
    near_stamp: u32,
    /// The steps to near tokens with few edges, each with the next one from the same token.
    pub(super) approaches: Vec<Approach>,
    /// By token: the marking that it is of, and the first of its approaches.
    approached: Vec<(u32, u32)>,
    /// The marking that the approaches are of.
    approach_stamp: u32,
    /// The near tokens with many edges.
    pub(super) near_hubs: Vec<TokenId>,
    /// The goal that `last_hops` and `near` were made for, while they may be used again.
    near_goal: Option<(TokenId, Exact)>,
    /// The best way to the goal by each number of hops.
    pub(super) arrivals: [Label; MAX_HOPS as usize],
}

impl Default for RouteScratch {
    fn default() -> Self {
        Self {
            stamp: 0,
            layers: Default::default(),
            apart: Layer::default(),
            picked: Vec::new(),
            chances: Chances::default(),
            last_hops: Vec::new(),
            near_tokens: Vec::new(),
            near: Vec::new(),
            near_stamp: 0,
            approaches: Vec::new(),
            approached: Vec::new(),
            approach_stamp: 0,
            near_hubs: Vec::new(),
            near_goal: None,
            arrivals: [Label::NONE; MAX_HOPS as usize],
        }
    }
}

impl RouteScratch {
    /// Memory that grows with its first searches.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a search: `worst` is the bound of no way at all.
    pub(super) fn begin(&mut self, graph: &PoolGraph, worst: f64) {
        let tokens = graph.token_count();
        self.stamp = self.stamp.wrapping_add(1);
        let again = self.stamp == 0;
        self.stamp = self.stamp.max(1);
        for layer in self.layers.iter_mut().chain([&mut self.apart]) {
            layer.begin(tokens, again);
        }
        self.arrivals = [Label::of(worst, worst, u64::MAX); MAX_HOPS as usize];
    }

    /// The next search is in another graph, or the graph may have changed.
    pub(super) fn forget(&mut self) {
        self.near_goal = None;
        self.chances.of = None;
    }

    /// Marks the tokens that have an allowed pool with the goal, and lists those pools.
    pub(super) fn mark_near<W: Way>(&mut self, graph: &PoolGraph, limits: &Limits, goal: TokenId) {
        if !limits.any && self.near_goal == Some((goal, W::EXACT)) {
            return;
        }
        self.near_goal = (!limits.any).then_some((goal, W::EXACT));
        self.near_stamp = self.near_stamp.wrapping_add(1);
        if self.near_stamp == 0 {
            self.near.fill((0, 0));
            self.approached.fill((0, 0));
            self.approach_stamp = 0;
            self.near_stamp = 1;
        }
        if self.near.len() < graph.token_count() {
            self.near.resize(graph.token_count(), (0, 0));
        }
        self.last_hops.clear();
        self.near_tokens.clear();
        for edge in graph.edges(goal) {
            if !limits.allow(graph, edge) {
                continue;
            }
            let place = u32::try_from(self.last_hops.len()).unwrap_or(u32::MAX);
            let mark = &mut self.near[edge.token.index()];
            let next = if mark.0 == self.near_stamp {
                mark.1
            } else {
                self.near_tokens.push(edge.token);
                u32::MAX
            };
            *mark = (self.near_stamp, place);
            let (pool, pair) = (edge.pool, edge.pair.reversed());
            self.last_hops.push(LastHop {
                step: Step { pool, pair },
                side: W::side(graph.hyperbolic(pool), pair),
                next,
            });
        }
    }

    /// Lists the steps to the near tokens, but for those with many edges.
    pub(super) fn list_approaches(&mut self, graph: &PoolGraph, limits: &Limits, goal: TokenId) {
        if self.approach_stamp == self.near_stamp {
            return;
        }
        self.approach_stamp = self.near_stamp;
        if self.approached.len() < graph.token_count() {
            self.approached.resize(graph.token_count(), (0, 0));
        }
        self.approaches.clear();
        self.near_hubs.clear();
        for to in &self.near_tokens {
            let edges = graph.edges(*to);
            if edges.len() > MANY_EDGES {
                self.near_hubs.push(*to);
                continue;
            }
            for edge in edges {
                if edge.token == goal || !limits.allow_pool(graph, edge.pool) {
                    continue;
                }
                let place = u32::try_from(self.approaches.len()).unwrap_or(u32::MAX);
                let mark = &mut self.approached[edge.token.index()];
                let next = if mark.0 == self.near_stamp {
                    mark.1
                } else {
                    u32::MAX
                };
                *mark = (self.near_stamp, place);
                let (pool, pair) = (edge.pool, edge.pair.reversed());
                self.approaches.push(Approach {
                    to: *to,
                    step: Step { pool, pair },
                    next,
                });
            }
        }
    }

    /// Place of the token's first approach; past the end when there is none.
    pub(super) fn first_approach(&self, token: TokenId) -> u32 {
        let (stamp, place) = self.approached[token.index()];
        if stamp == self.near_stamp {
            place
        } else {
            u32::MAX
        }
    }

    #[inline]
    pub(super) fn is_near(&self, token: TokenId) -> bool {
        self.near[token.index()].0 == self.near_stamp
    }

    /// Place of the first last hop from a token that is near.
    #[inline]
    pub(super) fn first_last_hop(&self, token: TokenId) -> u32 {
        self.near[token.index()].1
    }

    pub(super) fn stamp(&self) -> u32 {
        self.stamp
    }
}

impl Layer {
    fn begin(&mut self, tokens: usize, forget: bool) {
        self.count = 0;
        if self.labels.len() < tokens {
            self.labels.resize(tokens, Label::NONE);
            self.reached.resize(tokens + 1, TokenId(u32::MAX));
        }
        if forget {
            self.labels.fill(Label::NONE);
        }
    }

    /// The token that was reached after so many others.
    #[inline]
    pub(super) fn reached(&self, at: usize) -> TokenId {
        self.reached[at]
    }

    #[inline]
    pub(super) fn get(&self, token: TokenId, stamp: u32) -> Option<&Label> {
        let label = self.labels.get(token.index())?;
        (label.stamp == stamp).then_some(label)
    }

    /// Puts a way into the token's place: as its best, or as a rival to it.
    pub(super) fn put<W: Way>(&mut self, token: TokenId, value: f64, from: u64, stamp: u32) {
        put::<W>(
            &mut self.labels,
            &mut self.reached,
            &mut self.count,
            (token, value, from),
            stamp,
        );
    }

    /// Puts what the chances carry on from one token.
    pub(super) fn put_all<W: Way>(
        &mut self,
        chances: &[Chance],
        value: f64,
        parent: TokenId,
        stamp: u32,
    ) {
        let (labels, reached) = (&mut self.labels[..], &mut self.reached[..]);
        let count = put_all::<W>(labels, reached, self.count, chances, value, parent, stamp);
        self.count = count;
    }

    /// Adds the token to those that were reached.
    pub(super) fn count_in(&mut self, token: TokenId) {
        self.reached[self.count] = token;
        self.count += 1;
    }

    pub(super) fn set(&mut self, token: TokenId, label: &Label, stamp: u32) {
        self.labels[token.index()] = Label { stamp, ..*label };
    }
}

/// The innermost loop of the search. Its lists are arguments, for then the compiler knows that they do not overlap.
#[inline(never)]
#[allow(clippy::too_many_arguments, reason = "see above")]
fn put_all<W: Way>(
    labels: &mut [Label],
    reached: &mut [TokenId],
    mut count: usize,
    chances: &[Chance],
    value: f64,
    parent: TokenId,
    stamp: u32,
) -> usize {
    for chance in chances {
        let carried = W::carried(chance.side, value);
        if W::useful(carried) {
            let way = (chance.to, carried, from(parent, chance.pool));
            put::<W>(labels, reached, &mut count, way, stamp);
        }
    }
    count
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "the innermost step of the search")]
fn put<W: Way>(
    labels: &mut [Label],
    reached: &mut [TokenId],
    count: &mut usize,
    (token, value, from): (TokenId, f64, u64),
    stamp: u32,
) {
    let label = &mut labels[token.index()];
    let new = label.stamp != stamp;
    // All of it without a branch: a token is new or not as the pools happen to be.
    label.value = if new { W::WORST } else { label.value };
    label.rival = if new { W::WORST } else { label.rival };
    label.stamp = stamp;
    label.challenge::<W>(value, from);
    reached[*count] = token;
    *count += usize::from(new);
}
