//! Opens the feed that `feeds.kind` chooses.

use std::path::Path;

use tradewind_solana::grpc::Authorities;

use super::{Feed, Token, WebsocketFeed, WebsocketOptions, YellowstoneFeed, YellowstoneOptions};
use crate::config::{ChainAccess, EngineConfig, FeedKind};
use crate::fault::{Ending, EngineFault};

/// The feed of a configuration; it connects with the first message that is asked for.
///
/// # Errors
/// `token_file_unreadable`, `ca_file_unreadable`, `endpoint_malformed`, or that the system's certificates cannot be read.
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
    let authorities = chain.yellowstone_ca_file.as_deref().map(authorities);
    let url = chain.yellowstone.clone().unwrap_or_default();
    let options = YellowstoneOptions {
        authorities: authorities.transpose()?.unwrap_or_default(),
        ..YellowstoneOptions::new(url, token.transpose()?)
    };
    YellowstoneFeed::check(&options).map_err(|fault| {
        let message = format!("chain.yellowstone: {fault}");
        EngineFault::new(Ending::BadConfiguration, fault.code(), message)
    })?;
    Ok(Box::new(YellowstoneFeed::new(&options)))
}

fn authorities(path: &Path) -> Result<Authorities, EngineFault> {
    let refused = |fault: String| {
        let message = format!(
            "chain.yellowstone_ca_file: {}: {fault}; give a file of certificates in PEM",
            path.display()
        );
        EngineFault::new(Ending::BadConfiguration, "ca_file_unreadable", message)
    };
    let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    Authorities::parse(&pem).map_err(|fault| refused(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_no_server_can_have_is_refused_before_anything_is_tried() {
        for (url, is_one) in [("https://somebody@host:1", false), ("http://host:1", true)] {
            let access = ChainAccess {
                chain_id: 101,
                rpc: Vec::new(),
                requests_per_s: 1,
                websocket: None,
                yellowstone: Some(url.to_owned()),
                yellowstone_token_file: None,
                yellowstone_ca_file: None,
                shredstream: None,
                genesis_hash: String::new(),
            };
            match yellowstone(&access) {
                Ok(_) => assert!(is_one, "{url}"),
                Err(fault) => {
                    assert!(!is_one, "{url}");
                    assert_eq!(fault.code(), "endpoint_malformed");
                    assert!(fault.to_string().contains("chain.yellowstone: "));
                }
            }
        }
    }
}
