//! A Raydium CLMM pool as pieces of constant product, one between two initialised ticks.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use super::RaydiumClmmPool;
use crate::pools::concentrated::hyperbolas;
use crate::pools::{Curve, Direction, transfer_share};

impl RaydiumClmmPool {
    /// As far as the ticks are known.
    pub(super) fn pieces(&self, direction: Direction) -> Curve {
        let position = self.ladder.position();
        let fees = self.facts.transfer_fees;
        let fees = fees.map(|fees| fees.at(self.facts.clock.epoch));
        let (fee_in, fee_out) = direction.in_and_out(fees);
        let gamma = 1.0 - f64::from(self.frame.rates.trade_fee) / 1e6;
        let ranges = self.ladder.course().ranges(position, direction);
        let ranges = ranges
            .into_iter()
            .map(|(end, liquidity)| (root(end), liquidity));
        let mut pieces = hyperbolas(direction, gamma, root(position.sqrt_price), ranges);
        transfer_share::pay(&mut pieces, fee_in, fee_out);
        Curve::Hyperbolas(pieces)
    }
}

/// The square root of the price as a real number.
fn root(sqrt_price_x64: u128) -> f64 {
    sqrt_price_x64 as f64 / (2f64).powi(64)
}
