//! Which state of each pool the index knows, and the index's own time.

use crate::ChainAddress;
use crate::pools::Pool;
use crate::routing::{PoolGraph, PoolId, TokenId};

/// A pool as it was when the index was built, and its version since.
#[derive(Debug, Clone)]
struct Known {
    address: ChainAddress,
    tokens: Box<[TokenId]>,
    /// `None` once it left.
    version: Option<u64>,
}

/// The states that the index has taken. Its time goes on with every change that it takes.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// By the pool's number.
    pools: Vec<Option<Known>>,
    /// The graph's epoch at which all of them were current.
    epoch: u64,
    now: u64,
}

impl Seen {
    pub(super) fn new(graph: &PoolGraph) -> Self {
        let mut pools = vec![None; graph.pool_places()];
        for pool in graph.pool_ids() {
            pools[pool.index()] = graph.address_of(pool).map(|address| Known {
                address,
                tokens: graph.tokens_of(pool).into(),
                version: graph.version(pool),
            });
        }
        Self {
            pools,
            epoch: graph.epoch(),
            now: 0,
        }
    }

    /// Takes one pool's state, and tells `refresh` when it is a new one.
    pub(super) fn take(
        &mut self,
        graph: &PoolGraph,
        pool: PoolId,
        mut refresh: impl FnMut(PoolId, Option<&Pool>, u64),
    ) {
        let Some(Some(known)) = self.pools.get_mut(pool.index()) else {
            return;
        };
        let before = self.epoch;
        let version = graph.version(pool);
        // A number may have gone to another pool, or an address to a pool of other tokens.
        let same = graph.address_of(pool) == Some(known.address)
            && graph.tokens_of(pool) == &*known.tokens;
        let version = version.filter(|_| same);
        let state = graph.at(pool).filter(|_| same);
        if known.version != version {
            known.version = version;
            self.now += 1;
            refresh(pool, state, self.now);
        }
        // The only change since all were current is this one.
        if graph.epoch() == before + 1 && version == Some(graph.epoch()) {
            self.epoch = graph.epoch();
        }
    }

    /// Takes every state that is new, and gives the index's time.
    pub(super) fn catch_up(
        &mut self,
        graph: &PoolGraph,
        mut refresh: impl FnMut(PoolId, Option<&Pool>, u64),
    ) -> u64 {
        if graph.epoch() != self.epoch {
            for number in 0..self.pools.len() {
                if let Ok(number) = u32::try_from(number) {
                    self.take(graph, PoolId(number), &mut refresh);
                }
            }
            self.epoch = graph.epoch();
        }
        self.now
    }
}
