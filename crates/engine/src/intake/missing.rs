//! `Missing`: which pools have to be read from the chain, and how new what is read has to be.

use std::collections::BTreeSet;

use tradewind_core::ChainAddress;

/// Which pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Every one.
    All,
    /// These.
    Pools(BTreeSet<ChainAddress>),
}

impl Scope {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Pools(pools) if pools.is_empty())
    }

    pub(super) fn holds(&self, pool: ChainAddress) -> bool {
        match self {
            Self::All => true,
            Self::Pools(pools) => pools.contains(&pool),
        }
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::Pools(BTreeSet::new())
    }
}

/// What has to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) scope: Scope,
    /// What the wallet holds, which belongs to no pool; it is read with any.
    pub(super) holdings: bool,
    /// A node that has not come so far does not know of it.
    pub(super) from_slot: u64,
}

impl Missing {
    pub(super) fn all() -> Self {
        Self {
            scope: Scope::All,
            ..Self::default()
        }
    }

    pub(super) fn pools(pools: BTreeSet<ChainAddress>) -> Self {
        Self {
            scope: Scope::Pools(pools),
            ..Self::default()
        }
    }

    pub(super) fn not_before(self, from_slot: u64) -> Self {
        Self { from_slot, ..self }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.scope.is_empty() && !self.holdings
    }

    pub(super) fn add(&mut self, more: Self) {
        self.from_slot = self.from_slot.max(more.from_slot);
        self.holdings |= more.holdings;
        match (&mut self.scope, more.scope) {
            (Scope::Pools(known), Scope::Pools(more)) => known.extend(more),
            (all, Scope::All) => *all = Scope::All,
            (Scope::All, Scope::Pools(_)) => {}
        }
    }
}
