//! Raydium CLMM against the program's recorded answers and swaps on mainnet; its decoders; what is refused.

mod refusals;

use crate::recorded;
use crate::recorded_clmm::{Owned, POOL, accounts, decode};
use alloy_primitives::U256;
use serde::Deserialize;
use std::collections::HashMap;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_clmm::{
    RAYDIUM_CLMM_PROGRAM, RaydiumClmmPool, RaydiumClmmState,
};
use tradewind_core::pools::{
    Exact, FeeKind, Pool, PoolChange, PoolError, PoolMath, PoolState, TokenPair, read_pools,
    write_pools,
};

const SNAPSHOTS: [&str; 9] = [
    "swap_28benrbW8FCeq91j.json",
    "swap_2Tops12C8nY4VBeW.json",
    "swap_2totJM6nqhYsQViW.json",
    "swap_3Qjh8mimXH9dwPHr.json",
    "swap_3cXdrGCdoom2hMDf.json",
    "swap_4JyAH4ELiVZejsBY.json",
    "swap_5amo8dyBZ3b3Zg6B.json",
    "swap_5wW8eVsGVHWZoqZD.json",
    "swap_sJJxp3PA36tC3CmF.json",
];

#[derive(Debug, Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Case {
    snapshot: String,
    zero_for_one: bool,
    mode: String,
    amount: String,
    ok: bool,
    amount_in: String,
    amount_out: String,
}

fn pair(zero_for_one: bool) -> TokenPair {
    if zero_for_one {
        TokenPair::ZERO_FOR_ONE
    } else {
        TokenPair::ONE_FOR_ZERO
    }
}

#[test]
fn equals_every_recorded_answer_of_the_program() {
    let vectors: Vectors = recorded::read("solana/raydium_clmm/swaps_2026.json");
    let mut pools: HashMap<&str, RaydiumClmmPool> = HashMap::new();
    for case in &vectors.cases {
        let pool = pools
            .entry(&case.snapshot)
            .or_insert_with(|| decode(&accounts(&case.snapshot).0).unwrap());
        let exact = if case.mode == "exact_in" {
            Exact::In
        } else {
            Exact::Out
        };
        let quote = pool
            .quote(pair(case.zero_for_one), exact, case.amount.parse().unwrap())
            .unwrap();
        assert!(case.ok);
        assert_eq!(quote.amount_in_raw.to_string(), case.amount_in, "{case:?}");
        assert_eq!(
            quote.amount_out_raw.to_string(),
            case.amount_out,
            "{case:?}"
        );
    }
    assert_eq!((vectors.cases.len(), pools.len()), (120, 9));
}

#[test]
fn equals_what_nine_swaps_on_mainnet_took_and_gave() {
    for snapshot in SNAPSHOTS {
        let (accounts, observed) = accounts(snapshot);
        let pool = decode(&accounts).unwrap();
        let (exact, amount) = if observed.is_base_input {
            (Exact::In, observed.amount_in)
        } else {
            (Exact::Out, observed.amount_out)
        };
        let swap = pool
            .amounts(pair(observed.zero_for_one), exact, U256::from(amount))
            .unwrap();
        assert_eq!(
            (swap.amount_in_raw, swap.amount_out_raw),
            (
                U256::from(observed.amount_in),
                U256::from(observed.amount_out)
            ),
            "{}",
            observed.signature
        );
    }
}

const THREE_ARRAYS: &str = "swap_5wW8eVsGVHWZoqZD.json";

fn three_arrays() -> Vec<Owned> {
    accounts(THREE_ARRAYS).0
}

fn start_of(array: &Owned) -> i32 {
    i32::from_le_bytes(array.data[40..44].try_into().unwrap())
}

#[test]
fn names_the_accounts_that_it_follows_by_the_addresses_that_they_have_on_chain() {
    let accounts = three_arrays();
    let pool = decode(&accounts).unwrap();
    let named = pool.accounts();
    assert_eq!(named.len(), 4 + 1 + 3);
    for account in &accounts {
        assert!(named.contains(&account.address), "{}", account.address);
    }
}

#[test]
fn a_swap_that_comes_to_an_array_that_was_not_read_is_refused_with_its_address() {
    let mut accounts = three_arrays();
    let whole = decode(&accounts).unwrap();
    let missing = accounts
        .iter()
        .position(|account| account.data.len() == 10_240 && start_of(account) == -24_540);
    let missing = accounts.remove(missing.unwrap());
    let mut pool = decode(&accounts).unwrap();
    let (small, large) = (U256::from(1_000_000), U256::from(1_500_000_000_000_u64));
    let pair = TokenPair::ZERO_FOR_ONE;
    assert_eq!(pool.output(pair, small), whole.output(pair, small));
    assert!(whole.output(pair, large).is_some());
    match pool.amounts(pair, Exact::In, large).unwrap_err() {
        PoolError::AccountMissing { account, .. } => assert_eq!(account, missing.address),
        other => panic!("{other}"),
    }
    // Read later, it takes its place.
    pool.apply(PoolChange::Account(missing.account())).unwrap();
    assert_eq!(pool.state(), whole.state());
    assert_eq!(pool.output(pair, large), whole.output(pair, large));
}

#[test]
fn a_fee_is_split_between_providers_protocol_and_fund() {
    let pool = decode(&three_arrays()).unwrap();
    let quote = pool
        .quote(
            TokenPair::ZERO_FOR_ONE,
            Exact::In,
            U256::from(1_000_000_000),
        )
        .unwrap();
    let fee = |kind| {
        quote
            .fees
            .iter()
            .find(|fee| fee.kind == kind)
            .unwrap()
            .amount_raw
    };
    // 0.04 % of the input, of which 12 % and 4 %; no tick is crossed, so each is rounded once.
    assert_eq!(quote.fee_in_raw(), U256::from(400_000));
    assert_eq!(fee(FeeKind::Protocol), U256::from(48_000));
    assert_eq!(fee(FeeKind::Fund), U256::from(16_000));
    assert_eq!(fee(FeeKind::Liquidity), U256::from(336_000));
}

#[test]
fn the_json_form_makes_the_same_pool() {
    let pool = decode(&three_arrays()).unwrap();
    let state = Pool::from(pool.clone()).state();
    let json = write_pools(&[state]).unwrap();
    let mut pools = read_pools(&json).unwrap();
    let PoolState::RaydiumClmm(again) = pools.remove(0) else {
        panic!("{json}")
    };
    assert_eq!(again, pool.state());
    let again = RaydiumClmmPool::new(&again).unwrap();
    let amount = U256::from(123_456_789_000_u64);
    assert_eq!(
        again.quote(TokenPair::ZERO_FOR_ONE, Exact::In, amount),
        pool.quote(TokenPair::ZERO_FOR_ONE, Exact::In, amount)
    );
}

#[test]
fn one_account_after_the_other_leads_to_the_pool_of_a_fresh_read() {
    // All snapshots are of one pool: each follows the one before it, account by account, in every order.
    let reads: Vec<Vec<Owned>> = SNAPSHOTS
        .iter()
        .map(|snapshot| accounts(snapshot).0)
        .collect();
    let mut held: Vec<Owned> = reads[1].clone();
    let mut pool = decode(&held).unwrap();
    let mut compared = 0;
    for (turn, read) in reads.iter().cycle().take(36).enumerate() {
        let mut read = read.clone();
        let places = read.len();
        read.rotate_left(turn % places);
        for account in &read {
            // Sums are made on the way, and must be kept right.
            let _ = pool.output(TokenPair::ZERO_FOR_ONE, U256::from(50_000_000_000_u64));
            let _ = pool.output(TokenPair::ONE_FOR_ZERO, U256::from(50_000_000_000_u64));
            pool.apply(PoolChange::Account(account.account())).unwrap();
            held.retain(|old| old.address != account.address);
            held.push(account.clone());
        }
        let Ok(fresh) = decode(&held) else { continue };
        assert_eq!(pool.state(), fresh.state());
        for pair in [TokenPair::ZERO_FOR_ONE, TokenPair::ONE_FOR_ZERO] {
            for amount in [1_000_000, 50_000_000_000, 1_500_000_000_000_u64] {
                for exact in [Exact::In, Exact::Out] {
                    let asked = U256::from(amount);
                    assert_eq!(
                        pool.quote(pair, exact, asked),
                        fresh.quote(pair, exact, asked)
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

/// The bitmap extension as the program writes it, with these arrays told.
fn extension(arrays: &[i32]) -> Owned {
    let pool: ChainAddress = POOL.parse().unwrap();
    let mut data = vec![0; 1_832];
    data[..8].copy_from_slice(&[0x3c, 0x96, 0x24, 0xdb, 0x61, 0x80, 0x8b, 0x99]);
    data[8..40].copy_from_slice(&pool.solana().unwrap());
    for start in arrays {
        // Spacing 1: 60 ticks an array, 512 arrays a bitmap.
        let (number, away) = (start / 60, (start / 60).unsigned_abs() as usize);
        let (first, bitmap, bit) = if number >= 0 {
            (40, away / 512 - 1, away % 512)
        } else {
            (936, (away - 1) / 512 - 1, (512 - away % 512) % 512)
        };
        data[first + 64 * bitmap + bit / 8] |= 1 << (bit % 8);
    }
    Owned {
        address: ChainAddress::Solana([7; 32]),
        owner: RAYDIUM_CLMM_PROGRAM,
        data,
    }
}

#[test]
fn the_bitmap_extension_tells_the_arrays_beyond_the_pools_own_bitmap() {
    let mut accounts = three_arrays();
    let before = decode(&accounts).unwrap().state();
    assert!(!before.bitmap_extension_read);
    let beyond = [-61_440, -61_380, -30_780, 30_720, 61_380, 61_440, 443_580];
    accounts.push(extension(&beyond));
    let state = decode(&accounts).unwrap().state();
    let starts: Vec<i32> = state
        .tick_arrays
        .iter()
        .map(|array| array.start_tick_index)
        .collect();
    let found: Vec<i32> = starts
        .iter()
        .copied()
        .filter(|start| !(-30_720..30_720).contains(start))
        .collect();
    assert_eq!(found, beyond);
    assert!(state.bitmap_extension_read);
    // Told later, it makes the same pool.
    let mut pool = RaydiumClmmPool::new(&before).unwrap();
    pool.apply(PoolChange::Account(accounts.last().unwrap().account()))
        .unwrap();
    assert_eq!(pool.state(), state);
}

#[test]
fn without_the_extension_a_swap_that_leaves_the_pools_own_bitmap_is_refused() {
    let mut state = decode(&three_arrays()).unwrap().state();
    state.tick_arrays.clear();
    state.liquidity = 0;
    let code = |state: &RaydiumClmmState| {
        let pool = RaydiumClmmPool::new(state).unwrap();
        pool.amounts(TokenPair::ONE_FOR_ZERO, Exact::In, U256::from(1))
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&state), "account_missing");
    state.bitmap_extension_read = true;
    assert_eq!(code(&state), "insufficient_liquidity");
}
