//! The bytes of Raydium CPMM: `PoolState` (637 bytes) and `AmmConfig` (236), each behind its discriminator.
//!
//! Source: `states/pool.rs` and `states/config.rs` of raydium-io/raydium-cp-swap.

use super::{CreatorFeeOn, FeeRounding, RaydiumCpmmState};
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::{Account, AccountSet, ChainClock, PoolError};
use crate::solana::{AccountFields, Mint, TOKEN_2022_PROGRAM, TokenAccount, TransferFees};

/// The program on mainnet.
pub const RAYDIUM_CPMM_PROGRAM: ChainAddress =
    Key::constant("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C").address();

const POOL_DISCRIMINATOR: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const POOL_BYTES: usize = 637;
const CONFIG_DISCRIMINATOR: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];
const CONFIG_BYTES: usize = 236;
const MILLION: u64 = 1_000_000;

/// What a quote needs of `PoolState`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PoolAccount {
    pub(super) keys: PoolKeys,
    pub(super) status: u8,
    pub(super) protocol_fees_raw: [u64; 2],
    pub(super) fund_fees_raw: [u64; 2],
    pub(super) creator_fees_raw: [u64; 2],
    pub(super) open_time: u64,
    pub(super) creator_fee_on: CreatorFeeOn,
    pub(super) enable_creator_fee: bool,
}

/// The keys of a pool, which never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolKeys {
    pub(super) config: ChainAddress,
    pub(super) vaults: [ChainAddress; 2],
    pub(super) mints: [ChainAddress; 2],
    pub(super) programs: [ChainAddress; 2],
}

/// What a quote needs of `AmmConfig`, in parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) trade: u32,
    pub(super) protocol: u32,
    pub(super) fund: u32,
    pub(super) creator: u32,
}

impl PoolAccount {
    pub(super) fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = of_program(account)?;
        fields.expect_discriminator(POOL_DISCRIMINATOR)?;
        fields.expect_len(POOL_BYTES)?;
        refuse_padding(&fields, 391, 397)?;
        refuse_padding(&fields, 413, POOL_BYTES)?;
        let two = |field, offset| -> Result<[u64; 2], PoolError> {
            Ok([fields.u64(field, offset)?, fields.u64(field, offset + 8)?])
        };
        let keys = |field, offset| -> Result<[ChainAddress; 2], PoolError> {
            Ok([fields.key(field, offset)?, fields.key(field, offset + 32)?])
        };
        Ok(Self {
            keys: PoolKeys {
                config: fields.key("amm_config", 8)?,
                vaults: keys("token_vault", 72)?,
                mints: keys("token_mint", 168)?,
                programs: keys("token_program", 232)?,
            },
            status: fields.u8("status", 329)?,
            protocol_fees_raw: two("protocol_fees", 341)?,
            fund_fees_raw: two("fund_fees", 357)?,
            creator_fees_raw: two("creator_fees", 397)?,
            open_time: fields.u64("open_time", 373)?,
            creator_fee_on: match fields.u8("creator_fee_on", 389)? {
                0 => CreatorFeeOn::BothTokens,
                1 => CreatorFeeOn::OnlyToken0,
                2 => CreatorFeeOn::OnlyToken1,
                other => {
                    let fault = format!("must be 0, 1 or 2, not {other} (InvalidFeeModel, 6013)");
                    return Err(fields.malformed("creator_fee_on", fault));
                }
            },
            enable_creator_fee: fields.flag("enable_creator_fee", 390)?,
        })
    }
}

impl Rates {
    pub(super) fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = of_program(account)?;
        fields.expect_discriminator(CONFIG_DISCRIMINATOR)?;
        fields.expect_len(CONFIG_BYTES)?;
        refuse_padding(&fields, 116, CONFIG_BYTES)?;
        let rate = |field, offset| {
            let rate = fields.u64(field, offset)?;
            u32::try_from(rate)
                .ok()
                .filter(|rate| u64::from(*rate) <= MILLION)
                .ok_or_else(|| {
                    fields.malformed(field, format!("must be at most 1000000, not {rate}"))
                })
        };
        Ok(Self {
            trade: rate("trade_fee_rate", 12)?,
            protocol: rate("protocol_fee_rate", 20)?,
            fund: rate("fund_fee_rate", 28)?,
            creator: rate("creator_fee_rate", 108)?,
        })
    }
}

/// The balance of a vault.
pub(super) fn vault_raw(
    pool: ChainAddress,
    account: &Account<'_>,
    mint: ChainAddress,
    program: ChainAddress,
) -> Result<u64, PoolError> {
    let vault = TokenAccount::decode(pool, account)?;
    let fields = AccountFields::new(account);
    expect_program(&fields, program, vault.program)?;
    if vault.mint != mint {
        let fault = format!("must be {mint}, as the pool says, not {}", vault.mint);
        return Err(fields.malformed("mint", fault));
    }
    Ok(vault.amount_raw)
}

/// The transfer fees of a mint of Token-2022.
pub(super) fn transfer_fees(
    pool: ChainAddress,
    account: &Account<'_>,
    program: ChainAddress,
) -> Result<TransferFees, PoolError> {
    let mint = Mint::decode(pool, account)?;
    expect_program(&AccountFields::new(account), program, mint.program)?;
    Ok(mint.transfer_fees)
}

/// The whole state: pool, config, both vaults, and the mints of Token-2022.
pub(super) fn state(
    pool: ChainAddress,
    accounts: &AccountSet<'_>,
    clock: ChainClock,
) -> Result<RaydiumCpmmState, PoolError> {
    let find = |account: ChainAddress, role: &'static str| {
        accounts.get(&account).ok_or(PoolError::AccountMissing {
            pool,
            account,
            role,
        })
    };
    let decoded = PoolAccount::decode(find(pool, "pool")?)?;
    let PoolKeys {
        config,
        vaults,
        mints,
        programs,
    } = decoded.keys;
    let rates = Rates::decode(find(config, "config")?)?;
    let vault = |side: usize| {
        vault_raw(
            pool,
            find(vaults[side], "vault")?,
            mints[side],
            programs[side],
        )
    };
    let fees = |side: usize| match programs[side] {
        TOKEN_2022_PROGRAM => transfer_fees(
            pool,
            find(mints[side], "mint of Token-2022")?,
            TOKEN_2022_PROGRAM,
        ),
        _ => Ok(TransferFees::NONE),
    };
    let [protocol_fees0_raw, protocol_fees1_raw] = decoded.protocol_fees_raw;
    let [fund_fees0_raw, fund_fees1_raw] = decoded.fund_fees_raw;
    let [creator_fees0_raw, creator_fees1_raw] = decoded.creator_fees_raw;
    Ok(RaydiumCpmmState {
        pool,
        config,
        token0: mints[0],
        token1: mints[1],
        token0_program: programs[0],
        token1_program: programs[1],
        vault0: vaults[0],
        vault1: vaults[1],
        vault0_raw: vault(0)?,
        vault1_raw: vault(1)?,
        protocol_fees0_raw,
        protocol_fees1_raw,
        fund_fees0_raw,
        fund_fees1_raw,
        creator_fees0_raw,
        creator_fees1_raw,
        trade_fee_ppm: rates.trade,
        protocol_fee_ppm: rates.protocol,
        fund_fee_ppm: rates.fund,
        creator_fee_ppm: rates.creator,
        enable_creator_fee: decoded.enable_creator_fee,
        creator_fee_on: decoded.creator_fee_on,
        status: decoded.status,
        open_time: decoded.open_time,
        fee_rounding: FeeRounding::Together,
        transfer_fees0: fees(0)?,
        transfer_fees1: fees(1)?,
        clock,
    })
}

fn of_program<'a>(account: &Account<'a>) -> Result<AccountFields<'a>, PoolError> {
    let fields = AccountFields::new(account);
    expect_program(&fields, RAYDIUM_CPMM_PROGRAM, account.owner)?;
    Ok(fields)
}

fn expect_program(
    fields: &AccountFields<'_>,
    expected: ChainAddress,
    found: ChainAddress,
) -> Result<(), PoolError> {
    if found == expected {
        return Ok(());
    }
    Err(fields.malformed("owner program", format!("must be {expected}, not {found}")))
}

/// Bytes that the known version of the program leaves zero: a later one that writes them is not this one.
fn refuse_padding(fields: &AccountFields<'_>, from: usize, to: usize) -> Result<(), PoolError> {
    let padding = fields.data().get(from..to).unwrap_or_default();
    if padding.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    let fault =
        format!("bytes {from} to {to} must be zero; a later version of the program wrote them");
    Err(fields.malformed("padding", fault))
}
