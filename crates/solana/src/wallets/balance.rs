//! One asset of one wallet: what was observed, and what of it is taken.

/// More settled amounts than this that wait for an observation are merged, towards the later slot.
const MOST_WAITING: usize = 64;

#[derive(Debug)]
pub(super) struct Balance {
    observed: Option<u64>,
    slot: u64,
    reserved: u64,
    /// Slot and amount of what landed after the observation.
    waiting: Vec<(u64, u64)>,
}

impl Default for Balance {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Balance {
    pub(super) const EMPTY: Self = Self {
        observed: None,
        slot: 0,
        reserved: 0,
        waiting: Vec::new(),
    };

    pub(super) const fn observed(&self) -> Option<u64> {
        self.observed
    }

    pub(super) const fn slot(&self) -> u64 {
        self.slot
    }

    /// Reserved, or landed and not yet seen in a balance.
    pub(super) fn taken(&self) -> u64 {
        let waiting = self
            .waiting
            .iter()
            .fold(0, |sum: u64, (_, amount)| sum.saturating_add(*amount));
        self.reserved.saturating_add(waiting)
    }

    pub(super) fn free(&self) -> u64 {
        self.observed.unwrap_or(0).saturating_sub(self.taken())
    }

    pub(super) fn observe(&mut self, amount: u64, slot: u64) -> bool {
        if self.observed.is_some() && slot < self.slot {
            return false;
        }
        self.observed = Some(amount);
        self.slot = slot;
        self.waiting.retain(|(landed, _)| *landed > slot);
        true
    }

    /// Never more than is free: who asks has looked.
    pub(super) const fn reserve(&mut self, amount: u64) {
        self.reserved = self.reserved.saturating_add(amount);
    }

    pub(super) const fn unreserve(&mut self, amount: u64) {
        self.reserved = self.reserved.saturating_sub(amount);
    }

    pub(super) fn spent(&mut self, amount: u64, slot: u64) {
        self.unreserve(amount);
        if self.observed.is_some() && slot <= self.slot {
            return;
        }
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push((slot, amount));
        } else if let Some(last) = self.waiting.last_mut() {
            *last = (last.0.max(slot), last.1.saturating_add(amount));
        }
    }
}
