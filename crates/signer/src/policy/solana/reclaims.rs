//! Receipts taken back: a transaction that does nothing else, from the wallet's own receipts to the wallet itself.
//!
//! Whether a receipt may be taken back already is for the gate to say, which knows its step.

use super::instructions::{Place, Reading, known, not_allowed};
use super::{Receipt, ReceiptNeed};
use crate::fault::{Refusal, Rule};
use serde_json::json;
use tradewind_core::decode::solana::{AccountKey, Call, Instruction, Key, SYSTEM_PROGRAM};

impl Reading<'_, '_> {
    pub(super) fn take_back(&mut self, place: Place, it: &Instruction<'_>) -> Result<(), Refusal> {
        let call = it
            .call()
            .map_err(|error| Rule::InstructionNotAllowed.refuse(place.says(&error.to_string())))?;
        let Some(Call::TransferWithSeed {
            from,
            base,
            to,
            seed,
            owner,
            ..
        }) = call
        else {
            return Err(not_allowed(
                place,
                "beside the compute budget only receipts are taken back here; leave it out",
            ));
        };
        self.require_wallet(place, "the base", base)?;
        self.require_wallet_gets(place, to)?;
        let seed = self.require_receipt_of(place, from, (seed, owner))?;
        Rule::Receipt.require(!self.taken_back.contains(&seed), || {
            place.says("takes the same receipt back a second time; leave it out")
        })?;
        self.trade.push(json!(["take_back", seed]));
        self.taken_back.push(seed);
        Ok(())
    }

    fn require_wallet_gets(&self, place: Place, to: AccountKey) -> Result<(), Refusal> {
        let to = known(place, "who gets the lamports", to)?;
        let wallet = self.ask.wallet;
        Rule::Recipient.require(to == wallet, || {
            place.says(&format!(
                "the lamports would go to {to}, and a receipt's go back to its wallet {wallet} only"
            ))
        })
    }

    fn require_receipt_of(
        &self,
        place: Place,
        from: AccountKey,
        (seed, owner): (&[u8], Key),
    ) -> Result<String, Refusal> {
        let from = known(place, "the receipt", from)?;
        let seed = std::str::from_utf8(seed).unwrap_or_default();
        let plain = owner == SYSTEM_PROGRAM && Receipt::of(self.ask.wallet, seed).address == from;
        Rule::Receipt.require(plain, || {
            place.says("only a receipt is emptied: base the wallet, owner the system program, the address of its seed")
        })?;
        Ok(seed.to_owned())
    }

    /// A transaction that is to take receipts back takes one at least.
    pub(super) fn require_taken_back(&self) -> Result<(), Refusal> {
        let idle = self.ask.receipt == ReceiptNeed::TakeBack && self.taken_back.is_empty();
        Rule::Receipt.require(!idle, || {
            "the transaction takes no receipt back; name one of those that `reclaimable` tells"
                .to_owned()
        })
    }
}
