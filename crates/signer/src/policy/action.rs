//! What a transaction does, and the proof that the policy passed it.

use super::Policy;
use alloy_primitives::{Address, U256};
use tradewind_core::evm::{Approve, Eip1559Transaction, Permit, RouterSwap};

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A swap through a listed router.
    Swap(Box<RouterSwap>),
    /// An allowance for a listed router.
    Approve(Approve),
    /// Nothing but using up its nonce.
    Noop,
}

/// A transaction that the policy passed: the only thing the gate records. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed<'a> {
    pub(super) wallet: Address,
    pub(super) strategy_id: Option<&'a str>,
    pub(super) transaction: Eip1559Transaction,
    pub(super) action: Action,
    pub(super) policy: &'a Policy,
}

impl<'a> Passed<'a> {
    /// Who signs.
    #[must_use]
    pub fn wallet(&self) -> Address {
        self.wallet
    }

    /// For which strategy, if any.
    #[must_use]
    pub fn strategy_id(&self) -> Option<&'a str> {
        self.strategy_id
    }

    /// What is signed.
    #[must_use]
    pub fn transaction(&self) -> &Eip1559Transaction {
        &self.transaction
    }

    /// What it does.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The policy that passed it.
    #[must_use]
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The token that is spent, or approved; the zero address for a no-op.
    #[must_use]
    pub fn token(&self) -> Address {
        match &self.action {
            Action::Swap(swap) => swap.token_in(),
            Action::Approve(_) => self.transaction.to,
            Action::Noop => Address::ZERO,
        }
    }

    /// What it takes out of the budgets: an approval and a no-op spend nothing.
    #[must_use]
    pub fn reserve_raw(&self) -> U256 {
        match &self.action {
            Action::Swap(swap) => swap.amount_in_raw(),
            Action::Approve(_) | Action::Noop => U256::ZERO,
        }
    }

    /// Last second in which it can take effect; an approval and a no-op have none.
    #[must_use]
    pub fn valid_until_s(&self) -> Option<u64> {
        match &self.action {
            Action::Swap(swap) => Some(swap.deadline_s()),
            Action::Approve(_) | Action::Noop => None,
        }
    }

    /// The permit inside the calldata.
    #[must_use]
    pub fn permit(&self) -> Option<&Permit> {
        match &self.action {
            Action::Swap(swap) => swap.permit(),
            Action::Approve(_) | Action::Noop => None,
        }
    }
}

/// Whether a transaction of `wallet` only uses up its nonce: to itself, without value and data.
#[must_use]
pub fn is_noop(wallet: Address, tx: &Eip1559Transaction) -> bool {
    tx.to == wallet && tx.value_wei.is_zero() && tx.data.is_empty()
}
