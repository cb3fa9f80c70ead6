//! The pool against recorded answers of the Whirlpool program: its own test cases, and swaps on a mainnet pool.

use crate::whirlpools::{array_span, bono_usdc, key, plain};
use alloy_primitives::U256;
use serde::Deserialize;
use tradewind_core::pools::orca_whirlpool::tick_math::{MAX_TICK, MIN_TICK, sqrt_price_at_tick};
use tradewind_core::pools::orca_whirlpool::{OrcaWhirlpoolPool, OrcaWhirlpoolState, TickArray};
use tradewind_core::pools::{Exact, Movement, PoolError, PoolMath, TokenPair};

const TEST_CASES: &str =
    include_str!("../../../../tests/fixtures/solana/orca_whirlpool/swap_test_cases.json");

#[derive(Deserialize)]
struct TestCases<'a> {
    #[serde(borrow)]
    rows: Vec<TestCase<'a>>,
}

/// One row, in the order of the file's columns.
#[derive(Deserialize)]
struct TestCase<'a>(
    u32,
    u16,
    u16,
    u16,
    &'a str,
    i32,
    &'a str,
    bool,
    bool,
    &'a str,
    &'a str,
    &'a str,
    &'a str,
    i32,
    &'a str,
    &'a str,
);

/// A pool without ticks, as the program's tests set it up: its price is that of its tick.
fn bare_pool(case: &TestCase<'_>) -> OrcaWhirlpoolPool {
    let TestCase(_, tick_spacing, fee_ppm, protocol_fee_bps, liquidity, tick, ..) = *case;
    let span = array_span(tick_spacing);
    let own = tick.div_euclid(span) * span;
    let starts = (-3..=3).map(|place| own + place * span);
    let lowest = MIN_TICK.div_euclid(span) * span;
    let tick_arrays = starts
        .filter(|start| (lowest..=MAX_TICK).contains(start))
        .map(|start| TickArray {
            account: key(start.unsigned_abs().to_le_bytes()[0]),
            start_tick_index: start,
            initialized: true,
            ticks: Vec::new(),
        })
        .collect();
    OrcaWhirlpoolPool::new(&OrcaWhirlpoolState {
        fee_ppm,
        protocol_fee_bps,
        tick,
        sqrt_price_x64: sqrt_price_at_tick(tick).unwrap(),
        liquidity: liquidity.parse().unwrap(),
        tick_arrays,
        ..plain(tick_spacing)
    })
    .unwrap()
}

/// The price at the end of three arrays, which the program's tests set as the limit.
fn limit(case: &TestCase<'_>) -> u128 {
    let (span, tick, a_to_b) = (array_span(case.1), case.5, case.8);
    let own = tick.div_euclid(span) * span;
    let last = if a_to_b {
        own - 2 * span
    } else {
        own + 3 * span - 1
    };
    sqrt_price_at_tick(last.clamp(MIN_TICK, MAX_TICK)).unwrap()
}

#[test]
fn equals_every_test_case_of_the_program_and_refuses_what_it_refuses_by_the_same_name() {
    let cases: TestCases<'_> = serde_json::from_str(TEST_CASES).unwrap();
    let (mut filled, mut refused) = (0, 0);
    for case in &cases.rows {
        let pool = bare_pool(case);
        let pair = if case.8 {
            TokenPair::ZERO_FOR_ONE
        } else {
            TokenPair::ONE_FOR_ZERO
        };
        let exact = if case.7 { Exact::In } else { Exact::Out };
        let amount: u64 = case.6.parse().unwrap();
        match pool.swap_to_price(pair, exact, amount, limit(case)) {
            Ok(swap) => {
                let (amount_a, amount_b) = if case.8 {
                    (swap.amount_in_raw, swap.amount_out_raw)
                } else {
                    (swap.amount_out_raw, swap.amount_in_raw)
                };
                let found = [
                    amount_a.to_string(),
                    amount_b.to_string(),
                    swap.liquidity_after.to_string(),
                    swap.tick_after.to_string(),
                    swap.sqrt_price_after_x64.to_string(),
                    swap.protocol_fee_raw.to_string(),
                ];
                let tick = case.13.to_string();
                assert_eq!(case.9, "", "case {}", case.0);
                let expected = [case.10, case.11, case.12, &tick, case.14, case.15];
                assert_eq!(found, expected, "case {}", case.0);
                filled += 1;
            }
            Err(PoolError::AmountZero { .. }) => {
                assert_eq!(case.9, "ZeroTradableAmount", "case {}", case.0);
                refused += 1;
            }
            Err(PoolError::SwapRefused { reason, .. }) => {
                let name = reason.split(':').next().unwrap();
                assert_eq!(name, case.9, "case {}", case.0);
                refused += 1;
            }
            Err(error) => panic!("case {}: {error}", case.0),
        }
    }
    assert_eq!((filled, refused), (2_272, 1_568));
}

#[derive(Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    cases: Vec<RecordedSwap<'a>>,
}

#[derive(Deserialize)]
struct RecordedSwap<'a> {
    a_to_b: bool,
    mode: &'a str,
    amount: &'a str,
    ok: bool,
    delta_a: Option<&'a str>,
    delta_b: Option<&'a str>,
}

#[test]
fn equals_every_recorded_swap_of_a_mainnet_pool() {
    // The recorded transactions named the arrays of the dump alone: falling, the current one.
    let pool = bono_usdc::from_accounts(&bono_usdc::accounts()).unwrap();
    let text = bono_usdc::SWAPS;
    let recorded: Recorded<'_> = serde_json::from_str(text).unwrap();
    let (mut filled, mut refused) = (0, 0);
    for swap in &recorded.cases {
        let pair = if swap.a_to_b {
            TokenPair::ZERO_FOR_ONE
        } else {
            TokenPair::ONE_FOR_ZERO
        };
        let exact = match swap.mode {
            "exact_in" => Exact::In,
            "exact_out" => Exact::Out,
            other => panic!("{other}"),
        };
        let amount: U256 = swap.amount.parse().unwrap();
        let answer = pool.quote(pair, exact, amount);
        let name = format!("{} {} a_to_b {}", swap.mode, swap.amount, swap.a_to_b);
        if swap.ok {
            let quote = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
            let (amount_a, amount_b) = if swap.a_to_b {
                (
                    format!("-{}", quote.amount_in_raw),
                    quote.amount_out_raw.to_string(),
                )
            } else {
                (
                    quote.amount_out_raw.to_string(),
                    format!("-{}", quote.amount_in_raw),
                )
            };
            assert_eq!(Some(amount_a.as_str()), swap.delta_a, "{name}");
            assert_eq!(Some(amount_b.as_str()), swap.delta_b, "{name}");
            let curve = pool.swap_to_price(
                pair,
                exact,
                amount.to(),
                if swap.a_to_b {
                    4_295_048_016
                } else {
                    79_226_673_515_401_279_992_447_579_055
                },
            );
            let Some(Movement::ConcentratedX64 {
                sqrt_price_after_x64,
                tick_after,
                liquidity_after,
                ..
            }) = quote.movement
            else {
                panic!("{name}")
            };
            let curve = curve.unwrap();
            assert_eq!(
                (
                    curve.sqrt_price_after_x64,
                    curve.tick_after,
                    curve.liquidity_after
                ),
                (sqrt_price_after_x64, tick_after, liquidity_after)
            );
            filled += 1;
        } else {
            let error = answer.expect_err(&name);
            let code = if swap.a_to_b {
                "swap_refused"
            } else {
                "insufficient_liquidity"
            };
            assert_eq!(error.code(), code, "{name}: {error}");
            refused += 1;
        }
    }
    assert_eq!((filled, refused), (94, 26));
}

#[test]
fn an_array_that_is_known_not_to_exist_can_be_passed_and_one_that_nobody_looked_up_cannot() {
    let amount = U256::from(130_371_582);
    let (pair, exact) = (TokenPair::ZERO_FOR_ONE, Exact::Out);
    let unknown = bono_usdc::from_accounts(&bono_usdc::accounts()).unwrap();
    let error = unknown.amounts(pair, exact, amount).unwrap_err();
    assert_eq!(error.code(), "swap_refused");
    assert!(error.to_string().contains("looked up"), "{error}");
    let known = bono_usdc::pool();
    let quote = known.quote(pair, exact, amount).unwrap();
    let Some(Movement::ConcentratedX64 { tick_after, .. }) = quote.movement else {
        panic!("{quote:?}")
    };
    assert!(tick_after < -84_480, "{tick_after}");
}
