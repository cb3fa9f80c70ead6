//! One step of a swap at constant liquidity and fee, as far as the amount or the target allows
//! (`compute_swap` of the Whirlpool program).

use super::fault::Fault;
use super::token_math::{
    Amount, Change, Rounding, amount_a, amount_b, price_after_a, price_after_b,
};
use crate::pools::{Direction, Exact};

const MILLION: u32 = 1_000_000;

/// Where a step stands, and where it may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    pub(super) direction: Direction,
    pub(super) price: u128,
    pub(super) target: u128,
    pub(super) liquidity: u128,
    /// In parts per million of the input, below a million.
    pub(super) fee_ppm: u32,
}

/// What one step moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// The price that it ends at: the target, or short of it.
    pub(super) price: u128,
    /// Without the fee.
    pub(super) amount_in: u64,
    pub(super) amount_out: u64,
    pub(super) fee: u64,
}

impl Path {
    /// The step that `remaining` of the exact amount pays for.
    pub(super) fn step(self, exact: Exact, remaining: u64) -> Result<Step, Fault> {
        match exact {
            Exact::In => self.exact_in(remaining),
            Exact::Out => self.exact_out(remaining),
        }
    }

    /// The step to the target, where nothing in it is out of the ordinary.
    pub(super) fn whole(self) -> Option<Step> {
        let amount_in = self.input(self.target).ok()?.ok()?;
        let amount_out = self.output(self.target).ok()?.ok()?;
        let fee = self.fee_on(amount_in).ok()?;
        amount_in.checked_add(fee)?;
        Some(Step {
            price: self.target,
            amount_in,
            amount_out,
            fee,
        })
    }

    /// As `step`, for less than the whole step moves, where its amounts are known to fit 64 bits: what the
    /// whole step moves need not be worked out to see that it is not reached.
    pub(super) fn part(self, exact: Exact, remaining: u64) -> Result<Step, Fault> {
        match exact {
            // An input short of the target never rounds onto it.
            Exact::In => self.input_up_to(Err(Fault::TokenMaxExceeded), remaining),
            Exact::Out => self.exact_out(remaining),
        }
    }

    /// Whether the lengths of the numbers alone show that all amounts of the whole step fit 63 bits and every
    /// product the program's types.
    pub(super) fn is_ordinary(self) -> bool {
        let bits = |number: u128| u128::BITS - number.leading_zeros();
        let product = bits(self.liquidity) + bits(self.price.abs_diff(self.target));
        // A number of `n` bits is at least `2**(n - 1)`.
        product < 127 && product + 64 < 63 + bits(self.price) + bits(self.target) - 2
    }

    fn exact_in(self, remaining: u64) -> Result<Step, Fault> {
        self.input_up_to(self.input(self.target)?, remaining)
    }

    fn input_up_to(self, whole: Amount, remaining: u64) -> Result<Step, Fault> {
        let less_fee = self.less_fee(remaining);
        let price = match whole {
            Ok(amount) if amount <= less_fee => self.target,
            _ => self.price_after_input(less_fee)?,
        };
        let amount_out = self.output(price)??;
        let reached = price == self.target;
        let amount_in = match whole {
            Ok(amount) if reached => amount,
            _ => self.input(price)??,
        };
        let fee = if reached {
            self.fee_on(amount_in)?
        } else {
            // What does not move the price is fee.
            remaining
                .checked_sub(amount_in)
                .ok_or(Fault::AmountRemainingOverflow)?
        };
        Ok(Step {
            price,
            amount_in,
            amount_out,
            fee,
        })
    }

    fn exact_out(self, remaining: u64) -> Result<Step, Fault> {
        self.output_up_to(self.output(self.target)?, remaining)
    }

    fn output_up_to(self, whole: Amount, remaining: u64) -> Result<Step, Fault> {
        let price = match whole {
            Ok(amount) if amount <= remaining => self.target,
            _ => self.price_after_output(remaining)?,
        };
        let amount_in = self.input(price)??;
        let amount_out = match whole {
            Ok(amount) if price == self.target => amount,
            _ => self.output(price)??,
        };
        Ok(Step {
            price,
            amount_in,
            amount_out: amount_out.min(remaining),
            fee: self.fee_on(amount_in)?,
        })
    }

    fn input(self, to: u128) -> Result<Amount, Fault> {
        match self.direction {
            Direction::ZeroForOne => amount_a(self.price, to, self.liquidity, Rounding::Up),
            Direction::OneForZero => Ok(amount_b(self.price, to, self.liquidity, Rounding::Up)),
        }
    }

    fn output(self, to: u128) -> Result<Amount, Fault> {
        match self.direction {
            Direction::ZeroForOne => Ok(amount_b(self.price, to, self.liquidity, Rounding::Down)),
            Direction::OneForZero => amount_a(self.price, to, self.liquidity, Rounding::Down),
        }
    }

    fn price_after_input(self, amount: u64) -> Result<u128, Fault> {
        match self.direction {
            Direction::ZeroForOne => {
                price_after_a(self.price, self.liquidity, amount, Change::Added)
            }
            Direction::OneForZero => {
                price_after_b(self.price, self.liquidity, amount, Change::Added)
            }
        }
    }

    fn price_after_output(self, amount: u64) -> Result<u128, Fault> {
        match self.direction {
            Direction::ZeroForOne => {
                price_after_b(self.price, self.liquidity, amount, Change::Taken)
            }
            Direction::OneForZero => {
                price_after_a(self.price, self.liquidity, amount, Change::Taken)
            }
        }
    }

    /// `floor(remaining * (1e6 - fee) / 1e6)`.
    fn less_fee(self, remaining: u64) -> u64 {
        let kept = u64::from(MILLION - self.fee_ppm);
        if let Some(product) = remaining.checked_mul(kept) {
            return product / u64::from(MILLION);
        }
        let product = u128::from(remaining) * u128::from(kept);
        // Not above `remaining`.
        u64::try_from(product / u128::from(MILLION)).unwrap_or(remaining)
    }

    /// `ceil(amount_in * fee / (1e6 - fee))`.
    fn fee_on(self, amount_in: u64) -> Result<u64, Fault> {
        let (fee, kept) = (u64::from(self.fee_ppm), u64::from(MILLION - self.fee_ppm));
        if let Some(product) = amount_in.checked_mul(fee) {
            return Ok(product.div_ceil(kept));
        }
        let product = u128::from(amount_in) * u128::from(fee);
        u64::try_from(product.div_ceil(u128::from(kept))).map_err(|_| Fault::NumberDownCastError)
    }
}
