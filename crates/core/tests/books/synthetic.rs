//! A pool's curve as levels: never more than the pool gives, and not much less.

use proptest::prelude::*;
use tradewind_core::books::{CurveUnits, Sample, Side, sample_curve, synthetic_levels};

/// A constant-product pool that takes a fee of 0.3 %, as Uniswap V2 computes it.
fn out(reserve_in: u128, reserve_out: u128, amount_in: u128) -> u128 {
    let paid = amount_in * 997;
    paid * reserve_out / (reserve_in * 1000 + paid)
}

/// Lots filled and what they come to in quote, by the levels, up to `lots`.
fn promised(levels: &[(u64, u64)], lots: u128, units: &CurveUnits) -> (u128, u128) {
    let (mut left, mut sum) = (lots, 0);
    for (price, size) in levels {
        let taken = left.min(u128::from(*size));
        sum += taken * u128::from(*price);
        left -= taken;
    }
    let (raw, unit) = units.quote_raw_per_tick_lot;
    (sum * u128::from(raw), u128::from(unit))
}

fn inputs(steps: &[u32]) -> Vec<u128> {
    let mut sum = 0;
    steps
        .iter()
        .map(|step| {
            sum += u128::from(*step) * 1000;
            sum
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn an_ask_never_asks_less_than_the_pool(
        base in 1_000_000_u64..1_000_000_000_000, quote in 1_000_000_u64..1_000_000_000_000,
        steps in proptest::collection::vec(1_u32..1_000_000, 1..20), lot in 1_u64..5000, raw in 1_u64..50,
        unit in 1_u64..50, part in 0.0_f64..1.0,
    ) {
        let (base, quote) = (u128::from(base), u128::from(quote));
        let pool = |amount_in| out(quote, base, amount_in);
        let units = CurveUnits { base_raw_per_lot: lot, quote_raw_per_tick_lot: (raw, unit) };
        let samples = sample_curve(inputs(&steps), |amount| Some((amount, pool(amount))));
        let levels = synthetic_levels(Side::Ask, &samples, &units).unwrap();
        prop_assert!(levels.is_sorted_by(|a, b| a.0 < b.0));
        let all: u128 = levels.iter().map(|level| u128::from(level.1)).sum();
        for lots in [all, part_of(all, part), all.min(1)] {
            let (cost, unit) = promised(&levels, lots, &units);
            // What the levels ask, in whole units of the token, must buy those lots from the pool.
            prop_assert!(pool(cost.div_ceil(unit)) >= lots * u128::from(lot));
        }
    }

    #[test]
    fn a_bid_never_brings_more_than_the_pool(
        base in 1_000_000_u64..1_000_000_000_000, quote in 1_000_000_u64..1_000_000_000_000,
        steps in proptest::collection::vec(1_u32..1_000_000, 1..20), lot in 1_u64..5000, raw in 1_u64..50,
        unit in 1_u64..50, part in 0.0_f64..1.0,
    ) {
        let (base, quote) = (u128::from(base), u128::from(quote));
        let pool = |amount_in| out(base, quote, amount_in);
        let units = CurveUnits { base_raw_per_lot: lot, quote_raw_per_tick_lot: (raw, unit) };
        let samples = sample_curve(inputs(&steps), |amount| Some((amount, pool(amount))));
        let levels = synthetic_levels(Side::Bid, &samples, &units).unwrap();
        prop_assert!(levels.is_sorted_by(|a, b| a.0 > b.0));
        let all: u128 = levels.iter().map(|level| u128::from(level.1)).sum();
        prop_assert!(all * u128::from(lot) <= samples.last().unwrap().cumulative_in_raw);
        for lots in [all, part_of(all, part), all.min(1)] {
            let (proceeds, unit) = promised(&levels, lots, &units);
            prop_assert!(pool(lots * u128::from(lot)) >= proceeds / unit);
        }
    }

    #[test]
    fn any_samples_are_levels_or_a_refusal(
        samples in proptest::collection::vec((any::<u128>(), any::<u128>()), 0..6), sorted in any::<bool>(),
        lot in any::<u64>(), raw in any::<u64>(), unit in any::<u64>(), bid in any::<bool>(),
    ) {
        let (mut ins, mut outs): (Vec<u128>, Vec<u128>) = samples.into_iter().unzip();
        if sorted {
            ins.sort_unstable();
            outs.sort_unstable();
        }
        let samples: Vec<Sample> = ins.into_iter().zip(outs).map(|(cumulative_in_raw, cumulative_out_raw)| {
            Sample { cumulative_in_raw, cumulative_out_raw }
        }).collect();
        let units = CurveUnits { base_raw_per_lot: lot, quote_raw_per_tick_lot: (raw, unit) };
        let side = if bid { Side::Bid } else { Side::Ask };
        if let Err(error) = synthetic_levels(side, &samples, &units) {
            prop_assert!(["curve_malformed", "term_out_of_range"].contains(&error.code()));
        }
    }
}

#[allow(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "chooses where to look"
)]
fn part_of(all: u128, part: f64) -> u128 {
    ((all as f64 * part) as u128).min(all)
}

#[test]
fn fine_samples_come_within_a_few_ticks_of_the_pools_price() {
    // 1,000 ETH against 3,000,000 USDC: 2,991.03 after the fee, and 3,009.03 to buy, for the smallest amounts.
    let (eth, usdc) = (
        1_000_u128 * 10_u128.pow(18),
        3_000_000_u128 * 10_u128.pow(6),
    );
    // A lot is 0.001 ETH, a tick 0.01 USD: a lot costs 10 units of USDC a tick.
    let units = CurveUnits {
        base_raw_per_lot: 10_u64.pow(15),
        quote_raw_per_tick_lot: (10, 1),
    };
    let sells = (1..=10).map(|step| step * 10_u128.pow(16));
    let samples = sample_curve(sells, |amount| Some((amount, out(eth, usdc, amount))));
    let bids = synthetic_levels(Side::Bid, &samples, &units).unwrap();
    assert_eq!(bids[0], (299_097, 10));
    assert_eq!(bids.iter().map(|level| level.1).sum::<u64>(), 100);
    let buys = (1..=10).map(|step| step * 30_000_000);
    let samples = sample_curve(buys, |amount| Some((amount, out(usdc, eth, amount))));
    let asks = synthetic_levels(Side::Ask, &samples, &units).unwrap();
    assert!(asks[0].0 >= 300_903 && asks[0].0 < 334_000, "{asks:?}");
}

#[test]
fn a_curve_ends_where_the_pool_has_no_answer() {
    let samples = sample_curve([1, 2, 3, 4], |amount| {
        (amount < 3).then_some((amount, amount))
    });
    assert_eq!(samples.len(), 2);
}
