//! Every account of a transaction once, with the strongest rights that an instruction asks for.

use super::BuildError;
use crate::Key;
use crate::instruction::Instruction;
use crate::tip::TIP_ACCOUNTS;

/// Most accounts that indexes of one byte can tell.
pub(super) const MOST_ACCOUNTS: usize = 256;

/// A key with its first bytes as a number: sorts as the key does, and faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    first: u64,
    pub(super) key: Key,
}

impl From<Key> for SortKey {
    fn from(key: Key) -> Self {
        let first = key.0.first_chunk().copied().map_or(0, u64::from_be_bytes);
        Self { first, key }
    }
}

/// One account, before it has its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) sort_key: SortKey,
    pub(super) signer: bool,
    pub(super) writable: bool,
    /// It must stand in the message itself.
    pub(super) fixed: bool,
    /// Its place among all accounts of the transaction.
    pub(super) index: u8,
}

impl Entry {
    pub(super) fn key(&self) -> Key {
        self.sort_key.key
    }

    /// Whether a lookup table may hold it.
    pub(super) fn may_be_looked_up(&self) -> bool {
        !self.signer && !self.fixed
    }
}

/// All accounts in the order of their bytes.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) entries: Vec<Entry>,
    pub(super) payer: Key,
}

impl Accounts {
    /// Those of the instructions, the payer, and the programs that are called.
    pub(super) fn collect<'a>(
        payer: Key,
        instructions: impl Iterator<Item = &'a Instruction> + Clone,
        kept_static: &[Key],
    ) -> Self {
        let named: usize = instructions
            .clone()
            .map(|instruction| instruction.accounts.len() + 1)
            .sum();
        let mut entries = Vec::with_capacity(named + 1);
        entries.push(entry(payer, true, true, true));
        for instruction in instructions {
            entries.push(entry(instruction.program, false, false, true));
            let accounts = instruction.accounts.iter();
            entries.extend(
                accounts.map(|account| {
                    entry(account.key, account.is_signer, account.is_writable, false)
                }),
            );
        }
        entries.sort_unstable_by_key(|entry| entry.sort_key);
        entries.dedup_by(|later, first| {
            let same = later.sort_key == first.sort_key;
            if same {
                first.signer |= later.signer;
                first.writable |= later.writable;
                first.fixed |= later.fixed;
            }
            same
        });
        let mut accounts = Self { entries, payer };
        for key in TIP_ACCOUNTS.iter().chain(kept_static) {
            if let Some(at) = accounts.find(*key) {
                accounts.entries[at].fixed = true;
            }
        }
        accounts
    }

    /// The place of an account that was collected.
    pub(super) fn index_of(&self, key: Key) -> u8 {
        self.find(key).map_or(0, |at| self.entries[at].index)
    }

    fn find(&self, key: Key) -> Option<usize> {
        let sort_key = SortKey::from(key);
        let found = self
            .entries
            .binary_search_by_key(&sort_key, |entry| entry.sort_key);
        found.ok()
    }

    pub(super) fn signers(&self) -> usize {
        self.entries.iter().filter(|entry| entry.signer).count()
    }

    pub(super) fn check(&self, limit: usize) -> Result<(), BuildError> {
        let count = self.entries.len();
        let limit = limit.min(MOST_ACCOUNTS);
        if count > limit {
            return Err(BuildError::TooManyAccounts { count, limit });
        }
        match self.signers() {
            signers @ 128.. => Err(BuildError::TooManySigners(signers)),
            _ => Ok(()),
        }
    }
}

fn entry(key: Key, signer: bool, writable: bool, fixed: bool) -> Entry {
    Entry {
        sort_key: key.into(),
        signer,
        writable,
        fixed,
        index: 0,
    }
}
