//! What may be signed at all: wallets, strategies, chains, routers, recipients, tokens and limits. Default deny.
//!
//! Checks here need no history. What depends on earlier signatures is the gate's.

mod action;
mod checks;
mod describe;
mod limits;
mod solana;
mod terms;

pub use action::{Action, Passed, is_noop};
pub use limits::{AmountLimit, Scope, Window};
pub(crate) use solana::summed;
pub use solana::{
    LendingReserve, Liquidations, NATIVE, PaidCaps, PassedSolana, Purchase, RECEIPT_LAMPORTS,
    Receipt, ReceiptNeed, SOLANA_CHAIN_ID, SolanaAsk, SolanaKind, SolanaPolicy, SolanaQuoted,
    SolanaToken, Tables, TokenAccounts, TopUp, Treasury, UnlistedMints, paid_as, token_account,
    venue_name,
};
pub use terms::{Kind, MAX_RAISE_DELAY_S, RAISE_DELAY, Terms, raise_delay_ms, value_of};

use crate::fault::{Refusal, Rule};
use alloy_primitives::{Address, U256};
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Key;
use tradewind_core::evm::Eip1559Transaction;

/// The whole policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The chains each wallet may be used on.
    pub wallets: BTreeMap<ChainAddress, BTreeSet<u64>>,
    /// The wallets each strategy may use; nothing when strategies are not told apart.
    pub strategies: Option<BTreeMap<String, BTreeSet<ChainAddress>>>,
    /// The limits of each chain.
    pub chains: BTreeMap<u64, ChainPolicy>,
    /// The limits of Solana, by its chain id.
    pub solana: BTreeMap<u64, SolanaPolicy>,
    /// The limits of amounts, in base units.
    pub amounts: BTreeMap<AmountLimit, U256>,
    /// How long a raise of any limit waits, in seconds.
    pub raise_delay_s: u64,
}

/// The limits of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainPolicy {
    /// Contracts that swaps may call and that may be approved.
    pub routers: BTreeSet<Address>,
    /// Who may receive what a swap buys, besides the wallet itself.
    pub recipients: BTreeSet<Address>,
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
    /// How many endpoints a settlement must name to give back what was not spent.
    pub settlement_quorum: u64,
    /// The tokens that may be spent, bought or passed through.
    pub tokens: BTreeMap<Address, TokenPolicy>,
}

/// What is known of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// For messages.
    pub symbol: String,
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
    pub fn chain_of(
        &self,
        wallet: impl Into<ChainAddress>,
        chain_id: u64,
    ) -> Result<&ChainPolicy, Refusal> {
        self.require_chain(wallet.into(), chain_id, &self.chains)
    }

    fn require_chain<'a, C>(
        &self,
        wallet: ChainAddress,
        chain_id: u64,
        of: &'a BTreeMap<u64, C>,
    ) -> Result<&'a C, Refusal> {
        let Some(chains) = self.wallets.get(&wallet) else {
            let message = format!("the wallet {wallet} is not listed in the configuration");
            return Err(Rule::WalletUnknown.refuse(message));
        };
        of.get(&chain_id)
            .filter(|_| chains.contains(&chain_id))
            .ok_or_else(|| {
                let message = format!("the wallet {wallet} may not be used on chain {chain_id}");
                Rule::ChainNotAllowed.refuse(message)
            })
    }

    /// The strategy may use the wallet. Where no strategy is listed, each may use each.
    ///
    /// # Errors
    /// `strategy_unknown`, `strategy_wallet`.
    pub fn check_strategy(
        &self,
        wallet: impl Into<ChainAddress>,
        strategy_id: Option<&str>,
    ) -> Result<(), Refusal> {
        let wallet = wallet.into();
        let Some(strategies) = &self.strategies else {
            return Ok(());
        };
        let Some(wallets) = strategy_id.and_then(|id| strategies.get(id)) else {
            let message = strategy_id.map_or_else(
                || "no strategy is named, and signer.toml lists those that may sign".to_owned(),
                |id| format!("the strategy {id} is not listed in signer.toml"),
            );
            return Err(Rule::StrategyUnknown.refuse(message));
        };
        Rule::StrategyWallet.require(wallets.contains(&wallet), || {
            let id = strategy_id.unwrap_or_default();
            format!("the strategy {id} may not use the wallet {wallet}")
        })
    }

    /// Passes a transaction of `wallet`, or names the rule it breaks.
    ///
    /// # Errors
    /// Any of the policy's rules.
    pub fn pass_transaction<'a>(
        &'a self,
        wallet: Address,
        strategy_id: Option<&'a str>,
        transaction: Eip1559Transaction,
        quoted: &Quoted,
        now_s: u64,
    ) -> Result<Passed<'a>, Refusal> {
        let chain = self.chain_of(wallet, transaction.chain_id)?;
        chain.check_fees(&transaction)?;
        let action = chain.read_action(wallet, &transaction)?;
        if action == Action::Noop {
            checks::check_noop(quoted)?;
        } else {
            self.check_strategy(wallet, strategy_id)?;
        }
        match &action {
            Action::Swap(swap) => chain.check_swap(wallet, swap, quoted, now_s)?,
            Action::Approve(approve) => chain.check_approve(transaction.to, approve, quoted)?,
            Action::Noop => {}
        }
        let passed = Passed {
            wallet,
            strategy_id,
            transaction,
            action,
            policy: self,
        };
        let amount_raw = match passed.action() {
            Action::Approve(approve) => approve.amount_raw,
            _ => passed.reserve_raw(),
        };
        let chain_id = passed.transaction.chain_id;
        self.check_amount(wallet, strategy_id, chain_id, passed.token(), amount_raw)?;
        Ok(passed)
    }

    /// Passes a permit; gives the token's domain.
    ///
    /// # Errors
    /// Any of the policy's rules that a permit can break.
    pub fn pass_permit(
        &self,
        facts: &PermitFacts,
        strategy_id: Option<&str>,
        now_s: u64,
    ) -> Result<&PermitDomain, Refusal> {
        let chain = self.chain_of(facts.wallet, facts.chain_id)?;
        self.check_strategy(facts.wallet, strategy_id)?;
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
        Rule::UnlimitedApproval.require(facts.value_raw != U256::MAX, || {
            "a permit without limit is never made; name the amount that the step spends".to_owned()
        })?;
        self.check_amount(
            facts.wallet,
            strategy_id,
            facts.chain_id,
            facts.token,
            facts.value_raw,
        )?;
        chain.check_deadline(facts.deadline_s, now_s)?;
        Ok(domain)
    }

    /// What a listed token is called.
    #[must_use]
    pub fn symbol(&self, chain_id: u64, token: ChainAddress) -> Option<&str> {
        let symbol = match token {
            ChainAddress::Evm(token) => &self.chains.get(&chain_id)?.tokens.get(&token)?.symbol,
            ChainAddress::Solana(mint) => {
                &self.solana.get(&chain_id)?.tokens.get(&Key(mint))?.symbol
            }
        };
        Some(symbol)
    }

    /// Every listed token, by chain.
    pub fn tokens(&self) -> impl Iterator<Item = (u64, ChainAddress)> + '_ {
        let evm = self.chains.iter().flat_map(|(id, chain)| {
            let tokens = chain.tokens.keys();
            tokens.map(|token| (*id, ChainAddress::from(*token)))
        });
        let solana = self.solana.iter().flat_map(|(id, chain)| {
            let tokens = chain.tokens.keys();
            tokens.map(|mint| (*id, ChainAddress::from(*mint)))
        });
        evm.chain(solana)
    }

    /// The limits of amounts that what `wallet` does for `strategy_id` falls under.
    pub fn limits_of<'a>(
        &'a self,
        wallet: impl Into<ChainAddress>,
        strategy_id: Option<&'a str>,
        chain_id: u64,
        token: impl Into<ChainAddress>,
    ) -> impl Iterator<Item = (&'a AmountLimit, U256)> {
        let (wallet, token) = (wallet.into(), token.into());
        let amounts = self.amounts.iter().map(|(limit, cap)| (limit, *cap));
        amounts.filter(move |(limit, _)| {
            limit.chain_id == chain_id
                && limit.token == token
                && limit.scope.covers(wallet, strategy_id)
        })
    }

    fn check_amount(
        &self,
        wallet: impl Into<ChainAddress>,
        strategy_id: Option<&str>,
        chain_id: u64,
        token: impl Into<ChainAddress>,
        amount_raw: U256,
    ) -> Result<(), Refusal> {
        let (wallet, token) = (wallet.into(), token.into());
        for (limit, cap) in self.limits_of(wallet, strategy_id, chain_id, token) {
            let fits = limit.window != Window::Transaction || amount_raw <= cap;
            Rule::AmountPerTransaction.require(fits, || {
                let scope = limit.scope.describe();
                format!(
                    "{amount_raw} base units of {token} are asked for in one transaction; the cap is {cap}, for {scope}"
                )
            })?;
        }
        Ok(())
    }
}
