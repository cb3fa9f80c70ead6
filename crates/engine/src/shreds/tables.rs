//! Lookup tables of strangers: asked for once they are needed, read beside the hot path, and kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::LookupTables;
use tradewind_solana::Key;

use crate::inventory::{AccountReader, KnownTable};
use crate::pipeline::Shared;

/// Tables that are kept; when there are more, all are forgotten and asked for again.
const MOST_TABLES: usize = 4_096;
/// Before a table that was asked for is asked for again.
const REST: Duration = Duration::from_secs(10);
/// Between two looks at what is wanted.
const READ_EVERY: Duration = Duration::from_millis(50);
/// Tables of one reading.
const MOST_AT_ONCE: usize = 100;

/// What is known of lookup tables.
#[derive(Debug, Default)]
pub(super) struct Tables {
    known: LookupTables,
    asked: HashMap<Key, Instant>,
}

impl Tables {
    /// To look accounts up.
    pub(super) const fn known(&self) -> &LookupTables {
        &self.known
    }

    /// A table as it was read.
    pub(super) fn put(&mut self, table: Key, keys: Vec<Key>) {
        if self.known.len() >= MOST_TABLES {
            self.known.clear();
        }
        self.known.insert(table, keys);
    }

    /// Whether the table should be asked for now: it was not, or so long ago that it may have grown.
    pub(super) fn ask(&mut self, table: Key, now: Instant) -> bool {
        let rests = |asked: &Instant| now.duration_since(*asked) < REST;
        if self.asked.get(&table).is_some_and(rests) {
            return false;
        }
        if self.asked.len() >= MOST_TABLES {
            self.asked.retain(|_, asked| rests(asked));
        }
        if self.asked.len() >= MOST_TABLES {
            return false;
        }
        self.asked.insert(table, now);
        true
    }
}

/// Reads the tables that are wanted, until the engine stops. One that cannot be read is asked for again when it is needed.
pub async fn read_tables<R: AccountReader>(shared: Arc<Shared>, reader: Arc<R>) {
    while !shared.is_stopping() {
        let wanted = shared.shreds.wanted_tables();
        for tables in wanted.chunks(MOST_AT_ONCE) {
            let addresses: Vec<_> = tables.iter().copied().map(ChainAddress::from).collect();
            let Ok(read) = reader.read(&addresses).await else {
                continue;
            };
            for (table, account) in tables.iter().zip(read) {
                let decoded = account.and_then(|account| KnownTable::decode(&account).ok());
                shared.shreds.table(*table, decoded.map(|table| table.keys));
            }
        }
        tokio::time::sleep(READ_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_asked_for_once_and_again_after_a_rest() {
        let mut tables = Tables::default();
        let now = Instant::now();
        assert!(tables.ask(Key([1; 32]), now));
        assert!(!tables.ask(Key([1; 32]), now + REST / 2));
        assert!(tables.ask(Key([2; 32]), now));
        assert!(tables.ask(Key([1; 32]), now + REST));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut tables = Tables::default();
        let now = Instant::now();
        for number in 0..=MOST_TABLES {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            tables.put(Key(key), Vec::new());
            assert_eq!(tables.ask(Key(key), now), number < MOST_TABLES);
        }
        assert_eq!(tables.known().len(), 1);
    }
}
