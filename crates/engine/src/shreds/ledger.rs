//! `Ledger`: what is predicted of each pool, in order, and what the truth makes of it.
//!
//! A pool's predictions are a row: each stands on the one before. The truth may skip some of them, never go another way:
//! where it does, the whole row is wrong. What a slot that is over did not bring did not happen.

use std::collections::{HashMap, VecDeque};

use tradewind_core::ChainAddress;
use tradewind_core::pools::{ChainClock, Pool, PoolChange, PoolMath as _};

/// Predictions of one pool that wait at once; more are not made.
const MOST_WAITING: usize = 64;
/// A prediction does not outlive so many slots, whatever slot it was said to be of.
const MOST_SLOTS: u64 = 32;

/// What the truth of a pool made of its predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There was nothing to judge, or nothing has changed.
    Open,
    /// So many came true, and so many still wait.
    CameTrue {
        /// How many.
        count: usize,
        /// That stand upon them.
        left: usize,
    },
    /// So many were wrong, all that there were.
    Differed(usize),
}

#[derive(Debug)]
struct Waiting {
    /// The last slot that may bring it.
    slot: u64,
    pool: Pool,
}

#[derive(Debug)]
struct Row {
    /// The truth that it begins from.
    from: Pool,
    waiting: VecDeque<Waiting>,
}

/// The predictions of all pools.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    rows: HashMap<ChainAddress, Row>,
    /// Of each pool the newest slot that changed it unpredicted: entries up to it may have been executed before they
    /// were told.
    ahead: HashMap<ChainAddress, u64>,
    settled_slot: u64,
}

impl Ledger {
    /// Whether what a transaction of this slot does to the pool may be in its truth already.
    #[must_use]
    pub(super) fn is_late(&self, pool: ChainAddress, slot: u64) -> bool {
        slot <= self.settled_slot || self.ahead.get(&pool).is_some_and(|ahead| slot <= *ahead)
    }

    /// The pool's truth is of this slot, and whatever the slot did to it may be in it.
    pub(super) fn is_ahead(&mut self, pool: ChainAddress, slot: u64) {
        let ahead = self.ahead.entry(pool).or_default();
        *ahead = slot.max(*ahead);
    }

    /// Adds the pool as transactions of a slot will leave it; false when too many wait for it. `from` is its truth.
    pub(super) fn predict(&mut self, from: &Pool, pool: Pool, slot: u64) -> bool {
        let row = self.rows.entry(pool.address()).or_insert_with(|| Row {
            from: from.clone(),
            waiting: VecDeque::new(),
        });
        if row.waiting.len() >= MOST_WAITING {
            return false;
        }
        let slot = slot.min(self.settled_slot.saturating_add(MOST_SLOTS));
        row.waiting.push_back(Waiting { slot, pool });
        true
    }

    /// Whether anything is predicted of the pool.
    #[must_use]
    pub(super) fn waits(&self, pool: ChainAddress) -> bool {
        self.rows.contains_key(&pool)
    }

    /// The pools of which anything is predicted.
    #[must_use]
    pub(super) fn pools(&self) -> Vec<ChainAddress> {
        let mut pools: Vec<_> = self.rows.keys().copied().collect();
        pools.sort_unstable();
        pools
    }

    /// Holds the row of a pool against its truth.
    pub(super) fn judge(&mut self, truth: &Pool, clock: ChainClock) -> Verdict {
        let address = truth.address();
        let Some(row) = self.rows.get_mut(&address) else {
            return Verdict::Open;
        };
        let mut waiting = row.waiting.iter();
        // The last of them: two in a row may leave the pool as it was.
        if let Some(place) = waiting.rposition(|it| is_alike(&it.pool, truth, clock)) {
            row.waiting.drain(..=place);
            row.from = truth.clone();
            let left = row.waiting.len();
            if left == 0 {
                self.rows.remove(&address);
            }
            let count = place + 1;
            return Verdict::CameTrue { count, left };
        }
        if is_alike(&row.from, truth, clock) {
            return Verdict::Open;
        }
        Verdict::Differed(self.drop_row(address))
    }

    /// A slot is over. Gives the pools whose rows wait for it in vain, with how many predictions went with each; the truth
    /// of all rows has to be judged before.
    pub(super) fn settle(&mut self, slot: u64) -> Vec<(ChainAddress, usize)> {
        self.settled_slot = self.settled_slot.max(slot);
        let over = |row: &Row| row.waiting.iter().any(|it| it.slot <= slot);
        let over: Vec<_> = self
            .pools()
            .into_iter()
            .filter(|pool| self.rows.get(pool).is_some_and(over))
            .collect();
        over.into_iter()
            .map(|pool| (pool, self.drop_row(pool)))
            .collect()
    }

    /// Forgets what is predicted of a pool; gives how many predictions went.
    pub(super) fn forget(&mut self, pool: ChainAddress) -> usize {
        self.drop_row(pool)
    }

    /// Forgets everything but the slots; gives how many predictions went.
    pub(super) fn clear(&mut self) -> usize {
        let pools = self.pools();
        self.ahead.clear();
        pools.into_iter().map(|pool| self.drop_row(pool)).sum()
    }

    fn drop_row(&mut self, pool: ChainAddress) -> usize {
        let row = self.rows.remove(&pool);
        row.map_or(0, |row| row.waiting.len())
    }
}

/// Whether two states of a pool are the same but for the time.
pub(super) fn is_alike(one: &Pool, other: &Pool, clock: ChainClock) -> bool {
    let at = |pool: &Pool| {
        let mut pool = pool.clone();
        // A pool that does not read the clock refuses it, and stays as it is.
        let _unread = pool.apply(PoolChange::Clock(clock));
        pool.state()
    };
    at(one) == at(other)
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
