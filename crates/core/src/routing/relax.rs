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

use super::chances::{Between, Chance};
use super::graph::PoolGraph;
use super::labels::{self, Label, MANY_EDGES, RouteScratch, Step};
use super::numbers::{Edge, PoolId, TokenId};
use super::request::{MAX_HOPS, Question};
use super::way::{Uncertain, Way, through};
use crate::pools::TokenPair;

/// One quick search; its bounds stay in the scratch until the next one.
pub(super) struct Relaxation<'a> {
    graph: &'a PoolGraph,
    question: &'a Question,
    scratch: &'a mut RouteScratch,
    stamp: u32,
    /// Whether a pool had to be asked, or a limit, so that the chances are not all.
    asked: bool,
}

impl<'a> Relaxation<'a> {
    /// Carries the bounds from the start to the goal.
    pub(super) fn run<W: Way>(
        graph: &'a PoolGraph,
        question: &'a Question,
        scratch: &'a mut RouteScratch,
    ) -> Result<Self, Uncertain> {
        scratch.begin(graph, W::WORST);
        scratch.mark_near::<W>(graph, &question.limits, question.goal);
        let stamp = scratch.stamp();
        let mut this = Self {
            graph,
            question,
            scratch,
            stamp,
            asked: false,
        };
        let hops = usize::from(question.limits.max_hops);
        if !this.again::<W>() {
            this.scratch.chances.begin();
            this.leave::<W>(hops)?;
            for layer in 1..hops.saturating_sub(1) {
                this.pass_on::<W>(layer, hops)?;
            }
            this.keep();
        }
        this.arrive::<W>(hops)?;
        Ok(this)
    }

    /// The bound of the best path with so many hops; [`Way::WORST`] when there is none.
    pub(super) fn bound(&self, hops: usize) -> f64 {
        self.scratch.arrivals[hops - 1].value
    }

    /// Remembers which chances there were, when another amount between the same ends has the same ones.
    fn keep(&mut self) {
        let Question { limits, exact, .. } = self.question;
        let hops = usize::from(limits.max_hops);
        let last = hops.saturating_sub(2);
        let sources = if hops == 3 {
            1 + self.scratch.layers[0].count
        } else {
            1
        };
        let segments = self.scratch.chances.segments.len();
        if (2..=3).contains(&hops) && self.plain(last) && segments == sources && !self.asked {
            self.scratch.chances.of = Some(Between {
                start: self.question.start,
                goal: self.question.goal,
                max_hops: limits.max_hops,
                exact: *exact,
            });
        }
    }

    /// Takes the chances of the search before, if it was between the same ends, and as many tokens are reached.
    fn again<W: Way>(&mut self) -> bool {
        let between = Between {
            start: self.question.start,
            goal: self.question.goal,
            max_hops: self.question.limits.max_hops,
            exact: self.question.exact,
        };
        if self.scratch.chances.of != Some(between) || self.question.limits.any {
            return false;
        }
        let stamp = self.stamp;
        let RouteScratch {
            chances, layers, ..
        } = &mut *self.scratch;
        let start = W::start(self.question.amount);
        layers[0].put_all::<W>(chances.segment(0), start, between.start, stamp);
        if layers[0].count + 1 != chances.segments.len() && between.max_hops == 3 {
            self.scratch.begin(self.graph, W::WORST);
            self.stamp = self.scratch.stamp();
            return false;
        }
        for number in 1..chances.segments.len() {
            let token = chances.segments[number].0;
            if let Some(label) = layers[0].get(token, stamp).copied() {
                layers[1].put_all::<W>(chances.segment(number), label.value, token, stamp);
            }
        }
        true
    }

    /// The first hop, to tokens other than the goal.
    fn leave<W: Way>(&mut self, hops: usize) -> Result<(), Uncertain> {
        if hops < 2 {
            return Ok(());
        }
        let source = Source {
            token: self.question.start,
            label: Label::of(W::start(self.question.amount), W::WORST, u64::MAX),
            rival: W::WORST,
            apart: None,
        };
        self.spread::<W>(&source, 0, hops == 2)
    }

    /// From the tokens after `layer` hops to those one hop further.
    fn pass_on<W: Way>(&mut self, layer: usize, hops: usize) -> Result<(), Uncertain> {
        // The tokens that lie one hop before the goal are known; elsewhere any token may lead there.
        let only_near = layer == hops - 2;
        for at in 0..self.scratch.layers[layer - 1].count {
            let from = self.scratch.layers[layer - 1].reached(at);
            let Some(source) = self.source::<W>(from, layer) else {
                continue;
            };
            if only_near && self.graph.edges(from).len() > MANY_EDGES {
                self.meet::<W>(&source, layer)?;
            } else {
                self.spread::<W>(&source, layer, only_near)?;
            }
        }
        Ok(())
    }

    /// Tries every edge of the token that may lead to the goal.
    fn spread<W: Way>(
        &mut self,
        source: &Source,
        layer: usize,
        only_near: bool,
    ) -> Result<(), Uncertain> {
        let graph = self.graph;
        let limits = &self.question.limits;
        let edges = graph.edges(source.token);
        let plain = self.plain(layer);
        let open = self.pick(edges, only_near);
        self.scratch.chances.reserve(open);
        for at in 0..open {
            let edge = edges[self.scratch.picked[at] as usize];
            let (to, pool, pair) = (edge.token, edge.pool, edge.pair);
            let side = W::side(graph.hyperbolic(pool), pair);
            if plain && side.exists() {
                self.scratch.chances.add(true, Chance { to, pool, side });
            } else if limits.allow(graph, &edge) {
                self.extend::<W>(source, to, Step { pool, pair }, layer)?;
            }
        }
        self.take::<W>(source, layer);
        Ok(())
    }

    /// Lists the places of the edges to tokens from which the goal may be reached.
    #[allow(
        clippy::needless_bitwise_bool,
        reason = "which edges lead on cannot be foreseen, so there is no branch"
    )]
    fn pick(&mut self, edges: &[Edge], only_near: bool) -> usize {
        let Question { start, goal, .. } = *self.question;
        let scratch = &mut *self.scratch;
        if scratch.picked.len() <= edges.len() {
            scratch.picked.resize(edges.len() + 1, 0);
        }
        let mut picked = std::mem::take(&mut scratch.picked);
        let mut count = 0;
        if only_near {
            for (place, edge) in (0u32..).zip(edges) {
                picked[count] = place;
                count += usize::from(scratch.is_near(edge.token) & (edge.token != start));
            }
        } else {
            let to = |edge: &Edge| (edge.token != start) & (edge.token != goal);
            for (place, edge) in (0u32..).zip(edges) {
                picked[count] = place;
                let leads_on = self.graph.neighbour_count(edge.token) > 1;
                count += usize::from(leads_on & to(edge));
            }
        }
        scratch.picked = picked;
        count
    }

    /// Whether nothing but bounds is to be compared in this layer.
    fn plain(&self, layer: usize) -> bool {
        let limits = &self.question.limits;
        !limits.any && (layer == 0 || layer == 1 && limits.max_hops < 4)
    }

    /// Puts the chances in the layer.
    fn take<W: Way>(&mut self, source: &Source, layer: usize) {
        let scratch = &mut *self.scratch;
        let segment = scratch.chances.close(source.token);
        scratch.layers[layer].put_all::<W>(
            scratch.chances.segment(segment),
            source.label.value,
            source.token,
            self.stamp,
        );
    }

    /// Tries the steps from a token with many edges to the near tokens, without a look at its other edges.
    fn meet<W: Way>(&mut self, source: &Source, layer: usize) -> Result<(), Uncertain> {
        let (graph, limits) = (self.graph, &self.question.limits);
        self.scratch
            .list_approaches(graph, limits, self.question.goal);
        let plain = self.plain(layer);
        self.scratch.chances.reserve(self.scratch.approaches.len());
        let mut next = self.scratch.first_approach(source.token);
        while let Some(approach) = self.scratch.approaches.get(next as usize).copied() {
            next = approach.next;
            let (to, step) = (approach.to, approach.step);
            let side = W::side(graph.hyperbolic(step.pool), step.pair);
            if plain & side.exists() {
                let open = to != self.question.start;
                let pool = step.pool;
                self.scratch.chances.add(open, Chance { to, pool, side });
            } else {
                self.extend::<W>(source, to, step, layer)?;
            }
        }
        for at in 0..self.scratch.near_hubs.len() {
            let to = self.scratch.near_hubs[at];
            for pool in graph.pools_between(source.token, to) {
                let pool = *pool;
                let Some(pair) = graph.pair_of(pool, source.token, to) else {
                    continue;
                };
                let side = W::side(graph.hyperbolic(pool), pair);
                if plain & side.exists() {
                    let open = to != self.question.start;
                    self.scratch.chances.reserve(1);
                    self.scratch.chances.add(open, Chance { to, pool, side });
                } else if limits.allow_pool(graph, pool) {
                    self.extend::<W>(source, to, Step { pool, pair }, layer)?;
                }
            }
        }
        self.take::<W>(source, layer);
        Ok(())
    }

    fn extend<W: Way>(
        &mut self,
        source: &Source,
        to: TokenId,
        step: Step,
        layer: usize,
    ) -> Result<(), Uncertain> {
        self.asked = true;
        if to == self.question.start || to == self.question.goal {
            return Ok(());
        }
        let Some(value) = source.towards(to, step.pool) else {
            return Ok(());
        };
        let value = through::<W>(self.graph, step, value)?;
        if !W::useful(value) {
            return Ok(());
        }
        if layer == 1 && self.question.limits.max_hops == 4 {
            let from = labels::from(source.token, step.pool);
            self.put_apart::<W>(to, &Label::of(value, W::WORST, from));
        } else {
            let from = labels::from(source.token, step.pool);
            self.scratch.layers[layer].put::<W>(to, value, from, self.stamp);
        }
        Ok(())
    }

    /// After the second of four hops, two ways are kept: the best, and the best that does not come from the same
    /// token, for when the path goes on to just that token.
    #[inline(never)]
    fn put_apart<W: Way>(&mut self, to: TokenId, way: &Label) {
        let stamp = self.stamp;
        let Some(best) = self.scratch.layers[1].get(to, stamp).copied() else {
            self.scratch.layers[1].set(to, way, stamp);
            self.scratch.layers[1].count_in(to);
            return;
        };
        let second = self.scratch.apart.get(to, stamp).copied();
        let rest = |dropped: f64| W::best(dropped, best.rival);
        if W::better(way.value, best.value) {
            let dropped = if way.parent() == best.parent() {
                best.value
            } else {
                self.scratch.apart.set(to, &best, stamp);
                second.map_or(W::WORST, |second| second.value)
            };
            let rival = rest(dropped);
            self.scratch.layers[1].set(to, &way.with_rival(rival), stamp);
        } else {
            let (closer, dropped) = match second {
                _ if way.parent() == best.parent() => (false, way.value),
                Some(second) if !W::better(way.value, second.value) => (false, way.value),
                Some(second) => (true, second.value),
                None => (true, W::WORST),
            };
            if closer {
                self.scratch.apart.set(to, way, stamp);
            }
            let rival = rest(dropped);
            self.scratch.layers[1].set(to, &best.with_rival(rival), stamp);
        }
    }

    /// The last hop, from every token that is one hop before the goal.
    fn arrive<W: Way>(&mut self, hops: usize) -> Result<(), Uncertain> {
        let start = self.question.start;
        if self.scratch.is_near(start) {
            let label = Label::of(W::start(self.question.amount), W::WORST, u64::MAX);
            self.finish::<W>(start, 0, &label)?;
        }
        for layer in 1..hops {
            for at in 0..self.scratch.layers[layer - 1].count {
                let from = self.scratch.layers[layer - 1].reached(at);
                let label = self.scratch.layers[layer - 1]
                    .get(from, self.stamp)
                    .copied();
                if let Some(label) = label.filter(|_| self.scratch.is_near(from)) {
                    self.finish::<W>(from, layer, &label)?;
                }
            }
        }
        Ok(())
    }

    /// The last hop from a token after `layer` hops.
    #[inline]
    fn finish<W: Way>(
        &mut self,
        from: TokenId,
        layer: usize,
        label: &Label,
    ) -> Result<(), Uncertain> {
        let mut arrival = self.scratch.arrivals[layer];
        let mut next = self.scratch.first_last_hop(from);
        while let Some(hop) = self.scratch.last_hops.get(next as usize).copied() {
            next = hop.next;
            let value = if label.pool() == hop.step.pool {
                self.rival::<W>(from, layer, false)
            } else {
                label.value
            };
            let value = if hop.side.exists() {
                W::carried(hop.side, value)
            } else {
                W::asked(self.graph, hop.step, value)?
            };
            if W::useful(value) {
                arrival.challenge::<W>(value, labels::from(from, hop.step.pool));
            }
        }
        self.scratch.arrivals[layer] = arrival;
        Ok(())
    }

    /// What the token has to bring after `layer` hops.
    fn source<W: Way>(&self, token: TokenId, layer: usize) -> Option<Source> {
        let label = *self.scratch.layers[layer - 1].get(token, self.stamp)?;
        let apart = (layer == 2)
            .then(|| self.scratch.apart.get(token, self.stamp))
            .flatten();
        Some(Source {
            token,
            label,
            rival: self.rival::<W>(token, layer, false),
            apart: apart.map(|apart| apart.with_rival(label.rival)),
        })
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
                bound = through::<W>(self.graph, *step, bound).ok()?;
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
        let mut pools = [label.pool(); MAX_HOPS as usize];
        let mut between = [(label.parent(), false); MAX_HOPS as usize];
        let mut after = self.question.goal;
        for layer in (1..hops).rev() {
            let token = label.parent();
            let best = *self.scratch.layers[layer - 1].get(token, self.stamp)?;
            // The one case in which the best label's way comes from where this one goes on to.
            let apart = layer == 2 && best.parent() == after;
            label = if apart {
                *self.scratch.apart.get(token, self.stamp)?
            } else {
                best
            };
            between[layer - 1] = (token, apart);
            pools[layer - 1] = label.pool();
            after = token;
        }
        let mut from = self.question.start;
        let mut steps = [Step {
            pool: pools[0],
            pair: TokenPair::ZERO_FOR_ONE,
        }; MAX_HOPS as usize];
        for at in 0..hops {
            let to = if at + 1 == hops {
                self.question.goal
            } else {
                between[at].0
            };
            let (pool, pair) = (pools[at], self.graph.pair_of(pools[at], from, to)?);
            steps[at] = Step { pool, pair };
            from = to;
        }
        Some(Path { steps, between })
    }
}

/// A token that the search goes on from.
struct Source {
    token: TokenId,
    /// Its best way.
    label: Label,
    /// The bound of every other way.
    rival: f64,
    /// The best way that comes from another token than the best one, and the bound of what is left then.
    apart: Option<Label>,
}

impl Source {
    /// What it brings to a pool that leads to this token. A path cannot go back to where it comes from; and a pool
    /// of several tokens cannot be passed twice, but a way that does not come through it can.
    #[inline]
    fn towards(&self, to: TokenId, pool: PoolId) -> Option<f64> {
        if to == self.label.parent() {
            let apart = self.apart?;
            return Some(if apart.pool() == pool {
                apart.rival
            } else {
                apart.value
            });
        }
        Some(if self.label.pool() == pool {
            self.rival
        } else {
            self.label.value
        })
    }
}

/// A path as the labels tell it.
struct Path {
    steps: [Step; MAX_HOPS as usize],
    /// Each token, and whether its label is the one that is kept apart.
    between: [(TokenId, bool); MAX_HOPS as usize],
}
