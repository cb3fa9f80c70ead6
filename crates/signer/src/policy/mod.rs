//! What may be signed at all: wallets, chains, routers, tokens and caps. Default deny; frozen after load.
//!
//! Checks here need no history. What depends on earlier signatures is the gate's.

mod checks;
mod describe;

use crate::fault::{Refusal, Rule};
use alloy_primitives::{Address, U256};
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::evm::{Approve, Eip1559Transaction, Permit, RouterSwap};

/// The whole policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The chains each wallet may be used on.
    pub wallets: BTreeMap<Address, BTreeSet<u64>>,
    /// The limits of each chain.
    pub chains: BTreeMap<u64, ChainPolicy>,
}

/// The limits of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainPolicy {
    /// Contracts that swaps may call and that may be approved.
    pub routers: BTreeSet<Address>,
    /// Highest gas limit.
    pub max_gas_limit: u64,
    /// Highest fee per gas, in wei.
    pub max_fee_per_gas_wei: U256,
    /// Highest gas limit times fee per gas, in wei.
    pub max_transaction_fee_wei: U256,
    /// Furthest a limit amount may be from the quote.
    pub max_slippage_bps: u32,
    /// Furthest a deadline may be away, in seconds.
    pub max_validity_s: u64,
    /// The tokens that may be spent, bought or passed through.
    pub tokens: BTreeMap<Address, TokenPolicy>,
}

/// The limits of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// For messages.
    pub symbol: String,
    /// Most that one transaction may spend, in base units.
    pub max_per_transaction_raw: U256,
    /// Most that all wallets together may spend in any 24 hours, in base units.
    pub max_per_day_raw: U256,
    /// The EIP-2612 domain, if permits may be made.
    pub permit: Option<PermitDomain>,
}

/// Name and version of a token's EIP-712 domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitDomain {
    /// As the contract hashes it.
    pub name: String,
    /// As the contract hashes it.
    pub version: String,
}

/// What the caller was quoted; the slippage cap is measured against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// What the trade costs, in base units.
    pub amount_in_raw: U256,
    /// What the trade brings, in base units.
    pub amount_out_raw: U256,
}

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A swap through a listed router.
    Swap(Box<RouterSwap>),
    /// An allowance for a listed router.
    Approve(Approve),
}

/// A transaction that the policy passed: the only thing the gate records. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    wallet: Address,
    transaction: Eip1559Transaction,
    action: Action,
    max_per_day_raw: U256,
}

impl Passed {
    /// Who signs.
    #[must_use]
    pub fn wallet(&self) -> Address {
        self.wallet
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

    /// The token that is spent, or approved.
    #[must_use]
    pub fn token(&self) -> Address {
        match &self.action {
            Action::Swap(swap) => swap.path().token_in(),
            Action::Approve(_) => self.transaction.to,
        }
    }

    /// What it takes out of the daily budget: an approval spends nothing.
    #[must_use]
    pub fn reserve_raw(&self) -> U256 {
        match &self.action {
            Action::Swap(swap) => swap.amount_in_raw(),
            Action::Approve(_) => U256::ZERO,
        }
    }

    /// The daily cap of the token.
    #[must_use]
    pub fn max_per_day_raw(&self) -> U256 {
        self.max_per_day_raw
    }

    /// Last second in which it can take effect; an approval has none.
    #[must_use]
    pub fn valid_until_s(&self) -> Option<u64> {
        match &self.action {
            Action::Swap(swap) => Some(swap.deadline_s()),
            Action::Approve(_) => None,
        }
    }

    /// The permit inside the calldata.
    #[must_use]
    pub fn permit(&self) -> Option<&Permit> {
        match &self.action {
            Action::Swap(swap) => swap.permit(),
            Action::Approve(_) => None,
        }
    }
}

/// What a permit is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitFacts {
    /// Owner and signer.
    pub wallet: Address,
    /// The chain.
    pub chain_id: u64,
    /// The token.
    pub token: Address,
    /// Who may take it.
    pub spender: Address,
    /// How much, in base units.
    pub value_raw: U256,
    /// The owner's permit nonce at the token.
    pub permit_nonce: U256,
    /// Last second (Unix time) of its validity.
    pub deadline_s: u64,
}

impl Policy {
    /// The limits under which this wallet may be used on this chain.
    ///
    /// # Errors
    /// `wallet_unknown`, `chain_not_allowed`.
    pub fn chain_of(&self, wallet: Address, chain_id: u64) -> Result<&ChainPolicy, Refusal> {
        let Some(chains) = self.wallets.get(&wallet) else {
            let message = format!("the wallet {wallet} is not listed in the configuration");
            return Err(Rule::WalletUnknown.refuse(message));
        };
        self.chains
            .get(&chain_id)
            .filter(|_| chains.contains(&chain_id))
            .ok_or_else(|| {
                let message = format!("the wallet {wallet} may not be used on chain {chain_id}");
                Rule::ChainNotAllowed.refuse(message)
            })
    }

    /// Passes a transaction of `wallet`, or names the rule it breaks.
    ///
    /// # Errors
    /// Any of the policy's rules.
    pub fn pass_transaction(
        &self,
        wallet: Address,
        transaction: Eip1559Transaction,
        quoted: &Quoted,
        now_s: u64,
    ) -> Result<Passed, Refusal> {
        let chain = self.chain_of(wallet, transaction.chain_id)?;
        chain.check_fees(&transaction)?;
        let action = chain.read_action(&transaction)?;
        let spent = match &action {
            Action::Swap(swap) => chain.check_swap(wallet, swap, quoted, now_s)?,
            Action::Approve(approve) => chain.check_approve(transaction.to, approve, quoted)?,
        };
        let max_per_day_raw = spent.max_per_day_raw;
        Ok(Passed {
            wallet,
            transaction,
            action,
            max_per_day_raw,
        })
    }

    /// Passes a permit; gives the token's domain and its daily cap.
    ///
    /// # Errors
    /// Any of the policy's rules that a permit can break.
    pub fn pass_permit(
        &self,
        facts: &PermitFacts,
        now_s: u64,
    ) -> Result<(&PermitDomain, U256), Refusal> {
        let chain = self.chain_of(facts.wallet, facts.chain_id)?;
        let token = chain.token(facts.token)?;
        let Some(domain) = &token.permit else {
            let message = format!("{} has no permit domain in the configuration", token.symbol);
            return Err(Rule::PermitNotAllowed.refuse(message));
        };
        Rule::ContractNotAllowed.require(chain.routers.contains(&facts.spender), || {
            format!(
                "a permit may be made for a listed router only, not for {}",
                facts.spender
            )
        })?;
        token.check_amount(facts.value_raw)?;
        chain.check_deadline(facts.deadline_s, now_s)?;
        Ok((domain, token.max_per_day_raw))
    }
}
