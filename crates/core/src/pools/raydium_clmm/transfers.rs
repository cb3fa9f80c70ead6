//! What Token-2022 takes of a swap on the way into the pool and on the way out.
//!
//! Source: `swap_v2` and `util/token.rs` of raydium-io/raydium-clmm.

use alloy_primitives::U256;

use super::Facts;
use super::swap_step::Moved;
use crate::pools::{Direction, Exact, SwapAmounts};
use crate::solana::TransferFee;

/// Both sides of a swap, outside the pool and inside it, in raw units.
#[derive(Debug)]
pub(super) struct Sides {
    fees: [TransferFee; 2],
    paid: u64,
    taken: u64,
    given: u64,
    got: u64,
}

const OVERFLOW: &str = "an amount would exceed 64 bits";
const TOO_SMALL: &str = "TooSmallInputOrOutputAmount";

impl Sides {
    pub(super) fn new(facts: &Facts, direction: Direction) -> Self {
        let fees = facts.transfer_fees.map(|fees| fees.at(facts.clock.epoch));
        let (fee_in, fee_out) = direction.in_and_out(fees);
        Self {
            fees: [fee_in, fee_out],
            paid: 0,
            taken: 0,
            given: 0,
            got: 0,
        }
    }

    /// The exact amount as it moves inside the pool.
    pub(super) fn enter(&mut self, exact: Exact, amount: u64) -> Result<u64, &'static str> {
        let [fee_in, fee_out] = self.fees;
        let inside = match exact {
            Exact::In => fee_in.net_raw(amount),
            Exact::Out => gross(fee_out, amount)?,
        };
        self.paid = amount;
        if inside == 0 {
            return Err("ZeroAmountSpecified: the transfer fee takes all of it");
        }
        Ok(inside)
    }

    /// The other side, after what has moved inside.
    pub(super) fn leave(&mut self, exact: Exact, moved: &Moved) -> Result<(), &'static str> {
        let [fee_in, fee_out] = self.fees;
        self.taken = u64::try_from(moved.amount_in).map_err(|_| OVERFLOW)?;
        self.given = u64::try_from(moved.amount_out).map_err(|_| OVERFLOW)?;
        if self.taken == 0 || self.given == 0 {
            return Err(TOO_SMALL);
        }
        if exact == Exact::Out {
            self.paid = gross(fee_in, self.taken)?;
        }
        self.got = fee_out.net_raw(self.given);
        Ok(())
    }

    /// What the trader pays and gets.
    pub(super) fn amounts(&self) -> SwapAmounts {
        SwapAmounts {
            amount_in_raw: U256::from(self.paid),
            amount_out_raw: U256::from(self.got),
        }
    }

    /// What the trader would pay and get for all that can move.
    pub(super) fn most(&self, moved: &Moved) -> SwapAmounts {
        let [fee_in, fee_out] = self.fees;
        let taken = u64::try_from(moved.amount_in).unwrap_or(u64::MAX);
        let given = u64::try_from(moved.amount_out).unwrap_or(u64::MAX);
        SwapAmounts {
            amount_in_raw: U256::from(gross(fee_in, taken).unwrap_or(u64::MAX)),
            amount_out_raw: U256::from(fee_out.net_raw(given)),
        }
    }

    pub(super) fn fee_in(&self) -> u64 {
        self.paid - self.taken
    }

    pub(super) fn fee_out(&self) -> u64 {
        self.given - self.got
    }
}

/// What to send so that `net` arrives; the program checks the fee the other way round too.
fn gross(fee: TransferFee, net: u64) -> Result<u64, &'static str> {
    let inverse = if fee.basis_points == 10_000 {
        fee.maximum_fee_raw
    } else {
        let inverse = fee.inverse_fee_raw(net).ok_or(OVERFLOW)?;
        let sent = net.checked_add(inverse).ok_or(OVERFLOW)?;
        if fee.fee_raw(sent) != inverse {
            return Err("TransferFeeCalculateNotMatch");
        }
        inverse
    };
    net.checked_add(inverse).ok_or(OVERFLOW)
}
