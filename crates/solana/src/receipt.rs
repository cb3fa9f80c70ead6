//! The on-chain receipt of an intent's step: an account that can be made only once.
//!
//! A step's every attempt makes the same account, so that a second one that lands fails whole: the chain itself
//! refuses the duplicate. The seed is drawn at random, because a stranger who could guess it could fund the address
//! first. The lamports come back with [`reclaim_receipt`], once no attempt of the step can land any more.

use crate::Key;
use crate::instruction::Instruction;
use crate::system::{
    SYSTEM_PROGRAM, SeedError, SeededAccount, address_with_seed, create_account_with_seed,
    transfer_with_seed,
};
use std::fmt;
use thiserror::Error;

/// What keeps an account without data from being collected: 128 bytes of overhead at 6,960 lamports a byte.
pub const RECEIPT_LAMPORTS: u64 = 890_880;

/// Digits of a seed: 128 bits.
pub const SEED_DIGITS: usize = 32;

/// The seed of a receipt: 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiptSeed([u8; SEED_DIGITS]);

/// Text that is no seed of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("seed: must be 32 lower-case hexadecimal digits; give the seed as the signer told it")]
pub struct ReceiptSeedError;

impl ReceiptSeedError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "receipt_seed_malformed"
    }
}

impl ReceiptSeed {
    /// Reads the digits.
    ///
    /// # Errors
    /// `receipt_seed_malformed`.
    pub fn parse(text: &str) -> Result<Self, ReceiptSeedError> {
        let digits: [u8; SEED_DIGITS] = text.as_bytes().try_into().map_err(|_| ReceiptSeedError)?;
        let right = digits
            .iter()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        right.then_some(Self(digits)).ok_or(ReceiptSeedError)
    }

    fn text(&self) -> &str {
        // Only ASCII digits are ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for ReceiptSeed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl fmt::Debug for ReceiptSeed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Where the receipt of a payer stands.
///
/// # Errors
/// None in practice: 32 digits are a seed, and the system program is an owner.
pub fn receipt_address(payer: Key, seed: &ReceiptSeed) -> Result<Key, SeedError> {
    address_with_seed(payer, seed.text(), SYSTEM_PROGRAM)
}

/// Makes the receipt; put it in front of what must happen once. Fails when the receipt is there.
///
/// # Errors
/// Those of [`receipt_address`].
pub fn receipt_instruction(
    payer: Key,
    seed: &ReceiptSeed,
    lamports: u64,
) -> Result<Instruction, SeedError> {
    create_account_with_seed(&SeededAccount {
        payer,
        base: payer,
        seed: seed.text(),
        lamports,
        space: 0,
        owner: SYSTEM_PROGRAM,
    })
}

/// Takes the lamports of a receipt back, which makes its address free again: only once every signed attempt of
/// its step is past its last valid height at finalized.
///
/// # Errors
/// Those of [`receipt_address`].
pub fn reclaim_receipt(
    payer: Key,
    seed: &ReceiptSeed,
    to: Key,
    lamports: u64,
) -> Result<Instruction, SeedError> {
    transfer_with_seed(payer, seed.text(), SYSTEM_PROGRAM, to, lamports)
}
