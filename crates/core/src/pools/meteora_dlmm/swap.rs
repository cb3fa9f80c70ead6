//! Swaps of the DLMM program, and what they leave in the pair.
//!
//! Source: `quote_exact_in` and `quote_exact_out` of the program (`lb_clmm` 0.12.0, published in
//! `MeteoraAg/dlmm-sdk`); what a swap leaves, from executing `swap2` and `swap_exact_out2`.

use std::sync::{Arc, OnceLock};

use alloy_primitives::U256;

use super::MeteoraDlmmPool;
use super::bin::{DlmmBin, FeeSide, Fill};
use super::layout;
use super::path::{End, Path, Step};
use super::state::DlmmOpening;
use crate::pools::{Direction, Exact, PoolError, SwapAmounts};
use crate::solana::TransferFee;

/// Of the fee that limit orders earn, the protocol takes what this leaves, in ten-thousandths.
const ORDERS_SHARE_BPS: u64 = 5_000;
const ONE_IN_BPS: u64 = 10_000;

/// A swap up to the bin in which it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) amounts: SwapAmounts,
    /// What reaches the pair and what leaves it, transfer fees apart.
    pub(super) in_raw: u64,
    pub(super) out_raw: u64,
    /// The place of the last step, and what happens in it.
    step: usize,
    fill: Fill,
}

/// A swap carried out.
pub(super) struct Settled {
    pub(super) pool: MeteoraDlmmPool,
    pub(super) fee_raw: u64,
    pub(super) protocol_fee_raw: u64,
    pub(super) bins_drained: u32,
}

impl MeteoraDlmmPool {
    /// What a swap gives, or why the program refuses it.
    pub(super) fn outcome(
        &self,
        direction: Direction,
        exact: Exact,
        amount: U256,
    ) -> Result<Outcome, PoolError> {
        let field = field(exact);
        if amount.is_zero() {
            return Err(PoolError::AmountZero { field });
        }
        self.check_open()?;
        let refused = |reason| self.refused(exact, amount, reason);
        let given =
            u64::try_from(amount).map_err(|_| refused("the program takes amounts of 64 bits"))?;
        match exact {
            Exact::In => self.outcome_in(direction, given),
            Exact::Out => self.outcome_out(direction, given),
        }
    }

    fn outcome_in(&self, direction: Direction, given: u64) -> Result<Outcome, PoolError> {
        let refused = |reason| self.refused(Exact::In, U256::from(given), reason);
        let [fee_in, fee_out] = self.transfer_fees(direction);
        let in_raw = fee_in.net_raw(given);
        if in_raw == 0 {
            return Err(refused("the token's transfer fee takes all of it"));
        }
        let path = self.path(direction);
        let step = path
            .step_for_in(in_raw)
            .ok_or_else(|| self.path_ends(direction, Exact::In, given))?;
        let outcome = self.step(path, step).and_then(|(at, bin)| {
            let left = narrow(u128::from(in_raw).checked_sub(at.in_before)?)?;
            let fill = bin.spend(direction, self.fee_side(direction), at.rate, left)?;
            let out_raw = narrow(at.out_before + u128::from(fill.out_raw))?;
            let amounts = SwapAmounts {
                amount_in_raw: U256::from(given),
                amount_out_raw: U256::from(fee_out.net_raw(out_raw)),
            };
            Some(Outcome {
                amounts,
                in_raw,
                out_raw,
                step,
                fill,
            })
        });
        if outcome.is_some_and(|outcome| outcome.amounts.amount_out_raw.is_zero()) {
            return Err(refused("it gives nothing (6039)"));
        }
        self.payable(direction, outcome).map_err(refused)
    }

    fn outcome_out(&self, direction: Direction, given: u64) -> Result<Outcome, PoolError> {
        let refused = |reason| self.refused(Exact::Out, U256::from(given), reason);
        let [fee_in, fee_out] = self.transfer_fees(direction);
        let out_raw = fee_out
            .gross_raw(given)
            .ok_or_else(|| refused("with the token's transfer fee it exceeds 64 bits"))?;
        let path = self.path(direction);
        let step = path
            .step_for_out(out_raw)
            .ok_or_else(|| self.path_ends(direction, Exact::Out, given))?;
        let outcome = self.step(path, step).and_then(|(at, bin)| {
            let left = narrow(u128::from(out_raw).checked_sub(at.out_before)?)?;
            let fill = bin.obtain(direction, self.fee_side(direction), at.rate, left)?;
            let in_raw = narrow(at.in_before + u128::from(fill.in_raw))?;
            let amounts = SwapAmounts {
                amount_in_raw: U256::from(fee_in.gross_raw(in_raw)?),
                amount_out_raw: U256::from(fee_out.net_raw(out_raw)),
            };
            Some(Outcome {
                amounts,
                in_raw,
                out_raw,
                step,
                fill,
            })
        });
        let before = path.steps.get(step).map_or(0, |at| at.out_before);
        if outcome.is_some_and(|outcome| {
            before + u128::from(outcome.fill.out_raw) < u128::from(outcome.out_raw)
        }) {
            return Err(refused(
                "the program's rounding between liquidity and limit orders falls short of it (6085)",
            ));
        }
        self.payable(direction, outcome).map_err(refused)
    }

    /// The outcome, if nothing overflows and the reserves can be moved by it.
    fn payable(
        &self,
        direction: Direction,
        outcome: Option<Outcome>,
    ) -> Result<Outcome, &'static str> {
        let outcome = outcome.ok_or("the program's arithmetic overflows (6018)")?;
        let (reserve_in, reserve_out) =
            direction.in_and_out([self.state.reserve_x_raw, self.state.reserve_y_raw]);
        if outcome.out_raw > reserve_out {
            return Err("the pair's reserve holds less than its bins say");
        }
        if reserve_in.checked_add(outcome.in_raw).is_none() {
            return Err("the pair's token account cannot hold so much");
        }
        Ok(outcome)
    }

    /// Carries a swap out: the bins that it drains, the last one, and the volatility.
    pub(super) fn settle(
        &self,
        direction: Direction,
        outcome: &Outcome,
    ) -> Result<Settled, PoolError> {
        let overflow = || PoolError::StateInvalid {
            field: "bins",
            fault: "the program's arithmetic overflows in them (6018)".to_owned(),
        };
        let path = self.path(direction);
        let side = self.fee_side(direction);
        let mut settled = Settled {
            pool: self.clone(),
            fee_raw: 0,
            protocol_fee_raw: 0,
            bins_drained: 0,
        };
        let bins = Arc::make_mut(&mut settled.pool.bins);
        let (mut fees, mut protocol) = (0_u64, 0_u64);
        let (last, drained) = path
            .steps
            .get(..=outcome.step)
            .and_then(<[Step]>::split_last)
            .ok_or_else(overflow)?;
        for step in drained {
            let bin = bins.get_mut(step.place).ok_or_else(overflow)?;
            let fill = bin
                .spend(direction, side, step.rate, u64::MAX)
                .ok_or_else(overflow)?;
            *bin = fill.after;
            fees = fees.saturating_add(fill.fee_raw);
            protocol = protocol.saturating_add(self.protocol_part(&fill));
            settled.bins_drained += 1;
        }
        let bin = bins.get_mut(last.place).ok_or_else(overflow)?;
        *bin = outcome.fill.after;
        let active_id = bin.id;
        settled.fee_raw = fees.saturating_add(outcome.fill.fee_raw);
        settled.protocol_fee_raw = protocol.saturating_add(self.protocol_part(&outcome.fill));
        settled.bins_drained += u32::from(outcome.fill.drained);
        bins.retain(|bin| !bin.is_empty());
        self.move_pair(
            direction,
            outcome,
            path,
            (last, active_id),
            &mut settled.pool,
        )
        .ok_or_else(overflow)?;
        Ok(settled)
    }

    /// The active bin, the volatility and the reserves after a swap.
    fn move_pair(
        &self,
        direction: Direction,
        outcome: &Outcome,
        path: &Path,
        (last, active_id): (&Step, i32),
        pool: &mut Self,
    ) -> Option<()> {
        let mut volatility = path.volatility?;
        volatility.accumulator = last.accumulator;
        if active_id != self.state.active_id {
            volatility.last_update_unix_s = self.state.clock.unix_timestamp;
        }
        let state = Arc::make_mut(&mut pool.state);
        state.active_id = active_id;
        state.volatility = volatility;
        let (to, from) = match direction {
            Direction::ZeroForOne => (&mut state.reserve_x_raw, &mut state.reserve_y_raw),
            Direction::OneForZero => (&mut state.reserve_y_raw, &mut state.reserve_x_raw),
        };
        *to = to.checked_add(outcome.in_raw)?;
        *from = from.checked_sub(outcome.out_raw)?;
        pool.paths = [const { OnceLock::new() }; 2];
        Some(())
    }

    /// The protocol's part of the fee of one bin.
    fn protocol_part(&self, fill: &Fill) -> u64 {
        let part = |fee: u64, bps: u64| {
            let part = u128::from(fee) * u128::from(bps) / u128::from(ONE_IN_BPS);
            u64::try_from(part).unwrap_or(fee)
        };
        let of_orders = fill.fee_raw.saturating_sub(fill.liquidity_fee_raw);
        let share = u64::from(self.state.fees.protocol_share_bps);
        part(fill.liquidity_fee_raw, share) + (of_orders - part(of_orders, ORDERS_SHARE_BPS))
    }

    /// Where the fee is charged in this direction.
    pub(super) fn fee_side(&self, direction: Direction) -> FeeSide {
        if self.state.fees.only_in_y && direction == Direction::ZeroForOne {
            FeeSide::Output
        } else {
            FeeSide::Input
        }
    }

    /// The bins ahead, walked once for a state.
    pub(super) fn path(&self, direction: Direction) -> &Path {
        let [falling, rising] = &self.paths;
        let path = match direction {
            Direction::ZeroForOne => falling,
            Direction::OneForZero => rising,
        };
        path.get_or_init(|| Arc::new(Path::of(self, direction)))
    }

    fn step<'a>(&'a self, path: &'a Path, step: usize) -> Option<(&'a Step, &'a DlmmBin)> {
        let at = path.steps.get(step)?;
        Some((at, self.bins.get(at.place)?))
    }

    /// The transfer fees of what is paid and of what is got.
    pub(super) fn transfer_fees(&self, direction: Direction) -> [TransferFee; 2] {
        let epoch = self.state.clock.epoch;
        let x = self.state.transfer_fees_x.at(epoch);
        let y = self.state.transfer_fees_y.at(epoch);
        let (fee_in, fee_out) = direction.in_and_out([x, y]);
        [fee_in, fee_out]
    }

    fn check_open(&self) -> Result<(), PoolError> {
        let clock = &self.state.clock;
        let reason = match self.state.opens {
            _ if !self.state.enabled => "its status is disabled".to_owned(),
            Some(DlmmOpening::Slot(slot)) if clock.slot < slot => {
                format!("it opens in slot {slot}")
            }
            Some(DlmmOpening::UnixS(second))
                if u64::try_from(clock.unix_timestamp).is_ok_and(|now| now < second) =>
            {
                format!("it opens at {second} seconds since 1970")
            }
            _ => return Ok(()),
        };
        Err(PoolError::SwapsDisabled {
            pool: self.state.pool,
            reason,
        })
    }

    /// Why a swap cannot go on behind the last bin.
    fn path_ends(&self, direction: Direction, exact: Exact, given: u64) -> PoolError {
        let pool = self.state.pool;
        let path = self.path(direction);
        let [fee_in, fee_out] = self.transfer_fees(direction);
        match path.end {
            End::Dry => PoolError::InsufficientLiquidity {
                field: field(exact),
                pool,
                most_in_raw: narrow(path.total_in)
                    .and_then(|most| fee_in.gross_raw(most))
                    .map_or(U256::from(path.total_in), U256::from),
                most_out_raw: narrow(path.total_out).map_or(U256::from(path.total_out), |most| {
                    U256::from(fee_out.net_raw(most))
                }),
            },
            End::Array(index) => PoolError::AccountMissing {
                pool,
                account: layout::bin_array_address(pool, index),
                role: "bin array",
            },
            End::Extension => PoolError::AccountMissing {
                pool,
                account: layout::bitmap_extension_address(pool),
                role: "bitmap extension",
            },
            End::Overflow => {
                let reason = "the program's arithmetic overflows (6018)";
                self.refused(exact, U256::from(given), reason)
            }
        }
    }

    fn refused(&self, exact: Exact, given: U256, reason: &'static str) -> PoolError {
        PoolError::SwapRefused {
            field: field(exact),
            pool: self.state.pool,
            given,
            reason,
        }
    }
}

fn field(exact: Exact) -> &'static str {
    match exact {
        Exact::In => "amount_in_raw",
        Exact::Out => "amount_out_raw",
    }
}

fn narrow(amount: u128) -> Option<u64> {
    u64::try_from(amount).ok()
}
