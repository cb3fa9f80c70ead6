//! Small graphs: the route against every simple path, the split against its bound, cycles against their own quotes.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::aliases::U160;
use alloy_primitives::{Address, U256};
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v2::{UniswapV2Pool, UniswapV2State};
use tradewind_core::pools::uniswap_v3::tick_math::sqrt_price_at_tick;
use tradewind_core::pools::uniswap_v3::{Tick, UniswapV3Pool, UniswapV3State};
use tradewind_core::pools::{Exact, Pool, PoolMath};
use tradewind_core::routing::split::{Leg, SplitRequest, optimize_split};
use tradewind_core::routing::{
    BaseToken, Cycle, CycleIndex, Net, PoolGraph, RouteRequest, optimize_route,
};

use super::input::Input;

const TOKENS: u8 = 4;
const MOST_POOLS: usize = 7;
/// So many units may hide in the rounding of each hop of a cycle of small pools.
const HIDDEN: i128 = 4;

fn numbered(number: u8) -> ChainAddress {
    ChainAddress::Evm(Address::with_last_byte(number))
}

fn graph(pools: &[Pool]) -> PoolGraph {
    let mut graph = PoolGraph::new();
    for pool in pools {
        graph.upsert(pool.clone());
    }
    graph
}

fn pools(input: &mut Input<'_>) -> Vec<Pool> {
    let count = 1 + input.below(MOST_POOLS);
    let pool = |number: u8, input: &mut Input<'_>| {
        let from = input.any::<u8>() % TOKENS;
        let to = (from + 1 + input.any::<u8>() % (TOKENS - 1)) % TOKENS;
        let tokens = [1 + from.min(to), 1 + from.max(to)].map(numbered);
        if input.any::<u8>() < 80 {
            concentrated(numbered(number), tokens, input)
        } else {
            pair(numbered(number), tokens, input)
        }
    };
    (100..)
        .take(count)
        .filter_map(|number| pool(number, input))
        .collect()
}

fn pair(pool: ChainAddress, tokens: [ChainAddress; 2], input: &mut Input<'_>) -> Option<Pool> {
    let bits = 8 + input.any::<u32>() % 90;
    let reserve =
        |input: &mut Input<'_>| (1u128 << bits) + u128::from(input.any::<u64>()) % (3 << bits);
    let state = UniswapV2State {
        pool,
        token0: tokens[0],
        token1: tokens[1],
        reserve0_raw: reserve(input),
        reserve1_raw: reserve(input),
        fee_ppm: u32::from(input.any::<u16>()) % 20_000,
    };
    UniswapV2Pool::new(&state).ok().map(Pool::from)
}

/// Up to three ranges near the price 1.
fn concentrated(
    pool: ChainAddress,
    tokens: [ChainAddress; 2],
    input: &mut Input<'_>,
) -> Option<Pool> {
    let tick = i32::from(input.any::<i8>()) * 4;
    let mut ticks: BTreeMap<i32, (u128, i128)> = BTreeMap::new();
    let mut liquidity = 0;
    for _ in 0..=input.below(3) {
        let lower = i32::from(input.any::<i8>() % 16) * 60;
        let upper = lower + 60 * (1 + i32::from(input.any::<u8>() % 16));
        let added = 1_000 + u128::from(input.any::<u64>() >> input.below(64));
        for (index, net) in [(lower, 1), (upper, -1)] {
            let tick = ticks.entry(index).or_default();
            *tick = (tick.0 + added, tick.1 + added.cast_signed() * net);
        }
        if (lower..upper).contains(&tick) {
            liquidity += added;
        }
    }
    let ticks = ticks.into_iter().map(|(index, (gross, net))| Tick {
        index,
        liquidity_gross: gross,
        liquidity_net: net,
    });
    let state = UniswapV3State {
        pool,
        token0: tokens[0],
        token1: tokens[1],
        fee_pips: 3_000,
        tick_spacing: 60,
        sqrt_price_x96: sqrt_price_at_tick(tick).unwrap() + U160::from(input.any::<u8>()),
        tick,
        liquidity,
        ticks: ticks.collect(),
    };
    UniswapV3Pool::new(&state).ok().map(Pool::from)
}

fn request(input: &mut Input<'_>) -> RouteRequest {
    let exact = if input.any() { Exact::In } else { Exact::Out };
    let amount = input.amount() >> 128 | U256::from(input.any::<u8>());
    RouteRequest {
        max_hops: 1 + input.any::<u8>() % 4,
        hop_cost_raw: U256::from(input.any::<u64>() >> input.below(64)),
        ..RouteRequest::new(numbered(1), numbered(TOKENS), exact, amount)
    }
}

/// The best amount of each number of hops, by the pools' own answers along every simple path.
fn walk(
    pools: &[Pool],
    request: &RouteRequest,
    path: &mut Vec<ChainAddress>,
    amount: U256,
    best: &mut BTreeMap<usize, U256>,
) {
    let (here, hops) = (path[path.len() - 1], path.len() - 1);
    let end = match request.exact {
        Exact::In => request.token_out,
        Exact::Out => request.token_in,
    };
    if here == end {
        let known = best.entry(hops).or_insert(amount);
        *known = match request.exact {
            Exact::In => amount.max(*known),
            Exact::Out => amount.min(*known),
        };
        return;
    }
    if hops == usize::from(request.max_hops) {
        return;
    }
    for pool in pools.iter().filter(|pool| pool.tokens().contains(&here)) {
        let there = pool.tokens()[usize::from(pool.tokens()[0] == here)];
        let next = match request.exact {
            Exact::In => pool
                .quote_exact_in(here, there, amount)
                .map(|quote| quote.amount_out_raw),
            Exact::Out => pool
                .quote_exact_out(there, here, amount)
                .map(|quote| quote.amount_in_raw),
        };
        if let Ok(next) = next
            && !next.is_zero()
            && !path.contains(&there)
        {
            path.push(there);
            walk(pools, request, path, next, best);
            path.pop();
        }
    }
}

/// What an answer is worth after its cost, shifted so that it is never negative; more is better.
fn worth(exact: Exact, amount: U256, cost: Net) -> Net {
    let shift = Net::ONE << 300;
    match exact {
        Exact::In => shift + Net::from(amount) - cost,
        Exact::Out => shift - Net::from(amount) - cost,
    }
}

pub(crate) fn routes(data: &[u8]) {
    let mut input = Input::new(data);
    let pools = pools(&mut input);
    let request = request(&mut input);
    let start = match request.exact {
        Exact::In => request.token_in,
        Exact::Out => request.token_out,
    };
    let mut best = BTreeMap::new();
    if !request.amount_raw.is_zero() {
        walk(
            &pools,
            &request,
            &mut vec![start],
            request.amount_raw,
            &mut best,
        );
    }
    let cost = |hops: usize| Net::from(request.hop_cost_raw) * Net::from(hops);
    let of = |(hops, amount): (&usize, &U256)| worth(request.exact, *amount, cost(*hops));
    match optimize_route(&graph(&pools), &request) {
        Ok(route) => {
            let amount = match request.exact {
                Exact::In => route.amount_out_raw,
                Exact::Out => route.amount_in_raw,
            };
            assert_eq!(route.cost_raw, cost(route.hops.len()));
            let ours = worth(request.exact, amount, route.cost_raw);
            assert_eq!(Some(ours), best.iter().map(of).max(), "{route:?}");
        }
        Err(error) => assert!(best.is_empty(), "{error} though there is {best:?}"),
    }
}

pub(crate) fn splits(data: &[u8]) {
    let mut input = Input::new(data);
    let pools = pools(&mut input);
    let route = request(&mut input);
    let exact = route.exact;
    let request = SplitRequest {
        max_paths: 1 + input.any::<u8>() % 5,
        path_cost_raw: U256::from(input.any::<u64>() >> input.below(64)),
        uncapped_bound: input.any(),
        ..SplitRequest::new(route)
    };
    let graph = graph(&pools);
    let single = optimize_route(&graph, &request.route).ok();
    let Ok(split) = optimize_split(&graph, &request) else {
        assert!(single.is_none(), "one path fills what several do not");
        return;
    };
    let amount = |amount_in, amount_out| match exact {
        Exact::In => (amount_in, amount_out),
        Exact::Out => (amount_out, amount_in),
    };
    let (asked, ours) = amount(split.amount_in_raw, split.amount_out_raw);
    assert_eq!(asked, request.route.amount_raw);
    if let Some(single) = single {
        let (_, theirs) = amount(single.amount_in_raw, single.amount_out_raw);
        assert!(worth(exact, ours, split.cost_raw) >= worth(exact, theirs, single.cost_raw));
    }
    for bound in [Some(split.within_hops), split.uncapped]
        .into_iter()
        .flatten()
    {
        match exact {
            Exact::In => assert!(ours <= bound.bound_raw, "{ours} above {bound:?}"),
            Exact::Out => assert!(ours >= bound.bound_raw, "{ours} below {bound:?}"),
        }
    }
    assert!(split.legs.len() <= usize::from(request.max_paths));
    executed(&pools, exact, &split.legs);
    let sum = |of: fn(&Leg) -> U256| split.legs.iter().map(of).fold(U256::ZERO, |a, b| a + b);
    assert_eq!(sum(|leg| leg.amount_in_raw), split.amount_in_raw);
    assert_eq!(sum(|leg| leg.amount_out_raw), split.amount_out_raw);
}

/// The pools give what the legs say, one leg after the other.
fn executed(pools: &[Pool], exact: Exact, legs: &[Leg]) {
    let mut pools: BTreeMap<ChainAddress, Pool> = pools
        .iter()
        .map(|pool| (pool.address(), pool.clone()))
        .collect();
    for hop in legs.iter().flat_map(|leg| &leg.hops) {
        let pool = pools.get_mut(&hop.pool).unwrap();
        let pair = pool.pair(hop.token_in, hop.token_out).unwrap();
        let asked = match exact {
            Exact::In => hop.amount_in_raw,
            Exact::Out => hop.amount_out_raw,
        };
        let swapped = pool.swap(pair, exact, asked).unwrap();
        assert_eq!(swapped.amount_in_raw, hop.amount_in_raw);
        assert_eq!(swapped.amount_out_raw, hop.amount_out_raw);
    }
}

/// Small pairs, so that rounding hides little and few inputs are enough to try.
fn small_pairs(input: &mut Input<'_>) -> Vec<Pool> {
    let count = 2 + input.below(5);
    let small = |number: u8, input: &mut Input<'_>| {
        let from = input.any::<u8>() % TOKENS;
        let to = (from + 1 + input.any::<u8>() % (TOKENS - 1)) % TOKENS;
        let state = UniswapV2State {
            pool: numbered(number),
            token0: numbered(1 + from.min(to)),
            token1: numbered(1 + from.max(to)),
            reserve0_raw: 500 + u128::from(input.any::<u16>()) % 3_500,
            reserve1_raw: 500 + u128::from(input.any::<u16>()) % 3_500,
            fee_ppm: 3_000,
        };
        UniswapV2Pool::new(&state).unwrap().into()
    };
    (100..)
        .take(count)
        .map(|number| small(number, input))
        .collect()
}

pub(crate) fn cycles(data: &[u8]) {
    let mut input = Input::new(data);
    let pools = if input.any() {
        pools(&mut input)
    } else {
        small_pairs(&mut input)
    };
    let graph = graph(&pools);
    let base = BaseToken {
        token: numbered(1),
        hop_cost_raw: U256::from(input.any::<u64>() >> input.below(64)),
        cycle_cost_raw: U256::from(input.any::<u64>() >> input.below(64)),
    };
    let max_hops = 2 + input.any::<u8>() % 3;
    let Ok(mut index) = CycleIndex::new(&graph, &[base], max_hops) else {
        return;
    };
    let all = index.scan(&graph);
    for cycle in &*all {
        let hops = U256::from(cycle.hops.len());
        assert_eq!(
            cycle.cost_raw,
            base.hop_cost_raw * hops + base.cycle_cost_raw
        );
        assert_eq!(
            gain(&graph, cycle, cycle.amount_in_raw),
            Some(cycle.amount_out_raw)
        );
        let spent = cycle.amount_in_raw + cycle.cost_raw;
        assert_eq!(cycle.amount_out_raw, spent + cycle.profit_raw);
        near(&graph, cycle);
    }
    for pool in &pools {
        let through = |cycle: &&Arc<Cycle>| cycle.hops.iter().any(|hop| hop.pool == pool.address());
        let expected: Vec<Cycle> = all
            .iter()
            .filter(through)
            .map(|cycle| Cycle::clone(cycle))
            .collect();
        assert_eq!(index.update(&graph, pool.address()), expected);
    }
}

/// What an input gives around the cycle.
fn gain(graph: &PoolGraph, cycle: &Cycle, amount_in_raw: U256) -> Option<U256> {
    cycle.hops.iter().try_fold(amount_in_raw, |amount, hop| {
        let pool = graph.pool(hop.pool).ok()?;
        pool.output(pool.pair(hop.token_in, hop.token_out).ok()?, amount)
    })
}

/// Inputs around the best one gain no more, beyond what rounding hides in small pools.
fn near(graph: &PoolGraph, cycle: &Cycle) {
    let Ok(best) = i128::try_from(cycle.amount_in_raw) else {
        return;
    };
    let Ok(most) = i128::try_from(cycle.profit_raw + cycle.cost_raw) else {
        return;
    };
    if best > 4_000 {
        return;
    }
    for input in (1..40)
        .map(|step| best * step / 20)
        .filter(|input| *input > 0)
    {
        let given = gain(graph, cycle, U256::from(input));
        if let Some(given) = given.and_then(|given| i128::try_from(given).ok()) {
            let hidden = HIDDEN * i128::try_from(cycle.hops.len()).unwrap();
            assert!(
                given - input <= most + hidden,
                "{given} for {input}, {cycle:?}"
            );
        }
    }
}

/// Bytes that draw graphs of several sizes.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seed = |step: u8| -> Vec<u8> {
        let bytes = (0..300u16).map(|at| at.to_le_bytes()[0].wrapping_mul(step).rotate_left(3));
        bytes.map(|byte| byte ^ step).collect()
    };
    [1, 5, 11, 37, 77, 101, 203].map(seed).to_vec()
}
