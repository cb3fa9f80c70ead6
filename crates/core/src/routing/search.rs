//! The search: amounts, relaxed layer by layer.

use std::cmp::Ordering;
use std::collections::HashSet;

use alloy_primitives::U256;

use super::coverage::stand_ins;
use super::graph::{Edge, PoolGraph, PoolId, TokenId};
use crate::ChainAddress;
use crate::pools::{Exact, Pool, PoolError, PoolMath};

/// What the search may use.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) max_hops: u8,
    /// `None` allows every pool.
    pub(super) allowed_pools: Option<HashSet<PoolId>>,
    pub(super) excluded_tokens: HashSet<TokenId>,
}

impl Bounds {
    fn allows(&self, edge: &Edge) -> bool {
        !self.excluded_tokens.contains(&edge.token)
            && self
                .allowed_pools
                .as_ref()
                .is_none_or(|allowed| allowed.contains(&edge.pool))
    }
}

/// The best simple path of one length.
#[derive(Debug)]
pub(super) struct Found {
    /// In the order of the search: trade order for an exact input, reversed for an exact output.
    pub(super) edges: Vec<Edge>,
    /// At the far end.
    pub(super) amount: U256,
}

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
    last: Option<(LabelId, Edge)>,
    /// Labels at the same token for which this one stands in, until a pool refuses its amount.
    parked: Vec<LabelId>,
}

type LabelId = usize;

/// The state of one search, from `start` to `goal`.
#[derive(Debug)]
pub(super) struct Search<'graph> {
    graph: &'graph PoolGraph,
    bounds: &'graph Bounds,
    exact: Exact,
    goal: TokenId,
    /// Hops from each token to the goal, where that is few enough.
    distances: Vec<Option<u8>>,
    labels: Vec<Label>,
    revived: HashSet<Vec<PoolId>>,
    refused: bool,
}

impl<'graph> Search<'graph> {
    /// Searches from `token_in` (exact input) or `token_out` (exact output) to the other end.
    pub(super) fn run(
        graph: &'graph PoolGraph,
        bounds: &'graph Bounds,
        exact: Exact,
        [start, goal]: [TokenId; 2],
        amount: U256,
    ) -> Outcome {
        let mut search = Self {
            graph,
            bounds,
            exact,
            goal,
            distances: distances(graph, bounds, goal),
            labels: vec![Label {
                token: start,
                amount,
                last: None,
                parked: Vec::new(),
            }],
            revived: HashSet::new(),
            refused: false,
        };
        let connected = search.within_reach(start, bounds.max_hops);
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
        for left in (0..self.bounds.max_hops).rev() {
            let (arrived, open): (Vec<_>, Vec<_>) = self
                .relax(&live, left)
                .into_iter()
                .partition(|id| self.labels[*id].token == self.goal);
            found.extend(
                arrived
                    .into_iter()
                    .min_by(|a, b| self.order(*a, *b))
                    .map(|id| self.found(id)),
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
                if !self.within_reach(edge.token, left) || !self.bounds.allows(edge) {
                    continue;
                }
                match self.extend(label, *edge) {
                    Extension::Label(id) => next.push(id),
                    Extension::Refused => self.revive(label, vec![*edge], &mut next),
                    Extension::Nothing => {}
                }
            }
        }
        next
    }

    fn extend(&mut self, label: LabelId, edge: Edge) -> Extension {
        if self.path(label).any(|(token, _)| token == edge.token) {
            return Extension::Nothing;
        }
        let Some(pool) = self.graph.at(edge.pool) else {
            return Extension::Nothing;
        };
        match self.quote(pool, edge, self.labels[label].amount) {
            Ok(amount) if amount.is_zero() => Extension::Nothing,
            Ok(amount) => {
                self.labels.push(Label {
                    token: edge.token,
                    amount,
                    last: Some((label, edge)),
                    parked: Vec::new(),
                });
                Extension::Label(self.labels.len() - 1)
            }
            Err(_) => {
                self.refused = true;
                Extension::Refused
            }
        }
    }

    fn quote(&self, pool: &Pool, edge: Edge, amount: U256) -> Result<U256, PoolError> {
        match self.exact {
            Exact::In => pool
                .amounts(edge.pair, Exact::In, amount)
                .map(|swap| swap.amount_out_raw),
            Exact::Out => pool
                .amounts(edge.pair.reversed(), Exact::Out, amount)
                .map(|swap| swap.amount_in_raw),
        }
    }

    /// After a pool refused a label's amount: tries the same way from every label that this one, or one on its
    /// path, stands in for, because a smaller amount may still fit.
    ///
    /// An exact output needs none of it: the label that stands in needs the smaller amount.
    fn revive(&mut self, label: LabelId, mut way: Vec<Edge>, next: &mut Vec<LabelId>) {
        if self.exact == Exact::Out {
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
        let pools = self
            .pools(parked)
            .into_iter()
            .chain(way.iter().map(|edge| edge.pool))
            .collect();
        if !self.revived.insert(pools) {
            return;
        }
        let mut label = parked;
        for (done, edge) in way.iter().enumerate() {
            match self.extend(label, *edge) {
                Extension::Label(id) => label = id,
                Extension::Nothing => return,
                Extension::Refused => return self.revive(label, way[done..].to_vec(), next),
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
            let (mut kept, mut middles) = (Vec::new(), Vec::new());
            for &label in same_token {
                let middle = self.middle(label);
                if let Some(positions) = stand_ins(&middle, &middles, spare) {
                    stand_in_for.extend(positions.iter().map(|at| (kept[*at], label)));
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
        let better_first = match self.exact {
            Exact::In => by_amount.reverse(),
            Exact::Out => by_amount,
        };
        better_first.then_with(|| self.addresses(a).cmp(&self.addresses(b)))
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

    fn middle(&self, label: LabelId) -> Vec<TokenId> {
        self.path(label)
            .skip(1)
            .filter(|(_, edge)| edge.is_some())
            .map(|(token, _)| token)
            .collect()
    }

    fn edges(&self, label: LabelId) -> Vec<Edge> {
        let mut edges: Vec<Edge> = self.path(label).filter_map(|(_, edge)| edge).collect();
        edges.reverse();
        edges
    }

    fn pools(&self, label: LabelId) -> Vec<PoolId> {
        self.edges(label).iter().map(|edge| edge.pool).collect()
    }

    fn addresses(&self, label: LabelId) -> Vec<ChainAddress> {
        self.edges(label)
            .iter()
            .filter_map(|edge| self.graph.at(edge.pool))
            .map(Pool::address)
            .collect()
    }

    fn found(&self, label: LabelId) -> Found {
        Found {
            edges: self.edges(label),
            amount: self.labels[label].amount,
        }
    }

    fn within_reach(&self, token: TokenId, hops: u8) -> bool {
        self.distances
            .get(token.0)
            .copied()
            .flatten()
            .is_some_and(|distance| distance <= hops)
    }
}

enum Extension {
    Label(LabelId),
    /// The path would not be simple, or gives nothing.
    Nothing,
    /// The pool cannot fill the amount.
    Refused,
}

/// Hops to the goal over allowed edges, breadth first, as far as a path may be long.
fn distances(graph: &PoolGraph, bounds: &Bounds, goal: TokenId) -> Vec<Option<u8>> {
    let mut distances = vec![None; graph.token_count()];
    distances[goal.0] = Some(0);
    let mut border = vec![goal];
    for distance in 1..=bounds.max_hops {
        let mut next = Vec::new();
        for edge in border.iter().flat_map(|token| graph.edges(*token)) {
            if distances[edge.token.0].is_none() && bounds.allows(edge) {
                distances[edge.token.0] = Some(distance);
                next.push(edge.token);
            }
        }
        border = next;
    }
    distances
}
