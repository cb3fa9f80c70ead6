//! The inventory: every pool that is traded, as the chain has it, and by token, by account and by age.
//!
//! - here: pools brought forward account by account, and whether each may be traded on;
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
mod stocking;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradewind_core::ChainAddress;
use tradewind_core::pools::{ChainClock, Pool, PoolError, PoolMath};
use tradewind_core::routing::{PoolGraph, PoolId};
use tradewind_core::solana::TokenAccount;
use tradewind_solana::Key;
use tradewind_solana::swaps::SwapAccounts;
use tradewind_solana::token_accounts::{TokenProgram, token_account_address};

pub use launch::{Launch, MintFacts};
pub use loading::{AccountReader, CLOCK, LoadedPool, Loading, decode_clock, load};
pub use loans::{LoanFault, Loans, Refreshed};
pub use lookup_table::KnownTable;
pub use snapshot::{SnapshotFault, read_snapshot};

use crate::feed::{AccountUpdate, Moment};
use crate::positions::Positions;
use pairing::Pairing;

/// What was bought and is not sold yet, shared.
pub type PositionHandle = Arc<Mutex<Positions>>;

/// How a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStanding {
    /// The newest write of any of its accounts.
    pub moment: Moment,
    /// Whether it may differ from the chain: not read from it yet, or a change could not be taken.
    pub stale: bool,
}

/// A wallet's token account, as far as plans need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// In raw units.
    pub amount_raw: u64,
    /// As of.
    pub moment: Moment,
}

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

    /// Says which program keeps a mint.
    pub fn add_token(&mut self, mint: ChainAddress, program: TokenProgram) {
        self.token_programs.insert(mint, program);
    }

    /// Which program keeps a mint, if it was read.
    #[must_use]
    pub fn token_program(&self, mint: ChainAddress) -> Option<TokenProgram> {
        self.token_programs.get(&mint).copied()
    }

    /// Says who trades, and follows what it holds of these mints. Gives the accounts that are followed.
    pub fn trade_for(&mut self, wallet: ChainAddress, mints: &[ChainAddress]) -> Vec<ChainAddress> {
        self.wallet = Some(wallet);
        let accounts: Vec<_> = mints
            .iter()
            .filter_map(|mint| self.token_account(wallet, *mint))
            .collect();
        for account in &accounts {
            self.follow_holding(*account);
        }
        accounts
    }

    /// The token account of a wallet for a mint, as far as its program is known.
    #[must_use]
    pub fn token_account(&self, wallet: ChainAddress, mint: ChainAddress) -> Option<ChainAddress> {
        let (owner, key) = (Key(wallet.solana()?), Key(mint.solana()?));
        token_account_address(owner, key, self.token_program(mint)?).map(ChainAddress::from)
    }

    /// Says that a token account is there.
    pub fn add_token_account(&mut self, account: ChainAddress) {
        self.token_accounts.insert(account);
    }

    /// Whether the wallet's token account for a mint is known to be there.
    #[must_use]
    pub fn has_token_account(&self, wallet: ChainAddress, mint: ChainAddress) -> bool {
        let account = self.token_account(wallet, mint);
        account.is_some_and(|account| self.token_accounts.contains(&account))
    }

    /// Every mint of a pool.
    #[must_use]
    pub fn mints(&self) -> Vec<ChainAddress> {
        let mut mints: Vec<_> = self.token_programs.keys().copied().collect();
        mints.sort_unstable();
        mints
    }

    /// Offers a lookup table to every transaction.
    pub fn add_table(&mut self, table: KnownTable) {
        self.tables.push(table);
    }

    /// Says what is known of a pool that was found.
    pub fn add_launch(&mut self, launch: Launch) {
        self.launches.insert(launch.pool, launch);
    }

    /// What is known of a pool that was found while the engine ran.
    #[must_use]
    pub fn launch(&self, pool: ChainAddress) -> Option<&Launch> {
        self.launches.get(&pool)
    }

    /// Takes a pool that was found out again, with what only it was known for.
    pub fn forget_launch(&mut self, pool: ChainAddress) {
        let id = self.graph.pool_id(pool);
        let accounts = id.map(|id| self.accounts_of(id)).unwrap_or_default();
        self.remove(pool);
        for account in accounts {
            if self.graph.readers(account).is_empty() && !self.holdings.contains_key(&account) {
                self.moments.remove(&account);
            }
        }
        if let Some(launch) = self.launches.remove(&pool)
            && self
                .graph
                .token(launch.coin)
                .is_none_or(|token| self.graph.edges(token).is_empty())
        {
            self.token_programs.remove(&launch.coin);
        }
    }

    /// The slot of a pool's newest write, or of the one by which it was found.
    #[must_use]
    pub fn written_slot(&self, pool: ChainAddress) -> u64 {
        let standing = self.graph.pool_id(pool).and_then(|id| self.standing(id));
        let found = self.launches.get(&pool).map(|launch| launch.found_slot);
        let written = standing.map(|standing| standing.moment.slot);
        written.max(found).unwrap_or_default()
    }

    /// The newest slot that was told.
    #[must_use]
    pub fn slot(&self) -> u64 {
        self.settled_slot.max(self.clock.slot)
    }

    /// What was bought and is not sold yet.
    pub fn positions(&self) -> MutexGuard<'_, Positions> {
        self.positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, to be written by others.
    #[must_use]
    pub fn position_handle(&self) -> PositionHandle {
        Arc::clone(&self.positions)
    }

    /// The lookup tables that transactions may use.
    #[must_use]
    pub fn tables(&self) -> &[KnownTable] {
        &self.tables
    }

    /// Who trades.
    #[must_use]
    pub const fn wallet(&self) -> Option<ChainAddress> {
        self.wallet
    }

    /// Follows what a token account of the wallet holds.
    pub fn follow_holding(&mut self, token_account: ChainAddress) {
        let nothing = Holding {
            amount_raw: 0,
            moment: Moment::default(),
        };
        self.holdings.entry(token_account).or_insert(nothing);
    }

    /// Every token account that is followed.
    #[must_use]
    pub fn holdings(&self) -> Vec<ChainAddress> {
        let mut accounts: Vec<_> = self.holdings.keys().copied().collect();
        accounts.sort_unstable();
        accounts
    }

    /// What a followed token account holds.
    #[must_use]
    pub fn holding(&self, token_account: ChainAddress) -> Option<Holding> {
        self.holdings.get(&token_account).copied()
    }

    /// Takes new bytes of an account to every pool that reads it, and to the wallet's holdings; unless what is known of
    /// the account is as new.
    pub fn apply(&mut self, update: &AccountUpdate) -> Applied {
        let known = self.moments.get(&update.key);
        if known.is_some_and(|known| *known >= update.moment) {
            return Applied::default();
        }
        self.put_back(update)
    }

    /// As [`Self::apply`], whatever is known: its slot has died.
    pub fn put_back(&mut self, update: &AccountUpdate) -> Applied {
        self.moments.insert(update.key, update.moment);
        if let Some(holding) = self.holdings.get_mut(&update.key) {
            holding.moment = update.moment;
            // A token account that was closed has no data any more.
            holding.amount_raw = TokenAccount::decode(update.key, &update.account())
                .map_or(0, |account| account.amount_raw);
        }
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
        for account in &loading.accounts {
            self.moments.insert(account.key, account.moment);
        }
        for loaded in &loading.pools {
            self.add_loaded(loaded.clone());
        }
        for (pool, _) in &loading.left_out {
            self.remove(*pool);
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

    fn pair(&mut self, id: PoolId, update: &AccountUpdate) {
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

    /// The pools that may differ from the chain.
    #[must_use]
    pub fn stale(&self) -> Vec<PoolId> {
        let ids = self.graph.pool_ids();
        ids.filter(|id| self.standing(*id).is_some_and(|it| it.stale))
            .collect()
    }

    fn stand(&mut self, id: PoolId, standing: PoolStanding) {
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

#[cfg(test)]
mod tests;
