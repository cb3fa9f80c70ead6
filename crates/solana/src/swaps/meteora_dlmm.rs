//! Meteora DLMM: `swap2` and `swap_exact_out2`, with the bin arrays on the way behind their 16 accounts.
//!
//! Source: IDL `lb_clmm` 0.12.0, published in `MeteoraAg/dlmm-sdk`. An optional account that is left out is named
//! by the program's own address.

use tradewind_core::ChainAddress;
use tradewind_core::pools::meteora_dlmm::{MeteoraDlmmPool, MeteoraDlmmState};
use tradewind_core::pools::{AccountSet, Direction, Exact, Movement};

use super::addresses::{MEMO_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, derived};
use super::swap_call::{SwapCall, owned, two_amounts};
use super::{SwapError, SwapInstructions, key};
use crate::Key;
use crate::instruction::AccountMeta;

const PROGRAM: Key = Key::constant("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo");
const EVENT_AUTHORITY: Key = Key::constant("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6");
const LB_PAIR: [u8; 8] = [0x21, 0x0b, 0x31, 0x62, 0xb5, 0x65, 0xb1, 0x0d];
const SWAP2: [u8; 8] = [0x41, 0x4b, 0x3f, 0x4c, 0xeb, 0x5b, 0x5b, 0x88];
const SWAP_EXACT_OUT2: [u8; 8] = [0x2b, 0xd7, 0xf7, 0x84, 0x89, 0x3c, 0xf3, 0x51];
const TOKEN_2022_FLAGS_OFFSETS: [usize; 2] = [880, 881];
const ORACLE_OFFSET: usize = 552;
/// `RemainingAccountsInfo` without an account: two slices of none, for the hooks of X and of Y.
const NO_TRANSFER_HOOKS: [u8; 8] = [2, 0, 0, 0, 0, 0, 1, 0];
const BINS_IN_ARRAY: i32 = 70;
const COMPUTE_UNITS: u32 = 110_000;
const COMPUTE_UNITS_PER_BIN: u32 = 10_000;

/// What the pair's own account names beside what its state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DlmmAccounts {
    /// `oracle`.
    pub oracle: Key,
    /// The programs that keep X and Y.
    pub token_programs: [Key; 2],
    /// The bitmap extension, where there is one.
    pub bitmap_extension: Option<Key>,
}

impl DlmmAccounts {
    pub(super) fn decode(
        pool: &MeteoraDlmmPool,
        accounts: &AccountSet<'_>,
    ) -> Result<Self, SwapError> {
        let address = pool.state().pool;
        let fields = owned(address, accounts, address, "the pair", PROGRAM)?;
        fields.expect_discriminator(LB_PAIR)?;
        let extension = derived("bitmap", PROGRAM, &[b"bitmap", &key(address).0])?;
        let exists = accounts
            .get(&ChainAddress::Solana(extension.0))
            .is_some_and(|account| key(account.owner) == PROGRAM && !account.data.is_empty());
        let program = |field, offset| -> Result<Key, SwapError> {
            let token_2022 = fields.flag(field, offset)?;
            Ok(if token_2022 {
                TOKEN_2022_PROGRAM
            } else {
                TOKEN_PROGRAM
            })
        };
        Ok(Self {
            oracle: key(fields.key("oracle", ORACLE_OFFSET)?),
            token_programs: [
                program("token_mint_x_program_flag", TOKEN_2022_FLAGS_OFFSETS[0])?,
                program("token_mint_y_program_flag", TOKEN_2022_FLAGS_OFFSETS[1])?,
            ],
            bitmap_extension: exists.then_some(extension),
        })
    }
}

pub(super) fn build(
    pool: &MeteoraDlmmPool,
    accounts: &DlmmAccounts,
    call: &SwapCall<'_>,
) -> Result<SwapInstructions, SwapError> {
    call.check_token_programs(accounts.token_programs)?;
    let state = pool.state();
    let request = call.request;
    let none = AccountMeta::readonly(PROGRAM);
    let [program_x, program_y] = accounts.token_programs;
    let extension = accounts.bitmap_extension;
    let mut metas = vec![
        AccountMeta::writable(call.address),
        extension.map_or(none, AccountMeta::writable),
        AccountMeta::writable(key(state.reserve_x)),
        AccountMeta::writable(key(state.reserve_y)),
        AccountMeta::writable(request.source.token_account),
        AccountMeta::writable(request.destination.token_account),
        AccountMeta::readonly(key(state.token_x)),
        AccountMeta::readonly(key(state.token_y)),
        AccountMeta::writable(accounts.oracle),
        none,
        AccountMeta::readonly(request.trader).signer(),
        AccountMeta::readonly(program_x),
        AccountMeta::readonly(program_y),
        AccountMeta::readonly(MEMO_PROGRAM),
        AccountMeta::readonly(EVENT_AUTHORITY),
        AccountMeta::readonly(PROGRAM),
    ];
    let (active_after, crossed) = match call.quote.movement {
        Some(Movement::Bins {
            active_after,
            bins_crossed,
            ..
        }) => (active_after, bins_crossed),
        _ => (state.active_id, 0),
    };
    for index in arrays(&state, active_after, call)? {
        let seeds: [&[u8]; 3] = [
            b"bin_array",
            &call.address.0,
            &i64::from(index).to_le_bytes(),
        ];
        metas.push(AccountMeta::writable(derived(
            "bin_array",
            PROGRAM,
            &seeds,
        )?));
    }
    let discriminator = match request.exact {
        Exact::In => SWAP2,
        Exact::Out => SWAP_EXACT_OUT2,
    };
    let mut data = two_amounts(&discriminator, call.input_first());
    data.extend(NO_TRANSFER_HOOKS);
    let units = COMPUTE_UNITS.saturating_add(crossed.saturating_mul(COMPUTE_UNITS_PER_BIN));
    Ok(call.instructions(PROGRAM, metas, data, units))
}

/// The bin arrays with liquidity that the swap passes, in its order, and the spare ones behind them.
fn arrays(
    state: &MeteoraDlmmState,
    active_after: i32,
    call: &SwapCall<'_>,
) -> Result<Vec<i32>, SwapError> {
    let first = state.active_id.div_euclid(BINS_IN_ARRAY);
    let last = active_after.div_euclid(BINS_IN_ARRAY);
    let initialized = state.initialized_arrays.iter().copied();
    let (ahead, needed): (Vec<i32>, usize) = match call.direction {
        Direction::ZeroForOne => {
            let ahead: Vec<i32> = initialized.rev().filter(|index| *index <= first).collect();
            let needed = ahead.iter().filter(|index| **index >= last).count();
            (ahead, needed)
        }
        Direction::OneForZero => {
            let ahead: Vec<i32> = initialized.filter(|index| *index >= first).collect();
            let needed = ahead.iter().filter(|index| **index <= last).count();
            (ahead, needed)
        }
    };
    let named = call.named_arrays(needed)?;
    Ok(ahead.into_iter().take(named).collect())
}
