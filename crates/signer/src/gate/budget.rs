//! What was spent, or may still be, in the last 24 hours.
//!
//! A step counts with its reservation, the most it may spend, until a day after the last second in which it
//! could take effect. How it was settled changes nothing, because that is the caller's word and no proof. A
//! step that was closed without an attempt counts no more: it can spend nothing.

use super::Gate;
use super::steps::{StepId, parsed};
use crate::fault::{Fault, Rule};
use crate::policy::{Passed, PermitFacts};
use alloy_primitives::{Address, U256};
use rusqlite::{Connection, params};

const DAY_S: u64 = 86_400;

/// One more reservation, by a step that may have one already.
pub(super) struct Reservation<'a> {
    pub(super) id: &'a StepId,
    pub(super) chain_id: u64,
    pub(super) token: Address,
    pub(super) amount_raw: U256,
    pub(super) max_per_day_raw: U256,
}

impl Gate {
    /// A recorded attempt still fits into its day.
    ///
    /// # Errors
    /// `amount_per_day`, or the gate file cannot be read.
    pub fn require_room(&self, id: &StepId, passed: &Passed, now_s: u64) -> Result<(), Fault> {
        Reservation::of_transaction(id, passed).require_room(&self.connection, now_s)
    }

    /// A recorded permit still fits into its day.
    ///
    /// # Errors
    /// `amount_per_day`, or the gate file cannot be read.
    pub fn require_room_for_permit(
        &self,
        id: &StepId,
        facts: &PermitFacts,
        max_per_day_raw: U256,
        now_s: u64,
    ) -> Result<(), Fault> {
        Reservation::of_permit(id, facts, max_per_day_raw).require_room(&self.connection, now_s)
    }
}

impl<'a> Reservation<'a> {
    pub(super) fn of_transaction(id: &'a StepId, passed: &Passed) -> Self {
        Self {
            id,
            chain_id: passed.transaction().chain_id,
            token: passed.token(),
            amount_raw: passed.reserve_raw(),
            max_per_day_raw: passed.max_per_day_raw(),
        }
    }

    pub(super) fn of_permit(id: &'a StepId, facts: &PermitFacts, max_per_day_raw: U256) -> Self {
        Self {
            id,
            chain_id: facts.chain_id,
            token: facts.token,
            amount_raw: facts.value_raw,
            max_per_day_raw,
        }
    }

    pub(super) fn require_room(&self, connection: &Connection, now_s: u64) -> Result<(), Fault> {
        if self.amount_raw.is_zero() {
            return Ok(());
        }
        let used = self.used_by_others(connection, now_s)?;
        let total = used.saturating_add(self.amount_raw);
        Rule::AmountPerDay.require(total <= self.max_per_day_raw, || {
            let (amount, cap, token) = (self.amount_raw, self.max_per_day_raw, self.token);
            format!(
                "{used} base units of {token} are reserved in 24 hours; {amount} more would pass the cap of {cap}. \
                 Wait until earlier ones are a day old, or raise max_per_day and start the signer again."
            )
        })?;
        Ok(())
    }

    fn used_by_others(&self, connection: &Connection, now_s: u64) -> Result<U256, Fault> {
        let mut rows = connection.prepare_cached(
            "SELECT reserved_raw FROM steps
             WHERE chain_id = ?1 AND token = ?2 AND effect_by_s > ?3 AND NOT (intent_id = ?4 AND step = ?5)
                 AND NOT EXISTS (SELECT 1 FROM closures
                     WHERE closures.intent_id = steps.intent_id AND closures.step = steps.step)",
        )?;
        let since = now_s.saturating_sub(DAY_S).cast_signed();
        let amounts = rows.query_map(
            params![
                self.chain_id.cast_signed(),
                self.token.to_checksum(None),
                since,
                self.id.intent_id,
                self.id.step
            ],
            |row| parsed::<U256>(row, 0),
        )?;
        let mut used = U256::ZERO;
        for amount in amounts {
            used = used.saturating_add(amount?);
        }
        Ok(used)
    }
}
