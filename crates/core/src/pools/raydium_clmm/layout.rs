//! The bytes of Raydium CLMM: `PoolState`, `AmmConfig`, `TickArrayState` and `TickArrayBitmapExtension`.
//!
//! Source: `states/` of raydium-io/raydium-clmm (July 2026); fields that are newer than a feature modelled here
//! must be zero.

use std::ops::Range;

use super::Facts;
use super::book::ARRAY_TICKS;
use super::state::RaydiumClmmTick;
use super::swap_step::Rates;
use super::tick_math::{MAX_TICK, MIN_TICK};
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::concentrated::Position;
use crate::pools::{Account, ChainClock, PoolError};
use crate::solana::{AccountFields, TransferFees};

/// The program on mainnet.
pub const RAYDIUM_CLMM_PROGRAM: ChainAddress =
    Key::constant("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK").address();

const POOL: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const CONFIG: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];
const TICK_ARRAY: [u8; 8] = [0xc0, 0x9b, 0x55, 0xcd, 0x31, 0xf9, 0x81, 0x2a];
const EXTENSION: [u8; 8] = [0x3c, 0x96, 0x24, 0xdb, 0x61, 0x80, 0x8b, 0x99];

/// Arrays in one bitmap of the extension.
const BITMAP_ARRAYS: i32 = 512;
/// Bitmaps of the extension on either side of the pool's own.
const EXTENSION_BITMAPS: i32 = 14;
const TICK_BYTES: usize = 168;

/// What a quote needs of `PoolState`.
pub(super) struct PoolAccount {
    address: ChainAddress,
    pub(super) amm_config: ChainAddress,
    pub(super) mints: [ChainAddress; 2],
    pub(super) tick_spacing: u16,
    pub(super) position: Position<u128>,
    pub(super) status: u8,
    pub(super) open_time: u64,
    /// The pool's own bitmap: bit `i` is the array `i - 512`.
    bitmap: [u8; 128],
}

impl PoolAccount {
    pub(super) fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = opened(account, POOL, 1_544)?;
        let pool = account.address;
        expect_zero::<4>(pool, &fields, "bytes of PoolState.padding3", 273)?;
        let fee_on = fields.u8("fee_on", 390)?;
        if fee_on != 0 {
            let feature = format!("fee_on {fee_on} (a fee on one token alone)");
            return Err(PoolError::Unsupported { pool, feature });
        }
        expect_zero::<6>(pool, &fields, "bytes of PoolState.padding", 391)?;
        expect_zero::<80>(pool, &fields, "a dynamic fee", 1_096)?;
        expect_zero::<368>(pool, &fields, "bytes of PoolState.padding1", 1_176)?;
        let tick_spacing = fields.u16("tick_spacing", 235)?;
        if tick_spacing == 0 || tick_spacing > 1_000 {
            let fault = format!("must be from 1 to 1000, not {tick_spacing}");
            return Err(fields.malformed("tick_spacing", fault));
        }
        Ok(Self {
            address: pool,
            amm_config: fields.key("amm_config", 9)?,
            mints: [
                fields.key("token_mint_0", 73)?,
                fields.key("token_mint_1", 105)?,
            ],
            tick_spacing,
            position: Position {
                sqrt_price: fields.u128("sqrt_price_x64", 253)?,
                tick: fields.i32("tick_current", 269)?,
                liquidity: fields.u128("liquidity", 237)?,
            },
            status: fields.u8("status", 389)?,
            open_time: fields.u64("open_time", 1_080)?,
            bitmap: fields.bytes("tick_array_bitmap", 904)?,
        })
    }

    pub(super) fn facts(&self, transfer_fees: [TransferFees; 2], clock: ChainClock) -> Facts {
        Facts {
            address: self.address,
            tokens: self.mints,
            amm_config: self.amm_config,
            open_time: self.open_time,
            status: self.status,
            transfer_fees,
            clock,
        }
    }

    /// Where the arrays begin that the pool's own bitmap says are initialised, in ascending order.
    pub(super) fn array_starts(&self) -> Vec<i32> {
        let span = span(self.tick_spacing);
        set_bits(&self.bitmap)
            .map(|bit| (bit - BITMAP_ARRAYS) * span)
            .collect()
    }
}

/// What a quote needs of `AmmConfig`.
pub(super) struct AmmConfig {
    pub(super) rates: Rates,
    tick_spacing: u16,
}

impl AmmConfig {
    pub(super) fn decode(pool: ChainAddress, account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = opened(account, CONFIG, 117)?;
        expect_zero::<4>(pool, &fields, "bytes of AmmConfig.padding_u32", 57)?;
        expect_zero::<24>(pool, &fields, "bytes of AmmConfig.padding", 93)?;
        Ok(Self {
            rates: Rates {
                trade_fee: fields.u32("trade_fee_rate", 47)?,
                protocol: fields.u32("protocol_fee_rate", 43)?,
                fund: fields.u32("fund_fee_rate", 53)?,
            },
            tick_spacing: fields.u16("tick_spacing", 51)?,
        })
    }

    /// That it is a config of pools of this spacing.
    pub(super) fn check(&self, account: &Account<'_>, spacing: i32) -> Result<(), PoolError> {
        if i32::from(self.tick_spacing) == spacing {
            return Ok(());
        }
        let fault = format!("must be the pool's {spacing}, not {}", self.tick_spacing);
        Err(AccountFields::new(account).malformed("tick_spacing", fault))
    }
}

/// A tick array's initialised ticks.
pub(super) struct TickArray {
    pub(super) start: i32,
    pub(super) ticks: Vec<RaydiumClmmTick>,
}

impl TickArray {
    /// Whether the account is a tick array of the program.
    pub(super) fn is(account: &Account<'_>) -> bool {
        account.owner == RAYDIUM_CLMM_PROGRAM && account.data.starts_with(&TICK_ARRAY)
    }

    /// Whether it is one of this pool.
    pub(super) fn of(pool: ChainAddress, account: &Account<'_>) -> bool {
        let key = AccountFields::new(account).key("pool_id", 8);
        Self::is(account) && key.is_ok_and(|key| key == pool)
    }

    pub(super) fn decode(
        pool: ChainAddress,
        spacing: i32,
        account: &Account<'_>,
    ) -> Result<Self, PoolError> {
        let fields = opened(account, TICK_ARRAY, 10_240)?;
        expect_pool(pool, &fields)?;
        let start = fields.i32("start_tick_index", 40)?;
        let span = spacing * ARRAY_TICKS;
        if start % span != 0 || start <= MIN_TICK - span || start > MAX_TICK {
            let fault = format!("must be a multiple of {span} within the ticks, not {start}");
            return Err(fields.malformed("start_tick_index", fault));
        }
        expect_zero::<107>(pool, &fields, "bytes of TickArrayState.padding", 10_133)?;
        let mut ticks = Vec::new();
        let mut offset = 44;
        for place in 0..ARRAY_TICKS {
            ticks.extend(decode_tick(pool, &fields, offset, start + place * spacing)?);
            offset += TICK_BYTES;
        }
        let count = usize::from(fields.u8("initialized_tick_count", 10_124)?);
        if count != ticks.len() {
            let fault = format!("is {count}, but {} ticks are", ticks.len());
            return Err(fields.malformed("initialized_tick_count", fault));
        }
        Ok(Self { start, ticks })
    }
}

/// One `TickState`; `None` where it is not initialised.
fn decode_tick(
    pool: ChainAddress,
    fields: &AccountFields<'_>,
    offset: usize,
    expected: i32,
) -> Result<Option<RaydiumClmmTick>, PoolError> {
    // The phase of orders that are gone stays behind, so it is no order.
    expect_zero::<16>(pool, fields, "limit orders", offset + 124)?;
    expect_zero::<12>(pool, fields, "bytes of TickState.padding", offset + 156)?;
    let tick = fields.i32("ticks.tick", offset)?;
    let liquidity_net = fields.i128("ticks.liquidity_net", offset + 4)?;
    let liquidity_gross = fields.u128("ticks.liquidity_gross", offset + 20)?;
    let initialised = liquidity_gross != 0;
    // A tick that never was initialised has no number yet.
    if tick != expected && (initialised || tick != 0) {
        let fault = format!("{tick} stands in the place of {expected}");
        return Err(fields.malformed("ticks.tick", fault));
    }
    if liquidity_net.unsigned_abs() > liquidity_gross {
        let fault = format!("tick {expected} has more net than its gross {liquidity_gross}");
        return Err(fields.malformed("ticks.liquidity_net", fault));
    }
    if !initialised {
        return Ok(None);
    }
    Ok(Some(RaydiumClmmTick {
        tick,
        liquidity_net,
    }))
}

/// The arrays beyond the pool's own bitmap.
pub(super) struct BitmapExtension {
    account: ChainAddress,
    /// Away from zero, first the positive ones.
    bitmaps: [Vec<[u8; 64]>; 2],
}

impl BitmapExtension {
    /// Whether the account is a bitmap extension of the program.
    pub(super) fn is(account: &Account<'_>) -> bool {
        account.owner == RAYDIUM_CLMM_PROGRAM && account.data.starts_with(&EXTENSION)
    }

    pub(super) fn of(pool: ChainAddress, account: &Account<'_>) -> bool {
        let key = AccountFields::new(account).key("pool_id", 8);
        Self::is(account) && key.is_ok_and(|key| key == pool)
    }

    pub(super) fn decode(pool: ChainAddress, account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = opened(account, EXTENSION, 1_832)?;
        expect_pool(pool, &fields)?;
        let side = |field, first: usize| -> Result<Vec<[u8; 64]>, PoolError> {
            (0..EXTENSION_BITMAPS.unsigned_abs() as usize)
                .map(|place| fields.bytes(field, first + 64 * place))
                .collect()
        };
        Ok(Self {
            account: account.address,
            bitmaps: [
                side("positive_tick_array_bitmap", 40)?,
                side("negative_tick_array_bitmap", 936)?,
            ],
        })
    }

    /// Where the arrays begin that it says are initialised, in ascending order.
    pub(super) fn array_starts(&self, spacing: u16) -> Result<Vec<i32>, PoolError> {
        let span = span(spacing);
        let mut starts = Vec::new();
        for (bitmaps, negative) in self.bitmaps.iter().zip([false, true]) {
            for (place, bitmap) in (1..).zip(bitmaps) {
                for bit in set_bits(bitmap) {
                    let away: i32 = if negative { BITMAP_ARRAYS - bit } else { bit };
                    let start = (place * BITMAP_ARRAYS + away) * span;
                    starts.push(if negative { -start } else { start });
                }
            }
        }
        starts.sort_unstable();
        let out_of_bounds = |start: &&i32| **start > MAX_TICK || **start <= MIN_TICK - span;
        if let Some(start) = starts.iter().find(out_of_bounds) {
            return Err(PoolError::AccountMalformed {
                account: self.account,
                field: "positive_tick_array_bitmap",
                fault: format!("array {start} lies outside the ticks"),
            });
        }
        Ok(starts)
    }
}

/// Where the arrays begin that the pool's own bitmap tells.
pub(super) fn default_bitmap(spacing: u16) -> Range<i32> {
    let reach = BITMAP_ARRAYS * span(spacing);
    -reach..reach
}

fn span(spacing: u16) -> i32 {
    i32::from(spacing) * ARRAY_TICKS
}

/// The places of the bits that are set, lowest first.
fn set_bits(bytes: &[u8]) -> impl Iterator<Item = i32> {
    (0..).step_by(8).zip(bytes).flat_map(|(first, byte)| {
        (0..8)
            .filter(move |bit| byte >> bit & 1 == 1)
            .map(move |bit| first + bit)
    })
}

fn opened<'a>(
    account: &Account<'a>,
    discriminator: [u8; 8],
    bytes: usize,
) -> Result<AccountFields<'a>, PoolError> {
    let fields = AccountFields::new(account);
    if account.owner != RAYDIUM_CLMM_PROGRAM {
        let fault = format!("must be {RAYDIUM_CLMM_PROGRAM}, not {}", account.owner);
        return Err(fields.malformed("owner program", fault));
    }
    fields.expect_discriminator(discriminator)?;
    fields.expect_len(bytes)?;
    Ok(fields)
}

fn expect_pool(pool: ChainAddress, fields: &AccountFields<'_>) -> Result<(), PoolError> {
    let found = fields.key("pool_id", 8)?;
    if found == pool {
        return Ok(());
    }
    Err(fields.malformed("pool_id", format!("must be {pool}, not {found}")))
}

/// Refuses what stands in bytes that an unmodelled feature uses, or that nothing is known about.
fn expect_zero<const N: usize>(
    pool: ChainAddress,
    fields: &AccountFields<'_>,
    feature: &'static str,
    offset: usize,
) -> Result<(), PoolError> {
    let bytes: [u8; N] = fields.bytes(feature, offset)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    let feature = format!("{feature} ({}, byte {offset})", fields.address());
    Err(PoolError::Unsupported { pool, feature })
}
