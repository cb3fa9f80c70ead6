//! Random Uniswap V3 pools, made from positions as their contract makes them.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use alloy_primitives::aliases::U160;
use alloy_primitives::{Address, U256, Uint};
use proptest::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::uniswap_v3::tick_math::{MAX_TICK, sqrt_price_at_tick};
use tradewind_core::pools::uniswap_v3::{Tick, UniswapV3Pool, UniswapV3State};

/// The factory's fees and spacings.
const TIERS: [(u32, i32); 4] = [(100, 1), (500, 10), (3_000, 60), (10_000, 200)];

/// Liquidity of one range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) lower: i32,
    pub(crate) upper: i32,
    pub(crate) liquidity: u128,
}

/// A pool and the ranges that it was made from.
#[derive(Debug, Clone)]
pub(crate) struct RandomPool {
    pub(crate) pool: UniswapV3Pool,
    pub(crate) ranges: Vec<Range>,
}

/// The address whose last byte is this number.
pub(crate) fn numbered(number: u8) -> ChainAddress {
    ChainAddress::Evm(Address::with_last_byte(number))
}

/// How much liquidity the ranges of a pool have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Depth {
    /// From dust to more than anyone has, at times over all ticks.
    Any,
    /// So little that amounts of about 57 bits are often too much for it.
    Scarce,
}

/// A pool at `address` of two tokens, near the price 1, so that graphs of them hold arbitrage.
pub(crate) fn pool(
    address: ChainAddress,
    [token0, token1]: [ChainAddress; 2],
    depth: Depth,
) -> impl Strategy<Value = RandomPool> {
    let (bits, everywhere) = match depth {
        Depth::Any => (8u32..90, any::<bool>().boxed()),
        Depth::Scarce => (60u32..65, Just(false).boxed()),
    };
    let tier = prop::sample::select(&TIERS[..]);
    let ranges = prop::collection::vec((-12i32..12, 1i32..10, bits), 1..6);
    (tier, ranges, everywhere, -900i32..900, 0u8..=255).prop_map(
        move |((fee_pips, tick_spacing), drawn, everywhere, tick, within)| {
            // Ranges of up to nine steps of about 60 ticks around the middle, whatever the spacing.
            let step = (60 / tick_spacing).max(1) * tick_spacing;
            let mut ranges: Vec<Range> = drawn
                .iter()
                .map(|(low, width, bits)| Range {
                    lower: low * step,
                    upper: (low + width) * step,
                    liquidity: (1 << bits) + 12_345,
                })
                .collect();
            if everywhere {
                let end = MAX_TICK / tick_spacing * tick_spacing;
                ranges.push(Range {
                    lower: -end,
                    upper: end,
                    liquidity: 1 << 60,
                });
            }
            let (low, high) = (
                sqrt_price_at_tick(tick).unwrap(),
                sqrt_price_at_tick(tick + 1).unwrap(),
            );
            let state = UniswapV3State {
                pool: address,
                token0,
                token1,
                fee_pips,
                tick_spacing,
                sqrt_price_x96: low + (high - low) * U160::from(within) / U160::from(256),
                tick,
                liquidity: active(&ranges, tick),
                ticks: ticks(&ranges),
            };
            RandomPool {
                pool: UniswapV3Pool::new(&state).unwrap(),
                ranges,
            }
        },
    )
}

/// The liquidity of the ranges that hold the tick.
pub(crate) fn active(ranges: &[Range], tick: i32) -> u128 {
    let holding = ranges
        .iter()
        .filter(|range| (range.lower..range.upper).contains(&tick));
    holding.map(|range| range.liquidity).sum()
}

/// The initialised ticks of these ranges.
pub(crate) fn ticks(ranges: &[Range]) -> Vec<Tick> {
    let mut ticks: BTreeMap<i32, (u128, i128)> = BTreeMap::new();
    for range in ranges {
        let net = range.liquidity.cast_signed();
        for (index, net) in [(range.lower, net), (range.upper, -net)] {
            let tick = ticks.entry(index).or_default();
            *tick = (tick.0 + range.liquidity, tick.1 + net);
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

/// What the providers of these ranges have put in at this price: whitepaper 6.29 and 6.30, rounded up.
pub(crate) fn reserves(ranges: &[Range], price: U160) -> [U256; 2] {
    type Wide = Uint<640, 10>;
    let mut sums = [Wide::ZERO; 2];
    for range in ranges {
        let [low, high] = [range.lower, range.upper].map(|tick| sqrt_price_at_tick(tick).unwrap());
        let at = price.clamp(low, high);
        let [low, high, at, liquidity] = [
            Wide::from(low),
            Wide::from(high),
            Wide::from(at),
            Wide::from(range.liquidity),
        ];
        let unit = Wide::from(1_u128 << 96);
        sums[0] += (liquidity * unit * (high - at)).div_ceil(high * at);
        sums[1] += (liquidity * (at - low)).div_ceil(unit);
    }
    sums.map(|sum| sum.to())
}

/// Amounts of every size: a bit length, then the bits.
pub(crate) fn amount(bits: std::ops::Range<usize>) -> impl Strategy<Value = U256> {
    (bits, any::<u64>()).prop_map(|(bits, seed)| {
        let full = (U256::from(seed) * U256::from(u64::MAX)) | (U256::ONE << 127);
        let cut: U256 = full >> (128 - bits);
        cut.max(U256::ONE)
    })
}
