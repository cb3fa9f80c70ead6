//! What an engine knows before its feed runs: the pools, the lookup tables, and the wallet's token accounts.

use serde_json::json;
use tradewind_core::ChainAddress;
use tradewind_core::pools::PoolMath as _;
use tradewind_solana::Key;
use tradewind_solana::token_accounts::TokenProgram;

use super::held::{Held, read_held};
use super::{Running, unwritable};
use crate::chain_reader::ChainReader;
use crate::fault::{Ending, EngineFault};
use crate::inventory::{AccountReader as _, KnownTable, Loading, load, read_snapshot};

impl Running<'_> {
    /// Every pool of the snapshot and of the programs, as the chain has it, and what the wallet holds.
    pub(super) async fn load(
        &self,
        reader: &ChainReader,
        wallet: Option<ChainAddress>,
    ) -> Result<Vec<ChainAddress>, EngineFault> {
        let source = &self.run.config.inventory;
        let mut addresses = Vec::new();
        if let Some(path) = &source.snapshot {
            let path = self.run.config.folder.join(path);
            let (pools, left_out) = read_snapshot(&path).map_err(|fault| {
                EngineFault::new(
                    Ending::BadConfiguration,
                    "snapshot_unreadable",
                    fault.to_string(),
                )
            })?;
            for reason in left_out {
                self.shared
                    .log
                    .warning("pool_left_out", &reason, json!({"code": "pool_left_out"}));
            }
            addresses.extend(pools.iter().map(tradewind_core::pools::Pool::address));
        }
        for program in &source.programs {
            addresses.extend(reader.accounts_of(*program).await?);
        }
        addresses.extend(self.shared.positions().all().map(|held| held.pool));
        addresses.sort_unstable();
        addresses.dedup();
        let mut loading = load(reader, &addresses).await?;
        loading.tokens.extend(self.base_tokens(reader).await?);
        let pools: Vec<_> = loading
            .pools
            .iter()
            .map(|loaded| loaded.pool.address())
            .collect();
        self.follow_loans(reader).await?;
        let tables = self.tables(reader).await?;
        let token_accounts = self.stock(&loading, tables, wallet);
        for account in reader.read(&token_accounts).await?.into_iter().flatten() {
            self.shared.inventory_mut().add_token_account(account.key);
        }
        self.correct_positions(reader).await?;
        let fields = json!({"pools": pools.len(), "left_out": loading.left_out.len()});
        self.shared
            .log
            .info("pools_loaded", "the pools are known", fields);
        Ok(pools)
    }

    /// The chain has the last word on what is held: a coin that somebody moved otherwise is held no more. A node that has
    /// not come as far as the purchase has no say.
    async fn correct_positions(&self, reader: &ChainReader) -> Result<(), EngineFault> {
        let held: Vec<_> = {
            let inventory = self.shared.inventory();
            let positions = inventory.positions();
            let settled = positions.all().filter(|held| held.pending.is_none());
            let wallet = inventory.wallet();
            settled
                .filter_map(|held| {
                    Some(Held {
                        coin: held.coin,
                        amount_raw: held.held_raw,
                        account: inventory.token_account(wallet?, held.coin)?,
                        since_slot: held.bought_slot,
                    })
                })
                .collect()
        };
        let read = read_held(reader, &held).await?;
        for (held, on_chain_raw) in held.iter().zip(read) {
            let fields = json!({
                "mint": held.coin.to_string(), "held_raw": held.amount_raw.to_string(),
                "on_chain_raw": on_chain_raw.map(|raw| raw.to_string()),
            });
            let log = &self.shared.log;
            log.info("position_known", "it was bought before this start", fields);
            let Some(on_chain_raw) = on_chain_raw else {
                let message = format!(
                    "chain.rpc: has not come to slot {}, in which {} was bought; the position stays as it was written",
                    held.since_slot, held.coin
                );
                log.warning("node_behind", &message, json!({"code": "node_behind"}));
                continue;
            };
            // More than was bought is somebody's gift, and none of the position's business.
            if on_chain_raw < held.amount_raw {
                let book = self.shared.position_book();
                let corrected = book.correct(held.coin, on_chain_raw);
                corrected.map_err(|error| unwritable(&self.run.config.folder, &error))?;
            }
        }
        Ok(())
    }

    /// The programs that keep the bases, which no pool may trade yet.
    async fn base_tokens(
        &self,
        reader: &ChainReader,
    ) -> Result<Vec<(ChainAddress, TokenProgram)>, EngineFault> {
        let bases = (self.strategy.mints)(&self.run.config.changeable.parameters);
        let read = reader.read(&bases).await?;
        let tokens = read.into_iter().flatten().filter_map(|mint| {
            let program = TokenProgram::of(Key(mint.owner.solana()?))?;
            Some((mint.key, program))
        });
        Ok(tokens.collect())
    }

    /// Puts what was read into the inventory; gives the wallet's token accounts for its mints, there or not.
    fn stock(
        &self,
        loading: &Loading,
        tables: Vec<KnownTable>,
        wallet: Option<ChainAddress>,
    ) -> Vec<ChainAddress> {
        let mut inventory = self.shared.inventory_mut();
        inventory.take(loading);
        for table in tables {
            inventory.add_table(table);
        }
        // Behind no feed yet, so not to be traded on.
        inventory.set_all_stale();
        let Some(wallet) = wallet else {
            return Vec::new();
        };
        let bases = (self.strategy.mints)(&self.run.config.changeable.parameters);
        inventory.trade_for(wallet, &bases);
        let mints = inventory.mints();
        mints
            .iter()
            .filter_map(|mint| inventory.token_account(wallet, *mint))
            .collect()
    }

    /// The lookup tables of the parameters, as far as they can be used.
    async fn tables(&self, reader: &ChainReader) -> Result<Vec<KnownTable>, EngineFault> {
        let terms = (self.strategy.terms)(&self.run.config.changeable.parameters);
        let addresses = terms.map(|terms| terms.lookup_tables).unwrap_or_default();
        let read = reader.read(&addresses).await?;
        let mut tables = Vec::new();
        for (address, account) in addresses.iter().zip(read) {
            let decoded = account.ok_or_else(|| "it is not there".to_owned());
            match decoded.and_then(|account| KnownTable::decode(&account)) {
                Ok(table) => tables.push(table),
                Err(why) => {
                    let message = format!("lookup table {address} is left out: {why}");
                    self.shared.log.warning(
                        "table_left_out",
                        &message,
                        json!({"code": "table_left_out"}),
                    );
                }
            }
        }
        Ok(tables)
    }
}
