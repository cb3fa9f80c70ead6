//! Lookup tables, and which of the given ones make a transaction smaller.

use super::BuildError;
use super::accounts::{Accounts, Entry, MOST_ACCOUNTS, SortKey};
use super::compact::compact_bytes;
use crate::Key;
use std::sync::Arc;

const KEY_BYTES: usize = 32;
/// Up to here every choice of tables is counted; beyond, the table that saves most is added while one saves.
const EXHAUSTIVE_TABLES: usize = 10;

/// A lookup table with its addresses, ready to be searched; a clone shares them.
#[derive(Debug, Clone)]
pub struct LookupTable {
    address: Key,
    length: usize,
    /// The addresses in the order of their bytes, each with its place in the table.
    places: Arc<[(SortKey, u8)]>,
}

impl LookupTable {
    /// A table in its present state.
    ///
    /// # Errors
    /// `lookup_table_too_long` for more than 256 addresses.
    pub fn new(address: Key, addresses: &[Key]) -> Result<Self, BuildError> {
        let length = addresses.len();
        if length > MOST_ACCOUNTS {
            return Err(BuildError::LookupTableTooLong {
                table: address,
                length,
            });
        }
        let sort_keys = addresses.iter().map(|address| SortKey::from(*address));
        let mut places: Vec<(SortKey, u8)> = sort_keys.zip(0..=u8::MAX).collect();
        places.sort_unstable();
        places.dedup_by_key(|(key, _)| *key);
        Ok(Self {
            address,
            length,
            places: places.into(),
        })
    }

    /// Its address.
    #[must_use]
    pub const fn address(&self) -> Key {
        self.address
    }

    /// How many addresses more it can take.
    pub(super) const fn free(&self) -> usize {
        MOST_ACCOUNTS - self.length
    }

    /// The first place of an account, if it may be read from a table.
    pub(super) fn place(&self, entry: &Entry) -> Option<u8> {
        if !entry.may_be_looked_up() {
            return None;
        }
        let sort_key = entry.sort_key;
        let found = self.places.binary_search_by_key(&sort_key, |(key, _)| *key);
        let at = found.ok()?;
        self.places.get(at).map(|(_, place)| *place)
    }
}

/// A set of accounts, by their place among [`Accounts::entries`].
#[derive(Debug, Clone, Copy, Default)]
struct Set([u64; MOST_ACCOUNTS / 64]);

impl Set {
    fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// What the choice depends on: the accounts that each table holds.
struct Choice {
    total: usize,
    eligible: Set,
    writable: Set,
    held: Vec<Set>,
}

impl Choice {
    /// Bytes of the keys and of the lookups, when `tables` are read in this order.
    fn bytes(&self, tables: impl Iterator<Item = usize>) -> usize {
        let mut left = self.eligible;
        let (mut bytes, mut read, mut looked_up) = (0, 0, 0);
        for table in tables {
            let taken = self.held[table].and(left);
            let count = taken.len();
            if count == 0 {
                continue;
            }
            let writable = taken.and(self.writable).len();
            bytes += KEY_BYTES + compact_bytes(writable) + compact_bytes(count - writable) + count;
            left = left.without(taken);
            looked_up += count;
            read += 1;
        }
        let own = self.total - looked_up;
        // Without any lookup the message may be a legacy one; a choice that ties with that is not taken, and
        // the count of lookups and the version byte never outweigh a table that pays.
        bytes + compact_bytes(read) + compact_bytes(own) + KEY_BYTES * own
    }

    /// The best of all choices: fewest bytes, then fewest tables, then the first given.
    fn exhaustive(&self) -> Vec<usize> {
        let count = self.held.len();
        let members = |choice: u32| (0..count).filter(move |table| choice >> table & 1 == 1);
        let best = (0..1_u32 << count)
            .min_by_key(|choice| (self.bytes(members(*choice)), choice.count_ones(), *choice));
        members(best.unwrap_or(0)).collect()
    }

    /// Adds the table that saves most while one saves.
    fn greedy(&self) -> Vec<usize> {
        let mut chosen: Vec<usize> = Vec::new();
        let mut least = self.bytes(chosen.iter().copied());
        loop {
            let with = |table: usize| {
                let mut tables = chosen.clone();
                tables.push(table);
                tables.sort_unstable();
                tables
            };
            let rest = (0..self.held.len()).filter(|table| !chosen.contains(table));
            let best = rest
                .map(|table| (self.bytes(with(table).into_iter()), table))
                .min();
            match best {
                Some((bytes, table)) if bytes < least => {
                    chosen = with(table);
                    least = bytes;
                }
                _ => return chosen,
            }
        }
    }
}

/// The tables that make the transaction smallest, in the order in which they were given.
///
/// A table costs its address, two lengths and a byte for each account (`32 + 2 + n`) and saves 32 bytes for each.
/// An account in two of them is read from the first.
pub(super) fn choose<'a>(accounts: &Accounts, tables: &'a [LookupTable]) -> Vec<&'a LookupTable> {
    let mut choice = Choice {
        total: accounts.entries.len(),
        eligible: Set::default(),
        writable: Set::default(),
        held: Vec::new(),
    };
    let mut candidates = Vec::new();
    for (at, entry) in accounts.entries.iter().enumerate() {
        if entry.may_be_looked_up() {
            choice.eligible.insert(at);
        }
        if entry.writable {
            choice.writable.insert(at);
        }
    }
    for table in tables {
        let mut held = Set::default();
        for (at, entry) in accounts.entries.iter().enumerate() {
            if table.place(entry).is_some() {
                held.insert(at);
            }
        }
        // One account costs more than it saves.
        if held.len() > 1 {
            choice.held.push(held);
            candidates.push(table);
        }
    }
    let chosen = if candidates.len() > EXHAUSTIVE_TABLES {
        choice.greedy()
    } else {
        choice.exhaustive()
    };
    chosen
        .into_iter()
        .filter_map(|at| candidates.get(at).copied())
        .collect()
}
