//! Attempts on Solana: one row for each transaction, committed before it is signed.

use super::boots::recorded_in;
use super::evidence::SolanaEvidence;
use super::holds::{self, Hold};
use super::{receipts, reclaims, top_ups, unlisted_mints};
use crate::fault::{Fault, Rule};
use crate::gate::ledger::Ledger;
use crate::gate::prepared::Prepared;
use crate::gate::steps::{self, Kind, Step, StepId};
use crate::gate::usage::Reservation;
use crate::gate::{Gate, closures, halts};
use crate::policy::{NATIVE, PassedSolana, SolanaKind, SolanaQuoted, Tables, summed};
use alloy_primitives::{B256, U256, keccak256};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};
use tradewind_core::decode::solana::Key;

/// An attempt that the policy passed and that is to be recorded.
pub struct NewSolanaAttempt<'a> {
    /// Of which step.
    pub id: &'a StepId,
    /// 1, 2, 3 …
    pub attempt: u32,
    /// What the policy passed.
    pub passed: &'a PassedSolana<'a>,
    /// What the slippage was measured against.
    pub quoted: &'a SolanaQuoted,
    /// What the caller said of lookup tables.
    pub tables: &'a Tables,
    /// The last block height in which its blockhash is valid, as the caller was told.
    pub last_valid_block_height: u64,
    /// What the caller saw.
    pub evidence: &'a SolanaEvidence,
    /// How many endpoints must say that an earlier attempt is dead, without a receipt.
    pub evidence_quorum: u64,
    /// The policy that passed it.
    pub policy_digest: B256,
    /// Until when its bytes are held; nothing for one that is signed at once.
    pub held_until_ms: Option<u64>,
    /// Now.
    pub now_ms: u64,
}

/// A recorded attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolanaAttempt {
    /// 1, 2, 3 …
    pub attempt: u32,
    /// Who signs.
    pub wallet: Key,
    /// Where.
    pub chain_id: u64,
    /// What is signed, with zeros for the signature.
    pub unsigned_tx: Vec<u8>,
    /// Its blockhash, base58.
    pub blockhash: String,
    /// The last block height in which it can land.
    pub last_valid_block_height: u64,
    /// What the slippage was measured against.
    pub quoted: SolanaQuoted,
    /// What the caller said of lookup tables.
    pub tables: Tables,
    /// The signed transaction, once it exists.
    pub signed: Option<SignedSolana>,
    /// Of the machine's run in which it was recorded; empty when that is not known.
    pub boot_id: String,
    /// That its bytes are held until it is released; nothing for one that is signed at once.
    pub hold: Option<Hold>,
}

/// The signature of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedSolana {
    /// Base58.
    pub signature: String,
    /// What is sent.
    pub raw_tx: Vec<u8>,
    /// When it was signed.
    pub signed_at_ms: u64,
}

impl Gate {
    /// All attempts of a step on Solana, in order.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn solana_attempts(&self, id: &StepId) -> Result<Vec<SolanaAttempt>, Fault> {
        Ok(all(&self.connection, id)?)
    }

    /// Records a new attempt with all that it depends on, in one commit. Nothing is signed before this returns.
    ///
    /// # Errors
    /// A rule of the gate, or the gate file cannot be written.
    pub fn record_solana(&mut self, new: &NewSolanaAttempt<'_>) -> Result<(), Fault> {
        let (boot_id, ledger) = (self.boot_id.clone(), self.ledger.clone());
        let tx = self.write()?;
        let passed = new.passed;
        let kill_epoch = halts::require_running(&tx, passed.wallet(), passed.strategy_id())?;
        closures::require_unclosed(&tx, new.id)?;
        let (asked, known) = (new.step(), steps::find(&tx, new.id)?);
        let earlier = all(&tx, new.id)?;
        let is_free = holds::all_discarded(&earlier);
        match &known {
            // It may be another action, of somebody else, and not one that has ended for good.
            Some(known) if is_free => steps::refuse_settled(known)?,
            Some(known) => steps::require_same(known, &asked)?,
            None => {}
        }
        let receipt = receipts::find(&tx, new.id)?;
        new.require_order(&tx, &earlier, receipt.is_some())?;
        new.evidence.require_life(new.last_valid_block_height)?;
        let outlay_raw = new.outlay_raw(&tx)?;
        let spends = (new.id, passed, outlay_raw);
        require_room((&tx, &ledger), spends, new.now_ms / 1000)?;
        let effect_by_s = (new.now_ms / 1000).saturating_add(passed.blockhash_life_s());
        if is_free {
            steps::begin_anew(&tx, new.id, &asked, effect_by_s)?;
        } else if known.is_some() {
            steps::extend(&tx, new.id, None, effect_by_s)?;
        } else {
            steps::insert(&tx, new.id, &asked, effect_by_s)?;
        }
        new.upsert_outlay(&tx, outlay_raw, effect_by_s)?;
        let address = receipt.map(|(_, receipt)| receipt.address.to_string());
        new.insert(&tx, kill_epoch, address.as_deref(), &boot_id)?;
        reclaims::record(&tx, new)?;
        top_ups::record(&tx, new)?;
        unlisted_mints::record(&tx, new, is_free)?;
        Ok(tx.commit()?)
    }

    /// Records the signature, if nothing came in between; only then it may leave the process. Of one that was held this
    /// is the record of its release, and no halt may have begun after the epoch `since`, not even for a while.
    ///
    /// # Errors
    /// `halted`, `discarded`, `step_closed` or `step_settled` when that came in between, or the gate file cannot be written.
    pub fn release_solana(
        &mut self,
        id: &StepId,
        attempt: u32,
        signed: &SignedSolana,
        since: Option<u64>,
    ) -> Result<(), Fault> {
        let tx = self.release()?;
        let step = steps::require_signable(&tx, id)?;
        if let Some(since) = since {
            halts::require_none_since(&tx, step.wallet, step.strategy_id.as_deref(), since)?;
        }
        let recorded = tx.change(
            "UPDATE solana_attempts SET signature = ?4, raw_tx = ?5, signed_at_ms = ?6
             WHERE intent_id = ?1 AND step = ?2 AND attempt = ?3 AND raw_tx IS NULL AND discarded_at_ms IS NULL",
            params![
                id.intent_id,
                id.step,
                attempt,
                signed.signature,
                signed.raw_tx,
                signed.signed_at_ms.cast_signed()
            ],
        )?;
        Rule::Discarded.require(recorded == 1, || {
            format!("attempt {attempt} was discarded, or signed, in between")
        })?;
        Ok(tx.commit()?)
    }

    /// The transaction fits into every limit that it falls under. A step that is known counts with what it has
    /// reserved already.
    ///
    /// # Errors
    /// `amount_per_hour`, `amount_per_day`, `signed_per_day`, or the gate file cannot be read.
    pub fn require_room_on_solana(
        &self,
        id: &StepId,
        passed: &PassedSolana<'_>,
        now_s: u64,
    ) -> Result<(), Fault> {
        let known = reserved_outlay(&self.connection, id)?;
        let outlay_raw = known.unwrap_or_else(|| U256::from(passed.lamports()));
        let spends = (id, passed, outlay_raw);
        require_room((&self.connection, &self.ledger), spends, now_s)
    }
}

fn require_room(
    (connection, ledger): (&Connection, &Ledger),
    (id, passed, outlay_raw): (&StepId, &PassedSolana<'_>, U256),
    now_s: u64,
) -> Result<(), Fault> {
    let mut amounts = summed(passed.token(), passed.reserve_raw(), 0);
    *amounts.entry(NATIVE).or_default() += outlay_raw;
    for (mint, amount_raw) in amounts {
        let reservation = Reservation {
            id,
            policy: passed.policy(),
            wallet: passed.wallet().into(),
            strategy_id: passed.strategy_id(),
            chain_id: passed.chain_id(),
            token: mint.into(),
            amount_raw,
        };
        reservation.require_room(connection, ledger, now_s)?;
    }
    unlisted_mints::require_room(connection, id, passed, now_s)
}

impl NewSolanaAttempt<'_> {
    fn step(&self) -> Step {
        Step {
            wallet: self.passed.wallet().into(),
            chain_id: self.passed.chain_id(),
            strategy_id: self.passed.strategy_id().map(str::to_owned),
            kind: match self.passed.kind() {
                SolanaKind::Swap => Kind::Swap,
                SolanaKind::Transfer => Kind::Transfer,
                SolanaKind::Prepare => Kind::Prepare,
            },
            nonce: None,
            token: self.passed.token().into(),
            reserved_raw: U256::from(self.passed.reserve_raw()),
            outcome: None,
            is_final: false,
        }
    }

    fn require_order(
        &self,
        connection: &Connection,
        earlier: &[SolanaAttempt],
        receipt: bool,
    ) -> Result<(), Fault> {
        let next = earlier.last().map_or(1, |last| last.attempt + 1);
        Rule::AttemptOrder.require(self.attempt == next, || {
            format!(
                "the next attempt of the step is {next}, not {}",
                self.attempt
            )
        })?;
        self.require_other_bytes(connection)?;
        let earlier = holds::without_discarded(earlier);
        holds::require_none(&earlier)?;
        if earlier.is_empty() {
            return Ok(());
        }
        Rule::StepChanged.require(trade(connection, self.id)? == self.passed.trade(), || {
            "a later attempt may change blockhash, fees, tip and limits only: programs, pools, mints and loans stay"
                .to_owned()
        })?;
        if receipt {
            return Ok(self.evidence.require_expired(&earlier)?);
        }
        require_all_signed(&earlier)?;
        Ok(self.evidence.require_dead(&earlier, self.evidence_quorum)?)
    }

    /// A message has one signature, so it is one attempt of one step.
    fn require_other_bytes(&self, connection: &Connection) -> Result<(), Fault> {
        let same: Option<(String, u32, u32)> = connection
            .read_row(
                "SELECT intent_id, step, attempt FROM solana_attempts
                 WHERE wallet = ?1 AND chain_id = ?2 AND message_hash = ?3",
                params![
                    self.passed.wallet().to_string(),
                    self.passed.chain_id().cast_signed(),
                    self.message_hash()
                ],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        Rule::AttemptConflict.require(same.is_none(), || {
            let (intent_id, step, attempt) = same.unwrap_or_default();
            format!(
                "attempt {attempt} of step {step} of intent {intent_id} is this very message. Ask for that one, or take \
                 a newer blockhash."
            )
        })?;
        Ok(())
    }

    /// The lamports of all attempts together: each may land, and one that reverts pays its fee all the same.
    fn outlay_raw(&self, connection: &Connection) -> Result<U256, Fault> {
        let before = reserved_outlay(connection, self.id)?.unwrap_or_default();
        Ok(before.saturating_add(U256::from(self.passed.lamports())))
    }

    fn upsert_outlay(
        &self,
        connection: &Connection,
        outlay_raw: U256,
        effect_by_s: u64,
    ) -> rusqlite::Result<()> {
        connection.change(
            "INSERT INTO outlays (intent_id, step, chain_id, token, reserved_raw, counts_raw, effect_by_s)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
             ON CONFLICT (intent_id, step) DO UPDATE SET chain_id = ?3, reserved_raw = ?5, counts_raw = ?5,
                 effect_by_s = max(effect_by_s, ?6)",
            params![
                self.id.intent_id,
                self.id.step,
                self.passed.chain_id().cast_signed(),
                NATIVE.to_string(),
                outlay_raw.to_string(),
                effect_by_s.cast_signed()
            ],
        )?;
        Ok(())
    }

    fn insert(
        &self,
        connection: &Connection,
        kill_epoch: u64,
        receipt: Option<&str>,
        boot_id: &str,
    ) -> rusqlite::Result<()> {
        connection.change(
            "INSERT INTO solana_attempts (intent_id, step, attempt, wallet, chain_id, unsigned_tx, message_hash, blockhash,
                 last_valid_block_height, receipt, trade, lookup_tables, quoted, policy_digest, kill_epoch, evidence,
                 recorded_at_ms, held_until_ms, held_to_height, held_lamports)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
            params![
                self.id.intent_id,
                self.id.step,
                self.attempt,
                self.passed.wallet().to_string(),
                self.passed.chain_id().cast_signed(),
                self.passed.unsigned_tx(),
                self.message_hash(),
                self.passed.blockhash().to_string(),
                self.evidence
                    .latest_end(self.last_valid_block_height)
                    .cast_signed(),
                receipt,
                self.passed.trade(),
                tables_json(self.tables).to_string(),
                self.quoted.to_json().to_string(),
                self.policy_digest.to_string(),
                kill_epoch.cast_signed(),
                self.evidence.recorded_in(boot_id).to_string(),
                self.now_ms.cast_signed(),
                self.held_until_ms.map(u64::cast_signed),
                self.held_until_ms
                    .map(|_| self.last_valid_block_height.cast_signed()),
                self.held_until_ms
                    .map(|_| self.passed.lamports().cast_signed()),
            ],
        )?;
        Ok(())
    }

    fn message_hash(&self) -> String {
        keccak256(self.passed.message()).to_string()
    }
}

/// An attempt whose signature nobody outside knows cannot be looked up, and after a power loss it may have left.
fn require_all_signed(attempts: &[SolanaAttempt]) -> Result<(), Fault> {
    let pending = attempts.iter().find(|known| known.signed.is_none());
    Rule::AttemptOrder.require(pending.is_none(), || {
        let number = pending.map(|known| known.attempt).unwrap_or_default();
        format!("attempt {number} is recorded and not signed; ask `step`, which signs it, then look for its signature")
    })?;
    Ok(())
}

fn reserved_outlay(connection: &Connection, id: &StepId) -> rusqlite::Result<Option<U256>> {
    connection
        .read_row(
            "SELECT reserved_raw FROM outlays WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
            |row| steps::parsed(row, 0),
        )
        .optional()
}

fn trade(connection: &Connection, id: &StepId) -> rusqlite::Result<String> {
    connection.read_row(
        "SELECT trade FROM solana_attempts WHERE intent_id = ?1 AND step = ?2 AND discarded_at_ms IS NULL
         ORDER BY attempt LIMIT 1",
        params![id.intent_id, id.step],
        |row| row.get(0),
    )
}

pub(super) fn all(connection: &Connection, id: &StepId) -> rusqlite::Result<Vec<SolanaAttempt>> {
    let mut rows = connection.prepare_cached(
        "SELECT attempt, wallet, chain_id, unsigned_tx, blockhash, last_valid_block_height, quoted, lookup_tables,
             signature, raw_tx, signed_at_ms, coalesce(evidence ->> 'boot_id', ''), held_until_ms, held_to_height,
             held_lamports, recorded_at_ms, kill_epoch, policy_digest, discarded_at_ms IS NOT NULL
         FROM solana_attempts WHERE intent_id = ?1 AND step = ?2 ORDER BY attempt",
    )?;
    let attempts = rows.query_map(params![id.intent_id, id.step], read_attempt)?;
    attempts.collect()
}

/// Those that could ever land.
pub(super) fn live(connection: &Connection, id: &StepId) -> rusqlite::Result<Vec<SolanaAttempt>> {
    Ok(holds::without_discarded(&all(connection, id)?))
}

/// Whether the step has attempts that could land, each was to be signed at once, and none ever was: a signature leaves only
/// when it is recorded.
pub(in crate::gate) fn was_never_told(
    connection: &Connection,
    id: &StepId,
    boot_id: &str,
) -> rusqlite::Result<bool> {
    let live = live(connection, id)?;
    let untold = |known: &SolanaAttempt| {
        known.signed.is_none() && known.hold.is_none() && recorded_in(known, boot_id)
    };
    Ok(!live.is_empty() && live.iter().all(untold))
}

/// With the closure of a step, in its commit: what its attempts reserved beside the step's own row.
pub(in crate::gate) fn give_all_back(connection: &Connection, id: &StepId) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE outlays SET reserved_raw = '0', counts_raw = '0' WHERE intent_id = ?1 AND step = ?2",
        params![id.intent_id, id.step],
    )?;
    unlisted_mints::given_up(connection, id)
}

fn read_attempt(row: &Row<'_>) -> rusqlite::Result<SolanaAttempt> {
    let signed = match row.get::<_, Option<Vec<u8>>>(9)? {
        None => None,
        Some(raw_tx) => Some(SignedSolana {
            signature: row.get(8)?,
            raw_tx,
            signed_at_ms: row.get::<_, i64>(10)?.cast_unsigned(),
        }),
    };
    Ok(SolanaAttempt {
        attempt: row.get(0)?,
        wallet: key(row, 1)?,
        chain_id: row.get::<_, i64>(2)?.cast_unsigned(),
        unsigned_tx: row.get(3)?,
        blockhash: row.get(4)?,
        last_valid_block_height: row.get::<_, i64>(5)?.cast_unsigned(),
        quoted: read_quoted(&steps::parsed(row, 6)?).ok_or_else(|| changed(6))?,
        tables: read_tables(&steps::parsed(row, 7)?).ok_or_else(|| changed(7))?,
        signed,
        boot_id: row.get(11)?,
        hold: holds::read(row, 12)?,
    })
}

fn key(row: &Row<'_>, column: usize) -> rusqlite::Result<Key> {
    Key::parse(&row.get::<_, String>(column)?).ok_or_else(|| changed(column))
}

// The gate file was changed by another program.
fn changed(column: usize) -> rusqlite::Error {
    let why = "not as it was written".into();
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why)
}

fn read_quoted(quoted: &Value) -> Option<SolanaQuoted> {
    let text = |name: &str| quoted.get(name)?.as_str();
    Some(SolanaQuoted {
        mint_in: Key::parse(text("mint_in")?)?,
        mint_out: Key::parse(text("mint_out")?)?,
        amount_in_raw: text("amount_in_raw")?.parse().ok()?,
        amount_out_raw: text("amount_out_raw")?.parse().ok()?,
    })
}

fn tables_json(tables: &Tables) -> Value {
    let tables = tables.iter().map(|(table, keys)| {
        let keys = keys
            .iter()
            .map(|(place, key)| (place.to_string(), json!(key.to_string())));
        (table.to_string(), Value::Object(keys.collect()))
    });
    Value::Object(tables.collect())
}

fn read_tables(tables: &Value) -> Option<Tables> {
    tables.as_object()?.iter().map(read_table).collect()
}

fn read_table(
    (table, keys): (&String, &Value),
) -> Option<(Key, std::collections::BTreeMap<u8, Key>)> {
    let keys = keys.as_object()?.iter();
    let keys = keys.map(|(place, key)| Some((place.parse().ok()?, Key::parse(key.as_str()?)?)));
    Some((Key::parse(table)?, keys.collect::<Option<_>>()?))
}

/// All attempts but the one of this signature.
pub(super) fn others(attempts: &[SolanaAttempt], signature: &str) -> Vec<SolanaAttempt> {
    let other = |known: &&SolanaAttempt| {
        let signed = known.signed.as_ref();
        signed.is_none_or(|signed| signed.signature != signature)
    };
    attempts.iter().filter(other).cloned().collect()
}
