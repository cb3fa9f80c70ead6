//! The kill switch: epochs that only grow. Read from the file each time, never from memory, so that a halt
//! written by another process counts as well.

use super::Gate;
use crate::fault::{Fault, Refusal, Rule};
use rusqlite::{Connection, OptionalExtension, params};

/// Where the kill switch stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HaltState {
    /// The number of the last halt; 0 before the first.
    pub kill_epoch: u64,
    /// Why it is halted; nothing when it is not.
    pub reason: Option<String>,
}

impl HaltState {
    /// Whether signing is forbidden now.
    #[must_use]
    pub fn halted(&self) -> bool {
        self.reason.is_some()
    }
}

impl Gate {
    /// Where the kill switch stands.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn halt_state(&self) -> Result<HaltState, Fault> {
        Ok(read(&self.connection)?)
    }

    /// Starts a new epoch in which nothing is signed. On disk when this returns.
    ///
    /// # Errors
    /// The gate file cannot be written.
    pub fn halt(&mut self, reason: &str, by: &str, now_ms: u64) -> Result<HaltState, Fault> {
        let tx = self.write()?;
        tx.execute(
            "INSERT INTO halts (kill_epoch, reason, halted_by, halted_at_ms)
             SELECT coalesce(max(kill_epoch), 0) + 1, ?1, ?2, ?3 FROM halts",
            params![reason, by, now_ms.cast_signed()],
        )?;
        let state = read(&tx)?;
        tx.commit()?;
        Ok(state)
    }

    /// Ends the halt of `kill_epoch`, which must be the last one.
    ///
    /// # Errors
    /// `kill_epoch`, `not_halted`, or the gate file cannot be written.
    pub fn resume(&mut self, kill_epoch: u64, by: &str, now_ms: u64) -> Result<HaltState, Fault> {
        let tx = self.write()?;
        let state = read(&tx)?;
        Rule::KillEpoch.require(kill_epoch == state.kill_epoch, || {
            format!("the kill epoch is {}, not {kill_epoch}; look at why it was halted, then resume that one", state.kill_epoch)
        })?;
        Rule::NotHalted.require(state.halted(), || "signing is not halted".to_owned())?;
        tx.execute(
            "UPDATE halts SET resumed_by = ?1, resumed_at_ms = ?2 WHERE kill_epoch = ?3",
            params![by, now_ms.cast_signed(), kill_epoch.cast_signed()],
        )?;
        let state = read(&tx)?;
        tx.commit()?;
        Ok(state)
    }
}

pub(super) fn read(connection: &Connection) -> rusqlite::Result<HaltState> {
    let last = connection
        .query_row(
            "SELECT kill_epoch, reason, resumed_at_ms IS NULL FROM halts ORDER BY kill_epoch DESC LIMIT 1",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    Ok(
        last.map_or_else(HaltState::default, |(epoch, reason, halted)| HaltState {
            kill_epoch: epoch.cast_unsigned(),
            reason: Some(reason).filter(|_| halted),
        }),
    )
}

/// The current epoch, if signing is allowed in it.
pub(super) fn require_running(connection: &Connection) -> Result<u64, Fault> {
    let state = read(connection)?;
    match state.reason {
        None => Ok(state.kill_epoch),
        Some(reason) => Err(Fault::Refused(refusal(state.kill_epoch, &reason))),
    }
}

fn refusal(epoch: u64, reason: &str) -> Refusal {
    Rule::Halted.refuse(format!(
        "signing is halted since kill epoch {epoch}: {reason}"
    ))
}
