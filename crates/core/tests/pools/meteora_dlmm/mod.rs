//! DLMM pairs decoded from account bytes, against swaps that the real program executed: 120 of a recorded pair,
//! and some hundreds, one after the other, of random pairs.

mod accounts;

use crate::solana_accounts;
use crate::solana_accounts::{Written, key, key_at, set, token_account, unsigned};
use alloy_primitives::U256;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::meteora_dlmm::{DlmmBin, DlmmOrders, MeteoraDlmmPool};
use tradewind_core::pools::{ChainClock, Exact, PoolChange, PoolError, PoolMath, TokenPair};
use tradewind_core::solana::{TOKEN_2022_PROGRAM, program_address};

const SWAPS: &str = include_str!("../../../../../tests/fixtures/solana/meteora_dlmm/swaps.json");
const RANDOM: &str =
    include_str!("../../../../../tests/fixtures/solana/meteora_dlmm/swaps_random.json");
const PAIR: &str = "EtAdVRLFH22rjWh3mcUasKFF27WtHhsaCvK27tPFFWig";
const PROGRAM: &str = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo";
const RESERVE_RAW: u64 = 1 << 62;

macro_rules! recorded {
    ($name:literal) => {
        include_bytes!(concat!(
            "../../../../../tests/fixtures/solana/meteora_dlmm/EtAdVRLFH22rjWh3mcUasKFF27WtHhsaCvK27tPFFWig/",
            $name
        ))
        .to_vec()
    };
}

fn array_address(index: i64) -> ChainAddress {
    let pair = key(PAIR).solana().unwrap();
    let seeds: [&[u8]; 3] = [b"bin_array", &pair, &index.to_le_bytes()];
    program_address(key(PROGRAM), &seeds).unwrap()
}

fn extension_address() -> ChainAddress {
    let pair = key(PAIR).solana().unwrap();
    program_address(key(PROGRAM), &[b"bitmap", &pair]).unwrap()
}

fn owned(address: ChainAddress, data: Vec<u8>) -> Written {
    Written {
        address,
        owner: key(PROGRAM),
        data,
    }
}

/// The pair as mainnet had it, with the two bin arrays around its price.
fn recorded_accounts() -> Vec<Written> {
    let pair = recorded!("lb_pair.bin");
    let token = |address, data| Written {
        address,
        owner: tradewind_core::solana::TOKEN_PROGRAM,
        data,
    };
    vec![
        token(key_at(&pair, 152), recorded!("reserve_x.bin")),
        token(key_at(&pair, 184), recorded!("reserve_y.bin")),
        owned(array_address(0), recorded!("bin_array_1.bin")),
        owned(array_address(-1), recorded!("bin_array_2.bin")),
        owned(key(PAIR), pair),
    ]
}

fn decode(accounts: &[Written], clock: ChainClock) -> Result<MeteoraDlmmPool, PoolError> {
    MeteoraDlmmPool::from_accounts(key(PAIR), &set(accounts), clock)
}

fn recorded_pool() -> MeteoraDlmmPool {
    let clock = ChainClock {
        unix_timestamp: 1_734_391_447 + 3_600,
        ..ChainClock::default()
    };
    decode(&recorded_accounts(), clock).unwrap()
}

fn direction(x_to_y: &Value) -> TokenPair {
    if x_to_y == true {
        TokenPair::ZERO_FOR_ONE
    } else {
        TokenPair::ONE_FOR_ZERO
    }
}

/// The bytes of bins whose limit orders were never cleared of what older versions left there: the program takes
/// them for orders, and so do we.
#[test]
fn gives_what_the_program_gave_on_a_recorded_pair() {
    let file: Value = serde_json::from_str(SWAPS).unwrap();
    let pool = recorded_pool();
    let (mut equal, mut refused) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let amount = U256::from(unsigned(&case["amount_in"]));
        let answer = pool.amounts(direction(&case["x_to_y"]), Exact::In, amount);
        if case["ok"] == true {
            let expected = U256::from(unsigned(&case["amount_out"]));
            assert_eq!(answer.unwrap().amount_out_raw, expected, "{case}");
            equal += 1;
        } else {
            let code = answer.unwrap_err().code();
            let expected = ["swap_refused", "account_missing"];
            assert!(expected.contains(&code), "{code}: {case}");
            refused += 1;
        }
    }
    assert_eq!((equal, refused), (98, 22));
}

struct Case {
    recorded: Value,
    accounts: Vec<Written>,
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(RANDOM).unwrap();
    let recorded = file["cases"].as_array().unwrap().clone();
    recorded
        .into_iter()
        .map(|recorded| Case {
            accounts: accounts(&recorded),
            recorded,
        })
        .collect()
}

fn accounts(case: &Value) -> Vec<Written> {
    let mut pair = recorded!("lb_pair.bin");
    for patch in case["pair"].as_array().unwrap() {
        let offset = usize::try_from(patch[0].as_u64().unwrap()).unwrap();
        let bytes = alloy_primitives::hex::decode(patch[1].as_str().unwrap()).unwrap();
        pair[offset..offset + bytes.len()].copy_from_slice(&bytes);
    }
    pair[584..712].fill(0);
    for index in case["initialized"].as_array().unwrap() {
        let bit = usize::try_from(index.as_i64().unwrap() + 512).unwrap();
        pair[584 + bit / 8] |= 1 << (bit % 8);
    }
    let mut accounts = Vec::new();
    for (side, [mint_at, reserve_at]) in [[88, 152], [120, 184]].into_iter().enumerate() {
        let (mint, reserve) = (key_at(&pair, mint_at), key_at(&pair, reserve_at));
        let mut held = token_account(reserve, mint, key(PAIR), RESERVE_RAW);
        if let Some([bps, most]) = case["transfer_fees"][side].as_array().map(Vec::as_slice) {
            held.owner = TOKEN_2022_PROGRAM;
            held.data.extend([2, 2, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            accounts.push(taxed_mint(
                mint,
                bps.as_u64().unwrap(),
                most.as_u64().unwrap(),
            ));
        }
        accounts.push(held);
    }
    for index in case["given"].as_array().unwrap() {
        accounts.push(bin_array(index.as_i64().unwrap(), &case["bins"]));
    }
    accounts.push(owned(key(PAIR), pair));
    accounts
}

fn taxed_mint(address: ChainAddress, bps: u64, most: u64) -> Written {
    let mut mint = solana_accounts::mint(address, 1 << 63);
    mint.owner = TOKEN_2022_PROGRAM;
    mint.data.resize(165, 0);
    mint.data.extend([1, 1, 0, 108, 0]);
    mint.data.extend([0; 72]);
    for _ in 0..2 {
        mint.data.extend([0; 8]);
        mint.data.extend(most.to_le_bytes());
        mint.data.extend(u16::try_from(bps).unwrap().to_le_bytes());
    }
    mint
}

fn bin_array(index: i64, bins: &Value) -> Written {
    let mut data = vec![0; 10_136];
    data[..8].copy_from_slice(&[0x5c, 0x8e, 0x5c, 0xdc, 0x05, 0x94, 0x46, 0xb5]);
    data[8..16].copy_from_slice(&index.to_le_bytes());
    data[16] = 2;
    data[24..56].copy_from_slice(&key(PAIR).solana().unwrap());
    for bin in bins.as_array().unwrap() {
        let id = bin[0].as_i64().unwrap();
        if id.div_euclid(70) != index {
            continue;
        }
        let at = 56 + 144 * usize::try_from(id.rem_euclid(70)).unwrap();
        let mut put = |offset: usize, value: &Value| {
            let bytes = value.as_u64().unwrap().to_le_bytes();
            data[at + offset..at + offset + 8].copy_from_slice(&bytes);
        };
        put(0, &bin[1]);
        put(8, &bin[2]);
        put(112, &bin[5]);
        put(128, &bin[4]);
        let price: u128 = bin[3].as_str().unwrap().parse().unwrap();
        data[at + 16..at + 32].copy_from_slice(&price.to_le_bytes());
        data[at + 140] = u8::try_from(bin[6].as_u64().unwrap()).unwrap();
    }
    owned(array_address(index), data)
}

fn clock(swap: &Value) -> ChainClock {
    ChainClock {
        slot: swap["slot"].as_u64().unwrap(),
        epoch: swap["epoch"].as_u64().unwrap(),
        unix_timestamp: swap["time"].as_i64().unwrap(),
    }
}

fn exact(swap: &Value) -> Exact {
    if swap["exact_out"] == true {
        Exact::Out
    } else {
        Exact::In
    }
}

/// Every swap of a case, with the pool as it stands before it.
fn each_swap(case: &Case, mut visit: impl FnMut(&mut MeteoraDlmmPool, &Value)) -> MeteoraDlmmPool {
    let swaps = case.recorded["swaps"].as_array().unwrap();
    let mut pool = decode(&case.accounts, clock(&swaps[0])).unwrap();
    for swap in swaps {
        pool.apply(PoolChange::Clock(clock(swap))).unwrap();
        visit(&mut pool, swap);
    }
    pool
}

#[test]
fn swaps_as_the_program_did_one_after_the_other() {
    let [mut equal_in, mut equal_out, mut refused] = [0; 3];
    for case in cases() {
        each_swap(&case, |pool, swap| {
            let pair = direction(&swap["x_to_y"]);
            let amount = U256::from(swap["amount"].as_u64().unwrap());
            let quoted = pool.quote(pair, exact(swap), amount);
            let answer = pool.swap(pair, exact(swap), amount);
            if swap["error"].is_string() {
                let error = answer.expect_err(&swap.to_string());
                assert_eq!(error.code(), expected_code(swap), "{error}: {swap}");
                assert_eq!(quoted.unwrap_err(), error);
                refused += 1;
            } else {
                let answer = answer.unwrap_or_else(|error| panic!("{error}: {swap}"));
                let moved =
                    [&swap["in"], &swap["out"]].map(|amount| U256::from(amount.as_u64().unwrap()));
                assert_eq!(
                    [answer.amount_in_raw, answer.amount_out_raw],
                    moved,
                    "{swap} {:?}",
                    case.recorded["pair"]
                );
                let quoted = quoted.unwrap();
                assert_eq!([quoted.amount_in_raw, quoted.amount_out_raw], moved);
                match exact(swap) {
                    Exact::In => equal_in += 1,
                    Exact::Out => equal_out += 1,
                }
            }
            let state = pool.state();
            let volatility = [
                i64::from(state.volatility.accumulator),
                i64::from(state.volatility.reference),
                i64::from(state.volatility.index_reference),
                state.volatility.last_update_unix_s,
            ];
            let expected: Vec<i64> = swap["volatility"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n.as_i64().unwrap())
                .collect();
            assert_eq!(volatility[..], expected, "{swap}");
            assert_eq!(
                i64::from(state.active_id),
                swap["active"].as_i64().unwrap(),
                "{swap}"
            );
        });
    }
    assert_eq!([equal_in, equal_out, refused], [153, 247, 221]);
}

fn expected_code(swap: &Value) -> &'static str {
    let error = swap["error"].as_str().unwrap();
    if error.contains("6036") || error.contains("3005") {
        "account_missing"
    } else {
        "swap_refused"
    }
}

#[test]
fn leaves_the_bins_that_the_program_left() {
    for case in cases() {
        let pool = each_swap(&case, |pool, swap| {
            let amount = U256::from(swap["amount"].as_u64().unwrap());
            let _ = pool.swap(direction(&swap["x_to_y"]), exact(swap), amount);
        });
        let orders = pool.state().limit_orders;
        let expected: Vec<DlmmBin> = case.recorded["bins_after"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bin| {
                let number = |at: usize| bin[at].as_u64().unwrap();
                DlmmBin {
                    id: i32::try_from(bin[0].as_i64().unwrap()).unwrap(),
                    amount_x_raw: number(1),
                    amount_y_raw: number(2),
                    price_x64: bin[3].as_str().unwrap().parse().unwrap(),
                    orders: (orders && (number(4) > 0 || number(5) > 0)).then(|| DlmmOrders {
                        ask: number(6) == 1,
                        begun_raw: number(4),
                        open_raw: number(5),
                    }),
                }
            })
            .collect();
        let mut bins = pool.state().bins;
        for bin in &mut bins {
            bin.orders = bin
                .orders
                .filter(|orders| orders.begun_raw > 0 || orders.open_raw > 0);
        }
        assert_eq!(bins, expected);
    }
}
