//! Decides what becomes of a plan upon predictions: sent, kept until they came true, held ready meanwhile, or dropped.

use std::time::Instant;

use serde_json::json;

use super::awaited::Fate;
use super::ledger::Ledger;
use super::stage::ShredStage;
use super::waiting::WaitingPlan;
use crate::pipeline::{Counts, Opportunity, Seen, Trade};
use crate::strategies::OnPrediction;

impl ShredStage {
    pub(super) fn planned(&mut self, opportunity: Opportunity, trade: Trade) {
        let plan = WaitingPlan { opportunity, trade };
        let terms = self.on_prediction();
        if terms == OnPrediction::Send {
            self.hand_on(plan.opportunity, plan.trade);
            return;
        }
        if !waits(&self.ledger, &plan) {
            // It came true, or was dropped, while it was planned: the executor's last look says which.
            self.release(plan, Instant::now());
            return;
        }
        self.say_waits(&plan);
        let to_hold = (terms == OnPrediction::Presign).then(|| plan.clone());
        let gone = self.plans.keep(plan);
        self.invalidate(gone.into_iter().collect(), "superseded");
        if let Some(plan) = to_hold {
            self.have_held(plan);
        }
    }

    /// The executor has the gate hold its transaction, if it can; the plan waits here all the same.
    fn have_held(&self, plan: WaitingPlan) {
        let opportunity = Opportunity {
            seen: Seen::Awaited(plan.opportunity.moment.slot),
            ..plan.opportunity
        };
        self.shared.shreds.awaited.begin(&opportunity.id);
        self.hand_on(opportunity, plan.trade);
    }

    fn hand_on(&self, opportunity: Opportunity, trade: Trade) {
        let way = opportunity.candidate.hops.clone();
        self.shared.trades.push(way, (opportunity, trade));
    }

    fn say_waits(&self, plan: &WaitingPlan) {
        let fields = json!({
            "opportunity_id": plan.opportunity.id, "slot": plan.opportunity.moment.slot,
            "expected_profit_raw": plan.trade.expected_raw().to_string(),
        });
        self.shared.log.info(
            "plan_waits",
            "a plan waits for transactions that were not executed yet",
            fields,
        );
    }

    /// Everything it stands on has happened, as the feed told at this moment: now it is a plan like any other, found now.
    pub(super) fn release(&self, plan: WaitingPlan, told_at: Instant) {
        let opportunity = Opportunity {
            seen: Seen::Executed,
            told_at,
            found_at: Instant::now(),
            ..plan.opportunity
        };
        if !self.shared.shreds.awaited.end(&opportunity.id) {
            self.hand_on(opportunity, plan.trade);
            return;
        }
        let id = opportunity.id.clone();
        self.decide(id, Fate::CameTrue(Box::new((opportunity, plan.trade))));
    }

    pub(super) fn invalidate(&self, plans: Vec<WaitingPlan>, reason: &'static str) {
        for plan in plans {
            Counts::one(&self.shared.shreds.counts.invalidated);
            let opportunity_id = plan.opportunity.id;
            let fields = json!({"opportunity_id": opportunity_id, "reason": reason});
            if self.shared.shreds.awaited.end(&opportunity_id) {
                let nothing = Fate::CameToNothing {
                    opportunity_id: opportunity_id.clone(),
                    reason,
                };
                self.decide(opportunity_id, nothing);
            }
            self.shared.log.info(
                "plan_invalidated",
                "what a plan stood on did not happen",
                fields,
            );
        }
    }

    fn decide(&self, opportunity_id: String, fate: Fate) {
        self.shared.shreds.awaited.decide(opportunity_id, fate);
        self.shared.trades.nudge();
    }

    fn on_prediction(&mut self) -> OnPrediction {
        let in_force = self.shared.in_force.now();
        match self.terms {
            Some((version, read)) if version == in_force.version => read,
            _ => {
                let terms = (self.strategy.terms)(&in_force.parameters);
                let read = terms.map_or(OnPrediction::Wait, |terms| terms.on_prediction);
                self.terms = Some((in_force.version, read));
                read
            }
        }
    }
}

/// Whether anything that the plan stands on has not happened yet.
pub(super) fn waits(ledger: &Ledger, plan: &WaitingPlan) -> bool {
    plan.pools().any(|pool| ledger.waits(pool))
}
