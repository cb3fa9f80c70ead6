//! A Whirlpool as pieces of constant product, one between two initialised ticks or two changes of the fee.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use super::OrcaWhirlpoolPool;
use super::swap::Walk;
use crate::pools::{Curve, Direction, Hyperbola, transfer_share};

/// From one square root price to another, at constant liquidity.
struct Piece {
    from: u128,
    to: u128,
    liquidity: u128,
    fee_ppm: u32,
}

impl OrcaWhirlpoolPool {
    /// Between two ticks a pool is one of constant product with the virtual reserves `L / sqrt(P)` and
    /// `L * sqrt(P)`.
    ///
    /// Where an adaptive fee falls on the way (back towards its reference), the earlier pieces take the lower
    /// rate too: the curve stays concave and above what the pool gives.
    pub(super) fn hyperbolas(&self, direction: Direction) -> Curve {
        let Ok(walk) = self.walk(direction) else {
            return Curve::Nothing;
        };
        let Some(mut pieces) = self.pieces(&walk) else {
            return Curve::Nothing;
        };
        let mut lowest = u32::MAX;
        for piece in pieces.iter_mut().rev() {
            lowest = lowest.min(piece.fee_ppm);
            piece.fee_ppm = lowest;
        }
        let pieces = pieces.iter().filter(|piece| piece.liquidity > 0);
        let mut hyperbolas: Vec<Hyperbola> =
            pieces.map(|piece| piece.hyperbola(direction)).collect();
        let (fee_in, fee_out) = self.transfer_fee(direction);
        transfer_share::pay(&mut hyperbolas, fee_in, fee_out);
        if hyperbolas.is_empty() {
            Curve::Nothing
        } else {
            Curve::Hyperbolas(hyperbolas)
        }
    }

    fn pieces(&self, walk: &Walk<'_>) -> Option<Vec<Piece>> {
        let mut progress = self.start(walk.direction).ok()?;
        let mut pieces = Vec::new();
        if self.oracle.is_some() {
            let checkpoints = self.checkpoints(walk).ok()?;
            for step in &checkpoints.steps {
                pieces.push(Piece {
                    from: progress.position.sqrt_price,
                    to: step.position.sqrt_price,
                    liquidity: progress.position.liquidity,
                    fee_ppm: step.fee_ppm,
                });
                progress = *step;
            }
        }
        // What is left: all of it at a fixed fee; else what no whole step reaches, at no less than the fee's
        // fixed part.
        let fee_ppm = self.ladder.course().fee_ppm;
        let mut position = progress.position;
        while position.sqrt_price != walk.limit
            && let Some(stop) = walk.next_stop(&position)
        {
            pieces.push(Piece {
                from: position.sqrt_price,
                to: stop.sqrt_price,
                liquidity: position.liquidity,
                fee_ppm,
            });
            if walk.arrive_at(&mut position, stop).is_err() {
                break;
            }
        }
        Some(pieces)
    }
}

impl Piece {
    fn hyperbola(&self, direction: Direction) -> Hyperbola {
        let (price, end, liquidity) = (root(self.from), root(self.to), self.liquidity as f64);
        let gamma = 1.0 - f64::from(self.fee_ppm) / 1e6;
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
            // What the difference of two close prices loses to rounding is given back, so that no end comes too early.
            capacity_in: (net_in.max(0.0) + 8.0 * f64::EPSILON * reserve_in) / gamma,
        }
    }
}

/// The square root of the price as a real number.
fn root(sqrt_price_x64: u128) -> f64 {
    sqrt_price_x64 as f64 / (2f64).powi(64)
}
