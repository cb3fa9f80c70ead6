//! A Uniswap V3 pool as pieces of constant product, one between two initialised ticks.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use alloy_primitives::aliases::U160;

use super::UniswapV3Pool;
use crate::pools::{Curve, Direction, Hyperbola};

impl UniswapV3Pool {
    /// Between two ticks a pool is one of constant product with the virtual reserves `L / sqrt(P)` and
    /// `L * sqrt(P)`.
    pub(super) fn hyperbolas(&self, direction: Direction) -> Curve {
        let gamma = 1.0 - f64::from(self.fee_pips()) / 1e6;
        let mut pieces = Vec::new();
        let position = self.ladder.position();
        let ticks = &self.ladder.course().ticks;
        let mut price = root(position.sqrt_price);
        for (stop, liquidity) in ticks.ranges(position.tick, direction) {
            let end = root(stop);
            if liquidity > 0 {
                pieces.push(piece(direction, liquidity as f64, price, end, gamma));
            }
            price = end;
        }
        Curve::Hyperbolas(pieces)
    }
}

fn piece(direction: Direction, liquidity: f64, price: f64, end: f64, gamma: f64) -> Hyperbola {
    let (reserve_in, reserve_out, net_in) = match direction {
        Direction::ZeroForOne => (
            liquidity / price,
            liquidity * price,
            liquidity * (1.0 / end - 1.0 / price),
        ),
        Direction::OneForZero => (
            liquidity * price,
            liquidity / price,
            liquidity * (end - price),
        ),
    };
    Hyperbola {
        reserve_in,
        reserve_out,
        gamma,
        capacity_in: net_in.max(0.0) / gamma,
    }
}

/// The square root of the price as a real number.
fn root(sqrt_price_x96: U160) -> f64 {
    f64::from(sqrt_price_x96) / (2f64).powi(96)
}
