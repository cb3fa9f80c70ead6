//! Bonding curves decoded from account bytes, against 200 trades that the real program executed.

mod accounts;

use crate::solana_accounts::{Written, base64, int, key, mint, set, unsigned};
use alloy_primitives::U256;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::pump_curve::PumpCurvePool;
use tradewind_core::pools::pump_fees::FeeSettlement;
use tradewind_core::pools::{
    ChainClock, Exact, FeeKind, PoolError, PoolMath, SwapAmounts, TokenPair,
};
use tradewind_core::solana::program_address;

const VECTORS: &str = include_str!("../../../../../tests/fixtures/solana/pump_curve/swaps.json");
const LIFE: &str = include_str!("../../../../../tests/fixtures/solana/pump_curve/lifecycle.json");
const GLOBAL: &str = "4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf";
const FEE_CONFIG: &str = "8Wf5TiAheLUqBrKXeYg2JtAFFMWtKdG2BSFgqUcPVwTt";
const PUMP: &str = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
const PUMP_FEES: &str = "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ";
const BUY: TokenPair = TokenPair::ONE_FOR_ZERO;
const SELL: TokenPair = TokenPair::ZERO_FOR_ONE;

struct Case {
    recorded: Value,
    accounts: Vec<Written>,
    pool: PumpCurvePool,
}

impl Case {
    fn number(&self, name: &str) -> i128 {
        int(&self.recorded[name])
    }

    fn side(&self) -> (TokenPair, Exact) {
        let instruction = self.recorded["instruction"].as_str().unwrap();
        match instruction.split("_v").next().unwrap() {
            "buy" => (BUY, Exact::Out),
            "buy_exact_sol_in" | "buy_exact_quote_in" => (BUY, Exact::In),
            "sell" => (SELL, Exact::In),
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

    /// Whether the program filled less than was asked, or bought on from the pool that is yet to be.
    fn went_past_the_end(&self) -> bool {
        let bought = self.number("token_delta");
        let asked = self.side().1 == Exact::Out && bought != self.number("amount");
        let left = self.number("real_token_reserves");
        self.side().0 == BUY && (bought > left || asked || self.partly_filled())
    }

    /// An exact input whose budget the rest of the coins did not take.
    fn partly_filled(&self) -> bool {
        self.side() == (BUY, Exact::In)
            && self.number("token_delta") == self.number("real_token_reserves")
            && self.number("amount") + self.number("lamport_delta") > 2
    }
}

/// A curve's bytes, from the numbers of a case.
fn curve_data(file: &Value, case: &Value) -> Vec<u8> {
    let mut data = vec![0; 166];
    data[..8].copy_from_slice(&[0x17, 0xb7, 0xf8, 0x37, 0x60, 0xd8, 0xac, 0x60]);
    for (offset, name) in [
        (8, "virtual_token_reserves"),
        (16, "virtual_quote_reserves"),
        (24, "real_token_reserves"),
        (32, "real_quote_reserves"),
        (40, "mint_supply"),
    ] {
        data[offset..offset + 8].copy_from_slice(&unsigned(&case[name]).to_le_bytes());
    }
    data[48] = u8::from(case["complete"] == true);
    if case["has_creator"] == true {
        let creator = key(file["creator"].as_str().unwrap());
        data[49..81].copy_from_slice(&creator.solana().unwrap());
    }
    data
}

fn accounts(file: &Value, case: &Value) -> (ChainAddress, Vec<Written>) {
    let base = key(file["mint"].as_str().unwrap());
    let seeds: [&[u8]; 2] = [b"bonding-curve", &base.solana().unwrap()];
    let curve = program_address(key(PUMP), &seeds).unwrap();
    let mut fee_config = base64(&file["fee_config_data"]);
    fee_config.resize(4_073, 0);
    let owned = |address, owner, data| Written {
        address,
        owner: key(owner),
        data,
    };
    let mut global = base64(&file["global_data"]);
    global.resize(1_088, 0);
    let accounts = vec![
        owned(curve, PUMP, curve_data(file, case)),
        mint(base, unsigned(&case["mint_supply"])),
        owned(key(GLOBAL), PUMP, global),
        owned(key(FEE_CONFIG), PUMP_FEES, fee_config),
    ];
    (curve, accounts)
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let recorded = file["cases"].as_array().unwrap();
    recorded
        .iter()
        .map(|case| {
            let (address, accounts) = accounts(&file, case);
            let pool = decode(address, &accounts).unwrap();
            let kept = case["instruction"].as_str().unwrap().ends_with("_v3");
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

fn decode(pool: ChainAddress, accounts: &[Written]) -> Result<PumpCurvePool, PoolError> {
    PumpCurvePool::from_accounts(pool, &set(accounts), ChainClock::default())
}

fn int_of(amount: U256) -> i128 {
    amount.to::<u64>().into()
}

#[test]
fn gives_and_takes_what_the_program_did() {
    let (mut equal, mut past_the_end) = (0, 0);
    for case in cases().iter().filter(|case| case.recorded["ok"] == true) {
        let (coins, lamports) = (case.number("token_delta"), case.number("lamport_delta"));
        if case.went_past_the_end() {
            past_the_end += 1;
            continue;
        }
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
        assert_eq!([base, quote], [coins, lamports], "{}", case.recorded);
        equal += 1;
    }
    assert_eq!((equal, past_the_end), (107, 21));
}

#[test]
fn refuses_to_fill_in_part_and_says_what_would_take_the_rest() {
    let mut compared = 0;
    for case in cases().iter().filter(|case| case.recorded["ok"] == true) {
        if !case.went_past_the_end() {
            continue;
        }
        let Err(PoolError::InsufficientLiquidity {
            most_in_raw,
            most_out_raw,
            ..
        }) = case.amounts()
        else {
            panic!("{}", case.recorded);
        };
        assert_eq!(int_of(most_out_raw), case.number("real_token_reserves"));
        // What took the rest, where the program did not buy on.
        if case.number("token_delta") == case.number("real_token_reserves") {
            assert_eq!(
                int_of(most_in_raw),
                -case.number("lamport_delta"),
                "{}",
                case.recorded
            );
            compared += 1;
        }
        let rest = case.pool.amounts(BUY, Exact::Out, most_out_raw).unwrap();
        assert_eq!(rest.amount_in_raw, most_in_raw);
    }
    assert_eq!(compared, 14);
}

#[test]
fn leaves_the_state_that_the_program_left() {
    for mut case in cases()
        .into_iter()
        .filter(|case| case.recorded["ok"] == true)
    {
        if case.went_past_the_end() {
            continue;
        }
        let (pair, exact) = case.side();
        let quoted = case.pool.quote(pair, exact, case.amount()).unwrap();
        let swapped = case.pool.swap(pair, exact, case.amount()).unwrap();
        assert_eq!(swapped.amount_in_raw, quoted.amount_in_raw);
        assert_eq!(swapped.amount_out_raw, quoted.amount_out_raw);
        assert_eq!(quoted.spot_after, case.pool.spot_price(pair));
        let state = case.pool.state();
        let left = [
            state.virtual_base_raw,
            state.virtual_quote_raw,
            state.real_base_raw,
            state.real_quote_raw,
        ];
        let after: Vec<u64> = case.recorded["reserves_after"]
            .as_array()
            .unwrap()
            .iter()
            .map(unsigned)
            .collect();
        assert_eq!(left[..], after, "{}", case.recorded);
        assert_eq!(state.complete, case.recorded["complete_after"] == true);
        for (bucket, kept) in [
            ("creator_fee_bucket", state.creator_fees_raw),
            ("protocol_fee_bucket", state.protocol_fees_raw),
        ] {
            assert_eq!(
                i128::from(kept),
                case.number(bucket),
                "{bucket}: {}",
                case.recorded
            );
        }
    }
}

#[test]
fn names_the_fees_that_were_paid() {
    for case in cases().iter().filter(|case| case.recorded["ok"] == true) {
        if case.went_past_the_end() {
            continue;
        }
        let (pair, exact) = case.side();
        let quoted = case.pool.quote(pair, exact, case.amount()).unwrap();
        let fee = |kind| {
            let fees = quoted.fees.iter().filter(|fee| fee.kind == kind);
            fees.map(|fee| int_of(fee.amount_raw)).sum::<i128>()
        };
        let protocol = ["protocol_paid", "buyback_paid", "protocol_fee_bucket"];
        let creator = ["creator_paid", "creator_fee_bucket"];
        let sum = |names: &[&str]| names.iter().map(|name| case.number(name)).sum::<i128>();
        assert_eq!(fee(FeeKind::Protocol), sum(&protocol), "{}", case.recorded);
        assert_eq!(fee(FeeKind::Creator), sum(&creator), "{}", case.recorded);
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
            (6002, Ok(amounts)) => assert!(int_of(amounts.amount_in_raw) > limit),
            (6003 | 6042, Ok(amounts)) => assert!(int_of(amounts.amount_out_raw) < limit),
            // A part would have been filled, beyond the limit.
            (1 | 6002 | 6042, Err(PoolError::InsufficientLiquidity { .. })) => {
                assert_eq!(case.recorded["partial_fill"], true);
            }
            // The trader's own tokens did not suffice.
            (1, Ok(amounts)) => {
                assert!(int_of(amounts.amount_in_raw) > case.number("user_lamports"));
            }
            (6023, Ok(amounts)) => {
                assert!(int_of(amounts.amount_in_raw) > case.number("user_tokens"));
            }
            (6020 | 6022 | 6041, Err(PoolError::AmountZero { .. })) => {}
            (6021, Err(PoolError::InsufficientLiquidity { most_out_raw, .. })) => {
                assert_eq!(int_of(most_out_raw), case.number("real_token_reserves"));
            }
            (6005, Err(PoolError::SwapsDisabled { reason, .. })) => {
                assert!(reason.contains("(6005)"));
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
    assert_eq!(refused, 72);
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

/// One coin from its creation to its pool: each curve's bytes decode, and each trade leads to the next ones.
#[test]
fn follows_a_coin_through_its_life() {
    let life: Value = serde_json::from_str(LIFE).unwrap();
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let base = key(life["mint"].as_str().unwrap());
    let curve = key(life["bonding_curve"].as_str().unwrap());
    let (_, mut shared) = accounts(&vectors, &vectors["cases"][0]);
    shared[0].address = curve;
    shared[1] = mint(base, 1_000_000_000_000_000);
    let mut after = |step: &Value| {
        shared[0].data = base64(&step["curve_data"]);
        decode(curve, &shared)
            .unwrap()
            .settle_fees(FeeSettlement::Kept)
    };
    let steps = life["cases"].as_array().unwrap();
    let mut pool = after(&steps[0]);
    for (step, pair, exact) in [(1, BUY, Exact::Out), (2, SELL, Exact::In)] {
        let instructions = steps[step]["instructions"].as_array().unwrap();
        let data = base64(&instructions.last().unwrap()["data"]);
        let amount = u64::from_le_bytes(*data[8..].first_chunk().unwrap());
        pool.swap(pair, exact, U256::from(amount)).unwrap();
        assert_eq!(
            pool.state(),
            after(&steps[step]).state(),
            "{}",
            steps[step]["step"]
        );
    }
    let complete = after(&steps[3]);
    let error = complete
        .amounts(BUY, Exact::In, U256::from(1_000_000))
        .unwrap_err();
    assert_eq!(error.code(), "swaps_disabled");
}
