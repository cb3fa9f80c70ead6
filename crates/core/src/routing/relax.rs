//! The quick search: bounds, relaxed layer by layer, and the proof that its best path is the best of all.
//!
//! Each token keeps, for each number of hops, the way with the best *bound* and the bound of the second best. The
//! path that the bounds choose is then answered exactly by its pools. Every other path leaves it for good at one of
//! its tokens, so it is no better than that token's second best bound carried on along the path. When all of these
//! are worse than the exact answer, no other path can be as good, and the answer is proven; otherwise (amounts
//! of a few units, equal pools, a pool that refuses) nothing is said, and `search` compares the exact amounts.
#![allow(
    clippy::float_arithmetic,
    reason = "bounds steer the search; the pools' exact answers decide"
)]

use alloy_primitives::U256;

use super::bound::{at_least, at_most, rounded_down, rounded_up};
use super::graph::PoolGraph;
use super::labels::{Label, RouteScratch, Step};
use super::numbers::TokenId;
use super::request::{MAX_HOPS, Question};
use crate::pools::{Exact, Pool, PoolError, PoolMath, TokenPair};

/// A pool gave a refusal that says nothing about other amounts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uncertain;

/// From which end the search starts: which bound is better, and what a pool does with one.
pub(super) trait Way {
    /// The bound of no way at all.
    const WORST: f64;
    fn better(a: f64, b: f64) -> bool;
    fn start(amount: U256) -> f64;
    /// What a bound must be worse than to lose against an exact answer whose path costs so much more.
    fn doubtless(amount: U256, more_cost: f64) -> f64;
    /// A bound after costs.
    fn net(value: f64, cost: f64) -> f64;
    fn through(graph: &PoolGraph, step: Step, value: f64) -> Result<f64, Uncertain>;
    /// Whether a bound leaves anything to carry on with.
    fn useful(value: f64) -> bool;
    /// What the pool answers at the other end of the step.
    fn exact(pool: &Pool, pair: TokenPair, amount: U256) -> Option<U256>;
}

/// Exact input: from `token_in` on, and more is better.
pub(super) struct Forward;

/// Exact output: from `token_out` back, and less is better.
pub(super) struct Backward;

impl Way for Forward {
    const WORST: f64 = 0.0;

    #[inline]
    fn better(a: f64, b: f64) -> bool {
        a > b
    }

    fn start(amount: U256) -> f64 {
        at_least(amount)
    }

    fn doubtless(amount: U256, more_cost: f64) -> f64 {
        at_most(amount) - more_cost
    }

    fn net(value: f64, cost: f64) -> f64 {
        value - cost
    }

    #[inline]
    fn through(graph: &PoolGraph, step: Step, value: f64) -> Result<f64, Uncertain> {
        let curve = graph.hyperbolic(step.pool);
        if curve.exists() {
            return Ok(curve.most_out(step.pair, value));
        }
        most_out(graph.at(step.pool), step.pair, value)
    }

    /// Less than one unit is none.
    #[inline]
    fn useful(value: f64) -> bool {
        value >= 1.0
    }

    fn exact(pool: &Pool, pair: TokenPair, amount: U256) -> Option<U256> {
        pool.output(pair, amount)
    }
}

impl Way for Backward {
    const WORST: f64 = f64::INFINITY;

    #[inline]
    fn better(a: f64, b: f64) -> bool {
        a < b
    }

    fn start(amount: U256) -> f64 {
        at_most(amount)
    }

    fn doubtless(amount: U256, more_cost: f64) -> f64 {
        at_least(amount) + more_cost
    }

    fn net(value: f64, cost: f64) -> f64 {
        value + cost
    }

    #[inline]
    fn through(graph: &PoolGraph, step: Step, value: f64) -> Result<f64, Uncertain> {
        let curve = graph.hyperbolic(step.pool);
        if curve.exists() {
            return Ok(curve.least_in(step.pair.reversed(), value));
        }
        least_in(graph.at(step.pool), step.pair.reversed(), value)
    }

    #[inline]
    fn useful(value: f64) -> bool {
        value < f64::INFINITY
    }

    fn exact(pool: &Pool, pair: TokenPair, amount: U256) -> Option<U256> {
        let swap = pool.amounts(pair.reversed(), Exact::Out, amount).ok()?;
        Some(swap.amount_in_raw)
    }
}

/// At least what a pool of any family gives for `input`, or for less.
fn most_out(pool: Option<&Pool>, pair: TokenPair, input: f64) -> Result<f64, Uncertain> {
    let pool = pool.ok_or(Uncertain)?;
    let amount = rounded_up(input).ok_or(Uncertain)?;
    if let Some(out) = pool.output(pair, amount) {
        return Ok(at_least(out));
    }
    match pool.amounts(pair, Exact::In, amount) {
        Ok(swap) => Ok(at_least(swap.amount_out_raw)),
        Err(PoolError::InsufficientLiquidity { most_out_raw, .. }) => Ok(at_least(most_out_raw)),
        Err(error) if whatever_the_amount(&error) => Ok(Forward::WORST),
        Err(_) => Err(Uncertain),
    }
}

/// At most what a pool of any family takes for `output`, or for more.
fn least_in(pool: Option<&Pool>, pair: TokenPair, output: f64) -> Result<f64, Uncertain> {
    let pool = pool.ok_or(Uncertain)?;
    let amount = rounded_down(output).ok_or(Uncertain)?.max(U256::ONE);
    match pool.amounts(pair, Exact::Out, amount) {
        Ok(swap) => Ok(at_most(swap.amount_in_raw)),
        Err(PoolError::InsufficientLiquidity { .. }) => Ok(Backward::WORST),
        Err(error) if whatever_the_amount(&error) => Ok(Backward::WORST),
        Err(_) => Err(Uncertain),
    }
}

fn whatever_the_amount(error: &PoolError) -> bool {
    matches!(
        error,
        PoolError::SwapsDisabled { .. }
            | PoolError::Unsupported { .. }
            | PoolError::PairUnknown { .. }
    )
}

/// One quick search; its bounds stay in the scratch until the next one.
pub(super) struct Relaxation<'a> {
    graph: &'a PoolGraph,
    question: &'a Question,
    scratch: &'a mut RouteScratch,
    stamp: u32,
}

impl<'a> Relaxation<'a> {
    /// Carries the bounds from the start to the goal.
    pub(super) fn run<W: Way>(
        graph: &'a PoolGraph,
        question: &'a Question,
        scratch: &'a mut RouteScratch,
    ) -> Result<Self, Uncertain> {
        scratch.begin(graph, W::WORST);
        scratch.mark_near(graph, &question.limits, question.goal);
        let stamp = scratch.stamp();
        let mut this = Self {
            graph,
            question,
            scratch,
            stamp,
        };
        let hops = usize::from(question.limits.max_hops);
        this.leave::<W>(hops)?;
        for layer in 1..hops.saturating_sub(1) {
            this.pass_on::<W>(layer, hops)?;
        }
        this.arrive::<W>(hops)?;
        Ok(this)
    }

    /// The bound of the best path with so many hops; [`Way::WORST`] when there is none.
    pub(super) fn bound(&self, hops: usize) -> f64 {
        self.scratch.arrivals[hops - 1].value
    }

    /// The first hop, to tokens other than the goal.
    fn leave<W: Way>(&mut self, hops: usize) -> Result<(), Uncertain> {
        let (graph, goal) = (self.graph, self.question.goal);
        if hops < 2 {
            return Ok(());
        }
        let value = W::start(self.question.amount);
        for edge in graph.edges(self.question.start) {
            let (token, pool, pair) = (edge.token, edge.pool, edge.pair);
            let leads_on = if hops == 2 {
                self.scratch.is_near(token)
            } else {
                graph.neighbour_count(token) > 1
            };
            if token == goal || !leads_on || !self.question.limits.allow(graph, edge) {
                continue;
            }
            let step = Step { pool, pair };
            let way = Self::way::<W>(graph, step, value, self.question.start, false)?;
            if W::useful(way.value) {
                self.scratch.layers[0].put(token, &way, self.stamp, W::better);
            }
        }
        Ok(())
    }

    /// From the tokens after `layer` hops to those one hop further.
    fn pass_on<W: Way>(&mut self, layer: usize, hops: usize) -> Result<(), Uncertain> {
        // The tokens that lie one hop before the goal are known; elsewhere any token may lead there.
        let only_near = layer == hops - 2;
        let tokens = std::mem::take(&mut self.scratch.layers[layer - 1].reached);
        let mut result = Ok(());
        for from in &tokens {
            result = if only_near
                && self.graph.edges(*from).len() > 4 * self.scratch.near_tokens.len()
            {
                self.meet::<W>(*from, layer)
            } else {
                self.spread::<W>(*from, layer, only_near)
            };
            if result.is_err() {
                break;
            }
        }
        self.scratch.layers[layer - 1].reached = tokens;
        result
    }

    /// Tries every edge of the token.
    fn spread<W: Way>(
        &mut self,
        from: TokenId,
        layer: usize,
        only_near: bool,
    ) -> Result<(), Uncertain> {
        let graph = self.graph;
        for edge in graph.edges(from) {
            let to = edge.token;
            let leads_on = if only_near {
                self.scratch.is_near(to)
            } else {
                graph.neighbour_count(to) > 1
            };
            if !leads_on || !self.question.limits.allow(graph, edge) {
                continue;
            }
            let (pool, pair) = (edge.pool, edge.pair);
            self.extend::<W>(from, to, Step { pool, pair }, layer)?;
        }
        Ok(())
    }

    /// Tries the pools between a token with many edges and each of the few tokens before the goal.
    fn meet<W: Way>(&mut self, from: TokenId, layer: usize) -> Result<(), Uncertain> {
        let graph = self.graph;
        for at in 0..self.scratch.near_tokens.len() {
            let to = self.scratch.near_tokens[at];
            for pool in graph.pools_between(from, to) {
                let pool = *pool;
                if self.question.limits.allow_pool(graph, pool)
                    && let Some(pair) = graph.pair_of(pool, from, to)
                {
                    self.extend::<W>(from, to, Step { pool, pair }, layer)?;
                }
            }
        }
        Ok(())
    }

    fn extend<W: Way>(
        &mut self,
        from: TokenId,
        to: TokenId,
        step: Step,
        layer: usize,
    ) -> Result<(), Uncertain> {
        if to == self.question.start || to == self.question.goal {
            return Ok(());
        }
        let four = self.question.limits.max_hops == 4;
        let Some((label, apart)) = self.label_for(from, Some(to), layer) else {
            return Ok(());
        };
        let value = self.value_for::<W>(from, &label, apart, layer, step);
        let way = Self::way::<W>(self.graph, step, value, from, apart)?;
        if !W::useful(way.value) {
            return Ok(());
        }
        if layer == 1 && four {
            self.put_apart::<W>(to, &way);
        } else {
            self.scratch.layers[layer].put(to, &way, self.stamp, W::better);
        }
        Ok(())
    }

    /// After the second of four hops, two ways are kept: the best, and the best that does not come from the same
    /// token, for when the path goes on to just that token.
    fn put_apart<W: Way>(&mut self, to: TokenId, way: &Label) {
        let stamp = self.stamp;
        let Some(best) = self.scratch.layers[1].get(to, stamp).copied() else {
            return self.scratch.layers[1].put(to, way, stamp, W::better);
        };
        let second = self.scratch.apart.get(to, stamp).copied();
        let rest = |dropped: f64| {
            if W::better(dropped, best.rival) {
                dropped
            } else {
                best.rival
            }
        };
        if W::better(way.value, best.value) {
            let dropped = if way.parent == best.parent {
                best.value
            } else {
                self.scratch.apart.set(to, &best, stamp);
                second.map_or(W::WORST, |second| second.value)
            };
            let rival = rest(dropped);
            self.scratch.layers[1].set(to, &Label { rival, ..*way }, stamp);
        } else {
            let (closer, dropped) = match second {
                Some(second) if !W::better(way.value, second.value) => (false, way.value),
                _ if way.parent == best.parent => (false, way.value),
                Some(second) => (true, second.value),
                None => (true, W::WORST),
            };
            if closer {
                self.scratch.apart.set(to, way, stamp);
            }
            let rival = rest(dropped);
            self.scratch.layers[1].set(to, &Label { rival, ..best }, stamp);
        }
    }

    /// The last hop, from every token that is one hop before the goal.
    fn arrive<W: Way>(&mut self, hops: usize) -> Result<(), Uncertain> {
        let start = self.question.start;
        if self.scratch.is_near(start) {
            self.finish::<W>(start, 0)?;
        }
        for layer in 1..hops {
            for at in 0..self.scratch.layers[layer - 1].reached.len() {
                let from = self.scratch.layers[layer - 1].reached[at];
                if self.scratch.is_near(from) {
                    self.finish::<W>(from, layer)?;
                }
            }
        }
        Ok(())
    }

    /// The last hop from a token after `layer` hops.
    fn finish<W: Way>(&mut self, from: TokenId, layer: usize) -> Result<(), Uncertain> {
        let start = W::start(self.question.amount);
        let label = (layer > 0)
            .then(|| self.label_for(from, None, layer))
            .flatten();
        let mut next = self.scratch.first_last_hop(from);
        while let Some(hop) = self.scratch.last_hops.get(next as usize).copied() {
            let value = match label {
                Some((label, _)) => self.value_for::<W>(from, &label, false, layer, hop.step),
                None => start,
            };
            let way = Self::way::<W>(self.graph, hop.step, value, from, false)?;
            if W::useful(way.value) {
                self.scratch.arrivals[layer].challenge(&way, W::better);
            }
            next = hop.next;
        }
        Ok(())
    }

    /// What the token's label brings to a step. A pool of several tokens cannot be passed twice; a way that does
    /// not come through it can.
    #[inline]
    fn value_for<W: Way>(
        &self,
        from: TokenId,
        label: &Label,
        apart: bool,
        layer: usize,
        step: Step,
    ) -> f64 {
        if label.step.pool == step.pool {
            self.rival::<W>(from, layer, apart)
        } else {
            label.value
        }
    }

    #[inline]
    fn way<W: Way>(
        graph: &PoolGraph,
        step: Step,
        value: f64,
        parent: TokenId,
        apart: bool,
    ) -> Result<Label, Uncertain> {
        Ok(Label {
            value: W::through(graph, step, value)?,
            rival: W::WORST,
            parent,
            step,
            apart,
            ..Label::default()
        })
    }

    /// The best label at `from` whose way does not come from `to`.
    #[inline]
    fn label_for(&self, from: TokenId, to: Option<TokenId>, layer: usize) -> Option<(Label, bool)> {
        let label = self.scratch.layers[layer - 1].get(from, self.stamp)?;
        if layer < 2 || to != Some(label.parent) {
            return Some((*label, false));
        }
        let apart = self.scratch.apart.get(from, self.stamp)?;
        Some((*apart, true))
    }

    /// No way to the token is better than this, but for the one that was taken.
    fn rival<W: Way>(&self, token: TokenId, layer: usize, apart: bool) -> f64 {
        let Some(label) = self.scratch.layers[layer - 1].get(token, self.stamp) else {
            return W::WORST;
        };
        let second = (layer == 2 && !apart)
            .then(|| self.scratch.apart.get(token, self.stamp))
            .flatten();
        match second {
            Some(second) if W::better(second.value, label.rival) => second.value,
            _ => label.rival,
        }
    }

    /// The best path with so many hops and what its pools answer, when it is provably that. `ahead` is what its cost
    /// may exceed that of another path by.
    pub(super) fn prove<W: Way>(
        &self,
        hops: usize,
        ahead: impl Fn(&[Step]) -> f64,
    ) -> Option<([Step; MAX_HOPS as usize], U256)> {
        let path = self.path(hops)?;
        let taken = &path.steps[..hops];
        let repeated = |at: usize| taken[..at].iter().any(|step| step.pool == taken[at].pool);
        if (1..hops).any(repeated) {
            return None;
        }
        let amount = self.exact::<W>(taken)?;
        let mark = W::doubtless(amount, ahead(taken));
        let worse = |bound: f64| W::better(mark, bound);
        if !worse(self.scratch.arrivals[hops - 1].rival) {
            return None;
        }
        for layer in 1..hops {
            let (token, apart) = path.between[layer - 1];
            let mut bound = self.rival::<W>(token, layer, apart);
            for step in &taken[layer..] {
                if bound.to_bits() == W::WORST.to_bits() {
                    break;
                }
                bound = W::through(self.graph, *step, bound).ok()?;
            }
            if !worse(bound) {
                return None;
            }
        }
        Some((path.steps, amount))
    }

    /// What the pools answer along the path; `None` for a refusal, or for nothing.
    fn exact<W: Way>(&self, steps: &[Step]) -> Option<U256> {
        let mut amount = self.question.amount;
        for step in steps {
            amount = W::exact(self.graph.at(step.pool)?, step.pair, amount)?;
            if amount.is_zero() {
                return None;
            }
        }
        Some(amount)
    }

    /// The steps of the path with the best bound, and the labels of its tokens between the ends.
    fn path(&self, hops: usize) -> Option<Path> {
        let mut label = self.scratch.arrivals[hops - 1];
        let mut path = Path {
            steps: [label.step; MAX_HOPS as usize],
            between: [(label.parent, label.apart); MAX_HOPS as usize],
        };
        for layer in (1..hops).rev() {
            path.between[layer - 1] = (label.parent, label.apart);
            label = *if label.apart {
                self.scratch.apart.get(label.parent, self.stamp)?
            } else {
                self.scratch.layers[layer - 1].get(label.parent, self.stamp)?
            };
            path.steps[layer - 1] = label.step;
        }
        Some(path)
    }
}

/// A path as the labels tell it.
struct Path {
    steps: [Step; MAX_HOPS as usize],
    /// Each token, and whether its label is the one that is kept apart.
    between: [(TokenId, bool); MAX_HOPS as usize],
}
