//! What is asked for on Solana, and the proof that the policy passed it.

use super::super::Policy;
use super::{NATIVE, Purchase, Receipt};
use alloy_primitives::U256;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tradewind_core::decode::solana::Key;

/// Keys by place, by lookup table, as the caller says them.
pub type Tables = BTreeMap<Key, BTreeMap<u8, Key>>;

/// What the caller was quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolanaQuoted {
    /// What is spent.
    pub mint_in: Key,
    /// What is bought; the same mint for a circular trade.
    pub mint_out: Key,
    /// What the trade costs, in raw units.
    pub amount_in_raw: u64,
    /// What the trade brings, in raw units.
    pub amount_out_raw: u64,
}

/// Which receipt the transaction must create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptNeed<'a> {
    /// This one.
    Just(&'a Receipt),
    /// None.
    Nothing,
    /// Any of the wallet's own, or none: nothing is signed.
    Any,
    /// None, and nothing but receipts of the wallet are taken back.
    TakeBack,
    /// None, and nothing but one listed wallet is topped up.
    TopUp,
}

impl ReceiptNeed<'_> {
    /// Whether the transaction keeps wallets in order and trades for no strategy.
    pub(super) fn is_upkeep(self) -> bool {
        matches!(self, Self::TakeBack | Self::TopUp)
    }
}

/// A transaction that the policy is asked about.
#[derive(Debug, Clone, Copy)]
pub struct SolanaAsk<'a> {
    /// Who signs.
    pub wallet: Key,
    /// Where.
    pub chain_id: u64,
    /// For which strategy, if any.
    pub strategy_id: Option<&'a str>,
    /// The whole transaction, with zeros for the signature.
    pub unsigned_tx: &'a [u8],
    /// What the lookup tables hold, by the caller's word.
    pub tables: &'a Tables,
    /// What the slippage is measured against.
    pub quoted: &'a SolanaQuoted,
    /// What it must create.
    pub receipt: ReceiptNeed<'a>,
}

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SolanaKind {
    /// Trades.
    Swap,
    /// Pays a listed recipient.
    Transfer,
    /// Creates, fills or closes accounts of the wallet.
    Prepare,
}

/// A transaction that the policy passed: the only thing the gate records. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedSolana<'a> {
    pub(super) policy: &'a Policy,
    pub(super) wallet: Key,
    pub(super) chain_id: u64,
    pub(super) strategy_id: Option<&'a str>,
    pub(super) unsigned_tx: &'a [u8],
    pub(super) message: &'a [u8],
    pub(super) blockhash: Key,
    pub(super) kind: SolanaKind,
    pub(super) token: Key,
    pub(super) reserve_raw: u64,
    pub(super) gross_raw: u64,
    pub(super) lamports: u64,
    pub(super) trade: Value,
    pub(super) taken_back: Vec<String>,
    pub(super) topped_up: Option<TopUp>,
    pub(super) purchase: Option<Purchase>,
}

/// Lamports for a wallet that is low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopUp {
    /// Who gets them.
    pub wallet: Key,
    /// How many.
    pub lamports: u64,
}

macro_rules! getters {
    ($($(#[doc = $doc:literal])+ $name:ident: $of:ty,)*) => {
        impl<'a> PassedSolana<'a> {
            $($(#[doc = $doc])+ #[must_use] pub fn $name(&self) -> $of { self.$name })*
        }
    };
}

getters! {
    /// The policy that passed it.
    policy: &'a Policy,
    /// Who signs.
    wallet: Key,
    /// Where.
    chain_id: u64,
    /// For which strategy, if any.
    strategy_id: Option<&'a str>,
    /// The whole transaction, with zeros for the signature.
    unsigned_tx: &'a [u8],
    /// What is signed.
    message: &'a [u8],
    /// The blockhash that limits its life.
    blockhash: Key,
    /// What it does.
    kind: SolanaKind,
    /// The mint that is spent.
    token: Key,
    /// What of it can leave the wallet at most, in raw units: nothing in a circular trade, which brings it back.
    reserve_raw: u64,
    /// Fees, tip and rents, at most.
    lamports: u64,
    /// Whom it tops up; nobody in any transaction but one that does only that.
    topped_up: Option<TopUp>,
    /// The unlisted mint that it buys; nothing in any other trade, a sale of one included.
    purchase: Option<Purchase>,
}

impl PassedSolana<'_> {
    /// What must stay the same in every attempt of a step, as JSON.
    #[must_use]
    pub fn trade(&self) -> String {
        self.trade.to_string()
    }

    /// The seeds of the receipts whose lamports come back; none in any transaction but one that does only that.
    #[must_use]
    pub fn taken_back(&self) -> &[String] {
        &self.taken_back
    }

    /// How long its blockhash is assumed to live, in seconds.
    #[must_use]
    pub fn blockhash_life_s(&self) -> u64 {
        let chain = self.policy.solana.get(&self.chain_id);
        chain.map_or(0, |chain| chain.blockhash_life_s)
    }

    /// What the limits of one transaction are held against.
    pub(super) fn per_transaction(&self) -> BTreeMap<Key, U256> {
        summed(self.token, self.gross_raw, self.lamports)
    }
}

/// The amount of a mint together with lamports, by mint.
pub(crate) fn summed(token: Key, amount_raw: u64, lamports: u64) -> BTreeMap<Key, U256> {
    let mut amounts = BTreeMap::from([(token, U256::from(amount_raw))]);
    *amounts.entry(NATIVE).or_default() += U256::from(lamports);
    amounts
}

impl SolanaKind {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swap => "swap",
            Self::Transfer => "transfer",
            Self::Prepare => "prepare",
        }
    }
}

impl SolanaQuoted {
    /// As it is recorded.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "mint_in": self.mint_in.to_string(),
            "mint_out": self.mint_out.to_string(),
            "amount_in_raw": self.amount_in_raw.to_string(),
            "amount_out_raw": self.amount_out_raw.to_string(),
        })
    }
}
