//! Settlements on Solana: how a step ended and what left the wallet, by the caller's word and evidence.

use super::attempts::{self, SolanaAttempt, others};
use super::boots::require_none_left;
use super::evidence::{
    EarlierSignature, distinct, last_valid, require_dead, signatures_json, unnamed,
};
use super::{reclaims, top_ups, unlisted_mints};
use crate::fault::{Fault, Rule};
use crate::gate::Gate;
use crate::gate::prepared::Prepared;
use crate::gate::steps::{self, Outcome, Step, StepId};
use crate::policy::{NATIVE, Policy, SolanaPolicy};
use alloy_primitives::U256;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Key;

/// The end of a step, as the caller saw it on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolanaSettlement {
    /// How it ended: succeeded, reverted or expired.
    pub outcome: Outcome,
    /// By which transaction and in which slot; nothing for one that expired.
    pub landed: Option<(String, u64)>,
    /// What left the wallet, in raw units, lamports under the native coin.
    pub spent_raw: BTreeMap<Key, U256>,
    /// What became of the attempts, for a step that expired; of the others, for one that reverted.
    pub signatures: Vec<EarlierSignature>,
    /// Who said so.
    pub endpoints: Vec<String>,
    /// The chain's last finalized slot, if that was asked for.
    pub finalized: Option<SolanaFinalized>,
}

/// The last finalized slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolanaFinalized {
    /// Its number.
    pub slot: u64,
    /// The height of its block.
    pub block_height: u64,
}

/// What a step counts with once it is settled for good.
struct Counts {
    main_raw: U256,
    outlay_raw: U256,
}

impl Gate {
    /// Settles a step on Solana. The same facts again change nothing but that they may be final now. Gives whether they
    /// are.
    ///
    /// # Errors
    /// `step_unknown`, `transaction_foreign`, `settlement_outcome`, `settlement_amount`, `settlement_conflict`,
    /// `attempt_alive`, or the gate file cannot be written.
    pub fn settle_solana(
        &mut self,
        id: &StepId,
        end: &SolanaSettlement,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<bool, Fault> {
        let boot_id = self.boot_id.clone();
        let tx = self.write()?;
        let attempts = attempts::live(&tx, id)?;
        let (Some(step), false) = (steps::find(&tx, id)?, attempts.is_empty()) else {
            let message = format!(
                "no step {} of intent {} is known on Solana",
                id.step, id.intent_id
            );
            return Err(Rule::StepUnknown.refuse(message).into());
        };
        end.require_own(&attempts)?;
        let counts = end.counts(&tx, id, &step)?;
        if step.is_final {
            return end.require_equal(&tx, id, &step).map(|()| true);
        }
        let Some(chain) = policy.solana.get(&step.chain_id) else {
            let message = format!("chain {} is not configured any more", step.chain_id);
            return Err(Rule::ChainNotAllowed.refuse(message).into());
        };
        let is_final = end.is_final(&attempts, chain, &boot_id)?;
        end.upsert(&tx, id, now_ms)?;
        tx.change(
            "UPDATE steps SET outcome = ?3, final = ?4, counts_raw = CASE WHEN ?4 THEN ?5 ELSE counts_raw END
             WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step, end.outcome.name(), is_final, counts.main_raw.to_string()],
        )?;
        if is_final {
            tx.change(
                "UPDATE outlays SET counts_raw = ?3 WHERE intent_id = ?1 AND step = ?2",
                params![id.intent_id, id.step, counts.outlay_raw.to_string()],
            )?;
            reclaims::settled(&tx, id, end.outcome)?;
            top_ups::settled(&tx, id)?;
            unlisted_mints::settled(&tx, id, &step, (end.outcome, counts.main_raw))?;
        }
        tx.commit()?;
        Ok(is_final)
    }
}

impl SolanaSettlement {
    fn require_own(&self, attempts: &[SolanaAttempt]) -> Result<(), Fault> {
        let Some((signature, _)) = &self.landed else {
            return Ok(());
        };
        let mut signed = attempts.iter().filter_map(|known| known.signed.as_ref());
        Rule::TransactionForeign
            .require(signed.any(|signed| signed.signature == *signature), || {
                format!("the transaction {signature} was not signed for this step")
            })?;
        Ok(())
    }

    /// What counts from now on; each amount at most what was reserved.
    fn counts(&self, connection: &Connection, id: &StepId, step: &Step) -> Result<Counts, Fault> {
        let outlay: U256 = connection.read_row(
            "SELECT reserved_raw FROM outlays WHERE intent_id = ?1 AND step = ?2",
            params![id.intent_id, id.step],
            |row| steps::parsed(row, 0),
        )?;
        let succeeded = self.outcome == Outcome::Succeeded;
        let native = ChainAddress::from(NATIVE);
        let trade_raw = if succeeded {
            step.reserved_raw
        } else {
            U256::ZERO
        };
        let costs_raw = if self.outcome == Outcome::Expired {
            U256::ZERO
        } else {
            outlay
        };
        for (mint, spent_raw) in &self.spent_raw {
            let mint = ChainAddress::from(*mint);
            let mut cap = U256::ZERO;
            if mint == step.token {
                cap = cap.saturating_add(trade_raw);
            }
            if mint == native {
                cap = cap.saturating_add(costs_raw);
            }
            Rule::SettlementAmount.require(*spent_raw <= cap, || {
                format!(
                    "{spent_raw} of {mint} cannot be what a step spent that {} with {cap} reserved for that",
                    self.outcome.name()
                )
            })?;
        }
        let said = |mint: ChainAddress| {
            let key = mint.solana().map(Key)?;
            self.spent_raw.get(&key).copied()
        };
        if step.token == native {
            // One sum stands for both; what is said of it is split without loss.
            let spent = said(native).unwrap_or(trade_raw.saturating_add(costs_raw));
            let main_raw = spent.min(trade_raw);
            return Ok(Counts {
                main_raw,
                outlay_raw: spent.saturating_sub(main_raw),
            });
        }
        Ok(Counts {
            main_raw: said(step.token).unwrap_or(trade_raw),
            outlay_raw: said(native).unwrap_or(costs_raw),
        })
    }

    fn is_final(
        &self,
        attempts: &[SolanaAttempt],
        chain: &SolanaPolicy,
        boot_id: &str,
    ) -> Result<bool, Fault> {
        let Some((signature, slot)) = &self.landed else {
            require_none_left(attempts, boot_id)?;
            let height = self.finalized.map(|last| last.block_height);
            require_dead(
                attempts,
                height.unwrap_or_default(),
                &self.signatures,
                &self.endpoints,
                chain.evidence_quorum,
            )?;
            return Ok(true);
        };
        let Some(last) = self.finalized else {
            return Ok(false);
        };
        let deep = *slot <= last.slot && distinct(&self.endpoints) >= chain.settlement_quorum;
        if !deep || self.outcome == Outcome::Succeeded {
            return Ok(deep);
        }
        // One that reverted may leave the receipt unmade: another attempt could still take effect, or has.
        let others = others(attempts, signature);
        let over = last.block_height > last_valid(&others);
        let known = unnamed(&others, &self.signatures).is_none();
        Ok(over && known && require_none_left(&others, boot_id).is_ok())
    }

    fn spent_json(&self) -> Value {
        let spent = self.spent_raw.iter();
        let spent = spent.map(|(mint, raw)| (mint.to_string(), json!(raw.to_string())));
        Value::Object(spent.collect())
    }

    fn require_equal(
        &self,
        connection: &Connection,
        id: &StepId,
        step: &Step,
    ) -> Result<(), Fault> {
        let known: Option<(Option<String>, String)> = connection
            .read_row(
                "SELECT signature, spent FROM solana_settlements WHERE intent_id = ?1 AND step = ?2",
                params![id.intent_id, id.step],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let own = self.landed.as_ref().map(|(signature, _)| signature.clone());
        let same = step.outcome == Some(self.outcome)
            && known == Some((own, self.spent_json().to_string()));
        Rule::SettlementConflict.require(same, || {
            let outcome = step.outcome.map_or("ended", Outcome::name);
            format!("the step is settled for good with other facts: {outcome}")
        })?;
        Ok(())
    }

    fn upsert(&self, connection: &Connection, id: &StepId, now_ms: u64) -> rusqlite::Result<()> {
        let finalized = self
            .finalized
            .map(|last| json!({ "slot": last.slot, "block_height": last.block_height }));
        let evidence = json!({
            "endpoints": self.endpoints,
            "finalized": finalized,
            "signatures": signatures_json(&self.signatures),
        });
        connection.change(
            "INSERT INTO solana_settlements (intent_id, step, outcome, signature, slot, spent, evidence, settled_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (intent_id, step) DO UPDATE SET outcome = ?3, signature = ?4, slot = ?5, spent = ?6,
                 evidence = ?7, settled_at_ms = ?8",
            params![
                id.intent_id,
                id.step,
                self.outcome.name(),
                self.landed.as_ref().map(|(signature, _)| signature),
                self.landed.as_ref().map(|(_, slot)| slot.cast_signed()),
                self.spent_json().to_string(),
                evidence.to_string(),
                now_ms.cast_signed(),
            ],
        )?;
        Ok(())
    }
}
