//! What must hold for every `PumpSwap` pool and every bonding curve: order, inverse, conservation; and that nothing
//! makes them panic.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "the curve under test is one of real numbers"
)]

use crate::solana_accounts::{Written, key, mint, set, token_account};
use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::pump_curve::{PumpCurvePool, PumpCurveState};
use tradewind_core::pools::pump_fees::{
    FeeRates, FeeSchedule, FeeSettlement, FeeTable, FeeTier, WRAPPED_SOL,
};
use tradewind_core::pools::pumpswap::{PumpswapPool, PumpswapState};
use tradewind_core::pools::{ChainClock, Curve, Exact, Pool, PoolChange, PoolMath, TokenPair};

const BUY: TokenPair = TokenPair::ONE_FOR_ZERO;
const SELL: TokenPair = TokenPair::ZERO_FOR_ONE;
const PUMPSWAP: &str = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA";
const PUMP: &str = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
const PUMP_FEES: &str = "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ";

/// What the rounding of three fees and of the price can cost, in units of the quote token.
const ROUNDING: u64 = 16;

fn number(last: u8) -> ChainAddress {
    let mut key = [9; 32];
    key[31] = last;
    ChainAddress::Solana(key)
}

/// From one unit to 64 bits, every size as likely.
fn amount() -> impl Strategy<Value = u64> {
    (0..64_u32, any::<u64>()).prop_map(|(shift, bits)| (bits | 1 << 63) >> shift)
}

fn rates() -> impl Strategy<Value = FeeRates> {
    (0..100_u64, 0..200_u64, 0..300_u64).prop_map(|(lp_bps, protocol_bps, creator_bps)| FeeRates {
        lp_bps,
        protocol_bps,
        creator_bps,
    })
}

fn schedule(tiers: &[(u64, FeeRates)]) -> FeeSchedule {
    let mut tiers: Vec<FeeTier> = tiers
        .iter()
        .map(|(from, rates)| FeeTier {
            market_cap_from_raw: u128::from(*from),
            rates: *rates,
        })
        .collect();
    tiers.sort_by_key(|tier| tier.market_cap_from_raw);
    FeeSchedule::from(FeeTable {
        tiers,
        ..FeeTable::default()
    })
}

fn settlement() -> impl Strategy<Value = FeeSettlement> {
    prop_oneof![Just(FeeSettlement::PaidOut), Just(FeeSettlement::Kept)]
}

/// A `PumpSwap` pool with `count` fee tiers.
fn pumpswap(count: usize) -> impl Strategy<Value = Pool> {
    let tiers = prop::collection::vec((amount(), rates()), count);
    let flags = (any::<bool>(), any::<bool>(), settlement());
    let numbers = (
        amount(),
        amount(),
        amount(),
        amount(),
        0..10_001_u64,
        any::<bool>(),
    );
    (tiers, flags, numbers).prop_map(|(tiers, (creator, mayhem, settlement), numbers)| {
        let (base, quote, supply, boost, buyback_bps, boosted) = numbers;
        let boost = if boosted {
            boost.min(u64::MAX - quote)
        } else {
            0
        };
        Pool::from(
            PumpswapPool::new(&PumpswapState {
                pool: number(1),
                base_mint: number(2),
                quote_mint: WRAPPED_SOL,
                base_vault: number(3),
                quote_vault: number(4),
                base_vault_raw: base,
                quote_vault_raw: quote,
                virtual_quote_raw: i128::from(boost),
                protocol_fees_raw: 0,
                creator_fees_raw: 0,
                base_supply_raw: supply,
                canonical: true,
                has_coin_creator: creator,
                mayhem,
                creator_fee_bps: 0,
                creator_fee_configurable: false,
                disable_flags: 0,
                buyback_bps,
                fees: schedule(&tiers),
                fee_settlement: settlement,
            })
            .unwrap(),
        )
    })
}

/// A bonding curve with `count` fee tiers.
fn pump_curve(count: usize) -> impl Strategy<Value = Pool> {
    let tiers = prop::collection::vec((amount(), rates()), count);
    let flags = (any::<bool>(), any::<bool>(), settlement());
    let numbers = (
        amount(),
        amount(),
        amount(),
        amount(),
        amount(),
        0..10_001_u64,
    );
    (tiers, flags, numbers).prop_map(|(tiers, (has_creator, mayhem, settlement), numbers)| {
        let (base, quote, real_base, real_quote, supply, buyback_bps) = numbers;
        Pool::from(
            PumpCurvePool::new(&PumpCurveState {
                pool: number(1),
                base_mint: number(2),
                quote_mint: WRAPPED_SOL,
                virtual_base_raw: base,
                virtual_quote_raw: quote,
                real_base_raw: real_base.min(base),
                real_quote_raw: real_quote.min(quote),
                protocol_fees_raw: 0,
                creator_fees_raw: 0,
                base_supply_raw: supply,
                total_supply_raw: supply,
                complete: false,
                has_creator,
                mayhem,
                creator_fee_bps: 0,
                creator_fee_configurable: false,
                buyback_bps,
                fees: schedule(&tiers),
                fee_settlement: settlement,
            })
            .unwrap(),
        )
    })
}

fn any_pool(count: usize) -> impl Strategy<Value = Pool> {
    prop_oneof![pumpswap(count), pump_curve(count)]
}

fn any_pair() -> impl Strategy<Value = TokenPair> {
    prop_oneof![Just(BUY), Just(SELL)]
}

fn output(pool: &Pool, pair: TokenPair, amount_in: u64) -> Option<U256> {
    pool.output(pair, U256::from(amount_in))
}

/// What a pool could pay out of each token.
fn reserves(pool: &Pool) -> [u64; 2] {
    match pool {
        Pool::Pumpswap(pool) => [pool.state().base_vault_raw, pool.state().quote_vault_raw],
        Pool::PumpCurve(pool) => [pool.state().real_base_raw, pool.state().real_quote_raw],
        other => panic!("{other:?}"),
    }
}

/// Whether a part of the fee stays in the reserves of the price.
fn has_lp_fee(pool: &Pool) -> bool {
    match pool {
        Pool::Pumpswap(pool) => pool
            .state()
            .fees
            .table()
            .tiers
            .iter()
            .any(|tier| tier.rates.lp_bps > 0),
        _ => false,
    }
}

/// The curve's output at an input.
fn on_curve(curve: &Curve, input: f64) -> f64 {
    let Curve::Hyperbolas(pieces) = curve else {
        return 0.0;
    };
    let (mut output, mut left) = (0.0, input);
    for piece in pieces {
        let spent = left.min(piece.capacity_in);
        let net = piece.gamma * spent;
        output += piece.reserve_out * net / (piece.reserve_in + net);
        left -= spent;
    }
    output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// A unit more can cost a unit more of each of three fees, so order holds up to that.
    #[test]
    fn more_in_never_gives_less_out_beyond_rounding(
        pool in any_pool(3), pair in any_pair(), a in amount(), b in amount(),
    ) {
        let (less, more) = (a.min(b), a.max(b));
        let (slack_in, slack_out) = if pair == BUY { (ROUNDING, 0) } else { (0, 3) };
        if let (Some(low), Some(high)) =
            (output(&pool, pair, less), output(&pool, pair, more.saturating_add(slack_in)))
        {
            prop_assert!(low <= high + U256::from(slack_out), "{} {}", low, high);
        }
    }

    #[test]
    fn more_out_never_costs_less_in(
        pool in any_pool(3), pair in any_pair(), a in amount(), b in amount(),
    ) {
        let (less, more) = (a.min(b), a.max(b));
        let cost = |out| pool.amounts(pair, Exact::Out, U256::from(out)).ok();
        if let (Some(low), Some(high)) = (cost(less), cost(more)) {
            prop_assert!(low.amount_in_raw <= high.amount_in_raw);
        }
    }

    #[test]
    fn never_gives_more_than_it_has(
        pool in any_pool(3), pair in any_pair(), exact_in in any::<bool>(), amount in amount(),
    ) {
        let exact = if exact_in { Exact::In } else { Exact::Out };
        if let Ok(amounts) = pool.amounts(pair, exact, U256::from(amount)) {
            let [base, quote] = reserves(&pool);
            let most = if pair == BUY { base } else { quote };
            prop_assert!(amounts.amount_out_raw <= U256::from(most));
            let asked = if exact_in { amounts.amount_in_raw } else { amounts.amount_out_raw };
            if exact_in {
                prop_assert!(asked <= U256::from(amount));
            } else {
                prop_assert!(asked >= U256::from(amount));
            }
        }
    }

    /// To ask for what an input gave costs no more than it; and what an output cost, and a little more, gives it.
    #[test]
    fn exact_out_is_the_inverse_of_exact_in(
        pool in any_pool(3), pair in any_pair(), amount in amount(),
    ) {
        if let Ok(there) = pool.amounts(pair, Exact::In, U256::from(amount))
            && !there.amount_out_raw.is_zero()
        {
            let back = pool.amounts(pair, Exact::Out, there.amount_out_raw).unwrap();
            prop_assert!(back.amount_in_raw <= there.amount_in_raw);
            prop_assert!(back.amount_out_raw >= there.amount_out_raw);
        }
        if let Ok(asked) = pool.amounts(pair, Exact::Out, U256::from(amount)) {
            let slack = if pair == BUY { ROUNDING } else { 0 };
            let again = pool.output(pair, asked.amount_in_raw + U256::from(slack));
            if let Some(out) = again {
                prop_assert!(out >= U256::from(amount));
            }
        }
    }

    /// With one tier. It does not hold across tiers, where the first swap can lower the fee of the second; nor for
    /// sells of a pool with a liquidity fee, which is taken off the output and so raises the price of the next.
    #[test]
    fn two_swaps_never_give_more_than_one_of_both(
        pool in any_pool(1), pair in any_pair(), a in 1..u64::MAX / 2, b in 1..u64::MAX / 2, shift in 0..62_u32,
    ) {
        let (first, second) = (a >> shift, b >> shift);
        let mut stepped = pool.clone();
        let swap = |pool: &mut Pool, amount| pool.swap(pair, Exact::In, U256::from(amount)).ok();
        let reinvests = pair == SELL && has_lp_fee(&pool);
        if let (false, Some(one), Some(two)) =
            (reinvests, swap(&mut stepped, first), swap(&mut stepped, second))
        {
            let (slack_in, slack_out) = if pair == BUY { (ROUNDING, 0) } else { (0, 3) };
            if let Some(whole) = output(&pool, pair, first + second + slack_in) {
                let split = one.amount_out_raw + two.amount_out_raw;
                prop_assert!(split <= whole + U256::from(slack_out), "{} {}", split, whole);
            }
        }
    }

    #[test]
    fn a_swap_leaves_what_its_quote_says(
        pool in any_pool(3), pair in any_pair(), exact_in in any::<bool>(), amount in amount(),
    ) {
        let exact = if exact_in { Exact::In } else { Exact::Out };
        let amount = U256::from(amount);
        let mut after = pool.clone();
        match (pool.quote(pair, exact, amount), after.swap(pair, exact, amount)) {
            (Ok(quote), Ok(swapped)) => {
                prop_assert_eq!(quote.amount_in_raw, swapped.amount_in_raw);
                prop_assert_eq!(quote.amount_out_raw, swapped.amount_out_raw);
                prop_assert_eq!(quote.spot_after, after.spot_price(pair));
                prop_assert_eq!(quote.spot_before, pool.spot_price(pair));
                prop_assert_eq!(Ok(swapped), pool.amounts(pair, exact, amount));
            }
            (quote, swapped) => {
                prop_assert_eq!(quote.unwrap_err(), swapped.unwrap_err());
                prop_assert_eq!(after.state(), pool.state());
            }
        }
    }

    #[test]
    fn the_curve_is_never_below_the_integers(
        pool in any_pool(3), pair in any_pair(), amount in amount(),
    ) {
        if let Some(out) = output(&pool, pair, amount) {
            let real = on_curve(&pool.curve(pair), amount as f64);
            let integer = out.to::<u64>() as f64;
            prop_assert!(real * (1.0 + 1e-12) >= integer, "{} {}", real, integer);
        }
    }

    #[test]
    fn no_amount_is_too_strange(
        pool in any_pool(3), pair in (0..4_u8, 0..4_u8), amount in any::<[u64; 4]>(), shift in 0..256_usize,
    ) {
        let pair = TokenPair { input: pair.0, output: pair.1 };
        let amount = U256::from_limbs(amount) >> shift;
        for exact in [Exact::In, Exact::Out] {
            let _ = pool.quote(pair, exact, amount);
            let _ = pool.clone().swap(pair, exact, amount);
        }
        let _ = (pool.curve(pair), pool.fee_ppm(pair), pool.spot_price(pair));
    }
}

/// A pool and a curve, whose accounts are random behind their types.
fn random_accounts(body: &[u8], lengths: [usize; 4]) -> Vec<Written> {
    let bytes = |kind: &[u8], length: usize, from: usize| {
        let random = body
            .iter()
            .cycle()
            .skip(from)
            .take(length.saturating_sub(kind.len()));
        kind.iter().chain(random).copied().collect::<Vec<u8>>()
    };
    let owned = |address: &str, owner: &str, data| Written {
        address: key(address),
        owner: key(owner),
        data,
    };
    let curve = [0x17, 0xb7, 0xf8, 0x37, 0x60, 0xd8, 0xac, 0x60];
    let pool = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
    let global = [0xa7, 0xe8, 0xe8, 0xb1, 0xc8, 0x6c, 0x72, 0x7f];
    let config = [0x95, 0x08, 0x9c, 0xca, 0xa0, 0xfc, 0xb0, 0xd9];
    let fees = [0x8f, 0x34, 0x92, 0xbb, 0xdb, 0x7b, 0x4c, 0x9b];
    vec![
        owned(
            "G4YE8paj88iYirELFWKDsb1gn1Yei5i4sQmtPUompLxY",
            PUMP,
            bytes(&curve, lengths[0], 1),
        ),
        owned(
            "1i9tKkyqqxySdoAe3A4TWMgSQP7FBiEwDTkzciTDiHN",
            PUMPSWAP,
            bytes(&pool, lengths[1], 2),
        ),
        owned(
            "4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf",
            PUMP,
            bytes(&global, lengths[2], 3),
        ),
        owned(
            "ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw",
            PUMPSWAP,
            bytes(&config, lengths[2], 4),
        ),
        owned(
            "5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx",
            PUMP_FEES,
            bytes(&fees, lengths[3], 5),
        ),
        owned(
            "8Wf5TiAheLUqBrKXeYg2JtAFFMWtKdG2BSFgqUcPVwTt",
            PUMP_FEES,
            bytes(&fees, lengths[3], 6),
        ),
        mint(
            key("GGZQECTzvhnwSDsqKHp1RqEV1vpoGWHTBggEw658wpfm"),
            u64::MAX,
        ),
        token_account(number(3), number(2), number(1), u64::MAX),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_a_decoder_panic(
        body in prop::collection::vec(prop_oneof![4 => Just(0_u8), 1 => any::<u8>()], 1..400),
        lengths in (0..200_usize, 0..320_usize, 0..1_100_usize, 0..4_200_usize),
        pool in any_pool(2),
    ) {
        let accounts = random_accounts(&body, [lengths.0, lengths.1, lengths.2, lengths.3]);
        let clock = ChainClock::default();
        let curve = PumpCurvePool::from_accounts(accounts[0].address, &set(&accounts), clock);
        let swap = PumpswapPool::from_accounts(accounts[1].address, &set(&accounts), clock);
        let mut pools: Vec<Pool> = curve.into_iter().map(Pool::from).collect();
        pools.extend(swap.into_iter().map(Pool::from));
        pools.push(pool);
        for mut pool in pools {
            for account in &accounts {
                let _ = pool.apply(PoolChange::Account(account.account()));
                let mut own = account.clone();
                own.address = pool.address();
                let _ = pool.apply(PoolChange::Account(own.account()));
            }
            let _ = pool.quote(BUY, Exact::In, U256::from(1_000_000));
            let _ = pool.quote(SELL, Exact::Out, U256::from(1_000_000));
        }
    }
}
