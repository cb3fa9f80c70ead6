//! Entries of a Shredstream proxy: transactions before their execution. It says nothing of accounts, so it is read beside
//! a feed that does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use tradewind_solana::shredstream::EntryStream;

use crate::pipeline::Shared;

/// Most bytes of one message: a batch of entries of a slot.
const MOST_MESSAGE_BYTES: usize = 4 << 20;

/// How the entries are read.
#[derive(Debug, Clone)]
pub struct EntryOptions {
    /// `http://…` or `https://…`.
    pub url: String,
    /// A connection that does not come about, or is silent, for longer is given up.
    pub patience: Duration,
    /// The pause before the second attempt to connect; it doubles.
    pub first_pause: Duration,
    /// The longest pause between two attempts.
    pub longest_pause: Duration,
}

impl EntryOptions {
    /// Those of a proxy that tells of every slot.
    #[must_use]
    pub const fn new(url: String) -> Self {
        Self {
            url,
            patience: Duration::from_secs(10),
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(2),
        }
    }
}

/// The entries of one proxy.
#[derive(Debug)]
pub struct EntryFeed {
    options: EntryOptions,
    attempts: u32,
}

impl EntryFeed {
    /// Not connected yet.
    #[must_use]
    pub const fn new(options: EntryOptions) -> Self {
        Self {
            options,
            attempts: 0,
        }
    }

    /// Hands every message over, until the engine stops. With each gap everything is predicted anew.
    pub async fn run(mut self, shared: Arc<Shared>) {
        while !shared.is_stopping() {
            let next_attempt = Instant::now() + self.pause();
            let reason = self.follow(&shared).await;
            let fields = json!({"reason": reason, "code": "entries_gap"});
            let message = "the entries are interrupted, and predictions are forgotten";
            shared.log.warning("entries_gap", message, fields);
            shared.shreds.anew();
            tokio::time::sleep_until(next_attempt).await;
        }
    }

    /// One connection, to its end.
    async fn follow(&mut self, shared: &Shared) -> String {
        let EntryOptions { url, patience, .. } = &self.options;
        let mut stream = match EntryStream::open(url, *patience, MOST_MESSAGE_BYTES).await {
            Ok(stream) => stream,
            Err(fault) => return fault.to_string(),
        };
        self.attempts = 0;
        let fields = json!({});
        shared
            .log
            .info("entries_followed", "entries are told from now on", fields);
        loop {
            match tokio::time::timeout(*patience, stream.next()).await {
                Ok(Ok(told)) => shared.shreds.entries(told.slot, told.entries),
                Ok(Err(fault)) => return fault.to_string(),
                Err(_) => return "nothing was told for too long".to_owned(),
            }
        }
    }

    fn pause(&mut self) -> Duration {
        let doubled = self.options.first_pause * 2u32.saturating_pow(self.attempts.min(16));
        self.attempts += 1;
        doubled.min(self.options.longest_pause)
    }
}
