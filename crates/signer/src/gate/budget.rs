//! What was spent, or may still be, in the last 24 hours.
//!
//! A step counts with its reservation until it is settled, then with what it spent. It counts until a day
//! after the last second in which it could take effect, or after it was settled, whichever is earlier.

use super::steps::{StepId, parsed};
use crate::fault::{Fault, Rule};
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

impl Reservation<'_> {
    pub(super) fn require_room(&self, connection: &Connection, now_s: u64) -> Result<(), Fault> {
        if self.amount_raw.is_zero() {
            return Ok(());
        }
        let used = self.used_by_others(connection, now_s)?;
        let total = used.saturating_add(self.amount_raw);
        Rule::AmountPerDay.require(total <= self.max_per_day_raw, || {
            let (amount, cap, token) = (self.amount_raw, self.max_per_day_raw, self.token);
            format!("{used} base units of {token} are spent or reserved in 24 hours; {amount} more would pass the cap of {cap}")
        })?;
        Ok(())
    }

    fn used_by_others(&self, connection: &Connection, now_s: u64) -> Result<U256, Fault> {
        let mut rows = connection.prepare_cached(
            "SELECT coalesce(spent_raw, reserved_raw) FROM steps
             WHERE chain_id = ?1 AND token = ?2 AND effect_by_s > ?3 AND NOT (intent_id = ?4 AND step = ?5)",
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
