//! A DLMM pair as pieces of constant price, one for each bin.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use super::MeteoraDlmmPool;
use super::fees::BILLION;
use crate::pools::{Curve, Direction, Line};
use crate::solana::TransferFee;

impl MeteoraDlmmPool {
    /// One line a bin. A bin nearer to the reference has a lower fee, so the next one can be the better; the best
    /// stand first here, which no swap can beat.
    pub(super) fn lines(&self, direction: Direction) -> Curve {
        let path = self.path(direction);
        let [fee_in, fee_out] = self.transfer_fees(direction);
        let kept_in = kept(fee_in, path.total_in);
        let kept_out = kept(fee_out, path.total_out);
        let mut lines = Vec::with_capacity(path.steps.len());
        let ends = path.steps.iter().skip(1).map(|step| step.in_before);
        for (step, end) in path.steps.iter().zip(ends.chain([path.total_in])) {
            let Some(bin) = self.bins.get(step.place) else {
                continue;
            };
            let price = bin.price_x64 as f64 / (2f64).powi(64);
            let price = match direction {
                Direction::ZeroForOne => price,
                Direction::OneForZero => 1.0 / price,
            };
            let rate = step.rate as f64 / BILLION as f64;
            lines.push(Line {
                price: price * (1.0 - rate) * kept_in * kept_out,
                capacity_in: (end - step.in_before) as f64 / kept_in,
            });
        }
        if lines.is_empty() {
            return Curve::Nothing;
        }
        lines.sort_by(|one, other| other.price.total_cmp(&one.price));
        Curve::Lines(lines)
    }
}

/// What of a transfer arrives, never too little: a fee that reaches its maximum within `most_raw` counts as none.
fn kept(fee: TransferFee, most_raw: u128) -> f64 {
    let capped = u64::try_from(most_raw)
        .ok()
        .and_then(|most| fee.gross_raw(most))
        .is_none_or(|gross| fee.fee_raw(gross) >= fee.maximum_fee_raw);
    if fee.is_none() || capped {
        return 1.0;
    }
    1.0 - f64::from(fee.basis_points) / 1e4
}
