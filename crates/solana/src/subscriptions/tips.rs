//! `TipStream`: Jito's percentiles of landed tips as they are told (`/api/v1/bundles/tip_stream`), for as long as they are
//! fresh.

use std::sync::{Arc, Mutex, PoisonError};

use super::feed::{Feed, FeedLimits, Heard, Listener, StandingWatch};
use crate::fault::Fault;
use crate::lanes::tip::TipFloor;
use crate::monotonic::Monotonic;

type Newest = Arc<Mutex<Option<(TipFloor, u64)>>>;

/// Keeps the newest percentiles. Dropping it ends the feed.
#[derive(Debug)]
pub struct TipStream {
    feed: Feed,
    newest: Newest,
    clock: Monotonic,
    max_age_ms: u64,
}

impl TipStream {
    /// Percentiles older than the limits' silence are not given out, and a stream that tells none for so long is begun anew.
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `websocket_url_malformed`, `limit_malformed`.
    pub fn start(url: &str, max_age_ms: u64, limits: &FeedLimits) -> Result<Self, Fault> {
        let (newest, clock) = (Newest::default(), Monotonic::start());
        let listener = Tips {
            newest: Arc::clone(&newest),
            clock,
        };
        let limits = FeedLimits {
            max_silence_ms: Some(max_age_ms),
            ..limits.clone()
        };
        let feed = Feed::start("tip_stream_url", &[url.to_owned()], limits, listener)?;
        Ok(Self {
            feed,
            newest,
            clock,
            max_age_ms,
        })
    }

    /// The newest percentiles; None while the stream is silent: ask the page.
    #[must_use]
    pub fn floor(&self) -> Option<TipFloor> {
        let newest = *self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let (floor, as_of_ms) = newest?;
        let age_ms = self.clock.now_ms().saturating_sub(as_of_ms);
        (age_ms <= self.max_age_ms).then_some(floor)
    }

    /// Sees each newest standing.
    #[must_use]
    pub fn standing(&self) -> StandingWatch {
        self.feed.standing()
    }

    /// Ends the stream.
    pub fn close(&self) {
        self.feed.close();
    }
}

struct Tips {
    newest: Newest,
    clock: Monotonic,
}

impl Listener for Tips {
    /// The stream tells by itself.
    fn begin(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn hear(&mut self, text: &str) -> Result<Heard, String> {
        let floor = TipFloor::parse(text).map_err(|fault| fault.to_string())?;
        let as_of_ms = self.clock.now_ms();
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some((floor, as_of_ms));
        Ok(Heard::Telling)
    }
}
