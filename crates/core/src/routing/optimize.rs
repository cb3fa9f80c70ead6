//! `optimize_route`: the best path, and every pool's answer along it.

use std::cell::RefCell;

use alloy_primitives::U256;

use super::best_path::in_trade_order;
use super::choice::{Found, best_of_each_length};
use super::error::RouteError;
use super::graph::PoolGraph;
use super::labels::{RouteScratch, Step};
use super::request::{Net, Question, RouteRequest};
use crate::ChainAddress;
use crate::pools::{Exact, PoolMath, PoolQuote, PriceRatio, SpotAmount};

thread_local! {
    static SCRATCH: RefCell<RouteScratch> = RefCell::new(RouteScratch::new());
}

/// The best path, with every pool's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// As asked.
    pub token_in: ChainAddress,
    /// As asked.
    pub token_out: ChainAddress,
    /// As asked.
    pub exact: Exact,
    /// Paid, in raw units of `token_in`.
    pub amount_in_raw: U256,
    /// Got, in raw units of `token_out`.
    pub amount_out_raw: U256,
    /// Of all hops; not contained in the amounts.
    pub cost_raw: Net,
    /// Exact input: what `amount_in_raw` would give at the pools' prices before the trade, without fees, rounded
    /// down once. Exact output: what `amount_out_raw` would take, rounded up once.
    pub spot_amount_raw: SpotAmount,
    /// The pools' fees together, in parts per million of the input, rounded up.
    pub fee_ppm: u32,
    /// One answer for each pool, in trade order.
    pub hops: Vec<PoolQuote>,
    /// The best path of each other number of hops, best first.
    pub alternatives: Vec<Alternative>,
}

/// A path that was not chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// How many pools it passes.
    pub hops: usize,
    /// Got (exact input) or paid (exact output), without the cost.
    pub amount_raw: U256,
    /// Of all hops.
    pub cost_raw: Net,
    /// The pools, in trade order.
    pub pools: Vec<ChainAddress>,
}

/// The simple path (no token twice, no pool twice) of at most `max_hops` pools with the best amount after the costs
/// of its hops: the most output for an exact input, the least input for an exact output.
///
/// A hop costs `hop_cost_raw`, and beyond it what `pool_costs_raw` says of its pool, or else `venue_costs_raw` of its
/// family.
///
/// # The search
/// It is the label-setting search of Dijkstra's algorithm with the *amount* as the label: a pool turns the amount
/// that arrives at one token into an amount at the other, and more in never gives less out. So the best amount at
/// a token and a number of hops makes every worse one there needless, and layer after layer of hops, each token is
/// settled by its best label. An exact output runs from the end backwards and keeps the least amounts.
///
/// Three things keep it exact where the textbook's argument ends:
/// - A path may not return to a token, nor to a pool of several tokens. A label that is best but has used what another
///   one's continuation needs does not stand in for it; `coverage` decides which labels do, and at most two per token
///   and layer are needed for four hops through pools of two tokens.
/// - A pool fills an amount or refuses it. When one refuses the best label's amount, the labels that it stood in
///   for are tried on the same way, because they bring less.
/// - Where hops cost differently, a label that has cost more does not stand in for one that has cost less.
///
/// Most of the time is saved by not asking the pools for exact amounts: `relax` carries upper bounds in real numbers
/// along the same layers, has only the best path answered, and proves by the bounds that every other path is worse.
/// Where that proof fails, `search` relaxes the exact amounts. Both give the same path.
///
/// # Why the weights are not prices
/// Dijkstra's algorithm on `-log(spot price)` ignores that a price is for an infinitely small amount. Sell 100 A for
/// C: a direct pool pays 0.99 C per A to any depth, and two pools by way of B have a spot price of 1 each but hold
/// only 10 B. By price the way over B is best (1.00 against 0.99); in amounts it gives less than 10 C, and the
/// direct pool 99 C. Cycles that gain (arbitrage) are negative cycles to it, besides; simple paths have none.
///
/// # Ties
/// Of equal amounts at a token, the path whose pools' addresses come first is kept, then its tokens'; of equal results with
/// different numbers of hops, the shorter one is chosen. The order in which pools were added has no influence.
///
/// # Errors
/// `same_token`, `amount_zero`, `amount_too_large`, `max_hops_out_of_range`, `unknown_token`, `token_excluded`,
/// `unknown_venue`, `no_route`, `insufficient_liquidity` or `amount_too_small`.
pub fn optimize_route(graph: &PoolGraph, request: &RouteRequest) -> Result<Route, RouteError> {
    let question = Question::new(graph, request)?;
    let found = SCRATCH.with_borrow_mut(|scratch| {
        scratch.forget();
        best_of_each_length(graph, &question, request, scratch)
    })?;
    let Some((best, others)) = found.split_first() else {
        return Err(RouteError::AmountTooSmall(request.amount_raw));
    };
    let steps: Vec<Step> = in_trade_order(best, request.exact).collect();
    let hops = quotes(graph, request, &steps)?;
    let alternatives = others
        .iter()
        .map(|path| alternative(graph, request, path))
        .collect();
    Ok(route(graph, request, best, &steps, hops, alternatives))
}

/// Every pool's full answer, in trade order.
fn quotes(
    graph: &PoolGraph,
    request: &RouteRequest,
    steps: &[Step],
) -> Result<Vec<PoolQuote>, RouteError> {
    let mut amount = request.amount_raw;
    let mut quotes = Vec::with_capacity(steps.len());
    let mut ask = |step: &Step| {
        if let Some(pool) = graph.at(step.pool) {
            let quote = pool.quote(step.pair, request.exact, amount)?;
            amount = match request.exact {
                Exact::In => quote.amount_out_raw,
                Exact::Out => quote.amount_in_raw,
            };
            quotes.push(quote);
        }
        Ok::<_, RouteError>(())
    };
    match request.exact {
        Exact::In => steps.iter().try_for_each(&mut ask)?,
        Exact::Out => steps.iter().rev().try_for_each(&mut ask)?,
    }
    if request.exact == Exact::Out {
        quotes.reverse();
    }
    Ok(quotes)
}

fn alternative(graph: &PoolGraph, request: &RouteRequest, path: &Found) -> Alternative {
    let pools = in_trade_order(path, request.exact);
    Alternative {
        hops: path.hops,
        amount_raw: path.amount,
        cost_raw: path.cost,
        pools: pools
            .filter_map(|step| graph.address_of(step.pool))
            .collect(),
    }
}

fn route(
    graph: &PoolGraph,
    request: &RouteRequest,
    path: &Found,
    steps: &[Step],
    hops: Vec<PoolQuote>,
    alternatives: Vec<Alternative>,
) -> Route {
    let price = |step: &Step| Some(graph.at(step.pool)?.spot_price(step.pair));
    let prices: Vec<PriceRatio> = match request.exact {
        Exact::In => steps.iter().filter_map(price).collect(),
        Exact::Out => steps.iter().rev().filter_map(price).collect(),
    };
    let spot_amount_raw = match request.exact {
        Exact::In => PriceRatio::output_along(request.amount_raw, &prices),
        Exact::Out => PriceRatio::input_along(request.amount_raw, &prices),
    };
    Route {
        token_in: request.token_in,
        token_out: request.token_out,
        exact: request.exact,
        amount_in_raw: hops.first().map_or(U256::ZERO, |hop| hop.amount_in_raw),
        amount_out_raw: hops.last().map_or(U256::ZERO, |hop| hop.amount_out_raw),
        cost_raw: path.cost,
        spot_amount_raw,
        fee_ppm: fee_ppm(&hops),
        hops,
        alternatives,
    }
}

/// `1e6 - floor(1e6 * product of (1 - fee / 1e6))`.
fn fee_ppm(hops: &[PoolQuote]) -> u32 {
    const MILLION: u32 = 1_000_000;
    let product: u128 = hops
        .iter()
        .map(|hop| u128::from(MILLION - hop.fee_ppm))
        .product();
    let whole: u128 = hops.iter().skip(1).map(|_| u128::from(MILLION)).product();
    MILLION - u32::try_from(product / whole).unwrap_or(MILLION)
}
