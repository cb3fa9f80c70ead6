//! `AccountFeed`: which of some accounts were written, and in which slot, told by `accountSubscribe`. What they hold is asked
//! for: several accounts of one slot are only told together by an answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::json;
use tokio::sync::Notify;

use super::feed::{Feed, FeedLimits, Heard, Listener, StandingWatch};
use super::notification::{Subscriptions, Told};
use crate::Key;
use crate::fault::Fault;

/// Nodes allow more on one connection; a feed of so many tells too much.
const MOST_ACCOUNTS: usize = 1_000;

/// The newest slot of each account that was written, until somebody takes it.
#[derive(Debug, Default)]
struct Changes {
    slots: Mutex<BTreeMap<Key, u64>>,
    noted: Notify,
}

/// Follows accounts. Dropping it ends the feed.
#[derive(Debug)]
pub struct AccountFeed {
    feed: Feed,
    changes: Arc<Changes>,
}

impl AccountFeed {
    /// `commitment` is `processed`, `confirmed` or `finalized`. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `no_accounts`, `too_many_accounts`, `no_endpoints`, `websocket_url_malformed`, `limit_malformed`.
    pub fn start(
        urls: &[String],
        accounts: &[Key],
        commitment: &'static str,
        limits: FeedLimits,
    ) -> Result<Self, Fault> {
        if accounts.is_empty() {
            return Err(Fault::new(
                "no_accounts",
                "accounts: is empty; give at least one address",
            ));
        }
        if accounts.len() > MOST_ACCOUNTS {
            let message = format!(
                "accounts: has {}, and at most {MOST_ACCOUNTS} are followed; use several feeds",
                accounts.len()
            );
            return Err(Fault::new("too_many_accounts", message));
        }
        let changes = Arc::new(Changes::default());
        let listener = Accounts {
            open: Subscriptions::default(),
            keys: accounts.to_vec(),
            commitment,
            changes: Arc::clone(&changes),
        };
        let feed = Feed::start("websocket_urls", urls, limits, listener)?;
        Ok(Self { feed, changes })
    }

    /// Accounts that were written since the last time, each with its newest slot; waits for the first. One taker at a time.
    pub async fn changes(&self) -> Vec<(Key, u64)> {
        loop {
            let noted = self.changes.noted.notified();
            let taken = std::mem::take(
                &mut *self
                    .changes
                    .slots
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
            );
            if !taken.is_empty() {
                return taken.into_iter().collect();
            }
            noted.await;
        }
    }

    /// Sees each newest standing. What was written while it was not live is not told.
    #[must_use]
    pub fn standing(&self) -> StandingWatch {
        self.feed.standing()
    }

    /// Ends the feed.
    pub fn close(&self) {
        self.feed.close();
    }
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

#[derive(Deserialize)]
struct Written {
    context: Context,
}

struct Accounts {
    open: Subscriptions,
    keys: Vec<Key>,
    commitment: &'static str,
    changes: Arc<Changes>,
}

impl Listener for Accounts {
    fn begin(&mut self) -> Vec<String> {
        let config = json!({"encoding": "base64", "commitment": self.commitment});
        let requests = self.keys.iter().map(|account| {
            let params = json!([account.to_string(), config]);
            ("accountSubscribe", params.to_string())
        });
        self.open.begin(requests)
    }

    fn hear(&mut self, text: &str) -> Result<Heard, String> {
        if let Told::News(place, news) = self.open.read(text)? {
            let written: Written = serde_json::from_str(news.get())
                .map_err(|fault| format!("told no account: {fault}"))?;
            if let Some(account) = self.keys.get(place) {
                let mut slots = self
                    .changes
                    .slots
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let slot = slots.entry(*account).or_default();
                *slot = written.context.slot.max(*slot);
                drop(slots);
                self.changes.noted.notify_one();
            }
        }
        Ok(if self.open.all_open() {
            Heard::Telling
        } else {
            Heard::Opening
        })
    }
}
