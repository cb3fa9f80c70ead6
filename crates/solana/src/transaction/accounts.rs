//! Every account of a transaction once, with the strongest rights that an instruction asks for.

use super::BuildError;
use crate::Key;
use crate::instruction::Instruction;
use crate::tip::TIP_ACCOUNTS;

/// Most accounts that indexes of one byte can tell.
pub(super) const MOST_ACCOUNTS: usize = 256;

/// One account, before it has its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) signer: bool,
    pub(super) writable: bool,
    /// It must stand in the message itself.
    pub(super) fixed: bool,
    /// Its place among all accounts of the transaction.
    pub(super) index: u8,
}

impl Entry {
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
        entries.sort_unstable_by_key(|entry| entry.key);
        entries.dedup_by(|later, first| {
            let same = later.key == first.key;
            if same {
                first.signer |= later.signer;
                first.writable |= later.writable;
                first.fixed |= later.fixed;
            }
            same
        });
        for entry in &mut entries {
            entry.fixed |= TIP_ACCOUNTS.contains(&entry.key) || kept_static.contains(&entry.key);
        }
        Self { entries, payer }
    }

    /// The place of an account that was collected.
    pub(super) fn index_of(&self, key: Key) -> u8 {
        let found = self.entries.binary_search_by_key(&key, |entry| entry.key);
        found
            .ok()
            .and_then(|at| self.entries.get(at))
            .map_or(0, |entry| entry.index)
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
        key,
        signer,
        writable,
        fixed,
        index: 0,
    }
}
