//! Judges: holds what was predicted against the truth as that comes, slot by slot.

use std::time::Instant;

use tradewind_core::ChainAddress;

use super::desk::PredictionCounts;
use super::ledger::{Verdict, is_alike};
use super::stage::ShredStage;

impl ShredStage {
    /// A pool stands otherwise than before, on the chain.
    pub(super) fn truth(&mut self, address: ChainAddress, told_at: Instant) {
        let truth = self.shared.inventory();
        let id = truth.graph().pool_id(address);
        let Some((id, pool)) = id.and_then(|id| Some((id, truth.graph().at(id)?.clone()))) else {
            return;
        };
        if truth.is_torn(id) {
            return;
        }
        let standing = truth.standing(id).unwrap_or_default();
        let (slot, clock) = (standing.moment.slot, truth.clock());
        drop(truth);
        if standing.stale {
            self.forget(address);
            return;
        }
        let counts = &self.shared.shreds.counts;
        let verdict = self.ledger.judge(&pool, clock);
        match verdict {
            // It waits still: what is known of it ahead of the chain stays.
            Verdict::Open if self.ledger.waits(address) => return,
            Verdict::Open => {
                let copy = self.shared.shreds.predicted();
                let known = copy.graph().pool(address).ok();
                let was_stale = copy.standing(id).is_none_or(|standing| standing.stale);
                if was_stale || known.is_none_or(|known| !is_alike(known, &pool, clock)) {
                    self.ledger.is_ahead(address, slot);
                }
            }
            Verdict::CameTrue { count, left } => {
                PredictionCounts::add(&counts.came_true, count);
                if left > 0 {
                    return;
                }
            }
            Verdict::Differed(count) => {
                PredictionCounts::add(&counts.differed, count);
                self.ledger.is_ahead(address, slot);
                let plans = self.plans.take(|plan| plan.pools().any(|it| it == address));
                self.invalidate(plans, "differed");
            }
        }
        self.mirror(address);
        if matches!(verdict, Verdict::CameTrue { .. }) {
            let ledger = &self.ledger;
            let ready = self
                .plans
                .take(|plan| !plan.pools().any(|it| ledger.waits(it)));
            for plan in ready {
                self.release(plan, told_at);
            }
        }
    }

    /// Nobody knows how the pool stands.
    fn forget(&mut self, pool: ChainAddress) {
        let count = self.ledger.forget(pool);
        PredictionCounts::add(&self.shared.shreds.counts.expired, count);
        let plans = self.plans.take(|plan| plan.pools().any(|it| it == pool));
        self.invalidate(plans, "forgotten");
        self.mirror(pool);
    }

    /// A slot is over: what it was to bring and did not bring is dropped.
    pub(super) fn settled(&mut self, slot: u64) {
        let now = Instant::now();
        for pool in self.ledger.pools() {
            self.truth(pool, now);
        }
        for (pool, count) in self.ledger.settle(slot) {
            PredictionCounts::add(&self.shared.shreds.counts.expired, count);
            let plans = self.plans.take(|plan| plan.pools().any(|it| it == pool));
            self.invalidate(plans, "expired");
            self.mirror(pool);
        }
    }

    fn mirror(&mut self, pool: ChainAddress) {
        let shreds = &self.shared.shreds;
        shreds
            .predicted_mut()
            .mirror(&self.shared.inventory(), pool);
        self.unseen.insert(pool);
    }
}
