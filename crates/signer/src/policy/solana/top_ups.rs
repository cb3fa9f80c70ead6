//! Top-ups: one transfer of lamports from the treasury to a wallet that it may top up, and nothing else.
//!
//! The caps of the treasury hold for what is transferred, in place of the limits of amounts: it stays with the wallets of
//! this signer. What a day has seen is for the gate to say.

use super::instructions::{Place, Reading, known, not_allowed};
use super::{ReceiptNeed, SOLANA_CHAIN_ID, TopUp};
use crate::fault::{Refusal, Rule};
use serde_json::json;
use std::collections::BTreeSet;
use tradewind_core::decode::solana::{Call, Instruction, Key};

/// The wallet that tops others up, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Treasury {
    /// Which.
    pub wallet: Key,
    /// Whom it may top up.
    pub wallets: BTreeSet<Key>,
    /// Most that one transaction brings, in lamports.
    pub max_lamports: u64,
    /// Most that is signed for in any 24 hours, in lamports.
    pub max_per_day_lamports: u64,
}

impl Reading<'_, '_> {
    pub(super) fn top_up(&mut self, place: Place, it: &Instruction<'_>) -> Result<(), Refusal> {
        let call = it
            .call()
            .map_err(|error| Rule::InstructionNotAllowed.refuse(place.says(&error.to_string())))?;
        let Some(Call::Transfer { from, to, lamports }) = call else {
            return Err(not_allowed(
                place,
                "beside the compute budget a top-up has one transfer of lamports; leave it out",
            ));
        };
        if self.topped_up.is_some() {
            return Err(not_allowed(
                place,
                "is a second transfer; top up one wallet at a time",
            ));
        }
        self.require_wallet(place, "who pays", from)?;
        let wallet = known(place, "who gets lamports", to)?;
        self.require_treasury(place, wallet, lamports)?;
        self.trade
            .push(json!(["top_up", wallet.to_string(), lamports]));
        self.topped_up = Some(TopUp { wallet, lamports });
        Ok(())
    }

    fn require_treasury(&self, place: Place, to: Key, lamports: u64) -> Result<(), Refusal> {
        let own = self.policy.treasury.as_ref();
        let Some(treasury) = own.filter(|treasury| treasury.wallet == self.ask.wallet) else {
            return Err(Rule::TopUp.refuse(format!(
                "{} is no treasury; name it in [chains.{SOLANA_CHAIN_ID}.treasury] if it may top others up",
                self.ask.wallet
            )));
        };
        Rule::TopUp.require(treasury.wallets.contains(&to), || {
            place.says(&format!(
                "{lamports} lamports would go to {to}, which the treasury may not top up; list it in \
                 [chains.{SOLANA_CHAIN_ID}.treasury].wallets if it may"
            ))
        })?;
        let cap = treasury.max_lamports;
        Rule::TopUp.require((1..=cap).contains(&lamports), || {
            place.says(&format!(
                "{lamports} lamports are not from 1 to the cap of {cap} for one top-up"
            ))
        })
    }

    /// A transaction that is to top a wallet up does so.
    pub(super) fn require_topped_up(&self) -> Result<(), Refusal> {
        let idle = self.ask.receipt == ReceiptNeed::TopUp && self.topped_up.is_none();
        Rule::TopUp.require(!idle, || {
            "the transaction tops no wallet up; give it one transfer".to_owned()
        })
    }
}
