//! `OpportunityFound`: what a scanner took for paying, and why it was not planned, if it was not.

use serde_json::{Value, json};

use super::envelope;
use crate::identifier;
use crate::pipeline::{NotPlanned, Opportunity};

/// The event; stream OPPORTUNITIES, subject `opportunity.found`. Amounts are decimal strings of raw units of the base.
#[must_use]
pub fn opportunity_found(
    instance: &str,
    opportunity: &Opportunity,
    not_planned: Option<&NotPlanned>,
    at_ns: u64,
) -> Value {
    let candidate = &opportunity.candidate;
    let hops = candidate.hops.iter().map(|hop| {
        json!({
            "pool": hop.pool.to_string(),
            "inputMint": hop.mint_in.to_string(),
            "outputMint": hop.mint_out.to_string(),
        })
    });
    let body = json!({
        "opportunityId": opportunity.id,
        "instance": instance,
        "slot": opportunity.moment.slot,
        "writeVersion": opportunity.moment.write_version,
        "base": candidate.base.to_string(),
        "inputAmount": candidate.amount_in_raw.to_string(),
        "expectedProfit": candidate.profit_raw.to_string(),
        "hops": hops.collect::<Vec<_>>(),
        "notPlanned": not_planned.map(NotPlanned::code),
        "timestamp": opportunity.found_at_ms,
    });
    let id = opportunity_event_id(&opportunity.id);
    envelope(&id, "OpportunityFound", at_ns, &opportunity.id, None, &body)
}

/// The id of the event that says it.
pub(super) fn opportunity_event_id(opportunity_id: &str) -> String {
    identifier::derived(&format!("opportunity found/{opportunity_id}"))
}
