//! What is used of the limits of amounts: the rows of the steps say it, and nothing else does; [`Ledger`] has read them.
//!
//! A step counts until an hour, or a day, after the last second in which it could take effect. It counts with its
//! reservation, the most it may spend; after a final settlement with what it spent. Of what was signed in a day no
//! settlement gives anything back: whatever a caller says of the chain, no more than that is signed. A step that was
//! closed without an attempt counts nowhere, because the gate itself knows that it can spend nothing.

use super::ledger::Ledger;
use super::steps::StepId;
use crate::fault::{Fault, Rule};
use crate::policy::{Passed, PermitFacts, Policy, Window};
use alloy_primitives::U256;
use rusqlite::Connection;
use tradewind_core::ChainAddress;

/// One more reservation, by a step that may have one already.
pub(super) struct Reservation<'a> {
    pub(super) id: &'a StepId,
    pub(super) policy: &'a Policy,
    pub(super) wallet: ChainAddress,
    pub(super) strategy_id: Option<&'a str>,
    pub(super) chain_id: u64,
    pub(super) token: ChainAddress,
    pub(super) amount_raw: U256,
}

impl<'a> Reservation<'a> {
    pub(super) fn of_transaction(id: &'a StepId, passed: &'a Passed<'_>) -> Self {
        Self {
            id,
            policy: passed.policy(),
            wallet: passed.wallet().into(),
            strategy_id: passed.strategy_id(),
            chain_id: passed.transaction().chain_id,
            token: passed.token().into(),
            amount_raw: passed.reserve_raw(),
        }
    }

    pub(super) fn of_permit(
        id: &'a StepId,
        facts: &PermitFacts,
        strategy_id: Option<&'a str>,
        policy: &'a Policy,
    ) -> Self {
        Self {
            id,
            policy,
            wallet: facts.wallet.into(),
            strategy_id,
            chain_id: facts.chain_id,
            token: facts.token.into(),
            amount_raw: facts.value_raw,
        }
    }

    /// Every limit that the step falls under has room for it.
    pub(super) fn require_room(
        &self,
        connection: &Connection,
        ledger: &Ledger,
        now_s: u64,
    ) -> Result<(), Fault> {
        if self.amount_raw.is_zero() {
            return Ok(());
        }
        let of = (self.chain_id, self.token);
        let (limits, caps): (Vec<_>, Vec<_>) = self
            .policy
            .limits_of(self.wallet, self.strategy_id, self.chain_id, self.token)
            .unzip();
        let used = ledger.used(connection, of, &limits, Some(self.id), now_s)?;
        for ((limit, cap), used) in limits.into_iter().zip(caps).zip(used) {
            let Some((rule, remedy)) = rule_of(limit.window) else {
                continue;
            };
            let total = used.saturating_add(self.amount_raw);
            rule.require(total <= cap, || {
                let (amount, token, window) = (self.amount_raw, self.token, limit.window.name());
                let (scope, key) = (limit.scope.describe(), limit.window.key());
                format!(
                    "{amount} base units of {token} are asked for, and {used} are used of the cap of {cap} for {scope} \
                     ({window}). Wait until earlier ones are {remedy}, or raise {key}."
                )
            })?;
        }
        Ok(())
    }
}

fn rule_of(window: Window) -> Option<(Rule, &'static str)> {
    match window {
        Window::Transaction => None,
        Window::Hour => Some((Rule::AmountPerHour, "an hour old")),
        Window::Day => Some((Rule::AmountPerDay, "a day old")),
        Window::SignedPerDay => Some((Rule::SignedPerDay, "a day old")),
    }
}
