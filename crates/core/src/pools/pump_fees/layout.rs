//! The bytes of `FeeConfig`, and the fields that both programs' accounts share.
//!
//! Source: IDL `pump_fees` in crate `pump-rust-client` 0.5.0.

use super::{FeeRates, FeeSchedule, FeeTable, FeeTier};
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::{Account, AccountSet, PoolError};
use crate::solana::{AccountFields, Mint, program_address};

/// The fee program.
const PUMP_FEES_PROGRAM: ChainAddress =
    Key::constant("pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ").address();

/// The program of the bonding curve.
pub(in crate::pools) const PUMP_PROGRAM: ChainAddress =
    Key::constant("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P").address();

const FEE_CONFIG: [u8; 8] = [0x8f, 0x34, 0x92, 0xbb, 0xdb, 0x7b, 0x4c, 0x9b];
/// Shorter ones are refused on chain (`FeeConfigTooShort`).
const LEAST_BYTES: usize = 4_073;
/// The lists hold far fewer; it bounds what a length may claim.
const MOST_TIERS: u32 = 100;
const TIER_BYTES: usize = 40;
const RATES_BYTES: usize = 24;

/// Decodes a `FeeConfig`; an account that was made before the last rates were added reads them as zero.
///
/// # Errors
/// `account_malformed`; `state_invalid` for rates that the program would not store.
pub(in crate::pools) fn fee_schedule(account: &Account<'_>) -> Result<FeeSchedule, PoolError> {
    expect_owner(account, PUMP_FEES_PROGRAM)?;
    let fields = AccountFields::new(account);
    fields.expect_discriminator(FEE_CONFIG)?;
    if account.data.len() < LEAST_BYTES {
        let fault = format!(
            "must be at least {LEAST_BYTES} bytes, not {}",
            account.data.len()
        );
        return Err(fields.malformed("data", fault));
    }
    let flat = rates(&fields, "flat_fees", 41)?;
    let (tiers, end) = tier_list(&fields, "fee_tiers", 65)?;
    let (stable_tiers, end) = tier_list(&fields, "stable_fee_tiers", end)?;
    let exotic = rates(&fields, "exotic_flat_fees", end)?;
    expect_zero(&fields, end + RATES_BYTES)?;
    let schedule = FeeSchedule::from(FeeTable {
        flat,
        tiers,
        stable_tiers,
        exotic,
    });
    schedule.check()?;
    Ok(schedule)
}

fn tier_list(
    fields: &AccountFields<'_>,
    field: &'static str,
    offset: usize,
) -> Result<(Vec<FeeTier>, usize), PoolError> {
    let count = fields.u32(field, offset)?;
    if count > MOST_TIERS {
        let fault = format!("must have at most {MOST_TIERS} tiers, not {count}");
        return Err(fields.malformed(field, fault));
    }
    let mut offset = offset + 4;
    let mut tiers = Vec::new();
    for _ in 0..count {
        tiers.push(FeeTier {
            market_cap_from_raw: fields.u128(field, offset)?,
            rates: rates(fields, field, offset + 16)?,
        });
        offset += TIER_BYTES;
    }
    Ok((tiers, offset))
}

fn rates(
    fields: &AccountFields<'_>,
    field: &'static str,
    offset: usize,
) -> Result<FeeRates, PoolError> {
    Ok(FeeRates {
        lp_bps: fields.u64(field, offset)?,
        protocol_bps: fields.u64(field, offset + 8)?,
        creator_bps: fields.u64(field, offset + 16)?,
    })
}

/// Pads a short account of an older layout with zeros, as the programs read it.
///
/// # Errors
/// `account_malformed` when it is shorter than the oldest layout, or holds fields behind the newest.
pub(in crate::pools) fn extended<const N: usize>(
    account: &Account<'_>,
    least: usize,
) -> Result<[u8; N], PoolError> {
    let fields = AccountFields::new(account);
    if account.data.len() < least {
        let fault = format!("must be at least {least} bytes, not {}", account.data.len());
        return Err(fields.malformed("data", fault));
    }
    expect_zero(&fields, N)?;
    let mut bytes = [0; N];
    let known = account.data.len().min(N);
    if let (Some(to), Some(from)) = (bytes.get_mut(..known), account.data.get(..known)) {
        to.copy_from_slice(from);
    }
    Ok(bytes)
}

/// That nothing stands behind the fields that are known: it would be a feature that is not.
fn expect_zero(fields: &AccountFields<'_>, from: usize) -> Result<(), PoolError> {
    let rest = fields.data().get(from..).unwrap_or_default();
    match rest.iter().position(|byte| *byte != 0) {
        None => Ok(()),
        Some(at) => Err(fields.malformed(
            "data",
            format!(
                "byte {} is set, behind the last field that is known",
                from + at
            ),
        )),
    }
}

/// That an account belongs to its program.
///
/// # Errors
/// `account_malformed` when it does not.
pub(in crate::pools) fn expect_owner(
    account: &Account<'_>,
    program: ChainAddress,
) -> Result<(), PoolError> {
    if account.owner == program {
        return Ok(());
    }
    let fault = format!("must be {program}, not {}", account.owner);
    Err(AccountFields::new(account).malformed("owner program", fault))
}

/// An account that the pool cannot be quoted without.
///
/// # Errors
/// `account_missing`.
pub(in crate::pools) fn needed<'s, 'a>(
    pool: ChainAddress,
    accounts: &'s AccountSet<'a>,
    address: ChainAddress,
    role: &'static str,
) -> Result<&'s Account<'a>, PoolError> {
    accounts.get(&address).ok_or(PoolError::AccountMissing {
        pool,
        account: address,
        role,
    })
}

/// Refuses a token whose transfers cost a fee: how the programs gross it up was never compared with them.
///
/// # Errors
/// `unsupported_feature`.
pub(in crate::pools) fn refuse_transfer_fee(
    pool: ChainAddress,
    mint: &Mint,
) -> Result<(), PoolError> {
    let fees = mint.transfer_fees;
    if fees.older.basis_points == 0 && fees.newer.basis_points == 0 {
        return Ok(());
    }
    Err(PoolError::Unsupported {
        pool,
        feature: format!("a transfer fee on {}", mint.address),
    })
}

/// The pump program's own address for a coin: the authority that creates its pool, or its curve.
pub(in crate::pools) fn of_coin(seed: &[u8], mint: ChainAddress) -> Option<ChainAddress> {
    program_address(PUMP_PROGRAM, &[seed, &mint.solana()?])
}
