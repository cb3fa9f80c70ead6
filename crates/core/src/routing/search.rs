//! The thorough search: exact amounts, relaxed layer by layer.

use std::cmp::Ordering;
use std::collections::HashSet;

use alloy_primitives::U256;

use super::bound::at_least;
use super::choice::Found;
use super::coverage::{Middle, stand_ins};
use super::graph::PoolGraph;
use super::labels::Step;
use super::numbers::{Edge, PoolId, TokenId};
use super::request::{MAX_HOPS, Net, Question};
use crate::ChainAddress;
use crate::pools::{Exact, Pool, PoolError, PoolMath};

/// What the search saw.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// At most one path for each number of hops, in ascending order.
    pub(super) found: Vec<Found>,
    /// Whether allowed pools connect the two ends within the hops.
    pub(super) connected: bool,
    /// Whether a pool refused an amount.
    pub(super) refused: bool,
}

/// A simple path from the start to a token, by its last edge; the amount is what arrives (exact input) or
/// what is needed (exact output) there.
#[derive(Debug)]
struct Label {
    token: TokenId,
    amount: U256,
    /// Of the hops up to here.
    cost: Net,
    last: Option<(LabelId, Edge)>,
    /// Labels at the same token for which this one stands in, until a pool refuses its amount.
    parked: Vec<LabelId>,
}

type LabelId = usize;

/// The state of one search, from the start to the goal.
#[derive(Debug)]
pub(super) struct Search<'a> {
    graph: &'a PoolGraph,
    question: &'a Question,
    /// Hops from each token to the goal, where that is few enough.
    distances: Vec<Option<u8>>,
    labels: Vec<Label>,
    /// The ways that were tried again.
    revived: HashSet<Vec<(PoolId, TokenId)>>,
    refused: bool,
}

impl<'a> Search<'a> {
    /// Searches from the question's start to its goal.
    pub(super) fn run(graph: &'a PoolGraph, question: &'a Question) -> Outcome {
        let start = Label {
            token: question.start,
            amount: question.amount,
            cost: Net::ZERO,
            last: None,
            parked: Vec::new(),
        };
        let mut search = Self {
            graph,
            question,
            distances: distances(graph, question),
            labels: vec![start],
            revived: HashSet::new(),
            refused: false,
        };
        let connected = search.within_reach(question.start, question.limits.max_hops);
        let found = if connected {
            search.layers()
        } else {
            Vec::new()
        };
        Outcome {
            found,
            connected,
            refused: search.refused,
        }
    }

    fn layers(&mut self) -> Vec<Found> {
        let mut live: Vec<LabelId> = vec![0];
        let mut found = Vec::new();
        for left in (0..self.question.limits.max_hops).rev() {
            let (arrived, open): (Vec<_>, Vec<_>) = self
                .relax(&live, left)
                .into_iter()
                .partition(|id| self.labels[*id].token == self.question.goal);
            found.extend(
                arrived
                    .into_iter()
                    .min_by(|a, b| self.final_order(*a, *b))
                    .and_then(|id| self.found(id)),
            );
            live = self.thin(open, left.saturating_sub(1));
        }
        found
    }

    /// Every label one hop behind the live ones from which the goal is at most `left` hops away.
    fn relax(&mut self, live: &[LabelId], left: u8) -> Vec<LabelId> {
        let mut next = Vec::new();
        for &label in live {
            for edge in self.graph.edges(self.labels[label].token) {
                if !self.within_reach(edge.token, left)
                    || !self.question.limits.allow(self.graph, edge)
                {
                    continue;
                }
                match self.extend(label, *edge) {
                    Extension::Label(id) => next.push(id),
                    Extension::Refused(retry) => self.revive(label, vec![*edge], retry, &mut next),
                    Extension::Nothing => {}
                }
            }
        }
        next
    }

    fn extend(&mut self, label: LabelId, edge: Edge) -> Extension {
        let again = |(token, last): (TokenId, Option<Edge>)| {
            token == edge.token || last.is_some_and(|last| last.pool == edge.pool)
        };
        if self.path(label).any(again) {
            return Extension::Nothing;
        }
        let Some(pool) = self.graph.at(edge.pool) else {
            return Extension::Nothing;
        };
        match self.quote(pool, edge, self.labels[label].amount) {
            Ok(amount) if amount.is_zero() => Extension::Nothing,
            Ok(amount) => {
                let cost = self.question.costs.of(self.graph, edge.pool);
                self.labels.push(Label {
                    token: edge.token,
                    amount,
                    cost: self.labels[label].cost + cost,
                    last: Some((label, edge)),
                    parked: Vec::new(),
                });
                Extension::Label(self.labels.len() - 1)
            }
            Err(_) if self.rounds_to_nothing(edge, label) => Extension::Nothing,
            Err(error) => {
                self.refused = true;
                // What is too much to pay out is too much for a label that needs more.
                let final_word = self.question.exact == Exact::Out
                    && matches!(error, PoolError::InsufficientLiquidity { .. });
                Extension::Refused(!final_word)
            }
        }
    }

    /// Whether the pool's curve gives less than one unit, which some pools refuse and others round to none.
    fn rounds_to_nothing(&self, edge: Edge, label: LabelId) -> bool {
        let side = self.graph.hyperbolic(edge.pool).side(edge.pair);
        self.question.exact == Exact::In
            && side.exists()
            && side.most_out(at_least(self.labels[label].amount)) < 1.0
    }

    fn quote(&self, pool: &Pool, edge: Edge, amount: U256) -> Result<U256, PoolError> {
        match self.question.exact {
            Exact::In => pool
                .amounts(edge.pair, Exact::In, amount)
                .map(|swap| swap.amount_out_raw),
            Exact::Out => pool
                .amounts(edge.pair.reversed(), Exact::Out, amount)
                .map(|swap| swap.amount_in_raw),
        }
    }

    /// After a pool refused a label's amount: tries the same way from every label that this one, or one on its
    /// path, stands in for, because another amount may still fit.
    fn revive(&mut self, label: LabelId, mut way: Vec<Edge>, retry: bool, next: &mut Vec<LabelId>) {
        if !retry {
            return;
        }
        let mut at = Some(label);
        while let Some(id) = at {
            for parked in self.labels[id].parked.clone() {
                self.follow(parked, &way, next);
            }
            at = self.labels[id].last.map(|(parent, edge)| {
                way.insert(0, edge);
                parent
            });
        }
    }

    fn follow(&mut self, parked: LabelId, way: &[Edge], next: &mut Vec<LabelId>) {
        let whole = self.edges(parked).into_iter().chain(way.iter().copied());
        let whole = whole.map(|edge| (edge.pool, edge.token)).collect();
        if !self.revived.insert(whole) {
            return;
        }
        let mut label = parked;
        for (done, edge) in way.iter().enumerate() {
            match self.extend(label, *edge) {
                Extension::Label(id) => label = id,
                Extension::Nothing => return,
                Extension::Refused(retry) => {
                    return self.revive(label, way[done..].to_vec(), retry, next);
                }
            }
        }
        next.push(label);
    }

    /// Keeps the labels that are worth extending, and parks each other one under those that stand in for it.
    fn thin(&mut self, mut open: Vec<LabelId>, spare: u8) -> Vec<LabelId> {
        open.sort_by(|a, b| {
            self.labels[*a]
                .token
                .cmp(&self.labels[*b].token)
                .then_with(|| self.order(*a, *b))
        });
        let (mut live, mut stand_in_for) = (Vec::new(), Vec::new());
        for same_token in open.chunk_by(|a, b| self.labels[*a].token == self.labels[*b].token) {
            let (mut kept, mut middles): (Vec<LabelId>, Vec<Middle>) = Default::default();
            for &label in same_token {
                let middle = self.middle(label);
                // A label that has cost more cannot stand in, whatever it brings.
                let cheap: Vec<usize> = (0..kept.len())
                    .filter(|at| self.labels[kept[*at]].cost <= self.labels[label].cost)
                    .collect();
                let better: Vec<&Middle> = cheap.iter().map(|at| &middles[*at]).collect();
                if let Some(positions) = stand_ins(&middle, &better, spare) {
                    stand_in_for.extend(positions.iter().map(|at| (kept[cheap[*at]], label)));
                } else {
                    kept.push(label);
                    middles.push(middle);
                }
            }
            live.append(&mut kept);
        }
        for (better, label) in stand_in_for {
            self.labels[better].parked.push(label);
        }
        live
    }

    /// The better label first; of equal amounts, the one whose pools' addresses come first.
    fn order(&self, a: LabelId, b: LabelId) -> Ordering {
        let by_amount = self.labels[a].amount.cmp(&self.labels[b].amount);
        let better_first = match self.question.exact {
            Exact::In => by_amount.reverse(),
            Exact::Out => by_amount,
        };
        better_first.then_with(|| self.by_names(a, b))
    }

    /// As [`Self::order`], after costs.
    fn final_order(&self, a: LabelId, b: LabelId) -> Ordering {
        let (a_label, b_label) = (&self.labels[a], &self.labels[b]);
        let (a_amount, b_amount) = (Net::from(a_label.amount), Net::from(b_label.amount));
        let better_first = match self.question.exact {
            Exact::In => (b_amount + a_label.cost).cmp(&(a_amount + b_label.cost)),
            Exact::Out => (a_amount + a_label.cost).cmp(&(b_amount + b_label.cost)),
        };
        better_first.then_with(|| self.by_names(a, b))
    }

    /// Tokens from the label's own to the start, each with the edge that led to it.
    fn path(&self, label: LabelId) -> impl Iterator<Item = (TokenId, Option<Edge>)> {
        std::iter::successors(Some(label), |id| {
            self.labels[*id].last.map(|(parent, _)| parent)
        })
        .map(|id| {
            (
                self.labels[id].token,
                self.labels[id].last.map(|(_, edge)| edge),
            )
        })
    }

    fn middle(&self, label: LabelId) -> Middle {
        let between = self.path(label).skip(1);
        let many = |edge: &Edge| self.graph.tokens_of(edge.pool).len() > 2;
        Middle {
            tokens: between
                .filter(|(_, edge)| edge.is_some())
                .map(|(token, _)| token)
                .collect(),
            pools: self
                .edges(label)
                .into_iter()
                .filter(many)
                .map(|edge| edge.pool)
                .collect(),
        }
    }

    fn edges(&self, label: LabelId) -> Vec<Edge> {
        let mut edges: Vec<Edge> = self.path(label).filter_map(|(_, edge)| edge).collect();
        edges.reverse();
        edges
    }

    /// By the addresses of the pools, then of the tokens: pools of many tokens may be passed in several ways.
    fn by_names(&self, a: LabelId, b: LabelId) -> Ordering {
        let tokens = |label| {
            let path = self.path(label);
            let tokens = path.map(|(token, _)| self.graph.token_address(token));
            let mut tokens: Vec<_> = tokens.collect();
            tokens.reverse();
            tokens
        };
        let by_pools = self.addresses(a).cmp(&self.addresses(b));
        by_pools.then_with(|| tokens(a).cmp(&tokens(b)))
    }

    fn addresses(&self, label: LabelId) -> Vec<ChainAddress> {
        self.edges(label)
            .iter()
            .filter_map(|edge| self.graph.address_of(edge.pool))
            .collect()
    }

    fn found(&self, label: LabelId) -> Option<Found> {
        let edges = self.edges(label);
        let step = |edge: &Edge| Step {
            pool: edge.pool,
            pair: edge.pair,
        };
        let mut steps = [step(edges.first()?); MAX_HOPS as usize];
        for (place, edge) in steps.iter_mut().zip(&edges) {
            *place = step(edge);
        }
        Some(Found {
            steps,
            hops: edges.len(),
            amount: self.labels[label].amount,
            cost: self.labels[label].cost,
        })
    }

    fn within_reach(&self, token: TokenId, hops: u8) -> bool {
        self.distances
            .get(token.index())
            .copied()
            .flatten()
            .is_some_and(|distance| distance <= hops)
    }
}

enum Extension {
    Label(LabelId),
    /// The path would not be simple, or gives nothing.
    Nothing,
    /// The pool cannot fill the amount; whether it might fill that of a worse label.
    Refused(bool),
}

/// Hops to the goal over allowed edges, breadth first, as far as a path may be long.
fn distances(graph: &PoolGraph, question: &Question) -> Vec<Option<u8>> {
    let mut distances = vec![None; graph.token_count()];
    distances[question.goal.index()] = Some(0);
    let mut border = vec![question.goal];
    for distance in 1..=question.limits.max_hops {
        let mut next = Vec::new();
        for edge in border.iter().flat_map(|token| graph.edges(*token)) {
            let known = &mut distances[edge.token.index()];
            if known.is_none() && question.limits.allow(graph, edge) {
                *known = Some(distance);
                next.push(edge.token);
            }
        }
        border = next;
    }
    distances
}
