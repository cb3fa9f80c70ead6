//! What decides a route: depth, the cost of hops, limits; and why there may be none.

use alloy_primitives::{Address, U256, Uint};
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v3::tick_math::sqrt_price_at_tick;
use tradewind_core::pools::uniswap_v3::{Tick, UniswapV3Pool, UniswapV3State};
use tradewind_core::pools::{Exact, Pool};
use tradewind_core::routing::{PoolGraph, Route, RouteError, RouteRequest, optimize_route};

const A: ChainAddress = ChainAddress::Evm(Address::with_last_byte(1));
const B: ChainAddress = ChainAddress::Evm(Address::with_last_byte(2));
const C: ChainAddress = ChainAddress::Evm(Address::with_last_byte(3));
const D: ChainAddress = ChainAddress::Evm(Address::with_last_byte(4));
const UNIT: u128 = 1_000_000_000_000_000_000;

/// One range of `liquidity` over the ticks from `-reach` to `reach`, at the price of `tick`.
struct Sketch {
    number: u8,
    tokens: [ChainAddress; 2],
    fee_pips: u32,
    tick: i32,
    reach: i32,
    liquidity: u128,
}

fn pool(sketch: &Sketch) -> Pool {
    let liquidity = sketch.liquidity;
    let end = |index, liquidity_net| Tick {
        index,
        liquidity_gross: liquidity,
        liquidity_net,
    };
    let state = UniswapV3State {
        pool: address(sketch.number),
        token0: sketch.tokens[0],
        token1: sketch.tokens[1],
        fee_pips: sketch.fee_pips,
        tick_spacing: 60,
        sqrt_price_x96: sqrt_price_at_tick(sketch.tick).unwrap(),
        tick: sketch.tick,
        liquidity,
        ticks: vec![
            end(-sketch.reach, liquidity.cast_signed()),
            end(sketch.reach, -liquidity.cast_signed()),
        ],
    };
    Pool::UniswapV3(UniswapV3Pool::new(&state).unwrap())
}

fn address(number: u8) -> ChainAddress {
    ChainAddress::Evm(Address::with_last_byte(number))
}

/// A pool at the price 1 with about `depth` whole units on each side, without a fee.
fn level(number: u8, tokens: [ChainAddress; 2], depth: u128) -> Sketch {
    Sketch {
        number,
        tokens,
        fee_pips: 0,
        tick: 0,
        reach: 887_220,
        liquidity: depth * UNIT,
    }
}

fn graph(sketches: &[Sketch]) -> PoolGraph {
    let mut graph = PoolGraph::new();
    for sketch in sketches {
        graph.upsert(pool(sketch));
    }
    graph
}

fn sell_a_for_c(units: u128) -> RouteRequest {
    RouteRequest::new(A, C, Exact::In, U256::from(units * UNIT))
}

fn pools(route: &Route) -> Vec<ChainAddress> {
    route.hops.iter().map(|hop| hop.pool).collect()
}

/// A deep direct pool that takes 1 %, beside a shallow way over B that takes nothing.
fn counterexample() -> [Sketch; 3] {
    let direct = Sketch {
        fee_pips: 10_000,
        ..level(10, [A, C], 1_000_000)
    };
    [direct, level(11, [A, B], 10), level(12, [B, C], 10)]
}

#[test]
fn the_best_spot_price_is_not_the_best_route() {
    let graph = graph(&counterexample());
    let little = optimize_route(
        &graph,
        &RouteRequest {
            amount_raw: U256::from(1_000),
            ..sell_a_for_c(0)
        },
    )
    .unwrap();
    assert_eq!(
        pools(&little),
        [address(11), address(12)],
        "the way over B has the better price"
    );
    assert!(little.spot_amount_raw == Uint::from(1_000));

    let much = optimize_route(&graph, &sell_a_for_c(100)).unwrap();
    assert_eq!(pools(&much), [address(10)], "but only ten units of depth");
    assert!(much.amount_out_raw > U256::from(98 * UNIT));
    assert_eq!(much.fee_ppm, 10_000);
    assert_eq!(much.alternatives[0].pools, [address(11), address(12)]);
    assert!(much.alternatives[0].amount_raw < U256::from(10 * UNIT));
}

#[test]
fn an_exact_output_is_bought_where_it_costs_least() {
    let graph = graph(&counterexample());
    let buy = RouteRequest {
        exact: Exact::Out,
        ..sell_a_for_c(100)
    };
    let route = optimize_route(&graph, &buy).unwrap();
    assert_eq!(pools(&route), [address(10)]);
    assert_eq!(route.amount_out_raw, buy.amount_raw);
    assert!(route.amount_in_raw > U256::from(101 * UNIT));
    assert_eq!(route.spot_amount_raw, Uint::from(100 * UNIT));

    let little = optimize_route(
        &graph,
        &RouteRequest {
            amount_raw: U256::from(1_000),
            ..buy
        },
    )
    .unwrap();
    assert_eq!(pools(&little), [address(11), address(12)]);
    assert_eq!(little.hops[0].token_in, A);
}

#[test]
fn a_hop_that_costs_more_than_it_gains_is_not_taken() {
    let graph = graph(&counterexample());
    let free = RouteRequest {
        amount_raw: U256::from(1_000_000),
        ..sell_a_for_c(0)
    };
    assert_eq!(optimize_route(&graph, &free).unwrap().hops.len(), 2);
    // The second hop gains 1 % of a million.
    let cheap = RouteRequest {
        hop_cost_raw: U256::from(9_000),
        ..free.clone()
    };
    assert_eq!(optimize_route(&graph, &cheap).unwrap().hops.len(), 2);
    let dear = RouteRequest {
        hop_cost_raw: U256::from(11_000),
        ..free.clone()
    };
    let route = optimize_route(&graph, &dear).unwrap();
    assert_eq!(route.hops.len(), 1);
    assert_eq!(route.cost_raw, Uint::from(11_000));
    assert_eq!(route.alternatives[0].cost_raw, Uint::from(22_000));
    // More than the whole output, so that every net is negative: the smaller loss is taken.
    let absurd = RouteRequest {
        hop_cost_raw: U256::MAX,
        ..free
    };
    assert_eq!(optimize_route(&graph, &absurd).unwrap().hops.len(), 1);
}

/// A pool at the price 1 that takes just over one unit, and no more.
fn exit(number: u8, tokens: [ChainAddress; 2]) -> Sketch {
    Sketch {
        reach: 60,
        ..level(number, tokens, 340)
    }
}

/// A deep pool that gives about `tick` basis points more of token 1 than it takes of token 0.
fn generous(number: u8, tokens: [ChainAddress; 2], tick: i32) -> Sketch {
    Sketch {
        tick,
        ..level(number, tokens, 1_000_000)
    }
}

#[test]
fn a_pool_that_refuses_the_best_amount_is_tried_with_a_smaller_one() {
    let graph = graph(&[
        generous(11, [A, B], 2_000),
        generous(12, [A, B], 0),
        exit(13, [B, C]),
    ]);
    let route = optimize_route(&graph, &sell_a_for_c(1)).unwrap();
    assert_eq!(pools(&route), [address(12), address(13)]);
}

#[test]
fn the_smaller_amount_may_come_from_an_earlier_hop() {
    let graph = graph(&[
        generous(11, [A, B], 2_000),
        generous(12, [A, B], 0),
        generous(13, [B, D], 0),
        exit(14, [C, D]),
    ]);
    let route = optimize_route(&graph, &sell_a_for_c(1)).unwrap();
    assert_eq!(pools(&route), [address(12), address(13), address(14)]);
}

#[test]
fn the_smaller_amount_may_need_the_worse_pool_of_two_hops() {
    let graph = graph(&[
        generous(11, [A, B], 4_000),
        generous(12, [A, B], 0),
        generous(13, [B, D], 2_000),
        generous(14, [B, D], 0),
        exit(15, [C, D]),
    ]);
    let route = optimize_route(&graph, &sell_a_for_c(1)).unwrap();
    assert_eq!(pools(&route), [address(12), address(14), address(15)]);
}

#[test]
fn the_third_best_label_serves_where_the_best_is_on_the_way_and_the_second_brings_too_much() {
    // To D by way of E (best), F or G; and from D back over E, where the good pool takes just over one unit.
    let [e, f, g] = [5, 6, 7].map(address);
    let graph = graph(&[
        generous(11, [A, e], 0),
        generous(12, [A, f], 0),
        generous(13, [A, g], 0),
        generous(14, [D, e], -4_000),
        generous(15, [D, f], -2_000),
        generous(16, [D, g], 0),
        exit(17, [D, e]),
        generous(18, [C, e], 0),
    ]);
    let request = RouteRequest {
        max_hops: 4,
        ..sell_a_for_c(1)
    };
    let route = optimize_route(&graph, &request).unwrap();
    assert_eq!(pools(&route), [address(11), address(18)]);
    let longest: Vec<_> = route
        .alternatives
        .iter()
        .filter(|path| path.hops == 4)
        .collect();
    assert_eq!(longest[0].pools, [13, 16, 17, 18].map(address));
}

#[test]
fn cycles_that_gain_are_no_routes() {
    // A -> B -> D -> B would gain; B twice is no simple path.
    let graph = graph(&[
        level(10, [A, B], 1_000),
        Sketch {
            tick: 5_000,
            ..level(11, [B, D], 1_000)
        },
        Sketch {
            tick: -5_000,
            ..level(12, [B, D], 1_000)
        },
        level(13, [B, C], 1_000),
    ]);
    let route = optimize_route(
        &graph,
        &RouteRequest {
            max_hops: 4,
            ..sell_a_for_c(1)
        },
    )
    .unwrap();
    assert_eq!(pools(&route), [address(10), address(13)]);
    assert!(route.alternatives.is_empty());
}

#[test]
fn only_allowed_pools_and_no_excluded_tokens_are_used() {
    let graph = graph(&counterexample());
    let little = RouteRequest {
        amount_raw: U256::from(1_000),
        ..sell_a_for_c(0)
    };
    let without_b = RouteRequest {
        excluded_tokens: vec![B, D],
        ..little.clone()
    };
    assert_eq!(
        pools(&optimize_route(&graph, &without_b).unwrap()),
        [address(10)]
    );
    let only_direct = RouteRequest {
        allowed_pools: Some(vec![address(10), address(99)]),
        ..little.clone()
    };
    assert_eq!(
        pools(&optimize_route(&graph, &only_direct).unwrap()),
        [address(10)]
    );
    let none = RouteRequest {
        allowed_pools: Some(Vec::new()),
        ..little
    };
    assert_eq!(
        optimize_route(&graph, &none).unwrap_err().code(),
        "no_route"
    );
}

#[test]
fn of_equal_routes_the_lower_pool_address_wins() {
    let graph = graph(&[
        level(21, [A, C], 100),
        level(20, [A, C], 100),
        level(22, [A, C], 100),
    ]);
    assert_eq!(
        pools(&optimize_route(&graph, &sell_a_for_c(1)).unwrap()),
        [address(20)]
    );
}

#[test]
fn fees_of_several_hops_multiply() {
    let hop = |number, tokens, fee_pips| Sketch {
        fee_pips,
        ..level(number, tokens, 1_000)
    };
    let graph = graph(&[hop(10, [A, B], 3_000), hop(11, [B, C], 500)]);
    // 1 - 0.997 * 0.9995 = 0.0034985, in whole parts per million rounded up.
    assert_eq!(
        optimize_route(&graph, &sell_a_for_c(1)).unwrap().fee_ppm,
        3_499
    );
}

#[test]
fn each_reason_for_no_route_has_its_code() {
    let graph = graph(&[
        Sketch {
            fee_pips: 3_000,
            ..level(10, [A, B], 1_000)
        },
        Sketch {
            reach: 60,
            ..level(11, [B, C], 1_000)
        },
    ]);
    let refuse = |change: fn(&mut RouteRequest)| {
        let mut request = sell_a_for_c(1);
        optimize_route(&graph, &request).unwrap();
        change(&mut request);
        optimize_route(&graph, &request).unwrap_err()
    };
    let code = |change| refuse(change).code();
    assert_eq!(code(|request| request.token_out = A), "same_token");
    assert_eq!(
        code(|request| request.amount_raw = U256::ZERO),
        "amount_zero"
    );
    assert_eq!(
        code(|request| request.amount_raw = U256::MAX),
        "amount_too_large"
    );
    assert_eq!(
        code(|request| request.max_hops = 0),
        "max_hops_out_of_range"
    );
    assert_eq!(
        code(|request| request.max_hops = 5),
        "max_hops_out_of_range"
    );
    assert_eq!(
        code(|request| request.excluded_tokens = vec![C]),
        "token_excluded"
    );
    assert_eq!(code(|request| request.max_hops = 1), "no_route");
    assert_eq!(
        code(|request| request.excluded_tokens = vec![B]),
        "no_route"
    );
    assert_eq!(
        code(|request| request.amount_raw = U256::from(900 * UNIT)),
        "insufficient_liquidity"
    );
    assert_eq!(
        code(|request| request.amount_raw = U256::ONE),
        "amount_too_small"
    );
    assert_eq!(
        refuse(|request| request.token_in = D),
        RouteError::UnknownToken {
            field: "token_in",
            token: D
        },
    );
}

#[test]
fn a_removed_pool_leaves_its_tokens_unknown_and_its_place_free() {
    let mut graph = graph(&[level(10, [A, C], 100)]);
    optimize_route(&graph, &sell_a_for_c(1)).unwrap();
    assert!(graph.remove(address(10)));
    assert!(!graph.remove(address(10)));
    assert_eq!(
        optimize_route(&graph, &sell_a_for_c(1)).unwrap_err().code(),
        "unknown_token"
    );
    assert_eq!(graph.pool(address(10)).unwrap_err().code(), "unknown_pool");
    graph.upsert(pool(&level(11, [A, C], 100)));
    assert_eq!(graph.addresses(), [address(11)]);
    // The same address with other tokens moves the edges.
    graph.upsert(pool(&level(11, [A, B], 100)));
    assert_eq!(
        optimize_route(&graph, &sell_a_for_c(1)).unwrap_err().code(),
        "unknown_token"
    );
    assert_eq!(graph.len(), 1);
}
