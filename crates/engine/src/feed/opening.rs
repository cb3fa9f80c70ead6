//! Opens the feed that `feeds.kind` chooses.

use super::{Feed, Token, WebsocketFeed, WebsocketOptions, YellowstoneFeed, YellowstoneOptions};
use crate::config::{ChainAccess, EngineConfig, FeedKind};
use crate::fault::EngineFault;

/// The feed of a configuration; it connects with the first message that is asked for.
///
/// # Errors
/// `token_file_unreadable`.
pub fn open(config: &EngineConfig) -> Result<Box<dyn Feed>, EngineFault> {
    let chain = &config.chain;
    // Entries do not say what becomes of them: another feed does, the faster one where both are given.
    match (config.feed, &chain.yellowstone) {
        (FeedKind::Yellowstone, _) | (FeedKind::Shredstream, Some(_)) => yellowstone(chain),
        (FeedKind::Websocket, _) | (FeedKind::Shredstream, None) => Ok(websocket(chain)),
    }
}

fn websocket(chain: &ChainAccess) -> Box<dyn Feed> {
    let url = chain.websocket.clone().unwrap_or_default();
    Box::new(WebsocketFeed::new(WebsocketOptions::new(url)))
}

fn yellowstone(chain: &ChainAccess) -> Result<Box<dyn Feed>, EngineFault> {
    let token = chain.yellowstone_token_file.as_deref().map(Token::read);
    let url = chain.yellowstone.clone().unwrap_or_default();
    let options = YellowstoneOptions::new(url, token.transpose()?);
    Ok(Box::new(YellowstoneFeed::new(&options)))
}
