//! `Agreement`: what becomes of slots, when several streams tell of them.
//!
//! That a slot is processed says that everything was told of it, and that it is dead, that nothing of it comes any more.
//! Both hold once every stream has said so.

use std::collections::{BTreeMap, BTreeSet};

use crate::feed::SlotStatus;

/// Dead slots that not every stream has told of; of more, the oldest is forgotten.
const MOST_DEAD: usize = 256;

#[derive(Debug)]
pub(super) struct Agreement {
    /// By stream.
    processed: Vec<u64>,
    told: u64,
    root: u64,
    /// Which streams told of it.
    dead: BTreeMap<u64, BTreeSet<usize>>,
}

impl Agreement {
    /// Of so many streams.
    pub(super) fn of(streams: usize) -> Self {
        Self {
            processed: vec![0; streams],
            told: 0,
            root: 0,
            dead: BTreeMap::new(),
        }
    }

    /// What all streams together say, now that one has said this.
    pub(super) fn says(
        &mut self,
        stream: usize,
        slot: u64,
        status: SlotStatus,
    ) -> Option<(u64, SlotStatus)> {
        match status {
            SlotStatus::Processed => {
                let newest = self.processed.get_mut(stream)?;
                *newest = slot.max(*newest);
                let all = self.processed.iter().copied().min()?;
                let is_news = all > self.told;
                self.told = self.told.max(all);
                is_news.then_some((all, status))
            }
            SlotStatus::Rooted => {
                let is_news = slot > self.root;
                self.root = self.root.max(slot);
                is_news.then_some((slot, status))
            }
            SlotStatus::Dead => {
                let streams = self.dead.entry(slot).or_default();
                streams.insert(stream);
                if streams.len() >= self.processed.len() {
                    self.dead.remove(&slot);
                    return Some((slot, status));
                }
                if self.dead.len() > MOST_DEAD {
                    self.dead.pop_first();
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_over_once_every_stream_has_said_so() {
        let mut agreement = Agreement::of(2);
        assert_eq!(agreement.says(0, 7, SlotStatus::Processed), None);
        assert_eq!(agreement.says(0, 8, SlotStatus::Processed), None);
        let seventh = Some((7, SlotStatus::Processed));
        assert_eq!(agreement.says(1, 7, SlotStatus::Processed), seventh);
        let eighth = Some((8, SlotStatus::Processed));
        assert_eq!(agreement.says(1, 9, SlotStatus::Processed), eighth);
    }

    #[test]
    fn a_slot_is_dead_once_every_stream_has_said_so_and_rooted_with_the_first() {
        let mut agreement = Agreement::of(2);
        assert_eq!(agreement.says(1, 7, SlotStatus::Dead), None);
        assert_eq!(agreement.says(1, 7, SlotStatus::Dead), None, "the same");
        let dead = Some((7, SlotStatus::Dead));
        assert_eq!(agreement.says(0, 7, SlotStatus::Dead), dead);
        let rooted = Some((6, SlotStatus::Rooted));
        assert_eq!(agreement.says(0, 6, SlotStatus::Rooted), rooted);
        assert_eq!(agreement.says(1, 6, SlotStatus::Rooted), None);
    }
}
