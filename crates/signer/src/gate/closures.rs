//! Closures: steps for which nothing is signed any more, because nothing ever was.

use super::steps::StepId;
use super::{Gate, solana};
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use rusqlite::{Connection, OptionalExtension, params};

impl Gate {
    /// Closes a step for good, known or not, and gives back what it took out of the budgets. False, and nothing changes, when
    /// an attempt is recorded that may land: signed, held, or maybe signed and forgotten. A discarded one cannot, nor one
    /// on Solana that was to be signed at once and never was.
    ///
    /// # Errors
    /// The gate file cannot be written.
    pub fn close(&mut self, id: &StepId, now_ms: u64) -> Result<bool, Fault> {
        let boot_id = self.boot_id.clone();
        let tx = self.write()?;
        if has_attempt(&tx, id)? && !solana::was_never_told(&tx, id, &boot_id)? {
            return Ok(false);
        }
        solana::give_all_back(&tx, id)?;
        tx.change(
            "INSERT INTO closures (intent_id, step, closed_at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![id.intent_id, id.step, now_ms.cast_signed()],
        )?;
        tx.change(
            "UPDATE steps SET counts_raw = '0' WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
        )?;
        tx.commit()?;
        Ok(true)
    }

    /// The step is not closed.
    ///
    /// # Errors
    /// `step_closed`, or the gate file cannot be read.
    pub fn require_unclosed(&self, id: &StepId) -> Result<(), Fault> {
        require_unclosed(&self.connection, id)
    }

    /// Whether a step is closed.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn closed(&self, id: &StepId) -> Result<bool, Fault> {
        Ok(closed(&self.connection, id)?)
    }
}

/// Nothing is signed for a closed step.
pub(super) fn require_unclosed(connection: &Connection, id: &StepId) -> Result<(), Fault> {
    Rule::StepClosed.require(!closed(connection, id)?, || {
        "the step is closed: nothing was signed for it, and nothing will be".to_owned()
    })?;
    Ok(())
}

fn closed(connection: &Connection, id: &StepId) -> rusqlite::Result<bool> {
    connection
        .read_row(
            "SELECT 1 FROM closures WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
            |_| Ok(()),
        )
        .optional()
        .map(|found| found.is_some())
}

/// An attempt is recorded that was not discarded.
pub(super) fn has_attempt(connection: &Connection, id: &StepId) -> rusqlite::Result<bool> {
    connection
        .read_row(
            "SELECT 1 FROM attempts WHERE intent_id = ?1 AND step = ?2
             UNION ALL SELECT 1 FROM solana_attempts
             WHERE intent_id = ?1 AND step = ?2 AND discarded_at_ms IS NULL LIMIT 1",
            params![id.intent_id, id.step],
            |_| Ok(()),
        )
        .optional()
        .map(|found| found.is_some())
}
