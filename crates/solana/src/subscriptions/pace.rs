//! When a node is asked again: at each new slot while a feed tells them, else at fixed times.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use super::feed::StandingWatch;
use super::slots::SlotFeed;

/// While slots are told, the clock is only for what a feed may have missed.
const SLOWER: u64 = 10;

/// Whose turn it is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// By the clock.
    Time,
    /// By a feed that told this slot.
    Slot(u64),
}

/// Waits for the next turn.
#[derive(Debug)]
pub(crate) struct Pace {
    ticks: Interval,
    skipped: u64,
    feed: Option<Told>,
}

#[derive(Debug)]
struct Told {
    newest: watch::Receiver<u64>,
    standing: StandingWatch,
    // Held so that the feed lives as long as whoever is paced by it.
    _feed: Arc<SlotFeed>,
}

impl Pace {
    /// The first turn comes at once.
    pub(crate) fn new(every_ms: u64, feed: Option<Arc<SlotFeed>>) -> Self {
        let mut ticks = tokio::time::interval(Duration::from_millis(every_ms));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let feed = feed.map(|feed| Told {
            newest: feed.newest(),
            standing: feed.standing(),
            _feed: feed,
        });
        Self {
            ticks,
            skipped: SLOWER,
            feed,
        }
    }

    pub(crate) async fn next(&mut self) -> Turn {
        loop {
            let Some(told) = &mut self.feed else {
                self.ticks.tick().await;
                return Turn::Time;
            };
            tokio::select! {
                changed = told.newest.changed() => {
                    if changed.is_ok() {
                        let slot = *told.newest.borrow_and_update();
                        return Turn::Slot(slot);
                    }
                    // The feed was closed: from now on by the clock.
                    self.feed = None;
                }
                _ = self.ticks.tick() => {
                    self.skipped += 1;
                    if !SlotFeed::is_live(&told.standing) || self.skipped >= SLOWER {
                        self.skipped = 0;
                        return Turn::Time;
                    }
                }
            }
        }
    }
}
