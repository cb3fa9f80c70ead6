//! Amounts between two prices, and the price that an amount leads to.
//!
//! For liquidity `L` and square root prices `a <= b` (Q64.96), the whitepaper of Uniswap v3 (6.2.3)
//! gives `amount0 = L * (b - a) / (a * b)` and `amount1 = L * (b - a)`. The contract divides twice
//! (`SqrtPriceMath`); nested floors and nested ceilings each equal the single one taken here.

use alloy_primitives::aliases::{U128, U160, U224, U320, U384};
use alloy_primitives::{U256, Uint};

use super::quotient::quotient;

/// Which way a result that is no integer goes: always against the trader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    Down,
    Up,
}

/// Token 0 between two prices in bounds; at most `2**192`.
pub(super) fn amount0_between(low: U160, high: U160, liquidity: u128, rounding: Rounding) -> U256 {
    let numerator: U384 = shifted(liquidity).widening_mul(high - low);
    let denominator: U320 = low.widening_mul(high);
    divide(numerator, U384::from(denominator), rounding).wrapping_to()
}

/// Token 1 between two prices in bounds; at most `2**192`.
pub(super) fn amount1_between(low: U160, high: U160, liquidity: u128, rounding: Rounding) -> U256 {
    let product: Uint<288, 5> = U128::from(liquidity).widening_mul(high - low);
    let whole: Uint<288, 5> = product >> 96;
    let [low_limb, next_limb, ..] = *product.as_limbs();
    let inexact = low_limb != 0 || next_limb << 32 != 0;
    whole.wrapping_to::<U256>() + U256::from(rounding == Rounding::Up && inexact)
}

/// The price after `amount0` was added at constant liquidity, rounded up (`getNextSqrtPriceFromAmount0RoundingUp`).
///
/// Where the exact formula does not fit 256 bits, the contract falls back to a coarser one, and so does this.
/// `liquidity` is not zero.
pub(super) fn price_after_adding0(price: U160, liquidity: u128, amount0: U256) -> U160 {
    let numerator = U256::from(shifted(liquidity));
    let exact = amount0
        .checked_mul(U256::from(price))
        .and_then(|product| numerator.checked_add(product));
    if let Some(denominator) = exact {
        return price_times_ratio(price, liquidity, denominator);
    }
    let denominator = numerator / U256::from(price) + amount0;
    divide(U384::from(numerator), U384::from(denominator), Rounding::Up).wrapping_to()
}

/// The price after `amount0` was taken at constant liquidity, rounded up; `None` when there is not as much.
pub(super) fn price_after_taking0(price: U160, liquidity: u128, amount0: U256) -> Option<U160> {
    let product = amount0.checked_mul(U256::from(price))?;
    let denominator = U256::from(shifted(liquidity)).checked_sub(product)?;
    (!denominator.is_zero()).then(|| price_times_ratio(price, liquidity, denominator))
}

/// The price after `amount1` was added at constant liquidity, rounded down (`getNextSqrtPriceFromAmount1RoundingDown`).
///
/// `liquidity` is not zero; `amount1` is less than what reaches the highest price.
pub(super) fn price_after_adding1(price: U160, liquidity: u128, amount1: U256) -> U160 {
    price + price_change(liquidity, amount1, Rounding::Down)
}

/// The price after `amount1` was taken at constant liquidity, rounded down; `None` when there is not as much.
pub(super) fn price_after_taking1(price: U160, liquidity: u128, amount1: U256) -> Option<U160> {
    price.checked_sub(price_change(liquidity, amount1, Rounding::Up))
}

/// `ceil(price * (liquidity << 96) / denominator)`.
fn price_times_ratio(price: U160, liquidity: u128, denominator: U256) -> U160 {
    let numerator: U384 = shifted(liquidity).widening_mul(price);
    divide(numerator, U384::from(denominator), Rounding::Up).wrapping_to()
}

fn price_change(liquidity: u128, amount1: U256, rounding: Rounding) -> U160 {
    divide(U384::from(amount1) << 96, U384::from(liquidity), rounding).wrapping_to()
}

fn shifted(liquidity: u128) -> U224 {
    U224::from(liquidity) << 96
}

/// A quotient whose divisor is not zero.
pub(super) fn divide(over: U384, under: U384, rounding: Rounding) -> U384 {
    let (quotient, inexact) = quotient(over, under);
    quotient + U384::from(rounding == Rounding::Up && inexact)
}
