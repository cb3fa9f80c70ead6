//! The inventory: every pool that is traded, as the chain has it, and by token, by account and by age.
//!
//! - here: pools brought forward account by account; `standing`: whether each may be traded on;
//! - `pairing`: vaults of the same transactions; - `wallet`: who trades, and what that one has;
//! - `launch`: pools that were found while the engine ran; - `loans`: loans of a lending market;
//! - `snapshot`: pools from a file in their JSON form;
//! - `loading`: pools from the accounts of the chain; `lookup_table`: what makes transactions smaller;
//! - `stocking`: what was known before the feed, for a recording;
//! - `mirror`: a copy that can be led ahead of the chain.

mod launch;
mod loading;
mod loans;
mod lookup_table;
mod mirror;
mod pairing;
mod snapshot;
mod standing;
mod stocking;
mod wallet;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, MutexGuard};

use tradewind_core::ChainAddress;
use tradewind_core::pools::{ChainClock, Pool, PoolError, PoolMath};
use tradewind_core::routing::{PoolGraph, PoolId};
use tradewind_solana::swaps::SwapAccounts;
use tradewind_solana::token_accounts::TokenProgram;

pub use launch::{Launch, MintFacts};
pub use loading::{AccountReader, CLOCK, LeftOut, LoadedPool, Loading, decode_clock, load};
pub use loans::{LoanFault, Loans, Refreshed};
pub use lookup_table::KnownTable;
pub use snapshot::{SnapshotFault, read_snapshot};
pub use standing::PoolStanding;
pub use wallet::Holding;

use crate::feed::{AccountUpdate, Moment};
use crate::positions::{PositionBook, Positions};
use pairing::Pairing;

/// What was bought and is not sold yet, shared.
pub type PositionHandle = Arc<PositionBook>;

/// What an account's new bytes did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Pools that stand otherwise than before.
    pub changed: Vec<PoolId>,
    /// Pools that could not take it, with the reason. They are stale until they are read anew.
    pub refused: Vec<(PoolId, PoolError)>,
    /// Accounts of loans that stand otherwise than before.
    pub loans: Vec<ChainAddress>,
    /// Why an account of a loan could not be taken; it counts as unknown.
    pub loans_refused: Vec<LoanFault>,
}

/// Pools, tokens, and what is known of both.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    graph: PoolGraph,
    standings: Vec<PoolStanding>,
    pairings: Vec<Option<Pairing>>,
    /// Pools of which one vault is ahead of the other.
    torn: BTreeSet<PoolId>,
    settled_slot: u64,
    swap_accounts: HashMap<ChainAddress, SwapAccounts>,
    holdings: HashMap<ChainAddress, Holding>,
    token_programs: HashMap<ChainAddress, TokenProgram>,
    /// Of each account that was applied or read: which write it is.
    moments: HashMap<ChainAddress, Moment>,
    wallet: Option<ChainAddress>,
    tables: Vec<KnownTable>,
    /// Token accounts of the wallet that are there.
    token_accounts: HashSet<ChainAddress>,
    clock: ChainClock,
    /// Of pools that were found while the engine ran, what else is known.
    launches: HashMap<ChainAddress, Launch>,
    /// What was bought and is not sold yet; shared with whoever writes it down.
    positions: PositionHandle,
    loans: Loans,
}

impl Inventory {
    /// The loans that are followed.
    #[must_use]
    pub const fn loans(&self) -> &Loans {
        &self.loans
    }

    /// Follows loans, and knows the programs of their tokens from their reserves.
    pub fn follow_loans(&mut self, loans: Loans) {
        self.loans = loans;
    }

    /// The pools and the tokens that they connect.
    #[must_use]
    pub const fn graph(&self) -> &PoolGraph {
        &self.graph
    }

    /// Adds a pool of a snapshot: priced, but stale until it was read from the chain.
    pub fn add_priced(&mut self, pool: Pool) -> PoolId {
        let id = self.graph.upsert(pool);
        self.stand(
            id,
            PoolStanding {
                moment: Moment::default(),
                stale: true,
            },
        );
        id
    }

    /// Adds a pool as the chain has it, or brings the one that is there up to date.
    pub fn add_loaded(&mut self, loaded: LoadedPool) -> PoolId {
        let address = loaded.pool.address();
        let id = self.graph.upsert(loaded.pool);
        match loaded.swap_accounts {
            Some(accounts) => self.swap_accounts.insert(address, accounts),
            None => self.swap_accounts.remove(&address),
        };
        self.stand(
            id,
            PoolStanding {
                moment: loaded.moment,
                stale: false,
            },
        );
        id
    }

    /// Takes a pool out.
    pub fn remove(&mut self, pool: ChainAddress) -> bool {
        self.swap_accounts.remove(&pool);
        self.graph.remove(pool)
    }

    /// The newest slot that was told.
    #[must_use]
    pub fn slot(&self) -> u64 {
        self.settled_slot.max(self.clock.slot)
    }

    /// What was bought and is not sold yet.
    pub fn positions(&self) -> MutexGuard<'_, Positions> {
        self.positions.known()
    }

    /// The same, to be written by others.
    #[must_use]
    pub fn position_handle(&self) -> PositionHandle {
        Arc::clone(&self.positions)
    }

    /// Takes new bytes of an account to every pool that reads it, and to the wallet's holdings; unless what is known of
    /// the account is as new.
    pub fn apply(&mut self, update: &AccountUpdate) -> Applied {
        self.apply_over(update, &[])
    }

    /// The same; what these slots wrote does not count, for they have died.
    pub fn apply_over(&mut self, update: &AccountUpdate, dead_slots: &[u64]) -> Applied {
        let known = self.moments.get(&update.key);
        if known.is_some_and(|known| *known >= update.moment && !dead_slots.contains(&known.slot)) {
            return Applied::default();
        }
        self.put_back(update)
    }

    /// As [`Self::apply`], whatever is known: it was read anew.
    pub fn put_back(&mut self, update: &AccountUpdate) -> Applied {
        if !self.is_read(update.key) {
            return Applied::default();
        }
        self.moments.insert(update.key, update.moment);
        self.hold(update);
        let updated = self.graph.apply_account(update.account());
        for id in &updated.applied {
            self.pair(*id, update);
            if let Some(standing) = self.standings.get_mut(id.index()) {
                standing.moment = standing.moment.max(update.moment);
            }
        }
        for (id, _) in &updated.refused {
            self.set_stale(*id);
        }
        let loan = self.loans.apply(update);
        Applied {
            changed: updated.applied,
            refused: updated.refused,
            loans: matches!(loan, Ok(true))
                .then_some(update.key)
                .into_iter()
                .collect(),
            loans_refused: loan.err().into_iter().collect(),
        }
    }

    /// Takes what was read whole: the pools stand as they were read, the others are out.
    pub fn take(&mut self, loading: &Loading) {
        for (mint, program) in &loading.tokens {
            self.add_token(*mint, *program);
        }
        for loaded in &loading.pools {
            self.add_loaded(loaded.clone());
        }
        for account in &loading.accounts {
            if self.is_read(account.key) {
                self.moments.insert(account.key, account.moment);
            }
        }
        for left_out in &loading.left_out {
            self.remove(left_out.pool);
        }
        self.set_clock(loading.clock);
    }

    /// Takes the chain's clock to the pools that read it.
    pub fn set_clock(&mut self, clock: ChainClock) {
        self.clock = clock;
        let updated = self.graph.set_clock(clock);
        for (id, _) in updated.refused {
            self.set_stale(id);
        }
    }

    /// The chain's clock as it was told last.
    #[must_use]
    pub const fn clock(&self) -> ChainClock {
        self.clock
    }

    /// The addresses that the instructions of a pool's swaps name; none of a pool of a snapshot.
    #[must_use]
    pub fn swap_accounts(&self, pool: ChainAddress) -> Option<&SwapAccounts> {
        self.swap_accounts.get(&pool)
    }

    /// The pools that trade a token.
    #[must_use]
    pub fn pools_of(&self, token: ChainAddress) -> Vec<PoolId> {
        let token = self.graph.token(token);
        let edges = token.map_or(&[][..], |token| self.graph.edges(token));
        let mut pools: Vec<_> = edges.iter().map(|edge| edge.pool).collect();
        pools.sort_unstable();
        pools.dedup();
        pools
    }

    /// The pools that are read from an account.
    #[must_use]
    pub fn readers(&self, account: ChainAddress) -> &[PoolId] {
        self.graph.readers(account)
    }

    /// Whether anything is read from an account: a pool, a loan, what the wallet holds, or the clock.
    #[must_use]
    pub fn is_read(&self, account: ChainAddress) -> bool {
        account == CLOCK
            || !self.readers(account).is_empty()
            || self.holdings.contains_key(&account)
            || self.loans.follows(account)
    }

    /// The accounts that a pool is read from.
    #[must_use]
    pub fn accounts_of(&self, id: PoolId) -> Vec<ChainAddress> {
        self.graph
            .at(id)
            .map(PoolMath::accounts)
            .unwrap_or_default()
    }

    /// Every account that a pool is read from, and every holding: what a feed has to follow.
    #[must_use]
    pub fn accounts(&self) -> Vec<ChainAddress> {
        let pools = self.graph.pool_ids().filter_map(|id| self.graph.at(id));
        let mut accounts: Vec<_> = pools.flat_map(PoolMath::accounts).collect();
        accounts.extend(self.holdings.keys());
        let loans = self.loans.accounts();
        // Interest and the age of prices go by it.
        accounts.extend((!loans.is_empty()).then_some(CLOCK));
        accounts.extend(loans);
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}

#[cfg(test)]
mod tests;
