//! What must hold for every DLMM pair: order, inverse, conservation; and that nothing makes it panic.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the curve under test is one of real numbers"
)]

use crate::solana_accounts::{Written, key, set, token_account};
use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::meteora_dlmm::{
    DlmmBin, DlmmFeeParameters, DlmmOrders, DlmmVolatility, MeteoraDlmmPool, MeteoraDlmmState,
};
use tradewind_core::pools::{ChainClock, Curve, Exact, Movement, PoolChange, PoolMath, TokenPair};
use tradewind_core::solana::{EpochTransferFee, TransferFees, program_address};

const PROGRAM: &str = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo";

fn number(last: u8) -> ChainAddress {
    let mut key = [9; 32];
    key[31] = last;
    ChainAddress::Solana(key)
}

/// From nothing to 44 bits, every size as likely.
fn amount() -> impl Strategy<Value = u64> {
    (0..46_u32, 0..1_u64 << 44).prop_map(|(shift, bits)| bits.checked_shr(shift).unwrap_or(0))
}

/// What a random pair may have.
#[derive(Debug, Clone, Copy)]
struct Kind {
    orders: bool,
    transfer_fees: bool,
    volatile: bool,
}

const PLAIN: Kind = Kind {
    orders: false,
    transfer_fees: false,
    volatile: false,
};
const ANY: Kind = Kind {
    orders: true,
    transfer_fees: true,
    volatile: true,
};

fn transfer_fees(on: bool) -> impl Strategy<Value = TransferFees> {
    (0..2_000_u16, amount(), Just(on)).prop_map(|(basis_points, maximum_fee_raw, on)| {
        let fee = EpochTransferFee {
            epoch: 0,
            maximum_fee_raw,
            basis_points: if on { basis_points } else { 0 },
        };
        TransferFees {
            older: fee,
            newer: fee,
        }
    })
}

fn parameters(kind: Kind) -> impl Strategy<Value = DlmmFeeParameters> {
    (0..20_000_u16, 0..2_000_000_u32, 0..2_500_u16, any::<bool>()).prop_map(
        move |(base_factor, control, protocol_share_bps, only_in_y)| DlmmFeeParameters {
            base_factor,
            base_fee_power_factor: 0,
            filter_period_s: 30,
            decay_period_s: 600,
            reduction_factor_bps: 5_000,
            variable_fee_control: if kind.volatile { control } else { 0 },
            max_volatility_accumulator: 350_000,
            protocol_share_bps,
            only_in_y,
        },
    )
}

/// A price as the program computes it, near enough for a test that only needs it to grow.
fn price_x64(bin_step: u16, id: i32) -> u128 {
    let price = (1.0 + f64::from(bin_step) / 1e4).powi(id) * (2f64).powi(64);
    price as u128
}

fn pool(kind: Kind) -> impl Strategy<Value = MeteoraDlmmPool> {
    let bins = prop::collection::vec(
        (amount(), amount(), any::<Option<(bool, u16, u32)>>()),
        1..60,
    );
    let place = (
        prop::sample::select(&[1_u16, 10, 25, 100, 400][..]),
        -400..400_i32,
        0..60_usize,
    );
    let fees = (
        parameters(kind),
        transfer_fees(kind.transfer_fees),
        transfer_fees(kind.transfer_fees),
    );
    (bins, place, fees, -9..9_i32).prop_map(
        move |(drawn, (bin_step, first, active), fees, away)| {
            let active = active.min(drawn.len() - 1);
            let active_id = first + i32::try_from(active).unwrap();
            let bins = drawn
                .into_iter()
                .zip(first..)
                .map(|((x, y, orders), id)| DlmmBin {
                    id,
                    amount_x_raw: if id >= active_id { x } else { 0 },
                    amount_y_raw: if id <= active_id { y } else { 0 },
                    price_x64: price_x64(bin_step, id),
                    orders: orders
                        .filter(|_| kind.orders)
                        .map(|(_, begun, open)| DlmmOrders {
                            ask: id > active_id,
                            begun_raw: begun.into(),
                            open_raw: open.into(),
                        }),
                });
            let arrays: Vec<i32> = (-8..12).collect();
            MeteoraDlmmPool::new(&MeteoraDlmmState {
                pool: number(1),
                token_x: number(2),
                token_y: number(3),
                reserve_x: number(4),
                reserve_y: number(5),
                reserve_x_raw: 1 << 60,
                reserve_y_raw: 1 << 60,
                bin_step,
                active_id,
                fees: fees.0,
                volatility: DlmmVolatility {
                    accumulator: 40_000,
                    reference: 10_000,
                    index_reference: active_id + away,
                    last_update_unix_s: 1_790_000_000,
                },
                enabled: true,
                opens: None,
                limit_orders: kind.orders,
                transfer_fees_x: fees.1,
                transfer_fees_y: fees.2,
                initialized_arrays: arrays.clone(),
                bitmap_extension_known: true,
                given_arrays: arrays,
                bins: bins.collect(),
                clock: ChainClock {
                    unix_timestamp: 1_790_000_010,
                    ..ChainClock::default()
                },
            })
            .unwrap()
        },
    )
}

fn any_pair() -> impl Strategy<Value = TokenPair> {
    prop_oneof![Just(TokenPair::ZERO_FOR_ONE), Just(TokenPair::ONE_FOR_ZERO)]
}

/// The lines' output at an input.
fn on_curve(curve: &Curve, input: f64) -> f64 {
    let Curve::Lines(lines) = curve else {
        return 0.0;
    };
    let (mut output, mut left) = (0.0, input);
    for line in lines {
        let spent = left.min(line.capacity_in);
        output += line.price * spent;
        left -= spent;
    }
    output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn more_in_never_gives_less_out(
        pool in pool(ANY), pair in any_pair(), a in amount(), b in amount(),
    ) {
        let out = |amount| pool.output(pair, U256::from(amount));
        if let (Some(low), Some(high)) = (out(a.min(b)), out(a.max(b))) {
            prop_assert!(low <= high);
        }
    }

    #[test]
    fn more_out_never_costs_less_in(
        pool in pool(ANY), pair in any_pair(), a in amount(), b in amount(),
    ) {
        let cost = |out| pool.amounts(pair, Exact::Out, U256::from(out)).ok();
        if let (Some(low), Some(high)) = (cost(a.min(b)), cost(a.max(b))) {
            prop_assert!(low.amount_in_raw <= high.amount_in_raw);
            prop_assert_eq!(low.amount_out_raw, U256::from(a.min(b)));
        }
    }

    #[test]
    fn never_gives_more_than_the_bins_hold(
        pool in pool(ANY), pair in any_pair(), amount in amount(), exact_in in any::<bool>(),
    ) {
        let exact = if exact_in { Exact::In } else { Exact::Out };
        if let Ok(amounts) = pool.amounts(pair, exact, U256::from(amount)) {
            let bins = pool.state().bins;
            let held = bins.iter().map(|bin| {
                let own = if pair.input == 0 { bin.amount_y_raw } else { bin.amount_x_raw };
                let orders = bin.orders.filter(|orders| orders.ask == (pair.input == 1));
                u128::from(own) + orders.map_or(0, |orders| u128::from(orders.begun_raw) + u128::from(orders.open_raw))
            });
            prop_assert!(amounts.amount_out_raw <= U256::from(held.sum::<u128>()));
        }
    }

    /// What an output cost gives it again; and to ask for what an input gave never costs more. Without limit orders,
    /// whose layers the program rounds apart.
    #[test]
    fn exact_out_is_the_inverse_of_exact_in(
        pool in pool(Kind { orders: false, ..ANY }), pair in any_pair(), amount in amount(),
    ) {
        if let Ok(asked) = pool.amounts(pair, Exact::Out, U256::from(amount)) {
            let again = pool.amounts(pair, Exact::In, asked.amount_in_raw).unwrap();
            prop_assert!(again.amount_out_raw >= asked.amount_out_raw);
        }
        if let Ok(there) = pool.amounts(pair, Exact::In, U256::from(amount)) {
            let back = pool.amounts(pair, Exact::Out, there.amount_out_raw).unwrap();
            prop_assert!(back.amount_in_raw <= there.amount_in_raw);
        }
    }

    /// With a constant fee. A variable one can fall between two swaps, when the reference follows the price.
    #[test]
    fn two_swaps_never_give_more_than_one_of_both(
        pool in pool(PLAIN), pair in any_pair(), a in amount(), b in amount(),
    ) {
        let mut stepped = pool.clone();
        let mut swap = |amount| stepped.swap(pair, Exact::In, U256::from(amount)).ok();
        if let (Some(one), Some(two)) = (swap(a), swap(b)) {
            let split = one.amount_out_raw + two.amount_out_raw;
            if let Some(whole) = pool.output(pair, U256::from(a + b)) {
                prop_assert!(split <= whole, "{} {}", split, whole);
            }
        }
    }

    #[test]
    fn a_swap_leaves_what_its_quote_says(
        pool in pool(ANY), pair in any_pair(), exact_in in any::<bool>(), amount in amount(),
    ) {
        let exact = if exact_in { Exact::In } else { Exact::Out };
        let amount = U256::from(amount);
        let mut after = pool.clone();
        match (pool.quote(pair, exact, amount), after.swap(pair, exact, amount)) {
            (Ok(quote), Ok(swapped)) => {
                prop_assert_eq!(quote.amount_in_raw, swapped.amount_in_raw);
                prop_assert_eq!(quote.amount_out_raw, swapped.amount_out_raw);
                prop_assert_eq!(quote.spot_after, after.spot_price(pair));
                let Some(Movement::Bins { active_after, .. }) = quote.movement else {
                    panic!("a pair of bins moves by bins");
                };
                prop_assert_eq!(active_after, after.state().active_id);
                let kept = |pool: &MeteoraDlmmPool| {
                    let state = pool.state();
                    [U256::from(state.reserve_x_raw), U256::from(state.reserve_y_raw)]
                };
                let (input, output) = (usize::from(pair.input), usize::from(pair.output));
                let arrived = kept(&after)[input] - kept(&pool)[input];
                let left = kept(&pool)[output] - kept(&after)[output];
                prop_assert!(arrived <= swapped.amount_in_raw && left >= swapped.amount_out_raw);
            }
            (quote, swapped) => {
                prop_assert_eq!(quote.unwrap_err(), swapped.unwrap_err());
                prop_assert_eq!(after.state(), pool.state());
            }
        }
    }

    #[test]
    fn the_curve_is_never_below_the_integers(
        pool in pool(ANY), pair in any_pair(), amount in amount(),
    ) {
        if let Some(out) = pool.output(pair, U256::from(amount)) {
            let real = on_curve(&pool.curve(pair), amount as f64);
            let integer = out.to::<u64>() as f64;
            prop_assert!(real * (1.0 + 1e-12) >= integer, "{} {}", real, integer);
        }
    }

    #[test]
    fn no_amount_is_too_strange(
        pool in pool(ANY), pair in (0..4_u8, 0..4_u8), amount in any::<[u64; 4]>(), shift in 0..256_usize,
        clock in any::<(u64, u64, i64)>(),
    ) {
        let pair = TokenPair { input: pair.0, output: pair.1 };
        let amount = U256::from_limbs(amount) >> shift;
        let mut pool = pool;
        for _ in 0..2 {
            for exact in [Exact::In, Exact::Out] {
                let _ = pool.quote(pair, exact, amount);
                let _ = pool.clone().swap(pair, exact, amount);
            }
            let _ = (pool.curve(pair), pool.fee_ppm(pair), pool.spot_price(pair));
            let (slot, epoch, unix_timestamp) = clock;
            pool.apply(PoolChange::Clock(ChainClock { slot, epoch, unix_timestamp })).unwrap();
        }
    }
}

/// Random bytes behind the types of a pair, a bin array and a bitmap extension.
fn random_accounts(body: &[u8], cut: usize) -> Vec<Written> {
    let pair = number(1);
    let derived = |seeds: &[&[u8]]| program_address(key(PROGRAM), seeds).unwrap();
    let own = pair.solana().unwrap();
    let owned = |address, head: &[u8], length: usize, from: usize| {
        let random = body.iter().cycle().skip(from).copied();
        let data = head
            .iter()
            .copied()
            .chain(random)
            .take(length.saturating_sub(cut))
            .collect();
        Written {
            address,
            owner: key(PROGRAM),
            data,
        }
    };
    let index = i64::from(body[0].cast_signed());
    let mut array = vec![0x5c, 0x8e, 0x5c, 0xdc, 0x05, 0x94, 0x46, 0xb5];
    array.extend(index.to_le_bytes());
    array.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    array.extend(own);
    let mut extension = vec![0x50, 0x6f, 0x7c, 0x71, 0x37, 0xed, 0x12, 0x05];
    extension.extend(own);
    let lb_pair = owned(
        pair,
        &[0x21, 0x0b, 0x31, 0x62, 0xb5, 0x65, 0xb1, 0x0d],
        904,
        3,
    );
    let key_at = |offset: usize| {
        lb_pair
            .data
            .get(offset..offset + 32)
            .map_or(number(7), |key| {
                ChainAddress::Solana(key.try_into().unwrap())
            })
    };
    vec![
        token_account(key_at(152), key_at(88), pair, 1 << 50),
        token_account(key_at(184), key_at(120), pair, 1 << 50),
        owned(
            derived(&[b"bin_array", &own, &index.to_le_bytes()]),
            &array,
            10_136,
            5,
        ),
        owned(derived(&[b"bitmap", &own]), &extension, 1_576, 7),
        lb_pair,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_bytes_make_a_decoder_panic(
        body in prop::collection::vec(prop_oneof![6 => Just(0_u8), 1 => Just(1_u8), 1 => any::<u8>()], 1..300),
        cut in prop_oneof![4 => Just(0_usize), 1 => 0..950_usize],
        other in pool(ANY),
    ) {
        let accounts = random_accounts(&body, cut);
        let made = MeteoraDlmmPool::from_accounts(number(1), &set(&accounts), ChainClock::default());
        for mut pool in made.into_iter().chain([other]) {
            for account in &accounts {
                let _ = pool.apply(PoolChange::Account(account.account()));
            }
            for pair in [TokenPair::ZERO_FOR_ONE, TokenPair::ONE_FOR_ZERO] {
                let _ = pool.quote(pair, Exact::In, U256::from(1_000_000));
                let _ = pool.quote(pair, Exact::Out, U256::from(1_000_000));
                let _ = pool.curve(pair);
            }
        }
    }
}
