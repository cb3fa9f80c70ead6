//! The limit of all routing: closed forms, other solvers, and flows that the pools themselves confirm.
#![allow(clippy::float_arithmetic, reason = "closed forms are real numbers")]

use std::collections::BTreeMap;

use crate::cow_auction::{DAI, USDC, USDT, WBTC, WETH, graph, orders, pools, raw, token};
use alloy_primitives::{Address, U256};
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v2::{UniswapV2Pool, UniswapV2State};
use tradewind_core::pools::{Exact, Pool};
use tradewind_core::routing::convex::{Market, OptimalFlows, optimal_flows};
use tradewind_core::routing::{PoolGraph, RouteRequest};

const A: ChainAddress = ChainAddress::Evm(Address::with_last_byte(1));
const B: ChainAddress = ChainAddress::Evm(Address::with_last_byte(2));
const C: ChainAddress = ChainAddress::Evm(Address::with_last_byte(3));
const UNIT: u128 = 1_000_000_000_000_000_000;

const QUESTIONS: [(&str, &str, &str, Exact); 10] = [
    (WETH, USDC, "10000000000000000000", Exact::In),
    (WETH, USDC, "100000000000000000000", Exact::In),
    (WETH, USDC, "10000000000000000000000", Exact::In),
    (USDC, WETH, "1000000000000", Exact::In),
    (USDC, WBTC, "100000000000", Exact::In),
    (DAI, WBTC, "1000000000000000000000000", Exact::In),
    (WBTC, USDT, "10000000000", Exact::In),
    (WETH, USDC, "100000000000", Exact::Out),
    (DAI, WBTC, "1000000000", Exact::Out),
    (USDT, WETH, "1000000000000000000000", Exact::Out),
];

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

/// What every token gained and spent over all flows, after each flow was asked of its pool anew.
fn confirm(graph: &PoolGraph, request: &RouteRequest, answer: &OptimalFlows) {
    let mut sums: BTreeMap<ChainAddress, (U256, U256)> = BTreeMap::new();
    for flow in &answer.flows {
        let pool = graph.pool(flow.pool).unwrap();
        let asked = match request.exact {
            Exact::In => pool.quote_exact_in(flow.token_in, flow.token_out, flow.amount_in_raw),
            Exact::Out => pool.quote_exact_out(flow.token_in, flow.token_out, flow.amount_out_raw),
        };
        let asked = asked.unwrap();
        assert_eq!(asked.amount_in_raw, flow.amount_in_raw);
        assert_eq!(asked.amount_out_raw, flow.amount_out_raw);
        sums.entry(flow.token_in).or_default().1 += flow.amount_in_raw;
        sums.entry(flow.token_out).or_default().0 += flow.amount_out_raw;
    }
    let mut pools: Vec<ChainAddress> = answer.flows.iter().map(|flow| flow.pool).collect();
    pools.sort_unstable();
    pools.dedup();
    assert_eq!(pools.len(), answer.flows.len(), "each pool is visited once");
    let (token_in, token_out) = (request.token_in, request.token_out);
    for (token, (gained, spent)) in &sums {
        if ![token_in, token_out].contains(token) {
            assert!(gained >= spent, "{token} is short");
        }
    }
    let (in_gained, in_spent) = sums[&token_in];
    let (out_gained, out_spent) = sums[&token_out];
    let reached = answer.reached_raw.unwrap();
    match request.exact {
        Exact::In => {
            assert!(in_spent <= in_gained + request.amount_raw);
            assert_eq!(out_gained - out_spent, reached);
        }
        Exact::Out => {
            assert!(out_gained >= out_spent + request.amount_raw);
            assert_eq!(in_spent - in_gained, reached);
        }
    }
}

fn whole(value: f64) -> U256 {
    U256::try_from(value).unwrap()
}

fn close(value: U256, expected: f64) {
    let value = f64::from(value);
    assert!(
        (value / expected - 1.0).abs() < 1e-9,
        "{value} is not {expected}"
    );
}

#[test]
fn pools_of_one_price_are_one_pool_with_all_their_reserves() {
    let depths = [1_000, 250, 4_000, 7];
    let pools: Vec<Pool> = (10u8..)
        .zip(depths)
        .map(|(number, depth)| pool(number, [A, B], [depth * UNIT, 3 * depth * UNIT], 3_000))
        .collect();
    let amount = 500.0 * 1e18;
    let request = RouteRequest::new(A, B, Exact::In, raw("500000000000000000000"));
    let answer = optimal_flows(&graph_of(&pools), &request).unwrap();
    let (reserve_in, paid) = (5_257.0 * 1e18, 0.997 * amount);
    let expected = 3.0 * reserve_in * paid / (reserve_in + paid);
    close(answer.bound_raw, expected);
    close(answer.reached_raw.unwrap(), expected);
    let depths: BTreeMap<ChainAddress, u128> = (10u8..)
        .map(|number| ChainAddress::Evm(Address::with_last_byte(number)))
        .zip(depths)
        .collect();
    for flow in &answer.flows {
        let share = f64::from(flow.amount_in_raw) / amount;
        let expected = f64::from(U256::from(depths[&flow.pool])) / 5_257.0;
        assert!((share - expected).abs() < 1e-5, "{flow:?}");
    }
}

#[test]
fn pools_of_different_prices_are_filled_like_connected_vessels() {
    // Two pools without fees at the prices 4 and 1: the optimum makes both marginal prices the same.
    let pools = [
        pool(10, [A, B], [100 * UNIT, 400 * UNIT], 0),
        pool(11, [A, B], [900 * UNIT, 900 * UNIT], 0),
    ];
    let graph = graph_of(&pools);
    // sqrt(k / p) - reserve for both, at p = 0.81: sqrt(40000 / 0.81) - 100 + 900 / 0.9 - 900.
    let amount = 200.0 / 0.9 - 100.0 + 900.0 / 0.9 - 900.0;
    let expected = 400.0 - 200.0 * 0.9 + 900.0 - 900.0 * 0.9;
    let request = RouteRequest::new(A, B, Exact::In, whole(amount * 1e18));
    let answer = optimal_flows(&graph, &request).unwrap();
    close(answer.bound_raw, expected * 1e18);
    close(answer.reached_raw.unwrap(), expected * 1e18);
    let request = RouteRequest::new(A, B, Exact::Out, whole(expected * 1e18));
    let answer = optimal_flows(&graph, &request).unwrap();
    close(answer.bound_raw, amount * 1e18);
    close(answer.reached_raw.unwrap(), amount * 1e18);
}

#[test]
fn arbitrage_on_the_side_is_part_of_the_optimum() {
    // B and C trade at 1 and at 4: sqrt profits of that pair alone are known in closed form.
    let pools = [
        pool(10, [A, B], [1_000_000 * UNIT, 1_000_000 * UNIT], 0),
        pool(11, [B, C], [100 * UNIT, 100 * UNIT], 0),
        pool(12, [B, C], [100 * UNIT, 400 * UNIT], 0),
    ];
    let request = RouteRequest::new(A, B, Exact::In, raw("1000000000000000"));
    let answer = optimal_flows(&graph_of(&pools), &request).unwrap();
    // Both pools end at the same price; of the constants 100 and 200 the profit in B, with C back to nothing.
    // At C per B of p: B taken is 200 - (100 + 200) / sqrt(p), C given is 500 - 300 * sqrt(p) = 0.
    let profit = 200.0 - 300.0 / (5.0 / 3.0);
    close(answer.bound_raw, profit * 1e18 + 1e15 / (1.0 + 1e-9));
    close(
        answer.reached_raw.unwrap(),
        profit * 1e18 + 1e15 / (1.0 + 1e-9),
    );
}

#[test]
fn the_flows_of_the_auction_reach_the_bound_and_are_what_its_pools_answer() {
    let graph = graph();
    let market = Market::new(&graph);
    for (token_in, token_out, amount, exact) in QUESTIONS {
        let request = RouteRequest::new(token(token_in), token(token_out), exact, raw(amount));
        let answer = market.optimal_flows(&request).unwrap();
        assert!(
            answer.share_ppm >= 999_900,
            "{token_in} {token_out} {amount}: {} of {}",
            answer.share_ppm,
            answer.bound_raw
        );
        let reached = answer.reached_raw.unwrap();
        match exact {
            Exact::In => assert!(reached <= answer.bound_raw),
            Exact::Out => assert!(reached >= answer.bound_raw),
        }
        confirm(&graph, &request, &answer);
    }
}

#[test]
fn scipy_finds_the_same_optimum() {
    let constant_product = pools()
        .into_iter()
        .filter(|pool| matches!(pool, Pool::UniswapV2(_)));
    let graph = graph_of(&constant_product.collect::<Vec<_>>());
    let file: serde_json::Value = serde_json::from_str(include_str!(
        "../../../../tests/fixtures/evm/cow_auction_7400693_scipy_dual.json"
    ))
    .unwrap();
    let answers = file["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 7);
    for answer in answers {
        let text = |name: &str| answer[name].as_str().unwrap();
        let request = RouteRequest::new(
            token(text("token_in")),
            token(text("token_out")),
            Exact::In,
            raw(text("amount_in_raw")),
        );
        let flows = optimal_flows(&graph, &request).unwrap();
        // Both are bounds, so that the lesser is the better; scipy stops where it falls no more.
        let off = f64::from(flows.bound_raw) / answer["dual"].as_f64().unwrap() - 1.0;
        assert!((-1e-6..1e-8).contains(&off), "{off} off {answer}");
        assert!(flows.share_ppm >= 999_900, "{}", flows.share_ppm);
    }
}

#[test]
fn no_order_of_the_auction_passes_its_bound() {
    let graph = graph();
    let market = Market::new(&graph);
    for order in orders().iter().take(200) {
        let request = RouteRequest::new(
            order.sell_token,
            order.buy_token,
            Exact::In,
            order.sell_amount_raw,
        );
        let Ok(answer) = market.optimal_flows(&request) else {
            continue;
        };
        if let Some(reached) = answer.reached_raw {
            assert!(reached <= answer.bound_raw);
        }
    }
}

#[test]
fn excluded_tokens_and_pools_take_no_part() {
    let graph = graph();
    let mut request = RouteRequest::new(
        token(DAI),
        token(WBTC),
        Exact::In,
        raw("1000000000000000000000000"),
    );
    let all = optimal_flows(&graph, &request).unwrap();
    request.excluded_tokens = vec![token(WETH)];
    let fewer = optimal_flows(&graph, &request).unwrap();
    assert!(fewer.bound_raw < all.bound_raw);
    assert!(
        fewer
            .flows
            .iter()
            .all(|flow| ![flow.token_in, flow.token_out].contains(&token(WETH)))
    );
    let used = fewer.flows[0].pool;
    request.allowed_pools = Some(
        graph
            .addresses()
            .into_iter()
            .filter(|pool| *pool != used)
            .collect(),
    );
    let without = optimal_flows(&graph, &request).unwrap();
    assert!(without.flows.iter().all(|flow| flow.pool != used));
}

#[test]
fn the_order_of_pools_changes_nothing() {
    let mut pools = pools();
    let graph = graph_of(&pools);
    pools.reverse();
    pools.rotate_left(100);
    let shuffled = graph_of(&pools);
    let request = RouteRequest::new(token(USDC), token(WETH), Exact::In, raw("1000000000000"));
    assert_eq!(
        optimal_flows(&graph, &request).unwrap(),
        optimal_flows(&shuffled, &request).unwrap()
    );
}

#[test]
fn a_token_that_no_pool_trades_is_refused() {
    let graph = graph_of(&[pool(10, [A, B], [UNIT, UNIT], 0)]);
    let request = RouteRequest::new(A, C, Exact::In, U256::ONE);
    let refusal = optimal_flows(&graph, &request).unwrap_err();
    assert_eq!(refusal.code(), "unknown_token");
}
