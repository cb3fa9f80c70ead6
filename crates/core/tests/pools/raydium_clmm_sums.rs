//! Raydium CLMM by search in sums against the program's loop, on random pools; and what holds for every pool.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "curves are real functions; no amount is decided by one"
)]

use std::collections::BTreeMap;

use crate::recorded_clmm::walk::{Walk, walk};
use crate::recorded_clmm::{CLOCK, POOL};
use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_clmm::tick_math::{MAX_TICK, sqrt_price_at_tick};
use tradewind_core::pools::raydium_clmm::{
    RAYDIUM_CLMM_PROGRAM, RaydiumClmmPool, RaydiumClmmState, RaydiumClmmTick, RaydiumClmmTickArray,
};
use tradewind_core::pools::{
    Account, Curve, Exact, FeeKind, Movement, PoolChange, PoolError, PoolMath, TokenPair,
};
use tradewind_core::solana::{EpochTransferFee, TransferFees};

#[derive(Debug, Clone, Copy)]
struct Range {
    lower: i32,
    upper: i32,
    liquidity: u128,
}

/// Positions of any size around a price, at times over all ticks; arrays as the program would have them.
fn state() -> impl Strategy<Value = RaydiumClmmState> {
    let tier =
        prop::sample::select(&[(100u32, 1i32), (400, 1), (2_500, 10), (10_000, 60), (0, 10)][..]);
    let ranges = prop::collection::vec((-400i32..400, 1i32..300, 1u32..100), 1..7);
    (tier, ranges, any::<bool>(), -400_000i32..400_000, 0u8..=255).prop_map(
        |((fee, spacing), drawn, everywhere, around, within)| {
            let tick = around / (1 + i32::from(within % 4) * 100);
            let middle = tick / spacing * spacing;
            let clamp = |at: i32| {
                (middle + at * spacing)
                    .clamp(-MAX_TICK / spacing * spacing, MAX_TICK / spacing * spacing)
            };
            let mut ranges: Vec<Range> = drawn
                .iter()
                .map(|(low, width, bits)| Range {
                    lower: clamp(*low),
                    upper: clamp(low + width),
                    liquidity: 1 << bits,
                })
                .filter(|range| range.lower < range.upper)
                .collect();
            if everywhere {
                let end = MAX_TICK / spacing * spacing;
                ranges.push(Range {
                    lower: -end,
                    upper: end,
                    liquidity: 1 << 60,
                });
            }
            let [low, high] = [tick, tick + 1].map(|tick| sqrt_price_at_tick(tick).unwrap());
            let price = low + (high - low) * u128::from(within) / 256;
            from_ranges(&ranges, fee, spacing, price, tick)
        },
    )
}

fn from_ranges(
    ranges: &[Range],
    fee: u32,
    spacing: i32,
    price: u128,
    tick: i32,
) -> RaydiumClmmState {
    let mut nets: BTreeMap<i32, i128> = BTreeMap::new();
    for range in ranges {
        *nets.entry(range.lower).or_default() += range.liquidity.cast_signed();
        *nets.entry(range.upper).or_default() -= range.liquidity.cast_signed();
    }
    let mut arrays: BTreeMap<i32, Vec<RaydiumClmmTick>> = BTreeMap::new();
    for (tick, liquidity_net) in nets {
        let start = tick.div_euclid(spacing * 60) * spacing * 60;
        arrays.entry(start).or_default().push(RaydiumClmmTick {
            tick,
            liquidity_net,
        });
    }
    let active = ranges
        .iter()
        .filter(|range| (range.lower..range.upper).contains(&tick));
    RaydiumClmmState {
        pool: POOL.parse().unwrap(),
        token_mint_0: ChainAddress::Solana([1; 32]),
        token_mint_1: ChainAddress::Solana([2; 32]),
        amm_config: ChainAddress::Solana([3; 32]),
        trade_fee_rate: fee,
        protocol_fee_rate: 120_000,
        fund_fee_rate: 40_000,
        tick_spacing: u16::try_from(spacing).unwrap(),
        sqrt_price_x64: price,
        tick_current: tick,
        liquidity: active.map(|range| range.liquidity).sum(),
        status: 0,
        open_time: 0,
        tick_arrays: arrays
            .into_iter()
            .map(|(start_tick_index, ticks)| RaydiumClmmTickArray {
                start_tick_index,
                ticks: Some(ticks),
            })
            .collect(),
        bitmap_extension_read: true,
        transfer_fees_0: TransferFees::NONE,
        transfer_fees_1: TransferFees::NONE,
        clock: CLOCK,
    }
}

fn pair(falling: bool) -> TokenPair {
    if falling {
        TokenPair::ZERO_FOR_ONE
    } else {
        TokenPair::ONE_FOR_ZERO
    }
}

fn any_amount() -> impl Strategy<Value = u64> {
    (0u32..64, any::<u64>()).prop_map(|(shift, bits)| (bits >> shift).max(1))
}

fn ends_on_tick(pool: &RaydiumClmmPool, falling: bool, out: U256) -> bool {
    let quote = pool.quote(pair(falling), Exact::Out, out).unwrap();
    let Some(Movement::ConcentratedX64 {
        sqrt_price_after_x64,
        ..
    }) = quote.movement
    else {
        return false;
    };
    let state = pool.state();
    let arrays = state.tick_arrays.iter();
    let mut ticks = arrays.flat_map(|array| array.ticks.iter().flatten());
    ticks.any(|tick| sqrt_price_at_tick(tick.tick) == Some(sqrt_price_after_x64))
}

fn any_exact() -> impl Strategy<Value = Exact> {
    prop_oneof![Just(Exact::In), Just(Exact::Out)]
}

fn assert_equal(pool: &RaydiumClmmPool, falling: bool, exact: Exact, amount: u64) -> Option<Walk> {
    let expected = walk(&pool.state(), falling, exact, amount);
    let found = pool.quote(pair(falling), exact, U256::from(amount));
    let fits = |walk: &&Walk| {
        let both = [walk.amount_in, walk.amount_out];
        walk.remaining == 0
            && both
                .iter()
                .all(|amount| (1..=u128::from(u64::MAX)).contains(amount))
    };
    match (&found, &expected) {
        (Ok(quote), Some(walk)) => {
            assert!(fits(&walk), "{walk:?} {quote:?}");
            assert_eq!(quote.amount_in_raw, U256::from(walk.amount_in));
            assert_eq!(quote.amount_out_raw, U256::from(walk.amount_out));
            let fee = |kind| {
                quote
                    .fees
                    .iter()
                    .filter(|fee| fee.kind == kind)
                    .map(|fee| fee.amount_raw)
                    .sum::<U256>()
            };
            assert_eq!(quote.fee_in_raw(), U256::from(walk.fee));
            assert_eq!(fee(FeeKind::Protocol), U256::from(walk.protocol_fee));
            assert_eq!(fee(FeeKind::Fund), U256::from(walk.fund_fee));
            let Some(Movement::ConcentratedX64 {
                sqrt_price_after_x64,
                tick_after,
                liquidity_after,
                ..
            }) = quote.movement
            else {
                panic!("no movement")
            };
            assert_eq!(
                (sqrt_price_after_x64, tick_after, liquidity_after),
                (walk.sqrt_price, walk.tick, walk.liquidity)
            );
        }
        (Err(PoolError::InsufficientLiquidity { .. }), Some(walk)) => assert_ne!(walk.remaining, 0),
        (Err(PoolError::SwapRefused { .. }), walk) => assert!(
            !walk.as_ref().is_some_and(|walk| fits(&walk)),
            "{found:?} {walk:?}"
        ),
        _ => panic!("{falling} {exact:?} {amount}: {found:?} but {expected:?}"),
    }
    let amounts = pool.amounts(pair(falling), exact, U256::from(amount)).ok();
    assert_eq!(
        amounts.map(|swap| swap.amount_out_raw),
        found.ok().map(|quote| quote.amount_out_raw)
    );
    expected
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_quote_of_any_amount_is_the_one_of_the_programs_loop(
        state in state(), amounts in prop::collection::vec(any_amount(), 1..10),
    ) {
        let pool = RaydiumClmmPool::new(&state).unwrap();
        for amount in amounts {
            for falling in [true, false] {
                for exact in [Exact::In, Exact::Out] {
                    assert_equal(&pool, falling, exact, amount);
                }
            }
        }
    }

    #[test]
    fn amounts_that_end_on_a_tick_or_a_unit_beside_it_are_those_of_the_programs_loop(state in state()) {
        let pool = RaydiumClmmPool::new(&state).unwrap();
        for falling in [true, false] {
            for exact in [Exact::In, Exact::Out] {
                let Some(whole) = walk(&state, falling, exact, u64::MAX) else { continue };
                let mut sum = 0_u64;
                for step in whole.steps {
                    let Some(next) = sum.checked_add(step[usize::from(exact == Exact::Out)]) else { break };
                    sum = next;
                    for amount in [sum.saturating_sub(1), sum, sum.saturating_add(1)] {
                        if amount > 0 {
                            assert_equal(&pool, falling, exact, amount);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn swaps_one_after_the_other_lead_to_the_quotes_of_a_pool_made_anew(
        state in state(),
        swaps in prop::collection::vec((any::<bool>(), any_exact(), any_amount(), any_amount()), 1..10),
    ) {
        let mut pool = RaydiumClmmPool::new(&state).unwrap();
        for (falling, exact, amount, asked) in swaps {
            let _ = pool.swap(pair(falling), exact, U256::from(amount));
            let rebuilt = RaydiumClmmPool::new(&pool.state()).unwrap();
            for falling in [true, false] {
                assert_equal(&pool, falling, exact, asked);
                prop_assert_eq!(
                    pool.quote(pair(falling), exact, U256::from(asked)),
                    rebuilt.quote(pair(falling), exact, U256::from(asked))
                );
            }
        }
    }

    #[test]
    fn more_in_never_gives_less_and_exact_out_is_the_inverse_of_exact_in(
        state in state(), falling in any::<bool>(), a in any_amount(), b in any_amount(),
    ) {
        let pool = RaydiumClmmPool::new(&state).unwrap();
        let output = |amount: u64| pool.output(pair(falling), U256::from(amount));
        let (less, more) = (a.min(b), a.max(b));
        if let (Some(less), Some(more)) = (output(less), output(more)) {
            prop_assert!(less <= more);
        }
        if let Ok(swap) = pool.amounts(pair(falling), Exact::Out, U256::from(a)) {
            let back = pool.amounts(pair(falling), Exact::In, swap.amount_in_raw).unwrap();
            prop_assert!(back.amount_out_raw >= U256::from(a));
        }
        if let Some(out) = output(a) {
            let cost = pool.amounts(pair(falling), Exact::Out, out).unwrap();
            // An output that is all that comes out up to a tick pays for the way to it, as the program has it.
            prop_assert!(cost.amount_in_raw <= U256::from(a) || ends_on_tick(&pool, falling, out));
        }
    }

    #[test]
    fn a_split_in_two_swaps_is_never_better_than_the_whole(
        state in state(), falling in any::<bool>(), a in any_amount(), b in any_amount(),
    ) {
        let pool = RaydiumClmmPool::new(&state).unwrap();
        let Some(sum) = a.checked_add(b) else { return Ok(()) };
        let Some(whole) = pool.output(pair(falling), U256::from(sum)) else { return Ok(()) };
        let mut first = pool.clone();
        let parts: U256 = [a, b]
            .iter()
            .filter_map(|part| first.swap(pair(falling), Exact::In, U256::from(*part)).ok())
            .map(|swap| swap.amount_out_raw)
            .sum();
        prop_assert!(parts <= whole, "{parts} in parts, {whole} at once");
    }

    #[test]
    fn the_curve_is_never_below_what_the_pool_gives(
        state in state(), falling in any::<bool>(), amount in any_amount(),
    ) {
        let pool = RaydiumClmmPool::new(&state).unwrap();
        if let Some(out) = pool.output(pair(falling), U256::from(amount)) {
            let real = on_curve(&pool.curve(pair(falling)), amount as f64);
            prop_assert!(real >= f64::from(out) * (1.0 - 1e-12) - 1e-9, "{real} but {out}");
        }
    }

    #[test]
    fn transfer_fees_are_taken_on_the_way_in_and_out(
        mut state in state(), falling in any::<bool>(), amount in any_amount(),
        basis_points in 0u16..=10_000, maximum_fee_raw in any_amount(),
    ) {
        let plain = RaydiumClmmPool::new(&state).unwrap();
        let fee = EpochTransferFee { epoch: 0, maximum_fee_raw, basis_points };
        state.transfer_fees_0 = TransferFees { older: fee, newer: fee };
        state.transfer_fees_1 = TransferFees { older: fee, newer: fee };
        let pool = RaydiumClmmPool::new(&state).unwrap();
        let withheld = |amount: u64| {
            let share = (u128::from(amount) * u128::from(basis_points)).div_ceil(10_000);
            u64::try_from(share).unwrap().min(maximum_fee_raw)
        };
        if let Ok(quote) = pool.quote(pair(falling), Exact::In, U256::from(amount)) {
            let inside = U256::from(amount - withheld(amount));
            let given: u64 = plain.output(pair(falling), inside).unwrap().to();
            prop_assert_eq!(quote.amount_out_raw, U256::from(given - withheld(given)));
            prop_assert_eq!(quote.fee_out_raw(), U256::from(withheld(given)));
        }
        if let Ok(quote) = pool.quote(pair(falling), Exact::Out, U256::from(amount)) {
            prop_assert_eq!(quote.amount_out_raw, U256::from(amount));
            let again = pool.output(pair(falling), quote.amount_in_raw).unwrap();
            prop_assert!(again >= U256::from(amount));
        }
    }
}

/// A tick array as the program writes it.
fn tick_array(array: &RaydiumClmmTickArray, spacing: i32) -> Vec<u8> {
    let mut data = vec![0; 10_240];
    data[..8].copy_from_slice(&[0xc0, 0x9b, 0x55, 0xcd, 0x31, 0xf9, 0x81, 0x2a]);
    let pool: ChainAddress = POOL.parse().unwrap();
    data[8..40].copy_from_slice(&pool.solana().unwrap());
    data[40..44].copy_from_slice(&array.start_tick_index.to_le_bytes());
    let ticks = array.ticks.as_deref().unwrap();
    for tick in ticks {
        let place = usize::try_from((tick.tick - array.start_tick_index) / spacing).unwrap();
        let at = 44 + 168 * place;
        data[at..at + 4].copy_from_slice(&tick.tick.to_le_bytes());
        data[at + 4..at + 20].copy_from_slice(&tick.liquidity_net.to_le_bytes());
        let gross = tick.liquidity_net.unsigned_abs().max(1);
        data[at + 20..at + 36].copy_from_slice(&gross.to_le_bytes());
    }
    data[10_124] = u8::try_from(ticks.len()).unwrap();
    data
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn tick_arrays_that_change_one_by_one_lead_to_the_quotes_of_a_pool_made_anew(
        low in 1i32..500, width in 1i32..400, below in any::<bool>(), bits in 30u32..60, asked in any_amount(),
    ) {
        let price = sqrt_price_at_tick(0).unwrap();
        let mut ranges: Vec<Range> = (1..12)
            .map(|at| Range { lower: -90 * at, upper: 70 * at, liquidity: 1 << 45 })
            .collect();
        let before = from_ranges(&ranges, 400, 1, price, 0);
        let side = |at: i32| if below { -at } else { at };
        let (one, other) = (side(low), side(low + width));
        ranges.push(Range { lower: one.min(other), upper: one.max(other), liquidity: 1 << bits });
        let after = from_ranges(&ranges, 400, 1, price, 0);
        let mut pool = RaydiumClmmPool::new(&before).unwrap();
        // There and back: the second time, arrays lose what the first gave them.
        for state in [&after, &before] {
            for array in &state.tick_arrays {
                for falling in [true, false] {
                    // Sums are made to the end of the ticks, and must be kept right.
                    let _ = pool.output(pair(falling), U256::from(u64::MAX));
                }
                let data = tick_array(array, 1);
                let account = Account {
                    address: ChainAddress::Solana([9; 32]), owner: RAYDIUM_CLMM_PROGRAM, data: &data,
                };
                pool.apply(PoolChange::Account(account)).unwrap();
            }
            let gone: Vec<i32> = pool.state().tick_arrays.iter().map(|array| array.start_tick_index)
                .filter(|start| !state.tick_arrays.iter().any(|array| array.start_tick_index == *start)).collect();
            for start_tick_index in gone {
                let data = tick_array(&RaydiumClmmTickArray { start_tick_index, ticks: Some(vec![]) }, 1);
                let account = Account {
                    address: ChainAddress::Solana([9; 32]), owner: RAYDIUM_CLMM_PROGRAM, data: &data,
                };
                pool.apply(PoolChange::Account(account)).unwrap();
            }
            let fresh = RaydiumClmmPool::new(state).unwrap();
            prop_assert_eq!(pool.state(), fresh.state());
            for falling in [true, false] {
                for exact in [Exact::In, Exact::Out] {
                    for asked in [asked, 1 << 40, 1 << 44, u64::MAX] {
                        let asked = U256::from(asked);
                        prop_assert_eq!(pool.quote(pair(falling), exact, asked), fresh.quote(pair(falling), exact, asked));
                    }
                }
            }
        }
    }
}

/// The output of a curve of hyperbolas.
fn on_curve(curve: &Curve, input: f64) -> f64 {
    let Curve::Hyperbolas(pieces) = curve else {
        return 0.0;
    };
    let (mut left, mut output) = (input, 0.0);
    for piece in pieces {
        let net = left.min(piece.capacity_in) * piece.gamma;
        output += piece.reserve_out * net / (piece.reserve_in + net);
        left -= piece.capacity_in;
        if left <= 0.0 {
            break;
        }
    }
    output
}
