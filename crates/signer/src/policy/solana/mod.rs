//! What may be signed on Solana: programs, mints, recipients, fees, tips, and what a transaction must do at least.
//!
//! Everything is read from the transaction's bytes. What is not understood, down to the last byte of an instruction, is
//! refused.

mod accounts;
mod flows;
mod instructions;
mod liquidations;
mod loans;
mod message;
mod passed;
mod reclaims;
mod swaps;
mod terms;
mod top_ups;
mod trade;
mod unlisted_mints;

pub use accounts::{Receipt, SOLANA_CHAIN_ID, TokenAccounts, token_account};
pub use liquidations::{LendingReserve, Liquidations};
pub(crate) use passed::summed;
pub use passed::{PassedSolana, ReceiptNeed, SolanaAsk, SolanaKind, SolanaQuoted, Tables, TopUp};
pub use top_ups::Treasury;
pub use unlisted_mints::{PaidCaps, Purchase, UnlistedMints, paid_as, venue_name};

use super::Policy;
use crate::fault::{Refusal, Rule};
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::decode::solana::{Key, SYSTEM_PROGRAM};

/// Lamports, where a mint is expected.
pub const NATIVE: Key = SYSTEM_PROGRAM;
/// What an account without data must hold, in lamports: 128 bytes at 6,960 each.
pub const RECEIPT_LAMPORTS: u64 = 890_880;

/// The limits of Solana.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolanaPolicy {
    /// The programs that instructions may call.
    pub programs: BTreeSet<Key>,
    /// Who may be paid, besides the wallet itself.
    pub recipients: BTreeSet<Key>,
    /// Who may be tipped.
    pub tip_accounts: BTreeSet<Key>,
    /// The reserves that may lend for the length of a transaction, with the most that they are assumed to take.
    pub flash_reserves: BTreeMap<Key, u32>,
    /// Lookup tables whose contents are known here.
    pub lookup_tables: BTreeMap<Key, Vec<Key>>,
    /// The mints that may be spent or bought; the native coin is among them.
    pub tokens: BTreeMap<Key, SolanaToken>,
    /// The token accounts of wallets and recipients, for the mints above.
    pub accounts: TokenAccounts,
    /// Who tops up wallets that are low, if anybody does.
    pub treasury: Option<Treasury>,
    /// Who may liquidate, if anybody may.
    pub liquidations: Option<Liquidations>,
    /// Who may trade mints that are not listed, if anybody may.
    pub unlisted_mints: Option<UnlistedMints>,
    /// Highest tip, in lamports.
    pub max_tip_lamports: u64,
    /// Highest compute unit limit.
    pub max_compute_units: u32,
    /// Highest price of a compute unit.
    pub max_compute_unit_price_micro_lamports: u64,
    /// Highest fee of a transaction, without the tip.
    pub max_fee_lamports: u64,
    /// Furthest a limit amount may be from the quote.
    pub max_slippage_bps: u32,
    /// How long a blockhash is assumed to live, in seconds; amounts count until then and an hour, or a day, more.
    pub blockhash_life_s: u64,
    /// How many endpoints a settlement must name.
    pub settlement_quorum: u64,
    /// How many endpoints must say that an earlier attempt is dead, where no receipt proves it.
    pub evidence_quorum: u64,
}

/// What is known of one mint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolanaToken {
    /// For messages.
    pub symbol: String,
    /// The token program that owns it.
    pub program: Key,
    /// What a circular trade must bring at least, in raw units.
    pub min_profit_raw: u64,
}

impl SolanaPolicy {
    pub(super) fn token(&self, mint: Key) -> Result<&SolanaToken, Refusal> {
        self.tokens.get(&mint).ok_or_else(|| {
            Rule::TokenNotAllowed.refuse(format!(
                "the mint {mint} is not listed; list it in [[chains.{SOLANA_CHAIN_ID}.tokens]] if it may be traded, or \
                 allow unlisted mints within caps in [chains.{SOLANA_CHAIN_ID}.unlisted_mints]"
            ))
        })
    }
}

impl Policy {
    /// The limits under which this wallet may be used on Solana.
    ///
    /// # Errors
    /// `wallet_unknown`, `chain_not_allowed`.
    pub fn solana_of(&self, wallet: Key, chain_id: u64) -> Result<&SolanaPolicy, Refusal> {
        self.require_chain(wallet.into(), chain_id, &self.solana)
    }

    /// Passes a transaction, or names the rule it breaks.
    ///
    /// # Errors
    /// Any of the policy's rules.
    pub fn pass_solana<'a>(&'a self, ask: &SolanaAsk<'a>) -> Result<PassedSolana<'a>, Refusal> {
        let chain = self.solana_of(ask.wallet, ask.chain_id)?;
        if !ask.receipt.is_upkeep() {
            self.check_strategy(ask.wallet, ask.strategy_id)?;
        }
        let passed = chain.read(self, ask)?;
        for (mint, amount_raw) in passed.per_transaction() {
            self.check_amount(ask.wallet, ask.strategy_id, ask.chain_id, mint, amount_raw)?;
        }
        Ok(passed)
    }
}
