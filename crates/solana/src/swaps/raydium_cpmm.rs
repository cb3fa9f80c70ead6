//! Raydium CPMM: `swap_base_input` and `swap_base_output`, 13 accounts.
//!
//! Source: `instructions/swap_base_input.rs` of raydium-io/raydium-cp-swap at 609780f.

use tradewind_core::pools::raydium_cpmm::{RAYDIUM_CPMM_PROGRAM, RaydiumCpmmPool};
use tradewind_core::pools::{AccountSet, Exact, PoolMath};

use super::swap_call::{SwapCall, owned, two_amounts};
use super::{SwapError, SwapInstructions, key};
use crate::Key;
use crate::instruction::AccountMeta;

const SWAP_BASE_INPUT: [u8; 8] = [0x8f, 0xbe, 0x5a, 0xda, 0xc4, 0x1e, 0x33, 0xde];
const SWAP_BASE_OUTPUT: [u8; 8] = [0x37, 0xd9, 0x62, 0x56, 0xa3, 0x4a, 0xb4, 0xad];
const AUTHORITY: Key = Key::constant("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL");
const POOL_DISCRIMINATOR: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const OBSERVATION_OFFSET: usize = 296;
const COMPUTE_UNITS: u32 = 60_000;

/// What `PoolState` names beside what the pool's state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpmmAccounts {
    /// `observation_key`.
    pub observation: Key,
}

impl CpmmAccounts {
    pub(super) fn decode(
        pool: &RaydiumCpmmPool,
        accounts: &AccountSet<'_>,
    ) -> Result<Self, SwapError> {
        let address = pool.address();
        let fields = owned(
            address,
            accounts,
            address,
            "the pool",
            key(RAYDIUM_CPMM_PROGRAM),
        )?;
        fields.expect_discriminator(POOL_DISCRIMINATOR)?;
        Ok(Self {
            observation: key(fields.key("observation_key", OBSERVATION_OFFSET)?),
        })
    }
}

pub(super) fn build(
    pool: &RaydiumCpmmPool,
    accounts: &CpmmAccounts,
    call: &SwapCall<'_>,
) -> Result<SwapInstructions, SwapError> {
    let state = pool.state();
    let programs = [key(state.token0_program), key(state.token1_program)];
    call.check_token_programs(programs)?;
    let (program_in, program_out) = call.in_and_out(programs);
    let (vault_in, vault_out) = call.in_and_out([key(state.vault0), key(state.vault1)]);
    let request = call.request;
    let metas = vec![
        AccountMeta::readonly(request.trader).signer(),
        AccountMeta::readonly(AUTHORITY),
        AccountMeta::readonly(key(state.config)),
        AccountMeta::writable(call.address),
        AccountMeta::writable(request.source.token_account),
        AccountMeta::writable(request.destination.token_account),
        AccountMeta::writable(vault_in),
        AccountMeta::writable(vault_out),
        AccountMeta::readonly(program_in),
        AccountMeta::readonly(program_out),
        AccountMeta::readonly(request.source.mint),
        AccountMeta::readonly(request.destination.mint),
        AccountMeta::writable(accounts.observation),
    ];
    let discriminator = match request.exact {
        Exact::In => SWAP_BASE_INPUT,
        Exact::Out => SWAP_BASE_OUTPUT,
    };
    let data = two_amounts(&discriminator, call.input_first());
    Ok(call.instructions(key(RAYDIUM_CPMM_PROGRAM), metas, data, COMPUTE_UNITS))
}
