//! `AccountOrder`: lets each account only go forward, and takes back what a dead slot wrote.
//!
//! It remembers, of each account, the writes of slots that can still die. When one does, the newest write that is left
//! stands again; where none is left, the account has to be read anew.

use std::collections::{BTreeMap, HashMap};

use tradewind_core::ChainAddress;

use super::update::{AccountUpdate, Moment, SlotStatus};

/// Writes remembered of one account; of more, the oldest is forgotten, and a death that needs it reads the chain.
const MOST_WRITES: usize = 16;

/// What was not passed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderCounts {
    /// Older than what was known of their account.
    pub late: u64,
    /// Taken back with their slot.
    pub undone: u64,
}

/// What a dead slot asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Accounts as they were before.
    pub restored: Vec<AccountUpdate>,
    /// Accounts of which no earlier write is known: read them from the chain.
    pub unknown: Vec<ChainAddress>,
}

/// The order of one feed's writes.
#[derive(Debug, Default)]
pub struct AccountOrder {
    latest: HashMap<ChainAddress, Moment>,
    /// Writes of slots above `root`, oldest first.
    writes: HashMap<ChainAddress, Vec<AccountUpdate>>,
    /// Which accounts each slot above `root` wrote.
    written: BTreeMap<u64, Vec<ChainAddress>>,
    root: u64,
    newest_slot: u64,
    counts: OrderCounts,
}

impl AccountOrder {
    /// Whether the update is news: later than everything known of its account.
    pub fn admit(&mut self, update: &AccountUpdate) -> bool {
        let latest = self.latest.get(&update.key);
        if latest.is_some_and(|latest| *latest >= update.moment) {
            self.counts.late += 1;
            return false;
        }
        self.latest.insert(update.key, update.moment);
        self.newest_slot = self.newest_slot.max(update.moment.slot);
        if update.moment.slot > self.root {
            self.remember(update);
        }
        true
    }

    /// A slot got on. For a dead one: what has to be put back.
    pub fn slot(&mut self, slot: u64, status: SlotStatus) -> Undone {
        match status {
            SlotStatus::Processed => self.newest_slot = self.newest_slot.max(slot),
            SlotStatus::Rooted => self.rooted(slot),
            SlotStatus::Dead => return self.dead(slot),
        }
        Undone::default()
    }

    /// Everything may have changed unseen: what is read next counts, whatever was known before.
    pub fn forget(&mut self) {
        self.latest.clear();
        self.writes.clear();
        self.written.clear();
        (self.root, self.newest_slot) = (0, 0);
    }

    /// Nobody reads an account any more.
    pub fn leave(&mut self, account: ChainAddress) {
        self.latest.remove(&account);
        for write in self.writes.remove(&account).unwrap_or_default() {
            if let Some(written) = self.written.get_mut(&write.moment.slot) {
                written.retain(|key| *key != account);
            }
        }
    }

    /// The newest slot that was told of.
    #[must_use]
    pub const fn newest_slot(&self) -> u64 {
        self.newest_slot
    }

    /// What was not passed on.
    #[must_use]
    pub const fn counts(&self) -> OrderCounts {
        self.counts
    }

    fn remember(&mut self, update: &AccountUpdate) {
        let slot = update.moment.slot;
        let writes = self.writes.entry(update.key).or_default();
        let is_first = writes.last().is_none_or(|last| last.moment.slot != slot);
        if writes.len() == MOST_WRITES {
            writes.remove(0);
        }
        writes.push(update.clone());
        if is_first {
            self.written.entry(slot).or_default().push(update.key);
        }
    }

    /// Of each account the newest write at or below the root stays: a slot above it may still die.
    fn rooted(&mut self, slot: u64) {
        if slot <= self.root {
            return;
        }
        self.root = slot;
        let above = self.written.split_off(&(slot + 1));
        for key in std::mem::replace(&mut self.written, above)
            .into_values()
            .flatten()
        {
            let Some(writes) = self.writes.get_mut(&key) else {
                continue;
            };
            let below = writes.iter().rposition(|write| write.moment.slot <= slot);
            writes.drain(..below.unwrap_or_default());
            if writes.iter().all(|write| write.moment.slot <= slot) {
                self.writes.remove(&key);
            }
        }
    }

    fn dead(&mut self, slot: u64) -> Undone {
        let mut undone = Undone::default();
        for key in self.written.remove(&slot).unwrap_or_default() {
            let writes = self.writes.entry(key).or_default();
            let before = writes.len();
            writes.retain(|write| write.moment.slot != slot);
            self.counts.undone += (before - writes.len()) as u64;
            // Only what stood last is put back; a later write on another slot stands as it is.
            if self
                .latest
                .get(&key)
                .is_none_or(|latest| latest.slot != slot)
            {
                continue;
            }
            if let Some(write) = writes.last() {
                self.latest.insert(key, write.moment);
                undone.restored.push(write.clone());
            } else {
                self.writes.remove(&key);
                self.latest.remove(&key);
                undone.unknown.push(key);
            }
        }
        undone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(account: u8, slot: u64, write_version: u64, data: u8) -> AccountUpdate {
        AccountUpdate {
            key: ChainAddress::Solana([account; 32]),
            moment: Moment {
                slot,
                write_version,
            },
            lamports: 1,
            owner: ChainAddress::Solana([9; 32]),
            data: [data].into(),
        }
    }

    #[test]
    fn an_account_only_goes_forward_by_slot_and_then_by_write() {
        let mut order = AccountOrder::default();
        assert!(order.admit(&write(1, 10, 5, 0)));
        assert!(!order.admit(&write(1, 10, 5, 0)), "the same again");
        assert!(
            !order.admit(&write(1, 10, 4, 0)),
            "an earlier write of the slot"
        );
        assert!(!order.admit(&write(1, 9, 99, 0)), "an earlier slot");
        assert!(order.admit(&write(1, 10, 6, 0)));
        assert!(order.admit(&write(1, 11, 1, 0)));
        assert!(order.admit(&write(2, 9, 1, 0)), "another account");
        assert_eq!(order.counts().late, 3);
    }

    #[test]
    fn a_dead_slot_puts_back_the_write_before_it() {
        let mut order = AccountOrder::default();
        for update in [
            write(1, 10, 1, 10),
            write(1, 11, 1, 11),
            write(1, 11, 2, 12),
        ] {
            assert!(order.admit(&update));
        }
        let undone = order.slot(11, SlotStatus::Dead);
        assert_eq!(undone.restored, [write(1, 10, 1, 10)]);
        assert!(undone.unknown.is_empty());
        assert!(
            order.admit(&write(1, 11, 1, 13)),
            "the other fork's slot 11 counts again"
        );
    }

    #[test]
    fn a_dead_slot_without_an_earlier_write_asks_for_the_chain() {
        let mut order = AccountOrder::default();
        order.admit(&write(1, 11, 1, 11));
        let undone = order.slot(11, SlotStatus::Dead);
        assert_eq!(undone.unknown, [ChainAddress::Solana([1; 32])]);
        assert!(
            order.admit(&write(1, 10, 0, 10)),
            "whatever the chain says is news"
        );
    }

    #[test]
    fn what_nobody_reads_any_more_is_not_put_back_and_is_news_when_it_is_read_again() {
        let mut order = AccountOrder::default();
        order.admit(&write(1, 10, 1, 10));
        order.admit(&write(1, 11, 1, 11));
        order.admit(&write(2, 11, 2, 11));
        order.leave(ChainAddress::Solana([1; 32]));
        let undone = order.slot(11, SlotStatus::Dead);
        assert_eq!(undone.restored, []);
        assert_eq!(undone.unknown, [ChainAddress::Solana([2; 32])]);
        assert!(order.writes.is_empty(), "nothing of it is kept");
        assert!(order.admit(&write(1, 9, 1, 9)));
    }

    #[test]
    fn a_write_on_a_living_slot_stands_though_an_older_slot_dies() {
        let mut order = AccountOrder::default();
        order.admit(&write(1, 11, 1, 11));
        order.admit(&write(1, 12, 1, 12));
        assert_eq!(order.slot(11, SlotStatus::Dead), Undone::default());
        let undone = order.slot(12, SlotStatus::Dead);
        assert_eq!(
            undone.unknown.len(),
            1,
            "and what slot 11 wrote is not put back either"
        );
    }

    #[test]
    fn a_slot_that_was_far_ahead_counts_no_more_once_everything_is_forgotten() {
        let mut order = AccountOrder::default();
        order.slot(9_000, SlotStatus::Rooted);
        order.slot(9_001, SlotStatus::Processed);
        order.forget();
        assert_eq!(order.newest_slot(), 0);
        order.admit(&write(1, 10, 1, 10));
        order.admit(&write(1, 11, 1, 11));
        assert_eq!(order.newest_slot(), 11);
        let undone = order.slot(11, SlotStatus::Dead);
        assert_eq!(undone.restored, [write(1, 10, 1, 10)]);
    }

    #[test]
    fn the_newest_write_below_the_root_is_kept_for_slots_above_it() {
        let mut order = AccountOrder::default();
        for slot in 10..=13 {
            order.admit(&write(1, slot, 1, 0));
        }
        order.slot(12, SlotStatus::Rooted);
        let undone = order.slot(13, SlotStatus::Dead);
        assert_eq!(undone.restored, [write(1, 12, 1, 0)]);
        order.slot(20, SlotStatus::Rooted);
        assert!(order.written.is_empty());
    }
}
