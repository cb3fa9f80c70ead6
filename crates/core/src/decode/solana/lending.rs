//! Kamino's refreshes and liquidations, read strictly.
//!
//! Layouts: `klend` @edd5ff5, `handler_refresh_reserve`, `handler_refresh_obligation` and
//! `handler_liquidate_obligation_and_redeem_reserve_collateral` (both of its forms have the same first twenty accounts).

use super::AccountKey;
use super::call::{Call, finished};
use super::instruction::{Arguments, Instruction, refused};
use crate::decode::DecodeError;

const REFRESH_RESERVE: &[u8] = &[0x02, 0xda, 0x8a, 0xeb, 0x4f, 0xc9, 0x19, 0x66];
const REFRESH_OBLIGATION: &[u8] = &[0x21, 0x84, 0x93, 0xe4, 0x97, 0xc0, 0x48, 0x59];
const LIQUIDATE: &[u8] = &[0xb1, 0x47, 0x9a, 0xbc, 0xe2, 0x85, 0x4a, 0x37];
const LIQUIDATE_V2: &[u8] = &[0xa2, 0xa1, 0x23, 0x8f, 0x1e, 0xbb, 0xb9, 0x67];
/// The fixed accounts; behind them stand farms, and the reserves of an elevation group.
const LIQUIDATE_ACCOUNTS: usize = 20;

/// A debt of somebody else's loan repaid, and a part of its collateral received for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liquidated {
    /// Who repays, and signs.
    pub liquidator: AccountKey,
    /// Whose loan.
    pub obligation: AccountKey,
    /// The debt's reserve.
    pub repay_reserve: AccountKey,
    /// The collateral's reserve.
    pub withdraw_reserve: AccountKey,
    /// The liquidator's account that repays.
    pub source: AccountKey,
    /// The liquidator's account for the collateral's tokens, of which as many are redeemed as the reserve can pay out.
    pub collateral: AccountKey,
    /// The liquidator's account that receives.
    pub destination: AccountKey,
    /// Most that is repaid, in raw units of the debt's token.
    pub max_repaid_raw: u64,
    /// Least that is received, in raw units of the collateral reserve's token.
    pub least_received_raw: u64,
    /// In the program's staging build, for a loan's own owner: another threshold. 0 for none.
    pub threshold_override: u64,
}

impl<'a> Instruction<'a> {
    /// None where it is neither a refresh nor a liquidation.
    pub(super) fn lending_call(&self) -> Result<Option<Call<'a>>, DecodeError> {
        if self.data == REFRESH_RESERVE || self.data == REFRESH_OBLIGATION {
            return Ok(Some(Call::Refresh));
        }
        let rest = [LIQUIDATE, LIQUIDATE_V2].iter();
        let mut rest = rest.filter_map(|tag| self.data.strip_prefix(*tag));
        let Some(rest) = rest.next() else {
            return Ok(None);
        };
        if self.accounts.len() < LIQUIDATE_ACCOUNTS {
            return Err(refused("accounts", "fewer than 20"));
        }
        let mut arguments = Arguments(rest);
        let liquidated = Liquidated {
            liquidator: self.account(0, "liquidator")?,
            obligation: self.account(1, "obligation")?,
            repay_reserve: self.account(4, "repay_reserve")?,
            withdraw_reserve: self.account(7, "withdraw_reserve")?,
            source: self.account(13, "source")?,
            collateral: self.account(14, "collateral")?,
            destination: self.account(15, "destination")?,
            max_repaid_raw: arguments.u64("liquidity_amount")?,
            least_received_raw: arguments.u64("min_acceptable_received")?,
            threshold_override: arguments.u64("max_allowed_ltv_override")?,
        };
        finished(&arguments)?;
        Ok(Some(Call::Liquidate(liquidated)))
    }
}
