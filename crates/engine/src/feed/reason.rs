//! `Reason`: refuses slots that no node can be at.

/// Said of a slot that was refused.
pub(super) const FAR_AHEAD: &str = "a slot is far ahead of every other";
/// Slots that nobody can have missed on a connection that stands: more than four days.
const MOST_LEAP: u64 = 1 << 20;

/// Refuses slots far ahead of all that were told before: one of them would make everything else old for good.
#[derive(Debug, Default)]
pub(super) struct Reason {
    newest_slot: Option<u64>,
}

impl Reason {
    /// Whether it may be what it says it is.
    pub(super) fn takes(&mut self, slot: u64) -> bool {
        let newest = self.newest_slot.unwrap_or(slot);
        if slot > newest.saturating_add(MOST_LEAP) || slot > u64::MAX / 2 {
            return false;
        }
        self.newest_slot = Some(newest.max(slot));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_far_ahead_of_all_others_is_not_taken_and_moves_nothing() {
        let mut reason = Reason::default();
        assert!(!reason.takes(u64::MAX), "not even as the first");
        assert!(reason.takes(300_000_000));
        assert!(reason.takes(7), "one that is old says nothing new");
        assert!(!reason.takes(300_000_001 + MOST_LEAP));
        assert!(reason.takes(300_000_000 + MOST_LEAP));
    }
}
