//! The `[[wallets]]` and `[strategies."<id>"]` tables: who may sign where, and limits of their own.

use super::chains::Book;
use super::{items, some};
use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::policy::Scope;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::ChainAddress;

/// Reads `[[wallets]]`: the chains of each, and its own limits.
pub(super) fn read_wallets(
    list: Vec<(String, Value)>,
    book: &mut Book,
) -> Result<BTreeMap<ChainAddress, BTreeSet<u64>>, Invalid> {
    let mut wallets = BTreeMap::new();
    for (path, value) in list {
        let mut entry = Fields::of(&path, value)?;
        let address = entry.account("address")?;
        let chains = items(entry.list("chains")?, |path, value| {
            fields::integer(path, &value)
        })?;
        let chains = some(&entry.path("chains"), chains)?;
        let address_path = entry.path("address");
        // Of an address given twice this would complain about a limit, which is not what is wrong.
        if !wallets.contains_key(&address) {
            read_limits(&Scope::Wallet(address), &mut entry, book)?;
            entry.finish()?;
        }
        if wallets.insert(address, chains).is_some() {
            return Err(malformed(&address_path, "is given twice"));
        }
    }
    if wallets.is_empty() {
        return Err(malformed("wallets", "must not be empty"));
    }
    Ok(wallets)
}

/// Reads `[strategies."<id>"]`: the wallets of each, and its own limits.
pub(super) fn read_strategies(
    mut table: Fields,
    listed: &BTreeMap<ChainAddress, BTreeSet<u64>>,
    book: &mut Book,
) -> Result<BTreeMap<String, BTreeSet<ChainAddress>>, Invalid> {
    let mut strategies = BTreeMap::new();
    for id in table.keys() {
        let path = table.path(&id);
        if !is_uuid(&id) {
            let message = "must be named by the strategy's id in lower case, such as \
                           [strategies.\"a1b2c3d4-e5f6-7890-1234-567890abcdef\"]";
            return Err(malformed(&path, message));
        }
        let mut entry = table.object(&id)?;
        let wallets_path = entry.path("wallets");
        let wallets = some(
            &wallets_path,
            items(entry.list("wallets")?, fields::account)?,
        )?;
        if let Some(unknown) = wallets.iter().find(|wallet| !listed.contains_key(*wallet)) {
            let message = format!("{unknown} has no [[wallets]] entry");
            return Err(malformed(&wallets_path, &message));
        }
        read_limits(&Scope::Strategy(id.clone()), &mut entry, book)?;
        entry.finish()?;
        strategies.insert(id, wallets);
    }
    Ok(strategies)
}

fn read_limits(scope: &Scope, owner: &mut Fields, book: &mut Book) -> Result<(), Invalid> {
    if !owner.holds("limits") {
        return Ok(());
    }
    for (path, value) in owner.list("limits")? {
        let mut entry = Fields::of(&path, value)?;
        let (chain_id, token) = (entry.integer("chain")?, entry.account("token")?);
        if book.read_amounts(scope, chain_id, token, &mut entry)? == 0 {
            return Err(malformed(&path, "names no limit, such as max_per_day"));
        }
        entry.finish()?;
    }
    Ok(())
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) || byte == b'-';
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(digits)
}
