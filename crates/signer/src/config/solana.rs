//! The `[chains.101]` table: Solana's programs, accounts, caps, and the mints with their limits.

use super::chains::{
    Book, MAX_DECIMALS, MAX_ENDPOINTS, read_quorum, read_seconds, read_slippage, read_token_limits,
};
use super::{items, liquidations, some, unlisted_mints};
use crate::amount::parse_units;
use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::policy::{NATIVE, SolanaPolicy, SolanaToken, TokenAccounts, Treasury};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tradewind_core::decode::solana::{
    ASSOCIATED_TOKEN_PROGRAM, COMPUTE_BUDGET_PROGRAM, KAMINO_PROGRAM, Key, SYSTEM_PROGRAM,
    TIP_ACCOUNTS, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Venue,
};

const BASIC: [Key; 6] = [
    SYSTEM_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    TOKEN_PROGRAM,
    TOKEN_2022_PROGRAM,
    ASSOCIATED_TOKEN_PROGRAM,
    KAMINO_PROGRAM,
];
const MAX_COMPUTE_UNITS: u32 = 1_400_000;
const MAX_FLASH_FEE_BPS: u32 = 1_000;
const MAX_TABLE: usize = 256;
// One endpoint's word is no evidence.
const MIN_EVIDENCE: u64 = 2;

pub(super) fn read(id: u64, mut chain: Fields, book: &mut Book) -> Result<SolanaPolicy, Invalid> {
    let max_slippage_bps = read_slippage(&mut chain)?;
    let blockhash_life_s = read_seconds(&mut chain, "blockhash_life_s")?;
    let max_compute_units = chain.integer("max_compute_units")?;
    if !(1..=MAX_COMPUTE_UNITS).contains(&max_compute_units) {
        let message = format!("must be from 1 to {MAX_COMPUTE_UNITS}");
        return Err(malformed(&chain.path("max_compute_units"), &message));
    }
    let programs = read_programs(&mut chain)?;
    let tokens = read_tokens(id, &mut chain, book)?;
    let listed = tokens.keys().copied();
    let read = SolanaPolicy {
        liquidations: liquidations::read(id, &mut chain, book)?,
        unlisted_mints: unlisted_mints::read(id, &mut chain, &programs, listed, book)?,
        programs,
        recipients: read_keys(&mut chain, "recipients")?.unwrap_or_default(),
        tip_accounts: read_keys(&mut chain, "tip_accounts")?
            .unwrap_or_else(|| BTreeSet::from(TIP_ACCOUNTS)),
        flash_reserves: read_reserves(&mut chain)?,
        treasury: read_treasury(&mut chain)?,
        lookup_tables: read_tables(&mut chain)?,
        tokens,
        accounts: TokenAccounts::default(),
        max_tip_lamports: chain.integer("max_tip_lamports")?,
        max_compute_units,
        max_compute_unit_price_micro_lamports: chain
            .integer("max_compute_unit_price_micro_lamports")?,
        max_fee_lamports: chain.integer("max_fee_lamports")?,
        max_slippage_bps,
        blockhash_life_s,
        settlement_quorum: read_quorum(&mut chain)?,
        evidence_quorum: read_evidence(&mut chain)?,
    };
    chain.finish()?;
    Ok(read)
}

/// Adds the token accounts of the wallets, and of the recipients.
pub(super) fn know_accounts(chain: &mut SolanaPolicy, wallets: impl Iterator<Item = Key>) {
    let owners: BTreeSet<Key> = wallets.chain(chain.recipients.iter().copied()).collect();
    for owner in owners {
        for (mint, token) in chain.tokens.iter().filter(|(mint, _)| **mint != NATIVE) {
            chain.accounts.insert(owner, *mint, token.program);
        }
    }
}

fn read_keys(chain: &mut Fields, name: &str) -> Result<Option<BTreeSet<Key>>, Invalid> {
    if !chain.holds(name) {
        return Ok(None);
    }
    let keys = chain.list(name)?;
    items(keys, |path, value| fields::key(path, &value)).map(Some)
}

fn read_programs(chain: &mut Fields) -> Result<BTreeSet<Key>, Invalid> {
    let path = chain.path("programs");
    let programs = items(chain.list("programs")?, |path, value| {
        let program = fields::key(path, &value)?;
        if Venue::of(program).is_some() || BASIC.contains(&program) {
            return Ok(program);
        }
        Err(malformed(
            path,
            "is no program whose instructions are read here; leave it out",
        ))
    })?;
    some(&path, programs)
}

fn read_evidence(chain: &mut Fields) -> Result<u64, Invalid> {
    if !chain.holds("evidence_quorum") {
        return Ok(MIN_EVIDENCE);
    }
    let path = chain.path("evidence_quorum");
    let quorum = chain.integer("evidence_quorum")?;
    if !(MIN_EVIDENCE..=MAX_ENDPOINTS).contains(&quorum) {
        let message = format!("must be from {MIN_EVIDENCE} to {MAX_ENDPOINTS}");
        return Err(malformed(&path, &message));
    }
    Ok(quorum)
}

fn read_treasury(chain: &mut Fields) -> Result<Option<Treasury>, Invalid> {
    if !chain.holds("treasury") {
        return Ok(None);
    }
    let mut table = chain.object("treasury")?;
    let path = table.path("wallets");
    let treasury = Treasury {
        wallet: table.solana("wallet")?,
        wallets: some(&path, read_keys(&mut table, "wallets")?.unwrap_or_default())?,
        max_lamports: table.integer("max_lamports")?,
        max_per_day_lamports: table.integer("max_per_day_lamports")?,
    };
    table.finish()?;
    if treasury.wallets.contains(&treasury.wallet) {
        return Err(malformed(&path, "lists the treasury itself; leave it out"));
    }
    Ok(Some(treasury))
}

/// The treasury and whom it tops up are wallets of this signer: nobody else is paid without a limit of amounts.
pub(super) fn require_own_treasury(
    id: u64,
    chain: &SolanaPolicy,
    own: &BTreeSet<Key>,
) -> Result<(), Invalid> {
    let named = chain.treasury.iter();
    let mut named = named.flat_map(|one| one.wallets.iter().chain([&one.wallet]));
    match named.find(|wallet| !own.contains(*wallet)) {
        None => Ok(()),
        Some(wallet) => Err(malformed(
            &format!("chains.{id}.treasury"),
            &format!("names {wallet}, which [[wallets]] does not list for chain {id}"),
        )),
    }
}

fn read_reserves(chain: &mut Fields) -> Result<BTreeMap<Key, u32>, Invalid> {
    let mut reserves = BTreeMap::new();
    for (path, value) in optional_list(chain, "flash_reserves")? {
        let mut entry = Fields::of(&path, value)?;
        let fee_path = entry.path("assumed_fee_bps");
        let (reserve, fee_bps) = (entry.solana("reserve")?, entry.integer("assumed_fee_bps")?);
        entry.finish()?;
        if fee_bps > MAX_FLASH_FEE_BPS {
            return Err(malformed(
                &fee_path,
                &format!("must be at most {MAX_FLASH_FEE_BPS}"),
            ));
        }
        if reserves.insert(reserve, fee_bps).is_some() {
            return Err(malformed(&path, "is given twice"));
        }
    }
    Ok(reserves)
}

fn read_tables(chain: &mut Fields) -> Result<BTreeMap<Key, Vec<Key>>, Invalid> {
    let mut tables = BTreeMap::new();
    for (path, value) in optional_list(chain, "lookup_tables")? {
        let mut entry = Fields::of(&path, value)?;
        let keys_path = entry.path("keys");
        let address = entry.solana("address")?;
        let keys: Vec<Key> = entry
            .list("keys")?
            .into_iter()
            .map(|(path, value)| fields::key(&path, &value))
            .collect::<Result<_, _>>()?;
        entry.finish()?;
        if !(1..=MAX_TABLE).contains(&keys.len()) {
            return Err(malformed(
                &keys_path,
                &format!("must be 1 to {MAX_TABLE} keys"),
            ));
        }
        if tables.insert(address, keys).is_some() {
            return Err(malformed(&path, "is given twice"));
        }
    }
    Ok(tables)
}

fn read_tokens(
    id: u64,
    chain: &mut Fields,
    book: &mut Book,
) -> Result<BTreeMap<Key, SolanaToken>, Invalid> {
    let path = chain.path("tokens");
    let mut tokens = BTreeMap::new();
    for (path, value) in chain.list("tokens")? {
        let mut entry = Fields::of(&path, value)?;
        let address_path = entry.path("address");
        let mint = entry.solana("address")?;
        let token = read_token(id, mint, entry, book)?;
        if tokens.insert(mint, token).is_some() {
            return Err(malformed(&address_path, "is given twice"));
        }
    }
    if tokens.contains_key(&NATIVE) {
        return Ok(tokens);
    }
    let message = format!(
        "must list the native coin, {NATIVE}: fees, tips and rents count against its limits"
    );
    Err(malformed(&path, &message))
}

fn read_token(
    id: u64,
    mint: Key,
    mut entry: Fields,
    book: &mut Book,
) -> Result<SolanaToken, Invalid> {
    let symbol = entry.text("symbol")?;
    let decimals: u8 = entry.integer("decimals")?;
    if decimals > MAX_DECIMALS || (mint == NATIVE && decimals != 9) {
        let message = format!("must be at most {MAX_DECIMALS}, and 9 for the native coin");
        return Err(malformed(&entry.path("decimals"), &message));
    }
    read_token_limits(id, mint.into(), decimals, &mut entry, book)?;
    let program = read_token_program(&mut entry)?;
    let min_profit_raw = if entry.holds("min_profit") {
        let path = entry.path("min_profit");
        let profit = parse_units(&entry.text("min_profit")?, decimals)
            .map_err(|why| malformed(&path, &why))?;
        u64::try_from(profit).map_err(|_| malformed(&path, "is more than any mint has"))?
    } else {
        0
    };
    entry.finish()?;
    Ok(SolanaToken {
        symbol,
        program,
        min_profit_raw,
    })
}

/// Those who trade unlisted mints, or liquidate, are wallets of this signer.
pub(super) fn require_own_traders(
    id: u64,
    chain: &SolanaPolicy,
    own: &BTreeSet<Key>,
) -> Result<(), Invalid> {
    let traders = chain.unlisted_mints.iter().flat_map(|rule| &rule.wallets);
    let traders = traders.map(|wallet| ("unlisted_mints", wallet));
    let liquidators = chain.liquidations.iter().flat_map(|rule| &rule.wallets);
    let liquidators = liquidators.map(|wallet| ("liquidations", wallet));
    let mut named = traders.chain(liquidators);
    match named.find(|(_, wallet)| !own.contains(*wallet)) {
        None => Ok(()),
        Some((section, wallet)) => Err(malformed(
            &format!("chains.{id}.{section}.wallets"),
            &format!("names {wallet}, which [[wallets]] does not list for chain {id}"),
        )),
    }
}

fn read_token_program(entry: &mut Fields) -> Result<Key, Invalid> {
    if !entry.holds("program") {
        return Ok(TOKEN_PROGRAM);
    }
    let path = entry.path("program");
    read_program(&path, entry.take("program")?)
}

/// A token program by its name.
pub(super) fn read_program(path: &str, value: Value) -> Result<Key, Invalid> {
    match fields::text(path, value)?.as_str() {
        "token" => Ok(TOKEN_PROGRAM),
        "token_2022" => Ok(TOKEN_2022_PROGRAM),
        _ => Err(malformed(path, "must be \"token\" or \"token_2022\"")),
    }
}

fn optional_list(chain: &mut Fields, name: &str) -> Result<Vec<(String, Value)>, Invalid> {
    if chain.holds(name) {
        chain.list(name)
    } else {
        Ok(Vec::new())
    }
}
