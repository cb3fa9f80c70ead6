//! A whole swap: from the amount that the trader names to both that are moved, and where the pool then stands.

use alloy_primitives::U256;

use super::OrcaWhirlpoolPool;
use super::fault::Fault;
use super::fee_rate::FeeRate;
use super::movement::Unfilled;
use super::outlook::Outlook;
use super::swap::{Progress, Walk};
use super::tick_math::{MAX_SQRT_PRICE_X64, MIN_SQRT_PRICE_X64};
use crate::pools::{Direction, Exact, PoolError, SwapAmounts, TokenPair};
use crate::solana::TransferFee;

/// What the program's swap moves when it is given a price limit: as much of the amount as the limit allows.
///
/// Of the pool alone, before the tokens' own transfer fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhirlpoolSwap {
    /// Paid into the pool, fee included, in raw units.
    pub amount_in_raw: u64,
    /// Got from the pool, in raw units.
    pub amount_out_raw: u64,
    /// Of the input, both shares, in raw units.
    pub fee_raw: u64,
    /// Of the fee, the protocol's share, in raw units.
    pub protocol_fee_raw: u64,
    /// Square root of the price after it, Q64.64.
    pub sqrt_price_after_x64: u128,
    /// The current tick after it.
    pub tick_after: i32,
    /// The active liquidity after it.
    pub liquidity_after: u128,
}

/// A swap that is filled whole.
#[derive(Debug)]
pub(super) struct Filled {
    /// What the pool moves.
    pub(super) curve: Progress,
    /// What the trader pays, transfer fee included.
    pub(super) paid: u64,
    /// What the trader gets, transfer fee taken.
    pub(super) got: u64,
}

impl Filled {
    pub(super) fn amounts(&self) -> SwapAmounts {
        SwapAmounts {
            amount_in_raw: U256::from(self.paid),
            amount_out_raw: U256::from(self.got),
        }
    }
}

impl OrcaWhirlpoolPool {
    /// Swaps as the program does when it is given a price limit: until the amount is used up or the price is
    /// reached, before the tokens' own transfer fees.
    ///
    /// # Errors
    /// Those of [`PoolMath::amounts`](crate::pools::PoolMath::amounts).
    pub fn swap_to_price(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: u64,
        sqrt_price_limit_x64: u128,
    ) -> Result<WhirlpoolSwap, PoolError> {
        let direction = self.direction(pair)?;
        let progress = self.walk_to(direction, exact, amount_raw, sqrt_price_limit_x64);
        let progress =
            progress.map_err(|why| self.refusal(direction, exact, U256::from(amount_raw), why))?;
        let after = progress.settled();
        Ok(WhirlpoolSwap {
            amount_in_raw: progress.paid,
            amount_out_raw: progress.got,
            fee_raw: progress.fee,
            protocol_fee_raw: progress.protocol_fee,
            sqrt_price_after_x64: after.sqrt_price,
            tick_after: after.tick,
            liquidity_after: after.liquidity,
        })
    }

    fn walk_to(
        &self,
        direction: Direction,
        exact: Exact,
        amount: u64,
        limit: u128,
    ) -> Result<Progress, Unfilled> {
        self.check_open(amount)?;
        let price = self.ladder.position().sqrt_price;
        let ahead = match direction {
            Direction::ZeroForOne => (MIN_SQRT_PRICE_X64..price).contains(&limit),
            Direction::OneForZero => (price + 1..=MAX_SQRT_PRICE_X64).contains(&limit),
        };
        if !ahead {
            return Err(Fault::InvalidSqrtPriceLimitDirection.into());
        }
        let walk = Walk {
            limit,
            ..self.walk(direction)?
        };
        let progress = walk.run(self.start(direction)?, exact, amount)?;
        self.check_end(direction, exact, amount, &progress)
            .or_else(|why| {
                let at_limit = progress.position.sqrt_price == limit && !progress.ended;
                if at_limit { Ok(()) } else { Err(why) }
            })?;
        Ok(progress)
    }

    /// A swap without a limit, filled whole.
    pub(super) fn fill(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<Filled, PoolError> {
        let filled = match u64::try_from(amount_raw) {
            Ok(amount) => self.try_fill(direction, exact, amount),
            Err(_) => Err(self.exhausted(direction)),
        };
        filled.map_err(|why| self.refusal(direction, exact, amount_raw, why))
    }

    /// As `fill`, without the price of a described refusal.
    pub(super) fn try_fill(
        &self,
        direction: Direction,
        exact: Exact,
        amount: u64,
    ) -> Result<Filled, Unfilled> {
        self.check_open(amount)?;
        let (fee_in, fee_out) = self.transfer_fee(direction);
        let named = match exact {
            Exact::In => arriving(fee_in, amount),
            Exact::Out => grossed(fee_out, amount)?,
        };
        if named == 0 {
            return Err(Fault::ZeroTradableAmount.into());
        }
        let curve = self.move_curve(direction, exact, named)?;
        Ok(match exact {
            Exact::In => Filled {
                paid: amount,
                got: arriving(fee_out, curve.got),
                curve,
            },
            Exact::Out => Filled {
                paid: grossed(fee_in, curve.paid)?,
                got: amount,
                curve,
            },
        })
    }

    fn check_open(&self, amount: u64) -> Result<(), Unfilled> {
        if amount == 0 {
            return Err(Unfilled::AmountZero);
        }
        match &self.oracle {
            Some(oracle)
                if self
                    .now()
                    .is_none_or(|now| now < oracle.trade_enable_timestamp) =>
            {
                Err(Unfilled::TradeNotEnabled)
            }
            _ => Ok(()),
        }
    }

    /// Stands where a swap has ended.
    pub(super) fn settle(&mut self, progress: &Progress) {
        let before = self.ladder.position().sqrt_price;
        let after = progress.settled();
        if let (Some(oracle), FeeRate::Adaptive(volatility), Some(now)) =
            (&mut self.oracle, &progress.rate, now(self.clock))
        {
            let mut variables = volatility.variables;
            variables.note_major_swap(before, after.sqrt_price, now, &oracle.constants);
            oracle.variables = variables;
        }
        self.ladder.move_to(after);
        self.outlooks = Outlook::both(&self.ladder);
    }

    pub(super) fn now(&self) -> Option<u64> {
        now(self.clock)
    }

    pub(super) fn transfer_fee(&self, direction: Direction) -> (TransferFee, TransferFee) {
        let epoch = self.clock.epoch;
        direction.in_and_out(self.terms.transfer_fees.map(|fees| fees.at(epoch)))
    }

    fn refusal(
        &self,
        direction: Direction,
        exact: Exact,
        amount_raw: U256,
        why: Unfilled,
    ) -> PoolError {
        let (field, pool) = (field(exact), self.terms.address);
        match why {
            Unfilled::AmountZero => PoolError::AmountZero { field },
            Unfilled::TradeNotEnabled => PoolError::SwapsDisabled {
                pool,
                reason: format!(
                    "TradeIsNotEnabled: it opens at {} and the clock says {} (seconds since 1970)",
                    self.oracle
                        .as_ref()
                        .map_or(0, |oracle| oracle.trade_enable_timestamp),
                    self.clock.unix_timestamp
                ),
            },
            Unfilled::Program(fault) => PoolError::SwapRefused {
                field,
                pool,
                given: amount_raw,
                reason: fault.reason(),
            },
            Unfilled::Exhausted([most_in, most_out]) => {
                let (fee_in, fee_out) = self.transfer_fee(direction);
                PoolError::InsufficientLiquidity {
                    field,
                    pool,
                    most_in_raw: U256::from(fee_in.gross_raw(most_in).unwrap_or(u64::MAX)),
                    most_out_raw: U256::from(fee_out.net_raw(most_out)),
                }
            }
        }
    }
}

/// The clock as the program takes it.
fn now(clock: crate::pools::ChainClock) -> Option<u64> {
    u64::try_from(clock.unix_timestamp).ok()
}

/// What arrives of a transfer.
fn arriving(fee: TransferFee, sent: u64) -> u64 {
    if fee.is_none() {
        sent
    } else {
        fee.net_raw(sent)
    }
}

/// What is sent so that `net` arrives; the program checks that the fee is then what it took for it.
fn grossed(fee: TransferFee, net: u64) -> Result<u64, Fault> {
    if fee.is_none() {
        return Ok(net);
    }
    let gross = fee
        .gross_raw(net)
        .ok_or(Fault::TransferFeeCalculationError)?;
    if fee.net_raw(gross) == net {
        Ok(gross)
    } else {
        Err(Fault::TransferFeeCalculationError)
    }
}

fn field(exact: Exact) -> &'static str {
    match exact {
        Exact::In => "amount_in_raw",
        Exact::Out => "amount_out_raw",
    }
}
