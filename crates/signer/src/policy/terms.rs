//! The policy as single terms, so that each can be tightened at once and loosened only after a delay.
//!
//! `signer.toml` gives the ceilings; what is in force may be tighter. A term has a key, a number and a kind; the kind
//! says which direction is looser, and what it means when the term is missing.

use super::{AmountLimit, ChainPolicy, Policy};
use alloy_primitives::U256;
use std::collections::BTreeMap;
use tradewind_core::ChainAddress;

/// Numbers by key.
pub type Terms = BTreeMap<String, U256>;

/// The key of the time that a raise waits.
pub const RAISE_DELAY: &str = "raise_delay_s";
/// Longest time that a raise can be made to wait, in seconds: 30 days.
pub const MAX_RAISE_DELAY_S: u64 = 30 * 86_400;
const STRATEGIES_LISTED: &str = "strategies_listed";
pub(super) const QUORUM: &str = "settlement_quorum";
pub(super) const EVIDENCE_QUORUM: &str = "evidence_quorum";
pub(super) const MIN_PROFIT: &str = "min_profit";
pub(super) const ASSUMED_FEE: &str = "assumed_fee_bps";
pub(super) const BLOCKHASH_LIFE: &str = "blockhash_life_s";

/// Which direction of a term is looser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// More is looser; missing means without limit.
    Cap,
    /// Less is looser; missing means nothing is required.
    Floor,
    /// 1 allows, 0 does not; missing means 0.
    Listed,
}

impl Kind {
    /// The kind of the term with this key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        match key.rsplit('.').next().unwrap_or(key) {
            RAISE_DELAY | STRATEGIES_LISTED | QUORUM | EVIDENCE_QUORUM | MIN_PROFIT
            | ASSUMED_FEE | BLOCKHASH_LIFE => Self::Floor,
            last if last.starts_with("max_") => Self::Cap,
            _ => Self::Listed,
        }
    }

    /// What a missing term amounts to.
    #[must_use]
    pub const fn absent(self) -> U256 {
        match self {
            Self::Cap => U256::MAX,
            Self::Floor | Self::Listed => U256::ZERO,
        }
    }

    /// Whether `one` allows more than `other`.
    #[must_use]
    pub fn looser(self, one: U256, other: U256) -> bool {
        match self {
            Self::Cap | Self::Listed => one > other,
            Self::Floor => one < other,
        }
    }
}

/// The value of a term, or what its absence amounts to.
#[must_use]
pub fn value_of(terms: &Terms, key: &str) -> U256 {
    let value = terms.get(key).copied();
    value.unwrap_or_else(|| Kind::of(key).absent())
}

/// How long a raise waits, in milliseconds.
#[must_use]
pub fn raise_delay_ms(terms: &Terms) -> u64 {
    let seconds = u64::try_from(value_of(terms, RAISE_DELAY)).unwrap_or(u64::MAX);
    seconds.saturating_mul(1000)
}

impl Policy {
    /// Every term of the policy.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let mut terms = Terms::new();
        let mut set = |key: String, value: U256| terms.extend([(key, value)]);
        set(RAISE_DELAY.to_owned(), U256::from(self.raise_delay_s));
        for (wallet, chains) in &self.wallets {
            for chain in chains {
                set(wallet_key(*wallet, *chain), U256::ONE);
            }
        }
        if let Some(strategies) = &self.strategies {
            set(STRATEGIES_LISTED.to_owned(), U256::ONE);
            for (id, wallets) in strategies {
                for wallet in wallets {
                    set(strategy_key(id, *wallet), U256::ONE);
                }
            }
        }
        for (limit, value) in &self.amounts {
            set(limit.to_string(), *value);
        }
        for (id, chain) in &self.chains {
            terms.extend(chain.terms(*id));
        }
        for (id, chain) in &self.solana {
            terms.extend(chain.terms(*id));
        }
        terms
    }

    /// The policy with the terms in force: what it lists and they do not is left out, and of two numbers the tighter
    /// counts. Limits of amounts that `signer.toml` no longer has stay for as long as the terms have them.
    #[must_use]
    pub fn under(&self, terms: &Terms) -> Self {
        let listed = |key: &str| !value_of(terms, key).is_zero();
        let mut policy = self.clone();
        for (wallet, chains) in &mut policy.wallets {
            chains.retain(|chain| listed(&wallet_key(*wallet, *chain)));
        }
        if policy.strategies.is_none() && listed(STRATEGIES_LISTED) {
            policy.strategies = Some(BTreeMap::new());
        }
        for (id, wallets) in policy.strategies.iter_mut().flatten() {
            wallets.retain(|wallet| listed(&strategy_key(id, *wallet)));
        }
        policy.amounts = terms
            .iter()
            .filter(|(_, value)| **value != U256::MAX)
            .filter_map(|(key, value)| Some((key.parse::<AmountLimit>().ok()?, *value)))
            .collect();
        for (id, chain) in &mut policy.chains {
            chain.restrict(*id, terms);
        }
        for (id, chain) in &mut policy.solana {
            chain.restrict(*id, terms);
        }
        policy.raise_delay_s = raise_delay_ms(terms) / 1000;
        policy
    }
}

impl ChainPolicy {
    fn terms(&self, id: u64) -> Terms {
        let mut terms = Terms::new();
        let mut set = |what: String, value: U256| terms.extend([(chain_key(id, &what), value)]);
        set("max_gas_limit".to_owned(), U256::from(self.max_gas_limit));
        set("max_fee_per_gas_wei".to_owned(), self.max_fee_per_gas_wei);
        set(
            "max_transaction_fee_wei".to_owned(),
            self.max_transaction_fee_wei,
        );
        set(
            "max_slippage_bps".to_owned(),
            U256::from(self.max_slippage_bps),
        );
        set("max_validity_s".to_owned(), U256::from(self.max_validity_s));
        set(QUORUM.to_owned(), U256::from(self.settlement_quorum));
        for router in &self.routers {
            set(format!("router.{router}"), U256::ONE);
        }
        for recipient in &self.recipients {
            set(format!("recipient.{recipient}"), U256::ONE);
        }
        for (address, token) in &self.tokens {
            set(format!("token.{address}"), U256::ONE);
            if token.permit.is_some() {
                set(format!("token.{address}.permit"), U256::ONE);
            }
        }
        terms
    }

    fn restrict(&mut self, id: u64, terms: &Terms) {
        let listed = |what: &str| !value_of(terms, &chain_key(id, what)).is_zero();
        let in_force = |what: &str| value_of(terms, &chain_key(id, what));
        let least =
            |what: &str, own: u64| u64::try_from(in_force(what)).map_or(own, |cap| cap.min(own));
        self.max_gas_limit = least("max_gas_limit", self.max_gas_limit);
        self.max_validity_s = least("max_validity_s", self.max_validity_s);
        self.max_slippage_bps = u32::try_from(in_force("max_slippage_bps"))
            .map_or(self.max_slippage_bps, |cap| cap.min(self.max_slippage_bps));
        self.max_fee_per_gas_wei = self
            .max_fee_per_gas_wei
            .min(in_force("max_fee_per_gas_wei"));
        self.max_transaction_fee_wei = self
            .max_transaction_fee_wei
            .min(in_force("max_transaction_fee_wei"));
        let quorum = u64::try_from(in_force(QUORUM)).unwrap_or(u64::MAX);
        self.settlement_quorum = self.settlement_quorum.max(quorum);
        self.routers
            .retain(|router| listed(&format!("router.{router}")));
        self.recipients
            .retain(|recipient| listed(&format!("recipient.{recipient}")));
        self.tokens
            .retain(|token, _| listed(&format!("token.{token}")));
        for (address, token) in &mut self.tokens {
            token.permit = token
                .permit
                .take()
                .filter(|_| listed(&format!("token.{address}.permit")));
        }
    }
}

pub(super) fn chain_key(id: u64, what: &str) -> String {
    format!("chain.{id}.{what}")
}

fn wallet_key(wallet: ChainAddress, chain_id: u64) -> String {
    format!("wallet.{wallet}.chain.{chain_id}")
}

fn strategy_key(id: &str, wallet: ChainAddress) -> String {
    format!("strategy.{id}.wallet.{wallet}")
}
