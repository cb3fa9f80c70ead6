//! The pool graph: what it costs to change, what it remembers, and that no history shows in its answers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::solana_accounts::token_account;
use alloy_primitives::{Address, U256};
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_cpmm::{
    CreatorFeeOn, FeeRounding, RAYDIUM_CPMM_PROGRAM, RaydiumCpmmPool, RaydiumCpmmState,
};
use tradewind_core::pools::uniswap_v2::{UniswapV2Change, UniswapV2Pool, UniswapV2State};
use tradewind_core::pools::{Account, ChainClock, Exact, Pool, PoolChange, PoolMath};
use tradewind_core::routing::{PoolGraph, RouteRequest, RouteScratch, best_path, optimize_route};
use tradewind_core::solana::{TOKEN_PROGRAM, TransferFees};

/// An address of its own for every number and kind, in no order of the numbers.
fn named(kind: u8, number: u32) -> ChainAddress {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9E37_79B1).to_be_bytes());
    bytes[16..].copy_from_slice(&number.to_be_bytes());
    bytes[8] = kind;
    ChainAddress::Evm(Address::from(bytes))
}

fn token(number: u32) -> ChainAddress {
    named(1, number)
}

fn pool_name(number: u32) -> ChainAddress {
    named(2, number)
}

fn pair(number: u32, [a, b]: [u32; 2], reserves: [u128; 2]) -> Pool {
    let mut sides = [(token(a), reserves[0]), (token(b), reserves[1])];
    sides.sort_unstable();
    let state = UniswapV2State {
        pool: pool_name(number),
        token0: sides[0].0,
        token1: sides[1].0,
        reserve0_raw: sides[0].1,
        reserve1_raw: sides[1].1,
        fee_ppm: 3_000,
    };
    UniswapV2Pool::new(&state).unwrap().into()
}

const DEEP: u128 = 1_000_000_000_000_000_000_000;

fn sync(reserve0_raw: u128, reserve1_raw: u128) -> PoolChange<'static> {
    PoolChange::UniswapV2(UniswapV2Change::Sync {
        reserve0_raw,
        reserve1_raw,
    })
}

/// A hub with 60,000 pools, and 40,000 pools between other tokens.
fn large() -> PoolGraph {
    let mut graph = PoolGraph::new();
    for number in 0..100_000u32 {
        let ends = if number % 5 < 3 {
            [0, 1 + number % 50_000]
        } else {
            [1 + number % 50_000, 1 + (number * 7 + 3) % 50_000]
        };
        if ends[0] != ends[1] {
            graph.upsert(pair(number, ends, [DEEP + u128::from(number), DEEP]));
        }
    }
    graph
}

#[test]
fn a_hundred_thousand_pools_around_one_hub_are_added_changed_asked_and_removed_in_seconds() {
    let begun = Instant::now();
    let mut graph = large();
    assert!(graph.len() > 99_000);
    let hub = graph.token(token(0)).unwrap();
    assert_eq!(graph.edges(hub).len(), 60_000);
    let mut scratch = RouteScratch::new();
    // Of every five tokens, the first three have a pool with the hub.
    for number in (1..250).step_by(5) {
        let request = RouteRequest::new(
            token(number),
            token(number + 776),
            Exact::In,
            U256::from(DEEP / 1_000),
        );
        best_path(&graph, &request, &mut scratch).unwrap();
    }
    for number in 0..100_000 {
        let _ = graph.apply(pool_name(number), sync(DEEP, DEEP + u128::from(number)));
    }
    for address in graph.addresses() {
        assert!(graph.remove(address));
    }
    assert!(graph.is_empty());
    assert!(graph.edges(hub).is_empty());
    // A machine with time for it needs less than two; a cost that grows with the hub's degree needs minutes.
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_change_moves_the_version_of_its_pool_alone() {
    let mut graph = PoolGraph::new();
    let first = graph.upsert(pair(1, [1, 2], [DEEP, DEEP]));
    let second = graph.upsert(pair(2, [2, 3], [DEEP, DEEP]));
    let (before, topology) = (graph.version(second), graph.topology());
    assert_eq!(graph.version(second), Some(graph.epoch()));

    graph.apply(pool_name(1), sync(DEEP, DEEP * 2)).unwrap();
    assert_eq!(graph.version(first), Some(graph.epoch()));
    assert_eq!(
        (graph.version(second), graph.topology()),
        (before, topology)
    );

    let epoch = graph.epoch();
    assert_eq!(
        graph
            .apply(pool_name(1), sync(u128::MAX, 1))
            .unwrap_err()
            .code(),
        "state_invalid"
    );
    assert_eq!(
        graph.apply(pool_name(9), sync(1, 1)).unwrap_err().code(),
        "unknown_pool"
    );
    assert_eq!(graph.epoch(), epoch, "a refused change is none");

    // The number of a pool that left is given away, and its version with it is not.
    let last = graph.version(first);
    graph.remove(pool_name(1));
    assert_eq!(
        (graph.version(first), graph.at(first).is_none()),
        (None, true)
    );
    assert!(graph.topology() > topology);
    let third = graph.upsert(pair(3, [5, 6], [DEEP, DEEP]));
    assert_eq!(third, first);
    assert!(graph.version(third) > last);
}

#[test]
fn a_changed_pool_is_routed_by_its_new_state() {
    let mut graph = PoolGraph::new();
    graph.upsert(pair(1, [1, 2], [DEEP, DEEP]));
    graph.upsert(pair(2, [1, 2], [DEEP, DEEP * 2]));
    let request = RouteRequest::new(token(1), token(2), Exact::In, U256::from(1_000_000));
    let chosen = |graph: &PoolGraph| optimize_route(graph, &request).unwrap().hops[0].pool;
    assert_eq!(chosen(&graph), pool_name(2));
    let (reserve0_raw, reserve1_raw) = if token(1) < token(2) {
        (DEEP, DEEP * 3)
    } else {
        (DEEP * 3, DEEP)
    };
    graph
        .apply(pool_name(1), sync(reserve0_raw, reserve1_raw))
        .unwrap();
    assert_eq!(chosen(&graph), pool_name(1));
}

#[test]
fn accounts_and_clocks_that_no_pool_reads_change_nothing() {
    let mut graph = PoolGraph::new();
    graph.upsert(pair(1, [1, 2], [DEEP, DEEP]));
    let epoch = graph.epoch();
    let account = Account {
        address: ChainAddress::Solana([7; 32]),
        owner: ChainAddress::Solana([8; 32]),
        data: &[],
    };
    let updated = graph.apply_account(account);
    assert!(updated.applied.is_empty() && updated.refused.is_empty());
    let updated = graph.set_clock(ChainClock::default());
    assert!(updated.applied.is_empty() && updated.refused.is_empty());
    assert_eq!(graph.epoch(), epoch);
}

/// A pool of its own vaults, whose fees stand in an account that it shares with others.
fn on_solana(number: u8) -> RaydiumCpmmState {
    let key = |part: u8| ChainAddress::Solana([number * 10 + part; 32]);
    RaydiumCpmmState {
        pool: key(1),
        config: CONFIG,
        token0: key(2),
        token1: key(3),
        token0_program: TOKEN_PROGRAM,
        token1_program: TOKEN_PROGRAM,
        vault0: key(4),
        vault1: key(5),
        vault0_raw: 5_000_000,
        vault1_raw: 7_000_000,
        protocol_fees0_raw: 0,
        protocol_fees1_raw: 0,
        fund_fees0_raw: 0,
        fund_fees1_raw: 0,
        creator_fees0_raw: 0,
        creator_fees1_raw: 0,
        trade_fee_ppm: 2_500,
        protocol_fee_ppm: 120_000,
        fund_fee_ppm: 40_000,
        creator_fee_ppm: 0,
        enable_creator_fee: false,
        creator_fee_on: CreatorFeeOn::BothTokens,
        status: 0,
        open_time: 0,
        fee_rounding: FeeRounding::Together,
        transfer_fees0: TransferFees::NONE,
        transfer_fees1: TransferFees::NONE,
        clock: ChainClock::default(),
    }
}

const CONFIG: ChainAddress = ChainAddress::Solana([200; 32]);

fn fees(trade_fee_ppm: u64) -> Vec<u8> {
    let mut data = vec![0; 236];
    data[..8].copy_from_slice(&[0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f]);
    data[12..20].copy_from_slice(&trade_fee_ppm.to_le_bytes());
    data[20..28].copy_from_slice(&120_000_u64.to_le_bytes());
    data[28..36].copy_from_slice(&40_000_u64.to_le_bytes());
    data
}

#[test]
fn an_accounts_bytes_reach_every_pool_that_reads_it_and_a_clock_all_of_its_chain() {
    let mut graph = PoolGraph::new();
    let [first, second] =
        [1, 2].map(|number| graph.upsert(RaydiumCpmmPool::new(&on_solana(number)).unwrap().into()));
    let evm = graph.upsert(pair(1, [1, 2], [DEEP, DEEP]));
    let request = RouteRequest::new(
        on_solana(1).token0,
        on_solana(1).token1,
        Exact::In,
        U256::from(1_000),
    );
    let answer = |graph: &PoolGraph| optimize_route(graph, &request).unwrap().amount_out_raw;
    let before = answer(&graph);

    let vault = token_account(on_solana(1).vault0, on_solana(1).token0, CONFIG, 50_000_000);
    let updated = graph.apply_account(vault.account());
    assert_eq!((updated.applied, updated.refused), (vec![first], vec![]));
    assert!(answer(&graph) * U256::from(9) < before);

    let data = fees(900_000);
    let config = |data| Account {
        address: CONFIG,
        owner: RAYDIUM_CPMM_PROGRAM,
        data,
    };
    let dear = answer(&graph);
    let updated = graph.apply_account(config(&data));
    assert_eq!(
        (updated.applied, updated.refused),
        (vec![first, second], vec![])
    );
    assert!(answer(&graph) * U256::from(9) < dear);

    let updated = graph.apply_account(config(&data[1..]));
    assert!(updated.applied.is_empty());
    let refused: Vec<_> = updated
        .refused
        .iter()
        .map(|(pool, error)| (*pool, error.code()))
        .collect();
    assert_eq!(
        refused,
        [(first, "account_malformed"), (second, "account_malformed")]
    );

    let clock = ChainClock {
        slot: 9,
        epoch: 1,
        unix_timestamp: 5,
    };
    let untouched = graph.version(evm);
    let updated = graph.set_clock(clock);
    assert_eq!(
        (updated.applied, updated.refused),
        (vec![first, second], vec![])
    );
    assert_eq!(graph.version(evm), untouched);
    let Some(Pool::RaydiumCpmm(pool)) = graph.at(second) else {
        panic!("the second pool is one of Raydium's");
    };
    assert_eq!(pool.state().clock, clock);

    graph.remove(on_solana(1).pool);
    let updated = graph.apply_account(config(&data));
    assert_eq!(updated.applied, [second]);
}

#[derive(Debug, Clone)]
enum Act {
    Add(u32, [u32; 2], [u32; 2]),
    Remove(u32),
    Change(u32, [u32; 2]),
}

fn act() -> impl Strategy<Value = Act> {
    let ends = (1u32..7, 1u32..6).prop_map(|(a, step)| [a, (a - 1 + step) % 6 + 1]);
    let reserves = || [1u32..1_000_000, 1u32..1_000_000];
    prop_oneof![
        3 => (0u32..10, ends, reserves()).prop_map(|(number, ends, reserves)| Act::Add(number, ends, reserves)),
        1 => (0u32..10).prop_map(Act::Remove),
        2 => (0u32..10, reserves()).prop_map(|(number, reserves)| Act::Change(number, reserves)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn after_any_history_the_graph_is_that_of_its_pools(acts in prop::collection::vec(act(), 1..60)) {
        let mut graph = PoolGraph::new();
        let mut model: BTreeMap<ChainAddress, Pool> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Add(number, ends, reserves) => {
                    let pool = pair(number, ends, reserves.map(u128::from));
                    graph.upsert(pool.clone());
                    model.insert(pool.address(), pool);
                }
                Act::Remove(number) => {
                    let name = pool_name(number);
                    prop_assert_eq!(graph.remove(name), model.remove(&name).is_some());
                }
                Act::Change(number, [a, b]) => {
                    let change = || sync(u128::from(a), u128::from(b));
                    let changed = graph.apply(pool_name(number), change()).is_ok();
                    let known = model.get_mut(&pool_name(number));
                    prop_assert_eq!(changed, known.is_some());
                    if let Some(pool) = known {
                        pool.apply(change()).unwrap();
                    }
                }
            }
        }
        prop_assert_eq!(graph.addresses(), model.keys().copied().collect::<Vec<_>>());
        let mut fresh = PoolGraph::new();
        for pool in model.values() {
            prop_assert_eq!(graph.pool(pool.address()).unwrap().state(), pool.state());
            fresh.upsert(pool.clone());
        }
        for (a, b) in (1..7).flat_map(|a| (1..7).map(move |b| (a, b))) {
            let between = |graph: &PoolGraph| {
                let (Some(a), Some(b)) = (graph.token(token(a)), graph.token(token(b))) else {
                    return Vec::new();
                };
                let pools = graph.pools_between(a, b).iter();
                pools.map(|pool| graph.address_of(*pool).unwrap()).collect()
            };
            prop_assert_eq!(between(&graph), between(&fresh));
            let request = RouteRequest::new(token(a), token(b), Exact::In, U256::from(1_000));
            prop_assert_eq!(optimize_route(&graph, &request), optimize_route(&fresh, &request));
        }
        let edges = |graph: &PoolGraph| graph.token_ids().map(|id| graph.edges(id).len()).sum::<usize>();
        prop_assert_eq!(edges(&graph), model.len() * 2);
    }
}
