//! Concentrated liquidity as pieces of constant product, one for each range of constant liquidity.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a curve steers a search and bounds it; it decides no amount"
)]

use crate::pools::{Direction, Hyperbola};

/// Between two ticks a pool is one of constant product with the virtual reserves `L / sqrt(P)` and
/// `L * sqrt(P)` (whitepaper of Uniswap v3, 2.2).
///
/// `ranges` says where each range ends and its liquidity, from `sqrt_price` on in the direction of the swap.
pub(in crate::pools) fn hyperbolas(
    direction: Direction,
    gamma: f64,
    sqrt_price: f64,
    ranges: impl Iterator<Item = (f64, u128)>,
) -> Vec<Hyperbola> {
    let mut pieces = Vec::new();
    let mut price = sqrt_price;
    for (end, liquidity) in ranges {
        if liquidity > 0 {
            pieces.push(piece(direction, liquidity as f64, price, end, gamma));
        }
        price = end;
    }
    pieces
}

fn piece(direction: Direction, liquidity: f64, price: f64, end: f64, gamma: f64) -> Hyperbola {
    let (reserve_in, reserve_out, net_in) = match direction {
        Direction::ZeroForOne => (
            liquidity / price,
            liquidity * price,
            liquidity * ((price - end) / (end * price)),
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
