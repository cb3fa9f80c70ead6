//! The bytes of the Whirlpool program's accounts, strictly decoded.
//!
//! Source: `state/{whirlpool,fixed_tick_array,dynamic_tick_array,oracle}.rs` of the Whirlpool program at
//! 630c0e0; offsets include the eight bytes of the type, integers are little-endian.

use super::oracle::{AdaptiveFeeConstants, AdaptiveFeeVariables, Oracle};
use super::tick_arrays::{TICKS, Tick, TickArray};
use crate::ChainAddress;
use crate::pools::{Account, PoolError};
use crate::solana::AccountFields;

const WHIRLPOOL: [u8; 8] = [0x3f, 0x95, 0xd1, 0x0c, 0xe1, 0x80, 0x63, 0x09];
const FIXED_TICK_ARRAY: [u8; 8] = [0x45, 0x61, 0xbd, 0xbe, 0x6e, 0x07, 0x42, 0xbb];
const DYNAMIC_TICK_ARRAY: [u8; 8] = [0x11, 0xd8, 0xf6, 0x8e, 0xe1, 0xc7, 0xda, 0x38];
const ORACLE: [u8; 8] = [0x8b, 0xc2, 0x83, 0xb3, 0x8c, 0xb3, 0xe5, 0xf4];

const WHIRLPOOL_BYTES: usize = 653;
const FIXED_BYTES: usize = 9_988;
/// Where a fixed array names its pool, behind its ticks.
const FIXED_POOL: usize = 9_956;
/// Type, start, pool and bitmap.
const DYNAMIC_HEADER: usize = 60;
const DYNAMIC_POOL: usize = 12;
const ORACLE_BYTES: usize = 254;
/// A tick with its flag in front.
const TICK_BYTES: usize = 113;

/// What the pool's own account says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whirlpool {
    pub(super) tick_spacing: u16,
    /// Whether the pool was made with an adaptive fee tier: its index is then not the tick spacing.
    pub(super) adaptive: bool,
    pub(super) fee_ppm: u16,
    pub(super) protocol_fee_bps: u16,
    pub(super) liquidity: u128,
    pub(super) sqrt_price_x64: u128,
    pub(super) tick: i32,
    pub(super) tokens: [ChainAddress; 2],
}

/// Which of the program's accounts these bytes are, and of which pool, as far as their head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    TickArray(ChainAddress),
    Oracle(ChainAddress),
    Other,
}

/// Looks at the head of an account; what it then is must still be decoded.
pub(super) fn kind(account: &Account<'_>) -> Kind {
    let fields = AccountFields::new(account);
    let pool_at = |offset| fields.key("whirlpool", offset).ok();
    let found = match fields.bytes("discriminator", 0) {
        Ok(FIXED_TICK_ARRAY) => pool_at(FIXED_POOL).map(Kind::TickArray),
        Ok(DYNAMIC_TICK_ARRAY) => pool_at(DYNAMIC_POOL).map(Kind::TickArray),
        Ok(ORACLE) => pool_at(8).map(Kind::Oracle),
        _ => None,
    };
    found.unwrap_or(Kind::Other)
}

pub(super) fn whirlpool(account: &Account<'_>) -> Result<Whirlpool, PoolError> {
    let fields = AccountFields::new(account);
    fields.expect_discriminator(WHIRLPOOL)?;
    fields.expect_len(WHIRLPOOL_BYTES)?;
    let tick_spacing = fields.u16("tick_spacing", 41)?;
    Ok(Whirlpool {
        tick_spacing,
        adaptive: fields.u16("fee_tier_index_seed", 43)? != tick_spacing,
        fee_ppm: fields.u16("fee_rate", 45)?,
        protocol_fee_bps: fields.u16("protocol_fee_rate", 47)?,
        liquidity: fields.u128("liquidity", 49)?,
        sqrt_price_x64: fields.u128("sqrt_price", 65)?,
        tick: fields.i32("tick_current_index", 81)?,
        tokens: [
            fields.key("token_mint_a", 101)?,
            fields.key("token_mint_b", 181)?,
        ],
    })
}

/// A tick array of either kind.
pub(super) fn tick_array(account: &Account<'_>, spacing: u16) -> Result<TickArray, PoolError> {
    let fields = AccountFields::new(account);
    let start = fields.i32("start_tick_index", 8)?;
    let ticks = match fields.bytes("discriminator", 0)? {
        FIXED_TICK_ARRAY => fixed_ticks(&fields, start, spacing)?,
        DYNAMIC_TICK_ARRAY => dynamic_ticks(&fields, start, spacing)?,
        _ => {
            fields.expect_discriminator(FIXED_TICK_ARRAY)?;
            Vec::new()
        }
    };
    Ok(TickArray {
        account: account.address,
        start_tick_index: start,
        initialized: true,
        ticks,
    })
}

fn fixed_ticks(
    fields: &AccountFields<'_>,
    start: i32,
    spacing: u16,
) -> Result<Vec<Tick>, PoolError> {
    fields.expect_len(FIXED_BYTES)?;
    let mut ticks = Vec::new();
    for slot in 0..TICKS {
        let offset = 12 + slot * TICK_BYTES;
        if fields.flag("ticks.initialized", offset)? {
            ticks.push(tick(fields, start, spacing, slot, offset)?);
        }
    }
    Ok(ticks)
}

/// One byte for a tick that is not initialised, 113 for one that is: to be read from the front.
///
/// The program reserves more bytes than it uses while ticks come and go, so zeros may follow.
fn dynamic_ticks(
    fields: &AccountFields<'_>,
    start: i32,
    spacing: u16,
) -> Result<Vec<Tick>, PoolError> {
    let bitmap = fields.u128("tick_bitmap", 44)?;
    if bitmap >> TICKS != 0 {
        return Err(fields.malformed("tick_bitmap", "has bits beyond its 88 ticks".to_owned()));
    }
    let mut ticks = Vec::new();
    let mut offset = DYNAMIC_HEADER;
    for slot in 0..TICKS {
        let initialized = fields.flag("ticks", offset)?;
        if initialized != (bitmap >> slot & 1 == 1) {
            let fault = format!("its bit {slot} does not say what tick {slot} says");
            return Err(fields.malformed("tick_bitmap", fault));
        }
        if initialized {
            ticks.push(tick(fields, start, spacing, slot, offset)?);
            offset += TICK_BYTES;
        } else {
            offset += 1;
        }
    }
    let rest = fields.data().get(offset..).unwrap_or_default();
    if rest.iter().any(|byte| *byte != 0) {
        return Err(fields.malformed("ticks", "something follows the 88 ticks".to_owned()));
    }
    Ok(ticks)
}

/// Both kinds keep a tick in the same order behind its flag.
fn tick(
    fields: &AccountFields<'_>,
    start: i32,
    spacing: u16,
    slot: usize,
    offset: usize,
) -> Result<Tick, PoolError> {
    let slot = i32::try_from(slot).unwrap_or_default();
    let index = start.checked_add(slot * i32::from(spacing));
    let index = index.ok_or_else(|| {
        fields.malformed("start_tick_index", format!("{start} is beyond all ticks"))
    })?;
    Ok(Tick {
        index,
        liquidity_net: fields.i128("ticks.liquidity_net", offset + 1)?,
        liquidity_gross: fields.u128("ticks.liquidity_gross", offset + 17)?,
    })
}

pub(super) fn oracle(account: &Account<'_>) -> Result<Oracle, PoolError> {
    let fields = AccountFields::new(account);
    fields.expect_discriminator(ORACLE)?;
    fields.expect_len(ORACLE_BYTES)?;
    let reserved = [66..82, 110..254].map(|range| fields.data().get(range).unwrap_or_default());
    if reserved
        .iter()
        .any(|bytes| bytes.iter().any(|byte| *byte != 0))
    {
        let fault = "its reserved bytes are in use; the fee may depend on them".to_owned();
        return Err(fields.malformed("reserved", fault));
    }
    Ok(Oracle {
        account: account.address,
        trade_enable_timestamp: fields.u64("trade_enable_timestamp", 40)?,
        constants: AdaptiveFeeConstants {
            filter_period_s: fields.u16("filter_period", 48)?,
            decay_period_s: fields.u16("decay_period", 50)?,
            reduction_factor: fields.u16("reduction_factor", 52)?,
            adaptive_fee_control_factor: fields.u32("adaptive_fee_control_factor", 54)?,
            max_volatility_accumulator: fields.u32("max_volatility_accumulator", 58)?,
            tick_group_size: fields.u16("tick_group_size", 62)?,
            major_swap_threshold_ticks: fields.u16("major_swap_threshold_ticks", 64)?,
        },
        variables: AdaptiveFeeVariables {
            last_reference_update_timestamp: fields.u64("last_reference_update_timestamp", 82)?,
            last_major_swap_timestamp: fields.u64("last_major_swap_timestamp", 90)?,
            volatility_reference: fields.u32("volatility_reference", 98)?,
            tick_group_index_reference: fields.i32("tick_group_index_reference", 102)?,
            volatility_accumulator: fields.u32("volatility_accumulator", 106)?,
        },
    })
}
