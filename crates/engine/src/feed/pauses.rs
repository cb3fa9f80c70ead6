//! `Pauses`: how long a feed waits before it connects again; each attempt in vain doubles the wait.

use std::time::Duration;

use tokio::time::Instant;

/// The pauses between attempts to connect.
#[derive(Debug)]
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
    attempts: u32,
    not_before: Option<Instant>,
    connected_at: Option<Instant>,
}

impl Pauses {
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            attempts: 0,
            not_before: None,
            connected_at: None,
        }
    }

    /// When the next attempt may begin. Counts it.
    pub(super) fn begin(&mut self) -> Option<Instant> {
        let begins = self.not_before;
        let doubled = self.first * 2u32.saturating_pow(self.attempts.min(16));
        let pause = doubled.min(self.longest);
        let now = Instant::now();
        self.not_before = Some(begins.unwrap_or(now).max(now) + pause);
        self.attempts += 1;
        begins
    }

    pub(super) fn connected(&mut self) {
        self.connected_at = Some(Instant::now());
    }

    /// A connection that held for the longest pause was a good one: the pauses begin anew.
    pub(super) fn lost(&mut self) {
        let held = self.connected_at.take().map(|since| since.elapsed());
        if held.is_some_and(|held| held >= self.longest) {
            self.attempts = 0;
        }
    }
}
