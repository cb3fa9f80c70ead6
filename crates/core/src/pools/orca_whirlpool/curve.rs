//! A Whirlpool as pieces of constant product, one between two initialised ticks or two changes of the fee.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use super::OrcaWhirlpoolPool;
use super::swap::Walk;
use crate::pools::{Curve, Direction, Hyperbola};
use crate::solana::TransferFee;

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
        pay_transfer_fees(&mut hyperbolas, fee_in, fee_out);
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

/// A transfer fee leaves a convex part of an amount, because it is capped; its chord bounds it from above.
fn pay_transfer_fees(pieces: &mut [Hyperbola], fee_in: TransferFee, fee_out: TransferFee) {
    let net_in: f64 = pieces.iter().map(|piece| piece.capacity_in).sum();
    let out = |piece: &Hyperbola| {
        let net = piece.gamma * piece.capacity_in;
        piece.reserve_out * net / (piece.reserve_in + net)
    };
    let gross_out: f64 = pieces.iter().map(out).sum();
    let kept_in = kept(fee_in, net_in.min(u64::MAX as f64), true);
    let kept_out = kept(fee_out, gross_out.min(u64::MAX as f64), false);
    for piece in pieces {
        piece.gamma *= kept_in;
        piece.capacity_in /= kept_in;
        piece.reserve_out *= kept_out;
    }
}

/// What is left of the largest transfer, as a share of it; `net` tells whether the amount is what arrives.
fn kept(fee: TransferFee, amount: f64, net: bool) -> f64 {
    if fee.is_none() || amount <= 0.0 {
        return 1.0;
    }
    let share = 1.0 - f64::from(fee.basis_points) / 1e4;
    let most = fee.maximum_fee_raw as f64;
    let capped = if net {
        amount / (amount + most)
    } else {
        (amount - most) / amount
    };
    // Rounded up a little, so that nothing falls below because of the last bit.
    (share.max(capped) * (1.0 + f64::EPSILON)).clamp(f64::MIN_POSITIVE, 1.0)
}

/// The square root of the price as a real number.
fn root(sqrt_price_x64: u128) -> f64 {
    sqrt_price_x64 as f64 / (2f64).powi(64)
}
