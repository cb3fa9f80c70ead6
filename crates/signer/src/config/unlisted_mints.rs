//! The `[chains.101.unlisted_mints]` table: who may trade coins that are not listed, where, and for how much.

use super::chains::Book;
use super::solana::read_program;
use super::{items, some};
use crate::amount::parse_units;
use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::policy::{NATIVE, PaidCaps, UnlistedMints, paid_as, venue_name};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::decode::solana::{Key, Venue, WRAPPED_SOL, WRAPPED_SOL_2022};

/// Reads the table, if there is one. `programs` are those that may be called, `tokens` the mints that are listed.
pub(super) fn read(
    id: u64,
    chain: &mut Fields,
    programs: &BTreeSet<Key>,
    tokens: impl Iterator<Item = Key>,
    book: &Book,
) -> Result<Option<UnlistedMints>, Invalid> {
    if !chain.holds("unlisted_mints") {
        return Ok(None);
    }
    let mut table = chain.object("unlisted_mints")?;
    let path = |key: &str, table: &Fields| table.path(key);
    let (wallets_path, venues_path) = (path("wallets", &table), path("venues", &table));
    let (token_path, paid_path) = (path("token_programs", &table), path("paid", &table));
    let wallets = items(table.list("wallets")?, |path, value| {
        fields::key(path, &value)
    })?;
    let venues = items(table.list("venues")?, |path, value| {
        read_venue(path, value, programs)
    })?;
    let token_programs = items(table.list("token_programs")?, read_program)?;
    let max_open_mints = table.integer("max_open_mints")?;
    let paid = read_paid(id, table.list("paid")?, book)?;
    table.finish()?;
    if paid.is_empty() {
        return Err(malformed(&paid_path, "must not be empty"));
    }
    Ok(Some(UnlistedMints {
        wallets: some(&wallets_path, wallets)?,
        venues: some(&venues_path, venues)?,
        token_programs: some(&token_path, token_programs)?,
        max_open_mints,
        paid,
        listed: tokens
            .chain([NATIVE, WRAPPED_SOL, WRAPPED_SOL_2022])
            .collect(),
    }))
}

/// The name of a venue of which a program may be called.
fn read_venue(path: &str, value: Value, programs: &BTreeSet<Key>) -> Result<String, Invalid> {
    let name = fields::text(path, value)?;
    let mut callable = programs.iter().filter_map(|program| Venue::of(*program));
    if callable.any(|venue| venue_name(venue) == name) {
        return Ok(name);
    }
    let message = format!(
        "{name} is no venue of which a program is listed in programs; a venue is named as in a strategy file, such as \
         pump_curve or pumpswap"
    );
    Err(malformed(path, &message))
}

fn read_paid(
    id: u64,
    list: Vec<(String, Value)>,
    book: &Book,
) -> Result<BTreeMap<Key, PaidCaps>, Invalid> {
    let mut paid = BTreeMap::new();
    for (path, value) in list {
        let mut entry = Fields::of(&path, value)?;
        let mint_path = entry.path("mint");
        let mint = entry.solana("mint")?;
        let Some(decimals) = book.decimals_of(id, mint.into()) else {
            let message = format!("{mint} is not a token of [chains.{id}]");
            return Err(malformed(&mint_path, &message));
        };
        let caps = PaidCaps {
            per_transaction_raw: read_cap(&mut entry, "max_paid_per_transaction", decimals)?,
            per_mint_raw: read_cap(&mut entry, "max_paid_per_mint", decimals)?,
            per_day_raw: read_cap(&mut entry, "max_paid_per_day", decimals)?,
        };
        entry.finish()?;
        if paid.insert(paid_as(mint), caps).is_some() {
            let message = "is given twice; lamports and wrapped SOL have one entry together";
            return Err(malformed(&mint_path, message));
        }
    }
    Ok(paid)
}

fn read_cap(entry: &mut Fields, key: &str, decimals: u8) -> Result<u64, Invalid> {
    let path = entry.path(key);
    let raw = parse_units(&entry.text(key)?, decimals).map_err(|why| malformed(&path, &why))?;
    u64::try_from(raw).map_err(|_| malformed(&path, "is more than any mint has"))
}
