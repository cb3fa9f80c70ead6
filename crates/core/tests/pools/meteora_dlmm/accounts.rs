//! What the accounts and the JSON form may say, and what is refused.

use super::{
    Case, PAIR, array_address, cases, clock, decode, direction, exact, extension_address, owned,
    recorded_accounts, recorded_pool,
};
use crate::solana_accounts::{Written, key};
use alloy_primitives::U256;
use tradewind_core::pools::{
    ChainClock, Exact, Pool, PoolChange, PoolError, PoolMath, TokenPair, read_pools, write_pools,
};

/// A list of accounts in which the pair's own bytes stand last.
fn pair_of(accounts: &mut [Written]) -> &mut Written {
    accounts.last_mut().unwrap()
}

fn first_case() -> Case {
    cases().swap_remove(0)
}

#[test]
fn has_a_json_form_from_which_it_is_made_again() {
    for case in cases() {
        let swap = &case.recorded["swaps"][0];
        let pool = Pool::from(decode(&case.accounts, clock(swap)).unwrap());
        let states = read_pools(&write_pools(&[pool.state()]).unwrap()).unwrap();
        assert_eq!(states, [pool.state()]);
        let made = Pool::new(&states[0]).unwrap();
        let amount = U256::from(swap["amount"].as_u64().unwrap());
        let pair = direction(&swap["x_to_y"]);
        assert_eq!(
            made.amounts(pair, exact(swap), amount),
            pool.amounts(pair, exact(swap), amount)
        );
    }
}

/// Whatever the pair was before, and with its prices already asked for.
#[test]
fn reads_accounts_one_by_one_as_it_reads_them_together() {
    for case in cases() {
        let swap = &case.recorded["swaps"][0];
        let expected = decode(&case.accounts, clock(swap)).unwrap();
        let mut accounts = case.accounts.clone();
        pair_of(&mut accounts).data[40..80].fill(0);
        accounts.retain(|account| account.data.len() != 10_136);
        let mut pool = decode(&accounts, ChainClock::default()).unwrap();
        let one = U256::from(1_000);
        let _ = pool.amounts(TokenPair::ZERO_FOR_ONE, Exact::In, one);
        for account in &case.accounts {
            pool.apply(PoolChange::Account(account.account())).unwrap();
        }
        pool.apply(PoolChange::Clock(clock(swap))).unwrap();
        assert_eq!(pool.state(), expected.state());
        for pair in [TokenPair::ZERO_FOR_ONE, TokenPair::ONE_FOR_ZERO] {
            assert_eq!(
                pool.amounts(pair, Exact::In, one),
                expected.amounts(pair, Exact::In, one)
            );
        }
    }
}

#[test]
fn names_the_bin_array_that_a_swap_needs() {
    let pool = recorded_pool();
    let error = pool
        .amounts(TokenPair::ONE_FOR_ZERO, Exact::In, U256::from(1_u64 << 60))
        .unwrap_err();
    let PoolError::AccountMissing { account, role, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((account, role), (array_address(1), "bin array"));
    assert!(pool.accounts().contains(&account));
}

/// The pair's bitmap ends at array 511; what is beyond is told by another account, which may not exist.
#[test]
fn asks_for_the_bitmap_that_goes_on_and_believes_that_there_is_none() {
    let mut accounts = recorded_accounts();
    pair_of(&mut accounts).data[584..712].fill(0);
    pair_of(&mut accounts).data[584 + 511 / 8] |= 1 << 7;
    pair_of(&mut accounts).data[584 + 64] |= 1;
    let whole = |accounts: &[Written]| {
        decode(accounts, ChainClock::default())
            .unwrap()
            .amounts(TokenPair::ZERO_FOR_ONE, Exact::Out, U256::from(1_u64 << 62))
            .unwrap_err()
    };
    let PoolError::AccountMissing { account, .. } = whole(&accounts) else {
        panic!("it was not asked for");
    };
    assert_eq!(account, extension_address());
    let mut extension = owned(account, Vec::new());
    accounts.insert(0, extension.clone());
    assert_eq!(whole(&accounts).code(), "insufficient_liquidity");
    extension.data = vec![0; 1_576];
    extension.data[..8].copy_from_slice(&[0x50, 0x6f, 0x7c, 0x71, 0x37, 0xed, 0x12, 0x05]);
    extension.data[8..40].copy_from_slice(&key(PAIR).solana().unwrap());
    extension.data[808] = 1;
    accounts[0] = extension;
    let PoolError::AccountMissing { account, .. } = whole(&accounts) else {
        panic!("array -513 was not asked for");
    };
    assert_eq!(account, array_address(-513));
}

#[test]
fn opens_when_the_pair_says() {
    let case = first_case();
    let swap = &case.recorded["swaps"][0];
    let at = |activation_type: u8, point: u64, clock: ChainClock| {
        let mut accounts = case.accounts.clone();
        let pair = pair_of(&mut accounts);
        pair.data[75] = 2;
        pair.data[86] = activation_type;
        pair.data[816..824].copy_from_slice(&point.to_le_bytes());
        let pool = decode(&accounts, clock).unwrap();
        let amount = U256::from(swap["amount"].as_u64().unwrap());
        pool.amounts(direction(&swap["x_to_y"]), exact(swap), amount)
            .map_err(|error| error.code())
    };
    let now = clock(swap);
    let second = u64::try_from(now.unix_timestamp).unwrap();
    assert_eq!(at(0, now.slot + 1, now), Err("swaps_disabled"));
    assert_eq!(at(1, second + 1, now), Err("swaps_disabled"));
    assert_ne!(at(0, now.slot, now), Err("swaps_disabled"));
    assert_ne!(at(1, second, now), Err("swaps_disabled"));
}

#[test]
fn refuses_accounts_that_it_cannot_price() {
    let case = first_case();
    let array = case
        .accounts
        .iter()
        .position(|account| account.data.len() == 10_136)
        .unwrap();
    let reserve = case
        .accounts
        .iter()
        .position(|account| account.data.len() == 165)
        .unwrap();
    let pair = case.accounts.len() - 1;
    for (account, offset, value, code) in [
        (pair, 0, 0, "account_malformed"),        // another type
        (pair, 75, 4, "unsupported_feature"),     // no kind of pair that is known
        (pair, 35, 3, "unsupported_feature"),     // no function that is known
        (pair, 36, 2, "account_malformed"),       // no way to collect fees
        (pair, 82, 2, "account_malformed"),       // no status
        (pair, 34, 255, "state_invalid"),         // a fee beyond all bounds
        (pair, 880, 1, "account_missing"),        // a mint of Token-2022
        (array, 16, 3, "unsupported_feature"),    // no version that is known
        (array, 8, 0x77, "account_malformed"),    // another place than its address says
        (reserve, 108, 2, "swaps_disabled"),      // frozen
        (reserve, 32, 0x77, "account_malformed"), // somebody else's
    ] {
        let mut accounts = case.accounts.clone();
        accounts[account].data[offset] = value;
        let error = decode(&accounts, ChainClock::default()).unwrap_err();
        assert_eq!(error.code(), code, "{account} {offset}: {error}");
    }
    let mut accounts = case.accounts.clone();
    pair_of(&mut accounts).data[82] = 1;
    let closed = decode(&accounts, ChainClock::default()).unwrap();
    let error = closed
        .amounts(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(1))
        .unwrap_err();
    assert_eq!(error.code(), "swaps_disabled");
}
