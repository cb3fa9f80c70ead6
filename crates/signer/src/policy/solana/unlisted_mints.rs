//! Unlisted mints: coins that nobody could list beforehand, bought within caps of what is paid, and sold again.
//!
//! Such a coin has no price here, so what a purchase brings is not judged, only that it brings something. What is paid has
//! caps of its own, besides the limits of the mint that it is paid in. A mint that `signer.toml` lists is never one of
//! these, whether it is in force or not. How much was paid before, and which coins are still held, is for the gate to say.

use super::super::Terms;
use super::super::terms::{chain_key, value_of};
use super::instructions::{Place, Reading};
use super::{NATIVE, SOLANA_CHAIN_ID, SolanaAsk, SolanaPolicy, token_account};
use crate::fault::{Refusal, Rule};
use alloy_primitives::U256;
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::decode::solana::{
    AccountKey, Key, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Venue, WRAPPED_SOL,
};

const OPEN: &str = "max_open_mints";
const PER_TRANSACTION: &str = "max_paid_per_transaction";
const PER_MINT: &str = "max_paid_per_mint";
const PER_DAY: &str = "max_paid_per_day";

/// Who may trade coins that are not listed, where, and for how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlistedMints {
    /// The wallets that may.
    pub wallets: BTreeSet<Key>,
    /// The venues on which such a coin is bought and sold, by name.
    pub venues: BTreeSet<String>,
    /// The token programs that such a coin may belong to.
    pub token_programs: BTreeSet<Key>,
    /// Most coins that are held at a time.
    pub max_open_mints: u64,
    /// What may be paid with, and how much of it; SOL stands under [`WRAPPED_SOL`], lamports or wrapped.
    pub paid: BTreeMap<Key, PaidCaps>,
    /// The mints that are listed in `signer.toml`, in force or not.
    pub listed: BTreeSet<Key>,
}

/// Caps of what is paid for unlisted mints, in raw units of what is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidCaps {
    /// In one transaction.
    pub per_transaction_raw: u64,
    /// For one coin, ever.
    pub per_mint_raw: u64,
    /// For all of them, in any 24 hours.
    pub per_day_raw: u64,
}

/// An unlisted mint that a transaction buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// Which.
    pub mint: Key,
    /// What it is paid in; SOL is [`WRAPPED_SOL`], lamports or wrapped.
    pub paid_in: Key,
    /// What the purchase brings at least, in raw units of the coin.
    pub least_raw: u64,
}

/// The unlisted mint of one transaction, with the accounts that the wallet may have for it.
pub(super) struct Unlisted<'a> {
    pub(super) rule: &'a UnlistedMints,
    pub(super) mint: Key,
    /// Each with its token program, allowed or not.
    accounts: Vec<(Key, Key)>,
}

/// What a configuration calls a venue.
#[must_use]
pub fn venue_name(venue: Venue) -> &'static str {
    match venue {
        Venue::PumpSwap => "pumpswap",
        other => other.name(),
    }
}

/// Under which mint SOL's caps stand, be it lamports or wrapped; any other mint is itself.
#[must_use]
pub fn paid_as(mint: Key) -> Key {
    if mint == NATIVE { WRAPPED_SOL } else { mint }
}

impl Unlisted<'_> {
    /// Whether the account is the wallet's for the coin.
    pub(super) fn owns(&self, account: Key) -> bool {
        self.accounts.iter().any(|(own, _)| *own == account)
    }

    /// Whether the account is the wallet's for the coin under a token program that is allowed, and under this one, if it
    /// is told.
    pub(super) fn holds(&self, account: Key, program: Option<Key>) -> bool {
        self.accounts.iter().any(|(own, of)| {
            *own == account
                && self.rule.token_programs.contains(of)
                && program.is_none_or(|program| program == *of)
        })
    }
}

impl SolanaPolicy {
    /// The unlisted mint that the transaction is quoted with, if the section allows the wallet any.
    pub(super) fn unlisted_of(&self, ask: &SolanaAsk<'_>) -> Result<Option<Unlisted<'_>>, Refusal> {
        let quoted = ask.quoted;
        let is_listed = |mint: Key| self.tokens.contains_key(&mint);
        let mint = match (is_listed(quoted.mint_in), is_listed(quoted.mint_out)) {
            (true, true) => return Ok(None),
            (true, false) => quoted.mint_out,
            _ => quoted.mint_in,
        };
        let rule = self.unlisted_mints.as_ref();
        let Some(rule) = rule.filter(|rule| !rule.listed.contains(&mint)) else {
            return self.token(mint).map(|_| None);
        };
        Rule::UnlistedMint.require(rule.wallets.contains(&ask.wallet), || {
            format!(
                "the mint {mint} is not listed, and {} may not trade such mints; list the mint, or the wallet in \
                 [chains.{SOLANA_CHAIN_ID}.unlisted_mints].wallets",
                ask.wallet
            )
        })?;
        let accounts = [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].into_iter();
        let accounts = accounts
            .filter_map(|program| Some((token_account(ask.wallet, mint, program)?, program)));
        Ok(Some(Unlisted {
            rule,
            mint,
            accounts: accounts.collect(),
        }))
    }
}

impl Reading<'_, '_> {
    /// The unlisted mint of this transaction, where the account is the wallet's own for it.
    pub(super) fn unlisted_side(&self, account: AccountKey) -> Option<Key> {
        let unlisted = self.unlisted.as_ref()?;
        let account = account.known()?;
        unlisted.holds(account, None).then_some(unlisted.mint)
    }

    /// Whether the mint is the transaction's unlisted one.
    pub(super) fn is_unlisted(&self, mint: Key) -> bool {
        let unlisted = self.unlisted.as_ref();
        unlisted.is_some_and(|unlisted| unlisted.mint == mint)
    }

    /// An unlisted mint is bought and sold on the section's venues only.
    pub(super) fn require_unlisted_venue(&self, place: Place, venue: Venue) -> Result<(), Refusal> {
        let name = venue_name(venue);
        let unlisted = self.unlisted.as_ref();
        let allowed = unlisted.is_some_and(|unlisted| unlisted.rule.venues.contains(name));
        Rule::UnlistedMint.require(allowed, || {
            place.says(&format!(
                "a mint that is not listed may not be traded on {name}; add it to \
                 [chains.{SOLANA_CHAIN_ID}.unlisted_mints].venues if it may"
            ))
        })
    }

    /// What the transaction buys of an unlisted mint, within the caps of one transaction; nothing when it sells one.
    pub(super) fn purchase(
        &self,
        unlisted: &Unlisted<'_>,
        (gross_raw, out_raw): (u128, u128),
    ) -> Result<Option<Purchase>, Refusal> {
        let (mint, quoted) = (unlisted.mint, self.ask.quoted);
        Rule::UnlistedMint.require(out_raw > 0, || {
            format!(
                "the trade of {mint}, which is not listed, may bring nothing; give it a minimum of 1 or more"
            )
        })?;
        if quoted.mint_in == mint {
            return Ok(None);
        }
        let paid_in = paid_as(quoted.mint_in);
        let caps = unlisted.rule.paid.get(&paid_in).ok_or_else(|| {
            Rule::UnlistedMint.refuse(format!(
                "{mint}, which is not listed, may not be paid in {}; add it to \
                 [[chains.{SOLANA_CHAIN_ID}.unlisted_mints.paid]] if it may",
                quoted.mint_in
            ))
        })?;
        let cap = caps.per_transaction_raw;
        Rule::UnlistedMint.require(gross_raw <= u128::from(cap), || {
            format!(
                "{gross_raw} raw units of {} would be paid for {mint}, which is not listed; the cap of one transaction is \
                 {cap}. Pay less, or raise {PER_TRANSACTION}.",
                quoted.mint_in
            )
        })?;
        Ok(Some(Purchase {
            mint,
            paid_in,
            least_raw: u64::try_from(out_raw).unwrap_or(u64::MAX),
        }))
    }
}

impl UnlistedMints {
    pub(super) fn terms(&self, id: u64) -> Terms {
        let mut terms = Terms::new();
        let mut set = |what: String, value: U256| terms.extend([(term_key(id, &what), value)]);
        set(OPEN.to_owned(), U256::from(self.max_open_mints));
        for wallet in &self.wallets {
            set(wallet_key(*wallet), U256::ONE);
        }
        for venue in &self.venues {
            set(venue_key(venue), U256::ONE);
        }
        for program in &self.token_programs {
            set(program_key(*program), U256::ONE);
        }
        for (mint, caps) in &self.paid {
            set(paid_key(*mint), U256::ONE);
            for (what, raw) in [
                (PER_TRANSACTION, caps.per_transaction_raw),
                (PER_MINT, caps.per_mint_raw),
                (PER_DAY, caps.per_day_raw),
            ] {
                set(format!("{}.{what}", paid_key(*mint)), U256::from(raw));
            }
        }
        terms
    }

    pub(super) fn restrict(&mut self, id: u64, terms: &Terms) {
        let in_force = |what: &str| value_of(terms, &term_key(id, what));
        let listed = |what: &str| !in_force(what).is_zero();
        let least =
            |what: &str, own: u64| u64::try_from(in_force(what)).map_or(own, |cap| cap.min(own));
        self.max_open_mints = least(OPEN, self.max_open_mints);
        self.wallets.retain(|wallet| listed(&wallet_key(*wallet)));
        self.venues.retain(|venue| listed(&venue_key(venue)));
        self.token_programs
            .retain(|program| listed(&program_key(*program)));
        self.paid.retain(|mint, caps| {
            let key = paid_key(*mint);
            let capped = |what: &str, own: u64| least(&format!("{key}.{what}"), own);
            caps.per_transaction_raw = capped(PER_TRANSACTION, caps.per_transaction_raw);
            caps.per_mint_raw = capped(PER_MINT, caps.per_mint_raw);
            caps.per_day_raw = capped(PER_DAY, caps.per_day_raw);
            listed(&key)
        });
    }
}

fn term_key(id: u64, what: &str) -> String {
    chain_key(id, &format!("unlisted_mints.{what}"))
}

fn wallet_key(wallet: Key) -> String {
    format!("wallet.{wallet}")
}

fn venue_key(venue: &str) -> String {
    format!("venue.{venue}")
}

fn program_key(program: Key) -> String {
    format!("token_program.{program}")
}

fn paid_key(mint: Key) -> String {
    format!("paid.{mint}")
}
