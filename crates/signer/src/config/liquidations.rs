//! The `[chains.101.liquidations]` table: who may liquidate, and which reserves may take part.

use super::chains::Book;
use super::{items, some};
use crate::amount::parse_units;
use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::policy::{LendingReserve, Liquidations};
use serde_json::Value;
use std::collections::BTreeMap;
use tradewind_core::decode::solana::Key;

/// Reads the table, if there is one.
pub(super) fn read(
    id: u64,
    chain: &mut Fields,
    book: &Book,
) -> Result<Option<Liquidations>, Invalid> {
    if !chain.holds("liquidations") {
        return Ok(None);
    }
    let mut table = chain.object("liquidations")?;
    let (wallets_path, reserves_path) = (table.path("wallets"), table.path("reserves"));
    let wallets = items(table.list("wallets")?, |path, value| {
        fields::key(path, &value)
    })?;
    let reserves = read_reserves(id, table.list("reserves")?, book)?;
    table.finish()?;
    if reserves.is_empty() {
        return Err(malformed(&reserves_path, "must not be empty"));
    }
    Ok(Some(Liquidations {
        wallets: some(&wallets_path, wallets)?,
        reserves,
    }))
}

fn read_reserves(
    id: u64,
    list: Vec<(String, Value)>,
    book: &Book,
) -> Result<BTreeMap<Key, LendingReserve>, Invalid> {
    let mut reserves = BTreeMap::new();
    for (path, value) in list {
        let mut entry = Fields::of(&path, value)?;
        let (mint_path, cap_path) = (entry.path("mint"), entry.path("max_repaid_per_transaction"));
        let (key, mint) = (entry.solana("reserve")?, entry.solana("mint")?);
        let Some(decimals) = book.decimals_of(id, mint.into()) else {
            let message = format!("{mint} is not a token of [chains.{id}]");
            return Err(malformed(&mint_path, &message));
        };
        let cap = parse_units(&entry.text("max_repaid_per_transaction")?, decimals)
            .map_err(|why| malformed(&cap_path, &why))?;
        let reserve = LendingReserve {
            mint,
            collateral_mint: entry.solana("collateral_mint")?,
            max_repaid_raw: u64::try_from(cap)
                .map_err(|_| malformed(&cap_path, "is more than any mint has"))?,
        };
        entry.finish()?;
        if reserves.insert(key, reserve).is_some() {
            return Err(malformed(&path, "is given twice"));
        }
    }
    Ok(reserves)
}
