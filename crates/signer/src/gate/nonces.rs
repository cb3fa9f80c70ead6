//! Nonces: a new step takes the next one, once the one before it is on the chain.

use super::steps::{Step, StepId};
use super::{Gate, halts};
use crate::fault::{Fault, Refusal, Rule};
use crate::gate::prepared::Prepared;
use alloy_primitives::Address;
use rusqlite::{Connection, OptionalExtension, params};
use tradewind_core::ChainAddress;

/// Nonces that an operator declares used, by transactions that this gate never recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// Whose.
    pub wallet: Address,
    /// Where.
    pub chain_id: u64,
    /// All below this one.
    pub nonce: u64,
    /// Who says so.
    pub by: String,
}

impl Gate {
    /// The nonce after the highest one recorded or adopted for the wallet; nothing without history.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn next_nonce(&self, wallet: Address, chain_id: u64) -> Result<Option<u64>, Fault> {
        Ok(next(&self.connection, wallet.into(), chain_id)?)
    }

    /// Records that all nonces below one were used outside the gate, so that this one is next.
    ///
    /// # Errors
    /// `not_halted`, `nonce_reused` when it would not move up, or the gate file cannot be written.
    pub fn adopt_nonce(&mut self, adoption: &Adoption, now_ms: u64) -> Result<(), Fault> {
        let tx = self.write()?;
        let Adoption {
            wallet,
            chain_id,
            nonce,
            by,
        } = adoption;
        Rule::NotHalted.require(halts::wallet_halted(&tx, *wallet)?, || {
            "nonces are adopted only while signing is halted for the wallet. Run `tradewind-signer halt`, make sure that no \
             transaction of the wallet is on its way, adopt the nonce, then resume."
                .to_owned()
        })?;
        let next = next(&tx, (*wallet).into(), *chain_id)?.unwrap_or(0);
        Rule::NonceReused.require(*nonce > next, || {
            format!(
                "the next nonce of {wallet} on chain {chain_id} is {next} already, and adopting only moves it up, so \
                 {nonce} cannot be adopted. Adopt the wallet's transaction count on the chain if that is more than \
                 {next}; otherwise there is nothing to adopt."
            )
        })?;
        tx.change(
            "INSERT INTO adoptions (wallet, chain_id, next_nonce, adopted_by, adopted_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                wallet.to_string(),
                chain_id.cast_signed(),
                nonce.cast_signed(),
                by,
                now_ms.cast_signed()
            ],
        )?;
        Ok(tx.commit()?)
    }
}

pub(super) fn next(
    connection: &Connection,
    wallet: ChainAddress,
    chain_id: u64,
) -> rusqlite::Result<Option<u64>> {
    let next: Option<i64> = connection.read_row(
        "SELECT max(next_nonce) FROM (
             SELECT max(nonce) + 1 AS next_nonce FROM steps WHERE wallet = ?1 AND chain_id = ?2
             UNION ALL SELECT next_nonce FROM adoptions WHERE wallet = ?1 AND chain_id = ?2
             UNION ALL SELECT nonce + 1 FROM sweeps WHERE wallet = ?1 AND chain_id = ?2)",
        params![wallet.to_string(), chain_id.cast_signed()],
        |row| row.get(0),
    )?;
    Ok(next.map(i64::cast_unsigned))
}

/// A new step takes the next nonce, and the chain must have seen all before it and nothing else.
pub(super) fn require_next(
    connection: &Connection,
    step: &Step,
    nonce: u64,
    latest_nonce: u64,
) -> Result<(), Fault> {
    let (wallet, chain_id) = (step.wallet, step.chain_id);
    let next = next(connection, wallet, chain_id)?.unwrap_or(latest_nonce);
    require_known(wallet, chain_id, latest_nonce, next)?;
    Rule::NonceReused.require(nonce >= next, || {
        format!("the nonce {nonce} is used; the next one is {next}. Build the transaction again with nonce {next}.")
    })?;
    Rule::NonceGap.require(nonce == next, || {
        format!("the nonce {nonce} leaves a gap; the next one is {next}. Build the transaction again with nonce {next}.")
    })?;
    if latest_nonce < next {
        let holder = holder(connection, wallet, chain_id, latest_nonce)?;
        return Err(Rule::NonceBehind.refuse(format!(
            "the nonce {latest_nonce} of {wallet} is not on the chain yet: it belongs to {holder}, and {nonce} could \
             only wait behind it. Wait until that transaction is in a block, or send it again, then ask again."
        )).into());
    }
    Ok(())
}

/// A gap is filled at the chain's own nonce, which no step owns, by a step of the gap's name.
pub(super) fn require_gap(
    connection: &Connection,
    id: &StepId,
    step: &Step,
    latest_nonce: u64,
) -> Result<(), Fault> {
    let (wallet, chain_id) = (step.wallet, step.chain_id);
    let nonce = step.nonce.unwrap_or_default();
    let next = next(connection, wallet, chain_id)?.unwrap_or(latest_nonce);
    require_known(wallet, chain_id, latest_nonce, next)?;
    Rule::NoopNotAllowed.require(nonce == latest_nonce, || {
        format!(
            "a gap is filled at the wallet's nonce on the chain, which is {latest_nonce}, not at {nonce}"
        )
    })?;
    let owner = owner(connection, wallet, chain_id, nonce)?;
    Rule::NoopNotAllowed.require(owner.is_none(), || {
        let owner = owner.unwrap_or_default();
        format!(
            "the nonce {nonce} belongs to {owner}; a no-op there is a later attempt of that step"
        )
    })?;
    let name = format!("gap-{chain_id}-{wallet}-{nonce}");
    Rule::NoopNotAllowed.require(id.intent_id == name && id.step == 0, || {
        format!("the gap at nonce {nonce} is filled by step 0 of {name}, so that it is filled once")
    })?;
    Ok(())
}

fn require_known(
    wallet: ChainAddress,
    chain_id: u64,
    latest_nonce: u64,
    next: u64,
) -> Result<(), Refusal> {
    Rule::NonceForeign.require(latest_nonce <= next, || {
        let (seen, known) = (latest_nonce.saturating_sub(1), next.saturating_sub(1));
        format!(
            "the chain has seen nonces of {wallet} up to {seen}, and this gate recorded them up to {known} only: something else signs \
             for the wallet. Halt, find out what it was, then run `tradewind-signer adopt-nonce --config FILE \
             --wallet {wallet} --chain {chain_id} --nonce {latest_nonce}`."
        )
    })
}

fn holder(
    connection: &Connection,
    wallet: ChainAddress,
    chain_id: u64,
    nonce: u64,
) -> rusqlite::Result<String> {
    let owner = owner(connection, wallet, chain_id, nonce)?;
    Ok(owner.unwrap_or_else(|| "a transaction made outside this gate".to_owned()))
}

/// The step that owns a nonce, in words.
pub(super) fn owner(
    connection: &Connection,
    wallet: ChainAddress,
    chain_id: u64,
    nonce: u64,
) -> rusqlite::Result<Option<String>> {
    let step: Option<(String, u32)> = connection
        .read_row(
            "SELECT intent_id, step FROM steps WHERE wallet = ?1 AND chain_id = ?2 AND nonce = ?3",
            params![
                wallet.to_string(),
                chain_id.cast_signed(),
                nonce.cast_signed()
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(step.map(|(intent_id, step)| format!("step {step} of intent {intent_id}")))
}
