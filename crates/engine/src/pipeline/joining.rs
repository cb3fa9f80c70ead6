//! `Joining`: pools that somebody found while the engine runs, on their way to be read and followed.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tradewind_core::ChainAddress;

/// Pools that wait; more are not taken.
const MOST_POOLS: usize = 4_096;

/// The pools that wait.
#[derive(Debug, Default)]
pub struct Joining {
    pools: Mutex<BTreeSet<ChainAddress>>,
    leaving: Mutex<BTreeSet<ChainAddress>>,
    news: Notify,
}

impl Joining {
    /// Asks for a pool to be read and followed; false when too many wait already.
    pub fn add(&self, pool: ChainAddress) -> bool {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if pools.len() == MOST_POOLS && !pools.contains(&pool) {
            return false;
        }
        pools.insert(pool);
        self.news.notify_one();
        true
    }

    /// A pool is read no more.
    pub fn leave(&self, pool: ChainAddress) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.remove(&pool);
        drop(pools);
        self.left().insert(pool);
    }

    /// The pools that are read no more, for whoever reads.
    pub fn left(&self) -> MutexGuard<'_, BTreeSet<ChainAddress>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that wait, as soon as there are any. May be dropped while it waits.
    pub async fn next(&self) -> Vec<ChainAddress> {
        loop {
            let waiting = self.take();
            if !waiting.is_empty() {
                return waiting;
            }
            self.news.notified().await;
        }
    }

    fn take(&self) -> Vec<ChainAddress> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pools).into_iter().collect()
    }
}
