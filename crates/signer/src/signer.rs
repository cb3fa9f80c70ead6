//! The operations: policy first, then a durable record in the gate, then a signature, then its release.

mod permits;

use crate::answers;
use crate::clock::Clock;
use crate::fault::{Fault, Internal, Refusal, Rule};
use crate::gate::{Attempt, Gate, NewAttempt, Outcome, SignedAttempt, StepId};
use crate::keys::KeyRing;
use crate::policy::Policy;
use crate::protocol::{Request, SignRequest};
use crate::signing::{read_recorded, read_unsigned, sign_transaction};
use alloy_primitives::{Address, B256, keccak256};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};
use tradewind_core::evm::Eip1559Transaction;

/// Answers requests. The server knows nothing else of what is behind it.
pub trait Service: Send + Sync {
    /// The answer, or why there is none.
    ///
    /// # Errors
    /// A rule refused, or the signer failed.
    fn answer(&self, request: Request) -> Result<Value, Fault>;
}

/// Told when a request passes the two places where a crash would matter most.
pub trait Boundaries: Send + Sync {
    /// The record is on disk; nothing is signed yet.
    fn gate_committed(&self) {}
    /// The signature is on disk; the answer has not left yet.
    fn signed(&self) {}
}

/// Takes no notice.
pub struct Unobserved;

impl Boundaries for Unobserved {}

/// Keys, policy and gate together.
pub struct Signer {
    keys: KeyRing,
    policy: Policy,
    policy_digest: B256,
    // Every change goes through this one lock, from its checks to its release.
    gate: Mutex<Gate>,
    clock: Box<dyn Clock>,
    boundaries: Box<dyn Boundaries>,
}

impl Service for Signer {
    fn answer(&self, request: Request) -> Result<Value, Fault> {
        match request {
            Request::Hello => self.hello(),
            Request::Step(id) => self.step(&id),
            Request::NextNonce { wallet, chain_id } => {
                let next_nonce = self.gate()?.next_nonce(wallet, chain_id)?;
                Ok(json!({ "next_nonce": next_nonce }))
            }
            Request::Permit(request) => self.permit(&request),
            Request::Sign(request) => self.sign(&request),
            Request::Settle { id, end } => {
                self.gate()?.settle(&id, &end, self.clock.now_ms())?;
                Ok(json!({}))
            }
            Request::Close(id) => {
                let closed = self.gate()?.close(&id, self.clock.now_ms())?;
                Ok(json!({ "closed": closed }))
            }
            Request::AdoptNonce(adoption) => {
                self.policy.chain_of(adoption.wallet, adoption.chain_id)?;
                self.gate()?.adopt_nonce(&adoption, self.clock.now_ms())?;
                Ok(json!({ "next_nonce": adoption.nonce }))
            }
            Request::Halt { reason, by } => {
                let state = self.gate()?.halt(&reason, &by, self.clock.now_ms())?;
                Ok(json!({ "kill_epoch": state.kill_epoch, "halted": true }))
            }
            Request::Resume { kill_epoch, by } => {
                let state = self.gate()?.resume(kill_epoch, &by, self.clock.now_ms())?;
                Ok(json!({ "kill_epoch": state.kill_epoch, "halted": state.halted() }))
            }
        }
    }
}

impl Signer {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        keys: KeyRing,
        policy: Policy,
        gate: Gate,
        clock: Box<dyn Clock>,
        boundaries: Box<dyn Boundaries>,
    ) -> Self {
        let policy_digest = policy.digest();
        Self {
            keys,
            policy,
            policy_digest,
            gate: Mutex::new(gate),
            clock,
            boundaries,
        }
    }

    /// The keys it signs with.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// What it signs under.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    // A panic in the middle of a change leaves the lock poisoned: from then on everything is refused.
    fn gate(&self) -> Result<MutexGuard<'_, Gate>, Fault> {
        self.gate.lock().map_err(|_| {
            let message = "the signer failed before and must be started again".to_owned();
            Internal {
                code: "signer_failed",
                message,
            }
            .into()
        })
    }

    fn hello(&self) -> Result<Value, Fault> {
        let gate = self.gate()?;
        let state = gate.halt_state()?;
        let wallets: Vec<_> = self
            .policy
            .wallets
            .iter()
            .map(
                |(wallet, chains)| json!({ "address": wallet.to_checksum(None), "chains": chains }),
            )
            .collect();
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "gate_id": gate.id(),
            "policy_digest": self.policy_digest.to_string(),
            "kill_epoch": state.kill_epoch,
            "halted": state.halted(),
            "halt_reason": state.reason,
            "wallets": wallets,
        }))
    }

    fn step(&self, id: &StepId) -> Result<Value, Fault> {
        let mut gate = self.gate()?;
        let (step, closed) = (gate.step(id)?, gate.closed(id)?);
        if step.is_none() && !closed {
            return Ok(json!({ "found": false }));
        }
        let pending_because = self.finish(&mut gate, id)?;
        let attempts = gate.attempts(id)?;
        let pending: Vec<_> = attempts
            .iter()
            .filter(|attempt| attempt.signed.is_none())
            .map(|attempt| attempt.attempt)
            .collect();
        let signed = attempts.iter().filter_map(answers::attempt);
        let permit = gate.permit(id)?.as_ref().and_then(answers::recorded_permit);
        Ok(json!({
            "found": true,
            "closed": closed,
            "kind": step.as_ref().map(|step| step.kind.name()),
            "nonce": step.as_ref().and_then(|step| step.nonce),
            "outcome": step.and_then(|step| step.outcome).map(Outcome::name),
            "permit": permit,
            "attempts": signed.collect::<Vec<_>>(),
            "pending": pending,
            "pending_because": pending_because,
        }))
    }

    /// Signs what was recorded when an earlier process died before it could. Gives the refusal that keeps
    /// something unsigned.
    fn finish(&self, gate: &mut Gate, id: &StepId) -> Result<Option<String>, Fault> {
        let mut results = Vec::new();
        if let Some(record) = gate.permit(id)?.filter(|record| record.signed.is_none()) {
            results.push(self.finish_permit(gate, id, &record).map(drop));
        }
        for attempt in gate.attempts(id)? {
            if attempt.signed.is_none() {
                results.push(self.finish_attempt(gate, id, &attempt).map(drop));
            }
        }
        let mut because = None;
        for result in results {
            match result {
                Ok(()) => {}
                Err(Fault::Refused(refusal)) => {
                    because.get_or_insert(refusal.message.trim_end_matches('.').to_owned());
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(because)
    }

    /// The attempt may have been recorded under another policy: the one in force decides. One whose deadline is
    /// past is signed all the same: it can spend nothing any more, and its revert frees the nonce.
    fn finish_attempt(
        &self,
        gate: &mut Gate,
        id: &StepId,
        attempt: &Attempt,
    ) -> Result<SignedAttempt, Fault> {
        gate.require_open(id)?;
        let now_s = self.clock.now_ms() / 1000;
        let until_s = attempt.valid_until_s.unwrap_or(now_s);
        let passed = self.policy.pass_transaction(
            attempt.wallet,
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

    fn sign(&self, request: &SignRequest) -> Result<Value, Fault> {
        let transaction = read_unsigned(request)?;
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
        require_running(gate)?;
        match known.signed {
            Some(signed) => Ok(signed),
            None => self.finish_attempt(gate, &request.id, &known),
        }
    }

    fn record_and_sign(
        &self,
        gate: &mut Gate,
        request: &SignRequest,
        transaction: Eip1559Transaction,
    ) -> Result<SignedAttempt, Fault> {
        let now_ms = self.clock.now_ms();
        self.require_key(request.wallet)?;
        require_running(gate)?;
        let passed = self.policy.pass_transaction(
            request.wallet,
            transaction,
            &request.quoted,
            now_ms / 1000,
        )?;
        gate.record_attempt(&NewAttempt {
            id: &request.id,
            attempt: request.attempt,
            strategy_id: request.strategy_id.as_deref(),
            passed: &passed,
            quoted: &request.quoted,
            evidence: &request.evidence,
            policy_digest: self.policy_digest,
            now_ms,
        })?;
        self.boundaries.gate_committed();
        let (id, attempt) = (&request.id, request.attempt);
        self.release_attempt(gate, id, attempt, request.wallet, &request.unsigned_tx)
    }

    fn release_attempt(
        &self,
        gate: &mut Gate,
        id: &StepId,
        attempt: u32,
        wallet: Address,
        unsigned_tx: &[u8],
    ) -> Result<SignedAttempt, Fault> {
        require_running(gate)?;
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

    fn require_key(&self, wallet: Address) -> Result<(), Refusal> {
        Rule::WalletUnknown.require(self.keys.holds(wallet), || {
            format!("there is no key for the wallet {wallet}")
        })
    }
}

fn require_running(gate: &Gate) -> Result<(), Fault> {
    let state = gate.halt_state()?;
    Rule::Halted.require(!state.halted(), || {
        let reason = state.reason.as_deref().unwrap_or_default();
        format!(
            "signing is halted since kill epoch {}: {reason}",
            state.kill_epoch
        )
    })?;
    Ok(())
}
