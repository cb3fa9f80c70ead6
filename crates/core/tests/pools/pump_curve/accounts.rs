//! What the accounts and the JSON form may say, and what is refused.

use super::{LIFE, PUMP_FEES, SELL, cases, decode};
use crate::solana_accounts;
use crate::solana_accounts::{Written, base64, key, mint, set, unsigned};
use serde_json::Value;
use tradewind_core::pools::pump_curve::{PumpCurvePool, PumpCurveState};
use tradewind_core::pools::pump_fees::FeeSettlement;
use tradewind_core::pools::pumpswap::PumpswapPool;
use tradewind_core::pools::{ChainClock, Pool, PoolChange, PoolError, PoolMath, read_pools};

#[test]
fn reads_accounts_one_by_one_as_it_reads_them_together() {
    let cases = cases();
    for (before, after) in cases.iter().zip(&cases[1..]) {
        let mut pool = before.pool.clone().settle_fees(FeeSettlement::PaidOut);
        for account in &after.accounts {
            pool.apply(PoolChange::Account(account.account())).unwrap();
        }
        let expected = after.pool.clone().settle_fees(FeeSettlement::PaidOut);
        assert_eq!(pool.state(), expected.state());
    }
}

#[test]
fn has_a_json_form_from_which_it_is_made_again() {
    for case in cases() {
        let state = Pool::from(case.pool.clone()).state();
        let json = serde_json::to_string(&state).unwrap();
        let read = read_pools(&json).unwrap().remove(0);
        assert_eq!(read, state);
        let made = Pool::new(&read).unwrap();
        let (pair, exact) = case.side();
        assert_eq!(made.amounts(pair, exact, case.amount()), case.amounts());
    }
}

#[test]
fn reads_short_accounts_as_extended_with_zeros() {
    let case = &cases()[0];
    for length in [81, 82, 125, 141, 150, 166] {
        let mut accounts = case.accounts.clone();
        accounts[0].data.truncate(length);
        let pool = decode(case.pool.address(), &accounts).unwrap();
        let expected = case.pool.clone().settle_fees(FeeSettlement::PaidOut);
        assert_eq!(pool.state(), expected.state(), "{length}");
    }
}

#[test]
fn refuses_accounts_that_it_cannot_price() {
    let case = &cases()[0];
    let wrapped_sol = key("So11111111111111111111111111111111111111112")
        .solana()
        .unwrap();
    for (account, offset, value, code) in [
        (0, 0, &[0][..], "account_malformed"),      // another type
        (0, 82, &[1], "unsupported_feature"),       // cashback
        (0, 141, &[1], "unsupported_feature"),      // a coin as quote token
        (0, 83, &wrapped_sol, "account_malformed"), // SOL is the zero key
        (0, 83, &[1], "account_missing"),           // the mint of another quote token
        (0, 48, &[2], "account_malformed"),         // no flag
        (1, 45, &[0], "account_malformed"),         // no mint
        (2, 1_045, &[2], "account_malformed"),      // no flag
        (3, 65, &[255], "account_malformed"),       // more tiers than fit
    ] {
        let mut accounts = case.accounts.clone();
        accounts[account].data[offset..offset + value.len()].copy_from_slice(value);
        let error = decode(case.pool.address(), &accounts).unwrap_err();
        assert_eq!(error.code(), code, "{account} {offset}: {error}");
    }
}

#[test]
fn names_the_account_that_was_not_given() {
    let case = &cases()[0];
    for missing in 0..case.accounts.len() {
        let mut accounts = case.accounts.clone();
        let address = accounts.remove(missing).address;
        match decode(case.pool.address(), &accounts) {
            Err(PoolError::AccountMissing { account, .. }) => assert_eq!(account, address),
            // The curve does not say which mint it is of.
            Err(PoolError::StateInvalid { field, .. }) => {
                assert_eq!((field, missing), ("base_mint", 1));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn refuses_states_that_the_program_would_not_store() {
    let state = cases()[0].pool.state();
    let edits: [fn(&mut PumpCurveState); 3] = [
        |state| state.buyback_bps = 10_001,
        |state| state.creator_fee_bps = 10_001,
        |state| state.quote_mint = state.base_mint,
    ];
    for edit in edits {
        let mut state = state.clone();
        edit(&mut state);
        assert_eq!(
            PumpCurvePool::new(&state).unwrap_err().code(),
            "state_invalid"
        );
    }
}

/// The pool that the coin migrated to, as the program wrote it, and its last trade.
#[test]
fn the_pool_of_a_migrated_coin_is_canonical() {
    let life: Value = serde_json::from_str(LIFE).unwrap();
    let vectors: Value = serde_json::from_str(include_str!(
        "../../../../../tests/fixtures/solana/pumpswap/swaps.json"
    ))
    .unwrap();
    let data = base64(&life["pool_data"]);
    let pool = key(life["pool"].as_str().unwrap());
    let key_at = |offset| solana_accounts::key_at(&data, offset);
    let token_account = solana_accounts::token_account;
    let mut fee_config = base64(&vectors["fee_config_data"]);
    fee_config.resize(4_073, 0);
    let pumpswap = key("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");
    let accounts = [
        token_account(key_at(139), key_at(43), pool, unsigned(&life["pool_base"])),
        token_account(key_at(171), key_at(75), pool, unsigned(&life["pool_quote"])),
        mint(key_at(43), 1_000_000_000_000_000),
        Written {
            address: key("ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw"),
            owner: pumpswap,
            data: base64(&vectors["global_config_data"]),
        },
        Written {
            address: key("5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx"),
            owner: key(PUMP_FEES),
            data: fee_config,
        },
        Written {
            address: pool,
            owner: pumpswap,
            data,
        },
    ];
    let pool = PumpswapPool::from_accounts(pool, &set(&accounts), ChainClock::default()).unwrap();
    assert!(pool.state().canonical);
    assert_eq!(pool.fee_ppm(SELL), 12_000);
}
