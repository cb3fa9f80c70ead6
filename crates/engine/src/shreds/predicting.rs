//! Predicts: what a transaction will do to the pools, entered in the ledger and in the copy.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Transaction;
use tradewind_core::pools::Pool;

use super::stage::ShredStage;
use super::swap::{LeftOut, PoolSwap, read_swaps};
use crate::pipeline::Counts;

impl ShredStage {
    /// Predicts one transaction; gives the pools that it changes.
    pub(super) fn transaction(
        &mut self,
        slot: u64,
        transaction: &Transaction<'_>,
    ) -> Vec<ChainAddress> {
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
}
