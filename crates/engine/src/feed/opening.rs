//! Opens the feed that `feeds.kind` chooses.

use super::{Feed, WebsocketFeed, WebsocketOptions};
use crate::config::{EngineConfig, FeedKind};
use crate::fault::{Ending, EngineFault};

/// The feed of a configuration; it connects with the first message that is asked for.
///
/// # Errors
/// `feed_unreadable` when what the configuration names cannot be used.
pub fn open(config: &EngineConfig) -> Result<Box<dyn Feed>, EngineFault> {
    let chain = &config.chain;
    match config.feed {
        // Entries do not say what becomes of them: another feed does.
        FeedKind::Websocket | FeedKind::Shredstream => {
            let url = chain.websocket.clone().unwrap_or_default();
            Ok(Box::new(WebsocketFeed::new(WebsocketOptions::new(url))))
        }
        FeedKind::Yellowstone => Err(EngineFault::new(
            Ending::BadConfiguration,
            "feed_unreadable",
            "feeds.kind: is a feed that this engine does not read; give websocket",
        )),
    }
}
