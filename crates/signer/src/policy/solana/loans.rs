//! Flash loans: one a transaction, from a listed reserve, repaid in kind.

use super::SOLANA_CHAIN_ID;
use super::instructions::{Place, Reading, known};
use crate::fault::{Refusal, Rule};
use serde_json::json;
use tradewind_core::decode::solana::{AccountKey, Flash};

const BPS: u128 = 10_000;

impl Reading<'_, '_> {
    pub(super) fn borrow(&mut self, place: Place, flash: Flash) -> Result<(), Refusal> {
        self.require_wallet(place, "the borrower", flash.authority)?;
        let reserve = known(place, "the reserve", flash.reserve)?;
        let own = self.own_account(place, "the borrower's account", flash.account)?;
        self.policy.token(own)?;
        let fee_bps = self.policy.flash_reserves.get(&reserve).copied();
        let fee_bps = fee_bps.ok_or_else(|| {
            Rule::FlashLoan.refuse(place.says(&format!(
                "the reserve {reserve} is not listed in [chains.{SOLANA_CHAIN_ID}].flash_reserves"
            )))
        })?;
        let fits = self.borrowed.is_none() && flash.mint == AccountKey::Known(own);
        Rule::FlashLoan.require(fits, || {
            place.says("one loan a transaction, of the mint of the borrower's account")
        })?;
        let scaled = u128::from(flash.amount_raw) * u128::from(fee_bps);
        let fee_raw = scaled.div_ceil(BPS).max(u128::from(fee_bps.min(1)));
        self.flows
            .leave(own, u64::try_from(fee_raw).unwrap_or(u64::MAX));
        self.loan = Some((own, flash.amount_raw));
        self.borrowed = Some((place.number, flash));
        self.trade
            .push(json!(["flash_loan", reserve.to_string(), flash.amount_raw]));
        Ok(())
    }

    pub(super) fn repay(
        &mut self,
        place: Place,
        flash: Flash,
        borrow_index: u8,
    ) -> Result<(), Refusal> {
        let fits = !self.repaid && self.borrowed == Some((usize::from(borrow_index), flash));
        Rule::FlashLoan.require(fits, || {
            place.says("must repay the loan before it: the same amount, reserve and account, and its number")
        })?;
        self.repaid = true;
        Ok(())
    }

    pub(super) fn require_repaid(&self) -> Result<(), Refusal> {
        Rule::FlashLoan.require(self.borrowed.is_some() == self.repaid, || {
            "the flash loan is not repaid; add the repayment with the same amount".to_owned()
        })
    }
}
