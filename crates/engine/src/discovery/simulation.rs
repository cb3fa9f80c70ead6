//! Buying and selling at once in one transaction, as a node would execute it: a coin that cannot be sold shows itself.

use alloy_primitives::U256;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Exact, PoolMath as _};
use tradewind_solana::Key;
use tradewind_solana::signature::{SIGNATURE_BYTES, Signature};
use tradewind_solana::token_accounts::create_token_account;
use tradewind_solana::transaction::TransactionBuilder;

use super::DiscoveryTerms;
use crate::chain_reader::ChainReader;
use crate::fault::EngineFault;
use crate::inventory::{Inventory, LoadedPool, Loading};
use crate::pipeline::{Hop, Shared, hop_instructions};

/// Compute units of everything together; a simulation pays none.
const UNITS: u32 = 1_000_000;

/// What is wrong with buying and selling at once; None when nothing is.
pub(super) async fn simulate(
    shared: &Shared,
    reader: &ChainReader,
    loading: &Loading,
    coin: ChainAddress,
    terms: &DiscoveryTerms,
) -> Result<Option<String>, EngineFault> {
    let Some(wallet) = shared.inventory().wallet() else {
        return Ok(Some("nobody is there to trade for".to_owned()));
    };
    let wire = match there_and_back(wallet, loading, coin, terms) {
        Ok(wire) => wire,
        Err(why) => return Ok(Some(why)),
    };
    let told = reader.simulate(&wire).await?;
    Ok(match &told["value"]["err"] {
        Value::Null => None,
        error => Some(error.to_string()),
    })
}

/// The transaction, with zeros for the signature and for the blockhash, which the node replaces.
fn there_and_back(
    wallet: ChainAddress,
    loading: &Loading,
    coin: ChainAddress,
    terms: &DiscoveryTerms,
) -> Result<Vec<u8>, String> {
    let mut inventory = Inventory::default();
    inventory.take(loading);
    inventory.trade_for(wallet, &[terms.base]);
    let loaded = loading.pools.first().ok_or("the pool was not read")?;
    let buy = Hop {
        pool: loaded.pool.address(),
        mint_in: terms.base,
        mint_out: coin,
    };
    let bought = hop_instructions(&inventory, wallet, buy, terms.amount_in_raw)
        .map_err(|fault| fault.to_string())?;
    let mut after = loaded.pool.clone();
    let pair = after
        .pair(buy.mint_in, buy.mint_out)
        .map_err(|fault| fault.to_string())?;
    let amounts = after
        .swap(pair, Exact::In, U256::from(terms.amount_in_raw))
        .map_err(|fault| fault.to_string())?;
    inventory.add_loaded(LoadedPool {
        pool: after,
        ..loaded.clone()
    });
    let sell = Hop {
        pool: buy.pool,
        mint_in: coin,
        mint_out: terms.base,
    };
    let got_raw = u64::try_from(amounts.amount_out_raw).map_err(|fault| fault.to_string())?;
    let sold =
        hop_instructions(&inventory, wallet, sell, got_raw).map_err(|fault| fault.to_string())?;
    let key = Key(wallet.solana().unwrap_or_default());
    let mut builder = TransactionBuilder::new();
    builder
        .set_fee_payer(key)
        .set_recent_blockhash(Key([0; 32]))
        .set_compute_budget(UNITS, 0);
    for mint in [terms.base, coin] {
        let made = inventory
            .token_program(mint)
            .and_then(|program| create_token_account(key, key, Key(mint.solana()?), program));
        if let Some(made) = made {
            builder.add_instruction(made);
        }
    }
    builder.add_instructions(bought.instructions);
    builder.add_instructions(sold.instructions);
    let unsigned = builder.build().map_err(|fault| fault.to_string())?;
    let blank = vec![Signature([0; SIGNATURE_BYTES]); unsigned.signers().len()];
    unsigned.to_wire(&blank).map_err(|fault| fault.to_string())
}
