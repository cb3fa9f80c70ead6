//! What a bonding curve of pump is made from, and what is refused.

use serde::{Deserialize, Serialize};

use super::PumpCurvePool;
use crate::ChainAddress;
use crate::pools::pump_fees::{FeeRates, FeeSchedule, FeeSettlement};
use crate::pools::{PoolError, decimal};

/// The whole state of a curve, as its accounts give it at one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the account's own flags"
)]
pub struct PumpCurveState {
    /// The curve's account.
    pub pool: ChainAddress,
    /// The coin.
    pub base_mint: ChainAddress,
    /// What it is traded against; wrapped SOL for native SOL.
    pub quote_mint: ChainAddress,
    /// Coins that the price counts with.
    #[serde(with = "decimal")]
    pub virtual_base_raw: u64,
    /// Quote tokens that the price counts with.
    #[serde(with = "decimal")]
    pub virtual_quote_raw: u64,
    /// Coins that are left to buy.
    #[serde(with = "decimal")]
    pub real_base_raw: u64,
    /// Quote tokens that sellers can be paid with.
    #[serde(with = "decimal")]
    pub real_quote_raw: u64,
    /// Protocol fees that wait in the curve.
    #[serde(with = "decimal")]
    pub protocol_fees_raw: u64,
    /// Creator fees that wait in the curve.
    #[serde(with = "decimal")]
    pub creator_fees_raw: u64,
    /// Supply of the coin's mint, which the market cap is counted with.
    #[serde(with = "decimal")]
    pub base_supply_raw: u64,
    /// `token_total_supply` of the curve, which counts instead for a mayhem coin.
    #[serde(with = "decimal")]
    pub total_supply_raw: u64,
    /// Whether everything was sold; the coin then trades on `PumpSwap` alone.
    pub complete: bool,
    /// Whether a creator is set; without one there is no creator fee.
    pub has_creator: bool,
    /// `is_mayhem_mode`.
    pub mayhem: bool,
    /// The coin's own creator rate; 0 for the table's.
    pub creator_fee_bps: u64,
    /// `creator_fee_configurable` of the global account: whether `creator_fee_bps` counts.
    pub creator_fee_configurable: bool,
    /// `buyback_basis_points` of the global account: the part of the protocol fee that leaves in every trade.
    pub buyback_bps: u64,
    /// The fee program's table for the curve; its liquidity rates are not charged.
    pub fees: FeeSchedule,
    /// Which instructions trade: `paid_out` for the first form and `_v2`, `kept` for `_v3`.
    pub fee_settlement: FeeSettlement,
}

impl PumpCurvePool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `state_invalid`.
    pub fn new(state: &PumpCurveState) -> Result<Self, PoolError> {
        if state.base_mint == state.quote_mint {
            return Err(invalid(
                "quote_mint",
                "must be another token than base_mint",
            ));
        }
        if state.buyback_bps > 10_000 {
            return Err(invalid("buyback_bps", "must be at most 10000"));
        }
        state.fees.check()?;
        Self::priced(state.clone())
    }

    /// The pool of a state whose fixed fields are known to be right.
    pub(super) fn priced(state: PumpCurveState) -> Result<Self, PoolError> {
        if state.creator_fee_bps > 10_000 {
            return Err(invalid("creator_fee_bps", "must be at most 10000"));
        }
        let rates = rates(&state)?;
        rates.check("creator_fee_bps")?;
        Ok(Self {
            tokens: [state.base_mint, state.quote_mint],
            state,
            rates,
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> PumpCurveState {
        self.state.clone()
    }
}

/// What a trade pays before it moves anything.
fn rates(state: &PumpCurveState) -> Result<FeeRates, PoolError> {
    let supply = if state.mayhem {
        state.total_supply_raw
    } else {
        state.base_supply_raw
    };
    let whole = u128::from(state.virtual_quote_raw) * u128::from(supply);
    let market_cap = whole / u128::from(state.virtual_base_raw.max(1));
    let mut rates = state.fees.of_coin(state.quote_mint, market_cap)?;
    rates.lp_bps = 0;
    if state.creator_fee_configurable && state.creator_fee_bps != 0 {
        rates.creator_bps = state.creator_fee_bps;
    }
    if !state.has_creator {
        rates.creator_bps = 0;
    }
    Ok(rates)
}

fn invalid(field: &'static str, fault: &str) -> PoolError {
    PoolError::StateInvalid {
        field,
        fault: fault.to_owned(),
    }
}
