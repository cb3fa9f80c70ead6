//! The memory of the quick search: one label for each token and number of hops, used again by every search.

use super::graph::PoolGraph;
use super::numbers::{PoolId, TokenId};
use super::request::{Limits, MAX_HOPS};
use crate::pools::TokenPair;

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
    /// The token before.
    pub(super) parent: TokenId,
    pub(super) step: Step,
    /// Whether the way to the token before is the one that is kept apart there.
    pub(super) apart: bool,
    /// The search that it belongs to.
    pub(super) stamp: u32,
}

const NO_STEP: Step = Step {
    pool: PoolId(u32::MAX),
    pair: TokenPair::ZERO_FOR_ONE,
};

const NO_LABEL: Label = Label {
    value: 0.0,
    rival: 0.0,
    parent: TokenId(u32::MAX),
    step: NO_STEP,
    apart: false,
    stamp: 0,
};

/// Labels by token, and the tokens that have one.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    labels: Vec<Label>,
    pub(super) reached: Vec<TokenId>,
}

/// A step to the goal.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastHop {
    pub(super) step: Step,
    /// Place of the next one from the same token; past the end when there is none.
    pub(super) next: u32,
}

/// What searches use again, so that they allocate nothing once it has grown. Any graph and request may follow
/// any other.
#[derive(Debug, Clone, Default)]
pub struct RouteScratch {
    stamp: u32,
    /// By number of hops less one, at tokens that are not the goal.
    pub(super) layers: [Layer; MAX_HOPS as usize - 1],
    /// After two hops: the best way from another token than the one that the best way of all comes from.
    pub(super) apart: Layer,
    /// The steps to the goal, each with the next one from the same token.
    pub(super) last_hops: Vec<LastHop>,
    /// The tokens that the last hops come from, once each.
    pub(super) near_tokens: Vec<TokenId>,
    /// By token: the search that marked it, and the first of its last hops.
    near: Vec<(u32, u32)>,
    near_stamp: u32,
    /// The goal that `last_hops` and `near` were made for, while they may be used again.
    near_goal: Option<TokenId>,
    /// The best way to the goal by each number of hops.
    pub(super) arrivals: [Label; MAX_HOPS as usize],
}

impl Default for Label {
    fn default() -> Self {
        NO_LABEL
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
        for layer in self.layers.iter_mut().chain([&mut self.apart]) {
            layer.reached.clear();
            if layer.labels.len() < tokens {
                layer.labels.resize(tokens, NO_LABEL);
            }
        }
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            for layer in self.layers.iter_mut().chain([&mut self.apart]) {
                layer.labels.fill(NO_LABEL);
            }
            self.stamp = 1;
        }
        self.arrivals = [Label {
            value: worst,
            rival: worst,
            ..NO_LABEL
        }; MAX_HOPS as usize];
    }

    /// The next search is in another graph, or the graph may have changed.
    pub(super) fn forget(&mut self) {
        self.near_goal = None;
    }

    /// Marks the tokens that have an allowed pool with the goal, and lists those pools.
    pub(super) fn mark_near(&mut self, graph: &PoolGraph, limits: &Limits, goal: TokenId) {
        if !limits.any && self.near_goal == Some(goal) {
            return;
        }
        self.near_goal = (!limits.any).then_some(goal);
        self.near_stamp = self.near_stamp.wrapping_add(1);
        if self.near_stamp == 0 {
            self.near.fill((0, 0));
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
                next,
            });
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
    #[inline]
    pub(super) fn get(&self, token: TokenId, stamp: u32) -> Option<&Label> {
        self.labels
            .get(token.index())
            .filter(|label| label.stamp == stamp)
    }

    /// Puts a way into the token's place: as its best, or as a rival to it.
    #[inline]
    pub(super) fn put(
        &mut self,
        token: TokenId,
        way: &Label,
        stamp: u32,
        better: fn(f64, f64) -> bool,
    ) {
        let label = &mut self.labels[token.index()];
        if label.stamp == stamp {
            label.challenge(way, better);
        } else {
            *label = Label { stamp, ..*way };
            self.reached.push(token);
        }
    }

    pub(super) fn set(&mut self, token: TokenId, way: &Label, stamp: u32) {
        self.labels[token.index()] = Label { stamp, ..*way };
    }
}

impl Label {
    #[inline]
    pub(super) fn challenge(&mut self, way: &Label, better: fn(f64, f64) -> bool) {
        if better(way.value, self.value) {
            let rival = if better(self.value, self.rival) {
                self.value
            } else {
                self.rival
            };
            *self = Label {
                rival,
                stamp: self.stamp,
                ..*way
            };
        } else if better(way.value, self.rival) {
            self.rival = way.value;
        }
    }
}
