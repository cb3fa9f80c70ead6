//! The stage: reads transactions before their execution, leads a copy of the pools ahead of the chain, and shows it to a
//! scanner of its own; holds it against the truth as that comes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Transaction;
use tradewind_core::pools::Pool;

use super::desk::{PredictionCounts, Work};
use super::entries::decode_entries;
use super::ledger::{Ledger, Verdict, is_alike};
use super::swap::{LeftOut, PoolSwap, read_swaps};
use super::tables::Tables;
use super::waiting::{WaitingPlan, WaitingPlans};
use crate::feed::Moment;
use crate::pipeline::{
    Changed, Counts, Opportunity, Purpose, Seen, Shared, Trade, scan_change_seen,
};
use crate::strategies::{OnPrediction, Scanner, Sight, Strategy};

/// How long the stage waits before it looks whether it is over.
const PATIENCE: Duration = Duration::from_millis(100);

/// The stage of one engine.
pub struct ShredStage {
    shared: Arc<Shared>,
    strategy: Strategy,
    scanner: Box<dyn Scanner>,
    ledger: Ledger,
    tables: Tables,
    plans: WaitingPlans,
    /// Pools whose truth the scanner has not seen.
    unseen: BTreeSet<ChainAddress>,
    /// Numbers the predictions.
    predicted: u64,
    /// What the parameters of this version say.
    terms: Option<(u64, OnPrediction)>,
}

impl ShredStage {
    /// With nothing predicted.
    #[must_use]
    pub fn new(shared: Arc<Shared>, strategy: Strategy) -> Self {
        Self {
            shared,
            scanner: (strategy.scanner)(),
            strategy,
            ledger: Ledger::default(),
            tables: Tables::default(),
            plans: WaitingPlans::default(),
            unseen: BTreeSet::new(),
            predicted: 0,
            terms: None,
        }
    }

    /// The whole work of the stage's thread.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while !shared.shreds.is_finished() {
            if let Some(work) = shared.shreds.pop(PATIENCE) {
                self.take(work);
            }
        }
    }

    pub(super) fn take(&mut self, work: Work) {
        if !self
            .shared
            .shreds
            .predicted()
            .mirrors(&self.shared.inventory())
        {
            self.anew();
        }
        match work {
            Work::Entries {
                slot,
                bytes,
                told_at,
            } => self.entries(slot, &bytes, told_at),
            Work::Pool(pool) => self.truth(pool),
            Work::Settled(slot) => self.settled(slot),
            Work::Anew => self.anew(),
            Work::Table(table, Some(keys)) => self.tables.put(table, keys),
            Work::Table(_, None) => {}
            Work::Planned(plan) => self.planned(plan.0, plan.1),
        }
    }

    /// Everything is as the chain has it, and nothing is predicted.
    fn anew(&mut self) {
        let counts = &self.shared.shreds.counts;
        PredictionCounts::add(&counts.expired, self.ledger.clear());
        let plans = self.plans.take(|_| true);
        self.invalidate(plans, "forgotten");
        let truth = self.shared.inventory();
        for table in truth.tables() {
            self.tables.put(table.table.address(), table.keys.clone());
        }
        for id in truth.graph().pool_ids() {
            if let (Some(pool), Some(standing)) = (truth.graph().address_of(id), truth.standing(id))
            {
                self.ledger.is_ahead(pool, standing.moment.slot);
            }
        }
        let copy = truth.clone();
        drop(truth);
        *self.shared.shreds.predicted_mut() = copy;
        self.unseen.clear();
        self.scanner = (self.strategy.scanner)();
    }

    fn entries(&mut self, slot: u64, bytes: &[u8], told_at: Instant) {
        let shared = Arc::clone(&self.shared);
        let counts = &shared.shreds.counts;
        Counts::one(&counts.messages);
        let entries = match decode_entries(bytes) {
            Ok(entries) => entries,
            Err(fault) => {
                Counts::one(&counts.malformed);
                let fields = json!({"slot": slot, "code": "entries_malformed"});
                shared
                    .log
                    .warning("entries_malformed", &fault.to_string(), fields);
                return;
            }
        };
        let mut changed = BTreeSet::new();
        for transaction in entries.iter().flat_map(|entry| &entry.transactions) {
            changed.extend(self.transaction(slot, transaction));
        }
        if !changed.is_empty() {
            self.scan(slot, &changed, told_at);
        }
    }

    /// Predicts one transaction; gives the pools that it changes.
    fn transaction(&mut self, slot: u64, transaction: &Transaction<'_>) -> Vec<ChainAddress> {
        let shared = Arc::clone(&self.shared);
        let counts = &shared.shreds.counts;
        let copy = shared.shreds.predicted();
        let read = read_swaps(transaction, self.tables.known(), &copy);
        drop(copy);
        let swaps = match read {
            Ok(swaps) if swaps.is_empty() => return Vec::new(),
            Ok(swaps) => swaps,
            Err(why) => {
                self.left_out(&why);
                return Vec::new();
            }
        };
        if swaps
            .iter()
            .any(|swap| self.ledger.is_late(swap.pool, slot))
        {
            Counts::one(&counts.late);
            return Vec::new();
        }
        if self.is_stale(&swaps) {
            Counts::one(&counts.stale);
            return Vec::new();
        }
        let Some(after) = self.after(&swaps) else {
            Counts::one(&counts.failing);
            return Vec::new();
        };
        Counts::one(&counts.transactions);
        let mut changed = Vec::new();
        for (address, pool) in after {
            if self.predict(address, pool, slot) {
                changed.push(address);
            }
        }
        changed
    }

    fn left_out(&mut self, why: &LeftOut) {
        let counts = &self.shared.shreds.counts;
        match why {
            LeftOut::OtherVenue | LeftOut::Malformed => Counts::one(&counts.other_venue),
            LeftOut::Direction => Counts::one(&counts.direction),
            LeftOut::Unresolved(tables) => {
                Counts::one(&counts.unresolved);
                for table in tables {
                    if self.tables.ask(*table, Instant::now()) {
                        self.shared.shreds.want_table(*table);
                    }
                }
            }
        }
    }

    fn is_stale(&self, swaps: &[PoolSwap]) -> bool {
        let copy = self.shared.shreds.predicted();
        swaps.iter().any(|swap| {
            let id = copy.graph().pool_id(swap.pool);
            let standing = id.and_then(|id| copy.standing(id));
            standing.is_none_or(|standing| standing.stale)
        })
    }

    /// The pools after all of the swaps, or None where one of them fails.
    fn after(&self, swaps: &[PoolSwap]) -> Option<HashMap<ChainAddress, Pool>> {
        let copy = self.shared.shreds.predicted();
        let mut after: HashMap<ChainAddress, Pool> = HashMap::new();
        for swap in swaps {
            let before = match after.get(&swap.pool) {
                Some(pool) => pool,
                None => copy.graph().pool(swap.pool).ok()?,
            };
            let pool = swap.apply(before)?;
            after.insert(swap.pool, pool);
        }
        Some(after)
    }

    fn predict(&mut self, address: ChainAddress, pool: Pool, slot: u64) -> bool {
        let counts = &self.shared.shreds.counts;
        let mut copy = self.shared.shreds.predicted_mut();
        let Ok(before) = copy.graph().pool(address).cloned() else {
            return false;
        };
        if !self.ledger.predict(&before, pool.clone(), slot) {
            return false;
        }
        let _there = copy.lead(pool);
        drop(copy);
        Counts::one(&counts.predictions);
        self.predicted += 1;
        // It was made upon what the pool is not any more.
        let outdated = self.plans.take(|plan| plan.pools().any(|it| it == address));
        self.invalidate(outdated, "superseded");
        true
    }

    /// Shows the scanner what is predicted of these pools.
    fn scan(&mut self, slot: u64, pools: &BTreeSet<ChainAddress>, told_at: Instant) {
        let shared = Arc::clone(&self.shared);
        shared
            .shreds
            .predicted_mut()
            .mirror_wallet(&shared.inventory());
        self.show_unseen();
        let moment = Moment {
            slot,
            write_version: self.predicted,
        };
        for pool in pools {
            let changed = Changed {
                pool: *pool,
                moment,
                told_at,
                applied_at: Instant::now(),
            };
            let seen = Seen::Predicted(slot);
            let found = scan_change_seen(&shared, self.scanner.as_mut(), changed, seen);
            // What is bought and kept is bought of the chain as it is.
            let circles = found
                .into_iter()
                .filter(|it| it.candidate.purpose == Purpose::Circle);
            for opportunity in circles {
                let way = opportunity.candidate.hops.clone();
                shared.opportunities.push(way, opportunity);
            }
        }
    }

    /// The scanner has to know every pool as it is before it can say what one of them opens.
    fn show_unseen(&mut self) {
        let in_force = self.shared.in_force.now();
        let copy = self.shared.shreds.predicted();
        let sight = Sight {
            inventory: &copy,
            in_force: &in_force,
        };
        for pool in std::mem::take(&mut self.unseen) {
            let _told_by_the_other_scanner = self.scanner.scan(sight, pool);
        }
    }

    /// A pool stands otherwise than before, on the chain.
    fn truth(&mut self, address: ChainAddress) {
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
                self.release(plan);
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
    fn settled(&mut self, slot: u64) {
        for pool in self.ledger.pools() {
            self.truth(pool);
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

    fn planned(&mut self, opportunity: Opportunity, trade: Trade) {
        let plan = WaitingPlan { opportunity, trade };
        if self.on_prediction() == OnPrediction::Send {
            let way = plan.opportunity.candidate.hops.clone();
            self.shared.trades.push(way, (plan.opportunity, plan.trade));
            return;
        }
        let ledger = &self.ledger;
        if !plan.pools().any(|pool| ledger.waits(pool)) {
            // It came true, or was dropped, while it was planned: the executor's last look says which.
            self.release(plan);
            return;
        }
        let fields = json!({
            "opportunity_id": plan.opportunity.id, "slot": plan.opportunity.moment.slot,
            "expected_profit_raw": plan.trade.expected_raw().to_string(),
        });
        self.shared.log.info(
            "plan_waits",
            "a plan waits for transactions that were not executed yet",
            fields,
        );
        let gone = self.plans.keep(plan);
        self.invalidate(gone.into_iter().collect(), "superseded");
    }

    /// Everything it stands on has happened: now it is a plan like any other, and found now.
    fn release(&self, plan: WaitingPlan) {
        let now = Instant::now();
        let opportunity = Opportunity {
            seen: Seen::Executed,
            told_at: now,
            found_at: now,
            ..plan.opportunity
        };
        let way = opportunity.candidate.hops.clone();
        self.shared.trades.push(way, (opportunity, plan.trade));
    }

    fn invalidate(&self, plans: Vec<WaitingPlan>, reason: &str) {
        for plan in plans {
            Counts::one(&self.shared.shreds.counts.invalidated);
            let fields = json!({"opportunity_id": plan.opportunity.id, "reason": reason});
            self.shared.log.info(
                "plan_invalidated",
                "what a plan stood on did not happen",
                fields,
            );
        }
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

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
