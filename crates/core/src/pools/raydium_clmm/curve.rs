//! A Raydium CLMM pool as pieces of constant product, one between two initialised ticks.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use super::RaydiumClmmPool;
use crate::pools::concentrated::hyperbolas;
use crate::pools::{Curve, Direction};
use crate::solana::TransferFee;

impl RaydiumClmmPool {
    /// As far as the ticks are known.
    pub(super) fn pieces(&self, direction: Direction) -> Curve {
        let position = self.ladder.position();
        let fees = self.facts.transfer_fees;
        let fees = fees.map(|fees| fees.at(self.facts.clock.epoch));
        let (fee_in, fee_out) = direction.in_and_out(fees);
        let gamma = (1.0 - f64::from(self.frame.rates.trade_fee) / 1e6) * kept(fee_in);
        let ranges = self.ladder.course().ranges(position, direction);
        let ranges = ranges
            .into_iter()
            .map(|(end, liquidity)| (root(end), liquidity));
        let mut pieces = hyperbolas(direction, gamma, root(position.sqrt_price), ranges);
        for piece in &mut pieces {
            piece.reserve_out *= kept(fee_out);
        }
        if let Some(last) = pieces.last_mut()
            && !binds_nowhere(fee_in)
        {
            last.capacity_in += fee_in.maximum_fee_raw as f64;
        }
        Curve::Hyperbolas(pieces)
    }
}

/// The share of a transfer that arrives; all of it where the fee has a cap, which is then the better bound.
fn kept(fee: TransferFee) -> f64 {
    if binds_nowhere(fee) {
        1.0 - f64::from(fee.basis_points) / 1e4
    } else {
        1.0
    }
}

/// Whether no transfer is large enough for the cap.
fn binds_nowhere(fee: TransferFee) -> bool {
    fee.fee_raw(u64::MAX) < fee.maximum_fee_raw || fee.is_none()
}

/// The square root of the price as a real number.
fn root(sqrt_price_x64: u128) -> f64 {
    sqrt_price_x64 as f64 / (2f64).powi(64)
}
