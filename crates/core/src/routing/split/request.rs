//! What to split, and the route that it becomes.

use alloy_primitives::U256;

use crate::ChainAddress;
use crate::pools::{Exact, PoolQuote};
use crate::routing::{Net, RouteRequest};

/// The most legs that a route may have.
pub const MAX_PATHS: u8 = 16;

/// What to route over several paths at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitRequest {
    /// Tokens, amount, limits of each path, and what hops cost.
    pub route: RouteRequest,
    /// From 1 to [`MAX_PATHS`].
    pub max_paths: u8,
    /// What each leg beyond the first costs to execute, in the unit of the hops' costs.
    pub path_cost_raw: U256,
    /// Also prove the limit over all allowed pools of the graph, whatever the hops: it takes longer in a large
    /// graph, and every route stays further away from it.
    pub uncapped_bound: bool,
}

impl SplitRequest {
    /// Up to four paths, at no cost.
    #[must_use]
    pub fn new(route: RouteRequest) -> Self {
        Self {
            route,
            max_paths: 4,
            path_cost_raw: U256::ZERO,
            uncapped_bound: false,
        }
    }
}

/// Paths that are executed one after the other, and how far they are from what no route can pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitRoute {
    /// As asked.
    pub token_in: ChainAddress,
    /// As asked.
    pub token_out: ChainAddress,
    /// As asked.
    pub exact: Exact,
    /// Paid by all legs, in raw units of `token_in`; exactly what was asked for an exact input.
    pub amount_in_raw: U256,
    /// Got by all legs, in raw units of `token_out`; exactly what was asked for an exact output.
    pub amount_out_raw: U256,
    /// Of all hops and of each leg beyond the first; not contained in the amounts.
    pub cost_raw: Net,
    /// In the order of execution. A pool that a leg shares with earlier ones is quoted as they left it.
    pub legs: Vec<Leg>,
    /// The best single path: the amount that it gives (exact input) or takes (exact output), and its cost; `None`
    /// when no single path fills the amount.
    pub single: Option<Single>,
    /// Against all routings through the pools that a path of at most `max_hops` can pass: any number of paths
    /// and hops, arbitrage included, at no cost.
    pub within_hops: Bound,
    /// The same over all allowed pools, when it was asked for.
    pub uncapped: Option<Bound>,
}

/// One path and its share of the amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Paid, in raw units of `token_in`.
    pub amount_in_raw: U256,
    /// Got, in raw units of `token_out`.
    pub amount_out_raw: U256,
    /// One answer for each pool, in trade order.
    pub hops: Vec<PoolQuote>,
}

/// The best single path, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Single {
    /// Got (exact input) or paid (exact output).
    pub amount_raw: U256,
    /// Of its hops.
    pub cost_raw: Net,
}

/// A limit, and how close the route comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// No routing gives more (exact input) or takes less (exact output).
    pub bound_raw: U256,
    /// Exact input: output of bound. Exact output: bound of input. In parts per million, rounded down.
    pub share_ppm: u32,
    /// Whether the limit is a proof. It is none where a stable pool of three or more tokens is among the pools: each
    /// pair of its tokens is taken by itself, and in such a pool one trade can make another one better.
    pub proven: bool,
}
