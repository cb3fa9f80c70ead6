//! Opens the feed that `feeds.kind` chooses.

use super::{Feed, Token, WebsocketFeed, WebsocketOptions, YellowstoneFeed, YellowstoneOptions};
use crate::config::{EngineConfig, FeedKind};
use crate::fault::{Ending, EngineFault};

/// The feed of a configuration; it connects with the first message that is asked for.
///
/// # Errors
/// `feed_unreadable`, `token_file_unreadable`: what the configuration names cannot be used.
pub fn open(config: &EngineConfig) -> Result<Box<dyn Feed>, EngineFault> {
    let chain = &config.chain;
    match config.feed {
        FeedKind::Websocket => {
            let url = chain.websocket.clone().unwrap_or_default();
            Ok(Box::new(WebsocketFeed::new(WebsocketOptions::new(url))))
        }
        FeedKind::Yellowstone => {
            let token = chain.yellowstone_token_file.as_deref().map(Token::read);
            let url = chain.yellowstone.clone().unwrap_or_default();
            let options = YellowstoneOptions::new(url, token.transpose()?);
            Ok(Box::new(YellowstoneFeed::new(&options)))
        }
        FeedKind::Shredstream => Err(EngineFault::new(
            Ending::BadConfiguration,
            "feed_unreadable",
            "feeds.kind: is a feed that this engine does not read; give websocket or yellowstone",
        )),
    }
}
