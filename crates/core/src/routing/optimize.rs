//! `optimize_route`: the request, the choice among the paths found, and the route it becomes.

use std::collections::HashSet;

use alloy_primitives::{U256, Uint};

use super::error::RouteError;
use super::graph::{Edge, PoolGraph, TokenId};
use super::search::{Bounds, Found, Outcome, Search};
use crate::ChainAddress;
use crate::pools::{Exact, Pool, PoolMath, PoolQuote, PriceRatio, SpotAmount};

/// The longest path that is searched.
pub const MAX_HOPS: u8 = 4;

/// Room for an amount and the cost of its hops.
type Net = Uint<320, 5>;

/// What to route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRequest {
    /// What is paid.
    pub token_in: ChainAddress,
    /// What is got.
    pub token_out: ChainAddress,
    /// Of `token_in` (exact input) or `token_out` (exact output).
    pub amount_raw: U256,
    /// Which side `amount_raw` fixes.
    pub exact: Exact,
    /// From 1 to [`MAX_HOPS`].
    pub max_hops: u8,
    /// What one hop costs to execute, in `token_out` (exact input) or `token_in` (exact output).
    pub hop_cost_raw: U256,
    /// Use only these; those that are not in the graph mean nothing. `None` allows every pool.
    pub allowed_pools: Option<Vec<ChainAddress>>,
    /// Never pass through these; those that are not in the graph mean nothing.
    pub excluded_tokens: Vec<ChainAddress>,
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
    /// `hop_cost_raw` times the hops; not contained in the amounts.
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
    /// `hop_cost_raw` times the hops.
    pub cost_raw: Net,
    /// The pools, in trade order.
    pub pools: Vec<ChainAddress>,
}

/// The simple path (no token twice, hence no pool twice) of at most `max_hops` pools with the best amount after
/// `hop_cost_raw` per hop: the most output for an exact input, the least input for an exact output.
///
/// # The search
/// It is the label-setting search of Dijkstra's algorithm with the *amount* as the label: a pool turns the amount
/// that arrives at one token into an amount at the other, and more in never gives less out. So the best amount at
/// a token and a number of hops makes every worse one there needless, and layer after layer of hops, each token is
/// settled by its best label. An exact output runs from the end backwards and keeps the least amounts.
///
/// Two things keep it exact where the textbook's argument ends:
/// - A path may not return to a token. A label that is best but has used a token that another one's continuation
///   needs does not stand in for it; `coverage` decides which labels do, and at most two per token and layer are
///   needed for four hops.
/// - A pool fills an amount or refuses it. When one refuses the best label's amount, the labels that it stood in
///   for are tried on the same way, because they bring less.
///
/// # Why the weights are not prices
/// Dijkstra's algorithm on `-log(spot price)` ignores that a price is for an infinitely small amount. Sell 100 A for
/// C: a direct pool pays 0.99 C per A to any depth, and two pools by way of B have a spot price of 1 each but hold
/// only 10 B. By price the way over B is best (1.00 against 0.99); in amounts it gives less than 10 C, and the
/// direct pool 99 C. Cycles that gain (arbitrage) are negative cycles to it, besides; simple paths have none.
///
/// # Ties
/// Of equal amounts at a token, the path whose pools' addresses come first is kept; of equal results with
/// different numbers of hops, the shorter one is chosen. The order in which pools were added has no influence.
///
/// # Errors
/// `same_token`, `amount_zero`, `amount_too_large`, `max_hops_out_of_range`, `unknown_token`, `token_excluded`,
/// `no_route`, `insufficient_liquidity` or `amount_too_small`.
pub fn optimize_route(graph: &PoolGraph, request: &RouteRequest) -> Result<Route, RouteError> {
    let [token_in, token_out] = ends(graph, request)?;
    let bounds = bounds(graph, request);
    for (field, token, id) in [
        ("token_in", request.token_in, token_in),
        ("token_out", request.token_out, token_out),
    ] {
        if bounds.excluded_tokens.contains(&id) {
            return Err(RouteError::TokenExcluded { field, token });
        }
    }
    let order = match request.exact {
        Exact::In => [token_in, token_out],
        Exact::Out => [token_out, token_in],
    };
    let outcome = Search::run(graph, &bounds, request.exact, order, request.amount_raw);
    let mut found = ranked(&outcome, request).into_iter();
    let best = found.next().ok_or_else(|| why_none(&outcome, request))?;
    let hops = quotes(graph, request, &best.edges)?;
    let alternatives = found
        .map(|path| alternative(graph, request, path))
        .collect();
    Ok(route(graph, request, &best.edges, hops, alternatives))
}

fn ends(graph: &PoolGraph, request: &RouteRequest) -> Result<[TokenId; 2], RouteError> {
    if request.token_in == request.token_out {
        return Err(RouteError::SameToken(request.token_in));
    }
    if request.amount_raw.is_zero() {
        return Err(RouteError::AmountZero);
    }
    if request.amount_raw.bit(255) {
        return Err(RouteError::AmountTooLarge(request.amount_raw));
    }
    if !(1..=MAX_HOPS).contains(&request.max_hops) {
        return Err(RouteError::MaxHopsOutOfRange(request.max_hops));
    }
    let known = |field, token| {
        graph
            .token(token)
            .ok_or(RouteError::UnknownToken { field, token })
    };
    Ok([
        known("token_in", request.token_in)?,
        known("token_out", request.token_out)?,
    ])
}

fn bounds(graph: &PoolGraph, request: &RouteRequest) -> Bounds {
    let allowed_pools = request.allowed_pools.as_ref().map(|pools| {
        pools
            .iter()
            .filter_map(|pool| graph.place_of(*pool))
            .collect::<HashSet<_>>()
    });
    let excluded_tokens = request
        .excluded_tokens
        .iter()
        .filter_map(|token| graph.token(*token))
        .collect();
    Bounds {
        max_hops: request.max_hops,
        allowed_pools,
        excluded_tokens,
    }
}

/// Best first, after the cost of the hops.
fn ranked<'a>(outcome: &'a Outcome, request: &RouteRequest) -> Vec<&'a Found> {
    let mut found: Vec<&Found> = outcome.found.iter().collect();
    found.sort_by(|a, b| match request.exact {
        // amount - cost, compared without going below zero.
        Exact::In => {
            (Net::from(b.amount) + cost(request, a)).cmp(&(Net::from(a.amount) + cost(request, b)))
        }
        Exact::Out => {
            (Net::from(a.amount) + cost(request, a)).cmp(&(Net::from(b.amount) + cost(request, b)))
        }
    });
    found
}

fn cost(request: &RouteRequest, path: &Found) -> Net {
    Net::from(request.hop_cost_raw) * Net::from(path.edges.len())
}

fn why_none(outcome: &Outcome, request: &RouteRequest) -> RouteError {
    if !outcome.connected {
        let RouteRequest {
            token_in,
            token_out,
            max_hops,
            ..
        } = *request;
        return RouteError::NoRoute {
            token_in,
            token_out,
            max_hops,
        };
    }
    if outcome.refused {
        RouteError::InsufficientLiquidity(request.amount_raw)
    } else {
        RouteError::AmountTooSmall(request.amount_raw)
    }
}

/// Every pool's full answer, in trade order.
fn quotes(
    graph: &PoolGraph,
    request: &RouteRequest,
    edges: &[Edge],
) -> Result<Vec<PoolQuote>, RouteError> {
    let mut amount = request.amount_raw;
    let mut quotes = Vec::with_capacity(edges.len());
    for (pool, edge) in edges
        .iter()
        .filter_map(|edge| Some((graph.at(edge.pool)?, edge)))
    {
        let quote = match request.exact {
            Exact::In => pool.quote(edge.pair, Exact::In, amount)?,
            Exact::Out => pool.quote(edge.pair.reversed(), Exact::Out, amount)?,
        };
        amount = match request.exact {
            Exact::In => quote.amount_out_raw,
            Exact::Out => quote.amount_in_raw,
        };
        quotes.push(quote);
    }
    if request.exact == Exact::Out {
        quotes.reverse();
    }
    Ok(quotes)
}

fn alternative(graph: &PoolGraph, request: &RouteRequest, path: &Found) -> Alternative {
    let mut pools: Vec<ChainAddress> = path
        .edges
        .iter()
        .filter_map(|edge| graph.at(edge.pool))
        .map(Pool::address)
        .collect();
    if request.exact == Exact::Out {
        pools.reverse();
    }
    Alternative {
        hops: pools.len(),
        amount_raw: path.amount,
        cost_raw: cost(request, path),
        pools,
    }
}

fn route(
    graph: &PoolGraph,
    request: &RouteRequest,
    edges: &[Edge],
    hops: Vec<PoolQuote>,
    alternatives: Vec<Alternative>,
) -> Route {
    let prices: Vec<PriceRatio> = edges
        .iter()
        .filter_map(|edge| {
            let direction = match request.exact {
                Exact::In => edge.pair,
                Exact::Out => edge.pair.reversed(),
            };
            Some(graph.at(edge.pool)?.spot_price(direction))
        })
        .collect();
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
        cost_raw: Net::from(request.hop_cost_raw) * Net::from(hops.len()),
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
