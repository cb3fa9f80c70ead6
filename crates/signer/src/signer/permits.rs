//! Token permits: at most one for each step, recorded before it is signed, and the same one whenever it is asked for.

use super::Signer;
use super::attempts::recorded_strategy;
use crate::answers;
use crate::fault::{Fault, Rule};
use crate::gate::{Gate, NewPermit, PermitRecord, StepId};
use crate::protocol::PermitRequest;
use crate::signing::{permit_digest, sign_permit};
use serde_json::Value;
use tradewind_core::evm::Permit;

impl Signer {
    pub(super) fn permit(&self, request: &PermitRequest) -> Result<Value, Fault> {
        let mut gate = self.gate()?;
        gate.require_unclosed(&request.id)?;
        let permit = match gate.permit(&request.id)? {
            Some(record) => self.repeat_permit(&mut gate, request, &record)?,
            None => self.record_permit(&mut gate, request)?,
        };
        Ok(answers::permit(&permit))
    }

    /// The step's permit again: the same one, or a refusal.
    fn repeat_permit(
        &self,
        gate: &mut Gate,
        request: &PermitRequest,
        record: &PermitRecord,
    ) -> Result<Permit, Fault> {
        Rule::PermitAlreadyMade.require(record.facts == request.facts, || {
            "the step has a permit with other facts; another permit is another step".to_owned()
        })?;
        let strategy_id = recorded_strategy(gate, &request.id)?;
        gate.require_running(record.facts.wallet, strategy_id.as_deref())?;
        match record.signed {
            Some(permit) => Ok(permit),
            None => self.finish_permit(gate, &request.id, record),
        }
    }

    fn record_permit(&self, gate: &mut Gate, request: &PermitRequest) -> Result<Permit, Fault> {
        let now_ms = self.clock.now_ms();
        let facts = request.facts;
        let strategy_id = request.strategy_id.as_deref();
        self.require_key(facts.wallet)?;
        let in_force = self.in_force(gate)?;
        let domain = in_force
            .policy
            .pass_permit(&facts, strategy_id, now_ms / 1000)?;
        let digest = permit_digest(&facts, domain);
        gate.record_permit(&NewPermit {
            id: &request.id,
            strategy_id,
            facts,
            digest,
            policy: &in_force.policy,
            policy_digest: in_force.digest,
            now_ms,
        })?;
        self.boundaries.gate_committed();
        let record = PermitRecord {
            facts,
            digest,
            signed: None,
        };
        self.release_permit(gate, &request.id, &record)
    }

    fn release_permit(
        &self,
        gate: &mut Gate,
        id: &StepId,
        record: &PermitRecord,
    ) -> Result<Permit, Fault> {
        let strategy_id = recorded_strategy(gate, id)?;
        gate.require_running(record.facts.wallet, strategy_id.as_deref())?;
        let permit = sign_permit(&self.keys, &record.facts, record.digest)?;
        gate.release_permit(id, &permit, self.clock.now_ms())?;
        self.boundaries.signed();
        Ok(permit)
    }

    /// The permit may have been recorded under another policy: the one in force decides.
    pub(super) fn finish_permit(
        &self,
        gate: &mut Gate,
        id: &StepId,
        record: &PermitRecord,
    ) -> Result<Permit, Fault> {
        gate.require_open(id)?;
        let (facts, now_s) = (&record.facts, self.clock.now_ms() / 1000);
        let (in_force, strategy_id) = (self.in_force(gate)?, recorded_strategy(gate, id)?);
        let (policy, strategy_id) = (&in_force.policy, strategy_id.as_deref());
        policy.pass_permit(facts, strategy_id, now_s.min(facts.deadline_s))?;
        if now_s <= facts.deadline_s {
            gate.require_room_for_permit(id, facts, strategy_id, policy, now_s)?;
        }
        self.release_permit(gate, id, record)
    }
}
