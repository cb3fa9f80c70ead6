//! The fee program that `PumpSwap` and the pump curve share: which rates a trade pays, and how they round.
//!
//! Source: program `pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ` and its account `FeeConfig`, as executed in the
//! builds of crate `pump-rust-client` 0.5.0.
//!
//! - here: the rates, and the schedule that chooses them by market cap;
//! - `trade`: the arithmetic of one trade; `layout`: the account's bytes.

pub(super) mod layout;
pub(super) mod trade;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{PoolError, decimal};
use crate::ChainAddress;
use crate::decode::solana::{self, Key};

/// Ten-thousandths in a whole: the unit of every rate here.
pub(super) const ONE_IN_BPS: u64 = 10_000;

/// Wrapped SOL; both programs name native SOL by it.
pub const WRAPPED_SOL: ChainAddress = solana::WRAPPED_SOL.address();

/// Native SOL as Token-2022 wraps it.
const WRAPPED_SOL_2022: ChainAddress = solana::WRAPPED_SOL_2022.address();

const USDC: ChainAddress = Key::constant("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v").address();

/// What a trade pays, in ten-thousandths of the quote amount that the curve moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeRates {
    /// To the liquidity; the bonding curve has none.
    pub lp_bps: u64,
    /// To the protocol.
    pub protocol_bps: u64,
    /// To the coin's creator.
    pub creator_bps: u64,
}

/// The rates from a market cap on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeTier {
    /// The market cap, in raw units of the quote token, from which the tier counts.
    #[serde(with = "decimal")]
    pub market_cap_from_raw: u128,
    /// Its rates.
    pub rates: FeeRates,
}

/// `FeeConfig`: all rates of one program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeTable {
    /// Of a pool that no coin of pump migrated to.
    pub flat: FeeRates,
    /// Of a coin against SOL, in ascending order of the market cap.
    pub tiers: Vec<FeeTier>,
    /// Of a coin against USDC.
    #[serde(default)]
    pub stable_tiers: Vec<FeeTier>,
    /// Of a coin against any other token; `flat` while all are zero.
    #[serde(default)]
    pub exotic: FeeRates,
}

/// A fee table that clones of a pool share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "FeeTable", into = "FeeTable")]
pub struct FeeSchedule(Arc<FeeTable>);

/// What becomes of protocol and creator fees in a trade; it changes no amount of the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeSettlement {
    /// They are sent away at once: the first and, on the curve, the second form of the instructions.
    PaidOut,
    /// They stay in the pool's account and are owed: `_v2` of `PumpSwap`, `_v3` of the curve.
    Kept,
}

impl FeeRates {
    /// All three.
    #[must_use]
    pub fn total_bps(self) -> u64 {
        self.lp_bps
            .saturating_add(self.protocol_bps)
            .saturating_add(self.creator_bps)
    }

    /// As the program's own check: together at most 100 %.
    pub(super) fn check(self, field: &'static str) -> Result<(), PoolError> {
        if self.total_bps() <= ONE_IN_BPS {
            return Ok(());
        }
        Err(PoolError::StateInvalid {
            field,
            fault: format!(
                "the rates must be at most 10000 bps together, not {}",
                self.total_bps()
            ),
        })
    }
}

impl From<FeeTable> for FeeSchedule {
    fn from(table: FeeTable) -> Self {
        Self(Arc::new(table))
    }
}

impl From<FeeSchedule> for FeeTable {
    fn from(schedule: FeeSchedule) -> Self {
        Arc::unwrap_or_clone(schedule.0)
    }
}

impl FeeSchedule {
    /// The whole table.
    #[must_use]
    pub fn table(&self) -> &FeeTable {
        &self.0
    }

    /// What the fee program checks when it stores a table.
    ///
    /// # Errors
    /// `state_invalid` for rates above 100 % or tiers out of order.
    pub(super) fn check(&self) -> Result<(), PoolError> {
        self.0.flat.check("fees.flat")?;
        self.0.exotic.check("fees.exotic")?;
        check_tiers("fees.tiers", &self.0.tiers)?;
        check_tiers("fees.stable_tiers", &self.0.stable_tiers)
    }

    /// The rates of a coin's pool or curve at a market cap: the highest tier that it has reached.
    ///
    /// # Errors
    /// `state_invalid` when the table for that quote token is empty (the programs' `FeeTiersEmpty`).
    pub(super) fn of_coin(
        &self,
        quote_mint: ChainAddress,
        market_cap_raw: u128,
    ) -> Result<FeeRates, PoolError> {
        let (field, tiers) = match quote_mint {
            WRAPPED_SOL | WRAPPED_SOL_2022 => ("fees.tiers", &self.0.tiers),
            USDC => ("fees.stable_tiers", &self.0.stable_tiers),
            _ if self.0.exotic.total_bps() == 0 => return Ok(self.0.flat),
            _ => return Ok(self.0.exotic),
        };
        let reached = tiers.partition_point(|tier| tier.market_cap_from_raw <= market_cap_raw);
        tiers
            .get(reached.saturating_sub(1))
            .map(|tier| tier.rates)
            .ok_or_else(|| PoolError::StateInvalid {
                field,
                fault: "must not be empty; the program refuses every trade".to_owned(),
            })
    }
}

fn check_tiers(field: &'static str, tiers: &[FeeTier]) -> Result<(), PoolError> {
    for tier in tiers {
        tier.rates.check(field)?;
    }
    if tiers.is_sorted_by_key(|tier| tier.market_cap_from_raw) {
        return Ok(());
    }
    Err(PoolError::StateInvalid {
        field,
        fault: "must stand in ascending order of market_cap_from_raw".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solana::{TOKEN_2022_PROGRAM, program_address};

    #[test]
    fn wrapped_sol_of_token_2022_is_the_mint_that_its_program_derives() {
        let derived = program_address(TOKEN_2022_PROGRAM, &[b"native-mint"]);
        assert_eq!(derived, Some(WRAPPED_SOL_2022));
    }
}
