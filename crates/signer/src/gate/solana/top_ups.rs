//! Top-ups: what the treasury has signed for in a day, and whom it is topping up now.
//!
//! A top-up is a step with one attempt, and one for each wallet at a time: a second one begins only when the first is
//! settled for good. Of what was signed for in a day no settlement gives anything back.

use super::attempts::NewSolanaAttempt;
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use crate::gate::steps::StepId;
use crate::gate::{Gate, halts};
use crate::policy::Treasury;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use tradewind_core::decode::solana::Key;

const DAY_S: u64 = 86_400;

/// What the treasury may still do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUps {
    /// What a transaction and the day leave, in lamports.
    pub left_lamports: u64,
    /// By wallet that may be topped up: the name of the top-up under way.
    pub open: BTreeMap<Key, Option<String>>,
}

impl Gate {
    /// Whom the treasury may top up, and with how much.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn top_ups(&self, treasury: &Treasury, chain_id: u64, now_s: u64) -> Result<TopUps, Fault> {
        let used = signed_for(&self.connection, chain_id, now_s)?;
        let left = treasury.max_per_day_lamports.saturating_sub(used);
        let mut open_by_wallet = BTreeMap::new();
        for wallet in &treasury.wallets {
            open_by_wallet.insert(*wallet, open(&self.connection, *wallet, chain_id)?);
        }
        Ok(TopUps {
            left_lamports: left.min(treasury.max_lamports),
            open: open_by_wallet,
        })
    }

    /// Whether a step tops a wallet up.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn is_top_up(&self, id: &StepId) -> Result<bool, Fault> {
        let found = self.connection.read_row(
            "SELECT 1 FROM top_ups WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
            |_| Ok(()),
        );
        Ok(found.optional()?.is_some())
    }
}

/// With the attempt, in its commit.
pub(super) fn record(connection: &Connection, new: &NewSolanaAttempt<'_>) -> Result<(), Fault> {
    let passed = new.passed;
    let Some(top_up) = passed.topped_up() else {
        return Ok(());
    };
    Rule::AttemptOrder.require(new.attempt == 1, || {
        "a top-up has one attempt; settle it as expired, and begin another".to_owned()
    })?;
    let (wallet, chain_id, now_s) = (top_up.wallet, passed.chain_id(), new.now_ms / 1000);
    halts::require_running(connection, wallet, None)?;
    let other = open(connection, wallet, chain_id)?;
    Rule::AttemptAlive.require(other.is_none(), || {
        let other = other.unwrap_or_default();
        format!("the wallet {wallet} is being topped up by {other}; settle that one first")
    })?;
    let solana = passed.policy().solana.get(&chain_id);
    let treasury = solana.and_then(|chain| chain.treasury.as_ref());
    let cap = treasury.map_or(0, |treasury| treasury.max_per_day_lamports);
    let used = signed_for(connection, chain_id, now_s)?;
    Rule::TopUp.require(used.saturating_add(top_up.lamports) <= cap, || {
        format!(
            "{} lamports are asked for, and {used} of the cap of {cap} for a day's top-ups are signed for; wait until \
             earlier ones are a day old, or raise max_per_day_lamports",
            top_up.lamports
        )
    })?;
    connection.change(
        "INSERT INTO top_ups (intent_id, step, wallet, chain_id, lamports, recorded_at_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            new.id.intent_id,
            new.id.step,
            wallet.to_string(),
            chain_id.cast_signed(),
            top_up.lamports.cast_signed(),
            now_s.cast_signed()
        ],
    )?;
    Ok(())
}

/// With the final settlement, in its commit.
pub(super) fn settled(connection: &Connection, id: &StepId) -> rusqlite::Result<()> {
    connection.change(
        "UPDATE top_ups SET open = 0 WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step],
    )?;
    Ok(())
}

/// What the last 24 hours have seen, in lamports. Row by row: their sum could pass what the database counts to.
fn signed_for(connection: &Connection, chain_id: u64, now_s: u64) -> rusqlite::Result<u64> {
    let mut rows = connection.prepare_cached(
        "SELECT lamports FROM top_ups WHERE chain_id = ?1 AND recorded_at_s > ?2",
    )?;
    let since = now_s.saturating_sub(DAY_S).cast_signed();
    let all = rows.query_map(params![chain_id.cast_signed(), since], |row| {
        row.get::<_, i64>(0)
    })?;
    let mut sum = 0_u64;
    for lamports in all {
        sum = sum.saturating_add(lamports?.cast_unsigned());
    }
    Ok(sum)
}

fn open(connection: &Connection, wallet: Key, chain_id: u64) -> rusqlite::Result<Option<String>> {
    connection
        .read_row(
            "SELECT intent_id FROM top_ups WHERE wallet = ?1 AND chain_id = ?2 AND open = 1",
            params![wallet.to_string(), chain_id.cast_signed()],
            |row| row.get(0),
        )
        .optional()
}
