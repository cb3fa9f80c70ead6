//! What to route, and the limits and costs that it sets.

use std::collections::{HashMap, HashSet};

use alloy_primitives::{U256, Uint};

use super::error::RouteError;
use super::graph::PoolGraph;
use super::numbers::{BuildNumberHasher, Edge, PoolId, TokenId};
use crate::ChainAddress;
use crate::pools::{Exact, VENUES};

/// The longest path that is searched.
pub const MAX_HOPS: u8 = 4;

/// Room for an amount and the cost of its hops.
pub type Net = Uint<320, 5>;

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
    /// What a hop costs beyond `hop_cost_raw`, by the name of its family: gas or compute units differ.
    pub venue_costs_raw: Vec<(String, U256)>,
    /// What a hop through one pool costs beyond `hop_cost_raw`, instead of its family's cost; pools that are not
    /// in the graph mean nothing.
    pub pool_costs_raw: Vec<(ChainAddress, U256)>,
    /// Use only these; those that are not in the graph mean nothing. `None` allows every pool.
    pub allowed_pools: Option<Vec<ChainAddress>>,
    /// Use only pools of these families, by name. `None` allows every family.
    pub allowed_venues: Option<Vec<String>>,
    /// Never pass through these; those that are not in the graph mean nothing.
    pub excluded_tokens: Vec<ChainAddress>,
}

impl RouteRequest {
    /// Up to three hops through any pool, at no cost.
    #[must_use]
    pub fn new(
        token_in: ChainAddress,
        token_out: ChainAddress,
        exact: Exact,
        amount_raw: U256,
    ) -> Self {
        Self {
            token_in,
            token_out,
            amount_raw,
            exact,
            max_hops: 3,
            hop_cost_raw: U256::ZERO,
            venue_costs_raw: Vec::new(),
            pool_costs_raw: Vec::new(),
            allowed_pools: None,
            allowed_venues: None,
            excluded_tokens: Vec::new(),
        }
    }

    /// Checks what needs no graph.
    fn check(&self) -> Result<(), RouteError> {
        if self.token_in == self.token_out {
            return Err(RouteError::SameToken(self.token_in));
        }
        if self.amount_raw.is_zero() {
            return Err(RouteError::AmountZero);
        }
        if self.amount_raw.bit(255) {
            return Err(RouteError::AmountTooLarge(self.amount_raw));
        }
        if !(1..=MAX_HOPS).contains(&self.max_hops) {
            return Err(RouteError::MaxHopsOutOfRange(self.max_hops));
        }
        Ok(())
    }
}

/// A request in the numbers of one graph.
#[derive(Debug)]
pub(super) struct Question {
    /// Where the search starts and where it ends: `token_in` first for an exact input, last for an exact output.
    pub(super) start: TokenId,
    pub(super) goal: TokenId,
    pub(super) exact: Exact,
    pub(super) amount: U256,
    pub(super) limits: Limits,
    pub(super) costs: Costs,
}

/// What the search may use.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) max_hops: u8,
    allowed_pools: Option<HashSet<PoolId, BuildNumberHasher>>,
    /// By place in [`VENUES`].
    allowed_venues: Option<Vec<bool>>,
    excluded_tokens: HashSet<TokenId, BuildNumberHasher>,
    /// Whether there is any limit but that of the hops.
    pub(super) any: bool,
}

/// What hops cost, in the unit of the far end.
#[derive(Debug)]
pub(super) struct Costs {
    hop: U256,
    venues: Vec<(u8, U256)>,
    pools: HashMap<PoolId, U256, BuildNumberHasher>,
    /// The least that any hop costs.
    least: Net,
    /// Whether every hop costs the same.
    flat: bool,
}

impl Question {
    pub(super) fn new(graph: &PoolGraph, request: &RouteRequest) -> Result<Self, RouteError> {
        request.check()?;
        let known = |field, token| {
            graph
                .token(token)
                .ok_or(RouteError::UnknownToken { field, token })
        };
        let token_in = known("token_in", request.token_in)?;
        let token_out = known("token_out", request.token_out)?;
        let limits = Limits::new(graph, request)?;
        for (field, token, id) in [
            ("token_in", request.token_in, token_in),
            ("token_out", request.token_out, token_out),
        ] {
            if limits.excluded_tokens.contains(&id) {
                return Err(RouteError::TokenExcluded { field, token });
            }
        }
        let (start, goal) = match request.exact {
            Exact::In => (token_in, token_out),
            Exact::Out => (token_out, token_in),
        };
        Ok(Self {
            start,
            goal,
            exact: request.exact,
            amount: request.amount_raw,
            limits,
            costs: Costs::new(graph, request)?,
        })
    }
}

impl Limits {
    fn new(graph: &PoolGraph, request: &RouteRequest) -> Result<Self, RouteError> {
        let number = |pool: &ChainAddress| graph.pool_id(*pool);
        let allowed_pools = request
            .allowed_pools
            .as_ref()
            .map(|pools| pools.iter().filter_map(number).collect());
        let allowed_venues = match &request.allowed_venues {
            None => None,
            Some(names) => Some(venues(names)?),
        };
        let excluded = request.excluded_tokens.iter();
        let excluded_tokens: HashSet<_, _> =
            excluded.filter_map(|token| graph.token(*token)).collect();
        Ok(Self {
            max_hops: request.max_hops,
            any: request.allowed_pools.is_some()
                || allowed_venues.is_some()
                || !excluded_tokens.is_empty(),
            allowed_pools,
            allowed_venues,
            excluded_tokens,
        })
    }

    #[inline]
    pub(super) fn allow(&self, graph: &PoolGraph, edge: &Edge) -> bool {
        !self.any
            || (!self.excluded_tokens.contains(&edge.token) && self.allow_pool(graph, edge.pool))
    }

    /// Whether the pool may be used between tokens that may be passed.
    #[inline]
    pub(super) fn allow_pool(&self, graph: &PoolGraph, pool: PoolId) -> bool {
        if !self.any {
            return true;
        }
        let allowed = self.allowed_pools.as_ref();
        let venues = self.allowed_venues.as_ref();
        allowed.is_none_or(|pools| pools.contains(&pool))
            && venues.is_none_or(|venues| {
                let venue = usize::from(graph.venue_of(pool));
                venues.get(venue).copied().unwrap_or(false)
            })
    }
}

impl Costs {
    fn new(graph: &PoolGraph, request: &RouteRequest) -> Result<Self, RouteError> {
        let mut venues = Vec::with_capacity(request.venue_costs_raw.len());
        for (name, cost) in &request.venue_costs_raw {
            venues.push((venue("venue_costs_raw", name)?, *cost));
        }
        let known = request.pool_costs_raw.iter();
        let pools: HashMap<_, _, _> = known
            .filter_map(|(pool, cost)| Some((graph.pool_id(*pool)?, *cost)))
            .collect();
        let mut costs = Self {
            hop: request.hop_cost_raw,
            flat: pools.is_empty() && venues.is_empty(),
            venues,
            pools,
            least: Net::ZERO,
        };
        let extra = |venue| costs.of_venue(venue);
        let of_venues = graph.venues().map(extra).min().unwrap_or(U256::ZERO);
        let of_pools = costs.pools.values().min().copied().unwrap_or(U256::MAX);
        costs.least = Net::from(costs.hop) + Net::from(of_venues.min(of_pools));
        Ok(costs)
    }

    /// Of one hop.
    pub(super) fn of(&self, graph: &PoolGraph, pool: PoolId) -> Net {
        if self.flat {
            return self.least;
        }
        let extra = self.pools.get(&pool).copied();
        Net::from(self.hop)
            + Net::from(extra.unwrap_or_else(|| self.of_venue(graph.venue_of(pool))))
    }

    /// The least that so many hops cost.
    pub(super) fn least_of(&self, hops: usize) -> Net {
        if self.least.is_zero() {
            return Net::ZERO;
        }
        self.least * Net::from(hops)
    }

    /// Of a path.
    pub(super) fn along(&self, graph: &PoolGraph, pools: impl Iterator<Item = PoolId>) -> Net {
        pools.fold(Net::ZERO, |sum, pool| sum + self.of(graph, pool))
    }

    fn of_venue(&self, venue: u8) -> U256 {
        let known = self.venues.iter().find(|(other, _)| *other == venue);
        known.map_or(U256::ZERO, |(_, cost)| *cost)
    }
}

fn venues(names: &[String]) -> Result<Vec<bool>, RouteError> {
    let mut allowed = vec![false; VENUES.len()];
    for name in names {
        allowed[usize::from(venue("allowed_venues", name)?)] = true;
    }
    Ok(allowed)
}

fn venue(field: &'static str, name: &str) -> Result<u8, RouteError> {
    let place = VENUES.iter().position(|known| *known == name);
    place
        .and_then(|place| u8::try_from(place).ok())
        .ok_or_else(|| RouteError::UnknownVenue {
            field,
            venue: name.chars().take(64).collect(),
        })
}
