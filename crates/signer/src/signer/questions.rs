//! Questions: what is known, and what would be allowed. Nothing new is recorded; only `step` signs what is on record.

use super::Signer;
use super::holds::{hold, is_pending};
use crate::answers;
use crate::fault::{Fault, Refusal};
use crate::gate::{Gate, Outcome, StepId};
use crate::policy::RECEIPT_LAMPORTS;
use crate::protocol::CheckRequest;
use crate::signing::read_unsigned;
use alloy_primitives::Address;
use serde_json::{Value, json};

const MAX_STEPS: usize = 256;
// Raw transactions are long: a page ends early rather than to be too much for a client's line.
const MAX_PAGE_BYTES: usize = 768 * 1024;

impl Signer {
    pub(super) fn hello(&self) -> Result<Value, Fault> {
        let gate = self.gate()?;
        let state = gate.halt_state()?;
        let in_force = self.in_force(&gate)?;
        let wallets: Vec<_> = self
            .ceilings
            .wallets
            .iter()
            .map(|(wallet, chains)| json!({ "address": wallet.to_string(), "chains": chains }))
            .collect();
        let halts: Vec<_> = gate.halts()?.iter().map(answers::halt).collect();
        let rules = in_force.policy.solana.values();
        let rules = rules.filter_map(|chain| chain.liquidations.as_ref());
        let liquidators = rules.flat_map(|rule| &rule.wallets);
        let liquidators: Vec<_> = liquidators.map(ToString::to_string).collect();
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "gate_id": gate.id(),
            "records": gate.records()?,
            "policy_digest": in_force.digest.to_string(),
            "kill_epoch": state.kill_epoch,
            "halted": state.halted(),
            "halt_reason": state.reason,
            "halts": halts,
            "wallets": wallets,
            "liquidators": liquidators,
        }))
    }

    pub(super) fn step(&self, id: &StepId) -> Result<Value, Fault> {
        let mut gate = self.gate()?;
        let (step, closed) = (gate.step(id)?, gate.closed(id)?);
        let receipt = gate.receipt(id)?;
        if step.is_none() && !closed && receipt.is_none() {
            return Ok(json!({ "found": false }));
        }
        let pending_because = if closed {
            None
        } else {
            self.finish(&mut gate, id)?
        };
        let (attempts, on_solana) = (gate.attempts(id)?, gate.solana_attempts(id)?);
        let signed = attempts.iter().filter_map(answers::attempt);
        let signed = signed.chain(on_solana.iter().filter_map(answers::solana_attempt));
        // Of a closed step nothing waits, and nothing ever left.
        let unsigned = on_solana
            .iter()
            .filter(|known| !closed && is_pending(&gate, known));
        let holds: Vec<_> = on_solana
            .iter()
            .filter_map(|known| hold(&gate, known))
            .collect();
        let pending = answers::pending(&attempts).into_iter();
        let pending: Vec<_> = pending.chain(unsigned.map(|known| known.attempt)).collect();
        let receipt = receipt.map(|(_, receipt)| answers::receipt(&receipt, RECEIPT_LAMPORTS));
        let permit = gate.permit(id)?.as_ref().and_then(answers::recorded_permit);
        Ok(json!({
            "found": true,
            "closed": closed,
            "chain_id": step.as_ref().map(|step| step.chain_id),
            "kind": step.as_ref().map(|step| step.kind.name()),
            "nonce": step.as_ref().and_then(|step| step.nonce),
            "outcome": step.as_ref().and_then(|step| step.outcome).map(Outcome::name),
            "final": step.is_some_and(|step| step.is_final),
            "permit": permit,
            "attempts": signed.collect::<Vec<_>>(),
            "receipt": receipt,
            "holds": holds,
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
        for attempt in gate.solana_attempts(id)? {
            if is_pending(gate, &attempt) {
                let finished = match attempt.hold {
                    Some(_) => self.finish_doubtful(gate, id, &attempt),
                    None => self.finish_solana(gate, id, &attempt),
                };
                results.push(finished.map(drop));
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

    pub(super) fn signed(
        &self,
        wallet: Address,
        chain_id: u64,
        from_nonce: u64,
    ) -> Result<Value, Fault> {
        let found = self
            .gate()?
            .signed(wallet, chain_id, from_nonce, MAX_STEPS + 1)?;
        let (mut steps, mut bytes, mut more_from) = (Vec::new(), 0, None);
        for signed in &found {
            let step = answers::signed_step(signed);
            bytes += step.to_string().len();
            let full = steps.len() == MAX_STEPS || bytes > MAX_PAGE_BYTES;
            if full && !steps.is_empty() {
                more_from = Some(signed.nonce);
                break;
            }
            steps.push(step);
        }
        Ok(json!({ "steps": steps, "more_from": more_from }))
    }

    pub(super) fn check(&self, request: &CheckRequest) -> Result<Value, Fault> {
        match self.would_pass(request) {
            Ok(()) => Ok(json!({ "passed": true })),
            Err(Fault::Refused(Refusal { rule, message })) => {
                Ok(json!({ "passed": false, "rule": rule.name(), "message": message }))
            }
            Err(fault) => Err(fault),
        }
    }

    fn would_pass(&self, request: &CheckRequest) -> Result<(), Fault> {
        let transaction = read_unsigned(&request.unsigned_tx, request.chain_id)?;
        let (gate, now_s) = (self.gate()?, self.clock.now_ms() / 1000);
        let (wallet, strategy_id) = (request.wallet, request.strategy_id.as_deref());
        self.require_key(wallet)?;
        gate.require_running(wallet, strategy_id)?;
        let in_force = self.in_force(&gate)?;
        let policy = &in_force.policy;
        let passed =
            policy.pass_transaction(wallet, strategy_id, transaction, &request.quoted, now_s)?;
        // No step has this name, because an intent's is never empty: it counts in addition to all that is recorded.
        let nobody = StepId {
            intent_id: String::new(),
            step: 0,
        };
        gate.require_room(&nobody, &passed, now_s)
    }

    pub(super) fn budgets(&self) -> Result<Value, Fault> {
        let gate = self.gate()?;
        let in_force = self.in_force(&gate)?;
        let budgets = gate.budgets(&in_force.policy, self.clock.now_ms() / 1000)?;
        let budgets: Vec<_> = budgets
            .iter()
            .map(|budget| answers::budget(budget, &in_force.policy))
            .collect();
        Ok(json!({ "budgets": budgets }))
    }
}
