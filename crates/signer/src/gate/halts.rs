//! The kill switch: halts of everything, of a wallet or of a strategy, with epochs that only grow. Read from the file
//! each time, never from memory, so that a halt written by another process counts as well.
//!
//! Of each scope only the last halt is in force: a new one takes the place of the one before.

use super::Gate;
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use crate::policy::Scope;
use rusqlite::{Connection, Row, params};
use tradewind_core::ChainAddress;

/// Where the kill switch stands, for everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HaltState {
    /// The number of the last halt of everything; 0 before the first.
    pub kill_epoch: u64,
    /// Why it is halted; nothing when it is not.
    pub reason: Option<String>,
}

/// A halt that was not resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// Its number.
    pub kill_epoch: u64,
    /// What it stops.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub at_ms: u64,
}

impl HaltState {
    /// Whether signing is forbidden now.
    #[must_use]
    pub fn halted(&self) -> bool {
        self.reason.is_some()
    }
}

impl Gate {
    /// Where the kill switch of everything stands.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn halt_state(&self) -> Result<HaltState, Fault> {
        let kill_epoch: i64 = self.connection.read_row(
            "SELECT coalesce(max(kill_epoch), 0) FROM halts WHERE wallet IS NULL AND strategy_id IS NULL",
            [],
            |row| row.get(0),
        )?;
        let halts = self.halts()?;
        let global = halts.into_iter().find(|halt| halt.scope == Scope::All);
        Ok(HaltState {
            kill_epoch: kill_epoch.cast_unsigned(),
            reason: global.map(|halt| halt.reason),
        })
    }

    /// The halts in force, by epoch.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn halts(&self) -> Result<Vec<Halt>, Fault> {
        Ok(in_force(&self.connection)?)
    }

    /// Starts a new epoch in which nothing of the scope is signed. On disk when this returns.
    ///
    /// # Errors
    /// The gate file cannot be written.
    pub fn halt(
        &mut self,
        scope: &Scope,
        reason: &str,
        by: &str,
        now_ms: u64,
    ) -> Result<u64, Fault> {
        let tx = self.write()?;
        let kill_epoch = last_epoch(&tx)? + 1;
        tx.change(
            "INSERT INTO halts (kill_epoch, reason, halted_by, halted_at_ms, wallet, strategy_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                kill_epoch.cast_signed(),
                reason,
                by,
                now_ms.cast_signed(),
                scope.wallet(),
                scope.strategy_id()
            ],
        )?;
        tx.commit()?;
        Ok(kill_epoch)
    }

    /// Ends the halt of `kill_epoch`, which must be the last one of its scope. Others stay in force. Gives whether
    /// everything is still halted.
    ///
    /// # Errors
    /// `kill_epoch`, `not_halted`, or the gate file cannot be written.
    pub fn resume(&mut self, kill_epoch: u64, by: &str, now_ms: u64) -> Result<bool, Fault> {
        let tx = self.write()?;
        let halts = in_force(&tx)?;
        Rule::NotHalted.require(!halts.is_empty(), || "signing is not halted".to_owned())?;
        let known = halts.iter().any(|halt| halt.kill_epoch == kill_epoch);
        Rule::KillEpoch.require(known, || {
            let epochs: Vec<_> = halts.iter().map(|halt| halt.kill_epoch.to_string()).collect();
            format!(
                "no halt with the epoch {kill_epoch} is in force; there are: {}. Look at why it was halted, then \
                 resume that one.",
                epochs.join(", ")
            )
        })?;
        tx.change(
            "UPDATE halts SET resumed_by = ?1, resumed_at_ms = ?2 WHERE kill_epoch = ?3",
            params![by, now_ms.cast_signed(), kill_epoch.cast_signed()],
        )?;
        tx.commit()?;
        let rest = halts.iter().filter(|halt| halt.kill_epoch != kill_epoch);
        Ok(rest.into_iter().any(|halt| halt.scope == Scope::All))
    }

    /// Nothing that is in force stops what `wallet` does for `strategy_id`.
    ///
    /// # Errors
    /// `halted`, or the gate file cannot be read.
    pub fn require_running(
        &self,
        wallet: impl Into<ChainAddress>,
        strategy_id: Option<&str>,
    ) -> Result<(), Fault> {
        require_running(&self.connection, wallet, strategy_id).map(drop)
    }
}

/// No halt that stops what `wallet` does for `strategy_id` has begun after the epoch `since`, resumed or not.
pub(super) fn require_none_since(
    connection: &Connection,
    wallet: impl Into<ChainAddress>,
    strategy_id: Option<&str>,
    since: u64,
) -> Result<(), Fault> {
    let wallet = wallet.into();
    let mut rows = connection.prepare_cached("SELECT kill_epoch, reason, halted_by, halted_at_ms, wallet, strategy_id FROM halts WHERE kill_epoch > ?1
         ORDER BY kill_epoch",)?;
    let later = rows.query_map([since.cast_signed()], read_halt)?;
    let later: Vec<Halt> = later.collect::<rusqlite::Result<_>>()?;
    let stopping = later
        .iter()
        .find(|halt| halt.scope.covers(wallet, strategy_id));
    Rule::Halted.require(stopping.is_none(), || {
        let epoch = stopping.map_or(0, |halt| halt.kill_epoch);
        format!("kill epoch {epoch} began while the attempt was held; discard it")
    })?;
    Ok(())
}

fn last_epoch(connection: &Connection) -> rusqlite::Result<u64> {
    let last: i64 = connection.read_row(
        "SELECT coalesce(max(kill_epoch), 0) FROM halts",
        [],
        |row| row.get(0),
    )?;
    Ok(last.cast_unsigned())
}

fn in_force(connection: &Connection) -> rusqlite::Result<Vec<Halt>> {
    let mut rows = connection.prepare_cached(
        "SELECT kill_epoch, reason, halted_by, halted_at_ms, wallet, strategy_id FROM halts AS own
         WHERE resumed_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM halts AS later
             WHERE later.kill_epoch > own.kill_epoch AND later.wallet IS own.wallet
                 AND later.strategy_id IS own.strategy_id)
         ORDER BY kill_epoch",
    )?;
    let halts = rows.query_map([], read_halt)?;
    halts.collect()
}

fn read_halt(row: &Row<'_>) -> rusqlite::Result<Halt> {
    let scope = if row.get::<_, Option<String>>(4)?.is_some() {
        Scope::Wallet(super::steps::parsed(row, 4)?)
    } else {
        row.get::<_, Option<String>>(5)?
            .map_or(Scope::All, Scope::Strategy)
    };
    Ok(Halt {
        kill_epoch: row.get::<_, i64>(0)?.cast_unsigned(),
        scope,
        reason: row.get(1)?,
        by: row.get(2)?,
        at_ms: row.get::<_, i64>(3)?.cast_unsigned(),
    })
}

/// Whether the wallet's signing is stopped, whatever the strategy.
pub(super) fn wallet_halted(
    connection: &Connection,
    wallet: impl Into<ChainAddress>,
) -> rusqlite::Result<bool> {
    let wallet = wallet.into();
    let halts = in_force(connection)?;
    Ok(halts.iter().any(|halt| halt.scope.covers(wallet, None)))
}

/// The current epoch, if what `wallet` does for `strategy_id` may be signed in it.
pub(super) fn require_running(
    connection: &Connection,
    wallet: impl Into<ChainAddress>,
    strategy_id: Option<&str>,
) -> Result<u64, Fault> {
    let wallet = wallet.into();
    let halts = in_force(connection)?;
    let stopping = halts
        .iter()
        .find(|halt| halt.scope.covers(wallet, strategy_id));
    match stopping {
        None => Ok(last_epoch(connection)?),
        Some(halt) => {
            let (epoch, reason) = (halt.kill_epoch, &halt.reason);
            let of = match &halt.scope {
                Scope::All => String::new(),
                scope => format!(" for {}", scope.describe()),
            };
            let message = format!("signing is halted{of} since kill epoch {epoch}: {reason}");
            Err(Rule::Halted.refuse(message).into())
        }
    }
}
