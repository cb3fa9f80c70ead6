//! Events that came before their snapshot, kept in order and bounded; the oldest make room.

use std::collections::VecDeque;

use super::columns::{Event, Rows};

/// The rows that wait at most; an event counts as one row more than it has.
pub const MAX_PENDING_ROWS: usize = 200_000;

/// One event that waits for a snapshot.
#[derive(Debug, Clone)]
pub(super) struct PendingEvent {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) time_ns: u64,
    sides: Vec<u8>,
    prices: Vec<i64>,
    sizes: Vec<i64>,
}

impl PendingEvent {
    pub(super) fn event(&self) -> Event<'_> {
        Event {
            first: self.first,
            last: self.last,
            rows: Rows {
                sides: &self.sides,
                prices: &self.prices,
                sizes: &self.sizes,
            },
        }
    }

    fn weight(&self) -> usize {
        self.sides.len() + 1
    }
}

/// The events that wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending {
    events: VecDeque<PendingEvent>,
    weight: usize,
    dropped: u64,
}

impl Pending {
    pub(super) fn push(&mut self, event: &Event<'_>, time_ns: u64) {
        let pending = PendingEvent {
            first: event.first,
            last: event.last,
            time_ns,
            sides: event.rows.sides.to_vec(),
            prices: event.rows.prices.to_vec(),
            sizes: event.rows.sizes.to_vec(),
        };
        self.weight += pending.weight();
        self.events.push_back(pending);
        while self.weight > MAX_PENDING_ROWS {
            self.pop();
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    pub(super) fn first(&self) -> Option<&PendingEvent> {
        self.events.front()
    }

    pub(super) fn pop(&mut self) -> Option<PendingEvent> {
        let event = self.events.pop_front()?;
        self.weight -= event.weight();
        Some(event)
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.weight = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}
