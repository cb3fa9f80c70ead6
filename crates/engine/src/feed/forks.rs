//! `Forks`: which slots a confirmed one leaves behind.
//!
//! A validator executes every fork that it sees, tells of the writes of each, and calls a slot dead only where its block
//! is wrong. A fork that lost is never spoken of again. But slots name their parents, and once the cluster has voted for
//! a slot, whatever is beside its ancestors did not happen.

use std::collections::{BTreeMap, BTreeSet};

/// Slots that are remembered; of more, the oldest is forgotten.
const MOST_SLOTS: usize = 1_024;

/// The parents of slots that no confirmed one has passed yet.
#[derive(Debug, Default)]
pub(super) struct Forks(BTreeMap<u64, u64>);

impl Forks {
    /// A slot begins on top of another.
    pub(super) fn begins(&mut self, slot: u64, parent: u64) {
        if parent >= slot {
            return;
        }
        self.0.insert(slot, parent);
        if self.0.len() > MOST_SLOTS {
            self.0.pop_first();
        }
    }

    /// What a slot is on top of, where that is known.
    pub(super) fn parent(&self, slot: u64) -> Option<u64> {
        self.0.get(&slot).copied()
    }

    /// Somebody said that it is dead.
    pub(super) fn ends(&mut self, slot: u64) {
        self.0.remove(&slot);
    }

    /// The slots that a confirmed one leaves behind, oldest first; each is told once.
    pub(super) fn confirmed(&mut self, slot: u64) -> Vec<u64> {
        let mut ancestors = BTreeSet::new();
        let mut oldest = slot;
        while let Some(parent) = self.0.get(&oldest) {
            ancestors.insert(oldest);
            oldest = *parent;
        }
        let between = self.0.range(oldest..slot).map(|(slot, _)| *slot);
        let left = between.filter(|it| *it > oldest && !ancestors.contains(it));
        let left = left.collect();
        self.0 = self.0.split_off(&slot);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beside_the_ancestors_of_a_confirmed_slot_is_left_behind_and_told_once() {
        let mut forks = Forks::default();
        for (slot, parent) in [(5, 4), (6, 5), (7, 5), (8, 6), (9, 7)] {
            forks.begins(slot, parent);
        }
        assert_eq!(forks.confirmed(7), [6]);
        forks.begins(10, 9);
        assert_eq!(
            forks.confirmed(10),
            [8],
            "its parent was left behind before"
        );
        assert!(forks.confirmed(10).is_empty());
        assert!(forks.confirmed(9).is_empty(), "told late");
    }

    #[test]
    fn what_was_said_to_be_dead_is_not_told_again() {
        let mut forks = Forks::default();
        forks.begins(6, 5);
        forks.begins(7, 5);
        forks.ends(6);
        assert!(forks.confirmed(7).is_empty());
    }

    #[test]
    fn where_an_ancestor_is_not_known_nothing_older_is_judged() {
        let mut forks = Forks::default();
        for (slot, parent) in [(5, 4), (8, 7), (9, 8)] {
            forks.begins(slot, parent);
        }
        assert!(forks.confirmed(9).is_empty(), "5 may be below 7");
        assert!(forks.confirmed(20).is_empty(), "never heard of");
    }

    #[test]
    fn a_slot_above_itself_is_not_believed_and_memory_is_bounded() {
        let mut forks = Forks::default();
        forks.begins(5, 5);
        forks.begins(5, 6);
        assert!(forks.0.is_empty());
        for slot in 1..5_000 {
            forks.begins(slot, slot - 1);
        }
        assert_eq!(forks.0.len(), MOST_SLOTS);
    }
}
