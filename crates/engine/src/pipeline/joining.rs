//! `Joining`: pools that somebody found while the engine runs, on their way to be read and followed; and on their way out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tradewind_core::ChainAddress;

/// Pools that wait; more are not taken.
const MOST_POOLS: usize = 4_096;

/// The pools that wait.
#[derive(Debug, Default)]
pub struct Joining {
    pools: Mutex<BTreeSet<ChainAddress>>,
    /// Pools that were taken out, each with the accounts that nobody read any more by that.
    leaving: Mutex<BTreeMap<ChainAddress, Vec<ChainAddress>>>,
    /// Pools that the strategy has no use for.
    unwanted: Mutex<BTreeSet<ChainAddress>>,
    news: Notify,
}

impl Joining {
    /// Asks for a pool to be read and followed; false when too many wait already.
    pub fn add(&self, pool: ChainAddress) -> bool {
        let mut pools = locked(&self.pools);
        if pools.len() == MOST_POOLS && !pools.contains(&pool) {
            return false;
        }
        pools.insert(pool);
        // It stays, then.
        locked(&self.leaving).remove(&pool);
        self.news.notify_one();
        true
    }

    /// A pool is read no more, and neither are these accounts.
    pub fn leave(&self, pool: ChainAddress, accounts: Vec<ChainAddress>) {
        locked(&self.pools).remove(&pool);
        locked(&self.leaving).insert(pool, accounts);
    }

    /// The pools that are read no more, each with its accounts, for whoever reads.
    pub fn take_left(&self) -> BTreeMap<ChainAddress, Vec<ChainAddress>> {
        std::mem::take(&mut *locked(&self.leaving))
    }

    /// The strategy has no use for a pool; whoever found it takes it out, unless a position is in it.
    pub fn unwant(&self, pool: ChainAddress) {
        locked(&self.unwanted).insert(pool);
    }

    /// Those pools.
    pub fn take_unwanted(&self) -> BTreeSet<ChainAddress> {
        std::mem::take(&mut *locked(&self.unwanted))
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
        let mut pools = locked(&self.pools);
        std::mem::take(&mut *pools).into_iter().collect()
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
