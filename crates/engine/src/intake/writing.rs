//! Writes down what the feed tells and what is read, for a replay.

use serde_json::json;
use tradewind_core::ChainAddress;

use super::Intake;
use crate::feed::FeedEvent;
use crate::inventory::{AccountReader, LoadedPool, Loading};

impl<R: AccountReader + 'static> Intake<R> {
    pub(super) fn record(&mut self, event: &FeedEvent) {
        let at_ns = self.shared.clock.now_ns();
        if let Some(recorder) = self.recorder.as_mut()
            && let Err(error) = recorder.event(at_ns, event)
        {
            self.unrecorded(&error);
        }
    }

    pub(super) fn record_loading(&mut self, loading: &Loading) {
        let at_ns = self.shared.clock.now_ns();
        let Some(recorder) = self.recorder.as_mut() else {
            return;
        };
        let accounts = loading.accounts.iter().cloned().map(FeedEvent::Account);
        let mut written = Ok(());
        for event in accounts {
            written = written.and_then(|()| recorder.event(at_ns, &event));
        }
        let pools: Vec<_> = loading.pools.iter().map(LoadedPool::pool_address).collect();
        written = written
            .and_then(|()| recorder.loaded(at_ns, &pools))
            .and_then(|()| recorder.flush());
        if let Err(error) = written {
            self.unrecorded(&error);
        }
    }

    /// None for all.
    pub(super) fn record_stale(&mut self, pools: Option<&[ChainAddress]>) {
        let at_ns = self.shared.clock.now_ns();
        if let Some(recorder) = self.recorder.as_mut()
            && let Err(error) = recorder.stale(at_ns, pools)
        {
            self.unrecorded(&error);
        }
    }

    fn unrecorded(&mut self, error: &std::io::Error) {
        let message = format!("the recording ends here: {error}; make room on its disk");
        self.shared
            .log
            .error("unrecorded", &message, json!({"code": "unrecorded"}));
        self.recorder = None;
    }
}
