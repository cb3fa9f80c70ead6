//! Settlements: how a step ended and what it spent, by the caller's word and evidence.
//!
//! One whose block is final on the chain, by enough endpoints, is for good: it gives back what was not spent. Until then
//! it is a note, and a later one may say something else, because a reorganisation can.

use super::Gate;
use super::attempts::recorded_noop;
use super::steps::{self, Outcome, Step, StepId};
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use crate::policy::Policy;
use alloy_primitives::{B256, U256};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;
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
    /// The chain's last final block, if that was asked for.
    pub finalized: Option<Finalized>,
}

/// The last block that a chain calls final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finalized {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

impl Settlement {
    /// Whether it is for good, where `quorum` endpoints must say so.
    fn is_final(&self, quorum: u64) -> bool {
        let endpoints: BTreeSet<_> = self.endpoints.iter().collect();
        let deep = self
            .finalized
            .is_some_and(|last| self.block_number <= last.number);
        deep && endpoints.len() as u64 >= quorum
    }
}

impl Gate {
    /// Settles a step. The same facts again change nothing but that they may be final now. Gives whether they are.
    ///
    /// # Errors
    /// `step_unknown`, `transaction_foreign`, `settlement_outcome`, `settlement_amount`, `settlement_conflict`, or the
    /// gate file cannot be written.
    pub fn settle(
        &mut self,
        id: &StepId,
        end: &Settlement,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<bool, Fault> {
        let tx = self.write()?;
        let Some(step) = steps::find(&tx, id)? else {
            let message = format!("no step {} of intent {} is known", id.step, id.intent_id);
            return Err(Rule::StepUnknown.refuse(message).into());
        };
        let unsigned_tx = own_transaction(&tx, id, end.tx_hash)?;
        require_outcome(
            end.outcome,
            step.wallet
                .evm()
                .is_some_and(|wallet| recorded_noop(wallet, &unsigned_tx)),
        )?;
        require_amount(&step, end, spends_all(&unsigned_tx))?;
        if step.is_final {
            return require_equal(&tx, id, &step, end).map(|()| true);
        }
        let chain = policy.chains.get(&step.chain_id);
        let is_final = chain.is_some_and(|chain| end.is_final(chain.settlement_quorum));
        if !is_final && step.outcome.is_some() && require_equal(&tx, id, &step, end).is_ok() {
            return Ok(false);
        }
        upsert(&tx, id, end, now_ms)?;
        tx.change(
            "UPDATE steps SET outcome = ?3, final = ?4, counts_raw = CASE WHEN ?4 THEN ?5 ELSE counts_raw END
             WHERE intent_id = ?1 AND step = ?2",
            params![
                id.intent_id,
                id.step,
                end.outcome.name(),
                is_final,
                end.spent_raw.to_string()
            ],
        )?;
        tx.commit()?;
        Ok(is_final)
    }
}

fn require_outcome(outcome: Outcome, noop: bool) -> Result<(), Fault> {
    let fits = match outcome {
        Outcome::Succeeded => !noop,
        Outcome::Cancelled => noop,
        Outcome::Reverted => true,
        // Only a settlement of Solana says that.
        Outcome::Expired => false,
    };
    Rule::SettlementOutcome.require(fits, || {
        let is = if noop { "a" } else { "no" };
        format!(
            "the transaction is {is} no-op, so its step cannot have {}",
            outcome.name()
        )
    })?;
    Ok(())
}

/// The unsigned bytes of the step's attempt that has this hash.
fn own_transaction(connection: &Connection, id: &StepId, tx_hash: B256) -> Result<Vec<u8>, Fault> {
    let own = connection
        .read_row(
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
        Outcome::Reverted | Outcome::Cancelled | Outcome::Expired => end.spent_raw.is_zero(),
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
    step: &Step,
    end: &Settlement,
) -> Result<(), Fault> {
    let (tx_hash, spent_raw): (String, String) = connection.read_row(
        "SELECT tx_hash, spent_raw FROM settlements WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let same = step.outcome == Some(end.outcome)
        && tx_hash == end.tx_hash.to_string()
        && spent_raw == end.spent_raw.to_string();
    Rule::SettlementConflict.require(same, || {
        format!(
            "the step is settled for good: {tx_hash} {}, {spent_raw} base units spent",
            step.outcome.map_or("ended", Outcome::name)
        )
    })?;
    Ok(())
}

fn upsert(
    connection: &Connection,
    id: &StepId,
    end: &Settlement,
    now_ms: u64,
) -> rusqlite::Result<()> {
    let endpoints = serde_json::Value::from(end.endpoints.clone());
    let finalized = end.finalized;
    connection.change(
        "INSERT INTO settlements (intent_id, step, outcome, tx_hash, block_number, block_hash, spent_raw, endpoints,
             settled_at_ms, finalized_number, finalized_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (intent_id, step) DO UPDATE SET outcome = ?3, tx_hash = ?4, block_number = ?5, block_hash = ?6,
             spent_raw = ?7, endpoints = ?8, settled_at_ms = ?9, finalized_number = ?10, finalized_hash = ?11",
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
            finalized.map(|last| last.number.cast_signed()),
            finalized.map(|last| last.hash.to_string()),
        ],
    )?;
    Ok(())
}
