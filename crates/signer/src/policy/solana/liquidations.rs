//! Liquidations of Kamino: a debt repaid and its collateral received, within a circular trade.
//!
//! Only reserves that are listed are repaid and received from, because what a reserve of anybody's own pays out is that
//! somebody's word. What the trade brings in the end is judged as that of any circular trade.

use super::super::Terms;
use super::super::terms::{chain_key, value_of};
use super::instructions::{Leg, Place, Reading, known};
use super::{SOLANA_CHAIN_ID, SolanaPolicy, token_account};
use crate::fault::{Refusal, Rule};
use alloy_primitives::U256;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::decode::solana::{AccountKey, Instruction, Key, Liquidated, TOKEN_PROGRAM};
use tradewind_core::evm::Exact;

const REPAID: &str = "max_repaid_per_transaction";

/// Who may liquidate, and which reserves may take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liquidations {
    /// The wallets that may.
    pub wallets: BTreeSet<Key>,
    /// The reserves whose debt may be repaid and whose collateral may be received.
    pub reserves: BTreeMap<Key, LendingReserve>,
}

/// A reserve as its lending market made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LendingReserve {
    /// Its token, a listed mint.
    pub mint: Key,
    /// The mint of its collateral's tokens.
    pub collateral_mint: Key,
    /// Most of its debt that one transaction repays, in raw units of its token.
    pub max_repaid_raw: u64,
}

impl SolanaPolicy {
    /// Whether the account is the wallet's own for the collateral's tokens of a reserve that it may liquidate.
    pub(super) fn is_collateral_account(&self, wallet: Key, mint: Key, account: Key) -> bool {
        let rule = self.liquidations.as_ref();
        let rule = rule.filter(|rule| rule.wallets.contains(&wallet));
        let listed = rule.is_some_and(|rule| {
            let mut reserves = rule.reserves.values();
            reserves.any(|reserve| reserve.collateral_mint == mint)
        });
        listed && token_account(wallet, mint, TOKEN_PROGRAM) == Some(account)
    }
}

impl Reading<'_, '_> {
    fn liquidations(&self, place: Place) -> Result<&Liquidations, Refusal> {
        let rule = self.policy.liquidations.as_ref();
        let rule = rule.filter(|rule| rule.wallets.contains(&self.ask.wallet));
        rule.ok_or_else(|| {
            Rule::Liquidation.refuse(place.says(&format!(
                "{} may not liquidate; list it in [chains.{SOLANA_CHAIN_ID}.liquidations].wallets if it may",
                self.ask.wallet
            )))
        })
    }

    /// A refresh moves nothing, and so has no account of the wallet.
    pub(super) fn refresh(&self, place: Place, it: &Instruction<'_>) -> Result<(), Refusal> {
        self.liquidations(place)?;
        self.require_own(place, it, 0)
    }

    pub(super) fn liquidate(
        &mut self,
        place: Place,
        it: &Instruction<'_>,
        call: &Liquidated,
    ) -> Result<(), Refusal> {
        Rule::Liquidation.require(!self.liquidated, || {
            place.says("is a second liquidation; give each a transaction of its own")
        })?;
        self.require_wallet(place, "the liquidator", call.liquidator)?;
        let repaid = self.reserve(place, "the debt's reserve", call.repay_reserve)?;
        let received = self.reserve(place, "the collateral's reserve", call.withdraw_reserve)?;
        self.require_account_of(place, "the source", call.source, repaid.mint)?;
        self.require_account_of(place, "the destination", call.destination, received.mint)?;
        let collateral = known(place, "the account of collateral", call.collateral)?;
        let wallet = self.ask.wallet;
        let own = token_account(wallet, received.collateral_mint, TOKEN_PROGRAM);
        Rule::SwapAccounts.require(own == Some(collateral), || {
            place.says(&format!(
                "the account of collateral is {collateral}, which is not the wallet's for {}",
                received.collateral_mint
            ))
        })?;
        // The liquidator, the source and the destination; and the account of collateral, where its mint is listed, too.
        let is_listed = self.policy.accounts.get(collateral).is_some();
        self.require_own(place, it, 3 + usize::from(is_listed))?;
        let elsewhere = it
            .accounts
            .iter()
            .filter(|it| it.key.known() == own)
            .count();
        Rule::SwapAccounts.require(elsewhere == 1, || {
            place.says("the account of collateral stands in a second place")
        })?;
        require_amounts(place, call, repaid)?;
        self.liquidated = true;
        self.flows.leave(repaid.mint, call.max_repaid_raw);
        self.flows.come(received.mint, call.least_received_raw);
        self.legs.push(Leg {
            exact: Exact::In,
            mint_in: repaid.mint,
            max_in_raw: call.max_repaid_raw,
        });
        let named = |key: AccountKey| key.known().map(|key| key.to_string());
        self.trade.push(json!([
            "liquidate",
            named(call.obligation),
            named(call.repay_reserve),
            named(call.withdraw_reserve),
        ]));
        Ok(())
    }

    /// Whoever liquidates owns neither the debt nor the collateral: only a trade that comes back is judged.
    pub(super) fn require_circular_liquidation(&self, circular: bool) -> Result<(), Refusal> {
        Rule::Liquidation.require(!self.liquidated || circular, || {
            "a liquidation is signed in a circular trade only: sell what it brings, and quote the mint of the debt in \
             both places"
                .to_owned()
        })
    }

    fn reserve(
        &self,
        place: Place,
        what: &str,
        key: AccountKey,
    ) -> Result<LendingReserve, Refusal> {
        let rule = self.liquidations(place)?;
        let key = known(place, what, key)?;
        rule.reserves.get(&key).copied().ok_or_else(|| {
            Rule::Liquidation.refuse(place.says(&format!(
                "{what} {key} is not listed in [[chains.{SOLANA_CHAIN_ID}.liquidations.reserves]]"
            )))
        })
    }

    fn require_account_of(
        &self,
        place: Place,
        what: &str,
        account: AccountKey,
        mint: Key,
    ) -> Result<(), Refusal> {
        let own = self.own_account(place, what, account)?;
        self.policy.token(own)?;
        Rule::SwapAccounts.require(own == mint, || {
            place.says(&format!(
                "{what} is an account for {own}, and the reserve is of {mint}"
            ))
        })
    }
}

impl Liquidations {
    pub(super) fn terms(&self, id: u64) -> Terms {
        let mut terms = Terms::new();
        let mut set = |what: String, value: U256| terms.extend([(term_key(id, &what), value)]);
        for wallet in &self.wallets {
            set(format!("wallet.{wallet}"), U256::ONE);
        }
        for (key, reserve) in &self.reserves {
            set(reserve_key(*key, reserve), U256::ONE);
            set(repaid_key(*key), U256::from(reserve.max_repaid_raw));
        }
        terms
    }

    pub(super) fn restrict(&mut self, id: u64, terms: &Terms) {
        let in_force = |what: &str| value_of(terms, &term_key(id, what));
        let listed = |what: &str| !in_force(what).is_zero();
        self.wallets
            .retain(|wallet| listed(&format!("wallet.{wallet}")));
        self.reserves.retain(|key, reserve| {
            let cap = u64::try_from(in_force(&repaid_key(*key))).unwrap_or(u64::MAX);
            reserve.max_repaid_raw = reserve.max_repaid_raw.min(cap);
            listed(&reserve_key(*key, reserve))
        });
    }
}

fn require_amounts(place: Place, call: &Liquidated, repaid: LendingReserve) -> Result<(), Refusal> {
    let (amount, cap) = (call.max_repaid_raw, repaid.max_repaid_raw);
    Rule::Liquidation.require((1..=cap).contains(&amount), || {
        place.says(&format!(
            "{amount} raw units of {} would be repaid, which is not from 1 to the cap of {cap}; repay less, or raise \
             {REPAID}",
            repaid.mint
        ))
    })?;
    Rule::Liquidation.require(call.least_received_raw > 0, || {
        place.says("may bring nothing; give it a minimum of 1 or more")
    })?;
    Rule::Liquidation.require(call.threshold_override == 0, || {
        place.says("names another threshold; give 0")
    })
}

fn term_key(id: u64, what: &str) -> String {
    chain_key(id, &format!("liquidations.{what}"))
}

/// Other mints of a reserve are another term.
fn reserve_key(key: Key, reserve: &LendingReserve) -> String {
    let (mint, collateral) = (reserve.mint, reserve.collateral_mint);
    format!("reserve.{key}.{mint}.{collateral}")
}

fn repaid_key(key: Key) -> String {
    format!("reserve.{key}.{REPAID}")
}
