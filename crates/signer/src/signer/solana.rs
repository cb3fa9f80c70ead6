//! Solana: policy first, then a durable record in the gate, then a signature, then its release.

use super::Signer;
use super::attempts::recorded_strategy;
use super::holds::require_not_discarded;
use crate::answers;
use crate::fault::{Fault, Refusal, Rule};
use crate::gate::{Gate, NewSolanaAttempt, SignedSolana, SolanaAttempt, StepId};
use crate::policy::{RECEIPT_LAMPORTS, Receipt, ReceiptNeed, SolanaAsk};
use crate::protocol::{CheckSolanaRequest, SignSolanaRequest};
use crate::signing::sign_solana;
use serde_json::{Value, json};
use tradewind_core::decode::solana::Key;

/// What a transaction is signed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A step of an intent.
    Step,
    /// Receipts that are taken back.
    TakeBack,
    /// A wallet that is topped up.
    TopUp,
}

impl Signer {
    pub(super) fn receipt(&self, id: &StepId, wallet: Key, chain_id: u64) -> Result<Value, Fault> {
        self.require_key(wallet)?;
        let mut gate = self.gate()?;
        self.in_force(&gate)?.policy.solana_of(wallet, chain_id)?;
        let receipt = gate.draw_receipt(id, wallet, chain_id, self.clock.now_ms())?;
        Ok(answers::receipt(&receipt, RECEIPT_LAMPORTS))
    }

    pub(super) fn sign_solana(&self, request: &SignSolanaRequest) -> Result<Value, Fault> {
        self.sign_on_solana(request, Purpose::Step)
    }

    pub(super) fn sign_on_solana(
        &self,
        request: &SignSolanaRequest,
        purpose: Purpose,
    ) -> Result<Value, Fault> {
        let mut gate = self.gate()?;
        gate.require_unclosed(&request.id)?;
        let known = gate.solana_attempts(&request.id)?;
        let number = request.attempt;
        let (signed, height) = match known.into_iter().find(|known| known.attempt == number) {
            Some(known) => (
                self.repeat_solana(&mut gate, request, &known)?,
                known.last_valid_block_height,
            ),
            None => (
                self.record_and_sign_solana(&mut gate, request, purpose)?,
                request.evidence.latest_end(request.last_valid_block_height),
            ),
        };
        Ok(answers::solana_signature(&signed, height))
    }

    /// The same attempt again: the same bytes, or a refusal.
    fn repeat_solana(
        &self,
        gate: &mut Gate,
        request: &SignSolanaRequest,
        known: &SolanaAttempt,
    ) -> Result<SignedSolana, Fault> {
        let same = known.unsigned_tx == request.unsigned_tx && known.wallet == request.wallet;
        Rule::AttemptConflict.require(same, || {
            format!(
                "attempt {} of the step was recorded with another transaction",
                known.attempt
            )
        })?;
        let strategy_id = recorded_strategy(gate, &request.id)?;
        gate.require_running(known.wallet, strategy_id.as_deref())?;
        require_not_discarded(gate, known)?;
        let held = known.signed.is_none() && known.hold.is_some();
        Rule::Held.require(!held, || {
            let number = known.attempt;
            format!("attempt {number} was recorded to be held; its bytes leave by `release` only")
        })?;
        match &known.signed {
            Some(signed) => Ok(signed.clone()),
            None => self.finish_solana(gate, &request.id, known),
        }
    }

    /// The attempt may have been recorded under another policy: the one in force decides.
    pub(super) fn finish_solana(
        &self,
        gate: &mut Gate,
        id: &StepId,
        attempt: &SolanaAttempt,
    ) -> Result<SignedSolana, Fault> {
        self.require_still_passes(gate, id, attempt)?;
        let bytes = (attempt.wallet, attempt.unsigned_tx.as_slice());
        self.release_solana(gate, id, attempt.attempt, bytes, None)
    }

    /// The policy in force passes what was recorded under the same one or another.
    pub(super) fn require_still_passes(
        &self,
        gate: &Gate,
        id: &StepId,
        attempt: &SolanaAttempt,
    ) -> Result<(), Fault> {
        gate.require_open(id)?;
        let (in_force, strategy_id) = (self.in_force(gate)?, recorded_strategy(gate, id)?);
        let receipt = gate.receipt(id)?.map(|(_, receipt)| receipt);
        let purpose = if gate.is_reclaim(id)? {
            Purpose::TakeBack
        } else if gate.is_top_up(id)? {
            Purpose::TopUp
        } else {
            Purpose::Step
        };
        let passed = in_force.policy.pass_solana(&SolanaAsk {
            wallet: attempt.wallet,
            chain_id: attempt.chain_id,
            strategy_id: strategy_id.as_deref(),
            unsigned_tx: &attempt.unsigned_tx,
            tables: &attempt.tables,
            quoted: &attempt.quoted,
            receipt: need(purpose, receipt.as_ref()),
        })?;
        gate.require_room_on_solana(id, &passed, self.clock.now_ms() / 1000)
    }

    fn record_and_sign_solana(
        &self,
        gate: &mut Gate,
        request: &SignSolanaRequest,
        purpose: Purpose,
    ) -> Result<SignedSolana, Fault> {
        self.record_on_solana(gate, request, purpose, None)?;
        let bytes = (request.wallet, request.unsigned_tx.as_slice());
        self.release_solana(gate, &request.id, request.attempt, bytes, None)
    }

    /// Records what may be signed now, or when it is released from its hold.
    pub(super) fn record_on_solana(
        &self,
        gate: &mut Gate,
        request: &SignSolanaRequest,
        purpose: Purpose,
        hold_ms: Option<u64>,
    ) -> Result<(), Fault> {
        let now_ms = self.clock.now_ms();
        let strategy_id = request.strategy_id.as_deref();
        self.require_key(request.wallet)?;
        gate.require_running(request.wallet, strategy_id)?;
        let in_force = self.in_force(gate)?;
        let receipt = receipt_of(gate, request)?;
        Rule::Receipt.require(purpose == Purpose::Step || receipt.is_none(), || {
            "a receipt was drawn under this name, so it is a step of an intent; take another name".to_owned()
        })?;
        let passed = in_force.policy.pass_solana(&SolanaAsk {
            wallet: request.wallet,
            chain_id: request.chain_id,
            strategy_id,
            unsigned_tx: &request.unsigned_tx,
            tables: &request.lookup_tables,
            quoted: &request.quoted,
            receipt: need(purpose, receipt.as_ref()),
        })?;
        let chain = in_force
            .policy
            .solana_of(request.wallet, request.chain_id)?;
        let block_height = request.evidence.block_height;
        let (wallet, life_s) = (request.wallet, chain.blockhash_life_s);
        let within_life = hold_ms.is_none_or(|ms| ms <= life_s.saturating_mul(1_000));
        Rule::Validity.require(within_life, || {
            format!("hold_ms must be at most {life_s} s, which a blockhash is taken to live")
        })?;
        gate.require_warm(wallet, request.chain_id, block_height, life_s, now_ms)?;
        gate.record_solana(&NewSolanaAttempt {
            id: &request.id,
            attempt: request.attempt,
            passed: &passed,
            quoted: &request.quoted,
            tables: &request.lookup_tables,
            last_valid_block_height: request.last_valid_block_height,
            evidence: &request.evidence,
            evidence_quorum: chain.evidence_quorum,
            policy_digest: in_force.digest,
            held_until_ms: hold_ms.map(|ms| now_ms.saturating_add(ms)),
            now_ms,
        })?;
        self.boundaries.gate_committed();
        Ok(())
    }

    /// Signs, and records the signature unless a halt has come in between: now, or at all since a kill epoch.
    pub(super) fn release_solana(
        &self,
        gate: &mut Gate,
        id: &StepId,
        attempt: u32,
        (wallet, unsigned_tx): (Key, &[u8]),
        since: Option<u64>,
    ) -> Result<SignedSolana, Fault> {
        gate.require_running(wallet, recorded_strategy(gate, id)?.as_deref())?;
        let (signature, raw_tx) = sign_solana(&self.keys, wallet, unsigned_tx)?;
        let signed = SignedSolana {
            signature: bs58::encode(signature).into_string(),
            raw_tx,
            signed_at_ms: self.clock.now_ms(),
        };
        gate.release_solana(id, attempt, &signed, since)?;
        self.boundaries.signed();
        Ok(signed)
    }

    pub(super) fn check_solana(&self, request: &CheckSolanaRequest) -> Result<Value, Fault> {
        match self.would_pass_solana(request) {
            Ok(()) => Ok(json!({ "passed": true })),
            Err(Fault::Refused(Refusal { rule, message })) => {
                Ok(json!({ "passed": false, "rule": rule.name(), "message": message }))
            }
            Err(fault) => Err(fault),
        }
    }

    fn would_pass_solana(&self, request: &CheckSolanaRequest) -> Result<(), Fault> {
        let (gate, now_s) = (self.gate()?, self.clock.now_ms() / 1000);
        let strategy_id = request.strategy_id.as_deref();
        self.require_key(request.wallet)?;
        gate.require_running(request.wallet, strategy_id)?;
        let in_force = self.in_force(&gate)?;
        let passed = in_force.policy.pass_solana(&SolanaAsk {
            wallet: request.wallet,
            chain_id: request.chain_id,
            strategy_id,
            unsigned_tx: &request.unsigned_tx,
            tables: &request.lookup_tables,
            quoted: &request.quoted,
            receipt: ReceiptNeed::Any,
        })?;
        // No step has this name, because an intent's is never empty: it counts in addition to all that is recorded.
        let nobody = StepId {
            intent_id: String::new(),
            step: 0,
        };
        gate.require_room_on_solana(&nobody, &passed, now_s)
    }

    pub(super) fn adopt_wallet(
        &self,
        wallet: Key,
        chain_id: u64,
        by: &str,
    ) -> Result<Value, Fault> {
        self.ceilings.solana_of(wallet, chain_id)?;
        self.gate()?
            .adopt_wallet(wallet, chain_id, by, self.clock.now_ms())?;
        Ok(json!({ "adopted": true }))
    }
}

fn need(purpose: Purpose, receipt: Option<&Receipt>) -> ReceiptNeed<'_> {
    match purpose {
        Purpose::Step => receipt.map_or(ReceiptNeed::Nothing, ReceiptNeed::Just),
        Purpose::TakeBack => ReceiptNeed::TakeBack,
        Purpose::TopUp => ReceiptNeed::TopUp,
    }
}

/// The receipt that the attempts of the step must create.
fn receipt_of(gate: &Gate, request: &SignSolanaRequest) -> Result<Option<Receipt>, Fault> {
    let Some((owner, receipt)) = gate.receipt(&request.id)? else {
        return Ok(None);
    };
    Rule::StepChanged.require(owner == request.wallet, || {
        format!("the step's receipt belongs to {owner}; another wallet is another step")
    })?;
    Ok(Some(receipt))
}
