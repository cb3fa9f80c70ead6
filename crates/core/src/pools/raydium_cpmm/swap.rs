//! `swap_base_input` and `swap_base_output` of Raydium CPMM, to the unit.
//!
//! Source: `curve/calculator.rs`, `curve/fees.rs`, `utils/token.rs` and the two instructions of
//! raydium-io/raydium-cp-swap.

use alloy_primitives::U256;

use super::{CreatorFeeOn, FeeRounding, RaydiumCpmmState};
use crate::pools::constant_product::{input_raw, output_raw, share_up};
use crate::pools::{Direction, PoolError};
use crate::solana::TransferFee;

const MILLION: u32 = 1_000_000;

/// Why the program refuses, or would fail.
pub(super) const ZERO_OUT: &str = "nothing would come out (RequireGtViolated, 2503)";
const ZERO_IN: &str = "nothing would reach the vault (RequireGtViolated, 2503)";
const NO_RATES: &str =
    "both fees on the input are zero, and the program divides by their sum (6006)";
const NOT_INVERTIBLE: &str =
    "the transfer fee has no exact inverse (TransferFeeCalculateNotMatch, 6010)";
const TOO_WIDE: &str = "an amount would outgrow 64 bits";
const VAULT_FULL: &str = "the vault would outgrow 64 bits";
const DRAINED: &str = "the reserve ends before";

/// Whether the pool swaps now, and then the two directions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Door {
    Open([Sides; 2]),
    Disabled,
    NotYetOpen,
    Empty,
    OwedMoreThanHeld,
}

/// One direction of an open pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides {
    pub(super) reserve_in: u64,
    pub(super) reserve_out: u64,
    pub(super) vault_in: u64,
    pub(super) transfer_in: TransferFee,
    pub(super) transfer_out: TransferFee,
    /// Of the input: the trade fee, with the creator's when it is on the input.
    pub(super) trade_ppm: u32,
    pub(super) creator_in_ppm: u32,
    /// Of the output.
    pub(super) creator_out_ppm: u32,
    /// Whether the program splits one fee on the input in two.
    splits: bool,
    rounding: FeeRounding,
}

/// What moves in a swap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Swap {
    /// Leaves the trader.
    pub(super) amount_in: u64,
    /// Reaches the vault.
    pub(super) net_in: u64,
    /// All fees on the input.
    pub(super) fee_in: u64,
    /// The creator's fee on the output.
    pub(super) creator_out: u64,
    /// Leaves the vault.
    pub(super) gross_out: u64,
    /// Reaches the trader.
    pub(super) amount_out: u64,
}

impl Door {
    pub(super) fn of(state: &RaydiumCpmmState) -> Self {
        if state.status & 0b100 != 0 {
            return Self::Disabled;
        }
        if state.clock.unix_timestamp.cast_unsigned() < state.open_time {
            return Self::NotYetOpen;
        }
        let owed0 = [
            state.protocol_fees0_raw,
            state.fund_fees0_raw,
            state.creator_fees0_raw,
        ];
        let owed1 = [
            state.protocol_fees1_raw,
            state.fund_fees1_raw,
            state.creator_fees1_raw,
        ];
        let less = |vault: u64, owed: [u64; 3]| owed.into_iter().try_fold(vault, u64::checked_sub);
        match (less(state.vault0_raw, owed0), less(state.vault1_raw, owed1)) {
            (Some(0), Some(_)) | (Some(_), Some(0)) => Self::Empty,
            (Some(reserve0), Some(reserve1)) => {
                let sides = |direction| Sides::of(state, direction, [reserve0, reserve1]);
                Self::Open([sides(Direction::ZeroForOne), sides(Direction::OneForZero)])
            }
            _ => Self::OwedMoreThanHeld,
        }
    }

    #[inline]
    pub(super) fn sides(&self, direction: Direction) -> Option<&Sides> {
        match (self, direction) {
            (Self::Open([sides, _]), Direction::ZeroForOne)
            | (Self::Open([_, sides]), Direction::OneForZero) => Some(sides),
            _ => None,
        }
    }

    /// Why the pool does not swap.
    pub(super) fn refusal(&self, state: &RaydiumCpmmState) -> PoolError {
        let reason = match self {
            Self::Disabled => "status has bit 2 set (NotApproved, 6000)".to_owned(),
            Self::NotYetOpen => format!(
                "it opens at {}, and the clock says {} (NotApproved, 6000)",
                state.open_time, state.clock.unix_timestamp
            ),
            Self::OwedMoreThanHeld => {
                "more fees are owed than a vault holds (InsufficientVault, 6012); read pool and vaults together"
                    .to_owned()
            }
            Self::Empty | Self::Open(_) => "a reserve is empty".to_owned(),
        };
        PoolError::SwapsDisabled {
            pool: state.pool,
            reason,
        }
    }
}

impl Sides {
    fn of(state: &RaydiumCpmmState, direction: Direction, reserves: [u64; 2]) -> Self {
        let on_input = matches!(
            (state.creator_fee_on, direction),
            (CreatorFeeOn::BothTokens, _)
                | (CreatorFeeOn::OnlyToken0, Direction::ZeroForOne)
                | (CreatorFeeOn::OnlyToken1, Direction::OneForZero)
        );
        let creator_ppm = if state.enable_creator_fee {
            state.creator_fee_ppm
        } else {
            0
        };
        let epoch = state.clock.epoch;
        let transfers = [
            state.transfer_fees0.at(epoch),
            state.transfer_fees1.at(epoch),
        ];
        let (reserve_in, reserve_out) = direction.in_and_out(reserves);
        let (transfer_in, transfer_out) = direction.in_and_out(transfers);
        let (vault_in, _) = direction.in_and_out([state.vault0_raw, state.vault1_raw]);
        Self {
            reserve_in,
            reserve_out,
            vault_in,
            transfer_in,
            transfer_out,
            trade_ppm: state.trade_fee_ppm,
            creator_in_ppm: if on_input { creator_ppm } else { 0 },
            creator_out_ppm: if on_input { 0 } else { creator_ppm },
            splits: on_input,
            rounding: state.fee_rounding,
        }
    }

    #[inline]
    pub(super) fn exact_in(&self, amount_in: u64) -> Result<Swap, &'static str> {
        let net_in = self.transfer_in.net_raw(amount_in);
        if net_in == 0 {
            return Err(ZERO_IN);
        }
        let fee_in = match self.rounding {
            FeeRounding::Together if self.splits && self.rate_in() == 0 => return Err(NO_RATES),
            FeeRounding::Together => fee(net_in, self.rate_in()),
            FeeRounding::Apart => {
                fee(net_in, self.trade_ppm).saturating_add(fee(net_in, self.creator_in_ppm))
            }
        };
        let curve_in = net_in.checked_sub(fee_in).ok_or(ZERO_OUT)?;
        let curve_out = output_raw(curve_in, self.reserve_in, self.reserve_out);
        let creator_out = fee(curve_out, self.creator_out_ppm);
        let gross_out = curve_out.saturating_sub(creator_out);
        let amount_out = self.transfer_out.net_raw(gross_out);
        if amount_out == 0 {
            return Err(ZERO_OUT);
        }
        if self.vault_in.checked_add(net_in).is_none() {
            return Err(VAULT_FULL);
        }
        Ok(Swap {
            amount_in,
            net_in,
            fee_in,
            creator_out,
            gross_out,
            amount_out,
        })
    }

    pub(super) fn exact_out(&self, amount_out: u64) -> Result<Swap, &'static str> {
        let transfer_out = inverse(self.transfer_out, amount_out)?;
        let gross_out = amount_out.checked_add(transfer_out).ok_or(TOO_WIDE)?;
        let curve_out = before_fee(u128::from(gross_out), self.creator_out_ppm).ok_or(TOO_WIDE)?;
        let curve_out = u64::try_from(curve_out).map_err(|_| DRAINED)?;
        let curve_in = input_raw(curve_out, self.reserve_in, self.reserve_out).ok_or(DRAINED)?;
        if self.splits && self.rate_in() == 0 {
            return Err(NO_RATES);
        }
        let net_in = before_fee(curve_in, self.rate_in())
            .and_then(|net_in| u64::try_from(net_in).ok())
            .ok_or(TOO_WIDE)?;
        if net_in == 0 {
            return Err(ZERO_IN);
        }
        let amount_in = net_in
            .checked_add(inverse(self.transfer_in, net_in)?)
            .ok_or(TOO_WIDE)?;
        if self.vault_in.checked_add(net_in).is_none() {
            return Err(VAULT_FULL);
        }
        let curve_in = u64::try_from(curve_in).map_err(|_| TOO_WIDE)?;
        Ok(Swap {
            amount_in,
            net_in,
            fee_in: net_in.saturating_sub(curve_in),
            creator_out: curve_out - gross_out,
            gross_out,
            amount_out,
        })
    }

    /// Of the input, all together.
    pub(super) fn rate_in(&self) -> u32 {
        self.trade_ppm + self.creator_in_ppm
    }

    /// The fees on the input: the trade's, and the creator's. `fixed_out` says which instruction took them.
    pub(super) fn split(&self, swap: Swap, fixed_out: bool) -> (u64, u64) {
        let creator = match self.rounding {
            FeeRounding::Apart if !fixed_out => fee(swap.net_in, self.creator_in_ppm),
            _ => share_down(swap.fee_in, self.creator_in_ppm, self.rate_in()),
        };
        (swap.fee_in.saturating_sub(creator), creator)
    }

    /// The most that the program lets out.
    pub(super) fn most_out(&self) -> U256 {
        let curve_out = self.reserve_out.saturating_sub(1);
        let gross_out = curve_out.saturating_sub(fee(curve_out, self.creator_out_ppm));
        U256::from(self.transfer_out.net_raw(gross_out))
    }

    /// The most that the vault can take.
    pub(super) fn most_in(&self) -> U256 {
        U256::from(u64::MAX - self.vault_in)
    }
}

/// `ceil(amount * ppm / 1e6)`, for rates of at most a whole.
#[inline]
fn fee(amount: u64, ppm: u32) -> u64 {
    if ppm == 0 {
        return 0;
    }
    share_up(amount, u64::from(ppm), u64::from(MILLION))
        .and_then(|fee| u64::try_from(fee).ok())
        .unwrap_or(u64::MAX)
}

/// `floor(amount * over / under)`, zero where `under` is.
pub(super) fn share_down(amount: u64, over: u32, under: u32) -> u64 {
    (u128::from(amount) * u128::from(over))
        .checked_div(u128::from(under))
        .and_then(|share| u64::try_from(share).ok())
        .unwrap_or(0)
}

/// `ceil(amount * 1e6 / (1e6 - ppm))`; the amount itself without a fee.
fn before_fee(amount: u128, ppm: u32) -> Option<u128> {
    if ppm == 0 {
        return Some(amount);
    }
    let kept = u128::from(MILLION.checked_sub(ppm).filter(|kept| *kept > 0)?);
    let over = amount.checked_mul(u128::from(MILLION))?;
    over.checked_add(kept - 1)?.checked_div(kept)
}

/// The fee to add so that `net` arrives, as `get_transfer_inverse_fee` answers.
fn inverse(fee: TransferFee, net: u64) -> Result<u64, &'static str> {
    if fee.basis_points == 10_000 {
        return Ok(fee.maximum_fee_raw);
    }
    let added = fee.inverse_fee_raw(net).ok_or(TOO_WIDE)?;
    let gross = net.checked_add(added).ok_or(TOO_WIDE)?;
    if fee.fee_raw(gross) == added {
        return Ok(added);
    }
    Err(NOT_INVERTIBLE)
}
