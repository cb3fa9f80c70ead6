//! A Solana pool from the bytes on chain, whatever its family: the program that owns the account says which.

use super::meteora_dlmm::layout::DLMM_PROGRAM;
use super::orca_whirlpool::{IMMUTABLE_WHIRLPOOL_PROGRAM, WHIRLPOOL_PROGRAM};
use super::pump_fees::layout::PUMP_PROGRAM;
use super::pumpswap::layout::PUMPSWAP_PROGRAM;
use super::raydium_amm_v4::RAYDIUM_AMM_V4_PROGRAM;
use super::raydium_clmm::RAYDIUM_CLMM_PROGRAM;
use super::raydium_cpmm::RAYDIUM_CPMM_PROGRAM;
use super::{
    AccountSet, ChainClock, MeteoraDlmmPool, OrcaWhirlpoolPool, Pool, PoolError, PumpCurvePool,
    PumpswapPool, RaydiumAmmV4Pool, RaydiumClmmPool, RaydiumCpmmPool,
};
use crate::ChainAddress;

impl Pool {
    /// Decodes the pool at this address; `accounts` holds it and all that its family needs (vaults, mints, settings,
    /// tick or bin arrays), as the family's page of `docs/pool-formats` says.
    ///
    /// # Errors
    /// `account_missing` (with what it is for), `account_malformed`, `unsupported_feature` (also for an account of a
    /// program that is no supported venue), `state_invalid`.
    pub fn from_accounts(
        pool: ChainAddress,
        accounts: &AccountSet<'_>,
        clock: ChainClock,
    ) -> Result<Self, PoolError> {
        let account = accounts.get(&pool).ok_or(PoolError::AccountMissing {
            pool,
            account: pool,
            role: "the pool itself",
        })?;
        match account.owner {
            RAYDIUM_AMM_V4_PROGRAM => {
                RaydiumAmmV4Pool::from_accounts(pool, accounts, clock).map(Self::from)
            }
            RAYDIUM_CPMM_PROGRAM => {
                RaydiumCpmmPool::from_accounts(pool, accounts, clock).map(Self::from)
            }
            RAYDIUM_CLMM_PROGRAM => {
                RaydiumClmmPool::from_accounts(pool, accounts, clock).map(Self::from)
            }
            WHIRLPOOL_PROGRAM | IMMUTABLE_WHIRLPOOL_PROGRAM => {
                OrcaWhirlpoolPool::from_accounts(pool, accounts, clock).map(Self::from)
            }
            DLMM_PROGRAM => MeteoraDlmmPool::from_accounts(pool, accounts, clock).map(Self::from),
            PUMPSWAP_PROGRAM => PumpswapPool::from_accounts(pool, accounts, clock).map(Self::from),
            PUMP_PROGRAM => PumpCurvePool::from_accounts(pool, accounts, clock).map(Self::from),
            owner => Err(PoolError::Unsupported {
                pool,
                feature: format!("the owner {owner}, a program"),
            }),
        }
    }
}
