//! The stage: reads transactions before their execution, leads a copy of the pools ahead of the chain, and shows it to a
//! scanner of its own; holds it against the truth as that comes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tradewind_core::ChainAddress;

use super::desk::{PredictionCounts, Work};
use super::entries::decode_entries;
use super::ledger::Ledger;
use super::tables::Tables;
use super::waiting::WaitingPlans;
use crate::feed::Moment;
use crate::pipeline::{Changed, Counts, Purpose, Seen, Shared, scan_change_seen};
use crate::strategies::{OnPrediction, Scanner, Sight, Strategy};

/// How long the stage waits before it looks whether it is over.
const PATIENCE: Duration = Duration::from_millis(100);

/// The stage of one engine.
pub struct ShredStage {
    pub(super) shared: Arc<Shared>,
    pub(super) strategy: Strategy,
    scanner: Box<dyn Scanner>,
    pub(super) ledger: Ledger,
    pub(super) tables: Tables,
    pub(super) plans: WaitingPlans,
    /// Pools whose truth the scanner has not seen.
    pub(super) unseen: BTreeSet<ChainAddress>,
    /// Numbers the predictions.
    pub(super) predicted: u64,
    /// What the parameters of this version say.
    pub(super) terms: Option<(u64, OnPrediction)>,
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
            Work::Pool { pool, told_at } => self.truth(pool, told_at),
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
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
