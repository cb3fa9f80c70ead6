//! A Uniswap V3 pool as pieces of constant product, one between two initialised ticks.
#![allow(
    clippy::float_arithmetic,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use alloy_primitives::aliases::U160;

use super::UniswapV3Pool;
use crate::pools::concentrated::hyperbolas;
use crate::pools::{Curve, Direction};

impl UniswapV3Pool {
    pub(super) fn pieces(&self, direction: Direction) -> Curve {
        let gamma = 1.0 - f64::from(self.fee_pips()) / 1e6;
        let position = self.ladder.position();
        let ranges = self.ladder.course().ticks.ranges(position.tick, direction);
        let ranges = ranges.map(|(end, liquidity)| (root(end), liquidity));
        let pieces = hyperbolas(direction, gamma, root(position.sqrt_price), ranges);
        Curve::Hyperbolas(pieces)
    }
}

/// The square root of the price as a real number.
fn root(sqrt_price_x96: U160) -> f64 {
    f64::from(sqrt_price_x96) / (2f64).powi(96)
}
