//! Decoding and refusing accounts, and what time, oracles and tick arrays do to a pool.

use crate::whirlpools::bono_usdc::{self, OwnedAccount, absent};
use crate::whirlpools::{bytes, key, plain};
use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::pools::orca_whirlpool::tick_math::sqrt_price_at_tick;
use tradewind_core::pools::orca_whirlpool::{
    AdaptiveFeeConstants, AdaptiveFeeVariables, IMMUTABLE_WHIRLPOOL_PROGRAM, Oracle,
    OrcaWhirlpoolPool, OrcaWhirlpoolState, Tick, TickArray,
};
use tradewind_core::pools::{
    ChainClock, Exact, Pool, PoolChange, PoolError, PoolMath, PoolState, TokenPair, read_pools,
};

const FALLING: TokenPair = TokenPair::ZERO_FOR_ONE;
const RISING: TokenPair = TokenPair::ONE_FOR_ZERO;

/// What makes a sound state unsound.
type Change = fn(&mut OrcaWhirlpoolState);

fn tick(index: i32, liquidity_net: i128) -> Tick {
    Tick {
        index,
        liquidity_gross: liquidity_net.unsigned_abs(),
        liquidity_net,
    }
}

fn array(start_tick_index: i32, ticks: &[Tick]) -> TickArray {
    TickArray {
        account: key((start_tick_index.div_euclid(704) + 100).to_le_bytes()[0]),
        start_tick_index,
        initialized: !ticks.is_empty(),
        ticks: ticks.to_vec(),
    }
}

/// Spacing 8, one position over nine arrays of 704 ticks, at the tick 0.
fn wide() -> OrcaWhirlpoolState {
    let starts = (-4..=4).map(|place| place * 704);
    let tick_arrays = starts
        .map(|start| match start {
            -2_816 => array(start, &[tick(-2_816, 1 << 40)]),
            2_816 => array(start, &[tick(3_512, -(1 << 40))]),
            start => array(start, &[]),
        })
        .collect();
    OrcaWhirlpoolState {
        fee_ppm: 3_000,
        protocol_fee_bps: 300,
        liquidity: 1 << 40,
        tick_arrays,
        ..plain(8)
    }
}

fn adaptive() -> OrcaWhirlpoolState {
    OrcaWhirlpoolState {
        oracle: Some(Box::new(Oracle {
            account: key(50),
            trade_enable_timestamp: 2_000,
            constants: AdaptiveFeeConstants {
                filter_period_s: 30,
                decay_period_s: 600,
                reduction_factor: 5_000,
                adaptive_fee_control_factor: 4_000,
                max_volatility_accumulator: 350_000,
                tick_group_size: 8,
                major_swap_threshold_ticks: 16,
            },
            variables: AdaptiveFeeVariables::default(),
        })),
        clock: ChainClock {
            unix_timestamp: 10_000,
            ..ChainClock::default()
        },
        ..wide()
    }
}

fn pool(state: &OrcaWhirlpoolState) -> OrcaWhirlpoolPool {
    OrcaWhirlpoolPool::new(state).unwrap()
}

fn most_in(pool: &OrcaWhirlpoolPool, pair: TokenPair) -> u64 {
    match pool.amounts(pair, Exact::In, U256::from(u64::MAX)) {
        Err(PoolError::InsufficientLiquidity { most_in_raw, .. }) => most_in_raw.to(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_kinds_of_tick_array_say_the_same() {
    let state = wide();
    for array in state.tick_arrays.iter().filter(|array| array.initialized) {
        let mut fixed = pool(&state);
        let mut dynamic = pool(&state);
        let emptied = TickArray {
            ticks: Vec::new(),
            ..array.clone()
        };
        for (pool, encode) in [
            (&mut fixed, bytes::fixed_array as fn(&_, &_) -> OwnedAccount),
            (&mut dynamic, bytes::dynamic_array),
        ] {
            for array in [&emptied, array] {
                let account = encode(&state, array);
                pool.apply(PoolChange::Account(account.borrow())).unwrap();
            }
            assert_eq!(pool.state(), state);
        }
    }
}

#[test]
fn a_pool_of_either_program_is_read_from_its_accounts() {
    let state = OrcaWhirlpoolState {
        program: IMMUTABLE_WHIRLPOOL_PROGRAM,
        ..adaptive()
    };
    let mut accounts = vec![
        bytes::whirlpool(&state),
        bytes::mint(state.token_a),
        bytes::mint(state.token_b),
    ];
    let needed = OrcaWhirlpoolPool::needed_accounts(&accounts[0].borrow()).unwrap();
    // Both mints, the oracle, and six arrays.
    assert_eq!(needed.len(), 9);
    let oracle = Oracle {
        account: needed[2],
        ..*state.oracle.clone().unwrap()
    };
    accounts.push(bytes::oracle(&state, &oracle));
    accounts.extend(needed[3..].iter().map(|address| absent(*address)));
    let set = bono_usdc::set(&accounts);
    let pool = OrcaWhirlpoolPool::from_accounts(state.pool, &set, state.clock).unwrap();
    let found = pool.state();
    assert_eq!(found.oracle, Some(Box::new(oracle)));
    let starts: Vec<i32> = found
        .tick_arrays
        .iter()
        .map(|array| array.start_tick_index)
        .collect();
    assert_eq!(starts, [-1_408, -704, 0, 704, 1_408, 2_112]);
    assert!(found.tick_arrays.iter().all(|array| !array.initialized));
    assert_eq!(pool.accounts().len(), 10);
}

#[test]
fn names_the_account_that_is_missing_and_the_field_that_is_wrong() {
    let whole = bono_usdc::accounts_and_absent_ones();
    let without = |place: usize| {
        let mut accounts = whole.clone();
        accounts.remove(place);
        bono_usdc::from_accounts(&accounts).unwrap_err()
    };
    for place in 0..3 {
        assert_eq!(without(place).code(), "account_missing");
    }
    let with = |place: usize, offset: usize, byte: u8| {
        let mut accounts = whole.clone();
        accounts[place].data[offset] = byte;
        bono_usdc::from_accounts(&accounts).unwrap_err().to_string()
    };
    assert!(with(0, 0, 0).contains("discriminator"));
    // Another spacing than the fee tier's index means an adaptive fee.
    assert!(with(0, 41, 63).contains("(the adaptive fee) is needed"));
    assert!(with(0, 48, 0xff).contains("protocol_fee_bps"));
    assert!(with(0, 81, 0).contains("tick: "));
    // The flag of the first tick of an array.
    assert!(with(5, 12, 2).contains("ticks.initialized: must be 0 or 1"));
    let mut foreign = whole.clone();
    foreign[0].owner = key(9);
    let error = bono_usdc::from_accounts(&foreign).unwrap_err();
    assert!(error.to_string().contains("owner program"), "{error}");
    let mut cut = whole.clone();
    cut[0].data.truncate(652);
    let error = bono_usdc::from_accounts(&cut).unwrap_err();
    assert!(error.to_string().contains("must be 653 bytes"), "{error}");
}

#[test]
fn a_dynamic_array_must_agree_with_its_bitmap_and_end_after_its_ticks() {
    let state = wide();
    let array = &state.tick_arrays[0];
    let refused = |change: fn(&mut Vec<u8>)| {
        let mut account = bytes::dynamic_array(&state, array);
        change(&mut account.data);
        let mut pool = pool(&state);
        let error = pool
            .apply(PoolChange::Account(account.borrow()))
            .unwrap_err();
        assert_eq!(pool.state(), state);
        error.to_string()
    };
    assert!(refused(|data| data[44] ^= 2).contains("tick_bitmap"));
    assert!(refused(|data| data[44 + 15] = 1).contains("88 ticks"));
    assert!(refused(|data| data.push(1)).contains("follows"));
    assert!(refused(|data| data.truncate(200)).contains("ticks"));
}

#[test]
fn an_oracle_with_bytes_in_use_that_nobody_knows_is_refused() {
    let state = adaptive();
    let mut pool = pool(&state);
    for offset in [66, 81, 110, 253] {
        let mut account = bytes::oracle(&state, state.oracle.as_ref().unwrap());
        account.data[offset] = 1;
        let change = PoolChange::Account(account.borrow());
        let error = pool.apply(change).unwrap_err();
        assert!(error.to_string().contains("reserved"), "{error}");
    }
}

#[test]
fn an_adaptive_pool_opens_at_its_time_and_refuses_a_clock_before_its_last_update() {
    let mut state = adaptive();
    let oracle = state.oracle.as_mut().unwrap();
    oracle.variables.last_reference_update_timestamp = 3_000;
    let amount = U256::from(1_000_000);
    let mut pool = pool(&state);
    let mut at = |unix_timestamp| {
        let clock = ChainClock {
            unix_timestamp,
            ..ChainClock::default()
        };
        pool.apply(PoolChange::Clock(clock)).unwrap();
        pool.amounts(FALLING, Exact::In, amount)
            .map_err(|error| error.to_string())
    };
    assert!(at(-1).unwrap_err().contains("TradeIsNotEnabled"));
    assert!(at(1_999).unwrap_err().contains("TradeIsNotEnabled"));
    assert!(at(2_999).unwrap_err().contains("InvalidTimestamp"));
    assert!(at(3_000).is_ok());
}

/// By hand: the fee of a group at distance `n` is `ceil(4000 * (n * 10000 * 8)**2 / (1e5 * 1e8))` above 3000.
#[test]
fn volatility_that_a_swap_leaves_is_charged_to_the_next_one_and_decays() {
    let mut pool = pool(&adaptive());
    assert_eq!(pool.fee_ppm(FALLING), 3_000);
    // Down into the group of the tick -26: -4, four groups below that of the tick 0.
    let to = sqrt_price_at_tick(-26).unwrap();
    let whole = pool
        .swap_to_price(FALLING, Exact::In, u64::MAX, to)
        .unwrap();
    pool.swap(FALLING, Exact::In, U256::from(whole.amount_in_raw))
        .unwrap();
    let variables = pool.state().oracle.unwrap().variables;
    assert_eq!(
        variables,
        AdaptiveFeeVariables {
            last_reference_update_timestamp: 10_000,
            last_major_swap_timestamp: 10_000,
            volatility_reference: 0,
            tick_group_index_reference: 0,
            volatility_accumulator: 40_000,
        }
    );
    let mut fee_after = |seconds: i64| {
        let clock = ChainClock {
            unix_timestamp: 10_000 + seconds,
            ..ChainClock::default()
        };
        pool.apply(PoolChange::Clock(clock)).unwrap();
        pool.fee_ppm(FALLING)
    };
    // Within the filter period: four groups from the reference, 4000 * (4 * 8)**2 / 1e5 = 40.96.
    assert_eq!(fee_after(29), 3_041);
    // Then half of the volatility, from a new reference: two groups, 10.24.
    assert_eq!(fee_after(30), 3_011);
    assert_eq!(fee_after(599), 3_011);
    assert_eq!(fee_after(600), 3_000);
}

#[test]
fn a_swap_ends_after_three_arrays_and_rising_after_the_last_slot_of_the_third() {
    let state = wide();
    let whole = pool(&state);
    let end = |tick| sqrt_price_at_tick(tick).unwrap();
    let price = |pair, amount: u64| {
        let mut pool = pool(&state);
        pool.swap(pair, Exact::In, U256::from(amount)).unwrap();
        pool.state().sqrt_price_x64
    };
    assert_eq!(price(FALLING, most_in(&whole, FALLING)), end(-1_408));
    assert_eq!(price(RISING, most_in(&whole, RISING)), end(2_111));

    // An initialised tick in the last slot of the third array: crossing it leaves the arrays.
    let mut slotted = state.clone();
    let slot = 2_112 - 8;
    slotted.tick_arrays[6] = array(1_408, &[tick(slot, 1)]);
    let mut slotted = pool(&slotted);
    let most = most_in(&slotted, RISING);
    slotted.swap(RISING, Exact::In, U256::from(most)).unwrap();
    assert_eq!(slotted.state().sqrt_price_x64, end(slot));
    assert_eq!(slotted.state().tick, slot);
}

#[test]
fn a_rising_swap_from_the_last_slot_of_an_array_begins_in_the_next_one() {
    let at = |tick| OrcaWhirlpoolState {
        tick,
        sqrt_price_x64: sqrt_price_at_tick(tick).unwrap(),
        ..wide()
    };
    let price = |state: &OrcaWhirlpoolState| {
        let mut pool = pool(state);
        let most = most_in(&pool, RISING);
        pool.swap(RISING, Exact::In, U256::from(most)).unwrap();
        pool.state().tick
    };
    assert_eq!(price(&at(695)), 2_111);
    assert_eq!(price(&at(696)), 2_815);
}

#[test]
fn an_array_that_is_created_later_is_taken_and_one_that_is_closed_is_forgotten() {
    let state = wide();
    let mut pool = pool(&state);
    let created = array(0, &[tick(96, 1 << 30)]);
    let account = bytes::fixed_array(&state, &created);
    pool.apply(PoolChange::Account(account.borrow())).unwrap();
    assert_eq!(pool.state().tick_arrays[4], created);
    let gone = absent(created.account);
    pool.apply(PoolChange::Account(gone.borrow())).unwrap();
    assert_eq!(pool.state(), state);

    let mut foreign = account;
    foreign.data[9_956] ^= 1;
    foreign.address = key(77);
    let error = pool
        .apply(PoolChange::Account(foreign.borrow()))
        .unwrap_err();
    assert_eq!(error.code(), "change_mismatch");
}

#[test]
fn a_far_array_that_changes_after_it_was_quoted_counts_from_then_on() {
    let far = |index| array(-1_408, &[tick(index, 1 << 38)]);
    let mut state = wide();
    state.tick_arrays[3] = array(-704, &[tick(-504, 1 << 37)]);
    state.tick_arrays[2] = far(-1_000);
    let mut changed = pool(&state);
    let deep = U256::from(most_in(&changed, FALLING) - 1);
    let before = changed.amounts(FALLING, Exact::In, deep).unwrap();
    let account = bytes::dynamic_array(&state, &far(-1_200));
    changed
        .apply(PoolChange::Account(account.borrow()))
        .unwrap();
    let after = changed.amounts(FALLING, Exact::In, deep).unwrap();
    assert!(after.amount_out_raw > before.amount_out_raw);
    state.tick_arrays[2] = far(-1_200);
    assert_eq!(changed.state(), state);
    assert_eq!(
        pool(&state).amounts(FALLING, Exact::In, deep).unwrap(),
        after
    );
}

#[test]
fn a_mint_that_changes_its_transfer_fee_is_asked_again() {
    let pool = bono_usdc::pool();
    let mut changed = pool.clone();
    for account in bono_usdc::accounts() {
        changed
            .apply(PoolChange::Account(account.borrow()))
            .unwrap();
    }
    assert_eq!(changed.state(), pool.state());
    assert_eq!(
        changed.accounts()[0],
        bono_usdc::POOL.parse::<ChainAddress>().unwrap()
    );
}

#[test]
fn states_that_no_pool_can_be_in_are_refused_by_name() {
    let cases: [(&str, Change); 12] = [
        ("program", |state| state.program = key(9)),
        ("token0", |state| state.token_b = key(0)),
        ("tick_spacing", |state| state.tick_spacing = 0),
        ("protocol_fee_bps", |state| state.protocol_fee_bps = 2_501),
        ("sqrt_price_x64", |state| {
            state.sqrt_price_x64 = 4_295_048_015;
        }),
        ("tick", |state| state.tick = 1),
        ("tick_arrays", |state| {
            state.tick_arrays[3].start_tick_index += 8;
        }),
        ("tick_arrays", |state| {
            let again = state.tick_arrays[0].clone();
            state.tick_arrays.push(again);
        }),
        ("tick_arrays", |state| {
            state.tick_arrays[0].initialized = false;
        }),
        ("tick_arrays", |state| {
            state.tick_arrays[0].ticks[0].index = -2_815;
        }),
        ("tick_arrays", |state| {
            state.tick_arrays[0].ticks[0].liquidity_gross = 1;
        }),
        ("oracle", |state| {
            state.oracle = adaptive().oracle;
            state.oracle.as_mut().unwrap().constants.tick_group_size = 3;
        }),
    ];
    for (field, change) in cases {
        let mut state = wide();
        change(&mut state);
        let error = OrcaWhirlpoolPool::new(&state).unwrap_err();
        assert!(error.to_string().starts_with(field), "{field}: {error}");
    }
}

#[test]
fn the_json_form_holds_the_whole_pool() {
    for state in [wide(), adaptive()] {
        let state = PoolState::OrcaWhirlpool(state);
        let text = serde_json::to_string(&state).unwrap();
        assert!(text.starts_with("{\"venue\":\"orca_whirlpool\""), "{text}");
        let again = read_pools(&text).unwrap().remove(0);
        assert_eq!(again, state);
        assert_eq!(Pool::new(&again).unwrap().state(), state);
    }
}

#[test]
fn the_example_in_the_docs_parses_and_quotes() {
    let page = include_str!("../../../../docs/pool-formats/orca_whirlpool.md");
    let example = page
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let state = read_pools(example).unwrap().remove(0);
    let pool = Pool::new(&state).unwrap();
    let quote = pool
        .quote(FALLING, Exact::In, U256::from(1_000_000))
        .unwrap();
    // Near the price 1 with a fee of 0.3 %: a little less than 997,000.
    assert_eq!(quote.amount_out_raw, U256::from(996_999));
}
