//! Cycles that gain: all of them, each at its best input, against brute force.

use crate::random_pools;
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::random_pools::{Depth, numbered};
use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v2::{UniswapV2Change, UniswapV2Pool, UniswapV2State};
use tradewind_core::pools::{Exact, Pool, PoolChange, PoolMath};
use tradewind_core::routing::{BaseToken, Cycle, CycleIndex, PoolGraph};

fn pair(number: u8, tokens: [u8; 2], reserves: [u128; 2]) -> Pool {
    let state = UniswapV2State {
        pool: numbered(number),
        token0: numbered(tokens[0].min(tokens[1])),
        token1: numbered(tokens[0].max(tokens[1])),
        reserve0_raw: reserves[usize::from(tokens[0] > tokens[1])],
        reserve1_raw: reserves[usize::from(tokens[0] < tokens[1])],
        fee_ppm: 3_000,
    };
    UniswapV2Pool::new(&state).unwrap().into()
}

fn graph(pools: &[Pool]) -> PoolGraph {
    let mut graph = PoolGraph::new();
    for pool in pools {
        graph.upsert(pool.clone());
    }
    graph
}

fn base(number: u8, hop_cost: u64, cycle_cost: u64) -> BaseToken {
    BaseToken {
        token: numbered(number),
        hop_cost_raw: U256::from(hop_cost),
        cycle_cost_raw: U256::from(cycle_cost),
    }
}

fn through(cycles: &[impl Borrow<Cycle>]) -> Vec<Vec<ChainAddress>> {
    let pools = |cycle: &Cycle| cycle.hops.iter().map(|hop| hop.pool).collect();
    cycles.iter().map(|cycle| pools(cycle.borrow())).collect()
}

#[test]
fn two_pools_at_different_prices_gain_at_the_closed_forms_input() {
    // Fees aside x = (sqrt(A) - 1) / C with A = 0.997^2 * 2, C = (0.997 + 0.997^2 * 2) / 1e9.
    let pools = [
        pair(10, [1, 2], [1_000_000_000, 2_000_000_000]),
        pair(11, [2, 1], [1_000_000_000, 1_000_000_000]),
    ];
    let graph = graph(&pools);
    let mut index = CycleIndex::new(&graph, &[base(1, 0, 0)], 3).unwrap();
    let found = index.scan(&graph);
    assert_eq!(through(&found), [[numbered(10), numbered(11)]]);
    let (amount, profit) = (found[0].amount_in_raw, found[0].profit_raw);
    assert!(
        amount.abs_diff(U256::from(137_342_864)) < U256::from(2_000),
        "{amount}"
    );
    let gain = |input: u64| {
        let there = pools[0].output(
            tradewind_core::pools::TokenPair::ZERO_FOR_ONE,
            U256::from(input),
        );
        let back = pools[1].output(
            tradewind_core::pools::TokenPair::ONE_FOR_ZERO,
            there.unwrap(),
        );
        back.unwrap().to::<i128>() - i128::from(input)
    };
    let most = (136_000_000..138_500_000).map(gain).max().unwrap();
    assert_eq!(profit.to::<i128>(), most);
}

#[test]
fn a_cycle_that_gains_less_than_it_costs_is_none() {
    let pools = [
        pair(10, [1, 2], [1_000_000_000, 2_000_000_000]),
        pair(11, [2, 1], [1_000_000_000, 1_000_000_000]),
    ];
    let graph = graph(&pools);
    let profit = |hop_cost, cycle_cost| {
        let mut index = CycleIndex::new(&graph, &[base(1, hop_cost, cycle_cost)], 2).unwrap();
        index
            .scan(&graph)
            .first()
            .map(|cycle| cycle.profit_raw.to::<u64>())
    };
    let whole = profit(0, 0).unwrap();
    assert_eq!(profit(7, 11), Some(whole - 25));
    assert_eq!(profit(0, whole - 1), Some(1));
    assert_eq!(profit(0, whole), None);
}

#[test]
fn fair_prices_gain_nothing_and_unknown_bases_are_refused() {
    let graph = graph(&[
        pair(10, [1, 2], [1_000_000, 2_000_000]),
        pair(11, [2, 3], [1_000_000, 1_000_000]),
        pair(12, [3, 1], [2_000_000, 1_000_000]),
    ]);
    let mut index = CycleIndex::new(&graph, &[base(1, 0, 0)], 3).unwrap();
    assert_eq!(index.len(), 4, "there and back twice, and both ways round");
    assert!(index.scan(&graph).is_empty());
    let refusal =
        |bases: &[BaseToken], hops| CycleIndex::new(&graph, bases, hops).unwrap_err().code();
    assert_eq!(refusal(&[base(9, 0, 0)], 3), "unknown_token");
    assert_eq!(refusal(&[base(1, 0, 0)], 1), "cycle_hops_out_of_range");
    assert_eq!(refusal(&[base(1, 0, 0)], 5), "cycle_hops_out_of_range");
}

#[test]
fn a_scan_takes_what_changed_whether_it_was_told_or_not() {
    let sync = |reserves: [u128; 2]| UniswapV2Change::Sync {
        reserve0_raw: reserves[0],
        reserve1_raw: reserves[1],
    };
    let mut graph = graph(&[
        pair(10, [1, 2], [1_000_000_000, 2_000_000_000]),
        pair(11, [2, 1], [1_000_000_000, 1_000_000_000]),
        pair(12, [1, 3], [1_000_000_000, 1_000_000_000]),
        pair(13, [1, 3], [1_000_000_000, 3_000_000_000]),
    ]);
    let anew = |graph: &PoolGraph| {
        CycleIndex::new(graph, &[base(1, 0, 0)], 3)
            .unwrap()
            .scan(graph)
    };
    let mut index = CycleIndex::new(&graph, &[base(1, 0, 0)], 3).unwrap();
    let first = index.scan(&graph);
    assert_eq!(first.len(), 2);
    assert!(Arc::ptr_eq(&first, &index.scan(&graph)), "nothing changed");
    let change = sync([1_000_000_000, 2_500_000_000]);
    graph
        .apply(numbered(10), PoolChange::UniswapV2(change))
        .unwrap();
    let second = index.scan(&graph);
    assert_eq!(second, anew(&graph));
    assert_ne!(second, first);
    let kept = |found: &[Arc<Cycle>]| {
        let passes = |cycle: &&Arc<Cycle>| cycle.hops[0].pool == numbered(13);
        found.iter().find(passes).cloned().unwrap()
    };
    assert!(
        Arc::ptr_eq(&kept(&first), &kept(&second)),
        "no pool of it changed"
    );
    graph.remove(numbered(13));
    assert_eq!(through(&index.scan(&graph)), [[numbered(10), numbered(11)]]);
    // The number that is free now goes to a pool of other tokens.
    graph.upsert(pair(14, [2, 3], [1_000_000_000, 9_000_000_000]));
    assert_eq!(through(&index.scan(&graph)), [[numbered(10), numbered(11)]]);
    assert_eq!(index.update(&graph, numbered(14)), []);
}

/// Small pools among four tokens, so that every input can be tried.
fn small_pairs() -> impl Strategy<Value = Vec<Pool>> {
    let drawn = (0u8..4, 1u8..4, 500u128..4_000, 500u128..4_000);
    prop::collection::vec(drawn, 2..7).prop_map(|drawn| {
        (10u8..)
            .zip(drawn)
            .map(|(number, (from, step, in_raw, out_raw))| {
                pair(number, [1 + from, 1 + (from + step) % 4], [in_raw, out_raw])
            })
            .collect()
    })
}

/// Every closed path from the base without a token twice, and the most that it gains at any input.
fn brute_force(
    pools: &[Pool],
    base: ChainAddress,
    max_hops: usize,
) -> Vec<(Vec<ChainAddress>, i128)> {
    fn walk(
        pools: &[Pool],
        base: ChainAddress,
        left: usize,
        path: &mut Vec<(Pool, ChainAddress, ChainAddress)>,
        found: &mut Vec<(Vec<ChainAddress>, i128)>,
    ) {
        let here = path.last().map_or(base, |(_, _, to)| *to);
        if here == base && !path.is_empty() {
            let gains = (1u64..4_000).filter_map(|input| {
                let start = U256::from(input);
                let end = path.iter().try_fold(start, |amount, (pool, from, to)| {
                    pool.output(pool.pair(*from, *to).unwrap(), amount)
                });
                Some(end?.to::<i128>() - i128::from(input))
            });
            let most = gains.max().unwrap();
            found.push((path.iter().map(|(pool, ..)| pool.address()).collect(), most));
            return;
        }
        if left == 0 {
            return;
        }
        for pool in pools.iter().filter(|pool| pool.tokens().contains(&here)) {
            let to = *pool.tokens().iter().find(|token| **token != here).unwrap();
            let again = path.iter().any(|(other, from, _)| {
                other.address() == pool.address() || (*from == to && to != base)
            });
            if !again {
                path.push((pool.clone(), here, to));
                walk(pools, base, left - 1, path, found);
                path.pop();
            }
        }
    }
    let mut found = Vec::new();
    walk(pools, base, max_hops, &mut Vec::new(), &mut found);
    found
}

/// What rounding may cost at most: a unit of the base, and one of each token after it, at the best price of each pool
/// on the way to the end.
#[allow(clippy::float_arithmetic, reason = "the tolerance is a real number")]
fn most_rounding(pools: &[Pool], base: ChainAddress, path: &[ChainAddress]) -> f64 {
    let mut here = base;
    let mut rates = Vec::new();
    for address in path {
        let pool = pools.iter().find(|pool| pool.address() == *address);
        let pool = pool.unwrap();
        let there = *pool.tokens().iter().find(|token| **token != here).unwrap();
        let price = pool.spot_price(pool.pair(here, there).unwrap());
        rates.push(f64::from(price.numerator) / f64::from(price.denominator) * 0.997);
        here = there;
    }
    let worth = |at| rates[at..].iter().product::<f64>();
    1.0 + (1..=rates.len()).map(worth).sum::<f64>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn all_cycles_that_gain_are_found_and_none_gains_more_at_another_input(pools in small_pairs()) {
        let graph = graph(&pools);
        let Ok(mut index) = CycleIndex::new(&graph, &[base(1, 0, 0)], 4) else { return Ok(()); };
        let found = index.scan(&graph);
        for (path, most) in brute_force(&pools, numbered(1), 4) {
            let ours = found.iter().find(|cycle| through(&[Arc::clone(cycle)])[0] == path);
            let ours = ours.map_or(0, |cycle| cycle.profit_raw.to::<i128>());
            prop_assert!(ours <= most.max(0), "{ours} {most}");
            let rounding = most_rounding(&pools, numbered(1), &path);
            prop_assert!(f64::from(i32::try_from(most - ours).unwrap()) < rounding, "{ours} {most} {rounding}");
        }
    }

    #[test]
    fn an_update_answers_as_a_scan_does_for_the_pool(
        pools in small_pairs(), place in any::<prop::sample::Index>(), in_raw in 500u128..4_000, out_raw in 500u128..4_000,
    ) {
        let mut graph = graph(&pools);
        let Ok(mut index) = CycleIndex::new(&graph, &[base(1, 0, 0), base(2, 0, 1)], 3) else { return Ok(()); };
        let changed = pools[place.index(pools.len())].address();
        let sync = UniswapV2Change::Sync { reserve0_raw: in_raw, reserve1_raw: out_raw };
        graph.apply(changed, PoolChange::UniswapV2(sync)).unwrap();
        let updated = index.update(&graph, changed);
        let anew = CycleIndex::new(&graph, &[base(1, 0, 0), base(2, 0, 1)], 3).unwrap().scan(&graph);
        let with_it: Vec<Cycle> = anew.iter()
            .filter(|cycle| cycle.hops.iter().any(|hop| hop.pool == changed))
            .map(|cycle| Cycle::clone(cycle)).collect();
        prop_assert_eq!(updated, with_it);
        prop_assert_eq!(index.scan(&graph), anew);
    }

    #[test]
    fn each_cycle_is_what_its_pools_answer(
        a in random_pools::pool(numbered(10), [numbered(1), numbered(2)], Depth::Any),
        b in random_pools::pool(numbered(11), [numbered(2), numbered(3)], Depth::Scarce),
        c in random_pools::pool(numbered(12), [numbered(1), numbered(3)], Depth::Any),
        d in random_pools::pool(numbered(13), [numbered(1), numbered(2)], Depth::Scarce),
    ) {
        let pools: Vec<Pool> = [a, b, c, d].into_iter().map(|random| random.pool.into()).collect();
        let graph = graph(&pools);
        let mut index = CycleIndex::new(&graph, &[base(1, 1, 2), base(2, 0, 0)], 3).unwrap();
        let found = index.scan(&graph);
        for cycle in &*found {
            let mut amount = cycle.amount_in_raw;
            let mut passed = BTreeSet::new();
            for hop in &cycle.hops {
                prop_assert_eq!(hop.amount_in_raw, amount);
                let pool = graph.pool(hop.pool).unwrap();
                let answer = pool.quote_exact_in(hop.token_in, hop.token_out, amount).unwrap();
                amount = answer.amount_out_raw;
                prop_assert!(passed.insert(hop.pool));
            }
            prop_assert_eq!(amount, cycle.amount_out_raw);
            prop_assert_eq!(cycle.amount_in_raw + cycle.cost_raw + cycle.profit_raw, amount);
            // A neighbour of the best input gains no more; a search that stops short would.
            for other in [cycle.amount_in_raw * U256::from(2), cycle.amount_in_raw / U256::from(2)] {
                let end = cycle.hops.iter().try_fold(other, |amount, hop| {
                    let pool = graph.pool(hop.pool).unwrap();
                    pool.amounts(pool.pair(hop.token_in, hop.token_out).unwrap(), Exact::In, amount).ok().map(|a| a.amount_out_raw)
                });
                prop_assert!(end.is_none_or(|end| end + cycle.amount_in_raw <= cycle.amount_out_raw + other));
            }
        }
        let mut sorted = through(&found);
        sorted.dedup();
        prop_assert_eq!(sorted.len(), found.len());
    }
}
