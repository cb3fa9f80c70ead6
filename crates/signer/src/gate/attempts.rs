//! Attempts: one row for each transaction, committed before it is signed.

use super::steps::{self, Kind, Step, StepId};
use super::usage::Reservation;
use super::{Gate, closures, halts, nonces, permits};
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use crate::policy::{Action, Passed, Quoted, is_noop};
use alloy_primitives::{Address, B256, U256};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tradewind_core::evm::{DecodedTransaction, Eip1559Transaction, RouterSwap};

/// What the caller saw of the chain, and from where. Believed only where the gate's own records agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The wallet's transaction count at `block_number`.
    pub latest_nonce: u64,
    /// The block it was read at.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: B256,
    /// Its base fee, in wei.
    pub base_fee_wei: U256,
    /// Who said so.
    pub endpoints: Vec<String>,
}

/// An attempt that the policy passed and that is to be recorded.
pub struct NewAttempt<'a> {
    /// Of which step.
    pub id: &'a StepId,
    /// 1, 2, 3 …
    pub attempt: u32,
    /// What the policy passed.
    pub passed: &'a Passed<'a>,
    /// What the slippage was measured against.
    pub quoted: &'a Quoted,
    /// What the caller saw.
    pub evidence: &'a Evidence,
    /// The policy that passed it.
    pub policy_digest: B256,
    /// Now.
    pub now_ms: u64,
}

/// A recorded attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// 1, 2, 3 …
    pub attempt: u32,
    /// Who signs.
    pub wallet: Address,
    /// What is signed.
    pub unsigned_tx: Vec<u8>,
    /// What the slippage was measured against.
    pub quoted: Quoted,
    /// Last second in which it can take effect; nothing for an approval.
    pub valid_until_s: Option<u64>,
    /// The signed transaction, once it exists.
    pub signed: Option<SignedAttempt>,
}

/// The signature of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAttempt {
    /// The transaction hash.
    pub tx_hash: B256,
    /// What is sent.
    pub raw_tx: Vec<u8>,
    /// When it was signed.
    pub signed_at_ms: u64,
}

impl Gate {
    /// All attempts of a step, in order.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn attempts(&self, id: &StepId) -> Result<Vec<Attempt>, Fault> {
        let mut rows = self.connection.prepare_cached(
            "SELECT attempt, wallet, unsigned_tx, valid_until_s, tx_hash, raw_tx, signed_at_ms,
                 quoted_in_raw, quoted_out_raw
             FROM attempts WHERE intent_id = ?1 AND step = ?2 ORDER BY attempt",
        )?;
        let attempts = rows.query_map(params![id.intent_id, id.step], read_attempt)?;
        Ok(attempts.collect::<rusqlite::Result<_>>()?)
    }

    /// Records a new attempt with all that it depends on, in one commit. Nothing is signed before this returns.
    ///
    /// # Errors
    /// A rule of the gate, or the gate file cannot be written.
    pub fn record_attempt(&mut self, new: &NewAttempt<'_>) -> Result<(), Fault> {
        let ledger = self.ledger.clone();
        let tx = self.write()?;
        let (wallet, strategy_id) = (new.passed.wallet(), new.passed.strategy_id());
        let kill_epoch = halts::require_running(&tx, wallet, strategy_id)?;
        closures::require_unclosed(&tx, new.id)?;
        let asked = new.step();
        let known = steps::find(&tx, new.id)?;
        if !new.is_noop() {
            permits::require_match(&tx, new.id, new.passed)?;
        }
        if let Some(known) = &known {
            if new.is_noop() {
                steps::require_same_owner(known, &asked)?;
            } else {
                steps::require_same(known, &asked)?;
            }
        }
        new.require_order(&tx, known.as_ref(), &asked)?;
        Reservation::of_transaction(new.id, new.passed).require_room(
            &tx,
            &ledger,
            new.now_ms / 1000,
        )?;
        let effect_by_s = new.passed.valid_until_s();
        match known {
            None => steps::insert(
                &tx,
                new.id,
                &asked,
                effect_by_s.unwrap_or(new.now_ms / 1000),
            )?,
            // What spends nothing keeps no reservation longer.
            Some(_) => steps::extend(&tx, new.id, asked.nonce, effect_by_s.unwrap_or(0))?,
        }
        new.insert(&tx, kill_epoch)?;
        Ok(tx.commit()?)
    }

    /// Records the signature, if nothing came in between; only then it may leave the process.
    ///
    /// # Errors
    /// `halted` or `step_settled` when that came in between, or the gate file cannot be written.
    pub fn release_attempt(
        &mut self,
        id: &StepId,
        attempt: u32,
        signed: &SignedAttempt,
    ) -> Result<(), Fault> {
        let tx = self.release()?;
        steps::require_signable(&tx, id)?;
        tx.change(
            "UPDATE attempts SET tx_hash = ?4, raw_tx = ?5, signed_at_ms = ?6
             WHERE intent_id = ?1 AND step = ?2 AND attempt = ?3 AND raw_tx IS NULL",
            params![
                id.intent_id,
                id.step,
                attempt,
                signed.tx_hash.to_string(),
                signed.raw_tx,
                signed.signed_at_ms.cast_signed()
            ],
        )?;
        Ok(tx.commit()?)
    }
}

impl NewAttempt<'_> {
    fn step(&self) -> Step {
        let transaction = self.passed.transaction();
        Step {
            wallet: self.passed.wallet().into(),
            chain_id: transaction.chain_id,
            strategy_id: self.passed.strategy_id().map(str::to_owned),
            kind: match self.passed.action() {
                Action::Swap(_) => Kind::Swap,
                Action::Approve(_) => Kind::Approve,
                Action::Noop => Kind::Noop,
            },
            nonce: Some(transaction.nonce),
            token: self.passed.token().into(),
            reserved_raw: self.passed.reserve_raw(),
            outcome: None,
            is_final: false,
        }
    }

    fn is_noop(&self) -> bool {
        *self.passed.action() == Action::Noop
    }

    fn require_order(
        &self,
        connection: &Connection,
        known: Option<&Step>,
        asked: &Step,
    ) -> Result<(), Fault> {
        let last = last_attempt(connection, self.id)?;
        let next = last.as_ref().map_or(1, |(attempt, _)| attempt + 1);
        Rule::AttemptOrder.require(self.attempt == next, || {
            format!(
                "the next attempt of the step is {next}, not {}",
                self.attempt
            )
        })?;
        let nonce = self.passed.transaction().nonce;
        let latest = self.evidence.latest_nonce;
        let Some((_, unsigned_tx)) = last else {
            return self.require_first(connection, known, asked);
        };
        let own = known.and_then(|step| step.nonce);
        Rule::NonceOfStep.require(own == Some(nonce), || {
            let own = own.map_or_else(|| "none".to_owned(), |own| own.to_string());
            format!("the step owns the nonce {own} for ever, not {nonce}. Build the attempt again with nonce {own}.")
        })?;
        Rule::NonceUsed.require(latest <= nonce, || {
            format!(
                "the nonce {nonce} is used on the chain, so no new attempt can land. Look for the step's own \
                 transactions in the chain's blocks and settle the step with the one that is there."
            )
        })?;
        self.require_other_bytes(connection)?;
        if self.is_noop() {
            return Ok(());
        }
        Rule::StepChanged.require(!recorded_noop(self.passed.wallet(), &unsigned_tx), || {
            "the step has a no-op already: its further attempts can only be no-ops".to_owned()
        })?;
        Rule::StepChanged.require(same_action(&unsigned_tx, self.passed.transaction()), || {
            "a later attempt may change fees, deadline and permit only".to_owned()
        })?;
        Ok(())
    }

    /// A transaction has one hash, so it is one attempt.
    fn require_other_bytes(&self, connection: &Connection) -> Result<(), Fault> {
        let same: Option<u32> = connection
            .read_row(
                "SELECT attempt FROM attempts WHERE intent_id = ?1 AND step = ?2 AND unsigned_tx = ?3",
                params![
                    self.id.intent_id,
                    self.id.step,
                    self.passed.transaction().encode_unsigned()
                ],
                |row| row.get(0),
            )
            .optional()?;
        Rule::AttemptConflict.require(same.is_none(), || {
            let same = same.unwrap_or_default();
            format!("attempt {same} of the step is this very transaction. Ask for that one, or change its fees.")
        })?;
        Ok(())
    }

    fn require_first(
        &self,
        connection: &Connection,
        known: Option<&Step>,
        asked: &Step,
    ) -> Result<(), Fault> {
        let latest = self.evidence.latest_nonce;
        if !self.is_noop() {
            let nonce = self.passed.transaction().nonce;
            return nonces::require_next(connection, asked, nonce, latest);
        }
        Rule::NoopNotAllowed.require(known.is_none(), || {
            "the step has no transaction that a no-op could replace; close it instead".to_owned()
        })?;
        nonces::require_gap(connection, self.id, asked, latest)
    }

    fn insert(&self, connection: &Connection, kill_epoch: u64) -> rusqlite::Result<()> {
        let transaction = self.passed.transaction();
        connection.change(
            "INSERT INTO attempts (intent_id, step, attempt, wallet, unsigned_tx, message_hash, valid_until_s,
                 policy_digest, kill_epoch, evidence, quoted_in_raw, quoted_out_raw, recorded_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                self.id.intent_id,
                self.id.step,
                self.attempt,
                self.passed.wallet().to_checksum(None),
                transaction.encode_unsigned(),
                transaction.signing_hash().to_string(),
                self.passed.valid_until_s().map(u64::cast_signed),
                self.policy_digest.to_string(),
                kill_epoch.cast_signed(),
                self.evidence.to_json().to_string(),
                self.quoted.amount_in_raw.to_string(),
                self.quoted.amount_out_raw.to_string(),
                self.now_ms.cast_signed(),
            ],
        )?;
        Ok(())
    }
}

impl Attempt {
    /// Whether it only uses up the step's nonce.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        recorded_noop(self.wallet, &self.unsigned_tx)
    }
}

impl Evidence {
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "latest_nonce": self.latest_nonce,
            "block_number": self.block_number,
            "block_hash": self.block_hash.to_string(),
            "base_fee_wei": self.base_fee_wei.to_string(),
            "endpoints": self.endpoints,
        })
    }
}

fn last_attempt(connection: &Connection, id: &StepId) -> rusqlite::Result<Option<(u32, Vec<u8>)>> {
    connection
        .read_row(
            "SELECT attempt, unsigned_tx FROM attempts WHERE intent_id = ?1 AND step = ?2
             ORDER BY attempt DESC LIMIT 1",
            params![id.intent_id, id.step],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
}

/// Whether a recorded transaction of the wallet is a no-op. Only the gate's own rows are read.
pub(super) fn recorded_noop(wallet: Address, unsigned_tx: &[u8]) -> bool {
    DecodedTransaction::decode(unsigned_tx)
        .is_ok_and(|decoded| is_noop(wallet, &decoded.transaction))
}

/// Whether two transactions do the same, whatever they pay and until when. Only the gate's own rows are read.
fn same_action(recorded: &[u8], asked: &Eip1559Transaction) -> bool {
    let Ok(DecodedTransaction {
        transaction: before,
        ..
    }) = DecodedTransaction::decode(recorded)
    else {
        return false;
    };
    let same_call = match (
        RouterSwap::decode(&before.data),
        RouterSwap::decode(&asked.data),
    ) {
        (Ok(one), Ok(other)) => same_trade(&one, &other),
        _ => before.data == asked.data,
    };
    before.to == asked.to && before.chain_id == asked.chain_id && same_call
}

fn same_trade(one: &RouterSwap, other: &RouterSwap) -> bool {
    one.exact() == other.exact()
        && one.legs() == other.legs()
        && one.recipient() == other.recipient()
}

fn read_attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let signed = match row.get::<_, Option<Vec<u8>>>(5)? {
        None => None,
        Some(raw_tx) => Some(SignedAttempt {
            tx_hash: steps::parsed(row, 4)?,
            raw_tx,
            signed_at_ms: row.get::<_, i64>(6)?.cast_unsigned(),
        }),
    };
    Ok(Attempt {
        attempt: row.get(0)?,
        wallet: steps::parsed(row, 1)?,
        unsigned_tx: row.get(2)?,
        quoted: Quoted {
            amount_in_raw: steps::parsed(row, 7)?,
            amount_out_raw: steps::parsed(row, 8)?,
        },
        valid_until_s: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
        signed,
    })
}
