//! Split routes: closed forms, brute force, replays on the pools, and what must hold in any graph.
#![allow(
    clippy::float_arithmetic,
    reason = "shares are compared as real numbers"
)]

use crate::cow_auction;
use crate::random_pools;
use std::collections::BTreeMap;

use crate::cow_auction::{DAI, USDC, USDT, WBTC, WETH, raw, token};
use alloy_primitives::{Address, U256, Uint};
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v2::{UniswapV2Pool, UniswapV2State};
use tradewind_core::pools::{Exact, Pool, PoolMath};
use tradewind_core::routing::split::{SplitRequest, SplitRoute, optimize_split};
use tradewind_core::routing::{PoolGraph, RouteRequest, optimize_route};

type Wide = Uint<320, 5>;

const A: ChainAddress = ChainAddress::Evm(Address::with_last_byte(1));
const B: ChainAddress = ChainAddress::Evm(Address::with_last_byte(2));
const C: ChainAddress = ChainAddress::Evm(Address::with_last_byte(3));
const UNIT: u128 = 1_000_000_000_000_000_000;

fn pool(number: u8, tokens: [ChainAddress; 2], reserves: [u128; 2], fee_ppm: u32) -> Pool {
    let state = UniswapV2State {
        pool: ChainAddress::Evm(Address::with_last_byte(number)),
        token0: tokens[0],
        token1: tokens[1],
        reserve0_raw: reserves[0],
        reserve1_raw: reserves[1],
        fee_ppm,
    };
    UniswapV2Pool::new(&state).unwrap().into()
}

fn graph_of(pools: &[Pool]) -> PoolGraph {
    let mut graph = PoolGraph::new();
    for pool in pools {
        graph.upsert(pool.clone());
    }
    graph
}

fn request(tokens: [ChainAddress; 2], exact: Exact, amount: U256, max_paths: u8) -> SplitRequest {
    let mut request = SplitRequest::new(RouteRequest::new(tokens[0], tokens[1], exact, amount));
    request.max_paths = max_paths;
    request
}

/// Everything that must hold of any answer, the legs executed anew one after the other included.
fn check(graph: &PoolGraph, request: &SplitRequest, route: &SplitRoute) {
    assert!((1..=usize::from(request.max_paths)).contains(&route.legs.len()));
    let mut pools: BTreeMap<ChainAddress, Pool> = BTreeMap::new();
    let (mut amount_in, mut amount_out) = (U256::ZERO, U256::ZERO);
    for leg in &route.legs {
        assert!(leg.hops.len() <= usize::from(request.route.max_hops));
        let mut tokens = vec![request.route.token_in];
        tokens.extend(leg.hops.iter().map(|hop| hop.token_out));
        assert_eq!(tokens.last(), Some(&request.route.token_out));
        assert!((1..tokens.len()).all(|at| !tokens[..at].contains(&tokens[at])));
        let mut amount = leg.amount_in_raw;
        for hop in &leg.hops {
            let pool = pools
                .entry(hop.pool)
                .or_insert_with(|| graph.pool(hop.pool).unwrap().clone());
            let pair = pool.pair(hop.token_in, hop.token_out).unwrap();
            assert_eq!(hop.amount_in_raw, amount);
            let swap = match request.route.exact {
                Exact::In => pool.swap(pair, Exact::In, hop.amount_in_raw).unwrap(),
                Exact::Out => pool.swap(pair, Exact::Out, hop.amount_out_raw).unwrap(),
            };
            assert_eq!(
                (swap.amount_in_raw, swap.amount_out_raw),
                (hop.amount_in_raw, hop.amount_out_raw)
            );
            amount = swap.amount_out_raw;
        }
        assert_eq!(amount, leg.amount_out_raw);
        amount_in += leg.amount_in_raw;
        amount_out += leg.amount_out_raw;
    }
    assert_eq!(
        (amount_in, amount_out),
        (route.amount_in_raw, route.amount_out_raw)
    );
    let hops: usize = route.legs.iter().map(|leg| leg.hops.len()).sum();
    assert_eq!(
        route.cost_raw,
        Wide::from(request.route.hop_cost_raw) * Wide::from(hops)
            + Wide::from(request.path_cost_raw) * Wide::from(route.legs.len() - 1)
    );
    let single = optimize_route(graph, &request.route).ok();
    match request.route.exact {
        Exact::In => {
            assert_eq!(route.amount_in_raw, request.route.amount_raw);
            assert!(
                route.amount_out_raw <= route.within_hops.bound_raw,
                "{route:?}"
            );
            if let Some(single) = single {
                assert!(
                    Wide::from(route.amount_out_raw) + single.cost_raw
                        >= Wide::from(single.amount_out_raw) + route.cost_raw
                );
            }
        }
        Exact::Out => {
            assert_eq!(route.amount_out_raw, request.route.amount_raw);
            assert!(route.amount_in_raw >= route.within_hops.bound_raw);
            if let Some(single) = single {
                assert!(
                    Wide::from(route.amount_in_raw) + route.cost_raw
                        <= Wide::from(single.amount_in_raw) + single.cost_raw
                );
            }
        }
    }
}

#[test]
fn two_equal_pools_take_half_each() {
    let graph = graph_of(&[
        pool(10, [A, B], [1_000 * UNIT, 2_000 * UNIT], 3_000),
        pool(11, [A, B], [1_000 * UNIT, 2_000 * UNIT], 3_000),
    ]);
    for (exact, amount) in [
        (Exact::In, "200000000000000000000"),
        (Exact::Out, "300000000000000000000"),
    ] {
        let request = request([A, B], exact, raw(amount), 4);
        let route = optimize_split(&graph, &request).unwrap();
        check(&graph, &request, &route);
        let [first, second] = &route.legs[..] else {
            panic!("{} legs", route.legs.len());
        };
        let half = raw(amount) / U256::from(2);
        let near = |leg: &tradewind_core::routing::split::Leg| match exact {
            Exact::In => leg.amount_in_raw,
            Exact::Out => leg.amount_out_raw,
        };
        let off = near(first).abs_diff(half).max(near(second).abs_diff(half));
        assert!(off < raw(amount) >> 20, "{off} off the half");
        assert!(route.within_hops.share_ppm >= 999_999);
    }
}

#[test]
fn a_way_over_two_pools_takes_what_the_direct_one_leaves() {
    // The optimum over all pools has no more than these two paths, so the split reaches it.
    let graph = graph_of(&[
        pool(10, [A, B], [1_000 * UNIT, 1_000 * UNIT], 3_000),
        pool(11, [A, C], [3_000 * UNIT, 3_000 * UNIT], 500),
        pool(12, [B, C], [5_000 * UNIT, 5_000 * UNIT], 500),
    ]);
    let request = request([A, B], Exact::In, raw("300000000000000000000"), 4);
    let route = optimize_split(&graph, &request).unwrap();
    check(&graph, &request, &route);
    assert_eq!(route.legs.len(), 2);
    assert!(route.within_hops.share_ppm >= 999_999);
}

#[test]
fn a_leg_that_gains_less_than_it_costs_is_left_out() {
    let graph = graph_of(&[
        pool(10, [A, B], [1_000_000 * UNIT, 1_000_000 * UNIT], 3_000),
        pool(11, [A, B], [1_000 * UNIT, 1_000 * UNIT], 3_000),
    ]);
    let mut request = request([A, B], Exact::In, raw("1000000000000000000000"), 4);
    let free = optimize_split(&graph, &request).unwrap();
    assert_eq!(free.legs.len(), 2);
    let gain = free.amount_out_raw - free.single.unwrap().amount_raw;
    request.path_cost_raw = gain + U256::ONE;
    let costly = optimize_split(&graph, &request).unwrap();
    check(&graph, &request, &costly);
    assert_eq!(costly.legs.len(), 1);
    request.path_cost_raw = gain * U256::from(9) / U256::from(10);
    let worth = optimize_split(&graph, &request).unwrap();
    check(&graph, &request, &worth);
    assert_eq!(worth.legs.len(), 2);
    request.path_cost_raw = U256::ZERO;
    request.route.hop_cost_raw = gain + U256::ONE;
    assert_eq!(optimize_split(&graph, &request).unwrap().legs.len(), 1);
}

#[test]
fn of_three_legs_only_those_worth_their_cost_stay() {
    let graph = graph_of(&[
        pool(10, [A, B], [1_000 * UNIT, 1_000 * UNIT], 3_000),
        pool(11, [A, B], [1_000 * UNIT, 1_000 * UNIT], 3_000),
        pool(12, [A, B], [UNIT, UNIT], 3_000),
    ]);
    let mut request = request([A, B], Exact::In, raw("100000000000000000000"), 4);
    assert_eq!(optimize_split(&graph, &request).unwrap().legs.len(), 3);
    request.path_cost_raw = raw("1000000000000000000");
    let route = optimize_split(&graph, &request).unwrap();
    check(&graph, &request, &route);
    assert_eq!(route.legs.len(), 2);
}

#[test]
fn one_path_is_the_answer_of_the_single_search() {
    let graph = graph_of(&[
        pool(10, [A, B], [1_000 * UNIT, 1_000 * UNIT], 3_000),
        pool(11, [A, B], [1_000 * UNIT, 1_000 * UNIT], 2_000),
    ]);
    let request = request([A, B], Exact::In, raw("100000000000000000000"), 1);
    let route = optimize_split(&graph, &request).unwrap();
    let single = optimize_route(&graph, &request.route).unwrap();
    assert_eq!(route.legs.len(), 1);
    assert_eq!(route.legs[0].hops, single.hops);
    check(&graph, &request, &route);
}

#[test]
fn several_pools_fill_what_none_can_alone() {
    // A Uniswap V2 pool gives less than its reserve, whatever is paid.
    let graph = graph_of(&[
        pool(10, [A, B], [100 * UNIT, 100 * UNIT], 3_000),
        pool(11, [A, B], [100 * UNIT, 100 * UNIT], 3_000),
    ]);
    let request = request([A, B], Exact::Out, raw("150000000000000000000"), 2);
    let refusal = optimize_route(&graph, &request.route).unwrap_err();
    assert_eq!(refusal.code(), "insufficient_liquidity");
    let route = optimize_split(&graph, &request).unwrap();
    check(&graph, &request, &route);
    assert_eq!(route.legs.len(), 2);
    assert_eq!(route.single, None);
}

#[test]
fn a_number_of_paths_out_of_range_is_refused() {
    let graph = graph_of(&[pool(10, [A, B], [UNIT, UNIT], 3_000)]);
    for max_paths in [0, 17] {
        let request = request([A, B], Exact::In, U256::from(1_000), max_paths);
        let refusal = optimize_split(&graph, &request).unwrap_err();
        assert_eq!(refusal.code(), "max_paths_out_of_range");
    }
}

#[test]
fn splits_of_the_auction_hold_and_more_paths_come_closer() {
    let graph = cow_auction::graph();
    for (token_in, token_out, amount, exact) in [
        (WETH, USDC, "1000000000000000000000", Exact::In),
        (DAI, WBTC, "1000000000000000000000000", Exact::In),
        (USDT, WETH, "1000000000000000000000", Exact::Out),
    ] {
        let mut shares = Vec::new();
        for max_paths in [1, 2, 4, 8] {
            let mut request = request(
                [token(token_in), token(token_out)],
                exact,
                raw(amount),
                max_paths,
            );
            request.uncapped_bound = max_paths == 4;
            let route = optimize_split(&graph, &request).unwrap();
            check(&graph, &request, &route);
            shares.push(route.within_hops.share_ppm);
            if let Some(uncapped) = route.uncapped {
                match exact {
                    Exact::In => assert!(uncapped.bound_raw >= route.within_hops.bound_raw),
                    Exact::Out => assert!(uncapped.bound_raw <= route.within_hops.bound_raw),
                }
            }
        }
        assert!(shares.is_sorted(), "{shares:?}");
        assert!(shares[3] >= 998_000, "{shares:?}");
    }
}

/// A small number from a fixed sequence.
fn next(seed: &mut u64, below: u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

/// Pools by their place, each entered with its first token or not.
type Ways = Vec<Vec<(usize, bool)>>;

/// The best of all ways to give `amount` to these paths in this order or any other, by trying every one.
fn brute_force(pools: &[Pool], paths: &[Vec<(usize, bool)>], amount: u64) -> U256 {
    let mut best = U256::ZERO;
    for first in 0..=amount {
        for second in 0..=(amount - first) {
            let near = [first, second, amount - first - second];
            if paths.len() < 3 && near[2] > 0 {
                continue;
            }
            for order in [
                [0, 1, 2],
                [0, 2, 1],
                [1, 0, 2],
                [1, 2, 0],
                [2, 0, 1],
                [2, 1, 0],
            ] {
                let mut state = pools.to_vec();
                let mut sum = U256::ZERO;
                for leg in order
                    .into_iter()
                    .filter(|leg| *leg < paths.len() && near[*leg] > 0)
                {
                    let mut at = U256::from(near[leg]);
                    for (pool, forward) in &paths[leg] {
                        let pair = if *forward {
                            tradewind_core::pools::TokenPair::ZERO_FOR_ONE
                        } else {
                            tradewind_core::pools::TokenPair::ONE_FOR_ZERO
                        };
                        at = state[*pool]
                            .swap(pair, Exact::In, at)
                            .map_or(U256::ZERO, |swap| swap.amount_out_raw);
                    }
                    sum += at;
                }
                best = best.max(sum);
            }
        }
    }
    best
}

#[test]
fn tiny_amounts_come_within_a_unit_a_leg_of_every_way_to_divide_them() {
    let mut seed = 7;
    let mut equal = 0;
    for round in 0..60 {
        let mut reserves = || {
            let depth = 100 + u128::from(next(&mut seed, 2_000));
            [depth, depth * 9 / 10 + u128::from(next(&mut seed, 400))]
        };
        // Two pools straight from A to B, and one way over C that two paths share when the third pool is there.
        let pools = [
            pool(10, [A, B], reserves(), 3_000),
            pool(11, [A, B], reserves(), 500),
            pool(12, [A, C], reserves(), 3_000),
            pool(13, [B, C], reserves(), 3_000),
            pool(14, [B, C], reserves(), 1_000),
        ];
        let (used, paths): (&[usize], Ways) = if round % 2 == 0 {
            (
                &[0, 1, 2, 3],
                vec![
                    vec![(0, true)],
                    vec![(1, true)],
                    vec![(2, true), (3, false)],
                ],
            )
        } else {
            (
                &[0, 2, 3, 4],
                vec![
                    vec![(0, true)],
                    vec![(2, true), (3, false)],
                    vec![(2, true), (4, false)],
                ],
            )
        };
        let graph = graph_of(&used.iter().map(|at| pools[*at].clone()).collect::<Vec<_>>());
        let amount = 20 + next(&mut seed, 60);
        let request = request([A, B], Exact::In, U256::from(amount), 3);
        let Ok(route) = optimize_split(&graph, &request) else {
            continue;
        };
        check(&graph, &request, &route);
        let best = brute_force(&pools, &paths, amount);
        assert!(
            route.amount_out_raw + U256::from(2) >= best,
            "round {round}: {} of {best} for {amount}",
            route.amount_out_raw
        );
        equal += usize::from(route.amount_out_raw == best);
    }
    assert!(equal >= 40, "only {equal} of 60 are the best of all");
}

fn random_graph() -> impl Strategy<Value = Vec<Pool>> {
    let tokens = [A, B, C, random_pools::numbered(4)];
    let ends = [[0, 1], [0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]];
    let concentrated: Vec<_> = (20u8..)
        .zip(ends)
        .map(|(number, [a, b])| {
            random_pools::pool(
                random_pools::numbered(number),
                [tokens[a], tokens[b]],
                random_pools::Depth::Any,
            )
        })
        .collect();
    let constant = prop::collection::vec((0usize..7, 10u32..100, 10u32..100, 0u32..10_000), 1..5);
    (
        concentrated,
        constant,
        prop::collection::vec(any::<bool>(), 7),
    )
        .prop_map(move |(concentrated, constant, kept)| {
            let mut pools: Vec<Pool> = concentrated
                .into_iter()
                .zip(kept)
                .filter(|(_, kept)| *kept)
                .map(|(random, _)| Pool::from(random.pool))
                .collect();
            for (number, (place, bits0, bits1, fee)) in (40u8..).zip(constant) {
                let [a, b] = ends[place];
                let reserves = [(1u128 << bits0) + 12_345, (1u128 << bits1) + 54_321];
                pools.push(pool(number, [tokens[a], tokens[b]], reserves, fee));
            }
            pools
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_split_replays_beats_the_single_path_and_stays_within_its_bound(
        pools in random_graph(),
        amount in random_pools::amount(1..110),
        exact in prop::sample::select(&[Exact::In, Exact::Out][..]),
        max_paths in 1u8..6,
        costs in (0u64..1_000, 0u64..1_000),
    ) {
        let graph = graph_of(&pools);
        let mut request = request([A, B], exact, amount, max_paths);
        request.route.hop_cost_raw = U256::from(costs.0);
        request.path_cost_raw = U256::from(costs.1);
        request.uncapped_bound = true;
        let answer = optimize_split(&graph, &request);
        let mut reversed = pools.clone();
        reversed.reverse();
        prop_assert_eq!(&answer, &optimize_split(&graph_of(&reversed), &request));
        match answer {
            Ok(route) => check(&graph, &request, &route),
            Err(error) => prop_assert!(
                optimize_route(&graph, &request.route).is_err(),
                "{error}"
            ),
        }
    }
}
