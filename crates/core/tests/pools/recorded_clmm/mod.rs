//! The recorded snapshots of a Raydium CLMM pool, as accounts.

pub(crate) mod walk;

use serde::Deserialize;
use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_clmm::{RAYDIUM_CLMM_PROGRAM, RaydiumClmmPool};
use tradewind_core::pools::{Account, ChainClock, PoolError};
use tradewind_core::solana::TOKEN_PROGRAM;

use crate::recorded;

pub(crate) const POOL: &str = "3ucNos4NbumPLZNWztqGHNFFgkHeRMBQAVemeeomsUxv";

pub(crate) const CLOCK: ChainClock = ChainClock {
    slot: 415_834_040,
    epoch: 962,
    unix_timestamp: 1_777_221_891,
};

#[derive(Debug, Deserialize)]
struct Snapshot {
    pool_b64: String,
    tick_arrays: Vec<Array>,
    swap: Observed,
}

#[derive(Debug, Deserialize)]
struct Array {
    address: ChainAddress,
    data_b64: String,
}

/// What a swap on mainnet took and gave.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Observed {
    pub(crate) signature: String,
    pub(crate) is_base_input: bool,
    pub(crate) zero_for_one: bool,
    #[serde(rename = "observed_amount_in")]
    pub(crate) amount_in: u64,
    #[serde(rename = "observed_amount_out")]
    pub(crate) amount_out: u64,
}

/// An account with its own bytes.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) address: ChainAddress,
    pub(crate) owner: ChainAddress,
    pub(crate) data: Vec<u8>,
}

impl Owned {
    pub(crate) fn account(&self) -> Account<'_> {
        Account {
            address: self.address,
            owner: self.owner,
            data: &self.data,
        }
    }
}

/// The pool, its config, both mints, then the arrays.
pub(crate) fn accounts(snapshot: &str) -> (Vec<Owned>, Observed) {
    let snapshot: Snapshot = recorded::read(&format!("solana/raydium_clmm/{snapshot}"));
    let pool = recorded::bytes(&snapshot.pool_b64);
    let key = |offset: usize| ChainAddress::Solana(pool[offset..offset + 32].try_into().unwrap());
    let clmm = |address, data| Owned {
        address,
        owner: RAYDIUM_CLMM_PROGRAM,
        data,
    };
    let mint = |address, decimals| Owned {
        address,
        owner: TOKEN_PROGRAM,
        data: mint(decimals),
    };
    let mut accounts = vec![
        clmm(POOL.parse().unwrap(), pool.clone()),
        clmm(key(9), config(400, 120_000, 40_000, 1)),
        mint(key(73), 9),
        mint(key(105), 6),
    ];
    for array in snapshot.tick_arrays {
        accounts.push(clmm(array.address, recorded::bytes(&array.data_b64)));
    }
    (accounts, snapshot.swap)
}

/// An `AmmConfig` with these rates.
pub(crate) fn config(trade: u32, protocol: u32, fund: u32, spacing: u16) -> Vec<u8> {
    let mut data = vec![0; 117];
    data[..8].copy_from_slice(&[0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f]);
    data[43..47].copy_from_slice(&protocol.to_le_bytes());
    data[47..51].copy_from_slice(&trade.to_le_bytes());
    data[51..53].copy_from_slice(&spacing.to_le_bytes());
    data[53..57].copy_from_slice(&fund.to_le_bytes());
    data
}

/// A mint of the SPL Token program, as it stores one.
pub(crate) fn mint(decimals: u8) -> Vec<u8> {
    let mut data = vec![0; 82];
    (data[44], data[45]) = (decimals, 1);
    data
}

pub(crate) fn decode(accounts: &[Owned]) -> Result<RaydiumClmmPool, PoolError> {
    let set = accounts.iter().map(Owned::account).collect();
    RaydiumClmmPool::from_accounts(POOL.parse().unwrap(), &set, CLOCK)
}
