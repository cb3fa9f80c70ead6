//! `signer.toml`: where the files are, who may speak to the signer, and the policy. Unknown keys are refused.

mod chains;
mod liquidations;
mod owners;
mod solana;
mod unlisted_mints;

use crate::fault::Invalid;
use crate::fields::{self, Fields, malformed};
use crate::policy::{MAX_RAISE_DELAY_S, Policy, SOLANA_CHAIN_ID};
use chains::Book;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Key;

const RAISE_DELAY_S: u64 = 600;

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
        let raise_delay_s = read_raise_delay(&mut top)?;
        let mut book = Book::default();
        let listed = top.list("wallets")?;
        let mut chains = chains::read(top.object("chains")?, &mut book)?;
        let wallets = owners::read_wallets(listed, &mut book)?;
        let strategies = match top.take_optional("strategies") {
            None => None,
            Some(table) => {
                let table = Fields::of("strategies", table)?;
                Some(owners::read_strategies(table, &wallets, &mut book)?)
            }
        };
        top.finish()?;
        for (wallet, used) in &wallets {
            let wrong =
                |message: String| Err(malformed(&format!("wallets ({wallet}).chains"), &message));
            if let Some(chain) = used.iter().find(|chain| !chains.holds(**chain)) {
                return wrong(format!(
                    "lists chain {chain}, which has no [chains.{chain}] section"
                ));
            }
            if let Some(chain) = used.iter().find(|chain| !is_of(*wallet, **chain)) {
                return wrong(format!(
                    "lists chain {chain}, which has addresses of another kind"
                ));
            }
        }
        for (id, chain) in &mut chains.solana {
            let used = wallets.iter().filter(|(_, chains)| chains.contains(id));
            let used: BTreeSet<Key> = used
                .filter_map(|(wallet, _)| wallet.solana().map(Key))
                .collect();
            solana::require_own_treasury(*id, chain, &used)?;
            solana::require_own_traders(*id, chain, &used)?;
            solana::know_accounts(chain, used.into_iter());
        }
        let policy = Policy {
            wallets,
            strategies,
            chains: chains.evm,
            solana: chains.solana,
            amounts: book.amounts,
            raise_delay_s,
        };
        Ok(Self {
            socket,
            gate,
            key_file,
            allowed_uids,
            policy,
        })
    }
}

fn read_raise_delay(top: &mut Fields) -> Result<u64, Invalid> {
    if !top.holds("raise_delay_s") {
        return Ok(RAISE_DELAY_S);
    }
    let delay = top.integer("raise_delay_s")?;
    if !(1..=MAX_RAISE_DELAY_S).contains(&delay) {
        let message = format!("must be from 1 to {MAX_RAISE_DELAY_S} (30 days)");
        return Err(malformed("raise_delay_s", &message));
    }
    Ok(delay)
}

/// Whether the wallet's key is of the chain's kind.
fn is_of(wallet: ChainAddress, chain_id: u64) -> bool {
    wallet.solana().is_some() == (chain_id == SOLANA_CHAIN_ID)
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
