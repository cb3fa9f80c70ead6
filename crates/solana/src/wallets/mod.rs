//! `WalletManager`: which wallet trades next, and how much of it is still free. Holds no key, asks no clock and no chain.
//!
//! A reservation takes from what was last observed, so two trades cannot spend the same lamport. A trade that landed keeps
//! its amount taken until a balance of its slot, or of a later one, is observed: in between the old balance is wrong.
//! Balances have to be those at the end of their slot, as nodes tell them at `confirmed`.

mod balance;
mod wallet;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tradewind_core::decode::solana::Key;

pub use wallet::{WalletFault, WalletState};

use crate::fault::{Fault, at_least_one};
use wallet::Wallet;

/// When a wallet is not given out.
#[derive(Debug, Clone, Copy)]
pub struct WalletOptions {
    /// Errors in a row from which a wallet rests.
    pub max_errors: u32,
    /// Trades at once.
    pub max_in_flight: u32,
    /// Below it a wallet is low, and rests.
    pub low_balance_lamports: u64,
    /// Over all wallets.
    pub max_reservations: usize,
}

impl Default for WalletOptions {
    fn default() -> Self {
        Self {
            max_errors: 5,
            max_in_flight: 3,
            low_balance_lamports: 100_000_000,
            max_reservations: 4_096,
        }
    }
}

/// What a trade takes from a wallet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Fees, tip, rent and what is traded.
    pub lamports: u64,
    /// Raw amounts by mint.
    pub tokens: BTreeMap<Key, u64>,
}

/// Part of a wallet that nobody else can spend until it is settled or released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub wallet: Key,
    /// What is reserved.
    pub requirement: Requirement,
}

/// Counts of wallets. A wallet may be counted under several faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WalletStats {
    /// All.
    pub total: usize,
    /// Without fault.
    pub healthy: usize,
    /// Observed below the low balance.
    pub low_balance: usize,
    /// With as many trades as are allowed.
    pub high_in_flight: usize,
    /// With as many errors in a row as are allowed.
    pub errored: usize,
}

#[derive(Debug)]
struct Held {
    wallet: usize,
    requirement: Requirement,
}

#[derive(Debug)]
struct Ledger {
    wallets: Vec<Wallet>,
    by_key: HashMap<Key, usize>,
    turn: usize,
    reservations: HashMap<u64, Held>,
    last_id: u64,
}

/// Several wallets behind one lock.
///
/// A reservation looks at each wallet once at worst, which for 1,000 wallets is microseconds; settling and releasing look
/// at one.
#[derive(Debug)]
pub struct WalletManager {
    options: WalletOptions,
    ledger: Mutex<Ledger>,
}

impl WalletManager {
    /// Nothing is given out before balances are observed.
    ///
    /// # Errors
    /// `no_wallets`, `wallet_twice`, `limit_malformed`.
    pub fn new(wallets: &[Key], options: WalletOptions) -> Result<Self, Fault> {
        at_least_one("max_errors", u64::from(options.max_errors))?;
        at_least_one("max_in_flight", u64::from(options.max_in_flight))?;
        at_least_one("max_reservations", options.max_reservations as u64)?;
        if wallets.is_empty() {
            return Err(Fault::new(
                "no_wallets",
                "wallets: is empty; give at least one address",
            ));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = wallets.iter().find(|wallet| !seen.insert(**wallet)) {
            return Err(Fault::new(
                "wallet_twice",
                format!("wallets: {twice} is there twice; give each once"),
            ));
        }
        Ok(Self {
            options,
            ledger: Mutex::new(Ledger {
                wallets: wallets.iter().map(|key| Wallet::new(*key)).collect(),
                by_key: wallets
                    .iter()
                    .enumerate()
                    .map(|(at, key)| (*key, at))
                    .collect(),
                turn: 0,
                reservations: HashMap::new(),
                last_id: 0,
            }),
        })
    }

    /// A balance of a slot. False: older than what is known, and ignored.
    ///
    /// # Errors
    /// `wallet_unknown`.
    pub fn observe_lamports(&self, wallet: &Key, lamports: u64, slot: u64) -> Result<bool, Fault> {
        let mut ledger = self.ledger();
        let at = ledger.index(wallet)?;
        Ok(ledger.wallets[at].lamports.observe(lamports, slot))
    }

    /// A raw balance of a token of a slot. False: older than what is known, and ignored.
    ///
    /// # Errors
    /// `wallet_unknown`.
    pub fn observe_tokens(
        &self,
        wallet: &Key,
        mint: &Key,
        amount_raw: u64,
        slot: u64,
    ) -> Result<bool, Fault> {
        let mut ledger = self.ledger();
        let at = ledger.index(wallet)?;
        Ok(ledger.wallets[at]
            .tokens
            .entry(*mint)
            .or_default()
            .observe(amount_raw, slot))
    }

    /// The next healthy wallet in turn that has it free, or the one that is named.
    ///
    /// # Errors
    /// `no_healthy_wallet`; `wallets_exhausted` (healthy, but none has that much free); `too_many_reservations`;
    /// `wallet_unknown`.
    pub fn reserve(
        &self,
        requirement: &Requirement,
        wallet: Option<&Key>,
    ) -> Result<Reservation, Fault> {
        let mut ledger = self.ledger();
        if ledger.reservations.len() >= self.options.max_reservations {
            let message = format!(
                "wallets: {} reservations are open, the most that are allowed; settle or release some",
                ledger.reservations.len()
            );
            return Err(Fault::new("too_many_reservations", message));
        }
        let at = if let Some(key) = wallet {
            let at = ledger.index(key)?;
            ledger.first_fit(requirement, [at].into_iter(), &self.options)?
        } else {
            let (count, turn) = (ledger.wallets.len(), ledger.turn);
            let turns = (0..count).map(|step| (turn + step) % count);
            let at = ledger.first_fit(requirement, turns, &self.options)?;
            ledger.turn = (at + 1) % count;
            at
        };
        Ok(ledger.hold(at, requirement))
    }

    /// The transaction landed in `slot`, or reverted there. What was reserved stays taken until a balance of that slot or of
    /// a later one is observed.
    ///
    /// # Errors
    /// `reservation_unknown` when it was settled or released before.
    pub fn settle(&self, id: u64, slot: u64, succeeded: bool) -> Result<(), Fault> {
        let mut ledger = self.ledger();
        let held = ledger.take(id)?;
        let wallet = &mut ledger.wallets[held.wallet];
        wallet.spent(&held.requirement, slot);
        wallet.ended(!succeeded);
        if succeeded {
            wallet.errors = 0;
        }
        Ok(())
    }

    /// Nothing was spent, and nothing can be any more. `failed` counts an error.
    ///
    /// # Errors
    /// `reservation_unknown` when it was settled or released before.
    pub fn release(&self, id: u64, failed: bool) -> Result<(), Fault> {
        let mut ledger = self.ledger();
        let held = ledger.take(id)?;
        let wallet = &mut ledger.wallets[held.wallet];
        wallet.unreserve(&held.requirement);
        wallet.ended(failed);
        Ok(())
    }

    /// Gives an errored wallet another chance.
    ///
    /// # Errors
    /// `wallet_unknown`.
    pub fn clear_errors(&self, wallet: &Key) -> Result<(), Fault> {
        let mut ledger = self.ledger();
        let at = ledger.index(wallet)?;
        ledger.wallets[at].errors = 0;
        Ok(())
    }

    /// Counts.
    #[must_use]
    pub fn stats(&self) -> WalletStats {
        let ledger = self.ledger();
        let mut stats = WalletStats {
            total: ledger.wallets.len(),
            ..WalletStats::default()
        };
        for wallet in &ledger.wallets {
            let faults = wallet.faults(&self.options);
            stats.healthy += usize::from(faults.is_empty());
            stats.low_balance += usize::from(faults.contains(&WalletFault::LowBalance));
            stats.high_in_flight += usize::from(faults.contains(&WalletFault::HighInFlight));
            stats.errored += usize::from(faults.contains(&WalletFault::Errored));
        }
        stats
    }

    /// Each wallet, in the order given.
    #[must_use]
    pub fn states(&self) -> Vec<WalletState> {
        self.ledger()
            .wallets
            .iter()
            .map(|wallet| wallet.state(&self.options))
            .collect()
    }

    /// Those below the low balance.
    #[must_use]
    pub fn low_wallets(&self) -> Vec<WalletState> {
        let mut states = self.states();
        states.retain(|state| state.faults.contains(&WalletFault::LowBalance));
        states
    }

    // Each change is checked before it begins and cannot panic half-way, so a poisoned lock is used as it is.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn index(&self, wallet: &Key) -> Result<usize, Fault> {
        self.by_key.get(wallet).copied().ok_or_else(|| {
            Fault::new(
                "wallet_unknown",
                format!("wallet: {wallet} is not one of these wallets"),
            )
        })
    }

    fn first_fit(
        &self,
        requirement: &Requirement,
        mut turns: impl Iterator<Item = usize>,
        options: &WalletOptions,
    ) -> Result<usize, Fault> {
        let mut healthy = 0_usize;
        let fit = turns.find(|at| {
            let wallet = &self.wallets[*at];
            let sound = wallet.faults(options).is_empty();
            healthy += usize::from(sound);
            sound && wallet.has_free(requirement)
        });
        fit.ok_or_else(|| match healthy {
            0 => Fault::new("no_healthy_wallet", "wallets: none is healthy; see their states for why"),
            _ => Fault::new("wallets_exhausted", format!("wallets: {healthy} healthy, and none has that much free; wait for trades to settle, or fund them")),
        })
    }

    fn hold(&mut self, at: usize, requirement: &Requirement) -> Reservation {
        let wallet = &mut self.wallets[at];
        wallet.reserve(requirement);
        self.last_id += 1;
        let (id, key) = (self.last_id, wallet.key);
        let requirement = requirement.clone();
        self.reservations.insert(
            id,
            Held {
                wallet: at,
                requirement: requirement.clone(),
            },
        );
        Reservation {
            id,
            wallet: key,
            requirement,
        }
    }

    fn take(&mut self, id: u64) -> Result<Held, Fault> {
        self.reservations.remove(&id).ok_or_else(|| {
            Fault::new(
                "reservation_unknown",
                format!("reservation: {id} is not open; it was settled or released before"),
            )
        })
    }
}

#[cfg(test)]
mod tests;
