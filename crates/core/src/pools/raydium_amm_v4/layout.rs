//! The bytes of Raydium AMM v4: `AmmInfo`, 752 bytes without a discriminator.
//!
//! Source: `AmmInfo` of raydium-io/raydium-amm, `program/src/state.rs`.

use super::RaydiumAmmV4State;
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::{Account, AccountSet, ChainClock, PoolError};
use crate::solana::{AccountFields, TOKEN_PROGRAM, TokenAccount};

/// The program on mainnet.
pub const RAYDIUM_AMM_V4_PROGRAM: ChainAddress =
    Key::constant("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8").address();

const AMM_INFO_BYTES: usize = 752;

/// What a quote needs of `AmmInfo`.
pub(super) struct AmmInfo {
    pub(super) status: u64,
    pub(super) swap_fee_numerator: u64,
    pub(super) swap_fee_denominator: u64,
    pub(super) coin_need_take_pnl_raw: u64,
    pub(super) pc_need_take_pnl_raw: u64,
    pub(super) pool_open_time: u64,
    pub(super) coin_vault: ChainAddress,
    pub(super) pc_vault: ChainAddress,
    pub(super) coin_mint: ChainAddress,
    pub(super) pc_mint: ChainAddress,
}

impl AmmInfo {
    pub(super) fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = AccountFields::new(account);
        if account.owner != RAYDIUM_AMM_V4_PROGRAM {
            let fault = format!("must be {RAYDIUM_AMM_V4_PROGRAM}, not {}", account.owner);
            return Err(fields.malformed("owner program", fault));
        }
        fields.expect_len(AMM_INFO_BYTES)?;
        Ok(Self {
            status: fields.u64("status", 0)?,
            swap_fee_numerator: fields.u64("swap_fee_numerator", 176)?,
            swap_fee_denominator: fields.u64("swap_fee_denominator", 184)?,
            coin_need_take_pnl_raw: fields.u64("need_take_pnl_coin", 192)?,
            pc_need_take_pnl_raw: fields.u64("need_take_pnl_pc", 200)?,
            pool_open_time: fields.u64("pool_open_time", 224)?,
            coin_vault: fields.key("coin_vault", 336)?,
            pc_vault: fields.key("pc_vault", 368)?,
            coin_mint: fields.key("coin_vault_mint", 400)?,
            pc_mint: fields.key("pc_vault_mint", 432)?,
        })
    }
}

/// The balance of a vault, which the program takes from the SPL Token program alone.
pub(super) fn vault_raw(
    pool: ChainAddress,
    account: &Account<'_>,
    mint: ChainAddress,
) -> Result<u64, PoolError> {
    let vault = TokenAccount::decode(pool, account)?;
    let fields = AccountFields::new(account);
    if vault.program != TOKEN_PROGRAM {
        let fault = format!("must be {TOKEN_PROGRAM}, not {}", vault.program);
        return Err(fields.malformed("owner program", fault));
    }
    if vault.mint != mint {
        let fault = format!("must be {mint}, as the pool says, not {}", vault.mint);
        return Err(fields.malformed("mint", fault));
    }
    Ok(vault.amount_raw)
}

/// The whole state, from the pool's account and both vaults.
pub(super) fn state(
    pool: ChainAddress,
    accounts: &AccountSet<'_>,
    clock: ChainClock,
) -> Result<RaydiumAmmV4State, PoolError> {
    let account = |account: ChainAddress, role: &'static str| {
        accounts.get(&account).ok_or(PoolError::AccountMissing {
            pool,
            account,
            role,
        })
    };
    let info = AmmInfo::decode(account(pool, "pool")?)?;
    let coin_vault = account(info.coin_vault, "coin vault")?;
    let pc_vault = account(info.pc_vault, "pc vault")?;
    Ok(RaydiumAmmV4State {
        pool,
        coin_mint: info.coin_mint,
        pc_mint: info.pc_mint,
        coin_vault: info.coin_vault,
        pc_vault: info.pc_vault,
        coin_vault_raw: vault_raw(pool, coin_vault, info.coin_mint)?,
        pc_vault_raw: vault_raw(pool, pc_vault, info.pc_mint)?,
        coin_need_take_pnl_raw: info.coin_need_take_pnl_raw,
        pc_need_take_pnl_raw: info.pc_need_take_pnl_raw,
        swap_fee_numerator: info.swap_fee_numerator,
        swap_fee_denominator: info.swap_fee_denominator,
        status: info.status,
        pool_open_time: info.pool_open_time,
        rounding: super::Rounding::Up,
        clock,
    })
}
