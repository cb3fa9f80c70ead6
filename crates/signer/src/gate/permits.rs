//! Permits: at most one for each step, committed before it is signed.

use super::steps::{self, Kind, Step, StepId};
use super::usage::Reservation;
use super::{Gate, closures, halts};
use crate::fault::{Fault, Rule};
use crate::gate::prepared::Prepared;
use crate::policy::{Passed, PermitFacts, Policy};
use alloy_primitives::B256;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tradewind_core::evm::Permit;

/// A permit that the policy passed and that is to be recorded.
pub struct NewPermit<'a> {
    /// Of which step.
    pub id: &'a StepId,
    /// For which strategy, if any.
    pub strategy_id: Option<&'a str>,
    /// What it says.
    pub facts: PermitFacts,
    /// What is signed.
    pub digest: B256,
    /// The policy that passed it.
    pub policy: &'a Policy,
    /// Its digest.
    pub policy_digest: B256,
    /// Now.
    pub now_ms: u64,
}

/// A recorded permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitRecord {
    /// What it says.
    pub facts: PermitFacts,
    /// What is signed.
    pub digest: B256,
    /// The signed permit, once it exists.
    pub signed: Option<Permit>,
}

impl Gate {
    /// The permit of a step.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn permit(&self, id: &StepId) -> Result<Option<PermitRecord>, Fault> {
        Ok(find(&self.connection, id)?)
    }

    /// Records a permit and reserves its amount, in one commit. Nothing is signed before this returns.
    ///
    /// # Errors
    /// A rule of the gate, or the gate file cannot be written.
    pub fn record_permit(&mut self, new: &NewPermit<'_>) -> Result<(), Fault> {
        let ledger = self.ledger.clone();
        let tx = self.write()?;
        let kill_epoch = halts::require_running(&tx, new.facts.wallet, new.strategy_id)?;
        closures::require_unclosed(&tx, new.id)?;
        let asked = new.step();
        let known = steps::find(&tx, new.id)?;
        if let Some(known) = &known {
            steps::require_same(known, &asked)?;
        }
        Reservation::of_permit(new.id, &new.facts, new.strategy_id, new.policy).require_room(
            &tx,
            &ledger,
            new.now_ms / 1000,
        )?;
        match known {
            None => steps::insert(&tx, new.id, &asked, new.facts.deadline_s)?,
            Some(_) => steps::extend(&tx, new.id, None, new.facts.deadline_s)?,
        }
        new.insert(&tx, kill_epoch)?;
        Ok(tx.commit()?)
    }

    /// Records the signature, if nothing came in between; only then it may leave the process.
    ///
    /// # Errors
    /// `halted`, `step_closed` or `step_settled` when that came in between, or the gate file cannot be written.
    pub fn release_permit(
        &mut self,
        id: &StepId,
        permit: &Permit,
        now_ms: u64,
    ) -> Result<(), Fault> {
        let tx = self.release()?;
        steps::require_signable(&tx, id)?;
        tx.change(
            "UPDATE permits SET v = ?3, r = ?4, s = ?5, signed_at_ms = ?6
             WHERE intent_id = ?1 AND step = ?2 AND v IS NULL",
            params![
                id.intent_id,
                id.step,
                permit.v(),
                permit.r.to_string(),
                permit.s.to_string(),
                now_ms.cast_signed()
            ],
        )?;
        Ok(tx.commit()?)
    }
}

impl NewPermit<'_> {
    fn step(&self) -> Step {
        Step {
            wallet: self.facts.wallet.into(),
            chain_id: self.facts.chain_id,
            strategy_id: self.strategy_id.map(str::to_owned),
            kind: Kind::Swap,
            nonce: None,
            token: self.facts.token.into(),
            reserved_raw: self.facts.value_raw,
            outcome: None,
            is_final: false,
        }
    }

    fn insert(&self, connection: &Connection, kill_epoch: u64) -> rusqlite::Result<()> {
        let facts = &self.facts;
        connection.change(
            "INSERT INTO permits (intent_id, step, wallet, chain_id, token, spender, value_raw, permit_nonce,
                 deadline_s, digest, policy_digest, kill_epoch, recorded_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                self.id.intent_id,
                self.id.step,
                facts.wallet.to_checksum(None),
                facts.chain_id.cast_signed(),
                facts.token.to_checksum(None),
                facts.spender.to_checksum(None),
                facts.value_raw.to_string(),
                facts.permit_nonce.to_string(),
                facts.deadline_s.cast_signed(),
                self.digest.to_string(),
                self.policy_digest.to_string(),
                kill_epoch.cast_signed(),
                self.now_ms.cast_signed(),
            ],
        )?;
        Ok(())
    }
}

/// A permit inside calldata must be the step's own, for this amount; a step that made one spends just that.
pub(super) fn require_match(
    connection: &Connection,
    id: &StepId,
    passed: &Passed,
) -> Result<(), Fault> {
    let recorded = find(connection, id)?;
    if let Some(inside) = passed.permit() {
        let own = recorded.and_then(|record| record.signed);
        Rule::PermitMismatch.require(own.as_ref() == Some(inside), || {
            "the permit in the calldata is not the one this step recorded".to_owned()
        })?;
    }
    if let Some(PermitRecord { facts, .. }) = recorded {
        let router = passed.transaction().to;
        let same = facts.value_raw == passed.reserve_raw()
            && facts.token == passed.token()
            && facts.spender == router;
        Rule::PermitMismatch.require(same, || {
            let (value, token, spender) = (facts.value_raw, facts.token, facts.spender);
            format!("the step's permit is for exactly {value} base units of {token} to {spender}")
        })?;
    }
    Ok(())
}

fn find(connection: &Connection, id: &StepId) -> rusqlite::Result<Option<PermitRecord>> {
    connection
        .read_row(
            "SELECT wallet, chain_id, token, spender, value_raw, permit_nonce, deadline_s, digest, v, r, s
             FROM permits WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
            read_permit,
        )
        .optional()
}

fn read_permit(row: &Row<'_>) -> rusqlite::Result<PermitRecord> {
    let facts = PermitFacts {
        wallet: steps::parsed(row, 0)?,
        chain_id: row.get::<_, i64>(1)?.cast_unsigned(),
        token: steps::parsed(row, 2)?,
        spender: steps::parsed(row, 3)?,
        value_raw: steps::parsed(row, 4)?,
        permit_nonce: steps::parsed(row, 5)?,
        deadline_s: row.get::<_, i64>(6)?.cast_unsigned(),
    };
    let signed = match row.get::<_, Option<u8>>(8)? {
        None => None,
        Some(v) => {
            let (r, s) = (steps::parsed(row, 9)?, steps::parsed(row, 10)?);
            Permit::new(facts.value_raw, facts.deadline_s, v, r, s).ok()
        }
    };
    Ok(PermitRecord {
        facts,
        digest: steps::parsed(row, 7)?,
        signed,
    })
}
