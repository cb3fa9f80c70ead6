//! The sell orders of one auction of `CoW` Protocol, against every path of its pools and against Uniswap's own package.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use serde::Deserialize;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, Pool, PoolMath, PoolState};
use tradewind_core::routing::{PoolGraph, RouteRequest, RouteScratch, optimize_routes};
use tradewind_core::sources::cow_auction::{AuctionOrder, CowAuction};

const AUCTION: &str = include_str!("../../../../tests/fixtures/evm/cow_auction_7400693.json");
const V2_SDK: &str = include_str!("../../../../tests/fixtures/evm/cow_auction_7400693_v2_sdk.json");

#[derive(Deserialize)]
struct V2Sdk {
    pools: usize,
    answers: BTreeMap<String, V2Answer>,
}

#[derive(Deserialize)]
struct V2Answer {
    hops: usize,
    /// Whether the package's path passes no token twice, as ours never do.
    simple: bool,
    amount_out_raw: String,
}

/// The pools that this keeps, and a graph of them.
fn pools_of(auction: &CowAuction, keep: impl Fn(&PoolState) -> bool) -> (Vec<Pool>, PoolGraph) {
    let kept = auction.pools.iter().filter(|pool| keep(&pool.state));
    let pools: Vec<Pool> = kept.map(|pool| Pool::new(&pool.state).unwrap()).collect();
    let mut graph = PoolGraph::new();
    for pool in &pools {
        graph.upsert(pool.clone());
    }
    (pools, graph)
}

fn sell_orders(auction: &CowAuction) -> Vec<&AuctionOrder> {
    let orders = auction.orders.iter();
    orders.filter(|order| order.kind == Exact::In).collect()
}

/// What each order gets, by its number; those that no path fills are left out.
fn routed(graph: &PoolGraph, orders: &[&AuctionOrder], max_hops: u8) -> BTreeMap<String, U256> {
    let request = |order: &&AuctionOrder| RouteRequest {
        max_hops,
        ..RouteRequest::new(
            order.sell_token,
            order.buy_token,
            Exact::In,
            order.sell_amount_raw,
        )
    };
    let requests: Vec<RouteRequest> = orders.iter().map(request).collect();
    let answers = optimize_routes(graph, &requests, &mut RouteScratch::new());
    orders
        .iter()
        .zip(answers)
        .filter_map(|(order, answer)| Some((order.number.clone(), answer.ok()?.amount_out_raw)))
        .collect()
}

/// The most that any path without a token or a pool twice gives.
struct Exhaustive<'a> {
    by_token: BTreeMap<ChainAddress, Vec<&'a Pool>>,
}

impl<'a> Exhaustive<'a> {
    fn new(pools: &'a [Pool]) -> Self {
        let mut by_token: BTreeMap<_, Vec<&Pool>> = BTreeMap::new();
        for pool in pools {
            for token in pool.tokens() {
                by_token.entry(*token).or_default().push(pool);
            }
        }
        Self { by_token }
    }

    fn best(&self, order: &AuctionOrder, hops: usize) -> Option<U256> {
        let mut path = vec![(order.sell_token, None)];
        self.walk(&mut path, order.buy_token, order.sell_amount_raw, hops)
    }

    fn walk(
        &self,
        path: &mut Vec<(ChainAddress, Option<ChainAddress>)>,
        end: ChainAddress,
        amount: U256,
        left: usize,
    ) -> Option<U256> {
        let (here, _) = path[path.len() - 1];
        if here == end {
            return Some(amount);
        }
        let mut best = None;
        for pool in self.by_token.get(&here).into_iter().flatten() {
            let used = Some(pool.address());
            if left == 0 || path.iter().any(|(_, before)| *before == used) {
                continue;
            }
            for there in pool.tokens() {
                let last = left == 1 && *there != end;
                if last || path.iter().any(|(token, _)| token == there) {
                    continue;
                }
                let Some(next) = pool.output(pool.pair(here, *there).unwrap(), amount) else {
                    continue;
                };
                if next.is_zero() {
                    continue;
                }
                path.push((*there, used));
                best = best.max(self.walk(path, end, next, left - 1));
                path.pop();
            }
        }
        best
    }
}

#[test]
fn every_pool_of_the_auction_is_a_pool_or_refused_with_its_reason() {
    let auction = CowAuction::parse(AUCTION).unwrap();
    let mut venues: BTreeMap<&str, usize> = BTreeMap::new();
    for listed in &auction.pools {
        *venues
            .entry(Pool::new(&listed.state).unwrap().venue())
            .or_default() += 1;
    }
    assert_eq!(venues["uniswap_v2"], 449);
    assert_eq!(venues["uniswap_v3"], 347);
    assert_eq!(auction.pools.len() + auction.refused.len(), 1_001);
    for refused in &auction.refused {
        assert!(refused.reason.contains(": "), "{refused:?}");
    }
    // Pools whose ticks in the file do not add up to their liquidity, the deepest USDC/WETH pool among them.
    let inconsistent = auction
        .refused
        .iter()
        .filter(|refused| ["liquidity_inconsistent", "tick_malformed"].contains(&refused.code));
    assert_eq!(inconsistent.count(), 6);
    assert_eq!(auction.orders.len(), 844);
    assert_eq!(sell_orders(&auction).len(), 797);
}

#[test]
fn every_sell_order_gets_the_best_of_all_paths_of_up_to_three_pools() {
    let auction = CowAuction::parse(AUCTION).unwrap();
    let (pools, graph) = pools_of(&auction, |state| matches!(state, PoolState::UniswapV2(_)));
    assert_eq!(pools.len(), 449);
    let orders = sell_orders(&auction);
    let exhaustive = Exhaustive::new(&pools);
    let best = orders.iter().filter_map(|order| {
        let best = exhaustive.best(order, 3)?;
        Some((order.number.clone(), best))
    });
    let best: BTreeMap<String, U256> = best.collect();
    assert!(best.len() > 650, "{}", best.len());
    assert_eq!(routed(&graph, &orders, 3), best);
}

#[test]
fn every_sell_order_gets_the_best_of_all_paths_of_up_to_two_pools_of_any_family() {
    let auction = CowAuction::parse(AUCTION).unwrap();
    let (pools, graph) = pools_of(&auction, |_| true);
    let orders = sell_orders(&auction);
    let exhaustive = Exhaustive::new(&pools);
    let best = orders.iter().filter_map(|order| {
        let best = exhaustive.best(order, 2)?;
        Some((order.number.clone(), best))
    });
    assert_eq!(routed(&graph, &orders, 2), best.collect());
}

#[test]
fn every_sell_order_gets_at_least_what_uniswaps_package_finds() {
    let recorded: V2Sdk = serde_json::from_str(V2_SDK).unwrap();
    let auction = CowAuction::parse(AUCTION).unwrap();
    let (pools, graph) = pools_of(
        &auction,
        |state| matches!(state, PoolState::UniswapV2(state) if state.fee_ppm == 3_000),
    );
    assert_eq!(pools.len(), recorded.pools);
    let ours = routed(&graph, &sell_orders(&auction), 3);
    let (mut compared, mut equal) = (0, 0);
    for (number, answer) in recorded.answers.iter().filter(|(_, answer)| answer.simple) {
        let theirs: U256 = answer.amount_out_raw.parse().unwrap();
        if theirs.is_zero() {
            continue;
        }
        let ours = ours[number];
        assert!(
            ours >= theirs,
            "order {number}: {ours} is less than {theirs}"
        );
        assert!((1..=3).contains(&answer.hops));
        compared += 1;
        equal += usize::from(ours == theirs);
    }
    assert!(compared >= 60, "{compared}");
    assert_eq!(equal, compared);
}

#[test]
fn an_auction_that_is_malformed_names_the_pool_or_order_and_the_field() {
    let good = r#"{"tokens": {}, "amms": {"7": {"kind": "ConstantProduct", "address": "0x0000000000000000000000000000000000000007",
        "reserves": {"0x0000000000000000000000000000000000000001": "1000", "0x0000000000000000000000000000000000000002": "2000"},
        "fee": "0.003", "cost": {"amount": "5", "token": "0x0000000000000000000000000000000000000001"}, "mandatory": false}},
        "orders": {"3": {"sell_token": "0x0000000000000000000000000000000000000001", "buy_token": "0x0000000000000000000000000000000000000002",
        "sell_amount": "10", "buy_amount": "20", "allow_partial_fill": true, "is_sell_order": true}}}"#;
    let auction = CowAuction::parse(good).unwrap();
    assert_eq!((auction.pools.len(), auction.orders.len()), (1, 1));
    assert_eq!(auction.pools[0].cost_raw, U256::from(5));

    let broken = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        CowAuction::parse(&good.replace(from, to))
            .unwrap_err()
            .to_string()
    };
    let fault = broken(r#""1000""#, r#""-1""#);
    assert!(
        fault.starts_with("amm 7: reserves.0x0000000000000000000000000000000000000001: "),
        "{fault}"
    );
    let fault = broken(r#""2000""#, "2000");
    assert!(fault.ends_with("0002: must be a string"), "{fault}");
    let fault = broken(r#""fee": "0.003","#, "");
    assert_eq!(fault, "amm 7: fee: is missing");
    let fault = broken(r#""sell_amount": "10""#, r#""sell_amount": "1e1""#);
    assert!(
        fault.starts_with("order 3: sell_amount: must be an integer"),
        "{fault}"
    );
    let fault = broken("true, \"is_sell_order\"", "1, \"is_sell_order\"");
    assert_eq!(fault, "order 3: allow_partial_fill: must be true or false");
    assert!(
        CowAuction::parse("{")
            .unwrap_err()
            .to_string()
            .starts_with("the auction is no JSON")
    );

    let refused = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        let auction = CowAuction::parse(&good.replace(from, to)).unwrap();
        assert!(auction.pools.is_empty());
        (
            auction.refused[0].id.clone(),
            auction.refused[0].reason.clone(),
        )
    };
    let finer = refused("0.003", "0.0030000001").1;
    assert!(finer.starts_with("fee: 0.0030000001 is finer"), "{finer}");
    let unknown = refused(r#""mandatory""#, r#""hook": 1, "mandatory""#).1;
    assert_eq!(unknown, "hook: the field is not known");
    assert!(refused("ConstantProduct", "Cubic").1.contains("Cubic"));
}
