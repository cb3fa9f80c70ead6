//! A DLMM pair as pieces of constant price, one for each bin.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use super::MeteoraDlmmPool;
use super::fees::BILLION;
use crate::pools::{Curve, Direction, Line, transfer_share};

impl MeteoraDlmmPool {
    /// One line a bin. A bin nearer to the reference has a lower fee, so the next one can be the better; the best
    /// stand first here, which no swap can beat.
    pub(super) fn lines(&self, direction: Direction) -> Curve {
        let path = self.path(direction);
        let [fee_in, fee_out] = self.transfer_fees(direction);
        let kept_in = transfer_share::of_received(fee_in, path.total_in as f64);
        let kept_out = transfer_share::of_sent(fee_out, path.total_out as f64);
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
