//! `signer.toml`: where the files are, who may speak to the signer, and the policy. Unknown keys are refused.

use crate::amount::parse_units;
use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::policy::{ChainPolicy, PermitDomain, Policy, TokenPolicy};
use alloy_primitives::{Address, U256};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const MAX_DECIMALS: u8 = 36;
// Above this a "limit" would be none.
const MAX_SLIPPAGE_BPS: u32 = 5_000;
const DAY_S: u64 = 86_400;

/// The configuration of one signer, frozen after load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The Unix socket it listens on.
    pub socket: PathBuf,
    /// The gate's database file.
    pub gate: PathBuf,
    /// The encrypted keys.
    pub key_file: PathBuf,
    /// Users besides its own that may connect.
    pub allowed_uids: BTreeSet<u32>,
    /// What may be signed.
    pub policy: Policy,
}

impl Config {
    /// Reads a file; relative paths in it start at its folder.
    ///
    /// # Errors
    /// The first mistake, with its key path.
    pub fn load(file: &Path) -> Result<Self, Invalid> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| whole(format!("{} cannot be read: {error}", file.display())))?;
        let file = std::path::absolute(file)
            .map_err(|error| whole(format!("{} has no folder: {error}", file.display())))?;
        let folder = file.parent().unwrap_or(Path::new("/"));
        Self::parse(&text, folder)
    }

    /// Reads the text of a configuration.
    ///
    /// # Errors
    /// The first mistake, with its key path.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Invalid> {
        let value: Value = toml::from_str(text).map_err(|error| whole(error.to_string()))?;
        let mut top = Fields::of("", value)?;
        let mut file = |key| top.text(key).map(|name| folder.join(name));
        let (socket, gate, key_file) = (file("socket")?, file("gate")?, file("key_file")?);
        let allowed_uids = if top.holds("allowed_uids") {
            items(top.list("allowed_uids")?, |path, value| {
                fields::integer(path, &value)
            })?
        } else {
            BTreeSet::new()
        };
        let wallets = read_wallets(top.list("wallets")?)?;
        let chains = read_chains(top.object("chains")?)?;
        top.finish()?;
        for (wallet, used) in &wallets {
            if let Some(chain) = used.iter().find(|chain| !chains.contains_key(chain)) {
                let message = format!("lists chain {chain}, which has no [chains.{chain}] section");
                return Err(malformed(&format!("wallets ({wallet}).chains"), &message));
            }
        }
        let policy = Policy { wallets, chains };
        Ok(Self {
            socket,
            gate,
            key_file,
            allowed_uids,
            policy,
        })
    }
}

fn whole(message: String) -> Invalid {
    Invalid {
        code: "config_unreadable",
        field: String::new(),
        message,
    }
}

fn items<T: Ord>(
    list: Vec<(String, Value)>,
    read: impl Fn(&str, Value) -> Result<T, Invalid>,
) -> Result<BTreeSet<T>, Invalid> {
    let mut set = BTreeSet::new();
    for (path, value) in list {
        if !set.insert(read(&path, value)?) {
            return Err(malformed(&path, "is given twice"));
        }
    }
    Ok(set)
}

fn some<T>(path: &str, set: BTreeSet<T>) -> Result<BTreeSet<T>, Invalid> {
    if set.is_empty() {
        return Err(malformed(path, "must not be empty"));
    }
    Ok(set)
}

fn read_wallets(list: Vec<(String, Value)>) -> Result<BTreeMap<Address, BTreeSet<u64>>, Invalid> {
    let mut wallets = BTreeMap::new();
    for (path, value) in list {
        let mut entry = Fields::of(&path, value)?;
        let address = entry.address("address")?;
        let chains = items(entry.list("chains")?, |path, value| {
            fields::integer(path, &value)
        })?;
        let chains = some(&entry.path("chains"), chains)?;
        let address_path = entry.path("address");
        entry.finish()?;
        if wallets.insert(address, chains).is_some() {
            return Err(malformed(&address_path, "is given twice"));
        }
    }
    if wallets.is_empty() {
        return Err(malformed("wallets", "must not be empty"));
    }
    Ok(wallets)
}

fn read_chains(mut table: Fields) -> Result<BTreeMap<u64, ChainPolicy>, Invalid> {
    let mut chains = BTreeMap::new();
    for key in table.keys() {
        let path = table.path(&key);
        let id = fields::parse_decimal(&key)
            .and_then(|id| u64::try_from(id).ok())
            .filter(|id| (1..=fields::MAX_INTEGER).contains(id))
            .ok_or_else(|| {
                malformed(&path, "must be named by a chain id, such as [chains.42161]")
            })?;
        chains.insert(id, read_chain(table.object(&key)?)?);
    }
    Ok(chains)
}

fn read_chain(mut chain: Fields) -> Result<ChainPolicy, Invalid> {
    let path = |key: &str, chain: &Fields| chain.path(key);
    let routers = items(chain.list("routers")?, fields::address)?;
    let max_slippage_bps = chain.integer("max_slippage_bps")?;
    if max_slippage_bps > MAX_SLIPPAGE_BPS {
        let message = format!("must be at most {MAX_SLIPPAGE_BPS} (half the value)");
        return Err(malformed(&path("max_slippage_bps", &chain), &message));
    }
    let max_validity_s = chain.integer("max_validity_s")?;
    if !(1..=DAY_S).contains(&max_validity_s) {
        let message = format!("must be from 1 to {DAY_S} (a day)");
        return Err(malformed(&path("max_validity_s", &chain), &message));
    }
    let read = ChainPolicy {
        routers: some(&path("routers", &chain), routers)?,
        max_gas_limit: chain.integer("max_gas_limit")?,
        max_fee_per_gas_wei: chain.decimal("max_fee_per_gas_wei")?,
        max_transaction_fee_wei: chain.decimal("max_transaction_fee_wei")?,
        max_slippage_bps,
        max_validity_s,
        tokens: read_tokens(chain.list("tokens")?)?,
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

fn read_tokens(list: Vec<(String, Value)>) -> Result<BTreeMap<Address, TokenPolicy>, Invalid> {
    let mut tokens = BTreeMap::new();
    for (path, value) in list {
        let mut entry = Fields::of(&path, value)?;
        let address = entry.address("address")?;
        let address_path = entry.path("address");
        if tokens.insert(address, read_token(entry)?).is_some() {
            return Err(malformed(&address_path, "is given twice"));
        }
    }
    Ok(tokens)
}

fn read_token(mut entry: Fields) -> Result<TokenPolicy, Invalid> {
    let symbol = entry.text("symbol")?;
    let decimals: u8 = entry.integer("decimals")?;
    if decimals > MAX_DECIMALS {
        let message = format!("must be at most {MAX_DECIMALS}");
        return Err(malformed(&entry.path("decimals"), &message));
    }
    let mut amount = |key| -> Result<U256, Invalid> {
        let text = entry.text(key)?;
        parse_units(&text, decimals).map_err(|why| malformed(&entry.path(key), &why))
    };
    let max_per_transaction_raw = amount("max_per_transaction")?;
    let max_per_day_raw = amount("max_per_day")?;
    let permit = match entry.take_optional("permit") {
        None => None,
        Some(value) => Some(read_permit(Fields::of(&entry.path("permit"), value)?)?),
    };
    entry.finish()?;
    Ok(TokenPolicy {
        symbol,
        max_per_transaction_raw,
        max_per_day_raw,
        permit,
    })
}

fn read_permit(mut entry: Fields) -> Result<PermitDomain, Invalid> {
    let domain = PermitDomain {
        name: entry.text("name")?,
        version: entry.text("version")?,
    };
    entry.finish()?;
    Ok(domain)
}
