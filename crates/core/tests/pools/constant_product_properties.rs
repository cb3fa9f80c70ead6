//! What holds for every constant product pool, whatever its state and the amount.
#![allow(clippy::float_arithmetic, reason = "curves are real functions")]

use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_amm_v4::{RaydiumAmmV4State, Rounding};
use tradewind_core::pools::raydium_cpmm::{CreatorFeeOn, FeeRounding, RaydiumCpmmState};
use tradewind_core::pools::uniswap_v2::UniswapV2State;
use tradewind_core::pools::{
    ChainClock, Curve, Exact, Pool, PoolMath, PoolState, SwapAmounts, TokenPair,
};
use tradewind_core::solana::{EpochTransferFee, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TransferFees};

fn key(byte: u8) -> ChainAddress {
    ChainAddress::Solana([byte; 32])
}

/// As likely a small number as a large one.
fn raw(bits: u32) -> impl Strategy<Value = u128> {
    (any::<u128>(), 1..=bits).prop_map(|(number, bits)| number >> (128 - bits))
}

fn raw64() -> impl Strategy<Value = u64> {
    raw(64).prop_map(|number| u64::try_from(number).unwrap())
}

fn v2() -> impl Strategy<Value = PoolState> {
    (
        raw(112),
        raw(112),
        prop_oneof![Just(3000), Just(2500), Just(0), 0..1_000_000_u32],
    )
        .prop_map(|(reserve0_raw, reserve1_raw, fee_ppm)| {
            PoolState::UniswapV2(UniswapV2State {
                pool: alloy_primitives::Address::repeat_byte(1).into(),
                token0: alloy_primitives::Address::repeat_byte(2).into(),
                token1: alloy_primitives::Address::repeat_byte(3).into(),
                reserve0_raw,
                reserve1_raw,
                fee_ppm,
            })
        })
}

fn amm_v4() -> impl Strategy<Value = PoolState> {
    let fee = prop_oneof![
        Just((25, 10_000)),
        Just((0, 1)),
        (0..u64::MAX).prop_map(|n| (n, u64::MAX))
    ];
    (raw64(), raw64(), raw(40), raw(40), fee).prop_map(|(coin, pc, coin_owed, pc_owed, fee)| {
        PoolState::RaydiumAmmV4(RaydiumAmmV4State {
            pool: key(1),
            coin_mint: key(2),
            pc_mint: key(3),
            coin_vault: key(4),
            pc_vault: key(5),
            coin_vault_raw: coin,
            pc_vault_raw: pc,
            coin_need_take_pnl_raw: u64::try_from(coin_owed).unwrap() / 8,
            pc_need_take_pnl_raw: u64::try_from(pc_owed).unwrap() / 8,
            swap_fee_numerator: fee.0,
            swap_fee_denominator: fee.1,
            status: 6,
            pool_open_time: 0,
            rounding: Rounding::Up,
            clock: ChainClock::default(),
        })
    })
}

fn transfer_fees() -> impl Strategy<Value = Option<TransferFees>> {
    let maximum = prop_oneof![Just(u64::MAX), raw64()];
    proptest::option::of(
        (0..=10_000_u16, maximum).prop_map(|(basis_points, maximum_fee_raw)| {
            let fee = EpochTransferFee {
                epoch: 0,
                maximum_fee_raw,
                basis_points,
            };
            TransferFees {
                older: fee,
                newer: fee,
            }
        }),
    )
}

fn cpmm() -> impl Strategy<Value = PoolState> {
    let creator = (
        0..100_000_u32,
        any::<bool>(),
        prop_oneof![
            Just(CreatorFeeOn::BothTokens),
            Just(CreatorFeeOn::OnlyToken0),
            Just(CreatorFeeOn::OnlyToken1)
        ],
    );
    let owed = [raw(30), raw(30)];
    (
        raw64(),
        raw64(),
        owed,
        0..500_000_u32,
        creator,
        [transfer_fees(), transfer_fees()],
    )
        .prop_map(
            |(vault0_raw, vault1_raw, owed, trade_fee_ppm, creator, fees)| {
                let [owed0, owed1] = owed.map(|owed| u64::try_from(owed).unwrap());
                let (creator_fee_ppm, enable_creator_fee, creator_fee_on) = creator;
                let program = |fees: Option<TransferFees>| match fees {
                    Some(_) => TOKEN_2022_PROGRAM,
                    None => TOKEN_PROGRAM,
                };
                PoolState::RaydiumCpmm(RaydiumCpmmState {
                    pool: key(1),
                    config: key(2),
                    token0: key(3),
                    token1: key(4),
                    token0_program: program(fees[0]),
                    token1_program: program(fees[1]),
                    vault0: key(5),
                    vault1: key(6),
                    vault0_raw,
                    vault1_raw,
                    protocol_fees0_raw: owed0,
                    protocol_fees1_raw: owed1 / 3,
                    fund_fees0_raw: owed1 / 7,
                    fund_fees1_raw: owed1,
                    creator_fees0_raw: owed0 / 2,
                    creator_fees1_raw: owed0 / 5,
                    trade_fee_ppm,
                    protocol_fee_ppm: 120_000,
                    fund_fee_ppm: 40_000,
                    creator_fee_ppm,
                    enable_creator_fee,
                    creator_fee_on,
                    status: 0,
                    open_time: 0,
                    fee_rounding: FeeRounding::Together,
                    transfer_fees0: fees[0].unwrap_or_default(),
                    transfer_fees1: fees[1].unwrap_or_default(),
                    clock: ChainClock::default(),
                })
            },
        )
}

fn pools() -> impl Strategy<Value = Pool> {
    prop_oneof![v2(), amm_v4(), cpmm()].prop_map(|state| Pool::new(&state).unwrap())
}

fn pairs() -> impl Strategy<Value = TokenPair> {
    prop_oneof![Just(TokenPair::ZERO_FOR_ONE), Just(TokenPair::ONE_FOR_ZERO)]
}

fn amounts() -> impl Strategy<Value = U256> {
    prop_oneof![
        8 => raw(112).prop_map(U256::from),
        8 => raw(64).prop_map(U256::from),
        1 => Just(U256::MAX),
        1 => Just(U256::ZERO),
        1 => any::<[u64; 4]>().prop_map(U256::from_limbs),
    ]
}

fn exact_in(pool: &Pool, pair: TokenPair, raw: U256) -> Option<SwapAmounts> {
    pool.amounts(pair, Exact::In, raw).ok()
}

/// What the pool holds of each token, fees owed included.
fn held(pool: &Pool, pair: TokenPair) -> U256 {
    let [zero, one] = match pool.state() {
        PoolState::UniswapV2(state) => [state.reserve0_raw, state.reserve1_raw].map(U256::from),
        PoolState::RaydiumAmmV4(state) => {
            [state.coin_vault_raw, state.pc_vault_raw].map(U256::from)
        }
        PoolState::RaydiumCpmm(state) => [state.vault0_raw, state.vault1_raw].map(U256::from),
        other => panic!("{other:?}"),
    };
    if pair.output == 0 { zero } else { one }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "the curve is compared up to 1e-12"
)]
fn real(raw: U256) -> f64 {
    u128::try_from(raw).unwrap() as f64
}

fn on_curve(curve: &Curve, input: f64) -> f64 {
    match curve {
        Curve::Nothing => 0.0,
        Curve::Hyperbolas(pieces) => {
            let piece = pieces[0];
            assert!(input <= piece.capacity_in);
            let less_fee = piece.gamma * input;
            piece.reserve_out * less_fee / (piece.reserve_in + less_fee)
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_amount_makes_a_pool_panic_and_a_refusal_changes_nothing(
        mut pool in pools(), pair in pairs(), raw in amounts(),
    ) {
        let before = pool.state();
        for exact in [Exact::In, Exact::Out] {
            let answer = pool.amounts(pair, exact, raw);
            let quote = pool.quote(pair, exact, raw);
            prop_assert_eq!(quote.is_ok(), answer.is_ok());
            if exact == Exact::In {
                let output = answer.as_ref().ok().map(|amounts| amounts.amount_out_raw);
                prop_assert_eq!(pool.output(pair, raw), output);
            }
            let mut after = pool.clone();
            let swapped = after.swap(pair, exact, raw);
            prop_assert_eq!(&swapped, &answer);
            if answer.is_err() {
                prop_assert_eq!(after.state(), before.clone());
            }
        }
        let nowhere = TokenPair { input: 0, output: 2 };
        prop_assert_eq!(pool.swap(nowhere, Exact::In, raw).unwrap_err().code(), "pair_unknown");
        prop_assert_eq!(pool.output(nowhere, raw), None);
    }

    #[test]
    fn more_in_never_gives_less_and_never_all_that_is_held(
        pool in pools(), pair in pairs(), raw in amounts(), more in amounts(),
    ) {
        let sum = raw.saturating_add(more);
        if let (Some(less), Some(more)) = (exact_in(&pool, pair, raw), exact_in(&pool, pair, sum)) {
            prop_assert!(less.amount_out_raw <= more.amount_out_raw);
            prop_assert!(more.amount_out_raw < held(&pool, pair));
        }
        let answer = pool.amounts(pair, Exact::Out, raw);
        if raw >= held(&pool, pair) {
            prop_assert!(answer.is_err());
        }
    }

    #[test]
    fn exact_out_is_the_inverse_of_exact_in_within_rounding(
        pool in pools(), pair in pairs(), raw in amounts(),
    ) {
        // getAmountIn adds one even where the division is exact.
        let spare = U256::from(matches!(pool, Pool::UniswapV2(_)));
        if let Some(forward) = exact_in(&pool, pair, raw)
            && let Ok(back) = pool.amounts(pair, Exact::Out, forward.amount_out_raw)
        {
            prop_assert!(back.amount_in_raw <= raw + spare, "{} for {raw}", back.amount_in_raw);
        }
        if let Ok(back) = pool.amounts(pair, Exact::Out, raw) {
            let forward = pool.amounts(pair, Exact::In, back.amount_in_raw).unwrap();
            prop_assert!(forward.amount_out_raw >= raw);
        }
    }

    #[test]
    fn two_swaps_in_a_row_never_give_more_than_one_of_the_sum(
        mut pool in pools(), pair in pairs(), first in amounts(), second in amounts(),
    ) {
        let whole = exact_in(&pool, pair, first.saturating_add(second));
        if let Some(whole) = whole
            && let Ok(first) = pool.swap(pair, Exact::In, first)
        {
            let second = pool.swap(pair, Exact::In, second);
            let second = second.map_or(U256::ZERO, |amounts| amounts.amount_out_raw);
            prop_assert!(first.amount_out_raw + second <= whole.amount_out_raw);
        }
    }

    #[test]
    fn a_swap_leaves_the_pool_where_its_quote_said(
        pool in pools(), pair in pairs(), raw in amounts(), fixed_out: bool,
    ) {
        let exact = if fixed_out { Exact::Out } else { Exact::In };
        if let Ok(quote) = pool.quote(pair, exact, raw) {
            let mut after = pool.clone();
            let amounts = after.swap(pair, exact, raw).unwrap();
            prop_assert_eq!(amounts.amount_in_raw, quote.amount_in_raw);
            prop_assert_eq!(amounts.amount_out_raw, quote.amount_out_raw);
            prop_assert_eq!(after.spot_price(pair), quote.spot_after);
            prop_assert_eq!(pool.spot_price(pair), quote.spot_before);
            let given = held(&pool, pair) - held(&after, pair);
            let withheld: U256 = quote.fees.iter()
                .filter(|fee| fee.token == quote.token_out && fee.kind == tradewind_core::pools::FeeKind::Transfer)
                .map(|fee| fee.amount_raw).sum();
            prop_assert_eq!(given, quote.amount_out_raw + withheld);
            prop_assert_eq!(Pool::new(&after.state()).unwrap().state(), after.state());
        }
    }

    #[test]
    fn the_curve_is_never_below_what_the_pool_gives(
        pool in pools(), pair in pairs(), raw in amounts(),
    ) {
        if let Some(amounts) = exact_in(&pool, pair, raw) {
            let bound = on_curve(&pool.curve(pair), real(amounts.amount_in_raw));
            prop_assert!(bound >= real(amounts.amount_out_raw) * (1.0 - 1e-12), "{bound} {amounts:?}");
        }
    }
}
