//! `SlotFeed`: the newest slot that a node has begun, told by `slotSubscribe`.

use serde::Deserialize;
use tokio::sync::watch;

use super::feed::{Feed, FeedLimits, FeedState, Heard, Listener, StandingWatch};
use super::notification::{Subscriptions, Told};
use crate::fault::Fault;

/// Keeps the newest slot. Dropping it ends the feed.
#[derive(Debug)]
pub struct SlotFeed {
    feed: Feed,
    newest: watch::Receiver<u64>,
}

impl SlotFeed {
    /// The addresses are tried in turn. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `no_endpoints`, `websocket_url_malformed`, `limit_malformed`.
    pub fn start(urls: &[String], limits: FeedLimits) -> Result<Self, Fault> {
        let (told, newest) = watch::channel(0);
        let listener = Slots {
            open: Subscriptions::default(),
            told,
        };
        let feed = Feed::start("websocket_urls", urls, limits, listener)?;
        Ok(Self { feed, newest })
    }

    /// The newest slot; None before the first was told.
    #[must_use]
    pub fn slot(&self) -> Option<u64> {
        Some(*self.newest.borrow()).filter(|slot| *slot > 0)
    }

    /// Sees each newest standing.
    #[must_use]
    pub fn standing(&self) -> StandingWatch {
        self.feed.standing()
    }

    /// Sees each newest slot.
    pub(super) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.clone()
    }

    pub(super) fn is_live(standing: &StandingWatch) -> bool {
        standing.borrow().state == FeedState::Live
    }

    /// Ends the feed.
    pub fn close(&self) {
        self.feed.close();
    }
}

#[derive(Deserialize)]
struct Slot {
    slot: u64,
}

struct Slots {
    open: Subscriptions,
    told: watch::Sender<u64>,
}

impl Listener for Slots {
    fn begin(&mut self) -> Vec<String> {
        self.open
            .begin(std::iter::once(("slotSubscribe", "[]".to_owned())))
    }

    /// Live once a slot is told: an open subscription alone proves nothing.
    fn hear(&mut self, text: &str) -> Result<Heard, String> {
        let Told::News(_, news) = self.open.read(text)? else {
            return Ok(Heard::Opening);
        };
        let news: Slot =
            serde_json::from_str(news.get()).map_err(|fault| format!("told no slot: {fault}"))?;
        // A node that lags behind the one before must not turn back time; it still gives the pace.
        self.told
            .send_modify(|newest| *newest = news.slot.max(*newest));
        Ok(Heard::Telling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_slot_never_turns_back() {
        let (told, newest) = watch::channel(0);
        let mut slots = Slots {
            open: Subscriptions::default(),
            told,
        };
        slots.begin();
        let opened = slots.hear(r#"{"id":0,"result":3}"#);
        assert_eq!(opened, Ok(Heard::Opening));
        for (slot, expected) in [(10, 10), (12, 12), (11, 12)] {
            let news = format!(
                r#"{{"method":"slotNotification","params":{{"subscription":3,"result":{{"slot":{slot},"parent":1,"root":1}}}}}}"#
            );
            assert_eq!(slots.hear(&news), Ok(Heard::Telling));
            assert_eq!(*newest.borrow(), expected);
        }
    }
}
