//! Raydium CLMM: `swap_v2`, with the bitmap extension and the tick arrays on the way behind its 13 accounts.
//!
//! Source: `instructions/swap_v2.rs` of raydium-io/raydium-clmm at 03b44b7. The program begins at the first
//! initialised array at or beyond the current tick, passing over others that stand before it, and asks for the next
//! one when no initialised tick is left in an array, even if the swap ends before it.

use tradewind_core::ChainAddress;
use tradewind_core::pools::raydium_clmm::{
    RAYDIUM_CLMM_PROGRAM, RaydiumClmmPool, RaydiumClmmState, RaydiumClmmTickArray,
};
use tradewind_core::pools::{AccountSet, Direction, Exact, Movement, PoolMath};

use super::addresses::{MEMO_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, derived};
use super::swap_call::{SwapCall, mint_program, owned, two_amounts};
use super::{SwapError, SwapInstructions, key};
use crate::Key;
use crate::instruction::AccountMeta;

const SWAP_V2: [u8; 8] = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
const POOL_DISCRIMINATOR: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const VAULTS_OFFSETS: [usize; 2] = [137, 169];
const OBSERVATION_OFFSET: usize = 201;
/// Ticks of one array, in units of the tick spacing.
const ARRAY_TICKS: i32 = 60;
const NO_PRICE_LIMIT: u128 = 0;
const COMPUTE_UNITS: u32 = 110_000;
const COMPUTE_UNITS_PER_TICK: u32 = 15_000;

/// What `PoolState` names beside what the pool's state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClmmAccounts {
    /// `token_vault_0` and `token_vault_1`.
    pub vaults: [Key; 2],
    /// `observation_key`.
    pub observation: Key,
    /// The programs that keep both mints.
    pub token_programs: [Key; 2],
    /// The bitmap extension, where there is one.
    pub bitmap_extension: Option<Key>,
}

impl ClmmAccounts {
    pub(super) fn decode(
        pool: &RaydiumClmmPool,
        accounts: &AccountSet<'_>,
    ) -> Result<Self, SwapError> {
        let address = pool.address();
        let program = key(RAYDIUM_CLMM_PROGRAM);
        let fields = owned(address, accounts, address, "the pool", program)?;
        fields.expect_discriminator(POOL_DISCRIMINATOR)?;
        let extension = derived(
            "tick_array_bitmap_extension",
            program,
            &[b"pool_tick_array_bitmap_extension", &key(address).0],
        )?;
        let exists = accounts
            .get(&ChainAddress::Solana(extension.0))
            .is_some_and(|account| key(account.owner) == program && !account.data.is_empty());
        let &[mint_0, mint_1] = pool.tokens() else {
            return Err(SwapError::AccountsMismatch { pool: key(address) });
        };
        Ok(Self {
            vaults: [
                key(fields.key("token_vault_0", VAULTS_OFFSETS[0])?),
                key(fields.key("token_vault_1", VAULTS_OFFSETS[1])?),
            ],
            observation: key(fields.key("observation_key", OBSERVATION_OFFSET)?),
            token_programs: [
                mint_program(address, accounts, mint_0)?,
                mint_program(address, accounts, mint_1)?,
            ],
            bitmap_extension: exists.then_some(extension),
        })
    }
}

pub(super) fn build(
    pool: &RaydiumClmmPool,
    accounts: &ClmmAccounts,
    call: &SwapCall<'_>,
) -> Result<SwapInstructions, SwapError> {
    call.check_token_programs(accounts.token_programs)?;
    let state = pool.state();
    let request = call.request;
    let (vault_in, vault_out) = call.in_and_out(accounts.vaults);
    let mut metas = vec![
        AccountMeta::readonly(request.trader).signer(),
        AccountMeta::readonly(key(state.amm_config)),
        AccountMeta::writable(call.address),
        AccountMeta::writable(request.source.token_account),
        AccountMeta::writable(request.destination.token_account),
        AccountMeta::writable(vault_in),
        AccountMeta::writable(vault_out),
        AccountMeta::writable(accounts.observation),
        AccountMeta::readonly(TOKEN_PROGRAM),
        AccountMeta::readonly(TOKEN_2022_PROGRAM),
        AccountMeta::readonly(MEMO_PROGRAM),
        AccountMeta::readonly(request.source.mint),
        AccountMeta::readonly(request.destination.mint),
    ];
    metas.extend(accounts.bitmap_extension.map(AccountMeta::writable));
    let (tick_after, crossed) = match call.quote.movement {
        Some(Movement::ConcentratedX64 {
            tick_after,
            ticks_crossed,
            ..
        }) => (tick_after, ticks_crossed),
        _ => (state.tick_current, 0),
    };
    for start in array_starts(&state, tick_after, call)? {
        let array = derived(
            "tick_array",
            key(RAYDIUM_CLMM_PROGRAM),
            &[b"tick_array", &call.address.0, &start.to_be_bytes()],
        )?;
        metas.push(AccountMeta::writable(array));
    }
    let mut data = two_amounts(&SWAP_V2, [request.amount_raw, request.limit_raw]);
    data.extend(NO_PRICE_LIMIT.to_le_bytes());
    data.push(u8::from(request.exact == Exact::In));
    let units = COMPUTE_UNITS.saturating_add(crossed.saturating_mul(COMPUTE_UNITS_PER_TICK));
    Ok(call.instructions(key(RAYDIUM_CLMM_PROGRAM), metas, data, units))
}

/// Where the initialised arrays begin that are named: spare ones behind the price, which the program passes over,
/// then those that the swap asks for in its order, then spare ones ahead.
fn array_starts(
    state: &RaydiumClmmState,
    tick_after: i32,
    call: &SwapCall<'_>,
) -> Result<Vec<i32>, SwapError> {
    let span = ARRAY_TICKS * i32::from(state.tick_spacing);
    let current = state.tick_current.div_euclid(span) * span;
    let falling = call.direction == Direction::ZeroForOne;
    let mut arrays: Vec<&RaydiumClmmTickArray> = state.tick_arrays.iter().collect();
    if falling {
        arrays.reverse();
    }
    let first = arrays.partition_point(|array| {
        let start = array.start_tick_index;
        if falling {
            start > current
        } else {
            start < current
        }
    });
    let (behind, ahead) = arrays.split_at(first);
    let stops_in = |array: &&RaydiumClmmTickArray| {
        let ticks = array.ticks.as_deref().unwrap_or_default();
        if falling {
            ticks.first().is_some_and(|tick| tick.tick <= tick_after)
        } else {
            ticks.last().is_some_and(|tick| tick.tick > tick_after)
        }
    };
    let last = ahead.iter().position(stops_in);
    let named = call.named_arrays(last.map_or(ahead.len(), |last| last + 1))?;
    let ahead = ahead.iter().take(named);
    let spare = call.spare_arrays(ahead.len());
    let behind = behind.iter().skip(behind.len().saturating_sub(spare));
    let starts = behind.chain(ahead).map(|array| array.start_tick_index);
    Ok(starts.collect())
}
