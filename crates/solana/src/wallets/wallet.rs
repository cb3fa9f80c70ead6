//! One wallet: its balances, and whether it may be given out.

use std::collections::BTreeMap;

use tradewind_core::decode::solana::Key;

use super::balance::Balance;
use super::{Requirement, WalletOptions};

/// Why a wallet is not given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalletFault {
    /// Too many errors in a row.
    Errored,
    /// Too many trades at once.
    HighInFlight,
    /// Too few lamports.
    LowBalance,
    /// Its lamports were never observed.
    Unobserved,
}

impl WalletFault {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Errored => "errored",
            Self::HighInFlight => "high_in_flight",
            Self::LowBalance => "low_balance",
            Self::Unobserved => "unobserved",
        }
    }
}

/// How a wallet stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletState {
    /// Its address.
    pub wallet: Key,
    /// As observed; None until then.
    pub lamports: Option<u64>,
    /// Taken of them.
    pub reserved_lamports: u64,
    /// Raw amounts as observed, by mint.
    pub tokens: BTreeMap<Key, u64>,
    /// Taken of them.
    pub reserved_tokens: BTreeMap<Key, u64>,
    /// Open reservations.
    pub in_flight: u32,
    /// In a row.
    pub errors: u32,
    /// Of the newest balance of lamports.
    pub slot: u64,
    /// Empty: healthy.
    pub faults: Vec<WalletFault>,
}

#[derive(Debug)]
pub(super) struct Wallet {
    pub(super) key: Key,
    pub(super) lamports: Balance,
    pub(super) tokens: BTreeMap<Key, Balance>,
    pub(super) errors: u32,
    in_flight: u32,
}

impl Wallet {
    pub(super) const fn new(key: Key) -> Self {
        Self {
            key,
            lamports: Balance::EMPTY,
            tokens: BTreeMap::new(),
            errors: 0,
            in_flight: 0,
        }
    }

    pub(super) fn faults(&self, options: &WalletOptions) -> Vec<WalletFault> {
        let low = match self.lamports.observed() {
            None => Some(WalletFault::Unobserved),
            Some(lamports) => {
                (lamports < options.low_balance_lamports).then_some(WalletFault::LowBalance)
            }
        };
        let errored = (self.errors >= options.max_errors).then_some(WalletFault::Errored);
        let crowded =
            (self.in_flight >= options.max_in_flight).then_some(WalletFault::HighInFlight);
        [errored, crowded, low].into_iter().flatten().collect()
    }

    pub(super) fn has_free(&self, requirement: &Requirement) -> bool {
        let free_tokens = |mint: &Key| self.tokens.get(mint).map_or(0, Balance::free);
        self.lamports.free() >= requirement.lamports
            && requirement
                .tokens
                .iter()
                .all(|(mint, amount)| free_tokens(mint) >= *amount)
    }

    pub(super) fn reserve(&mut self, requirement: &Requirement) {
        self.in_flight += 1;
        self.each(requirement, Balance::reserve);
    }

    pub(super) fn unreserve(&mut self, requirement: &Requirement) {
        self.each(requirement, Balance::unreserve);
    }

    pub(super) fn spent(&mut self, requirement: &Requirement, slot: u64) {
        self.each(requirement, |balance, amount| balance.spent(amount, slot));
    }

    pub(super) const fn ended(&mut self, failed: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if failed {
            self.errors = self.errors.saturating_add(1);
        }
    }

    fn each(&mut self, requirement: &Requirement, change: impl Fn(&mut Balance, u64)) {
        change(&mut self.lamports, requirement.lamports);
        for (mint, amount) in requirement.tokens.iter().filter(|(_, amount)| **amount > 0) {
            change(self.tokens.entry(*mint).or_default(), *amount);
        }
    }

    pub(super) fn state(&self, options: &WalletOptions) -> WalletState {
        let tokens = |part: fn(&Balance) -> u64| {
            self.tokens
                .iter()
                .map(|(mint, balance)| (*mint, part(balance)))
                .collect()
        };
        WalletState {
            wallet: self.key,
            lamports: self.lamports.observed(),
            reserved_lamports: self.lamports.taken(),
            tokens: tokens(|balance| balance.observed().unwrap_or(0)),
            reserved_tokens: tokens(Balance::taken),
            in_flight: self.in_flight,
            errors: self.errors,
            slot: self.lamports.slot(),
            faults: self.faults(options),
        }
    }
}
