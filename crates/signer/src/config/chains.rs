//! The `[chains.<id>]` tables: contracts, recipients, caps, and the tokens with their limits.

use super::solana;
use super::{items, some};
use crate::amount::parse_units;
use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::policy::{
    AmountLimit, ChainPolicy, PermitDomain, SOLANA_CHAIN_ID, Scope, SolanaPolicy, TokenPolicy,
    Window,
};
use alloy_primitives::{Address, U256};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::ChainAddress;

pub(super) const MAX_DECIMALS: u8 = 36;
// Above this a "limit" would be none.
const MAX_SLIPPAGE_BPS: u32 = 5_000;
const DAY_S: u64 = 86_400;
// As many as a settlement can name.
pub(super) const MAX_ENDPOINTS: u64 = 16;

/// The limits of amounts read so far, and what it takes to read more.
#[derive(Default)]
pub(super) struct Book {
    decimals: BTreeMap<(u64, ChainAddress), u8>,
    pub(super) amounts: BTreeMap<AmountLimit, U256>,
}

impl Book {
    /// The decimals of a token of the chain that was read before.
    pub(super) fn decimals_of(&self, chain_id: u64, token: ChainAddress) -> Option<u8> {
        self.decimals.get(&(chain_id, token)).copied()
    }

    /// Reads the limits that an entry has for a token of the chain; gives how many.
    ///
    /// # Errors
    /// The token is not listed, an amount is none of it, or the limit was given before.
    pub(super) fn read_amounts(
        &mut self,
        scope: &Scope,
        chain_id: u64,
        token: ChainAddress,
        entry: &mut Fields,
    ) -> Result<usize, Invalid> {
        let Some(decimals) = self.decimals.get(&(chain_id, token)).copied() else {
            let message = format!("{token} is not a token of [chains.{chain_id}]");
            return Err(malformed(&entry.path("token"), &message));
        };
        let mut count = 0;
        for window in Window::ALL {
            if !entry.holds(window.key()) {
                continue;
            }
            let path = entry.path(window.key());
            let text = entry.text(window.key())?;
            let cap = parse_units(&text, decimals).map_err(|why| malformed(&path, &why))?;
            let limit = AmountLimit {
                scope: scope.clone(),
                chain_id,
                token,
                window,
            };
            if self.amounts.insert(limit, cap).is_some() {
                return Err(malformed(&path, "is given twice"));
            }
            count += 1;
        }
        Ok(count)
    }
}

/// The chains of either kind.
#[derive(Default)]
pub(super) struct Chains {
    pub(super) evm: BTreeMap<u64, ChainPolicy>,
    pub(super) solana: BTreeMap<u64, SolanaPolicy>,
}

impl Chains {
    pub(super) fn holds(&self, id: u64) -> bool {
        self.evm.contains_key(&id) || self.solana.contains_key(&id)
    }
}

/// Reads `[chains.<id>]`; the limits of amounts go into the book.
pub(super) fn read(mut table: Fields, book: &mut Book) -> Result<Chains, Invalid> {
    let mut chains = Chains::default();
    for key in table.keys() {
        let path = table.path(&key);
        let id = fields::parse_decimal(&key)
            .and_then(|id| u64::try_from(id).ok())
            .filter(|id| (1..=fields::MAX_INTEGER).contains(id))
            .ok_or_else(|| {
                malformed(&path, "must be named by a chain id, such as [chains.42161]")
            })?;
        let chain = table.object(&key)?;
        if id == SOLANA_CHAIN_ID {
            chains.solana.insert(id, solana::read(id, chain, book)?);
        } else {
            chains.evm.insert(id, read_chain(id, chain, book)?);
        }
    }
    Ok(chains)
}

fn read_chain(id: u64, mut chain: Fields, book: &mut Book) -> Result<ChainPolicy, Invalid> {
    let path = |key: &str, chain: &Fields| chain.path(key);
    let routers = items(chain.list("routers")?, fields::address)?;
    let max_slippage_bps = read_slippage(&mut chain)?;
    let max_validity_s = read_seconds(&mut chain, "max_validity_s")?;
    let recipients = if chain.holds("recipients") {
        items(chain.list("recipients")?, fields::address)?
    } else {
        BTreeSet::new()
    };
    let read = ChainPolicy {
        recipients,
        settlement_quorum: read_quorum(&mut chain)?,
        routers: some(&path("routers", &chain), routers)?,
        max_gas_limit: chain.integer("max_gas_limit")?,
        max_fee_per_gas_wei: chain.decimal("max_fee_per_gas_wei")?,
        max_transaction_fee_wei: chain.decimal("max_transaction_fee_wei")?,
        max_slippage_bps,
        max_validity_s,
        tokens: read_tokens(id, chain.list("tokens")?, book)?,
    };
    if let Some(both) = read
        .routers
        .iter()
        .find(|router| read.tokens.contains_key(*router))
    {
        let message = format!("{both} is listed as a router and as a token");
        return Err(malformed(&path("routers", &chain), &message));
    }
    chain.finish()?;
    Ok(read)
}

pub(super) fn read_slippage(chain: &mut Fields) -> Result<u32, Invalid> {
    let max_slippage_bps = chain.integer("max_slippage_bps")?;
    if max_slippage_bps > MAX_SLIPPAGE_BPS {
        let message = format!("must be at most {MAX_SLIPPAGE_BPS} (half the value)");
        return Err(malformed(&chain.path("max_slippage_bps"), &message));
    }
    Ok(max_slippage_bps)
}

/// A time of up to a day.
pub(super) fn read_seconds(chain: &mut Fields, key: &str) -> Result<u64, Invalid> {
    let seconds = chain.integer(key)?;
    if !(1..=DAY_S).contains(&seconds) {
        let message = format!("must be from 1 to {DAY_S} (a day)");
        return Err(malformed(&chain.path(key), &message));
    }
    Ok(seconds)
}

pub(super) fn read_quorum(chain: &mut Fields) -> Result<u64, Invalid> {
    if !chain.holds("settlement_quorum") {
        return Ok(1);
    }
    let path = chain.path("settlement_quorum");
    let quorum = chain.integer("settlement_quorum")?;
    if !(1..=MAX_ENDPOINTS).contains(&quorum) {
        let message = format!("must be from 1 to {MAX_ENDPOINTS}");
        return Err(malformed(&path, &message));
    }
    Ok(quorum)
}

fn read_tokens(
    chain_id: u64,
    list: Vec<(String, Value)>,
    book: &mut Book,
) -> Result<BTreeMap<Address, TokenPolicy>, Invalid> {
    let mut tokens = BTreeMap::new();
    for (path, value) in list {
        let mut entry = Fields::of(&path, value)?;
        let address = entry.address("address")?;
        let address_path = entry.path("address");
        if tokens
            .insert(address, read_token(chain_id, address, entry, book)?)
            .is_some()
        {
            return Err(malformed(&address_path, "is given twice"));
        }
    }
    Ok(tokens)
}

fn read_token(
    chain_id: u64,
    token: Address,
    mut entry: Fields,
    book: &mut Book,
) -> Result<TokenPolicy, Invalid> {
    let symbol = entry.text("symbol")?;
    let decimals: u8 = entry.integer("decimals")?;
    if decimals > MAX_DECIMALS {
        let message = format!("must be at most {MAX_DECIMALS}");
        return Err(malformed(&entry.path("decimals"), &message));
    }
    read_token_limits(chain_id, token.into(), decimals, &mut entry, book)?;
    let permit = match entry.take_optional("permit") {
        None => None,
        Some(value) => Some(read_permit(Fields::of(&entry.path("permit"), value)?)?),
    };
    entry.finish()?;
    Ok(TokenPolicy { symbol, permit })
}

/// The limits of a token for everything together; the rest of its entry stays to be read.
pub(super) fn read_token_limits(
    chain_id: u64,
    token: ChainAddress,
    decimals: u8,
    entry: &mut Fields,
    book: &mut Book,
) -> Result<(), Invalid> {
    book.decimals.insert((chain_id, token), decimals);
    for needed in [Window::Transaction, Window::Day] {
        if !entry.holds(needed.key()) {
            entry.take(needed.key())?;
        }
    }
    book.read_amounts(&Scope::All, chain_id, token, entry)?;
    // Unless the file says more, nothing that is given back can be signed again within the day.
    let limit = |window| AmountLimit {
        scope: Scope::All,
        chain_id,
        token,
        window,
    };
    if let Some(day) = book.amounts.get(&limit(Window::Day)).copied() {
        book.amounts
            .entry(limit(Window::SignedPerDay))
            .or_insert(day);
    }
    Ok(())
}

fn read_permit(mut entry: Fields) -> Result<PermitDomain, Invalid> {
    let domain = PermitDomain {
        name: entry.text("name")?,
        version: entry.text("version")?,
    };
    entry.finish()?;
    Ok(domain)
}
