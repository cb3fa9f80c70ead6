//! The share of a transfer that its fee leaves, as a bound for curves.
//!
//! The fee has a maximum, so what is left is convex in what is sent: the chord over the whole range bounds it from
//! above, and is exact where no amount of the range reaches the maximum.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use super::Hyperbola;
use crate::solana::TransferFee;

/// At least the share that arrives of any transfer of at most `most_sent`.
pub(super) fn of_sent(fee: TransferFee, most_sent: f64) -> f64 {
    at_least(fee, most_sent, |most, maximum| (most - maximum) / most)
}

/// The same of any transfer of which at most `most_received` arrives.
pub(super) fn of_received(fee: TransferFee, most_received: f64) -> f64 {
    at_least(fee, most_received, |most, maximum| most / (most + maximum))
}

/// Pays the fees of both transfers of a swap in all of its pieces.
pub(super) fn pay(pieces: &mut [Hyperbola], fee_in: TransferFee, fee_out: TransferFee) {
    let most_in: f64 = pieces.iter().map(|piece| piece.capacity_in).sum();
    let out = |piece: &Hyperbola| {
        let net = piece.gamma * piece.capacity_in;
        piece.reserve_out * net / (piece.reserve_in + net)
    };
    let most_out: f64 = pieces.iter().map(out).sum();
    let (kept_in, kept_out) = (of_received(fee_in, most_in), of_sent(fee_out, most_out));
    for piece in pieces {
        piece.gamma *= kept_in;
        piece.capacity_in /= kept_in;
        piece.reserve_out *= kept_out;
    }
}

fn at_least(fee: TransferFee, most: f64, capped: impl Fn(f64, f64) -> f64) -> f64 {
    if fee.is_none() || most <= 0.0 {
        return 1.0;
    }
    let share = f64::from(10_000_u16.saturating_sub(fee.basis_points)) / 1e4;
    let capped = capped(most.min(u64::MAX as f64), fee.maximum_fee_raw as f64);
    // Rounded up a little, so that nothing falls below because of the last bit.
    (share.max(capped) * (1.0 + f64::EPSILON)).clamp(f64::MIN_POSITIVE, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_transfer_leaves_more_than_the_share(
            basis_points in 0u16..=10_000, maximum_fee_raw: u64, most: u64, part in 0.0..=1.0f64
        ) {
            let fee = TransferFee { basis_points, maximum_fee_raw };
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any amount up to the most")]
            let sent = ((most as f64 * part) as u64).min(most);
            let left = fee.net_raw(sent) as f64;
            let rounding = 4.0 * f64::EPSILON * most as f64;
            prop_assert!(left <= sent as f64 * of_sent(fee, most as f64) + rounding);
            let most_received = fee.net_raw(most) as f64;
            prop_assert!(left <= sent as f64 * of_received(fee, most_received) + rounding);
        }
    }
}
