//! Questions about the budgets: is there room for this, and what is used of each limit.

use super::Gate;
use super::steps::StepId;
use super::usage::Reservation;
use crate::fault::Fault;
use crate::policy::{AmountLimit, Passed, PermitFacts, Policy};
use alloy_primitives::U256;

/// A limit in force and what is used of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Which.
    pub limit: AmountLimit,
    /// The most, in base units.
    pub cap_raw: U256,
    /// What counts against it now, in base units.
    pub used_raw: U256,
}

impl Gate {
    /// A transaction fits into every limit that it falls under.
    ///
    /// # Errors
    /// `amount_per_hour`, `amount_per_day`, `signed_per_day`, or the gate file cannot be read.
    pub fn require_room(&self, id: &StepId, passed: &Passed<'_>, now_s: u64) -> Result<(), Fault> {
        Reservation::of_transaction(id, passed).require_room(&self.connection, &self.ledger, now_s)
    }

    /// A permit fits into every limit that it falls under.
    ///
    /// # Errors
    /// As [`Gate::require_room`].
    pub fn require_room_for_permit(
        &self,
        id: &StepId,
        facts: &PermitFacts,
        strategy_id: Option<&str>,
        policy: &Policy,
        now_s: u64,
    ) -> Result<(), Fault> {
        Reservation::of_permit(id, facts, strategy_id, policy).require_room(
            &self.connection,
            &self.ledger,
            now_s,
        )
    }

    /// Every limit of amounts with what is used of it.
    ///
    /// # Errors
    /// The gate file cannot be read.
    pub fn budgets(&self, policy: &Policy, now_s: u64) -> Result<Vec<Budget>, Fault> {
        let mut budgets = Vec::new();
        for (chain_id, token) in policy.tokens() {
            let own = policy.amounts.iter();
            let own = own.filter(|(limit, _)| limit.chain_id == chain_id && limit.token == token);
            let (limits, caps): (Vec<_>, Vec<&U256>) = own.unzip();
            let of = (chain_id, token);
            let used = (self.ledger).used(&self.connection, of, &limits, None, now_s)?;
            let own = limits.into_iter().zip(caps).zip(used);
            budgets.extend(own.map(|((limit, cap), used_raw)| Budget {
                limit: limit.clone(),
                cap_raw: *cap,
                used_raw,
            }));
        }
        Ok(budgets)
    }
}
