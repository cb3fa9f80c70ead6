//! Routes through pools of several families, also of more than two tokens, whose hops cost differently, against a full
//! enumeration of the simple paths.

use crate::random_pools;
use std::collections::BTreeMap;

use crate::random_pools::{Depth, amount, numbered};
use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::balancer::{
    BalancerToken, BalancerWeightedPool, BalancerWeightedState, Weight,
};
use tradewind_core::pools::uniswap_v2::{UniswapV2Pool, UniswapV2State};
use tradewind_core::pools::{Exact, Pool, PoolMath};
use tradewind_core::routing::{
    Net, PoolGraph, RouteRequest, RouteScratch, best_path, optimize_route, optimize_routes,
};

const TOKENS: u8 = 6;
const UNIT: u128 = 1_000_000_000_000_000_000;

/// Reserves of every size, often equal to those of another pool, so that there are ties.
fn reserve() -> impl Strategy<Value = u128> {
    prop_oneof![
        2 => (0u32..100, 1u128..8).prop_map(|(bits, times)| times << bits),
        3 => (1u128..5).prop_map(|times| times * UNIT),
        3 => UNIT / 2..UNIT * 2,
        1 => 1u128..2_000,
    ]
}

fn constant_product(address: ChainAddress) -> impl Strategy<Value = Pool> {
    let fee = prop::sample::select(&[0u32, 500, 2_500, 3_000, 10_000][..]);
    (1..=TOKENS, 1..TOKENS, reserve(), reserve(), fee).prop_map(
        move |(a, step, reserve0_raw, reserve1_raw, fee_ppm)| {
            let b = (a - 1 + step) % TOKENS + 1;
            let state = UniswapV2State {
                pool: address,
                token0: numbered(a.min(b)),
                token1: numbered(a.max(b)),
                reserve0_raw,
                reserve1_raw,
                fee_ppm,
            };
            UniswapV2Pool::new(&state).unwrap().into()
        },
    )
}

fn concentrated(address: ChainAddress) -> impl Strategy<Value = Pool> {
    (1..=TOKENS, 1..TOKENS, any::<bool>()).prop_flat_map(move |(a, step, scarce)| {
        let b = (a - 1 + step) % TOKENS + 1;
        let tokens = [numbered(a.min(b)), numbered(a.max(b))];
        let depth = if scarce { Depth::Scarce } else { Depth::Any };
        random_pools::pool(address, tokens, depth).prop_map(|random| random.pool.into())
    })
}

/// Three or four tokens with equal weights.
fn weighted(address: ChainAddress) -> impl Strategy<Value = Pool> {
    let numbers: Vec<u8> = (1..=TOKENS).collect();
    let tokens = prop::sample::subsequence(numbers, 3..=4);
    (tokens, prop::collection::vec(UNIT..3 * UNIT, 4)).prop_map(move |(tokens, balances)| {
        let weight = 1_000_000_000_000_000_000 / tokens.len() as u64;
        let state = BalancerWeightedState {
            pool: address,
            weights: vec![Weight(weight); tokens.len()],
            tokens: tokens
                .iter()
                .zip(balances)
                .map(|(token, balance_raw)| BalancerToken {
                    token: numbered(*token),
                    balance_raw,
                    scaling_factor: UNIT,
                })
                .collect(),
            swap_fee: 3_000_000_000_000_000,
            exact_powers: true,
        };
        BalancerWeightedPool::new(&state).unwrap().into()
    })
}

fn pools(weighted_share: u32) -> impl Strategy<Value = Vec<Pool>> {
    let kinds = prop_oneof![
        6 => Just(0u8),
        2 => Just(1),
        weighted_share => Just(2),
    ];
    prop::collection::vec(kinds, 1..16).prop_flat_map(|kinds| {
        let pools = (100u8..).zip(kinds).map(|(number, kind)| match kind {
            0 => constant_product(numbered(number)).boxed(),
            1 => concentrated(numbered(number)).boxed(),
            _ => weighted(numbered(number)).boxed(),
        });
        pools.collect::<Vec<_>>()
    })
}

/// A request with limits and costs of every kind.
fn request(hops: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = RouteRequest> {
    let asked = prop_oneof![amount(1..40), amount(40..70), amount(70..110)];
    let exact = prop_oneof![Just(Exact::In), Just(Exact::Out)];
    let costs = (0u64..2_000_000, prop::option::of(0u64..5_000_000_000));
    let limits = (
        prop::option::weighted(0.2, prop::collection::vec(100u8..116, 4..12)),
        prop::option::weighted(0.2, 2u8..TOKENS),
        any::<bool>(),
    );
    (asked, exact, hops, costs, limits).prop_map(|(asked, exact, max_hops, costs, limits)| {
        let base = RouteRequest::new(numbered(1), numbered(TOKENS), exact, asked);
        let (allowed, excluded, only_two_families) = limits;
        RouteRequest {
            max_hops,
            hop_cost_raw: U256::from(costs.0),
            venue_costs_raw: costs.1.map_or(Vec::new(), |cost| {
                vec![("uniswap_v3".to_owned(), U256::from(cost))]
            }),
            pool_costs_raw: costs.1.map_or(Vec::new(), |cost| {
                vec![(numbered(101), U256::from(cost / 2))]
            }),
            allowed_pools: allowed.map(|numbers| numbers.into_iter().map(numbered).collect()),
            allowed_venues: only_two_families
                .then(|| vec!["uniswap_v2".to_owned(), "balancer_weighted".to_owned()]),
            excluded_tokens: excluded.map(numbered).into_iter().collect(),
            ..base
        }
    })
}

fn graph(pools: &[Pool]) -> PoolGraph {
    let mut graph = PoolGraph::new();
    for pool in pools {
        graph.upsert(pool.clone());
    }
    graph
}

/// What a hop through the pool costs, as the request says it.
fn cost(request: &RouteRequest, pool: &Pool) -> Net {
    let by_pool = request
        .pool_costs_raw
        .iter()
        .find(|(address, _)| *address == pool.address());
    let by_venue = request
        .venue_costs_raw
        .iter()
        .find(|(venue, _)| venue == pool.venue());
    let extra = by_pool
        .map(|(_, cost)| *cost)
        .or_else(|| by_venue.map(|(_, cost)| *cost));
    Net::from(request.hop_cost_raw) + Net::from(extra.unwrap_or_default())
}

/// More is better, whichever side is exact; shifted so that it is never negative.
fn value(exact: Exact, amount: U256, cost: Net) -> Net {
    let shift = Net::ONE << 310;
    match exact {
        Exact::In => shift + Net::from(amount) - cost,
        Exact::Out => shift - Net::from(amount) - cost,
    }
}

/// Walks every path without a token or a pool twice.
struct Walk<'a> {
    pools: Vec<&'a Pool>,
    request: &'a RouteRequest,
    best: BTreeMap<usize, Net>,
}

impl<'a> Walk<'a> {
    fn of(pools: &'a [Pool], request: &'a RouteRequest) -> BTreeMap<usize, Net> {
        let allowed = |pool: &&Pool| {
            let pools = request.allowed_pools.as_ref();
            let venues = request.allowed_venues.as_ref();
            pools.is_none_or(|pools| pools.contains(&pool.address()))
                && venues.is_none_or(|venues| venues.iter().any(|name| name == pool.venue()))
        };
        let mut walk = Walk {
            pools: pools.iter().filter(allowed).collect(),
            request,
            best: BTreeMap::new(),
        };
        let start = match request.exact {
            Exact::In => request.token_in,
            Exact::Out => request.token_out,
        };
        walk.step(
            &mut vec![start],
            &mut Vec::new(),
            request.amount_raw,
            Net::ZERO,
        );
        walk.best
    }

    fn step(
        &mut self,
        tokens: &mut Vec<ChainAddress>,
        used: &mut Vec<ChainAddress>,
        amount: U256,
        spent: Net,
    ) {
        let exact = self.request.exact;
        let (here, hops) = (tokens[tokens.len() - 1], used.len());
        let end = match exact {
            Exact::In => self.request.token_out,
            Exact::Out => self.request.token_in,
        };
        if here == end {
            let value = value(exact, amount, spent);
            let best = self.best.entry(hops).or_insert(value);
            *best = value.max(*best);
            return;
        }
        if hops == usize::from(self.request.max_hops) {
            return;
        }
        for pool in self.pools.clone() {
            if used.contains(&pool.address()) || !pool.tokens().contains(&here) {
                continue;
            }
            for there in pool.tokens() {
                if tokens.contains(there) || self.request.excluded_tokens.contains(there) {
                    continue;
                }
                let next = match exact {
                    Exact::In => pool
                        .quote_exact_in(here, *there, amount)
                        .map(|quote| quote.amount_out_raw),
                    Exact::Out => pool
                        .quote_exact_out(*there, here, amount)
                        .map(|quote| quote.amount_in_raw),
                };
                let Ok(next) = next else { continue };
                if next.is_zero() {
                    continue;
                }
                tokens.push(*there);
                used.push(pool.address());
                self.step(tokens, used, next, spent + cost(self.request, pool));
                tokens.pop();
                used.pop();
            }
        }
    }
}

/// The value of the best path of each length.
fn routed(graph: &PoolGraph, request: &RouteRequest) -> BTreeMap<usize, Net> {
    let Ok(route) = optimize_route(graph, request) else {
        return BTreeMap::new();
    };
    let chosen = match route.exact {
        Exact::In => route.amount_out_raw,
        Exact::Out => route.amount_in_raw,
    };
    let others = route
        .alternatives
        .iter()
        .map(|path| (path.hops, path.amount_raw, path.cost_raw));
    let all = others.chain([(route.hops.len(), chosen, route.cost_raw)]);
    all.map(|(hops, amount, cost)| (hops, value(request.exact, amount, cost)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_best_path_of_each_length_is_found_through_pools_of_two_tokens(
        pools in pools(0), request in request(1..=4),
    ) {
        prop_assert_eq!(routed(&graph(&pools), &request), Walk::of(&pools, &request));
    }

    #[test]
    fn the_best_path_of_each_length_is_found_through_pools_of_many_tokens(
        pools in pools(3), request in request(1..=4),
    ) {
        prop_assert_eq!(routed(&graph(&pools), &request), Walk::of(&pools, &request));
    }

    #[test]
    fn the_light_answer_is_the_path_of_the_full_one(
        pools in pools(1), requests in prop::collection::vec(request(1..=4), 1..5),
    ) {
        let graph = graph(&pools);
        let mut scratch = RouteScratch::new();
        let many = optimize_routes(&graph, &requests, &mut scratch);
        for (request, light) in requests.iter().zip(many) {
            prop_assert_eq!(&best_path(&graph, request, &mut scratch), &light);
            match (light, optimize_route(&graph, request)) {
                (Ok(light), Ok(full)) => {
                    let pools: Vec<_> = full.hops.iter().map(|hop| hop.pool).collect();
                    prop_assert_eq!(light.pools(&graph), pools);
                    prop_assert_eq!(light.amount_in_raw, full.amount_in_raw);
                    prop_assert_eq!(light.amount_out_raw, full.amount_out_raw);
                    prop_assert_eq!(light.cost_raw, full.cost_raw);
                }
                (light, full) => prop_assert_eq!(light.unwrap_err(), full.unwrap_err()),
            }
        }
    }

    #[test]
    fn the_order_of_adding_removing_and_replacing_has_no_influence(
        (pools, shuffled) in pools(1).prop_flat_map(|pools| (Just(pools.clone()), Just(pools).prop_shuffle())),
        request in request(4..=4),
    ) {
        let mut churned = graph(&shuffled);
        for pool in shuffled.iter().rev() {
            prop_assert!(churned.remove(pool.address()));
            churned.upsert(pool.clone());
            churned.upsert(pool.clone());
        }
        prop_assert_eq!(optimize_route(&graph(&pools), &request), optimize_route(&churned, &request));
    }
}
