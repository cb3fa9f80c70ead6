//! Receipts taken back: which may be, and by which transaction they are.
//!
//! A receipt is what keeps a second copy of its step from taking effect. It is let go only when the step has succeeded
//! for good and no attempt of it can land any more: by the finalized block height with the margin that counts without a
//! receipt, and by this gate's own clock, so that no word about the chain alone is enough. Then it belongs to one
//! reclaim, a step of its own, until that is settled.

use super::attempts::{NewSolanaAttempt, all};
use super::evidence::{MARGIN_BLOCKS, distinct, last_valid};
use crate::fault::{Fault, Rule};
use crate::gate::Gate;
use crate::gate::prepared::Prepared;
use crate::gate::steps::{self, Outcome, StepId};
use crate::policy::Receipt;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tradewind_core::decode::solana::Key;

/// Receipts in one answer.
const PAGE: u32 = 64;

/// What may be taken back, and the one reclaim of the wallet that is not settled yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaimable {
    /// Its name, while there is one.
    pub open: Option<String>,
    /// The oldest first.
    pub receipts: Vec<Receipt>,
    /// Where the next page begins.
    pub more_after: Option<u64>,
}

/// A receipt as it is recorded.
struct Standing {
    id: StepId,
    wallet: String,
    chain_id: u64,
    reclaim_id: Option<String>,
}

impl Gate {
    /// The receipts of a wallet that may be taken back, behind the row `after`: by a finalized block height that the
    /// caller tells, and by the clock.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn reclaimable(
        &self,
        wallet: Key,
        chain_id: u64,
        finalized_block_height: u64,
        after: u64,
        now_s: u64,
    ) -> Result<Reclaimable, Fault> {
        let mut rows = self.connection.prepare_cached(
            "SELECT r.rowid, r.seed FROM receipts AS r JOIN steps AS s ON s.intent_id = r.intent_id AND s.step = r.step
             WHERE r.wallet = ?1 AND r.chain_id = ?2 AND r.reclaim_id IS NULL AND r.rowid > ?3
                 AND s.final AND s.outcome = 'succeeded' AND s.effect_by_s < ?4
                 AND (SELECT max(a.last_valid_block_height) FROM solana_attempts AS a
                      WHERE a.intent_id = r.intent_id AND a.step = r.step) < ?5
             ORDER BY r.rowid LIMIT ?6",
        )?;
        let found = rows.query_map(
            params![
                wallet.to_string(),
                chain_id.cast_signed(),
                after.cast_signed(),
                now_s.cast_signed(),
                finalized_block_height
                    .saturating_sub(MARGIN_BLOCKS)
                    .cast_signed(),
                PAGE + 1
            ],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?.cast_unsigned(),
                    row.get::<_, String>(1)?,
                ))
            },
        )?;
        let mut found: Vec<_> = found.collect::<rusqlite::Result<_>>()?;
        let more = found.len() > PAGE as usize;
        found.truncate(PAGE as usize);
        Ok(Reclaimable {
            open: open(&self.connection, wallet, chain_id)?,
            more_after: found.last().filter(|_| more).map(|(row, _)| *row),
            receipts: found
                .iter()
                .map(|(_, seed)| Receipt::of(wallet, seed))
                .collect(),
        })
    }

    /// Whether a step takes receipts back.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn is_reclaim(&self, id: &StepId) -> Result<bool, Fault> {
        is_recorded(&self.connection, id).map_err(Into::into)
    }
}

/// With the attempt, in its commit: its receipts belong to it from now on. A later attempt has the same trade, and with
/// it the same receipts.
pub(super) fn record(connection: &Connection, new: &NewSolanaAttempt<'_>) -> Result<(), Fault> {
    let passed = new.passed;
    if passed.taken_back().is_empty() || is_recorded(connection, new.id)? {
        return Ok(());
    }
    let (wallet, chain_id) = (passed.wallet(), passed.chain_id());
    let other = open(connection, wallet, chain_id)?;
    Rule::AttemptAlive.require(other.is_none(), || {
        let other = other.unwrap_or_default();
        format!("the wallet has a reclaim under way, {other}; settle that one first")
    })?;
    new.require_quorum()?;
    for seed in passed.taken_back() {
        new.require_past(connection, seed)?;
        connection.change(
            "UPDATE receipts SET reclaim_id = ?2 WHERE seed = ?1",
            params![seed, new.id.intent_id],
        )?;
    }
    connection.change(
        "INSERT INTO reclaims (intent_id, step, wallet, chain_id) VALUES (?1, ?2, ?3, ?4)",
        params![
            new.id.intent_id,
            new.id.step,
            wallet.to_string(),
            chain_id.cast_signed()
        ],
    )?;
    Ok(())
}

/// With the settlement, in its commit: a reclaim that had no effect lets its receipts go.
pub(super) fn settled(
    connection: &Connection,
    id: &StepId,
    outcome: Outcome,
) -> rusqlite::Result<()> {
    let reclaims = connection.change(
        "UPDATE reclaims SET open = 0 WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step],
    )?;
    if reclaims > 0 && outcome != Outcome::Succeeded {
        connection.change(
            "UPDATE receipts SET reclaim_id = NULL WHERE reclaim_id = ?1",
            [&id.intent_id],
        )?;
    }
    Ok(())
}

impl NewSolanaAttempt<'_> {
    /// Without its receipt a step is as one that never had any, and as many must say that its attempts are dead.
    fn require_quorum(&self) -> Result<(), Fault> {
        let (count, quorum) = (distinct(&self.evidence.endpoints), self.evidence_quorum);
        Rule::AttemptAlive.require(count >= quorum, || {
            format!("{count} different endpoints tell the finalized height, and {quorum} must; ask more of them")
        })?;
        Ok(())
    }

    fn require_past(&self, connection: &Connection, seed: &str) -> Result<(), Fault> {
        let standing = self.standing(connection, seed)?;
        let id = &standing.id;
        let step = steps::find(connection, id)?
            .filter(|step| step.is_final && step.outcome == Some(Outcome::Succeeded));
        Rule::Receipt.require(step.is_some(), || {
            format!(
                "step {} of intent {}, whose receipt has the seed {seed}, has not succeeded for good; settle it first",
                id.step, id.intent_id
            )
        })?;
        let until = last_valid(&all(connection, id)?).saturating_add(MARGIN_BLOCKS);
        let height = self.evidence.finalized_block_height;
        Rule::AttemptAlive.require(height > until, || {
            format!(
                "the receipt with the seed {seed} keeps a second copy away up to the finalized block height {until}; it \
                 is {height}"
            )
        })?;
        let (effect_by_s, now_s) = (steps::effect_by_s(connection, id)?, self.now_ms / 1000);
        Rule::AttemptAlive.require(effect_by_s < now_s, || {
            let left_s = effect_by_s.saturating_sub(now_s).saturating_add(1);
            format!(
                "by the signer's own clock an attempt of the step whose receipt has the seed {seed} could still land; \
                 wait {left_s} s"
            )
        })?;
        Ok(())
    }

    /// The receipt, which is the wallet's own and nobody takes back yet.
    fn standing(&self, connection: &Connection, seed: &str) -> Result<Standing, Fault> {
        let found = connection
            .read_row(
                "SELECT intent_id, step, wallet, chain_id, reclaim_id FROM receipts WHERE seed = ?1",
                [seed],
                read_standing,
            )
            .optional()?;
        let (wallet, chain_id) = (self.passed.wallet().to_string(), self.passed.chain_id());
        let own = found.filter(|known| known.wallet == wallet && known.chain_id == chain_id);
        let Some(known) = own else {
            let message = format!("the seed {seed} is of no receipt of the wallet {wallet}");
            return Err(Rule::Receipt.refuse(message).into());
        };
        Rule::Receipt.require(known.reclaim_id.is_none(), || {
            let other = known.reclaim_id.clone().unwrap_or_default();
            format!("the receipt with the seed {seed} is taken back by {other} already")
        })?;
        Ok(known)
    }
}

fn is_recorded(connection: &Connection, id: &StepId) -> rusqlite::Result<bool> {
    connection.read_row(
        "SELECT EXISTS (SELECT 1 FROM reclaims WHERE intent_id = ?1 AND step = ?2)",
        params![id.intent_id, id.step],
        |row| row.get(0),
    )
}

fn open(connection: &Connection, wallet: Key, chain_id: u64) -> rusqlite::Result<Option<String>> {
    connection
        .read_row(
            "SELECT intent_id FROM reclaims WHERE wallet = ?1 AND chain_id = ?2 AND open = 1",
            params![wallet.to_string(), chain_id.cast_signed()],
            |row| row.get(0),
        )
        .optional()
}

fn read_standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(Standing {
        id: StepId {
            intent_id: row.get(0)?,
            step: row.get(1)?,
        },
        wallet: row.get(2)?,
        chain_id: row.get::<_, i64>(3)?.cast_unsigned(),
        reclaim_id: row.get(4)?,
    })
}
