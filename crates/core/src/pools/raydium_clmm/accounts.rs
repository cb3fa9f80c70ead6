//! A Raydium CLMM pool from the accounts that were read, and the addresses of those that were not.

use super::book::Arrays;
use super::layout::{
    AmmConfig, BitmapExtension, PoolAccount, RAYDIUM_CLMM_PROGRAM, TickArray, default_bitmap,
};
use super::state::{RaydiumClmmState, RaydiumClmmTickArray};
use crate::ChainAddress;
use crate::pools::{AccountSet, ChainClock, PoolError};
use crate::solana::{AccountFields, Mint, program_address};

/// The whole state, from the accounts that were read.
pub(super) fn state(
    pool: ChainAddress,
    accounts: &AccountSet<'_>,
    clock: ChainClock,
) -> Result<RaydiumClmmState, PoolError> {
    let read = |account: ChainAddress, role: &'static str| {
        let missing = PoolError::AccountMissing {
            pool,
            account,
            role,
        };
        accounts.get(&account).ok_or(missing)
    };
    let account = PoolAccount::decode(read(pool, "the pool")?)?;
    let config_account = read(account.amm_config, "the config with the fees")?;
    let config = AmmConfig::decode(pool, config_account)?;
    config.check(config_account, i32::from(account.tick_spacing))?;
    let [fees_0, fees_1] = account
        .mints
        .map(|mint| Mint::decode(pool, read(mint, "a mint")?).map(|mint| mint.transfer_fees));
    let (tick_arrays, bitmap_extension_read) = tick_arrays(pool, &account, accounts)?;
    Ok(RaydiumClmmState {
        pool,
        token_mint_0: account.mints[0],
        token_mint_1: account.mints[1],
        amm_config: account.amm_config,
        trade_fee_rate: config.rates.trade_fee,
        protocol_fee_rate: config.rates.protocol,
        fund_fee_rate: config.rates.fund,
        tick_spacing: account.tick_spacing,
        sqrt_price_x64: account.position.sqrt_price,
        tick_current: account.position.tick,
        liquidity: account.position.liquidity,
        status: account.status,
        open_time: account.open_time,
        tick_arrays,
        bitmap_extension_read,
        transfer_fees_0: fees_0?,
        transfer_fees_1: fees_1?,
        clock,
    })
}

/// Every array that the bitmaps tell, with its ticks where it was read; and whether the extension was.
fn tick_arrays(
    pool: ChainAddress,
    account: &PoolAccount,
    accounts: &AccountSet<'_>,
) -> Result<(Vec<RaydiumClmmTickArray>, bool), PoolError> {
    let mut starts = account.array_starts();
    let extension = accounts
        .iter()
        .find(|account| BitmapExtension::of(pool, account));
    if let Some(extension) = extension {
        let extension = BitmapExtension::decode(pool, extension)?;
        starts.extend(extension.array_starts(account.tick_spacing)?);
    }
    let own = default_bitmap(account.tick_spacing);
    let mut arrays: Arrays = starts.into_iter().map(|start| (start, None)).collect();
    for given in accounts
        .iter()
        .filter(|account| TickArray::of(pool, account))
    {
        let array = TickArray::decode(pool, i32::from(account.tick_spacing), given)?;
        let told = own.contains(&array.start) || extension.is_some();
        match (arrays.get_mut(&array.start), array.ticks.is_empty()) {
            (Some(place), false) => *place = Some(array.ticks.into()),
            (None, true) => {}
            // Without the extension nobody says whether it counts.
            (None, false) if !told => {}
            (found, _) => {
                let fault = format!(
                    "{} ticks are initialised, but the bitmap says {}; read both in one call",
                    array.ticks.len(),
                    found.is_some()
                );
                return Err(AccountFields::new(given).malformed("ticks", fault));
            }
        }
    }
    let arrays = arrays
        .into_iter()
        .map(|(start, ticks)| RaydiumClmmTickArray {
            start_tick_index: start,
            ticks: ticks.map(|ticks| ticks.to_vec()),
        });
    Ok((arrays.collect(), extension.is_some()))
}

/// The address of the tick array that begins at this tick.
pub(super) fn tick_array_address(pool: ChainAddress, start: i32) -> ChainAddress {
    derived(pool, b"tick_array", &start.to_be_bytes())
}

/// The address of the bitmap extension.
pub(super) fn extension_address(pool: ChainAddress) -> ChainAddress {
    derived(pool, b"pool_tick_array_bitmap_extension", &[])
}

/// What the program derives from a name and the pool's key; a seed without bytes counts for nothing.
fn derived(pool: ChainAddress, name: &[u8], suffix: &[u8]) -> ChainAddress {
    let key = pool.solana().unwrap_or_default();
    program_address(RAYDIUM_CLMM_PROGRAM, &[name, &key, suffix]).unwrap_or(pool)
}
