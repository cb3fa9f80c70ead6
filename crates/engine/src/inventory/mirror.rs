//! A copy of an inventory that is led ahead of the chain: brought up to it pool by pool, and changed by what is expected.

use tradewind_core::ChainAddress;
use tradewind_core::pools::{Pool, PoolError};

use super::Inventory;

impl Inventory {
    /// Whether this copy has the same pools in the same places.
    #[must_use]
    pub fn mirrors(&self, truth: &Self) -> bool {
        self.graph.topology() == truth.graph.topology() && self.graph.len() == truth.graph.len()
    }

    /// Takes one pool, and how it stands, as the other inventory has it.
    pub fn mirror(&mut self, truth: &Self, pool: ChainAddress) {
        let Some(id) = truth.graph.pool_id(pool) else {
            return;
        };
        if let Some(known) = truth.graph.at(id) {
            self.graph.upsert(known.clone());
        }
        if let (Some(place), Some(standing)) =
            (self.standings.get_mut(id.index()), truth.standing(id))
        {
            *place = standing;
        }
        if truth.is_torn(id) {
            self.torn.insert(id);
        } else {
            self.torn.remove(&id);
        }
    }

    /// Takes what the wallet has, and the clock, as the other inventory has them.
    pub fn mirror_wallet(&mut self, truth: &Self) {
        self.wallet = truth.wallet;
        self.holdings.clone_from(&truth.holdings);
        if self.token_accounts.len() != truth.token_accounts.len() {
            self.token_accounts.clone_from(&truth.token_accounts);
        }
        if self.clock != truth.clock {
            self.set_clock(truth.clock);
        }
    }

    /// Puts a pool of it ahead of the chain; gives nothing for one that is not there.
    ///
    /// # Errors
    /// `unknown_pool`.
    pub fn lead(&mut self, pool: Pool) -> Result<(), PoolError> {
        use tradewind_core::pools::PoolMath as _;

        let address = pool.address();
        let id = self
            .graph
            .pool_id(address)
            .ok_or(PoolError::UnknownPool(address))?;
        self.graph.upsert(pool);
        self.torn.remove(&id);
        Ok(())
    }
}
