//! Attempts: recorded before they are signed, and the same bytes whenever the same one is asked for.

use super::Signer;
use crate::answers;
use crate::fault::{Fault, Rule};
use crate::gate::{Attempt, Gate, NewAttempt, SignedAttempt, StepId};
use crate::protocol::SignRequest;
use crate::signing::{read_recorded, read_unsigned, sign_transaction};
use alloy_primitives::{Address, keccak256};
use serde_json::Value;
use tradewind_core::evm::Eip1559Transaction;

impl Signer {
    pub(super) fn sign(&self, request: &SignRequest) -> Result<Value, Fault> {
        let transaction = read_unsigned(&request.unsigned_tx, request.chain_id)?;
        let nonce = transaction.nonce;
        let mut gate = self.gate()?;
        gate.require_unclosed(&request.id)?;
        let known = gate.attempts(&request.id)?;
        let signed = match known
            .into_iter()
            .find(|known| known.attempt == request.attempt)
        {
            Some(known) => self.repeat(&mut gate, request, known)?,
            None => self.record_and_sign(&mut gate, request, transaction)?,
        };
        Ok(answers::signature(&signed, nonce))
    }

    /// The same attempt again: the same bytes, or a refusal.
    fn repeat(
        &self,
        gate: &mut Gate,
        request: &SignRequest,
        known: Attempt,
    ) -> Result<SignedAttempt, Fault> {
        let same = known.unsigned_tx == request.unsigned_tx && known.wallet == request.wallet;
        Rule::AttemptConflict.require(same, || {
            format!(
                "attempt {} of the step was recorded with another transaction",
                known.attempt
            )
        })?;
        gate.require_running(
            known.wallet,
            recorded_strategy(gate, &request.id)?.as_deref(),
        )?;
        match known.signed {
            Some(signed) => Ok(signed),
            None => self.finish_attempt(gate, &request.id, &known),
        }
    }

    /// The attempt may have been recorded under another policy: the one in force decides. One whose deadline is
    /// past is signed all the same: it can spend nothing any more, and its revert frees the nonce.
    pub(super) fn finish_attempt(
        &self,
        gate: &mut Gate,
        id: &StepId,
        attempt: &Attempt,
    ) -> Result<SignedAttempt, Fault> {
        gate.require_open(id)?;
        let now_s = self.clock.now_ms() / 1000;
        let until_s = attempt.valid_until_s.unwrap_or(now_s);
        let in_force = self.in_force(gate)?;
        let strategy_id = recorded_strategy(gate, id)?;
        let passed = in_force.policy.pass_transaction(
            attempt.wallet,
            strategy_id.as_deref(),
            read_recorded(&attempt.unsigned_tx)?,
            &attempt.quoted,
            now_s.min(until_s),
        )?;
        if now_s <= until_s {
            gate.require_room(id, &passed, now_s)?;
        }
        let (number, wallet) = (attempt.attempt, attempt.wallet);
        self.release_attempt(gate, id, number, wallet, &attempt.unsigned_tx)
    }

    fn record_and_sign(
        &self,
        gate: &mut Gate,
        request: &SignRequest,
        transaction: Eip1559Transaction,
    ) -> Result<SignedAttempt, Fault> {
        let now_ms = self.clock.now_ms();
        let strategy_id = request.strategy_id.as_deref();
        self.require_key(request.wallet)?;
        gate.require_running(request.wallet, strategy_id)?;
        let in_force = self.in_force(gate)?;
        let passed = in_force.policy.pass_transaction(
            request.wallet,
            strategy_id,
            transaction,
            &request.quoted,
            now_ms / 1000,
        )?;
        gate.record_attempt(&NewAttempt {
            id: &request.id,
            attempt: request.attempt,
            passed: &passed,
            quoted: &request.quoted,
            evidence: &request.evidence,
            policy_digest: in_force.digest,
            now_ms,
        })?;
        self.boundaries.gate_committed();
        let (id, attempt) = (&request.id, request.attempt);
        self.release_attempt(gate, id, attempt, request.wallet, &request.unsigned_tx)
    }

    /// Signs, and records the signature unless a halt has come in between.
    fn release_attempt(
        &self,
        gate: &mut Gate,
        id: &StepId,
        attempt: u32,
        wallet: Address,
        unsigned_tx: &[u8],
    ) -> Result<SignedAttempt, Fault> {
        gate.require_running(wallet, recorded_strategy(gate, id)?.as_deref())?;
        let raw_tx = sign_transaction(&self.keys, wallet, unsigned_tx)?;
        let signed = SignedAttempt {
            tx_hash: keccak256(&raw_tx),
            raw_tx,
            signed_at_ms: self.clock.now_ms(),
        };
        gate.release_attempt(id, attempt, &signed)?;
        self.boundaries.signed();
        Ok(signed)
    }
}

/// The strategy that a step was recorded for.
pub(super) fn recorded_strategy(gate: &Gate, id: &StepId) -> Result<Option<String>, Fault> {
    Ok(gate.step(id)?.and_then(|step| step.strategy_id))
}
