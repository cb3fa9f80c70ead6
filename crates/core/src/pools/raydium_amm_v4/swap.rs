//! `swap_base_in` and `swap_base_out` of Raydium AMM v4, to the unit.
//!
//! Source: `process_swap_base_in_v2`, `process_swap_base_out_v2` and `Calculator` of raydium-io/raydium-amm.

use alloy_primitives::U256;

use super::{Door, RaydiumAmmV4Pool, Rounding};
use crate::pools::constant_product::{amount_u64, input_raw, output_raw};
use crate::pools::{Direction, Exact, PoolError, PoolMath, TokenPair};

/// Reserves and balances of one direction, the input's first.
#[derive(Clone, Copy)]
pub(super) struct Sides {
    pub(super) reserve_in: u64,
    pub(super) reserve_out: u64,
    vault_in: u64,
}

/// In raw units: both amounts, and the part of the input that does not move along the curve.
#[derive(Clone, Copy)]
pub(super) struct Swap {
    pub(super) amount_in: u64,
    pub(super) amount_out: u64,
    pub(super) fee: u64,
}

/// Why the program refuses an exact input.
const ZERO_OUT: &str = "the output would be zero (InvalidInput, 29)";
/// Why the program refuses an exact output.
const ZERO_IN: &str = "the input would be zero (InvalidInput, 29)";
const EMPTY: &str = "the pool has no such tokens (InsufficientFunds, 40)";
const TOO_WIDE: &str = "the input would outgrow 64 bits";
const VAULT_FULL: &str = "the vault would outgrow 64 bits";

impl RaydiumAmmV4Pool {
    pub(super) fn fix(
        &self,
        pair: TokenPair,
        exact: Exact,
        amount_raw: U256,
    ) -> Result<Swap, PoolError> {
        let pool = self.address();
        let direction = pair.direction_in(pool)?;
        let sides = self.sides(direction).ok_or_else(|| self.closed())?;
        let (field, answer) = match exact {
            Exact::In => {
                let field = "amount_in_raw";
                (
                    field,
                    self.exact_in(sides, amount_u64(pool, field, amount_raw)?),
                )
            }
            Exact::Out => {
                let field = "amount_out_raw";
                let amount = amount_u64(pool, field, amount_raw)?;
                if amount >= sides.reserve_out {
                    return Err(PoolError::InsufficientLiquidity {
                        field,
                        pool,
                        most_in_raw: U256::from(u64::MAX - sides.vault_in),
                        most_out_raw: U256::from(sides.reserve_out.saturating_sub(1)),
                    });
                }
                (field, self.exact_out(sides, amount))
            }
        };
        answer.map_err(|reason| PoolError::SwapRefused {
            field,
            pool,
            given: amount_raw,
            reason,
        })
    }

    /// `fee = ceil(in * n / d)`, then the curve on what is left.
    #[inline]
    pub(super) fn exact_in(&self, sides: Sides, amount_in: u64) -> Result<Swap, &'static str> {
        let over = u128::from(amount_in) * u128::from(self.state.swap_fee_numerator);
        let fee = self
            .round_up(over, u128::from(self.state.swap_fee_denominator))
            .and_then(|fee| u64::try_from(fee).ok())
            .ok_or(TOO_WIDE)?;
        let curve_in = amount_in.checked_sub(fee).ok_or(ZERO_OUT)?;
        let amount_out = output_raw(curve_in, sides.reserve_in, sides.reserve_out);
        if amount_out == 0 {
            return Err(ZERO_OUT);
        }
        if amount_out >= sides.reserve_out {
            return Err(EMPTY);
        }
        if sides.vault_in.checked_add(amount_in).is_none() {
            return Err(VAULT_FULL);
        }
        Ok(Swap {
            amount_in,
            amount_out,
            fee,
        })
    }

    /// The curve, then `in = ceil(s * d / (d - n))`.
    fn exact_out(&self, sides: Sides, amount_out: u64) -> Result<Swap, &'static str> {
        let numerator = self.state.swap_fee_numerator;
        let denominator = self.state.swap_fee_denominator;
        let curve_in = match self.state.rounding {
            Rounding::Up => input_raw(amount_out, sides.reserve_in, sides.reserve_out),
            Rounding::NearestBelowOne => self.round_up(
                u128::from(sides.reserve_in) * u128::from(amount_out),
                u128::from(sides.reserve_out.saturating_sub(amount_out)),
            ),
        };
        let curve_in = curve_in.ok_or(EMPTY)?;
        let over = curve_in.checked_mul(u128::from(denominator));
        let amount_in = over
            .and_then(|over| self.round_up(over, u128::from(denominator - numerator)))
            .and_then(|amount| u64::try_from(amount).ok())
            .ok_or(TOO_WIDE)?;
        if amount_in == 0 {
            return Err(ZERO_IN);
        }
        if sides.vault_in.checked_add(amount_in).is_none() {
            return Err(VAULT_FULL);
        }
        let curve_in = u64::try_from(curve_in).map_err(|_| TOO_WIDE)?;
        Ok(Swap {
            amount_in,
            amount_out,
            fee: amount_in.saturating_sub(curve_in),
        })
    }

    /// The program's ceiling; `None` when it would divide by zero or outgrow 128 bits.
    #[inline]
    fn round_up(&self, over: u128, under: u128) -> Option<u128> {
        if under == 0 {
            return None;
        }
        match self.state.rounding {
            Rounding::NearestBelowOne if over < under => {
                Some(u128::from(over.checked_mul(2)? >= under))
            }
            _ => Some(over.div_ceil(under)),
        }
    }

    /// `None` when the pool does not swap.
    #[inline]
    pub(super) fn sides(&self, direction: Direction) -> Option<Sides> {
        let Door::Open(reserves) = self.door else {
            return None;
        };
        let vaults = [self.state.coin_vault_raw, self.state.pc_vault_raw];
        let (reserve_in, reserve_out) = direction.in_and_out(reserves);
        let (vault_in, _) = direction.in_and_out(vaults);
        Some(Sides {
            reserve_in,
            reserve_out,
            vault_in,
        })
    }

    fn closed(&self) -> PoolError {
        let pool = self.address();
        let status = self.state.status;
        let disabled = |reason: String| PoolError::SwapsDisabled { pool, reason };
        match self.door {
            Door::OrderBook => PoolError::Unsupported {
                pool,
                feature: "status 1: balances on an order book".to_owned(),
            },
            Door::NotYetOpen => disabled(format!(
                "it opens at {}, and the clock says {} (InvalidStatus, 22)",
                self.state.pool_open_time, self.state.clock.unix_timestamp
            )),
            Door::OwedMoreThanHeld => disabled(
                "need_take_pnl is more than a vault holds; read pool and vaults together"
                    .to_owned(),
            ),
            Door::Closed | Door::Open(_) => {
                disabled(format!("its status is {status} (InvalidStatus, 22)"))
            }
        }
    }
}
