//! Instructions of the system program: lamports from one account to another, and accounts with a seed.
//!
//! Source: `solana-system-interface` 2.0 (bincode: a tag of four bytes, integers little-endian, strings behind
//! a length of eight bytes) and `Pubkey::create_with_seed`.

use crate::Key;
use crate::instruction::{AccountMeta, Instruction};
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use tradewind_core::decode::solana::SYSTEM_PROGRAM;

/// Longest seed in bytes.
pub const LONGEST_SEED: usize = 32;

/// What ends the hash input of an address that a program owns; an owner that ends so could forge one.
const MARKER: &[u8] = b"ProgramDerivedAddress";

/// A seed or an owner that the chain refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SeedError {
    /// More bytes than a seed has.
    #[error("seed: {0} bytes, at most 32 are allowed; shorten it")]
    TooLong(usize),
    /// An owner that could forge the address of a program.
    #[error("owner: {0} ends like the input of a program's address; name another owner")]
    OwnerIllegal(Key),
}

impl SeedError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "seed_too_long",
            Self::OwnerIllegal(_) => "seed_owner_illegal",
        }
    }
}

/// The address of a seed under a base: sha256 of the base, the seed and the owner.
///
/// # Errors
/// `seed_too_long`, `seed_owner_illegal`.
pub fn address_with_seed(base: Key, seed: &str, owner: Key) -> Result<Key, SeedError> {
    check_seed(seed)?;
    if owner.0.ends_with(MARKER) {
        return Err(SeedError::OwnerIllegal(owner));
    }
    let hash = Sha256::new()
        .chain_update(base.0)
        .chain_update(seed)
        .chain_update(owner.0);
    Ok(Key(hash.finalize().into()))
}

/// Moves lamports of an account that signs and has no data.
#[must_use]
pub fn transfer(from: Key, to: Key, lamports: u64) -> Instruction {
    Instruction {
        program: SYSTEM_PROGRAM,
        accounts: vec![
            AccountMeta::writable(from).signer(),
            AccountMeta::writable(to),
        ],
        data: data(2, &[&lamports.to_le_bytes()]),
    }
}

/// An account at the address of a seed, as it is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeededAccount<'a> {
    /// Who pays for it; signs.
    pub payer: Key,
    /// From whom the address is derived; signs.
    pub base: Key,
    /// At most 32 bytes.
    pub seed: &'a str,
    /// What it holds at first.
    pub lamports: u64,
    /// Bytes of data.
    pub space: u64,
    /// The program that owns it.
    pub owner: Key,
}

/// Makes an account at [`address_with_seed`]; fails when it is there already.
///
/// # Errors
/// `seed_too_long`, `seed_owner_illegal`.
pub fn create_account_with_seed(account: &SeededAccount<'_>) -> Result<Instruction, SeedError> {
    let address = address_with_seed(account.base, account.seed, account.owner)?;
    let mut accounts = vec![
        AccountMeta::writable(account.payer).signer(),
        AccountMeta::writable(address),
    ];
    if account.base != account.payer {
        accounts.push(AccountMeta::readonly(account.base).signer());
    }
    let (length, seed) = seed_parts(account.seed);
    Ok(Instruction {
        program: SYSTEM_PROGRAM,
        accounts,
        data: data(
            3,
            &[
                &account.base.0,
                &length,
                seed,
                &account.lamports.to_le_bytes(),
                &account.space.to_le_bytes(),
                &account.owner.0,
            ],
        ),
    })
}

/// Moves lamports of the account at [`address_with_seed`]; its base signs.
///
/// # Errors
/// `seed_too_long`, `seed_owner_illegal`.
pub fn transfer_with_seed(
    base: Key,
    seed: &str,
    owner: Key,
    to: Key,
    lamports: u64,
) -> Result<Instruction, SeedError> {
    let from = address_with_seed(base, seed, owner)?;
    let (length, seed) = seed_parts(seed);
    Ok(Instruction {
        program: SYSTEM_PROGRAM,
        accounts: vec![
            AccountMeta::writable(from),
            AccountMeta::readonly(base).signer(),
            AccountMeta::writable(to),
        ],
        data: data(11, &[&lamports.to_le_bytes(), &length, seed, &owner.0]),
    })
}

fn check_seed(seed: &str) -> Result<(), SeedError> {
    if seed.len() > LONGEST_SEED {
        return Err(SeedError::TooLong(seed.len()));
    }
    Ok(())
}

fn seed_parts(seed: &str) -> ([u8; 8], &[u8]) {
    ((seed.len() as u64).to_le_bytes(), seed.as_bytes())
}

fn data(tag: u32, fields: &[&[u8]]) -> Vec<u8> {
    let mut data = tag.to_le_bytes().to_vec();
    for field in fields {
        data.extend_from_slice(field);
    }
    data
}
