//! Amounts between two prices, and the price that an amount leads to, with every bound of the program.
//!
//! For liquidity `L` and square root prices `a <= b` (Q64.64) `amount_a = L * (b - a) / (a * b)` and
//! `amount_b = L * (b - a)` (whitepaper of Uniswap v3, 6.14 and 6.16). Which intermediate value must fit how
//! many bits decides whether the program refuses (`token_math`, `bit_math` of the Whirlpool program).

use alloy_primitives::U256;

use super::fault::Fault;
use super::tick_math::{MAX_SQRT_PRICE_X64, MIN_SQRT_PRICE_X64};

/// Which way a result that is no integer goes: always against the trader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    Down,
    Up,
}

/// An amount of 64 bits, or the error that asking for it would be.
///
/// The program first asks only whether an amount is reached; there one that does not fit is simply not
/// reached. Where it needs the amount itself, the same is an error.
pub(super) type Amount = Result<u64, Fault>;

/// Whether an input is added to what the pool holds, or an output is taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Taken,
}

/// Token a between two prices.
///
/// # Errors
/// Where the program cannot even compare: liquidity times the range exceeds 192 bits.
pub(super) fn amount_a(
    from: u128,
    to: u128,
    liquidity: u128,
    rounding: Rounding,
) -> Result<Amount, Fault> {
    let product = U256::from(liquidity) * U256::from(from.abs_diff(to));
    if product.bit_len() > 192 {
        return Err(Fault::MultiplicationOverflow);
    }
    if product.is_zero() {
        return Ok(Ok(0));
    }
    let quotient = divide(product << 64, U256::from(from) * U256::from(to), rounding);
    Ok(if quotient.bit_len() > 128 {
        Err(Fault::NumberDownCastError)
    } else {
        u64::try_from(quotient).map_err(|_| Fault::TokenMaxExceeded)
    })
}

/// Token b between two prices.
pub(super) fn amount_b(from: u128, to: u128, liquidity: u128, rounding: Rounding) -> Amount {
    let product = liquidity
        .checked_mul(from.abs_diff(to))
        .ok_or(Fault::MultiplicationShiftRightOverflow)?;
    let inexact = product.trailing_zeros() < 64;
    u64::try_from((product >> 64) + u128::from(rounding == Rounding::Up && inexact))
        .map_err(|_| Fault::MultiplicationOverflow)
}

/// The price after token a is added or taken at constant liquidity, rounded up.
pub(super) fn price_after_a(
    price: u128,
    liquidity: u128,
    amount: u64,
    change: Change,
) -> Result<u128, Fault> {
    if amount == 0 {
        return Ok(price);
    }
    let numerator = U256::from(liquidity) * U256::from(price);
    if numerator.bit_len() > 192 {
        return Err(Fault::MultiplicationOverflow);
    }
    let moved = U256::from(price) * U256::from(amount);
    let shifted = U256::from(liquidity) << 64;
    let denominator = match change {
        Change::Added => shifted + moved,
        Change::Taken if shifted <= moved => return Err(Fault::DivideByZero),
        Change::Taken => shifted - moved,
    };
    let after = divide(numerator << 64, denominator, Rounding::Up);
    let after = u128::try_from(after).map_err(|_| Fault::NumberDownCastError)?;
    match after {
        ..MIN_SQRT_PRICE_X64 => Err(Fault::TokenMinSubceeded),
        MIN_SQRT_PRICE_X64..=MAX_SQRT_PRICE_X64 => Ok(after),
        _ => Err(Fault::TokenMaxExceeded),
    }
}

/// The price after token b is added or taken at constant liquidity, rounded down.
pub(super) fn price_after_b(
    price: u128,
    liquidity: u128,
    amount: u64,
    change: Change,
) -> Result<u128, Fault> {
    if liquidity == 0 {
        return Err(Fault::DivideByZero);
    }
    let shifted = u128::from(amount) << 64;
    let after = match change {
        Change::Added => price.checked_add(shifted / liquidity),
        Change::Taken => price.checked_sub(shifted.div_ceil(liquidity)),
    };
    after.ok_or(Fault::SqrtPriceOutOfBounds)
}

/// A quotient whose divisor is not zero; rounded up it still fits, because the divisor is then above one.
fn divide(numerator: U256, denominator: U256, rounding: Rounding) -> U256 {
    let (quotient, remainder) = numerator.div_rem(denominator);
    quotient + U256::from(rounding == Rounding::Up && !remainder.is_zero())
}
