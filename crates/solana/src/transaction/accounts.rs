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
    /// Which entry each mention of an account is: the payer, then of each instruction the program and the accounts.
    mentions: Vec<usize>,
}

impl Accounts {
    /// Those of the instructions, the payer, and the programs that are called.
    pub(super) fn collect<'a>(
        payer: Key,
        instructions: impl Iterator<Item = &'a Instruction> + Clone,
        kept_static: &[Key],
    ) -> Self {
        let sizes = instructions.clone().map(|one| one.accounts.len() + 1);
        let mut mentioned: Vec<(Entry, usize)> = Vec::with_capacity(sizes.sum::<usize>() + 1);
        mentioned.push((entry(payer, true, true, true), 0));
        for instruction in instructions {
            let program = entry(instruction.program, false, false, true);
            mentioned.push((program, mentioned.len()));
            for account in &instruction.accounts {
                let account = entry(account.key, account.is_signer, account.is_writable, false);
                mentioned.push((account, mentioned.len()));
            }
        }
        mentioned.sort_unstable_by_key(|(entry, _)| entry.sort_key);
        let mut accounts = Self {
            entries: Vec::with_capacity(mentioned.len()),
            payer,
            mentions: vec![0; mentioned.len()],
        };
        for (entry, mention) in mentioned {
            accounts.merge(entry);
            accounts.mentions[mention] = accounts.entries.len() - 1;
        }
        accounts.fix(kept_static);
        accounts
    }

    /// The next entry in order, or more rights for the last one.
    fn merge(&mut self, entry: Entry) {
        match self.entries.last_mut() {
            Some(last) if last.sort_key == entry.sort_key => {
                last.signer |= entry.signer;
                last.writable |= entry.writable;
                last.fixed |= entry.fixed;
            }
            _ => self.entries.push(entry),
        }
    }

    fn fix(&mut self, kept_static: &[Key]) {
        for key in TIP_ACCOUNTS.iter().chain(kept_static) {
            let sort_key = SortKey::from(*key);
            let entries = &mut self.entries;
            if let Ok(at) = entries.binary_search_by_key(&sort_key, |entry| entry.sort_key) {
                entries[at].fixed = true;
            }
        }
    }

    /// The places of all mentions behind the payer's: of each instruction the program and the accounts.
    pub(super) fn indexes(&self) -> impl Iterator<Item = u8> {
        let mentions = self.mentions.iter().skip(1);
        mentions.map(|entry| self.entries[*entry].index)
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
