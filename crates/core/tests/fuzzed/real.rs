//! What a pool's curve gives at an input, in real numbers.
#![allow(
    clippy::float_arithmetic,
    reason = "a curve is one of real numbers; nothing here decides an amount"
)]

use alloy_primitives::U256;
use tradewind_core::pools::Curve;

/// The relative room that doubles need.
const ROOM: f64 = 1e-9;

/// Whether the curve is at least the pool's own answer, within what doubles can tell.
pub(crate) fn bounds(curve: &Curve, amount_in_raw: U256, amount_out_raw: U256) -> bool {
    let given = f64::from(amount_out_raw);
    output(curve, f64::from(amount_in_raw)).is_none_or(|bound| bound * (1.0 + ROOM) >= given)
}

/// `None` for a stable curve, which has no closed form.
pub(crate) fn output(curve: &Curve, input: f64) -> Option<f64> {
    let mut left = input;
    let mut sum = 0.0;
    match curve {
        Curve::Nothing => {}
        Curve::Hyperbolas(pieces) => {
            for piece in pieces {
                let paid = left.min(piece.capacity_in);
                let net = paid * piece.gamma;
                sum += piece.reserve_out * (net / (piece.reserve_in + net));
                left -= paid;
            }
        }
        Curve::Lines(lines) => {
            for line in lines {
                let paid = left.min(line.capacity_in);
                sum += line.price * paid;
                left -= paid;
            }
        }
        Curve::Weighted {
            balance_in,
            balance_out,
            exponent,
            gamma,
            ..
        } => sum = -balance_out * (-exponent * (gamma * input / balance_in).ln_1p()).exp_m1(),
        Curve::Stable { .. } => return None,
    }
    Some(sum)
}
