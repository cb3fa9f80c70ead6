//! What a `PumpSwap` pool is made from, and what is refused.

use serde::{Deserialize, Serialize};

use super::PumpswapPool;
use crate::ChainAddress;
use crate::pools::pump_fees::{FeeRates, FeeSchedule, FeeSettlement};
use crate::pools::{PoolError, decimal};

/// The supply that the market cap of a mayhem coin is counted with, whatever its mint says.
const MAYHEM_SUPPLY_RAW: u64 = 1_000_000_000_000_000;

/// The whole state of a pool, as its accounts give it at one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the account's own flags"
)]
pub struct PumpswapState {
    /// The pool's account.
    pub pool: ChainAddress,
    /// The coin.
    pub base_mint: ChainAddress,
    /// What it is traded against; wrapped SOL in most pools.
    pub quote_mint: ChainAddress,
    /// The pool's token account for the coin.
    pub base_vault: ChainAddress,
    /// The pool's token account for the quote token.
    pub quote_vault: ChainAddress,
    /// Balance of `base_vault`.
    #[serde(with = "decimal")]
    pub base_vault_raw: u64,
    /// Balance of `quote_vault`.
    #[serde(with = "decimal")]
    pub quote_vault_raw: u64,
    /// What the price counts beyond `quote_vault_raw`; negative where fees wait in the vault.
    #[serde(with = "decimal")]
    pub virtual_quote_raw: i128,
    /// Protocol fees that wait in the vault.
    #[serde(with = "decimal")]
    pub protocol_fees_raw: u64,
    /// Creator fees that wait in the vault.
    #[serde(with = "decimal")]
    pub creator_fees_raw: u64,
    /// Supply of the coin's mint, which the market cap is counted with.
    #[serde(with = "decimal")]
    pub base_supply_raw: u64,
    /// Whether the coin migrated from the pump curve: its pool pays by market cap, any other the flat rates.
    pub canonical: bool,
    /// Whether a coin creator is set; without one there is no creator fee.
    pub has_coin_creator: bool,
    /// `is_mayhem_mode`.
    pub mayhem: bool,
    /// The pool's own creator rate; 0 for the table's.
    pub creator_fee_bps: u64,
    /// `creator_fee_configurable` of the global config: whether `creator_fee_bps` counts.
    pub creator_fee_configurable: bool,
    /// `disable_flags` of the global config: bit 3 stops buys, bit 4 sells.
    pub disable_flags: u8,
    /// `buyback_basis_points` of the global config: the part of the protocol fee that leaves in every trade.
    pub buyback_bps: u64,
    /// The fee program's table for `PumpSwap`.
    pub fees: FeeSchedule,
    /// Which instructions trade: `paid_out` for the first form, `kept` for `_v2`.
    pub fee_settlement: FeeSettlement,
}

impl PumpswapPool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `state_invalid`.
    pub fn new(state: &PumpswapState) -> Result<Self, PoolError> {
        if state.base_mint == state.quote_mint {
            return Err(PoolError::StateInvalid {
                field: "quote_mint",
                fault: "must be another token than base_mint".to_owned(),
            });
        }
        state.fees.check()?;
        check_bps("buyback_bps", state.buyback_bps)?;
        priced_quote(state)?;
        Self::priced(state.clone())
    }

    /// The pool of a state whose fixed fields are known to be right. While a vault and the virtual reserves do not
    /// belong together, because one of the two accounts is still to come, it has no price and no trade.
    pub(super) fn priced(state: PumpswapState) -> Result<Self, PoolError> {
        check_bps("creator_fee_bps", state.creator_fee_bps)?;
        let quote_raw = priced_quote(&state).unwrap_or(0);
        let rates = rates(&state, quote_raw)?;
        rates.check("creator_fee_bps")?;
        Ok(Self {
            tokens: [state.base_mint, state.quote_mint],
            state,
            quote_raw,
            rates,
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> PumpswapState {
        self.state.clone()
    }
}

/// The quote reserve that the price counts with: vault plus virtual reserves.
fn priced_quote(state: &PumpswapState) -> Result<u64, PoolError> {
    i128::from(state.quote_vault_raw)
        .checked_add(state.virtual_quote_raw)
        .and_then(|quote| u64::try_from(quote).ok())
        .ok_or_else(|| PoolError::StateInvalid {
            field: "virtual_quote_raw",
            fault: format!(
                "{} and the vault's {} must add up to 64 bits; read both at one slot",
                state.virtual_quote_raw, state.quote_vault_raw
            ),
        })
}

/// What a trade pays before it moves anything.
fn rates(state: &PumpswapState, quote_raw: u64) -> Result<FeeRates, PoolError> {
    let mut rates = if state.canonical {
        let supply = if state.mayhem {
            MAYHEM_SUPPLY_RAW
        } else {
            state.base_supply_raw
        };
        let whole = u128::from(quote_raw) * u128::from(supply);
        let market_cap = whole / u128::from(state.base_vault_raw.max(1));
        state.fees.of_coin(state.quote_mint, market_cap)?
    } else {
        state.fees.table().flat
    };
    if state.creator_fee_configurable && state.creator_fee_bps != 0 {
        rates.creator_bps = state.creator_fee_bps;
    }
    if !state.has_coin_creator {
        rates.creator_bps = 0;
    }
    Ok(rates)
}

fn check_bps(field: &'static str, bps: u64) -> Result<(), PoolError> {
    if bps <= 10_000 {
        return Ok(());
    }
    Err(PoolError::StateInvalid {
        field,
        fault: format!("must be at most 10000, not {bps}"),
    })
}
