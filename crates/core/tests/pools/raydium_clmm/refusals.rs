//! Accounts, states and amounts that are refused, and bytes that are nothing.

use super::three_arrays;
use crate::recorded_clmm::{CLOCK, Owned, config, decode};
use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_clmm::RaydiumClmmPool;
use tradewind_core::pools::{ChainClock, Exact, PoolChange, PoolMath, TokenPair};

fn refusal(spoil: impl FnOnce(&mut Vec<Owned>)) -> &'static str {
    let mut accounts = three_arrays();
    spoil(&mut accounts);
    decode(&accounts).map(|_| ()).unwrap_err().code()
}

#[test]
fn refuses_each_account_that_the_program_would_not_have_written() {
    for (at, byte, code) in [
        (0, 1, "account_malformed"),
        (235, 2, "account_malformed"),
        (260, 64, "state_invalid"),
        (269, 1, "state_invalid"),
        (273, 1, "unsupported_feature"),
        (389, 64, "unsupported_feature"),
        (390, 1, "unsupported_feature"),
        (391, 1, "unsupported_feature"),
        (1_096, 1, "unsupported_feature"),
        (1_175, 1, "unsupported_feature"),
        (1_300, 1, "unsupported_feature"),
    ] {
        assert_eq!(
            refusal(|accounts| accounts[0].data[at] ^= byte),
            code,
            "PoolState byte {at}"
        );
    }
    for (at, byte, code) in [
        (40, 1, "account_malformed"),
        (44, 1, "account_malformed"),
        (44 + 28 * 168 + 124, 1, "unsupported_feature"),
        (44 + 5 * 168 + 132, 1, "unsupported_feature"),
        (10_124, 1, "account_malformed"),
        (10_200, 1, "unsupported_feature"),
    ] {
        let spoil = |accounts: &mut Vec<Owned>| accounts[4].data[at] ^= byte;
        assert_eq!(refusal(spoil), code, "TickArrayState byte {at}");
    }
    assert_eq!(
        refusal(|accounts| accounts[1].data = config(1_000_000, 0, 0, 1)),
        "state_invalid"
    );
    assert_eq!(
        refusal(|accounts| accounts[1].data = config(400, 900_000, 100_001, 1)),
        "state_invalid"
    );
    assert_eq!(
        refusal(|accounts| accounts[1].data = config(400, 0, 0, 2)),
        "account_malformed"
    );
    assert_eq!(
        refusal(|accounts| accounts[1].data[100] = 1),
        "unsupported_feature"
    );
    assert_eq!(
        refusal(|accounts| accounts[0].owner = ChainAddress::Solana([9; 32])),
        "account_malformed"
    );
    assert_eq!(
        refusal(|accounts| {
            accounts[0].data.pop();
        }),
        "account_malformed"
    );
    assert_eq!(
        refusal(|accounts| {
            accounts[4].data.push(0);
        }),
        "account_malformed"
    );
    // The bitmap's bit of an array that has ticks.
    let bit = usize::try_from(-24_480 / 60 + 512).unwrap();
    assert_eq!(
        refusal(|accounts| accounts[0].data[904 + bit / 8] ^= 1 << (bit % 8)),
        "account_malformed"
    );
    for missing in 0..4 {
        assert_eq!(
            refusal(|accounts| {
                accounts.remove(missing);
            }),
            "account_missing"
        );
    }
}

#[test]
fn a_pool_that_is_closed_or_not_yet_open_says_so() {
    let mut accounts = three_arrays();
    let ask = |pool: &RaydiumClmmPool| {
        pool.amounts(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(1_000))
    };
    let mut pool = decode(&accounts).unwrap();
    assert!(ask(&pool).is_ok());
    let opens = pool.state().open_time;
    for (at, open) in [(opens, false), (opens + 1, true)] {
        let clock = ChainClock {
            unix_timestamp: at.cast_signed(),
            ..CLOCK
        };
        pool.apply(PoolChange::Clock(clock)).unwrap();
        assert_eq!(ask(&pool).map_err(|error| error.code()).is_ok(), open);
    }
    // Bits 0 to 3 and 5 close other doors.
    accounts[0].data[389] = 0b10_1111;
    assert!(ask(&decode(&accounts).unwrap()).is_ok());
    accounts[0].data[389] = 0b1_0000;
    let closed = decode(&accounts).unwrap();
    assert_eq!(ask(&closed).unwrap_err().code(), "swaps_disabled");
    assert_eq!(
        closed.curve(TokenPair::ZERO_FOR_ONE),
        tradewind_core::pools::Curve::Nothing
    );
}

#[test]
fn refuses_amounts_that_the_program_refuses() {
    let pool = decode(&three_arrays()).unwrap();
    for (amount, code) in [
        (U256::ZERO, "amount_zero"),
        (U256::from(u64::MAX) + U256::ONE, "swap_refused"),
        (U256::MAX, "swap_refused"),
        // A unit of lamports buys nothing.
        (U256::ONE, "swap_refused"),
    ] {
        let error = pool
            .amounts(TokenPair::ZERO_FOR_ONE, Exact::In, amount)
            .unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(
        account in 0usize..7, changes in prop::collection::vec((0usize..10_240, any::<u8>()), 1..6),
        amount in any::<u64>(), later in any::<bool>(),
    ) {
        let mut accounts = three_arrays();
        let mut fresh = decode(&accounts).unwrap();
        let data = &mut accounts[account].data;
        for (at, byte) in changes {
            let at = at % data.len();
            data[at] = byte;
        }
        if later {
            let _ = fresh.apply(PoolChange::Account(accounts[account].account()));
        } else if let Ok(pool) = decode(&accounts) {
            fresh = pool;
        }
        for pair in [TokenPair::ZERO_FOR_ONE, TokenPair::ONE_FOR_ZERO] {
            for exact in [Exact::In, Exact::Out] {
                let _ = fresh.quote(pair, exact, U256::from(amount));
            }
            let _ = fresh.curve(pair);
        }
    }

    #[test]
    fn no_state_makes_it_panic(
        price in any::<u128>(), tick in any::<i32>(), liquidity in any::<u128>(), spacing in any::<u16>(),
        nets in prop::collection::vec((any::<i8>(), any::<i128>()), 0..6), amount in any::<u64>(), near in any::<bool>(),
    ) {
        let mut state = decode(&three_arrays()).unwrap().state();
        state.liquidity = liquidity;
        if !near {
            (state.sqrt_price_x64, state.tick_current, state.tick_spacing) = (price, tick, spacing);
        }
        for (place, net) in nets {
            let Some(array) = state.tick_arrays.iter_mut().find(|array| array.ticks.is_some()) else { break };
            let ticks = array.ticks.as_mut().unwrap();
            let place = place.unsigned_abs() as usize % ticks.len();
            ticks[place].liquidity_net = net;
        }
        if let Ok(pool) = RaydiumClmmPool::new(&state) {
            for exact in [Exact::In, Exact::Out] {
                let _ = pool.quote(TokenPair::ZERO_FOR_ONE, exact, U256::from(amount));
                let _ = pool.quote(TokenPair::ONE_FOR_ZERO, exact, U256::from(amount));
            }
        }
    }
}
