//! Addresses that follow from others: associated token accounts, and the receipts of steps.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use tradewind_core::decode::solana::{ASSOCIATED_TOKEN_PROGRAM, Key, SYSTEM_PROGRAM};
use tradewind_core::solana::program_address;

/// Solana's chain id here, whatever network it is.
pub const SOLANA_CHAIN_ID: u64 = 101;

/// The token accounts of known owners, by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenAccounts(BTreeMap<Key, Holding>);

/// Whose token account it is, and of which mint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) owner: Key,
    pub(super) mint: Key,
}

/// The account by whose creation a step takes effect only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// 32 lower-case hex digits.
    pub seed: String,
    /// Where it is created.
    pub address: Key,
}

impl TokenAccounts {
    /// Adds the associated account of an owner for a mint of a token program.
    pub fn insert(&mut self, owner: Key, mint: Key, token_program: Key) {
        if let Some(account) = token_account(owner, mint, token_program) {
            self.0.insert(account, Holding { owner, mint });
        }
    }

    pub(super) fn get(&self, account: Key) -> Option<Holding> {
        self.0.get(&account).copied()
    }
}

impl Receipt {
    /// The receipt of a wallet with a seed.
    #[must_use]
    pub fn of(wallet: Key, seed: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(wallet.0);
        hash.update(seed);
        hash.update(SYSTEM_PROGRAM.0);
        Self {
            seed: seed.to_owned(),
            address: Key(hash.finalize().into()),
        }
    }
}

/// The associated token account of an owner; None in one of 2^255 cases.
#[must_use]
pub fn token_account(owner: Key, mint: Key, token_program: Key) -> Option<Key> {
    let seeds: [&[u8]; 3] = [&owner.0, &token_program.0, &mint.0];
    program_address(ASSOCIATED_TOKEN_PROGRAM.into(), &seeds)?
        .solana()
        .map(Key)
}
