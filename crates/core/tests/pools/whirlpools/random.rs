//! Random Whirlpools, made from positions as their program makes them.

use std::collections::BTreeMap;

use alloy_primitives::{U256, U512};
use proptest::prelude::*;
use tradewind_core::pools::ChainClock;
use tradewind_core::pools::orca_whirlpool::tick_math::{MAX_TICK, MIN_TICK, sqrt_price_at_tick};
use tradewind_core::pools::orca_whirlpool::{
    AdaptiveFeeConstants, AdaptiveFeeVariables, Oracle, OrcaWhirlpoolState, Tick, TickArray,
};
use tradewind_core::solana::{EpochTransferFee, TransferFees};

use super::{array_span, key, plain};

pub(crate) const NOW: u32 = 1_000_000;

/// Liquidity of one position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) lower: i32,
    pub(crate) upper: i32,
    pub(crate) liquidity: u128,
}

/// A state and the positions that it was made from.
#[derive(Debug, Clone)]
pub(crate) struct RandomWhirlpool {
    pub(crate) state: OrcaWhirlpoolState,
    pub(crate) positions: Vec<Position>,
}

/// What a random pool may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A fixed fee, and no transfer fees.
    Fixed,
    /// An adaptive fee, and no transfer fees.
    Adaptive,
    /// Anything.
    Any,
}

pub(crate) fn whirlpool(kind: Kind) -> impl Strategy<Value = RandomWhirlpool> {
    let spacing = prop::sample::select(&[1_u16, 4, 8, 64, 128, 32_896][..]);
    let position = (-180_i32..180, 1_i32..150, 4_u32..64);
    let positions = prop::collection::vec(position, 1..12);
    let fees = (
        prop::sample::select(&[0_u16, 1, 400, 3_000, 10_000, 60_000][..]),
        prop::sample::select(&[0_u16, 300, 2_500][..]),
    );
    let place = (-20_000_i32..20_000, any::<u8>());
    let unknown = prop::collection::vec(-3_i32..=3, 0..2);
    let extras = (
        oracle(),
        transfer_fees(),
        transfer_fees(),
        any::<[bool; 2]>(),
    );
    (spacing, positions, fees, place, unknown, extras).prop_map(
        move |(spacing, positions, fees, place, unknown, extras)| {
            let (oracle, fees_a, fees_b, [adaptive, charged]) = extras;
            let mut random = build(spacing, &positions, place, &unknown);
            (random.state.fee_ppm, random.state.protocol_fee_bps) = fees;
            if kind == Kind::Adaptive || (kind == Kind::Any && adaptive) {
                random.state.oracle = Some(Box::new(fit(oracle, &random.state)));
                random.state.clock.unix_timestamp = i64::from(NOW);
            }
            if kind == Kind::Any && charged {
                (random.state.transfer_fees_a, random.state.transfer_fees_b) = (fees_a, fees_b);
            }
            random
        },
    )
}

fn build(
    spacing: u16,
    drawn: &[(i32, i32, u32)],
    (tick, within): (i32, u8),
    unknown: &[i32],
) -> RandomWhirlpool {
    let step = i32::from(spacing);
    let middle = tick.div_euclid(step) * step;
    let usable = MIN_TICK / step * step..=MAX_TICK / step * step;
    let positions: Vec<Position> = drawn
        .iter()
        .map(|(low, width, bits)| Position {
            lower: (middle + low * step).clamp(*usable.start(), usable.end() - step),
            upper: middle + (low + width) * step,
            liquidity: (1 << bits) + 12_345,
        })
        .map(|position| Position {
            upper: position.upper.clamp(position.lower + step, *usable.end()),
            ..position
        })
        .collect();
    let [low, high] = [tick, tick + 1].map(|tick| sqrt_price_at_tick(tick).unwrap());
    let span = array_span(spacing);
    let own = tick.div_euclid(span) * span;
    let state = OrcaWhirlpoolState {
        tick,
        sqrt_price_x64: low + (high - low) * u128::from(within) / 256,
        liquidity: active(&positions, tick),
        clock: ChainClock::default(),
        ..plain(spacing)
    };
    let lowest = MIN_TICK.div_euclid(span) * span;
    let places = (-4..=4).filter(|place| !unknown.contains(place) || *place == 0);
    let starts = places
        .map(|place| own + place * span)
        .filter(|start| (lowest..=MAX_TICK).contains(start));
    let ticks = ticks(&positions);
    let tick_arrays = starts
        .map(|start| array(&ticks, start, span, own))
        .collect();
    RandomWhirlpool {
        state: OrcaWhirlpoolState {
            tick_arrays,
            ..state
        },
        positions,
    }
}

/// The array that starts there; one without ticks does not exist.
pub(crate) fn array(ticks: &[Tick], start: i32, span: i32, own: i32) -> TickArray {
    let inside = ticks
        .iter()
        .filter(|tick| (start..start + span).contains(&tick.index));
    let ticks: Vec<Tick> = inside.copied().collect();
    TickArray {
        account: key(u8::try_from((start - own) / span + 100).unwrap()),
        start_tick_index: start,
        initialized: !ticks.is_empty(),
        ticks,
    }
}

pub(crate) fn active(positions: &[Position], tick: i32) -> u128 {
    let holding = positions
        .iter()
        .filter(|position| (position.lower..position.upper).contains(&tick));
    holding.map(|position| position.liquidity).sum()
}

pub(crate) fn ticks(positions: &[Position]) -> Vec<Tick> {
    let mut ticks: BTreeMap<i32, (u128, i128)> = BTreeMap::new();
    for position in positions {
        let net = position.liquidity.cast_signed();
        for (index, net) in [(position.lower, net), (position.upper, -net)] {
            let tick = ticks.entry(index).or_default();
            *tick = (tick.0 + position.liquidity, tick.1 + net);
        }
    }
    ticks
        .into_iter()
        .map(|(index, (liquidity_gross, liquidity_net))| Tick {
            index,
            liquidity_gross,
            liquidity_net,
        })
        .collect()
}

/// What the providers of these positions have put in at this price, rounded up.
pub(crate) fn reserves(positions: &[Position], price: u128) -> [U512; 2] {
    let unit = U512::from(1_u128 << 64);
    let mut sums = [U512::ZERO; 2];
    for position in positions {
        let ends = [position.lower, position.upper].map(|tick| sqrt_price_at_tick(tick).unwrap());
        let at = U512::from(price.clamp(ends[0], ends[1]));
        let [low, high] = ends.map(U512::from);
        let liquidity = U512::from(position.liquidity);
        sums[0] += (liquidity * (high - at) * unit).div_ceil(high * at);
        sums[1] += (liquidity * (at - low)).div_ceil(unit);
    }
    sums
}

/// Amounts of every size up to 64 bits.
pub(crate) fn amount() -> impl Strategy<Value = U256> {
    (0_u32..64, any::<u64>()).prop_map(|(cut, seed)| U256::from((seed >> cut).max(1)))
}

fn oracle() -> impl Strategy<Value = Oracle> {
    let periods = (1_u16..100, 1_u16..600, 0_u16..10_000);
    let volatility = (
        prop::sample::select(&[0_u32, 1, 1_500, 40_000, 99_999][..]),
        prop::sample::select(&[0_u32, 9_999, 88_000, 350_000, 3_000_000][..]),
        0_u32..8,
    );
    let before = (0_u32..5_000, 0_u32..5_000, any::<[u32; 2]>(), -300_i32..300);
    (periods, volatility, before, 1_u16..200).prop_map(
        |(periods, volatility, before, major_swap_threshold_ticks)| Oracle {
            account: key(50),
            trade_enable_timestamp: 0,
            constants: AdaptiveFeeConstants {
                filter_period_s: periods.0,
                decay_period_s: periods.0 + periods.1,
                reduction_factor: periods.2,
                adaptive_fee_control_factor: volatility.0,
                max_volatility_accumulator: volatility.1,
                tick_group_size: 1 << volatility.2,
                major_swap_threshold_ticks,
            },
            variables: AdaptiveFeeVariables {
                last_reference_update_timestamp: u64::from(NOW - before.0),
                last_major_swap_timestamp: u64::from(NOW - before.1),
                volatility_reference: before.2[0] % (volatility.1 + 1),
                tick_group_index_reference: before.3,
                volatility_accumulator: before.2[1] % (volatility.1 + 1),
            },
        },
    )
}

/// The oracle with a group size that fits the pool, and its reference near the pool's tick.
fn fit(mut oracle: Oracle, state: &OrcaWhirlpoolState) -> Oracle {
    let constants = &mut oracle.constants;
    while !state.tick_spacing.is_multiple_of(constants.tick_group_size) {
        constants.tick_group_size /= 2;
    }
    constants.major_swap_threshold_ticks = constants
        .major_swap_threshold_ticks
        .min(88 * state.tick_spacing.min(500));
    let group = state.tick.div_euclid(i32::from(constants.tick_group_size));
    oracle.variables.tick_group_index_reference += group;
    oracle
}

fn transfer_fees() -> impl Strategy<Value = TransferFees> {
    let fee = (
        prop::sample::select(&[0_u16, 1, 250, 9_999, 10_000][..]),
        0_u32..64,
    );
    [fee.clone(), fee].prop_map(|[older, newer]| {
        let [older, newer] =
            [(0, older), (5, newer)].map(|(epoch, (basis_points, bits))| EpochTransferFee {
                epoch,
                maximum_fee_raw: 1 << bits,
                basis_points,
            });
        TransferFees { older, newer }
    })
}
