//! `PoolStanding`: whether a pool may be traded on: read from the chain, and with both vaults of the same transactions.

use tradewind_core::routing::PoolId;

use super::Inventory;
use super::pairing::Pairing;
use crate::feed::{AccountUpdate, Moment};

/// How a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStanding {
    /// The newest write of any of its accounts.
    pub moment: Moment,
    /// Whether it may differ from the chain: not read from it yet, or a change could not be taken.
    pub stale: bool,
}

impl Inventory {
    /// Whether one vault of a pool is ahead of the other, so that its price is none.
    #[must_use]
    pub fn is_torn(&self, id: PoolId) -> bool {
        self.torn.contains(&id)
    }

    /// Everything up to this slot was told and applied. Gives the pools that are whole by that.
    pub fn settle(&mut self, slot: u64) -> Vec<PoolId> {
        self.settled_slot = self.settled_slot.max(slot);
        let (pairings, settled) = (&self.pairings, self.settled_slot);
        let is_torn = |id: &PoolId| {
            let pairing = pairings.get(id.index()).and_then(Option::as_ref);
            pairing.is_some_and(|pairing| pairing.is_torn(settled))
        };
        let whole: Vec<_> = self
            .torn
            .iter()
            .copied()
            .filter(|id| !is_torn(id))
            .collect();
        for id in &whole {
            self.torn.remove(id);
        }
        whole
    }

    pub(super) fn pair(&mut self, id: PoolId, update: &AccountUpdate) {
        let Some(pairing) = self.pairings.get_mut(id.index()).and_then(Option::as_mut) else {
            return;
        };
        // What was read whole has no place within its slot, and is of one moment.
        if update.moment.write_version > 0 {
            pairing.written(update.key, update.moment.slot);
        }
        if pairing.is_torn(self.settled_slot) {
            self.torn.insert(id);
        } else {
            self.torn.remove(&id);
        }
    }

    /// Says of a pool that it may differ from the chain.
    pub fn set_stale(&mut self, id: PoolId) {
        if let Some(standing) = self.standings.get_mut(id.index()) {
            standing.stale = true;
        }
    }

    /// Says it of all pools: the feed was interrupted.
    pub fn set_all_stale(&mut self) {
        for standing in &mut self.standings {
            standing.stale = true;
        }
        self.loans.set_all_stale();
    }

    /// How a pool stands.
    #[must_use]
    pub fn standing(&self, id: PoolId) -> Option<PoolStanding> {
        self.graph.at(id)?;
        self.standings.get(id.index()).copied()
    }

    /// The pools that may differ from the chain.
    #[must_use]
    pub fn stale(&self) -> Vec<PoolId> {
        let ids = self.graph.pool_ids();
        ids.filter(|id| self.standing(*id).is_some_and(|it| it.stale))
            .collect()
    }

    pub(super) fn stand(&mut self, id: PoolId, standing: PoolStanding) {
        let places = self.graph.pool_places();
        if self.standings.len() < places {
            self.standings.resize(places, PoolStanding::default());
            self.pairings.resize(places, None);
        }
        self.torn.remove(&id);
        let pairing = self.graph.at(id).and_then(Pairing::of);
        if let Some(place) = self.pairings.get_mut(id.index()) {
            *place = pairing;
        }
        if let Some(place) = self.standings.get_mut(id.index()) {
            *place = standing;
        }
    }
}
