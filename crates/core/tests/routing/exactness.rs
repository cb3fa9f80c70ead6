//! The route against a full enumeration of the simple paths of random small graphs.

use crate::random_pools;
use std::collections::BTreeMap;

use crate::random_pools::{Depth, amount, numbered};
use alloy_primitives::{U256, Uint};
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, Pool, PoolMath};
use tradewind_core::routing::{PoolGraph, Route, RouteRequest, optimize_route};

/// Every token can lie between every other two, and there are pools beside each other.
const TOKENS: u8 = 5;

fn pools() -> impl Strategy<Value = Vec<Pool>> {
    prop::collection::vec((1..=TOKENS, 1..TOKENS), 1..14)
        .prop_flat_map(|pairs| between(&pairs, Depth::Any))
}

/// Mostly a chain of pools beside each other, whose liquidity often ends before the amount does.
fn scarce_pools() -> impl Strategy<Value = Vec<Pool>> {
    let link = (
        1..=TOKENS,
        prop_oneof![6 => Just(1), 2 => Just(2), 1 => 1..TOKENS],
    );
    prop::collection::vec(link, 8..20).prop_flat_map(|pairs| between(&pairs, Depth::Scarce))
}

/// A pool for each pair: a token, and how many tokens further the other one is.
fn between(pairs: &[(u8, u8)], depth: Depth) -> Vec<impl Strategy<Value = Pool> + use<>> {
    let pools = (100..).zip(pairs).map(|(number, (a, step))| {
        let b = (a - 1 + step) % TOKENS + 1;
        let tokens = [numbered(*a.min(&b)), numbered(*a.max(&b))];
        random_pools::pool(numbered(number), tokens, depth)
            .prop_map(|random| Pool::UniswapV3(random.pool))
    });
    pools.collect()
}

fn exact() -> impl Strategy<Value = Exact> {
    prop_oneof![Just(Exact::In), Just(Exact::Out)]
}

fn graph(pools: &[Pool]) -> PoolGraph {
    let mut graph = PoolGraph::new();
    for pool in pools {
        graph.upsert(pool.clone());
    }
    graph
}

fn request(exact: Exact, amount_raw: U256, max_hops: u8, hop_cost_raw: u64) -> RouteRequest {
    RouteRequest {
        max_hops,
        hop_cost_raw: U256::from(hop_cost_raw),
        ..RouteRequest::new(numbered(1), numbered(TOKENS), exact, amount_raw)
    }
}

/// Walks every simple path with the pools' own quotes and keeps the best amount of each number of hops.
struct Enumeration<'a> {
    pools: &'a [Pool],
    request: &'a RouteRequest,
    best: BTreeMap<usize, U256>,
}

impl Enumeration<'_> {
    fn of(pools: &[Pool], request: &RouteRequest) -> BTreeMap<usize, U256> {
        let mut enumeration = Enumeration {
            pools,
            request,
            best: BTreeMap::new(),
        };
        let start = match request.exact {
            Exact::In => request.token_in,
            Exact::Out => request.token_out,
        };
        enumeration.walk(&mut vec![start], request.amount_raw);
        enumeration.best
    }

    fn walk(&mut self, path: &mut Vec<ChainAddress>, amount: U256) {
        let (here, hops) = (path[path.len() - 1], path.len() - 1);
        let (end, exact) = match self.request.exact {
            Exact::In => (self.request.token_out, Exact::In),
            Exact::Out => (self.request.token_in, Exact::Out),
        };
        if here == end {
            let best = self.best.entry(hops).or_insert(amount);
            *best = if exact == Exact::In {
                amount.max(*best)
            } else {
                amount.min(*best)
            };
            return;
        }
        if hops == usize::from(self.request.max_hops) {
            return;
        }
        for pool in self
            .pools
            .iter()
            .filter(|pool| pool.tokens().contains(&here))
        {
            let there = if pool.tokens()[0] == here {
                pool.tokens()[1]
            } else {
                pool.tokens()[0]
            };
            let quote = match exact {
                Exact::In => pool
                    .quote_exact_in(here, there, amount)
                    .map(|quote| quote.amount_out_raw),
                Exact::Out => pool
                    .quote_exact_out(there, here, amount)
                    .map(|quote| quote.amount_in_raw),
            };
            if let Ok(next) = quote
                && !path.contains(&there)
                && !next.is_zero()
            {
                path.push(there);
                self.walk(path, next);
                path.pop();
            }
        }
    }
}

/// The found amounts by number of hops, the chosen one among them.
fn amounts(route: &Route) -> BTreeMap<usize, U256> {
    let chosen = match route.exact {
        Exact::In => route.amount_out_raw,
        Exact::Out => route.amount_in_raw,
    };
    let others = route
        .alternatives
        .iter()
        .map(|path| (path.hops, path.amount_raw));
    others.chain([(route.hops.len(), chosen)]).collect()
}

/// Amount after cost, shifted so that it is never negative; more is better.
fn value(exact: Exact, amount: U256, hops: usize, hop_cost_raw: u64) -> Uint<320, 5> {
    let shift = Uint::<320, 5>::ONE << 300;
    let cost = Uint::from(u128::from(hop_cost_raw) * hops as u128);
    match exact {
        Exact::In => shift + Uint::from(amount) - cost,
        Exact::Out => shift - Uint::from(amount) - cost,
    }
}

fn best_of_all(
    pools: &[Pool],
    exact: Exact,
    asked: U256,
    max_hops: u8,
    cost: u64,
) -> Result<(), TestCaseError> {
    let request = request(exact, asked, max_hops, cost);
    let expected = Enumeration::of(pools, &request);
    match optimize_route(&graph(pools), &request) {
        Ok(route) => {
            prop_assert_eq!(amounts(&route), expected.clone());
            let chosen = amounts(&route)[&route.hops.len()];
            let best = expected
                .iter()
                .map(|(hops, amount)| value(exact, *amount, *hops, cost))
                .max();
            prop_assert_eq!(Some(value(exact, chosen, route.hops.len(), cost)), best);
            prop_assert_eq!(
                route.cost_raw,
                Uint::from(u128::from(cost) * route.hops.len() as u128)
            );
        }
        Err(error) => {
            prop_assert!(expected.is_empty(), "{error}: {expected:?}");
            let codes = [
                "no_route",
                "unknown_token",
                "insufficient_liquidity",
                "amount_too_small",
            ];
            prop_assert!(codes.contains(&error.code()), "{error}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_route_is_the_best_of_all_simple_paths(
        pools in pools(), exact in exact(), asked in amount(8..96), max_hops in 1u8..=4, cost in 0u64..2_000_000,
    ) {
        best_of_all(&pools, exact, asked, max_hops, cost)?;
    }

    #[test]
    fn the_route_is_the_best_of_all_simple_paths_also_where_pools_refuse(
        pools in scarce_pools(), exact in exact(), asked in amount(52..61), max_hops in 2u8..=4,
    ) {
        best_of_all(&pools, exact, asked, max_hops, 0)?;
    }

    #[test]
    fn the_hops_are_a_simple_path_of_the_pools_own_answers(
        pools in pools(), exact in exact(), asked in amount(8..80), max_hops in 1u8..=4,
    ) {
        let request = request(exact, asked, max_hops, 0);
        if let Ok(route) = optimize_route(&graph(&pools), &request) {
            let (first, last) = (&route.hops[0], &route.hops[route.hops.len() - 1]);
            prop_assert_eq!((first.token_in, last.token_out), (request.token_in, request.token_out));
            prop_assert_eq!((first.amount_in_raw, last.amount_out_raw), (route.amount_in_raw, route.amount_out_raw));
            for pair in route.hops.windows(2) {
                prop_assert_eq!(pair[0].token_out, pair[1].token_in);
                prop_assert_eq!(pair[0].amount_out_raw, pair[1].amount_in_raw);
            }
            let mut tokens: Vec<ChainAddress> = route.hops.iter().map(|hop| hop.token_in).collect();
            tokens.push(route.token_out);
            tokens.sort();
            tokens.dedup();
            prop_assert_eq!(tokens.len(), route.hops.len() + 1);
            // Fees and depth only ever cost: no path gives more than its spot prices do.
            match exact {
                Exact::In => prop_assert!(Uint::from(route.amount_out_raw) <= route.spot_amount_raw),
                Exact::Out => prop_assert!(Uint::from(route.amount_in_raw) >= route.spot_amount_raw),
            }
        }
    }

    #[test]
    fn the_order_in_which_pools_were_added_removed_and_updated_has_no_influence(
        (pools, shuffled) in pools().prop_flat_map(|pools| (Just(pools.clone()), Just(pools).prop_shuffle())),
        exact in exact(), asked in amount(8..80),
    ) {
        let request = request(exact, asked, 4, 1_000);
        let mut churned = graph(&shuffled);
        for pool in &shuffled {
            churned.remove(pool.address());
            prop_assert!(!churned.contains(pool.address()));
            churned.upsert(pool.clone());
        }
        prop_assert_eq!(churned.len(), pools.len());
        prop_assert_eq!(optimize_route(&graph(&pools), &request), optimize_route(&churned, &request));
    }
}
