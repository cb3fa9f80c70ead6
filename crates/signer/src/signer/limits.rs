//! The policy in force: that of `signer.toml` under the limits that the gate remembers.

use super::{Signer, lock};
use crate::answers;
use crate::fault::Fault;
use crate::gate::Gate;
use crate::policy::Policy;
use alloy_primitives::{B256, U256};
use serde_json::{Value, json};
use std::sync::Arc;

/// The policy that decides, for as long as no limit changes by itself.
pub(super) struct InForce {
    pub(super) policy: Policy,
    pub(super) digest: B256,
    since_ms: u64,
    until_ms: Option<u64>,
}

impl InForce {
    // A clock that was set back may have unmade a raise.
    fn counts_at(&self, now_ms: u64) -> bool {
        now_ms >= self.since_ms && self.until_ms.is_none_or(|until| now_ms < until)
    }
}

impl Signer {
    /// What decides now. The gate is held by the caller, so nothing changes meanwhile.
    pub(super) fn in_force(&self, gate: &Gate) -> Result<Arc<InForce>, Fault> {
        let now_ms = self.clock.now_ms();
        let mut known = lock(&self.in_force)?;
        if let Some(in_force) = known.as_ref().filter(|known| known.counts_at(now_ms)) {
            return Ok(Arc::clone(in_force));
        }
        let (terms, until_ms) = gate.terms(now_ms)?;
        let policy = self.ceilings.under(&terms);
        let in_force = Arc::new(InForce {
            digest: policy.digest(),
            policy,
            since_ms: now_ms,
            until_ms,
        });
        *known = Some(Arc::clone(&in_force));
        Ok(in_force)
    }

    /// After a change of limits the policy is put together again.
    pub(super) fn forget_in_force(&self) -> Result<(), Fault> {
        *lock(&self.in_force)? = None;
        Ok(())
    }

    pub(super) fn limits(&self) -> Result<Value, Fault> {
        let now_ms = self.clock.now_ms();
        let limits = self.gate()?.limits(now_ms)?;
        let limits: Vec<_> = limits.iter().map(answers::limit).collect();
        Ok(json!({ "now_ms": now_ms, "limits": limits }))
    }

    pub(super) fn set_limit(&self, key: &str, value: U256, by: &str) -> Result<Value, Fault> {
        let mut gate = self.gate()?;
        let now_ms = self.clock.now_ms();
        let effective_at_ms = gate.set_limit(key, value, by, now_ms)?;
        self.forget_in_force()?;
        Ok(json!({
            "key": key,
            "value": value.to_string(),
            "pending": effective_at_ms > now_ms,
            "effective_at_ms": effective_at_ms,
        }))
    }
}
