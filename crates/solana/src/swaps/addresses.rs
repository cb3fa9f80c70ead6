//! Accounts that the venues' instructions name: fixed ones, and those derived from others.

use tradewind_core::ChainAddress;
use tradewind_core::solana::program_address;

use super::SwapError;
use crate::Key;
pub(super) use crate::system::SYSTEM_PROGRAM;
pub(super) use crate::token_accounts::{
    ASSOCIATED_TOKEN_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, WRAPPED_SOL,
};
use crate::token_accounts::{TokenProgram, token_account_address};

pub(super) const MEMO_PROGRAM: Key = Key::constant("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");

/// Lamports that an account of no bytes pays rent for, in bytes.
const ACCOUNT_OVERHEAD_BYTES: u64 = 128;
/// Of `Rent::default()`: two years at 3,480 lamports a byte and year.
const LAMPORTS_PER_BYTE: u64 = 6_960;
const TOKEN_ACCOUNT_BYTES: u64 = 165;
/// With `ImmutableOwner`, which the associated token program asks of Token-2022.
const TOKEN_2022_ACCOUNT_BYTES: u64 = 170;

/// An address that a program owns.
pub(super) fn derived(
    field: &'static str,
    program: Key,
    seeds: &[&[u8]],
) -> Result<Key, SwapError> {
    program_address(ChainAddress::Solana(program.0), seeds)
        .and_then(|address| address.solana())
        .map(Key)
        .ok_or(SwapError::Underivable { field })
}

/// The token account that a wallet has by default.
pub(super) fn associated_token_account(
    wallet: Key,
    mint: Key,
    token_program: Key,
) -> Result<Key, SwapError> {
    TokenProgram::of(token_program)
        .and_then(|program| token_account_address(wallet, mint, program))
        .ok_or(SwapError::Underivable {
            field: "associated token account",
        })
}

/// The lamports that free an account of this many bytes from rent.
pub(super) const fn rent_lamports(bytes: u64) -> u64 {
    (ACCOUNT_OVERHEAD_BYTES + bytes) * LAMPORTS_PER_BYTE
}

/// The same of an associated token account.
pub(super) fn token_account_rent_lamports(token_program: Key) -> u64 {
    rent_lamports(if token_program == TOKEN_2022_PROGRAM {
        TOKEN_2022_ACCOUNT_BYTES
    } else {
        TOKEN_ACCOUNT_BYTES
    })
}
