//! `PumpSwap` pools decoded from account bytes, against 200 trades that the real program executed.

use crate::solana_accounts::{
    Written, base64, int, key, key_at, mint, set, token_account, unsigned,
};
use alloy_primitives::U256;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::pump_fees::FeeSettlement;
use tradewind_core::pools::pumpswap::{PumpswapPool, PumpswapState};
use tradewind_core::pools::{
    AccountSet, ChainClock, Exact, FeeKind, Pool, PoolChange, PoolError, PoolMath, SwapAmounts,
    TokenPair, read_pools,
};
use tradewind_core::solana::program_address;

const VECTORS: &str = include_str!("../../../../tests/fixtures/solana/pumpswap/swaps.json");
const GLOBAL_CONFIG: &str = "ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw";
const FEE_CONFIG: &str = "5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx";
const PUMPSWAP: &str = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA";
const PUMP_FEES: &str = "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ";
const BUY: TokenPair = TokenPair::ONE_FOR_ZERO;
const SELL: TokenPair = TokenPair::ZERO_FOR_ONE;

struct Case {
    recorded: Value,
    accounts: Vec<Written>,
    pool: PumpswapPool,
}

impl Case {
    fn number(&self, name: &str) -> i128 {
        int(&self.recorded[name])
    }

    fn instruction(&self) -> &str {
        self.recorded["instruction"].as_str().unwrap()
    }

    fn side(&self) -> (TokenPair, Exact) {
        match self.instruction() {
            "buy" | "buy_v2" => (BUY, Exact::Out),
            "buy_exact_quote_in" | "buy_exact_quote_in_v2" => (BUY, Exact::In),
            "sell" | "sell_v2" => (SELL, Exact::In),
            other => panic!("{other}"),
        }
    }

    fn amounts(&self) -> Result<SwapAmounts, PoolError> {
        let (pair, exact) = self.side();
        self.pool.amounts(pair, exact, self.amount())
    }

    fn amount(&self) -> U256 {
        U256::from(unsigned(&self.recorded["amount"]))
    }
}

fn accounts(file: &Value, case: &Value) -> (ChainAddress, Vec<Written>) {
    let data = base64(&case["pool_data"]);
    let [base, quote] = [key_at(&data, 43), key_at(&data, 75)];
    let seeds: [&[u8]; 5] = [
        b"pool",
        &data[9..11],
        &data[11..43],
        &data[43..75],
        &data[75..107],
    ];
    let pool = program_address(key(PUMPSWAP), &seeds).unwrap();
    let [base_vault, quote_vault] = [key_at(&data, 139), key_at(&data, 171)];
    let mut fee_config = base64(&file["fee_config_data"]);
    fee_config.resize(4_073, 0);
    let owned = |address, owner, data| Written {
        address,
        owner: key(owner),
        data,
    };
    let accounts = vec![
        owned(pool, PUMPSWAP, data),
        token_account(base_vault, base, pool, unsigned(&case["base_vault"])),
        token_account(quote_vault, quote, pool, unsigned(&case["quote_vault"])),
        mint(base, unsigned(&case["base_supply"])),
        owned(
            key(GLOBAL_CONFIG),
            PUMPSWAP,
            base64(&file["global_config_data"]),
        ),
        owned(key(FEE_CONFIG), PUMP_FEES, fee_config),
    ];
    (pool, accounts)
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let recorded = file["cases"].as_array().unwrap();
    recorded
        .iter()
        .map(|case| {
            let (address, accounts) = accounts(&file, case);
            let pool = PumpswapPool::from_accounts(address, &set(&accounts), ChainClock::default())
                .unwrap();
            let kept = case["instruction"].as_str().unwrap().ends_with("_v2");
            let settlement = if kept {
                FeeSettlement::Kept
            } else {
                FeeSettlement::PaidOut
            };
            Case {
                recorded: case.clone(),
                accounts,
                pool: pool.settle_fees(settlement),
            }
        })
        .collect()
}

#[test]
fn gives_and_takes_what_the_program_did() {
    let mut equal = 0;
    for case in cases().iter().filter(|case| case.recorded["ok"] == true) {
        let amounts = case
            .amounts()
            .unwrap_or_else(|error| panic!("{error}: {}", case.recorded));
        let (paid, got) = (
            int_of(amounts.amount_in_raw),
            int_of(amounts.amount_out_raw),
        );
        let (base, quote) = if case.side().0 == BUY {
            (got, -paid)
        } else {
            (-paid, got)
        };
        assert_eq!(
            [base, quote],
            [case.number("base_delta"), case.number("quote_delta")],
            "{}",
            case.recorded
        );
        equal += 1;
    }
    assert_eq!(equal, 153);
}

fn int_of(amount: U256) -> i128 {
    amount.to::<u64>().into()
}

#[test]
fn leaves_the_state_that_the_program_left() {
    for mut case in cases()
        .into_iter()
        .filter(|case| case.recorded["ok"] == true)
    {
        let (pair, exact) = case.side();
        let quoted = case.pool.quote(pair, exact, case.amount()).unwrap();
        let swapped = case.pool.swap(pair, exact, case.amount()).unwrap();
        assert_eq!(swapped.amount_in_raw, quoted.amount_in_raw);
        assert_eq!(swapped.amount_out_raw, quoted.amount_out_raw);
        assert_eq!(quoted.spot_after, case.pool.spot_price(pair));
        let state = case.pool.state();
        for (name, left) in [
            ("base_vault_after", i128::from(state.base_vault_raw)),
            ("quote_vault_after", i128::from(state.quote_vault_raw)),
            ("virtual_after", state.virtual_quote_raw),
            ("protocol_fees_after", i128::from(state.protocol_fees_raw)),
            ("creator_fees_after", i128::from(state.creator_fees_raw)),
        ] {
            assert_eq!(left, case.number(name), "{name} of {}", case.recorded);
        }
    }
}

#[test]
fn names_the_fees_that_were_paid() {
    for case in cases().iter().filter(|case| case.recorded["ok"] == true) {
        let (pair, exact) = case.side();
        let quoted = case.pool.quote(pair, exact, case.amount()).unwrap();
        let fee = |kind| {
            let fees = quoted.fees.iter().filter(|fee| fee.kind == kind);
            fees.map(|fee| int_of(fee.amount_raw)).sum::<i128>()
        };
        let grown = |after, before| case.number(after) - case.number(before);
        let protocol = case.number("protocol_paid")
            + case.number("buyback_paid")
            + grown("protocol_fees_after", "protocol_fees");
        let creator = case.number("creator_paid") + grown("creator_fees_after", "creator_fees");
        assert_eq!(fee(FeeKind::Protocol), protocol, "{}", case.recorded);
        assert_eq!(fee(FeeKind::Creator), creator, "{}", case.recorded);
    }
}

#[test]
fn refuses_what_the_program_refused_with_its_reason() {
    let mut refused = 0;
    for case in cases().iter().filter(|case| case.recorded["ok"] == false) {
        let error = case.recorded["error"].as_u64().unwrap();
        let limit = case.number("limit");
        match (error, case.amounts()) {
            // Beyond the trader's limit: the quote must say so too.
            (6004, Ok(amounts)) if case.side().0 == BUY => {
                assert!(int_of(amounts.amount_in_raw) > limit, "{}", case.recorded);
            }
            (6004 | 6040, Ok(amounts)) => {
                assert!(int_of(amounts.amount_out_raw) < limit, "{}", case.recorded);
            }
            // The trader's own tokens did not suffice.
            (1, Ok(amounts)) => {
                assert!(int_of(amounts.amount_in_raw) > case.number("user_balance"));
            }
            // The instruction takes no minimum of zero.
            (6001, Ok(_)) => assert_eq!((case.side(), limit), ((BUY, Exact::In), 0)),
            // A sale for nothing needs another list of accounts in its first form.
            (6053, Ok(amounts)) => assert_eq!(amounts.amount_out_raw, U256::ZERO),
            (6001 | 6002, Err(PoolError::AmountZero { .. })) => {}
            (6016 | 6025, Err(PoolError::InsufficientLiquidity { most_out_raw, .. })) => {
                assert_eq!(int_of(most_out_raw), case.number("base_vault") - 1);
            }
            (code, Err(PoolError::SwapRefused { reason, .. })) => {
                assert!(
                    reason.contains(&format!("({code})")),
                    "{reason}: {}",
                    case.recorded
                );
            }
            (_, other) => panic!("{other:?}: {}", case.recorded),
        }
        refused += 1;
    }
    assert_eq!(refused, 47);
}

/// No instruction sells for a fixed output. The program gives for one coin less than the answer less than was asked.
#[test]
fn sells_for_an_output_with_the_least_coins_that_give_it() {
    for case in cases()
        .iter()
        .filter(|case| case.recorded["ok"] == true && case.side().0 == SELL)
    {
        let wanted = case.amounts().unwrap().amount_out_raw;
        if wanted.is_zero() {
            continue;
        }
        let least = case.pool.amounts(SELL, Exact::Out, wanted).unwrap();
        assert!(least.amount_out_raw >= wanted);
        assert!(least.amount_in_raw <= case.amount());
        assert_eq!(
            case.pool
                .amounts(SELL, Exact::In, least.amount_in_raw)
                .unwrap(),
            least
        );
        for back in 1..500 {
            let Some(less) = least.amount_in_raw.checked_sub(U256::from(back)) else {
                break;
            };
            if let Some(out) = case.pool.output(SELL, less) {
                assert!(out < wanted, "{less} gives {out} of {wanted}");
            }
        }
    }
}

#[test]
fn reads_accounts_one_by_one_as_it_reads_them_together() {
    let cases = cases();
    let mut read = 0;
    for (before, after) in cases.iter().zip(&cases[1..]) {
        if before.pool.address() != after.pool.address() {
            continue;
        }
        let mut pool = before.pool.clone().settle_fees(FeeSettlement::PaidOut);
        for account in &after.accounts {
            pool.apply(PoolChange::Account(account.account())).unwrap();
        }
        let expected = after.pool.clone().settle_fees(FeeSettlement::PaidOut);
        assert_eq!(pool.state(), expected.state());
        read += 1;
    }
    assert!(read > 50, "{read}");
}

#[test]
fn waits_for_the_account_that_belongs_to_the_other() {
    let case = &cases()[0];
    let mut pool = case.pool.clone();
    let mut account = case.accounts[0].clone();
    account.data[245..261].copy_from_slice(&(-100_000_000_000_i128).to_le_bytes());
    pool.apply(PoolChange::Account(account.account())).unwrap();
    let error = pool.amounts(BUY, Exact::In, U256::from(1_000)).unwrap_err();
    assert_eq!(error.code(), "insufficient_liquidity");
    let vault = &case.accounts[2].account();
    let paid = token_account(
        vault.address,
        key_at(vault.data, 0),
        pool.address(),
        200_000_000_000,
    );
    pool.apply(PoolChange::Account(paid.account())).unwrap();
    assert!(pool.amounts(BUY, Exact::In, U256::from(1_000)).is_ok());
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
    for length in [243, 244, 261, 270, 287, 300] {
        let mut accounts = case.accounts.clone();
        accounts[0].data.truncate(length);
        let pool = decode(case.pool.address(), &set(&accounts)).unwrap();
        let expected = case.pool.clone().settle_fees(FeeSettlement::PaidOut);
        assert_eq!(pool.state(), expected.state(), "{length}");
    }
}

fn decode(pool: ChainAddress, accounts: &AccountSet<'_>) -> Result<PumpswapPool, PoolError> {
    PumpswapPool::from_accounts(pool, accounts, ChainClock::default())
}

/// What one changed byte of one account makes of the pool.
fn decode_with(account: usize, offset: usize, value: u8) -> Result<PumpswapPool, PoolError> {
    let case = &cases()[0];
    let mut accounts = case.accounts.clone();
    accounts[account].data[offset] = value;
    decode(case.pool.address(), &set(&accounts))
}

#[test]
fn refuses_accounts_that_it_cannot_price() {
    for (account, offset, value, code) in [
        (0, 0, 0, "account_malformed"),     // another type
        (0, 244, 1, "unsupported_feature"), // cashback
        (0, 243, 2, "account_malformed"),   // no flag
        (0, 290, 1, "account_malformed"),   // behind the known fields
        (1, 108, 2, "swaps_disabled"),      // frozen
        (1, 32, 0, "account_malformed"),    // somebody else's vault
        (2, 0, 0, "account_malformed"),     // a vault of another token
        (3, 45, 0, "account_malformed"),    // no mint
        (4, 940, 3, "account_malformed"),   // no flag
        (5, 68, 255, "account_malformed"),  // more tiers than fit
    ] {
        let error = decode_with(account, offset, value).unwrap_err();
        assert_eq!(error.code(), code, "{account} {offset}: {error}");
    }
}

#[test]
fn names_the_account_that_was_not_given() {
    let case = &cases()[0];
    for missing in 0..case.accounts.len() {
        let mut accounts = case.accounts.clone();
        let address = accounts.remove(missing).address;
        match decode(case.pool.address(), &set(&accounts)) {
            Err(PoolError::AccountMissing { account, .. }) => assert_eq!(account, address),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn refuses_buys_or_sells_that_are_switched_off() {
    for (flag, off, on) in [(1 << 3, BUY, SELL), (1 << 4, SELL, BUY)] {
        let pool = decode_with(4, 56, flag).unwrap();
        let amount = U256::from(1_000_000);
        assert_eq!(
            pool.amounts(off, Exact::In, amount).unwrap_err().code(),
            "swaps_disabled"
        );
        assert!(pool.amounts(on, Exact::In, amount).is_ok());
    }
}

#[test]
fn refuses_states_that_the_program_would_not_store() {
    let state = cases()[0].pool.state();
    let edits: [fn(&mut PumpswapState); 4] = [
        |state| state.buyback_bps = 10_001,
        |state| state.creator_fee_bps = 10_001,
        |state| state.virtual_quote_raw = -i128::from(u64::MAX),
        |state| state.quote_mint = state.base_mint,
    ];
    for edit in edits {
        let mut state = state.clone();
        edit(&mut state);
        assert_eq!(
            PumpswapPool::new(&state).unwrap_err().code(),
            "state_invalid"
        );
    }
}
