//! Solana accounts that every family of pools shares: bytes, mints, token accounts and what a transfer costs.
//!
//! - `account_fields`: bounded reads of an account's bytes;
//! - `program_address`: addresses that a program owns;
//! - `token`: mints and token accounts of the two token programs;
//! - `extensions`: what Token-2022 appends to them, and which of it is refused;
//! - `transfer_fee`: the fee of Token-2022 on a transfer, by epoch.

mod account_fields;
mod extensions;
mod program_address;
mod token;
mod transfer_fee;

pub use account_fields::AccountFields;
pub use program_address::program_address;
pub use token::{Mint, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TokenAccount};
pub use transfer_fee::{EpochTransferFee, TransferFee, TransferFees};
