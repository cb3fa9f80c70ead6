//! Raydium AMM v4 against what two builds of the real program answered.

use crate::recorded;
use crate::recorded::Recorded;
use alloy_primitives::U256;
use serde::Deserialize;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_amm_v4::{
    RAYDIUM_AMM_V4_PROGRAM, RaydiumAmmV4Pool, RaydiumAmmV4State, Rounding,
};
use tradewind_core::pools::{
    Account, AccountSet, ChainClock, Exact, FeeKind, Pool, PoolChange, PoolError, PoolMath,
    PoolQuote, TokenPair, decimal, read_pools,
};
use tradewind_core::solana::TOKEN_PROGRAM;

const NOW: ChainClock = ChainClock {
    slot: 0,
    epoch: 0,
    unix_timestamp: 1_790_000_000,
};
const COIN_VAULT: usize = 336;
const PC_VAULT: usize = 368;
const COIN_MINT: usize = 400;
const PC_MINT: usize = 432;

#[derive(Deserialize)]
struct File<T> {
    pool: ChainAddress,
    pool_data: String,
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct OldCase {
    #[serde(with = "decimal")]
    coin_vault: u64,
    #[serde(with = "decimal")]
    pc_vault: u64,
    direction: String,
    #[serde(with = "decimal")]
    amount_in: u64,
    amount_out: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Case {
    instruction: String,
    direction: String,
    #[serde(with = "decimal")]
    amount: u64,
    #[serde(with = "decimal")]
    limit: u64,
    #[serde(with = "decimal")]
    coin_vault: u64,
    #[serde(with = "decimal")]
    pc_vault: u64,
    need_take_pnl: [String; 2],
    swap_fee: [String; 2],
    status: u64,
    open_time: String,
    #[serde(with = "decimal")]
    user_balance: u64,
    amount_in: Option<String>,
    amount_out: Option<String>,
    error: Option<Value>,
}

fn key(data: &[u8], offset: usize) -> ChainAddress {
    ChainAddress::Solana(data[offset..offset + 32].try_into().unwrap())
}

/// The pool from its bytes, with vaults of these balances.
fn decoded(
    pool: ChainAddress,
    data: &[u8],
    vaults: [u64; 2],
) -> Result<RaydiumAmmV4Pool, PoolError> {
    let coin = recorded::token_account(key(data, COIN_MINT), pool, vaults[0]);
    let pc = recorded::token_account(key(data, PC_MINT), pool, vaults[1]);
    let account = |address, owner, data| Account {
        address,
        owner,
        data,
    };
    let accounts: AccountSet = [
        account(pool, RAYDIUM_AMM_V4_PROGRAM, data),
        account(key(data, COIN_VAULT), TOKEN_PROGRAM, &coin),
        account(key(data, PC_VAULT), TOKEN_PROGRAM, &pc),
    ]
    .into_iter()
    .collect();
    RaydiumAmmV4Pool::from_accounts(pool, &accounts, NOW)
}

fn pair(direction: &str) -> TokenPair {
    match direction {
        "coin_to_pc" => TokenPair::ZERO_FOR_ONE,
        "pc_to_coin" => TokenPair::ONE_FOR_ZERO,
        other => panic!("{other}"),
    }
}

fn raw(text: &str) -> u64 {
    text.parse().unwrap()
}

/// A plain pool that swaps.
fn pool() -> RaydiumAmmV4Pool {
    let file: File<Value> = recorded::read("solana/raydium_amm_v4/swaps.json");
    decoded(
        file.pool,
        &recorded::bytes(&file.pool_data),
        [1_000_000_000_000, 2_000_000_000],
    )
    .unwrap()
}

#[test]
fn answers_every_swap_of_the_build_of_2024_with_its_rounding() {
    let file: File<OldCase> = recorded::read("solana/raydium_amm_v4/swaps_2024.json");
    let data = recorded::bytes(&file.pool_data);
    assert_eq!(file.cases.len(), 120);
    let mut rounded_otherwise = 0;
    for case in file.cases {
        let state = decoded(file.pool, &data, [case.coin_vault, case.pc_vault])
            .unwrap()
            .state();
        let answer = |rounding| {
            let pool = RaydiumAmmV4Pool::new(&RaydiumAmmV4State {
                rounding,
                ..state.clone()
            });
            let amounts =
                pool.unwrap()
                    .amounts(pair(&case.direction), Exact::In, U256::from(case.amount_in));
            amounts
                .ok()
                .map(|amounts| amounts.amount_out_raw.to_string())
        };
        assert_eq!(
            answer(Rounding::NearestBelowOne),
            case.amount_out,
            "{}",
            case.amount_in
        );
        rounded_otherwise += usize::from(answer(Rounding::Up) != case.amount_out);
    }
    assert_eq!(
        rounded_otherwise, 9,
        "the two builds differ only where the fee is below half a unit"
    );
}

#[test]
fn answers_and_refuses_every_swap_as_the_program_does() {
    let file: File<Case> = recorded::read("solana/raydium_amm_v4/swaps.json");
    assert_eq!(file.cases.len(), 200);
    for case in file.cases {
        let mut data = recorded::bytes(&file.pool_data);
        for (offset, value) in [
            (0, case.status),
            (176, raw(&case.swap_fee[0])),
            (184, raw(&case.swap_fee[1])),
            (192, raw(&case.need_take_pnl[0])),
            (200, raw(&case.need_take_pnl[1])),
            (224, raw(&case.open_time)),
        ] {
            data[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        }
        let pool = decoded(file.pool, &data, [case.coin_vault, case.pc_vault]).unwrap();
        let exact = if case.instruction.contains("base_in") {
            Exact::In
        } else {
            Exact::Out
        };
        let answer = pool.quote(pair(&case.direction), exact, U256::from(case.amount));
        compare(&case, exact, answer);
    }
}

fn compare(case: &Case, exact: Exact, answer: Result<PoolQuote, PoolError>) {
    let Some(error) = &case.error else {
        let quote = answer.unwrap();
        assert_eq!(
            quote.amount_in_raw.to_string(),
            *case.amount_in.as_ref().unwrap(),
            "{case:?}"
        );
        assert_eq!(
            quote.amount_out_raw.to_string(),
            *case.amount_out.as_ref().unwrap(),
            "{case:?}"
        );
        return;
    };
    let refusal = answer
        .as_ref()
        .err()
        .map(|error| (error.code(), error.to_string()));
    let (code, text) = refusal.clone().unwrap_or(("", String::new()));
    let limit = U256::from(case.limit);
    let panicked = error == "ProgramFailedToComplete";
    let as_program = match (error.as_u64(), &answer) {
        // The caller's limit or balance, of which a pool knows nothing.
        (Some(30), Ok(quote)) if exact == Exact::In => quote.amount_out_raw < limit,
        (Some(30), Ok(quote)) => quote.amount_in_raw > limit,
        (Some(30), Err(_)) => case.limit > 0 && text.contains("29"),
        (Some(40), Ok(quote)) => quote.amount_in_raw > U256::from(case.user_balance),
        (Some(29), Err(_)) => text.contains("(InvalidInput, 29)") || code == "amount_zero",
        (Some(10 | 22), Err(_)) if case.status == 1 => code == "unsupported_feature",
        (Some(22), Err(_)) => code == "swaps_disabled" && text.contains("(InvalidStatus, 22)"),
        (None, Err(_)) => {
            panicked && (code == "insufficient_liquidity" || text.contains("64 bits"))
        }
        _ => false,
    };
    assert!(as_program, "{case:?}: {answer:?}");
}

#[test]
fn decodes_the_accounts_of_mainnet_and_opens_only_with_all_of_them() {
    #[derive(Deserialize)]
    struct Accounts {
        pool_with_vaults: Vec<Recorded>,
        pool_at_slot_433179580: Recorded,
    }
    let file: Accounts = recorded::read("solana/raydium_amm_v4/accounts.json");
    let data: Vec<_> = file.pool_with_vaults.iter().map(Recorded::bytes).collect();
    let accounts: Vec<_> = file
        .pool_with_vaults
        .iter()
        .zip(&data)
        .map(|(of, data)| of.account(data))
        .collect();
    let address = accounts[0].address;
    let pool =
        RaydiumAmmV4Pool::from_accounts(address, &accounts.iter().copied().collect(), NOW).unwrap();
    let state = pool.state();
    assert_eq!(
        state.coin_mint.to_string(),
        "So11111111111111111111111111111111111111112"
    );
    assert_eq!(
        state.pc_mint.to_string(),
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
    );
    assert_eq!(
        [state.coin_vault_raw, state.pc_vault_raw],
        [45_890_814_872_617, 3_656_849_666_245]
    );
    assert_eq!(
        (
            state.swap_fee_numerator,
            state.swap_fee_denominator,
            state.status
        ),
        (25, 10_000, 6)
    );
    assert_eq!(
        pool.accounts(),
        [address, accounts[1].address, accounts[2].address]
    );

    for missing in 0..3 {
        let rest = accounts
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != missing);
        let rest: AccountSet = rest.map(|(_, account)| *account).collect();
        let error = RaydiumAmmV4Pool::from_accounts(address, &rest, NOW).unwrap_err();
        assert_eq!(error.code(), "account_missing");
    }
    let later = file.pool_at_slot_433179580.bytes();
    let mut pool = pool;
    pool.apply(PoolChange::Account(
        file.pool_at_slot_433179580.account(&later),
    ))
    .unwrap();
    let owed = [
        pool.state().coin_need_take_pnl_raw,
        pool.state().pc_need_take_pnl_raw,
    ];
    assert_eq!(owed, [162_834_498, 12_518_360]);
}

#[test]
fn refuses_accounts_that_are_not_the_pools() {
    let file: File<Value> = recorded::read("solana/raydium_amm_v4/swaps.json");
    let data = recorded::bytes(&file.pool_data);
    let mut pool = pool();
    let before = pool.state();
    let mut other_vault = data.clone();
    other_vault[COIN_VAULT] ^= 1;
    let mut status_9 = data.clone();
    status_9[0] = 9;
    let wrong_mint = recorded::token_account(before.pc_mint, file.pool, 5);
    let of = |address, owner, data| Account {
        address,
        owner,
        data,
    };
    for (account, code) in [
        (of(file.pool, TOKEN_PROGRAM, &data), "account_malformed"),
        (
            of(file.pool, RAYDIUM_AMM_V4_PROGRAM, &data[..751]),
            "account_malformed",
        ),
        (
            of(file.pool, RAYDIUM_AMM_V4_PROGRAM, &other_vault),
            "account_malformed",
        ),
        (
            of(file.pool, RAYDIUM_AMM_V4_PROGRAM, &status_9),
            "state_invalid",
        ),
        (
            of(before.coin_vault, TOKEN_PROGRAM, &wrong_mint),
            "account_malformed",
        ),
        (
            of(before.coin_vault, RAYDIUM_AMM_V4_PROGRAM, &wrong_mint),
            "account_malformed",
        ),
        (
            of(before.coin_mint, TOKEN_PROGRAM, &wrong_mint),
            "change_mismatch",
        ),
    ] {
        let error = pool.apply(PoolChange::Account(account)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(pool.state(), before);
    }
}

#[test]
fn a_waiting_pool_opens_with_the_clock_and_trades_on() {
    let state = RaydiumAmmV4State {
        status: 7,
        pool_open_time: 1_790_000_060,
        ..pool().state()
    };
    let mut pool = RaydiumAmmV4Pool::new(&state).unwrap();
    let (pair, amount) = (TokenPair::ZERO_FOR_ONE, U256::from(1_000_000));
    assert_eq!(
        pool.amounts(pair, Exact::In, amount).unwrap_err().code(),
        "swaps_disabled"
    );
    assert_eq!(pool.output(pair, amount), None);
    let clock = ChainClock {
        unix_timestamp: 1_790_000_060,
        ..NOW
    };
    pool.apply(PoolChange::Clock(clock)).unwrap();
    pool.swap(pair, Exact::In, amount).unwrap();
    assert_eq!(pool.state().status, 6);
}

#[test]
fn states_that_no_pool_can_be_in_are_refused() {
    let state = pool().state();
    for (broken, field) in [
        (
            RaydiumAmmV4State {
                pc_mint: state.coin_mint,
                ..state.clone()
            },
            "pc_mint",
        ),
        (
            RaydiumAmmV4State {
                swap_fee_numerator: 10_000,
                ..state.clone()
            },
            "swap_fee_numerator",
        ),
        (
            RaydiumAmmV4State {
                swap_fee_denominator: 0,
                ..state.clone()
            },
            "swap_fee_numerator",
        ),
        (
            RaydiumAmmV4State {
                status: 0,
                ..state.clone()
            },
            "status",
        ),
        (
            RaydiumAmmV4State {
                status: 8,
                ..state.clone()
            },
            "status",
        ),
    ] {
        let error = RaydiumAmmV4Pool::new(&broken).unwrap_err();
        assert_eq!(error.code(), "state_invalid");
        assert!(error.to_string().starts_with(field), "{error}");
    }
    let owed = RaydiumAmmV4State {
        coin_need_take_pnl_raw: u64::MAX,
        ..state
    };
    let pool = RaydiumAmmV4Pool::new(&owed).unwrap();
    let error = pool
        .amounts(TokenPair::ONE_FOR_ZERO, Exact::Out, U256::ONE)
        .unwrap_err();
    assert_eq!(error.code(), "swaps_disabled");
}

#[test]
fn the_quote_says_what_the_liquidity_gets() {
    let quote = pool()
        .quote(TokenPair::ZERO_FOR_ONE, Exact::In, U256::from(1_000_001))
        .unwrap();
    assert_eq!(quote.fee_ppm, 2500);
    assert_eq!(quote.fees.len(), 1);
    assert_eq!(quote.fees[0].kind, FeeKind::Liquidity);
    assert_eq!(quote.fees[0].amount_raw, U256::from(2501));
    assert_eq!(quote.fees[0].token, quote.token_in);
}

#[test]
fn its_json_is_read_as_it_was_written() {
    let pool = Pool::from(pool());
    let text = serde_json::to_string(&pool.state()).unwrap();
    assert_eq!(read_pools(&text).unwrap(), [pool.state()]);
}
