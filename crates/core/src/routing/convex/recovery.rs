//! From real flows to integers: one trade per use of a pool, every intermediate token's balance at least zero.
//!
//! The flows at the best prices balance but for rounding. Each token gets one *outlet*, the widest way towards the
//! ground token, which carries whatever the token's other trades leave over; tokens are settled from the far
//! end of these ways on, so that one pass leaves no deficit. An amount that has to come out is settled the other
//! way round: each token has one *inlet*, which buys what its other trades lack.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use alloy_primitives::U256;

use super::dual::{Question, Use};
use super::flows::{PoolFlow, Solution, share_ppm};
use super::market::{Market, Venue};
use crate::pools::{Exact, Pool, PoolError, PoolMath, SwapAmounts};
use crate::routing::PoolId;

/// Passes with some trade made smaller, until nothing lacks.
const MOST_PASSES: usize = 24;
/// Share of the bound, in parts per million, at which flows are good enough.
const NEAR_PPM: u32 = 999_995;

/// Integer flows, and how much of the ground token they leave (amount in) or take (amount out).
pub(super) struct Settled {
    pub(super) ground_raw: U256,
    pub(super) flows: Vec<PoolFlow>,
}

/// `None` when no pass could balance every token.
///
/// An amount of less than one unit is none. But where one unit of a token is worth a million times a unit of the next,
/// a whole chain of trades may hang on it, so where the flows fall short of the bound, those with one unit in its
/// place are tried as well.
pub(super) fn settle(
    market: &Market,
    uses: &[Use],
    solution: &Solution,
    question: Question,
    amount_raw: U256,
) -> Option<Settled> {
    let exact = if question.amount > 0.0 {
        Exact::In
    } else {
        Exact::Out
    };
    let plan = Plan {
        market,
        uses,
        exact,
        ways: Ways::new(market, uses, &solution.prices, question.ground, exact),
        question,
        amount_raw,
    };
    let floored: Vec<U256> = uses
        .iter()
        .map(|used| floor(plan.amounts(used)[0]))
        .collect();
    let hangs = |used: &Use| {
        let [amount, other] = plan.amounts(used);
        amount > 0.0 && amount < 1.0 && other >= 1.0
    };
    let lift = |(amount, used)| if hangs(used) { U256::ONE } else { amount };
    let lifted = || floored.iter().copied().zip(uses).map(lift).collect();
    let settled = plan.settle(floored.clone());
    let near =
        |settled: &Settled| share_ppm(exact, settled.ground_raw, solution.bound_raw) >= NEAR_PPM;
    if settled.as_ref().is_some_and(near) || !uses.iter().any(hangs) {
        return settled;
    }
    let other = plan.settle(lifted());
    match (settled, other) {
        (Some(one), Some(other)) if better(exact, other.ground_raw, one.ground_raw) => Some(other),
        (None, other) => other,
        (settled, _) => settled,
    }
}

/// Exact input: more is better. Exact output: less.
fn better(exact: Exact, one: U256, other: U256) -> bool {
    match exact {
        Exact::In => one > other,
        Exact::Out => one < other,
    }
}

/// What has to be carried out, and by which ways.
struct Plan<'a> {
    market: &'a Market<'a>,
    uses: &'a [Use],
    exact: Exact,
    ways: Ways,
    question: Question,
    amount_raw: U256,
}

impl Plan<'_> {
    /// The amount that a use is fixed at, and the one that follows.
    fn amounts(&self, used: &Use) -> [f64; 2] {
        match self.exact {
            Exact::In => [used.trade.input, used.trade.output],
            Exact::Out => [used.trade.output, used.trade.input],
        }
    }

    /// Passes with some trade made smaller each, until nothing lacks.
    fn settle(&self, mut fixed: Vec<U256>) -> Option<Settled> {
        for _ in 0..MOST_PASSES {
            let mut pass = Pass::new(self.market, self.uses, self.exact, &self.ways);
            match pass.run(&mut fixed, self.question, self.amount_raw) {
                Outcome::Settled(ground_raw) => {
                    return Some(Settled {
                        ground_raw,
                        flows: pass.flows,
                    });
                }
                Outcome::Again => {}
                Outcome::Impossible => return None,
            }
        }
        None
    }
}

/// The end of a use that its amount is fixed at, and the end that follows.
fn ends(venue: &Venue, side: usize, exact: Exact) -> [usize; 2] {
    let [input, output] = [venue.ends[side], venue.ends[1 - side]];
    match exact {
        Exact::In => [input, output],
        Exact::Out => [output, input],
    }
}

/// The one use of each token that carries its balance, and the order in which tokens are settled.
struct Ways {
    carrier: Vec<Option<usize>>,
    carries: Vec<bool>,
    /// Tokens from the far end on, without the ground token.
    order: Vec<usize>,
    reached: Vec<bool>,
}

impl Ways {
    fn new(market: &Market, uses: &[Use], prices: &[f64], ground: usize, exact: Exact) -> Self {
        let mut towards: Vec<Vec<usize>> = vec![Vec::new(); market.tokens.len()];
        for (number, used) in uses.iter().enumerate() {
            let [_, to] = ends(&market.venues[used.venue], used.side, exact);
            towards[to].push(number);
        }
        let mut made = Self {
            carrier: vec![None; market.tokens.len()],
            carries: vec![false; uses.len()],
            order: Vec::new(),
            reached: vec![false; market.tokens.len()],
        };
        let mut border = BinaryHeap::from([Way {
            width: f64::INFINITY,
            token: ground,
            by: None,
        }]);
        while let Some(Way { width, token, by }) = border.pop() {
            if made.reached[token] {
                continue;
            }
            made.reached[token] = true;
            made.order.push(token);
            made.carrier[token] = by;
            if let Some(by) = by {
                made.carries[by] = true;
            }
            for &number in &towards[token] {
                let used = &uses[number];
                let [from, _] = ends(&market.venues[used.venue], used.side, exact);
                let paid = market.venues[used.venue].ends[used.side];
                border.push(Way {
                    width: width.min(used.trade.input * prices[paid]),
                    token: from,
                    by: Some(number),
                });
            }
        }
        // The widest ways are found first, but a token is only settled after all that lean on it.
        made.order = made.leaves_first(market, uses, exact);
        made
    }

    fn leaves_first(&self, market: &Market, uses: &[Use], exact: Exact) -> Vec<usize> {
        let mut depth = vec![0usize; self.reached.len()];
        for &token in &self.order {
            if let Some(number) = self.carrier[token] {
                let used = &uses[number];
                let [_, to] = ends(&market.venues[used.venue], used.side, exact);
                depth[token] = depth[to] + 1;
            }
        }
        let mut order: Vec<usize> = self.order.iter().copied().skip(1).collect();
        order.sort_by_key(|token| (std::cmp::Reverse(depth[*token]), *token));
        order
    }
}

/// One attempt with the fixed amounts as they are.
struct Pass<'a> {
    market: &'a Market<'a>,
    uses: &'a [Use],
    exact: Exact,
    ways: &'a Ways,
    /// Pools used more than once, as their uses so far left them.
    moved: BTreeMap<PoolId, Pool>,
    gained: Vec<U256>,
    spent: Vec<U256>,
    flows: Vec<PoolFlow>,
}

enum Outcome {
    Settled(U256),
    /// Some fixed amount was too much and is smaller now.
    Again,
    Impossible,
}

impl<'a> Pass<'a> {
    fn new(market: &'a Market<'a>, uses: &'a [Use], exact: Exact, ways: &'a Ways) -> Self {
        // The uses of one pool follow one another.
        let pools = uses.iter().map(|used| market.venues[used.venue].id);
        let moved = pools
            .clone()
            .zip(pools.skip(1))
            .filter(|(pool, next)| pool == next)
            .filter_map(|(pool, _)| Some((pool, market.graph.at(pool)?.clone())))
            .collect();
        Self {
            market,
            uses,
            exact,
            ways,
            moved,
            gained: vec![U256::ZERO; market.tokens.len()],
            spent: vec![U256::ZERO; market.tokens.len()],
            flows: Vec::with_capacity(uses.len()),
        }
    }

    fn run(&mut self, fixed: &mut [U256], question: Question, amount_raw: U256) -> Outcome {
        match self.exact {
            Exact::In => self.gained[question.source] = amount_raw,
            Exact::Out => self.spent[question.source] = amount_raw,
        }
        for (number, amount) in fixed.iter_mut().enumerate() {
            if !self.ways.carries[number] && !self.trade(number, *amount) {
                *amount = U256::ZERO;
            }
        }
        for &token in &self.ways.order {
            let (more, less) = match self.exact {
                Exact::In => (self.gained[token], self.spent[token]),
                Exact::Out => (self.spent[token], self.gained[token]),
            };
            let Some(number) = self.ways.carrier[token] else {
                continue;
            };
            let carried = more.checked_sub(less);
            match (self.exact, carried) {
                (Exact::In, None) => return self.shrink(fixed, token, less - more),
                // More than the widest way takes is left where it is; it is worth nothing.
                (Exact::In, Some(amount)) => {
                    let room = self.room(number);
                    if !self.trade(number, amount.min(room)) {
                        self.trade(number, fixed[number].min(amount));
                    }
                }
                (Exact::Out, Some(amount)) => {
                    if !self.trade(number, amount) {
                        return Outcome::Impossible;
                    }
                }
                (Exact::Out, None) => {}
            }
        }
        let (gained, spent) = (self.gained[question.ground], self.spent[question.ground]);
        Outcome::Settled(match self.exact {
            Exact::In => gained.saturating_sub(spent),
            Exact::Out => spent.saturating_sub(gained),
        })
    }

    /// Takes what lacks at a token from the largest of its fixed trades.
    fn shrink(&self, fixed: &mut [U256], token: usize, lack: U256) -> Outcome {
        let spends = |number: &usize| {
            let used = &self.uses[*number];
            !self.ways.carries[*number]
                && self.market.venues[used.venue].ends[used.side] == token
                && !fixed[*number].is_zero()
        };
        let largest = (0..self.uses.len())
            .filter(spends)
            .max_by(|a, b| fixed[*a].cmp(&fixed[*b]).then(b.cmp(a)));
        let Some(number) = largest else {
            return Outcome::Impossible;
        };
        // A little more than lacks, so that the next pass has something for the outlet.
        let less = lack.saturating_add(lack >> 4).saturating_add(U256::ONE);
        fixed[number] = fixed[number].saturating_sub(less);
        Outcome::Again
    }

    fn room(&self, number: usize) -> U256 {
        let used = &self.uses[number];
        let curve = self.market.venues[used.venue].curves[used.side].as_ref();
        curve.map_or(U256::ZERO, |curve| floor(curve.room()))
    }

    /// Carries one use out; nothing is no trade. `false` when the pool refuses.
    fn trade(&mut self, number: usize, amount: U256) -> bool {
        let used = &self.uses[number];
        let venue = &self.market.venues[used.venue];
        let [input, output] = [venue.ends[used.side], venue.ends[1 - used.side]];
        if amount.is_zero() || !(self.ways.reached[input] && self.ways.reached[output]) {
            return true;
        }
        let Some(swap) = self.swap(venue, used.side, amount) else {
            return false;
        };
        if swap.amount_out_raw.is_zero() {
            return true;
        }
        let sums = (
            self.spent[input].checked_add(swap.amount_in_raw),
            self.gained[output].checked_add(swap.amount_out_raw),
        );
        let (Some(spent), Some(gained)) = sums else {
            return false;
        };
        self.spent[input] = spent;
        self.gained[output] = gained;
        self.flows.push(PoolFlow {
            pool: venue.pool,
            token_in: self.market.tokens[input],
            token_out: self.market.tokens[output],
            amount_in_raw: swap.amount_in_raw,
            amount_out_raw: swap.amount_out_raw,
        });
        true
    }

    fn swap(&mut self, venue: &Venue, side: usize, amount: U256) -> Option<SwapAmounts> {
        let (pair, exact) = (venue.pair_from(side), self.exact);
        if let Some(pool) = self.moved.get_mut(&venue.id) {
            return within(pool, exact, amount, |pool, amount| {
                pool.swap(pair, exact, amount)
            });
        }
        let pool = self.market.graph.at(venue.id)?;
        if exact == Exact::In
            && let Some(amount_out_raw) = pool.output(pair, amount)
        {
            return Some(SwapAmounts {
                amount_in_raw: amount,
                amount_out_raw,
            });
        }
        within(pool, exact, amount, |pool, amount| {
            pool.amounts(pair, exact, amount)
        })
    }
}

/// Carries a swap out, or for an input the most of it that the pool takes: a real capacity may be a unit too long.
fn within<P>(
    mut pool: P,
    exact: Exact,
    amount: U256,
    mut swap: impl FnMut(&mut P, U256) -> Result<SwapAmounts, PoolError>,
) -> Option<SwapAmounts> {
    match swap(&mut pool, amount) {
        Err(PoolError::InsufficientLiquidity { most_in_raw, .. })
            if exact == Exact::In && most_in_raw < amount =>
        {
            swap(&mut pool, most_in_raw).ok()
        }
        answer => answer.ok(),
    }
}

/// The integer part; nothing for what is no number, the largest for what is too large.
pub(super) fn floor(value: f64) -> U256 {
    if value.is_nan() || value < 1.0 {
        U256::ZERO
    } else {
        U256::try_from(value.floor()).unwrap_or(U256::MAX)
    }
}

/// A token that can be reached by a use, by the width of the whole way.
struct Way {
    width: f64,
    token: usize,
    by: Option<usize>,
}

impl Ord for Way {
    fn cmp(&self, other: &Self) -> Ordering {
        self.width
            .total_cmp(&other.width)
            .then_with(|| other.token.cmp(&self.token))
            .then_with(|| other.by.cmp(&self.by))
    }
}

impl PartialOrd for Way {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Way {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Way {}
