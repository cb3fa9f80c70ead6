//! Raydium AMM v4: `swap_base_in` and `swap_base_out`, in the form of 17 accounts and in that of 8.
//!
//! Source: `instruction.rs` and `processor.rs` of raydium-io/raydium-amm at 27f461d. A pool that swaps without an
//! order book (status 6 and 7, the only ones that are quoted) does not read the nine accounts of the book, so the
//! pool's own stands in their places.

use tradewind_core::pools::raydium_amm_v4::{RAYDIUM_AMM_V4_PROGRAM, RaydiumAmmV4Pool};
use tradewind_core::pools::{AccountSet, Exact, PoolMath};

use super::addresses::TOKEN_PROGRAM;
use super::swap_call::{SwapCall, owned, two_amounts};
use super::{AmmV4Form, SwapError, SwapInstructions, key};
use crate::Key;
use crate::instruction::AccountMeta;

const AUTHORITY: Key = Key::constant("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
const OPEN_ORDERS_OFFSET: usize = 496;
const AMM_INFO_BYTES: usize = 752;
const COMPUTE_UNITS_V1: u32 = 30_000;
const COMPUTE_UNITS_V2: u32 = 25_000;

/// What `AmmInfo` names beside what the pool's state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmmV4Accounts {
    /// `open_orders`.
    pub open_orders: Key,
}

impl AmmV4Accounts {
    pub(super) fn decode(
        pool: &RaydiumAmmV4Pool,
        accounts: &AccountSet<'_>,
    ) -> Result<Self, SwapError> {
        let address = pool.address();
        let fields = owned(
            address,
            accounts,
            address,
            "the pool",
            key(RAYDIUM_AMM_V4_PROGRAM),
        )?;
        fields.expect_len(AMM_INFO_BYTES)?;
        Ok(Self {
            open_orders: key(fields.key("open_orders", OPEN_ORDERS_OFFSET)?),
        })
    }
}

pub(super) fn build(
    pool: &RaydiumAmmV4Pool,
    accounts: &AmmV4Accounts,
    call: &SwapCall<'_>,
) -> Result<SwapInstructions, SwapError> {
    call.check_token_programs([TOKEN_PROGRAM; 2])?;
    let state = pool.state();
    let request = call.request;
    let amm = call.address;
    let vaults = [key(state.coin_vault), key(state.pc_vault)].map(AccountMeta::writable);
    let mut metas = vec![
        AccountMeta::readonly(TOKEN_PROGRAM),
        AccountMeta::writable(amm),
        AccountMeta::readonly(AUTHORITY),
    ];
    let (tag, compute_units) = match (call.options.raydium_amm_v4, request.exact) {
        (AmmV4Form::V1, Exact::In) => (9, COMPUTE_UNITS_V1),
        (AmmV4Form::V1, Exact::Out) => (11, COMPUTE_UNITS_V1),
        (AmmV4Form::V2, Exact::In) => (16, COMPUTE_UNITS_V2),
        (AmmV4Form::V2, Exact::Out) => (17, COMPUTE_UNITS_V2),
    };
    match call.options.raydium_amm_v4 {
        AmmV4Form::V1 => {
            metas.push(AccountMeta::writable(accounts.open_orders));
            metas.extend(vaults);
            metas.extend(order_book(amm));
        }
        AmmV4Form::V2 => metas.extend(vaults),
    }
    metas.extend([
        AccountMeta::writable(request.source.token_account),
        AccountMeta::writable(request.destination.token_account),
        AccountMeta::readonly(request.trader).signer(),
    ]);
    let data = two_amounts(&[tag], call.input_first());
    let program = key(RAYDIUM_AMM_V4_PROGRAM);
    Ok(call.instructions(program, metas, data, compute_units))
}

/// Market program, market, bids, asks, event queue, both market vaults and their signer.
fn order_book(amm: Key) -> [AccountMeta; 8] {
    let (read, write) = (AccountMeta::readonly(amm), AccountMeta::writable(amm));
    [read, write, write, write, write, write, write, read]
}
