//! `Loans`: a lending market, its reserves and the loans in it, brought forward account by account.

use std::collections::{BTreeMap, BTreeSet};

use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{
    Health, KAMINO_PROGRAM, LendingError, LendingMarket, Obligation, Reserve,
};
use tradewind_core::pools::ChainClock;
use tradewind_solana::flash_loan::{FlashLoanError, KaminoReserve};

use crate::feed::AccountUpdate;

/// An account as it was told last.
#[derive(Debug, Clone)]
struct Known<T> {
    /// None where it is not there, or is not what it was.
    read: Option<T>,
    /// Whether it may differ from the chain.
    stale: bool,
}

impl<T> Known<T> {
    const UNREAD: Self = Self {
        read: None,
        stale: true,
    };

    fn fresh(&self) -> Option<&T> {
        self.read.as_ref().filter(|_| !self.stale)
    }
}

/// A reserve, and what it lends within a transaction.
#[derive(Debug, Clone, Copy)]
struct Lent {
    reserve: Reserve,
    lender: KaminoReserve,
}

/// Why an account of a loan was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoanFault {
    /// It is not what it was.
    #[error(transparent)]
    Account(#[from] LendingError),
    /// Nor does it lend.
    #[error(transparent)]
    Lender(#[from] FlashLoanError),
}

/// One market. Empty where no strategy follows loans.
#[derive(Clone, Debug, Default)]
pub struct Loans {
    address: Option<ChainAddress>,
    market: Option<Known<LendingMarket>>,
    reserves: BTreeMap<ChainAddress, Known<Lent>>,
    obligations: BTreeMap<ChainAddress, Known<Obligation>>,
}

/// The reserves at one moment.
#[derive(Debug)]
pub struct Refreshed<'a> {
    /// The market.
    pub market: &'a LendingMarket,
    /// Those that can be brought forward.
    pub reserves: BTreeMap<ChainAddress, Reserve>,
    /// When.
    pub clock: ChainClock,
}

impl Loans {
    /// Follows a market with these reserves and loans; each is unknown until it was told.
    #[must_use]
    pub fn of(
        market: ChainAddress,
        reserves: impl IntoIterator<Item = ChainAddress>,
        obligations: impl IntoIterator<Item = ChainAddress>,
    ) -> Self {
        let unread = |address| (address, Known::UNREAD);
        Self {
            address: Some(market),
            market: Some(Known::UNREAD),
            reserves: reserves.into_iter().map(unread).collect(),
            obligations: obligations
                .into_iter()
                .map(|address| (address, Known::UNREAD))
                .collect(),
        }
    }

    /// Follows reserves for what they lend within a transaction, and no market.
    #[must_use]
    pub fn lenders(reserves: impl IntoIterator<Item = ChainAddress>) -> Self {
        let unread = |address| (address, Known::UNREAD);
        Self {
            reserves: reserves.into_iter().map(unread).collect(),
            ..Self::default()
        }
    }

    /// Whether an account is one of those.
    #[must_use]
    pub fn follows(&self, account: ChainAddress) -> bool {
        self.address == Some(account)
            || self.reserves.contains_key(&account)
            || self.obligations.contains_key(&account)
    }

    /// Everything that is followed, in order.
    #[must_use]
    pub fn accounts(&self) -> Vec<ChainAddress> {
        let reserves = self.reserves.keys().chain(self.obligations.keys());
        self.address.iter().chain(reserves).copied().collect()
    }

    /// The market, where one is followed.
    #[must_use]
    pub const fn market_address(&self) -> Option<ChainAddress> {
        self.address
    }

    /// The reserves that are followed, in order.
    #[must_use]
    pub fn reserve_addresses(&self) -> Vec<ChainAddress> {
        self.reserves.keys().copied().collect()
    }

    /// The loans that are followed, in order.
    #[must_use]
    pub fn obligation_addresses(&self) -> Vec<ChainAddress> {
        self.obligations.keys().copied().collect()
    }

    /// Takes new bytes of an account; false where it is none of these.
    ///
    /// # Errors
    /// Why it is not what it was; it counts as unknown from then on.
    pub fn apply(&mut self, update: &AccountUpdate) -> Result<bool, LoanFault> {
        let account = update.account();
        if self.address == Some(update.key) {
            let read = LendingMarket::decode(&account);
            self.market = Some(kept(&read));
            read?;
        } else if let Some(known) = self.reserves.get_mut(&update.key) {
            let read = Reserve::decode(&account).map_err(LoanFault::from);
            let lent = read.and_then(|reserve| {
                let lender = KaminoReserve::decode(&account)?;
                Ok(Lent { reserve, lender })
            });
            *known = kept(&lent);
            lent?;
        } else if let Some(known) = self.obligations.get_mut(&update.key) {
            // A loan that was closed is an account without data, of nobody's program.
            if update.owner != ChainAddress::Solana(KAMINO_PROGRAM.0) {
                *known = Known::UNREAD;
                return Ok(true);
            }
            let read = Obligation::decode(&account);
            *known = kept(&read);
            read?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Nothing counts until it is told anew: the feed was interrupted.
    pub fn set_all_stale(&mut self) {
        if let Some(market) = self.market.as_mut() {
            market.stale = true;
        }
        self.reserves
            .values_mut()
            .for_each(|known| known.stale = true);
        self.obligations
            .values_mut()
            .for_each(|known| known.stale = true);
    }

    /// A loan as it stands.
    #[must_use]
    pub fn obligation(&self, address: ChainAddress) -> Option<&Obligation> {
        self.obligations.get(&address)?.fresh()
    }

    /// Whether a loan may be liquidated by all that is known at this time.
    #[must_use]
    pub fn is_unhealthy(&self, address: ChainAddress, clock: ChainClock) -> bool {
        let health = || {
            let (loan, at) = (self.obligation(address)?, self.refreshed(clock)?);
            Health::of(loan, at.market, &at.reserves, at.clock.slot).ok()
        };
        health().is_some_and(|health| health.is_unhealthy())
    }

    /// What a reserve lends within a transaction.
    #[must_use]
    pub fn lender(&self, reserve: ChainAddress) -> Option<&KaminoReserve> {
        Some(&self.reserves.get(&reserve)?.fresh()?.lender)
    }

    /// Every reserve that is known.
    pub fn reserves(&self) -> impl Iterator<Item = &Reserve> {
        let known = self
            .reserves
            .values()
            .filter_map(|known| known.read.as_ref());
        known.map(|lent| &lent.reserve)
    }

    /// The loans that an account decides about: itself, those that name the reserve, all of the market.
    #[must_use]
    pub fn touched_by(&self, account: ChainAddress) -> BTreeSet<ChainAddress> {
        let names = |loan: &Obligation| {
            let (mut deposits, mut borrows) = (loan.deposits.iter(), loan.borrows.iter());
            deposits.any(|it| it.reserve == account) || borrows.any(|it| it.reserve == account)
        };
        let all = self.address == Some(account);
        let touched = self.obligations.iter().filter(|(address, known)| {
            **address == account || known.fresh().is_some_and(|loan| all || names(loan))
        });
        touched.map(|(address, _)| *address).collect()
    }

    /// The market's reserves at this time, or at the time of the newest of them where the clock lags behind. Reserves
    /// that cannot be brought forward are left out, and whatever names them has no health.
    #[must_use]
    pub fn refreshed(&self, clock: ChainClock) -> Option<Refreshed<'_>> {
        let market = self.market.as_ref()?.fresh()?;
        let fresh = || self.reserves.values().filter_map(Known::fresh);
        let newest = fresh().map(|lent| lent.reserve.updated_slot).max()?;
        let clock = ChainClock {
            slot: clock.slot.max(newest),
            ..clock
        };
        let forward = fresh().filter_map(|lent| lent.reserve.refreshed(market, clock).ok());
        Some(Refreshed {
            market,
            reserves: forward.map(|reserve| (reserve.address, reserve)).collect(),
            clock,
        })
    }
}

fn kept<T: Clone, E>(read: &Result<T, E>) -> Known<T> {
    Known {
        read: read.as_ref().ok().cloned(),
        stale: false,
    }
}
