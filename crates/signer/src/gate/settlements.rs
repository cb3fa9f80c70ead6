//! Settlements: how a step ended and what it spent, by the caller's word and evidence. They free no budget.

use super::Gate;
use super::steps::{self, Outcome, Step, StepId};
use crate::fault::{Fault, Rule};
use alloy_primitives::{B256, U256};
use rusqlite::{Connection, OptionalExtension, params};
use tradewind_core::evm::{DecodedTransaction, Exact, RouterSwap};

/// The end of a step, as the caller saw it on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// How it ended.
    pub outcome: Outcome,
    /// By which transaction.
    pub tx_hash: B256,
    /// In which block.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: B256,
    /// What it took from the wallet, in base units.
    pub spent_raw: U256,
    /// Who said so.
    pub endpoints: Vec<String>,
}

impl Gate {
    /// Settles a step, once. The same facts again change nothing.
    ///
    /// # Errors
    /// `step_unknown`, `transaction_foreign`, `settlement_amount`, `settlement_conflict`, or the gate file
    /// cannot be written.
    pub fn settle(&mut self, id: &StepId, end: &Settlement, now_ms: u64) -> Result<(), Fault> {
        let tx = self.write()?;
        let Some(step) = steps::find(&tx, id)? else {
            let message = format!("no step {} of intent {} is known", id.step, id.intent_id);
            return Err(Rule::StepUnknown.refuse(message).into());
        };
        let unsigned_tx = own_transaction(&tx, id, end.tx_hash)?;
        require_amount(&step, end, spends_all(&unsigned_tx))?;
        if let Some(outcome) = step.outcome {
            return require_equal(&tx, id, outcome, end);
        }
        insert(&tx, id, end, now_ms)?;
        tx.execute(
            "UPDATE steps SET outcome = ?3 WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step, end.outcome.name()],
        )?;
        Ok(tx.commit()?)
    }
}

/// The unsigned bytes of the step's attempt that has this hash.
fn own_transaction(connection: &Connection, id: &StepId, tx_hash: B256) -> Result<Vec<u8>, Fault> {
    let own = connection
        .query_row(
            "SELECT unsigned_tx FROM attempts WHERE intent_id = ?1 AND step = ?2 AND tx_hash = ?3",
            params![id.intent_id, id.step, tx_hash.to_string()],
            |row| row.get(0),
        )
        .optional()?;
    own.ok_or_else(|| {
        let message = format!("the transaction {tx_hash} was not signed for this step");
        Rule::TransactionForeign.refuse(message).into()
    })
}

/// Whether the transaction, if it succeeds, spends its whole reservation: the router pulls an exact input whole.
fn spends_all(unsigned_tx: &[u8]) -> bool {
    DecodedTransaction::decode(unsigned_tx)
        .ok()
        .and_then(|decoded| RouterSwap::decode(&decoded.transaction.data).ok())
        .is_some_and(|swap| swap.exact() == Exact::In)
}

fn require_amount(step: &Step, end: &Settlement, spends_all: bool) -> Result<(), Fault> {
    let fits = match end.outcome {
        Outcome::Succeeded if spends_all => end.spent_raw == step.reserved_raw,
        Outcome::Succeeded => end.spent_raw <= step.reserved_raw,
        Outcome::Reverted => end.spent_raw.is_zero(),
    };
    Rule::SettlementAmount.require(fits, || {
        let exactly = if spends_all {
            " for an exact input"
        } else {
            ""
        };
        format!(
            "{} base units cannot be what a step spent that {} with {} reserved{exactly}",
            end.spent_raw,
            end.outcome.name(),
            step.reserved_raw
        )
    })?;
    Ok(())
}

// After a reorganisation the same transaction may sit in another block: that is no conflict.
fn require_equal(
    connection: &Connection,
    id: &StepId,
    outcome: Outcome,
    end: &Settlement,
) -> Result<(), Fault> {
    let (tx_hash, spent_raw): (String, String) = connection.query_row(
        "SELECT tx_hash, spent_raw FROM settlements WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let same = outcome == end.outcome
        && tx_hash == end.tx_hash.to_string()
        && spent_raw == end.spent_raw.to_string();
    Rule::SettlementConflict.require(same, || {
        format!(
            "the step is settled: {tx_hash} {}, {spent_raw} base units spent",
            outcome.name()
        )
    })?;
    Ok(())
}

fn insert(
    connection: &Connection,
    id: &StepId,
    end: &Settlement,
    now_ms: u64,
) -> rusqlite::Result<()> {
    let endpoints = serde_json::Value::from(end.endpoints.clone());
    connection.execute(
        "INSERT INTO settlements (intent_id, step, outcome, tx_hash, block_number, block_hash, spent_raw, endpoints, settled_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id.intent_id,
            id.step,
            end.outcome.name(),
            end.tx_hash.to_string(),
            end.block_number.cast_signed(),
            end.block_hash.to_string(),
            end.spent_raw.to_string(),
            endpoints.to_string(),
            now_ms.cast_signed(),
        ],
    )?;
    Ok(())
}
