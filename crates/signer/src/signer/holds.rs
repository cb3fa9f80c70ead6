//! Holds on Solana: recorded as any attempt, released later or discarded. What is held has no signature.

use super::Signer;
use super::attempts::recorded_strategy;
use super::solana::Purpose;
use crate::answers;
use crate::fault::{Fault, Rule};
use crate::gate::{Gate, HoldState, SignedSolana, SolanaAttempt, StepId, find_held};
use crate::protocol::{PresignRequest, ReleaseRequest};
use serde_json::{Value, json};

impl Signer {
    pub(super) fn presign(&self, request: &PresignRequest) -> Result<Value, Fault> {
        let (order, mut gate) = (&request.order, self.gate()?);
        gate.require_unclosed(&order.id)?;
        let known = gate.solana_attempts(&order.id)?;
        if known.iter().all(|known| known.attempt != order.attempt) {
            self.record_on_solana(&mut gate, order, Purpose::Step, Some(request.hold_ms))?;
        }
        let known = gate.solana_attempts(&order.id)?;
        let (attempt, _) = find_held(&known, order.attempt)?;
        let same = attempt.unsigned_tx == order.unsigned_tx && attempt.wallet == order.wallet;
        Rule::AttemptConflict.require(same, || {
            let number = attempt.attempt;
            format!("attempt {number} of the step was recorded with another transaction")
        })?;
        let strategy_id = recorded_strategy(&gate, &order.id)?;
        gate.require_running(attempt.wallet, strategy_id.as_deref())?;
        require_not_discarded(&gate, attempt)?;
        Ok(hold(&gate, attempt).unwrap_or_default())
    }

    pub(super) fn release(&self, request: &ReleaseRequest) -> Result<Value, Fault> {
        let (id, mut gate) = (&request.id, self.gate()?);
        let known = gate.solana_attempts(id)?;
        let (attempt, hold) = find_held(&known, request.attempt)?;
        let strategy_id = recorded_strategy(&gate, id)?;
        gate.require_running(attempt.wallet, strategy_id.as_deref())?;
        require_not_discarded(&gate, attempt)?;
        let signed = if let Some(signed) = &attempt.signed {
            signed.clone()
        } else {
            hold.require_young(request.block_height, self.clock.now_ms())?;
            self.require_still_passes(&gate, id, attempt)?;
            let bytes = (attempt.wallet, attempt.unsigned_tx.as_slice());
            let since = Some(hold.kill_epoch);
            self.release_solana(&mut gate, id, attempt.attempt, bytes, since)?
        };
        let height = attempt.last_valid_block_height;
        Ok(answers::solana_signature(&signed, height))
    }

    pub(super) fn discard(&self, id: &StepId, attempt: u32) -> Result<Value, Fault> {
        self.gate()?.discard(id, attempt, self.clock.now_ms())?;
        self.boundaries.gate_committed();
        Ok(json!({ "discarded": true }))
    }

    /// What was held before the machine started anew may have left. It is signed, so that it can be looked for, when it
    /// cannot land any more: by the clock, and because this signer, which began later, has run for as long as a blockhash
    /// lives. A clock can be set; that cannot.
    pub(super) fn finish_doubtful(
        &self,
        gate: &mut Gate,
        id: &StepId,
        attempt: &SolanaAttempt,
    ) -> Result<SignedSolana, Fault> {
        let (until_s, now_s) = (gate.effect_by_s(id)?, self.clock.now_ms() / 1000);
        let by_clock_s = until_s.saturating_add(1).saturating_sub(now_s);
        let run_ms = self.clock.running_ms().saturating_sub(self.began_ms);
        let chain = self
            .in_force(gate)?
            .policy
            .solana
            .get(&attempt.chain_id)
            .map(|chain| chain.blockhash_life_s);
        let by_run_s = chain.unwrap_or_default().saturating_sub(run_ms / 1_000);
        let wait_s = by_clock_s.max(by_run_s);
        Rule::Held.require(wait_s == 0, || {
            format!(
                "attempt {} was held before the machine started anew, and may have been released. Release it, or ask \
                 again in {wait_s} s, when its blockhash has ended.",
                attempt.attempt
            )
        })?;
        self.finish_solana(gate, id, attempt)
    }
}

/// What is told of an attempt that is, or was, held.
pub(super) fn hold(gate: &Gate, attempt: &SolanaAttempt) -> Option<Value> {
    let state = gate.hold_state(attempt)?;
    Some(answers::hold(attempt, attempt.hold.as_ref()?, state))
}

/// Whether its bytes may leave at some time by no request of its own: it was not held, or that was long ago.
pub(super) fn is_pending(gate: &Gate, attempt: &SolanaAttempt) -> bool {
    let state = gate.hold_state(attempt);
    attempt.signed.is_none() && matches!(state, None | Some(HoldState::MaybeReleased))
}

pub(super) fn require_not_discarded(gate: &Gate, attempt: &SolanaAttempt) -> Result<(), Fault> {
    let discarded = gate.hold_state(attempt) == Some(HoldState::Discarded);
    Rule::Discarded.require(!discarded, || {
        let number = attempt.attempt;
        format!("attempt {number} was discarded; the next attempt has the next number")
    })?;
    Ok(())
}
