//! The optimum of routing without any cap: its bound, and integer flows that reach it.

use alloy_primitives::{U256, Uint};

use super::descent::clear;
use super::dual::{self, Question};
use super::market::Market;
use super::recovery::{floor, settle};
use crate::ChainAddress;
use crate::pools::Exact;
use crate::routing::{PoolGraph, RouteError, RouteRequest, request};

/// What one pool trades in the optimum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolFlow {
    /// The pool.
    pub pool: ChainAddress,
    /// Paid in.
    pub token_in: ChainAddress,
    /// Got.
    pub token_out: ChainAddress,
    /// Of `token_in`.
    pub amount_in_raw: U256,
    /// Of `token_out`: exactly what the pool answers.
    pub amount_out_raw: U256,
}

/// The optimum over all pools at once, arbitrage included: an upper limit on what any route can reach.
///
/// It is no route: the flows may need any number of pools, and a loan to begin with. A pool of more than two
/// tokens may occur more than once; its flows are then exact in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptimalFlows {
    /// No routing gives more (exact input) or takes less (exact output).
    pub bound_raw: U256,
    /// What the flows give (exact input) or take (exact output), when some were found.
    pub reached_raw: Option<U256>,
    /// Exact input: reached of bound. Exact output: bound of reached. In parts per million, rounded down.
    pub share_ppm: u32,
    /// The flows. Exact input: they take exactly `amount_raw` or less of `token_in`, and no other token than
    /// `token_out` more than they give of it. Exact output: likewise, and they give at least `amount_raw`.
    pub flows: Vec<PoolFlow>,
}

/// Finds the optimum and its bound; hops are neither counted nor paid for.
///
/// # Errors
/// `same_token`, `amount_zero`, `amount_too_large`, `max_hops_out_of_range`, `unknown_token`, `token_excluded` or
/// `unknown_venue`.
pub fn optimal_flows(
    graph: &PoolGraph,
    request: &RouteRequest,
) -> Result<OptimalFlows, RouteError> {
    Market::new(graph).optimal_flows(request)
}

impl Market<'_> {
    /// [`optimal_flows`] on a graph that was prepared before.
    ///
    /// # Errors
    /// Those of [`optimal_flows`].
    pub fn optimal_flows(&self, request: &RouteRequest) -> Result<OptimalFlows, RouteError> {
        let limits = request::Question::new(self.graph, request)?.limits;
        let ends = self.ends(request)?;
        let venues = self.allowed(&limits);
        let problem = Problem::new(ends, request.exact, request.amount_raw);
        let solution = problem.solve(self, &venues);
        let uses = dual::uses(self, &venues, &solution.prices);
        let settled = settle(self, &uses, &solution, problem.question, request.amount_raw);
        let (reached_raw, flows) = match settled {
            Some(settled) => (Some(settled.ground_raw), settled.flows),
            None => (None, Vec::new()),
        };
        Ok(OptimalFlows {
            bound_raw: solution.bound_raw,
            reached_raw,
            share_ppm: reached_raw.map_or(0, |reached| {
                share_ppm(request.exact, reached, solution.bound_raw)
            }),
            flows,
        })
    }

    /// The numbers of the request's two ends, token in and token out.
    pub(in crate::routing) fn ends(
        &self,
        request: &RouteRequest,
    ) -> Result<[usize; 2], RouteError> {
        let end = |field, token| {
            self.number(token)
                .ok_or(RouteError::UnknownToken { field, token })
        };
        Ok([
            end("token_in", request.token_in)?,
            end("token_out", request.token_out)?,
        ])
    }
}

/// One question to the dual.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct Problem {
    exact: Exact,
    question: Question,
}

/// Prices, and what they prove.
#[derive(Debug, Clone)]
pub(in crate::routing) struct Solution {
    pub(in crate::routing) prices: Vec<f64>,
    pub(in crate::routing) bound_raw: U256,
}

impl Problem {
    pub(in crate::routing) fn new(
        [token_in, token_out]: [usize; 2],
        exact: Exact,
        amount_raw: U256,
    ) -> Self {
        let amount = f64::from(amount_raw);
        let question = match exact {
            Exact::In => Question {
                ground: token_out,
                source: token_in,
                amount,
            },
            Exact::Out => Question {
                ground: token_in,
                source: token_out,
                amount: -amount,
            },
        };
        Self { exact, question }
    }

    /// The best prices over these venues, and the bound they prove.
    pub(in crate::routing) fn solve(&self, market: &Market, venues: &[usize]) -> Solution {
        let prices = clear(market, venues, self.question);
        let ceiling = dual::ceiling(market, venues, self.question, &prices);
        let bound_raw = match self.exact {
            Exact::In => up(ceiling),
            // The least input is at least minus the dual.
            Exact::Out => floor(-ceiling),
        };
        Solution { prices, bound_raw }
    }
}

/// An integer above; the largest for what is no number.
fn up(value: f64) -> U256 {
    if value.is_nan() {
        return U256::MAX;
    }
    U256::try_from(value.ceil().max(0.0)).unwrap_or(U256::MAX)
}

/// `floor(1e6 * worse / better)`, at most a million; all of nothing is everything.
pub(in crate::routing) fn share_ppm(exact: Exact, reached: U256, bound: U256) -> u32 {
    type Wide = Uint<320, 5>;
    const MILLION: u32 = 1_000_000;
    let (part, whole) = match exact {
        Exact::In => (reached, bound),
        Exact::Out => (bound, reached),
    };
    if whole.is_zero() {
        return MILLION;
    }
    let share = Wide::from(part) * Wide::from(MILLION) / Wide::from(whole);
    u32::try_from(share).unwrap_or(MILLION).min(MILLION)
}
